/* link_slots.c: who owns a slot, and sending what waits for that. See slot_table.h for the states.
 */
#include "gateway/link_priv.h"

#include "rt/log.h"
#include "rt/metrics.h"
#include "rt/redis.h"

/* ---- sending */

/* Sends what waits for the slot, in order, as long as its owner is there. */
void link_flush(struct link *l, uint32_t slot)
{
    const struct pending_req *q = pending_next(l->pending, slot);
    if (!q || !slot_table_bound(l->table, slot) || (l->flags[slot] & SLOT_HELD))
        return;
    struct shard_link *s = link_shard_of(l, slot);
    if (!s || !s->up)
        return;
    uint64_t epoch = slot_table_epoch(l->table, slot);
    for (; q; q = pending_next(l->pending, slot)) {
        if (bus_send(s->peer, pending_item(l->pending, q, epoch)) != 0)
            return; /* full: pressure() comes when it is not */
        pending_sent(l->pending, slot, epoch, bus_peer_boot(s->peer));
    }
    if (l->parked.full && pending_waiting_bytes(l->pending) < LIMIT_BUS_CREDIT / 2) {
        l->parked.full = false;
        link_release(l, &l->parked);
    }
}

void link_flush_all(struct link *l)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT && pending_waiting_bytes(l->pending) > 0; slot++)
        link_flush(l, slot);
    link_routes_flush(l);
}

/* ---- reading the table */

struct slot_read {
    struct list in_link;
    struct link *link; /* NULL: nobody waits for it any more */
    uint32_t slot;
};

static void read_now(void *ctx);

void link_read_slot(struct link *l, uint32_t slot)
{
    if (l->flags[slot] & (SLOT_READ | SLOT_READING))
        return;
    l->flags[slot] |= SLOT_READ;
    l->n_to_read++;
    if (!loop_timer_armed(&l->soon))
        loop_timer_start(l->g->loop, &l->soon, LINK_SOON_MS, 0, read_now, l);
}

void link_read_all(struct link *l)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
        link_read_slot(l, slot);
    loop_timer_stop(&l->soon);
    read_now(l);
}

void link_reads_drop(struct link *l)
{
    LIST_FOREACH_SAFE(it, next, &l->reads)
    {
        LIST_ENTRY(it, struct slot_read, in_link)->link = NULL;
        list_remove(it);
    }
    loop_timer_stop(&l->soon);
}

/* The life of the shard whose nonce the record holds; 0 if that is not the one we know. */
static uint64_t boot_of(struct link *l, struct str id, struct str nonce)
{
    const struct cluster_member *m = id.n ? cluster_find(l->g->cluster, CLUSTER_SHARD, id) : NULL;
    return m && str_is(nonce, m->nonce) ? m->boot : 0;
}

static void read_done(void *ctx, const redisReply *reply, int err)
{
    struct slot_read *read = ctx;
    struct link *l = read->link;
    uint32_t slot = read->slot;
    list_remove(&read->in_link);
    mem_free(read);
    if (!l)
        return;
    l->flags[slot] &= (uint8_t) ~(SLOT_READING | SLOT_HELD);
    if (err == 0 && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
        int64_t epoch = redis_int(reply->element[0], 0);
        struct str owner = redis_str(reply->element[1]), nonce = redis_str(reply->element[2]);
        if (epoch > 0)
            (void)slot_table_read(l->table, slot, (uint64_t)epoch, owner, boot_of(l, owner, nonce));
    }
    link_flush(l, slot);
}

static void read_now(void *ctx)
{
    struct link *l = ctx;
    struct buf key;
    buf_init(&key);
    for (uint32_t slot = 0; slot < SLOT_COUNT && l->n_to_read > 0; slot++) {
        if (!(l->flags[slot] & SLOT_READ))
            continue;
        l->flags[slot] = (uint8_t)((l->flags[slot] & ~SLOT_READ) | SLOT_READING);
        l->n_to_read--;
        struct slot_read *read = mem_zalloc(sizeof *read);
        read->link = l;
        read->slot = slot;
        list_init(&read->in_link);
        list_push_back(&l->reads, &read->in_link);
        buf_reset(&key);
        cluster_slot_key(&key, slot, "own", STR_NULL);
        const struct str argv[] = {STR("HMGET"), buf_as_str(&key), STR("e"), STR("o"), STR("n")};
        redis_command(l->g->redis, 5, argv, 0, read_done, read);
    }
    buf_deinit(&key);
}

/* ---- owners speak */

static void bound(struct link *l, uint32_t slot, enum slot_news news)
{
    if (news != SLOT_BOUND && news != SLOT_LOST)
        return;
    if (news == SLOT_LOST && l->g->muc)
        muc_slot_lost(l->g->muc, slot);
    l->flags[slot] &= (uint8_t) ~(SLOT_HELD | SLOT_WAITED);
    pending_new_owner(l->pending, slot, slot_table_epoch(l->table, slot));
}

void link_new_owner(struct link *l, struct bus_peer *peer, const Verona__NewOwner *n)
{
    if (n->n_slots != n->n_epochs || n->n_slots != n->n_planned_from) {
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        return;
    }
    for (size_t i = 0; i < n->n_slots; i++) {
        uint32_t slot = n->slots[i];
        if (slot >= SLOT_COUNT)
            continue;
        enum slot_news news = slot_table_claim(l->table, slot, n->epochs[i], n->planned_from[i],
                                               bus_peer_id(peer), bus_peer_boot(peer));
        if (news == SLOT_STALE && n->epochs[i] >= slot_table_epoch(l->table, slot))
            link_read_slot(l, slot); /* two say it is theirs */
        if (news == SLOT_KNOWN)
            l->flags[slot] &= (uint8_t)~SLOT_HELD; /* loaded by now: what bounced may go again */
        bound(l, slot, news);
        link_flush(l, slot);
    }
    link_routes_flush(l);
}

void link_wrong_slot(struct link *l, struct bus_peer *peer, const Verona__WrongSlot *w)
{
    if (w->slot >= SLOT_COUNT)
        return;
    metric_add_l(METRIC_SLOT_REDIRECTS_TOTAL, "moved", NULL, 1);
    if (pending_bounced(l->pending, w->rseq, bus_peer_boot(peer))) {
        l->flags[w->slot] |= SLOT_HELD;
        link_read_slot(l, w->slot);
    } else if (w->epoch > slot_table_epoch(l->table, w->slot)) {
        link_read_slot(l, w->slot);
    }
}

/* ---- time */

static bool needed(const struct link *l, uint32_t slot)
{
    return pending_any(l->pending, slot);
}

/* A slot that is needed and has no live owner: ask the table. One whose owner is named there and is
 * up but has not said so by the next tick is bound to it all the same: if it is wrong, it will say
 * so. */
void link_slots_tick(struct link *l)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++) {
        struct shard_link *s = link_shard_of(l, slot);
        bool is_bound = slot_table_bound(l->table, slot);
        if (!needed(l, slot) || (is_bound && s && s->up)) {
            l->flags[slot] &= (uint8_t)~SLOT_WAITED;
            continue;
        }
        if (!is_bound && s && s->up && (l->flags[slot] & SLOT_WAITED)) {
            bound(l, slot, slot_table_bind(l->table, slot));
            link_flush(l, slot);
            continue;
        }
        l->flags[slot] |= SLOT_WAITED;
        link_read_slot(l, slot);
    }
    metric_set(METRIC_SLOTS_UNASSIGNED, slot_table_unowned(l->table));
}
