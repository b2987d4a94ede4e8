/* leave.c: every way out that nobody orders: leaving, lost streams and gateways, stanzas that
 * bounce (XEP-0045 §7.14, §17.3, §18.1.2), and the end of a room that has become empty. */
#include "shard/room/show.h"

/* R23, W37, W38. To whatever address: a session has one nick per room. */
void leave_step(struct step *st)
{
    struct session *s = step_session(st);
    if (!s)
        return;
    leave_sessions(st, &s, 1,
                   &(struct farewell){.status = st->ev->leave.broken ? 333 : 0,
                                      .payload = st->ev->leave.payload});
}

/* R25, W39: a message that comes back with one of these found no client there. */
static bool is_fatal(struct str condition)
{
    static const char *const fatal[] = {
        "gone",
        "item-not-found",
        "recipient-unavailable",
        "redirect",
        "remote-server-not-found",
        "remote-server-timeout",
        "service-unavailable",
        "internal-server-error",
        "jid-malformed",
    };
    if (!condition.n)
        return true;
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        if (str_is(condition, fatal[i]))
            return true;
    }
    return false;
}

void error_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    struct session *s = step_session(st);
    if (!s || (!ev->error.from_presence && !is_fatal(ev->error.condition)))
        return;
    bool named = ev->error.condition.n > 0;
    leave_sessions(st, &s, 1,
                   &(struct farewell){
                       .status = 333,
                       .kick_condition = named ? ev->error.condition : STR("undefined-condition"),
                       .kick_text = ev->error.text,
                   });
}

/* R26, W38: nick by nick, in order of joining. */
void gateway_lost_step(struct step *st)
{
    struct roster *r = &st->room->roster;
    struct gateway *g;
    while ((g = roster_gateway(r, st->ev->origin.gw)) != NULL) {
        struct occupant *o = LIST_ENTRY(g->sessions.next, struct session, in_gateway)->occupant;
        struct session **gone = arena_alloc(&st->fx->arena, o->n_sessions * sizeof *gone);
        uint32_t n = 0;
        LIST_FOREACH(it, &o->sessions)
        {
            struct session *s = LIST_ENTRY(it, struct session, in_occupant);
            if (s->gateway == g)
                gone[n++] = s;
        }
        leave_sessions(st, gone, n, &(struct farewell){.status = 333});
    }
}

/* R5, W37, W20: nobody has asked for it, so nobody gets an answer. */
void end_if_empty(struct step *st)
{
    struct room *room = st->room;
    if (!room->exists || room->n_pending || (room->config.persistent && !room->locked))
        return;
    st->asker = (struct asker){.stanza = ROOM_IQ};
    commit_add(st, pending_new(st, P_END), FXS_DESTROY);
}
