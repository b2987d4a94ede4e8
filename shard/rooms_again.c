/* rooms_again.c: requests that come again, at or below the mark of their gateway in the room. A
 * mark is stored with the change that it stands for; answers are stored nowhere, and who asked is
 * not told by the change. So he is answered again, or told that nobody knows. */
#include "shard/codec.h"
#include "shard/rooms_priv.h"

/* Of a request that leaves nothing in the store: may it be done once more? A former owner may have
 * done it, but its gateway has not shown that, and what was known of it is gone with that owner. */
static bool may_repeat(const Verona__RoomEvent *ev)
{
    switch (ev->body_case) {
    case VERONA__ROOM_EVENT__BODY_PRESENCE: /* if it made the room: as one who enters it */
    case VERONA__ROOM_EVENT__BODY_LEAVE:
    case VERONA__ROOM_EVENT__BODY_PROBE:
    case VERONA__ROOM_EVENT__BODY_REFUSE:
        return true;
    case VERONA__ROOM_EVENT__BODY_MESSAGE:
        return ev->message->type != VERONA__MESSAGE_IN__TYPE__GROUPCHAT && ev->nick.len;
    case VERONA__ROOM_EVENT__BODY_QUERY:
    case VERONA__ROOM_EVENT__BODY_VCARD:
    case VERONA__ROOM_EVENT__BODY_COMMAND:
    case VERONA__ROOM_EVENT__BODY_ARCHIVE:
    case VERONA__ROOM_EVENT__BODY_ADMIN:
    case VERONA__ROOM_EVENT__BODY_OWNER:
    case VERONA__ROOM_EVENT__BODY_REGISTER_:
    case VERONA__ROOM_EVENT__BODY_ERROR:
    case VERONA__ROOM_EVENT__BODY_DESTROY:
    case VERONA__ROOM_EVENT__BODY_PROVIDE:
    case VERONA__ROOM_EVENT__BODY_INVITE:
    case VERONA__ROOM_EVENT__BODY_DECLINE:
    case VERONA__ROOM_EVENT__BODY_RELAY:
    case VERONA__ROOM_EVENT__BODY_RELAY_ANSWER:
    case VERONA__ROOM_EVENT__BODY_VOICE:
    case VERONA__ROOM_EVENT__BODY_MODERATE:
    case VERONA__ROOM_EVENT__BODY__NOT_SET:
    case _VERONA__ROOM_EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

static bool only_asks(const Verona__RoomEvent *ev)
{
    switch (ev->body_case) {
    case VERONA__ROOM_EVENT__BODY_QUERY:
    case VERONA__ROOM_EVENT__BODY_ARCHIVE:
        return true;
    case VERONA__ROOM_EVENT__BODY_ADMIN:
        return !ev->admin->set;
    case VERONA__ROOM_EVENT__BODY_VCARD:
        return !ev->vcard->set;
    case VERONA__ROOM_EVENT__BODY_COMMAND:
        return !ev->command->has_form;
    case VERONA__ROOM_EVENT__BODY_OWNER:
        return ev->owner->action == VERONA__OWNER_IN__ACTION__GET;
    case VERONA__ROOM_EVENT__BODY_REGISTER_:
        return ev->register_->action == VERONA__REGISTER_IN__ACTION__GET;
    case VERONA__ROOM_EVENT__BODY_RELAY:
        return !ev->relay->set;
    case VERONA__ROOM_EVENT__BODY_RELAY_ANSWER: /* a second one tells whoever had the first nothing
                                                 */
        return true;
    case VERONA__ROOM_EVENT__BODY_PRESENCE:
    case VERONA__ROOM_EVENT__BODY_LEAVE:
    case VERONA__ROOM_EVENT__BODY_MESSAGE:
    case VERONA__ROOM_EVENT__BODY_ERROR:
    case VERONA__ROOM_EVENT__BODY_PROBE:
    case VERONA__ROOM_EVENT__BODY_DESTROY:
    case VERONA__ROOM_EVENT__BODY_PROVIDE:
    case VERONA__ROOM_EVENT__BODY_INVITE:
    case VERONA__ROOM_EVENT__BODY_DECLINE:
    case VERONA__ROOM_EVENT__BODY_REFUSE:
    case VERONA__ROOM_EVENT__BODY_VOICE:
    case VERONA__ROOM_EVENT__BODY_MODERATE:
    case VERONA__ROOM_EVENT__BODY__NOT_SET:
    case _VERONA__ROOM_EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return false;
}

bool again_is_done(const struct mark *m, const Verona__RoomEvent *ev)
{
    if (ev->rseq > m->rseq || only_asks(ev))
        return false;
    return ev->rseq > m->stored || !may_repeat(ev);
}

void again_answer(struct rooms *rs, const struct entry *e, const struct mark *m,
                  const Verona__RoomEvent *ev)
{
    enum room_stanza stanza;
    bool iq = codec_stanza(ev, &stanza) && stanza == ROOM_IQ;
    if (ev->rseq < m->stored)
        send_refusal(rs, e, m->gw, ev, SE_REMOTE_TIMEOUT_WAIT, OUTCOME_UNKNOWN);
    else if (ev->rseq == m->stored && iq)
        send_empty(rs, e, m->gw, ev);
    else /* answered by us; or what it changed is there to be seen by who enters */
        send_ack(rs, m->gw, ev->rseq, e->jid);
}
