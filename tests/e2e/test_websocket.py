"""XMPP over WebSocket (RFC 7395), with real processes: conversations, hostile clients, resumption, libraries of others."""
import glob
import os
import re
import socket
import subprocess
import sys

import pytest

import managed
import over_ws
import scenario
import xmpp
from cluster import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(glob.glob(os.path.join(HERE, "scenarios", "*.scn")))


class Scenario(scenario.Scenario):
    """A conversation whose actors come in turn over WebSocket and over TCP, each at another gateway."""

    def __init__(self, cluster, *args, **options):
        super().__init__(*args, [cluster.ws(1), cluster.c2s(2)], **options)

    def connect(self, port, user):
        kind = over_ws.Client if port == self.ports[0] else xmpp.Client
        return kind(port, user, **self.login).connect()


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("path", FILES, ids=lambda path: os.path.splitext(os.path.basename(path))[0])
def test_conversations(cluster, path, turn):
    """X7395-websocket, W81: the contract holds over WebSocket, and between it and TCP."""
    with open(path, encoding="utf-8") as file:
        Scenario(cluster, file.read(), suffix="-ws%d" % turn, turn=turn).run()


@pytest.mark.parametrize("chunk", [None, 1])
def test_log_in(cluster, chunk):
    """X7395-websocket, W81: at both paths; the bytes may come one by one."""
    opened = cluster.metric("gateway", 1, "verona_c2s_connections_opened_total", 'transport="ws"')
    for path in ("/xmpp-websocket", "/ws"):
        client = over_ws.Client(cluster.ws(), "bytes@localhost", resource="one")
        client.path, client.chunk = path, chunk
        with client:
            assert client.full == "bytes@localhost/one"
            room = "bytes-%s@conference.localhost" % (chunk or "all")
            client.join(room, "Nick")
            client.configure(room)
            client.say(room, "h\u00e4 \U0001f600")
            client.hear(room, "h\u00e4 \U0001f600")
            assert cluster.metric("gateway", 1, "verona_c2s_connections", 'transport="ws"') >= 1
        assert client.close_code == 1000
        assert client.messages[-1] == "<close xmlns='%s'/>" % over_ws.FRAMING
        for message in client.messages:
            assert re.match(r"<(open|close|success) xmlns='|<stream:features xmlns:stream='"
                            r"|<(iq|message|presence) xmlns='jabber:client' ", message), message
    assert cluster.metric("gateway", 1, "verona_c2s_connections_opened_total", 'transport="ws"') == opened + 2


def test_where_it_is(own_cluster):
    """X7395-websocket: `verona up` says where, `verona status` too."""
    cluster = own_cluster(gateways=2, shards=1)
    assert "ws://localhost:%d/xmpp-websocket" % cluster.ws(1) in cluster.last_up.stdout
    assert [cluster.process("gateway", n)["ports"]["ws"] for n in (1, 2)] == [cluster.ws(1), cluster.ws(2)]
    assert "ws=%d" % cluster.ws(2) in cluster.verona("status", "--plain", "--data", cluster.data).stdout
    with over_ws.Client(cluster.ws(2), "ann@localhost") as ann:
        assert ann.full


def test_big_messages(cluster):
    """X7395-websocket: over 65,535 bytes a frame's head is longer; fragments count together."""
    with over_ws.Client(cluster.ws(), "big@localhost") as client:
        room = "big@conference.localhost"
        client.join(room, "Nick")
        client.configure(room)
        body = "x" * 50000 + "<&>" * 1000
        client.say(room, body)
        client.hear(room, body)
        text = "<message xmlns='jabber:client' type='groupchat' to='%s'><body>%s</body></message>" % (room, "y" * 9000)
        for at in range(0, len(text), 100):
            client.raw(over_ws.frame(text[at:at + 100], over_ws.TEXT if at == 0 else 0, at + 100 >= len(text)))
        client.hear(room, "y" * 9000)
        client.raw(over_ws.frame("<message>" + "z" * 300000))
        assert ends(client) == 1009


def ends(client):
    """The code that the server closes with."""
    try:
        while client.pump(10):
            pass
    except xmpp.StreamEnded:
        pass
    except ConnectionResetError:
        pass
    wait_until(lambda: client.close_code or not client.pump(1), 10, "a close frame")
    client.sock.close()
    client.sock = None
    return client.close_code


@pytest.mark.parametrize("data,code", [
    (over_ws.frame("<presence/>", mask=None), 1002),
    (over_ws.frame("<presence/>", reserved=4), 1002),
    (over_ws.frame("<presence/>", 0), 1002),
    (over_ws.frame("x" * 126, over_ws.PING), 1002),
    (over_ws.frame("x", over_ws.PING, final=False), 1002),
    (over_ws.frame("<presence/>", over_ws.BINARY), 1003),
    (over_ws.frame(b"<presence xmlns='jabber:client' to='\xff'/>"), 1007),
    (over_ws.frame(b"\x03\xe8\xff", over_ws.CLOSE), 1007),
    (over_ws.frame("<presence xmlns='jabber:client'/><presence xmlns='jabber:client'/>"), 1008),
    (over_ws.frame("<presence xmlns='jabber:client'"), 1008),
    (over_ws.frame("</stream:stream>"), 1008),
    (over_ws.frame(b"\x03\xe9", over_ws.CLOSE), 1001),
], ids=str)
def test_what_ends_it(cluster, data, code):
    """X7395-websocket: each offence has its code."""
    client = over_ws.Client(cluster.ws(), "hostile@localhost").connect()
    client.raw(data)
    assert ends(client) == code


def answer_to(cluster, data):
    with socket.create_connection(("127.0.0.1", cluster.ws()), 10) as sock:
        sock.sendall(data.encode())
        got = b""
        while b"\r\n\r\n" not in got:
            more = sock.recv(4096)
            if not more:
                break
            got += more
    return got.split(b" ", 2)[1].decode()


def test_requests(cluster):
    """X7395-websocket: what is no opening request is told why; with any password none but pages of this machine."""
    assert answer_to(cluster, over_ws.request()) == "101"
    assert answer_to(cluster, over_ws.request(Origin="http://localhost:3000")) == "101"
    assert answer_to(cluster, over_ws.request(Origin="https://evil.example")) == "403"
    assert answer_to(cluster, over_ws.request(without=("Sec-WebSocket-Protocol",))) == "400"
    assert answer_to(cluster, over_ws.request(without=("Upgrade",))) == "426"
    assert answer_to(cluster, over_ws.request(Sec_WebSocket_Version="12")) == "426"
    assert answer_to(cluster, over_ws.request("/")) == "404"
    assert answer_to(cluster, over_ws.request().replace("GET", "PUT", 1)) == "405"
    assert answer_to(cluster, over_ws.request(X="y" * 9000)) == "400"
    assert answer_to(cluster, "<stream:stream>\r\n\r\n") == "400"


def test_pings(cluster):
    """X7395-websocket: pings are answered between the parts of a message."""
    with over_ws.Client(cluster.ws(), "pings@localhost") as client:
        ping = "<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"
        client.raw(over_ws.frame(ping[:20], final=False) + over_ws.frame("one", over_ws.PING) +
                   over_ws.frame(ping[20:], 0) + over_ws.frame("", over_ws.PING))
        client.expect(lambda s: s["id"] == "p", "an answer")
        wait_until(lambda: client.pump(1) and len(client.pongs) == 2, 10, "pongs")
        assert client.pongs == [b"one", b""]


def test_resumed_over_the_other(cluster):
    """X7395-websocket, X0198-resume: a stream breaks over WebSocket, goes on over TCP, and back; nothing is lost or
    heard twice."""
    room = "moving@conference.localhost"
    port = {over_ws.ManagedClient: cluster.ws(1), managed.ManagedClient: cluster.c2s(1)}
    with xmpp.Client(cluster.c2s(2), "other@localhost") as other:
        other.join(room, "Other")
        other.configure(room)
        client = over_ws.ManagedClient(cluster.ws(1), "moving@localhost").connect()
        client.join(room, "Moving")
        for number, kind in enumerate((managed.ManagedClient, over_ws.ManagedClient)):
            client.drop()
            other.say(room, "missed %d" % number)
            other.hear(room, "missed %d" % number)
            following = kind(port[kind], "moving@localhost")
            for key in ("id", "got", "acked", "unacked", "jid", "full", "parser"):
                setattr(following, key, getattr(client, key))
            following.parser = None
            client = following
            assert client.resume().name == "resumed"
            client.hear(room, "missed %d" % number)
            client.say(room, "said %d" % number)
            client.hear(room, "said %d" % number)
            other.hear(room, "said %d" % number)
        client.close()


def test_a_library_of_others(cluster):
    """X7395-websocket, W81: python3-websocket frames what we say, and reads what is answered."""
    done = subprocess.run([sys.executable, os.path.join(HERE, "clients", "websocket_talk.py"), str(cluster.ws(1))],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "talked" in done.stdout
