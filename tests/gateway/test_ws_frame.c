/* test_ws_frame.c: WebSocket frames (RFC 6455 §5) as bytes: each table row in one piece, and byte
 * by byte. */
#include "gateway/ws_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

enum { MAX = 300 };

#define MASK "\x37\xfa\x21\x3d"
#define NO_MASK "\0\0\0\0"

/* Events as text: "message(..)", "part", "ping(..)", "pong(..)", "close 1000", "error 1002". */
static void read_all(struct ws_reader *r, struct str in, struct buf *out)
{
    struct ws_frame f;
    for (;;) {
        enum ws_event ev = ws_read(r, &in, MAX, &f);
        switch (ev) {
        case WS_EV_NONE:
            return;
        case WS_EV_PART:
            buf_z(out, "part ");
            break;
        case WS_EV_MESSAGE:
            buf_printf(out, "message(%.*s) ", STR_FMT(f.data));
            break;
        case WS_EV_PING:
            buf_printf(out, "ping(%.*s) ", STR_FMT(f.data));
            break;
        case WS_EV_PONG:
            buf_printf(out, "pong(%.*s) ", STR_FMT(f.data));
            break;
        case WS_EV_CLOSE:
            buf_printf(out, "close %u ", f.status);
            break;
        case WS_EV_ERROR:
            buf_printf(out, "error %u ", f.status);
            break;
        }
    }
}

/* The same, however the bytes are cut. */
static void reads(struct str in, const char *want)
{
    for (size_t chunk = 1; chunk <= in.n + 1; chunk += in.n < 40 ? 1 : in.n) {
        struct ws_reader r = {0};
        struct buf out;
        buf_init(&out);
        for (size_t at = 0; at < in.n; at += chunk)
            read_all(&r, str_n(in.p + at, in.n - at < chunk ? in.n - at : chunk), &out);
        buf_c(&out, '\0');
        assert_string_equal(out.data, want);
        buf_deinit(&out);
        ws_reader_deinit(&r);
    }
}

/* Masked with zeros, so that the text is readable. */
#define TEXT(first, n, text) first n NO_MASK text

/* X7395-websocket: what a client may send. */
static void good_frames(void **state)
{
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {STR("\x81\x85" MASK "\x7f\x9f\x4d\x51\x58"), "message(Hello) "}, /* RFC 6455 §5.7 */
        {STR(TEXT("\x81", "\x80", "")), "message() "},
        {STR(TEXT("\x81", "\x83", "one") TEXT("\x81", "\x83", "two")),
         "message(one) message(two) "},
        /* fragments, with control frames between them */
        {STR(TEXT("\x01", "\x83", "<a ") TEXT("\x80", "\x82", "/>")), "part message(<a />) "},
        {STR(TEXT("\x01", "\x81", "<") TEXT("\x00", "\x81", "a") TEXT("\x89", "\x81", "!")
                 TEXT("\x00", "\x80", "") TEXT("\x8a", "\x80", "") TEXT("\x80", "\x82", "/>")),
         "part part ping(!) part pong() message(<a/>) "},
        {STR(TEXT("\x89", "\x80", "")), "ping() "},
        {STR(TEXT("\x8a", "\x82", "ab")), "pong(ab) "},
        /* closing: with a reason, with a code, with nothing; and nothing is read behind it */
        {STR(TEXT("\x88", "\x85",
                  "\x03\xe9"
                  "bye")),
         "close 1001 "},
        {STR(TEXT("\x88", "\x82", "\x0f\xa0")), "close 4000 "},
        {STR(TEXT("\x88", "\x80", "") TEXT("\x81", "\x81", "x")), "close 1000 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        reads(rows[i].in, rows[i].want);
}

/* X7395-websocket: what ends the connection, and with which code. */
static void bad_frames(void **state)
{
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {STR("\x81\x05Hello"), "error 1002 "},           /* not masked */
        {STR(TEXT("\xc1", "\x80", "")), "error 1002 "},  /* RSV1: no extension */
        {STR(TEXT("\xa1", "\x80", "")), "error 1002 "},  /* RSV2 */
        {STR(TEXT("\x91", "\x80", "")), "error 1002 "},  /* RSV3 */
        {STR(TEXT("\x83", "\x80", "")), "error 1002 "},  /* opcodes nobody knows */
        {STR(TEXT("\x87", "\x80", "")), "error 1002 "},  /* */
        {STR(TEXT("\x8b", "\x80", "")), "error 1002 "},  /* */
        {STR(TEXT("\x8f", "\x80", "")), "error 1002 "},  /* */
        {STR(TEXT("\x82", "\x81", "x")), "error 1003 "}, /* binary */
        {STR(TEXT("\x02", "\x81", "x")), "error 1003 "}, /* a part of one */
        {STR(TEXT("\x80", "\x81", "x")), "error 1002 "}, /* continues nothing */
        {STR(TEXT("\x01", "\x81", "x") TEXT("\x81", "\x81", "y")), "part error 1002 "},
        {STR(TEXT("\x01", "\x81", "x") TEXT("\x82", "\x81", "y")), "part error 1002 "},
        {STR(TEXT("\x81", "\x81", "x") TEXT("\x80", "\x81", "y")), "message(x) error 1002 "},
        {STR(TEXT("\x09", "\x81", "x")), "error 1002 "},            /* half a ping */
        {STR(TEXT("\x08", "\x80", "")), "error 1002 "},             /* half a close */
        {STR("\x89\xfe\x00\x7e"), "error 1002 "},                   /* a ping of 126 bytes */
        {STR("\x88\xff"), "error 1002 "},                           /* */
        {STR(TEXT("\x88", "\x81", "\x03")), "error 1002 "},         /* half a code */
        {STR(TEXT("\x88", "\x82", "\x03\xe7")), "error 1002 "},     /* 999 */
        {STR(TEXT("\x88", "\x82", "\x03\xed")), "error 1002 "},     /* 1005: never sent */
        {STR(TEXT("\x88", "\x82", "\x03\xf7")), "error 1002 "},     /* 1015 */
        {STR(TEXT("\x88", "\x82", "\x13\x88")), "error 1002 "},     /* 5000 */
        {STR(TEXT("\x88", "\x83", "\x03\xe8\xff")), "error 1007 "}, /* a reason that is no UTF-8 */
        {STR("\x81\xfe\x00\x7d" NO_MASK), "error 1002 "},           /* 125 in the longer form */
        {STR("\x81\xff\0\0\0\0\0\0\xff\xff" NO_MASK), "error 1002 "},
        {STR("\x81\xff\x80\0\0\0\0\0\0\0" NO_MASK), "error 1002 "},
        /* too big, as soon as its head says so */
        {STR("\x81\xfe\x01\x2d" NO_MASK), "error 1009 "},
        {STR("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" NO_MASK), "error 1009 "},
        {STR("\x81\xff\0\0\0\0\0\x01\0\0" NO_MASK), "error 1009 "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        reads(rows[i].in, rows[i].want);
}

static void put_frame(struct buf *b, uint8_t first, size_t n)
{
    uint8_t head[WS_HEAD_MAX];
    size_t size = ws_head(head, WS_TEXT, n);
    head[0] = first;
    head[1] |= 0x80;
    buf_put(b, head, size);
    buf_put(b, NO_MASK, 4);
    for (size_t i = 0; i < n; i++)
        buf_c(b, 'x');
}

static void ends_with(struct buf *b, const char *want, size_t text)
{
    struct ws_reader r = {0};
    struct str in = buf_as_str(b);
    struct ws_frame f;
    struct buf out;
    enum ws_event ev = WS_EV_NONE;
    while (in.n && (ev = ws_read(&r, &in, MAX, &f)) == WS_EV_PART)
        ;
    buf_init(&out);
    buf_printf(&out, "%s", ev == WS_EV_MESSAGE ? "message" : ev == WS_EV_ERROR ? "error" : "?");
    buf_c(&out, '\0');
    assert_string_equal(out.data, want);
    assert_int_equal(f.data.n, text);
    if (ev == WS_EV_ERROR)
        assert_int_equal(f.status, WS_TOO_BIG);
    buf_deinit(&out);
    buf_deinit(b);
    ws_reader_deinit(&r);
}

/* X7395-websocket: the fragments of a message count together; limit - 1, limit, limit + 1. */
static void size_of_a_message(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b);
    put_frame(&b, 0x81, MAX - 1);
    ends_with(&b, "message", MAX - 1);
    put_frame(&b, 0x81, MAX);
    ends_with(&b, "message", MAX);
    put_frame(&b, 0x81, MAX + 1);
    ends_with(&b, "error", 0);
    put_frame(&b, 0x01, MAX - 1);
    put_frame(&b, 0x80, 1);
    ends_with(&b, "message", MAX);
    put_frame(&b, 0x01, MAX - 1);
    put_frame(&b, 0x00, 0);
    put_frame(&b, 0x80, 2);
    ends_with(&b, "error", 0);
}

/* Between messages nothing is kept. */
static void idle_is_empty(void **state)
{
    struct ws_reader r = {0};
    struct ws_frame f;
    struct str in = STR(TEXT("\x89", "\x81", "x") TEXT("\x81", "\x81", "y"));
    (void)state;
    assert_int_equal(ws_read(&r, &in, MAX, &f), WS_EV_PING);
    assert_int_equal(ws_read(&r, &in, MAX, &f), WS_EV_MESSAGE);
    assert_int_equal(ws_read(&r, &in, MAX, &f), WS_EV_NONE);
    assert_null(r.text.data);
    assert_null(r.control.data);
}

static void heads(void **state)
{
    static const struct {
        uint64_t n;
        struct str want;
    } rows[] = {
        {0, STR("\x81\x00")},
        {125, STR("\x81\x7d")},
        {126, STR("\x81\x7e\x00\x7e")},
        {65535, STR("\x81\x7e\xff\xff")},
        {65536, STR("\x81\x7f\0\0\0\0\0\x01\0\0")},
        {UINT64_C(1) << 40, STR("\x81\x7f\0\0\x01\0\0\0\0\0")},
    };
    uint8_t out[WS_HEAD_MAX], frame[4];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = ws_head(out, WS_TEXT, rows[i].n);
        assert_true(str_eq(str_n(out, n), rows[i].want));
    }
    assert_int_equal(ws_close_frame(frame, WS_TOO_BIG), 4);
    assert_memory_equal(frame, "\x88\x02\x03\xf1", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_frames),
        cmocka_unit_test(bad_frames),
        cmocka_unit_test(size_of_a_message),
        cmocka_unit_test(idle_is_empty),
        cmocka_unit_test(heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
