/* fuzz_ws.c: a WebSocket connection from its first byte on: the request, then frames. Any cutting
 * gives the same events; a message is never over the limit; an answer repeats nothing that was
 * asked. First byte: how it is cut. */
#include "gateway/ws_frame.h"
#include "gateway/ws_http.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 200 };

static void frames(struct ws_reader *r, struct str in, struct buf *out)
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
        buf_printf(out, "%d %u ", ev, f.status);
        buf_str(out, f.data);
    }
    if (in.n && !r->over)
        abort(); /* all is taken */
}

static void run(struct str in, size_t chunk, struct buf *out)
{
    struct ws_reader r = {0};
    for (size_t at = 0; at < in.n; at += chunk)
        frames(&r, str_n(in.p + at, in.n - at < chunk ? in.n - at : chunk), out);
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
