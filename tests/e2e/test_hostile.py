"""Clients that mean harm, or that are merely odd: the right answer, and nobody else is disturbed."""
import os
import socket
import ssl
import time

import pytest

import scenario
import xmpp

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='localhost' version='1.0' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")


class Slow(xmpp.Client):
    """Writes one byte at a time, each in a packet of its own."""

    def write(self, data):
        for byte in data.encode() if isinstance(data, str) else data:
            self.sock.send(bytes([byte]))


def test_one_byte_at_a_time_gives_the_same(cluster, monkeypatch):
    path = os.path.join(HERE, "scenarios", "members_only_deregister.scn")
    monkeypatch.setattr(xmpp, "Client", Slow)
    scenario.run_file(path, [cluster.c2s(1), cluster.c2s(2)], suffix="-slow", timeout=30)


def raw(cluster, *pieces, timeout=20):
    """Send bytes, read until the server ends it; what it said."""
    with socket.create_connection(("127.0.0.1", cluster.c2s(1)), timeout) as sock:
        got = b""
        try:
            for piece in pieces:
                sock.sendall(piece if isinstance(piece, bytes) else piece.encode())
            while True:
                data = sock.recv(65536)
                if not data:
                    break
                got += data
        except ConnectionResetError:
            pass
        return got.decode(errors="replace")


@pytest.mark.parametrize("condition,pieces", [
    ("restricted-xml", [HEADER, "<!-- comment -->"]),
    ("restricted-xml", [HEADER, "<?target data?>"]),
    ("restricted-xml", ["<?xml version='1.0'?><!DOCTYPE s [<!ENTITY a 'aaaa'>]>" + HEADER[21:]]),
    ("not-well-formed", [HEADER, "<presence></message>"]),
    ("not-well-formed", ["this is not XML"]),
    ("policy-violation", [HEADER, "<a>" * 1000]),
    ("policy-violation", [HEADER, "<iq id='", "x" * (1 << 20)]),
    ("host-unknown", [HEADER.replace("to='localhost'", "to='elsewhere.example'")]),
    ("invalid-namespace", [HEADER.replace("jabber:client", "jabber:server")]),
    ("invalid-namespace", [HEADER.replace("etherx.jabber.org", "example.org")]),
], ids=lambda v: v if isinstance(v, str) else None)
def test_stream_errors_before_login(cluster, condition, pieces):
    answer = raw(cluster, *pieces)
    assert "<stream:stream" in answer, "a header comes before the error"
    assert "<%s xmlns" % condition in answer and answer.endswith("</stream:stream>"), answer[-400:]


@pytest.mark.parametrize("condition,xml", [
    ("restricted-xml", "<!DOCTYPE x>"),
    ("policy-violation", "<message to='b@localhost'><body>" + "x" * (1 << 20)),
    ("policy-violation", "<message>" + "<a>" * 1000),
    ("policy-violation", "<message %s/>" % " ".join("a%d='1'" % n for n in range(100))),
    ("invalid-from", "<message from='somebody@localhost' to='b@localhost'/>"),
    ("not-well-formed", "<message><body></message>"),
    ("unsupported-stanza-type", "<pubsub xmlns='http://example.org/'/>"),
])
def test_stream_errors_after_login(client, condition, xml):
    ann = client("hostile")
    with pytest.raises(xmpp.StreamEnded) as ended:
        try:
            ann.send(xml)
        except OSError:
            pass
        ann.expect(lambda s: False)
    assert ended.value.condition == condition


def test_bad_utf8_ends_the_stream(client):
    ann = client("utf8")
    with pytest.raises(xmpp.StreamEnded) as ended:
        ann.send(b"<message to='b@localhost'><body>\xc0\xaf</body></message>")
        ann.expect(lambda s: False)
    assert ended.value.condition in ("bad-format", "unsupported-encoding", "not-well-formed")


def test_starttls_takes_nothing_from_before(cluster):
    """CVE-2011-0411: what was sent in clear behind <starttls/> must not take effect."""
    answer = raw(cluster, HEADER, "<starttls xmlns='%s'/><auth xmlns='%s' mechanism='PLAIN'>AGEAYg=="
                                  "</auth>" % (xmpp.TLS, xmpp.SASL))
    assert "<success" not in answer and "policy-violation" in answer


def test_a_half_open_handshake_is_ended(own_cluster):
    cluster = own_cluster(args=["--set", "limits.header_timeout=1s", "--set", "limits.auth_timeout=2s"])
    assert "connection-timeout" in raw(cluster, "")          # says nothing
    assert "connection-timeout" in raw(cluster, HEADER)      # never logs in
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", cluster.c2s(1)), 20) as sock:
        parser = xmpp.Parser()
        sock.sendall((HEADER + "<starttls xmlns='%s'/>" % xmpp.TLS).encode())
        while not [e for e in parser.ready if e.name == "proceed"]:
            parser.feed(sock.recv(4096))
        sock.sendall(b"\x16\x03\x01\x02\x00\x01")             # a TLS hello that never ends
        try:
            while sock.recv(4096):
                pass
        except ConnectionResetError:
            pass
    assert time.monotonic() - began < 10
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>")


def test_starttls_and_old_protocols(cluster):
    with xmpp.Client(cluster.c2s(1), "tls@localhost", tls=True) as ann:
        assert ann.sock.version() in ("TLSv1.2", "TLSv1.3")
        ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>")


def test_the_newer_session_of_a_resource_wins(cluster):
    """Bind conflict across gateways."""
    first = xmpp.Client(cluster.c2s(1), "conflict@localhost", resource="desk").connect()
    second = xmpp.Client(cluster.c2s(2), "conflict@localhost", resource="desk").connect()
    with pytest.raises(xmpp.StreamEnded) as ended:
        first.expect(lambda s: False)
    assert ended.value.condition == "conflict"
    assert second.full == "conflict@localhost/desk"
    second.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
    second.close()


def test_messages_between_users(cluster, client):
    """Bare (W83) and full JIDs, anywhere in the cluster; what nobody takes comes back."""
    ann, bob = client("m-ann", 1), client("m-bob", 2)
    ann.send("<presence/>")
    bob.send("<presence/>")
    bob.expect(lambda s: s.name == "presence" and s["from"] == bob.full)
    ann.send("<message type='chat' to='%s' id='1'><body>bare</body></message>" % bob.jid)
    got = bob.expect(lambda s: s["id"] == "1")
    assert got["from"] == ann.full and got.find("body").text == "bare"
    bob.send("<message type='chat' to='%s' id='2'><body>full</body></message>" % ann.full)
    assert ann.expect(lambda s: s["id"] == "2").find("body").text == "full"
    ann.send("<message type='chat' to='nobody@localhost' id='3'><body>?</body></message>")
    assert ann.expect(lambda s: s["id"] == "3").condition() == "service-unavailable/cancel"
    answer = ann.iq("get", "<query xmlns='jabber:iq:version'/>", to=bob.full + "x", error=True)
    assert answer.condition() == "service-unavailable/cancel"


def test_the_duties_of_a_server(client):
    """S6.1-service-listed, S6.2-service-info"""
    ann = client("duties")
    info = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to="localhost")
    assert info.find("query").all("identity") and info["from"] == "localhost"
    items = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", to="localhost")
    assert "conference.localhost" in [i["jid"] for i in items.find("query").kids]
    info = ann.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                  to="conference.localhost")
    identity = info.find("query").find("identity")
    assert (identity["category"], identity["type"]) == ("conference", "text")
    assert xmpp.MUC in [f["var"] for f in info.find("query").all("feature")]
    assert ann.iq("get", "<query xmlns='jabber:iq:roster'/>").find("query") is not None
    version = ann.iq("get", "<query xmlns='jabber:iq:version'/>", to="localhost")
    assert version.find("query").find("name").text
    ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to="localhost")
    ann.iq("set", "<query xmlns='jabber:iq:private'><n xmlns='test:notes'>kept &lt;</n></query>")
    got = ann.iq("get", "<query xmlns='jabber:iq:private'><n xmlns='test:notes'/></query>")
    assert got.find("query").find("n").text == "kept <"
    unknown = ann.iq("get", "<what xmlns='test:unknown'/>", error=True)
    assert unknown.condition() == "service-unavailable/cancel"
    ann.send("<iq type='get' id='two'><a xmlns='x'/><b xmlns='x'/></iq>")
    assert ann.expect(lambda s: s["id"] == "two").condition() == "bad-request/modify"


def test_a_reader_that_stops_loses_its_stream(own_cluster):
    """A slow reader is closed at its queue's limit; nobody waits for it."""
    cluster = own_cluster(args=["--set", "limits.send_queue=65536"])
    room = "slow@conference.localhost"
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        ann.join(room, "Ann")
        ann.configure(room)
        lazy = xmpp.Client(cluster.c2s(1), "lazy@localhost")
        lazy.open_socket()
        lazy.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.authenticate(lazy.open_stream())
        lazy.bind(lazy.open_stream())
        lazy.join(room, "Lazy")
        for n in range(400):
            ann.say(room, "%03d " % n + "x" * 20000)
            ann.hear(room, "%03d " % n + "x" * 20000)
            if [s for s in ann.log if s["type"] == "unavailable" and s["from"].endswith("/Lazy")]:
                break
        gone = [s for s in ann.log if s["type"] == "unavailable"]
        assert [s["from"] for s in gone] == [room + "/Lazy"] and 333 in gone[0].codes()
        assert cluster.metric("gateway", 1, "verona_c2s_slow_consumers_total") >= 1
