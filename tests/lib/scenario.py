"""Runs .scn files: conversations between clients and the server, told stanza by stanza.

    # comment
    actor romeo user@localhost            declares a client
    set room team@conference.localhost    {room} in what follows

    romeo +                               connects (all actors connect at once when first named with +)
    romeo > <presence to='{room}/Romeo'/> sends; indented lines continue the stanza
    romeo < <presence from='{room}/...'/> the NEXT stanza must match
    romeo ~ <message .../>                skips stanzas until one matches
    romeo !                               nothing more arrives (a ping to the server comes back first)
    romeo -                               closes the stream;   romeo x   breaks the connection

An attribute =`?word` in a pattern takes any value, which is {word} in later steps.
{romeo} is the full JID of an actor, {romeo.bare} the bare one; <.../> as a child stands for "any more
children". A pattern matches if it has the same name, every attribute it names (=`*`: any value, =`-`:
absent) and these children in this order; in the namespaces jabber:client and below it may leave
children out, in <x xmlns='...muc#user'> and other payloads nothing may be added, left out or swapped.
"""
import re
import sys
import os
from xml.sax.saxutils import quoteattr

sys.path.insert(0, os.path.dirname(__file__))
import xmpp  # noqa: E402

LOOSE = {xmpp.CLIENT, xmpp.STANZAS}


class ScenarioError(Exception):
    """A step did not go as told."""


def parse(text):
    """Steps as (line number, actor, verb, argument)."""
    steps, actors, settings = [], {}, {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace():
            step = steps[-1]
            steps[-1] = step[:3] + (step[3] + " " + line.strip(),)
            continue
        words = line.split(None, 2)
        if words[0] == "actor":
            actors[words[1]] = words[2]
        elif words[0] == "set":
            settings[words[1]] = words[2]
        elif words[0] in actors and len(words) > 1 and words[1] in "+><~!-x":
            steps.append((number, words[0], words[1], words[2] if len(words) > 2 else ""))
        else:
            raise ScenarioError("line %d: cannot read %r" % (number, line))
    return actors, settings, steps


def pattern(xml):
    parser = xmpp.Parser()
    parser.feed("<root xmlns='%s'>" % xmpp.CLIENT)
    parser.feed(xml)
    if len(parser.ready) != 1:
        raise ScenarioError("not one stanza: " + xml)
    return parser.ready[0]


def difference(want, got):
    """Why `got` does not match, or None."""
    if (want.ns, want.name) != (got.ns, got.name):
        return "<%s xmlns=%s> instead of <%s xmlns=%s>" % (got.name, quoteattr(got.ns),
                                                           want.name, quoteattr(want.ns))
    for key, value in want.attrs.items():
        have = got.attrs.get(key)
        if value == "-" and have is not None:
            return "<%s> has %s=%r" % (got.name, key, have)
        if value not in ("*", "-") and (not value.startswith("?") or not have) and have != value:
            return "<%s> has %s=%r instead of %r" % (got.name, key, have, value)
    strict = want.ns not in LOOSE
    if strict and set(got.attrs) - set(want.attrs):
        return "<%s> has more attributes: %s" % (got.name, sorted(set(got.attrs) - set(want.attrs)))
    if want.text.strip() not in ("", "*") and want.text.strip() != got.text.strip():
        return "<%s> says %r instead of %r" % (got.name, got.text, want.text.strip())
    kids = list(got.kids)
    open_end = bool(want.kids) and want.kids[-1].name == "..."
    wanted = want.kids[:-1] if open_end else want.kids
    for kid in wanted:
        if strict:
            if not kids:
                return "<%s> lacks <%s>" % (got.name, kid.name)
            reason = difference(kid, kids.pop(0))
            if reason:
                return reason
            continue
        reasons = []
        while kids:
            reason = difference(kid, kids.pop(0))
            if not reason:
                break
            reasons.append(reason)
        else:
            return "no child matches <%s>: %s" % (kid.name, "; ".join(reasons) or "none is left")
    if strict and kids and not open_end:
        return "<%s> has more children, first <%s>" % (got.name, kids[0].name)
    return None


class Scenario:
    """One run. ports: the actors connect to them in turn. login: more of xmpp.Client's options."""

    def __init__(self, text, ports, suffix="", turn=0, timeout=30, **login):
        self.actors, self.settings, self.steps = parse(text.replace("<.../>", "<_any_/>"))
        self.ports, self.suffix, self.turn = ports, suffix, turn
        self.login = dict(login, timeout=timeout)
        self.clients = {}
        # A suffix gives each run users and rooms of its own.
        self.users = {name: jid.replace("@", suffix + "@", 1) for name, jid in self.actors.items()}
        self.settings = {key: value.replace("@", suffix + "@", 1) if "@conference." in value else value
                         for key, value in self.settings.items()}

    def fill(self, text):
        def value(found):
            name, _, part = found.group(1).partition(".")
            if name in self.settings:
                return self.settings[name]
            if name in self.users:
                return self.users[name] if part == "bare" else self.clients[name].full
            raise ScenarioError("unknown {%s}" % found.group(1))
        return re.sub(r"\{([a-z0-9_.]+)\}", value, text)

    def run(self):
        try:
            for number, actor, verb, argument in self.steps:
                try:
                    self.step(actor, verb, argument)
                except (ScenarioError, xmpp.XmppError, OSError) as error:
                    raise ScenarioError("line %d: %s %s: %s" % (number, actor, verb, error)) from error
        finally:
            for client in self.clients.values():
                client.close()

    def step(self, actor, verb, argument):
        if verb == "+":
            port = self.ports[self.turn % len(self.ports)]
            self.turn += 1
            self.clients[actor] = self.connect(port, self.users[actor])
            return
        client = self.clients[actor]
        if verb == ">":
            client.send(self.outgoing(actor, self.fill(argument).replace("<_any_/>", "")))
        elif verb == "-":
            client.close()
        elif verb == "x":
            client.drop()
        elif verb == "!":
            client.send("<iq type='get' id='quiet'><ping xmlns='urn:xmpp:ping'/></iq>")
            got = client.next()
            if got is None or got["id"] != "quiet":
                raise ScenarioError("wanted silence, got %s" % got)
        else:
            want = pattern(self.fill(argument))
            self.rename_any(want)
            if self.known(actor, want):
                return
            while True:
                got = client.next()
                if got is None:
                    raise ScenarioError("nothing came; wanted %s" % want)
                reason = difference(want, got)
                if not reason:
                    self.remember(want, got)
                    self.arrived(actor, want)
                    return
                if verb == "<":
                    raise ScenarioError("%s\n  wanted %s\n  got    %s" % (reason, want, got))

    def remember(self, want, got):
        for key, value in want.attrs.items():
            if value.startswith("?"):
                self.settings[value[1:]] = got.attrs[key]

    # Where a run that differs from what is told may step in (defaults.py).

    def connect(self, port, user):
        return xmpp.Client(port, user, **self.login).connect()

    def outgoing(self, actor, stanza):
        return stanza

    def known(self, actor, want):
        """Has what is wanted been seen already?"""
        return False

    def arrived(self, actor, want):
        pass

    def rename_any(self, element):
        for kid in element.kids:
            if kid.name == "_any_":
                kid.name = "..."
            self.rename_any(kid)


def run_file(path, ports, **options):
    with open(path, encoding="utf-8") as file:
        Scenario(file.read(), ports, **options).run()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: scenario.py PORT[,PORT..] FILE.scn ...")
    for name in sys.argv[2:]:
        run_file(name, [int(p) for p in sys.argv[1].split(",")])
        print("ok", name)
