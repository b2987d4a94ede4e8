/* xml_selftest.c: is the libexpat we run on one that we can run on? Asked once, at start. */
#include "gateway/xml_stream.h"
#include "base/err.h"
#include "base/limits.h"

enum {
    /* Twice what clients may send. A parser holds a tag up to four times over while it grows, and
     * must stay below LIMIT_PARSER_HARD in every version. */
    LONG_ATTRIBUTE = 2 * LIMIT_TOKEN,
    BUDGET_MS = 1000, /* it takes 5 ms; re-reading the tag with every byte takes 15 s */
};

struct probe {
    unsigned stanzas;
    bool failed;
};

static void on_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    (void)ctx;
    (void)root;
    (void)content_ns;
    (void)prefix;
}

static void on_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    (void)st;
    (void)a;
    (void)bytes;
    ((struct probe *)ctx)->stanzas++;
}

static void on_end(void *ctx)
{
    (void)ctx;
}

static void on_error(void *ctx, const char *condition, const char *text)
{
    (void)condition;
    (void)text;
    ((struct probe *)ctx)->failed = true;
}

static const struct xml_ops ops = {on_header, on_stanza, on_end, on_error};

static void feed_z(struct xml_stream *x, const char *z)
{
    xml_stream_feed(x, z, strlen(z));
}

int xml_stream_selftest(uint64_t (*clock_ns)(void), struct buf *err)
{
    struct probe probe = {0, false};
    struct xml_limits wide = {4 * LONG_ATTRIBUTE, 0, 2 * LONG_ATTRIBUTE};
    struct xml_stream *x = xml_stream_new(&ops, &probe, wide);
    int rc = 0;
    feed_z(x, "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS "'>");
    feed_z(x, "<presence ");
    xml_stream_flush(x);
    feed_z(x, "to='a@b/c'");
    xml_stream_flush(x);
    feed_z(x, "/>");
    if (probe.stanzas != 1 || probe.failed) {
        buf_z(err, "this libexpat withholds elements that arrive in pieces (re-parse deferral that "
                   "cannot be switched off): use Debian's 2.5.0-1+deb12u5, or 2.6.0 or newer");
        rc = ERR_UNAVAILABLE;
        goto out;
    }
    uint64_t began = clock_ns();
    feed_z(x, "<presence to='");
    for (unsigned i = 0; i < LONG_ATTRIBUTE; i++)
        xml_stream_feed(x, ">", 1);
    feed_z(x, "'/>");
    uint64_t ms = (clock_ns() - began) / 1000000;
    if (probe.stanzas != 2 || probe.failed) {
        buf_z(err, "this libexpat cannot take a long attribute that arrives byte by byte");
        rc = ERR_UNAVAILABLE;
    } else if (ms > BUDGET_MS) {
        buf_printf(err,
                   "this libexpat takes %llu ms for a long attribute that arrives byte by byte",
                   (unsigned long long)ms);
        rc = ERR_UNAVAILABLE;
    }
out:
    xml_stream_destroy(&x);
    return rc;
}
