"""The service administered by its own commands (XEP-0050, XEP-0133)."""
from xml.sax.saxutils import escape

import pytest

import cluster as cluster_lib
import xmpp

COMMANDS = "http://jabber.org/protocol/commands"
DATA = "jabber:x:data"
ITEMS = "http://jabber.org/protocol/disco#items"
INFO = "http://jabber.org/protocol/disco#info"
ADMIN = "http://jabber.org/protocol/admin"
DESTROY = "http://prosody.im/protocol/muc#destroy"
AFFILIATION = "http://prosody.im/protocol/muc#set-affiliation"
SERVICE, SERVER = "conference.localhost", "localhost"


@pytest.fixture(scope="module")
def served():
    """Two gateways and two shards with accounts; admin@localhost serves, ann and bob use it."""
    args = ["--admin", "Admin@localhost", "--set", "c2s.plain_without_tls=true"]
    with cluster_lib.Cluster(gateways=2, shards=2, auth="accounts", args=args) as running:
        running.verona("user", "passwd", "admin@localhost", "--password-stdin", "--data", running.data,
                       input="password\n")
        for name in ("ann", "bob"):
            running.verona("user", "add", name + "@localhost", "--password-stdin", "--data", running.data,
                           input="password\n")
        yield running


@pytest.fixture
def login(served):
    made = []

    def make(name, gateway=1, **options):
        made.append(xmpp.Client(served.c2s(gateway), name + "@localhost", **options))
        return made[-1].connect()
    yield make
    for each in made:
        each.close()


def form(**fields):
    """A submitted form; two underscores in a name are a hash sign."""
    return "<x xmlns='%s' type='submit'>%s</x>" % (DATA, "".join(
        "<field var='%s'>%s</field>" % (var.replace("__", "#").replace("_X_", "-"), "".join(
            "<value>%s</value>" % escape(v) for v in (value if isinstance(value, list) else [value])))
        for var, value in fields.items()))


def run(client, to, node, payload="", action="execute", session=None, error=False):
    answer = client.iq("set", "<command xmlns='%s' node='%s' action='%s'%s>%s</command>" % (
        COMMANDS, node, action, " sessionid='%s'" % session if session else "", payload), to=to, error=error)
    assert answer["from"] == to
    return answer if error else answer.find("command", COMMANDS)


def notes(command):
    assert command["status"] == "completed" and command["sessionid"]
    return [(n["type"], n.text) for n in command.all("note")]


def values(command):
    return {f["var"]: [v.text for v in f.all("value")] for f in command.find("x", DATA).all("field")}


def own_error(answer):
    return next((k.name for k in answer.find("error").kids if k.ns == COMMANDS), None)


def listed(client, to):
    answer = client.iq("get", "<query xmlns='%s' node='%s'/>" % (ITEMS, COMMANDS), to=to)
    return {i["node"]: i["name"] for i in answer.find("query").all("item")}


def room_made(client, name, **fields):
    room = "%s@%s" % (name, SERVICE)
    client.join(room, "Maker")
    client.configure(room, **fields)
    return room


def test_commands_are_listed_for_who_may_use_them(login):
    """X0050-list"""
    admin, ann = login("admin"), login("ann", 2)
    assert set(listed(admin, SERVICE)) == {"create-room", DESTROY, "list-rooms", AFFILIATION}
    assert set(listed(admin, SERVER)) == {ADMIN + "#" + n for n in (
        "announce", "add-user", "delete-user", "change-user-password", "end-user-session",
        "get-online-users-num", "get-online-users-list")}
    assert listed(ann, SERVICE) == {} and listed(ann, SERVER) == {}
    for to in (SERVICE, SERVER):
        info = ann.iq("get", "<query xmlns='%s'/>" % INFO, to=to).find("query")
        assert COMMANDS in [f["var"] for f in info.all("feature")]
    info = admin.iq("get", "<query xmlns='%s' node='%s'/>" % (INFO, DESTROY), to=SERVICE).find("query")
    assert (info.find("identity")["category"], info.find("identity")["type"]) == ("automation", "command-node")
    assert {f["var"] for f in info.all("feature")} == {COMMANDS, DATA}
    refused = ann.iq("get", "<query xmlns='%s' node='%s'/>" % (INFO, DESTROY), to=SERVICE, error=True)
    assert refused.condition() == "item-not-found/cancel"


def test_the_dialogue(login):
    """X0050-session: form, prev, next, cancel, complete; who a session belongs to; what is refused."""
    admin = login("admin", resource="one")
    first = run(admin, SERVICE, "create-room")
    assert first["status"] == "executing"
    actions = first.find("actions")
    assert (actions["execute"], [a.name for a in actions.kids]) == ("next", ["next", "complete"])
    session = first["sessionid"]
    wrong = run(admin, SERVICE, "create-room", form(room="nonsense"), "next", session, error=True)
    assert (wrong.condition(), own_error(wrong)) == ("bad-request/modify", "bad-payload")
    second = run(admin, SERVICE, "create-room", form(room="dialogue@" + SERVICE, preset="team"), "next", session)
    assert [a.name for a in second.find("actions").kids] == ["prev", "complete"]
    back = run(admin, SERVICE, "create-room", "", "prev", session)
    assert values(back)["room"] == ["dialogue@" + SERVICE] and values(back)["preset"] == ["team"]
    gone = run(admin, SERVICE, "create-room", "", "cancel", session)
    assert gone["status"] == "canceled" and not gone.kids
    for action in ("next", "complete", "cancel", "prev"):
        again = run(admin, SERVICE, "create-room", "", action, session, error=True)
        assert (again.condition(), own_error(again)) == ("bad-request/modify", "bad-sessionid")

    mine = run(admin, SERVICE, DESTROY)["sessionid"]
    assert len(mine) >= 32 and mine != session
    other = login("admin", 1, resource="two")
    stolen = run(other, SERVICE, DESTROY, form(rooms="a@" + SERVICE), "complete", mine, error=True)
    assert own_error(stolen) == "bad-sessionid"
    for node, action, want in ((DESTROY, "prev", "bad-action"), (DESTROY, "dance", "malformed-action"),
                               ("list-rooms", "cancel", "bad-sessionid")):
        assert own_error(run(admin, SERVICE, node, "", action, mine, error=True)) == want
    assert own_error(run(admin, SERVICE, DESTROY, "", "complete", mine, error=True)) == "bad-payload"
    assert run(admin, SERVICE, "nothing", error=True).condition() == "item-not-found/cancel"
    assert run(admin, SERVER, DESTROY, error=True).condition() == "item-not-found/cancel"


def test_sessions_are_bounded(login):
    """X0050-session: the ninth dialogue of a client takes the place of its first."""
    admin = login("admin")
    sessions = [run(admin, SERVICE, "list-rooms")["sessionid"] for _ in range(9)]
    assert len(set(sessions)) == 9
    assert own_error(run(admin, SERVICE, "list-rooms", "", "cancel", sessions[0], error=True)) == "bad-sessionid"
    for session in sessions[1:]:
        assert run(admin, SERVICE, "list-rooms", "", "cancel", session)["status"] == "canceled"


def test_everybody_else_is_forbidden(login):
    """X0050-forbidden, W75"""
    ann = login("ann")
    room = room_made(ann, "forbidden")
    for to, node in [(SERVICE, n) for n in ("create-room", DESTROY, "list-rooms", AFFILIATION)] + \
                    [(SERVER, ADMIN + "#" + n) for n in ("announce", "add-user", "delete-user", "end-user-session",
                                                         "change-user-password", "get-online-users-num",
                                                         "get-online-users-list")]:
        assert run(ann, to, node, form(rooms=room), error=True).condition() == "forbidden/auth", node
    ann.say(room, "still here")
    ann.hear(room, "still here")


@pytest.mark.parametrize("at_once", [True, False])
def test_rooms_are_destroyed(login, at_once):
    """W75, X0133-destroy-room: in one step or two, with W74 for those inside, on whatever gateway."""
    admin, ann, bob = login("admin"), login("ann", 2), login("bob", 1)
    rooms = [room_made(ann, "end-%d-%d" % (at_once, n), persistentroom="1") for n in (1, 2)]
    bob.join(rooms[0], "Bob")
    if at_once:
        done = run(admin, SERVICE, DESTROY, form(rooms=rooms))
    else:
        asked = run(admin, SERVICE, DESTROY)
        field = next(f for f in asked.find("x", DATA).all("field") if f["var"] == "rooms")
        assert set(rooms) <= {o.find("value").text for o in field.all("option")}
        done = run(admin, SERVICE, DESTROY, form(rooms=rooms), "complete", asked["sessionid"])
    assert notes(done) == [("info", "The following rooms were destroyed:\n" + "\n".join(rooms))]
    for client, nick, affiliation in ((ann, "Maker", "owner"), (bob, "Bob", "none")):
        gone = client.expect(lambda s, me=rooms[0] + "/" + nick: s["type"] == "unavailable" and s["from"] == me)
        destroy = gone.x().find("destroy")
        assert destroy.attrs == {} and destroy.kids == []
        assert (gone.item()["affiliation"], gone.item()["role"]) == (affiliation, "none")
        assert gone.codes() == [110]
    missing = "nowhere@" + SERVICE
    done = run(admin, SERVICE, DESTROY, form(rooms=[rooms[0], missing]))
    (kind, text), = notes(done)
    assert kind == "error" and "%s: there is no such room" % missing in text
    assert 201 in ann.join(rooms[0], "Maker")[0].codes()  # the name is free


def test_some_rooms_are_there_and_some_are_not(login):
    """W75: each room is answered for."""
    admin, ann = login("admin"), login("ann")
    room = room_made(ann, "half")
    done = run(admin, SERVICE, DESTROY, form(rooms=[room, "none@" + SERVICE]))
    assert notes(done) == [("info", "The following rooms were destroyed:\n" + room),
                           ("warn", "The following rooms were not destroyed:\n"
                                    "none@%s: there is no such room" % SERVICE)]
    wrong = run(admin, SERVICE, DESTROY, form(rooms=["room@elsewhere.example"]), error=True)
    assert own_error(wrong) == "bad-payload"


def test_a_room_is_made(login):
    """X0133-create-room: with a preset and fields of the configuration; nobody enters it."""
    admin, ann = login("admin", 2), login("ann")
    room = "made@" + SERVICE
    first = run(admin, SERVICE, "create-room")
    second = run(admin, SERVICE, "create-room", form(room=room, preset="team", muc__roomconfig_roomowners="ann@localhost"),
                 "next", first["sessionid"])
    done = run(admin, SERVICE, "create-room", form(muc__roomconfig_roomname="Made", muc__roomconfig_publicroom="1"),
               "complete", second["sessionid"])
    assert notes(done) == [("info", "The room was created: " + room)]
    info = ann.iq("get", "<query xmlns='%s'/>" % INFO, to=room).find("query")
    features = {f["var"] for f in info.all("feature")}
    assert info.find("identity")["name"] == "Made"
    assert {"muc_public", "muc_membersonly", "muc_persistent", "muc_nonanonymous"} <= features
    got = ann.join(room, "Ann")
    assert (got[0].item()["affiliation"], 201 in got[0].codes()) == ("owner", False)
    refused = admin.iq("get", "<query xmlns='http://jabber.org/protocol/muc#owner'/>", to=room, error=True)
    assert refused.condition() == "forbidden/auth"  # whoever made it is not its owner
    (kind, text), = notes(run(admin, SERVICE, "create-room", form(room=room)))
    assert (kind, text) == ("error", "The room was not created: it exists already")
    (kind, text), = notes(run(admin, SERVICE, "create-room", form(room="m2@" + SERVICE,
                                                                 muc__roomconfig_whois="nobody")))
    assert kind == "error"
    assert own_error(run(admin, SERVICE, "create-room", form(room="m2@" + SERVICE, preset="zoo"),
                         error=True)) == "bad-payload"
    run(admin, SERVICE, DESTROY, form(rooms=room))


def test_all_rooms_are_listed(login):
    """X0133-list-rooms: hidden ones too, by the page."""
    admin, ann = login("admin"), login("ann", 2)
    rooms = sorted(room_made(ann, "list-%d" % n, publicroom=str(n % 2)) for n in range(5))
    seen, after = [], ""
    while len(seen) < 100:
        done = run(admin, SERVICE, "list-rooms", form(max_items="2", after=after))
        kind, text = notes(done)[0]
        assert kind == "info" and text.endswith(" rooms")
        page = [{f["var"]: f.find("value").text for f in i.all("field")} for i in done.find("x", DATA).all("item")]
        if not page:
            break
        seen += [item["jid"] for item in page]
        after = page[-1]["jid"]
    assert [jid for jid in seen if jid.startswith("list-")] == rooms
    assert own_error(run(admin, SERVICE, "list-rooms", form(max_items="many"), error=True)) == "bad-payload"


def test_an_affiliation_is_set(login):
    """X0133-set-affiliation: by an admin of the service who is nothing in the room; announced there."""
    admin, ann, bob = login("admin"), login("ann", 2), login("bob")
    room = room_made(ann, "affiliations")
    bob.join(room, "Bob")
    done = run(admin, SERVICE, AFFILIATION, form(room=room, jid="bob@localhost", affiliation="outcast", reason="enough"))
    assert notes(done) == [("info", "The affiliation was set")]
    gone = bob.expect(lambda s: s["from"] == room + "/Bob" and s["type"] == "unavailable")
    assert 301 in gone.codes() and gone.item()["affiliation"] == "outcast"
    assert gone.item().find("reason").text == "enough"
    ann.expect(lambda s: s["from"] == room + "/Bob" and 301 in s.codes())
    direct = admin.affiliate(room, "bob@localhost", "none", error=True)
    assert direct.condition() == "forbidden/auth"  # by command, and in no other way
    (kind, text), = notes(run(admin, SERVICE, AFFILIATION, form(room=room, jid="ann@localhost", affiliation="none")))
    assert (kind, text) == ("error", "The room would be left without an owner")
    (kind, text), = notes(run(admin, SERVICE, AFFILIATION, form(room="no@" + SERVICE, jid="a@b", affiliation="none")))
    assert (kind, text) == ("error", "There is no such room")
    for bad in (dict(room="x"), dict(room=room), dict(room=room, jid="a@b", affiliation="king")):
        assert own_error(run(admin, SERVICE, AFFILIATION, form(**bad), error=True)) == "bad-payload"


def test_an_announcement_reaches_all(login):
    """X0133-announce: everybody who is online, on every gateway, once."""
    admin, ann, bob, quiet = login("admin"), login("ann", 1), login("bob", 2), login("bob", 2)
    for client in (admin, ann, bob):
        client.send("<presence/>")
        client.expect(lambda s: s.name == "presence")
    done = run(admin, SERVER, ADMIN + "#announce", form(subject="Tea", announcement=["at five", "& at six"]))
    assert notes(done) == [("info", "The announcement was sent")]
    for client in (admin, ann, bob):
        if client is not admin:
            client.expect(lambda s: s.name == "message")
        client.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
        heard = [s for s in client.log if s.name == "message"]
        assert len(heard) == 1 and heard[0]["from"] == SERVER
        assert heard[0].find("body").text == "at five\n& at six" and heard[0].find("subject").text == "Tea"
    quiet.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
    assert not [s for s in quiet.log if s.name == "message"]  # sent no presence
    assert own_error(run(admin, SERVER, ADMIN + "#announce", form(announcement=""), error=True)) == "bad-payload"


def test_users_are_added_and_deleted(served, login):
    """X0133-add-user, X0133-delete-user, X0133-change-password, W81: the account, its sessions anywhere, what it kept."""
    admin = login("admin")
    add = dict(accountjid="cid@localhost", password="secret", password_X_verify="secret")
    assert notes(run(admin, SERVER, ADMIN + "#add-user", form(**add))) == [("info", "The account was made")]
    kind, text = notes(run(admin, SERVER, ADMIN + "#add-user", form(**add)))[0]
    assert kind == "error" and "exists" in text
    for bad in (dict(add, password_X_verify="other"), dict(add, accountjid="cid@elsewhere"),
                dict(add, password="", password_X_verify=""), {}):
        assert own_error(run(admin, SERVER, ADMIN + "#add-user", form(**bad), error=True)) == "bad-payload"
    changed = run(admin, SERVER, ADMIN + "#change-user-password", form(accountjid="cid@localhost", password="better"))
    assert notes(changed) == [("info", "The password was changed")]
    with pytest.raises(xmpp.XmppError):
        login("cid", password="secret")
    sessions = [login("cid", gateway, password="better") for gateway in (1, 2, 2)]
    sessions[0].iq("set", "<query xmlns='jabber:iq:private'><n xmlns='urn:note'>x</n></query>")
    done = run(admin, SERVER, ADMIN + "#delete-user", form(accountjids=["cid@localhost", "nobody@localhost"]))
    assert notes(done) == [("info", "The following accounts were removed:\ncid@localhost"),
                           ("warn", "The following accounts were not removed:\n"
                                    "nobody@localhost: there is no such account")]
    for session in sessions:
        with pytest.raises(xmpp.StreamEnded) as ended:
            session.expect(lambda s: False)
        assert ended.value.condition == "not-authorized"
    with pytest.raises(xmpp.XmppError):
        login("cid", password="better")
    run(admin, SERVER, ADMIN + "#add-user", form(**add))
    again = login("cid", password="secret")
    kept = again.iq("get", "<query xmlns='jabber:iq:private'><n xmlns='urn:note'/></query>")
    assert kept.find("query").find("n").text == ""
    served.verona("user", "del", "cid@localhost", "--yes", "--data", served.data)


def test_who_is_online_and_ending_sessions(login):
    """X0133-end-session, X0133-online: one session or all, counted in the whole cluster."""
    admin, ann, phone, bob = (login("admin", resource="a"), login("ann", 2, resource="desk"),
                              login("ann", 1, resource="phone"), login("bob", 2, resource="b"))
    def count():  # those of tests before this one may still be going
        found = values(run(admin, SERVER, ADMIN + "#get-online-users-num"))
        return (found["onlineusersnum"], found["onlinesessionsnum"]) == (["3"], ["4"])
    cluster_lib.wait_until(count, what="three users in four sessions")
    online = run(admin, SERVER, ADMIN + "#get-online-users-list")
    assert set(values(online)["onlineuserjids"]) == {c.full for c in (admin, ann, phone, bob)}
    done = run(admin, SERVER, ADMIN + "#end-user-session", form(accountjids=["ann@localhost/desk", "bob@localhost",
                                                                            "none@localhost"]))
    assert notes(done)[0] == ("info", "The sessions of the following were ended:\nann@localhost/desk\nbob@localhost")
    assert notes(done)[1][0] == "warn" and "none@localhost: there is no such session" in notes(done)[1][1]
    for client in (ann, bob):
        with pytest.raises(xmpp.StreamEnded) as ended:
            client.expect(lambda s: False)
        assert ended.value.condition == "policy-violation"
    phone.iq("get", "<ping xmlns='urn:xmpp:ping'/>")


def test_a_shard_dies_meanwhile(own_cluster):
    """W75: requests of a command go to the new owner of a room like any other; each room is answered for once."""
    cluster = own_cluster(gateways=1, shards=2, args=["--admin", "admin@localhost"])
    with xmpp.Client(cluster.c2s(), "admin@localhost") as admin, xmpp.Client(cluster.c2s(), "ann@localhost") as ann:
        rooms = [room_made(ann, "doomed-%d" % n, persistentroom="1") for n in range(20)]
        loaded = [cluster.metric("shard", n, "verona_muc_rooms") for n in (1, 2)]
        assert min(loaded) > 0, loaded  # both shards have some
        cluster.kill("shard", 1)
        done = run(admin, SERVICE, DESTROY, form(rooms=rooms))
        (kind, text), = notes(done)
        assert kind == "info" and sorted(text.split("\n")[1:]) == sorted(rooms)
        assert listed_rooms(admin) == []


def listed_rooms(client):
    answer = client.iq("get", "<query xmlns='%s'/>" % ITEMS, to=SERVICE)
    return [i["jid"] for i in answer.find("query").all("item")]
