/* test_search.c: Extended Channel Search (XEP-0433, X0433-search): what a form asks for, and which
 * rooms fit. And places in result sets (XEP-0059), and how many rooms a user is in. */
#include "gateway/lib_stanza.h"
#include "gateway/muc_users.h"
#include "gateway/search.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define KEY "{urn:xmpp:channel-search:0:order}"

static struct arena a;
static struct search_query q;
static char error[1024];

static int setup(void **state)
{
    (void)state;
    arena_init(&a);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&a);
    return 0;
}

static bool read_form(const char *fields, const char *set)
{
    char text[4096];
    struct buf b;
    buf_init(&b);
    (void)snprintf(
        text, sizeof text,
        "<iq type='get'><search xmlns='urn:xmpp:channel-search:0:search'>%s<x xmlns='" NS_DATA
        "' type='submit'>" FIELD("FORM_TYPE",
                                 "urn:xmpp:channel-search:0:search-params") "%s</x></search></iq>",
        set, fields);
    bool ok = search_read(lib_stanza(&a, text)->first, &a, &q, &b);
    (void)snprintf(error, sizeof error, "%.*s", STR_FMT(buf_as_str(&b)));
    assert_int_equal(ok, b.len == 0);
    buf_deinit(&b);
    return ok;
}

static bool fits(const char *fields, const char *name, const char *description, uint32_t users)
{
    Verona__DirectoryEntry e = VERONA__DIRECTORY_ENTRY__INIT;
    e.name = wire_bytes(str_of(name));
    e.description = wire_bytes(str_of(description));
    const struct directory_room r = {STR("night@muc.example.org"), users, &e};
    assert_true(read_form(fields, ""));
    return search_fits(&q, &r);
}

static void words(void **state)
{
    (void)state;
    assert_true(fits(FIELD("q", "owl"), "Night Owls", "", 0));
    assert_true(fits(FIELD("q", "OWLS  night"), "Night Owls", "", 0));
    assert_false(fits(FIELD("q", "owls day"), "Night Owls", "", 0));
    assert_true(fits(FIELD("q", "owls birds"), "Night Owls", "of birds\nand men", 0));
    assert_true(fits(FIELD("q", "muc.example.org"), "", "", 0));
    assert_false(fits(FIELD("q", "night") FIELD("sinaddr", "0"), "", "", 0));
    assert_false(fits(FIELD("q", "owls") FIELD("sinname", "false"), "Owls", "", 0));
    assert_false(fits(FIELD("q", "owls") FIELD("sindescription", "0"), "", "owls", 0));
    /* cases and forms beyond ASCII; what nameprep refuses is compared as it is */
    assert_true(fits(FIELD("q", "\xc3\xa4RGER"), "\xc3\x84rger", "", 0));
    assert_true(fits(FIELD("q", "stra\xc3\x9f"
                                "e"),
                     "STRASSE", "", 0));
    assert_true(fits(FIELD("q", "\xee\x80\x80X"), "a\xee\x80\x80x", "", 0));
}

static void users_and_kinds(void **state)
{
    (void)state;
    assert_true(fits(FIELD("all", "1"), "x", "", 0));
    assert_true(fits(FIELD("all", "true") FIELD("min_users", "3"), "x", "", 3));
    assert_false(fits(FIELD("all", "1") FIELD("min_users", "3"), "x", "", 2));
    assert_false(fits(FIELD("all", "1") FIELD("types", "xep-0369"), "x", "", 2));
    assert_true(
        fits(FIELD("all", "1") "<field var='types'><value>xep-0369</value><value>xep-0045</value>"
                               "</field>",
             "x", "", 2));
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *has;
    } bad[] = {
        {"", "no-search-conditions"},
        {FIELD("all", "0"), "no-search-conditions"},
        {FIELD("q", "x") FIELD("all", "1"), "conflicting-fields"},
        {FIELD("q", "x") FIELD("key", "age"), "invalid-sort-key"},
        {FIELD("q", " \n"), "invalid-search-terms"},
        {FIELD("q", "a b c d e f g h i j k l m n o p q"), "invalid-search-terms"},
        {FIELD("q", "x") FIELD("min_users", "-1"), "bad-request"},
        {FIELD("q", "x") FIELD("min_users", "12345678901"), "bad-request"},
        {FIELD("q", "x") FIELD("FORM_TYPE", "y"), "bad-request"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_form(bad[i].fields, ""));
        if (!strstr(error, bad[i].has))
            fail_msg("%s: %s", bad[i].fields, error);
    }
    assert_true(read_form(FIELD("q", "a b c d e f g h i j k l m n o p"), ""));
    assert_int_equal(q.n_terms, SEARCH_TERMS);
    assert_true(read_form(FIELD("q", "x") FIELD("key", KEY "address"), ""));
    assert_int_equal(q.order, DIRECTORY_BY_ADDRESS);
    assert_true(read_form(FIELD("q", "x") FIELD("unknown", "field"), ""));
    assert_int_equal(q.order, DIRECTORY_BY_USERS);
}

/* XEP-0059 */
static void places(void **state)
{
    (void)state;
    static const char *const good[] = {"<max>0</max>", "<max>999999999</max>", "<before/>",
                                       "<index>7</index>", "<after>x</after><max>2</max>"};
    static const char *const bad[] = {"<max/>",
                                      "<max>-1</max>",
                                      "<max>1000000000</max>",
                                      "<index>x</index>",
                                      "<before/><after>x</after>",
                                      "<index>1</index><after>x</after>"};
    char set[128];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        (void)snprintf(set, sizeof set, "<set xmlns='" NS_RSM "'>%s</set>", good[i]);
        assert_true(read_form(FIELD("all", "1"), set));
        assert_true(q.page.present);
    }
    assert_true(str_is(q.page.after, "x"));
    assert_int_equal(q.page.max, 2);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(set, sizeof set, "<set xmlns='" NS_RSM "'>%s</set>", bad[i]);
        assert_false(read_form(FIELD("all", "1"), set));
    }
    struct buf b;
    buf_init(&b);
    rsm_put(&b, STR("a<"), STR("b"), 3, 9);
    rsm_put(&b, STR_NULL, STR_NULL, 0, 0);
    rsm_put(&b, STR("a"), STR("a"), -1, -1);
    buf_c(&b, '\0');
    assert_string_equal(b.data,
                        "<set xmlns='" NS_RSM "'><first index='3'>a&lt;</first><last>b</last>"
                        "<count>9</count></set><set xmlns='" NS_RSM "'><count>0</count></set>"
                        "<set xmlns='" NS_RSM "'><first>a</first><last>a</last></set>");
    buf_deinit(&b);
}

static void items(void **state)
{
    (void)state;
    Verona__DirectoryEntry e = VERONA__DIRECTORY_ENTRY__INIT;
    struct directory_room r = {STR("night@muc.example.org"), 3, &e};
    struct buf b;
    buf_init(&b);
    search_put_item(&b, &r);
    e.name = wire_bytes(STR("N<"));
    e.description = wire_bytes(STR("D"));
    e.lang = wire_bytes(STR("en"));
    e.password = e.whois_anyone = true;
    search_put_item(&b, &r);
    search_put_mark(&b, DIRECTORY_BY_USERS, &r);
    buf_c(&b, '|');
    search_put_mark(&b, DIRECTORY_BY_ADDRESS, &r);
    buf_c(&b, '\0');
    assert_string_equal(
        b.data,
        "<item address='night@muc.example.org'><name>night</name><nusers>3</nusers>"
        "<service-type>xep-0045</service-type><is-open>true</is-open>"
        "<anonymity-mode>muc_semianonymous</anonymity-mode></item>"
        "<item address='night@muc.example.org'><name>N&lt;</name><description>D</description>"
        "<language>en</language><nusers>3</nusers><service-type>xep-0045</service-type>"
        "<is-open>false</is-open><anonymity-mode>{urn:xmpp:channel-search:0:anonymity}none"
        "</anonymity-mode></item>3 night@muc.example.org|night@muc.example.org");
    buf_reset(&b);
    search_put_form(&b);
    buf_c(&b, '\0');
    (void)lib_stanza(&a, b.data);
    buf_deinit(&b);
}

/* S7.2.9-per-user */
static void rooms_of_a_user(void **state)
{
    (void)state;
    struct muc_users *u = NULL;
    struct str ann = STR("ann@l"), bob = STR("bob@l");
    assert_true(muc_users_may_enter(u, ann, STR("a@c"), 1));
    muc_users_add(&u, ann, STR("a@c"));
    muc_users_add(&u, ann, STR("a@c")); /* with a second session */
    muc_users_add(&u, ann, STR("b@c"));
    assert_false(muc_users_may_enter(u, ann, STR("c@c"), 2));
    assert_true(muc_users_may_enter(u, ann, STR("c@c"), 3));
    assert_true(muc_users_may_enter(u, ann, STR("c@c"), 0));
    assert_true(muc_users_may_enter(u, ann, STR("a@c"), 2));
    assert_true(muc_users_may_enter(u, bob, STR("c@c"), 2));
    muc_users_remove(&u, ann, STR("a@c"));
    assert_false(muc_users_may_enter(u, ann, STR("c@c"), 2));
    muc_users_remove(&u, ann, STR("a@c"));
    assert_true(muc_users_may_enter(u, ann, STR("c@c"), 2));
    muc_users_remove(&u, ann, STR("a@c")); /* nothing left to take */
    muc_users_remove(&u, ann, STR("b@c"));
    assert_null(u);
    muc_users_add(&u, ann, STR("a@c"));
    muc_users_destroy(&u);
    assert_null(u);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(words), T(users_and_kinds), T(refusals), T(places), T(items), T(rooms_of_a_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
