/* cluster_round.c: RUN. Each 200 ms one round goes out in one pipeline: verona:meta, our renewal,
 * verona:members, all records. It is judged when its last reply is there, and only if all of them
 * came. */
#include "cluster/cluster_priv.h"

#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <assert.h>
#include <string.h>

static void end_round(struct cluster *c)
{
    if (c->round_failed) {
        cluster_restart_count(c);
        return;
    }
    if (c->round_meta || c->round_renew == RENEW_NO_LIBRARY) {
        cluster_restart_count(c); /* nobody is judged by a Redis that is not ours */
        cluster_set_unsafe(c, true,
                           c->round_meta ? c->round_meta
                                         : "the function library " CLUSTER_LIBRARY
                                           " is missing in Redis");
        return;
    }
    c->refs++; /* the callbacks may destroy us */
    uint64_t now = loop_now_ms(c->loop);
    cluster_set_unsafe(c, false, "");
    if (c->round_renew == RENEW_REFUSED) {
        log_error("lease_lost", KV_Z("id", c->id), KV_U("boot", c->boot),
                  KV_Z("state", c->round_state));
        c->phase = PHASE_META;
        c->ready = false;
        cluster_restart_count(c);
        if (c->ops.lost && !c->destroyed) {
            c->ops.lost(c->ctx);
        }
        if (!c->destroyed && c->phase == PHASE_META) {
            cluster_tick(c);
        }
        cluster_unref(c);
        return;
    }
    c->renewed_at = now;
    /* A gap between two rounds counts for two periods at the most: what we slept through ourselves
     * is no silence of others. */
    uint64_t dt = c->last_round && now >= c->grace_until ? now - c->last_round : 0;
    dt = dt > 2 * LIMIT_RENEW_MS ? 2 * LIMIT_RENEW_MS : dt;
    c->last_round = now;
    for (struct entry *e = c->members; e && !c->destroyed; e = e->hh.next) {
        cluster_judge(e, dt);
    }
    if (!c->destroyed) {
        c->rounds_done = c->rounds_begun;
        cluster_count_nodes(c);
        if (!c->ready && c->phase == PHASE_RUN) {
            c->ready = true;
            if (c->ops.ready) {
                c->ops.ready(c->ctx);
            }
        }
    }
    cluster_unref(c);
}

static void round_reply(struct cluster *c)
{
    assert(c->round_pending > 0);
    if (--c->round_pending == 0) {
        c->busy = false;
        if (!c->destroyed && c->phase == PHASE_RUN) {
            end_round(c);
        }
    }
    cluster_unref(c);
}

static void on_round_meta(void *ctx, const redisReply *reply, int err)
{
    struct cluster *c = ctx;
    if (err || reply->type == REDIS_REPLY_ERROR) {
        c->round_failed = true;
    } else {
        c->round_meta = cluster_check_meta(c, reply);
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
    } else if (cluster_error_is(reply, "NOTMINE")) {
        c->round_renew = RENEW_REFUSED;
        snprintf(c->round_state, sizeof(c->round_state), "%s", reply->str + strlen("NOTMINE "));
        result = "fenced";
    } else if (cluster_no_library(reply)) {
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
    cluster_command(c, 2, argv, COMMAND_MS, on_round_record, e);
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
        struct entry *e = cluster_entry_add(c, role, id);
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

void cluster_begin_round(struct cluster *c)
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
    cluster_command(c, 2, meta, COMMAND_MS, on_round_meta, c);
    cluster_command(c, 7, renew, COMMAND_MS, on_round_renew, c);
    cluster_command(c, 2, members, COMMAND_MS, on_round_members, c);
    for (struct entry *e = c->members; e; e = e->hh.next) {
        if (e->listed) {
            read_record(c, e);
        }
    }
    buf_deinit(&key);
}
