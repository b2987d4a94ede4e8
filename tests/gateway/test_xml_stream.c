/* test_xml_stream.c: any cutting of the same bytes gives the same stanzas; what XMPP forbids and
 * what is too much ends the stream with the right condition; memory and time stay small. */
#include "gateway/lib_xml.h"

#include "base/err.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct xml_limits wide = {LIMIT_STANZA, 0, LIMIT_TOKEN};
#define HEADER "H[jabber:client|stream|2]"

static void expect(const char *bytes, size_t n, const char *want)
{
    struct buf out;
    buf_init(&out);
    lib_xml_any_way(bytes, n, wide, &out);
    assert_string_equal(out.data, want);
    buf_deinit(&out);
}

/* `xml` after a good header. */
static void expect_after_header(const char *xml, const char *want)
{
    struct buf in, all;
    buf_init(&in);
    buf_init(&all);
    buf_z(&in, XML_HEAD);
    buf_z(&in, xml);
    buf_z(&all, HEADER);
    buf_z(&all, want);
    buf_c(&all, '\0');
    expect(in.data, in.len, all.data);
    buf_deinit(&in);
    buf_deinit(&all);
}

static void stanzas(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<presence/>", "S:<presence/>"},
        {"<presence></presence>", "S:<presence/>"},
        {" \r\n\t<presence to='r@c/n'/> ", "S:<presence to='r@c/n'/>"},
        {"<presence\n  to = \"r@c/n\"\t/>", "S:<presence to='r@c/n'/>"},
        {"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
         "S:<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"},
        {"<message><body>a &amp; b &lt;&gt;&quot;&apos;</body></message>",
         "S:<message><body>a &amp; b &lt;&gt;&quot;&apos;</body></message>"},
        {"<message><body>&#65;&#x1F600;</body></message>",
         "S:<message><body>A\xf0\x9f\x98\x80</body></message>"},
        {"<message><body>gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80</body></message>",
         "S:<message><body>gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80</body></message>"},
        {"<message><body><![CDATA[<x>&amp;]]]]><![CDATA[>]]></body></message>",
         "S:<message><body>&lt;x&gt;&amp;amp;]]&gt;</body></message>"},
        {"<message><body><![CDATA[]]></body></message>", "S:<message><body/></message>"},
        {"<message a='x>y' b=\"z'>'\"/>", "S:<message a='x&gt;y' b='z&apos;&gt;&apos;'/>"},
        {"<message><body>one\r\ntwo</body></message>",
         "S:<message><body>one&#xA;two</body></message>"},
        {"<p:message xmlns:p='jabber:client'><p:body>x</p:body></p:message>",
         "S:<message><body>x</body></message>"},
        {"<message xmlns='jabber:client' xmlns:q='urn:q' q:a='1' xml:lang='de'><q:x "
         "q:y='2'/></message>",
         "S:<message xmlns:ns0='urn:q' ns0:a='1' xml:lang='de'>"
         "<x xmlns='urn:q' xmlns:ns0='urn:q' ns0:y='2'/></message>"},
        {"<message><x xmlns=''/></message>", "S:<message><x xmlns=''/></message>"},
        {"<iq/><iq/></stream:stream>", "S:<iq/>S:<iq/>E"},
        {"<iq/></stream:stream>left behind", "S:<iq/>E"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_after_header(table[i][0], table[i][1]);
}

/* Prefixes decide nothing: names are (namespace, local name), also when a prefix lies. */
static void namespaces(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<x:message xmlns:x='jabber:server'/>", "S:<message xmlns='jabber:server'/>"},
        {"<stream:message/>", "S:<message xmlns='" NS_STREAMS "'/>"},
        {"<stream:iq xmlns:stream='jabber:client'/>", "S:<iq/>"},
        {"<message><stream:stream/></message>",
         "S:<message><stream xmlns='" NS_STREAMS "'/></message>"},
        {"<stream:stream>", "X[unsupported-stanza-type]"},
        {"<stream:stream/>", "X[unsupported-stanza-type]"},
        {"<s:stream xmlns:s='" NS_STREAMS "'>", "X[unsupported-stanza-type]"},
        {"<stream xmlns='urn:mine'/>", "S:<stream xmlns='urn:mine'/>"},
        {"<db:result xmlns:db='jabber:server:dialback'/>",
         "S:<result xmlns='jabber:server:dialback'/>"},
        {"<nobody:iq/>", "X[not-well-formed]"},
        {"<iq nobody:a='1'/>", "X[not-well-formed]"},
        {"<iq a='1' a='2'/>", "X[not-well-formed]"},
        {"<iq xmlns:p='urn:1' xmlns:q='urn:1' p:a='1' q:a='2'/>", "X[not-well-formed]"},
        {"<iq xmlns:p=''/>", "X[not-well-formed]"},
        {"<iq xmlns:xml='urn:x'/>", "X[not-well-formed]"},
        {"<iq xmlns:xmlns='urn:x'/>", "X[not-well-formed]"},
        {"<iq xmlns='a&#1;b'/>", "X[not-well-formed]"},
        {"</stream>", "X[not-well-formed]"},
        {"</other:stream>", "X[not-well-formed]"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect_after_header(table[i][0], table[i][1]);
}

static void headers(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {XML_HEAD, HEADER},
        {"<?xml version='1.0'?>" XML_HEAD, HEADER},
        {"\n <?xml version=\"1.0\" encoding=\"utf-8\"?>\n" XML_HEAD "<iq/>", HEADER "S:<iq/>"},
        {XML_HEAD "</stream:stream>", HEADER "E"},
        {"<stream:stream xmlns:stream='" NS_STREAMS "'/>", "H[|stream|0]E"},
        {"<stream xmlns='" NS_STREAMS "' to='x'>", "H[" NS_STREAMS "||1]"},
        {"<s:stream xmlns:s='urn:other' xmlns='jabber:server'>", "H[jabber:server|s|0]"},
        {"<stream:stream to='x'>", "X[bad-namespace-prefix]"},
        {"<?xml version='1.0' encoding='UTF-16'?>" XML_HEAD, "X[unsupported-encoding]"},
        {"<?xml version='1.0' encoding='ISO-8859-1'?>" XML_HEAD, "X[unsupported-encoding]"},
        {"hello" XML_HEAD, "X[not-well-formed]"},
        {"GET / HTTP/1.1\r\n\r\n", "X[not-well-formed]"},
        {"<>", "X[not-well-formed]"},
        {XML_HEAD "<iq/>text", HEADER "S:<iq/>X[not-well-formed]"},
        {XML_HEAD "<![CDATA[text]]>", HEADER "X[not-well-formed]"},
        {XML_HEAD "<iq></presence>", HEADER "X[not-well-formed]"},
        {XML_HEAD "<iq><body></iq>", HEADER "X[not-well-formed]"},
        {XML_HEAD "<iq a=1/>", HEADER "X[not-well-formed]"},
        {XML_HEAD "<iq a='<'/>", HEADER "X[not-well-formed]"},
        {XML_HEAD "<iq>]]></iq>", HEADER "X[not-well-formed]"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect(table[i][0], strlen(table[i][0]), table[i][1]);
}

/* RFC 6120 §11.1. */
static void restricted(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<!DOCTYPE x>" XML_HEAD, "X[restricted-xml]"},
        {"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>" XML_HEAD, "X[restricted-xml]"},
        {"<!-- c -->" XML_HEAD, "X[restricted-xml]"},
        {"<?pi ?>" XML_HEAD, "X[restricted-xml]"},
        {XML_HEAD "<iq/><!-- c --><iq/>", HEADER "S:<iq/>X[restricted-xml]"},
        {XML_HEAD "<iq/><?pi?>", HEADER "S:<iq/>X[restricted-xml]"},
        {XML_HEAD "<?xml version='1.0'?>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<message>a<!-- c --></message>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<message>a<?pi?></message>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<!DOCTYPE x>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<!ENTITY a 'b'>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<iq>&undeclared;</iq>", HEADER "X[restricted-xml]"},
        {XML_HEAD "<iq/>text<!-- c -->", HEADER "S:<iq/>X[not-well-formed]"},
        {XML_HEAD "<iq></x><!-- c -->", HEADER "X[not-well-formed]"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect(table[i][0], strlen(table[i][0]), table[i][1]);
}

/* What came before bad bytes in the same packet counts all the same. */
static void encoding(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\xff",
        "\xfe\xff",
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xed\xa0\x80",
        "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xc3(",
        "\xe2\x82(",
        "\xf0\x9f\x98(",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64];
        snprintf(text, sizeof text, "<iq/><message>%s</message>", bad[i]);
        expect_after_header(text, "S:<iq/>X[unsupported-encoding]");
        snprintf(text, sizeof text, "<iq a='%s'/>", bad[i]);
        expect_after_header(text, "X[unsupported-encoding]");
    }
    expect_after_header("<iq/><message>\xe2\x82", "S:<iq/>"); /* the rest may come yet */
    static const char nul[] = XML_HEAD "<iq/><message>a\0b</message>";
    expect(nul, sizeof nul - 1, HEADER "S:<iq/>X[unsupported-encoding]");
    static const char utf16[] = "<\0s\0t\0r\0e\0a\0m\0>\0";
    expect(utf16, sizeof utf16 - 1, "X[unsupported-encoding]");
    expect_after_header("<iq>\x01</iq>", "X[not-well-formed]");
    expect_after_header("<iq>&#1;</iq>", "X[not-well-formed]");
    expect_after_header("<iq>\xef\xbf\xbf</iq>", "X[not-well-formed]");
    expect_after_header("text\xff", "X[not-well-formed]");
    expect_after_header("<iq/>\xff<!-- c -->", "S:<iq/>X[unsupported-encoding]");
    expect_after_header("<iq/><!-- c -->\xff", "S:<iq/>X[restricted-xml]");
}

/* ---------------------------------------------------------------- limits */

static void put_n(struct buf *b, const char *z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_z(b, z);
}

/* Whether the stanza passes; if not, it is for a policy, or for `condition`. */
static bool passes(const struct buf *stanza, struct xml_limits limits, const char *condition)
{
    struct buf in, out;
    bool ok = true;
    buf_init(&in);
    buf_z(&in, XML_HEAD);
    buf_str(&in, buf_as_str(stanza));
    for (size_t chunk = 1; chunk <= in.len; chunk = chunk == 1 ? 4096 : in.len + 1) {
        char want[64];
        buf_init(&out);
        lib_xml_run(in.data, in.len, chunk, limits, &out);
        buf_c(&out, '\0');
        snprintf(want, sizeof want, HEADER "X[%s]", condition);
        bool passed = strncmp(out.data, HEADER "S", sizeof HEADER) == 0;
        assert_true(passed || strcmp(out.data, want) == 0);
        assert_true(chunk == 1 || passed == ok);
        ok = passed;
        buf_deinit(&out);
    }
    buf_deinit(&in);
    return ok;
}

enum shape {
    DEPTH,
    ATTRIBUTES,
    DECLARATIONS,
    NAME,
    ATTRIBUTE_NAME,
    PREFIX,
    TOKEN,
    END_TAG,
    STANZA,
    CHILDREN
};

static void make(struct buf *b, enum shape shape, size_t n)
{
    switch (shape) {
    case DEPTH:
        put_n(b, "<a>", n);
        put_n(b, "</a>", n);
        return;
    case ATTRIBUTES:
        buf_z(b, "<a");
        for (size_t i = 0; i < n; i++)
            buf_printf(b, " x%zu='y'", i);
        break;
    case DECLARATIONS:
        buf_z(b, "<a");
        for (size_t i = 0; i < n; i++)
            buf_printf(b, " xmlns:x%zu='y'", i);
        break;
    case NAME:
        buf_c(b, '<');
        put_n(b, "n", n);
        break;
    case ATTRIBUTE_NAME:
        buf_z(b, "<a ");
        put_n(b, "n", n);
        buf_z(b, "='x'");
        break;
    case PREFIX:
        buf_c(b, '<');
        put_n(b, "n", n);
        buf_z(b, ":a xmlns:");
        put_n(b, "n", n);
        buf_z(b, "='urn:x'");
        break;
    case TOKEN:
        buf_z(b, "<a x='");
        put_n(b, "y", n - 9);
        buf_c(b, '\'');
        break;
    case END_TAG:
        buf_z(b, "<a></a");
        put_n(b, " ", n - 4);
        buf_c(b, '>');
        return;
    case STANZA:
        buf_z(b, "<a>");
        put_n(b, "y", n - 7);
        buf_z(b, "</a>");
        return;
    case CHILDREN:
        buf_z(b, "<a>");
        put_n(b, "<b/>", n);
        buf_z(b, "</a>");
        return;
    }
    buf_z(b, "/>");
}

static void limits(void **state)
{
    (void)state;
    static const struct xml_limits preauth = {LIMIT_STANZA_PREAUTH, LIMIT_CHILDREN_PREAUTH,
                                              LIMIT_STANZA_PREAUTH};
    static const struct {
        enum shape shape;
        size_t limit;
        const struct xml_limits *with;
    } table[] = {
        {DEPTH, LIMIT_DEPTH, &wide},
        {ATTRIBUTES, LIMIT_ATTRS, &wide},
        {DECLARATIONS, LIMIT_NS_DECLS, &wide},
        {NAME, LIMIT_NAME, &wide},
        {ATTRIBUTE_NAME, LIMIT_NAME, &wide},
        {PREFIX, LIMIT_NAME, &wide},
        {TOKEN, LIMIT_TOKEN, &wide},
        {END_TAG, LIMIT_TOKEN, &wide},
        {STANZA, LIMIT_STANZA, &wide},
        {STANZA, LIMIT_STANZA_PREAUTH, &preauth},
        {TOKEN, LIMIT_STANZA_PREAUTH, &preauth},
        {CHILDREN, LIMIT_CHILDREN_PREAUTH, &preauth},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t n = table[i].limit - 1; n <= table[i].limit + 1; n++) {
            struct buf b;
            buf_init(&b);
            make(&b, table[i].shape, n);
            assert_int_equal(passes(&b, *table[i].with, "policy-violation"), n <= table[i].limit);
            buf_deinit(&b);
        }
}

/* Tags that never end, depth, and floods that hold no event for the parser to tell of. */
static void bombs(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<a x='");
    put_n(&b, "y", 1024 * 1024);
    assert_false(passes(&b, wide, "policy-violation"));
    buf_reset(&b);
    put_n(&b, "<a>", 1000);
    assert_false(passes(&b, wide, "policy-violation"));
    buf_reset(&b);
    buf_z(&b, "<a>");
    put_n(&b, "y", 1024 * 1024);
    assert_false(passes(&b, wide, "policy-violation"));
    /* A quarter of a megabyte of bytes, ten of memory, kept for as long as he likes. */
    buf_reset(&b);
    make(&b, CHILDREN, 60000);
    assert_false(passes(&b, wide, "resource-constraint"));
    buf_reset(&b);
    make(&b, CHILDREN, 10000);
    assert_true(passes(&b, wide, "resource-constraint"));
    buf_reset(&b);
    buf_z(&b, "<a>");
    put_n(&b, "<![CDATA[]]>", LIMIT_TOKEN / 12 + 10);
    buf_z(&b, "</a>");
    assert_true(passes(&b, wide, "policy-violation"));
    buf_deinit(&b);
}

/* Space before the root and inside the declaration is a token like others. */
static void long_prolog(void **state)
{
    (void)state;
    struct xml_limits small = {4096, 0, 1000};
    for (size_t n = 800; n <= 1200; n += 400) {
        struct buf in, out;
        buf_init(&in);
        buf_init(&out);
        buf_z(&in, "<?xml version='1.0'");
        put_n(&in, " ", n);
        buf_z(&in, "?><s:stream xmlns:s='" NS_STREAMS "'>");
        lib_xml_any_way(in.data, in.len, small, &out);
        assert_string_equal(out.data, n < 1000 ? "H[|s|0]" : "X[policy-violation]");
        buf_deinit(&in);
        buf_deinit(&out);
    }
}

static uint64_t cpu_ns(void)
{
    return (uint64_t)clock() * (1000000000u / CLOCKS_PER_SEC);
}

/* Re-reading half a tag with every byte that comes would take minutes. */
static void one_by_one(void **state)
{
    (void)state;
    static const char *const fillers[] = {">", "<", "'", "\xc3\xa4", "&gt;", "a"};
    for (size_t f = 0; f < sizeof fillers / sizeof *fillers; f++) {
        struct buf in, out;
        buf_init(&in);
        buf_init(&out);
        buf_z(&in, XML_HEAD "<message to=\"");
        put_n(&in, fillers[f], (LIMIT_TOKEN - 100) / strlen(fillers[f]));
        buf_z(&in, "\"/>");
        uint64_t began = cpu_ns();
        lib_xml_run(in.data, in.len, 1, wide, &out);
        assert_true(cpu_ns() - began <
                    1000000000); /* it takes a hundredth, a sanitizer some more */
        buf_c(&out, '\0');
        assert_non_null(strstr(out.data, f == 1 ? "X[not-well-formed]" : "S"));
        buf_deinit(&in);
        buf_deinit(&out);
    }
    struct buf err;
    buf_init(&err);
    assert_int_equal(xml_stream_selftest(cpu_ns, &err), 0);
    buf_deinit(&err);
}

/* A stanza comes out with its last byte, whatever is still in the pipe behind it. */
static void at_once(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out);
    struct xml_stream *x = xml_stream_new(&lib_xml_ops, &out, wide);
    xml_stream_feed(x, XML_HEAD, sizeof XML_HEAD - 1);
    buf_reset(&out);
    xml_stream_feed(x, "<presence ", 10);
    assert_true(xml_stream_waiting(x));
    xml_stream_flush(x);
    xml_stream_feed(x, "to='a@b/c'", 10);
    xml_stream_flush(x);
    assert_int_equal(out.len, 0);
    xml_stream_feed(x, "/>", 2);
    buf_c(&out, '\0');
    assert_string_equal(out.data, "S:<presence to='a@b/c'/>");
    assert_false(xml_stream_waiting(x));
    xml_stream_destroy(&x);
    buf_deinit(&out);
}

/* ---------------------------------------------------------------- memory */

static size_t last_size;

static void counting_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    (void)st;
    (void)a;
    last_size = bytes;
    ++*(unsigned *)ctx;
}

static void no_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    (void)ctx;
    (void)root;
    (void)content_ns;
    (void)prefix;
}

static void no_end(void *ctx)
{
    (void)ctx;
    fail_msg("the stream has no end");
}

static void no_error(void *ctx, const char *condition, const char *text)
{
    (void)ctx;
    fail_msg("%s: %s", condition, text ? text : "");
}

static const struct xml_ops counting = {no_header, counting_stanza, no_end, no_error};

/* Expat keeps every name for the life of a parser. */
static void unique_names(void **state)
{
    (void)state;
    unsigned n_stanzas = 0;
    size_t most = 0;
    uint64_t before = xml_stream_recycles();
    struct xml_stream *x = xml_stream_new(&counting, &n_stanzas, wide);
    xml_stream_feed(x, XML_HEAD, sizeof XML_HEAD - 1);
    for (unsigned i = 0; i < 100000; i++) {
        char text[128];
        int n = snprintf(text, sizeof text, "<n%u a%u='' xmlns:p%u='urn:%u'/>", i, i, i, i);
        xml_stream_feed(x, text, (size_t)n);
        assert_int_equal(last_size, n);
        most = xml_stream_memory(x) > most ? xml_stream_memory(x) : most;
    }
    assert_int_equal(n_stanzas, 100000);
    assert_true(most < LIMIT_PARSER_SOFT + 64 * 1024);
    assert_true(xml_stream_recycles() - before > 10);
    xml_stream_idle(x);
    assert_int_equal(xml_stream_memory(x), 0);
    xml_stream_feed(x, "<last/>", 7);
    assert_int_equal(n_stanzas, 100001);
    xml_stream_destroy(&x);
}

/* Inside one stanza no new parser can help. */
static void names_of_one_stanza(void **state)
{
    (void)state;
    struct buf b;
    struct xml_limits huge = {64 * 1024 * 1024, 0, LIMIT_TOKEN};
    buf_init(&b);
    buf_z(&b, "<a>");
    for (unsigned i = 0; i < 100000; i++)
        buf_printf(&b, "<name%u/>", i);
    buf_z(&b, "</a>");
    assert_false(passes(&b, huge, "resource-constraint"));
    buf_deinit(&b);
}

/* The next parser knows what the header declared, and nothing of an earlier stanza. */
static void after_idle(void **state)
{
    (void)state;
    static const char *const stanzas_in[] = {"<iq><p:x/></iq>", "<stream:error/>",
                                             "<message xmlns:r='urn:r'><r:y p:a='1'/></message>",
                                             "<iq><r:x/></iq>"};
    struct buf out, once;
    const char head[] = "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS
                        "' xmlns:p=\"urn:'&amp;&#9;p\" xml:lang='de'>";
    buf_init(&out);
    buf_init(&once);
    struct xml_stream *x = xml_stream_new(&lib_xml_ops, &out, wide);
    struct xml_stream *y = xml_stream_new(&lib_xml_ops, &once, wide);
    xml_stream_feed(x, head, sizeof head - 1);
    xml_stream_feed(y, head, sizeof head - 1);
    for (size_t i = 0; i < sizeof stanzas_in / sizeof *stanzas_in; i++) {
        xml_stream_feed(y, stanzas_in[i], strlen(stanzas_in[i]));
        xml_stream_idle(x);
        assert_int_equal(xml_stream_memory(x), 0);
        xml_stream_feed(x, stanzas_in[i], 4);
        xml_stream_flush(x);
        xml_stream_idle(x); /* in the middle of a stanza it keeps what it has */
        assert_true(xml_stream_memory(x) > 0);
        xml_stream_feed(x, stanzas_in[i] + 4, strlen(stanzas_in[i]) - 4);
    }
    buf_c(&out, '\0');
    buf_c(&once, '\0');
    assert_string_equal(out.data, once.data);
    assert_non_null(strstr(out.data, "X[not-well-formed]")); /* r: is long forgotten */
    xml_stream_destroy(&x);
    xml_stream_destroy(&y);
    buf_deinit(&out);
    buf_deinit(&once);
}

/* ---------------------------------------------------------------- hold and restart */

struct holder {
    struct xml_stream *x;
    struct buf out;
    char at;      /* hold at this stanza ... */
    bool restart; /* ... or restart */
};

static void h_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    struct holder *h = ctx;
    lib_xml_ops.header(&h->out, root, content_ns, prefix);
}

static void h_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    struct holder *h = ctx;
    lib_xml_ops.stanza(&h->out, st, a, bytes);
    if (st->name.p[0] != h->at)
        return;
    if (h->restart)
        xml_stream_restart(h->x);
    else
        xml_stream_hold(h->x);
}

static void h_end(void *ctx)
{
    lib_xml_ops.end(&((struct holder *)ctx)->out);
}

static void h_error(void *ctx, const char *condition, const char *text)
{
    lib_xml_ops.error(&((struct holder *)ctx)->out, condition, text);
}

static const struct xml_ops holder_ops = {h_header, h_stanza, h_end, h_error};

static void holder_open(struct holder *h, char at, bool restart)
{
    *h = (struct holder){.at = at, .restart = restart};
    h->x = xml_stream_new(&holder_ops, h, wide);
    xml_stream_feed(h->x, XML_HEAD, sizeof XML_HEAD - 1);
    buf_reset(&h->out);
}

static void holder_close(struct holder *h)
{
    xml_stream_destroy(&h->x);
    buf_deinit(&h->out);
}

static void said(struct holder *h, const char *want)
{
    buf_c(&h->out, '\0');
    assert_string_equal(h->out.data, want);
    buf_reset(&h->out);
}

static void feed(struct holder *h, const char *z)
{
    xml_stream_feed(h->x, z, strlen(z));
}

static void hold(void **state)
{
    (void)state;
    struct holder h;
    holder_open(&h, 'h', false);
    feed(&h, "<a/><h/><b/><h/><c/> <d");
    said(&h, "S:<a/>S:<h/>");
    assert_true(str_is(xml_stream_rest(h.x), "<b/><h/><c/> <d"));
    assert_false(xml_stream_waiting(h.x));
    assert_int_equal(xml_stream_memory(h.x), 0);
    feed(&h, "/>");
    xml_stream_flush(h.x);
    said(&h, "");
    xml_stream_release(h.x);
    said(&h, "S:<b/>S:<h/>");
    xml_stream_release(h.x);
    said(&h, "S:<c/>S:<d/>");
    feed(&h, "<h/><!-- c -->");
    said(&h, "S:<h/>");
    xml_stream_release(h.x);
    said(&h, "X[restricted-xml]");
    feed(&h, "<a/>");
    xml_stream_release(h.x);
    said(&h, "");
    holder_close(&h);
}

/* RFC 6120 §4.3.3: what the old stream declared is gone with it. */
static void restart(void **state)
{
    (void)state;
    static const char next[] = "<s:stream xmlns:s='" NS_STREAMS "' xmlns='jabber:client'>";
    struct holder h;
    holder_open(&h, 'r', true);
    feed(&h, "<a/><r/> \n<?xml version='1.0'?>");
    feed(&h, next);
    feed(&h, "<a/><stream:b/>");
    said(&h, "S:<a/>S:<r/>H[jabber:client|s|0]S:<a/>X[not-well-formed]");
    holder_close(&h);

    holder_open(&h, 'r', true); /* an element instead of a header is a header */
    feed(&h, "<r/><auth/>");
    said(&h, "S:<r/>H[||0]E");
    holder_close(&h);

    holder_open(&h, 'h', false); /* decided while held */
    feed(&h, "<h/>dropped \xff <!-- c -->");
    xml_stream_restart(h.x);
    xml_stream_discard(h.x);
    assert_int_equal(xml_stream_rest(h.x).n, 0);
    xml_stream_release(h.x);
    feed(&h, next);
    feed(&h, "<a/></s:stream>");
    said(&h, "S:<h/>H[jabber:client|s|0]S:<a/>E");
    holder_close(&h);

    holder_open(&h, 'h', false); /* what is kept belongs to the new stream, offences included */
    feed(&h, "<h/>");
    feed(&h, next);
    feed(&h, "<a/>\xff");
    xml_stream_restart(h.x);
    xml_stream_release(h.x);
    said(&h, "S:<h/>H[jabber:client|s|0]S:<a/>X[unsupported-encoding]");
    holder_close(&h);
}

static void lower_limits(void **state)
{
    (void)state;
    struct holder h;
    holder_open(&h, 'h', false);
    xml_stream_set_limits(h.x, (struct xml_limits){100, 3, 50});
    feed(&h, "<a><b/><b/><b/></a>");
    said(&h, "S:<a><b/><b/><b/></a>");
    feed(&h, "<a><b/><b/><b/><b/></a>");
    said(&h, "X[policy-violation]");
    holder_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanzas),      cmocka_unit_test(namespaces),
        cmocka_unit_test(headers),      cmocka_unit_test(restricted),
        cmocka_unit_test(encoding),     cmocka_unit_test(limits),
        cmocka_unit_test(bombs),        cmocka_unit_test(long_prolog),
        cmocka_unit_test(one_by_one),   cmocka_unit_test(at_once),
        cmocka_unit_test(unique_names), cmocka_unit_test(names_of_one_stanza),
        cmocka_unit_test(after_idle),   cmocka_unit_test(hold),
        cmocka_unit_test(restart),      cmocka_unit_test(lower_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
