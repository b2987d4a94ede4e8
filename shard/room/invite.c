/* invite.c: invitations through the room and their refusal (XEP-0045 §7.8.2). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/jid.h"

/* R70, W71 */
static bool may_invite(const struct room *room, const struct session *s)
{
    const struct room_config *cfg = &room->config;
    if (!s || !role_has_voice(s->occupant->role, cfg->moderated))
        return false;
    enum affiliation a = s->occupant->person->affiliation;
    if (!cfg->members_only)
        return true;
    return a >= AFFIL_ADMIN || (a == AFFIL_MEMBER && cfg->allow_invites);
}

static struct str occupant_jid(struct arena *a, struct str room, struct str nick)
{
    char *p = arena_alloc(a, room.n + 1 + nick.n);
    memcpy(p, room.p, room.n);
    p[room.n] = '/';
    memcpy(p + room.n + 1, nick.p, nick.n);
    return (struct str){p, room.n + 1 + nick.n};
}

/* R71, W70: the inviter is shown under his occupant JID. */
static void post(struct step *st, const struct room_invitation *list, uint32_t n, struct str from,
                 bool has_body, struct str body)
{
    const struct room_config *cfg = &st->room->config;
    for (uint32_t i = 0; i < n; i++) {
        struct fx *f = room_effects_add(st->fx, FX_POST);
        f->post.to = show_str(st, list[i].to);
        f->post.id = show_str(st, st->asker.id);
        f->post.from = show_str(st, from);
        f->post.reason = show_str(st, list[i].reason);
        f->post.has_continue = list[i].has_continue;
        f->post.thread = show_str(st, list[i].thread);
        f->post.has_password = cfg->secret.n > 0;
        f->post.password = show_str(st, cfg->secret);
        f->post.has_body = has_body;
        f->post.body = show_str(st, body);
    }
}

/* R72, W72: strangers become members first. */
static void commit(struct step *st)
{
    const struct room_event *ev = st->ev;
    const struct session *s = step_session(st);
    struct pending *p = pending_new(st, P_INVITE);
    struct room_invitation *list = arena_alloc(&p->arena, ev->invite.n * sizeof *list);
    for (uint32_t i = 0; i < ev->invite.n; i++) {
        const struct room_invitation *v = &ev->invite.invitations[i];
        list[i] = *v;
        list[i].to = arena_str(&p->arena, v->to);
        list[i].reason = arena_str(&p->arena, v->reason);
        list[i].thread = arena_str(&p->arena, v->thread);
        struct str bare = jid_bare(list[i].to);
        if (plan_lookup(&p->plan, st->room, bare) == AFFIL_NONE)
            plan_affiliation(&p->plan, st->room, bare, AFFIL_MEMBER, v->reason.n > 0, v->reason);
    }
    p->invite.list = list;
    p->invite.n = ev->invite.n;
    p->invite.from = occupant_jid(&p->arena, st->room->jid, s->occupant->nick);
    p->invite.has_body = ev->invite.has_body;
    p->invite.body = arena_str(&p->arena, ev->invite.body);
    struct fx *f = commit_add(st, p, FXS_AFFILIATIONS);
    commit_state(st, f, NULL);
    commit_plan(st, f, &p->plan);
}

void invite_commit(struct step *st, struct pending *p)
{
    plan_apply(st, &p->plan, NULL, step_bare(st));
    post(st, p->invite.list, p->invite.n, p->invite.from, p->invite.has_body, p->invite.body);
}

/* R123: each user so many in a minute, also if he leaves and comes back. */
static bool may_post(struct step *st, uint32_t n)
{
    uint32_t rate = st->room->service->invite_rate;
    if (!rate)
        return true;
    struct recent *r = recents_get(&st->room->recents, step_bare(st));
    return rate_take(&r->posts, n, rate, 60000, st->ev->now_ms);
}

void invite_step(struct step *st)
{
    const struct room *room = st->room;
    const struct room_event *ev = st->ev;
    const struct session *s = step_session(st);
    if (!may_invite(room, s)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (!ev->invite.n) {
        reply_error(st, SE_BAD_REQUEST);
        return;
    }
    uint32_t strangers = 0;
    for (uint32_t i = 0; i < ev->invite.n; i++) {
        struct jid jid;
        struct str to = ev->invite.invitations[i].to;
        if (jid_split(to, &jid) != 0) {
            reply_error(st, SE_JID_MALFORMED);
            return;
        }
        strangers += room_affil(room, jid_bare(to)) == AFFIL_NONE;
    }
    if (room->config.members_only && !affils_fit(room, strangers)) {
        reply_error(st, SE_POLICY_VIOLATION); /* R133 */
        return;
    }
    if (s->occupant->person->affiliation < AFFIL_ADMIN && !may_post(st, ev->invite.n)) {
        reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("Too many invitations"));
        return;
    }
    if (room->config.members_only && strangers)
        commit(st);
    else
        post(st, ev->invite.invitations, ev->invite.n,
             occupant_jid(&st->fx->arena, room->jid, s->occupant->nick), ev->invite.has_body,
             ev->invite.body);
}

/* The newest session of a nick. */
static struct str newest_jid(const struct occupant *o)
{
    return LIST_ENTRY(o->sessions.prev, struct session, in_occupant)->jid;
}

/* Who is meant by the address of a refusal: somebody inside, by nick or real JID, or somebody who
 * belongs to the room. Empty: nobody the room will write to. */
static struct str inviter(const struct room *room, struct str to)
{
    if (str_eq(jid_bare(to), room->jid)) {
        const struct occupant *o = roster_nick(&room->roster, jid_resource(to));
        return o ? newest_jid(o) : STR_NULL;
    }
    const struct person *p = roster_person(&room->roster, jid_bare(to));
    if (p || room_affil(room, jid_bare(to)) >= AFFIL_MEMBER)
        return to;
    return STR_NULL;
}

/* R73, W73. The room is no relay for strangers, and its silence tells them nothing. Nobody needs to
 * have been invited to refuse, so it has the bounds of inviting. */
void decline_step(struct step *st)
{
    enum affiliation a = room_affil(st->room, step_bare(st));
    struct str to = inviter(st->room, st->ev->decline.to);
    if (!to.n || a == AFFIL_OUTCAST || (a < AFFIL_ADMIN && !may_post(st, 1)))
        return;
    struct fx *f = room_effects_add(st->fx, FX_POST);
    f->post.is_decline = true;
    f->post.to = show_str(st, to);
    f->post.id = show_str(st, st->asker.id);
    f->post.from = show_str(st, step_bare(st));
    f->post.reason = show_str(st, st->ev->decline.reason);
}
