/* directory.h: the directory of the cluster's rooms in Redis, as shards keep it. Gateways read it
 * (gateway/directory.h). It is an index: what it says follows from the rooms, and whoever loads a
 * room puts its entry right.
 *
 *   verona:rooms                   public rooms that are open, all with score 0: by address
 *   verona:{verona:rooms}:users    the same with their occupants as score: by size
 *   verona:{verona:rooms}:info     room -> DirectoryEntry
 *   verona:{verona:rooms}:all      every room there is, for room.max_rooms and for admins; score 0
 *   verona:{verona:rooms}:by:JID   rooms that this user made in the last minute
 *
 * The tag makes all of them one slot of a Redis Cluster. */
#ifndef MUC_DIRECTORY_H
#define MUC_DIRECTORY_H

#include "rt/redis.h"
#include "shard/room/room_types.h"

/* What the directory is to say of a room: image NULL: there is none (any more). fn: as
 * redis_command. */
void directory_put(struct redis *r, struct str room, const struct room_image *image, redis_fn *fn,
                   void *ctx);
/* How many are inside now; nothing happens if the room is not listed. */
void directory_count(struct redis *r, struct str room, uint32_t occupants);

/* May one more room be made, and by him? Takes its place at once: directory_put() with NULL gives
 * it back. The reply is OK, or TOOMANY, or TOOFAST. 0: no limit. */
void directory_reserve(struct redis *r, struct str room, struct str by, uint32_t max_rooms,
                       uint32_t per_minute, redis_fn *fn, void *ctx);

#endif
