/* cmd_cluster.c: `verona cluster init`. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "deploy/ctl/find.h"
#include "deploy/ctl/init.h"

#include <stdio.h>

enum { TRY_MS = 2000, PAUSE_MS = 250 };

/* Redis may still be starting, or loading its file. */
static int open_waiting(const struct ctl *c, const struct found *f, uint64_t wait_ms,
                        struct rds **r, struct buf *err)
{
    uint64_t start = ctl_now_ms();
    for (;;) {
        buf_reset(err);
        int rc = rds_open(f->redis_url, found_password(c, f), TRY_MS, r, err);
        if (rc != ERR_UNAVAILABLE && rc != ERR_AGAIN)
            return rc;
        if (ctl_now_ms() - start >= wait_ms)
            return rc;
        ctl_sleep_ms(PAUSE_MS);
    }
}

int cmd_cluster_init(struct ctl *c, int argc, char **argv)
{
    struct init_result result;
    struct found f;
    struct rds *r = NULL;
    struct buf err;
    uint64_t wait_ms = 0;
    (void)argc;
    (void)argv;
    if (c->o.wait && !ctl_duration(c->o.wait, &wait_ms))
        return ctl_fail(CTL_USAGE, "--wait 30s", "--wait must be a time such as 30s");
    int rc = find_cluster(c, &f);
    if (rc)
        return rc;
    buf_init(&err);
    rc = open_waiting(c, &f, wait_ms, &r, &err);
    if (rc) {
        rc = find_failed(rc, &err);
    } else if ((rc = init_cluster(r, &result, &err))) {
        rc = ctl_fail(rc == ERR_CONFLICT ? CTL_CONFLICT : CTL_TEMPORARY, NULL, "%.*s", (int)err.len,
                      err.data);
    } else if (!c->o.quiet) {
        printf("%s cluster %s, 4096 slots, Redis %s\n", result.created ? "New" : "Existing",
               result.cluster_id, result.redis_version);
    }
    rds_close(&r);
    found_deinit(&f);
    buf_deinit(&err);
    return rc;
}
