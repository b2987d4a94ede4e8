/* cluster.c: our record, and everybody else's: life, the clock, and questions.
 *
 *   META --there, ours--> RIVAL --record free--> REGISTER --boot--> RUN --renewal refused--> META
 *
 * The first three are cluster_register.c. RUN is a round each 200 ms: cluster_round.c asks,
 * cluster_judge.c draws the conclusions. */
#include "cluster/cluster_priv.h"

#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <assert.h>
#include <string.h>

enum {
    LEAVE_MS = 1000,
    GRACE_MS = 1500, /* after an outage: others, too, are only just coming back */
};

/* ---- helpers of the whole folder */

void cluster_unref(struct cluster *c)
{
    if (--c->refs > 0) {
        return;
    }
    struct entry *e, *next;
    HASH_ITER(hh, c->members, e, next)
    {
        HASH_DEL(c->members, e);
        mem_free(e);
    }
    mem_free(c);
}

void cluster_command(struct cluster *c, uint32_t argc, const struct str *argv, uint32_t ms,
                     redis_fn *fn, void *ctx)
{
    c->refs++;
    redis_command(c->redis, argc, argv, ms, fn, ctx);
}

bool cluster_error_is(const redisReply *r, const char *prefix)
{
    size_t n = strlen(prefix);
    return r && r->type == REDIS_REPLY_ERROR && (size_t)r->len >= n &&
           memcmp(r->str, prefix, n) == 0;
}

bool cluster_no_library(const redisReply *r)
{
    return cluster_error_is(r, "ERR Function not found");
}

/* "shard:<id>" -> what is known of it; NULL if nothing is. */
static struct entry *find_entry(const struct cluster *c, const char *field)
{
    struct entry *e;
    HASH_FIND(hh, c->members, field, strlen(field), e);
    return e;
}

struct entry *cluster_entry_add(struct cluster *c, enum cluster_role role, struct str id)
{
    struct buf b;
    buf_init(&b);
    cluster_field(&b, role, id);
    buf_c(&b, 0);
    struct entry *e = find_entry(c, b.data);
    if (!e && b.len <= sizeof(e->field)) {
        e = mem_zalloc(sizeof(*e));
        e->c = c;
        memcpy(e->field, b.data, b.len);
        e->m.role = role;
        memcpy(e->m.id, id.p, id.n);
        e->is_self = role == c->role && str_is(id, c->id);
        HASH_ADD_KEYPTR(hh, c->members, e->field, strlen(e->field), e);
    }
    buf_deinit(&b);
    return e;
}

void cluster_set_unsafe(struct cluster *c, bool unsafe, const char *why)
{
    uint64_t now = loop_now_ms(c->loop);
    bool changed = c->unsafe != unsafe || strcmp(c->why, why) != 0;
    if (unsafe && (changed || now - c->complained_at >= COMPLAIN_MS)) {
        c->complained_at = now;
        log_error("cluster_unsafe", KV_Z("why", why));
    }
    if (!changed) {
        return;
    }
    c->unsafe = unsafe;
    snprintf(c->why, sizeof(c->why), "%s", why);
    if (!unsafe) {
        log_info("cluster_safe", KV_Z("cluster", c->meta.cluster_id));
    }
    if (c->ops.unsafe && !c->destroyed) {
        c->ops.unsafe(c->ctx, unsafe, c->why);
    }
}

void cluster_restart_count(struct cluster *c)
{
    if (c->last_round) {
        c->last_round = 0;
        c->grace_until = loop_now_ms(c->loop) + GRACE_MS;
        for (struct entry *e = c->members; e; e = e->hh.next) {
            e->m.silent_ms = 0;
        }
    }
}

/* ---- the clock */

void cluster_tick(void *ctx)
{
    struct cluster *c = ctx;
    uint64_t now = loop_now_ms(c->loop);
    if (c->renewed_at) {
        metric_set(METRIC_LEASE_RENEWAL_AGE_SECONDS, (double)(now - c->renewed_at) / 1000.0);
    }
    if (c->busy || !redis_up(c->redis)) {
        return;
    }
    switch (c->phase) {
    case PHASE_META:
        if (now >= c->not_before) {
            cluster_ask_meta(c);
        }
        break;
    case PHASE_RIVAL:
        cluster_ask_rival(c);
        break;
    case PHASE_REGISTER:
        cluster_register(c);
        break;
    case PHASE_RUN:
        cluster_begin_round(c);
        break;
    case PHASE_LEFT:
        break;
    }
}

void cluster_redis_state(struct cluster *c, bool up)
{
    if (up) {
        cluster_tick(c);
    } else {
        cluster_restart_count(c);
    }
}

/* ---- life */

static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    assert(n < size); /* the caller checks its options */
    memcpy(out, text ? text : "", n + 1);
}

struct cluster *cluster_new(struct loop *l, struct redis *r, const struct cluster_self *self,
                            const struct cluster_ops *ops, void *ctx)
{
    struct cluster *c = mem_zalloc(sizeof(*c));
    c->loop = l;
    c->redis = r;
    c->ops = *ops;
    c->ctx = ctx;
    c->refs = 1;
    c->role = self->role;
    copy_text(c->id, sizeof(c->id), self->id);
    copy_text(c->endpoint, sizeof(c->endpoint), self->endpoint);
    copy_text(c->admin, sizeof(c->admin), self->admin);
    copy_text(c->host, sizeof(c->host), self->host);
    copy_text(c->ports, sizeof(c->ports), self->ports);
    c->weight = self->weight;
    if (self->curve_key) {
        memcpy(c->curve_key, self->curve_key, sizeof(c->curve_key));
        c->has_curve_key = true;
    }
    loop_timer_init(&c->tick);
    loop_timer_start(l, &c->tick, 0, LIMIT_RENEW_MS, cluster_tick, c);
    return c;
}

static void on_left(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    (void)reply;
    (void)err; /* what could not be told is noticed by the others in time */
    void (*done)(void *) = c->left;
    void *done_ctx = c->left_ctx;
    bool destroyed = c->destroyed;
    cluster_unref(c);
    if (!destroyed && done) {
        done(done_ctx);
    }
}

void cluster_leave(struct cluster *c, void (*done)(void *ctx))
{
    bool registered = c->phase == PHASE_RUN;
    loop_timer_stop(&c->tick);
    c->phase = PHASE_LEFT;
    c->ready = false;
    c->left = done;
    c->left_ctx = c->ctx;
    struct buf key, field;
    buf_init(&key);
    buf_init(&field);
    cluster_record_key(&key, c->role, str_of(c->id));
    cluster_field(&field, c->role, str_of(c->id));
    const struct str argv[] = {
        STR("FCALL"),          STR("verona_leave"), STR("2"),         buf_as_str(&key),
        STR("verona:members"), buf_as_str(&field),  log_u64(c->boot), str_of(c->nonce),
    };
    const struct str nothing[] = {STR("PING")}; /* so that done() is never called from here */
    if (registered) {
        cluster_command(c, 8, argv, LEAVE_MS, on_left, c);
    } else {
        cluster_command(c, 1, nothing, LEAVE_MS, on_left, c);
    }
    buf_deinit(&key);
    buf_deinit(&field);
}

void cluster_destroy(struct cluster **c_p)
{
    struct cluster *c = *c_p;
    *c_p = NULL;
    if (c) {
        loop_timer_stop(&c->tick);
        c->destroyed = true;
        cluster_unref(c);
    }
}

/* ---- questions */

void cluster_set_draining(struct cluster *c, bool draining)
{
    c->draining = draining;
}

void cluster_suspect(struct cluster *c, const struct cluster_member *m)
{
    struct buf b;
    buf_init(&b);
    cluster_field(&b, m->role, str_of(m->id));
    buf_c(&b, 0);
    struct entry *e = find_entry(c, b.data);
    if (e && e->m.alive && e->m.boot == m->boot) {
        e->suspect = true;
    }
    buf_deinit(&b);
}

const struct cluster_meta *cluster_meta(const struct cluster *c)
{
    return &c->meta;
}

bool cluster_ready(const struct cluster *c)
{
    return c->ready;
}

bool cluster_unsafe(const struct cluster *c)
{
    return c->unsafe;
}

const char *cluster_id(const struct cluster *c)
{
    return c->id;
}

uint64_t cluster_boot(const struct cluster *c)
{
    return c->boot;
}

const char *cluster_nonce(const struct cluster *c)
{
    return c->nonce;
}

const struct cluster_member *cluster_find(const struct cluster *c, enum cluster_role role,
                                          struct str id)
{
    struct buf b;
    buf_init(&b);
    cluster_field(&b, role, id);
    buf_c(&b, 0);
    struct entry *e = find_entry(c, b.data);
    buf_deinit(&b);
    return e && e->seen && !e->forgotten ? &e->m : NULL;
}

void cluster_each(const struct cluster *c, void (*fn)(void *ctx, const struct cluster_member *m),
                  void *ctx)
{
    for (struct entry *e = c->members, *next; e; e = next) {
        next = e->hh.next;
        if (e->seen && !e->forgotten) {
            fn(ctx, &e->m);
        }
    }
}

uint64_t cluster_readings_begun(const struct cluster *c)
{
    return c->rounds_begun;
}

uint64_t cluster_readings_done(const struct cluster *c)
{
    return c->rounds_done;
}
