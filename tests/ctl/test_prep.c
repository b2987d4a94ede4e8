/* test_prep.c: domains and JIDs as an operator types them. */
#include "deploy/ctl/prep.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef int prep_fn(struct str raw, struct buf *out);

static int old_jid(struct str raw, struct buf *out)
{
    return prep_bare_jid(raw, false, out);
}

static int new_jid(struct str raw, struct buf *out)
{
    return prep_bare_jid(raw, true, out);
}

static void becomes(prep_fn *fn, const char *raw, const char *want)
{
    struct buf out;
    buf_init(&out);
    assert_int_equal(fn(str_of(raw), &out), 0);
    assert_int_equal(out.len, strlen(want));
    assert_memory_equal(out.data, want, out.len);
    buf_deinit(&out);
}

static void refused(prep_fn *fn, const char *raw)
{
    struct buf out;
    buf_init(&out);
    assert_int_equal(fn(str_of(raw), &out), ERR_INVALID);
    buf_deinit(&out);
}

static void domains(void **state)
{
    char label[80];
    (void)state;
    becomes(prep_domain, "Chat.Example.ORG", "chat.example.org");
    becomes(prep_domain, "BÜCHER.example", "bücher.example");
    becomes(prep_domain, "192.0.2.1", "192.0.2.1");
    becomes(prep_domain, "[::1]", "[::1]");
    becomes(prep_domain, "a.", "a"); /* RFC 6122 §2.2: the root's dot is not part of it */
    static const char *const bad[] = {"",     ".",    "a..b",      ".a",          "a..",
                                      "a b",  "a@b",  "a/b",       "a!",          "[::1]/x",
                                      "a\nb", "a\tb", "a\177",     "a<b",         "a\"b",
                                      "a&b",  "\xff", "a\xc0\x80", "\xed\xa0\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(prep_domain, bad[i]);
    memset(label, 'a', sizeof label);
    label[63] = '\0';
    becomes(prep_domain, label, label);
    label[63] = 'a';
    label[64] = '\0';
    refused(prep_domain, label);
}

static void jids(void **state)
{
    (void)state;
    becomes(old_jid, "Ann@LocalHost", "ann@localhost");
    becomes(new_jid, "Ann@LocalHost", "ann@localhost");
    static const char *const bad[] = {"ann",           "@localhost", "ann@",         "ann@b/home",
                                      "a b@localhost", "ann@b@c",    "\"@localhost", "ann@.",
                                      "a'b@localhost", "localhost",  "ann@b!"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(old_jid, bad[i]);
    /* U+1F600 came after Unicode 3.2: who has such a name is served, no new one is made. */
    becomes(old_jid, "a\xf0\x9f\x98\x80@localhost", "a\xf0\x9f\x98\x80@localhost");
    refused(new_jid, "a\xf0\x9f\x98\x80@localhost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains),
        cmocka_unit_test(jids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
