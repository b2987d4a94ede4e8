/* registry.h: who is in the cluster: the records of Redis, and what each process says of itself. */
#ifndef CTL_REGISTRY_H
#define CTL_REGISTRY_H

#include "common/cluster/cluster.h"
#include "deploy/ctl/rds.h"
#include "deploy/ctl/state.h"

#include <jansson.h>

struct registry_entry {
    struct cluster_member m; /* id, boot, admin, host, pid, ports ... */
    const char *state;       /* up, draining, dead, unreachable, gone: see registry_ask */
    json_t *status;          /* of GET /status; NULL: no answer */
    int64_t restarts;        /* -1: not known */
};

struct registry {
    struct registry_entry *v; /* sorted by role and id */
    size_t n;
    struct cluster_meta meta;
    bool has_meta;
};

/* From Redis. Errors: ERR_UNAVAILABLE, ERR_NOTFOUND (no cluster, or not one for us; why in err). */
MUST_CHECK int registry_read(struct rds *r, struct registry *out, struct buf *err);
/* From cluster.json, where Redis is away. */
void registry_from_state(const struct state *s, struct registry *out);
/* Asks every process; adds restarts from s (NULL: not known). Who does not live is "gone", and not
 * missed, if it is of an earlier `verona up` on this machine than s is, which starts it no more:
 * its record stays until the others have buried and forgotten it. */
void registry_ask(struct registry *g, const struct state *s);
/* Is it such a one? host: this machine's name. */
bool registry_is_gone(const struct registry_entry *e, const struct state *s, const char *host);
void registry_deinit(struct registry *g);
/* NULL if there is none. */
const struct registry_entry *registry_find(const struct registry *g, enum cluster_role role,
                                           struct str id);
/* HOST:PORT where the admin listener of a member is reached from here. */
void registry_admin(const struct cluster_member *m, char *out, size_t room);
const char *registry_role(const struct cluster_member *m);

#endif
