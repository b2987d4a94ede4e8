"""slixmpp_resume.py PORT PORT: a slixmpp client with stream management (XEP-0198) loses its connection in the middle of a
conversation, resumes its stream, and has missed nothing; nobody saw it go. Exit 0 if so."""
import asyncio
import sys

from slixmpp_talk import Talker

ROOM = "resumed@conference.localhost"


class Resumer(Talker):
    def __init__(self, name, port):
        super().__init__(name, port)
        self.register_plugin("xep_0198")
        self.resumed = asyncio.Queue()
        self.add_event_handler("session_resumed", self.resumed.put_nowait)


async def main(ports):
    ann, bob = Resumer("slix-a", ports[0]), Talker("slix-b", ports[1])
    gone = []
    bob.add_event_handler("muc::%s::got_offline" % ROOM, gone.append)
    await bob.log_in()
    await ann.log_in()
    await bob.enter(ROOM, "Bob")
    await bob.plugin["xep_0045"].set_room_config(
        ROOM, await submitted(bob))
    await ann.enter(ROOM, "Ann")
    for turn in range(3):
        ann.transport.abort()
        for i in range(20):
            bob.send_message(ROOM, "%d.%d" % (turn, i), mtype="groupchat")
        for i in range(20):
            await bob.hear("Bob", "%d.%d" % (turn, i))
        ann.connect(("127.0.0.1", ann.port_), disable_starttls=False)
        await asyncio.wait_for(ann.resumed.get(), 60)
        heard = [(await asyncio.wait_for(ann.heard.get(), 60))["body"] for _ in range(20)]
        assert heard == ["%d.%d" % (turn, i) for i in range(20)], heard
        ann.send_message(ROOM, "here %d" % turn, mtype="groupchat")
        await bob.hear("Ann", "here %d" % turn)
        await ann.hear("Ann", "here %d" % turn)
    assert not gone, gone
    print("resumed")


async def submitted(client):
    form = await client.plugin["xep_0045"].get_room_config(ROOM)
    form.set_type("submit")
    return form


if __name__ == "__main__":
    asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main([int(p) for p in sys.argv[1:3]]), 180))
