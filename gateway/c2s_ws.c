/* c2s_ws.c: XMPP over WebSocket (RFC 7395).
 *
 *   conn -> [request, ws_http] -> frames (ws_frame) -> one message = one element -> xml_stream
 *   conn <- frame head, name, namespace <- what is rendered for everybody
 *
 * To the parser it is one long document, whose root we write ourselves and which declares nothing:
 * each message has to bring its namespaces. A message that is not exactly one element ends the
 * stream, so that none can reach into the next. */
#include "gateway/c2s_ws.h"
#include "base/muc.h"

#include <assert.h>

#define ROOT "<ws>"

enum { FRONT = 128, FRAME_COST = 250 /* thousandths of a stanza, of a frame that is none */ };

void c2s_ws_begin(struct client *c)
{
    c->ws = mem_zalloc(sizeof *c->ws);
    session_framed(c->session);
}

void c2s_ws_stop(struct client *c)
{
    loop_cancel(&c->ws->lost_task);
    ws_reader_deinit(&c->ws->reader);
    buf_deinit(&c->ws->rest);
}

/* ---------------------------------------------------------------- out */

static bool is_stanza(struct str name)
{
    return str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq");
}

/* What a stream header over TCP declares for all. */
static struct str namespace_of(struct str name)
{
    if (is_stanza(name))
        return STR(" xmlns='" NS_CLIENT "'");
    if (name.n > 7 && memcmp(name.p, "stream:", 7) == 0)
        return STR(" xmlns:stream='" NS_STREAMS "'");
    return STR_NULL;
}

/* Where the name behind the '<' ends. */
static size_t name_end(struct str xml)
{
    size_t n = 1;
    while (n < xml.n && !strchr(" />", xml.p[n]))
        n++;
    return n;
}

static char *append(char *at, struct str s)
{
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

void c2s_ws_put(struct client *c, struct str head, struct str to, struct str tail, bool bulk)
{
    char front[FRONT];
    size_t n = name_end(head);
    if (!c->ws->open || c->ws->closed)
        return;
    struct str ns = namespace_of(str_n(head.p + 1, n - 1));
    assert(WS_HEAD_MAX + head.n + ns.n <= sizeof front);
    size_t size = ws_head((uint8_t *)front, WS_TEXT, head.n + ns.n + to.n + tail.n);
    char *end = append(front + size, str_n(head.p, n));
    end = append(append(end, ns), str_n(head.p + n, head.n - n));
    conn_put_stanza(c->conn, str_n(front, (size_t)(end - front)), to, tail, bulk);
}

void c2s_ws_put_whole(struct client *c, struct str xml, bool bulk)
{
    size_t n = name_end(xml);
    c2s_ws_put(c, str_n(xml.p, n), STR_NULL, str_n(xml.p + n, xml.n - n), bulk);
}

static void put_control(struct client *c, enum ws_opcode opcode, struct str data)
{
    uint8_t head[WS_HEAD_MAX];
    conn_put(c->conn, str_n(head, ws_head(head, opcode, data.n)));
    conn_put(c->conn, data);
}

void c2s_ws_ping(struct client *c)
{
    put_control(c, WS_PING, STR_NULL);
}

static void close_with(struct client *c, uint16_t status)
{
    uint8_t frame[4];
    if (!c->ws->open || c->ws->closed)
        return;
    c->ws->closed = true;
    conn_put(c->conn, str_n(frame, ws_close_frame(frame, status)));
}

void c2s_ws_close(struct client *c)
{
    uint16_t status = WS_NORMAL;
    if (c->ws->status)
        status = c->ws->status;
    else if (c->reason == END_SHUTDOWN)
        status = WS_GOING_AWAY;
    else if (c->reason == END_POLICY)
        status = WS_POLICY;
    else if (c->reason == END_ERROR)
        status = WS_INTERNAL;
    close_with(c, status);
}

/* ---------------------------------------------------------------- in */

bool c2s_ws_element(struct client *c)
{
    if (++c->ws->n_elements == 1)
        return true;
    c2s_error(c, "bad-format", "more than one element in a message");
    return false;
}

static void message(struct client *c, struct str text)
{
    if (text.n == 0 || text.p[0] != '<') { /* RFC 7395 §3.3 */
        c2s_error(c, "bad-format", "a message begins with '<'");
        return;
    }
    bool begins = session_state(c->session) == SESSION_HEADER;
    c->ws->n_elements = 0;
    xml_stream_feed(c->xml, text.p, text.n);
    if (c->ending)
        return;
    if (begins)
        c2s_arm(c);
    if (c->ws->n_elements != 1 || !xml_stream_is_between(c->xml) ||
        !xml_stream_rest_is_space(c->xml)) {
        c2s_error(c, "bad-format", "a message is one whole element");
        return;
    }
    xml_stream_discard(c->xml);
}

/* In a turn's last step: our answer has left by then, for a client waits for it. */
static void lost(void *ctx)
{
    c2s_lost(ctx, END_CLIENT);
}

static void on_frame(struct client *c, enum ws_event ev, const struct ws_frame *f)
{
    switch (ev) {
    case WS_EV_NONE:
        break;
    case WS_EV_MESSAGE:
        message(c, f->data);
        return;
    case WS_EV_PING:
        put_control(c, WS_PONG, f->data);
        break;
    case WS_EV_PART:
    case WS_EV_PONG:
        break;
    case WS_EV_CLOSE: /* without <close/>: only interrupted (RFC 7395 §3.6) */
        close_with(c, f->status);
        loop_defer(c->edge->g->loop, &c->ws->lost_task, LOOP_PRIO_CLEAN, lost, c);
        break;
    case WS_EV_ERROR:
        c->ws->status = f->status;
        c2s_abort(c, END_POLICY);
        break;
    }
    c->stanza_credit -= FRAME_COST;
}

/* Frames, until there is no more to read or what was read has to be answered first. Returns what is
 * left. */
static struct str pump(struct client *c, struct str in)
{
    struct ws *w = c->ws;
    w->pumping = true;
    while (!c->ending && !c->held) {
        uint32_t max = c->authed ? c->edge->after_auth.stanza : c->edge->before_auth.stanza;
        struct ws_frame f;
        enum ws_event ev = ws_read(&w->reader, &in, max, &f);
        if (ev == WS_EV_NONE)
            break;
        on_frame(c, ev, &f);
    }
    w->pumping = false;
    return in;
}

static void refuse(struct client *c, const struct buf *answer)
{
    conn_put(c->conn, buf_as_str(answer));
    c2s_end(c, true, END_POLICY);
}

/* The request. Returns what came behind it; nothing while it is not whole. */
static struct str upgrade(struct client *c, struct str in)
{
    struct str rest = STR_NULL;
    struct buf answer;
    size_t n = ws_http_end(in);
    buf_init(&answer);
    if (n > WS_REQUEST_MAX || (n == 0 && in.n > WS_REQUEST_MAX)) {
        ws_http_too_big(&answer);
        refuse(c, &answer);
    } else if (n && !ws_http_answer(&c->edge->ws_http, str_n(in.p, n), &answer)) {
        refuse(c, &answer);
    } else if (n) {
        conn_put(c->conn, buf_as_str(&answer));
        c->ws->open = true;
        xml_stream_feed(c->xml, ROOT, sizeof ROOT - 1);
        c2s_arm(c);
        rest = str_n(in.p + n, in.n - n);
    }
    buf_deinit(&answer);
    return rest;
}

void c2s_ws_bytes(struct client *c, const void *p, size_t n)
{
    struct ws *w = c->ws;
    struct str in = str_n(p, n);
    bool kept = w->rest.len > 0;
    if (kept) {
        buf_put(&w->rest, p, n);
        in = buf_as_str(&w->rest);
    }
    if (!w->open) {
        struct str behind = upgrade(c, in);
        if (c->ending || w->open)
            in = behind;
    }
    if (w->open && !c->ending)
        in = pump(c, in);
    if (c->ending || w->closed)
        in = STR_NULL; /* nothing more is read */
    if (kept)
        buf_consume(&w->rest, w->rest.len - in.n);
    else
        buf_put(&w->rest, in.p, in.n);
    if (w->rest.len == 0)
        buf_deinit(&w->rest);
}

void c2s_ws_go_on(struct client *c)
{
    if (!c->ws->pumping && c->ws->rest.len)
        c2s_ws_bytes(c, NULL, 0);
}
