/* wire.c: frames, checksums and bounded unpacking (wire.h; the protocol is in README.md).
 *
 *    0   2 'V' 'R'
 *    2   1 version of the frame     3   1 flags
 *    4   4 CRC-32C of all that follows, or 0
 *    8   4 length of the header    12   n LinkHeader
 *   then { 4 length, n Item } to the end */
#include "proto/wire.h"
#include "base/err.h"
#include "base/limits.h"

#include <assert.h>

enum {
    FRAME_VERSION = 1,
    OFF_VERSION = 2,
    OFF_FLAGS = 3,
    OFF_CRC = 4,
    OFF_HEADER_LENGTH = 8,
    OFF_HEADER = 12,
    /* Unpacked, a message is larger than on the wire: two bytes may become a struct. Honest ones
     * stay under 40 times (lists of short nicks); beyond this bound it is an attack on our memory.
     */
    UNPACK_BASE = 64 * 1024,
    UNPACK_FACTOR = 64,
};

/* ---------------------------------------------------------------- CRC-32C */

static const uint32_t crc_polynomial = 0x82f63b78u; /* reflected */

static uint32_t get_u32(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void set_u32(void *p, uint32_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
    b[2] = (uint8_t)(v >> 16);
    b[3] = (uint8_t)(v >> 24);
}

/* Eight bytes per step ("slicing by 8"). Made at first use; doing it twice would do no harm. */
static uint32_t crc_table[8][256];

static void crc_prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = (c >> 1) ^ (crc_polynomial & (0u - (c & 1u)));
        crc_table[0][i] = c;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int t = 1; t < 8; t++)
            crc_table[t][i] = (crc_table[t - 1][i] >> 8) ^ crc_table[0][crc_table[t - 1][i] & 0xff];
}

static uint32_t crc_portable(uint32_t c, const uint8_t *p, size_t n)
{
    if (crc_table[0][1] == 0)
        crc_prepare();
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t low = c ^ get_u32(p);
        uint32_t high = get_u32(p + 4);
        c = crc_table[7][low & 0xff] ^ crc_table[6][(low >> 8) & 0xff] ^
            crc_table[5][(low >> 16) & 0xff] ^ crc_table[4][low >> 24] ^ crc_table[3][high & 0xff] ^
            crc_table[2][(high >> 8) & 0xff] ^ crc_table[1][(high >> 16) & 0xff] ^
            crc_table[0][high >> 24];
    }
    for (; n; n--, p++)
        c = (c >> 8) ^ crc_table[0][(c ^ *p) & 0xff];
    return c;
}

#if defined(__x86_64__)
/* SSE 4.2 has an instruction for just this polynomial. */
__attribute__((target("sse4.2"))) static uint32_t crc_sse42(uint32_t c, const uint8_t *p, size_t n)
{
    uint64_t wide = c;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    c = (uint32_t)wide;
    for (; n; n--, p++)
        c = __builtin_ia32_crc32qi(c, *p);
    return c;
}
#endif

uint32_t wire_crc32c_portable(const void *p, size_t n)
{
    return ~crc_portable(~0u, p, n);
}

uint32_t wire_crc32c(const void *p, size_t n)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc_sse42(~0u, p, n);
#endif
    return wire_crc32c_portable(p, n);
}

/* ---------------------------------------------------------------- messages */

size_t wire_pack(const ProtobufCMessage *msg, struct buf *out)
{
    size_t n = protobuf_c_message_get_packed_size(msg);
    if (n == 0)
        return 0; /* an empty message has no bytes, and an empty buffer no memory */
    buf_reserve(out, n);
    size_t packed = protobuf_c_message_pack(msg, (uint8_t *)out->data + out->len);
    assert(packed == n);
    out->len += n;
    return n;
}

struct capped {
    struct arena *arena;
    size_t left; /* bytes that unpacking may still take */
};

static void *capped_alloc(void *ctx, size_t n)
{
    struct capped *c = ctx;
    if (n > c->left)
        return NULL; /* unpacking then fails as a whole */
    c->left -= n;
    return arena_alloc(c->arena, n);
}

static void capped_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p; /* goes with the arena */
}

ProtobufCMessage *wire_unpack(const ProtobufCMessageDescriptor *type, struct str bytes,
                              struct arena *a)
{
    if (bytes.n > LIMIT_BUS_PART) /* an item is smaller, as its frame is */
        return NULL;
    struct capped capped = {a, UNPACK_BASE + UNPACK_FACTOR * bytes.n};
    ProtobufCAllocator alloc = {capped_alloc, capped_free, &capped};
    const uint8_t *p = bytes.p ? (const uint8_t *)bytes.p : (const uint8_t *)"";
    return protobuf_c_message_unpack(type, &alloc, bytes.n, p);
}

/* ---------------------------------------------------------------- frames */

void wire_frame_begin(struct buf *out, const Verona__LinkHeader *header)
{
    buf_reset(out);
    buf_reserve(out, OFF_HEADER);
    out->data[0] = 'V';
    out->data[1] = 'R';
    out->data[OFF_VERSION] = FRAME_VERSION;
    out->data[OFF_FLAGS] = 0;
    out->len = OFF_HEADER;
    size_t n = wire_pack(&header->base, out);
    assert(n <= WIRE_HEADER_MAX);
    set_u32(out->data + OFF_HEADER_LENGTH, (uint32_t)n);
}

void wire_frame_item(struct buf *out, struct str item)
{
    assert(item.n <= LIMIT_BUS_MESSAGE);
    buf_reserve(out, WIRE_ITEM_PREFIX + item.n);
    set_u32(out->data + out->len, (uint32_t)item.n);
    out->len += WIRE_ITEM_PREFIX;
    buf_str(out, item);
}

void wire_frame_end(struct buf *out, bool with_crc)
{
    uint32_t crc = 0;
    if (with_crc) {
        out->data[OFF_FLAGS] = WIRE_FLAG_CRC;
        crc = wire_crc32c(out->data + OFF_HEADER_LENGTH, out->len - OFF_HEADER_LENGTH);
    }
    set_u32(out->data + OFF_CRC, crc);
}

int wire_frame_parse(struct str frame, struct arena *a, struct wire_frame *out)
{
    if (frame.n > LIMIT_BUS_MESSAGE)
        return ERR_TOOBIG;
    if (frame.n < OFF_HEADER || frame.p[0] != 'V' || frame.p[1] != 'R' ||
        frame.p[OFF_VERSION] != FRAME_VERSION)
        return ERR_PROTO;
    uint32_t crc = get_u32(frame.p + OFF_CRC);
    switch ((uint8_t)frame.p[OFF_FLAGS]) {
    case 0:
        /* A flipped flag does not turn the check off: the field would not be 0. */
        if (crc != 0)
            return ERR_PROTO;
        break;
    case WIRE_FLAG_CRC:
        if (crc != wire_crc32c(frame.p + OFF_HEADER_LENGTH, frame.n - OFF_HEADER_LENGTH))
            return ERR_PROTO;
        break;
    default:
        return ERR_PROTO;
    }
    size_t header_length = get_u32(frame.p + OFF_HEADER_LENGTH);
    if (header_length > frame.n - OFF_HEADER || header_length > WIRE_HEADER_MAX)
        return ERR_PROTO;
    struct str rest = {frame.p + OFF_HEADER + header_length, frame.n - OFF_HEADER - header_length};
    for (size_t at = 0; at < rest.n;) {
        if (rest.n - at < WIRE_ITEM_PREFIX)
            return ERR_PROTO;
        size_t n = get_u32(rest.p + at);
        at += WIRE_ITEM_PREFIX;
        if (n > rest.n - at)
            return ERR_PROTO;
        at += n;
    }
    struct str packed = {frame.p + OFF_HEADER, header_length};
    ProtobufCMessage *m = wire_unpack(&verona__link_header__descriptor, packed, a);
    if (!m)
        return ERR_PROTO;
    out->header = (Verona__LinkHeader *)m;
    out->rest = rest;
    return 0;
}

bool wire_frame_next(struct wire_frame *f, struct str *item)
{
    if (f->rest.n == 0)
        return false;
    size_t n = get_u32(f->rest.p);
    assert(f->rest.n - WIRE_ITEM_PREFIX >= n); /* parse checked it */
    *item = (struct str){f->rest.p + WIRE_ITEM_PREFIX, n};
    f->rest.p += WIRE_ITEM_PREFIX + n;
    f->rest.n -= WIRE_ITEM_PREFIX + n;
    return true;
}
