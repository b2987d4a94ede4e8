/* info.c: what a room answers about itself (XEP-0045 §6, XEP-0199, XEP-0410). */
#include "shard/room/show.h"

/* R80, W77 */
static void disco_info(struct step *st)
{
    const struct room *room = st->room;
    struct fx *f = reply_add(st, FXR_DISCO_INFO);
    f->reply.config = config_copy(&st->fx->arena, &room->config);
    f->reply.n_occupants = room->roster.n_occupants;
    f->reply.subject = show_str(st, room->subject);
}

/* R81, W78: a hidden room shows its occupants to occupants. */
static void disco_items(struct step *st)
{
    const struct room *room = st->room;
    struct str *nicks = NULL;
    uint32_t n = 0;
    if (room->config.public_room || step_session(st)) {
        nicks = arena_alloc(&st->fx->arena, room->roster.n_occupants * sizeof *nicks);
        for (const struct occupant *o = room->roster.by_nick; o; o = o->hh.next)
            nicks[n++] = show_str(st, o->nick);
    }
    struct fx *f = reply_add(st, FXR_DISCO_ITEMS);
    f->reply.nicks = nicks;
    f->reply.n_nicks = n;
}

/* R63, W62, XEP-0045 §7.12 */
static void own_nick(struct step *st)
{
    const struct affil *e = affils_get(&st->room->affils, step_bare(st));
    struct fx *f = reply_add(st, FXR_OWN_NICK);
    f->reply.nick = e ? show_str(st, e->a.nick) : STR_NULL;
}

/* R82, W79, XEP-0410: is this very session inside, under this nick? */
static void ping(struct step *st)
{
    const struct session *s = step_session(st);
    if (!st->ev->nick.n || (s && str_eq(s->occupant->nick, st->ev->nick)))
        reply_empty(st);
    else
        reply_error(st, SE_NOT_ACCEPTABLE);
}

void info_step(struct step *st)
{
    if (st->ev->type == ROOM_EV_DISCO_INFO)
        disco_info(st);
    else if (st->ev->type == ROOM_EV_DISCO_ITEMS)
        disco_items(st);
    else if (st->ev->type == ROOM_EV_OWN_NICK)
        own_nick(st);
    else if (st->ev->type == ROOM_EV_PING)
        ping(st);
    else
        reply_error(st, SE_SERVICE_UNAVAILABLE);
}

/* R83, W35. Between occupants nothing is relayed yet. */
void occupant_iq_step(struct step *st)
{
    enum room_ev_type type = st->ev->type;
    bool disco = type == ROOM_EV_DISCO_INFO || type == ROOM_EV_DISCO_ITEMS;
    if (!step_session(st))
        reply_error(st, disco ? SE_BAD_REQUEST : SE_NOT_ACCEPTABLE);
    else if (!roster_nick(&st->room->roster, st->ev->nick))
        reply_error(st, SE_ITEM_NOT_FOUND);
    else
        reply_error(st, SE_SERVICE_UNAVAILABLE);
}
