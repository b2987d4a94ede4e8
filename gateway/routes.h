/* routes.h: stanzas between users that this gateway sends, from their reading to their answer.
 * Pure.
 *
 *   waiting --(sent to a life of a shard)--> open --(RouteDone, RouteFailed)--> answered
 *      ^                                      |
 *      +----------(that life is over)---------+
 *
 * One waits as long as its slot has no owner, or there is no link to it.
 * What is sent again keeps its number, by which the gateways of its user know it again (seen.h).
 * Those of one slot stay in order: none is sent past one that waits, nor to another life than the
 * one that has earlier ones. Bounded: who finds no place is told so by his caller. */
#ifndef MUC_GATEWAY_ROUTES_H
#define MUC_GATEWAY_ROUTES_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ROUTES_WAITING_MAX = 4096,
    ROUTES_WAITING_BYTES = LIMIT_BUS_CREDIT,
    ROUTES_MAX = 65536, /* waiting and open */
    ROUTES_BYTES = 4 * LIMIT_BUS_CREDIT,
};

struct routes;
/* Whom the outcome is for. */
struct route_owner {
    uint64_t by_sid, ref;
    uint64_t read_ns; /* loop_clock_ns() when it was taken */
};
struct routes_ops {
    /* The life that a stanza of that slot can be sent to now; NULL: none. */
    void *(*life)(void *ctx, uint32_t slot);
    /* false: it takes nothing more for the moment. */
    bool (*send)(void *ctx, void *life, struct str item);
};

struct routes *routes_new(const struct routes_ops *ops, void *ctx);
void routes_destroy(struct routes **rs_p);

/* The number that the next one gets; above 0. */
uint64_t routes_next(const struct routes *rs);
/* Sends it, or lets it wait until due_ms. The item is moved out of the buf, which is empty then.
 * false: too many, nothing was done. */
MUST_CHECK bool routes_add(struct routes *rs, uint32_t slot, struct route_owner owner,
                           struct buf *item, uint64_t due_ms);
/* Sends what waits and can be sent. */
void routes_flush(struct routes *rs);
/* The life that has it says that it is over; what waited for that is sent. false: it was not sent
 * there (any more). */
bool routes_answered(struct routes *rs, uint64_t number, const void *life, struct route_owner *out);
/* What that life has not answered waits again, until due_ms. */
void routes_life_over(struct routes *rs, const void *life, uint64_t due_ms);
/* Takes out one that has waited too long. false: none. */
bool routes_expired(struct routes *rs, uint64_t now_ms, struct route_owner *out);

bool routes_waits(const struct routes *rs, uint32_t slot);
void routes_each_waiting_slot(const struct routes *rs, void (*fn)(void *ctx, uint32_t slot),
                              void *ctx);
uint32_t routes_count(const struct routes *rs);

#endif
