"""A Redis of the test's own, which it may stop and start."""
import shutil
import subprocess
import tempfile

from cluster import wait_until, wait_until_written


class RedisServer:
    def __init__(self, *options, password=None):
        self.dir = tempfile.mkdtemp(prefix="verona-redis-")
        self.sock = self.dir + "/redis.sock"
        self.url = "unix://" + self.sock
        self.password = password
        self.options = list(options) or ["--maxmemory-policy", "noeviction"]
        self.start()

    def start(self):
        secret = ["--requirepass", self.password] if self.password else []
        self.child = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.sock, "--dir", self.dir,
             "--appendonly", "yes", "--save", "", *self.options, *secret],
            stdout=subprocess.DEVNULL)
        wait_until(lambda: self.command("PING") == "PONG", what="redis-server")

    def command(self, *words):
        secret = ["--no-auth-warning", "-a", self.password] if self.password else []
        return subprocess.run(["redis-cli", "-s", self.sock, *secret, *words], capture_output=True,
                              text=True, timeout=30).stdout.rstrip("\n")

    def stop(self):
        """SIGKILL, with all that it has answered in its file."""
        wait_until_written(lambda: self.command("INFO", "persistence"))
        self.kill()

    def kill(self):
        self.child.kill()
        self.child.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)
