/* find.c: see find.h. */
#include "deploy/ctl/find.h"

#include "base/err.h"
#include "rt/config.h"

#include <stdio.h>

enum { REDIS_TIMEOUT_MS = 5000 };

static void take(struct found *f, const char *url)
{
    snprintf(f->redis_url, sizeof f->redis_url, "%s", url);
}

/* The state of a cluster that is running now. */
static bool load_local(const struct ctl *c, struct found *f)
{
    struct folder folder;
    struct buf err;
    buf_init(&err);
    bool ok = !folder_name(c->o.data, &folder, &err) && !state_load(&f->state, &folder);
    buf_deinit(&err);
    if (ok && !proc_alive(f->state.supervisor)) {
        state_deinit(&f->state);
        ok = false;
    }
    f->has_state = ok;
    return ok;
}

int find_cluster(const struct ctl *c, struct found *f)
{
    memset(f, 0, sizeof *f);
    bool configured = strcmp(config_origin(c->cfg, CFG_REDIS_URL), "default") != 0;
    if (c->o.redis) {
        take(f, c->o.redis);
        load_local(c, f); /* for pids and restarts, if it is the same one */
        if (f->has_state && strcmp(f->state.redis_url, f->redis_url))
            found_deinit(f);
        return CTL_OK;
    }
    if (c->o.data || !configured) {
        if (load_local(c, f)) {
            take(f, f->state.redis_url);
            return CTL_OK;
        }
        if (c->o.data)
            return ctl_fail(CTL_UNREACHABLE, "verona up --data DIR starts one",
                            "no cluster runs with the folder %s", c->o.data);
    }
    take(f, config_str(c->cfg, CFG_REDIS_URL));
    return CTL_OK;
}

void found_deinit(struct found *f)
{
    if (f->has_state)
        state_deinit(&f->state);
    f->has_state = false;
}

int find_failed(int rc, const struct buf *err)
{
    int code = rc == ERR_INVALID ? CTL_USAGE : rc == ERR_DENIED ? CTL_DENIED : CTL_UNREACHABLE;
    const char *hint = rc == ERR_INVALID  ? NULL
                       : rc == ERR_DENIED ? "set redis.password (VERONA_REDIS_PASSWORD_FILE=FILE)"
                                          : "is the cluster up? (verona up, or --redis URL)";
    return ctl_fail(code, hint, "%.*s", (int)err->len, err->data);
}

int find_redis(const struct ctl *c, struct found *f, struct rds **r)
{
    struct buf err;
    int rc = find_cluster(c, f);
    if (rc)
        return rc;
    buf_init(&err);
    rc = rds_open(f->redis_url, config_str(c->cfg, CFG_REDIS_PASSWORD), REDIS_TIMEOUT_MS, r, &err);
    if (rc) {
        rc = find_failed(rc, &err);
        found_deinit(f);
    }
    buf_deinit(&err);
    return rc;
}
