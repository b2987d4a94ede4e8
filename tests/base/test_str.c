/* test_str.c: numbers and lists as people and peers write them. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_number_is_digits_and_nothing_else(void **state)
{
    static const char *const none[] = {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1a", "\xd9\xa1"};
    uint64_t v = 7;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_false(str_u64(str_of(none[i]), UINT64_MAX, &v));
    assert_false(str_u64(STR_NULL, UINT64_MAX, &v));
    assert_false(str_u64(str_n("1\0", 2), UINT64_MAX, &v));
    assert_int_equal(v, 7);
    assert_true(str_u64(STR("0"), UINT64_MAX, &v));
    assert_int_equal(v, 0);
    assert_true(str_u64(STR("0042"), UINT64_MAX, &v));
    assert_int_equal(v, 42);
}

static void a_number_ends_at_its_limit(void **state)
{
    uint64_t v = 7;
    uint32_t w = 7;
    (void)state;
    assert_true(str_u64(STR("18446744073709551615"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    assert_false(str_u64(STR("18446744073709551616"), UINT64_MAX, &v));
    assert_false(str_u64(STR("99999999999999999999"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    assert_true(str_u64(STR("127"), 127, &v));
    assert_int_equal(v, 127);
    assert_false(str_u64(STR("128"), 127, &v));
    assert_true(str_u64(STR("2"), 2, &v));
    assert_false(str_u64(STR("3"), 2, &v));
    assert_false(str_u64(STR("1"), 0, &v));
    assert_true(str_u32(STR("4294967295"), UINT32_MAX, &w));
    assert_true(w == UINT32_MAX);
    assert_false(str_u32(STR("4294967296"), UINT32_MAX, &w));
    assert_true(w == UINT32_MAX);
}

static void a_cut_takes_what_is_before(void **state)
{
    struct str rest = STR("a::b");
    (void)state;
    assert_true(str_is(str_cut(&rest, ':'), "a"));
    assert_true(str_is(str_cut(&rest, ':'), ""));
    assert_true(str_is(rest, "b"));
    assert_true(str_is(str_cut(&rest, ':'), "b"));
    assert_int_equal(rest.n, 0);
    assert_true(str_is(str_cut(&rest, ':'), ""));
    rest = STR_NULL;
    assert_true(str_is(str_cut(&rest, ':'), ""));
}

static void a_list_has_entries_without_blanks(void **state)
{
    struct str rest = STR(" ,a,\tb b ,, c\t,"), entry = STR_NULL;
    (void)state;
    assert_true(str_list_next(&rest, &entry));
    assert_true(str_is(entry, "a"));
    assert_true(str_list_next(&rest, &entry));
    assert_true(str_is(entry, "b b"));
    assert_true(str_list_next(&rest, &entry));
    assert_true(str_is(entry, "c"));
    assert_false(str_list_next(&rest, &entry));
    rest = STR(" , \t");
    assert_false(str_list_next(&rest, &entry));
    rest = STR_NULL;
    assert_false(str_list_next(&rest, &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(a_number_ends_at_its_limit),
        cmocka_unit_test(a_cut_takes_what_is_before),
        cmocka_unit_test(a_list_has_entries_without_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
