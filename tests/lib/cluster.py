"""A real cluster for tests, started and ended with `verona up --detach` and `verona down`."""
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("VERONA_BIN") or os.path.join(ROOT, "build", "dev")


class Ports:
    """A thousand ports of our own, below the ephemeral ones, against test runs beside this one and
    whatever else listens on this machine."""
    BLOCKS = range(7, 27)

    def __init__(self):
        for block in self.BLOCKS:
            lock = open(os.path.join(tempfile.gettempdir(), "verona-test-ports-%d" % block), "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self.lock, self.offset = lock, 1000 * block - 5000
            if self.unused():
                return
            lock.close()
        raise RuntimeError("no block of ports is free: more than %d clusters at once?" % len(self.BLOCKS))

    def unused(self):
        """Nobody listens where the first processes of a cluster would."""
        for port in (5222, 5290, 5291, 5322, 5390, 5391, 5422, 5490, 5491, 5591):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port + self.offset))
                except OSError:
                    return False
        return True

    def free(self):
        self.lock.close()


def wait_until(condition, timeout=30, what="the condition"):
    """Wait for a true value of condition() and return it."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError("waited %gs for %s" % (timeout, what))
        time.sleep(0.02)


def wait_until_written(info):
    """With "everysec" Redis keeps bytes that it has answered for up to two seconds while the disk is busy; info() is its
    INFO persistence."""
    wait_until(lambda: "aof_buffer_length:0" in info().split(), what="Redis to write its file")


class Cluster:
    """gateways x shards on one machine, with a data folder and ports of its own."""

    def __init__(self, gateways=1, shards=2, auth="open", redis=None, args=(),
                 settings=None):
        self.n_gateways, self.n_shards, self.auth = gateways, shards, auth
        self.redis_url, self.args = redis, list(args)
        self.settings = {"VERONA_" + key.upper().replace(".", "_"): value
                         for key, value in (settings or {}).items()}
        self.ports = Ports()
        self.offset = self.ports.offset
        self.data = tempfile.mkdtemp(prefix="verona-test-")
        self.reports = os.path.join(self.data, "sanitizer")

    def environment(self, **more):
        """Of every process: what a sanitizer reports comes to self.reports."""
        return dict(os.environ, ASAN_OPTIONS="log_path=%s:detect_leaks=1" % self.reports,
                    UBSAN_OPTIONS="print_stacktrace=1:log_path=%s" % self.reports, **more)

    def verona(self, *args, check=True, input=None, env=None):
        done = subprocess.run([os.path.join(BIN, "verona"), *args],
                              env=self.environment(**(env or {})), input=input,
                              capture_output=True, text=True, timeout=120)
        if check and done.returncode:
            raise RuntimeError("verona %s: exit %d\n%s%s\n%s" % (
                " ".join(args), done.returncode, done.stdout, done.stderr, self.logs()))
        return done

    def up(self):
        args = ["up", "--detach", "--data", self.data, "--gateways", str(self.n_gateways),
                "--shards", str(self.n_shards), "--auth", self.auth,
                "--port-offset", str(self.offset), *self.args]
        if self.redis_url:
            args += ["--redis", self.redis_url]
        self.last_up = self.verona(*args, env=self.settings)
        return self

    def down(self):
        self.verona("down", "--data", self.data)

    def close(self):
        """End everything; a sanitizer report of any process is a failure."""
        self.verona("down", "--data", self.data, check=False)
        reports = [name for name in os.listdir(self.data) if name.startswith("sanitizer")]
        text = "".join(open(os.path.join(self.data, name)).read() for name in reports)
        shutil.rmtree(self.data, ignore_errors=True)
        self.ports.free()
        assert not text, "sanitizer report:\n" + text[:8000]

    def __enter__(self):
        try:
            return self.up()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    # ---------------------------------------------------------------- looking at it

    def c2s(self, n=1):
        return 5222 + 100 * (n - 1) + self.offset

    def ws(self, n=1):
        return 5280 + 100 * (n - 1) + self.offset

    def admin(self, role, n=1):
        return (5290 if role == "gateway" else 5291) + 100 * (n - 1) + self.offset

    def get(self, role, n, path):
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.admin(role, n), path),
                                    timeout=20) as answer:
            return answer.read().decode()

    def status(self):
        return json.loads(self.verona("status", "--json", "--data", self.data).stdout)

    def process(self, role, n=1):
        """The status entry of process n of a role, or None."""
        name = "%s%d" % (role[0], n)
        return next((p for p in self.status()["processes"] if p["id"] == name), None)

    def pid(self, role, n=1):
        return self.process(role, n)["pid"]

    def metric(self, role, n, name, label=""):
        """Sum of all series of a family, or of those with this label: 'reason="limited"'."""
        total = 0.0
        for line in self.get(role, n, "/metrics").splitlines():
            if line.split("{")[0].split(" ")[0] == name and label in line:
                total += float(line.rsplit(" ", 1)[1])
        return total

    def sanitized(self):
        """Whether the processes run with AddressSanitizer."""
        with open(os.path.join(BIN, "verona-gateway"), "rb") as file:
            return b"__asan_init" in file.read()

    def logs(self):
        folder, out = os.path.join(self.data, "log"), []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            with open(os.path.join(folder, name), errors="replace") as file:
                out.append("--- %s\n%s" % (name, "".join(file.readlines()[-15:])))
        return "\n".join(out)

    # ---------------------------------------------------------------- breaking it

    def kill(self, role, n=1, sig=signal.SIGKILL):
        """Kill one process; returns its old pid."""
        pid = self.pid(role, n)
        os.kill(pid, sig)
        return pid

    def wait_restarted(self, role, n, old_pid, timeout=30):
        """Wait until the supervisor has it up again and the whole cluster is ready."""
        def again():
            try:
                entry = self.process(role, n)
            except RuntimeError:
                return False
            return entry and entry["pid"] != old_pid and entry.get("state") == "up"
        wait_until(again, timeout, "%s %d to be back" % (role, n))
        self.wait_ready(timeout)

    def wait_ready(self, timeout=30):
        def ready():
            try:
                return all([self.get("gateway", n + 1, "/readyz") for n in range(self.n_gateways)] +
                           [self.get("shard", n + 1, "/readyz") for n in range(self.n_shards)])
            except OSError:
                return False
        wait_until(ready, timeout, "every process to be ready")

    def settle(self):
        """What the private Redis has answered survives its kill from now on."""
        sock = os.path.join(self.data, "run", "redis.sock")
        wait_until_written(lambda: subprocess.run(["redis-cli", "-s", sock, "INFO", "persistence"],
                                                  capture_output=True, text=True, timeout=30).stdout)

    def kill_all(self):
        """SIGKILL to everything at once: supervisor, Redis, gateways, shards."""
        state = json.load(open(os.path.join(self.data, "run", "cluster.json")))
        if state.get("redis_pid"):
            self.settle()
        pids = [p["pid"] for p in self.status()["processes"]]
        pids += [state[key] for key in ("supervisor_pid", "redis_pid") if state.get(key)]
        for pid in [state.get("supervisor_pid")] + pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, TypeError):
                pass
        wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in pids),
                   what="all processes to be gone")
