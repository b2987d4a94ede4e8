/* hmap.h: uthash with a keyed hash, so that nobody outside can choose colliding keys.
 *
 * Include this, never <uthash.h>. Keys are bytes: use HASH_ADD_KEYPTR and HASH_FIND with lengths.
 */
#ifndef MUC_HMAP_H
#define MUC_HMAP_H

#include "base/mem.h"

#include <stdint.h>

/* SipHash-2-4 under the key of this process, cut to 32 bits. */
uint32_t hmap_hash(const void *key, size_t n);
/* Called once at start with 16 random bytes; tests may leave the key at zero. */
void hmap_seed(const uint8_t key[16]);

#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = hmap_hash((keyptr), (size_t)(keylen)))
#define uthash_malloc(n) mem_alloc(n)
#define uthash_free(p, n) mem_free(p)
#pragma GCC diagnostic push
#pragma GCC system_header
#include <uthash.h>
#pragma GCC diagnostic pop

#endif
