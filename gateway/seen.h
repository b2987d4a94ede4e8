/* seen.h: the newest SEEN_MAX stanzas that were handed to sessions of ours, so that one which comes
 * again, by another shard because the first died, is not shown twice. Pure. */
#ifndef MUC_GATEWAY_SEEN_H
#define MUC_GATEWAY_SEEN_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum { SEEN_MAX = 65536 };

/* Routed.origin, Routed.ref, and the session. */
struct seen_key {
    uint64_t origin, ref, sid;
};

struct seen;
struct seen *seen_new(void);
void seen_destroy(struct seen **s_p);
bool seen_has(const struct seen *s, struct seen_key key);
/* Forgets the oldest if there are SEEN_MAX. */
void seen_add(struct seen *s, struct seen_key key);

#endif
