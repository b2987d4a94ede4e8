/* rooms.h: the rooms in memory, and everything that happens to one from outside it.
 *
 *   request --> slot ours? --> entry (LOADING: waits) --> room_step --> deliver --> send
 *                                  ^                          | FX_PERSIST
 *                                  | queue                    v
 *                                  +---- PERSISTED <---- commit (one in flight per room)
 *
 * While a commit is in flight the room's events queue; when it is answered, its completions are
 * stepped in order, then the queue. What changed in one turn goes to the store at the turn's end.
 */
#ifndef MUC_ROOMS_H
#define MUC_ROOMS_H

#include "base/mem.h"
#include "proto/muc.pb-c.h"
#include "shard/room/room.h"
#include "shard/store.h"

struct loop;
struct rooms;

struct rooms_ops {
    /* The token of a slot; false: it is not ours, or may be another's in a moment (requests wait).
     */
    bool (*token)(void *ctx, uint32_t slot, struct store_token *out);
    /* A packed verona.Item to a gateway; dropped if that life of it is over. */
    void (*send)(void *ctx, gateway_ref gw, struct str item);
    /* "<gateway id>:<boot>" of a gateway that ever spoke to us. */
    struct str (*gateway_name)(void *ctx, gateway_ref gw);
    /* Rooms of a slot in memory. */
    void (*loaded)(void *ctx, uint32_t slot, uint32_t n_rooms);
    /* A commit met ERR_FENCED; the slot's rooms are dropped already. */
    void (*fenced)(void *ctx, uint32_t slot);
    uint64_t (*wall_ms)(void *ctx);
    void (*random)(void *ctx, uint8_t out[16]);
};

struct rooms_config {
    const struct room_service *service; /* outlives the rooms */
    const struct blocked *blocked;      /* whom no room admits; NULL: nobody */
    uint64_t unload_after_ms;           /* empty rooms */
    uint64_t orphan_after_ms;           /* temporary rooms that nobody came back to */
    bool forget;                        /* rooms_forget() may be asked for */
};

struct rooms *rooms_new(struct loop *l, struct store *st, const struct rooms_config *cfg,
                        const struct rooms_ops *ops, void *ctx);
/* Destroy the store between rooms_drop_all() and this: no answer of it may come later. */
void rooms_destroy(struct rooms **rs_p);
/* Of verona:meta, before the first request. */
void rooms_set_seed(struct rooms *rs, const uint8_t seed[16]);

/* The cluster's store is not to be trusted now: nothing is read from it or written (I11). */
void rooms_set_unsafe(struct rooms *rs, bool unsafe);

/* A request came: `ev` is what `item` (the packed verona.Item) holds. Both borrowed. */
void rooms_request(struct rooms *rs, gateway_ref gw, const Verona__RoomEvent *ev, struct str item);
/* Its sessions leave (333) every room here. May be called again if the gateway came back. */
void rooms_gateway_lost(struct rooms *rs, gateway_ref gw);
/* Its life is over: what it was sent it will never answer. It is lost as well. */
void rooms_gateway_over(struct rooms *rs, gateway_ref gw);

void rooms_slot_gained(struct rooms *rs, uint32_t slot, uint64_t epoch, bool takeover);
/* Drops its rooms without a word; whoever waits for an answer is told to ask elsewhere. */
void rooms_slot_lost(struct rooms *rs, uint32_t slot);
void rooms_drop_all(struct rooms *rs);
/* test.forget_rooms: every room of ours that nobody is in ends, in memory and in the store; when
 * the last is done, gw gets a Forgot with that ref. Nothing happens, and nothing is said, unless
 * rooms_config.forget allows it. */
void rooms_forget(struct rooms *rs, gateway_ref gw, uint64_t ref);
/* The highest epoch known for a slot, 0: none. */
uint64_t rooms_known_epoch(const struct rooms *rs, uint32_t slot);

struct rooms_totals {
    uint32_t rooms, active; /* in memory; of these with somebody inside */
    uint32_t occupants, sessions;
    uint32_t waiting; /* rooms with a call to the store in flight */
    size_t queued_bytes;
};
void rooms_totals(const struct rooms *rs, struct rooms_totals *out);
/* NULL if it is not in memory. Borrowed for the turn. */
const struct room *rooms_find(const struct rooms *rs, struct str jid);
/* Calls in flight or to be made? (Shutdown waits for false.) */
bool rooms_busy(const struct rooms *rs);

#endif
