/* fuzz_xml.c: an XML stream in any chunking gives the same stanzas, errors and end. The first byte
 * chooses the chunking. */
#include "base/buf.h"
#include "gateway/xml_stream.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_header(void *ctx, const struct xnode *root, struct str ns, struct str prefix)
{
    buf_printf(ctx, "H[%.*s|%.*s|%u]", STR_FMT(ns), STR_FMT(prefix), root->n_attrs);
}

static void on_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    (void)a;
    buf_printf(ctx, "S%zu:", bytes);
    xnode_write(ctx, st, STR(NS_CLIENT));
}

static void on_end(void *ctx)
{
    buf_z(ctx, "E");
}

static void on_error(void *ctx, const char *condition, const char *text)
{
    (void)text;
    buf_printf(ctx, "X[%s]", condition);
}

static const struct xml_ops ops = {on_header, on_stanza, on_end, on_error};

static void run(const uint8_t *data, size_t size, size_t chunk, struct buf *out)
{
    struct xml_limits limits = {.stanza = 4096, .children = 64, .token = 1024};
    struct xml_stream *x = xml_stream_new(&ops, out, limits);
    for (size_t at = 0; at < size; at += chunk)
        xml_stream_feed(x, data + at, size - at < chunk ? size - at : chunk);
    xml_stream_flush(x);
    xml_stream_destroy(&x);
}

/* Half a token that is both too long and malformed ends the stream for the one or the other. */
static bool same(struct str a, struct str b)
{
    static const char too_long[] = "X[policy-violation]";
    size_t n = sizeof too_long - 1;
    if (str_eq(a, b))
        return true;
    const char *xa = a.n ? memrchr(a.p, 'X', a.n) : NULL, *xb = b.n ? memrchr(b.p, 'X', b.n) : NULL;
    if (!xa || !xb || xa - a.p != xb - b.p || memcmp(a.p, b.p, (size_t)(xa - a.p)) != 0)
        return false;
    bool a_long = a.n - (size_t)(xa - a.p) == n && memcmp(xa, too_long, n) == 0;
    bool b_long = b.n - (size_t)(xb - b.p) == n && memcmp(xb, too_long, n) == 0;
    return a_long || b_long;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct buf whole, pieces;
    buf_init(&whole);
    buf_init(&pieces);
    run(data + 1, size - 1, size, &whole);
    run(data + 1, size - 1, 1 + data[0] % 7, &pieces);
    if (!same(buf_as_str(&whole), buf_as_str(&pieces))) {
        fprintf(stderr, "whole:  %.*s\npieces: %.*s\n", STR_FMT(buf_as_str(&whole)),
                STR_FMT(buf_as_str(&pieces)));
        abort();
    }
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
