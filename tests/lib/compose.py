"""The composed cluster for tests: docker-compose.yml as users have it, on the engine that DOCKER_HOST selects.

It has a project name, ports and an image of its own, so it stands beside whatever else runs on the engine.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

import cluster as cluster_lib

ROOT = cluster_lib.ROOT
STAND_INS = os.path.join(ROOT, "tests", "e2e", "images")
IMAGE = "verona-test:latest"


def run(*command, check=True, timeout=120, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode:
        raise RuntimeError("%s: exit %d\n%s\n%s" % (" ".join(command), done.returncode,
                                                    done.stdout[-6000:], done.stderr[-6000:]))
    return done


def succeeds(*command):
    return bool(shutil.which(command[0])) and run(*command, check=False).returncode == 0


def find_engine():
    """(compose command, None), or (None, why there is none)."""
    if not succeeds("docker", "version"):
        return None, "no Docker engine"
    for command in (["docker", "compose"], ["docker-compose"]):
        if succeeds(*command, "version"):
            return command, None
    return None, "a Docker engine, but neither docker compose nor docker-compose"


class Compose:
    def __init__(self, command):
        self.command = command
        self.ports = cluster_lib.Ports()
        self.prometheus = 5290 + self.ports.offset
        self.project = "verona-test-%d" % os.getpid()
        self.folder = tempfile.mkdtemp(prefix="verona-test-")
        self.stand_ins = []
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith(("VERONA_", "COMPOSE_"))}
        self.env_file = os.path.join(self.folder, "env")
        with open(os.path.join(ROOT, ".env.example")) as example, open(self.env_file, "w") as file:
            file.write(example.read())
            first = 5222 + self.ports.offset
            file.write("\nVERONA_PORTS=%d-%d\nPROMETHEUS_PORT=%d\nVERONA_IMAGE=%s\n" % (
                first, first + 9, self.prometheus, IMAGE))

    def __call__(self, *args, **options):
        return run(*self.command, "--project-directory", ROOT, "--env-file", self.env_file,
                   "-p", self.project, "-f", os.path.join(ROOT, "docker-compose.yml"), *args,
                   env=self.env, cwd=ROOT, **options)

    # ---------------------------------------------------------------- images

    def fetch_images(self):
        """Pulls the public images; where that cannot be done, Debian's packages stand in for them.
        A stand-in has the public name only while the tests run, and its own name for ever."""
        text = self("--profile", "monitoring", "config").stdout
        for file in sorted(os.listdir(STAND_INS)):
            base = file.split(".")[0]
            name = re.search(r"^ *image: *((?:\S*/)?%s:\S+)" % base, text, re.M)[1]
            if succeeds("docker", "image", "inspect", name) or \
                    run("docker", "pull", "-q", name, check=False, timeout=300).returncode == 0:
                continue
            run("docker", "build", "-t", "verona-test-" + base, "-f", os.path.join(STAND_INS, file),
                STAND_INS, timeout=300)
            run("docker", "tag", "verona-test-" + base, name)
            self.stand_ins.append(name)

    # ---------------------------------------------------------------- life

    def up(self, shards=1, gateways=1):
        """Starts or scales it, and waits until every container is healthy and every slot has an owner."""
        self("up", "-d", "--scale", "shard=%d" % shards, "--scale", "gateway=%d" % gateways)
        self.wait_healthy("redis", "shard", "gateway")
        cluster_lib.wait_until(lambda: self.is_whole(shards, gateways), 120,
                               "%d shards and %d gateways to be ready" % (shards, gateways))

    def is_whole(self, shards, gateways):
        status = self.status()
        up = [p for p in status["processes"] if p["state"] == "up" and p.get("ready")]
        slots = [p["slots"] for p in up if p["role"] == "shard"]
        return (len(up) == len(status["processes"]) == shards + gateways and len(slots) == shards
                and all(slots) and sum(slots) == 4096)

    def wait_healthy(self, *services):
        def healthy():
            return all(c["State"].get("Health", {}).get("Status") == "healthy"
                       for service in services for c in self.containers(service))
        try:
            cluster_lib.wait_until(healthy, 180, "%s to be healthy" % ", ".join(services))
        except TimeoutError as error:
            raise TimeoutError("%s\n%s" % (error, self.logs())) from error

    def close(self):
        try:
            self("--profile", "monitoring", "down", "-v", "--remove-orphans", "-t", "10")
            for name in self.stand_ins:
                run("docker", "rmi", name)
        finally:
            shutil.rmtree(self.folder)
            self.ports.free()

    # ---------------------------------------------------------------- looking at it

    def containers(self, service):
        """What the engine says of each of its containers, in the order of their numbers."""
        ids = self("ps", "-q", service).stdout.split()
        assert ids, "no container of " + service
        found = json.loads(run("docker", "inspect", *ids).stdout)
        return sorted(found, key=lambda c: int(c["Config"]["Labels"]["com.docker.compose.container-number"]))

    def verona(self, *args, **options):
        return self("exec", "-T", "gateway", "verona", *args, **options)

    def status(self):
        """Of `verona status`, asked in a shard: no processes while none can answer."""
        done = self("exec", "-T", "shard", "verona", "status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {"processes": [], "cluster": {}}

    def slots(self):
        return sorted(p["slots"] for p in self.status()["processes"] if p["role"] == "shard")

    def c2s(self):
        """Where clients reach the gateways, one port each."""
        return [int(c["NetworkSettings"]["Ports"]["5222/tcp"][0]["HostPort"])
                for c in self.containers("gateway")]

    def logs(self):
        return self("logs", "--no-color", "--tail", "40", check=False).stdout
