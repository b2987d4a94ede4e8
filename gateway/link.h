/* link.h: requests on their way to the owner of their slot, and back. What muc.c needs of link.c.
 */
#ifndef MUC_GATEWAY_LINK_H
#define MUC_GATEWAY_LINK_H

#include "base/buf.h"
#include "proto/muc.pb-c.h"
#include "rt/json.h"

struct link;

/* Nothing waits for an owner or an answer. */
bool link_idle(const struct link *l);
/* Appends why rooms cannot be reached, a line for each reason. */
void link_reasons(const struct link *l, struct buf *out);
json_t *link_status(const struct link *l); /* bus_status() */

uint32_t link_slot(const struct link *l, struct str jid);
/* Takes a request: fills slot, epoch and rseq, packs and keeps it until its rseq is acknowledged,
 * sends it if the slot's owner is known and its link is up, and again, in order, to a new owner.
 * Returns the rseq. The requests of one room stay in order. sid's client is paused while more than
 * the credit window waits for that shard. 0: too much waits already, it was not taken (never for a
 * leave). */
uint64_t link_request(struct link *l, Verona__RoomEvent *ev);
/* Is a request of that session not acknowledged yet? Looks at all there are. */
bool link_pending_of(const struct link *l, uint64_t sid);
struct cluster_member;
/* Forget to one shard; lost if it is not linked now. */
void link_forget(struct link *l, const struct cluster_member *shard, uint64_t ref);
/* The owner's stream acknowledged it (Delivery.origin or Ack). */
void link_acknowledge(struct link *l, uint64_t rseq);

/* Its sender was inside the room when he made it. */
void link_from_inside(struct link *l, uint64_t rseq);

/* What a request was that is not acknowledged yet; false if there is none of that rseq. */
enum link_what { LINK_OTHER, LINK_JOIN, LINK_GROUPCHAT };
struct link_origin {
    uint64_t sid, read_ns; /* loop_clock_ns() when it was taken */
    enum link_what what;
    bool inside; /* see link_from_inside() */
};
bool link_origin(const struct link *l, uint64_t rseq, struct link_origin *out);

#endif
