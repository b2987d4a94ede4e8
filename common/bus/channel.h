/* channel.h: one link as a pure state machine: sequence, acks, resends, credits, liveness.
 *
 * No socket and no clock: time comes in, frames go out through channel_next_frame(). Tests
 * run two of them against each other, over a wire that loses, doubles and cuts. */
#ifndef MUC_CHANNEL_H
#define MUC_CHANNEL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "proto/wire.h"

enum channel_state { CHANNEL_DOWN, CHANNEL_HELLO, CHANNEL_UP, CHANNEL_SUSPECT };

enum channel_event {
    CHANNEL_EV_NONE = 0,
    CHANNEL_EV_UP_FRESH = 1, /* first time with this boot of the peer */
    CHANNEL_EV_UP_AGAIN = 2,
    CHANNEL_EV_DOWN = 4,
    CHANNEL_EV_OTHER_BOOT = 8, /* a Hello of a later life, or of a peer that forgot this link:
                                * nothing was taken from it, the caller makes a new channel */
    CHANNEL_EV_REFUSED = 16,   /* protocol, cluster or unicode version differ */
    CHANNEL_EV_STALE = 32,     /* the frame was void: of another life, or not expected */
};

struct channel_self {
    struct str id, cluster_id;
    uint64_t boot;
    uint32_t unicode;
    uint32_t role;
    uint64_t
        link; /* greater than in any earlier channel of this boot with that peer; 0 counts as 1 */
};

enum {
    CHANNEL_ITEM_MAX = LIMIT_BUS_MESSAGE - WIRE_HEADROOM,
    CHANNEL_ACK_BYTES =
        64 * 1024, /* taken and not acked: then an ack does not wait for a heartbeat */
    CHANNEL_ACK_ITEMS = 256,
};

struct channel;
/* self and peer_id are copied. It begins with a Hello. */
struct channel *channel_new(const struct channel_self *self, struct str peer_id, uint64_t peer_boot,
                            uint64_t now_ms);
void channel_destroy(struct channel **c_p);

/* Queues an item (copied). ERR_FULL above LIMIT_BUS_OVERRUN, ERR_TOOBIG above CHANNEL_ITEM_MAX. */
MUST_CHECK int channel_queue(struct channel *c, struct str item);
/* A frame arrived. Appends to `ready` the items that are new and in order (they point into the
 * frame); returns channel_event bits, or ERR_PROTO: the peer broke the protocol, reset the link. */
typedef void channel_item_fn(void *ctx, struct str item);
MUST_CHECK int channel_receive(struct channel *c, struct wire_frame *f, uint64_t now_ms,
                               channel_item_fn *fn, void *ctx);
/* Time passed: heartbeats become due, silence turns UP into SUSPECT and DOWN. channel_event bits.
 */
int channel_tick(struct channel *c, uint64_t now_ms);
/* The transport lost its connection (send refused). */
int channel_broken(struct channel *c, uint64_t now_ms);
/* The peer talks nonsense: down at once, then a new Hello. Nothing queued is lost. */
int channel_reset(struct channel *c, uint64_t now_ms);
/* Builds the next frame if one is due (items within credit, an ack owed, a heartbeat, a hello) in
 * `out`; false if there is nothing to send. max: bytes of one frame. After true, call
 * channel_sent(c, ok): ok = false leaves everything to be sent again. */
bool channel_next_frame(struct channel *c, uint64_t now_ms, size_t max, bool with_crc,
                        struct buf *out);
void channel_sent(struct channel *c, bool ok, uint64_t now_ms);

enum channel_state channel_state(const struct channel *c);
size_t channel_queued_bytes(const struct channel *c); /* not acked by the peer */
size_t channel_queued_items(const struct channel *c);
bool channel_full(const struct channel *c); /* a whole credit window is not acked */
/* Half a window is free again: the end of `full` for who wants to stop and go rarely. */
bool channel_has_room(const struct channel *c);
uint64_t channel_last_heard_ms(const struct channel *c);
uint64_t channel_resent(const struct channel *c); /* items sent more than once */

#endif
