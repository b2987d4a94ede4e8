"""Finding rooms: the directory of the cluster in pages, search, what server, service and rooms say of themselves
(XEP-0030, XEP-0059, XEP-0115, XEP-0157, XEP-0307, XEP-0390, XEP-0433, XEP-0502), and policies of new rooms."""
import base64
import contextlib
import hashlib
from concurrent.futures import ThreadPoolExecutor
from xml.sax.saxutils import quoteattr

import pytest

from cluster import wait_until
from xmpp import MUC, Client, XmppError

INFO, ITEMS = "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"
RSM, DATA = "http://jabber.org/protocol/rsm", "jabber:x:data"
SEARCH = "urn:xmpp:channel-search:0:search"
SEARCH_FORM = "urn:xmpp:channel-search:0:search-params"
SERVICE = "conference.localhost"
ROOMS = 300


def rsm(**places):
    inside = "".join("<%s/>" % name if value == "" else "<%s>%s</%s>" % (name, value, name)
                     for name, value in places.items())
    return "<set xmlns='%s'>%s</set>" % (RSM, inside)


class Page:
    """Items of an answer, and its <set/>."""

    def __init__(self, query, key):
        self.items = [k for k in query.kids if k.name == "item"]
        self.ids = [i[key] for i in self.items]
        self.set = query.find("set", RSM)
        text = {k.name: k.text for k in self.set.kids} if self.set is not None else {}
        self.first, self.last = text.get("first"), text.get("last")
        self.count = int(text["count"]) if "count" in text else None
        first = self.set.find("first") if self.set is not None else None
        self.index = int(first["index"]) if first is not None and first["index"] else None


def items(client, to=SERVICE, **places):
    answer = client.iq("get", "<query xmlns='%s'>%s</query>" % (ITEMS, rsm(**places) if places else ""),
                       to=to)
    return Page(answer.find("query", ITEMS), "jid")


def info(client, to, node=None):
    attr = " node=%s" % quoteattr(node) if node else ""
    return client.iq("get", "<query xmlns='%s'%s/>" % (INFO, attr), to=to).find("query", INFO)


def features(query):
    return {f["var"] for f in query.all("feature")}


def fields(query, form_type=MUC + "#roominfo"):
    for x in query.all("x", DATA):
        values = {f["var"]: [v.text for v in f.all("value")] for f in x.all("field")}
        if values["FORM_TYPE"] == [form_type]:
            return values
    return None


def search(client, error=False, page="", **form):
    payload = "<search xmlns='%s'>%s<x xmlns='%s' type='submit'><field var='FORM_TYPE'><value>%s</value></field>%s" \
              "</x></search>" % (SEARCH, page, DATA, SEARCH_FORM, "".join(
                  "<field var='%s'><value>%s</value></field>" % pair for pair in form.items()))
    answer = client.iq("get", payload, to=SERVICE, error=error)
    return answer if error else Page(answer.find("result", SEARCH), "address")


def make(client, local, nick="Owner", **config):
    room = "%s@%s" % (local, SERVICE)
    client.join(room, nick)
    client.configure(room, **config)
    return room


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """300 public rooms, 20 hidden ones, made through both gateways; closed with the module."""
    import cluster as cluster_lib
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(cluster_lib.Cluster(
            gateways=2, shards=2, args=["--set", "room.creations_per_minute=0",
                                        "--set", "xmpp.contact_abuse=mailto:abuse@example.org, xmpp:abuse@example.org",
                                        "--set", "xmpp.contact_admin=mailto:admin@example.org"]))
        makers = [stack.enter_context(Client(running.c2s(1 + n % 2), "maker%d@localhost" % n).connect())
                  for n in range(4)]

        def run(n):
            for i in range(n, ROOMS, 4):
                make(makers[n], "room%03d" % i, roomname="Shelf %d" % i, roomdesc="Books of shelf %d" % i)
            for i in range(n, 20, 4):
                make(makers[n], "hidden%02d" % i, publicroom="0", roomname="Shelf")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(run, range(4)))
        running.makers = makers
        yield running


@pytest.fixture
def reader(library):
    made = []

    def connect(gateway, name="reader"):
        made.append(Client(library.c2s(gateway), "%s%d@localhost" % (name, gateway)).connect())
        return made[-1]
    yield connect
    for each in made:
        each.close()


ALL = ["room%03d@%s" % (i, SERVICE) for i in range(ROOMS)]


@pytest.mark.parametrize("gateway", [1, 2])
def test_pages_forwards(reader, gateway):
    """W76, S6.3-list, S6.3-rsm, X0059-forwards, X0059-count: every public room once, no hidden one."""
    ann, seen, last = reader(gateway), [], None
    while True:
        page = items(ann, **({"max": 37, "after": last} if last else {"max": 37}))
        assert page.count == ROOMS
        if not page.ids:
            break
        assert page.index == len(seen) and len(page.ids) <= 37
        assert page.first == page.ids[0] and page.last == page.ids[-1]
        seen += page.ids
        last = page.last
    assert seen == ALL
    none = items(ann, max=0)
    assert (none.ids, none.count) == ([], ROOMS)
    assert len(items(ann, max=1000).ids) == 100
    whole = items(ann)  # who does not page gets them all
    assert whole.ids == ALL and whole.items[7]["name"] == "Shelf 7"


@pytest.mark.parametrize("gateway", [1, 2])
def test_pages_backwards(reader, gateway):
    """X0059-backwards, and a page by its number."""
    ann, seen, first = reader(gateway), [], ""
    while True:
        page = items(ann, max=44, before=first)
        if not page.ids:
            break
        seen = page.ids + seen
        first = page.first
    assert seen == ALL
    assert items(ann, max=3, index=150).ids == ALL[150:153]
    assert items(ann, max=3, after=ALL[99] + "0").ids == ALL[100:103]  # not there: what follows
    for wrong in ("<max>x</max>", "<index>-1</index>", "<before/><after>a</after>"):
        error = ann.iq("get", "<query xmlns='%s'><set xmlns='%s'>%s</set></query>" % (ITEMS, RSM, wrong),
                       to=SERVICE, error=True)
        assert error.condition() == "bad-request/modify"


def test_counts(reader):
    """S6.3-cluster-counts: a second later the directory knows who came and went."""
    ann = reader(1)
    room = "room010@" + SERVICE
    found = lambda: {i["address"]: int(i.find("nusers").text)  # noqa: E731
                     for i in search(ann, q="room010").items}
    wait_until(lambda: found() == {room: 1}, what="one to be inside")
    ann.join(room, "Ann")
    wait_until(lambda: found() == {room: 2}, what="two to be inside")
    largest = search(ann, all="true", page=rsm(max=1))
    assert largest.ids == [room] and largest.count == ROOMS
    ann.send("<presence type='unavailable' to='%s/Ann'/>" % room)
    wait_until(lambda: found() == {room: 1}, what="one to be inside again")


@pytest.mark.parametrize("gateway", [1, 2])
def test_at_once(reader, library, gateway):
    """W76, S-field-publicroom, S-field-roomname: whoever has the result of a form finds the list as it says."""
    ann, bob = reader(3 - gateway, "maker"), reader(gateway)
    for turn in range(10):
        room = make(ann, "a-shelf-%d-%d" % (gateway, turn), roomname="Turn %d" % turn)
        assert room in items(bob, max=30).ids
        ann.configure(room, roomname="Around")
        assert [i["name"] for i in items(bob, max=30).items if i["jid"] == room] == ["Around"]
        ann.configure(room, publicroom="0")
        assert room not in items(bob, max=30).ids
        assert search(bob, q="around").ids == []
        ann.configure(room, publicroom="1")
        assert room in items(bob, max=30).ids
        ann.iq("set", "<query xmlns='%s#owner'><destroy/></query>" % MUC, to=room)
        assert room not in items(bob, max=30).ids


@pytest.mark.parametrize("gateway", [1, 2])
def test_search(reader, gateway):
    """X0433-search: words in names, descriptions and addresses; users; both orders; pages to the end."""
    ann = reader(gateway)
    form = ann.iq("get", "<search xmlns='%s'/>" % SEARCH, to=SERVICE).find("search").find("x", DATA)
    assert form["type"] == "form"
    assert {f["var"] for f in form.all("field")} == {
        "FORM_TYPE", "q", "all", "sinname", "sindescription", "sinaddr", "min_users", "types", "key"}
    assert search(ann, q="SHELF 299").ids == ["room299@" + SERVICE]
    assert search(ann, q="books 299", sindescription="0").ids == []
    assert search(ann, q="books 299", sinname="0", sinaddr="0").ids == ["room299@" + SERVICE]
    assert search(ann, q="room299", sinaddr="0").ids == []
    assert search(ann, q="shelf", min_users="2").ids == []
    assert search(ann, q="shelf", types="xep-0369").ids == []
    by_address = "{urn:xmpp:channel-search:0:order}address"
    for key in (by_address, "{urn:xmpp:channel-search:0:order}nusers"):
        seen, page = [], rsm(max=13)
        while True:
            got = search(ann, q="shelf", key=key, page=page)
            if not got.ids:
                break
            seen += got.ids
            page = rsm(max=13, after=got.last)
        assert sorted(seen) == ALL and len(seen) == ROOMS, key
        assert key != by_address or seen == ALL
        assert search(ann, q="shelf", key=key, page=rsm(max=5, before="")).ids == seen[-5:]
    item = search(ann, q="299").items[0]
    assert {k.name: k.text for k in item.kids} == {
        "name": "Shelf 299", "description": "Books of shelf 299", "nusers": "1", "service-type": "xep-0045",
        "is-open": "true", "anonymity-mode": "muc_semianonymous"}
    whole = search(ann, all="1", key=by_address)
    assert whole.count == ROOMS and whole.ids == ALL[:100]


def test_search_refusals(reader):
    """X0433-search: what the form must say."""
    ann = reader(1)
    for form, condition, own in (
            ({"q": "x", "key": "age"}, "feature-not-implemented/modify", "invalid-sort-key"),
            ({"q": "x", "all": "1"}, "bad-request/modify", "conflicting-fields"),
            ({}, "bad-request/modify", "no-search-conditions"),
            ({"q": " "}, "bad-request/modify", "invalid-search-terms"),
            ({"q": "x", "sinname": "0", "sindescription": "0", "sinaddr": "0"}, "bad-request/modify",
             "invalid-search-terms"),
            ({"q": "x", "min_users": "few"}, "bad-request/modify", None)):
        error = search(ann, error=True, **form)
        assert error.condition() == condition, form
        kinds = [k.name for k in error.find("error").kids if k.ns == "urn:xmpp:channel-search:0:error"]
        assert kinds == ([own] if own else []), form
    page = "<search xmlns='%s'>%s<x xmlns='%s' type='submit'><field var='FORM_TYPE'><value>%s</value></field>" \
           "<field var='all'><value>1</value></field></x></search>" % (SEARCH, rsm(after="nowhere"), DATA, SEARCH_FORM)
    assert ann.iq("get", page, to=SERVICE, error=True).condition() == "item-not-found/cancel"


# ---------------------------------------------------------------- server and service

def strings(query):
    """Both kinds of capability strings (XEP-0115 §5.1, XEP-0390 §4.1), computed from what was received."""
    lang = next(k for k in query.find("identity").attrs if k.endswith("lang"))
    identities = [(i["category"], i["type"], i[lang] or "", i["name"] or "") for i in query.all("identity")]
    forms = [{f["var"]: sorted(v.text for v in f.all("value")) for f in x.all("field")} for x in query.all("x", DATA)]
    old = "".join("/".join(i) + "<" for i in sorted(identities))
    old += "".join(f + "<" for f in sorted(features(query)))
    for form in sorted(forms, key=lambda f: f["FORM_TYPE"]):
        old += form["FORM_TYPE"][0] + "<"
        for var in sorted(set(form) - {"FORM_TYPE"}):
            old += var + "<" + "".join(v + "<" for v in form[var])
    new = "".join(sorted(f + "\x1f" for f in features(query))) + "\x1c"
    new += "".join(sorted("".join(part + "\x1f" for part in i) + "\x1e" for i in identities)) + "\x1c"
    new += "".join(sorted("".join(sorted(var + "\x1f" + "".join(v + "\x1f" for v in values) + "\x1e"
                                         for var, values in form.items())) + "\x1d" for form in forms)) + "\x1c"
    return old.encode(), new.encode()


@pytest.mark.parametrize("gateway", [1, 2])
def test_caps(reader, gateway):
    """X0115-server, X0390-server: the hashes in the stream's features are those of the server's info."""
    ann = reader(gateway)
    query = info(ann, "localhost")
    old, new = strings(query)
    c = ann.features.find("c", "http://jabber.org/protocol/caps")
    assert c["hash"] == "sha-1"
    assert c["ver"] == base64.b64encode(hashlib.sha1(old).digest()).decode()
    new_hash = ann.features.find("c", "urn:xmpp:caps").find("hash", "urn:xmpp:hashes:2")
    assert new_hash["algo"] == "sha-256"
    assert new_hash.text == base64.b64encode(hashlib.sha256(new).digest()).decode()
    for node in ("%s#%s" % (c["node"], c["ver"]), "urn:xmpp:caps#sha-256." + new_hash.text):
        again = info(ann, "localhost", node)
        assert again["node"] == node and [k.xml() for k in again.kids] == [k.xml() for k in query.kids]
    with pytest.raises(XmppError):
        info(ann, "localhost", "urn:xmpp:caps#sha-256.AAAA")


def test_service(reader):
    """W76, S6.1-service-listed, S6.2-service-info, X0157-contact, X0307-unique-name, X0421-feature."""
    ann = reader(1)
    assert items(ann, "localhost").ids == [SERVICE]
    query = info(ann, SERVICE)
    identity = query.find("identity")
    assert (identity["category"], identity["type"]) == ("conference", "text")
    assert {MUC, RSM, SEARCH, MUC + "#unique", INFO, ITEMS} <= features(query)
    assert "urn:xmpp:occupant-id:0" in features(query) & features(info(ann, make(ann, "z-ids")))
    for entity in ("localhost", SERVICE):
        assert fields(info(ann, entity), "http://jabber.org/network/serverinfo") == {
            "FORM_TYPE": ["http://jabber.org/network/serverinfo"],
            "abuse-addresses": ["mailto:abuse@example.org", "xmpp:abuse@example.org"],
            "admin-addresses": ["mailto:admin@example.org"]}
    names = {ann.iq("get", "<unique xmlns='%s#unique'/>" % MUC, to=SERVICE).find("unique").text for _ in range(3)}
    assert len(names) == 3
    make(ann, names.pop())


def test_room(reader):
    """W77, W63, S6.4-maxhistoryfetch, S6.4-contactjid, S6.4-config-in-info, X0502-field, S6.5-rsm."""
    ann, bob = reader(1), reader(2)
    room = make(ann, "z-hall", persistentroom="1", whois="anyone", lang="de", roomname="Hall", allowinvites="1")
    query = info(bob, room)
    got = fields(query)
    assert got["muc#roominfo_contactjid"] == ["reader1@localhost"]
    assert got["muc#roominfo_lang"] == ["de"] and got["muc#roominfo_occupants"] == ["1"]
    assert got["muc#maxhistoryfetch"] == ["256"] and got["muc#roomconfig_roomname"] == ["Hall"]
    assert got["muc#roomconfig_allowinvites"] == ["1"] and got["muc#roomconfig_allowpm"] == ["anyone"]
    assert got["{urn:xmpp:muc-activity}message-activity"] == ["0.00"]
    assert "jabber:iq:register" in features(query)
    form = "".join("<field var='%s'><value>%s</value></field>" % pair for pair in (
        ("FORM_TYPE", MUC + "#roomconfig"), ("muc#maxhistoryfetch", "7"),
        ("x-muc#roomconfig_registration", "0"), ("muc#roomconfig_membersonly", "0")))
    ann.iq("set", "<query xmlns='%s#owner'><x xmlns='%s' type='submit'>%s</x></query>" % (MUC, DATA, form), to=room)
    query = info(bob, room)
    assert fields(query)["muc#maxhistoryfetch"] == ["7"]
    assert "jabber:iq:register" not in features(query)
    bob.join(room, "Bob")
    page = items(bob, room, max=1)
    assert (page.ids, page.index, page.count) == ([room + "/Owner"], 0, 2)
    page = items(bob, room, max=5, after=page.last)
    assert (page.ids, page.index, page.count) == ([room + "/Bob"], 1, 2)
    error = bob.iq("get", "<query xmlns='%s'>%s</query>" % (ITEMS, rsm(after="Nobody")), to=room, error=True)
    assert error.condition() == "item-not-found/cancel"


def form(client, room):
    query = client.iq("get", "<query xmlns='%s#owner'/>" % MUC, to=room).find("query")
    return fields(query, MUC + "#roomconfig")


def test_each_field(reader):
    """S-field-roomname, S-field-roomdesc, S-field-lang, S-field-maxhistoryfetch, S-field-publicroom, and the pairs of
    features: S6.4-listed, S6.4-membership, S6.4-moderation, S6.4-anonymity, S6.4-password, S6.4-persistence. W77:
    as they stand now, in the form, in the info and in the list."""
    ann, bob = reader(1), reader(2)
    room = make(ann, "a-room")
    config = lambda var: "muc#roomconfig_" + var  # noqa: E731
    for var, value, told in (("roomname", "A name", "muc#roomconfig_roomname"),
                             ("roomdesc", "A <text>", "muc#roominfo_description"),
                             ("lang", "pt-BR", "muc#roominfo_lang"),
                             ("changesubject", "1", "muc#roominfo_subjectmod"),
                             ("allowpm", "moderators", "muc#roomconfig_allowpm")):
        ann.configure(room, **{var: value})
        assert ann.expect(lambda s: s["from"] == room and s.codes(), "what changed").codes() == [104]
        assert form(ann, room)[config(var)] == [value]
        assert fields(info(bob, room))[told] == [value]
    assert [i["name"] for i in items(bob, max=9).items if i["jid"] == room] == ["A name"]
    pairs = {"muc_public": "muc_hidden", "muc_open": "muc_membersonly", "muc_unmoderated": "muc_moderated",
             "muc_semianonymous": "muc_nonanonymous", "muc_unsecured": "muc_passwordprotected",
             "muc_temporary": "muc_persistent"}
    assert set(pairs) <= features(info(bob, room)) and not set(pairs.values()) & features(info(bob, room))
    changed = set()
    for var, value, feature in (("membersonly", "1", "muc_membersonly"), ("moderatedroom", "1", "muc_moderated"),
                                ("whois", "anyone", "muc_nonanonymous"), ("roomsecret", "x", "muc_passwordprotected"),
                                ("persistentroom", "1", "muc_persistent"), ("publicroom", "0", "muc_hidden")):
        ann.configure(room, **{var: value})
        changed.add(feature)
        got = features(info(bob, room))
        assert {f for pair in pairs.items() for f in pair if f in got} == \
            {changed_to if changed_to in changed else usual for usual, changed_to in pairs.items()}
    ann.configure(room, lang="not a tag", error=True)
    assert form(ann, room)[config("lang")] == ["pt-BR"]
    ann.iq("set", "<query xmlns='%s#owner'><destroy/></query>" % MUC, to=room)


def test_hidden_members_only(reader):
    """S14.4-hidden-room: who may not enter learns nobody's name."""
    ann, bob = reader(1), reader(2)
    room = make(ann, "a-secret", publicroom="0", membersonly="1")
    assert items(bob, room).ids == [] and items(bob, room, max=5).count == 0
    assert items(ann, room).ids == [room + "/Owner"]
    ann.iq("set", "<query xmlns='%s#owner'><destroy/></query>" % MUC, to=room)


def test_occupants_are_nicks(reader, library):
    """S6.4-occupants: two sessions of one nick are one occupant, in the info and in the list."""
    ann, bob = reader(1), reader(2)
    room = make(ann, "a-pair")
    with Client(library.c2s(2), "reader1@localhost").connect() as phone:
        phone.join(room, "Owner")
        assert fields(info(bob, room))["muc#roominfo_occupants"] == ["1"]
        assert items(bob, room).ids == [room + "/Owner"]


def test_caps_of_occupants(reader):
    """X0115-relayed, X0390-relayed: what a client says it can reaches the others as it is."""
    ann, bob = reader(1), reader(2)
    room = make(ann, "a-caps")
    caps = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:x' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>"
    new = "<c xmlns='urn:xmpp:caps'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>u79ZroNJ</hash></c>"
    bob.join(room, "Bob", payload=caps + new)
    got = ann.expect(lambda s: s["from"] == room + "/Bob", "Bob's presence")
    assert got.find("c", "http://jabber.org/protocol/caps")["ver"] == "QgayPKawpkPSDYmwT/WM94uAlu0="
    assert got.find("c", "urn:xmpp:caps").find("hash")["algo"] == "sha-256"
    assert got.find("c", "urn:xmpp:caps").find("hash").text == "u79ZroNJ"


def test_rooms_of_a_client(reader):
    """S6.7-client-rooms: the node of his own rooms is asked at his client, which answers."""
    ann, bob = reader(1), reader(2)
    node = "http://jabber.org/protocol/muc#rooms"
    ann.send("<presence/>")
    bob.send("<iq type='get' id='rooms' to='%s'><query xmlns='%s' node='%s'/></iq>" % (ann.full, ITEMS, node))
    asked = ann.expect(lambda s: s["id"] == "rooms" and s["type"] == "get", "the question")
    assert asked["from"] == bob.full and asked.find("query")["node"] == node
    ann.send("<iq type='result' id='rooms' to='%s'><query xmlns='%s' node='%s'><item jid='a@%s'/></query></iq>" % (
        bob.full, ITEMS, node, SERVICE))
    answer = bob.expect(lambda s: s["id"] == "rooms", "the answer")
    assert answer["from"] == ann.full and answer.find("query").find("item")["jid"] == "a@" + SERVICE


# ---------------------------------------------------------------- policies

def refused(client, local):
    room = "%s@%s" % (local, SERVICE)
    client.send("<presence to='%s/Nick'><x xmlns='%s'/></presence>" % (room, MUC))
    return client.expect(lambda s: s["from"] == room + "/Nick" and s["type"] == "error", "a refusal")


def test_policies(own_cluster):
    """W16, S7.2.9-per-user, S14.6-max-rooms, S10.9-tombstone, and what a preset makes of a room."""
    cluster = own_cluster(gateways=2, shards=2, args=[
        "--set", "room.max_rooms=3", "--set", "room.name_max=8", "--set", "room.name_pattern=^[a-z]+$",
        "--set", "room.max_per_user=2", "--set", "room.preset=community", "--set", "room.default.whois=anyone"])
    with Client(cluster.c2s(1), "ann@localhost").connect() as ann, \
            Client(cluster.c2s(2), "bob@localhost").connect() as bob:
        assert refused(ann, "ninechars").condition() == "not-allowed/cancel"
        assert refused(ann, "r2d2").condition() == "not-allowed/cancel"
        one, two = make(ann, "eightchr"), make(ann, "two")
        got = features(info(bob, one))
        assert {"muc_persistent", "muc_public", "muc_nonanonymous", "muc_open"} <= got
        assert refused(ann, "three").condition() == "resource-constraint/wait"  # in two already
        assert items(bob, max=9).count == 2
        make(bob, "three")
        error = refused(bob, "four")
        assert error.condition() == "resource-constraint/wait"
        assert info(ann, "three@" + SERVICE) is not None
        ann.iq("set", "<query xmlns='%s#owner'><destroy jid='three@%s'/></query>" % (MUC, SERVICE), to=two)
        for each in (ann, bob):
            error = refused(each, "two")
            assert error.condition() == "gone/cancel"
            assert error.find("error").find("gone").text == "xmpp:three@%s?join" % SERVICE
            error = each.iq("get", "<query xmlns='%s'/>" % INFO, to=two, error=True)
            assert error.condition() == "gone/cancel"
        cluster.wait_restarted("shard", 1, cluster.kill("shard", 1))
        cluster.wait_restarted("shard", 2, cluster.kill("shard", 2))

        def still():
            error = bob.iq("get", "<query xmlns='%s'/>" % INFO, to=two, error=True)
            return error.condition() == "gone/cancel"
        wait_until(still, what="the new owner to know where the room went")
        make(bob, "four")  # its place is free
        assert refused(bob, "five").condition() == "resource-constraint/wait"


def test_bad_pattern(own_cluster):
    """A pattern that is none is said at start."""
    with pytest.raises(RuntimeError, match="room.name_pattern"):
        own_cluster(gateways=1, shards=1, args=["--set", "room.name_pattern=["])
