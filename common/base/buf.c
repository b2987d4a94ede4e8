/* buf.c: a growable run of bytes, and the project's only XML escaping. */
#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>

enum { FIRST_CAP = 64 };

void buf_init(struct buf *b)
{
    *b = (struct buf){NULL, 0, 0};
}

void buf_deinit(struct buf *b)
{
    mem_free(b->data);
    buf_init(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
}

void buf_reserve(struct buf *b, size_t n)
{
    if (n <= b->cap - b->len)
        return;
    assert(n <= SIZE_MAX / 4 && b->len <= SIZE_MAX / 4); /* a length that is negative elsewhere */
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    while (cap - b->len < n)
        cap *= 2;
    b->data = mem_realloc(b->data, cap);
    b->cap = cap;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    buf_reserve(b, n);
    memcpy(b->data + b->len, p, n);
    b->len += n;
}

void buf_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

void buf_z(struct buf *b, const char *z)
{
    buf_put(b, z, strlen(z));
}

void buf_c(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->data[b->len++] = c;
}

void buf_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_put(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    /* Most pieces are short: one pass is enough when they fit into what is there. */
    buf_reserve(b, FIRST_CAP);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);
    assert(n >= 0);
    if ((size_t)n >= b->cap - b->len) {
        buf_reserve(b, (size_t)n + 1);
        n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
        assert(n >= 0);
    }
    va_end(again);
    va_end(args);
    b->len += (size_t)n;
}

/* What becomes of a byte: 0 it is copied, otherwise an index into `references`; DROP for the
 * controls that XML 1.0 forbids (§2.2), LOOK for 0xEF, the first byte of U+FFFE and U+FFFF. */
enum { DROP = 9, LOOK = 10 };

static const uint8_t escape_class[256] = {
    [0x00] = DROP, [0x01] = DROP, [0x02] = DROP, [0x03] = DROP, [0x04] = DROP, [0x05] = DROP,
    [0x06] = DROP, [0x07] = DROP, [0x08] = DROP, ['\t'] = 6,    ['\n'] = 7,    [0x0b] = DROP,
    [0x0c] = DROP, ['\r'] = 8,    [0x0e] = DROP, [0x0f] = DROP, [0x10] = DROP, [0x11] = DROP,
    [0x12] = DROP, [0x13] = DROP, [0x14] = DROP, [0x15] = DROP, [0x16] = DROP, [0x17] = DROP,
    [0x18] = DROP, [0x19] = DROP, [0x1a] = DROP, [0x1b] = DROP, [0x1c] = DROP, [0x1d] = DROP,
    [0x1e] = DROP, [0x1f] = DROP, ['&'] = 1,     ['<'] = 2,     ['>'] = 3,     ['\''] = 4,
    ['"'] = 5,     [0xef] = LOOK,
};

/* TAB, LF and CR are references everywhere, not in attributes only: there a parser would turn them
 * into spaces, and in text it would turn CR LF into LF. */
static const char *const references[] = {
    NULL, "&amp;", "&lt;", "&gt;", "&apos;", "&quot;", "&#x9;", "&#xA;", "&#xD;",
};

void buf_xml(struct buf *b, struct str s)
{
    size_t run = 0; /* start of the bytes that are copied as they are */
    size_t i = 0;
    buf_reserve(b, s.n);
    while (i < s.n) {
        uint8_t class = escape_class[(uint8_t)s.p[i]];
        if (class == 0) {
            i++;
            continue;
        }
        size_t skip = 1;
        if (class == LOOK) {
            bool noncharacter = s.n - i >= 3 && (uint8_t)s.p[i + 1] == 0xbf &&
                                ((uint8_t)s.p[i + 2] == 0xbe || (uint8_t)s.p[i + 2] == 0xbf);
            if (!noncharacter) {
                i++;
                continue;
            }
            skip = 3;
        }
        buf_put(b, s.p + run, i - run);
        if (class < DROP)
            buf_z(b, references[class]);
        i += skip;
        run = i;
    }
    if (run < s.n)
        buf_put(b, s.p + run, s.n - run);
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->len);
    b->len -= n;
    if (n && b->len)
        memmove(b->data, b->data + n, b->len);
}
