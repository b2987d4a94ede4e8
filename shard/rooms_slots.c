/* rooms_slots.c: slots come and go; requests that wait for a claim or a gift to be answered;
 * temporary rooms that nobody came back to after a takeover. */
#include "base/err.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "rt/log.h"
#include "shard/rooms_priv.h"

enum {
    EARLY_MS = 500,    /* how long a request waits for its slot to become ours */
    LISTS_A_TURN = 64, /* slots listed at once */
};

/* A request under an epoch that we have not heard of, the claim's answer may be on its way; or for
 * a slot of ours that is being given away. */
struct early {
    struct list link;
    uint64_t due_ms, epoch, rseq;
    gateway_ref gw;
    uint32_t slot;
    size_t n;
    char item[];
};

static void early_free(struct rooms *rs, struct early *x)
{
    list_remove(&x->link);
    rs->queued_bytes -= x->n;
    rs->slots[x->slot].n_early--;
    mem_free(x);
}

static void early_bounce(struct rooms *rs, struct early *x)
{
    send_wrong_slot(rs, x->gw, x->slot, x->rseq);
    early_free(rs, x);
}

/* Those of its gateway behind it go with it, or they would be done before it. */
static void early_bounce_row(struct rooms *rs, struct early *first)
{
    const gateway_ref gw = first->gw;
    const uint32_t slot = first->slot;
    struct list *nx;
    for (struct list *it = &first->link; it != &rs->early; it = nx) {
        struct early *x = LIST_ENTRY(it, struct early, link);
        nx = it->next;
        if (x->gw != gw || x->slot != slot)
            continue;
        bounced_add(rs, gw, slot, x->epoch, x->rseq);
        early_bounce(rs, x);
    }
}

bool slot_is_frozen(const struct rooms *rs, uint32_t slot)
{
    struct store_token token;
    const struct slot_state *s = &rs->slots[slot];
    return s->ours && (!rs->ops->token(rs->ctx, slot, &token) || token.epoch != s->epoch);
}

void early_add(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq,
               struct str item)
{
    if (rs->queued_bytes + item.n > LIMIT_SHARD_QUEUE) {
        bounced_add(rs, gw, slot, epoch, rseq);
        send_wrong_slot(rs, gw, slot, rseq);
        return;
    }
    struct early *x = mem_zalloc(sizeof *x + item.n);
    x->due_ms = loop_now_ms(rs->loop) + EARLY_MS;
    x->epoch = epoch;
    x->rseq = rseq;
    x->gw = gw;
    x->slot = slot;
    x->n = item.n;
    memcpy(x->item, item.p, item.n);
    rs->queued_bytes += x->n;
    rs->slots[slot].n_early++;
    list_push_back(&rs->early, &x->link);
}

void early_drop(struct rooms *rs)
{
    LIST_FOREACH_SAFE(it, nx, &rs->early)
    early_free(rs, LIST_ENTRY(it, struct early, link));
}

void early_forget_gateway(struct rooms *rs, gateway_ref gw)
{
    LIST_FOREACH_SAFE(it, nx, &rs->early)
    {
        struct early *x = LIST_ENTRY(it, struct early, link);
        if (x->gw != gw)
            continue;
        bounced_add(rs, gw, x->slot, x->epoch, x->rseq);
        early_bounce(rs, x); /* if it is only slow, it waits for an answer */
    }
}

void early_release(struct rooms *rs, uint32_t slot)
{
    struct list ready;
    struct arena a;
    list_init(&ready);
    arena_init(&a);
    LIST_FOREACH_SAFE(it, nx, &rs->early)
    {
        struct early *x = LIST_ENTRY(it, struct early, link);
        if (x->slot == slot && x->epoch <= rs->slots[slot].epoch) {
            list_remove(it);
            list_push_back(&ready, it);
        }
    }
    LIST_FOREACH_SAFE(it, nx, &ready)
    {
        struct early *x = LIST_ENTRY(it, struct early, link);
        struct str item = str_n(x->item, x->n);
        arena_reset(&a);
        const Verona__Item *m =
            (const Verona__Item *)wire_unpack(&verona__item__descriptor, item, &a);
        if (m && m->kind_case == VERONA__ITEM__KIND_EVENT)
            rooms_request(rs, x->gw, m->event, item);
        early_free(rs, x);
    }
    arena_deinit(&a);
}

/* A request whose slot is not frozen any more and has not been lost: the gift came to nothing. */
static struct early *early_ready(struct rooms *rs)
{
    LIST_FOREACH(it, &rs->early)
    {
        struct early *x = LIST_ENTRY(it, struct early, link);
        const struct slot_state *s = &rs->slots[x->slot];
        if (s->ours && x->epoch <= s->epoch && !slot_is_frozen(rs, x->slot))
            return x;
    }
    return NULL;
}

static void early_sweep(struct rooms *rs, uint64_t now)
{
    for (struct early *x; (x = early_ready(rs));)
        early_release(rs, x->slot);
    while (!list_empty(&rs->early)) {
        struct early *x = LIST_ENTRY(rs->early.next, struct early, link);
        if (x->due_ms > now)
            break;
        early_bounce_row(rs, x);
    }
}

/* ------------------------------------------------------------------ slots */

void rooms_slot_gained(struct rooms *rs, uint32_t slot, uint64_t epoch, bool takeover)
{
    (void)takeover; /* a giver's temporary rooms without anybody are looked for as well */
    if (slot >= SLOT_COUNT)
        return;
    struct slot_state *s = &rs->slots[slot];
    if (s->ours && s->epoch == epoch)
        return;
    if (s->ours)
        rooms_slot_lost(rs, slot);
    s->ours = true;
    s->epoch = epoch;
    if (!s->to_list)
        rs->n_to_list++;
    s->to_list = true;
    early_release(rs, slot);
}

void rooms_slot_lost(struct rooms *rs, uint32_t slot)
{
    if (slot >= SLOT_COUNT || !rs->slots[slot].ours)
        return;
    struct slot_state *s = &rs->slots[slot];
    s->ours = false;
    if (s->to_list)
        rs->n_to_list--;
    s->to_list = false;
    LIST_FOREACH_SAFE(it, nx, &s->rooms)
    entry_drop(rs, LIST_ENTRY(it, struct entry, by_slot), true);
    if (!s->n_early)
        return;
    LIST_FOREACH_SAFE(it, nx, &rs->early)
    {
        struct early *x = LIST_ENTRY(it, struct early, link);
        if (x->slot == slot && x->epoch <= s->epoch)
            early_bounce(rs, x); /* it was given away */
    }
}

uint64_t rooms_known_epoch(const struct rooms *rs, uint32_t slot)
{
    return slot < SLOT_COUNT ? rs->slots[slot].epoch : 0;
}

/* ------------------------------------------------------------------ orphans */

static void orphan_free(struct orphan *o)
{
    list_remove(&o->link);
    mem_free((void *)(uintptr_t)o->jid.p);
    mem_free(o);
}

void orphans_drop(struct rooms *rs)
{
    LIST_FOREACH_SAFE(it, nx, &rs->orphans)
    orphan_free(LIST_ENTRY(it, struct orphan, link));
}

void orphan_add(struct rooms *rs, uint32_t slot, struct str jid, uint64_t after_ms)
{
    struct orphan *o = mem_zalloc(sizeof *o);
    o->slot = slot;
    o->epoch = rs->slots[slot].epoch;
    o->due_ms = loop_now_ms(rs->loop) + after_ms;
    o->jid = (struct str){mem_dup(jid.p, jid.n), jid.n};
    struct list *at = &rs->orphans; /* behind those that are due before it */
    while (at->prev != &rs->orphans &&
           LIST_ENTRY(at->prev, struct orphan, link)->due_ms > o->due_ms)
        at = at->prev;
    list_insert_before(at, &o->link);
}

static void listed(void *ctx, int err, const struct store_listed *rooms, uint32_t n,
                   uint64_t highest_seq)
{
    struct call *c = ctx;
    struct rooms *rs = c->rs;
    struct slot_state *s = &rs->slots[c->slot];
    rs->n_listing--;
    if (s->ours && err) { /* again later */
        if (!s->to_list)
            rs->n_to_list++;
        s->to_list = true;
    } else if (s->ours) {
        if (s->highest_seq < highest_seq)
            s->highest_seq = highest_seq;
        for (uint32_t i = 0; i < n; i++) {
            if (rooms[i].temporary)
                orphan_add(rs, c->slot, rooms[i].room, rs->cfg.orphan_after_ms);
            if (!entry_find(rs, rooms[i].room)) /* what its last owner counted is past */
                rs->store->ops->count(rs->store, rooms[i].room, 0);
        }
    }
    list_remove(&c->link);
    mem_free(c);
}

static void list_slot(struct rooms *rs, uint32_t slot)
{
    struct call *c = mem_zalloc(sizeof *c);
    c->rs = rs;
    c->slot = slot;
    list_init(&c->works);
    list_push_back(&rs->calls, &c->link);
    rs->n_listing++;
    rs->store->ops->list(rs->store, slot, listed, c);
}

static void orphan_fire(struct rooms *rs, struct orphan *o)
{
    struct slot_state *s = &rs->slots[o->slot];
    if (!s->ours || s->epoch != o->epoch)
        return;
    struct entry *e = entry_find(rs, o->jid);
    if (!e) {
        e = entry_new(rs, o->jid, o->slot, o->epoch);
        e->ending = true;
        entry_load(rs, e);
    } else if (e->room && list_empty(&e->by_need) && room_sessions(e->room) == 0 &&
               room_exists(e->room) && !room_config(e->room)->persistent) {
        orphan_end(rs, e);
        entry_drain(rs, e);
    }
}

void orphan_end(struct rooms *rs, struct entry *e)
{
    struct work *w = work_new(rs);
    struct fx *fx = room_effects_add(&w->fx, FX_PERSIST);
    e->ending = true;
    fx->persist.kind = FXS_DESTROY;
    fx->persist.name = (struct event_name){e->epoch, e->last.s + 1};
    w->kind = WORK_END;
    w->at = 0;
    w->name = fx->persist.name;
    w->prev = e->tail;
    w->now_ms = rs->ops->wall_ms(rs->ctx);
    e->tail = w->name;
    list_push_back(&e->batch, &w->link);
    entry_dirty(rs, e);
    log_debug("orphan", KV("room", log_jid(e->jid)));
}

void rooms_sweep_slots(struct rooms *rs)
{
    uint64_t now = loop_now_ms(rs->loop);
    early_sweep(rs, now);
    for (uint32_t i = 0;
         i < SLOT_COUNT && rs->n_to_list && rs->n_listing < LISTS_A_TURN && !rs->unsafe; i++) {
        uint16_t slot = rs->list_next;
        rs->list_next = (uint16_t)((slot + 1u) % SLOT_COUNT);
        if (!rs->slots[slot].to_list)
            continue;
        rs->slots[slot].to_list = false;
        rs->n_to_list--;
        list_slot(rs, slot);
    }
    uint32_t fired = 0;
    LIST_FOREACH_SAFE(it, nx, &rs->orphans)
    {
        struct orphan *o = LIST_ENTRY(it, struct orphan, link);
        if (o->due_ms > now || fired++ == LISTS_A_TURN)
            break;
        if (slot_is_frozen(rs, o->slot))
            continue; /* with the next sweep, if it is still ours then */
        orphan_fire(rs, o);
        orphan_free(o);
    }
}
