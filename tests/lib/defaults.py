"""Conversations on a cluster whose rooms begin otherwise (README.md, Settings).

Rules look at what a room is, never at the default it began as: with its first form set to the values
that are shipped, every conversation goes as it is told. What differs before is added here: the
statuses of the first presence, and those of that form.
"""
import re

import scenario
import xmpp

OWNER = "http://jabber.org/protocol/muc#owner"
FORM = "<x xmlns='jabber:x:data' type='submit'"
ROLES = ("visitor", "participant", "moderator")

# Field of the form: the option under room.default., what is shipped, another value.
FIELDS = {
    "muc#roomconfig_roomname": ("roomname", "", "Another name"),
    "muc#roomconfig_roomdesc": ("roomdesc", "", "Another description"),
    "muc#roomconfig_lang": ("lang", "", "it"),
    "muc#roomconfig_passwordprotectedroom": ("passwordprotectedroom", "0", "true"),
    "muc#roomconfig_persistentroom": ("persistentroom", "0", "true"),
    "muc#roomconfig_publicroom": ("publicroom", "1", "false"),
    "muc#roomconfig_membersonly": ("membersonly", "0", "true"),
    "muc#roomconfig_moderatedroom": ("moderatedroom", "0", "true"),
    "muc#roomconfig_changesubject": ("changesubject", "0", "true"),
    "muc#roomconfig_enablelogging": ("enablelogging", "0", "true"),
    "muc#roomconfig_allowinvites": ("allowinvites", "0", "true"),
    "muc#roomconfig_whois": ("whois", "moderators", "anyone"),
    "muc#roomconfig_allowpm": ("allowpm", "anyone", "none"),
    "muc#roomconfig_maxusers": ("maxusers", "", "7"),
    "muc#roomconfig_presencebroadcast": ("presencebroadcast", ROLES, "none"),
    "muc#roomconfig_getmemberlist": ("getmemberlist", "", ",".join(ROLES)),
    "muc#roomconfig_slow_mode_duration": ("slow_mode_duration", "0", "60"),
    "muc#maxhistoryfetch": ("maxhistoryfetch", "256", "1"),
    "x-muc#roomconfig_archive": ("archive", "1", "false"),
    "x-muc#roomconfig_archive_messages": ("archive_messages", "1000", "5"),
    "x-muc#roomconfig_archive_days": ("archive_days", "7", "1"),
    "x-muc#roomconfig_listoccupants": ("listoccupants", "1", "false"),
    "x-muc#roomconfig_registration": ("registration", "1", "false"),
}


# Of a cluster whose rooms begin so.
SETTINGS = {"room.default." + option: other for option, _, other in FIELDS.values()}
SETTINGS["room.default.roomsecret"] = "another"


def filled(stanza):
    """The form with the shipped value of each field that it does not speak of."""
    fields = ""
    for var, (_, shipped, _) in FIELDS.items():
        said = "'%s'" % var in stanza
        if said or (var.endswith("passwordprotectedroom") and "roomsecret'" in stanza):
            continue
        values = [shipped] if isinstance(shipped, str) else shipped
        fields += "<field var='%s'>%s</field>" % (
            var, "".join("<value>%s</value>" % v for v in values))
    stanza = stanza.replace(FORM + "/>", FORM + "></x>")
    return stanza.replace(FORM + ">", FORM + ">" + fields)


def statuses(stanza):
    x = stanza.find("x", xmpp.MUC_USER)
    return [k["code"] for k in x.kids if k.name == "status"] if x else []


class Scenario(scenario.Scenario):
    """A conversation on such a cluster."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.rooms, self.forms = set(), {}  # that have been configured; id of the form of an actor
        self.told = set()                   # actors who were told of its changes

    def outgoing(self, actor, stanza):
        self.told.discard(actor)
        room = re.search(r" to='([^']*)'", stanza)
        if OWNER in stanza and FORM in stanza and room and room.group(1) not in self.rooms:
            self.rooms.add(room.group(1))
            self.forms[actor] = re.search(r" id='([^']*)'", stanza).group(1)
            return filled(stanza)
        return stanza

    def known(self, actor, want):
        if "201" in statuses(want):
            kids = want.find("x", xmpp.MUC_USER).kids
            kids[1:1] = [xmpp.Element(xmpp.MUC_USER, "status", {"code": c}) for c in ("100", "170")]
        told = actor in self.told and want.name == "message" and statuses(want) == ["104"]
        self.told.discard(actor)
        return told

    def arrived(self, actor, want):
        """After the result of the first form: one message with what it changed (W3, W67)."""
        if want.name != "iq" or want["id"] != self.forms.get(actor, ""):
            return
        del self.forms[actor]
        got = self.clients[actor].next()
        if got is None or statuses(got) != ["104", "171", "173"]:
            raise scenario.ScenarioError("wanted what the first form changed, got %s" % got)
        self.told.add(actor)
