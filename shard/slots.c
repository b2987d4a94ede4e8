/* slots.c: the driver of ownership.h (slots.h has the picture).
 *
 *   ready --> read the table whole --> (a new cluster: wait for the others) --> claim, give, ask
 *
 * Nothing here decides who owns a slot: claims and gifts are compare-and-set in Redis, and what a
 * call says is what counts. After a call without an answer the rows are read again. */
#include "shard/slots.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/slot.h"
#include "cluster/cluster.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/redis.h"
#include "shard/ownership.h"

#include <assert.h>
#include <string.h>

enum {
    TICK_MS = 100,
    GIVE_MS = 500,
    ASK_MS = 1000,
    REREAD_MS = 200, /* rows without a live owner; ASK_MS while we may not claim them anyway */
    SWEEP_MS = 1000,
    SWEEP_ROWS = 1024,     /* read again per second by all shards together, whatever they are */
    NEW_CLUSTER_MS = 2000, /* others may still be starting */
    EXPECT_MS = 30000,     /* then claim although not all expected shards are there */
    COMMAND_MS = 5000,
};

struct slots {
    struct loop *loop;
    struct redis *redis;
    struct cluster *cluster;
    struct slots_ops ops;
    void *ctx;
    struct ownership *o;
    char id[65];
    uint32_t expect_shards;
    struct loop_timer tick;

    uint32_t refs; /* replies under way, and the caller */
    bool destroyed;
    uint32_t life; /* rises when our record is lost: answers to older calls are void */

    bool active;     /* between cluster ready and lost */
    bool table_read; /* whole, in this life */
    bool allowed;    /* to claim */
    bool draining;   /* we ourselves, by our record */
    bool lost_row;   /* an own record is missing: lost data */
    uint64_t ready_at, gifts_at, asks_at, reread_at, sweep_at;
    uint32_t sweep_next;
    uint32_t reading; /* batches of rows under way */

    uint64_t epoch[SLOT_COUNT];        /* what the caller knows as ours; 0: not ours */
    uint64_t planned_from[SLOT_COUNT]; /* GaveSlots: the giver's epoch; 0: none */
    uint64_t planned_to[SLOT_COUNT];   /* and the one that it gave the slot under */
    bool giving[SLOT_COUNT];           /* not written to while the call is under way */
    bool unsure[SLOT_COUNT];           /* nobody answered it: giving, until the row was read */
    uint32_t n_unsure;
    uint64_t noticed_ms[SLOT_COUNT]; /* when a takeover began, for metrics; 0: none */
};

static void work(struct slots *s);

static void note_readings(struct slots *s)
{
    ownership_set_readings(s->o, cluster_readings_begun(s->cluster),
                           cluster_readings_done(s->cluster));
}

/* ---------------------------------------------------------------------------------------- calls */

/* One call for some slots: rows to read, a chunk to claim or to give. */
struct call {
    struct slots *s;
    uint32_t life;
    uint32_t pending, n;
    bool failed, whole;
    char to_id[65], to_nonce[33]; /* gifts */
    uint16_t slots[];
};

/* A row of a call that is being read. Replies need not come in the order of the questions: those
 * that were not sent end by their deadline. */
struct row {
    struct call *call;
    uint16_t slot;
};

static struct call *call_new(struct slots *s, const uint16_t *slots, uint32_t n)
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

static void call_free(struct call *c)
{
    unref(c->s);
    mem_free(c);
}

static bool call_is_void(const struct call *c)
{
    return c->s->destroyed || c->life != c->s->life;
}

/* Arguments of a command, with the bytes they point to. */
struct args {
    struct buf bytes;
    size_t ends[4 + 4 * (LIMIT_CLAIM_CHUNK + 2)];
    uint32_t n;
};

static void args_end(struct args *a)
{
    assert(a->n < sizeof(a->ends) / sizeof(a->ends[0]));
    a->ends[a->n++] = a->bytes.len;
}

static void args_z(struct args *a, const char *z)
{
    buf_z(&a->bytes, z);
    args_end(a);
}

static void args_u64(struct args *a, uint64_t v)
{
    buf_u64(&a->bytes, v);
    args_end(a);
}

static void args_own_key(struct args *a, uint32_t slot)
{
    cluster_slot_key(&a->bytes, slot, "own", STR_NULL);
    args_end(a);
}

static void args_send(struct args *a, struct redis *r, redis_fn *fn, void *ctx)
{
    struct str argv[sizeof(a->ends) / sizeof(a->ends[0])];
    size_t from = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        argv[i] = str_n(a->bytes.data + from, a->ends[i] - from);
        from = a->ends[i];
    }
    redis_command(r, a->n, argv, COMMAND_MS, fn, ctx);
    buf_deinit(&a->bytes);
}

/* ---------------------------------------------------------------------------------------- changes
 */

static void copy_str(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : 0; /* too long for an id: nobody's */
    if (n > 0) {
        memcpy(out, s.p, n);
    }
    out[n] = 0;
}

static void set_unsure(struct slots *s, uint32_t slot, bool unsure)
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

/* Tells the caller what has changed in some slots, as ownership.c sees it now. claimed: by a claim
 * of ours, so it is a takeover (or the first claim) whatever was announced before. */
static void tell(struct slots *s, const uint16_t *list, uint32_t n, bool claimed)
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

/* A record of a slot is missing: that is lost data, not a free slot. It is never made here. */
static void report_lost_row(struct slots *s, uint32_t slot)
{
    metric_set(METRIC_DATA_LOSS_SUSPECTED, 1);
    if (!s->lost_row) {
        s->lost_row = true;
        log_error("slot_record_lost", KV_U("slot", slot),
                  KV_Z("hint", "Redis has lost data; restore it before anything else"));
    }
}

/* ---------------------------------------------------------------------------------------- reading
 */

static void end_reading(struct call *c)
{
    struct slots *s = c->s;
    s->reading--;
    if (!call_is_void(c)) {
        if (!c->failed && c->whole && !s->table_read) {
            s->table_read = true;
            log_info("slot_table_read", KV_U("owned", ownership_n_mine(s->o)),
                     KV_U("unassigned", ownership_n_unassigned(s->o)));
        }
        tell(s, c->slots, c->n, false);
    }
    if (!call_is_void(c)) {
        work(s);
    }
    call_free(c);
}

static void on_row(void *ctx, const redisReply *reply, int err)
{
    struct row *row = ctx;
    struct call *c = row->call;
    struct slots *s = c->s;
    uint16_t slot = row->slot;
    mem_free(row);
    if (err || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        c->failed = true;
    } else if (!call_is_void(c)) {
        struct slot_record rec = {.epoch = 0};
        int64_t epoch = redis_int(reply->element[0], -1);
        copy_str(rec.owner, sizeof(rec.owner), redis_str(reply->element[1]));
        copy_str(rec.nonce, sizeof(rec.nonce), redis_str(reply->element[2]));
        note_readings(s);
        ownership_set_lost(s->o, slot, epoch < 0);
        if (epoch < 0) {
            report_lost_row(s, slot);
        } else {
            rec.epoch = (uint64_t)epoch;
            ownership_set_slot(s->o, slot, &rec);
            if (s->unsure[slot]) { /* this says what became of the gift */
                set_unsure(s, slot, false);
                s->giving[slot] = false;
                ownership_given(s->o, slot, NULL);
            }
        }
    }
    if (--c->pending == 0) {
        end_reading(c);
    }
}

static void read_rows(struct slots *s, const uint16_t *slots, uint32_t n)
{
    if (n == 0) {
        return;
    }
    struct call *c = call_new(s, slots, n);
    c->pending = n;
    c->whole = n == SLOT_COUNT;
    s->reading++;
    for (uint32_t i = 0; i < n; i++) {
        struct buf key;
        buf_init(&key);
        cluster_slot_key(&key, slots[i], "own", STR_NULL);
        const struct str argv[] = {STR("HMGET"), buf_as_str(&key), STR("e"), STR("o"), STR("n")};
        struct row *row = mem_alloc(sizeof(*row));
        *row = (struct row){c, slots[i]};
        redis_command(s->redis, 5, argv, COMMAND_MS, on_row, row);
        buf_deinit(&key);
    }
}

static void read_table(struct slots *s)
{
    uint16_t *all = mem_alloc(SLOT_COUNT * sizeof(*all));
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        all[i] = (uint16_t)i;
    }
    read_rows(s, all, SLOT_COUNT);
    mem_free(all);
}

/* Rows that others may have changed: without a live owner, and with `moving` those on their way
 * between others or to us (a GaveSlots may have been lost). A picture in which what others did is
 * missing gives slots to the wrong ones and leaves ownerless ones to somebody who has enough. */
static void reread(struct slots *s, bool moving)
{
    uint16_t *list = mem_alloc(3 * SLOT_COUNT * sizeof(*list));
    uint32_t n = ownership_ownerless(s->o, list, SLOT_COUNT);
    for (uint32_t i = 0; s->n_unsure > 0 && i < SLOT_COUNT; i++) {
        if (s->unsure[i]) {
            list[n++] = (uint16_t)i;
        }
    }
    if (moving) {
        n += ownership_moving(s->o, list + n, SLOT_COUNT);
    }
    read_rows(s, list, n);
    mem_free(list);
}

/* Rows in turn. Most of what we know of others' slots comes with no message, and a slot that was
 * given to us may be one that we would not have asked for: in the end nothing stays unseen. */
static void sweep(struct slots *s)
{
    uint16_t list[SWEEP_ROWS];
    uint32_t n = SWEEP_ROWS / (ownership_n_members(s->o) + 1) + 1;
    for (uint32_t i = 0; i < n; i++) {
        list[i] = (uint16_t)s->sweep_next;
        s->sweep_next = (s->sweep_next + 1) % SLOT_COUNT;
    }
    read_rows(s, list, n);
}

/* ---------------------------------------------------------------------------------------- claiming
 */

/* A row of the answer of verona_claim or verona_give: {what, e, o, n}. False: it is none. */
static bool read_row(const redisReply *reply, int64_t *what, struct slot_record *rec)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) {
        return false;
    }
    *what = redis_int(reply->element[0], -2);
    *rec = (struct slot_record){.epoch = (uint64_t)redis_int(reply->element[1], 0)};
    copy_str(rec->owner, sizeof(rec->owner), redis_str(reply->element[2]));
    copy_str(rec->nonce, sizeof(rec->nonce), redis_str(reply->element[3]));
    return *what >= -1;
}

static bool is_answer(const struct call *c, const redisReply *reply, int err)
{
    return !err && reply->type == REDIS_REPLY_ARRAY && reply->elements == c->n;
}

static void on_claimed(void *ctx, const redisReply *reply, int err)
{
    struct call *c = ctx;
    struct slots *s = c->s;
    if (call_is_void(c)) {
        call_free(c);
        return;
    }
    bool answered = is_answer(c, reply, err);
    note_readings(s);
    for (uint32_t i = 0; i < c->n; i++) {
        struct slot_record rec;
        int64_t what = -2;
        if (answered && read_row(reply->element[i], &what, &rec) && what >= 0) {
            ownership_claimed(s->o, c->slots[i], (uint64_t)what, &rec);
        } else {
            ownership_claimed(s->o, c->slots[i], 0, NULL);
            if (what == -1) {
                ownership_set_lost(s->o, c->slots[i], true);
                report_lost_row(s, c->slots[i]);
            }
        }
    }
    if (!answered) {
        log_warn("claim_failed", KV_U("slots", c->n),
                 KV("store", err ? str_of(err_text(err)) : redis_str(reply)));
        s->reread_at = 0; /* it may have been done: look, and try again with the next tick */
    }
    tell(s, c->slots, c->n, true);
    if (answered && !call_is_void(c)) {
        work(s);
    }
    call_free(c);
}

static void claim(struct slots *s, const uint16_t *slots, uint32_t n)
{
    struct call *c = call_new(s, slots, n);
    struct args a = {.n = 0};
    args_z(&a, "FCALL");
    args_z(&a, "verona_claim");
    args_u64(&a, n + 1);
    cluster_record_key(&a.bytes, CLUSTER_SHARD, str_of(s->id));
    args_end(&a);
    for (uint32_t i = 0; i < n; i++) {
        args_own_key(&a, slots[i]);
    }
    args_z(&a, s->id);
    args_z(&a, cluster_nonce(s->cluster));
    for (uint32_t i = 0; i < n; i++) {
        const struct slot_record *rec = ownership_record(s->o, slots[i]);
        args_u64(&a, rec->epoch);
        args_z(&a, rec->nonce);
        args_u64(&a, ownership_hint(s->o, slots[i]));
    }
    args_send(&a, s->redis, on_claimed, c);
}

/* ---------------------------------------------------------------------------------------- giving
 */

static void on_given(void *ctx, const redisReply *reply, int err)
{
    struct call *c = ctx;
    struct slots *s = c->s;
    if (call_is_void(c)) {
        call_free(c);
        return;
    }
    uint64_t epochs[LIMIT_CLAIM_CHUNK];
    uint16_t gone[LIMIT_CLAIM_CHUNK];
    uint32_t n_gone = 0;
    bool answered = is_answer(c, reply, err);
    note_readings(s);
    if (!answered) {
        log_warn("give_failed", KV_Z("to", c->to_id), KV_U("slots", c->n),
                 KV("store", err ? str_of(err_text(err)) : redis_str(reply)));
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "error", c->n);
        for (uint32_t i = 0; i < c->n; i++) {
            set_unsure(s, c->slots[i], true);
        }
        s->reread_at = 0;
        call_free(c);
        return;
    }
    for (uint32_t i = 0; i < c->n; i++) {
        uint16_t slot = c->slots[i];
        struct slot_record rec;
        int64_t what = -2;
        s->giving[slot] = false;
        if (read_row(reply->element[i], &what, &rec) && what >= 0) {
            ownership_given(s->o, slot, &rec);
            if (what > 0) {
                epochs[n_gone] = (uint64_t)what;
                gone[n_gone++] = slot;
            }
        } else {
            ownership_given(s->o, slot, NULL);
            if (what == -1) {
                ownership_set_lost(s->o, slot, true);
                report_lost_row(s, slot);
            }
        }
    }
    if (n_gone < c->n) {
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "error", c->n - n_gone);
    }
    tell(s, c->slots, c->n, false);
    if (n_gone > 0 && !call_is_void(c)) {
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "ok", n_gone);
        log_info("slots_given", KV_Z("to", c->to_id), KV_U("slots", n_gone));
        s->ops.send_gave(s->ctx, str_of(c->to_id), gone, epochs, n_gone);
    }
    if (n_gone > 0 && !call_is_void(c)) {
        s->gifts_at = 0; /* go on with the next chunk */
        work(s);
    }
    call_free(c);
}

static void give(struct slots *s, const char *to_id, const char *to_nonce, const uint16_t *slots,
                 uint32_t n)
{
    struct call *c = call_new(s, slots, n);
    struct args a = {.n = 0};
    strcpy(c->to_id, to_id);
    strcpy(c->to_nonce, to_nonce);
    args_z(&a, "FCALL");
    args_z(&a, "verona_give");
    args_u64(&a, n + 1);
    cluster_record_key(&a.bytes, CLUSTER_SHARD, str_of(to_id));
    args_end(&a);
    for (uint32_t i = 0; i < n; i++) {
        args_own_key(&a, slots[i]);
    }
    args_z(&a, cluster_nonce(s->cluster));
    args_z(&a, to_id);
    args_z(&a, to_nonce);
    for (uint32_t i = 0; i < n; i++) {
        s->giving[slots[i]] = true;
        args_u64(&a, ownership_record(s->o, slots[i])->epoch);
    }
    args_send(&a, s->redis, on_given, c);
}

static void give_next(struct slots *s)
{
    struct slot_gift gifts[LIMIT_CLAIM_CHUNK];
    bool sent[LIMIT_CLAIM_CHUNK] = {false};
    uint32_t n = ownership_next_gifts(s->o, gifts, LIMIT_CLAIM_CHUNK);
    for (uint32_t i = 0; i < n; i++) { /* a call per receiver */
        uint16_t slots[LIMIT_CLAIM_CHUNK];
        uint32_t k = 0;
        for (uint32_t j = i; j < n && !sent[i]; j++) {
            if (!sent[j] && gifts[j].member == gifts[i].member) {
                slots[k++] = gifts[j].slot;
                sent[j] = j > i;
            }
        }
        if (k > 0) {
            const struct ownership_member *m = ownership_member_at(s->o, gifts[i].member);
            give(s, m->id, m->nonce, slots, k);
        }
    }
}

/* ---------------------------------------------------------------------------------------- the work
 */

struct member_list {
    const struct slots *s;
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
    copy_str(out->id, sizeof(out->id), str_of(m->id));
    copy_str(out->nonce, sizeof(out->nonce), str_of(m->nonce));
}

static void set_members(struct slots *s)
{
    struct member_list l = {.s = s};
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

/* All that there is to do now. Ends with Redis being asked, never in a loop. */
static void work(struct slots *s)
{
    uint64_t now = loop_now_ms(s->loop);
    if (!s->active || s->destroyed || !redis_up(s->redis)) {
        return;
    }
    note_readings(s);
    const struct cluster_member *self = cluster_find(s->cluster, CLUSTER_SHARD, str_of(s->id));
    if (self && self->draining != s->draining) { /* nobody reports ourselves */
        s->draining = self->draining;
        set_members(s);
    }
    if (!s->table_read) {
        if (s->reading == 0 && now >= s->reread_at) {
            s->reread_at = now + REREAD_MS;
            read_table(s);
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
            claim(s, slots, n); /* its answer brings the next chunk */
        }
        if (now >= s->gifts_at) {
            s->gifts_at = now + GIVE_MS;
            give_next(s);
        }
    }
    if (now >= s->asks_at) {
        char owner[65];
        uint16_t *list = mem_alloc(SLOT_COUNT * sizeof(*list));
        uint32_t n;
        s->asks_at = now + ASK_MS;
        if (s->reading == 0) {
            s->reread_at = now + REREAD_MS;
            reread(s, true);
        }
        while (!s->destroyed && (n = ownership_next_asks(s->o, owner, list, SLOT_COUNT)) > 0) {
            s->ops.send_ask(s->ctx, str_of(owner), list, n);
        }
        mem_free(list);
    } else if (now >= s->reread_at && s->reading == 0 && s->allowed) {
        s->reread_at = now + REREAD_MS;
        reread(s, false);
    }
    if (now >= s->sweep_at) {
        s->sweep_at = now + SWEEP_MS;
        sweep(s);
    }
    set_metrics(s);
}

static void on_tick(void *ctx)
{
    work(ctx);
}

/* ---------------------------------------------------------------------------------------- what the
 * shard tells */

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
    work(s);
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
    work(s);
}

void slots_asked(struct slots *s, struct str shard, const uint16_t *slots, uint32_t n)
{
    (void)shard;
    (void)slots;
    (void)n; /* what we would give it is what our own picture says; an ask only makes us look at
                once */
    if (s->active) {
        s->gifts_at = 0;
        work(s);
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
    read_rows(s, list, k); /* the table decides: it may have been for our life before */
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
    read_rows(s, &slot, 1);
    tell(s, &slot, 1, false);
}

/* ----------------------------------------------------------------------------------------
 * questions */

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

/* ---------------------------------------------------------------------------------------- life */

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
    copy_str(s->id, sizeof(s->id), str_of(cluster_id(c)));
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
