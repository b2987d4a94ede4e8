/* state.h: DIR/run/cluster.json: what `verona up` started, for the other commands and for scripts.
 *
 *   {"supervisor_pid": 1, "supervisor_start": 2, "started_ms": 3, "redis_url": "unix:///...",
 * "redis_pid": 3, ..., "domain": "...", "muc_domain": "...", "processes": [{"role": "shard", "id":
 * "s1", "pid": 4, "start": 5, "admin": "127.0.0.1:5291", "ports": {"admin": 5291}, "restarts": 0},
 * ...]} */
#ifndef CTL_STATE_H
#define CTL_STATE_H

#include "deploy/ctl/folder.h"
#include "deploy/ctl/proc.h"

struct state_process {
    char role[16], id[72];
    char admin[300];       /* HOST:PORT */
    int c2s_port, ws_port; /* 0: none */
    int admin_port;
    int64_t restarts;
    struct proc_id proc;
};

struct state {
    struct proc_id supervisor, redis; /* redis.pid 0: not ours */
    uint64_t started_ms;              /* when the supervisor was, since the Unix epoch */
    int64_t redis_restarts;
    char redis_url[512];
    char domain[256], muc_domain[256];
    struct state_process *processes;
    size_t n_processes;
};

/* Written beside and renamed, so that a reader never sees half of it. Errors: ERR_IO. */
MUST_CHECK int state_save(const struct state *s, const struct folder *f);
/* Errors: ERR_NOTFOUND, ERR_PROTO (not such a file), ERR_DENIED (it is not ours: another user must
 * not tell us which processes to end). To be freed with state_deinit. */
MUST_CHECK int state_load(struct state *s, const struct folder *f);
void state_deinit(struct state *s);
/* NULL if there is none. */
const struct state_process *state_find(const struct state *s, const char *role, struct str id);
void state_remove(const struct folder *f);

#endif
