/* test_ws.c: streams over WebSocket (RFC 7395) at the rim of a gateway with a real Redis behind it.
 */
#include "gateway/lib_edge.h"

#include "base/limits.h"
#include "gateway/c2s_ws.h"
#include "gateway/edge_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#define NS_FRAMING "urn:ietf:params:xml:ns:xmpp-framing"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define REQUEST                                                                                    \
    "GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"                    \
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                       \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n"
#define ANSWER "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define OPEN "<open xmlns='" NS_FRAMING "' to='localhost' version='1.0'/>"
#define CLOSE "<close xmlns='" NS_FRAMING "'/>"
#define AUTH_ANN "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>"
#define BIND                                                                                       \
    "<iq xmlns='jabber:client' type='set' id='b'><bind xmlns='" NS_BIND                            \
    "'><resource>r</resource></bind></iq>"
#define PING(id)                                                                                   \
    "<iq xmlns='jabber:client' type='get' id='" id "'><ping xmlns='urn:xmpp:ping'/></iq>"
#define PONG(id) "<iq xmlns='jabber:client' to='ann@localhost/r' type='result' id='" id "'/>"
#define ENABLE "<enable xmlns='" NS_SM "' resume='true'/>"

/* ---------------------------------------------------------------- frames of a client */

static void put_frame(struct buf *b, enum ws_opcode opcode, struct str data)
{
    static const char mask[4] = {0x11, 0x22, 0x33, 0x44};
    uint8_t head[WS_HEAD_MAX];
    size_t n = ws_head(head, opcode, data.n);
    head[1] |= 0x80;
    buf_put(b, head, n);
    buf_put(b, mask, 4);
    for (size_t i = 0; i < data.n; i++)
        buf_c(b, (char)(data.p[i] ^ mask[i % 4]));
}

static void say_frame(int peer, enum ws_opcode opcode, struct str data)
{
    struct buf b;
    buf_init(&b);
    put_frame(&b, opcode, data);
    rig_say_bytes(peer, b.data, b.len);
    buf_deinit(&b);
}

static void say(int peer, const char *message)
{
    say_frame(peer, WS_TEXT, str_of(message));
}

/* The message in a frame of its own. */
static void hear(int peer, const char *message)
{
    const struct buf *heard = &rig_peers[peer].heard;
    uint8_t head[WS_HEAD_MAX];
    size_t size = strlen(message), n = ws_head(head, WS_TEXT, size);
    rig_hear(peer, message);
    const char *at = memmem(heard->data, heard->len, message, size);
    assert_true((size_t)(at - heard->data) >= n);
    assert_memory_equal(at - n, head, n);
}

static void upgrade(int peer)
{
    rig_connect_ws(peer, true);
    rig_say(peer, REQUEST "\r\n");
    rig_hear(peer, ANSWER);
}

static void log_in(int peer)
{
    upgrade(peer);
    say(peer, OPEN);
    rig_hear(peer, "</stream:features>");
    say(peer, AUTH_ANN);
    hear(peer, "<success xmlns='" NS_SASL "'/>");
    buf_reset(&rig_peers[peer].heard);
    say(peer, OPEN);
    rig_hear(peer, "</stream:features>");
    say(peer, BIND);
    rig_hear(peer, "<jid>ann@localhost/r</jid>");
    buf_reset(&rig_peers[peer].heard);
}

/* A close frame with that code, and the end. */
static void hear_closed(int peer, unsigned code)
{
    const struct buf *heard = &rig_peers[peer].heard;
    const char want[4] = {(char)0x88, 2, (char)(code >> 8), (char)code};
    rig_hear(peer, NULL);
    assert_true(heard->len >= 4);
    assert_memory_equal(heard->data + heard->len - 4, want, 4);
    rig_hang_up(peer);
}

static void end(void)
{
    rig_hang_up_all();
    rig_close();
}

/* ---------------------------------------------------------------- the stream */

/* X7395-websocket, W81: byte for byte, but for what is random. */
static void logs_in(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    upgrade(0);
    struct buf *heard = &rig_peers[0].heard;
    buf_reset(heard);
    say(0, OPEN);
    rig_hear(0, "</stream:features>");
    rig_hear(0, "<open xmlns='" NS_FRAMING "' id='");
    rig_hear(0, "' from='localhost' version='1.0' xml:lang='en'/>");
    hear(0, "<stream:features xmlns:stream='" NS_STREAMS "'><mechanisms xmlns='" NS_SASL
            "'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"); /* no STARTTLS */
    assert_int_equal((uint8_t)heard->data[0], 0x81);
    say(0, AUTH_ANN);
    hear(0, "<success xmlns='" NS_SASL "'/>");
    buf_reset(heard);
    say(0, OPEN);
    rig_hear(0, "' from='localhost' to='ann@localhost' version='1.0' xml:lang='en'/>");
    rig_hear(0, "<stream:features xmlns:stream='" NS_STREAMS "'><bind xmlns='" NS_BIND "'/>");
    say(0, BIND);
    hear(0, "<iq xmlns='jabber:client' type='result' id='b'><bind xmlns='" NS_BIND
            "'><jid>ann@localhost/r</jid></bind></iq>");
    say(0, PING("1"));
    hear(0, PONG("1"));
    client_send(rig_bound_client(), STANZA_MESSAGE, STR(" id='m'><body>hi</body></message>"),
                false);
    hear(0, "<message xmlns='jabber:client' to='ann@localhost/r' id='m'><body>hi</body></message>");
    client_send(rig_bound_client(), STANZA_PRESENCE, STR("/>"), true);
    hear(0, "<presence xmlns='jabber:client' to='ann@localhost/r'/>");
    buf_reset(heard);
    say(0, CLOSE);
    hear(0, CLOSE);
    hear_closed(0, WS_NORMAL);
    assert_null(memmem(heard->data, heard->len, "</stream", 8));
    end();
}

static bool is_read(void *ctx)
{
    return rig_g.edge->bytes_in >= *(size_t *)ctx;
}

/* X7395-websocket: the same whatever way the bytes are cut, request and all; also what comes while
 * an answer is waited for stays in its frames. */
static void any_cutting(void **state)
{
    static const char *const messages[] = {OPEN, AUTH_ANN, OPEN, BIND, PING("1"), PING("2"), CLOSE};
    size_t length = 0;
    (void)state;
    rig_open("auth.mode=open");
    struct buf b;
    buf_init(&b);
    buf_z(&b, REQUEST "\r\n");
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        put_frame(&b, WS_TEXT, str_of(messages[i]));
    const size_t chunks[] = {b.len, 100, 7, 1};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        rig_connect_ws(0, true);
        rig_g.edge->bytes_in = 0;
        for (size_t at = 0, n; at < b.len; at += n) {
            n = b.len - at < chunks[i] ? b.len - at : chunks[i];
            rig_say_bytes(0, b.data + at, n);
            size_t end_of_it = at + n;
            assert_true(rig_run_until(is_read, &end_of_it, RIG_WAIT_MS));
        }
        hear(0, PONG("1"));
        hear(0, PONG("2"));
        hear(0, CLOSE);
        rig_hear(0, NULL);
        const struct buf *heard = &rig_peers[0].heard;
        assert_true(length == 0 || heard->len == length);
        length = heard->len;
        rig_hang_up_all();
    }
    buf_deinit(&b);
    end();
}

/* X7395-websocket: fragments, with a ping between them. */
static void fragments_and_pings(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    log_in(0);
    struct buf b;
    buf_init(&b);
    put_frame(&b, WS_TEXT, STR("<iq xmlns='jabber:client' type='get' id"));
    b.data[0] = 0x01;
    put_frame(&b, WS_PING, STR("are you there?"));
    put_frame(&b, WS_PONG, STR("I am"));
    size_t at = b.len;
    put_frame(&b, WS_CONTINUATION, STR("='f'><ping xmlns='urn:xmpp:ping'/>"));
    b.data[at] = 0x00;
    put_frame(&b, WS_CONTINUATION, STR("</iq>"));
    rig_say_bytes(0, b.data, b.len);
    buf_deinit(&b);
    rig_hear(0, "\x8a\x0e"
                "are you there?");
    hear(0, PONG("f"));
    end();
}

/* X7395-websocket: a message that is not one whole element ends the stream; none gets out of its
 * frame. */
static void hostile_messages(void **state)
{
    static const struct {
        const char *message, *condition;
    } rows[] = {
        {"", "bad-format"},
        {" ", "bad-format"},
        {" " PING("1"), "bad-format"},
        {"text", "bad-format"},
        {"<iq xmlns='jabber:client'", "bad-format"},
        {"<iq xmlns='jabber:client' type='get'>", "bad-format"},
        {"<iq xmlns='jabber:client'><a>", "bad-format"},
        {PING("1") PING("2"), "bad-format"},
        {PING("1") "<iq", "bad-format"},
        {PING("1") "x", "bad-format"},
        {PING("1") "<!--x-->", "restricted-xml"},
        {"</ws>", "bad-format"},
        {"</ws><ws>", "bad-format"},
        {PING("1") "</ws>", "bad-format"},
        {"</stream:stream>", "not-well-formed"},
        {"</iq>", "not-well-formed"},
        {"<iq xmlns='jabber:client'></ws>", "not-well-formed"},
        {"<?xml version='1.0'?>" OPEN, "restricted-xml"},
        {"<!DOCTYPE x>", "restricted-xml"},
        {"<iq/>", "invalid-namespace"},
        {"<stream:error/>", "not-well-formed"}, /* a prefix that nobody declared */
        {"<stream:stream xmlns:stream='" NS_STREAMS "' to='localhost' version='1.0'>",
         "unsupported-stanza-type"},
        {OPEN, "unsupported-stanza-type"},
        {"<other xmlns='" NS_FRAMING "'/>", "unsupported-stanza-type"},
        {"<iq xmlns='jabber:client' from='bob@localhost'/>", "invalid-from"},
    };
    (void)state;
    rig_open("auth.mode=open");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char want[256];
        log_in(0);
        say(0, rows[i].message);
        say(0, PING("later"));
        snprintf(want, sizeof want,
                 "<stream:error xmlns:stream='" NS_STREAMS
                 "'><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>",
                 rows[i].condition);
        rig_hear(0, want);
        hear(0, CLOSE);
        hear_closed(0, WS_POLICY);
        const struct buf *heard = &rig_peers[0].heard;
        assert_null(memmem(heard->data, heard->len, "later", 5));
    }
    end();
}

/* X7395-websocket: before anything else an <open/>, in its namespace and for us. */
static void bad_openings(void **state)
{
    static const struct {
        const char *message, *condition;
    } rows[] = {
        {"<open to='localhost' version='1.0'/>", "invalid-namespace"},
        {"<start xmlns='" NS_FRAMING "' to='localhost' version='1.0'/>", "bad-format"},
        {AUTH_ANN, "invalid-namespace"},
        {"<open xmlns='" NS_FRAMING "' version='1.0'/>", "improper-addressing"},
        {"<open xmlns='" NS_FRAMING "' to='example.com' version='1.0'/>", "host-unknown"},
        {"<open xmlns='" NS_FRAMING "' to='localhost'/>", "unsupported-version"},
    };
    (void)state;
    rig_open("auth.mode=open");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        upgrade(0);
        say(0, rows[i].message);
        rig_hear(0, "<open xmlns='" NS_FRAMING "' id='");
        rig_hear(0, rows[i].condition);
        hear(0, CLOSE);
        hear_closed(0, WS_POLICY);
    }
    upgrade(0);
    say(0, CLOSE);
    rig_hear(0, "<open xmlns='" NS_FRAMING "' id='");
    hear(0, CLOSE);
    hear_closed(0, WS_NORMAL);
    end();
}

/* X7395-websocket: RFC 6455's own errors, with its codes. */
static void hostile_frames(void **state)
{
    static char big[LIMIT_STANZA_PREAUTH + 1];
    (void)state;
    rig_open("auth.mode=open");
    upgrade(0);
    say_frame(0, WS_BINARY, STR("<open/>"));
    hear_closed(0, WS_UNSUPPORTED);
    upgrade(0);
    rig_say(0, "\x81\x05hello");
    hear_closed(0, WS_PROTOCOL_ERROR);
    upgrade(0);
    say_frame(0, WS_TEXT, str_n(big, sizeof big)); /* more than is let in before the login */
    hear_closed(0, WS_TOO_BIG);
    upgrade(0);
    say(0, "<open a='\xff'/>");
    rig_hear(0, "unsupported-encoding");
    hear_closed(0, WS_BAD_DATA);
    log_in(0);
    say(0, "<iq xmlns='jabber:client' id='\xc3\x28'/>");
    rig_hear(0, "unsupported-encoding");
    hear_closed(0, WS_BAD_DATA);
    end();
}

/* X7395-websocket: what is no request is told so, or dropped in time. */
static void bad_requests(void **state)
{
    static char big[WS_REQUEST_MAX + 1];
    (void)state;
    rig_open("auth.mode=open limits.header_timeout=1s ws.origins=https://chat.example.org");
    rig_connect_ws(0, true);
    rig_say(0, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    rig_hear(0, "HTTP/1.1 404 ");
    rig_hear(0, NULL);
    rig_hang_up(0);
    rig_connect_ws(0, true);
    rig_say(0, REQUEST "Origin: https://evil.example\r\n\r\n");
    rig_hear(0, "HTTP/1.1 403 ");
    rig_hear(0, NULL);
    rig_hang_up(0);
    memset(big, 'x', sizeof big);
    rig_connect_ws(0, true);
    rig_say_bytes(0, big, sizeof big);
    rig_hear(0, "HTTP/1.1 400 ");
    rig_hear(0, NULL);
    rig_hang_up(0);
    rig_connect_ws(0, true);
    rig_say(0, REQUEST); /* and no end of it */
    rig_hear(0, NULL);
    assert_int_equal(rig_peers[0].heard.len, 0);
    rig_hang_up(0);
    upgrade(0); /* and no <open/> */
    rig_hear(0, "connection-timeout");
    hear_closed(0, WS_NORMAL);
    end();
}

/* X7395-websocket: pages of other machines do not reach a gateway that lets anybody in. */
static void open_mode_and_pages(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    rig_connect_ws(0, true);
    rig_say(0, REQUEST "Origin: https://evil.example\r\n\r\n");
    rig_hear(0, "HTTP/1.1 403 ");
    rig_connect_ws(1, true);
    rig_say(1, REQUEST "Origin: http://localhost:3000\r\n\r\n");
    rig_hear(1, ANSWER);
    end();
    rig_open("auth.mode=accounts");
    rig_connect_ws(0, true);
    rig_say(0, REQUEST "Origin: https://anywhere.example\r\n\r\n");
    rig_hear(0, ANSWER);
    end();
}

static void offers(const char *settings, bool loopback, const char *features)
{
    rig_open(settings);
    rig_connect_ws(0, loopback);
    rig_say(0, REQUEST "\r\n");
    rig_hear(0, ANSWER);
    say(0, OPEN);
    hear(0, features);
    end();
}

#define SCRAMS                                                                                     \
    "<mechanisms xmlns='" NS_SASL "'><mechanism>SCRAM-SHA-256</mechanism>"                         \
    "<mechanism>SCRAM-SHA-1</mechanism></mechanisms>"
#define FEATURES(list) "<stream:features xmlns:stream='" NS_STREAMS "'>" list "</stream:features>"

/* X7395-websocket: in clear nobody logs in from elsewhere, and no password is sent as it is. */
static void without_tls(void **state)
{
    (void)state;
    offers("auth.mode=accounts", true, FEATURES(SCRAMS));
    offers("auth.mode=accounts ws.require_tls=false", false, FEATURES(SCRAMS));
    offers("auth.mode=accounts c2s.require_tls=false", false, FEATURES(""));
}

static bool has_pinged(void *ctx)
{
    struct buf *heard = &rig_peers[0].heard;
    (void)ctx;
    char bytes[64];
    ssize_t n = read(rig_peers[0].fd, bytes, sizeof bytes);
    if (n > 0)
        buf_put(heard, bytes, (size_t)n);
    return heard->len >= 4;
}

/* X7395-websocket: no space between stanzas, but pings (RFC 7395 §3.8). */
static void keep_alive(void **state)
{
    (void)state;
    rig_open("auth.mode=open c2s.keepalive=20ms");
    log_in(0);
    assert_true(rig_run_until(has_pinged, NULL, RIG_WAIT_MS));
    assert_memory_equal(rig_peers[0].heard.data, "\x89\0\x89\0", 4);
    end();
}

/* X7395-websocket: a gateway that goes says so. */
static void drained(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    log_in(0);
    rig_connect_ws(1, true);
    rig_say(1, REQUEST);
    edge_drain(rig_g.edge);
    rig_hear(0, "system-shutdown");
    hear(0, CLOSE);
    hear_closed(0, WS_GOING_AWAY);
    rig_hear(1, NULL); /* in the middle of his request: nothing that he could take for an answer */
    assert_int_equal(rig_peers[1].heard.len, 0);
    end();
}

/* ---------------------------------------------------------------- broken and resumed */

static char the_id[64];

static void manage(int peer)
{
    struct buf *heard = &rig_peers[peer].heard;
    say(peer, ENABLE);
    rig_hear(peer, "max='");
    buf_c(heard, '\0');
    const char *id = strstr(strstr(heard->data, "<enabled"), "id='") + 4;
    size_t n = strcspn(id, "'");
    assert_in_range(n, 32, sizeof the_id - 1);
    memcpy(the_id, id, n);
    the_id[n] = '\0';
    buf_reset(heard);
}

static bool is_away(void *ctx)
{
    (void)ctx;
    return rig_g.edge->n_away == 1 && edge_connections(rig_g.edge) == 0;
}

static bool nobody_is_there(void *ctx)
{
    (void)ctx;
    return edge_sessions(rig_g.edge) == 0 && edge_connections(rig_g.edge) == 0;
}

/* X7395-websocket: a close frame without <close/> breaks the stream off, and is answered at once.
 */
static void closed_by_frame(void **state)
{
    (void)state;
    rig_open("auth.mode=open");
    log_in(0);
    say_frame(0, WS_CLOSE, STR("\x03\xe9"));
    say(0, PING("later"));
    hear_closed(0, WS_GOING_AWAY);
    assert_true(rig_run_until(nobody_is_there, NULL, RIG_WAIT_MS));
    log_in(0);
    manage(0);
    say_frame(0, WS_CLOSE, STR_NULL);
    hear_closed(0, WS_NORMAL);
    assert_true(rig_run_until(is_away, NULL, RIG_WAIT_MS));
    rig_close();
}

/* X7395-websocket, X0198-resume: from WebSocket to TCP and back; what was kept is framed as the new
 * stream needs it. */
static void resumed_over_another(void **state)
{
    char in[256], want[256];
    (void)state;
    rig_open("auth.mode=open");
    log_in(0);
    manage(0);
    rig_hang_up(0);
    assert_true(rig_run_until(is_away, NULL, RIG_WAIT_MS));
    client_send(rig_bound_client(), STANZA_MESSAGE, STR(" id='kept'/>"), false);
    rig_connect(1);
    snprintf(in, sizeof in, "<resume xmlns='" NS_SM "' previd='%s' h='0'/>", the_id);
    rig_say(1, RIG_HEADER AUTH_ANN RIG_HEADER);
    rig_say(1, in);
    snprintf(want, sizeof want, "<resumed xmlns='" NS_SM "' previd='%s' h='0'/>%s", the_id,
             "<message to='ann@localhost/r' id='kept'/><r xmlns='" NS_SM "'/>");
    rig_hear(1, want);
    rig_hang_up(1);
    assert_true(rig_run_until(is_away, NULL, RIG_WAIT_MS));
    upgrade(0);
    say(0, OPEN);
    say(0, AUTH_ANN);
    say(0, OPEN);
    say(0, in);
    snprintf(want, sizeof want, "<resumed xmlns='" NS_SM "' previd='%s' h='0'/>", the_id);
    rig_hear(0, want);
    hear(0, "<message xmlns='jabber:client' to='ann@localhost/r' id='kept'/>");
    hear(0, "<r xmlns='" NS_SM "'/>");
    say(0, "<a xmlns='" NS_SM "' h='1'/>");
    say(0, PING("1"));
    hear(0, PONG("1"));
    assert_int_equal(sm_unacked(rig_bound_client()->sm), 1);
    say(0, CLOSE);
    hear(0, CLOSE);
    hear_closed(0, WS_NORMAL);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_in),
        cmocka_unit_test(any_cutting),
        cmocka_unit_test(fragments_and_pings),
        cmocka_unit_test(hostile_messages),
        cmocka_unit_test(bad_openings),
        cmocka_unit_test(hostile_frames),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(open_mode_and_pages),
        cmocka_unit_test(without_tls),
        cmocka_unit_test(keep_alive),
        cmocka_unit_test(drained),
        cmocka_unit_test(closed_by_frame),
        cmocka_unit_test(resumed_over_another),
    };
    return cmocka_run_group_tests(tests, rig_start_redis, rig_end_redis);
}
