/* hats.h: the kinds of hats that a room has, and who wears them (XEP-0317). */
#ifndef MUC_ROOM_HATS_H
#define MUC_ROOM_HATS_H

#include "shard/room/room_priv.h"

/* A copy with its bytes. */
struct room_hat *hats_copy(struct arena *a, const struct room_hat *hats, uint32_t n);
/* A copy for the room, which has none or whose own are the caller's to free. */
void hats_own(struct room *room, const struct room_hat *hats, uint32_t n);
void hats_release(struct room *room);
/* He wears what his affiliation says. false: the same as before. */
bool hats_dress(const struct room *room, struct person *p);
/* Hex of a hash of the kinds of hats. */
enum { HATS_HASH = 32 };
void hats_hash(const struct room *room, char out[HATS_HASH]);

#endif
