/* up_cluster.c: steps "cluster" and "account": what Redis must hold before anything starts. */
#include "deploy/ctl/up.h"

#include "base/err.h"
#include "deploy/ctl/init.h"
#include "deploy/ctl/term.h"
#include "rt/config.h"

#include <openssl/crypto.h>
#include <stdio.h>

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
