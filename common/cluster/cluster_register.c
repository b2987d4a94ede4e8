/* cluster_register.c: from nothing to a record of our own in Redis.
 *
 *   META --there, ours--> RIVAL --record free--> REGISTER --boot--> RUN
 *
 * RIVAL is skipped at the first start: a restarted process takes its id back at once. Who loses it
 * to another live process waits until that one is silent, or the two would take turns for ever. */
#include "cluster/cluster_priv.h"

#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

/* ---- META */

/* So that a JID is the same hash in the log of every process of the cluster. */
static void share_log_key(const struct cluster_meta *m)
{
    uint8_t key[16];
    _Static_assert(sizeof(m->key) == crypto_kdf_KEYBYTES, "of one size");
    (void)crypto_kdf_derive_from_key(key, sizeof(key), 1, "log jids", m->key);
    log_set_jid_key(key);
}

const char *cluster_check_meta(struct cluster *c, const redisReply *reply)
{
    struct cluster_meta m;
    const char *why = cluster_meta_read(reply, &m);
    if (why || !c->has_meta) {
        if (!why) {
            c->meta = m;
            c->has_meta = true;
            share_log_key(&c->meta);
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
        cluster_unref(c);
        return;
    }
    if (!err && reply->type != REDIS_REPLY_ERROR) {
        const char *why = cluster_check_meta(c, reply);
        if (why) {
            c->not_before = loop_now_ms(c->loop) + ABSENT_RETRY_MS;
            cluster_set_unsafe(c, true, why);
        } else {
            c->phase = c->was_registered ? PHASE_RIVAL : PHASE_REGISTER;
            cluster_tick(c);
        }
    }
    cluster_unref(c);
}

void cluster_ask_meta(struct cluster *c)
{
    const struct str argv[] = {STR("HGETALL"), STR("verona:meta")};
    c->busy = true;
    cluster_command(c, 2, argv, COMMAND_MS, on_meta, c);
}

/* ---- RIVAL */

static uint64_t lease_of(const struct cluster *c)
{
    return c->role == CLUSTER_SHARD ? LIMIT_SHARD_LEASE_MS : LIMIT_GATEWAY_LEASE_MS;
}

static void on_rival(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    c->busy = false;
    if (c->destroyed || c->phase != PHASE_RIVAL || err || reply->type == REDIS_REPLY_ERROR) {
        cluster_unref(c);
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
        cluster_tick(c);
    }
    cluster_unref(c);
}

void cluster_ask_rival(struct cluster *c)
{
    struct buf key;
    buf_init(&key);
    cluster_record_key(&key, c->role, str_of(c->id));
    const struct str argv[] = {STR("HGETALL"), buf_as_str(&key)};
    c->busy = true;
    cluster_command(c, 2, argv, COMMAND_MS, on_rival, c);
    buf_deinit(&key);
}

/* ---- REGISTER */

static void on_registered(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    c->busy = false;
    if (c->destroyed || c->phase != PHASE_REGISTER) {
        cluster_unref(c);
        return;
    }
    if (!err && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        c->boot = (uint64_t)redis_int(reply->element[0], 0);
        c->was_registered = true;
        c->phase = PHASE_RUN;
        c->renewed_at = loop_now_ms(c->loop);
        log_info("cluster_registered", KV_Z("id", c->id), KV_U("boot", c->boot),
                 KV_Z("cluster", c->meta.cluster_id));
        cluster_tick(c);
    } else if (!err) {
        c->phase = PHASE_META;
        c->not_before = loop_now_ms(c->loop) + ABSENT_RETRY_MS;
        if (cluster_no_library(reply)) {
            cluster_set_unsafe(c, true,
                               "the function library " CLUSTER_LIBRARY " is missing in Redis");
        } else {
            log_warn("registration_refused", KV_Z("id", c->id), KV("store", redis_str(reply)));
        }
    }
    cluster_unref(c);
}

void cluster_register(struct cluster *c)
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
    cluster_command(c, sizeof(argv) / sizeof(argv[0]), argv, COMMAND_MS, on_registered, c);
    buf_deinit(&key);
    buf_deinit(&field);
}
