"""Streams that break and are resumed (XEP-0198), through real processes: nothing is lost, nothing comes twice, and
nobody in a room notices."""
import os
import random
import signal

import pytest

import cluster as cluster_lib
import managed
import xmpp

@pytest.fixture
def managed_client(cluster):
    made = []

    def make(name, gateway=1, **options):
        made.append(managed.ManagedClient(cluster.c2s(gateway), name + "@localhost", **options))
        return made[-1].connect()
    yield make
    for each in made:
        each.close()


def bodies(stanzas, room):
    return [s.find("body").text for s in stanzas
            if s.name == "message" and s["type"] == "groupchat" and s["from"].startswith(room + "/")
            and s.find("body") is not None]


def left(client, room, nick):
    return [s for s in client.log if s.name == "presence" and s["type"] == "unavailable" and s["from"] == room + "/" + nick]


def settle(client, room):
    """All that the room has for this client by now is in its log."""
    client.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to=room)


def test_presence_stays_while_a_stream_may_be_resumed(client, managed_client):
    """X0198-presence-stays, X0198-resume: who may still resume stays in the room; then he has what was said meanwhile, in order and
    once, is where he was and has to tell nobody."""
    room = "resume-stays@conference.localhost"
    ann, bob = client("stays-ann", gateway=2), managed_client("stays-bob")
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    ann.expect(lambda s: s.name == "presence" and s["from"] == room + "/Bob")
    bob.drop()
    said = ["while you were out %d" % i for i in range(50)]
    for body in said:
        ann.say(room, body)
        ann.hear(room, body)
    ann.send("<message type='chat' to='%s/Bob' id='whisper'><body>psst</body></message>" % room)
    items = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", to=room).find("query").kids
    assert {i["jid"] for i in items} == {room + "/Ann", room + "/Bob"}
    assert bob.resume().name == "resumed"
    whisper = bob.expect(lambda s: s.name == "message" and s["type"] == "chat")
    assert whisper["from"] == room + "/Ann" and bodies(bob.log, room) == said
    bob.say(room, "here I am")
    bob.hear(room, "here I am")
    ann.hear(room, "here I am")
    assert not left(ann, room, "Bob") and not left(bob, room, "Bob")
    # Another gateway does not know him; his session is left alone by that.
    bob.drop()
    there = managed.ManagedClient(bob.port, bob.jid)
    there.id, there.got = bob.id, bob.got
    assert there.resume(ann.port).find("item-not-found") is not None
    there.close()
    assert bob.resume().name == "resumed"
    bob.say(room, "again")
    ann.hear(room, "again")
    assert not left(ann, room, "Bob")
    # Closed is closed: W37, no 333.
    bob.close()
    gone = ann.expect(lambda s: s.name == "presence" and s["from"] == room + "/Bob")
    assert gone["type"] == "unavailable" and gone.codes() == []


def test_lost_and_said_again_at_any_moment(client, managed_client):
    """X0198-resume: both talk while one loses his connection again and again, with stanzas on their way in both directions: in the end each
    of them has every message once, in the room's order."""
    room = "resume-chaos@conference.localhost"
    dice = random.Random(198)
    ann, bob = client("chaos-ann", gateway=2), managed_client("chaos-bob")
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    said = []
    for i in range(40):
        for k in range(dice.randrange(6)):
            ann.say(room, "a%d.%d" % (i, k))
            said.append("a%d.%d" % (i, k))
        for k in range(dice.randrange(6)):
            bob.say(room, "b%d.%d" % (i, k))
            said.append("b%d.%d" % (i, k))
        if dice.randrange(2):
            bob.next(0.002)
        if dice.randrange(3) == 0:
            bob.drop()
        assert bob.resume().name == "resumed"  # over a connection that is alive as well
    bob.say(room, "the end")
    ann.hear(room, "the end")
    bob.hear(room, "the end")
    assert bodies(ann.log, room) == bodies(bob.log, room)
    assert sorted(bodies(ann.log, room)) == sorted(said + ["the end"])
    assert not left(ann, room, "Bob")
    for who in "ab":  # nobody's own are out of order
        own = [b for b in bodies(ann.log, room) if b[0] == who and "." in b]
        assert own == [b for b in said if b[0] == who]


def test_what_happens_to_who_is_away(client, managed_client):
    """Who is banned while he is away is told when he is back; the affiliation holds at once."""
    room = "resume-banned@conference.localhost"
    ann, bob = client("banned-ann"), managed_client("banned-bob", gateway=2)
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    bob.drop()
    ann.affiliate(room, "banned-bob@localhost", "outcast")
    assert [301 in s.codes() for s in left(ann, room, "Bob")] == [True]
    assert bob.resume().name == "resumed"
    gone = bob.expect(lambda s: s.name == "presence" and s["type"] == "unavailable")
    assert gone["from"] == room + "/Bob" and {110, 301} <= set(gone.codes())
    bob.send("<presence to='%s/Bob'><x xmlns='%s'/></presence>" % (room, xmpp.MUC))
    assert bob.expect(lambda s: s["type"] == "error").condition() == "forbidden/auth"


def test_only_what_is_committed_counts_as_handled(own_cluster, redis_server):
    """X0198-acks: h leaves out what Redis has not got, and counts it when it has; who is cut off meanwhile is told the truth."""
    cluster = own_cluster(gateways=1, shards=1, redis=redis_server.url, args=["--set", "limits.hold=30s"])
    room = "resume-h@conference.localhost"
    bob = managed.ManagedClient(cluster.c2s(1), "bob@localhost").connect()
    bob.join(room, "Bob")
    bob.configure(room)
    before = bob.handled()
    assert bob.unacked == []
    os.kill(redis_server.child.pid, signal.SIGSTOP)
    try:
        bob.say(room, "is it safe?")
        bob.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
        assert bob.handled() == before and len(bob.unacked) == 2
        bob.drop()
        bob.log_in_again()
        bob.counting = True
        xmpp.Client.write(bob, "<resume xmlns='%s' previd='%s' h='%d'/>" % (managed.SM, bob.id, bob.got))
        assert bob.next(0.5) is None  # neither "handled" nor "say it again" would be true
    finally:
        os.kill(redis_server.child.pid, signal.SIGCONT)
    resumed = bob.expect(lambda s: s.name == "resumed")
    assert int(resumed["h"]) == before + 2
    bob.settle(before + 2)
    bob.say(room, "yes")
    bob.hear(room, "yes")
    assert bodies(bob.log, room) == ["is it safe?", "yes"]
    bob.close()


def test_the_time_is_over(own_cluster):
    """W38, X0198-refused, X0198-bounded: whose time is over leaves with 333, once; what users sent him and he never acknowledged comes back to them."""
    cluster = own_cluster(gateways=2, shards=2, args=["--set", "c2s.resume_time=3s"])
    room = "resume-over@conference.localhost"
    ann = xmpp.Client(cluster.c2s(2), "ann@localhost").connect()
    bob = managed.ManagedClient(cluster.c2s(1), "bob@localhost", answers=False).connect()
    assert bob.max == 3  # enough for what follows to find him away
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    bob.drop()
    for resource in (bob.full, bob.full):
        ann.send("<message type='chat' to='%s' id='&lt;1&gt;'><body>are you there?</body></message>" % resource)
    ann.send("<iq type='get' to='%s' id='2'><ping xmlns='urn:xmpp:ping'/></iq>" % bob.full)
    ann.send("<message type='headline' to='%s' id='3'><body>news</body></message>" % bob.full)
    ann.say(room, "anybody?")
    gone = ann.expect(lambda s: s.name == "presence" and s["from"] == room + "/Bob" and s["type"] == "unavailable")
    assert 333 in gone.codes()

    def errors():
        return [s for s in ann.log if s["type"] == "error"]
    while len(errors()) < 3:  # some may have come before Bob left: they go another way
        assert ann.next() is not None, errors()
    back = errors()
    assert sorted((s.name, s["id"], s["from"], s.condition()) for s in back) == sorted(
        2 * [("message", "<1>", bob.full, "recipient-unavailable/wait")] +
        [("iq", "2", bob.full, "recipient-unavailable/wait")])
    failed = bob.resume()
    assert failed.name == "failed" and failed.find("item-not-found") is not None and failed["h"] is not None
    bob.counting = False
    bob.bind(bob.features)  # and begins anew, on the same stream
    bob.join(room, "Bob")
    settle(ann, room)
    assert len(left(ann, room, "Bob")) == 1 and not [s for s in ann.log if s["id"] == "3" and s["type"] == "error"]
    assert cluster.metric("gateway", 1, "verona_sm_resumptions_total", 'result="expired"') == 1
    ann.close()
    bob.close()


def test_a_shard_dies_while_somebody_is_away(own_cluster):
    """He is told when he is back that the room has lost him (333), and can enter it again."""
    cluster = own_cluster(gateways=1, shards=2)
    room = "resume-shard@conference.localhost"
    bob = managed.ManagedClient(cluster.c2s(1), "bob@localhost").connect()
    bob.join(room, "Bob")
    bob.configure(room, persistentroom="1")
    bob.drop()
    cluster.kill("shard", next(n for n in (1, 2) if cluster.process("shard", n)["rooms"]))
    assert bob.resume().name == "resumed"
    gone = bob.expect(lambda s: s.name == "presence" and s["type"] == "unavailable", timeout=30)
    assert {110, 333} <= set(gone.codes())
    bob.join(room, "Bob")
    bob.say(room, "back")
    bob.hear(room, "back")
    bob.close()
