/* cluster_judge.c: who is new, changed, silent, dead or long dead, by what a round has read. The
 * dead are buried in Redis before anybody is told: the others must see the same. */
#include "cluster/cluster_priv.h"

#include "base/limits.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <string.h>

enum {
    SUSPECT_SHARD_MS = 300,
    SUSPECT_GATEWAY_MS = 1000,
    KEEP_DEAD_MS = 60000,
};

static void report(struct entry *e, uint64_t old_boot)
{
    struct cluster *c = e->c;
    if (!e->is_self && c->ops.member && !c->destroyed) {
        c->ops.member(c->ctx, &e->m, old_boot);
    }
}

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
    cluster_unref(c);
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
    cluster_command(c, 7, argv, COMMAND_MS, on_judged, e);
    buf_deinit(&key);
}

static uint64_t patience(const struct entry *e)
{
    if (e->m.role == CLUSTER_SHARD) {
        return e->suspect ? SUSPECT_SHARD_MS : LIMIT_SHARD_LEASE_MS;
    }
    return e->suspect ? SUSPECT_GATEWAY_MS : LIMIT_GATEWAY_LEASE_MS;
}

void cluster_judge(struct entry *e, uint64_t dt)
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
        e->m = m; /* silent 0: another life */
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

void cluster_count_nodes(const struct cluster *c)
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
