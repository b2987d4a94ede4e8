"""2,000 sessions in 100 rooms on one gateway and two shards; every delivery is accounted for."""
import selectors
import time

import xmpp
from cluster import wait_until

ROOMS, PER_ROOM, MESSAGES = 100, 20, 10


class Fleet:
    """Many clients on one selector: write, then read until a condition holds for each."""

    def __init__(self, port, names):
        self.clients = [xmpp.Client(port, name + "@localhost", timeout=60) for name in names]
        self.selector = selectors.DefaultSelector()
        for client in self.clients:
            client.connect()
            client.mine = []
            self.selector.register(client.sock, selectors.EVENT_READ, client)

    def read_until(self, done, timeout, what):
        """done(client) for all; stanzas go to client.mine."""
        waiting = {client for client in self.clients if not done(client)}
        deadline = time.monotonic() + timeout
        while waiting:
            assert time.monotonic() < deadline, "%s: %d of %d still wait, one has %s" % (
                what, len(waiting), len(self.clients), next(iter(waiting)).mine[-3:])
            for key, _ in self.selector.select(1):
                client = key.data
                assert client.pump(0), "%s lost its stream" % client.jid
                client.mine += client.queue
                client.queue.clear()
                client.log.clear()
                if client in waiting and done(client):
                    waiting.discard(client)

    def close(self):
        for client in self.clients:
            client.sock.close()


def bodies(client):
    return [s.find("body").text for s in client.mine
            if s.name == "message" and s["type"] == "groupchat" and s.find("body") is not None]


def test_two_thousand_sessions(own_cluster):
    cluster = own_cluster(gateways=1, shards=2, args=["--set", "room.history=0"])
    with xmpp.Client(cluster.c2s(1), "warm@localhost") as warm:  # everything lazy is loaded once
        warm.join("warm@conference.localhost", "Warm")
    memory_before = cluster.metric("gateway", 1, "process_resident_memory_bytes")

    fleet = Fleet(cluster.c2s(1), ["u%d" % n for n in range(ROOMS * PER_ROOM)])
    rooms = ["load%d@conference.localhost" % n for n in range(ROOMS)]
    for n, client in enumerate(fleet.clients):
        client.room, client.nick = rooms[n % ROOMS], "n%d" % (n // ROOMS)

    def joined(client):
        return any(s.name == "message" and s.find("subject") is not None for s in client.mine)

    owners, others = fleet.clients[:ROOMS], fleet.clients[ROOMS:]
    join = "<presence to='%s/%s'><x xmlns='" + xmpp.MUC + "'/></presence>"
    for client in owners:
        client.send(join % (client.room, client.nick))
    owners_set = set(owners)
    fleet.read_until(lambda c: c not in owners_set or joined(c), 60, "owners join")
    for client in owners:
        client.send("<iq type='set' id='open' to='%s'><query xmlns='%s#owner'>"
                    "<x xmlns='jabber:x:data' type='submit'/></query></iq>" % (client.room, xmpp.MUC))
    fleet.read_until(lambda c: c not in owners_set or any(s["id"] == "open" for s in c.mine), 60,
                     "rooms open")
    for client in others:
        client.send(join % (client.room, client.nick))

    def full_roster(client):
        present = {s["from"] for s in client.mine if s.name == "presence" and s["type"] is None}
        return joined(client) and len(present) == PER_ROOM
    fleet.read_until(full_roster, 120, "everybody joins")
    assert cluster.process("gateway", 1)["sessions"] == ROOMS * PER_ROOM
    memory_full = cluster.metric("gateway", 1, "process_resident_memory_bytes")

    # Ten messages a room, of ten senders at once: one order for all, none lost, none doubled.
    for n, client in enumerate(fleet.clients):
        if n // ROOMS < MESSAGES:
            client.send("<message type='groupchat' to='%s' id='m%d'><body>%d</body></message>" % (
                client.room, n, n))
    fleet.read_until(lambda c: len(bodies(c)) >= MESSAGES, 60, "every delivery")
    for client in fleet.clients:  # a ping each way: nothing more is on its way
        client.send("<iq type='get' id='end' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" % client.room)
    fleet.read_until(lambda c: any(s["id"] == "end" for s in c.mine), 60, "the last answer")
    orders = {}
    for client in fleet.clients:
        got = bodies(client)
        assert len(got) == len(set(got)) == MESSAGES, (client.jid, got)
        assert orders.setdefault(client.room, got) == got, "one order in " + client.room
    assert len(orders) == ROOMS

    fleet.close()
    wait_until(lambda: cluster.process("gateway", 1)["sessions"] == 0, 30, "all sessions to end")
    wait_until(lambda: sum(cluster.process("shard", n)["rooms"] for n in (1, 2)) == 0, 30,
               "all temporary rooms to end")
    # The sanitizer's quarantine keeps freed memory, so its build shows only that nothing leaks (at
    # exit); an ordinary build gives most of it back, a moment after they have gone.
    def resident():
        return cluster.metric("gateway", 1, "process_resident_memory_bytes")
    if not cluster.sanitized():
        wait_until(lambda: resident() - memory_before < 0.3 * (memory_full - memory_before) + 4e6, 10,
                   "memory to return")
    memory_after = resident()
    print("resident MiB: %.0f before, %.0f full, %.0f after" % tuple(
        m / 1048576 for m in (memory_before, memory_full, memory_after)))
    for n in (1, 2):
        assert cluster.metric("shard", n, "verona_muc_occupants") == 0
