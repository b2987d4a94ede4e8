/* find.h: which cluster a command means, and the way to its Redis. */
#ifndef CTL_FIND_H
#define CTL_FIND_H

#include "deploy/ctl/ctl.h"
#include "deploy/ctl/rds.h"
#include "deploy/ctl/state.h"

struct found {
    char redis_url[512];
    bool has_state; /* a local cluster of `verona up` */
    struct state state;
};

/* --redis, else --data, else redis.url of environment or file, else the local cluster in the
 * default folder, else the default of redis.url. An exit code; what went wrong is said. */
MUST_CHECK int find_cluster(const struct ctl *c, struct found *f);
void found_deinit(struct found *f);
/* redis.password, but "" for the private server of a local cluster, which has none. */
const char *found_password(const struct ctl *c, const struct found *f);
/* The same, and a connection. */
MUST_CHECK int find_redis(const struct ctl *c, struct found *f, struct rds **r);
/* Says why Redis cannot be used; returns the exit code for it. */
int find_failed(int rc, const struct buf *err);

#endif
