"""`verona up` and `verona down`: what is started, what is said, what ends, and everything that can be
in the way."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import cluster as cluster_lib
from cluster import wait_until
from redis_server import RedisServer

VERONA = os.path.join(cluster_lib.BIN, "verona")


@pytest.fixture
def place():
    """A cluster that is not started: ports, a folder, and what is left of it ends with the test."""
    made = cluster_lib.Cluster()
    yield made
    made.close()


def up(place, *args, env=None, data=None):
    return place.verona("up", "--detach", "--data", data or place.data, "--port-offset",
                        str(place.offset), *args, check=False, env=env)


def state(place):
    with open(os.path.join(place.data, "run", "cluster.json")) as file:
        return json.load(file)


def everybody(place):
    """Pids of all that runs for the cluster: supervisor, Redis, shards, gateways."""
    known = state(place)
    return [known["supervisor_pid"], known["redis_pid"]] + [p["pid"] for p in known["processes"]]


def alive(pid):
    """Running, and not only waiting to be reaped."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def left_over(place):
    """Processes that were started with this folder and still run."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                line = file.read()
        except OSError:
            continue
        if place.data.encode() + b"/" in line and alive(int(pid)):
            found.append(line)
    return found


class Foreground:
    """`verona up` as a person runs it, without --detach."""

    def __init__(self, place, *args, **env):
        self.lines = []
        self.child = subprocess.Popen(
            [VERONA, "up", "--data", place.data, "--port-offset", str(place.offset), *args],
            env=place.environment(**env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True)

    def read_to(self, text):
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))
            if text in line:
                return self
        raise AssertionError("no %r in:\n%s" % (text, "\n".join(self.lines)))

    def rest(self):
        """Until its end: exit code and the lines since the last call."""
        lines = [line.rstrip("\n") for line in self.child.stdout]
        return self.child.wait(timeout=60), lines


# ---------------------------------------------------------------- what is said


def test_steps_then_a_table_then_a_drain(place):
    run = Foreground(place, "--gateways", "2", LC_ALL="C.UTF-8").read_to("Press Ctrl-C")
    assert run.lines[0] == "verona 0.1.0 – sharded XMPP group chat"
    steps = [re.fullmatch(r"  ✔ (\w+) +(.*?) +\d+\.\d s", line) for line in run.lines[1:8]]
    assert all(steps), run.lines
    said = {step[1]: step[2] for step in steps}
    assert list(said) == ["config", "data", "redis", "cluster", "shards", "gateway", "accounts"]
    assert said["config"] == "built-in defaults, domain localhost"
    assert said["data"] == place.data + " (new)"
    assert re.fullmatch(r"private \S+-server [\d.]+, unix socket, append-only", said["redis"])
    assert said["shards"].startswith("2 up, 4096/4096 slots owned")
    assert said["gateway"] == "2 up: %d · %d STARTTLS" % (place.c2s(1), place.c2s(2))
    assert re.fullmatch(r"Ready in \d+\.\d s", run.lines[8])
    text = "\n".join(run.lines)
    assert re.search(r"^  XMPP +localhost:%d %d +rooms at conference.localhost$"
                     % (place.c2s(1), place.c2s(2)), text, re.M)
    assert "http://127.0.0.1:%d/metrics" % place.admin("gateway") in text
    assert len(re.findall(r"admin@localhost / [\w-]{14} ", text)) == 1
    assert " status --data %s" % place.data in text

    pids = everybody(place)
    assert all(map(alive, pids))
    run.child.send_signal(signal.SIGINT)
    code, lines = run.rest()
    assert code == 0
    assert re.fullmatch(r"  ✔ drain +2 gateways and 2 shards ended +\d+\.\d s", lines[0]), lines
    assert lines[1].startswith("Stopped. Data kept in %s – run " % place.data)
    assert not any(map(alive, pids)) and not left_over(place)
    assert os.listdir(place.data + "/run") == ["lock"]

    again = Foreground(place, LC_ALL="C.UTF-8").read_to("Press Ctrl-C")
    text = "\n".join(again.lines)
    assert place.data + " (reused)" in text
    assert re.search(r"cluster +reused [0-9a-f]{8}", text)
    assert re.search(r"accounts +1, as before", text)
    assert " / " not in text.split("Ready")[1].replace("//", "")  # no password a second time
    again.child.send_signal(signal.SIGTERM)
    assert again.rest()[0] == 0


def test_plain_text_where_utf8_is_not_spoken(place):
    done = up(place, "--auth", "open", env={"LC_ALL": "C"})
    assert done.returncode == 0 and done.stdout.isascii(), done.stdout
    assert re.search(r"^  ok   shards ", done.stdout, re.M)
    assert "\x1b" not in done.stdout
    assert "any name, any password" in done.stdout and "Account" not in done.stdout
    coloured = up(place, "--color", "always")  # refused, but in colour
    assert coloured.returncode == 6 and "\x1b[31m" in coloured.stdout


def test_the_first_admin_may_have_another_name(place):
    done = up(place, "--auth", "accounts", "--admin", "Root@localhost")
    assert done.returncode == 0
    assert re.search(r"root@localhost / [\w-]{14} ", done.stdout), done.stdout
    assert place.verona("user", "list", "--plain", "--data", place.data).stdout == "root@localhost\n"


# ---------------------------------------------------------------- how it ends


def test_a_second_signal_ends_it_at_once(place):
    run = Foreground(place).read_to("Press Ctrl-C")
    pids, known = everybody(place), state(place)
    shard = next(p["pid"] for p in known["processes"] if p["role"] == "shard")
    gateway = next(p["pid"] for p in known["processes"] if p["role"] == "gateway")
    os.kill(shard, signal.SIGSTOP)  # this one will not drain
    run.child.send_signal(signal.SIGINT)
    wait_until(lambda: not alive(gateway), what="the gateway to be drained")
    assert alive(shard) and run.child.poll() is None
    run.child.send_signal(signal.SIGINT)
    start = time.monotonic()
    code, lines = run.rest()
    assert code == 0 and time.monotonic() - start < 10
    assert re.search(r", [12] by force ", lines[0]), lines  # the other shard may be gone already
    assert not any(map(alive, pids))


def test_interrupted_while_it_starts(place):
    run = Foreground(place, "--shards", "8").read_to("cluster")
    run.child.send_signal(signal.SIGINT)
    code, lines = run.rest()
    assert code == 1 and "Stopped before it was ready." in lines, lines
    assert not left_over(place)


def test_nohup(place):
    """A signal that was to be ignored before `verona up` began is ignored."""
    was = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        run = Foreground(place).read_to("Press Ctrl-C")
    finally:
        signal.signal(signal.SIGHUP, was)
    pids = everybody(place)
    run.child.send_signal(signal.SIGHUP)
    old = place.kill("shard")  # what the supervisor does about it comes after the signal
    place.wait_restarted("shard", 1, old)
    assert run.child.poll() is None and alive(pids[0])
    run.child.send_signal(signal.SIGTERM)
    code, lines = run.rest()
    assert code == 0 and not any("by force" in line for line in lines), lines


def test_nothing_outlives_a_killed_supervisor(place):
    assert up(place).returncode == 0
    pids = everybody(place)
    os.kill(pids[0], signal.SIGKILL)
    wait_until(lambda: not any(map(alive, pids)), what="Redis and all children to be gone")
    status = place.verona("status", "--data", place.data, check=False)
    assert status.returncode == 3 and "no cluster runs" in status.stderr
    down = place.verona("down", "--data", place.data)
    assert "Nothing runs" in down.stderr
    again = up(place)
    assert again.returncode == 0 and "(reused)" in again.stdout, again.stdout


def test_down_is_no_danger_to_others(place):
    """A cluster.json that was left behind names numbers that others have now."""
    with subprocess.Popen(["sleep", "600"]) as other:
        os.makedirs(place.data + "/run")
        stale = {"supervisor_pid": other.pid, "supervisor_start": 1, "redis_pid": other.pid,
                 "redis_start": 1, "redis_url": "unix:///nowhere", "processes": [
                     {"role": "shard", "id": "s1", "pid": other.pid, "start": 1},
                     {"role": "shard", "id": "s2", "pid": -1, "start": 1}]}
        path = place.data + "/run/cluster.json"
        json.dump(stale, open(path, "w"))
        assert "Nothing runs" in place.verona("down", "--data", place.data).stderr
        assert other.poll() is None and not os.path.exists(path)
        json.dump(stale, open(path, "w"))
        assert up(place).returncode == 0
        assert other.poll() is None
        place.down()
        assert other.poll() is None
        other.kill()


def test_a_broken_cluster_json(place):
    os.makedirs(place.data + "/run")
    with open(place.data + "/run/cluster.json", "w") as file:
        file.write("{")
    for command in ("down", "status"):
        done = place.verona(command, "--data", place.data, check=False)
        assert done.returncode == 1 and "cannot be read" in done.stderr and "hint:" in done.stderr
    assert up(place).returncode == 0
    place.down()


# ---------------------------------------------------------------- children that die


@pytest.mark.parametrize("role", ["gateway", "shard"])
def test_a_child_is_started_again(place, role):
    assert up(place).returncode == 0
    old = place.kill(role)
    place.wait_restarted(role, 1, old)
    entry = place.process(role)
    assert entry["restarts"] == 1
    with open(place.data + "/log/supervisor.log") as file:
        log = file.read()
    name = role[0] + "1"
    assert log.count("%s ended by signal 9 (Killed)" % name) == 1, log


def test_redis_is_started_again(place):
    assert up(place, "--auth", "accounts").returncode == 0
    place.verona("user", "add", "ann@localhost", "--generate", "--data", place.data)
    place.settle()
    old = state(place)["redis_pid"]
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: state(place)["redis_pid"] != old, what="another redis-server")
    place.wait_ready()
    assert "ann@localhost" in place.verona("user", "list", "--data", place.data).stdout


def test_a_child_that_dies_again_and_again_is_not_started_in_a_rush(place):
    assert up(place).returncode == 0
    first = time.monotonic()
    for turn in range(1, 5):
        old = next(p for p in state(place)["processes"] if p["id"] == "s1")
        os.kill(old["pid"], signal.SIGKILL)
        wait_until(lambda: next(p for p in state(place)["processes"]
                                if p["id"] == "s1")["restarts"] == turn, what="restart %d" % turn)
    assert time.monotonic() - first >= 0.1 + 0.2 + 0.4 + 0.8  # doubling
    assert next(p for p in state(place)["processes"] if p["id"] == "s2")["restarts"] == 0
    place.wait_ready()


def test_a_child_that_cannot_start_ends_it_with_the_cause(place):
    done = up(place, "--set", "c2s.certificate=/nonexistent.pem")
    assert done.returncode == 1
    assert re.search(r"gateway +g1 ended with status 78", done.stdout), done.stdout
    assert "fix:" in done.stdout and "cannot use the certificate /nonexistent.pem" in done.stdout
    assert "admin@localhost / " not in done.stdout
    assert not left_over(place)
    done = up(place)  # now the account is made, and shown
    assert done.returncode == 0 and "admin@localhost / " in done.stdout


# ---------------------------------------------------------------- the private Redis


def test_the_private_redis(place):
    assert up(place).returncode == 0
    known = state(place)
    sock = known["redis_url"][len("unix://"):]
    with open("/proc/%d/cmdline" % known["redis_pid"], "rb") as file:
        line = file.read()
    assert b"redis-server" in line or b"valkey-server" in line

    def config(name):
        return subprocess.run(["redis-cli", "-s", sock, "CONFIG", "GET", name], text=True,
                              capture_output=True).stdout.split("\n")[1]
    assert config("appendonly") == "yes" and config("port") == "0"
    assert config("maxmemory-policy") == "noeviction" and config("save") == ""
    assert os.stat(sock).st_mode & 0o777 == 0o700
    assert os.stat(place.data + "/redis").st_mode & 0o777 == 0o700


def test_redis_check_rdb_is_enough(place):
    """Debian's redis-tools have the whole server under this name."""
    program = shutil.which("redis-check-rdb")
    assert program, "redis-check-rdb is needed (Debian: redis-tools)"
    folder = place.data + "/bin"
    os.mkdir(folder)
    os.symlink(program, folder + "/redis-check-rdb")
    done = up(place, env={"PATH": folder})
    assert done.returncode == 0, done.stdout
    assert "private redis-server" in done.stdout


def test_no_redis_to_be_found(place):
    done = up(place, env={"PATH": "/nonexistent"})
    assert done.returncode == 1
    assert "no redis-server or valkey-server found" in done.stdout
    assert "fix:  sudo apt install redis-tools" in done.stdout and "--redis" in done.stdout
    done = up(place, env={"VERONA_REDIS_SERVER": "/nonexistent/redis"})
    assert done.returncode == 1 and 'names "/nonexistent/redis"' in done.stdout
    done = up(place, env={"VERONA_REDIS_SERVER": "/bin/false"})
    assert done.returncode == 1 and "the private server ended with status 1" in done.stdout


# ---------------------------------------------------------------- a Redis that is there


def test_a_redis_of_yours(redis_server, place):
    assert up(place, "--redis", redis_server.url).returncode == 0
    assert state(place)["redis_pid"] == 0
    place.down()
    assert redis_server.command("PING") == "PONG"  # it was not ours to end
    again = up(place, "--redis", redis_server.url)
    assert again.returncode == 0 and re.search(r"cluster +reused", again.stdout)
    # Another one beside it would take its names: refused, and the first one goes on.
    other = cluster_lib.Cluster()
    try:
        done = up(other, "--redis", redis_server.url)
        assert done.returncode == 6, done.stdout
        assert "of another verona up runs with this Redis" in done.stdout and "fix:" in done.stdout
    finally:
        other.close()
    assert all(p["restarts"] == 0 and p["state"] == "up" for p in place.status()["processes"])
    # What was killed leaves a name that nobody holds.
    place.kill_all()
    assert up(place, "--redis", redis_server.url).returncode == 0


def test_whoever_is_not_started_again_is_not_missed(place):
    """Everything is killed, and less is started: what is there is ready at once, not when the others forgot."""
    assert up(place, "--gateways", "2", "--shards", "2").returncode == 0
    place.kill_all()
    assert up(place, "--gateways", "1", "--shards", "1").returncode == 0
    status = place.status()
    states = {p["id"]: p["state"] for p in status["processes"]}
    assert states == {"g1": "up", "g2": "gone", "s1": "up", "s2": "gone"}
    assert status["cluster"]["state"] == "ready"
    # What this `up` started is missed, until it is back.
    os.kill(place.pid("shard"), signal.SIGSTOP)
    try:
        assert place.status()["cluster"]["state"] == "degraded"
    finally:
        os.kill(state(place)["processes"][0]["pid"], signal.SIGCONT)


def test_status_while_redis_is_away(redis_server, place):
    """What the supervisor knows is shown all the same, with exit code 7."""
    assert up(place, "--redis", redis_server.url).returncode == 0
    before = {p["id"]: p["pid"] for p in place.status()["processes"]}
    redis_server.stop()
    done = place.verona("status", "--json", "--data", place.data, check=False)
    assert done.returncode == 7 and "shown is what verona up knows" in done.stderr
    shown = json.loads(done.stdout)
    assert shown["cluster"]["redis"] is False
    assert {p["id"]: p["pid"] for p in shown["processes"]} == before
    assert all({"role", "id", "pid", "ports", "slots", "rooms", "sessions"} <= set(p)
               for p in shown["processes"])
    redis_server.start()
    place.wait_ready()
    assert place.status()["cluster"]["state"] == "ready"


def test_a_redis_that_cannot_be_used(place):
    done = up(place, "--redis", "unix:///nonexistent/redis.sock")
    assert done.returncode == 3 and "no Redis at unix:///nonexistent/redis.sock" in done.stdout
    assert "fix:" in done.stdout
    for url in ("http://localhost", "redis://", "redis://h:99999", "x"):
        done = up(place, "--redis", url)
        assert done.returncode == 2, (url, done.stdout, done.stderr)
    server = RedisServer("--maxmemory-policy", "allkeys-lru")
    try:
        done = up(place, "--redis", server.url)
        assert done.returncode == 6 and "allkeys-lru" in done.stdout, done.stdout
        assert server.command("DBSIZE") == "0"
    finally:
        server.close()


def test_a_redis_with_a_password(place):
    server = RedisServer("--maxmemory-policy", "noeviction", password="sesame")
    secret = place.data + "/secret"
    try:
        done = up(place, "--redis", server.url)
        assert done.returncode == 5 and "VERONA_REDIS_PASSWORD_FILE" in done.stdout, done.stdout
        for text, code in (("wrong\n", 5), ("sesame\n", 0)):
            with open(secret, "w") as file:
                file.write(text)
            done = up(place, "--redis", server.url, env={"VERONA_REDIS_PASSWORD_FILE": secret})
            assert done.returncode == code, done.stdout
        for pid in everybody(place):
            if pid:
                with open("/proc/%d/cmdline" % pid, "rb") as file:
                    assert b"sesame" not in file.read()
        place.down()
        # A password that is meant for another server is no trouble for the private one.
        done = up(place, env={"VERONA_REDIS_PASSWORD_FILE": secret})
        assert done.returncode == 0, done.stdout
        place.verona("status", "--data", place.data, env={"VERONA_REDIS_PASSWORD_FILE": secret})
    finally:
        place.down()
        server.close()


# ---------------------------------------------------------------- folders and ports


def test_two_of_one_folder(place):
    assert up(place).returncode == 0
    pids = everybody(place)
    other = cluster_lib.Cluster()
    try:
        done = up(other, data=place.data)
        assert done.returncode == 6
        assert "already runs with this folder (pid %d)" % pids[0] in done.stdout
        assert " down --data %s" % place.data in done.stdout
    finally:
        other.close()
    assert everybody(place) == pids and all(map(alive, pids))


def test_folders_that_cannot_be_used(place):
    with open(place.data + "/file", "w"):
        pass
    if os.geteuid() == 0:
        theirs = place.data + "/theirs"
        os.mkdir(theirs, 0o777)
        os.chown(theirs, 12345, 12345)
    else:
        theirs = "/usr/share"
    for folder, why in ((place.data + "/file", "is not a folder"),
                        (place.data + "/file/below", "is not a folder"),
                        ("/proc/1/verona", "cannot make the folder /proc/1/verona"),
                        (theirs, "belongs to")):
        done = up(place, data=folder)
        assert done.returncode == 1, done.stdout
        assert why in done.stdout and "fix:" in done.stdout, done.stdout


def test_long_names(place):
    """A folder too deep for a socket's name, with a space; a domain of 200 characters."""
    deep = place.data + "/with a space/" + "d" * 120
    domain = ".".join(["x" * 49] * 4)
    done = up(place, "--domain", domain, data=deep)
    assert done.returncode == 0, done.stdout
    assert " down --data '%s'\n" % deep in done.stdout  # can be copied into a shell
    status = json.loads(place.verona("status", "--json", "--data", deep).stdout)
    assert status["cluster"]["state"] == "ready" or status["cluster"]["slots_owned"] >= 4096
    with open(deep + "/run/cluster.json") as file:
        sockets = os.path.dirname(json.load(file)["redis_url"][len("unix://"):])
    assert len(sockets) < 90 and os.stat(sockets).st_mode & 0o777 == 0o700
    place.verona("down", "--data", deep)
    assert not os.path.exists(sockets)


def test_a_taken_port_is_named(place):
    """The failure says which port, by whom, and what to do."""
    for port in (place.c2s(1), place.admin("gateway"), place.admin("shard", 2)):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            done = up(place)
        assert done.returncode == 1
        assert re.search(r'port %d is in use by "[^"]*python[^"]*" \(pid %d\)' % (port, os.getpid()),
                         done.stdout), done.stdout
        assert " up --port-offset %d --data %s\n" % (place.offset + 10000, place.data) in done.stdout
    done = up(place, "--bind", "192.0.2.77")  # RFC 5737: nobody's
    assert done.returncode == 1 and "is not an address of this machine" in done.stdout
    assert not os.path.exists(place.data + "/redis/appendonlydir")  # refused before anything ran


def test_numbers_and_names_that_are_none(place):
    for args in (["--shards", "0"], ["--shards", "-1"], ["--shards", "abc"], ["--shards", "1000"],
                 ["--gateways", "1.5"], ["--port-offset", "60001"], ["--domain", "a b"],
                 ["--domain", "x" * 200], ["--domain", "a", "--muc-domain", "A"],
                 ["--admin", "nobody"], ["--auth", "none"], ["--set", "auth.mode=open"],
                 ["--shard"], ["--detached"], ["and", "more"]):
        done = up(place, *args)
        assert done.returncode == 2, args
        assert done.stderr.startswith("error: ") and "\nhint:  " in done.stderr, done.stderr
        assert not done.stdout
    for args in (["--set", "nonsense=1"], ["--set", "room.history"], ["--config", "/nonexistent"]):
        done = up(place, *args)
        assert done.returncode == 78 and "hint:" in done.stderr, (args, done.stderr)
    assert os.listdir(place.data) == []
