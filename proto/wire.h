/* wire.h: protobuf messages and the frame that carries them between processes.
 *
 * One ZeroMQ message is one frame: all items for a peer of one loop turn.
 *
 *   'V' 'R' version flags | crc32c (LE, of all that follows) | header length (LE) | LinkHeader |
 *   { item length (LE) | Item } ...
 *
 * Items are packed once and copied into the frame of each peer, so a Delivery for ten gateways is
 * packed once. Unpacking takes its memory from an arena: nothing to free one by one, and bounded.
 */
#ifndef MUC_WIRE_H
#define MUC_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/muc.pb-c.h"

#define WIRE_PROTOCOL 1u

enum {
    WIRE_HEADER_MAX = 1024, /* bytes of a packed LinkHeader */
    WIRE_HEADROOM = 2048,   /* what a frame has beside its items, at most */
    WIRE_ITEM_PREFIX = 4,   /* bytes of an item's length */
    WIRE_FLAG_CRC = 1,      /* the checksum field is in use; 0 in it otherwise */
};

/* CRC-32C (Castagnoli), as RFC 3720 §B.4. */
uint32_t wire_crc32c(const void *p, size_t n);
/* The same without the processor's help, for tests and old machines. */
uint32_t wire_crc32c_portable(const void *p, size_t n);

/* Appends a protobuf message of ours. Returns bytes added. */
size_t wire_pack(const ProtobufCMessage *msg, struct buf *out);
/* NULL if the bytes are not such a message. The result lives in the arena. */
MUST_CHECK ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, struct str bytes,
                                         struct arena *a);

/* Builds a frame in out (emptied first): begin, any number of items, end. with_crc: not under
 * CURVE. */
void wire_frame_begin(struct buf *out, const Verona__LinkHeader *header);
void wire_frame_item(struct buf *out, struct str item);
void wire_frame_end(struct buf *out, bool with_crc);

/* Reads a frame. header points into the arena, items into `frame`. Errors: ERR_PROTO (magic,
 * version, checksum, lengths, protobuf), ERR_TOOBIG. */
struct wire_frame {
    Verona__LinkHeader *header;
    struct str rest; /* items not yet read */
};
MUST_CHECK int wire_frame_parse(struct str frame, struct arena *a, struct wire_frame *out);
/* The next item's bytes; false at the end. Lengths were checked by parse. */
bool wire_frame_next(struct wire_frame *f, struct str *item);

/* ProtobufCBinaryData <-> str */
static inline struct str wire_str(ProtobufCBinaryData d)
{
    return (struct str){(const char *)d.data, d.len};
}
/* Borrows: protobuf-c only reads what is packed. */
static inline ProtobufCBinaryData wire_bytes(struct str s)
{
    return (ProtobufCBinaryData){s.n, (uint8_t *)(uintptr_t)s.p};
}

#endif
