/* test_suggest.c: the nearest name, or none. */
#include "base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *nearest(const char *typed)
{
    static const char *const names[] = {"up", "down", "status", "user add", "room list", "help"};
    struct suggest s;
    suggest_init(&s, str_of(typed));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        suggest_offer(&s, names[i]);
    return s.best;
}

static void near_names(void **state)
{
    (void)state;
    assert_string_equal(nearest("stauts"), "status");  /* letters exchanged */
    assert_string_equal(nearest("statu"), "status");   /* one is missing */
    assert_string_equal(nearest("sttatus"), "status"); /* one too many */
    assert_string_equal(nearest("room lsit"), "room list");
    assert_string_equal(nearest("upp"), "up");
    assert_string_equal(nearest("dwon"), "down");
}

static void far_names(void **state)
{
    (void)state;
    assert_null(nearest("frobnicate"));
    assert_null(nearest("xyzzy"));
    assert_null(nearest("a text that is longer than any name could be, and then some"));
}

static void the_exact_name_wins(void **state)
{
    (void)state;
    assert_string_equal(nearest("up"), "up");
    assert_string_equal(nearest("help"), "help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_names),
        cmocka_unit_test(far_names),
        cmocka_unit_test(the_exact_name_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
