/* test_registry.c: what an entry of a session says. */
#include "gateway/registry.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void entries(void **state)
{
    (void)state;
    static const struct {
        const char *text, *gateway;
        uint64_t boot, sid;
        int priority;
    } good[] = {
        {"g1 1 4294967296 0", "g1", 1, 4294967296, 0},
        {"g-1.x:y 1767225600000 4294967297 -129", "g-1.x:y", 1767225600000, 4294967297, -129},
        {"g 0 0 127", "g", 0, 0, 127},
        {"g 18446744073709551615 18446744073709551615 -128", "g", UINT64_MAX, UINT64_MAX, -128},
    };
    static const char *const bad[] = {
        "",
        " ",
        "g1",
        "g1 1",
        "g1 1 2",
        "g1 1 2 ",
        "g1 1 2 3 ",
        "g1 1 2 3 4",
        " 1 2 3",
        "g1  1 2 3",
        "g1 1  2 3",
        "g1 x 2 3",
        "g1 1 x 3",
        "g1 1 2 x",
        "g1 -1 2 3",
        "g1 1 2 -",
        "g1 1 2 --3",
        "g1 1 2 +3",
        "g1 1 2 130",
        "g1 1 2 -130",
        "g1 1 2 128",
        "g1 1 2 129",
        "g1 18446744073709551616 2 3",
        "g1 1 99999999999999999999 3",
        "g1 1 2 3\n",
    };
    struct registry_entry e;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(registry_parse(str_of(good[i].text), &e), 0);
        assert_true(str_is(e.gateway, good[i].gateway));
        assert_true(e.boot == good[i].boot && e.sid == good[i].sid);
        assert_int_equal(e.priority, good[i].priority);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (registry_parse(str_of(bad[i]), &e) != ERR_INVALID)
            fail_msg("\"%s\" passes", bad[i]);
    assert_int_equal(registry_parse(STR_NULL, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
