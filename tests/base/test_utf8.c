/* test_utf8.c: every boundary of well-formed UTF-8. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid(STR_NULL));
    assert_true(utf8_valid(STR("a\0z\x7f")));
    assert_true(utf8_valid(STR("\xc2\x80\xdf\xbf")));
    assert_true(utf8_valid(STR("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")));
    assert_true(utf8_valid(STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
    assert_int_equal(utf8_count(STR_NULL), 0);
    assert_int_equal(utf8_count(STR("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR("\x80"),
        STR("\xbf"),
        STR("\xc0\x80"),
        STR("\xc1\xbf"),
        STR("\xc2"),
        STR("\xc2\x7f"),
        STR("\xc2\xc0"),
        STR("\xe0\x9f\xbf"),
        STR("\xe0\xa0"),
        STR("\xed\xa0\x80"),
        STR("\xed\xbf\xbf"),
        STR("\xe1\x80\x7f"),
        STR("\xf0\x8f\xbf\xbf"),
        STR("\xf0\x90\x80"),
        STR("\xf4\x90\x80\x80"),
        STR("\xf5\x80\x80\x80"),
        STR("\xff"),
        STR("\xfe"),
        STR("ok\xf0\x90\x80\xc0"),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
