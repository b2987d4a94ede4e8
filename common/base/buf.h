/* buf.h: a growable run of bytes. Storage is the caller's struct, bytes are the buffer's. */
#ifndef MUC_BUF_H
#define MUC_BUF_H

#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL while nothing was ever written */
    size_t len; /* bytes in use */
    size_t cap;
};

void buf_init(struct buf *b);
void buf_deinit(struct buf *b);            /* frees; the buffer may be used again */
void buf_reset(struct buf *b);             /* empties, keeps the memory */
void buf_reserve(struct buf *b, size_t n); /* room for n more bytes at data + len */
/* Each appends a copy. */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_c(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends XML-escaped text, safe in character data and in attributes of either quote: & < > ' " and
 * CR, LF, TAB as references in attributes. Bytes that XML 1.0 forbids are left out. */
void buf_xml(struct buf *b, struct str s);
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes, n <= len */
static inline struct str buf_as_str(const struct buf *b)
{
    return (struct str){b->data, b->len};
}

#endif
