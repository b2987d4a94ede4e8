"""Avatar, hats and versions of the affiliations outlive every process; what a room says of them in its info."""
import base64
import hashlib

import cluster as cluster_lib
import xmpp

MUC = "http://jabber.org/protocol/muc"
DATA = "jabber:x:data"
MAV = "urn:xmpp:muc:affiliations:1"
HATS = "urn:xmpp:hats:0"
COMMANDS = "http://jabber.org/protocol/commands"
PICTURE = bytes(range(256)) * 190  # 48640 bytes, so the stanza is longer than one token of the parser


def join(client, room, nick, extra=""):
    """Everything up to the subject."""
    client.send("<presence to='%s/%s'><x xmlns='%s'>%s</x></presence>" % (room, nick, MUC, extra))
    got = []
    while True:
        stanza = client.next()
        assert stanza is not None, got
        got.append(stanza)
        if stanza.name == "message" and stanza.find("subject"):
            return got


def ask(client, room, id, kind, payload):
    client.send("<iq type='%s' id='%s' to='%s'>%s</iq>" % (kind, id, room, payload))
    while True:
        stanza = client.next()
        assert stanza is not None, id
        if stanza.name == "iq" and stanza["id"] == id:
            assert stanza["type"] == "result", stanza
            return stanza


def command(client, room, id, name, **fields):
    body = "".join("<field var='hats#%s'><value>%s</value></field>" % pair for pair in fields.items())
    form = "<x xmlns='%s' type='submit'>%s</x>" % (DATA, body) if fields else ""
    return ask(client, room, id, "set", "<command xmlns='%s' node='urn:xmpp:hats:commands:%s'>%s</command>" % (
        COMMANDS, name, form))


def info(client, room, id):
    """Features, and the fields of the form."""
    query = ask(client, room, id, "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>").kids[0]
    form = [kid for kid in query.kids if kid.ns == DATA][0]
    values = {field["var"]: [value.text for value in field.kids if value.name == "value"]
              for field in form.kids if field.name == "field"}
    return [kid["var"] for kid in query.kids if kid.name == "feature"], values


def versions(stanzas):
    """(since, until) of each <mav/>, and the items of those in messages."""
    found = []
    for stanza in stanzas:
        for x in stanza.kids:
            for mav in x.kids:
                if mav.ns == MAV:
                    items = [(i["jid"], i["affiliation"]) for i in x.kids if i.name == "item" and stanza.name == "message"]
                    found.append((stanza.name, mav.attrs.get("since"), mav.attrs.get("until"), items))
    return found


def test_X0486_X0317_X0463_survive_the_death_of_everything(own_cluster):
    """X0486-survives, X0317-survives, X0486-hash, X0317-feature, X0463-feature, X0500-info: SIGKILL of all processes,
    Redis included; the new ones know avatar, hats and versions, and whoever was removed before."""
    cluster = own_cluster(gateways=1, shards=2)
    room = "extras@conference.localhost"
    ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
    join(ann, room, "Ann")
    ask(ann, room, "open", "set", "<query xmlns='%s#owner'><x xmlns='%s' type='submit'>"
        "<field var='muc#roomconfig_persistentroom'><value>1</value></field>"
        "<field var='muc#roomconfig_slow_mode_duration'><value>7</value></field></x></query>" % (MUC, DATA))
    features, before = info(ann, room, "info0")
    assert {HATS, COMMANDS, MAV, "vcard-temp"} <= set(features)
    assert before["muc#roominfo_slow_mode_duration"] == ["7"]
    assert "muc#roominfo_avatarhash" not in before and "hats#hash" not in before

    card = "<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>%s</BINVAL></PHOTO></vCard>" % (
        base64.b64encode(PICTURE).decode())
    ask(ann, room, "card", "set", card)
    command(ann, room, "h1", "create", title="Host", uri="u:host", hue="10.5")
    command(ann, room, "h2", "assign", jid="ann@localhost", uri="u:host")
    command(ann, room, "h3", "assign", jid="zoe@localhost", uri="u:host")
    admin = "<query xmlns='%s#admin'><item affiliation='%%s' jid='bob@localhost'/></query>" % MUC
    ask(ann, room, "m1", "set", admin % "member")
    first = versions(join(ann, room, "Ann", "<mav xmlns='%s'/>" % MAV))
    assert [(v[0], v[1], v[3]) for v in first] == [
        ("message", None, [("ann@localhost", "owner"), ("bob@localhost", "member")]), ("presence", None, [])]
    assert first[0][2] == first[1][2]
    ask(ann, room, "m2", "set", admin % "none")
    assert hashlib.sha1(PICTURE).hexdigest() == info(ann, room, "info1")[1]["muc#roominfo_avatarhash"][0]
    hats = info(ann, room, "info2")[1]["hats#hash"]

    cluster.kill_all()
    cluster.up()
    ann = cluster_lib.wait_until(lambda: connect(cluster, "ann"), timeout=60, what="a gateway")
    got = cluster_lib.wait_until(lambda: try_join(ann, room, first[1][2]), timeout=60, what="the room")
    after = info(ann, room, "info3")[1]
    assert after["muc#roominfo_avatarhash"] == [hashlib.sha1(PICTURE).hexdigest()]
    assert after["hats#hash"] == hats
    # the difference from before the removal, first of all
    told = versions(got)
    assert [(v[0], v[1], v[3]) for v in told] == [
        ("message", first[1][2], [("bob@localhost", "none")]), ("presence", None, [])]
    own = [s for s in got if s.name == "presence" and s["from"] == room + "/Ann"][0]
    assert [hat.attrs for kid in own.kids if kid.ns == HATS for hat in kid.kids] == [
        {"title": "Host", "uri": "u:host", "hue": "10.5"}]
    of_room = [s for s in got if s.name == "presence" and s["from"] == room]
    assert len(of_room) == 1
    back = ask(ann, room, "card2", "get", "<vCard xmlns='vcard-temp'/>").kids[0]
    assert base64.b64decode(back.kids[0].kids[1].text) == PICTURE
    listed = command(ann, room, "h4", "list-assigned").kids[0].kids[0]
    jids = [item.kids[0].kids[0].text for item in listed.kids if item.name == "item"]
    assert sorted(jids) == ["ann@localhost", "zoe@localhost"]
    ann.close()


def connect(cluster, name):
    try:
        return xmpp.Client(cluster.c2s(1), name + "@localhost").connect()
    except (OSError, xmpp.XmppError):
        return None


def try_join(client, room, since):
    """None while the room cannot be reached yet."""
    client.send("<presence to='%s/Ann'><x xmlns='%s'><mav xmlns='%s' since='%s'/></x></presence>" % (
        room, MUC, MAV, since))
    got = []
    while True:
        stanza = client.next()
        assert stanza is not None, got
        got.append(stanza)
        if stanza.name == "presence" and stanza["type"] == "error":
            return None
        if stanza.name == "message" and stanza.find("subject"):
            return got
