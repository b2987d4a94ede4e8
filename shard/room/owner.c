/* owner.c: muc#owner: configuring a room, accepting or refusing a new one, destroying it (XEP-0045
 * §10). */
#include "shard/room/show.h"

#include "base/jid.h"
#include "base/limits.h"

/* R50, W69 */
static bool owner_only(struct step *st)
{
    if (room_affil(st->room, step_bare(st)) == AFFIL_OWNER)
        return true;
    reply_error(st, SE_FORBIDDEN);
    return false;
}

static const struct str *jids_with(struct step *st, enum affiliation a, uint32_t *n)
{
    struct str *list = arena_alloc(&st->fx->arena, st->room->affils.n * sizeof *list);
    *n = 0;
    for (const struct affil *e = st->room->affils.by_jid; e; e = e->hh.next) {
        if (e->a.affiliation == a)
            list[(*n)++] = show_str(st, e->a.jid);
    }
    return list;
}

/* W63 */
void owner_get_step(struct step *st)
{
    if (!owner_only(st))
        return;
    struct fx *f = reply_add(st, FXR_CONFIG);
    f->reply.config = config_copy(&st->fx->arena, &st->room->config);
    f->reply.admins = jids_with(st, AFFIL_ADMIN, &f->reply.n_admins);
    f->reply.owners = jids_with(st, AFFIL_OWNER, &f->reply.n_owners);
}

static bool listed(const struct str *list, uint32_t n, struct str s)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(list[i], s))
            return true;
    }
    return false;
}

/* R54, W66: the lists of a form are full; what the room has besides is dropped. Only differences
 * get into the plan. false: they are more than one request may change. */
static bool plan_lists(struct plan *plan, const struct room *room, const struct config_submit *in)
{
    for (uint32_t i = 0; i < in->n_owners; i++) {
        if (affils_exact(&room->affils, in->owners[i]) != AFFIL_OWNER)
            plan_affiliation(plan, room, in->owners[i], AFFIL_OWNER, false, STR_NULL);
    }
    for (uint32_t i = 0; i < in->n_admins; i++) {
        enum affiliation a = affils_exact(&room->affils, in->admins[i]);
        bool owns =
            in->has_owners ? listed(in->owners, in->n_owners, in->admins[i]) : a == AFFIL_OWNER;
        /* A dropped owner becomes admin below, whether he is named here or not. */
        if (!owns && a != AFFIL_OWNER && a != AFFIL_ADMIN)
            plan_affiliation(plan, room, in->admins[i], AFFIL_ADMIN, false, STR_NULL);
    }
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next) {
        bool owner = e->a.affiliation == AFFIL_OWNER && in->has_owners;
        bool admin = e->a.affiliation == AFFIL_ADMIN && in->has_admins;
        if ((!owner && !admin) || listed(in->owners, in->n_owners, e->a.jid) ||
            (admin && listed(in->admins, in->n_admins, e->a.jid)))
            continue;
        if (plan->n >= 2 * LIMIT_FORM_VALUES)
            return false;
        plan_affiliation(plan, room, e->a.jid, owner ? AFFIL_ADMIN : AFFIL_NONE, false, STR_NULL);
    }
    return true;
}

/* R51, W64: whole or not at all. */
void owner_submit_step(struct step *st)
{
    if (!owner_only(st))
        return;
    const struct room *room = st->room;
    struct config_submit in;
    struct plan plan;
    plan_init(&plan, &st->fx->arena);
    enum stanza_error e = config_form_read(room, &room->config, st->ev, &st->fx->arena, &in);
    if (!e) {
        bool few = plan_lists(&plan, room, &in);
        e = !few || !plan_fits(&plan, room)  ? SE_POLICY_VIOLATION /* R54, R133 */
            : plan_loses_owners(&plan, room) ? SE_CONFLICT
                                             : SE_NONE;
    }
    if (e) {
        reply_error(st, e);
        return;
    }
    uint16_t codes[8];
    uint8_t n_codes = config_codes(&room->config, &in.config, codes);
    if (!n_codes && !plan.n && !room->locked) {
        reply_empty(st);
        return;
    }
    struct pending *p = pending_new(st, P_CONFIG);
    p->config.config = config_copy(&p->arena, &in.config);
    p->config.n_codes = n_codes;
    memcpy(p->config.codes, codes, n_codes * sizeof *codes);
    plan_copy(&p->plan, &plan);
    const struct session *s = step_session(st);
    p->actor = (struct actor){true, s ? arena_str(&p->arena, s->occupant->nick) : STR_NULL,
                              p->asker.origin.jid};
    struct fx *f = commit_add(st, p, FXS_CONFIG);
    commit_state(st, f, &in.config);
    f->persist.state.locked = false; /* R18, W18 */
    commit_plan(st, f, &p->plan);
}

/* R55, W68, XEP-0045 §10.2.1: nick by nick, in order of joining. */
static void remove_strangers(struct step *st)
{
    struct occupant *o, *next;
    HASH_ITER(hh, st->room->roster.by_nick, o, next)
    {
        if (o->person->affiliation == AFFIL_NONE)
            leave_occupant(st, o, &(struct farewell){.status = 322});
    }
}

/* R6, W3: presences, result, one message. The configuration is in force before the first presence,
 * so that every copy has the view that holds from now on, and who is dropped from a list while the
 * room becomes members-only leaves once (W6). */
void owner_commit(struct step *st, struct pending *p)
{
    struct room *room = st->room;
    struct room_config before = room->config;
    config_own(&room->config, &p->config.config);
    room->locked = false;
    const struct room_config *now = &room->config;
    if (before.whois_anyone != now->whois_anyone ||
        before.presence_broadcast != now->presence_broadcast) {
        show_facts(st);
    }
    plan_apply(st, &p->plan, &p->actor, step_bare(st));
    if (now->members_only && !before.members_only)
        remove_strangers(st);
    config_release(&before);
    reply_empty(st);
    if (p->config.n_codes && room->roster.n_occupants) {
        struct fx *f = room_effects_add(st->fx, FX_STATUS);
        memcpy(f->status.codes, p->config.codes, sizeof f->status.codes);
        f->status.n = p->config.n_codes;
    }
}

/* R18, W17: the defaults count as accepted. */
void tick_step(struct step *st)
{
    struct room *room = st->room;
    late_presences_step(st);
    if (!room->locked || st->ev->now_ms < room->lock_ends_ms)
        return;
    struct fx *f = commit_add(st, pending_new(st, P_UNLOCK), FXS_CONFIG);
    commit_state(st, f, NULL);
    f->persist.state.locked = false;
}

void unlock_commit(struct step *st)
{
    st->room->locked = false;
}

/* R57, W19: whoever refuses the first form wants no room. */
void owner_cancel_step(struct step *st)
{
    if (!owner_only(st))
        return;
    if (st->room->locked)
        commit_add(st, pending_new(st, P_DESTROY), FXS_DESTROY);
    else
        reply_empty(st);
}

/* R56, W74, W75, XEP-0045 §10.9 */
void destroy_step(struct step *st)
{
    if (!is_service_admin(st->room, step_bare(st)) && !owner_only(st))
        return;
    const struct room_event *ev = st->ev;
    struct pending *p = pending_new(st, P_DESTROY);
    p->destroy.alternate = arena_str(&p->arena, ev->destroy.alternate);
    p->destroy.reason = arena_str(&p->arena, ev->destroy.reason);
    p->destroy.password = arena_str(&p->arena, ev->destroy.password);
    p->destroy.has_reason = ev->destroy.has_reason;
    p->destroy.has_password = ev->destroy.has_password;
    /* R58: of a room elsewhere, or none; a name that points to itself could never be used again. */
    const struct room *room = st->room;
    bool points = room->service->tombstone_ms && p->destroy.alternate.n &&
                  !str_eq(jid_bare(p->destroy.alternate), room->jid);
    p->destroy.moved_until_ms = points ? ev->now_ms + room->service->tombstone_ms : 0;
    struct fx *f = commit_add(st, p, FXS_DESTROY);
    if (points) {
        f->persist.moved_to = show_str(st, p->destroy.alternate);
        f->persist.moved_until_ms = p->destroy.moved_until_ms;
    }
}

void destroy_commit(struct step *st, struct pending *p)
{
    struct fx *f = room_effects_add(st->fx, FX_DESTROYED);
    f->destroyed.alternate = show_str(st, p->destroy.alternate);
    f->destroyed.reason = show_str(st, p->destroy.reason);
    f->destroyed.password = show_str(st, p->destroy.password);
    f->destroyed.has_reason = p->destroy.has_reason;
    f->destroyed.has_password = p->destroy.has_password;
    if (p->destroy.moved_until_ms)
        room_set_moved(st->room, p->destroy.alternate, p->destroy.moved_until_ms);
    reply_empty(st);
    room_end(st);
}
