"""Fixtures: real clusters. `cluster` is shared by the tests that break nothing."""
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import cluster as cluster_lib  # noqa: E402
from redis_server import RedisServer  # noqa: E402
import xmpp  # noqa: E402

# A shell ignores SIGINT for what it starts in the background, and all that we start would too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster():
    """2 gateways, 2 shards, any password."""
    with cluster_lib.Cluster(gateways=2, shards=2) as running:
        yield running


@pytest.fixture
def own_cluster():
    """A factory of clusters that the test may break; all end with the test."""
    made = []

    def make(**options):
        made.append(cluster_lib.Cluster(**options))
        return made[-1].up()
    yield make
    errors = []
    for each in made:
        try:
            each.close()
        except AssertionError as error:
            errors.append(error)
    assert not errors, errors


@pytest.fixture
def client(cluster):
    """client('ann', gateway=1): a connected client of the shared cluster, closed with the test."""
    made = []

    def make(name, gateway=1, **options):
        made.append(xmpp.Client(cluster.c2s(gateway), name + "@localhost", **options))
        return made[-1].connect()
    yield make
    for each in made:
        each.close()


@pytest.fixture
def redis_server():
    server = RedisServer()
    yield server
    server.close()
