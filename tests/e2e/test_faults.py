"""What survives: shards, Redis and whole clusters that are killed."""
import os
import signal
import subprocess
import tempfile
import threading

import pytest

import cluster as cluster_lib
import scenario
import xmpp
from cluster import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.path.join(HERE, "scenarios", "members_only_deregister.scn")


def join_both(cluster, room):
    """Ann on gateway 1 owns the room, Bob on gateway 2 is in it."""
    ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
    bob = xmpp.Client(cluster.c2s(2), "bob@localhost").connect()
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    return ann, bob


def test_a_shard_is_killed_and_restarted(own_cluster):
    cluster = own_cluster(gateways=2, shards=2)
    for n in (1, 2):
        old = cluster.kill("shard", n)
        cluster.wait_restarted("shard", n, old)
        for turn in range(6):  # rooms on either shard
            scenario.run_file(REFERENCE, [cluster.c2s(1), cluster.c2s(2)],
                              suffix="-k%d%d" % (n, turn), turn=turn)


def test_occupants_of_a_dead_shard_are_told(own_cluster):
    """Never silence: each gets one unavailable with 333 and 110, and the room lives on."""
    cluster = own_cluster(gateways=2, shards=2)
    rooms = ["told%d@conference.localhost" % n for n in range(8)]
    pairs = {room: join_both(cluster, room) for room in rooms}
    killed = cluster.kill("shard", 1)
    told = []
    for room, people in pairs.items():
        for who, nick in zip(people, ("Ann", "Bob")):
            # what a lost room says comes before any answer of its next owner
            who.send("<iq type='get' id='alive' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % room)
            stanza = who.expect(lambda s: s["id"] == "alive" or
                                s.name == "presence" and s["type"] == "unavailable",
                                "333 or an answer of " + room)
            if stanza["id"] == "alive":
                continue
            assert stanza["from"] == room + "/" + nick
            assert stanza.codes() == [333, 110]
            told.append(room)
    lost = {room for room in rooms if room in told}
    assert lost and len(told) == 2 * len(lost), "both occupants of a lost room are told"
    assert len(lost) < len(rooms), "the rooms of the other shard stay"
    cluster.wait_restarted("shard", 1, killed)
    for room in sorted(lost):
        ann, bob = pairs[room]
        got = ann.join(room, "Ann")  # a temporary room that had occupants keeps its affiliations
        own = next(s for s in got if s["from"] == room + "/Ann")
        assert own.item()["affiliation"] == "owner" and 201 not in own.codes()
        bob.join(room, "Bob")
        ann.say(room, "again")
        bob.hear(room, "again")
    for room in set(rooms) - lost:
        ann, bob = pairs[room]
        ann.say(room, "still here")
        bob.hear(room, "still here")
    for ann, bob in pairs.values():
        ann.close()
        bob.close()


def test_what_was_under_way_does_not_end_the_next_stay(own_cluster):
    """W28: presence that a dead shard never saw is answered by the next one, to which its sender is nobody. He has
    been told that he is out, once, and is on his way in again."""
    cluster = own_cluster(gateways=1, shards=2)
    room = "underway@conference.localhost"
    ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
    ann.join(room, "Ann")
    ann.configure(room)
    owner = next(p for p in cluster.status()["processes"] if p["role"] == "shard" and p["rooms"])
    os.kill(owner["pid"], signal.SIGSTOP)
    ann.send("<presence to='%s/Ann'><show>away</show></presence>" % room)
    ann.send("<presence to='%s/Anna'/>" % room)
    ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>")  # the gateway has them
    os.kill(owner["pid"], signal.SIGKILL)
    gone = ann.expect(lambda s: s["from"] == room + "/Ann" and s["type"] == "unavailable", "to be told")
    assert gone.codes() == [333, 110]
    got = ann.join(room, "Ann")
    assert [s.codes() for s in got if s["type"] == "unavailable"] == []
    ann.send("<presence to='%s/Ann' type='unavailable'/>"
             "<presence to='%s/Ann'><show>away</show></presence>" % (room, room))  # who has left asks
    ann.expect(lambda s: s["type"] == "unavailable" and s.codes() == [110], "leaving")
    told = ann.expect(lambda s: s["from"] == room + "/Ann", "an answer")
    assert (told["type"], told.codes()) == ("unavailable", [307, 333, 110])
    ann.send("<presence to='%s/Ann'/>"
             "<presence to='%s/Ann'><x xmlns='%s'/></presence>" % (room, room, xmpp.MUC))  # who is on his way in knows
    inside = ann.expect(lambda s: s["from"] == room + "/Ann", "to be inside")
    assert inside["type"] is None and 110 in inside.codes()
    ann.close()


def test_a_gateway_dies_and_its_occupants_leave_once(own_cluster):
    """W6, W38"""
    cluster = own_cluster(gateways=2, shards=2)
    room = "ghosts@conference.localhost"
    ann, bob = join_both(cluster, room)
    cluster.kill("gateway", 2)
    gone = ann.expect(lambda s: s["from"] == room + "/Bob" and s["type"] == "unavailable",
                      "Bob's leave")
    assert 333 in gone.codes()
    again = xmpp.Client(cluster.c2s(1), "bob@localhost").connect()
    again.join(room, "Bob")
    ann.expect(lambda s: s["from"] == room + "/Bob" and s["type"] is None, "Bob's return")
    ann.say(room, "mark")
    ann.hear(room, "mark")
    leaves = [s for s in ann.log if s["from"] == room + "/Bob" and s["type"] == "unavailable"]
    assert len(leaves) == 1, leaves
    again.close()
    ann.close()


def test_a_gateway_that_stays_dead(own_cluster, redis_server):
    """Nobody starts it again: its broken links are enough, its lease (5 s) is not waited for (I9)."""
    cluster = own_cluster(gateways=1, shards=2, redis=redis_server.url)
    room = "gone@conference.localhost"
    port = cluster.c2s(3)
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        ann.join(room, "Ann")
        ann.configure(room)
        gateway = subprocess.Popen(
            [os.path.join(cluster_lib.BIN, "verona-gateway"), "--set", "node.id=g3",
             "--set", "redis.url=" + redis_server.url, "--set", "c2s.listen=127.0.0.1:%d" % port,
             "--set", "ws.listen=",
             "--set", "auth.mode=open", "--set", "admin.listen=127.0.0.1:%d" % cluster.admin("gateway", 3)],
            stderr=subprocess.DEVNULL)
        try:
            def bob_is_in():
                try:
                    bob = xmpp.Client(port, "bob@localhost").connect()
                    bob.join(room, "Bob")
                    return bob
                except (OSError, xmpp.XmppError):
                    return None
            bob = wait_until(bob_is_in, 20, "a gateway to be ready")
            gateway.send_signal(signal.SIGKILL)
            gone = ann.expect(lambda s: s["from"] == room + "/Bob" and s["type"] == "unavailable",
                              "Bob's leave", timeout=4)
            assert 333 in gone.codes()
            bob.close()
        finally:
            gateway.kill()
            gateway.wait()


def redis_cli(cluster, *args):
    done = subprocess.run(["redis-cli", "-s", os.path.join(cluster.data, "run", "redis.sock"), *args],
                          capture_output=True, text=True, timeout=20, check=True)
    return done.stdout


def test_a_removal_survives_the_death_of_everything(own_cluster):
    """Reference scenario in a persistent room, then SIGKILL of all processes, Redis included.
    S7.2.13-survives-restart, W53, W62"""
    cluster = own_cluster(gateways=2, shards=2)
    room = "keep@conference.localhost"
    with xmpp.Client(cluster.c2s(1), "romeo@localhost") as romeo:
        romeo.join(room, "Romeo")
        romeo.configure(room, persistentroom="1", membersonly="1", roomname="Kept")
        romeo.affiliate(room, "juliet@localhost", "member", "<reason>friend</reason>")
        romeo.affiliate(room, "tybalt@localhost", "outcast", "<reason>duels</reason>")
        romeo.affiliate(room, "nurse@localhost", "member")
        with xmpp.Client(cluster.c2s(2), "nurse@localhost") as nurse:
            nurse.join(room, "Nurse")
            nurse.iq("set", "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' "
                            "type='submit'><field var='FORM_TYPE'><value>%s#register</value></field>"
                            "<field var='muc#register_roomnick'><value>Nurse</value></field></x>"
                            "</query>" % xmpp.MUC, to=room)
        with xmpp.Client(cluster.c2s(2), "juliet@localhost") as juliet:
            juliet.join(room, "Juliet")
            romeo.say(room, "good night")
            juliet.hear(room, "good night")
            romeo.send("<message type='groupchat' to='%s'><subject>Balcony</subject></message>" % room)
            juliet.expect(lambda s: s.find("subject") is not None and s["from"].endswith("/Romeo"))
            juliet.iq("set", "<query xmlns='jabber:iq:register'><remove/></query>", to=room)
    cluster.kill_all()
    cluster.up()

    slot = int(next(line for line in cluster.verona("room", "show", room, "--data", cluster.data,
                    "--json").stdout.split(",") if '"slot"' in line).split(":")[1].strip(" }\n"))
    affiliations = redis_cli(cluster, "HKEYS", "verona:{s%d}:aff:%s" % (slot, room)).split()
    # juliet's is the memory of her removal (XEP-0463)
    assert sorted(affiliations) == ["juliet@localhost", "nurse@localhost", "romeo@localhost",
                                    "tybalt@localhost"]

    with xmpp.Client(cluster.c2s(2), "romeo@localhost") as romeo, \
            xmpp.Client(cluster.c2s(1), "juliet@localhost") as juliet, \
            xmpp.Client(cluster.c2s(1), "nurse@localhost") as nurse:
        got = romeo.join(room, "Romeo")
        assert [s for s in got if s.find("body") is not None and s.find("body").text == "good night"]
        assert got[-1].find("subject").text == "Balcony"
        own = next(s for s in got if s.name == "presence" and s["from"] == room + "/Romeo")
        assert own.item()["affiliation"] == "owner" and 201 not in own.codes()
        with pytest.raises(xmpp.XmppError, match="registration-required"):
            juliet.join(room, "Juliet")
        with pytest.raises(xmpp.XmppError, match="conflict"):
            romeo.join(room, "Nurse")  # the reserved nick
        assert sorted(romeo.affiliations(room, "member")) == ["nurse@localhost"]
        assert romeo.affiliations(room, "member")["nurse@localhost"]["nick"] == "Nurse"
        outcast = romeo.affiliations(room, "outcast")["tybalt@localhost"]
        assert outcast.find("reason").text == "duels"
        nurse.join(room, "Nurse")
        info = romeo.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=room)
        assert info.find("query").find("identity")["name"] == "Kept"


def test_redis_goes_away_and_comes_back(own_cluster, redis_server):
    """Presence and private messages go on, what is durable waits, then is refused with `wait`; when
    Redis is back all goes on without a restart of anything."""
    cluster = own_cluster(gateways=2, shards=2, redis=redis_server.url)
    pids = sorted(p["pid"] for p in cluster.status()["processes"])
    room = "outage@conference.localhost"
    ann, bob = join_both(cluster, room)
    ann.say(room, "before")
    bob.hear(room, "before")
    redis_server.stop()
    wait_until(lambda: cluster.metric("shard", 1, "verona_redis_state") == 0, what="the metric")
    assert "redis" in cluster.logs()

    ann.send("<message type='chat' to='%s/Bob' id='pm'><body>private</body></message>" % room)
    bob.expect(lambda s: s["id"] == "pm" and s["type"] == "chat", "a private message")
    bob.send("<presence to='%s/Bob'><show>away</show></presence>" % room)
    ann.expect(lambda s: s["from"] == room + "/Bob" and s.find("show") is not None, "presence")

    ann.say(room, "lost?", id="held")
    refused = ann.expect(lambda s: s["id"] == "held", "an error")
    assert refused.condition() == "resource-constraint/wait"
    answer = ann.affiliate(room, "cid@localhost", "outcast", error=True)
    assert answer.condition() == "resource-constraint/wait"
    bob.send("<presence to='new%s/Bob'><x xmlns='%s'/></presence>" % (room, xmpp.MUC))
    refused = bob.expect(lambda s: s["from"] == "new%s/Bob" % room, "no creation on doubt")
    assert refused.condition() == "resource-constraint/wait"

    ann.say(room, "held", id="held2")  # short enough to be held, not refused
    redis_server.start()
    bob.hear(room, "held")
    ann.hear(room, "held")
    ann.affiliate(room, "cid@localhost", "member")
    bob.send("<presence to='new%s/Bob'><x xmlns='%s'/></presence>" % (room, xmpp.MUC))
    created = bob.expect(lambda s: s["from"] == "new%s/Bob" % room and s["type"] is None)
    assert 201 in created.codes()
    bodies = [s.find("body").text for s in bob.log if s.find("body") is not None
              and s["type"] == "groupchat" and s["from"].startswith(room)]
    assert bodies == ["before", "held"], bodies
    assert sorted(p["pid"] for p in cluster.status()["processes"]) == pids, "nothing was restarted"
    ann.close()
    bob.close()


def test_a_joining_shard_gets_its_share(own_cluster, redis_server):
    """Owners give up slots that hold no loaded room; rooms in use stay and go on."""
    cluster = own_cluster(gateways=1, shards=2, redis=redis_server.url)
    room = "stay@conference.localhost"
    ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
    ann.join(room, "Ann")
    ann.configure(room)
    wait_until(lambda: [cluster.process("shard", n)["slots"] for n in (1, 2)] == [2048, 2048])
    with tempfile.TemporaryDirectory() as run:
        third = subprocess.Popen(
            [os.path.join(cluster_lib.BIN, "verona-shard"), "--set", "node.id=s3",
             "--set", "redis.url=" + redis_server.url, "--set", "bus.listen=ipc://%s/s3.sock" % run,
             "--set", "admin.listen=127.0.0.1:%d" % (cluster.admin("shard", 3))],
            stderr=subprocess.DEVNULL)
        try:
            def balanced():
                entry = cluster.process("shard", 3)
                slots = [cluster.process("shard", n)["slots"] for n in (1, 2)] + \
                    [entry["slots"] if entry else 0]
                # 4096 / 3 leaves one over, and the slot of the room in use is not given away
                return sum(slots) == 4096 and max(slots) - min(slots) <= 3
            wait_until(balanced, 30, "three even shares")
            for n in range(30):  # rooms on all three
                ann.join("r%d@conference.localhost" % n, "Ann")
            ann.say(room, "here")
            ann.hear(room, "here")
            assert not [s for s in ann.log if s["type"] == "unavailable"]
            third.send_signal(signal.SIGKILL)
            third.wait()
            wait_until(lambda: sum(cluster.process("shard", n)["slots"] for n in (1, 2)) == 4096, 20,
                       "the slots of the dead shard")
        finally:
            third.kill()
            third.wait()
    ann.close()
