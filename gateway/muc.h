/* muc.h: rooms as a gateway sees them: requests out, deliveries in. Between link.c and
 * render/fanout.
 *
 *   stanza -> muc_in (pure) -> RoomEvent, kept until acknowledged (pending.h) -> link -> shard
 *   Delivery -> replica (rosters) -> render (once) -> fanout -> client queues */
#ifndef MUC_GATEWAY_MUC_H
#define MUC_GATEWAY_MUC_H

#include "base/buf.h"
#include "proto/muc.pb-c.h"

struct muc;

/* From link.c: items of the slot's present owner only (epoch and boot were checked). */
void muc_delivery(struct muc *m, const Verona__Delivery *d);
void muc_ack(struct muc *m, const Verona__Ack *a);
/* The slot has another owner that does not know our occupants (not planned): every local occupant
 * of its rooms is told (unavailable, 110 + 333), the replicas end. Called before requests are
 * resent. */
void muc_slot_lost(struct muc *m, uint32_t slot);
/* Rooms with a replica here, and local occupancies, for status. */
uint32_t muc_rooms(const struct muc *m);
uint32_t muc_occupancies(const struct muc *m);

#endif
