/* lib_xml.c: see lib_xml.h. */
#include "gateway/lib_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void on_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    buf_printf(ctx, "H[%.*s|%.*s|%u]", STR_FMT(content_ns), STR_FMT(prefix), root->n_attrs);
}

static void on_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    (void)a;
    (void)bytes;
    buf_z(ctx, "S:");
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

const struct xml_ops lib_xml_ops = {on_header, on_stanza, on_end, on_error};

void lib_xml_run(const void *bytes, size_t n, size_t chunk, struct xml_limits limits,
                 struct buf *out)
{
    struct xml_stream *x = xml_stream_new(&lib_xml_ops, out, limits);
    for (size_t at = 0; at < n; at += chunk)
        xml_stream_feed(x, (const char *)bytes + at, n - at < chunk ? n - at : chunk);
    xml_stream_flush(x);
    xml_stream_destroy(&x);
}

void lib_xml_any_way(const void *bytes, size_t n, struct xml_limits limits, struct buf *out)
{
    static const size_t chunks[] = {1, 2, 3, 7, 4096};
    lib_xml_run(bytes, n, n ? n : 1, limits, out);
    buf_c(out, '\0');
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct buf again;
        buf_init(&again);
        lib_xml_run(bytes, n, chunks[i], limits, &again);
        buf_c(&again, '\0');
        assert_string_equal(again.data, out->data);
        buf_deinit(&again);
    }
    out->len--;
}
