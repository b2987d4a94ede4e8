/* deliver_pieces.h: what the parts of a Delivery are made of. Shared by deliver_parts.c and
 * deliver_replies.c; all memory is the arena's, all bytes are borrowed from the effects. */
#ifndef MUC_DELIVER_PIECES_H
#define MUC_DELIVER_PIECES_H

#include "proto/muc.pb-c.h"
#include "shard/deliver_parts.h"

/* What the room core has, as messages of the wire: all in the arena, but bytes stay where they are
 * and must live until the message is packed. n: how many. */
Verona__Record *piece_record(const struct deliver_env *env, const struct room_record *in,
                             struct arena *a);
Verona__Name *piece_name(struct event_name in, struct arena *a);
Verona__Message *piece_message(const struct room_message *in, struct arena *a);
Verona__RoomConfig *piece_config(const struct room_config *in, bool with_secret, struct arena *a);
ProtobufCBinaryData *piece_strings(const struct str *in, uint32_t n, struct arena *a);
uint32_t *piece_numbers(const uint16_t *in, uint32_t n, struct arena *a);
Verona__ListItem **piece_list_items(const struct fx_list_item *in, uint32_t n, struct arena *a);

/* Packs msg and appends it. */
void part_add(struct arena *a, struct parts *out, const Verona__Part *msg, enum part_to to);
/* deliver_replies.c: the answer to one request. */
void part_reply(const struct deliver_step *step, const struct fx *fx, struct arena *a,
                struct parts *out);

#endif
