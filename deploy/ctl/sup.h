/* sup.h: the supervisor of `verona up`: it starts processes, notices that one ended, starts it
 * again, and ends them in order.
 *
 *   signalfd --> sup_turn() --> reap, count, log, start again (100 ms, doubling to 2 s)
 *                          \--> stops: how often we were asked to end */
#ifndef CTL_SUP_H
#define CTL_SUP_H

#include "deploy/ctl/folder.h"
#include "deploy/ctl/proc.h"
#include "deploy/ctl/state.h"

enum sup_role { SUP_REDIS, SUP_SHARD, SUP_GATEWAY };

struct sup_child {
    enum sup_role role;
    char id[16];
    char path[PATH_MAX];
    struct buf text;   /* the arguments' bytes */
    const char **argv; /* into text; owned */
    struct proc_id proc;
    bool running;
    int64_t log_from;              /* where this start begins in its log */
    int status;                    /* of waitpid, when it ended */
    uint64_t started_ms, again_ms; /* again_ms 0: no restart is due */
    uint64_t backoff_ms;
    int64_t restarts;
    uint16_t c2s_port, ws_port, admin_port;
};

struct sup {
    const struct folder *folder;
    struct sup_child *children; /* Redis first, if it is ours */
    size_t n;
    struct state state; /* what cluster.json says */
    int signal_fd;
    unsigned stops; /* SIGINT, SIGTERM, SIGHUP so far */
    bool keep;      /* start again what ends */
    bool log_only;  /* nobody sees our stdout */
};

/* Blocks the signals it handles and takes them over. Errors: ERR_IO. */
MUST_CHECK int sup_init(struct sup *s, const struct folder *f, size_t max_children);
/* All children must have ended. */
void sup_deinit(struct sup *s);
/* A new child, not started; its argv is to be filled by the caller. */
struct sup_child *sup_add(struct sup *s, enum sup_role role, const char *id, size_t args);
MUST_CHECK int sup_start(struct sup *s, struct sup_child *c, struct buf *err);
/* Waits for something to happen, at most so long, and handles it. */
void sup_turn(struct sup *s, int timeout_ms);
/* SIGTERM to gateways, then shards, then Redis; each after those before are gone. Being asked to
 * stop once more, or 30 s, ends what is left at once. Returns how many had to be killed. */
unsigned sup_stop(struct sup *s);
/* "ended with status 1", "ended by signal 9 (Killed)". */
void sup_describe_end(const struct sup_child *c, struct buf *out);

#endif
