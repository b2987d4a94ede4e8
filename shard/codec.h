/* codec.h: a request off the bus -> an event of the room core. Pure.
 *
 * Everything a gateway sends is checked here once: ranges of enums, lengths, counts, UTF-8 of what
 * names somebody. Behind it the core may trust its input. */
#ifndef MUC_CODEC_H
#define MUC_CODEC_H

#include "base/arena.h"
#include "base/mem.h"
#include "proto/muc.pb-c.h"
#include "shard/room/room_event.h"

/* out borrows from `in`; its arrays live in the arena. Filled: type, origin (without gw), nick,
 * strict_ok, id and the body. Left to the caller: now_ms, random, epoch, origin.gw.
 *
 * Errors: ERR_PROTO (a value out of range, a body or JID missing), ERR_TOOBIG (a field over its
 * limit in base/limits.h). */
MUST_CHECK int codec_event(const Verona__RoomEvent *in, struct arena *a, struct room_event *out);

/* Which stanza an error would answer; false for what is never answered (leave, error, garbage). */
bool codec_stanza(const Verona__RoomEvent *in, enum room_stanza *out);

/* Room's JID: bare, with a local part, within its limits. */
bool codec_room_ok(struct str room);

#endif
