/* test_b64.c: base64 (RFC 4648 §10). */
#include "base/b64.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void base64(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd", "//79"},
    };
    static const char *const bad[] = {
        "Z",    "Zg",       "Zg=",    "Zg===", "Zh==", "Zm9=", "====", "=AAA",    "A===",
        "AA=A", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm 9", "Zm9-", "Zm9_", "Zm\x80v",
    };
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        buf_reset(&b);
        b64_encode(&b, good[i][0], strlen(good[i][0]));
        assert_true(str_is(buf_as_str(&b), good[i][1]));
        buf_reset(&b);
        assert_int_equal(b64_decode(&b, str_of(good[i][1])), 0);
        assert_true(str_is(buf_as_str(&b), good[i][0]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_reset(&b);
        buf_z(&b, "before");
        assert_int_equal(b64_decode(&b, str_of(bad[i])), ERR_INVALID);
        assert_true(str_is(buf_as_str(&b), "before"));
    }
    buf_deinit(&b);
}

static void bounded(void **state)
{
    (void)state;
    uint8_t out[4] = "123";
    size_t n = 7;
    assert_int_equal(b64_decode_into(STR("Zm9v"), out, 4, 4, &n), ERR_INVALID);
    assert_int_equal(b64_decode_into(STR("Zm9v"), out, 1, 2, &n), ERR_INVALID);
    assert_int_equal(b64_decode_into(STR("Zm9"), out, 1, 4, &n), ERR_INVALID);
    assert_memory_equal(out, "123", 4);
    assert_int_equal(n, 7);
    assert_int_equal(b64_decode_into(STR("Zm9v"), out, 3, 3, &n), 0);
    assert_memory_equal(out, "foo", 4);
    assert_int_equal(n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
