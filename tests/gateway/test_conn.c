/* test_conn.c: one socket over a real pair, in a real loop, with a real TLS client. */
#include "gateway/conn.h"

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/tls.h"
#include "rt/lib_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT = 100000, WAIT_MS = 20000, SNDBUF = 16 * 1024 };

struct side {
    struct loop *loop;
    struct conn *conn; /* NULL once closed */
    int peer;          /* -1: closed */
    SSL *ssl;          /* the peer's, NULL: none */
    SSL_CTX *ssl_ctx;
    struct tls_server *server;
    struct buf got;     /* what came out of the connection */
    struct buf heard;   /* what the peer got */
    struct buf say;     /* what the peer will write, in the clear of TLS */
    size_t said, piece; /* piece: bytes per SSL_write, 0: as many as go */
    bool listens, peer_eof, peer_notified, peer_broken;
    int n_gone, n_secured, n_slow, n_closed;
    enum conn_gone why;
    size_t want; /* of got or heard */
};

static void on_bytes(void *ctx, const void *p, size_t n)
{
    struct side *s = ctx;
    assert_int_equal(s->n_closed + s->n_gone, 0);
    buf_put(&s->got, p, n);
}

static void on_gone(void *ctx, enum conn_gone why)
{
    struct side *s = ctx;
    s->n_gone++;
    s->why = why;
}

static void on_secured(void *ctx)
{
    ((struct side *)ctx)->n_secured++;
}

static void on_slow(void *ctx)
{
    ((struct side *)ctx)->n_slow++;
}

static void on_closed(void *ctx)
{
    struct side *s = ctx;
    s->n_closed++;
    s->conn = NULL;
}

static const struct conn_ops ops = {on_bytes, on_gone, on_secured, on_slow, on_closed};

static void open_side(struct side *s)
{
    int fds[2], size = SNDBUF;
    *s = (struct side){.listens = true};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    s->loop = loop_new();
    s->peer = fds[1];
    s->conn = conn_new(s->loop, fds[0], LIMIT, &ops, s);
    conn_start(s->conn);
}

static void close_side(struct side *s)
{
    if (s->conn)
        conn_abort(s->conn);
    loop_destroy(&s->loop);
    assert_int_equal(s->n_closed, 1);
    SSL_free(s->ssl);
    SSL_CTX_free(s->ssl_ctx);
    tls_server_destroy(&s->server);
    if (s->peer >= 0)
        close(s->peer);
    buf_deinit(&s->got);
    buf_deinit(&s->heard);
    buf_deinit(&s->say);
}

/* ---- the peer: writes what it has to say and reads what there is, as far as the socket goes */

static void peer_turn(struct side *s)
{
    char bytes[4096];
    while (s->said < s->say.len) {
        size_t n = s->say.len - s->said;
        n = s->piece && n > s->piece ? s->piece : n;
        ssize_t k = s->ssl ? SSL_write(s->ssl, s->say.data + s->said, (int)n)
                           : send(s->peer, s->say.data + s->said, n, MSG_NOSIGNAL);
        if (k <= 0)
            break;
        s->said += (size_t)k;
    }
    while (s->listens) {
        ssize_t k =
            s->ssl ? SSL_read(s->ssl, bytes, sizeof bytes) : recv(s->peer, bytes, sizeof bytes, 0);
        if (k > 0) {
            buf_put(&s->heard, bytes, (size_t)k);
            continue;
        }
        if (s->ssl) {
            int err = SSL_get_error(s->ssl, (int)k);
            s->peer_notified = s->peer_notified || err == SSL_ERROR_ZERO_RETURN;
            s->peer_broken = s->peer_broken || err == SSL_ERROR_SSL || err == SSL_ERROR_SYSCALL;
        } else {
            s->peer_eof = s->peer_eof || k == 0;
        }
        break;
    }
    ERR_clear_error();
}

static bool all_got(void *ctx)
{
    struct side *s = ctx;
    peer_turn(s);
    return s->got.len >= s->want;
}

static bool all_heard(void *ctx)
{
    struct side *s = ctx;
    peer_turn(s);
    return s->heard.len >= s->want;
}

static bool is_closed(void *ctx)
{
    struct side *s = ctx;
    if (s->peer >= 0)
        peer_turn(s);
    return s->n_closed > 0;
}

static bool is_gone(void *ctx)
{
    struct side *s = ctx;
    if (s->peer >= 0)
        peer_turn(s);
    return s->n_gone > 0;
}

static void wait_for(struct side *s, run_cond *cond, size_t want)
{
    s->want = want;
    assert_true(run_until(s->loop, cond, s, WAIT_MS));
}

static bool after_turns(void *ctx)
{
    return --*(int *)ctx <= 0;
}

/* Some turns of the loop, in which all that was deferred has run. */
static void turns(struct side *s)
{
    int n = 3;
    assert_true(run_until(s->loop, after_turns, &n, WAIT_MS));
}

static void say(struct side *s, const char *z)
{
    buf_z(&s->say, z);
}

/* n numbered stanzas into a buffer, as conn_put_stanza() should write them. */
static void numbered(struct buf *b, struct conn *c, unsigned from, unsigned n, bool bulk)
{
    for (unsigned i = from; i < from + n; i++) {
        char tail[128];
        snprintf(tail, sizeof tail, " id='%u'>%0*u</message>", i, (int)(i % 50) + 1, i);
        if (c)
            conn_put_stanza(c, STR("<message to='"), STR("a@b/c'"), str_of(tail), bulk);
        buf_z(b, "<message to='a@b/c'");
        buf_z(b, tail);
    }
}

/* ---------------------------------------------------------------- bytes */

static void there_and_back(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    say(&s, "hello");
    wait_for(&s, all_got, 5);
    assert_true(str_is(buf_as_str(&s.got), "hello"));
    conn_put(s.conn, STR("a"));
    conn_put_stanza(s.conn, STR("<b to='"), STR("x'"), STR("/>"), false);
    conn_put_stanza(s.conn, STR("<c/>"), STR_NULL, STR_NULL, false);
    conn_put(s.conn, STR_NULL);
    assert_int_equal(conn_queued(s.conn), 16);
    wait_for(&s, all_heard, 16);
    assert_true(str_is(buf_as_str(&s.heard), "a<b to='x'/><c/>"));
    assert_int_equal(conn_queued(s.conn), 0);
    assert_int_equal(conn_sent_bytes(s.conn), 16);
    assert_false(conn_is_tls(s.conn));
    assert_string_equal(conn_tls_version(s.conn), "");
    close_side(&s);
}

/* Far more than the socket takes at once comes out whole and in order. */
static void partial_writes(void **state)
{
    (void)state;
    struct side s;
    struct buf want;
    buf_init(&want);
    open_side(&s);
    numbered(&want, s.conn, 0, 8000, true);
    turns(&s);
    assert_true(conn_queued(s.conn) > 0 && conn_queued(s.conn) < want.len);
    assert_int_equal(conn_sent_bytes(s.conn) + conn_queued(s.conn), want.len);
    numbered(&want, s.conn, 8000, 100, true); /* behind what still waits */
    wait_for(&s, all_heard, want.len);
    assert_int_equal(s.heard.len, want.len);
    assert_memory_equal(s.heard.data, want.data, want.len);
    assert_int_equal(s.n_slow, 0);
    buf_deinit(&want);
    close_side(&s);
}

/* ---------------------------------------------------------------- limits */

/* The socket is full, and what waits is bulk. */
static void fill(struct side *s, size_t n)
{
    char *big = mem_zalloc(n);
    s->listens = false;
    conn_put_stanza(s->conn, str_n(big, n), STR_NULL, STR_NULL, true);
    mem_free(big);
    turns(s);
    assert_true(conn_queued(s->conn) > 0);
    assert_int_equal(s->n_slow, 0);
}

static void slow_bytes(void **state)
{
    (void)state;
    static char text[LIMIT];
    struct side s;
    open_side(&s);
    fill(&s, 1000000); /* bulk does not count */
    conn_put_stanza(s.conn, str_n(text, LIMIT - 1), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 0);
    conn_put_stanza(s.conn, str_n(text, 1), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 0);
    conn_put_stanza(s.conn, str_n(text, 1), STR_NULL, STR_NULL, false);
    assert_int_equal(s.n_slow, 0); /* never on a caller's stack */
    turns(&s);
    assert_int_equal(s.n_slow, 1);
    close_side(&s);
}

static void slow_stanzas(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    fill(&s, 100000);
    for (int i = 0; i < LIMIT_SEND_STANZAS; i++)
        conn_put_stanza(s.conn, STR("<a/>"), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 0);
    conn_put_stanza(s.conn, STR("<a/>"), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 1);
    close_side(&s);
}

/* Who takes what he gets is never slow, however much it is. */
static void fast_reader(void **state)
{
    (void)state;
    struct side s;
    struct buf want;
    buf_init(&want);
    open_side(&s);
    for (unsigned round = 0; round < 20; round++) {
        numbered(&want, s.conn, round * 300, 300, false);
        wait_for(&s, all_heard, want.len);
    }
    assert_memory_equal(s.heard.data, want.data, want.len);
    assert_int_equal(s.n_slow, 0);
    buf_deinit(&want);
    close_side(&s);
}

/* Bulk of long ago is no licence for what was not bulk. */
static void bulk_is_spent(void **state)
{
    (void)state;
    static char text[LIMIT];
    struct side s;
    open_side(&s);
    fill(&s, 1000000);
    s.listens = true;
    wait_for(&s, all_heard, 1000000);
    s.listens = false;
    for (int i = 0; i < 3; i++)
        conn_put_stanza(s.conn, str_n(text, LIMIT), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 1);
    close_side(&s);
}

/* Answers pile up unread: no more questions are read, until they are taken. */
static void stuffed(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    fill(&s, 1000000);
    say(&s, "more");
    peer_turn(&s);
    turns(&s);
    assert_int_equal(s.got.len, 0);
    s.listens = true;
    wait_for(&s, all_heard, 1000000);
    wait_for(&s, all_got, 4);
    close_side(&s);
}

static void pause_and_resume(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    conn_pause(s.conn);
    conn_pause(s.conn);
    say(&s, "x");
    peer_turn(&s);
    turns(&s);
    conn_resume(s.conn);
    turns(&s);
    assert_int_equal(s.got.len, 0);
    conn_put(s.conn, STR("y")); /* writing goes on */
    wait_for(&s, all_heard, 1);
    conn_resume(s.conn);
    wait_for(&s, all_got, 1);
    close_side(&s);
}

/* The time is that of the last byte that left, not of the last try. */
static void sent_time(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    uint64_t at_first = conn_sent_ms(s.conn);
    say(&s, "x");
    wait_for(&s, all_got, 1);
    run_for(s.loop, 30);
    assert_int_equal(conn_sent_ms(s.conn), at_first);
    conn_put(s.conn, STR("y"));
    wait_for(&s, all_heard, 1);
    assert_true(conn_sent_ms(s.conn) > at_first);
    close_side(&s);
}

/* ---------------------------------------------------------------- the end */

static void finish(void **state)
{
    (void)state;
    struct side s;
    struct buf want;
    buf_init(&want);
    open_side(&s);
    numbered(&want, s.conn, 0, 5000, true);
    conn_finish(s.conn);
    conn_finish(s.conn);
    conn_put(s.conn, STR("too late"));
    conn_put_stanza(s.conn, STR("too late"), STR_NULL, STR_NULL, false);
    say(&s, "nobody listens");
    wait_for(&s, all_heard, want.len);
    while (!s.peer_eof)
        turns(&s), peer_turn(&s);
    assert_memory_equal(s.heard.data, want.data, want.len);
    assert_int_equal(s.heard.len, want.len);
    assert_int_equal(s.n_closed, 0); /* it waits for the peer's end */
    close(s.peer);
    s.peer = -1;
    wait_for(&s, is_closed, 0);
    assert_int_equal(s.got.len, 0);
    assert_int_equal(s.n_gone + s.n_slow, 0);
    buf_deinit(&want);
    close_side(&s);
}

/* A peer that neither reads nor closes is waited for two seconds. */
static void finish_alone(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        struct side s;
        open_side(&s);
        if (full)
            fill(&s, 1000000);
        s.listens = false;
        conn_finish(s.conn);
        uint64_t began = loop_now_ms(s.loop);
        wait_for(&s, is_closed, 0);
        assert_true(loop_now_ms(s.loop) - began >= 1900);
        close_side(&s);
    }
}

static void abort_now(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    fill(&s, 1000000);
    say(&s, "x");
    peer_turn(&s);
    struct conn *c = s.conn;
    conn_abort(c);
    assert_int_equal(s.n_closed, 1);
    conn_abort(c); /* the struct is there until the turn ends */
    conn_finish(c);
    conn_put(c, STR("x"));
    turns(&s);
    assert_int_equal(s.n_closed, 1);
    assert_int_equal(s.got.len, 0);
    close_side(&s);
}

static void peer_ends(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    say(&s, "bye");
    peer_turn(&s);
    shutdown(s.peer, SHUT_WR);
    wait_for(&s, is_gone, 0);
    assert_int_equal(s.why, CONN_EOF);
    assert_true(str_is(buf_as_str(&s.got), "bye"));
    turns(&s);
    assert_int_equal(s.n_gone, 1);
    conn_put(s.conn, STR("answer")); /* he may read yet */
    conn_finish(s.conn);
    wait_for(&s, is_closed, 0);
    peer_turn(&s);
    assert_true(str_is(buf_as_str(&s.heard), "answer"));
    close_side(&s);
}

/* Its end is told once, though both reading and writing find it. */
static void peer_vanishes(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    fill(&s, 1000000);
    close(s.peer);
    s.peer = -1;
    wait_for(&s, is_gone, 0);
    conn_put(s.conn, STR("x"));
    turns(&s);
    conn_put(s.conn, STR("x"));
    turns(&s);
    assert_int_equal(s.n_gone, 1);
    assert_int_equal(s.n_closed, 0); /* that is the owner's to say */
    conn_finish(s.conn);
    wait_for(&s, is_closed, 0);
    close_side(&s);
}

/* ---------------------------------------------------------------- TLS */

static void start_tls(struct side *s, int min, int max)
{
    struct buf err;
    buf_init(&err);
    assert_int_equal(tls_server_new("", "", "localhost", &s->server, &err), 0);
    assert_true(tls_server_expiry(s->server) > 1700000000);
    buf_deinit(&err);
    conn_put(s->conn, STR("<proceed/>"));
    conn_start_tls(s->conn, s->server);
    turns(s);
    peer_turn(s);
    assert_true(str_is(buf_as_str(&s->heard), "<proceed/>")); /* in clear, before all else */
    buf_reset(&s->heard);
    s->ssl_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(s->ssl_ctx, 0);
    SSL_CTX_set_min_proto_version(s->ssl_ctx, min);
    SSL_CTX_set_max_proto_version(s->ssl_ctx, max);
    SSL_CTX_set_mode(s->ssl_ctx,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    s->ssl = SSL_new(s->ssl_ctx);
    SSL_set_fd(s->ssl, s->peer);
    SSL_set_connect_state(s->ssl);
}

static bool is_secured(void *ctx)
{
    struct side *s = ctx;
    peer_turn(s);
    return s->n_secured > 0 && SSL_is_init_finished(s->ssl);
}

static void tls_both_ways(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const names[] = {"TLSv1.2", "TLSv1.3"};
    for (int i = 0; i < 2; i++) {
        struct side s;
        struct buf want;
        buf_init(&want);
        open_side(&s);
        start_tls(&s, versions[i], versions[i]);
        wait_for(&s, is_secured, 0);
        assert_int_equal(s.n_secured, 1);
        assert_true(conn_is_tls(s.conn));
        assert_string_equal(conn_tls_version(s.conn), names[i]);
        numbered(&want, s.conn, 0, 5000, true);
        wait_for(&s, all_heard, want.len);
        assert_int_equal(s.heard.len, want.len);
        assert_memory_equal(s.heard.data, want.data, want.len);
        assert_int_equal(conn_sent_bytes(s.conn), want.len + 10);
        /* Many small records come in one read of the socket: all of them are looked at. */
        buf_put(&s.say, want.data, 50000);
        s.piece = 7;
        wait_for(&s, all_got, 50000);
        assert_memory_equal(s.got.data, want.data, 50000);
        s.piece = 0;
        buf_put(&s.say, want.data + 50000, 200000);
        wait_for(&s, all_got, 250000);
        assert_memory_equal(s.got.data, want.data, 250000);
        assert_int_equal(s.n_secured, 1);
        /* Our end is announced. */
        conn_finish(s.conn);
        while (!s.peer_notified) {
            assert_false(s.peer_broken);
            turns(&s);
            peer_turn(&s);
        }
        buf_deinit(&want);
        close_side(&s);
    }
}

static void tls_peer_ends(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    start_tls(&s, TLS1_2_VERSION, TLS1_3_VERSION);
    wait_for(&s, is_secured, 0);
    say(&s, "bye");
    peer_turn(&s);
    SSL_shutdown(s.ssl);
    wait_for(&s, is_gone, 0);
    assert_int_equal(s.why, CONN_EOF);
    assert_true(str_is(buf_as_str(&s.got), "bye"));
    assert_int_equal(s.n_gone, 1);
    close_side(&s);
}

/* What waits for a slow peer waits in clear, and counts. */
static void tls_slow(void **state)
{
    (void)state;
    static char text[300000];
    struct side s;
    open_side(&s);
    start_tls(&s, TLS1_2_VERSION, TLS1_3_VERSION);
    wait_for(&s, is_secured, 0);
    s.listens = false;
    conn_put_stanza(s.conn, str_n(text, sizeof text), STR_NULL, STR_NULL, true);
    turns(&s);
    assert_true(conn_queued(s.conn) >= sizeof text - 3 * 64 * 1024);
    assert_int_equal(s.n_slow, 0);
    for (int i = 0; i < 3; i++)
        conn_put_stanza(s.conn, str_n(text, 50000), STR_NULL, STR_NULL, false);
    turns(&s);
    assert_int_equal(s.n_slow, 1);
    close_side(&s);
}

static void tls_refused(void **state)
{
    (void)state;
    static const char *const rubbish[] = {"<stream:stream to='a'>", "GET / HTTP/1.0\r\n\r\n",
                                          "\x16\x03\x01\xff\xff\xff\xff\xff",
                                          "\x80\x01\x02\x03\x04"};
    struct side s;
    for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        open_side(&s);
        start_tls(&s, TLS1_2_VERSION, TLS1_3_VERSION);
        assert_int_equal(send(s.peer, rubbish[i], strlen(rubbish[i]), 0), strlen(rubbish[i]));
        s.listens = false;
        assert_true(run_until_int(s.loop, &s.n_gone, 1, WAIT_MS));
        assert_int_equal(s.why, CONN_TLS);
        assert_int_equal(s.n_secured, 0);
        close_side(&s);
    }
    open_side(&s);
    start_tls(&s, TLS1_VERSION, TLS1_1_VERSION);
    wait_for(&s, is_gone, 0);
    assert_int_equal(s.why, CONN_TLS);
    close_side(&s);

    open_side(&s); /* half a handshake: nothing can be said, and it ends all the same */
    start_tls(&s, TLS1_2_VERSION, TLS1_3_VERSION);
    assert_int_equal(send(s.peer, "\x16\x03\x01\x02", 4, 0), 4);
    turns(&s);
    assert_int_equal(s.n_gone + s.n_secured, 0);
    conn_put(s.conn, STR("never in clear"));
    conn_finish(s.conn);
    SSL_free(s.ssl);
    s.ssl = NULL;
    while (!s.peer_eof)
        turns(&s), peer_turn(&s);
    assert_int_equal(s.heard.len, 0);
    close_side(&s);
}

/* Bytes damaged on the way. */
static void tls_broken(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    start_tls(&s, TLS1_2_VERSION, TLS1_3_VERSION);
    wait_for(&s, is_secured, 0);
    assert_int_equal(send(s.peer,
                          "\x17\x03\x03\x00\x20"
                          "0123456789abcdef0123456789abcdef",
                          37, 0),
                     37);
    wait_for(&s, is_gone, 0);
    assert_int_equal(s.why, CONN_TLS);
    assert_int_equal(s.got.len, 0);
    close_side(&s);
}

/* CVE-2021-32920: new keys for a few bytes each. Some are fine, a flood is not. */
static void tls_key_updates(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    start_tls(&s, TLS1_3_VERSION, TLS1_3_VERSION);
    wait_for(&s, is_secured, 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(SSL_key_update(s.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        say(&s, "x");
        wait_for(&s, all_got, (size_t)i + 1);
        conn_put(s.conn, STR("y"));
        wait_for(&s, all_heard, (size_t)i + 1);
    }
    for (int i = 0; i < 1000 && !s.n_gone; i++) {
        if (SSL_key_update(s.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
            SSL_do_handshake(s.ssl) != 1)
            turns(&s);
    }
    ERR_clear_error();
    wait_for(&s, is_gone, 0);
    assert_int_equal(s.why, CONN_TLS);
    close_side(&s);
}

static void tls_renegotiation(void **state)
{
    (void)state;
    struct side s;
    open_side(&s);
    start_tls(&s, TLS1_2_VERSION, TLS1_2_VERSION);
    wait_for(&s, is_secured, 0);
    SSL_renegotiate(s.ssl);
    (void)SSL_do_handshake(s.ssl); /* refused by a warning, which this client takes for the end */
    ERR_clear_error();
    turns(&s);
    peer_turn(&s);
    assert_int_equal(s.n_secured, 1);
    assert_true(s.peer_broken || s.n_gone);
    close_side(&s);
}

static void certificates(void **state)
{
    (void)state;
    struct tls_server *t = NULL;
    struct buf err;
    buf_init(&err);
    assert_int_not_equal(tls_server_new("/nowhere/cert.pem", "", "localhost", &t, &err), 0);
    assert_null(t);
    buf_c(&err, '\0');
    assert_non_null(strstr(err.data, "/nowhere/cert.pem"));
    buf_reset(&err);
    assert_int_equal(tls_server_new("", "",
                                    "a-name-that-is-longer-than-a-common-name-may-be."
                                    "a-name-that-is-longer-than-a-common-name-may-be.org",
                                    &t, &err),
                     0);
    assert_int_equal(tls_server_reload(t, &err), 0);
    tls_server_destroy(&t);
    tls_server_destroy(&t);
    assert_int_equal(err.len, 0);
    buf_deinit(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),    cmocka_unit_test(partial_writes),
        cmocka_unit_test(slow_bytes),        cmocka_unit_test(slow_stanzas),
        cmocka_unit_test(fast_reader),       cmocka_unit_test(bulk_is_spent),
        cmocka_unit_test(stuffed),           cmocka_unit_test(pause_and_resume),
        cmocka_unit_test(sent_time),         cmocka_unit_test(finish),
        cmocka_unit_test(finish_alone),      cmocka_unit_test(abort_now),
        cmocka_unit_test(peer_ends),         cmocka_unit_test(peer_vanishes),
        cmocka_unit_test(tls_both_ways),     cmocka_unit_test(tls_peer_ends),
        cmocka_unit_test(tls_slow),          cmocka_unit_test(tls_refused),
        cmocka_unit_test(tls_broken),        cmocka_unit_test(tls_key_updates),
        cmocka_unit_test(tls_renegotiation), cmocka_unit_test(certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
