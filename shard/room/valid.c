/* valid.c: events that no gateway of ours would send. Limits are the gateway's to answer politely;
 * here they only keep one broken peer from harming a room. */
#include "shard/room/room_priv.h"

#include "base/limits.h"

static bool fits(struct str s, size_t limit)
{
    return s.n <= limit && (s.p || !s.n);
}

static bool affiliation_in_range(enum affiliation a)
{
    return (int)a >= 0 && a <= AFFIL_OWNER;
}

static bool role_in_range(enum role r)
{
    return (int)r >= 0 && r <= ROLE_MODERATOR;
}

static bool items_ok(const struct room_event *ev)
{
    if (ev->admin.n > LIMIT_ADMIN_ITEMS)
        return false;
    for (uint32_t i = 0; i < ev->admin.n; i++) {
        const struct room_item *it = &ev->admin.items[i];
        if (!affiliation_in_range(it->affiliation) || !role_in_range(it->role) ||
            !fits(it->jid, LIMIT_JID) || !fits(it->nick, LIMIT_JID_PART) ||
            !fits(it->reason, LIMIT_REASON))
            return false;
    }
    return true;
}

static bool fields_ok(const struct room_field *fields, uint32_t n)
{
    if (n > LIMIT_FORM_FIELDS)
        return false;
    uint32_t values = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct room_field *f = &fields[i];
        if (!fits(f->var, LIMIT_STANZA) || f->n_values > LIMIT_FORM_VALUES - values)
            return false;
        values += f->n_values;
        for (uint32_t v = 0; v < f->n_values; v++) {
            if (!fits(f->values[v], LIMIT_STANZA))
                return false;
        }
    }
    return true;
}

static bool invitations_ok(const struct room_event *ev)
{
    if (ev->invite.n > LIMIT_INVITES || !fits(ev->invite.body, LIMIT_STANZA))
        return false;
    for (uint32_t i = 0; i < ev->invite.n; i++) {
        const struct room_invitation *v = &ev->invite.invitations[i];
        if (!fits(v->to, LIMIT_JID) || !fits(v->reason, LIMIT_REASON) ||
            !fits(v->thread, LIMIT_STANZA))
            return false;
    }
    return true;
}

static bool message_ok(const struct room_event *ev)
{
    return ev->message.type >= 0 && ev->message.type <= 3 &&
           fits(ev->message.subject, LIMIT_SUBJECT) && fits(ev->message.payload, LIMIT_STANZA);
}

static bool archive_ok(const struct room_event *ev)
{
    const struct room_archive_query *q = &ev->archive;
    return fits(q->query_id, LIMIT_ID) && fits(q->with, LIMIT_JID) &&
           q->n_ids <= LIMIT_ARCHIVE_IDS && q->start_ms >= -1 && q->end_ms >= -1 && q->max >= -1;
}

static bool refuse_ok(const struct room_event *ev)
{
    return (int)ev->refuse.stanza >= 0 && ev->refuse.stanza <= ROOM_PRESENCE &&
           (int)ev->refuse.error >= 0 && ev->refuse.error <= SE_RECIPIENT_UNAVAILABLE &&
           fits(ev->refuse.text, LIMIT_STANZA);
}

/* An iq that only the room itself can be asked: to an occupant it would be a RELAY. */
static bool of_the_room(enum room_ev_type type)
{
    return (type >= ROOM_EV_ADMIN_GET && type <= ROOM_EV_REGISTER_REMOVE) ||
           (type >= ROOM_EV_DISCO_INFO && type <= ROOM_EV_IQ_OTHER);
}

bool event_is_valid(const struct room_event *ev)
{
    if (!fits(ev->origin.jid, LIMIT_JID) || !fits(ev->nick, LIMIT_JID_PART) ||
        !fits(ev->id, LIMIT_ID))
        return false;
    bool from_user = ev->origin.jid.n > 0;
    if (of_the_room(ev->type) && ev->nick.n)
        return false;
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
        return from_user && fits(ev->presence.password, LIMIT_STANZA) &&
               fits(ev->presence.payload, LIMIT_STANZA) &&
               fits(ev->presence.mav_since, LIMIT_MAV_SINCE);
    case ROOM_EV_LEAVE:
        return fits(ev->leave.payload, LIMIT_STANZA);
    case ROOM_EV_MESSAGE:
        return from_user && message_ok(ev);
    case ROOM_EV_ERROR:
        return fits(ev->error.condition, LIMIT_NAME) && fits(ev->error.text, LIMIT_STANZA);
    case ROOM_EV_ADMIN_GET:
    case ROOM_EV_ADMIN_SET:
        return from_user && items_ok(ev);
    case ROOM_EV_OWNER_SUBMIT:
        return from_user && fits(ev->owner.form_type, LIMIT_STANZA) &&
               fields_ok(ev->owner.fields, ev->owner.n);
    case ROOM_EV_PROVIDE:
        return from_user && fields_ok(ev->owner.fields, ev->owner.n) &&
               fits(ev->owner.preset, LIMIT_NAME);
    case ROOM_EV_DESTROY:
        return from_user && fits(ev->destroy.alternate, LIMIT_JID) &&
               fits(ev->destroy.reason, LIMIT_REASON) && fits(ev->destroy.password, LIMIT_REASON);
    case ROOM_EV_REGISTER_SUBMIT:
        return from_user && fits(ev->reg.nick, LIMIT_JID_PART);
    case ROOM_EV_INVITE:
        return from_user && invitations_ok(ev);
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_INFO:
        return from_user && fits(ev->command.node, LIMIT_NAME) &&
               fits(ev->command.session, LIMIT_NAME) &&
               fields_ok(ev->command.fields, ev->command.n);
    case ROOM_EV_VCARD_SET:
        return from_user && fits(ev->vcard.xml, LIMIT_VCARD) &&
               fits(ev->vcard.hash, LIMIT_AVATARS * AVATAR_HASH) &&
               ev->vcard.hash.n % AVATAR_HASH == 0 && (ev->vcard.xml.n || !ev->vcard.hash.n);
    case ROOM_EV_DECLINE:
        return from_user && fits(ev->decline.to, LIMIT_JID) &&
               fits(ev->decline.reason, LIMIT_REASON);
    case ROOM_EV_ARCHIVE:
        return from_user && archive_ok(ev);
    case ROOM_EV_MODERATE:
        return from_user && fits(ev->moderate.reason, LIMIT_REASON);
    case ROOM_EV_RELAY:
        return from_user && ev->nick.n && (int)ev->relay.kind >= 0 &&
               ev->relay.kind <= RELAY_PING && fits(ev->relay.payload, LIMIT_STANZA);
    case ROOM_EV_RELAY_ANSWER:
        return from_user && fits(ev->relay_answer.ticket, LIMIT_TICKET) &&
               fits(ev->relay_answer.payload, LIMIT_STANZA);
    case ROOM_EV_VOICE:
        return from_user && role_in_range(ev->voice.role) && fits(ev->voice.nick, LIMIT_JID_PART) &&
               fits(ev->voice.jid, LIMIT_JID);
    case ROOM_EV_REFUSE:
    case ROOM_EV_PERSIST_FAILED:
        return refuse_ok(ev);
    case ROOM_EV_PROBE:
    case ROOM_EV_OWNER_GET:
    case ROOM_EV_OWNER_CANCEL:
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_REGISTER_REMOVE:
    case ROOM_EV_DISCO_INFO:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_PING:
    case ROOM_EV_ARCHIVE_FORM:
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_IQ_OTHER:
        return from_user;
    case ROOM_EV_DISCO_ITEMS:
        return from_user && fits(ev->items.after, LIMIT_JID_PART) &&
               fits(ev->items.before, LIMIT_JID_PART);
    case ROOM_EV_GATEWAY_LOST:
        return ev->origin.gw != 0;
    case ROOM_EV_TICK:
    case ROOM_EV_PERSISTED:
        return true;
    }
    return false;
}
