/* nick.c: changing one's nickname (XEP-0045 §7.6). */
#include "shard/room/show.h"

/* R22, W36. Only the session that asks moves; other sessions of its nick stay where they are. To a
 * nick of one's own other sessions it joins them there, and has their role. */
void nick_step(struct step *st, struct session *s)
{
    struct room *room = st->room;
    struct str nick = st->ev->nick;
    if (nick_refused(st, nick))
        return;
    struct str kept = nick_enforced(room, s->occupant->person->bare);
    if (kept.n && !str_eq(kept, nick)) { /* R120 */
        reply_error(st, SE_NOT_ACCEPTABLE);
        return;
    }
    if (nick_taken(room, nick, s->occupant->person->bare)) {
        reply_error(st, SE_CONFLICT);
        return;
    }
    if (presence_limited(st, s)) {
        reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("The room is busy"));
        return;
    }
    struct str old = show_str(st, s->occupant->nick);
    roster_move(&room->roster, s, nick);
    session_set_presence(s, st->ev->presence.payload);
    list_remove(&s->in_late);

    struct room_record *r = arena_alloc(&st->fx->arena, sizeof *r);
    *r = show_record(st, s, false);
    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = FXP_NICK;
    f->presence.old_nick = old;
    f->presence.statuses[f->presence.n_statuses++] = 303; /* of the goodbye of the old nick */
    f->presence.records = r;
    f->presence.n_records = 1;
}
