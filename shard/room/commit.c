/* commit.c: requests on their way to the store: struct pending, and what FX_PERSIST says. */
#include "shard/room/hats.h"
#include "shard/room/show.h"

#include "base/jid.h"
#include "base/limits.h"

/* The asker's bytes lie behind the struct. */
struct pending *pending_new(struct step *st, enum pending_kind kind)
{
    const struct asker *a = &st->asker;
    struct pending *p = mem_alloc(sizeof *p + a->origin.jid.n + a->nick.n + a->id.n);
    memset(p, 0, sizeof *p);
    p->kind = kind;
    p->asker = *a;
    char *at = (char *)(p + 1);
    struct str *const parts[] = {&p->asker.origin.jid, &p->asker.nick, &p->asker.id};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i]->n)
            memcpy(at, parts[i]->p, parts[i]->n);
        parts[i]->p = at;
        at += parts[i]->n;
    }
    arena_init(&p->arena);
    plan_init(&p->plan, &p->arena);
    p->s = ++st->room->seq;
    list_push_back(&st->room->pending, &p->in_room);
    st->room->n_pending++;
    return p;
}

void pending_free(struct pending *p)
{
    if (p->kind == P_MESSAGE || p->kind == P_SUBJECT || p->kind == P_MODERATE)
        history_entry_free(&p->message.entry);
    arena_deinit(&p->arena);
    mem_free(p);
}

struct fx *commit_add(struct step *st, struct pending *p, enum fx_persist_kind kind)
{
    struct fx *f = room_effects_add(st->fx, FX_PERSIST);
    f->persist.kind = kind;
    f->persist.name.s = p->s;
    f->persist.by = show_str(st, jid_bare(p->asker.origin.jid));
    return f;
}

void commit_state(struct step *st, struct fx *f, const struct room_config *config)
{
    const struct room *room = st->room;
    f->persist.state_changed = true;
    f->persist.state = (struct room_image){
        .config = config_copy(&st->fx->arena, config ? config : &room->config),
        .subject = show_str(st, room->subject),
        .subject_nick = show_str(st, room->subject_nick),
        .subject_occupant_id = show_str(st, room->subject_occupant_id),
        .subject_stamp_ms = room->subject_stamp_ms,
        .locked = room->locked,
        .creator = show_str(st, room->creator),
        .created_ms = room->created_ms,
        .born = room->born,
        .ver = room->ver,
        .removed_floor = room->affils.floor,
        .avatar_hash = show_str(st, room->avatar_hash),
        .hats = hats_copy(&st->fx->arena, room->hats, room->n_hats),
        .n_hats = room->n_hats,
        .hat_seq = room->hat_seq,
        .last = {0, f->persist.name.s},
    };
    memcpy(f->persist.state.occupant_secret, room->occupant_secret, sizeof room->occupant_secret);
}

/* Is there a newer change of the same JID in the plan? Only admin requests can repeat one, and they
 * are short. */
static bool superseded(const struct plan *plan, uint32_t at)
{
    for (uint32_t i = at + 1; i < plan->n; i++) {
        if (!plan->list[i].is_role && str_eq(plan->list[i].jid, plan->list[at].jid))
            return true;
    }
    return false;
}

/* Is the JID among the changes so that its removal is not the one that is remembered now? */
static bool moves(const struct room_affiliation *list, uint32_t n, const struct removed *r)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(list[i].jid, r->jid))
            return !affil_is_nothing(&list[i]) || list[i].ver != r->ver;
    }
    return false;
}

/* Becomes a removal that is remembered, and is none yet. */
static bool buries(const struct room *room, const struct room_affiliation *a)
{
    const struct removed *r = affils_removed(&room->affils, a->jid);
    return affil_is_nothing(a) && a->ver && (!r || r->ver != a->ver);
}

/* What affils_trim() will forget when these changes are made, for the store to forget it too. The
 * oldest versions go, of the old and of the new. `out` has room for it. Returns how many. */
static uint32_t expire(const struct room *room, const struct room_affiliation *list, uint32_t n,
                       struct room_affiliation *out, uint64_t *floor)
{
    const struct affils *as = &room->affils;
    uint32_t total = 0, done = 0, at = 0;
    for (uint32_t i = 0; i < n; i++)
        total += buries(room, &list[i]);
    if (as->n_removed + total <= LIMIT_REMOVED)
        return 0;
    LIST_FOREACH(it, &as->removals)
    total += !moves(list, n, REMOVED_OF(it));
    const struct list *old = as->removals.next;
    while (done + LIMIT_REMOVED < total) {
        while (old != &as->removals && moves(list, n, REMOVED_OF(old)))
            old = old->next;
        while (at < n && !buries(room, &list[at]))
            at++;
        bool first = old != &as->removals && (at == n || REMOVED_OF(old)->ver <= list[at].ver);
        out[done] = (struct room_affiliation){
            .jid = first ? REMOVED_OF(old)->jid : list[at].jid,
            .affiliation = AFFIL_NONE,
            .ver = first ? REMOVED_OF(old)->ver : list[at].ver,
            .expired = true,
        };
        *floor = out[done++].ver;
        if (first)
            old = old->next;
        else
            at++;
    }
    return done;
}

void commit_affiliations(struct step *st, struct fx *f, const struct room_affiliation *changes,
                         uint32_t n)
{
    const struct room *room = st->room;
    struct room_affiliation *list =
        arena_alloc(&st->fx->arena, (2 * n + LIMIT_REMOVED) * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = changes[i];
        list[i].jid = show_str(st, changes[i].jid);
        list[i].reason = show_str(st, changes[i].reason);
        list[i].by = show_str(st, changes[i].by);
        list[i].nick = show_str(st, changes[i].nick);
        uint32_t *hats = arena_alloc(&st->fx->arena, changes[i].n_hats * sizeof *hats);
        if (changes[i].n_hats)
            memcpy(hats, changes[i].hats, changes[i].n_hats * sizeof *hats);
        list[i].hats = hats;
    }
    uint32_t expired = expire(room, list, n, list + n, &f->persist.state.removed_floor);
    for (uint32_t i = n; i < n + expired; i++)
        list[i].jid = show_str(st, list[i].jid);
    f->persist.changes = list;
    f->persist.n_changes = n + expired;
}

void commit_plan(struct step *st, struct fx *f, const struct plan *plan)
{
    if (!plan->n_affiliations)
        return;
    struct room_affiliation *list =
        arena_alloc(&st->fx->arena, plan->n_affiliations * sizeof *list);
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        if (c->is_role || superseded(plan, i))
            continue;
        list[n++] = (struct room_affiliation){
            .jid = c->jid,
            .affiliation = c->after,
            .reason = c->kept,
            .by = f->persist.by,
            .nick = c->reserved,
            .ver = c->ver,
            .hats = c->hats,
            .n_hats = c->n_hats,
        };
    }
    f->persist.state.ver = st->room->ver + plan->n_versions;
    commit_affiliations(st, f, list, n);
}
