/* plan.c: checked changes of roles and affiliations, and carrying them out. */
#include "shard/room/mav.h"
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/jid.h"

void plan_init(struct plan *plan, struct arena *arena)
{
    memset(plan, 0, sizeof *plan);
    plan->arena = arena;
}

static struct change *add(struct plan *plan)
{
    if (plan->n == plan->cap) {
        uint32_t cap = plan->cap ? plan->cap * 2 : 4;
        struct change *list = arena_alloc(plan->arena, cap * sizeof *list);
        if (plan->n)
            memcpy(list, plan->list, plan->n * sizeof *list);
        plan->list = list;
        plan->cap = cap;
    }
    struct change *c = &plan->list[plan->n++];
    memset(c, 0, sizeof *c);
    return c;
}

static struct str keep(struct plan *plan, struct str s)
{
    return s.n ? arena_str(plan->arena, s) : STR_NULL;
}

static const uint32_t *keep_hats(struct plan *plan, const uint32_t *hats, uint32_t n)
{
    uint32_t *copy = arena_alloc(plan->arena, n * sizeof *copy);
    if (n)
        memcpy(copy, hats, n * sizeof *copy);
    return copy;
}

void plan_copy(struct plan *to, const struct plan *from)
{
    for (uint32_t i = 0; i < from->n; i++) {
        struct change *c = add(to);
        *c = from->list[i];
        c->nick = keep(to, c->nick);
        c->jid = keep(to, c->jid);
        c->reserved = keep(to, c->reserved);
        c->reason = keep(to, c->reason);
        c->kept = keep(to, c->kept);
        c->hats = keep_hats(to, c->hats, c->n_hats);
    }
    to->n_affiliations = from->n_affiliations;
    to->n_versions = from->n_versions;
}

void plan_role(struct plan *plan, struct str nick, enum role role, bool has_reason,
               struct str reason)
{
    struct change *c = add(plan);
    c->is_role = true;
    c->nick = keep(plan, nick);
    c->role = role;
    c->has_reason = has_reason;
    c->reason = keep(plan, reason);
}

/* The newest change of this JID in the plan. */
static const struct change *find(const struct plan *plan, struct str jid)
{
    for (uint32_t i = plan->n; i-- > 0;) {
        const struct change *c = &plan->list[i];
        if (!c->is_role && str_eq(c->jid, jid))
            return c;
    }
    return NULL;
}

enum affiliation plan_lookup(const struct plan *plan, const struct room *room, struct str bare)
{
    if (room_is_served(room, bare))
        return AFFIL_OWNER; /* R132 */
    const struct change *c = find(plan, bare);
    enum affiliation own = c ? c->after : affils_exact(&room->affils, bare);
    if (own != AFFIL_NONE)
        return own;
    struct str domain = jid_domain(bare);
    c = find(plan, domain);
    enum affiliation a = c ? c->after : affils_exact(&room->affils, domain);
    return a == AFFIL_OUTCAST ? AFFIL_OUTCAST : AFFIL_NONE;
}

struct change *plan_affiliation(struct plan *plan, const struct room *room, struct str jid,
                                enum affiliation after, bool has_reason, struct str reason)
{
    const struct change *earlier = find(plan, jid);
    const struct affil *stored = affils_get(&room->affils, jid);
    enum affiliation before = earlier  ? earlier->after
                              : stored ? stored->a.affiliation
                                       : AFFIL_NONE;
    struct str nick = earlier ? earlier->reserved : stored ? stored->a.nick : STR_NULL;
    struct str kept = earlier ? earlier->kept : stored ? stored->a.reason : STR_NULL;
    const struct removed *removed = affils_removed(&room->affils, jid);
    uint64_t ver = earlier ? earlier->ver : stored ? stored->a.ver : removed ? removed->ver : 0;
    const uint32_t *hats = earlier ? earlier->hats : stored ? stored->a.hats : NULL;
    uint32_t n_hats = earlier ? earlier->n_hats : stored ? stored->a.n_hats : 0;

    struct change *c = add(plan);
    c->jid = keep(plan, jid);
    c->before = before;
    c->after = after;
    c->reserved = after >= AFFIL_MEMBER ? keep(plan, nick) : STR_NULL; /* W51, W61 */
    c->has_reason = has_reason;
    c->reason = keep(plan, reason);
    c->kept = has_reason ? c->reason : before == after ? keep(plan, kept) : STR_NULL;
    c->ver = before == after ? ver : room->ver + ++plan->n_versions; /* R111 */
    if (after != AFFIL_OUTCAST) {                                    /* R119 */
        c->n_hats = n_hats;
        c->hats = keep_hats(plan, hats, n_hats);
    }
    plan->n_affiliations++;
    return c;
}

bool plan_reserve(struct plan *plan, const struct room *room, struct change *c, struct str nick)
{
    c->reserved = STR_NULL;
    if (!nick.n)
        return true;
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *other = &plan->list[i];
        if (!other->is_role && other != c && str_eq(other->reserved, nick) &&
            !str_eq(other->jid, c->jid) && find(plan, other->jid) == other)
            return false;
    }
    const struct affil *holder = affils_nick(&room->affils, nick);
    if (holder && !str_eq(holder->a.jid, c->jid) && !find(plan, holder->a.jid))
        return false;
    c->reserved = keep(plan, nick);
    return true;
}

/* R42, W44 */
bool plan_loses_owners(const struct plan *plan, const struct room *room)
{
    int64_t owners = room->affils.n_owners;
    if (owners == 0)
        return false;
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        if (!c->is_role)
            owners += (c->after == AFFIL_OWNER) - (c->before == AFFIL_OWNER);
    }
    return owners <= 0;
}

bool affils_fit(const struct room *room, uint32_t n_new)
{
    uint32_t most = room->service->max_affiliations;
    return n_new == 0 || most == 0 || room->affils.n + n_new <= most;
}

bool plan_fits(const struct plan *plan, const struct room *room)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        n += !c->is_role && c->after != AFFIL_NONE && !affils_get(&room->affils, c->jid);
    }
    return affils_fit(room, n);
}

/* The affiliation of somebody inside is another now (or is said again). */
static void apply_inside(struct step *st, struct person *p, enum affiliation after,
                         const struct change *c, const struct actor *actor)
{
    const struct room_config *cfg = &st->room->config;
    enum affiliation before = p->affiliation;
    p->affiliation = after;
    struct farewell how = {.actor = actor, .has_reason = c->has_reason, .reason = c->reason};
    if (after == AFFIL_OUTCAST)
        how.status = 301; /* R33, XEP-0045 §9.1 */
    else if (cfg->members_only && after == AFFIL_NONE)
        how.status = 321; /* R34, XEP-0045 §9.4 */
    LIST_FOREACH_SAFE(it, next, &p->occupants)
    {
        struct occupant *o = LIST_ENTRY(it, struct occupant, in_person);
        if (how.status) {
            bool last = next == &p->occupants; /* then p goes with its last nick */
            leave_occupant(st, o, &how);
            mav_mark(st, c);
            if (last)
                break;
        } else {
            o->role = role_after(o->role, before, after, cfg->moderated);
            show_update(st, o, actor, c->has_reason, c->reason);
            mav_mark(st, c);
        }
    }
}

/* R32, W49: to those who see JIDs, who all are moderators unless the room is non-anonymous. */
static void apply_outside(struct step *st, const struct change *c)
{
    const struct room_config *cfg = &st->room->config;
    struct fx *f = room_effects_add(st->fx, FX_NOTICE);
    f->notice.moderators_only = !cfg->whois_anyone;
    if (c->after == AFFIL_OUTCAST)
        f->notice.status = 301;
    else if (cfg->members_only && c->after == AFFIL_NONE && c->before > AFFIL_NONE)
        f->notice.status = 321;
    f->notice.jid = show_str(st, c->jid);
    f->notice.affiliation = c->after;
    f->notice.has_reason = c->has_reason;
    f->notice.reason = show_str(st, c->reason);
    mav_mark(st, c);
}

/* R35, W54, XEP-0045 §9.5: a nick that is somebody's from now on is taken from whoever else has it.
 */
static void evict(struct step *st, const struct change *c)
{
    if (!c->reserved.n)
        return;
    struct occupant *o = roster_nick(&st->room->roster, c->reserved);
    if (o && !str_eq(o->person->bare, c->jid))
        leave_occupant(st, o,
                       &(struct farewell){.status = 307,
                                          .has_reason = true,
                                          .reason = STR("This nickname is reserved")});
}

static void apply_affiliation(struct step *st, const struct change *c, const struct actor *actor,
                              struct str by)
{
    struct room *room = st->room;
    evict(st, c);
    if (c->before != c->after)
        room->ver = c->ver;
    affils_set(&room->affils, &(struct room_affiliation){.jid = c->jid,
                                                         .affiliation = c->after,
                                                         .reason = c->kept,
                                                         .by = by,
                                                         .nick = c->reserved,
                                                         .ver = c->ver,
                                                         .hats = c->hats,
                                                         .n_hats = c->n_hats});
    bool inside = false;
    struct person *p = roster_person(&room->roster, c->jid);
    if (p) {
        apply_inside(st, p, room_affil(room, c->jid), c, actor);
        inside = true;
    }
    if (str_eq(jid_domain(c->jid), c->jid)) {
        /* W51: everybody of that domain whom nothing of his own protects. */
        struct person *next;
        HASH_ITER(hh, room->roster.by_jid, p, next)
        {
            enum affiliation after = room_affil(room, p->bare);
            if (after == p->affiliation)
                continue;
            apply_inside(st, p, after, c, actor);
            inside = true;
        }
    }
    if (!inside && !(c->quiet && c->before == c->after))
        apply_outside(st, c);
}

static void apply_role(struct step *st, const struct change *c, const struct actor *actor)
{
    struct occupant *o = roster_nick(&st->room->roster, c->nick);
    if (!o)
        return; /* removed by an earlier item */
    if (c->role == ROLE_NONE) {
        /* R27, XEP-0045 §8.2 */
        leave_occupant(
            st, o,
            &(struct farewell){
                .status = 307, .actor = actor, .has_reason = c->has_reason, .reason = c->reason});
        return;
    }
    /* R28, XEP-0045 §8.3, §8.4, §9.6, §9.7 */
    o->role = c->role;
    show_update(st, o, actor, c->has_reason, c->reason);
}

void plan_apply(struct step *st, const struct plan *plan, const struct actor *actor, struct str by)
{
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        if (c->is_role)
            apply_role(st, c, actor);
        else
            apply_affiliation(st, c, actor, by);
    }
    affils_trim(&st->room->affils);
}
