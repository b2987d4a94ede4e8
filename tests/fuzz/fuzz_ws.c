/* fuzz_ws.c: a WebSocket connection from its first byte on: the request, then frames. Any cutting
 * gives the same events; a message is never over the limit; an answer repeats nothing that was
 * asked. No message that is taken changes how the next is read. First byte: how it is cut. */
#include "gateway/ws_frame.h"
#include "gateway/ws_http.h"
#include "gateway/xml_stream.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 200 };

/* ---- messages as c2s_ws.c gives them to the parser */

struct document {
    struct xml_stream *xml;
    uint32_t n_elements;
    bool ended, probed;
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
    struct document *d = ctx;
    (void)a;
    (void)bytes;
    d->n_elements++;
    d->probed = str_is(st->name, "probe") && st->ns.n == 0 && st->n_attrs == 0 && !st->first;
}

static void on_end(void *ctx)
{
    ((struct document *)ctx)->ended = true;
}

static void on_error(void *ctx, const char *condition, const char *text)
{
    (void)condition;
    (void)text;
    on_end(ctx);
}

static bool takes(struct document *d, struct str text)
{
    d->n_elements = 0;
    d->probed = false;
    xml_stream_feed(d->xml, text.p, text.n);
    if (d->ended || d->n_elements != 1 || !xml_stream_is_between(d->xml) ||
        !xml_stream_rest_is_space(d->xml))
        return false;
    xml_stream_discard(d->xml);
    return true;
}

static void message(struct document *d, struct str text)
{
    if (d->ended)
        return;
    if (text.n == 0 || text.p[0] != '<' || !takes(d, text))
        d->ended = true;
    else if (!takes(d, STR("<probe/>")) || !d->probed)
        abort();
}

/* ---- frames */

static void frames(struct ws_reader *r, struct document *d, struct str in, struct buf *out)
{
    struct ws_frame f;
    enum ws_event ev;
    while ((ev = ws_read(r, &in, MAX, &f)) != WS_EV_NONE) {
        bool control = ev == WS_EV_PING || ev == WS_EV_PONG;
        if (f.data.n > (control ? (size_t)WS_CONTROL_MAX : (size_t)MAX))
            abort();
        if (ev == WS_EV_ERROR && f.status != WS_PROTOCOL_ERROR && f.status != WS_UNSUPPORTED &&
            f.status != WS_BAD_DATA && f.status != WS_TOO_BIG)
            abort();
        if (ev == WS_EV_MESSAGE)
            message(d, f.data);
        buf_printf(out, "%d %u %d ", ev, f.status, d->ended);
        buf_str(out, f.data);
    }
    if (in.n && !r->over)
        abort(); /* all is taken */
}

static void run(struct str in, size_t chunk, struct buf *out)
{
    static const struct xml_ops ops = {on_header, on_stanza, on_end, on_error};
    const struct xml_limits limits = {MAX, 0, MAX};
    struct ws_reader r = {0};
    struct document d = {0};
    d.xml = xml_stream_new(&ops, &d, limits);
    xml_stream_feed(d.xml, "<ws>", 4);
    for (size_t at = 0; at < in.n; at += chunk)
        frames(&r, &d, str_n(in.p + at, in.n - at < chunk ? in.n - at : chunk), out);
    xml_stream_destroy(&d.xml);
    ws_reader_deinit(&r);
}

/* The length of the head, if it is one. */
static size_t request(struct str in)
{
    const struct ws_http_config cfg = {STR("https://chat.example.org, http://localhost:*")};
    size_t n = ws_http_end(in);
    struct buf out;
    if (!n)
        return 0;
    buf_init(&out);
    bool ok = ws_http_answer(&cfg, str_n(in.p, n), &out);
    struct str start = ok ? STR("HTTP/1.1 101 ") : STR("HTTP/1.1 4");
    /* "101" with its key's hash, 28 bytes, is of one length; a refusal is one of a few texts */
    if (out.len < start.n || memcmp(out.data, start.p, start.n) != 0 || out.len > 300 ||
        (ok && out.len != 159))
        abort();
    buf_deinit(&out);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct str in = str_n(data + 1, size - 1);
    struct buf whole, pieces;
    size_t n = request(in);
    in = str_n(in.p + n, in.n - n);
    buf_init(&whole);
    buf_init(&pieces);
    run(in, in.n + 1, &whole);
    run(in, 1 + (size_t)data[0] % 16, &pieces);
    if (!str_eq(buf_as_str(&whole), buf_as_str(&pieces)))
        abort();
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
