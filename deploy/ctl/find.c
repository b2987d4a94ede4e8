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

/* The state of a cluster that is running now. 0, or ERR_NOTFOUND, ERR_DENIED, ERR_PROTO. */
static int load_local(const struct ctl *c, struct found *f)
{
    struct folder folder;
    struct buf err;
    buf_init(&err);
    int rc = folder_name(c->o.data, &folder, &err) ? ERR_NOTFOUND : state_load(&f->state, &folder);
    buf_deinit(&err);
    if (!rc && !proc_alive(f->state.supervisor)) {
        state_deinit(&f->state);
        rc = ERR_NOTFOUND;
    }
    f->has_state = !rc;
    return rc;
}

static int no_local(const struct ctl *c, int rc)
{
    if (rc == ERR_DENIED)
        return ctl_fail(CTL_DENIED, "run it as the user who ran verona up",
                        "the cluster in the folder %s belongs to another user", c->o.data);
    if (rc == ERR_PROTO)
        return ctl_fail(CTL_FAILED, "verona up --data DIR writes it anew",
                        "%s/run/cluster.json cannot be read", c->o.data);
    return ctl_fail(CTL_UNREACHABLE, "verona up --data DIR starts one",
                    "no cluster runs with the folder %s", c->o.data);
}

int find_cluster(const struct ctl *c, struct found *f)
{
    memset(f, 0, sizeof *f);
    bool configured = strcmp(config_origin(c->cfg, CFG_REDIS_URL), "default") != 0;
    if (c->o.redis) {
        take(f, c->o.redis);
        /* For pids and restarts, if it is the same one. */
        if (!load_local(c, f) && strcmp(f->state.redis_url, f->redis_url))
            found_deinit(f);
        return CTL_OK;
    }
    if (c->o.data || !configured) {
        int rc = load_local(c, f);
        if (!rc) {
            take(f, f->state.redis_url);
            return CTL_OK;
        }
        if (c->o.data)
            return no_local(c, rc);
    }
    take(f, config_str(c->cfg, CFG_REDIS_URL));
    return CTL_OK;
}

const char *found_password(const struct ctl *c, const struct found *f)
{
    return f->has_state && f->state.redis.pid ? "" : config_str(c->cfg, CFG_REDIS_PASSWORD);
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
    rc = rds_open(f->redis_url, found_password(c, f), REDIS_TIMEOUT_MS, r, &err);
    if (rc) {
        rc = find_failed(rc, &err);
        found_deinit(f);
    }
    buf_deinit(&err);
    return rc;
}
