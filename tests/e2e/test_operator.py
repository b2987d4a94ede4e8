"""What an operator touches: verona's commands, accounts, metrics, health."""
import json
import os
import shutil
import socket
import subprocess

import pytest

import cluster as cluster_lib
import xmpp


def test_metrics_are_well_formed(cluster):
    promtool = shutil.which("promtool")
    assert promtool, "promtool is needed (Debian: prometheus)"
    for role in ("gateway", "shard"):
        for n in (1, 2):
            done = subprocess.run([promtool, "check", "metrics"], capture_output=True, text=True,
                                  input=cluster.get(role, n, "/metrics"), timeout=30)
            assert done.returncode == 0, done.stdout + done.stderr
            assert cluster.get(role, n, "/livez") and cluster.get(role, n, "/readyz")
            assert cluster.metric(role, n, "verona_build_info") == 1


def test_metrics_count(cluster, client):
    before = cluster.metric("gateway", 1, "verona_stanzas_received_total")
    ann = client("counter")
    ann.join("counted@conference.localhost", "Ann")
    ann.say("counted@conference.localhost", "one")
    ann.hear("counted@conference.localhost", "one")
    assert cluster.metric("gateway", 1, "verona_stanzas_received_total") >= before + 2
    assert cluster.metric("gateway", 1, "verona_groupchat_echo_duration_seconds_count") >= 1
    assert sum(cluster.metric("shard", n, "verona_muc_occupants") for n in (1, 2)) >= 1
    assert sum(cluster.metric("shard", n, "verona_slots_owned") for n in (1, 2)) == 4096


def test_status_names_every_process(cluster):
    status = cluster.status()["processes"]
    assert sorted(p["id"] for p in status) == ["g1", "g2", "s1", "s2"]
    assert sum(p["slots"] for p in status if p["role"] == "shard") == 4096
    for entry in status:
        assert {"role", "id", "pid", "ports"} <= set(entry)
        os.kill(entry["pid"], 0)
    assert cluster.process("gateway", 2)["ports"]["c2s"] == cluster.c2s(2)
    text = cluster.verona("status", "--data", cluster.data).stdout
    assert "g1" in text and "s2" in text


def test_rooms_can_be_looked_at(cluster, client):
    ann = client("looker")
    room = "visible@conference.localhost"
    ann.join(room, "Ann")
    ann.configure(room, roomname="Visible", persistentroom="1")
    ann.affiliate(room, "bob@localhost", "member")
    listed = json.loads(cluster.verona("room", "list", "--json", "--data", cluster.data).stdout)
    assert room in json.dumps(listed)
    shown = json.loads(cluster.verona("room", "show", room, "--json", "--data", cluster.data).stdout)
    assert shown["slot"] in range(4096)
    missing = cluster.verona("room", "show", "none@conference.localhost", "--data", cluster.data,
                             check=False)
    assert missing.returncode == 4 and "hint" in missing.stderr
    items = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
                   to="conference.localhost")
    assert room in [i["jid"] for i in items.find("query").kids]
    ann.iq("set", "<query xmlns='%s#owner'><destroy/></query>" % xmpp.MUC, to=room)


def test_usage_errors_say_what_to_do(cluster):
    for args in (["stauts"], ["up", "--gateways", "none"], ["user"], ["room", "lsit"]):
        done = cluster.verona(*args, check=False)
        assert done.returncode == 2, args
        assert "error:" in done.stderr and "hint:" in done.stderr, done.stderr
    assert cluster.verona("--help").stdout.startswith(("Usage", "usage", "verona"))
    assert cluster.verona("--version").stdout.startswith("verona ")
    taken = cluster.verona("up", "--data", cluster.data, "--port-offset", str(cluster.offset),
                           check=False)
    assert taken.returncode == 6
    nobody = cluster.verona("status", "--data", "/nonexistent", check=False)
    assert nobody.returncode == 3


def test_a_taken_port_is_named():
    """The failure says which port, by whom, and what to do."""
    other = cluster_lib.Cluster()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", other.c2s(1)))
        taken.listen()
        done = other.verona("up", "--detach", "--data", other.data, "--port-offset",
                            str(other.offset), check=False)
        assert done.returncode == 1
        text = done.stdout + done.stderr
        assert str(other.c2s(1)) in text and "--port-offset" in text, text
    other.close()


@pytest.fixture(scope="module")
def accounts():
    with cluster_lib.Cluster(gateways=2, shards=2, auth="accounts") as running:
        yield running


def test_the_first_start_makes_an_admin(accounts):
    text = accounts.last_up.stdout + accounts.last_up.stderr
    line = next(line for line in text.splitlines() if "admin@localhost" in line and " / " in line)
    password = line.split(" / ")[1].split()[0]
    with xmpp.Client(accounts.c2s(1), "admin@localhost", password,
                     mechanism="SCRAM-SHA-256") as admin:
        admin.iq("get", "<ping xmlns='urn:xmpp:ping'/>")


def test_accounts(accounts):
    def user(*args, **more):
        return accounts.verona("user", *args, "--data", accounts.data, **more)

    user("add", "ann@localhost", "--password-stdin", input="first secret\n")
    again = user("add", "ann@localhost", "--password-stdin", input="x\n", check=False)
    assert again.returncode == 6
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        for tls in (False, True):
            xmpp.Client(accounts.c2s(2), "ann@localhost", "first secret", mechanism=mechanism,
                        tls=tls).connect().close()
    xmpp.Client(accounts.c2s(1), "ann@localhost", "first secret", tls=True).connect().close()
    with pytest.raises(xmpp.XmppError, match="PLAIN is not offered"):
        xmpp.Client(accounts.c2s(1), "ann@localhost", "first secret").connect()
    with pytest.raises(xmpp.XmppError, match="not-authorized"):
        xmpp.Client(accounts.c2s(1), "ann@localhost", "wrong", mechanism="SCRAM-SHA-256").connect()
    with pytest.raises(xmpp.XmppError, match="not-authorized"):
        xmpp.Client(accounts.c2s(1), "nobody@localhost", "x", mechanism="SCRAM-SHA-1").connect()
    user("passwd", "ann@localhost", "--password-stdin", input="second\n")
    with pytest.raises(xmpp.XmppError, match="not-authorized"):
        xmpp.Client(accounts.c2s(1), "ann@localhost", "first secret",
                    mechanism="SCRAM-SHA-256").connect()
    xmpp.Client(accounts.c2s(1), "ann@localhost", "second", mechanism="SCRAM-SHA-256").connect().close()
    assert "ann@localhost" in user("list").stdout
    user("del", "ann@localhost", "--yes")
    with pytest.raises(xmpp.XmppError, match="not-authorized"):
        xmpp.Client(accounts.c2s(1), "ann@localhost", "second", mechanism="SCRAM-SHA-256").connect()
    assert user("del", "ann@localhost", "--yes", check=False).returncode == 4


def test_anonymous():
    with cluster_lib.Cluster(auth="anonymous") as running:
        with xmpp.Client(running.c2s(1), "x@localhost", mechanism="ANONYMOUS") as one, \
                xmpp.Client(running.c2s(1), "x@localhost", mechanism="ANONYMOUS") as two:
            assert one.jid != two.jid and one.jid.endswith("@localhost")


def test_open_is_refused_in_public():
    """auth = open on an address that others reach must be forced."""
    other = cluster_lib.Cluster(args=["--set", "c2s.listen=0.0.0.0:0"])
    done = other.verona("up", "--detach", "--data", other.data, "--auth", "open", "--bind", "0.0.0.0",
                        "--port-offset", str(other.offset), check=False)
    assert done.returncode != 0
    assert "force_open" in done.stdout + done.stderr, done.stdout + done.stderr
    other.close()


def test_down_ends_exactly_what_up_started():
    other = cluster_lib.Cluster()
    bystander = subprocess.Popen(["sleep", "600"])
    other.up()
    pids = [p["pid"] for p in other.status()["processes"]]
    other.down()
    assert not [pid for pid in pids if os.path.exists("/proc/%d" % pid)]
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()
    other.up()  # a second run finds its data
    assert "admin@localhost" not in other.last_up.stdout
    other.close()
