/* registry.h: where users are online, HASH verona:session:<bare JID> in Redis, resource -> entry
 * "<gateway id> <boot> <handle> <priority>". Priority is -129 before the first available presence.
 */
#ifndef MUC_REGISTRY_H
#define MUC_REGISTRY_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

struct gateway;
struct client;

enum { REGISTRY_UNAVAILABLE = -129 };

struct registry_entry {
    struct str gateway; /* points into the text */
    uint64_t boot, sid;
    int priority;
};
/* Errors: ERR_INVALID. */
MUST_CHECK int registry_parse(struct str text, struct registry_entry *out);

/* Is it a session of a gateway, or of a life of it, that is over? */
bool registry_is_dead(const struct gateway *g, const struct registry_entry *e);

/* err: 0, ERR_FULL (LIMIT_SESSIONS_PER_USER), ERR_UNAVAILABLE, ERR_UNKNOWN. replaced: the entry
 * that held the resource before, empty if none. */
typedef void registry_fn(void *ctx, int err, struct str replaced);
void registry_bind(struct gateway *g, struct str bare, struct str resource, uint64_t sid,
                   registry_fn *fn, void *ctx);
/* Repeated until Redis took it or this life of the gateway is over. */
void registry_unbind(struct gateway *g, struct str bare, struct str resource, uint64_t sid);
/* What the session has now; likewise repeated, and as often as it changes meanwhile. */
void registry_priority(struct gateway *g, struct client *c);

#endif
