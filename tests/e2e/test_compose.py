"""docker-compose.yml for real: the image is built, the cluster started, scaled, watched, stopped and started.

It needs a Docker engine (DOCKER_HOST, or the usual socket). With VERONA_TEST_DOCKER=required it is an error
to have none.
"""
import json
import os
import urllib.request

import pytest

import compose as compose_lib
import cluster as cluster_lib
import scenario
import xmpp

REFERENCE = os.path.join(os.path.dirname(__file__), "scenarios", "members_only_deregister.scn")
# Accounts are the default, and PLAIN is not offered before TLS.
LOGIN = {"mechanism": "SCRAM-SHA-256", "tls": True, "password": "a secret of the tests"}
USERS = ("romeo@localhost", "juliet@localhost")


@pytest.fixture(scope="module")
def composed():
    """One gateway, one shard, two accounts."""
    command, why = compose_lib.find_engine()
    if why:
        if os.environ.get("VERONA_TEST_DOCKER") == "required":
            pytest.fail(why + ", and VERONA_TEST_DOCKER=required")
        pytest.skip(why)
    composed = compose_lib.Compose(command)
    try:
        composed.fetch_images()
        composed("build", timeout=900)
        composed.up()
        for user in USERS:
            composed.verona("user", "add", user, "--password-stdin", input=LOGIN["password"] + "\n")
        yield composed
        print(composed.logs())
    finally:
        composed.close()


def play(ports, **options):
    scenario.run_file(REFERENCE, ports, **LOGIN, **options)


def test_the_reference_scenario(composed):
    play(composed.c2s())


def test_the_tool_works_inside_without_options(composed):
    assert "4096/4096 slots" in composed.verona("status").stdout
    assert set(USERS) <= set(composed.verona("user", "list").stdout.split())
    assert composed.verona("healthcheck").stdout.strip() == "ready"
    assert composed("exec", "-T", "shard", "verona", "healthcheck").stdout.strip() == "ready"
    for entry in composed.status()["processes"]:
        assert entry["host"] in entry["id"] and entry["ports"]["admin"]


def test_containers_have_what_they_need_and_no_more(composed):
    for service in ("redis", "shard", "gateway"):
        container = composed.containers(service)[0]
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"] and host["Init"] and host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"] and not host["CapAdd"], service
        assert host["RestartPolicy"]["Name"] == "unless-stopped", service
        assert host["LogConfig"]["Config"]["max-size"] and not host["Ulimits"], service
        assert int(container["Config"]["User"].split(":")[0]) > 0, service
        published = [p for p in (container["NetworkSettings"]["Ports"] or {}).values() if p]
        assert len(published) == (service == "gateway"), published
        assert [m["Type"] for m in container["Mounts"]] == ["volume"] * (service == "redis"), service
    said = composed("exec", "-T", "redis", "redis-cli", "config", "get", "append*").stdout.split()
    assert said[said.index("appendonly") + 1] == "yes"
    said = composed("exec", "-T", "redis", "redis-cli", "config", "get", "maxmemory-policy").stdout
    assert "noeviction" in said
    version = composed("exec", "-T", "gateway", "dpkg-query", "-W", "-f", "${Version}", "libexpat1").stdout
    assert version >= "2.5.0-1+deb12u5", version  # no older one is safe


def test_every_setting_can_be_set(composed):
    """Each row of the table of settings is passed to the containers, or decided by the compose file."""
    names = {line.split('"')[1] for line in open(os.path.join(
        cluster_lib.ROOT, "common", "rt", "config_table.h")) if " X(CFG_" in line}
    assert len(names) > 30
    decided = {"node.id", "redis.password", "bus.listen", "bus.advertise", "admin.advertise", "c2s.listen"}
    passed = composed("config").stdout
    for name in names - decided:
        assert "VERONA_%s:" % name.upper().replace(".", "_") in passed, name
    containers = composed.containers("gateway") + composed.containers("shard")
    for container in containers:
        assert "VERONA_LIMITS_CONNECTIONS_PER_IP=1000" in container["Config"]["Env"]  # .env.example's


def test_scaled_up(composed):
    composed.up(shards=4, gateways=2)
    ports = composed.c2s()
    assert len(set(ports)) == 2
    for turn in range(2):
        play(ports, turn=turn)
    cluster_lib.wait_until(lambda: composed.slots() == [1024] * 4, 120, "equal shares")


def test_prometheus_finds_every_process(composed):
    composed.up(shards=4, gateways=2)
    composed("--profile", "monitoring", "up", "-d", "prometheus")
    composed.wait_healthy("prometheus")

    def ask(what):
        with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/%s" % (composed.prometheus, what),
                                    timeout=5) as answer:
            return json.loads(answer.read())["data"]

    def targets():
        found = ask("targets")["activeTargets"]
        jobs = sorted(t["labels"]["job"] for t in found if t["health"] == "up")
        return jobs == ["gateway"] * 2 + ["shard"] * 4 and len(found) == 6 and found
    for target in cluster_lib.wait_until(targets, 120, "Prometheus to see two gateways and four shards"):
        composed("exec", "-T", "prometheus", "sh", "-c",
                 "wget -q -O /tmp/metrics %s && grep -q ^verona_build_info /tmp/metrics && "
                 "promtool check metrics </tmp/metrics" % target["scrapeUrl"])
    rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
    assert rules and all(rule["health"] in ("ok", "unknown") for rule in rules), rules
    assert composed.status()["cluster"]["state"] == "ready"  # nothing else was touched


def test_a_process_that_is_killed_comes_back(composed):
    composed.up(shards=2, gateways=1)
    for service in ("shard", "gateway"):
        host = composed.containers(service)[0]["Config"]["Hostname"]
        victim = next(p for p in composed.status()["processes"] if p["host"] == host)
        composed("exec", "-T", service, "bash", "-c", "kill -KILL %d" % victim["pid"])
        cluster_lib.wait_until(lambda: composed.containers(service)[0]["RestartCount"] == 1, 30,
                               "Docker to start the %s again" % service)
        composed.up(shards=2, gateways=1)
        again = next(p for p in composed.status()["processes"] if p["id"] == victim["id"])
        assert again["boot"] > victim["boot"]
        play(composed.c2s())


def test_rooms_and_accounts_outlive_the_containers(composed):
    room = "lasting@conference.localhost"
    composed.up(shards=2, gateways=1)
    with xmpp.Client(composed.c2s()[0], USERS[0], **LOGIN) as romeo:
        romeo.join(room, "Romeo")
        romeo.configure(room, persistentroom="1")
        romeo.say(room, "still here")
        romeo.hear(room, "still here")
    before = {c["Id"] for c in composed.containers("shard")}
    composed("--profile", "monitoring", "down")
    composed.up(shards=2, gateways=1)
    assert not before & {c["Id"] for c in composed.containers("shard")}
    with xmpp.Client(composed.c2s()[0], USERS[0], **LOGIN) as romeo:
        history = romeo.join(room, "Romeo")
        assert any(s.find("body") is not None and s.find("body").text == "still here" for s in history)
        assert romeo.affiliations(room, "owner").keys() == {USERS[0]}
