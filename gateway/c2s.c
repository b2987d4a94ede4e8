/* c2s.c: one client's stream: conn -> parser -> session -> dispatch, with its timers. */
#include "gateway/c2s_ws.h"
#include "gateway/edge.h"
#include "gateway/registry.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <arpa/inet.h>

enum {
    TAG_MS = 20,
    RESUME_MS = 10000, /* for what the earlier stream had asked to be settled */
};

void c2s_error(struct client *c, const char *condition, const char *text)
{
    if (!c->ending)
        session_error(c->session, condition, text);
}

const char *c2s_transport(const struct client *c)
{
    return c->ws ? "ws" : c->was_tls ? "tls" : "tcp";
}

/* ---------------------------------------------------------------- timers */

static void on_timer(void *ctx);

/* The one timer, for what the stream waits for. */
void c2s_arm(struct client *c)
{
    struct edge *e = c->edge;
    uint64_t now = loop_now_ms(e->g->loop), due;
    if (c->ending || c->away)
        return;
    if (c->resuming) {
        due = now + RESUME_MS;
    } else if (c->bound) {
        if (!e->keepalive_ms) {
            loop_timer_stop(&c->timer);
            return;
        }
        due = conn_sent_ms(c->conn) + e->keepalive_ms;
    } else {
        due = c->accepted_ms + e->auth_ms;
        bool short_wait = c->in_handshake || session_state(c->session) == SESSION_HEADER;
        if (short_wait && now + e->header_ms < due)
            due = now + e->header_ms;
    }
    loop_timer_start(e->g->loop, &c->timer, due > now ? due - now : 0, 0, on_timer, c);
}

static void on_timer(void *ctx)
{
    struct client *c = ctx;
    if (c->resuming) {
        c2s_resume_timed_out(c);
    } else if (c->bound) {
        uint64_t silent = loop_now_ms(c->edge->g->loop) - conn_sent_ms(c->conn);
        if (silent < c->edge->keepalive_ms) {
            c2s_arm(c); /* something was sent meanwhile */
            return;
        }
        if (conn_queued(c->conn) == 0 && c->ws)
            c2s_ws_ping(c);
        else if (conn_queued(c->conn) == 0)
            conn_put(c->conn, STR(" "));
        loop_timer_start(c->edge->g->loop, &c->timer, c->edge->keepalive_ms, 0, on_timer, c);
    } else if (c->in_handshake || (c->ws && !c->ws->open)) {
        c2s_abort(c, END_IDLE); /* nothing could be said that the peer would understand */
    } else {
        c2s_error(c, "connection-timeout", NULL);
    }
}

static void after_feed(struct client *c);

static void on_tag_timer(void *ctx)
{
    struct client *c = ctx;
    if (c->ending)
        return;
    xml_stream_flush(c->xml);
    after_feed(c);
}

static void after_feed(struct client *c)
{
    if (c->ending)
        return;
    if (c->ws) {
        c2s_ws_go_on(c);
        return;
    }
    if (c->tls_asked) {
        c->tls_asked = false;
        session_tls_proceed(c->session, xml_stream_rest_is_space(c->xml));
        if (c->ending)
            return;
        xml_stream_discard(c->xml);
        xml_stream_release(c->xml);
        c->in_handshake = c->was_tls = true;
        c->handshake_ns = loop_clock_ns();
        conn_start_tls(c->conn, c->edge->tls);
        c2s_arm(c);
        return;
    }
    if (xml_stream_waiting(c->xml))
        loop_timer_start(c->edge->g->loop, &c->tag_timer, TAG_MS, 0, on_tag_timer, c);
    else
        loop_timer_stop(&c->tag_timer);
}

/* ---------------------------------------------------------------- from the socket */

static void on_bytes(void *ctx, const void *p, size_t n)
{
    struct client *c = ctx;
    if (c->ending)
        return;
    c->edge->bytes_in += n;
    list_remove(&c->busy_link);
    list_push_back(&c->edge->busy, &c->busy_link);
    if (c->ws) {
        c2s_ws_bytes(c, p, n);
    } else {
        xml_stream_feed(c->xml, p, n);
        after_feed(c);
    }
    if (!c->ending)
        c2s_charge(c, n);
}

static void on_gone(void *ctx, enum conn_gone why)
{
    struct client *c = ctx;
    if (why == CONN_TLS && c->in_handshake)
        metric_add_l(METRIC_TLS_HANDSHAKES_TOTAL, "other", "error", 1);
    c2s_lost(c, why == CONN_EOF ? END_CLIENT : why == CONN_TLS ? END_TLS : END_ERROR);
}

static void on_secured(void *ctx)
{
    struct client *c = ctx;
    c->in_handshake = false;
    metric_add_l(METRIC_TLS_HANDSHAKES_TOTAL, conn_tls_version(c->conn), "ok", 1);
    metric_observe(METRIC_TLS_HANDSHAKE_DURATION_SECONDS,
                   (double)(loop_clock_ns() - c->handshake_ns) / 1e9);
    session_secured(c->session);
    c2s_arm(c);
}

static void on_slow(void *ctx)
{
    struct client *c = ctx;
    if (c->ending)
        return;
    metric_add_l(METRIC_C2S_SLOW_CONSUMERS_TOTAL, "closed", NULL, 1);
    c2s_lost(c, END_SLOW);
}

static void on_closed(void *ctx)
{
    c2s_closed(ctx);
}

static const struct conn_ops conn_ops = {on_bytes, on_gone, on_secured, on_slow, on_closed};

/* ---------------------------------------------------------------- from the parser */

static void x_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    struct client *c = ctx;
    (void)prefix;
    if (c->ws)
        return; /* our own */
    session_header(c->session, root, content_ns);
    c2s_arm(c);
}

static void x_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    struct client *c = ctx;
    /* Acknowledgements, which we ask for, are next to no work. */
    bool small = str_is(st->ns, NS_SM) && (str_is(st->name, "a") || str_is(st->name, "r"));
    c->stanza_credit -= small ? 250 : 1000;
    if (c->ws && !c2s_ws_element(c))
        return;
    session_stanza(c->session, st, a, bytes);
}

static void x_end(void *ctx)
{
    struct client *c = ctx;
    if (c->ws)
        c2s_error(c, "bad-format", "a message is one whole element");
    else
        session_stream_end(c->session);
}

static void x_error(void *ctx, const char *condition, const char *text)
{
    c2s_error(ctx, condition, text);
}

static const struct xml_ops xml_ops = {x_header, x_stanza, x_end, x_error};

/* ---------------------------------------------------------------- from the session */

void c2s_put(struct client *c, struct str xml)
{
    if (c->ws)
        c2s_ws_put_whole(c, xml, false);
    else
        conn_put(c->conn, xml);
}

static void s_send(void *ctx, struct str xml)
{
    struct client *c = ctx;
    bool close = str_is(xml, c->ws ? SESSION_FRAMED_CLOSE : SESSION_STREAM_CLOSE);
    if (close && c->edge->g->forgetting && c->bound)
        c->late_close = true; /* W85: who waits for it knows that all he did is over */
    else if (c->conn)
        c2s_put(c, xml);
}

static void s_hold(void *ctx, bool on)
{
    struct client *c = ctx;
    /* What comes while he waits stays in the kernel: the parser keeps what it is fed. */
    if (on != c->held) {
        c->held = on;
        if (on)
            conn_pause(c->conn);
        else
            conn_resume(c->conn);
    }
    if (on) {
        xml_stream_hold(c->xml);
    } else if (!c->ending) {
        xml_stream_release(c->xml);
        after_feed(c);
        c2s_arm(c);
    }
}

static void s_restart(void *ctx)
{
    struct client *c = ctx;
    if (!c->ws)
        xml_stream_restart(c->xml);
    c2s_arm(c);
}

static void s_start_tls(void *ctx)
{
    struct client *c = ctx;
    c->tls_asked = true;
    xml_stream_hold(c->xml);
}

static void s_authenticated(void *ctx, struct str bare)
{
    struct client *c = ctx;
    (void)bare;
    c->authed = true;
    xml_stream_set_limits(c->xml, c->edge->after_auth);
}

/* One line for each, so that a log watcher can act on them; the address in full for that reason. */
static void s_attempt(void *ctx, enum sasl_mechanism m, struct str bare, const char *condition)
{
    struct client *c = ctx;
    char ip[INET6_ADDRSTRLEN] = "";
    bool v4 = c->ip[10] == 0xff && c->ip[11] == 0xff;
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? c->ip + 12 : c->ip, ip, sizeof ip);
    if (!condition) {
        metric_add_l(METRIC_C2S_AUTH_ATTEMPTS_TOTAL, sasl_name(m), "ok", 1);
        log_info("auth_ok", KV("user", log_jid(bare)), KV_Z("mechanism", sasl_name(m)),
                 KV_Z("ip", ip), KV_U("tls", conn_is_tls(c->conn)));
        return;
    }
    const char *result = "error";
    if (strcmp(condition, "not-authorized") == 0 || strcmp(condition, "account-disabled") == 0 ||
        strcmp(condition, "invalid-authzid") == 0)
        result = "bad_credentials";
    else if (strcmp(condition, "aborted") == 0)
        result = "aborted";
    metric_add_l(METRIC_C2S_AUTH_ATTEMPTS_TOTAL, sasl_name(m), result, 1);
    log_info("auth_failed", KV("user", log_jid(bare)), KV_Z("mechanism", sasl_name(m)),
             KV_Z("ip", ip), KV_Z("condition", condition));
}

static void s_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    struct client *c = ctx;
    if (c->ending)
        return;
    metric_observe_l(METRIC_STANZA_SIZE_BYTES, "c2s", NULL, (double)bytes);
    if (c->sm)
        sm_in(c->sm);
    dispatch(c, st, a);
}

static void s_stream_error(void *ctx, const char *condition, bool incoming)
{
    struct client *c = ctx;
    if (c->ws && !incoming && strcmp(condition, "unsupported-encoding") == 0)
        c->ws->status = WS_BAD_DATA;
    metric_add_l(METRIC_STREAM_ERRORS_TOTAL, condition, incoming ? "in" : "out", 1);
    log_debug("stream_error", KV_Z("condition", condition), KV_Z("by", incoming ? "client" : "us"));
    c->reason = incoming                                       ? END_CLIENT
                : strcmp(condition, "connection-timeout") == 0 ? END_IDLE
                : strcmp(condition, "conflict") == 0           ? END_REPLACED
                : strcmp(condition, "system-shutdown") == 0    ? END_SHUTDOWN
                                                               : END_POLICY;
}

static void s_ended(void *ctx, enum session_end how)
{
    struct client *c = ctx;
    c2s_end(c, how != SESSION_CLOSED, how == SESSION_CLOSED ? END_CLIENT : c->reason);
}

const struct session_ops c2s_session_ops = {
    .send = s_send,
    .hold = s_hold,
    .restart = s_restart,
    .start_tls = s_start_tls,
    .authenticated = s_authenticated,
    .attempt = s_attempt,
    .ask_account = ask_account,
    .ask_job = ask_job,
    .ask_bind = ask_bind,
    .ask_register = ask_register,
    .stanza = s_stanza,
    .enable = c2s_sm_enable,
    .ask_resume = c2s_sm_ask_resume,
    .resend = c2s_sm_resend,
    .acked = c2s_sm_acked,
    .handled = c2s_sm_handled,
    .stream_error = s_stream_error,
    .ended = s_ended,
};

void c2s_accept(struct edge *e, int fd, const uint8_t ip[16], bool loopback, bool ws)
{
    struct client *c = mem_zalloc(sizeof *c);
    c->edge = e;
    memcpy(c->ip, ip, 16);
    c->ip_counted = !loopback;
    c->reason = END_POLICY;
    c->priority = REGISTRY_UNAVAILABLE;
    c->accepted_ms = c->credit_ms = loop_now_ms(e->g->loop);
    c->stanza_credit = e->stanza_rate * 2000;
    c->byte_credit = e->byte_rate * 2000;
    list_init(&c->busy_link);
    list_init(&c->owing_link);
    list_init(&c->away_link);
    list_push_back(&e->clients, &c->link);
    e->n_conns++;
    c->conn = conn_new(e->g->loop, fd, e->send_queue, &conn_ops, c);
    c->xml = xml_stream_new(&xml_ops, c, e->before_auth);
    bool require_tls = ws ? e->ws_require_tls : e->require_tls;
    enum sasl_link link = loopback || !require_tls ? SASL_LINK_LOCAL : SASL_LINK_CLEAR;
    c->session = session_new(&e->session, &c2s_session_ops, c, link);
    if (ws)
        c2s_ws_begin(c);
    metric_add_l(METRIC_C2S_CONNECTIONS_OPENED_TOTAL, c2s_transport(c), NULL, 1);
    conn_start(c->conn);
    c2s_arm(c);
}
