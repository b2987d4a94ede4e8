"""What a room owes to those who are in a hurry."""

JOIN = "<presence to='%s/%s'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
LEAVE = "<presence to='%s/%s' type='unavailable'/>"


def test_joining_and_leaving_a_new_room_at_full_speed(client):
    """W20: each time all of it, and none of it swallowed because the room is just ending."""
    ann, rounds = client("hurry-ann"), 300
    room = "hurry@conference.localhost"
    ann.write((JOIN % (room, "Ann") + LEAVE % (room, "Ann")) * rounds)
    for _ in range(rounds):
        made, subject, gone = ann.next(), ann.next(), ann.next()
        assert (made.name, made["type"], made.codes()) == ("presence", None, [201, 110]), made
        assert subject.name == "message" and subject.find("subject") is not None, subject
        assert (gone.name, gone["type"], gone.codes()) == ("presence", "unavailable", [110]), gone
        assert (gone.item()["affiliation"], gone.item()["role"]) == ("owner", "none"), gone


def test_two_who_share_a_temporary_room_at_full_speed(client):
    """W20, W37: at two gateways; whoever comes first makes it, and it is always open or refused."""
    rounds, room = 100, "hurry-two@conference.localhost"
    pair = [client("hurry-%d" % n, gateway=n) for n in (1, 2)]
    for n, one in enumerate(pair):
        one.write((JOIN % (room, "N%d" % n) + LEAVE % (room, "N%d" % n)) * rounds)
    for n, one in enumerate(pair):
        nick, entered, refused, left = "%s/N%d" % (room, n), 0, 0, 0
        while entered + refused < rounds or left < entered:
            stanza = one.next()
            assert stanza is not None, (entered, refused, left)
            if stanza["from"] != nick:
                continue
            if stanza["type"] == "error":
                # the other one's room, locked
                assert stanza.condition() == "item-not-found/cancel", stanza
                refused += 1
            elif stanza["type"] == "unavailable":
                left += 1
            else:
                assert stanza.codes() == [201, 110], stanza
                entered += 1


def test_a_roster_larger_than_a_delivery(client):
    """W21: who comes first at a gateway gets all of it, and what follows goes on from there."""
    room, n = "crowd@conference.localhost", 30
    crowd = [client("crowd-%d" % i, gateway=1) for i in range(n)]
    for i, one in enumerate(crowd):
        one.write("<presence to='%s/C%d'><x xmlns='http://jabber.org/protocol/muc'/>"
                  "<status>%s</status></presence>" % (room, i, "s" * 20000))
        one.expect(lambda s: 110 in s.codes(), "the join")
        if i == 0:
            one.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'>"
                          "<x xmlns='jabber:x:data' type='submit'/></query>", to=room)
    late = client("crowd-late", gateway=2)
    late.write(JOIN % (room, "Late"))
    seen = [late.next() for _ in range(n + 2)]
    assert {s["from"] for s in seen[:n]} == {"%s/C%d" % (room, i) for i in range(n)}
    assert seen[n].codes() == [110] and seen[n + 1].find("subject") is not None
    crowd[5].write(LEAVE % (room, "C5"))
    gone = late.next()
    assert (gone["from"], gone["type"]) == (room + "/C5", "unavailable")


def test_addresses_are_compared_as_prepared(client):
    """S17.1-addresses: room, nick and JID, however they are written."""
    room = "prepared@conference.localhost"
    ann, bob = client("prep-ann"), client("prep-bob", gateway=2)
    ann.write(JOIN % ("Prepared@CONFERENCE.Localhost", "\uff21nn"))
    own = ann.expect(lambda s: 110 in s.codes(), "the join")
    assert own["from"] == room + "/Ann", own
    form = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>"
    ann.iq("set", form, to="PREPARED@conference.localhost")
    bob.write(JOIN % (room, "Ann"))
    assert bob.next().condition() == "conflict/cancel"
    admin = "<query xmlns='http://jabber.org/protocol/muc#admin'><item %s/></query>"
    ann.iq("set", admin % "affiliation='member' jid='PREP-Bob@LOCALHOST/x'", to=room)
    members = ann.iq("get", admin % "affiliation='member'", to=room)
    assert [k["jid"] for k in members.find("query").kids] == ["prep-bob@localhost"], members
    bob.write(JOIN % (room, "Bob"))
    assert bob.expect(lambda s: 110 in s.codes(), "the join").item()["affiliation"] == "member"
    ann.write("<message to='PREPARED@Conference.localhost/\uff22ob' type='chat'><body>psst</body></message>")
    assert bob.expect(lambda s: s.find("body") is not None, "the whisper")["from"] == room + "/Ann"
    ann.iq("set", admin % "role='none' nick='\uff22ob'", to=room)
    assert 307 in bob.expect(lambda s: s["type"] == "unavailable", "the kick").codes()


def test_newcomers_while_everybody_talks(client):
    """S7.2.16-live, W21, W31: before the subject only what was said before, then the rest, nothing twice."""
    room, rounds, burst = "live@conference.localhost", 15, 20
    ann = client("live-ann")
    ann.write(JOIN % (room, "Ann"))
    ann.expect(lambda s: 110 in s.codes(), "the join")
    ann.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'>"
                  "<x xmlns='jabber:x:data' type='submit'/></query>", to=room)
    said = 0
    for number in range(rounds):
        late = client("live-%d" % number, gateway=1 + number % 2)
        talk = []
        for _ in range(2 * burst):
            talk.append("<message to='%s' type='groupchat' id='%d'><body>b</body></message>" % (room, said))
            said += 1
        ann.write("".join(talk[:burst]))
        late.write(JOIN % (room, "L%d" % number))
        ann.write("".join(talk[burst:]))
        heard, live = [], []
        while True:
            stanza = late.next()
            assert stanza is not None, (heard, live)
            if stanza.name != "message":
                continue
            if stanza.find("subject") is not None:
                break
            assert stanza.find("delay") is not None, stanza  # nothing live yet
            heard.append(int(stanza["id"]))
        while (heard + live)[-1:] != [said - 1]:
            stanza = late.expect(lambda s: s.name == "message", "what is said")
            assert stanza.find("delay") is None, stanza
            live.append(int(stanza["id"]))
        assert heard + live == list(range((heard + live)[0], said)), (heard, live)
