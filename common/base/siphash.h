/* siphash.h: SipHash-2-4 (Aumasson and Bernstein 2012), 64 and 128 bits of output. */
#ifndef MUC_SIPHASH_H
#define MUC_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* p: n bytes. The results are those of the reference code, read as little-endian numbers: the same
 * on every machine. */
uint64_t siphash24(const uint8_t key[16], const void *p, size_t n);
void siphash24_128(const uint8_t key[16], const void *p, size_t n, uint8_t out[16]);

#endif
