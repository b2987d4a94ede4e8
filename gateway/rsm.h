/* rsm.h: result set management (XEP-0059): what a client asks for, and what it is told. Pure. */
#ifndef MUC_RSM_H
#define MUC_RSM_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/stanza.h"

#include <stdint.h>

struct rsm {
    bool present; /* the request has a <set/> */
    bool has_max, has_index, has_after, has_before;
    uint32_t max, index;
    struct str after, before; /* an empty `before`: the last page; in the arena */
};

/* The <set/> among the children of `query`. false: numbers that are none, or places that exclude
 * each other: bad-request. */
bool rsm_read(const struct xnode *query, struct arena *a, struct rsm *out);
/* first, last: ids of the page's ends, empty for an empty page. index: of the first, -1: unknown.
 * count: of all, -1: unknown. */
void rsm_put(struct buf *out, struct str first, struct str last, int64_t index, int64_t count);

#endif
