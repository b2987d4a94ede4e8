/* test_buf.c: growth, numbers, formatting and XML escaping. */
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(struct buf *b, const char *want)
{
    assert_int_equal(b->len, strlen(want));
    if (b->len)
        assert_memory_equal(b->data, want, b->len);
    buf_reset(b);
}

static void test_append(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    assert_null(b.data);
    buf_put(&b, NULL, 0);
    buf_str(&b, STR_NULL);
    check(&b, "");
    buf_z(&b, "ab");
    buf_c(&b, 'c');
    buf_str(&b, STR("de"));
    check(&b, "abcde");
    buf_u64(&b, 0);
    buf_c(&b, ' ');
    buf_u64(&b, UINT64_MAX);
    check(&b, "0 18446744073709551615");
    buf_deinit(&b);
    buf_z(&b, "again");
    check(&b, "again");
    buf_deinit(&b);
}

static void test_growth_keeps_bytes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    for (unsigned i = 0; i < 10000; i++)
        buf_c(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_reserve(&b, 123456);
    assert_true(b.cap - b.len >= 123456);
    buf_deinit(&b);
}

static void test_printf_around_the_first_guess(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    for (int n = 0; n < 300; n++) {
        buf_printf(&b, "%*d", n, 7);
        assert_int_equal(b.len, n ? n : 1);
        assert_int_equal(b.data[b.len - 1], '7');
        buf_reset(&b);
    }
    buf_deinit(&b);
}

static void test_consume(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_consume(&b, 0);
    buf_z(&b, "abcdef");
    buf_consume(&b, 2);
    assert_true(str_is(buf_as_str(&b), "cdef"));
    buf_consume(&b, 4);
    assert_int_equal(b.len, 0);
    buf_deinit(&b);
}

static void test_xml(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        const char *out;
    } cases[] = {
        {STR(""), ""},
        {STR("plain"), "plain"},
        {STR("&<>'\""), "&amp;&lt;&gt;&apos;&quot;"},
        {STR("a]]>b"), "a]]&gt;b"},
        {STR("a\tb\nc\rd"), "a&#x9;b&#xA;c&#xD;d"},
        {STR("\0a\1b\x1f"
             "c\x0b\x0c"),
         "abc"},
        {STR("\x7f"), "\x7f"}, /* allowed, if discouraged */
        {STR("\xc3\xa9\xf0\x9f\x98\x80"), "\xc3\xa9\xf0\x9f\x98\x80"},
        {STR("x\xef\xbf\xbey\xef\xbf\xbfz"), "xyz"},
        {STR("\xef\xbf\xbd\xef\xbb\xbf"), "\xef\xbf\xbd\xef\xbb\xbf"}, /* U+FFFD and U+FEFF stay */
        {STR("\xef\xbf"), "\xef\xbf"}, /* cut: not ours to judge, but no read beyond the end */
        {STR("&"), "&amp;"},
    };
    struct buf b;
    buf_init(&b);
    buf_xml(&b, STR_NULL);
    check(&b, "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_xml(&b, cases[i].in);
        check(&b, cases[i].out);
    }
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_growth_keeps_bytes),
        cmocka_unit_test(test_printf_around_the_first_guess),
        cmocka_unit_test(test_consume),
        cmocka_unit_test(test_xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
