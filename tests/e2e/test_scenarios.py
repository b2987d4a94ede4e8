"""Every conversation of scenarios/ on one gateway, across two, a hundred at once, and with other room defaults."""
import glob
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import cluster as cluster_lib
import defaults
import scenario

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(glob.glob(os.path.join(HERE, "scenarios", "*.scn")))
REFERENCE = os.path.join(HERE, "scenarios", "members_only_deregister.scn")


def name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_one_gateway(cluster, path):
    scenario.run_file(path, [cluster.c2s(1)], suffix="-one")


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_two_gateways(cluster, path, turn):
    scenario.run_file(path, [cluster.c2s(1), cluster.c2s(2)], suffix="-two%d" % turn, turn=turn)


@pytest.fixture(scope="module")
def other_cluster():
    """2 gateways, 2 shards; new rooms have the other values of README.md, Settings."""
    with cluster_lib.Cluster(gateways=2, shards=2, settings=defaults.SETTINGS) as running:
        yield running


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_other_defaults(other_cluster, path):
    with open(path, encoding="utf-8") as file:
        defaults.Scenario(file.read(), [other_cluster.c2s(1), other_cluster.c2s(2)]).run()


def test_the_same_room_again_and_again(cluster):
    """The temporary room of one run is gone before the next begins."""
    for _ in range(10):
        scenario.run_file(REFERENCE, [cluster.c2s(1), cluster.c2s(2)])


def test_a_hundred_at_once(cluster):
    """Rooms then lie on both shards; each run keeps its order."""
    threading.stack_size(512 * 1024)

    def run(number):
        scenario.run_file(REFERENCE, [cluster.c2s(1), cluster.c2s(2)], suffix="-s%d" % number,
                          turn=number, timeout=60)
    with ThreadPoolExecutor(100) as pool:
        list(pool.map(run, range(100)))
    rooms = [cluster.metric("shard", n, "verona_muc_rooms_created_total") for n in (1, 2)]
    assert min(rooms) > 20, rooms
