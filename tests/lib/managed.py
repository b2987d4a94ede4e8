"""A client with stream management (XEP-0198): it acknowledges what it gets, keeps what it sends until that is
acknowledged, and resumes its stream over another connection."""
import re
import secrets

import xmpp

SM = "urn:xmpp:sm:3"


class ManagedClient(xmpp.Client):
    """connect() enables it. `got` counts stanzas received, `unacked` holds those sent and not acknowledged."""

    def __init__(self, *args, answers=True, **options):
        super().__init__(*args, **options)
        self.id, self.got, self.acked, self.unacked, self.counting = None, 0, 0, [], False
        self.answers = answers  # an <r/> with an <a/>

    def connect(self):
        super().connect()
        self.counting = True
        self.write("<enable xmlns='%s' resume='true'/>" % SM)
        enabled = self.expect(lambda s: s.name == "enabled", "<enabled/>")
        assert enabled["resume"] == "true", enabled
        self.id, self.max, self.location = enabled["id"], int(enabled["max"]), enabled["location"]
        return self

    def pump(self, wait):
        before = len(self.queue)
        try:
            return super().pump(wait)
        finally:
            new, self.queue[before:] = self.queue[before:], []
            for element in new:
                if element.ns == xmpp.CLIENT and self.counting:
                    self.got += 1
                if element.ns == SM and element.name == "enabled":
                    self.got = 0  # what came between binding and this does not count
                if element.ns == SM and element.name == "r":
                    if self.answers:
                        self.acknowledge()
                elif element.ns == SM and element.name == "a":
                    self.settle(int(element["h"]))
                else:
                    self.queue.append(element)

    def settle(self, h):
        assert self.acked <= h <= self.acked + len(self.unacked), (h, self.acked, self.unacked)
        del self.unacked[:h - self.acked]
        self.acked = h

    def acknowledge(self):
        super().write("<a xmlns='%s' h='%d'/>" % (SM, self.got))

    def write(self, data):
        if self.counting and re.match(r"<(message|presence|iq)\b", data):
            self.unacked.append(data)
        super().write(data)

    def handled(self, timeout=None):
        """Ask, and wait for the answer: how many of our stanzas are handled."""
        answers = len([e for e in self.log if e.ns == SM and e.name == "a"])
        super().write("<r xmlns='%s'/>" % SM)
        keep = []
        while len([e for e in self.log if e.ns == SM and e.name == "a"]) == answers:
            stanza = self.next(0.05)
            if stanza is not None:
                keep.append(stanza)
        self.queue[:0] = keep
        return self.acked

    def log_in_again(self, port=None):
        """As far as a stream that could bind or resume."""
        self.port = port or self.port
        self.counting, self.ended = False, None
        if self.sock:
            self.sock.close()
        queue = list(self.queue)
        self.open_socket()
        self.authenticate(self.open_stream())
        self.open_stream()
        self.queue[:0] = queue

    def resume(self, port=None):
        """Returns <resumed/> or <failed/>. What the server has not got is sent again."""
        self.log_in_again(port)
        self.counting = True
        super().write("<resume xmlns='%s' previd='%s' h='%d'/>" % (SM, self.id, self.got))
        early = []
        while True:
            answer = self.next()
            if answer is None:
                raise xmpp.XmppError("no answer to <resume/>")
            if answer.name in ("resumed", "failed") and answer.ns == SM:
                break
            early.append(answer)  # came over the old stream
        self.queue[:0] = early
        if answer.name == "resumed":
            assert answer["previd"] == self.id
            self.settle(int(answer["h"]))
            again, self.unacked = self.unacked, []
            for stanza in again:
                self.write(stanza)
        return answer

    def chat(self, to, body):
        self.send("<message type='chat' to='%s' id='%s'><body>%s</body></message>" % (to, secrets.token_hex(4), body))
