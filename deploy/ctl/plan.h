/* plan.h: what `verona up` starts: which processes, on which ports, with which settings. Pure.
 *
 * Process n of a role adds 100*(n-1) to its base ports, --port-offset adds to all: c2s 5222 (5223
 * is reserved), WebSocket 5280, admin of gateways 5290, admin of shards 5291. */
#ifndef CTL_PLAN_H
#define CTL_PLAN_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct options;
struct config;

enum { PLAN_MAX_PROCESSES = 64, PLAN_ARGS = 64 };

struct plan {
    unsigned gateways, shards, port_offset;
    const char *auth;
    char bind[256];                    /* address for clients, without brackets */
    char domain[256], muc_domain[256]; /* prepared */
    struct buf admins;                 /* bare JIDs, separated by commas */
    struct buf first_admin;            /* the account that an empty cluster gets; empty: none */
    const char *redis_url;             /* NULL: a private server */
    const char *config_file;           /* NULL: none */
    const char *const *sets;           /* --set of the user, checked */
    size_t n_sets;
};

/* From options, environment and file. Errors: ERR_INVALID with a line in err. */
MUST_CHECK int plan_make(struct plan *p, const struct options *o, const struct config *cfg,
                         struct buf *err);
void plan_deinit(struct plan *p);

/* Index i < gateways + shards: shards first, then gateways. */
struct plan_process {
    bool is_gateway;
    char id[16];                /* s1, g1 */
    uint16_t c2s_port, ws_port; /* 0: none */
    uint16_t admin_port;
};
struct plan_process plan_process(const struct plan *p, unsigned i);
static inline unsigned plan_count(const struct plan *p)
{
    return p->gateways + p->shards;
}

/* A URL with a password in it: the processes get it by VERONA_REDIS_URL, not on their command
 * lines. */
bool plan_url_is_secret(const char *redis_url);

/* The arguments of a process as NUL-terminated texts in `text`, pointers to them and a NULL in argv
 * (PLAN_ARGS + 2 * n_sets of room). sockets: folder for the bus. */
void plan_argv(const struct plan *p, unsigned i, const char *redis_url, const char *sockets,
               struct buf *text, const char **argv);

#endif
