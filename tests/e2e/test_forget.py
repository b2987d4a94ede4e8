"""test.forget_rooms (W85): who logs in when nobody is online finds no room."""
import pytest

import cluster as cluster_lib
import over_ws
import xmpp

ROOM = "same@conference.localhost"


@pytest.fixture(scope="module")
def forgetful():
    with cluster_lib.Cluster(gateways=2, shards=2, args=["--set", "test.forget_rooms=true"]) as running:
        yield running


def open_room(client, **fields):
    """Enters ROOM and says whether it was new."""
    got = client.join(ROOM, client.local)
    new = 201 in got[0].codes()
    if new:
        client.configure(ROOM, **fields)
    return new


def test_runs_use_the_same_room(forgetful):
    """W85: back to back, over both gateways, whether the room is persistent or not."""
    for turn in range(40):
        ann = xmpp.Client(forgetful.c2s(turn % 2 + 1), "ann@localhost").connect()
        bob = xmpp.Client(forgetful.c2s((turn // 2) % 2 + 1), "bob@localhost").connect()
        assert open_room(ann, persistentroom=str(turn % 3 % 2), membersonly="1"), turn
        ann.affiliate(ROOM, "bob@localhost", "admin")
        bob.join(ROOM, "bob")
        ann.close()
        bob.close()


def test_over_websocket(forgetful):
    """W85, X7395-websocket: <close/> is answered when nothing of the session counts any more."""
    for turn in range(10):
        with over_ws.Client(forgetful.ws(turn % 2 + 1), "ann@localhost") as ann:
            assert open_room(ann, persistentroom="1"), turn
        assert ann.messages[-1] == "<close xmlns='%s'/>" % over_ws.FRAMING
        assert ann.close_code == 1000


def test_nothing_is_listed_and_nobody_kept(forgetful):
    """W85: the directory, affiliations and bans are forgotten with the room."""
    with xmpp.Client(forgetful.c2s(1), "ann@localhost") as ann:
        assert open_room(ann, persistentroom="1")
        ann.affiliate(ROOM, "bob@localhost", "outcast")
        ann.send("<message type='groupchat' to='%s'><subject>old</subject></message>" % ROOM)
        ann.expect(lambda s: s.find("subject") is not None)
    with xmpp.Client(forgetful.c2s(2), "bob@localhost") as bob:
        items = bob.iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", to="conference.localhost")
        assert items.find("query").all("item") == []
        assert open_room(bob)


def test_while_somebody_is_online_rooms_stay(forgetful):
    """W85: the last session of the whole cluster counts, whatever gateway it is on."""
    with xmpp.Client(forgetful.c2s(2), "watch@localhost"):
        with xmpp.Client(forgetful.c2s(1), "ann@localhost") as ann:
            assert open_room(ann, persistentroom="1")
        for gateway in (1, 2):
            with xmpp.Client(forgetful.c2s(gateway), "ann@localhost") as ann:
                assert not open_room(ann)
    with xmpp.Client(forgetful.c2s(1), "ann@localhost") as ann:
        assert open_room(ann)


def test_a_broken_connection_is_a_session_that_went(forgetful):
    """W85"""
    ann = xmpp.Client(forgetful.c2s(1), "ann@localhost").connect()
    assert open_room(ann, persistentroom="1")
    ann.drop()

    def nobody():
        return forgetful.process("gateway", 1)["sessions"] == 0
    cluster_lib.wait_until(nobody, what="the gateway to see it")
    with xmpp.Client(forgetful.c2s(1), "bob@localhost") as bob:
        assert open_room(bob)


def test_a_gateway_that_dies_leaves_nobody_behind(own_cluster):
    """W85: sessions of the dead do not count."""
    cluster = own_cluster(gateways=2, shards=2, args=["--set", "test.forget_rooms=true"])
    ann = xmpp.Client(cluster.c2s(2), "ann@localhost").connect()
    assert open_room(ann, persistentroom="1")
    old = cluster.kill("gateway", 2)
    cluster.wait_restarted("gateway", 2, old)
    with xmpp.Client(cluster.c2s(1), "bob@localhost") as bob:
        assert open_room(bob)


def test_off_by_default(cluster):
    """W85: without the switch rooms stay."""
    room = "stays@conference.localhost"
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        ann.join(room, "Ann")
        ann.configure(room, persistentroom="1")
    with xmpp.Client(cluster.c2s(2), "ann@localhost") as ann:
        assert 201 not in ann.join(room, "Ann")[0].codes()
        ann.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>", to=room)
