/* cluster.c: our record, and everybody else's.
 *
 *   META --there, ours--> RIVAL --record free--> REGISTER --boot--> RUN --renewal refused--> META
 *
 * RIVAL is skipped at the first start: a restarted process takes its id back at once. Who loses it
 * to another live process waits until that one is silent, or the two would take turns for ever.
 *
 * In RUN each 200 ms one round goes out in one pipeline: verona:meta, our renewal, verona:members,
 * all records. It is judged when its last reply is there, and only if all of them came. */
#include "cluster/cluster.h"

#include "base/err.h"
#include "base/hmap.h"
#include "base/limits.h"
#include "cluster/cluster_record.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/redis.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COMMAND_MS = 5000, /* a shorter one would cut the connection of everybody else's commands */
    LEAVE_MS = 1000,
    ABSENT_RETRY_MS = 1000,
    COMPLAIN_MS = 30000, /* say again what is wrong */
    GRACE_MS = 1500,     /* after an outage: others, too, are only just coming back */
    SUSPECT_SHARD_MS = 300,
    SUSPECT_GATEWAY_MS = 1000,
    KEEP_DEAD_MS = 60000,
};

enum phase { PHASE_META, PHASE_RIVAL, PHASE_REGISTER, PHASE_RUN, PHASE_LEFT };

/* A member that we have ever seen. Never freed before the cluster object: callers hold pointers. */
struct entry {
    struct cluster *c;
    char field[80]; /* "shard:<id>": the key in the table and in verona:members */
    struct cluster_member m;
    uint64_t renew;
    uint64_t dead_ms; /* counted time since it died */
    bool is_self;
    bool seen;      /* m was read at least once */
    bool listed;    /* in verona:members, by the last round */
    bool suspect;   /* see cluster_suspect() */
    bool burying;   /* bury or forget is under way */
    bool forgotten; /* long dead: not shown any more */
    /* This round's reading. */
    bool read_listed;
    uint64_t listed_boot;
    struct cluster_record read;
    UT_hash_handle hh;
};

struct cluster {
    struct loop *loop;
    struct redis *redis;
    struct cluster_ops ops;
    void *ctx;
    enum cluster_role role;
    char id[65], endpoint[256], admin[128], host[65], ports[256];
    uint8_t curve_key[32];
    bool has_curve_key, draining;
    uint32_t weight;
    struct loop_timer tick;

    enum phase phase;
    uint32_t refs; /* replies under way, and the caller */
    bool destroyed;
    bool busy;           /* a reply is awaited before the next step, or a round is open */
    uint64_t not_before; /* next try in META */
    bool was_registered; /* in this life of the object */
    bool ready;

    bool has_meta;
    struct cluster_meta meta;
    uint64_t boot;
    char nonce[33];
    uint64_t renewed_at; /* 0: never */

    bool unsafe;
    char why[128];
    uint64_t complained_at;

    uint64_t rival_boot, rival_renew, rival_since;

    /* The round that is open. */
    uint32_t round_pending;
    bool round_failed;
    const char *round_meta; /* why verona:meta is not ours any more; NULL: it is */
    enum { RENEW_OK, RENEW_REFUSED, RENEW_NO_LIBRARY } round_renew;
    char round_state[16];

    uint64_t rounds_begun, rounds_done; /* numbers of them; done: that succeeded */
    uint64_t last_round;  /* end of the last one that succeeded; 0: start counting anew */
    uint64_t grace_until; /* no silence counts before */

    struct entry *members;
    void (*left)(void *ctx);
    void *left_ctx;
};

static void tick(void *ctx);
static void end_round(struct cluster *c);

/* ---------------------------------------------------------------------------------------- helpers
 */

static void unref(struct cluster *c)
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

/* Every command of this file: holds a reference until its reply. */
static void command(struct cluster *c, uint32_t argc, const struct str *argv, uint32_t ms,
                    redis_fn *fn, void *ctx)
{
    c->refs++;
    redis_command(c->redis, argc, argv, ms, fn, ctx);
}

static bool error_is(const redisReply *r, const char *prefix)
{
    size_t n = strlen(prefix);
    return r && r->type == REDIS_REPLY_ERROR && (size_t)r->len >= n &&
           memcmp(r->str, prefix, n) == 0;
}

static bool no_library(const redisReply *r)
{
    return error_is(r, "ERR Function not found");
}

static struct entry *find(const struct cluster *c, const char *field)
{
    struct entry *e;
    HASH_FIND(hh, c->members, field, strlen(field), e);
    return e;
}

static struct entry *find_or_add(struct cluster *c, enum cluster_role role, struct str id)
{
    struct buf b;
    buf_init(&b);
    cluster_field(&b, role, id);
    buf_c(&b, 0);
    struct entry *e = find(c, b.data);
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

static void set_unsafe(struct cluster *c, bool unsafe, const char *why)
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

/* Reads failed, or were not about our cluster: silence counts from here on. */
static void restart_count(struct cluster *c)
{
    if (c->last_round) {
        c->last_round = 0;
        c->grace_until = loop_now_ms(c->loop) + GRACE_MS;
        for (struct entry *e = c->members; e; e = e->hh.next) {
            e->m.silent_ms = 0;
        }
    }
}

static void report(struct entry *e, uint64_t old_boot)
{
    struct cluster *c = e->c;
    if (!e->is_self && c->ops.member && !c->destroyed) {
        c->ops.member(c->ctx, &e->m, old_boot);
    }
}

/* ---------------------------------------------------------------------------------------- META */

/* verona:meta as it is now: NULL if it is the one that we began with, or the first. */
static const char *check_meta(struct cluster *c, const redisReply *reply)
{
    struct cluster_meta m;
    const char *why = cluster_meta_read(reply, &m);
    if (why || !c->has_meta) {
        if (!why) {
            c->meta = m;
            c->has_meta = true;
        }
        return why;
    }
    if (strcmp(m.cluster_id, c->meta.cluster_id) != 0) {
        return "Redis holds another cluster than before";
    }
    if (m.gen != c->meta.gen || memcmp(m.seed, c->meta.seed, sizeof(m.seed)) != 0 ||
        memcmp(m.key, c->meta.key, sizeof(m.key)) != 0) {
        return "Redis holds another generation of the cluster than before";
    }
    return NULL;
}

static void on_meta(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    c->busy = false;
    if (c->destroyed || c->phase != PHASE_META) {
        unref(c);
        return;
    }
    if (!err && reply->type != REDIS_REPLY_ERROR) {
        const char *why = check_meta(c, reply);
        if (why) {
            c->not_before = loop_now_ms(c->loop) + ABSENT_RETRY_MS;
            set_unsafe(c, true, why);
        } else {
            c->phase = c->was_registered ? PHASE_RIVAL : PHASE_REGISTER;
            tick(c);
        }
    }
    unref(c);
}

/* ---------------------------------------------------------------------------------------- RIVAL */

static uint64_t lease_of(const struct cluster *c)
{
    return c->role == CLUSTER_SHARD ? LIMIT_SHARD_LEASE_MS : LIMIT_GATEWAY_LEASE_MS;
}

static void on_rival(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    c->busy = false;
    if (c->destroyed || c->phase != PHASE_RIVAL || err || reply->type == REDIS_REPLY_ERROR) {
        unref(c);
        return;
    }
    struct cluster_record r;
    cluster_record_read(reply, &r);
    uint64_t now = loop_now_ms(c->loop);
    bool rival = r.exists && r.m.alive && strcmp(r.m.nonce, c->nonce) != 0;
    if (rival && (r.m.boot != c->rival_boot || r.renew != c->rival_renew)) {
        if (now - c->complained_at >= COMPLAIN_MS || c->rival_boot == 0) {
            c->complained_at = now;
            log_error("cluster_id_taken", KV_Z("id", c->id), KV_Z("host", r.m.host),
                      KV_Z("hint", "another process uses this node.id; give each its own"));
        }
        c->rival_boot = r.m.boot;
        c->rival_renew = r.renew;
        c->rival_since = now;
    } else if (!rival || now - c->rival_since >= lease_of(c)) {
        c->rival_boot = 0;
        c->phase = PHASE_REGISTER;
        tick(c);
    }
    unref(c);
}

/* ---------------------------------------------------------------------------------------- REGISTER
 */

static void on_registered(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    c->busy = false;
    if (c->destroyed || c->phase != PHASE_REGISTER) {
        unref(c);
        return;
    }
    if (!err && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        c->boot = (uint64_t)redis_int(reply->element[0], 0);
        c->was_registered = true;
        c->phase = PHASE_RUN;
        c->renewed_at = loop_now_ms(c->loop);
        log_info("cluster_registered", KV_Z("id", c->id), KV_U("boot", c->boot),
                 KV_Z("cluster", c->meta.cluster_id));
        tick(c);
    } else if (!err) {
        c->phase = PHASE_META;
        c->not_before = loop_now_ms(c->loop) + ABSENT_RETRY_MS;
        if (no_library(reply)) {
            set_unsafe(c, true, "the function library " CLUSTER_LIBRARY " is missing in Redis");
        } else {
            log_warn("registration_refused", KV_Z("id", c->id), KV("store", redis_str(reply)));
        }
    }
    unref(c);
}

static void send_register(struct cluster *c)
{
    uint8_t bytes[16];
    char curve[65] = "", weight[16], pid[24];
    randombytes_buf(bytes, sizeof(bytes));
    cluster_hex(c->nonce, bytes, sizeof(bytes));
    if (c->has_curve_key) {
        cluster_hex(curve, c->curve_key, sizeof(c->curve_key));
    }
    snprintf(weight, sizeof(weight), "%u", c->weight);
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    struct buf key, field;
    buf_init(&key);
    buf_init(&field);
    cluster_record_key(&key, c->role, str_of(c->id));
    cluster_field(&field, c->role, str_of(c->id));
    const struct str argv[] = {
        STR("FCALL"),
        STR("verona_register"),
        STR("2"),
        buf_as_str(&key),
        STR("verona:members"),
        buf_as_str(&field),
        str_of(c->nonce),
        STR("endpoint"),
        str_of(c->endpoint),
        STR("admin"),
        str_of(c->admin),
        STR("curve"),
        str_of(curve),
        STR("weight"),
        str_of(weight),
        STR("pid"),
        str_of(pid),
        STR("host"),
        str_of(c->host),
        STR("ports"),
        str_of(c->ports),
    };
    c->busy = true;
    command(c, sizeof(argv) / sizeof(argv[0]), argv, COMMAND_MS, on_registered, c);
    buf_deinit(&key);
    buf_deinit(&field);
}

/* ---------------------------------------------------------------------------------------- RUN: a
 * round */

static void round_reply(struct cluster *c)
{
    assert(c->round_pending > 0);
    if (--c->round_pending == 0) {
        c->busy = false;
        if (!c->destroyed && c->phase == PHASE_RUN) {
            end_round(c);
        }
    }
    unref(c);
}

static void on_round_meta(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    if (err || reply->type == REDIS_REPLY_ERROR) {
        c->round_failed = true;
    } else {
        c->round_meta = check_meta(c, reply);
    }
    round_reply(c);
}

static void on_round_renew(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    const char *result = "ok";
    if (err) {
        c->round_failed = true;
        result = err == ERR_UNKNOWN ? "unknown" : "error";
    } else if (error_is(reply, "NOTMINE")) {
        c->round_renew = RENEW_REFUSED;
        snprintf(c->round_state, sizeof(c->round_state), "%s", reply->str + strlen("NOTMINE "));
        result = "fenced";
    } else if (no_library(reply)) {
        c->round_renew = RENEW_NO_LIBRARY;
        result = "error";
    } else if (reply->type == REDIS_REPLY_ERROR) {
        c->round_failed = true;
        result = "error";
    }
    metric_add_l(METRIC_LEASE_RENEWALS_TOTAL, result, NULL, 1);
    round_reply(c);
}

static void on_round_record(void *ctx, const redisReply *reply, int err)
{
    struct entry *e = ctx;
    if (err || reply->type == REDIS_REPLY_ERROR) {
        e->c->round_failed = true;
    } else {
        cluster_record_read(reply, &e->read);
    }
    round_reply(e->c);
}

static void read_record(struct cluster *c, struct entry *e)
{
    struct buf key;
    buf_init(&key);
    cluster_record_key(&key, e->m.role, str_of(e->m.id));
    const struct str argv[] = {STR("HGETALL"), buf_as_str(&key)};
    e->read = (struct cluster_record){0};
    c->round_pending++;
    command(c, 2, argv, COMMAND_MS, on_round_record, e);
    buf_deinit(&key);
}

static void on_round_members(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    for (struct entry *e = c->members; e; e = e->hh.next) {
        e->read_listed = false;
    }
    if (err || reply->type != REDIS_REPLY_ARRAY) {
        c->round_failed = true;
        round_reply(c);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements && !c->destroyed; i += 2) {
        enum cluster_role role;
        struct str id;
        if (!cluster_field_parse(redis_str(reply->element[i]), &role, &id)) {
            continue;
        }
        struct entry *e = find_or_add(c, role, id);
        if (!e) {
            continue;
        }
        if (!e->listed) {
            read_record(c, e); /* those of the round before were asked for with the list */
        }
        e->read_listed = true;
        e->listed_boot = (uint64_t)redis_int(reply->element[i + 1], 0);
    }
    round_reply(c);
}

static void begin_round(struct cluster *c)
{
    struct buf key;
    char boot[24];
    buf_init(&key);
    cluster_record_key(&key, c->role, str_of(c->id));
    snprintf(boot, sizeof(boot), "%llu", (unsigned long long)c->boot);
    const struct str meta[] = {STR("HGETALL"), STR("verona:meta")};
    const struct str renew[] = {
        STR("FCALL"),
        STR("verona_renew"),
        STR("1"),
        buf_as_str(&key),
        str_of(boot),
        str_of(c->nonce),
        c->draining ? STR("DRAINING") : STR("UP"),
    };
    const struct str members[] = {STR("HGETALL"), STR("verona:members")};
    c->busy = true;
    c->round_failed = false;
    c->round_meta = NULL;
    c->round_renew = RENEW_OK;
    c->round_pending = 3;
    c->rounds_begun++;
    command(c, 2, meta, COMMAND_MS, on_round_meta, c);
    command(c, 7, renew, COMMAND_MS, on_round_renew, c);
    command(c, 2, members, COMMAND_MS, on_round_members, c);
    for (struct entry *e = c->members; e; e = e->hh.next) {
        if (e->listed) {
            read_record(c, e);
        }
    }
    buf_deinit(&key);
}

/* ---------------------------------------------------------------------------------------- RUN:
 * judging */

/* Bury and forget. */
static void on_judged(void *ctx, const redisReply *reply, int err)
{
    struct entry *e = ctx;
    struct cluster *c = e->c;
    e->burying = false;
    if (!c->destroyed && !err && redis_int(reply, 0) == 1 && e->m.alive &&
        e->m.boot == e->listed_boot) {
        log_warn("member_dead", KV_Z("member", e->field), KV_U("boot", e->m.boot),
                 KV_U("silent_ms", e->m.silent_ms));
        e->m.alive = false;
        e->dead_ms = 0;
        report(e, e->m.boot);
    }
    unref(c);
}

static void send_judgement(struct entry *e, const char *function, struct str a, struct str b)
{
    struct cluster *c = e->c;
    struct buf key;
    buf_init(&key);
    cluster_record_key(&key, e->m.role, str_of(e->m.id));
    const struct str argv[] = {
        STR("FCALL"), str_of(function), STR("2"), buf_as_str(&key), STR("verona:members"), a, b,
    };
    e->burying = true;
    command(c, 7, argv, COMMAND_MS, on_judged, e);
    buf_deinit(&key);
}

static uint64_t patience(const struct entry *e)
{
    if (e->m.role == CLUSTER_SHARD) {
        return e->suspect ? SUSPECT_SHARD_MS : LIMIT_SHARD_LEASE_MS;
    }
    return e->suspect ? SUSPECT_GATEWAY_MS : LIMIT_GATEWAY_LEASE_MS;
}

/* What a round has read of one member. dt: counted time since the round before. */
static void judge(struct entry *e, uint64_t dt)
{
    struct cluster *c = e->c;
    const struct cluster_record *r = &e->read;
    bool was_alive = e->m.alive;
    e->listed = e->read_listed;
    if (!e->listed || !r->exists) {
        e->m.alive = false; /* it left, or was forgotten, or Redis lost its record */
        if (e->seen && was_alive) {
            report(e, e->m.boot);
        }
    } else if (!e->seen || r->m.boot != e->m.boot) {
        uint64_t old_boot = e->seen ? e->m.boot : 0;
        struct cluster_member m = r->m;
        m.role = e->m.role;
        memcpy(m.id, e->m.id, sizeof(m.id));
        e->m = m; /* silent 0, user NULL: another life */
        e->renew = r->renew;
        e->seen = true;
        e->suspect = false;
        e->dead_ms = 0;
        if (m.alive || old_boot) {
            log_info("member_seen", KV_Z("member", e->field), KV_U("boot", m.boot),
                     KV_Z("state", m.draining ? "draining"
                                   : m.alive  ? "up"
                                              : "dead"));
        }
        e->forgotten = false;
        report(e, old_boot);
    } else {
        bool changed = r->m.alive != e->m.alive || r->m.draining != e->m.draining;
        if (r->renew != e->renew) {
            e->renew = r->renew;
            e->m.silent_ms = 0;
            e->suspect = false;
        } else if (e->m.alive) {
            e->m.silent_ms += dt;
        }
        e->m.alive = r->m.alive;
        e->m.draining = r->m.draining;
        if (changed) {
            e->dead_ms = 0;
            report(e, e->m.boot);
        }
    }
    if (c->destroyed || e->is_self || e->burying) {
        return;
    }
    if (e->m.alive) {
        if (e->m.silent_ms >= patience(e)) {
            send_judgement(e, "verona_bury", log_u64(e->m.boot), log_u64(e->renew));
        }
        return;
    }
    e->dead_ms += dt;
    if (e->dead_ms >= KEEP_DEAD_MS) {
        e->forgotten = true;
        if (e->listed) {
            e->dead_ms = 0; /* ask again in a minute, should it be refused */
            send_judgement(e, "verona_forget", str_of(e->field), log_u64(e->listed_boot));
        }
    }
}

static void count_nodes(struct cluster *c)
{
    double n[2][3] = {{0}};
    for (struct entry *e = c->members; e; e = e->hh.next) {
        if (e->m.alive) {
            n[e->m.role == CLUSTER_SHARD][e->suspect ? 2 : e->m.draining ? 1 : 0]++;
        }
    }
    static const char *const roles[] = {"gateway", "shard"}, *const states[] = {"up", "draining",
                                                                                "suspect"};
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 3; k++) {
            metric_set_l(METRIC_CLUSTER_NODES, roles[i], states[k], n[i][k]);
        }
    }
}

static void end_round(struct cluster *c)
{
    if (c->round_failed) {
        restart_count(c);
        return;
    }
    if (c->round_meta || c->round_renew == RENEW_NO_LIBRARY) {
        restart_count(c); /* nobody is judged by a Redis that is not ours */
        set_unsafe(c, true,
                   c->round_meta ? c->round_meta
                                 : "the function library " CLUSTER_LIBRARY " is missing in Redis");
        return;
    }
    c->refs++; /* the callbacks may destroy us */
    uint64_t now = loop_now_ms(c->loop);
    set_unsafe(c, false, "");
    if (c->round_renew == RENEW_REFUSED) {
        log_error("lease_lost", KV_Z("id", c->id), KV_U("boot", c->boot),
                  KV_Z("state", c->round_state));
        c->phase = PHASE_META;
        c->ready = false;
        restart_count(c);
        if (c->ops.lost && !c->destroyed) {
            c->ops.lost(c->ctx);
        }
        if (!c->destroyed && c->phase == PHASE_META) {
            tick(c);
        }
        unref(c);
        return;
    }
    c->renewed_at = now;
    /* A gap between two rounds counts for two periods at the most: what we slept through ourselves
     * is no silence of others. */
    uint64_t dt = c->last_round && now >= c->grace_until ? now - c->last_round : 0;
    dt = dt > 2 * LIMIT_RENEW_MS ? 2 * LIMIT_RENEW_MS : dt;
    c->last_round = now;
    for (struct entry *e = c->members; e && !c->destroyed; e = e->hh.next) {
        judge(e, dt);
    }
    if (!c->destroyed) {
        c->rounds_done = c->rounds_begun;
        count_nodes(c);
        if (!c->ready && c->phase == PHASE_RUN) {
            c->ready = true;
            if (c->ops.ready) {
                c->ops.ready(c->ctx);
            }
        }
    }
    unref(c);
}

/* ---------------------------------------------------------------------------------------- the
 * clock */

static void tick(void *ctx)
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
            const struct str argv[] = {STR("HGETALL"), STR("verona:meta")};
            c->busy = true;
            command(c, 2, argv, COMMAND_MS, on_meta, c);
        }
        break;
    case PHASE_RIVAL: {
        struct buf key;
        buf_init(&key);
        cluster_record_key(&key, c->role, str_of(c->id));
        const struct str argv[] = {STR("HGETALL"), buf_as_str(&key)};
        c->busy = true;
        command(c, 2, argv, COMMAND_MS, on_rival, c);
        buf_deinit(&key);
        break;
    }
    case PHASE_REGISTER:
        send_register(c);
        break;
    case PHASE_RUN:
        begin_round(c);
        break;
    case PHASE_LEFT:
        break;
    }
}

void cluster_redis_state(struct cluster *c, bool up)
{
    if (up) {
        tick(c);
    } else {
        restart_count(c);
    }
}

/* ---------------------------------------------------------------------------------------- life */

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
    loop_timer_start(l, &c->tick, 0, LIMIT_RENEW_MS, tick, c);
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
    unref(c);
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
        command(c, 8, argv, LEAVE_MS, on_left, c);
    } else {
        command(c, 1, nothing, LEAVE_MS, on_left, c);
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
        unref(c);
    }
}

/* ----------------------------------------------------------------------------------------
 * questions */

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
    struct entry *e = find(c, b.data);
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
    struct entry *e = find(c, b.data);
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

uint64_t cluster_renewal_age_ms(const struct cluster *c)
{
    return c->renewed_at ? loop_now_ms(c->loop) - c->renewed_at : 0;
}

void cluster_set_user(struct cluster *c, const struct cluster_member *m, void *user)
{
    for (struct entry *e = c->members; e; e = e->hh.next) {
        if (&e->m == m) {
            e->m.user = user;
        }
    }
}
