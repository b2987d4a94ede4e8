"""Two slixmpp clients on two gateways: SCRAM over STARTTLS, MUC plugin (XEP-0045), a conversation.

slixmpp_talk.py PORT PORT        both talk with each other; exit 0 if all was heard
slixmpp_talk.py --answer PORT    opens mixed@conference.localhost and answers every "ping" with "pong"
"""
import asyncio
import ssl
import sys

import slixmpp


class Talker(slixmpp.ClientXMPP):
    def __init__(self, name, port):
        super().__init__(name + "@localhost", "pencil",
                         sasl_mech="SCRAM-SHA-256" if "a" in name[-1:] else "SCRAM-SHA-1")
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.ca_certs = None
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0045")
        self.register_plugin("xep_0199")
        self.port_ = port
        self.heard = asyncio.Queue()
        self.started = asyncio.get_event_loop().create_future()
        self.secure = False
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("groupchat_message", self.heard.put_nowait)
        self.add_event_handler("tls_success", lambda _: setattr(self, "secure", True))
        self.add_event_handler("failed_auth", lambda _: self.started.set_exception(RuntimeError("auth")))

    async def on_start(self, _):
        self.send_presence()
        await self.get_roster()
        self.started.set_result(True)

    async def log_in(self):
        self.connect(("127.0.0.1", self.port_), disable_starttls=False)
        await asyncio.wait_for(self.started, 60)
        assert self.transport.get_extra_info("ssl_object") is not None, "not encrypted"

    async def enter(self, room, nick):
        ready = asyncio.get_event_loop().create_future()
        self.add_event_handler("muc::%s::self-presence" % room,
                               lambda p: ready.done() or ready.set_result(p), disposable=True)
        self.plugin["xep_0045"].join_muc(room, nick)
        return await asyncio.wait_for(ready, 60)

    async def hear(self, nick, body):
        while True:
            message = await asyncio.wait_for(self.heard.get(), 60)
            if message["mucnick"] == nick and message["body"] == body:
                return


async def configure(client, room):
    form = await client.plugin["xep_0045"].get_room_config(room)
    assert form.get_fields()["muc#roomconfig_membersonly"]["value"] is False
    form.set_type("submit")
    await client.plugin["xep_0045"].set_room_config(room, form)


async def talk(port_a, port_b):
    room = "slix@conference.localhost"
    a, b = Talker("slix-a", port_a), Talker("slix-b", port_b)
    await a.log_in()
    await b.log_in()
    assert "conference.localhost" in {i[0] for i in (
        await a.plugin["xep_0030"].get_items("localhost"))["disco_items"]["items"]}
    await a.enter(room, "Ann")
    await configure(a, room)
    await b.enter(room, "Bob")
    for n in range(5):
        a.send_message(room, "from a %d" % n, mtype="groupchat")
        await b.hear("Ann", "from a %d" % n)
        b.send_message(room, "from b %d" % n, mtype="groupchat")
        await a.hear("Bob", "from b %d" % n)
    roster = set(a.plugin["xep_0045"].get_roster(room))
    assert roster == {"Ann", "Bob"}, roster
    await a.plugin["xep_0045"].set_affiliation(room, "member", jid="slix-b@localhost")
    members = await a.plugin["xep_0045"].get_users_by_affiliation(room, "member") \
        if hasattr(a.plugin["xep_0045"], "get_users_by_affiliation") else None
    print("members:", members)
    left = asyncio.get_event_loop().create_future()
    a.add_event_handler("muc::%s::got_offline" % room, lambda p: left.done() or left.set_result(p))
    b.plugin["xep_0045"].leave_muc(room, "Bob")
    assert (await asyncio.wait_for(left, 60))["from"].resource == "Bob"
    for client in (a, b):
        await client.disconnect()
    print("all was heard")


async def answer(port):
    client = Talker("slix-a", port)
    await client.log_in()
    room = "mixed@conference.localhost"
    await client.enter(room, "Slix")
    await configure(client, room)
    print("ready", flush=True)
    while True:
        message = await client.heard.get()
        if message["body"] == "ping":
            client.send_message(room, "pong", mtype="groupchat")


if __name__ == "__main__":
    run = answer(int(sys.argv[2])) if sys.argv[1] == "--answer" else talk(*map(int, sys.argv[1:3]))
    asyncio.get_event_loop().run_until_complete(run)
