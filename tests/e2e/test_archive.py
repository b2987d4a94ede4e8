"""One sequence of events, three views of it: what was heard, the history and the archive (XEP-0313)."""
import secrets

import xmpp

MAM, RSM, SID = "urn:xmpp:mam:2", "http://jabber.org/protocol/rsm", "urn:xmpp:sid:0"
RETRACT, MODERATE = "urn:xmpp:message-retract:1", "urn:xmpp:message-moderate:1"


def stanza_id(message, room):
    return next(k["id"] for k in message.kids if (k.ns, k.name) == (SID, "stanza-id") and k["by"] == room)


def query(client, room, fields=(), **page):
    """One page: [(archive id, forwarded message)] and <fin/>."""
    ref = secrets.token_hex(4)
    form = "".join("<field var='%s'><value>%s</value></field>" % f for f in fields)
    if fields:
        form = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>%s</value></field>%s</x>" % (
            MAM, form)
    rsm = "".join("<%s>%s</%s>" % (k, v, k) for k, v in page.items())
    client.send("<iq type='set' id='%s' to='%s'><query xmlns='%s' queryid='%s'>%s<set xmlns='%s'>%s</set>"
                "</query></iq>" % (ref, room, MAM, ref, form, RSM, rsm))
    found = []
    while True:
        stanza = client.expect(lambda s: s["id"] == ref or s.find("result", MAM) is not None, "the archive")
        if stanza["id"] == ref:
            assert stanza["type"] == "result", stanza
            return found, stanza.find("fin", MAM)
        result = stanza.find("result", MAM)
        assert result["queryid"] == ref and stanza["from"] == room
        forwarded = result.find("forwarded", "urn:xmpp:forward:0")
        assert forwarded.find("delay", "urn:xmpp:delay")["stamp"]
        found.append((result["id"], forwarded.find("message")))


def whole(client, room, max=7, backward=False):
    """All of the archive, page by page."""
    pages, edge = [], {"before": ""} if backward else {}
    while True:
        found, fin = query(client, room, max=str(max), **edge)
        pages.insert(0 if backward else len(pages), found)
        if found:
            assert fin.find("set", RSM).find("first", RSM).text == found[0][0]
            assert fin.find("set", RSM).find("last", RSM).text == found[-1][0]
        if fin["complete"] == "true":
            return [entry for page in pages for entry in page]
        edge = {"before": found[0][0]} if backward else {"after": found[-1][0]}


def bodies(entries):
    return [m.find("body").text for _, m in entries if m.find("body") is not None]


def rejoin(client, room, nick):
    """The ids of the history, oldest first."""
    got = client.join(room, nick, "<history maxstanzas='200'/>")
    return [(stanza_id(s, room), s.find("body").text) for s in got
            if s.name == "message" and s.find("body") is not None]


def test_three_views_are_one_over_the_deaths_of_shards(own_cluster):
    """X0313-ids, X0313-ids-unique, X0313-order, X0313-survives, X0359-stable, S7.2.13-archive-id."""
    cluster = own_cluster(gateways=2, shards=2)
    rooms = ["views%d@conference.localhost" % n for n in range(4)]  # on either shard
    heard = {room: [] for room in rooms}
    for n, room in enumerate(rooms):
        with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
            ann.join(room, "Ann")
            ann.configure(room, persistentroom="1")
    for turn, victim in enumerate((1, 2, 1, None)):
        people = {}
        for room in rooms:
            ann = xmpp.Client(cluster.c2s(1 + turn % 2), "ann@localhost").connect()
            people[room] = ann
            ann.join(room, "Ann")
            for n in range(5):
                text = "%d.%d" % (turn, n)
                ann.say(room, text)
                heard[room].append((stanza_id(ann.hear(room, text), room), text))
        if victim:
            old = cluster.kill("shard", victim)
            cluster.wait_restarted("shard", victim, old)
        for room, ann in people.items():
            ann.close()
    for room in rooms:
        assert len({i for i, _ in heard[room]}) == 20
        with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann, \
                xmpp.Client(cluster.c2s(2), "bob@localhost") as bob:
            assert rejoin(ann, room, "Ann") == heard[room]
            assert rejoin(bob, room, "Bob") == heard[room]
            for client in (ann, bob):
                for backward in (False, True):
                    entries = whole(client, room, backward=backward)
                    assert [(i, m.find("body").text) for i, m in entries] == heard[room]
                    assert [stanza_id(m, room) for i, m in entries] == [i for i, _ in heard[room]]
            # from a message on, and exactly one
            found, fin = query(bob, room, [("after-id", heard[room][12][0])])
            assert bodies(found) == [text for _, text in heard[room][13:]] and fin["complete"] == "true"
            found, fin = query(bob, room, [("ids", heard[room][3][0])])
            assert bodies(found) == [heard[room][3][1]]


def test_everything_dies_and_the_archive_is_there(own_cluster):
    """X0313-survives: also of what was taken back (X0424-tombstone)."""
    cluster = own_cluster(gateways=2, shards=2)
    room = "kept@conference.localhost"
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        ann.join(room, "Ann")
        ann.configure(room, persistentroom="1")
        ann.say(room, "said")
        first = stanza_id(ann.hear(room, "said"), room)
        ann.say(room, "unsaid")
        second = stanza_id(ann.hear(room, "unsaid"), room)
        ann.send("<message type='groupchat' to='%s' id='back'><retract xmlns='%s' id='%s'/></message>" % (
            room, RETRACT, second))
        third = stanza_id(ann.expect(lambda s: s["id"] == "back" and s["type"] == "groupchat"), room)
    cluster.kill_all()
    cluster.up()
    with xmpp.Client(cluster.c2s(2), "bob@localhost") as bob:
        entries = whole(bob, room)
        assert [i for i, _ in entries] == [first, second, third]
        assert bodies(entries) == ["said"]
        assert entries[1][1].find("retracted", RETRACT)["id"] == "back"
        assert [text for _, text in rejoin(bob, room, "Bob")] == ["said"]


def test_messages_are_taken_back(cluster, client):
    """X0424-relayed, X0424-stored, X0424-tombstone, X0424-author, X0424-history, X0424-unknown,
    X0425-broadcast, X0425-result, X0425-forbidden, X0425-not-found, X0425-tombstone, X0425-history,
    X0425-archived, X0425-anonymous."""
    room = "back@conference.localhost"
    ann, bob = client("ann", 1), client("bob", 2)
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    ids = {}
    for who, text in ((ann, "a"), (bob, "b"), (bob, "c")):
        who.say(room, text)
        ids[text] = stanza_id(ann.hear(room, text), room)
        assert stanza_id(bob.hear(room, text), room) == ids[text]

    def retract(who, target, ref):
        who.send("<message type='groupchat' to='%s' id='%s'><retract xmlns='%s' id='%s'/></message>" % (
            room, ref, RETRACT, target))
        for each in (ann, bob):
            got = each.expect(lambda s: s["id"] == ref and s["type"] == "groupchat", "the retraction")
            assert got.find("retract", RETRACT)["id"] == target
        return stanza_id(got, room)

    own = retract(bob, ids["b"], "r1")
    retract(bob, ids["a"], "r2")  # not his
    retract(bob, "nothing", "r3")

    def moderate(who, target, error=None):
        answer = who.iq("set", "<moderate xmlns='%s' id='%s'><retract xmlns='%s'/><reason>rude</reason>"
                               "</moderate>" % (MODERATE, target, RETRACT), to=room, error=bool(error))
        if error:
            assert answer.condition() == error

    moderate(bob, ids["a"], "forbidden/auth")
    moderate(ann, "nothing", "item-not-found/cancel")
    moderate(ann, own[:-1] + ("a" if own[-1] != "a" else "b"), "item-not-found/cancel")
    ann.log.clear()
    moderate(ann, ids["c"])
    broadcast = next(i for i, s in enumerate(ann.log) if s.find("retract", RETRACT) is not None)
    assert ann.log[broadcast + 1].name == "iq"  # the result follows
    told = bob.expect(lambda s: s["from"] == room and s.find("retract", RETRACT) is not None)
    assert told["type"] == "groupchat"
    retraction = told.find("retract", RETRACT)
    assert retraction["id"] == ids["c"] and retraction.find("reason", RETRACT).text == "rude"
    moderated = retraction.find("moderated", MODERATE)
    assert moderated["by"] == room + "/Ann"
    assert moderated.find("occupant-id", "urn:xmpp:occupant-id:0")["id"]
    assert "ann@localhost" not in str(told)

    cid = client("cid", 1)
    assert [text for _, text in rejoin(cid, room, "Cid")] == ["a"]
    entries = whole(cid, room)
    assert [i for i, _ in entries[:3]] == [ids["a"], ids["b"], ids["c"]]
    assert bodies(entries) == ["a"]
    assert entries[1][1].find("retracted", RETRACT)["id"] == "r1"
    assert entries[1][1]["from"] == room + "/Bob"
    by = entries[2][1].find("retracted", RETRACT)
    assert by.find("moderated", MODERATE)["by"] == room + "/Ann"
    assert by.find("reason", RETRACT).text == "rude"
    assert [m["id"] for _, m in entries[3:6]] == ["r1", "r2", "r3"]
    assert entries[6][1]["from"] == room and entries[6][0] == stanza_id(told, room)
    assert len(entries) == 7


def test_what_a_room_keeps(cluster, client):
    """X0313-feature, X0313-retention-count, X0313-destroyed."""
    room = "few@conference.localhost"
    ann = client("ann", 2)

    def features():
        info = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=room)
        return {k["var"] for k in info.find("query").kids if k.name == "feature"}

    def submit(var, value):
        ann.iq("set", "<query xmlns='%s#owner'><x xmlns='jabber:x:data' type='submit'><field var='%s'>"
                      "<value>%s</value></field></x></query>" % (xmpp.MUC, var, value), to=room)

    ann.join(room, "Ann")
    submit("x-muc#roomconfig_archive_messages", "300")
    assert {MAM, MAM + "#extended"} <= features()
    for n in range(700):
        ann.say(room, str(n))
        ann.hear(room, str(n))
    kept = bodies(whole(ann, room, max=100))
    assert kept == [str(n) for n in range(700 - len(kept), 700)]
    assert 300 <= len(kept) < 400
    submit("x-muc#roomconfig_archive", "0")
    assert not {MAM, MAM + "#extended"} & features()
    answer = ann.iq("set", "<query xmlns='%s'/>" % MAM, to=room, error=True)
    assert answer.condition() == "service-unavailable/cancel"
    submit("x-muc#roomconfig_archive", "1")
    ann.iq("set", "<query xmlns='%s#owner'><destroy/></query>" % xmpp.MUC, to=room)
    answer = ann.iq("set", "<query xmlns='%s'/>" % MAM, to=room, error=True)
    assert answer.condition() == "item-not-found/cancel"
    ann.join(room, "Ann")
    ann.configure(room)
    assert whole(ann, room) == []


def test_many_ask_at_once(cluster, client):
    """X0313-page-limit: each is answered, whatever the others ask; the room goes on."""
    room = "many@conference.localhost"
    ann = client("ann", 1)
    ann.join(room, "Ann")
    ann.configure(room)
    for n in range(120):
        ann.say(room, "%d %s" % (n, "x" * 1000))
        ann.expect(lambda s: s.name == "message" and s["type"] == "groupchat")
    people = [client("p%d" % n, 1 + n % 2) for n in range(20)]
    for who in people:
        for n in range(3):
            who.send("<iq type='set' id='q%d' to='%s'><query xmlns='%s'><set xmlns='%s'><max>1000</max></set>"
                     "</query></iq>" % (n, room, MAM, RSM))
    ann.say(room, "meanwhile")
    ann.hear(room, "meanwhile")
    for who in people:
        for n in range(3):
            results = 0
            while True:
                stanza = who.expect(lambda s: s["from"] == room)
                if stanza.name == "iq":
                    break
                results += 1
            assert (stanza["id"], results) == ("q%d" % n, 100)
            assert stanza.find("fin", MAM)["complete"] is None


def test_copies_are_clean_and_whole(cluster, client):
    """X0313-strip-x, X0421-archive, X0313-bodyless, X0334-no-permanent-store, X0334-store, X0308-archived,
    X0333-archived, X0461-archived, X0444-archived, X0085-relayed, X0184-relayed."""
    room = "clean@conference.localhost"
    ann, bob = client("ann", 1), client("bob", 2)
    ann.join(room, "Ann")
    ann.configure(room)
    bob.join(room, "Bob")
    kept = {
        "x": "<body>b</body><x xmlns='http://jabber.org/protocol/muc#user'><item jid='eve@localhost'/></x>",
        "store": "<e xmlns='urn:e'/><store xmlns='urn:xmpp:hints'/>",
        "correct": "<body>b</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>",
        "marker": "<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>",
        "reply": "<body>b</body><reply xmlns='urn:xmpp:reply:0' id='x' to='%s/Ann'/>" % room,
        "react": "<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>+</reaction></reactions>",
    }
    passed = {
        "hint": "<body>b</body><no-permanent-store xmlns='urn:xmpp:hints'/>",
        "state": "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
        "receipt": "<received xmlns='urn:xmpp:receipts' id='x'/>",
    }
    for ref, children in {**kept, **passed}.items():
        bob.send("<message type='groupchat' to='%s' id='%s'>%s</message>" % (room, ref, children))
        ann.expect(lambda s: s["id"] == ref and s["type"] == "groupchat", ref)
    entries = whole(ann, room)
    assert [m["id"] for _, m in entries] == list(kept)
    for _, message in entries:
        assert message.find("occupant-id", "urn:xmpp:occupant-id:0")["id"]
        items = message.all("x", "http://jabber.org/protocol/muc#user")
        assert [x.find("item")["jid"] for x in items] == ["bob@localhost"]
        assert message["to"] is None
    assert entries[2][1].find("replace", "urn:xmpp:message-correct:0")["id"] == "x"
    assert entries[4][1].find("reply", "urn:xmpp:reply:0")["to"] == room + "/Ann"


def test_no_question_is_lost_with_a_shard(own_cluster):
    """X0313-survives: what a dead shard was asked, and did not answer, its successor answers, once."""
    cluster = own_cluster(gateways=1, shards=2)
    rooms = ["asked%d@conference.localhost" % n for n in range(6)]  # on either shard
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann, \
            xmpp.Client(cluster.c2s(1), "bob@localhost") as bob:
        for room in rooms:
            ann.join(room, "Ann")
            ann.configure(room, persistentroom="1")
            ann.say(room, "hello")
            ann.hear(room, "hello")
        for victim in (1, 2):
            asked = ["q%d.%d" % (victim, n) for n in range(60)]
            for n, ref in enumerate(asked):
                bob.send("<iq type='set' id='%s' to='%s'><query xmlns='%s'/></iq>" % (
                    ref, rooms[n % len(rooms)], MAM))
                if n == 30:
                    old = cluster.kill("shard", victim)
            answers = {}
            while len(answers) < len(asked):
                answer = bob.expect(lambda s: s.name == "iq", "an answer", timeout=30)
                assert answer["id"] in asked and answer["id"] not in answers, answer
                assert answer["type"] == "result" and answer.find("fin", MAM)["complete"] == "true", answer
                answers[answer["id"]] = answer["from"]
            assert [answers[ref] for ref in asked] == [rooms[n % len(rooms)] for n in range(60)]
            cluster.wait_restarted("shard", victim, old)
