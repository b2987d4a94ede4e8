/* init.h: makes an empty Redis into a Verona cluster, once. */
#ifndef CTL_INIT_H
#define CTL_INIT_H

#include "base/buf.h"
#include "base/mem.h"
#include "deploy/ctl/rds.h"

struct init_result {
    bool created; /* false: it was a cluster already */
    char cluster_id[65];
    char redis_version[32];
};

/* Loads the function library, writes the 4096 own records and verona:meta where they are missing.
 * What is there is never changed. Errors, with a line for people in err: ERR_CONFLICT     verona:*
 * keys without verona:meta, another schema, an eviction policy, Redis too old ERR_UNAVAILABLE  the
 * connection was lost on the way: call again */
MUST_CHECK int init_cluster(struct rds *r, struct init_result *out, struct buf *err);

#endif
