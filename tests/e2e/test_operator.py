"""What an operator touches: verona's commands, accounts, metrics, health."""
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import termios

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
    assert shown["loaded"] and shown["stored"] and shown["occupants"][0]["nick"] == "Ann"
    text = cluster.verona("room", "show", room, "--data", cluster.data).stdout
    assert "ann" not in text and "looker@localhost" in text and "bob@localhost" in text
    listed = cluster.verona("room", "list", "--match", "visible@", "--plain", "--data", cluster.data)
    assert listed.stdout == "%s\t%d\t%s\n" % (room, shown["slot"], shown["shard"])
    status = cluster.status()
    gateway, shard = cluster.process("gateway", 1), cluster.process("shard", int(shown["shard"][1:]))
    assert gateway["sessions"] >= 1 and shard["rooms"] >= 1 and shard["occupants"] >= 1
    assert status["cluster"]["state"] == "ready" and status["cluster"]["sessions"] >= 1
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
    revision = json.loads(cluster.verona("version", "--json").stdout)["revision"]
    assert 'revision="%s"' % revision in cluster.get("gateway", 1, "/metrics")
    taken = cluster.verona("up", "--data", cluster.data, "--port-offset", str(cluster.offset),
                           check=False)
    assert taken.returncode == 6
    nobody = cluster.verona("status", "--data", "/nonexistent", check=False)
    assert nobody.returncode == 3


def test_help_is_no_mistake(cluster):
    for args in (["--help"], ["-h"], ["help"], ["up", "--help"], ["user", "--help"],
                 ["user", "add", "-h"], ["help", "room", "list"], ["--version"], ["-V"]):
        done = cluster.verona(*args)
        assert done.stdout and not done.stderr, args
    assert "--shards" in cluster.verona("up", "--help").stdout
    assert "--shards" not in cluster.verona("status", "--help").stdout
    nothing = cluster.verona(check=False)
    assert nothing.returncode == 2 and not nothing.stdout and "verona up" in nothing.stderr


def test_deploy_up_explains_itself():
    """From anywhere, and without building anything."""
    done = subprocess.run([os.path.join(cluster_lib.ROOT, "deploy", "up"), "--help"], cwd="/",
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.startswith("deploy/up [OPTIONS]") and "--detach" in done.stdout


def test_healthcheck(cluster):
    def check(port):
        return cluster.verona("healthcheck", check=False,
                              env={"VERONA_ADMIN_LISTEN": "0.0.0.0:%d" % port})
    assert check(cluster.admin("gateway", 2)).returncode == 0
    assert check(cluster.admin("shard", 1)).returncode == 0
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = check(nobody.getsockname()[1])
    assert done.returncode == 1 and "no answer" in done.stderr


def test_where_there_is_no_cluster(cluster, redis_server):
    """Exit 3, and what to do."""
    for args in (["status"], ["room", "list"], ["user", "list"]):
        done = cluster.verona(*args, "--redis", "unix:///nonexistent", check=False)
        assert done.returncode == 3 and "hint:" in done.stderr, (args, done.stderr)
    done = cluster.verona("status", "--redis", redis_server.url, check=False)
    assert done.returncode == 3 and "verona cluster init" in done.stderr


def test_cluster_init(cluster, redis_server):
    def init(*args):
        return cluster.verona("cluster", "init", "--redis", redis_server.url, *args, check=False)

    first = init()
    assert first.returncode == 0 and first.stdout.startswith("New cluster "), first.stderr
    assert redis_server.command("HGET", "verona:{s4095}:own", "e") == "0"
    meta = redis_server.command("HGETALL", "verona:meta")
    size = redis_server.command("DBSIZE")
    again = init()
    assert again.returncode == 0 and again.stdout.startswith("Existing cluster ")
    assert again.stdout.split()[2] == first.stdout.split()[2]
    assert redis_server.command("HGETALL", "verona:meta") == meta
    assert redis_server.command("DBSIZE") == size

    # Data without its meta: another seed would lose every room, so nothing is done.
    redis_server.command("DEL", "verona:meta")
    for turn in range(2):
        done = init()
        assert done.returncode == 6 and "no verona:meta" in done.stderr, done.stderr
        assert redis_server.command("EXISTS", "verona:meta") == "0"
    redis_server.command("FLUSHALL")
    for i in range(0, 3000, 100):  # somebody else's data, and far behind it one key of ours
        redis_server.command("MSET", *[w for n in range(100) for w in ("other:%d" % (i + n), "x")])
    redis_server.command("SET", "verona:user:ann@localhost", "x")
    assert init().returncode == 6
    redis_server.command("DEL", "verona:user:ann@localhost")
    assert init().returncode == 0
    assert redis_server.command("GET", "other:17") == "x"

    # An init that was interrupted goes on.
    redis_server.command("FLUSHALL")
    redis_server.command("SET", "verona:init", "1")
    redis_server.command("HSET", "verona:{s7}:own", "e", "0", "o", "", "n", "", "st", "FREE")
    assert init().returncode == 0
    assert redis_server.command("EXISTS", "verona:init") == "0"

    # Data of another layout is not touched.
    redis_server.command("HSET", "verona:meta", "schema", "99")
    done = init()
    assert done.returncode == 6 and "schema is 99" in done.stderr

    redis_server.stop()
    assert init().returncode == 3
    assert init("--wait", "soon").returncode == 2
    waiting = subprocess.Popen([os.path.join(cluster_lib.BIN, "verona"), "cluster", "init", "--redis",
                                redis_server.url, "--wait", "60s"], env=cluster.environment(),
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    redis_server.start()
    waiting.communicate(timeout=60)
    assert waiting.returncode == 6  # schema 99 is still there


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
    """W81: made, given another password and removed on the command line; the mechanisms, with and without TLS."""
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


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, cluster, *args, **env):
        self.master, slave = pty.openpty()
        self.child = subprocess.Popen([os.path.join(cluster_lib.BIN, "verona"), *args], stdin=slave,
                                      stdout=slave, stderr=slave, start_new_session=True,
                                      env=cluster.environment(TERM="xterm", **env))
        os.close(slave)
        self.text = ""

    def read_to(self, what):
        while what not in self.text:
            assert select.select([self.master], [], [], 30)[0], "no %r in %r" % (what, self.text)
            self.text += os.read(self.master, 4096).decode()
        before, self.text = self.text.split(what, 1)
        return before

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Exit code and what was still said."""
        try:
            while True:
                self.text += os.read(self.master, 4096).decode()
        except OSError:
            pass
        os.close(self.master)
        return self.child.wait(timeout=30), self.text


def login(cluster, jid, password):
    xmpp.Client(cluster.c2s(1), jid, password, mechanism="SCRAM-SHA-256").connect().close()


def test_a_password_is_asked_for_and_not_shown(accounts):
    run = Terminal(accounts, "user", "add", "tess@localhost", "--data", accounts.data)
    run.read_to("Password (empty: make one): ")
    assert not run.echoes()
    run.type("typed secret\n")
    run.read_to("Once more: ")
    run.type("typed secret\n")
    code, text = run.end()
    assert code == 0 and "Added tess@localhost" in text and "secret" not in text
    login(accounts, "tess@localhost", "typed secret")

    run = Terminal(accounts, "user", "passwd", "tess@localhost", "--data", accounts.data)
    run.read_to("one): ")
    run.type("one\n")
    run.read_to("more: ")
    run.type("two\n")
    code, text = run.end()
    assert code == 1 and "not the same" in text
    login(accounts, "tess@localhost", "typed secret")

    run = Terminal(accounts, "user", "passwd", "tess@localhost", "--data", accounts.data)
    run.read_to("one): ")
    run.type("\n")
    code, text = run.end()
    assert code == 0
    login(accounts, "tess@localhost", text.split()[-1])


def test_an_interrupted_prompt_gives_the_terminal_back(accounts):
    run = Terminal(accounts, "user", "add", "never@localhost", "--data", accounts.data)
    run.read_to("one): ")
    assert not run.echoes()
    run.child.send_signal(signal.SIGINT)
    assert run.child.wait(timeout=30) == -signal.SIGINT
    assert run.echoes()
    run.end()
    run = Terminal(accounts, "user", "add", "never@localhost", "--data", accounts.data)
    run.read_to("one): ")
    run.type("\x04")  # the end of input is no empty answer
    code, text = run.end()
    assert code == 1 and "no password given" in text
    assert "never@localhost" not in accounts.verona("user", "list", "--data", accounts.data).stdout


def test_a_prompt_goes_on_where_signals_are_ignored(accounts):
    was = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = Terminal(accounts, "user", "add", "calm@localhost", "--data", accounts.data)
    finally:
        signal.signal(signal.SIGINT, was)
    run.read_to("one): ")
    run.child.send_signal(signal.SIGINT)
    run.type("typed secret\n")
    run.read_to("more: ")
    run.type("typed secret\n")
    code, text = run.end()
    assert code == 0 and "Added calm@localhost" in text


def test_passwords_without_a_terminal(accounts):
    def user(*args, **more):
        return accounts.verona("user", *args, "--data", accounts.data, check=False, **more)

    assert user("add", "pip@localhost", input="piped in\nnot this\n").returncode == 0
    login(accounts, "pip@localhost", "piped in")
    made = user("passwd", "pip@localhost", "--generate").stdout
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}\n", made), made
    login(accounts, "pip@localhost", made.strip())
    path = accounts.data + "/password"
    with open(path, "w") as file:
        file.write("from a file\r\n")
    assert user("passwd", "pip@localhost", "--password-file", path).returncode == 0
    login(accounts, "pip@localhost", "from a file")
    for text in ("", "\n", "x" * 1024 + "\n", "bell \a\n"):
        done = user("passwd", "pip@localhost", input=text)
        assert done.returncode == 2 and done.stderr.startswith("error:"), (text, done.stderr)
    # Nobody is asked for a password that can be of no use.
    assert user("passwd", "nobody@localhost", input="").returncode == 4
    assert user("add", "pip@localhost", input="").returncode == 6
    assert user("passwd", "pip@localhost", "--generate", "--password-stdin").returncode == 2
    assert user("passwd", "pip@localhost", "--password-file", "/nonexistent").returncode == 1
    login(accounts, "pip@localhost", "from a file")
    for jid in ("pip", "pip@localhost/home", "@localhost", "p p@localhost"):
        assert user("add", jid, "--generate").returncode == 2, jid
    stranger = user("add", "pip@elsewhere.example", "--generate")
    assert stranger.returncode == 0 and "cannot log in" in stranger.stderr


def test_removing_wants_to_be_confirmed(accounts):
    data = ("--data", accounts.data)
    accounts.verona("user", "add", "gone@localhost", "--generate", *data)
    refused = accounts.verona("user", "del", "gone@localhost", *data, check=False, input="yes\n")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    run = Terminal(accounts, "user", "del", "gone@localhost", *data)
    run.read_to("(yes/no) ")
    run.type("no\n")
    assert run.end()[0] == 1
    assert "gone@localhost" in accounts.verona("user", "list", *data).stdout
    run = Terminal(accounts, "user", "del", "gone@localhost", *data)
    run.read_to("(yes/no) ")
    run.type("yes\n")
    assert run.end()[0] == 0
    listed = json.loads(accounts.verona("user", "list", "--json", *data).stdout)
    assert "gone@localhost" not in listed and "admin@localhost" in listed
    assert accounts.verona("user", "list", "--match", "adm", "--plain",
                           *data).stdout == "admin@localhost\n"


def test_colour_is_for_terminals(accounts):
    def shown(*args, **env):
        run = Terminal(accounts, "status", "--data", accounts.data, *args, **env)
        return run.end()[1]
    assert "\x1b[1m" in shown()
    assert "\x1b" not in shown(NO_COLOR="1")
    assert "\x1b" not in shown("--color", "never")
    assert "\x1b[1m" in shown("--color", "always", NO_COLOR="1")
    assert "\x1b" not in accounts.verona("status", "--data", accounts.data).stdout
    plain = accounts.verona("status", "--plain", "--data", accounts.data).stdout.splitlines()
    assert len(plain) == 4 and all(line.count("\t") == 11 for line in plain), plain


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
