"""What every client needs of a server, and what passes between users beside the rooms (W81 to W84)."""
import pytest

import xmpp

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
ROOMS = "http://jabber.org/protocol/muc#rooms"
SERVER, SERVICE = "localhost", "conference.localhost"
PHOTO = "<x xmlns='vcard-temp:x:update'><photo>%s</photo></x>"


def available(client, more=""):
    client.send("<presence>%s</presence>" % more)
    return client.expect(lambda s: s.name == "presence" and s["from"] == client.full, "one's own presence")


def settled(client):
    """All that was on its way has come; the messages among it."""
    client.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
    return [s for s in client.log if s.name == "message"]


def photo(stanza):
    return stanza.find("x", "vcard-temp:x:update").find("photo").text


def test_W81_what_libraries_ask_for_on_login(client):
    """W81: the old session, an empty roster, disco of the domain, a ping."""
    ann = client("ann")
    assert ann.iq("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>").kids == []
    assert ann.iq("get", "<query xmlns='jabber:iq:roster'/>").find("query", "jabber:iq:roster").kids == []
    info = ann.iq("get", "<query xmlns='%s'/>" % INFO, to=SERVER).find("query")
    assert [(i["category"], i["type"]) for i in info.all("identity")] == [("server", "im")]
    assert [i["jid"] for i in ann.iq("get", "<query xmlns='%s'/>" % ITEMS, to=SERVER).find("query").kids] == [SERVICE]


@pytest.mark.parametrize("to", [SERVER, SERVICE])
def test_ping_and_version(client, to):
    """X0199-server, X0092-version"""
    ann = client("ann")
    pong = ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to=to)
    assert (pong["from"], pong.kids) == (to, [])
    version = ann.iq("get", "<query xmlns='jabber:iq:version'/>", to=to).find("query", "jabber:iq:version")
    assert version.find("name").text == "Verona" and version.find("version").text
    info = ann.iq("get", "<query xmlns='%s'/>" % INFO, to=to).find("query")
    assert {"urn:xmpp:ping", "jabber:iq:version"} <= {f["var"] for f in info.all("feature")}


def test_a_room_answers_pings(client):
    """X0199-room"""
    ann = client("ann")
    room = "ping@" + SERVICE
    ann.join(room, "Ann")
    assert ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to=room)["from"] == room
    missing = ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to="noping@" + SERVICE, error=True)
    assert missing.condition() == "item-not-found/cancel"


def test_W82_initial_presence(client):
    """W82, W84: it comes back as it was sent, with a photo element; unavailable leaves all rooms."""
    ann, bob = client("ann"), client("bob", 2)
    own = available(ann, "<show>away</show><priority>5</priority>")
    assert own["to"] == ann.full and own["type"] is None
    assert own.find("show").text == "away" and own.find("priority").text == "5" and photo(own) == ""
    rooms = ["w82-%d@%s" % (n, SERVICE) for n in (1, 2)]
    for room in rooms:
        bob.join(room, "Bob")
        bob.configure(room)
        ann.join(room, "Ann")
    ann.send("<presence type='unavailable'><status>tea</status></presence>")
    left = set()
    while left != {room + "/Ann" for room in rooms}:  # rooms of two shards keep no order between them
        gone = bob.expect(lambda s: s["type"] == "unavailable")
        assert gone.find("status").text == "tea" and gone.codes() == []
        left.add(gone["from"])
    assert available(ann).name == "presence"  # still logged in


def test_W83_bare_jid(client):
    """W83: all available sessions, on whatever gateway; none below priority 0 and none that sent nothing."""
    desk, phone = client("ann", 1), client("ann", 2)
    below, silent = client("ann", 1), client("ann", 2)
    bob = client("bob", 2)
    available(desk)
    available(phone, "<priority>7</priority>")
    available(below, "<priority>-1</priority>")
    bob.send("<message to='ann@localhost' type='chat' id='m'><body>hello</body></message>")
    for session in (desk, phone):
        heard = session.expect(lambda s: s.name == "message")
        assert (heard["from"], heard["id"], heard.find("body").text) == (bob.full, "m", "hello")
    for session in (below, silent):
        assert settled(session) == []
    desk.send("<presence type='unavailable'/>")
    phone.close()
    settled(desk)
    bob.send("<message to='ann@localhost' type='chat' id='m2'><body>hello?</body></message>")
    back = bob.expect(lambda s: s["id"] == "m2")
    assert back.condition() == "service-unavailable/cancel"


def test_W84_photo(client):
    """W84, X0153-occupant: the hash of a client goes with him into rooms; without one an empty element does."""
    ann, bob = client("ann"), client("bob", 2)
    room = "w84@" + SERVICE
    ann.join(room, "Ann")
    ann.configure(room)
    assert photo(available(ann, PHOTO % "5ec6d3e8")) == "5ec6d3e8"
    bob.join(room, "Bob")
    entered = ann.expect(lambda s: s["from"] == room + "/Bob")
    assert photo(entered) == ""
    bob.send("<presence to='%s/Bob'>%s</presence>" % (room, PHOTO % "abcdef"))
    changed = ann.expect(lambda s: s["from"] == room + "/Bob")
    assert photo(changed) == "abcdef" and len(changed.all("x", "vcard-temp:x:update")) == 1


def test_a_users_rooms(client):
    """S6.7-client-rooms: the query goes to his client, and its answer, or its error, comes back."""
    ann, bob = client("ann"), client("bob", 2)
    bob.send("<iq type='get' id='q1' to='%s'><query xmlns='%s' node='%s'/></iq>" % (ann.full, ITEMS, ROOMS))
    asked = ann.expect(lambda s: s.name == "iq" and s["type"] == "get")
    assert (asked["from"], asked["id"], asked.find("query")["node"]) == (bob.full, "q1", ROOMS)
    ann.send("<iq type='result' id='q1' to='%s'><query xmlns='%s' node='%s'><item jid='r@%s'/></query></iq>" % (
        bob.full, ITEMS, ROOMS, SERVICE))
    answer = bob.expect(lambda s: s.name == "iq" and s["id"] == "q1")
    assert (answer["from"], answer["type"]) == (ann.full, "result")
    assert answer.find("query").find("item")["jid"] == "r@" + SERVICE
    bob.send("<iq type='get' id='q2' to='%s'><query xmlns='%s' node='%s'/></iq>" % (ann.full, INFO, ROOMS))
    ann.expect(lambda s: s.name == "iq" and s["id"] == "q2")
    ann.send("<iq type='error' id='q2' to='%s'><error type='cancel'><service-unavailable xmlns='%s'/></error></iq>" % (
        bob.full, xmpp.STANZAS))
    assert bob.expect(lambda s: s["id"] == "q2").condition() == "service-unavailable/cancel"
    gone = bob.iq("get", "<query xmlns='%s' node='%s'/>" % (ITEMS, ROOMS), to="ann@localhost/none", error=True)
    assert gone.condition() == "service-unavailable/cancel"


@pytest.mark.parametrize("full", [False, True])
def test_direct_invitation(client, full):
    """S7.8.1-direct, X0249-payload"""
    ann, bob = client("ann"), client("bob", 2)
    available(ann)
    invitation = ("<x xmlns='jabber:x:conference' jid='r@%s' password='p' reason='tea &amp; cake' continue='true' "
                  "thread='t1'/>" % SERVICE)
    bob.send("<message to='%s' id='i'><body>come</body>%s</message>" % (ann.full if full else ann.jid, invitation))
    heard = ann.expect(lambda s: s.name == "message")
    assert (heard["from"], heard["id"], heard["to"]) == (bob.full, "i", ann.full)
    assert heard.find("x", "jabber:x:conference").attrs == {
        "jid": "r@" + SERVICE, "password": "p", "reason": "tea & cake", "continue": "true", "thread": "t1"}
    assert heard.find("body").text == "come"
    assert len(settled(ann)) == 1
