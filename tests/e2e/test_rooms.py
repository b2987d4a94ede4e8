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
