/* test_jid_prep.c: what becomes of addresses, nicks and passwords (RFC 6122, RFC 4013,
 * Unicode 3.2). */
#include "prep/jid_prep.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static struct arena arena;

/* The prepared text, NULL if there is none. */
static const char *prep(struct str raw, struct jid *parts)
{
    struct str text;
    if (jid_prep(raw, &arena, &text, parts))
        return NULL;
    return arena_str(&arena, text).p;
}

static void expect(const char *raw, const char *want)
{
    const char *got = prep(str_of(raw), NULL);
    if (!want && got)
        fail_msg("\"%s\" became \"%s\"", raw, got);
    if (want && !got)
        fail_msg("\"%s\" was refused", raw);
    if (want)
        assert_string_equal(got, want);
}

static void jids(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"a@b/c", "a@b/c"},
        {"b", "b"},
        {"a@b", "a@b"},
        {"b/c", "b/c"},
        {"ANN@Example.ORG/Home", "ann@example.org/Home"},
        {"a@b/c/d@e", "a@b/c/d@e"},
        {"a@b/@/", "a@b/@/"},
        {"a@b/ c ", "a@b/ c "},
        {"a@b.", "a@b"},
        {"a@1.2.3.4", "a@1.2.3.4"},
        {"a@[::1]", "a@[::1]"},
        {"a@x_y-z", "a@x_y-z"},
        {"!#$%()*+,-.;=?[\\]^_`{|}~@b", "!#$%()*+,-.;=?[\\]^_`{|}~@b"},
        {"\xc3\x84nn@\xc3\x9c.org/\xc3\x84", "\xc3\xa4nn@\xc3\xbc.org/\xc3\x84"},
        {"stra\xc3\x9f"
         "e@b",
         "strasse@b"},                                       /* sharp s: nodeprep folds it */
        {"a\xcc\x88@b", "\xc3\xa4@b"},                       /* composed */
        {"\xef\xbd\x81@\xef\xbd\x82/\xef\xbd\x83", "a@b/c"}, /* wide letters */
        {"a\xc2\xad"
         "b@c\xe2\x80\x8b"
         "d",
         "ab@cd"},                        /* soft hyphen, zero width space */
        {"\xe2\x84\xa6@b", "\xcf\x89@b"}, /* Ohm: omega */
        {"a@b/\xe2\x85\xa3", "a@b/IV"},
        {"a@b\xef\xbc\x8e"
         "c",
         "a@b.c"},                                        /* wide dot */
        {"a@b/\xd7\x90", "a@b/\xd7\x90"},                 /* right to left */
        {"a@b/\xf0\x9f\x98\x80", "a@b/\xf0\x9f\x98\x80"}, /* unassigned in 3.2: allowed */
    };
    static const char *const bad[] = {
        "",
        "@",
        "/",
        "a@",
        "@b",
        "a@b/",
        "/c",
        "a@b@c",
        "a@/c",
        "@b/c",
        "a@b@c/d",
        "a b@c",
        "a\"b@c",
        "a&b@c",
        "a'b@c",
        "a:b@c",
        "a<b@c",
        "a>b@c",
        "a\x7f@c",
        "a\x01@c",
        "a\t@c",
        "a@b c",
        "a@b!",
        "a@b/c\n",
        "a@b/\x07",
        "a@b/\x7f",
        "a@.b",
        "a@b..c",
        "a@b..",
        "a@.",
        ".",
        "..",
        "a@b,c",
        "a@b&c",
        "a@b'c",
        "\xff@b",
        "a@\xff",
        "a@b/\xff",
        "a@b/\xc0\x80",
        "a@b/\xed\xa0\x80",
        "a\xc2\xa0"
        "b@c",              /* no-break space is a space */
        "a\xe2\x80\xae@b",  /* bidi override */
        "a@b/\xe2\x80\xa8", /* line separator */
        "a@b/\xef\xbf\xbd", /* replacement character */
        "a@b/\xee\x80\x80", /* private use */
        "a@b/\xd7\x90"
        "a",              /* mixed directions */
        "\xef\xbc\xa0@b", /* a wide @ would become one */
        "a\xef\xbc\x8f"
        "b@c",        /* and a wide / */
        "\xc2\xad@b", /* nothing is left of it */
        "a@\xc2\xad",
        "a@b/\xc2\xad",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect(good[i][0], good[i][1]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect(bad[i], NULL);
    assert_null(prep(STR("a\0b@c"), NULL));
    assert_null(prep(STR("a@b\0c"), NULL));
    assert_null(prep(STR("a@b/c\0"), NULL));
    assert_null(prep(STR("a@b/\xc3\xa4\0"), NULL));
}

static void parts(void **state)
{
    (void)state;
    struct jid j;
    assert_non_null(prep(STR("\xc3\x84@B./C"), &j));
    assert_true(str_is(j.local, "\xc3\xa4") && str_is(j.domain, "b") && str_is(j.resource, "C"));
    assert_non_null(prep(STR("B"), &j));
    assert_true(j.local.n == 0 && str_is(j.domain, "b") && j.resource.n == 0);
}

/* A JID with parts of these lengths. */
static bool fits(size_t local, size_t domain, size_t resource, const char *letter)
{
    struct buf b;
    buf_init(&b);
    const size_t n[] = {local, domain, resource};
    for (int part = 0; part < 3; part++) {
        if (part && n[part])
            buf_c(&b, part == 1 ? '@' : '/');
        for (size_t i = 0; i < n[part]; i += strlen(letter))
            buf_z(&b, letter);
    }
    bool ok = prep(buf_as_str(&b), NULL) != NULL;
    buf_deinit(&b);
    return ok;
}

static void limits(void **state)
{
    (void)state;
    for (size_t n = LIMIT_JID_PART - 1; n <= LIMIT_JID_PART + 1; n++) {
        bool ok = n <= LIMIT_JID_PART;
        assert_int_equal(fits(n, 1, 1, "x"), ok);
        assert_int_equal(fits(1, n, 1, "x"), ok);
        assert_int_equal(fits(1, 1, n, "x"), ok);
    }
    assert_true(fits(LIMIT_JID_PART, LIMIT_JID_PART, LIMIT_JID_PART, "x"));
    assert_true(fits(1022, 1022, 1022, "\xc3\xa4"));
    assert_false(fits(1024, 2, 2, "\xc3\xa4"));
    assert_false(fits(2, 2, 1024, "\xc3\xa4"));
    /* It is the prepared length that counts, too: this letter grows on the way. */
    struct buf b;
    struct str out;
    buf_init(&b);
    for (int i = 0; i < 300; i++)
        buf_z(&b, "\xef\xb7\xba"); /* one character, eighteen after NFKC */
    assert_int_equal(jid_prep_resource(buf_as_str(&b), &arena, &out), ERR_INVALID);
    buf_deinit(&b);
}

/* N(N(x)) = N(x) for every code point, alone and between letters, in each of the three profiles. */
static void idempotence(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x30000; c++) {
        char u[5];
        size_t n = 0;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        if (c < 0x80) {
            u[n++] = (char)c;
        } else if (c < 0x800) {
            u[n++] = (char)(0xc0 | c >> 6);
            u[n++] = (char)(0x80 | (c & 63));
        } else if (c < 0x10000) {
            u[n++] = (char)(0xe0 | c >> 12);
            u[n++] = (char)(0x80 | (c >> 6 & 63));
            u[n++] = (char)(0x80 | (c & 63));
        } else {
            u[n++] = (char)(0xf0 | c >> 18);
            u[n++] = (char)(0x80 | (c >> 12 & 63));
            u[n++] = (char)(0x80 | (c >> 6 & 63));
            u[n++] = (char)(0x80 | (c & 63));
        }
        u[n] = '\0';
        static const char *const forms[][2] = {
            {"", "@d/r"}, {"l@", "/r"}, {"l@d/", ""}, {"l", "@d"}, {"l@d/a", "b"}};
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            char raw[32];
            struct str once, twice;
            struct jid j;
            snprintf(raw, sizeof raw, "%s%s%s", forms[f][0], u, forms[f][1]);
            if (jid_prep(str_of(raw), &arena, &once, &j))
                continue;
            assert_true(utf8_valid(once));
            assert_true(j.domain.n > 0);
            if (jid_prep(once, &arena, &twice, NULL) || !str_eq(once, twice))
                fail_msg("U+%04X: \"%s\" is no fixed point", c, once.p);
            if (j.resource.n)
                assert_false(memchr(j.local.n ? j.local.p : "x", '/', j.local.n ? j.local.n : 1));
        }
        arena_reset(&arena);
    }
}

static void strict_nicks(void **state)
{
    (void)state;
    assert_true(jid_nick_strict(STR("Ann")));
    assert_true(jid_nick_strict(STR("\xc3\x84nn \xd0\xb6")));
    assert_false(jid_nick_strict(STR("\xf0\x9f\x98\x80"))); /* unassigned in Unicode 3.2 */
    assert_false(jid_nick_strict(STR("\xe2\x82\xbf")));     /* a currency of 2017 */
    assert_false(jid_nick_strict(STR("\xe2\x85\xa3")));     /* not prepared: it would change */
    assert_false(jid_nick_strict(STR("a\x07")));
    assert_false(jid_nick_strict(STR("a\0b")));
    assert_false(jid_nick_strict(STR("\xff")));
    assert_false(jid_nick_strict(STR_NULL));
}

static void strict_names(void **state)
{
    (void)state;
    assert_true(jid_local_strict(STR("ann")));
    assert_true(jid_local_strict(STR("\xc3\xa4nn")));
    assert_false(jid_local_strict(STR("Ann"))); /* not prepared */
    assert_false(jid_local_strict(STR("a b")));
    assert_false(jid_local_strict(STR("a\xf0\x9f\x98\x80"))); /* unassigned in Unicode 3.2 */
    assert_false(jid_local_strict(STR_NULL));
}

/* RFC 4013 §3. */
static void passwords(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"I\xc2\xadX", "IX"},
        {"user", "user"},
        {"USER", "USER"},
        {"\xc2\xaa", "a"},
        {"\xe2\x85\xa8", "IX"},
        {"\x07", NULL},
        {"\xd8\xa7"
         "1",
         NULL},
        {"a\xc2\xa0"
         "b",
         "a b"},
        {"", NULL},
        {"\xff", NULL},
        {" x ", " x "},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str out;
        int err = jid_saslprep(str_of(table[i][0]), &arena, &out);
        assert_int_equal(err, table[i][1] ? 0 : ERR_INVALID);
        if (!err)
            assert_true(str_is(out, table[i][1]));
    }
    char text[LIMIT_JID_PART + 1];
    struct str out;
    memset(text, 'x', sizeof text);
    assert_int_equal(jid_saslprep(str_n(text, LIMIT_JID_PART), &arena, &out), 0);
    assert_int_equal(jid_saslprep(str_n(text, LIMIT_JID_PART + 1), &arena, &out), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jids),         cmocka_unit_test(parts),
        cmocka_unit_test(limits),       cmocka_unit_test(idempotence),
        cmocka_unit_test(strict_nicks), cmocka_unit_test(strict_names),
        cmocka_unit_test(passwords),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_deinit(&arena);
    return failed;
}
