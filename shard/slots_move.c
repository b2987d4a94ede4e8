/* slots_move.c: claims and gifts, each compare-and-set in Redis (FCALL verona_claim, verona_give).
 */
#include "shard/slots_priv.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <assert.h>
#include <string.h>

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
    redis_command(r, a->n, argv, SLOTS_COMMAND_MS, fn, ctx);
    buf_deinit(&a->bytes);
}

/* ---- claiming */

/* A row of the answer of verona_claim or verona_give: {what, e, o, n}. False: it is none. */
static bool read_row(const redisReply *reply, int64_t *what, struct slot_record *rec)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4) {
        return false;
    }
    *what = redis_int(reply->element[0], -2);
    *rec = (struct slot_record){.epoch = (uint64_t)redis_int(reply->element[1], 0)};
    slots_copy(rec->owner, sizeof(rec->owner), redis_str(reply->element[2]));
    slots_copy(rec->nonce, sizeof(rec->nonce), redis_str(reply->element[3]));
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
    if (slots_call_is_void(c)) {
        slots_call_free(c);
        return;
    }
    bool answered = is_answer(c, reply, err);
    slots_note_readings(s);
    for (uint32_t i = 0; i < c->n; i++) {
        struct slot_record rec;
        int64_t what = -2;
        if (answered && read_row(reply->element[i], &what, &rec) && what >= 0) {
            ownership_claimed(s->o, c->slots[i], (uint64_t)what, &rec);
        } else {
            ownership_claimed(s->o, c->slots[i], 0, NULL);
            if (what == -1) {
                ownership_set_lost(s->o, c->slots[i], true);
                slots_report_lost_row(s, c->slots[i]);
            }
        }
    }
    if (!answered) {
        log_warn("claim_failed", KV_U("slots", c->n),
                 KV("store", err ? str_of(err_text(err)) : redis_str(reply)));
        s->reread_at = 0; /* it may have been done: look, and try again with the next tick */
    }
    slots_tell(s, c->slots, c->n, true);
    if (answered && !slots_call_is_void(c)) {
        slots_work(s);
    }
    slots_call_free(c);
}

void slots_claim(struct slots *s, const uint16_t *slots, uint32_t n)
{
    struct call *c = slots_call_new(s, slots, n);
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

/* ---- giving */

static void on_given(void *ctx, const redisReply *reply, int err)
{
    struct call *c = ctx;
    struct slots *s = c->s;
    if (slots_call_is_void(c)) {
        slots_call_free(c);
        return;
    }
    uint64_t epochs[LIMIT_CLAIM_CHUNK];
    uint16_t gone[LIMIT_CLAIM_CHUNK];
    uint32_t n_gone = 0;
    bool answered = is_answer(c, reply, err);
    slots_note_readings(s);
    if (!answered) {
        log_warn("give_failed", KV_Z("to", c->to_id), KV_U("slots", c->n),
                 KV("store", err ? str_of(err_text(err)) : redis_str(reply)));
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "error", c->n);
        for (uint32_t i = 0; i < c->n; i++) {
            slots_set_unsure(s, c->slots[i], true);
        }
        s->reread_at = 0;
        slots_call_free(c);
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
                slots_report_lost_row(s, slot);
            }
        }
    }
    if (n_gone < c->n) {
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "error", c->n - n_gone);
    }
    slots_tell(s, c->slots, c->n, false);
    if (n_gone > 0 && !slots_call_is_void(c)) {
        metric_add_l(METRIC_SLOT_MIGRATIONS_TOTAL, "out", "ok", n_gone);
        log_info("slots_given", KV_Z("to", c->to_id), KV_U("slots", n_gone));
        s->ops.send_gave(s->ctx, str_of(c->to_id), gone, epochs, n_gone);
    }
    if (n_gone > 0 && !slots_call_is_void(c)) {
        s->gifts_at = 0; /* go on with the next chunk */
        slots_work(s);
    }
    slots_call_free(c);
}

static void give(struct slots *s, const char *to_id, const char *to_nonce, const uint16_t *slots,
                 uint32_t n)
{
    struct call *c = slots_call_new(s, slots, n);
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

void slots_give_next(struct slots *s)
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
