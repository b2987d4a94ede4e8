/* up.h: the parts of `verona up`. Each step shows its line and returns an exit code. */
#ifndef CTL_UP_H
#define CTL_UP_H

#include "deploy/ctl/account.h"
#include "deploy/ctl/ctl.h"
#include "deploy/ctl/folder.h"
#include "deploy/ctl/plan.h"
#include "deploy/ctl/rds.h"
#include "deploy/ctl/sup.h"

struct up {
    struct ctl *ctl;
    struct plan plan;
    struct folder folder;
    struct sup sup;
    struct rds *redis; /* open while it starts */
    char redis_url[512];
    char program[2][PATH_MAX]; /* of shards, of gateways */
    char redis_version[32];
    char password[ACCOUNT_PASSWORD_LEN + 1]; /* of the account that was made; "" if none was */
};

/* up_redis.c: a private server, or the one of --redis, is there and answers. */
int up_redis(struct up *u);
/* up_cluster.c: the cluster's records; the first account, last of all, so that its password is
 * seen. */
int up_cluster(struct up *u);
int up_account(struct up *u);
/* up_processes.c: the programs are there and their ports are free; shards and gateways run and are
 * ready. */
int up_programs(struct up *u);
int up_ports(struct up *u);
int up_shards(struct up *u);
int up_gateways(struct up *u);

/* up.c: a failed step; fix: lines for people or NULL. Returns `code`. */
int up_failed(const char *step, int code, const char *fix, const struct buf *why);
/* We were asked to end. */
static inline bool up_stopped(const struct up *u)
{
    return u->sup.stops > 0;
}
enum { UP_INTERRUPTED = -1 };

#endif
