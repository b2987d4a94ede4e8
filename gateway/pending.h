/* pending.h: requests from their reading to their acknowledgement. Pure.
 *
 * Per slot they stand in the order of rseq, which keeps the order of every room and session:
 *
 *   [sent] [sent] [sent] | [waiting] [waiting]        next: the first that waits
 *
 * A change of owner makes them all wait again, marked redo if the former owner may have worked on
 * them. */
#ifndef MUC_GATEWAY_PENDING_H
#define MUC_GATEWAY_PENDING_H

#include "base/arena.h"
#include "base/mem.h"
#include "gateway/link.h"
#include "proto/muc.pb-c.h"

struct pending;
struct pending_req {
    uint64_t rseq, sid, read_ns;
    uint32_t slot;
    enum link_what what;
    bool leave;
    bool inside; /* see link_from_inside() */
    bool redo;   /* a former owner may have worked on it */
    bool sent;   /* to `boot` under `epoch` */
    uint64_t epoch, boot;
};

struct pending *pending_new(void);
void pending_destroy(struct pending **p_p);

/* Takes a request at the end of its slot's row; ev's slot, rseq and sid are set. The bytes are
 * copied. */
const struct pending_req *pending_add(struct pending *p, const Verona__RoomEvent *ev,
                                      uint64_t read_ns);
/* NULL if it is not there (any more). */
const struct pending_req *pending_find(const struct pending *p, uint64_t rseq);
void pending_remove(struct pending *p, uint64_t rseq);

void pending_from_inside(struct pending *p, uint64_t rseq);

/* The first of the slot that waits, NULL if none does. */
const struct pending_req *pending_next(const struct pending *p, uint32_t slot);
/* Its Item as it is to be sent under that epoch; valid until the next call. */
struct str pending_item(struct pending *p, const struct pending_req *req, uint64_t epoch);
/* The first that waits was sent. */
void pending_sent(struct pending *p, uint32_t slot, uint64_t epoch, uint64_t boot);
/* It was not worked on where it was sent: it waits again. false: it was sent elsewhere meanwhile.
 */
bool pending_bounced(struct pending *p, uint64_t rseq, uint64_t boot);
/* The slot has another owner (epoch): all that an older one was sent wait again, as redo. */
void pending_new_owner(struct pending *p, uint32_t slot, uint64_t epoch);
/* The link to that life of a shard is over: what it was sent waits again, as redo. If it is the
 * same life that comes back, under the same epoch, nothing else would send that again. */
void pending_life_over(struct pending *p, uint64_t boot);
/* A link is gone with all that it carried (a new life of ours): all sent ones wait again, as new.
 */
void pending_restart(struct pending *p);

/* Is one of that session there? Looks at all. */
bool pending_of(const struct pending *p, uint64_t sid);
bool pending_any(const struct pending *p, uint32_t slot);
uint32_t pending_count(const struct pending *p);
size_t pending_bytes(const struct pending *p);
size_t pending_waiting_bytes(const struct pending *p);

#endif
