/* route: entries of the session registry, right and wrong. */
#include "shard/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_entries(void **state)
{
    (void)state;
    struct route_session s;
    assert_true(route_parse(STR("g-1 1700000000000 42 0"), &s));
    assert_true(str_is(s.gateway, "g-1"));
    assert_int_equal(s.boot, 1700000000000);
    assert_int_equal(s.handle, 42);
    assert_int_equal(s.priority, 0);
    assert_true(route_parse(STR("g 1 18446744073709551615 -129"), &s));
    assert_true(s.handle == UINT64_MAX);
    assert_int_equal(s.priority, -129);
    assert_true(route_parse(STR("g 1 2 127"), &s));
    static const char *const bad[] = {
        "",           "g",         "g 1",    "g 1 2",   "g 1 2 128",
        "g 1 2 -130", "g 1 2 3 4", " 1 2 3", "g x 2 3", "g 1 18446744073709551616 0",
        "g 1 2 -"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(route_parse(str_of(bad[i]), &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
