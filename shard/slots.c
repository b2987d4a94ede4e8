/* slots.c: the driver of ownership.h (slots.h has the picture).
 *
 *   ready --> read the table whole --> (a new cluster: wait for the others) --> claim, give, ask
 *
 * Nothing here decides who owns a slot: claims and gifts are compare-and-set in Redis, and what a
 * call says is what counts. After a call without an answer the rows are read again. Reading is
 * slots_read.c, claims and gifts are slots_move.c. */
#include "shard/slots_priv.h"

#include "base/buf.h"
#include "base/limits.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <assert.h>
#include <string.h>

enum {
    TICK_MS = 100,
    GIVE_MS = 500,
    ASK_MS = 1000,
    REREAD_MS = 200, /* rows without a live owner; ASK_MS while we may not claim them anyway */
    SWEEP_MS = 1000,
    NEW_CLUSTER_MS = 2000, /* others may still be starting */
    EXPECT_MS = 30000,     /* then claim although not all expected shards are there */
};

void slots_note_readings(struct slots *s)
{
    ownership_set_readings(s->o, cluster_readings_begun(s->cluster),
                           cluster_readings_done(s->cluster));
}

/* ---- calls */

struct call *slots_call_new(struct slots *s, const uint16_t *slots, uint32_t n)
{
    struct call *c = mem_zalloc(sizeof(*c) + n * sizeof(slots[0]));
    c->s = s;
    c->life = s->life;
    c->n = n;
    memcpy(c->slots, slots, n * sizeof(slots[0]));
    s->refs++;
    return c;
}

static void unref(struct slots *s)
{
    if (--s->refs == 0) {
        ownership_destroy(&s->o);
        mem_free(s);
    }
}

void slots_call_free(struct call *c)
{
    unref(c->s);
    mem_free(c);
}

bool slots_call_is_void(const struct call *c)
{
    return c->s->destroyed || c->life != c->s->life;
}

/* ---- changes */

void slots_copy(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : 0; /* too long for an id: nobody's */
    if (n > 0) {
        memcpy(out, s.p, n);
    }
    out[n] = 0;
}

void slots_set_unsure(struct slots *s, uint32_t slot, bool unsure)
{
    s->n_unsure += (unsure ? 1u : 0u) - (s->unsure[slot] ? 1u : 0u);
    s->unsure[slot] = unsure;
}

static void forget_gifts(struct slots *s)
{
    memset(s->giving, 0, sizeof(s->giving));
    memset(s->unsure, 0, sizeof(s->unsure));
    s->n_unsure = 0;
}

static void set_metrics(struct slots *s)
{
    metric_set_l(METRIC_SLOTS_OWNED, "stable", NULL, ownership_n_mine(s->o));
    metric_set(METRIC_SLOTS_UNASSIGNED, ownership_n_unassigned(s->o));
}

void slots_tell(struct slots *s, const uint16_t *list, uint32_t n, bool claimed)
{
    uint16_t *got = mem_alloc(n * sizeof(*got));
    uint64_t *epochs = mem_alloc(n * sizeof(*epochs)), *planned = mem_alloc(n * sizeof(*planned));
    uint32_t n_got = 0, n_taken = 0, life = s->life;
    s->refs++;
    for (uint32_t i = 0; i < n && !s->destroyed && s->life == life; i++) {
        uint16_t slot = list[i];
        uint64_t epoch = 0;
        (void)ownership_is_mine(s->o, slot, &epoch);
        if (epoch == s->epoch[slot]) {
            continue;
        }
        bool had = s->epoch[slot] != 0;
        s->epoch[slot] = epoch;
        if (had) { /* also before it is ours under another epoch: what we had of it is void */
            s->ops.lost(s->ctx, slot);
        }
        if (epoch && s->epoch[slot] == epoch) {
            got[n_got] = slot;
            epochs[n_got] = epoch;
            bool announced = !claimed && s->planned_to[slot] == epoch;
            planned[n_got++] = announced ? s->planned_from[slot] : 0;
            if (!claimed) {
                metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "in", "ok", 1);
            } else if (s->noticed_ms[slot]) {
                n_taken++;
                metric_observe(METRIC_TAKEOVER_SECONDS,
                               (double)(loop_now_ms(s->loop) - s->noticed_ms[slot]) / 1000.0);
            }
        }
        s->planned_from[slot] = 0;
        s->noticed_ms[slot] = 0;
    }
    metric_add(METRIC_TAKEOVERS_TOTAL, n_taken);
    if (n_got > 0 && !s->destroyed && s->life == life) {
        log_info("slots_gained", KV_U("slots", n_got), KV_U("owned", ownership_n_mine(s->o)));
        s->ops.gained(s->ctx, got, epochs, planned, n_got);
    }
    unref(s);
    mem_free(planned);
    mem_free(epochs);
    mem_free(got);
}

void slots_report_lost_row(struct slots *s, uint32_t slot)
{
    metric_set(METRIC_DATA_LOSS_SUSPECTED, 1);
    if (!s->lost_row) {
        s->lost_row = true;
        log_error("slot_record_lost", KV_U("slot", slot),
                  KV_Z("hint", "Redis has lost data; restore it before anything else"));
    }
}

/* ---- the work */

struct member_list {
    struct ownership_member *list;
    uint32_t n, cap;
};

static void add_member(void *ctx, const struct cluster_member *m)
{
    struct member_list *l = ctx;
    if (m->role != CLUSTER_SHARD || !m->alive) {
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        l->list = mem_realloc(l->list, l->cap * sizeof(*l->list));
    }
    struct ownership_member *out = &l->list[l->n++];
    *out = (struct ownership_member){.weight = m->weight, .draining = m->draining};
    slots_copy(out->id, sizeof(out->id), str_of(m->id));
    slots_copy(out->nonce, sizeof(out->nonce), str_of(m->nonce));
}

static void set_members(struct slots *s)
{
    struct member_list l = {.list = NULL};
    cluster_each(s->cluster, add_member, &l);
    ownership_set_members(s->o, l.list, l.n);
    mem_free(l.list);
    uint16_t *list = mem_alloc(SLOT_COUNT * sizeof(*list));
    uint32_t n = ownership_ownerless(s->o, list, SLOT_COUNT);
    for (uint32_t i = 0; i < n; i++) { /* those that had an owner are takeovers */
        if (ownership_record(s->o, list[i])->owner[0] && !s->noticed_ms[list[i]]) {
            s->noticed_ms[list[i]] = loop_now_ms(s->loop);
        }
    }
    mem_free(list);
    set_metrics(s);
}

/* A cluster in which nobody ever owned a slot waits for the others that are starting, so that its
 * slots need not move at once. */
static bool may_claim(const struct slots *s)
{
    if (!s->table_read || !s->active) {
        return false;
    }
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        if (ownership_record(s->o, i)->epoch > 0) {
            return true;
        }
    }
    uint64_t waited = loop_now_ms(s->loop) - s->ready_at;
    if (s->expect_shards == 0) {
        return waited >= NEW_CLUSTER_MS;
    }
    return ownership_n_members(s->o) >= s->expect_shards || waited >= EXPECT_MS;
}

void slots_work(struct slots *s)
{
    uint64_t now = loop_now_ms(s->loop);
    if (!s->active || s->destroyed || !redis_up(s->redis)) {
        return;
    }
    slots_note_readings(s);
    const struct cluster_member *self = cluster_find(s->cluster, CLUSTER_SHARD, str_of(s->id));
    if (self && self->draining != s->draining) { /* nobody reports ourselves */
        s->draining = self->draining;
        set_members(s);
    }
    if (!s->table_read) {
        if (s->reading == 0 && now >= s->reread_at) {
            s->reread_at = now + REREAD_MS;
            slots_read_table(s);
        }
        return;
    }
    if (!s->allowed && may_claim(s) && !cluster_unsafe(s->cluster)) {
        s->allowed = true;
        ownership_allow_claims(s->o, true);
    }
    if (!cluster_unsafe(s->cluster)) {
        uint16_t slots[LIMIT_CLAIM_CHUNK];
        uint32_t n = ownership_next_claims(s->o, slots, LIMIT_CLAIM_CHUNK);
        if (n > 0) {
            slots_claim(s, slots, n); /* its answer brings the next chunk */
        }
        if (now >= s->gifts_at) {
            s->gifts_at = now + GIVE_MS;
            slots_give_next(s);
        }
    }
    if (now >= s->asks_at) {
        char owner[65];
        uint16_t *list = mem_alloc(SLOT_COUNT * sizeof(*list));
        uint32_t n;
        s->asks_at = now + ASK_MS;
        if (s->reading == 0) {
            s->reread_at = now + REREAD_MS;
            slots_reread(s, true);
        }
        while (!s->destroyed && (n = ownership_next_asks(s->o, owner, list, SLOT_COUNT)) > 0) {
            s->ops.send_ask(s->ctx, str_of(owner), list, n);
        }
        mem_free(list);
    } else if (now >= s->reread_at && s->reading == 0 && s->allowed) {
        s->reread_at = now + REREAD_MS;
        slots_reread(s, false);
    }
    if (now >= s->sweep_at) {
        s->sweep_at = now + SWEEP_MS;
        slots_sweep(s);
    }
    set_metrics(s);
}

static void on_tick(void *ctx)
{
    slots_work(ctx);
}

/* ---- what the shard tells */

void slots_cluster_ready(struct slots *s)
{
    s->life++;
    ownership_reset(s->o, cluster_nonce(s->cluster));
    forget_gifts(s);
    memset(s->planned_from, 0, sizeof(s->planned_from));
    s->active = true;
    s->table_read = s->allowed = s->lost_row = false;
    s->ready_at = loop_now_ms(s->loop);
    s->reread_at = s->gifts_at = s->asks_at = 0;
    set_members(s);
    slots_work(s);
}

void slots_cluster_lost(struct slots *s)
{
    s->life++;
    s->active = s->table_read = s->allowed = false;
    ownership_reset(s->o, "-"); /* no nonce: nothing is ours */
    forget_gifts(s);
    s->refs++;
    for (uint32_t i = 0; i < SLOT_COUNT && !s->destroyed; i++) {
        if (s->epoch[i]) {
            s->epoch[i] = 0;
            s->ops.lost(s->ctx, (uint16_t)i);
        }
    }
    if (!s->destroyed) {
        set_metrics(s);
    }
    unref(s);
}

void slots_member(struct slots *s, const struct cluster_member *m)
{
    if (m->role != CLUSTER_SHARD || !s->active) {
        return;
    }
    set_members(s);
    s->gifts_at = 0;
    slots_work(s);
}

void slots_asked(struct slots *s, struct str shard, const uint16_t *slots, uint32_t n)
{
    (void)shard;
    (void)slots;
    (void)n; /* what we would give it is what our own picture says; an ask only makes us look at
                once */
    if (s->active) {
        s->gifts_at = 0;
        slots_work(s);
    }
}

void slots_got(struct slots *s, struct str shard, const uint16_t *slots, const uint64_t *epochs,
               uint32_t n)
{
    if (!s->active || !s->table_read) {
        return; /* the table is about to say so */
    }
    uint16_t *list = mem_alloc(n * sizeof(*list));
    uint32_t k = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (slots[i] >= SLOT_COUNT || s->epoch[slots[i]] >= epochs[i]) {
            continue; /* found in the table already */
        }
        const struct slot_record *rec = ownership_record(s->o, slots[i]);
        if (str_is(shard, rec->owner) && rec->epoch < epochs[i]) {
            s->planned_from[slots[i]] = rec->epoch;
            s->planned_to[slots[i]] = epochs[i];
        }
        list[k++] = slots[i];
    }
    slots_read_rows(s, list, k); /* the table decides: it may have been for our life before */
    mem_free(list);
}

void slots_loaded(struct slots *s, uint16_t slot, uint32_t n_rooms)
{
    ownership_set_loaded(s->o, slot, n_rooms);
}

void slots_fenced(struct slots *s, uint16_t slot)
{
    if (!s->active) {
        return;
    }
    log_warn("slot_fenced", KV_U("slot", slot), KV_U("epoch", s->epoch[slot]));
    ownership_fenced(s->o, slot);
    slots_read_rows(s, &slot, 1);
    slots_tell(s, &slot, 1, false);
}

/* ---- questions */

bool slots_token(const struct slots *s, uint32_t slot, struct store_token *out)
{
    assert(slot < SLOT_COUNT);
    if (!s->active || !s->epoch[slot] || s->giving[slot]) {
        return false;
    }
    *out = (struct store_token){slot, s->epoch[slot], cluster_nonce(s->cluster)};
    return true;
}

uint32_t slots_owned(const struct slots *s)
{
    return ownership_n_mine(s->o);
}

uint32_t slots_unassigned(const struct slots *s)
{
    return ownership_n_unassigned(s->o);
}

void slots_each(const struct slots *s, void (*fn)(void *ctx, uint16_t slot, uint64_t epoch),
                void *ctx)
{
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        if (s->epoch[i]) {
            fn(ctx, (uint16_t)i, s->epoch[i]);
        }
    }
}

/* ---- life */

struct slots *slots_new(struct loop *l, struct redis *r, struct cluster *c,
                        const struct config *cfg, const struct slots_ops *ops, void *ctx)
{
    struct slots *s = mem_zalloc(sizeof(*s));
    s->loop = l;
    s->redis = r;
    s->cluster = c;
    s->ops = *ops;
    s->ctx = ctx;
    s->refs = 1;
    slots_copy(s->id, sizeof(s->id), str_of(cluster_id(c)));
    int64_t expect = config_int(cfg, CFG_CLUSTER_EXPECT);
    s->expect_shards = expect > 0 && expect <= (int64_t)SLOT_COUNT ? (uint32_t)expect : 0;
    s->o = ownership_new(s->id, "-");
    loop_timer_init(&s->tick);
    loop_timer_start(l, &s->tick, TICK_MS, TICK_MS, on_tick, s);
    return s;
}

void slots_destroy(struct slots **s_p)
{
    struct slots *s = *s_p;
    *s_p = NULL;
    if (s) {
        loop_timer_stop(&s->tick);
        s->destroyed = true;
        unref(s);
    }
}
