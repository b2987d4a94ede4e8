"""A client that vanishes without a word. The cluster runs in a network of its own, whose loopback
is cut: no FIN, no RST, nothing. What is said to the client is never acknowledged, and that ends its stream."""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cluster as cluster_lib  # noqa: E402
import xmpp  # noqa: E402

ROOM = "ghosts@conference.localhost"
KEEPALIVE = 1  # seconds; a stream ends after twice that without an acknowledgement


def loopback(up):
    """Set or clear IFF_UP of lo."""
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags, = struct.unpack_from("16xH", fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16s24x", b"lo")))
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags))


def inside():
    """In the network of its own."""
    loopback(True)
    with cluster_lib.Cluster(gateways=1, shards=1, args=["--set", "c2s.keepalive=%ds" % KEEPALIVE]) as cluster:
        ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
        bob = xmpp.Client(cluster.c2s(1), "bob@localhost").connect()
        ann.join(ROOM, "Ann")
        ann.configure(ROOM, persistentroom="1")
        bob.join(ROOM, "Bob")
        loopback(False)
        time.sleep(4 * KEEPALIVE)  # the silence is what is tested: nothing can be asked meanwhile
        loopback(True)
        cid = xmpp.Client(cluster.c2s(1), "cid@localhost").connect()
        got = cid.join(ROOM, "Cid")
        seen = [s["from"] for s in got if s.name == "presence" and s["type"] is None]
        assert seen == [ROOM + "/Cid"], seen
        cluster_lib.wait_until(lambda: cluster.process("gateway", 1)["sessions"] == 1, what="one session")
        cid.close()
    print("no ghosts")


def test_a_client_that_vanishes_leaves_its_rooms():
    """S18.1.2-ghosts"""
    probe = subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip("no network namespaces: " + probe.stderr.strip())
    done = subprocess.run(["unshare", "--map-root-user", "--net", sys.executable, "-B", __file__],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "no ghosts" in done.stdout, done.stdout + done.stderr


if __name__ == "__main__":
    inside()
