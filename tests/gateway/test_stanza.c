/* test_stanza.c: looking into an element tree, and writing it so that it reads back as the same. */
#include "gateway/stanza.h"

#include "gateway/lib_stanza.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;

static const char *written(const struct xnode *n, const char *inherited)
{
    struct buf b;
    buf_init(&b);
    xnode_write(&b, n, str_of(inherited));
    struct str copy = arena_str(&arena, buf_as_str(&b));
    buf_deinit(&b);
    return copy.p ? copy.p : "";
}

static void writing(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<message/>", "<message/>"},
        {"<message></message>", "<message/>"},
        {"<message to=\"a'b&quot;\"/>", "<message to='a&apos;b&quot;'/>"},
        {"<message><body>a&lt;b&gt;&amp;&apos;&quot;</body></message>",
         "<message><body>a&lt;b&gt;&amp;&apos;&quot;</body></message>"},
        {"<message><body>&#xD;&#xA;&#x9;</body></message>",
         "<message><body>&#xD;&#xA;&#x9;</body></message>"},
        {"<message a='&#xA;'/>", "<message a='&#xA;'/>"},
        {"<message>x<b/>y<b/>z</message>", "<message>x<b/>y<b/>z</message>"},
        {"<message><![CDATA[</message>]]></message>", "<message>&lt;/message&gt;</message>"},
        /* A namespace is written where it changes, and only there. */
        {"<message><x xmlns='u'><y/></x><z/></message>",
         "<message><x xmlns='u'><y/></x><z/></message>"},
        {"<message><p:x xmlns:p='u'><p:y/><y/></p:x></message>",
         "<message><x xmlns='u'><y/><y xmlns='jabber:client'/></x></message>"},
        {"<message><x xmlns='u'><y xmlns=''/></x></message>",
         "<message><x xmlns='u'><y xmlns=''/></x></message>"},
        {"<message><x xmlns='u&amp;&apos;'/></message>",
         "<message><x xmlns='u&amp;&apos;'/></message>"},
        {"<message xml:lang='de'/>", "<message xml:lang='de'/>"},
        {"<message xmlns:p='u' a='0' p:a='1' p:b='2'/>",
         "<message a='0' xmlns:ns1='u' ns1:a='1' xmlns:ns2='u' ns2:b='2'/>"},
        {"<message><body>\xf0\x9f\x98\x80</body></message>",
         "<message><body>\xf0\x9f\x98\x80</body></message>"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct xnode *st = lib_stanza(&arena, table[i][0]);
        const char *once = written(st, NS_CLIENT);
        assert_string_equal(once, table[i][1]);
        assert_string_equal(written(lib_stanza(&arena, once), NS_CLIENT), once);
    }
    assert_string_equal(written(lib_stanza(&arena, "<message><b/></message>"), ""),
                        "<message xmlns='jabber:client'><b/></message>");
    assert_string_equal(written(lib_stanza(&arena, "<x xmlns='u'/>"), "u"), "<x/>");
}

/* Bytes that XML forbids cannot be smuggled through a tree that was not parsed. */
static void forbidden_bytes(void **state)
{
    (void)state;
    struct xnode text = {.text = STR("a\x01\0b\x0b\xef\xbf\xbf")};
    struct xattr attr = {STR_NULL, STR("x"), STR("'\x02<\n")};
    struct xnode n = {.ns = STR(NS_CLIENT),
                      .name = STR("iq"),
                      .attrs = &attr,
                      .n_attrs = 1,
                      .first = &text,
                      .last = &text};
    assert_string_equal(written(&n, NS_CLIENT), "<iq x='&apos;&lt;&#xA;'>ab</iq>");
}

static bool is_b(void *ctx, const struct xnode *child)
{
    ++*(int *)ctx;
    return xnode_is(child, NULL, "b");
}

static void children(void **state)
{
    (void)state;
    struct xnode *st = lib_stanza(&arena, "<iq>t<a/><b x='1'/><c xmlns='u'><b/></c><b/>t</iq>");
    struct buf b;
    int asked = 0;
    buf_init(&b);
    xnode_write_children(&b, st, STR(NS_CLIENT), is_b, &asked);
    assert_true(str_is(buf_as_str(&b), "t<a/><c xmlns='u'><b/></c>t"));
    assert_int_equal(asked, 6);
    buf_deinit(&b);
    assert_true(str_is(xnode_attr(xnode_child(st, NS_CLIENT, "b"), "x"), "1"));
    assert_null(xnode_child(st, "u", "b"));
    assert_non_null(xnode_child(st, NULL, "c"));
    assert_null(xnode_child(NULL, NULL, "c"));
    struct xnode *e = xnode_elem(st->first);
    assert_true(xnode_is(e, NS_CLIENT, "a"));
    assert_false(xnode_is(st->first, NULL, "a"));
    assert_false(xnode_is(NULL, NULL, "a"));
    assert_true(xnode_is(xnode_elem(e->next), NULL, "b"));
    assert_null(xnode_elem(st->last));
    assert_null(xnode_elem(NULL));
}

static void attributes(void **state)
{
    (void)state;
    const struct xnode *st =
        lib_stanza(&arena, "<iq id='' xmlns:p='u' p:to='wrong' type='get' xml:lang='de'/>");
    assert_non_null(xnode_attr(st, "id").p); /* empty is not absent */
    assert_int_equal(xnode_attr(st, "id").n, 0);
    assert_null(xnode_attr(st, "to").p); /* another namespace's */
    assert_null(xnode_attr(st, "lang").p);
    assert_true(str_is(xnode_attr(st, "type"), "get"));
    assert_null(xnode_attr(NULL, "type").p);
}

static void texts(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<a>one</a>", "one"},
        {"<a/>", ""},
        {"<a>o<b>x</b>n<c/>e</a>", "one"},
        {"<a><b>x</b></a>", ""},
        {"<a>o<![CDATA[n]]>e</a>", "one"},
        {"<a><b/>one</a>", "one"},
        {"<a> </a>", " "},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(str_is(xnode_text(lib_stanza(&arena, table[i][0]), &arena), table[i][1]));
    assert_int_equal(xnode_text(NULL, &arena).n, 0);
}

static void kinds(void **state)
{
    (void)state;
    assert_string_equal(stanza_kind_name(STANZA_MESSAGE), "message");
    assert_string_equal(stanza_kind_name(STANZA_PRESENCE), "presence");
    assert_string_equal(stanza_kind_name(STANZA_IQ), "iq");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing),    cmocka_unit_test(forbidden_bytes), cmocka_unit_test(children),
        cmocka_unit_test(attributes), cmocka_unit_test(texts),           cmocka_unit_test(kinds),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_deinit(&arena);
    return failed;
}
