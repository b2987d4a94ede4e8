/* siphash.c: SipHash-2-4 after the paper (Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF", 2012) and, for 128 bits of output, the authors' reference code. */
#include "base/siphash.h"

#include <stdbool.h>

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* Byte by byte, so that alignment and byte order do not matter; compilers make it one load. */
static uint64_t load_le64(const uint8_t *p)
{
    uint64_t x = 0;
    for (unsigned i = 0; i < 8; i++)
        x |= (uint64_t)p[i] << (8 * i);
    return x;
}

static void store_le64(uint8_t *p, uint64_t x)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(x >> (8 * i));
}

static void rounds(struct state *s, unsigned n)
{
    while (n--) {
        s->v0 += s->v1;
        s->v1 = rotl(s->v1, 13) ^ s->v0;
        s->v0 = rotl(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotl(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotl(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotl(s->v1, 17) ^ s->v2;
        s->v2 = rotl(s->v2, 32);
    }
}

static void compress(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, 2);
    s->v0 ^= word;
}

/* Everything but the finalisation, which differs between the two output sizes. */
static struct state absorb(const uint8_t key[16], const uint8_t *p, size_t n, bool wide)
{
    uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
    struct state s = {
        k0 ^ 0x736f6d6570736575u, /* "somepseudorandomlygeneratedbytes" */
        k1 ^ 0x646f72616e646f6du ^ (wide ? 0xeeu : 0u),
        k0 ^ 0x6c7967656e657261u,
        k1 ^ 0x7465646279746573u,
    };
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; p += 8, n -= 8)
        compress(&s, load_le64(p));
    for (unsigned i = 0; i < n; i++)
        last |= (uint64_t)p[i] << (8 * i);
    compress(&s, last);
    return s;
}

static uint64_t fold(const struct state *s)
{
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t siphash24(const uint8_t key[16], const void *p, size_t n)
{
    struct state s = absorb(key, p, n, false);
    s.v2 ^= 0xff;
    rounds(&s, 4);
    return fold(&s);
}

void siphash24_128(const uint8_t key[16], const void *p, size_t n, uint8_t out[16])
{
    struct state s = absorb(key, p, n, true);
    s.v2 ^= 0xee;
    rounds(&s, 4);
    store_le64(out, fold(&s));
    s.v1 ^= 0xdd;
    rounds(&s, 4);
    store_le64(out + 8, fold(&s));
}
