"""What Gajim, Conversations and Converse send when they log in, enter a room and talk in it, told from what
these clients do: each gets what it needs, and no error but those that EXPECTED names.

A client that looks before it asks (most do) asks only for what is advertised. What some ask for all the same
is answered with an honest error, and is not advertised; the test checks both."""
import hashlib
import re

import pytest

import managed
import xmpp

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
PUBSUB = "http://jabber.org/protocol/pubsub"
MAM = "urn:xmpp:mam:2"
RSM = "http://jabber.org/protocol/rsm"
DATA = "jabber:x:data"
SERVER, SERVICE = "localhost", "conference.localhost"

CAPS = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='%s' ver='%s'/>"
PHOTO = "<x xmlns='vcard-temp:x:update'>%s</x>"

# What clients ask for although nobody said that it is there: the feature that would announce it (None: a
# question that anybody may ask), and the errors that are an answer.
EXPECTED = {
    "carbons": ("urn:xmpp:carbons:2", {"service-unavailable/cancel"}),
    "block list": ("urn:xmpp:blocking", {"service-unavailable/cancel"}),
    "pep items": (PUBSUB + "#publish", {"service-unavailable/cancel"}),
    "archive of the account": (MAM, {"service-unavailable/cancel"}),
    "push": ("urn:xmpp:push:0", {"service-unavailable/cancel"}),
    "upload slot": ("urn:xmpp:http:upload:0", {"service-unavailable/cancel"}),
    "own vcard": (None, {"item-not-found/cancel"}),             # nobody keeps one
    "vcard of a room": ("vcard-temp", {"service-unavailable/cancel", "item-not-found/cancel"}),
    "vcard of an occupant": (None, {"service-unavailable/cancel", "item-not-found/cancel",
                                    "feature-not-implemented/cancel"}),
    "info of a room that is none": (None, {"item-not-found/cancel"}),
    "self-ping from outside": (None, {"not-acceptable/cancel"}),
}


class Session:
    """A client that accounts for every error it gets."""

    def __init__(self, client):
        self.client, self.expected = client, 0
        self.features = {}

    def ask(self, kind, payload, to=None):
        return self.client.iq(kind, payload, to=to)

    def ask_all_the_same(self, name, kind, payload, to=None, of=None):
        """What EXPECTED names: an answer, or one of its errors if `of` does not announce it."""
        feature, errors = EXPECTED[name]
        answer = self.client.iq(kind, payload, to=to, error=True)
        if answer["type"] == "error":
            self.expected += 1
            assert answer.condition() in errors, (name, answer)
            assert feature is None or of is None or feature not in self.features[of], (name, answer)
        return answer

    def info(self, to=None):
        answer = self.ask("get", "<query xmlns='%s'/>" % INFO, to)
        query = answer.find("query", INFO)
        assert query.all("identity") and query.all("feature"), answer
        self.features[to] = {f["var"] for f in query.all("feature")}
        return query

    def items(self, to):
        return [i["jid"] for i in self.ask("get", "<query xmlns='%s'/>" % ITEMS, to).find("query", ITEMS).all("item")]

    def has(self, to, *features):
        missing = set(features) - self.features[to]
        assert not missing, "%s lacks %s" % (to, missing)

    def presence(self, xml):
        self.client.send("<presence>%s</presence>" % xml)
        return self.client.expect(lambda s: s.name == "presence" and s["from"] == self.client.full)

    def send(self, room, id, inside, type="groupchat"):
        """Say something in a room; what comes back to the sender."""
        self.client.send("<message to='%s' type='%s' id='%s'>%s<origin-id xmlns='urn:xmpp:sid:0' id='%s'/></message>"
                         % (room, type, id, inside, id))
        return self.client.expect(lambda s: s.name == "message" and s["id"] == id and s["type"] == type)

    def catch_up(self, room, form="", page="<max>50</max>"):
        """One page of the room's archive: (results, fin)."""
        fields = "<field var='FORM_TYPE' type='hidden'><value>%s</value></field>%s" % (MAM, form)
        fin = self.ask("set", "<query xmlns='%s' queryid='q'><x xmlns='%s' type='submit'>%s</x>"
                              "<set xmlns='%s'>%s</set></query>" % (MAM, DATA, fields, RSM, page), room)
        results = [s.find("result", MAM) for s in self.client.log
                   if s["from"] == room and s.find("result", MAM) is not None]
        self.client.log[:] = [s for s in self.client.log if s.find("result", MAM) is None]
        return results, fin.find("fin", MAM)

    def end(self):
        """Nothing but what was expected went wrong."""
        self.ask("get", "<ping xmlns='urn:xmpp:ping'/>", SERVER)
        errors = [s for s in self.client.log if s["type"] == "error"]
        assert len(errors) == self.expected, errors
        self.client.handled()
        assert not self.client.unacked


@pytest.fixture
def session(cluster):
    """All three enable stream management as soon as they are bound."""
    made = []

    def make(name, gateway=1, **options):
        made.append(Session(managed.ManagedClient(cluster.c2s(gateway), name + "@localhost", **options).connect()))
        return made[-1]
    yield make
    for each in made:
        each.client.close()


@pytest.fixture
def room(client, request):
    """A persistent room with two messages, and somebody inside who watches."""
    watcher = client("watcher", 2)
    name = "%s@%s" % (request.node.name.replace("test_", "").replace("_", "-"), SERVICE)
    watcher.join(name, "Watcher")
    watcher.configure(name, persistentroom="1", roomname="A room", roomdesc="to talk in", publicroom="1")
    for n in (1, 2):
        watcher.say(name, "before %d" % n)
        watcher.hear(name, "before %d" % n)
    watcher.room = name
    yield watcher
    watcher.iq("set", "<query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query>", to=name)


def entered(stanzas, room, nick):
    """W21 as a client checks it: others, oneself with 110, history, subject."""
    kinds = [s.name for s in stanzas]
    own = next(n for n, s in enumerate(stanzas) if s["from"] == room + "/" + nick)
    assert kinds[:own + 1] == ["presence"] * (own + 1) and set(kinds[own + 1:]) == {"message"}
    assert 110 in stanzas[own].codes()
    assert all(s.find("occupant-id", "urn:xmpp:occupant-id:0") is not None for s in stanzas[:own + 1])
    return stanzas[own + 1:]


def relayed(watcher, id):
    return watcher.expect(lambda s: s.name == "message" and s["id"] == id)


def test_gajim(session, room):
    """Gajim, with nbxmpp: caps of the server, bookmarks in private XML, a join without history and the archive
    from where it left. X0308-relayed, X0085-relayed, X0444-relayed, X0333-relayed, X0410-self-ping"""
    s, name = session("romeo", resource="gajim.7Q1B2C3D"), room.room
    jid = s.client.jid
    assert s.ask("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>").kids == []
    s.ask("get", "<query xmlns='jabber:iq:roster' ver=''/>")
    s.info(SERVER)
    assert s.items(SERVER) == [SERVICE]
    account = s.info(jid)
    assert [i["category"] for i in account.all("identity")] == ["account"]
    s.ask_all_the_same("carbons", "set", "<enable xmlns='urn:xmpp:carbons:2'/>", of=SERVER)
    s.ask_all_the_same("block list", "get", "<blocklist xmlns='urn:xmpp:blocking'/>", of=SERVER)
    s.ask_all_the_same("pep items", "get", "<pubsub xmlns='%s'><items node='urn:xmpp:bookmarks:1'/></pubsub>" % PUBSUB,
                       of=jid)
    s.has(jid, "jabber:iq:private")
    old = s.ask("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")
    assert old.find("query").find("storage", "storage:bookmarks").kids == []
    s.ask("set", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><conference jid='%s' "
                 "autojoin='true' name='A room'><nick>Romeo</nick></conference></storage></query>" % name)
    kept = s.ask("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")
    assert kept.find("query").find("storage").find("conference").find("nick").text == "Romeo"
    s.ask_all_the_same("own vcard", "get", "<vCard xmlns='vcard-temp'/>")
    caps = CAPS % ("https://gajim.org", "cRZ8tW5T3YJ0cG8WQ2qOtV8VZ5k=")
    own = s.presence("<priority>50</priority>" + caps + PHOTO % "<photo/>")
    assert own.find("c", "http://jabber.org/protocol/caps")["node"] == "https://gajim.org"

    s.info(SERVICE)
    s.has(SERVICE, "http://jabber.org/protocol/muc")
    assert name in s.items(SERVICE)
    s.ask_all_the_same("info of a room that is none", "get", "<query xmlns='%s'/>" % INFO, "nowhere@" + SERVICE)
    info = s.info(name)
    assert info.find("identity")["name"] == "A room"
    s.has(name, "muc_persistent", "muc_open", "muc_public", "muc_unsecured", "muc_semianonymous", MAM,
          "urn:xmpp:occupant-id:0", "urn:xmpp:sid:0", "http://jabber.org/protocol/muc#stable_id")
    form = next(x for x in info.all("x", DATA))
    fields = {f["var"]: [v.text for v in f.all("value")] for f in form.all("field")}
    assert fields["muc#roominfo_description"] == ["to talk in"] and fields["muc#roominfo_occupants"] == ["1"]
    s.ask_all_the_same("vcard of a room", "get", "<vCard xmlns='vcard-temp'/>", name, of=name)
    after = entered(s.client.join(name, "Romeo", extra="<history maxstanzas='0'/>", payload=caps), name, "Romeo")
    assert [m.find("subject") is not None for m in after] == [True]
    seen = room.expect(lambda p: p["from"] == name + "/Romeo" and p.name == "presence")
    assert seen.find("c", "http://jabber.org/protocol/caps")["ver"] == "cRZ8tW5T3YJ0cG8WQ2qOtV8VZ5k="
    results, fin = s.catch_up(name, "<field var='start'><value>2020-01-01T00:00:00Z</value></field>", "<max>1</max>")
    assert len(results) == 1 and fin["complete"] is None
    results, fin = s.catch_up(name, page="<max>50</max><after>%s</after>" % results[0]["id"])
    assert [r.find("forwarded").find("message").find("body").text for r in results] == ["before 2"]
    assert fin["complete"] == "true"

    s.client.send("<message to='%s' type='groupchat' id='typing'><composing xmlns='%s'/>"
                  "<no-store xmlns='urn:xmpp:hints'/></message>" % (name, "http://jabber.org/protocol/chatstates"))
    state = relayed(room, "typing")
    assert state.find("composing") is not None and state.find("body") is None
    echo = s.send(name, "g1", "<body>helo</body><markable xmlns='urn:xmpp:chat-markers:0'/>")
    stanza_id = echo.find("stanza-id", "urn:xmpp:sid:0")
    assert stanza_id["by"] == name
    assert relayed(room, "g1").find("markable", "urn:xmpp:chat-markers:0") is not None
    s.send(name, "g2", "<body>hello</body><replace xmlns='urn:xmpp:message-correct:0' id='g1'/>")
    assert relayed(room, "g2").find("replace", "urn:xmpp:message-correct:0")["id"] == "g1"
    s.send(name, "g3", "<reactions xmlns='urn:xmpp:reactions:0' id='%s'><reaction>\N{WAVING HAND SIGN}</reaction>"
                       "</reactions><store xmlns='urn:xmpp:hints'/>" % stanza_id["id"])
    assert relayed(room, "g3").find("reactions")["id"] == stanza_id["id"]
    s.send(name, "g4", "<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>" % stanza_id["id"])
    assert relayed(room, "g4").find("displayed")["id"] == stanza_id["id"]
    s.ask("get", "<ping xmlns='urn:xmpp:ping'/>", name + "/Romeo")
    s.end()


def test_conversations(session, room):
    """Conversations: resource of its own, caps, server and items one by one, bookmarks, a muc joined after its
    info with a limit on history by time, the archive backwards, self-ping. X0461-relayed, X0184-relayed"""
    s, name = session("juliet", 2, resource="Conversations.x7Yz"), room.room
    jid = s.client.jid
    features = s.client.open_features
    assert features.find("c", "http://jabber.org/protocol/caps")["hash"] == "sha-1"
    s.info(SERVER)
    s.info(jid)
    for item in s.items(SERVER):
        s.info(item)
    s.has(SERVICE, "http://jabber.org/protocol/muc", RSM)
    s.ask("get", "<query xmlns='jabber:iq:roster'/>")
    s.ask_all_the_same("block list", "get", "<blocklist xmlns='urn:xmpp:blocking'/>", of=jid)
    s.ask_all_the_same("carbons", "set", "<enable xmlns='urn:xmpp:carbons:2'/>", of=jid)
    s.ask_all_the_same("archive of the account", "set", "<query xmlns='%s' queryid='a'><x xmlns='%s' type='submit'>"
                       "<field var='FORM_TYPE'><value>%s</value></field></x><set xmlns='%s'><max>50</max></set></query>"
                       % (MAM, DATA, MAM, RSM), of=jid)
    s.ask_all_the_same("push", "set", "<enable xmlns='urn:xmpp:push:0' jid='p2.siacs.eu' node='n'/>", of=jid)
    s.ask_all_the_same("pep items", "get", "<pubsub xmlns='%s'><items node='eu.siacs.conversations.axolotl.devicelist'/>"
                       "</pubsub>" % PUBSUB, jid, of=jid)
    s.ask("get", "<query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query>")
    caps = CAPS % ("http://conversations.im", "vGsH6ZgJ1l9CzZ2bfq2mX3q8bqk=")
    s.presence("<status/>" + caps)
    s.client.send("<iq type='set' id='csi'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert s.client.expect(lambda a: a["id"] == "csi").condition() == "service-unavailable/cancel"  # a set is none
    s.expected += 1

    s.info(name)
    s.has(name, MAM, "http://jabber.org/protocol/muc#self-ping-optimization")
    after = entered(s.client.join(name, "Juliet", extra="<history since='2099-01-01T00:00:00Z'/>", payload=caps), name,
                    "Juliet")
    assert [m.find("subject") is not None for m in after] == [True]
    results, fin = s.catch_up(name, page="<max>50</max><before/>")
    bodies = [r.find("forwarded").find("message").find("body").text for r in results]
    assert bodies == ["before 1", "before 2"] and fin["complete"] == "true"
    for result in results:
        copy = result.find("forwarded").find("message")
        assert copy["from"] == name + "/Watcher" and copy["type"] == "groupchat" and copy["to"] is None
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", result.find("forwarded").find("delay")["stamp"])
        assert copy.find("occupant-id", "urn:xmpp:occupant-id:0") is not None
    s.ask("get", "<query xmlns='http://jabber.org/protocol/muc#admin'><item affiliation='owner'/></query>", name) \
        if "muc_nonanonymous" in s.features[name] else None
    s.ask_all_the_same("vcard of an occupant", "get", "<vCard xmlns='vcard-temp'/>", name + "/Watcher")
    s.ask_all_the_same("vcard of a room", "get", "<vCard xmlns='vcard-temp'/>", name, of=name)
    echo = s.send(name, "c1", "<body>&gt; before 2\nyes</body><reply xmlns='urn:xmpp:reply:0' to='%s/Watcher' id='%s'/>"
                              "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='11'/>"
                              "</fallback><markable xmlns='urn:xmpp:chat-markers:0'/>" % (name, results[1]["id"]))
    assert echo["from"] == name + "/Juliet" and echo.find("origin-id", "urn:xmpp:sid:0")["id"] == "c1"
    reply = relayed(room, "c1")
    assert reply.find("reply", "urn:xmpp:reply:0")["id"] == results[1]["id"]
    assert reply.find("fallback", "urn:xmpp:fallback:0").find("body")["end"] == "11"
    s.client.send("<message to='%s/Watcher' type='chat' id='pm'><body>psst</body><request xmlns='urn:xmpp:receipts'/>"
                  "<x xmlns='http://jabber.org/protocol/muc#user'/></message>" % name)
    private = relayed(room, "pm")
    assert private["from"] == name + "/Juliet" and private.find("request", "urn:xmpp:receipts") is not None
    room.send("<message to='%s/Juliet' type='chat' id='rc'><received xmlns='urn:xmpp:receipts' id='pm'/></message>" % name)
    assert relayed(s.client, "rc").find("received")["id"] == "pm"
    s.ask("get", "<ping xmlns='urn:xmpp:ping'/>", name + "/Juliet")
    s.client.send("<presence to='%s/Juliet' type='unavailable'/>" % name)
    s.client.expect(lambda p: p["type"] == "unavailable" and 110 in p.codes())
    s.ask_all_the_same("self-ping from outside", "get", "<ping xmlns='urn:xmpp:ping'/>", name + "/Juliet")
    s.end()


def test_converse(session, room):
    """Converse: asks its account and the service for everything, registers no nick, joins with history, asks who
    has which role and affiliation that it may see, retracts. X0424-relayed, X0115-relayed"""
    s, name = session("mercutio", resource="converse.js-119012"), room.room
    jid = s.client.jid
    s.info(jid)
    s.info(SERVER)
    for item in s.items(SERVER):
        s.info(item)
        s.items(item)
    assert s.ask("get", "<query xmlns='%s'/>" % ITEMS, jid).find("query", ITEMS).kids == []
    s.ask_all_the_same("own vcard", "get", "<vCard xmlns='vcard-temp'/>", jid)
    s.ask("get", "<query xmlns='jabber:iq:roster'/>")
    s.ask_all_the_same("carbons", "set", "<enable xmlns='urn:xmpp:carbons:2'/>", of=jid)
    s.ask_all_the_same("pep items", "get", "<pubsub xmlns='%s'><items node='storage:bookmarks'/></pubsub>" % PUBSUB,
                       of=jid)
    s.ask_all_the_same("upload slot", "get", "<request xmlns='urn:xmpp:http:upload:0' filename='a.png' size='7'/>",
                       SERVER, of=SERVER)
    ver = hashlib.sha1(b"client/web//Converse.js<http://jabber.org/protocol/muc<").hexdigest()[:27] + "="
    s.presence("<priority>0</priority>" + CAPS % ("https://conversejs.org", ver))

    s.info(name)
    nick = s.ask("get", "<query xmlns='%s' node='x-roomuser-item'/>" % INFO, name).find("query")
    assert nick.all("identity") == []  # none reserved
    after = entered(s.client.join(name, "Mercutio", payload=CAPS % ("https://conversejs.org", ver)), name, "Mercutio")
    assert [m.find("body").text for m in after[:-1]] == ["before 1", "before 2"]
    assert all(m.find("delay", "urn:xmpp:delay")["from"] == name for m in after[:-1])
    ids = [m.find("stanza-id", "urn:xmpp:sid:0")["id"] for m in after[:-1]]
    results, fin = s.catch_up(name, page="<max>50</max><before/>")
    assert [r["id"] for r in results] == ids and fin["complete"] == "true"
    assert s.items(name) == [name + "/Watcher", name + "/Mercutio"]
    s.ask_all_the_same("vcard of an occupant", "get", "<vCard xmlns='vcard-temp'/>", name + "/Watcher")
    s.has(name, "urn:xmpp:message-retract:1")
    sent = s.send(name, "v1", "<body>a plague</body><active xmlns='http://jabber.org/protocol/chatstates'/>")
    taken = sent.find("stanza-id", "urn:xmpp:sid:0")["id"]
    s.send(name, "v2", "<retract xmlns='urn:xmpp:message-retract:1' id='%s'/><store xmlns='urn:xmpp:hints'/>"
                       "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>"
                       "<body>/me retracted a message</body>" % taken)
    assert relayed(room, "v2").find("retract", "urn:xmpp:message-retract:1")["id"] == taken
    s.client.send("<presence to='%s/Tybalt'>%s</presence>" % (name, CAPS % ("https://conversejs.org", ver)))
    s.client.expect(lambda p: p["from"] == name + "/Mercutio" and 303 in p.codes() and 110 in p.codes())
    again = s.client.expect(lambda p: p["from"] == name + "/Tybalt" and 110 in p.codes())
    assert again.find("c", "http://jabber.org/protocol/caps")["ver"] == ver
    s.client.send("<message to='%s' type='groupchat' id='v3'><subject>Verona</subject></message>" % name)
    refused = s.client.expect(lambda m: m["id"] == "v3")
    assert refused.condition() == "forbidden/auth"  # a participant, and the room does not let him
    s.expected += 1
    s.end()
