"""In-band registration (XEP-0077): off unless configured, before login, and one's own account after it."""
import pytest

import cluster as cluster_lib
import xmpp

REGISTER = "jabber:iq:register"
FEATURE = "http://jabber.org/features/iq-register"


@pytest.fixture(scope="module")
def open_house():
    args = ["--set", "auth.registration=on", "--set", "auth.registrations_per_hour=7",
            "--set", "c2s.plain_without_tls=true", "--admin", "admin@localhost", "--admin", "Boss@localhost"]
    with cluster_lib.Cluster(gateways=2, shards=2, auth="accounts", args=args) as running:
        yield running


class Stranger(xmpp.Client):
    """Somebody without an account: a stream before authentication."""

    def __enter__(self):
        self.open_socket()
        self.features = self.open_stream()
        return self

    def register(self, name, password, error=False):
        return self.iq("set", "<query xmlns='%s'><username>%s</username><password>%s</password></query>" % (
            REGISTER, name, password), error=error)


def stranger(cluster, gateway=1):
    return Stranger(cluster.c2s(gateway), "new@localhost")


def test_registering_and_leaving(open_house):
    """W81, X0077-register, X0077-password, X0077-remove"""
    with stranger(open_house) as new:
        assert new.features.find("register", FEATURE) is not None
        form = new.iq("get", "<query xmlns='%s'/>" % REGISTER).find("query")
        assert form.find("username") is not None and form.find("password") is not None
        assert form.find("registered") is None
        assert new.register("Dan", "secret").kids == []
        assert new.register("dan", "other", error=True).condition() == "conflict/cancel"
        for name, password in (("", "x"), ("eve", ""), ("a@b", "x"), ("a b", "x"), ("a/b", "x")):
            assert new.register(name, password, error=True).condition() == "not-acceptable/cancel"
        refused = new.iq("set", "<query xmlns='%s'><remove/></query>" % REGISTER, error=True)
        assert refused.condition() == "unexpected-request/wait"
        new.jid, new.local, new.password = "dan@localhost", "dan", "secret"
        new.authenticate(new.features)
        new.bind(new.open_stream())
        mine = new.iq("get", "<query xmlns='%s'/>" % REGISTER, to="localhost").find("query")
        assert mine.find("registered") is not None and mine.find("username").text == "dan"
        assert new.register("dan", "better").kids == []
        assert new.register("ann", "better", error=True).condition() == "not-allowed/cancel"
        info = new.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to="localhost").find("query")
        assert REGISTER in [f["var"] for f in info.all("feature")]
        second = xmpp.Client(open_house.c2s(2), "dan@localhost", "better").connect()
        second.iq("set", "<query xmlns='jabber:iq:private'><n xmlns='urn:note'>x</n></query>")
        new.send("<iq type='set' id='away'><query xmlns='%s'><remove/></query></iq>" % REGISTER)
        for client in (new, second):
            with pytest.raises(xmpp.StreamEnded) as ended:
                client.expect(lambda s: False)
            assert ended.value.condition == "not-authorized"
        assert [s["type"] for s in new.log if s["id"] == "away"] == ["result"]
        second.close()
    with pytest.raises(xmpp.XmppError):
        xmpp.Client(open_house.c2s(1), "dan@localhost", "better").connect()


def test_nobody_registers_as_an_admin_of_the_service(open_house):
    """X0077-register: a name in xmpp.admins is taken, whether there is an account or not."""
    with stranger(open_house) as new:
        for name in ("admin", "boss", "BOSS"):
            assert new.register(name, "secret", error=True).condition() == "conflict/cancel"


def test_an_address_makes_so_many_accounts(open_house):
    """X0077-rate: then resource-constraint; on another connection too."""
    made = 0
    with stranger(open_house, 2) as new:
        while made < 20:
            answer = new.register("many%d" % made, "secret", error=True)
            if answer["type"] == "error":
                break
            made += 1
        assert answer.condition() == "resource-constraint/wait"
        assert made == 7
    with stranger(open_house, 2) as new:
        assert new.register("more", "secret", error=True).condition() == "resource-constraint/wait"


def test_it_is_off_by_default(cluster):
    """X0077-off: nothing is offered, and nothing is done."""
    with stranger(cluster) as new:
        assert new.features.find("register", FEATURE) is None
        new.write("<iq type='get' id='r'><query xmlns='%s'/></iq>" % REGISTER)
        with pytest.raises(xmpp.StreamEnded) as ended:
            new.expect(lambda s: False)
        assert ended.value.condition == "not-authorized"
    with xmpp.Client(cluster.c2s(1), "ann@localhost") as ann:
        refused = ann.iq("set", "<query xmlns='%s'><remove/></query>" % REGISTER, to="localhost", error=True)
        assert refused.condition() == "service-unavailable/cancel"
