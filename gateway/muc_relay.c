/* muc_relay.c: what a room hands from one occupant to another: an iq for one session of ours, or
 * for its user's account, and the answer to one (W35).
 *
 * Who is asked is answered for if he cannot: an iq has exactly one answer (RFC 6120 §8.2.3). */
#include "gateway/muc_priv.h"

static void answer_error(struct muc *m, struct str room, const struct occ *o,
                         const Verona__Relay *r, enum stanza_error e)
{
    Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
    Verona__RelayAnswerIn in = VERONA__RELAY_ANSWER_IN__INIT;
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "<error type='%s'><%s xmlns='" NS_STANZAS "'/></error>", stanza_error_type(e),
               stanza_error_condition(e));
    in.ticket = r->id;
    in.error = true;
    in.payload = wire_bytes(buf_as_str(&b));
    ev.room = wire_bytes(room);
    ev.sid = o->sid;
    ev.jid = wire_bytes(o->jid);
    ev.body_case = VERONA__ROOM_EVENT__BODY_RELAY_ANSWER;
    ev.relay_answer = &in;
    (void)link_request(m->g->link, &ev); /* if the link is that full, the asker's time runs out */
    buf_deinit(&b);
}

void muc_show_relay(struct muc *m, struct str jid, struct mroom *room, const Verona__Relay *r)
{
    bool asks = r->type == VERONA__RELAY__TYPE__GET || r->type == VERONA__RELAY__TYPE__SET;
    if (r->type < VERONA__RELAY__TYPE__GET || r->type > VERONA__RELAY__TYPE__ERROR)
        return;
    const struct occ *o = room ? replica_find_local(room->replica, r->to_sid) : NULL;
    struct client *c = o ? client_by_sid(m->g, r->to_sid) : NULL;
    if (!asks) {
        if (!c)
            return;
    } else if (!o) {
        return; /* he has left: the room knows */
    } else if (r->to_account || !c) {
        /* Accounts have neither vCards nor PEP here, and say as little to others as if they were
         * asked directly (home_route.c). */
        answer_error(m, jid, o, r, SE_SERVICE_UNAVAILABLE);
        return;
    }
    buf_reset(&m->out);
    render_relay(&m->out, jid, r);
    client_send(c, STANZA_IQ, buf_as_str(&m->out), false);
}
