/* utf8.c: the byte ranges of Unicode's table 3-7 (well-formed UTF-8), spelled out. */
#include "base/utf8.h"

static bool in(uint8_t c, uint8_t low, uint8_t high)
{
    return c >= low && c <= high;
}

/* Length of the well-formed sequence at p, 0 if there is none. n > 0. */
static size_t sequence(const uint8_t *p, size_t n)
{
    uint8_t c = p[0];
    if (c < 0x80)
        return 1;
    /* The second byte's range is where overlong forms, surrogates and values above U+10FFFF end. */
    uint8_t low = 0x80, high = 0xbf;
    size_t len;
    if (in(c, 0xc2, 0xdf)) {
        len = 2;
    } else if (in(c, 0xe0, 0xef)) {
        len = 3;
        if (c == 0xe0)
            low = 0xa0;
        if (c == 0xed)
            high = 0x9f;
    } else if (in(c, 0xf0, 0xf4)) {
        len = 4;
        if (c == 0xf0)
            low = 0x90;
        if (c == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (n < len || !in(p[1], low, high))
        return 0;
    for (size_t i = 2; i < len; i++)
        if (!in(p[i], 0x80, 0xbf))
            return 0;
    return len;
}

size_t utf8_prefix(struct str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    size_t i = 0;
    while (i < s.n) {
        size_t len = sequence(p + i, s.n - i);
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

bool utf8_valid(struct str s)
{
    return utf8_prefix(s) == s.n;
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((uint8_t)s.p[i] & 0xc0) != 0x80;
    return count;
}
