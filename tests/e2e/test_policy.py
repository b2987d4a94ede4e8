"""What the service imposes: reserved nicks, sizes and rates; and how a gateway takes its leave."""
import hashlib
import signal

import cluster as cluster_lib
import xmpp

MUC = "http://jabber.org/protocol/muc"
ROOM = "policy@conference.localhost"


def pair(cluster, first=1, second=1):
    """Ann, owner of an open room and inside, and Bob, who is connected."""
    ann = xmpp.Client(cluster.c2s(first), "ann@localhost").connect()
    bob = xmpp.Client(cluster.c2s(second), "bob@localhost").connect()
    ann.join(ROOM, "Ann")
    ann.configure(ROOM)
    return ann, bob


def answer(client, id):
    return client.expect(lambda s: s["id"] == id, "the answer to " + id)


def test_enforced_nick(own_cluster):
    """S-code-210, S7.2.2-210, S7.10-210, S7.6-locked-down: who has reserved a nick enters under it and keeps it."""
    cluster = own_cluster(gateways=2, shards=1, settings={"room.enforce_nick": "true"})
    ann, bob = pair(cluster, 1, 2)
    ann.iq("set", "<query xmlns='%s#admin'><item affiliation='member' jid='bob@localhost' nick='Robert'/>"
                  "</query>" % MUC, to=ROOM)
    joined = [s for s in bob.join(ROOM, "Bob") if s.name == "presence" and 110 in s.codes()]
    assert [(s["from"], s.codes()) for s in joined] == [(ROOM + "/Robert", [210, 110])]
    seen = ann.expect(lambda s: s.name == "presence", "Bob's presence")
    assert seen["from"] == ROOM + "/Robert" and seen.codes() == []
    bob.send("<presence id='n' to='%s/Bob'/>" % ROOM)
    assert answer(bob, "n").condition() == "not-acceptable/cancel"
    ann.close()
    bob.close()


def test_limits(own_cluster):
    """S7.4-rate, S7.4-size, S7.8-spam, S14.6-streams: who exceeds one is refused with an error; stream and room
    go on, and nobody else is bothered."""
    cluster = own_cluster(gateways=1, shards=1, settings={
        "room.message_rate": "5", "room.max_message": "1000", "room.invite_rate": "3",
        "room.creations_per_minute": "2"})
    ann, bob = pair(cluster)
    bob.join(ROOM, "Bob")
    bob.say(ROOM, "x" * 1000, id="big")
    assert answer(bob, "big").condition() == "policy-violation/modify"
    for number in range(50):
        bob.say(ROOM, "x", id="m%d" % number)
    answers = [answer(bob, "m%d" % number) for number in range(50)]
    assert [a["type"] for a in answers[:5]] == ["groupchat"] * 5
    assert {a.condition() for a in answers} == {None, "resource-constraint/wait"}
    ann.say(ROOM, "x", id="a")  # an admin
    assert answer(ann, "a")["type"] == "groupchat"
    bob.send("<message id='i' to='%s'><x xmlns='%s#user'>%s</x></message>" % (
        ROOM, MUC, "".join("<invite to='u%d@localhost'/>" % n for n in range(4))))
    assert answer(bob, "i").condition() == "resource-constraint/wait"
    for number in range(2):
        bob.join("new%d@conference.localhost" % number, "Bob")
    bob.send("<presence id='c' to='new2@conference.localhost/Bob'><x xmlns='%s'/></presence>" % MUC)
    assert answer(bob, "c").condition() == "resource-constraint/wait"
    ann.join("new2@conference.localhost", "Ann")
    rejected = "verona_muc_messages_rejected_total"
    assert cluster.metric("shard", 1, rejected, 'reason="limited"') > 0
    assert cluster.metric("shard", 1, rejected, 'reason="too_large"') == 1
    assert cluster.metric("shard", 1, "verona_muc_joins_total", 'result="limited"') == 1
    ann.close()
    bob.close()


def test_who_floods_delays_himself(own_cluster):
    """S7.4-rate, S14.6-streams: a session that sends too fast is slowed, and nothing of it is lost; somebody else who is
    no admin either is neither slowed nor refused meanwhile."""
    cluster = own_cluster(gateways=1, shards=1, settings={"limits.stanza_rate": "100", "room.message_rate": "1000"})
    ann, bob = pair(cluster)
    cid = xmpp.Client(cluster.c2s(1), "cid@localhost").connect()
    bob.join(ROOM, "Bob")
    cid.join(ROOM, "Cid")
    flood = ["b%d" % number for number in range(800)]
    said = ["c%d" % number for number in range(5)]
    bob.write("".join("<message type='groupchat' to='%s' id='%s'><body>x</body></message>" % (ROOM, id) for id in flood))
    for id in said:
        cid.say(ROOM, "x", id=id)
    order = []
    while len(order) < len(flood) + len(said):
        got = ann.expect(lambda s: s.name == "message" and s["id"] is not None)
        assert got["type"] == "groupchat", got
        order.append(got["id"])
    assert [id for id in order if id in set(flood)] == flood and [id for id in order if id in said] == said
    assert order[-1] == flood[-1]  # what Cid said did not wait for the six seconds that Bob's took
    assert [answer(cid, id)["type"] for id in said] == ["groupchat"] * len(said)
    for each in (ann, bob, cid):
        each.close()


def test_presence_rate(own_cluster):
    """S7.7-rate: presence that changes too fast is merged; the last state arrives, without further ado."""
    cluster = own_cluster(gateways=1, shards=1, settings={"room.presence_rate": "5"})
    ann, bob = pair(cluster)
    bob.join(ROOM, "Bob")
    ann.expect(lambda s: s.name == "presence" and s["from"] == ROOM + "/Bob", "Bob")
    for number in range(200):
        bob.send("<presence to='%s/Bob'><status>%d</status></presence>" % (ROOM, number))
    seen = []
    while not seen or seen[-1] != "199":
        stanza = ann.expect(lambda s: s.name == "presence", "Bob's presence")
        seen.append(stanza.find("status").text)
    assert len(seen) < 100 and seen == sorted(seen, key=int)
    ann.close()
    bob.close()


def test_block_list(own_cluster):
    """S7.2-blocklist: whom the service blocks, by JID or by domain, no room admits, a moment later; whoever is inside stays,
    and nobody else is bothered. The list outlives the shards."""
    cluster = own_cluster(gateways=1, shards=2)
    ann, bob = pair(cluster)
    bob.join(ROOM, "Bob")
    carol = xmpp.Client(cluster.c2s(1), "carol@localhost").connect()

    def refused(client, nick):
        client.send("<presence id='j' to='%s/%s'><x xmlns='%s'/></presence>" % (ROOM, nick, MUC))
        got = client.expect(lambda s: s.name == "presence" and (s["id"] == "j" or 110 in s.codes()), "an answer")
        if got["type"] != "error":
            client.send("<presence type='unavailable' to='%s/%s'/>" % (ROOM, nick))
            client.expect(lambda s: s["type"] == "unavailable" and 110 in s.codes(), "leaving")
            return False
        assert got.condition() == "forbidden/auth"
        return True

    def block(*args, check=True):
        return cluster.verona("block", *args, "--data", cluster.data, check=check)

    assert block("list").stdout == ""
    block("add", "Bob@LocalHost")
    assert block("add", "bob@localhost", check=False).returncode != 0
    assert block("add", "not a jid@", check=False).returncode != 0
    assert block("list").stdout == hashlib.sha256(b"bob@localhost").hexdigest() + "\n"
    bob.say(ROOM, "still here", id="m")
    assert answer(bob, "m")["type"] == "groupchat"
    dave = xmpp.Client(cluster.c2s(1), "bob@localhost").connect()
    cluster_lib.wait_until(lambda: refused(dave, "Bob"), what="the shards' knowing")
    assert not refused(carol, "Carol")
    old = [cluster.kill("shard", n) for n in (1, 2)]
    for n in (1, 2):
        cluster.wait_restarted("shard", n, old[n - 1])
    ann.join(ROOM, "Ann")
    ann.configure(ROOM)
    cluster_lib.wait_until(lambda: refused(dave, "Bob"), what="the shards' knowing")
    block("del", "bob@localhost")
    assert block("del", "bob@localhost", check=False).returncode != 0
    block("add", "localhost")  # everybody here
    cluster_lib.wait_until(lambda: refused(carol, "Carol"), what="the shards' knowing")
    block("del", hashlib.sha256(b"localhost").hexdigest())
    cluster_lib.wait_until(lambda: not refused(carol, "Carol"), what="the shards' knowing")
    for client in (ann, bob, carol, dave):
        client.close()


def test_shutdown(own_cluster):
    """S11.2-shutdown, S-code-332: a gateway that stops for good tells its occupants; the others see them leave,
    once, and go on."""
    cluster = own_cluster(gateways=2, shards=1)
    ann, bob = pair(cluster, 1, 2)
    bob.join(ROOM, "Bob")
    ann.expect(lambda s: s.name == "presence" and s["from"] == ROOM + "/Bob", "Bob")
    cluster.kill("gateway", 2, signal.SIGTERM)
    goodbye = bob.next()
    assert (goodbye["from"], goodbye["type"]) == (ROOM + "/Bob", "unavailable")
    assert [kid.name for kid in goodbye.x().kids] == ["status", "item", "status"]
    assert goodbye.codes() == [332, 110]
    assert goodbye.item()["role"] == "none"
    seen = ann.next()
    assert (seen["from"], seen["type"]) == (ROOM + "/Bob", "unavailable")
    ann.say(ROOM, "x", id="m")
    assert ann.next()["id"] == "m"
    ann.close()
    bob.drop()
