/* test_stanza_id.c: ids are stable, readable by us only, and different everywhere else. */
#include "gateway/stanza_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static const uint8_t key[32] = {1, 2, 3, 4, 5, 6, 7, 8};

static void there_and_back(void **state)
{
    (void)state;
    static const uint64_t names[][2] = {
        {0, 0}, {1, 1}, {1767225600000, 1}, {1767225600000, 2}, {UINT64_MAX, UINT64_MAX}};
    struct stanza_ids *s = stanza_ids_new(key);
    struct stanza_id_room room;
    stanza_id_room(s, STR("room@conference.localhost"), &room);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char id[STANZA_ID_LEN + 1];
        uint64_t e, seq;
        stanza_id_make(s, &room, names[i][0], names[i][1], id);
        assert_int_equal(strlen(id), STANZA_ID_LEN);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz234567"), STANZA_ID_LEN);
        assert_int_equal(stanza_id_read(s, &room, str_of(id), &e, &seq), 0);
        assert_true(e == names[i][0] && seq == names[i][1]);
    }
    stanza_ids_destroy(&s);
    assert_null(s);
}

/* The same at every gateway and after every restart: an answer that must never change. */
static void known(void **state)
{
    (void)state;
    struct stanza_ids *a = stanza_ids_new(key), *b = stanza_ids_new(key);
    struct stanza_id_room ra, rb;
    char one[STANZA_ID_LEN + 1], two[STANZA_ID_LEN + 1];
    stanza_id_room(a, STR("room@conference.localhost"), &ra);
    stanza_id_room(b, STR("room@conference.localhost"), &rb);
    stanza_id_make(a, &ra, 1767225600000, 42, one);
    stanza_id_make(b, &rb, 1767225600000, 42, two);
    assert_string_equal(one, two);
    assert_string_equal(one, "cjqiasdakefhli2atktj4fhn6q");
    stanza_ids_destroy(&a);
    stanza_ids_destroy(&b);
}

static unsigned different_bits(const char *a, const char *b)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned n = 0;
    for (unsigned i = 0; i < STANZA_ID_LEN; i++) {
        long x = (strchr(alphabet, a[i]) - alphabet) ^ (strchr(alphabet, b[i]) - alphabet);
        n += (unsigned)__builtin_popcountl((unsigned long)x);
    }
    return n;
}

/* X0359-opaque */
static void looks_random(void **state)
{
    (void)state;
    struct stanza_ids *s = stanza_ids_new(key);
    struct stanza_id_room room, other;
    char before[STANZA_ID_LEN + 1], id[STANZA_ID_LEN + 1], elsewhere[STANZA_ID_LEN + 1];
    unsigned sum = 0;
    stanza_id_room(s, STR("room@conference.localhost"), &room);
    stanza_id_room(s, STR("room2@conference.localhost"), &other);
    stanza_id_make(s, &room, 7, 0, before);
    for (uint64_t i = 1; i <= 1000; i++) {
        stanza_id_make(s, &room, 7, i, id);
        stanza_id_make(s, &other, 7, i, elsewhere);
        sum += different_bits(before, id);
        assert_string_not_equal(id, elsewhere);
        memcpy(before, id, sizeof id);
    }
    assert_in_range(sum, 62000, 66000); /* half of 128 bits each time */
    stanza_ids_destroy(&s);
}

static void foreign(void **state)
{
    (void)state;
    struct stanza_ids *s = stanza_ids_new(key);
    struct stanza_id_room room;
    uint64_t e, seq;
    stanza_id_room(s, STR("room@conference.localhost"), &room);
    assert_int_not_equal(stanza_id_read(s, &room, STR(""), &e, &seq), 0);
    assert_int_not_equal(stanza_id_read(s, &room, STR("abcdefghijklmnopqrstuvwxy"), &e, &seq), 0);
    assert_int_not_equal(stanza_id_read(s, &room, STR("abcdefghijklmnopqrstuvwxy1"), &e, &seq), 0);
    assert_int_not_equal(stanza_id_read(s, &room, STR("abcdefghijklmnopqrstuvwxy7"), &e, &seq), 0);
    stanza_ids_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(known),
                                       cmocka_unit_test(looks_random), cmocka_unit_test(foreign)};
    return cmocka_run_group_tests_name("stanza_id", tests, NULL, NULL);
}
