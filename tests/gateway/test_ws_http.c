/* test_ws_http.c: the request that opens a WebSocket (RFC 6455 §4.2), and what is answered. */
#include "gateway/ws_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LINE(z) z "\r\n"
#define HOST LINE("Host: example.org")
#define UP LINE("Upgrade: websocket") LINE("Connection: Upgrade")
#define KEY LINE("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
#define V13 LINE("Sec-WebSocket-Version: 13")
#define XMPP LINE("Sec-WebSocket-Protocol: xmpp")
#define GET LINE("GET /xmpp-websocket HTTP/1.1")
#define ALL HOST UP KEY V13 XMPP

static void answers(const char *origins, struct str head, const char *want)
{
    const struct ws_http_config cfg = {str_of(origins)};
    struct buf out;
    buf_init(&out);
    assert_int_equal(ws_http_end(head), head.n);
    bool upgraded = ws_http_answer(&cfg, head, &out);
    buf_c(&out, '\0');
    if (memcmp(out.data, want, strlen(want)) != 0)
        fail_msg("%.*s\n-> %s", STR_FMT(head), out.data);
    assert_int_equal(upgraded, strstr(want, " 101 ") != NULL);
    buf_deinit(&out);
}

/* X7395-websocket: byte for byte; the key is that of RFC 6455 §1.3. */
static void upgraded(void **state)
{
    (void)state;
    answers("*", STR(GET ALL "\r\n"),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Protocol: xmpp\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

#define OK "HTTP/1.1 101 "
#define BAD "HTTP/1.1 400 "

/* X7395-websocket: ways to ask for the same. */
static void other_requests(void **state)
{
    static const struct str rows[] = {
        STR(LINE("GET /ws HTTP/1.1") ALL "\r\n"),
        STR(LINE("GET /ws?a=b HTTP/1.1") ALL "\r\n"),
        STR(GET HOST LINE("upgrade: WebSocket") LINE("CONNECTION: keep-alive, upgrade") KEY V13 XMPP
            "\r\n"),
        STR(GET HOST UP KEY V13 LINE("Sec-WebSocket-Protocol: v1.stomp , xmpp") "\r\n"),
        STR(GET HOST UP KEY V13 LINE("Sec-WebSocket-Protocol: chat") XMPP "\r\n"),
        STR(GET ALL LINE("Sec-WebSocket-Extensions: permessage-deflate") LINE("Cookie: a=\xc3\xa4")
                LINE("Content-Length: 0") LINE("Empty:") "\r\n"),
        STR(GET ALL LINE("Origin: https://anywhere.example") "\r\n"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        answers("*", rows[i], OK);
}

/* X7395-websocket: what is refused, and how. */
static void refused(void **state)
{
    static const struct {
        struct str head;
        const char *want;
    } rows[] = {
        {STR(LINE("GET / HTTP/1.1") ALL "\r\n"), "HTTP/1.1 404 "},
        {STR(LINE("GET /xmpp-websocket/ HTTP/1.1") ALL "\r\n"), "HTTP/1.1 404 "},
        {STR(LINE("POST /xmpp-websocket HTTP/1.1") ALL "\r\n"),
         "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nContent-Length: 27\r\n"
         "Allow: GET\r\nConnection: close\r\n\r\nOnly GET is possible here.\n"},
        {STR(GET HOST "\r\n"), "HTTP/1.1 426 "},
        {STR(GET HOST LINE("Upgrade: websocket") KEY V13 XMPP "\r\n"), "HTTP/1.1 426 "},
        {STR(GET HOST LINE("Connection: Upgrade") KEY V13 XMPP "\r\n"), "HTTP/1.1 426 "},
        {STR(GET HOST LINE("Upgrade: h2c") LINE("Connection: Upgrade") KEY V13 XMPP "\r\n"),
         "HTTP/1.1 426 "},
        {STR(GET HOST UP KEY XMPP "\r\n"), "HTTP/1.1 426 "},
        {STR(GET HOST UP KEY LINE("Sec-WebSocket-Version: 8") XMPP "\r\n"), "HTTP/1.1 426 "},
        {STR(GET HOST UP V13 XMPP "\r\n"), BAD},
        {STR(GET HOST UP V13 XMPP LINE("Sec-WebSocket-Key: c2hvcnQ=") "\r\n"), BAD},
        {STR(GET HOST UP V13 XMPP LINE("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ") "\r\n"), BAD},
        {STR(GET HOST UP KEY KEY V13 XMPP "\r\n"), BAD},
        {STR(GET HOST UP KEY V13 V13 XMPP "\r\n"), BAD},
        {STR(GET HOST HOST UP KEY V13 XMPP "\r\n"), BAD},
        {STR(GET HOST UP KEY V13 "\r\n"), BAD},
        {STR(GET HOST UP KEY V13 LINE("Sec-WebSocket-Protocol: XMPP") "\r\n"), BAD},
        {STR(GET HOST UP KEY V13 LINE("Sec-WebSocket-Protocol: xmpp-framing") "\r\n"), BAD},
        {STR(GET UP KEY V13 XMPP "\r\n"), BAD}, /* no Host */
        {STR(LINE("GET /xmpp-websocket HTTP/1.0") ALL "\r\n"), BAD},
        {STR(LINE("GET  /xmpp-websocket HTTP/1.1") ALL "\r\n"), BAD},
        {STR(LINE("GET /xmpp-websocket HTTP/1.1 ") ALL "\r\n"), BAD},
        {STR(LINE("GET http://example.org/ws HTTP/1.1") ALL "\r\n"), BAD},
        {STR(LINE("G\0T /ws HTTP/1.1") ALL "\r\n"), BAD},
        {STR(GET ALL LINE("No colon") "\r\n"), BAD},
        {STR(GET ALL LINE("Space : x") "\r\n"), BAD},
        {STR(GET ALL LINE(" folded: x") "\r\n"), BAD},
        {STR(GET ALL LINE(": nameless") "\r\n"), BAD},
        {STR(GET ALL LINE("X: a\0b") "\r\n"), BAD},
        {STR(GET ALL LINE("X: a\nY: b") "\r\n"), BAD},
        {STR(GET ALL LINE("X: a\rY: b") "\r\n"), BAD},
        {STR(GET ALL LINE("Transfer-Encoding: chunked") "\r\n"), BAD}, /* what follows is no body */
        {STR(GET ALL LINE("Content-Length: 5") "\r\n"), BAD},
        {STR("\r\n\r\n"), BAD},
        {STR("\x16\x03\x01\x02\r\n\r\n"), BAD}, /* TLS */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        answers("*", rows[i].head, rows[i].want);
}

static void origin(const char *origins, const char *his, bool may)
{
    struct buf head;
    buf_init(&head);
    buf_z(&head, GET ALL);
    if (his)
        buf_printf(&head, "Origin: %s\r\n", his);
    buf_z(&head, "\r\n");
    answers(origins, buf_as_str(&head), may ? OK : "HTTP/1.1 403 ");
    buf_deinit(&head);
}

/* X7395-websocket: which pages may connect. */
static void origins(void **state)
{
    static const char list[] = "https://chat.example.org, http://localhost:*";
    (void)state;
    origin("*", "null", true);
    origin(list, NULL, true); /* no page at all */
    origin(list, "https://chat.example.org", true);
    origin(list, "HTTPS://chat.example.ORG", true);
    origin(list, "https://chat.example.org:8443", false);
    origin(list, "http://chat.example.org", false);
    origin(list, "https://chat.example.org.evil.example", false);
    origin(list, "https://evil.example", false);
    origin(list, "null", false);
    origin(list, "", false);
    origin(list, "http://localhost", true);
    origin(list, "http://localhost:3000", true);
    origin(list, "http://localhost:", false);
    origin(list, "http://localhost:80@evil.example", false);
    origin(list, "http://localhost.evil.example", false);
    origin("", "https://evil.example", false);
}

static void end_of_a_head(void **state)
{
    (void)state;
    assert_int_equal(ws_http_end(STR("")), 0);
    assert_int_equal(ws_http_end(STR("GET / HTTP/1.1\r\n\r")), 0);
    assert_int_equal(ws_http_end(STR("GET / HTTP/1.1\n\n")), 0);
    assert_int_equal(ws_http_end(STR("GET / HTTP/1.1\r\n\r\nmore")), 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upgraded), cmocka_unit_test(other_requests), cmocka_unit_test(refused),
        cmocka_unit_test(origins),  cmocka_unit_test(end_of_a_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
