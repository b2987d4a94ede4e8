/* presence.c: available presence and probes (XEP-0045 §7.7, §7.2.18, §17.3). */
#include "shard/room/show.h"

/* R122: more changes than the service allows a room. Admins are never limited. */
bool presence_limited(struct step *st, const struct session *s)
{
    const struct room_service *service = st->room->service;
    return s->occupant->person->affiliation < AFFIL_ADMIN &&
           !rate_take(&st->room->presences, 1, service->presence_rate, 1000, st->ev->now_ms);
}

static void update_show(struct step *st, const struct session *s)
{
    struct room_record *r = arena_alloc(&st->fx->arena, sizeof *r);
    *r = show_record(st, s, false);
    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = FXP_UPDATE;
    f->presence.records = r;
    f->presence.n_records = 1;
}

/* R21, XEP-0045 §7.7. What comes too fast is shown later, and of one session only its last (R122).
 */
static void update(struct step *st, struct session *s)
{
    session_set_presence(s, st->ev->presence.payload);
    if (!list_empty(&s->in_late))
        return;
    if (presence_limited(st, s))
        list_push_back(&st->room->roster.late, &s->in_late);
    else
        update_show(st, s);
}

void late_presences_step(struct step *st)
{
    LIST_FOREACH_SAFE(it, next, &st->room->roster.late)
    {
        struct session *s = LIST_ENTRY(it, struct session, in_late);
        if (presence_limited(st, s))
            return;
        list_remove(&s->in_late);
        update_show(st, s);
    }
}

/* R20: what an available presence is depends on who is inside and under which nick. One to the bare
 * room from somebody inside means his present nick. */
void presence_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    struct session *s = step_session(st);
    if (!s) {
        if (ev->presence.join) {
            join_step(st);
            return;
        }
        /* R13, W28, XEP-0045 §7.2.18: Groupchat 1.0 is not served. */
        struct fx *f = reply_add(st, FXR_NOT_INSIDE);
        f->reply.affiliation = room_affil(st->room, step_bare(st));
        return;
    }
    bool other = ev->nick.n && !str_eq(ev->nick, s->occupant->nick);
    /* Who asked for another nick than he was given may ask for it again (R120). */
    bool kept = ev->presence.join &&
                str_eq(nick_enforced(st->room, s->occupant->person->bare), s->occupant->nick);
    if (other && !kept)
        nick_step(st, s);
    else if (ev->presence.join)
        join_resync(st, s);
    else
        update(st, s);
}

/* R24, W40, XEP-0045 §17.3 */
void probe_step(struct step *st)
{
    const struct room *room = st->room;
    const struct session *asker = step_session(st);
    if (!asker) {
        reply_error(st, SE_NOT_ACCEPTABLE); /* the same for every nick: nothing can be learnt */
        return;
    }
    const struct occupant *o = roster_nick(&room->roster, st->ev->nick);
    if (o) {
        struct room_record *records = arena_alloc(&st->fx->arena, o->n_sessions * sizeof *records);
        uint32_t n = 0;
        LIST_FOREACH(it, &o->sessions)
        records[n++] = show_record(st, LIST_ENTRY(it, struct session, in_occupant), true);
        struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
        f->presence.kind = FXP_SHOW;
        f->presence.to_sid = st->asker.origin.sid;
        f->presence.records = records;
        f->presence.n_records = n;
        return;
    }
    const struct affil *e = affils_nick(&room->affils, st->ev->nick);
    if (e)
        absent_show(st, &e->a, asker);
}
