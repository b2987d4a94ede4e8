/* register.c: jabber:iq:register with a room: reserving a nick, becoming a member, and the way back
 * (XEP-0045 §7.10). */
#include "shard/room/show.h"

#include "base/limits.h"
#include "base/utf8.h"

/* R60, W60: the same for all three requests. */
static enum stanza_error refusal(const struct room *room, enum affiliation a)
{
    if (a == AFFIL_OUTCAST)
        return SE_FORBIDDEN;
    if (!takes_registrations(room))
        return SE_SERVICE_UNAVAILABLE;
    if (a == AFFIL_NONE && !room->service->register_strangers)
        return SE_REGISTRATION_REQUIRED;
    return SE_NONE;
}

static void get(struct step *st)
{
    const struct affil *e = affils_get(&st->room->affils, step_bare(st));
    struct fx *f = reply_add(st, FXR_REGISTER);
    f->reply.registered = e && e->a.nick.n;
    f->reply.nick = e ? show_str(st, e->a.nick) : STR_NULL;
}

static void commit(struct step *st, enum affiliation after, struct str nick)
{
    const struct room *room = st->room;
    struct pending *p = pending_new(st, P_REGISTER);
    struct change *c = plan_affiliation(&p->plan, room, step_bare(st), after, false, STR_NULL);
    c->quiet = true; /* nobody else need hear of a reserved nick alone */
    plan_reserve(&p->plan, room, c, nick);
    struct fx *f = commit_add(st, p, FXS_AFFILIATIONS);
    commit_state(st, f, NULL);
    commit_plan(st, f, &p->plan);
}

/* R61, W59 */
static void submit(struct step *st, enum affiliation a)
{
    const struct room_event *ev = st->ev;
    struct str nick = ev->reg.nick;
    if (!ev->reg.valid || str_blank(nick) || utf8_count(nick) > LIMIT_NICK_CHARS) {
        reply_error(st, SE_BAD_REQUEST);
        return;
    }
    if (nick_taken(st->room, nick, step_bare(st))) {
        reply_error(st, SE_CONFLICT);
        return;
    }
    if (!affils_get(&st->room->affils, step_bare(st)) && !affils_fit(st->room, 1)) {
        reply_error(st, SE_POLICY_VIOLATION); /* R133 */
        return;
    }
    commit(st, a < AFFIL_MEMBER ? AFFIL_MEMBER : a, nick);
}

/* R62, W61 */
static void withdraw(struct step *st, enum affiliation a)
{
    if (a == AFFIL_NONE && room_is_served(st->room, step_bare(st)))
        reply_empty(st); /* R132: nothing is stored of him */
    else if (a == AFFIL_NONE)
        reply_error(st, SE_REGISTRATION_REQUIRED);
    else
        commit(st, a == AFFIL_MEMBER ? AFFIL_NONE : a, STR_NULL);
}

void register_step(struct step *st)
{
    enum stanza_error e = refusal(st->room, room_affil(st->room, step_bare(st)));
    enum affiliation a = affils_lookup(&st->room->affils, step_bare(st)); /* as stored */
    if (e)
        reply_error(st, e);
    else if (st->ev->type == ROOM_EV_REGISTER_GET)
        get(st);
    else if (st->ev->type == ROOM_EV_REGISTER_SUBMIT)
        submit(st, a);
    else
        withdraw(st, a);
}

/* No actor, no reason: he did it himself (W9). */
void register_commit(struct step *st, struct pending *p)
{
    plan_apply(st, &p->plan, NULL, step_bare(st));
    reply_empty(st);
}
