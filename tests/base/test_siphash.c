/* test_siphash.c: the authors' vectors (key 00..0f, message 00 01 .. n-1), hash map keys and slots.
 */
#include "base/hmap.h"
#include "base/siphash.h"
#include "base/slot.h"

#include <stdbool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint64_t vectors_64[16] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
    0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
    0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
};

static const uint8_t vectors_128[3][16] = {
    {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02,
     0x93},
    {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc,
     0x45},
    {0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6, 0x0a, 0xff,
     0xe4},
};

static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)i;
}

static void test_vectors(void **state)
{
    (void)state;
    uint8_t key[16], message[16], out[16];
    fill(key, sizeof key);
    fill(message, sizeof message);
    for (size_t n = 0; n < 16; n++)
        assert_true(siphash24(key, message, n) == vectors_64[n]);
    for (size_t n = 0; n < 3; n++) {
        siphash24_128(key, message, n, out);
        assert_memory_equal(out, vectors_128[n], 16);
    }
}

static void test_unaligned_input(void **state)
{
    (void)state;
    uint8_t key[16], shifted[32];
    fill(key, sizeof key);
    for (size_t shift = 0; shift < 8; shift++) {
        fill(shifted + shift, 15);
        assert_true(siphash24(key, shifted + shift, 15) == vectors_64[15]);
    }
}

/* Slots are written down in Redis: if this number changes, rooms of a running cluster are lost. */
static void test_slot_known_answer(void **state)
{
    (void)state;
    uint8_t seed[16];
    fill(seed, sizeof seed);
    assert_int_equal(slot_of(seed, STR_NULL), 0x726fdb47dd0e0e31 % SLOT_COUNT);
    assert_int_equal(slot_of(seed, STR("room@conference.example.org")), 1467);
    seed[0] ^= 1;
    assert_int_equal(slot_of(seed, STR("room@conference.example.org")), 747);
}

struct entry {
    char key[8];
    size_t key_len;
    int value;
    UT_hash_handle hh;
};

static void test_hash_map(void **state)
{
    (void)state;
    static const uint8_t key[16] = {1, 2, 3};
    uint32_t before = hmap_hash("a", 1);
    hmap_seed(key);
    assert_true(hmap_hash("a", 1) != before);
    assert_true(hmap_hash("a", 1) == (uint32_t)siphash24(key, "a", 1));

    struct entry *map = NULL, *e, *next;
    for (int i = 0; i < 1000; i++) {
        e = mem_zalloc(sizeof *e);
        memcpy(e->key, &i, sizeof i);
        e->key_len = sizeof i;
        e->value = i;
        HASH_ADD_KEYPTR(hh, map, e->key, e->key_len, e);
    }
    for (int i = 0; i < 1000; i++) {
        HASH_FIND(hh, map, &i, sizeof i, e);
        assert_non_null(e);
        assert_int_equal(e->value, i);
    }
    int absent = 1000;
    HASH_FIND(hh, map, &absent, sizeof absent, e);
    assert_null(e);
    HASH_ITER(hh, map, e, next)
    {
        HASH_DEL(map, e);
        mem_free(e);
    }
    assert_null(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_unaligned_input),
        cmocka_unit_test(test_slot_known_answer),
        cmocka_unit_test(test_hash_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
