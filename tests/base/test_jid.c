/* test_jid.c: splitting JIDs, and each limit at one below, at and one above. */
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *text, const char *local, const char *domain, const char *resource)
{
    struct jid jid;
    assert_int_equal(jid_split(str_of(text), &jid), 0);
    assert_true(str_is(jid.local, local));
    assert_true(str_is(jid.domain, domain));
    assert_true(str_is(jid.resource, resource));
    assert_true(str_is(jid_domain(str_of(text)), domain));
    assert_true(str_is(jid_resource(str_of(text)), resource));
}

static void test_split(void **state)
{
    (void)state;
    check("b", "", "b", "");
    check("a@b", "a", "b", "");
    check("b/c", "", "b", "c");
    check("a@b/c", "a", "b", "c");
    check("a@b/c@d/e", "a", "b", "c@d/e"); /* everything after the first slash */
    check("b/c@d", "", "b", "c@d");
    assert_true(str_is(jid_bare(STR("a@b/c/d")), "a@b"));
    assert_true(str_is(jid_bare(STR("a@b")), "a@b"));
    assert_true(str_is(jid_bare(STR_NULL), ""));
    assert_true(str_is(jid_resource(STR_NULL), ""));
    assert_true(str_is(jid_domain(STR_NULL), ""));
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "@",  "/",    "@b",    "a@", "b/",
                                      "a@/c", "@/", "a@b/", "a@b@c", "/c"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct jid jid;
        assert_int_equal(jid_split(str_of(bad[i]), &jid), ERR_INVALID);
    }
}

static void test_limits(void **state)
{
    (void)state;
    char part[LIMIT_JID_PART + 2], text[4 * LIMIT_JID_PART];
    memset(part, 'x', sizeof part);
    for (int n = LIMIT_JID_PART - 1; n <= LIMIT_JID_PART + 1; n++) {
        int want = n <= LIMIT_JID_PART ? 0 : ERR_INVALID;
        struct jid jid;
        int len = snprintf(text, sizeof text, "%.*s@b/c", n, part);
        assert_int_equal(jid_split(str_n(text, (size_t)len), &jid), want);
        len = snprintf(text, sizeof text, "a@%.*s/c", n, part);
        assert_int_equal(jid_split(str_n(text, (size_t)len), &jid), want);
        len = snprintf(text, sizeof text, "a@b/%.*s", n, part);
        assert_int_equal(jid_split(str_n(text, (size_t)len), &jid), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
