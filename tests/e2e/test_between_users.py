"""Stanzas between users while what carries them is killed: each arrives, or its sender is told."""
import os
import signal
import time

import managed
from cluster import wait_until
import xmpp

BOBS = 6


class Stream:
    """Ann on gateway 1 sends numbered stanzas to Bobs on gateway 2, in turn."""

    def __init__(self, cluster):
        self.ann = xmpp.Client(cluster.c2s(1), "ann@localhost").connect()
        self.bobs = [xmpp.Client(cluster.c2s(2), "bob%d@localhost" % n).connect()
                     for n in range(BOBS)]
        for bob in self.bobs:
            bob.send("<presence id='here'/>")
            bob.expect(lambda s: s["id"] == "here", "his presence")
        self.there = [True] * BOBS
        self.sent = [[] for _ in self.bobs]
        self.n = 0

    def send(self, count, questions=False):
        """Each fifth is a question (iq), if there are to be some."""
        for _ in range(count):
            bob, id = self.n % BOBS, "s%d" % self.n
            if questions and self.n % 5 == 0:
                self.ann.send("<iq type='get' id='%s' to='%s'><query xmlns='urn:test'/></iq>" % (
                    id, self.bobs[bob].full))
            else:
                self.ann.send("<message id='%s' to='bob%d@localhost' type='chat'>"
                              "<body>%d</body></message>" % (id, bob, self.n))
            self.sent[bob].append(id)
            self.n += 1

    def listen(self):
        self.ann.pump(0.005)
        for n, bob in enumerate(self.bobs):
            if self.there[n]:
                self.there[n] = bob.pump(0)

    def errors(self):
        return [s["id"] for s in self.ann.log if s["type"] == "error"]

    def arrived(self, n):
        return [s["id"] for s in self.bobs[n].log if s["from"] == self.ann.full]

    def settled(self, n):
        return set(self.arrived(n)) | set(self.errors())

    def settle(self, timeout=20):
        """Listen until all that was sent has arrived or come back."""
        deadline = time.monotonic() + timeout
        while True:
            self.listen()
            silent = [id for n, ids in enumerate(self.sent) for id in set(ids) - self.settled(n)]
            if not silent:
                return
            assert time.monotonic() < deadline, "neither arrived nor answered, of %d: %s" % (
                self.n, sorted(silent))

    def listen_until(self, condition, what, timeout=20):
        deadline = time.monotonic() + timeout
        while not condition():
            self.listen()
            assert time.monotonic() < deadline, "waited for " + what

    def close(self):
        for client in [self.ann] + self.bobs:
            client.close()


def test_a_gateway_is_killed_under_a_stream(own_cluster):
    cluster = own_cluster(gateways=2, shards=2)
    stream = Stream(cluster)
    stream.send(60, questions=True)
    stream.listen_until(lambda: all(stream.arrived(n) for n in range(BOBS)), "the first ones")
    killed = cluster.kill("gateway", 2)
    while not stream.errors():  # until it is known
        stream.send(6, questions=True)
        stream.listen()
    stream.send(60, questions=True)
    stream.settle()
    cluster.wait_restarted("gateway", 2, killed)
    for n in range(BOBS):
        ids, arrived = stream.sent[n], stream.arrived(n)
        assert arrived == ids[:len(arrived)], "each once, in order"
        told = [id for id in stream.errors() if id in ids]
        assert sorted(told) == sorted(ids[len(ids) - len(told):]), "each once, and the last ones"
    for stanza in stream.ann.log:
        if stanza["type"] == "error":
            assert stanza.condition() == "service-unavailable/cancel"
    stream.close()


def test_a_shard_is_killed_under_a_stream(own_cluster):
    """Nobody notices: what it had is sent again by who took over, and shown once."""
    cluster = own_cluster(gateways=2, shards=2)
    stream = Stream(cluster)
    for shard in (1, 2):
        stream.send(60)
        killed = cluster.kill("shard", shard)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:  # into the time without an owner
            stream.send(BOBS)
            stream.listen()
        stream.settle()
        cluster.wait_restarted("shard", shard, killed)
    assert stream.errors() == []
    for n in range(BOBS):
        assert stream.arrived(n) == stream.sent[n], "each once, in order"
    stream.close()


def test_a_session_that_has_just_ended(cluster):
    """He is looked up while he goes: either he has it, or it comes back."""
    stream = Stream(cluster)
    for n, bob in enumerate(stream.bobs):
        stream.send(BOBS)
        bob.write("</stream:stream>")
        stream.send(5 * BOBS)
    stream.settle()
    assert stream.errors()
    stream.close()


def test_only_what_arrived_or_came_back_counts_as_handled(own_cluster):
    """X0198-acks: who is not told that it is handled says it again if his gateway dies."""
    cluster = own_cluster(gateways=2, shards=1)
    ann = managed.ManagedClient(cluster.c2s(1), "ann@localhost").connect()
    with xmpp.Client(cluster.c2s(2), "bob@localhost") as bob:
        bob.send("<presence id='here'/>")
        bob.expect(lambda s: s["id"] == "here", "his presence")
        ann.chat("bob@localhost", "first")
        bob.expect(lambda s: s["from"] == ann.full, "a message")
        wait_until(lambda: ann.handled() == 1, what="the first to be handled")
        stopped = cluster.pid("gateway", 2)
        os.kill(stopped, signal.SIGSTOP)
        try:
            ann.chat("bob@localhost", "second")
            ann.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
            assert ann.handled() == 1 and len(ann.unacked) == 2
        finally:
            os.kill(stopped, signal.SIGCONT)
        bob.expect(lambda s: s["from"] == ann.full, "a message")
        wait_until(lambda: ann.handled() == 3, what="the others to be handled")
        ann.chat("nobody@localhost", "third")
        back = ann.expect(lambda s: s["from"] == "nobody@localhost", "an error")
        assert back.condition() == "service-unavailable/cancel"
        wait_until(lambda: ann.handled() == 4, what="the last one to be handled")
    ann.close()


def test_who_saw_his_presence_come_back_is_reached(client):
    """W82, W83: once a user has his own first presence back, a message to his bare JID finds him, however soon it is sent."""
    ann, bob = client("soon-ann", gateway=2), client("soon-bob")
    for i in range(100):
        bob.send("<presence/>")
        bob.expect(lambda s: s.name == "presence" and s["from"] == bob.full)
        ann.send("<message to='soon-bob@localhost' id='s%d'/>" % i)
        bob.expect(lambda s: s["id"] == "s%d" % i, "s%d" % i, timeout=5)
        bob.send("<presence type='unavailable'/>")
    ann.send("<message to='soon-bob@localhost' id='late'/>")
    assert ann.expect(lambda s: s["id"] == "late").condition() == "service-unavailable/cancel"
