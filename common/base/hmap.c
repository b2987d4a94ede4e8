/* hmap.c: the key of this process for all hash maps. */
#include "base/hmap.h"
#include "base/siphash.h"

#include <string.h>

static uint8_t process_key[16];

uint32_t hmap_hash(const void *key, size_t n)
{
    return (uint32_t)siphash24(process_key, key, n);
}

void hmap_seed(const uint8_t key[16])
{
    memcpy(process_key, key, sizeof process_key);
}
