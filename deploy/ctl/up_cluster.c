/* up_cluster.c: steps "cluster" and "account": what Redis must hold before anything starts. */
#include "deploy/ctl/up.h"

#include "base/err.h"
#include "base/limits.h"
#include "common/cluster/cluster.h"
#include "common/cluster/cluster_record.h"
#include "deploy/ctl/init.h"
#include "deploy/ctl/term.h"
#include "rt/config.h"

#include <openssl/crypto.h>
#include <stdio.h>

/* The record of the process that we will start as number i. */
static bool read_record(struct up *u, unsigned i, struct cluster_record *out)
{
    struct plan_process p = plan_process(&u->plan, i);
    struct buf key;
    buf_init(&key);
    cluster_record_key(&key, p.is_gateway ? CLUSTER_GATEWAY : CLUSTER_SHARD, str_of(p.id));
    redisReply *reply = RDS(u->redis, STR("HGETALL"), buf_as_str(&key));
    memset(out, 0, sizeof *out);
    if (reply && reply->type == REDIS_REPLY_ARRAY)
        cluster_record_read(reply, out);
    freeReplyObject(reply);
    buf_deinit(&key);
    return out->exists && out->m.alive;
}

/* Two processes of one name would take the name from each other for ever. One that was killed left
 * a record as well, but nobody renews it. */
static int check_names(struct up *u, struct buf *err)
{
    struct cluster_record old[2 * PLAN_MAX_PROCESSES], now;
    unsigned n = plan_count(&u->plan);
    bool any = false;
    for (unsigned i = 0; i < n; i++)
        any = read_record(u, i, &old[i]) || any;
    for (uint64_t start = ctl_now_ms(); any && ctl_now_ms() - start < 4 * LIMIT_RENEW_MS;) {
        ctl_sleep_ms(LIMIT_RENEW_MS / 4);
        for (unsigned i = 0; i < n; i++) {
            if (!old[i].exists || !old[i].m.alive || !read_record(u, i, &now) ||
                (now.renew == old[i].renew && now.m.boot == old[i].m.boot))
                continue;
            buf_printf(err,
                       "a process %s of another verona up runs with this Redis (host %s, pid %lld)",
                       plan_process(&u->plan, i).id, now.m.host, (long long)now.m.pid);
            return ERR_CONFLICT;
        }
    }
    return 0;
}

int up_cluster(struct up *u)
{
    uint64_t t = ctl_now_ms();
    struct init_result result;
    struct buf err;
    char text[256];
    buf_init(&err);
    int rc = init_cluster(u->redis, &result, &err);
    if (rc) {
        rc = up_failed("cluster", rc == ERR_CONFLICT ? CTL_CONFLICT : CTL_TEMPORARY, NULL, &err);
    } else {
        snprintf(text, sizeof text, "%s %.8s, 4096 slots", result.created ? "new" : "reused",
                 result.cluster_id);
        term_step("cluster", text, ctl_now_ms() - t);
        if (u->plan.redis_url && check_names(u, &err))
            rc = up_failed("cluster", CTL_CONFLICT,
                           "verona down there, or a database of its own: --redis redis://host/1",
                           &err);
    }
    buf_deinit(&err);
    return rc;
}

int up_account(struct up *u)
{
    uint64_t t = ctl_now_ms();
    struct buf err;
    struct str jid = buf_as_str(&u->plan.first_admin);
    char text[400];
    if (!jid.n)
        return CTL_OK;
    buf_init(&err);
    int64_t n = account_count(u->redis, &err);
    int rc = n < 0 ? (int)n : 0;
    if (n == 0) {
        account_make_password(u->password);
        rc = account_add(u->redis, jid, str_of(u->password),
                         (uint32_t)config_int(u->ctl->cfg, CFG_AUTH_ITERATIONS), &err);
        if (rc)
            OPENSSL_cleanse(u->password, sizeof u->password);
    }
    if (rc) {
        rc = up_failed("accounts", CTL_FAILED, NULL, &err);
    } else {
        if (n)
            snprintf(text, sizeof text, "%lld, as before", (long long)n);
        else
            snprintf(text, sizeof text, "new: %.*s", STR_FMT(jid));
        term_step("accounts", text, ctl_now_ms() - t);
    }
    buf_deinit(&err);
    return rc;
}
