/* commit.c: requests on their way to the store: struct pending, and what FX_PERSIST says. */
#include "shard/room/show.h"

#include "base/jid.h"

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

void commit_plan(struct step *st, struct fx *f, const struct plan *plan)
{
    if (!plan->n_affiliations)
        return;
    struct room_affiliation *list =
        arena_alloc(&st->fx->arena, plan->n_affiliations * sizeof *list);
    uint32_t n = 0;
    uint64_t ver = st->room->ver + 1;
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        if (c->is_role || superseded(plan, i))
            continue;
        list[n++] = (struct room_affiliation){
            .jid = show_str(st, c->jid),
            .affiliation = c->after,
            .reason = show_str(st, c->kept),
            .by = f->persist.by,
            .nick = show_str(st, c->reserved),
            .ver = ver,
        };
    }
    f->persist.changes = list;
    f->persist.n_changes = n;
    f->persist.state.ver = ver;
}
