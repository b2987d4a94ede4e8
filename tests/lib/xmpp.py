"""A small XMPP client for tests: one blocking socket, real expat, no dependencies.

Every wait is for a stanza or a condition, with a deadline; nothing sleeps. A client keeps all it
received in `log`, in order, so that a test can account for every delivery afterwards.
"""
import base64
import hashlib
import hmac
import secrets
import select
import socket
import ssl
import time
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

CLIENT = "jabber:client"
STREAMS = "http://etherx.jabber.org/streams"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
MUC = "http://jabber.org/protocol/muc"
MUC_USER = MUC + "#user"


class XmppError(Exception):
    """The server did not do what the test needs."""


class StreamEnded(XmppError):
    """The server closed the stream; `condition` says why, if it said so."""

    def __init__(self, condition):
        super().__init__("stream ended: %s" % condition)
        self.condition = condition


class Element:
    """ns, name, attributes, child elements, and the character data directly inside."""

    def __init__(self, ns, name, attrs):
        self.ns, self.name, self.attrs, self.kids, self.text = ns, name, attrs, [], ""

    def __getitem__(self, attr):
        return self.attrs.get(attr)

    def find(self, name, ns=None):
        return next((k for k in self.kids if k.name == name and ns in (None, k.ns)), None)

    def all(self, name, ns=None):
        return [k for k in self.kids if k.name == name and ns in (None, k.ns)]

    def xml(self, outer=None):
        attrs = "".join(" %s=%s" % (k, quoteattr(v)) for k, v in sorted(self.attrs.items()))
        ns = " xmlns=%s" % quoteattr(self.ns) if self.ns != outer else ""
        inside = escape(self.text) + "".join(k.xml(self.ns) for k in self.kids)
        return "<%s%s%s>%s</%s>" % (self.name, ns, attrs, inside, self.name)

    def __repr__(self):
        return self.xml(CLIENT)

    # What tests ask of stanzas from rooms
    def x(self):
        return self.find("x", MUC_USER)

    def codes(self):
        x = self.x()
        return [int(s["code"]) for s in x.all("status")] if x else []

    def item(self):
        x = self.x()
        return x.find("item") if x else None

    def condition(self):
        """The error condition, as 'condition/type'."""
        error = self.find("error")
        if error is None:
            return None
        kid = next((k for k in error.kids if k.ns == STANZAS and k.name != "text"), None)
        return "%s/%s" % (kid.name if kid else "?", error["type"])


class Parser:
    """Bytes in, top-level elements out."""

    def __init__(self):
        self.parser = expat.ParserCreate(namespace_separator=" ")
        if hasattr(self.parser, "SetReparseDeferralEnabled"):
            self.parser.SetReparseDeferralEnabled(False)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.root, self.stack, self.ready, self.closed = None, [], [], False

    @staticmethod
    def _split(name):
        ns, _, local = name.rpartition(" ")
        return ns, local

    def _start(self, name, attrs):
        ns, local = self._split(name)
        plain = {}
        for key, value in attrs.items():
            key_ns, key_local = self._split(key)
            plain["xml:" + key_local if key_ns else key_local] = value
        element = Element(ns, local, plain)
        if self.root is None:
            self.root = element
            return
        if self.stack:
            self.stack[-1].kids.append(element)
        self.stack.append(element)

    def _end(self, _name):
        if not self.stack:
            self.closed = True
            return
        element = self.stack.pop()
        if not self.stack:
            self.ready.append(element)

    def _data(self, data):
        if self.stack:
            self.stack[-1].text += data

    def feed(self, data):
        self.parser.Parse(data, False)


class Client:
    """One connection. Tests use connect(), send(), receive() and the MUC helpers below."""

    def __init__(self, port, jid, password="password", host="127.0.0.1", timeout=30, resource=None,
                 mechanism="PLAIN", tls=False):
        self.host, self.port, self.timeout = host, port, timeout
        self.jid, self.password, self.resource = jid, password, resource
        self.local, _, self.domain = jid.rpartition("@")
        self.mechanism, self.tls = mechanism, tls
        self.sock, self.parser, self.queue, self.log = None, None, [], []
        self.full = self.ended = self.open_features = None

    # ---------------------------------------------------------------- socket

    def open_socket(self):
        self.sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def pump(self, wait):
        """Read what is there, or what comes within `wait` seconds. False at the end of the stream.
        A stream error is raised once the stanzas before it have been taken."""
        if self.ended:
            raise StreamEnded(self.ended)
        pending = getattr(self.sock, "pending", lambda: 0)()
        if not pending:
            readable = select.poll()  # select() knows no descriptor above 1,023
            readable.register(self.sock, select.POLLIN)
            if not readable.poll(max(0, wait) * 1000):
                return True
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            data = b""
        if not data:
            return False
        self.parser.feed(data)
        for element in self.parser.ready:
            if element.ns == STREAMS and element.name == "error":
                self.ended = next((k.name for k in element.kids if k.ns == STREAM_ERRORS), "?")
                break
            self.queue.append(element)
            self.log.append(element)
        self.parser.ready.clear()
        if self.ended and not self.queue:
            raise StreamEnded(self.ended)
        return not self.parser.closed

    def next(self, timeout=None):
        """The next stanza, or None after `timeout`."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while not self.queue:
            left = deadline - time.monotonic()
            if left < 0:
                return None
            if not self.pump(left) and not self.queue:
                raise StreamEnded("closed")
        return self.queue.pop(0)

    def expect(self, want, what="", timeout=None):
        """The next stanza for which want(stanza) holds; others before it are passed over."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        seen = []
        while True:
            stanza = self.next(deadline - time.monotonic())
            if stanza is None:
                raise XmppError("%s waited for %s; saw %s" % (self.jid, what or "a stanza", seen))
            if want(stanza):
                return stanza
            seen.append(stanza)

    # ---------------------------------------------------------------- stream

    def open_stream(self, more=""):
        self.parser = Parser()
        self.queue.clear()
        self.write("<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='%s' to='%s' "
                   "version='1.0'%s>" % (CLIENT, STREAMS, self.domain, more))
        features = self.next()
        if features is None or features.name != "features":
            raise XmppError("no stream features: %s" % features)
        return features

    def connect(self):
        self.open_socket()
        features = self.open_stream()
        if self.tls:
            features = self.start_tls()
        self.authenticate(features)
        self.open_features = self.open_stream()
        self.bind(self.open_features)
        self.log.clear()
        return self

    def start_tls(self):
        self.write("<starttls xmlns='%s'/>" % TLS)
        answer = self.next()
        if answer.name != "proceed":
            raise XmppError("STARTTLS refused: %s" % answer)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname=self.domain)
        return self.open_stream()

    def authenticate(self, features):
        offered = [m.text for m in features.find("mechanisms", SASL).kids]
        if self.mechanism not in offered:
            raise XmppError("%s is not offered, only %s" % (self.mechanism, offered))
        if self.mechanism == "PLAIN":
            token = base64.b64encode(("\0%s\0%s" % (self.local, self.password)).encode()).decode()
            self.write("<auth xmlns='%s' mechanism='PLAIN'>%s</auth>" % (SASL, token))
        elif self.mechanism == "ANONYMOUS":
            self.write("<auth xmlns='%s' mechanism='ANONYMOUS'/>" % SASL)
        else:
            self._scram(self.mechanism[6:].replace("-", "").lower())
            return
        self._sasl_answer("success")

    def _sasl_answer(self, *names):
        answer = self.next()
        if answer is None or answer.name not in names:
            raise XmppError("authentication: %s" % answer)
        return base64.b64decode(answer.text or "").decode()

    def _scram(self, algorithm):
        def say(tag, text, attrs=""):
            self.write("<%s xmlns='%s'%s>%s</%s>" % (
                tag, SASL, attrs, base64.b64encode(text.encode()).decode(), tag))

        nonce = secrets.token_urlsafe(18)
        first = "n=%s,r=%s" % (self.local, nonce)
        say("auth", "n,," + first, " mechanism='%s'" % self.mechanism)
        challenge = self._sasl_answer("challenge")
        part = dict(item.split("=", 1) for item in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(algorithm, self.password.encode(),
                                     base64.b64decode(part["s"]), int(part["i"]))
        client_key = hmac.digest(salted, b"Client Key", algorithm)
        server_key = hmac.digest(salted, b"Server Key", algorithm)
        final = "c=biws,r=" + part["r"]
        signed = ",".join((first, challenge, final)).encode()
        signature = hmac.digest(hashlib.new(algorithm, client_key).digest(), signed, algorithm)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        say("response", final + ",p=" + base64.b64encode(proof).decode())
        verdict = self._sasl_answer("success")
        expected = "v=" + base64.b64encode(hmac.digest(server_key, signed, algorithm)).decode()
        if verdict != expected:
            raise XmppError("SCRAM: wrong server signature")

    def bind(self, features):
        self.features = features
        if features.find("bind", BIND) is None:
            raise XmppError("bind is not offered: %s" % features)
        wish = "<resource>%s</resource>" % escape(self.resource) if self.resource else ""
        answer = self.iq("set", "<bind xmlns='%s'>%s</bind>" % (BIND, wish))
        self.full = answer.find("bind", BIND).find("jid").text
        self.jid = self.full.split("/")[0]

    # ---------------------------------------------------------------- stanzas

    def send(self, xml):
        self.write(xml)

    def iq(self, kind, payload, to=None, id=None, error=False):
        """Send an iq and wait for its answer; with error=False an error raises."""
        id = id or secrets.token_hex(4)
        self.write("<iq type='%s' id='%s'%s>%s</iq>" % (
            kind, id, " to=%s" % quoteattr(to) if to else "", payload))
        answer = self.expect(lambda s: s.name == "iq" and s["id"] == id, "the answer to iq " + id)
        if answer["type"] == "error" and not error:
            raise XmppError("iq %s refused: %s" % (id, answer))
        return answer

    def close(self):
        """Close the stream properly and wait for the server's end of it."""
        if not self.sock:
            return
        try:
            self.write("</stream:stream>")
            deadline = time.monotonic() + 5
            while self.pump(deadline - time.monotonic()) and time.monotonic() < deadline:
                pass
        except (OSError, XmppError):
            pass
        self.sock.close()
        self.sock = None

    def drop(self):
        """Break the connection without a word."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()
        self.sock = None

    def __enter__(self):
        return self.connect()

    def __exit__(self, *_):
        self.close()

    # ---------------------------------------------------------------- rooms

    def join(self, room, nick, extra="", payload=""):
        """Join and wait for the subject, which ends the join. Returns all stanzas of the join."""
        here = room + "/" + nick
        self.send("<presence to=%s><x xmlns='%s'>%s</x>%s</presence>" % (
            quoteattr(here), MUC, extra, payload))
        got = []
        while True:
            stanza = self.expect(lambda s: (s["from"] or "").startswith(room), "joining " + room)
            got.append(stanza)
            if stanza["type"] == "error":
                raise XmppError("join refused: %s" % stanza)
            if stanza.name == "message" and stanza.find("subject") is not None and \
                    stanza.find("body") is None:
                return got

    def say(self, room, body, id=None):
        self.send("<message type='groupchat' to=%s id='%s'><body>%s</body></message>" % (
            quoteattr(room), id or secrets.token_hex(4), escape(body)))

    def hear(self, room, body):
        return self.expect(lambda s: s.name == "message" and s["type"] == "groupchat"
                           and s["from"].startswith(room + "/")
                           and s.find("body") is not None and s.find("body").text == body,
                           "groupchat %r in %s" % (body, room))

    def configure(self, room, error=False, **fields):
        """Submit the owner form; persistent='1' is muc#roomconfig_persistentroom and so on."""
        form = "".join("<field var='muc#roomconfig_%s'>%s</field>" % (
            var, "".join("<value>%s</value>" % escape(v)
                         for v in (value if isinstance(value, list) else [value])))
            for var, value in fields.items())
        kind = "<field var='FORM_TYPE'><value>%s#roomconfig</value></field>" % MUC if fields else ""
        return self.iq("set", "<query xmlns='%s#owner'><x xmlns='jabber:x:data' type='submit'>"
                              "%s%s</x></query>" % (MUC, kind, form), to=room, error=error)

    def affiliate(self, room, jid, affiliation, more="", error=False):
        return self.iq("set", "<query xmlns='%s#admin'><item affiliation='%s' jid=%s>%s</item>"
                              "</query>" % (MUC, affiliation, quoteattr(jid), more),
                       to=room, error=error)

    def affiliations(self, room, affiliation):
        answer = self.iq("get", "<query xmlns='%s#admin'><item affiliation='%s'/></query>" % (
            MUC, affiliation), to=room)
        return {item["jid"]: item for item in answer.find("query").kids}
