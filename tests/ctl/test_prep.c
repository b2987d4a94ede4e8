/* test_prep.c: domains, JIDs and passwords as an operator types them. */
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
    static const char *const bad[] = {"",     ".",   "a..b", ".a",        "a.",          "a b",
                                      "a@b",  "a/b", "a\nb", "a\tb",      "a\177",       "a<b",
                                      "a\"b", "a&b", "\xff", "a\xc0\x80", "\xed\xa0\x80"};
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
    static const char *const bad[] = {"ann",          "@localhost",    "ann@",
                                      "ann@b/home",   "a b@localhost", "ann@b@c",
                                      "\"@localhost", "ann@.",         "a'b@localhost"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(old_jid, bad[i]);
    /* U+1F600 came after Unicode 3.2: who has such a name is served, no new one is made. */
    becomes(old_jid, "a\xf0\x9f\x98\x80@localhost", "a\xf0\x9f\x98\x80@localhost");
    refused(new_jid, "a\xf0\x9f\x98\x80@localhost");
}

static void passwords(void **state)
{
    char text[1025];
    (void)state;
    becomes(prep_password, "pencil", "pencil");
    becomes(prep_password, "I\xc2\xadX", "IX"); /* RFC 4013 §3: soft hyphen mapped to nothing */
    becomes(prep_password, "\xc2\xaa", "a");    /* RFC 4013 §3: NFKC */
    becomes(prep_password, "user", "user");
    becomes(prep_password, "USER", "USER");
    refused(prep_password, "");
    refused(prep_password, "\x07");         /* RFC 4013 §3: prohibited */
    refused(prep_password, "\xd8\xa7\x31"); /* RFC 4013 §3: bidirectional check */
    memset(text, 'x', sizeof text);
    text[1023] = '\0';
    becomes(prep_password, text, text);
    text[1023] = 'x';
    text[1024] = '\0';
    refused(prep_password, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains),
        cmocka_unit_test(jids),
        cmocka_unit_test(passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
