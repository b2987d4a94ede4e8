/* conn.c: a socket in the loop.
 *
 *   OPEN -(finish)-> FLUSHING -(all sent, SHUT_WR)-> LINGERING -(peer's EOF or time)-> CLOSED
 *     \--------------------------(abort, error)---------------------------------------^
 *   freed at CLEAN
 *
 * out: plain bytes from `at` on. With TLS they are encrypted in pieces, as the socket takes them,
 * so that what waits for a slow peer waits once, in the clear, where it is counted. */
#include "gateway/conn.h"
#include "gateway/tls.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    RECORD = 16 * 1024,
    TLS_PIECE = 64 * 1024,    /* encrypted ahead of the socket */
    TLS_MOST = 4 * TLS_PIECE, /* with what TLS itself has to say */
    LINGER_MS = 2000,
};

enum conn_state { OPEN, FLUSHING, LINGERING, CLOSED };

struct conn {
    struct loop *loop;
    const struct conn_ops *ops;
    void *ctx;
    int fd;
    struct loop_poll *poll;
    enum conn_state state;
    unsigned pauses;
    bool started, eof, full; /* full: the socket takes no more */
    bool secured;            /* secured() was called */
    bool is_gone;            /* gone() was called */
    struct tls *tls;         /* NULL: none */
    struct buf out;
    size_t at;        /* bytes of out that were sent (or encrypted) */
    size_t bulk;      /* of those that wait, not counted against the limit */
    size_t n_stanzas; /* that wait, about */
    size_t limit;
    uint64_t sent_ms, sent_bytes;
    struct loop_task flush_task, free_task;
    struct loop_timer linger;
};

static void on_poll(void *ctx, int events);
static void flush(void *ctx);

struct conn *conn_new(struct loop *l, int fd, size_t limit, const struct conn_ops *ops, void *ctx)
{
    struct conn *c = mem_zalloc(sizeof *c);
    c->loop = l;
    c->ops = ops;
    c->ctx = ctx;
    c->fd = fd;
    c->limit = limit;
    c->sent_ms = loop_now_ms(l);
    c->poll = loop_poll_open(l, fd, on_poll, c);
    return c;
}

bool conn_is_reading(const struct conn *c)
{
    /* Who does not take the answers to what he asked for may ask for no more: bulk has no other
     * limit. */
    bool stuffed = c->full && conn_queued(c) > c->limit;
    return c->state == OPEN && c->started && !c->eof && c->pauses == 0 && !stuffed;
}

static void watch(struct conn *c)
{
    bool reading = c->state == LINGERING ? !c->eof : conn_is_reading(c);
    if (c->poll)
        loop_poll_set(c->poll, (reading ? LOOP_READ : 0) | (c->full ? LOOP_WRITE : 0));
}

void conn_start(struct conn *c)
{
    c->started = true;
    watch(c);
}

void conn_pause(struct conn *c)
{
    if (c->pauses++ == 0)
        watch(c);
}

void conn_resume(struct conn *c)
{
    assert(c->pauses > 0);
    if (--c->pauses == 0)
        watch(c);
}

/* ---------------------------------------------------------------- the end */

/* Also while the socket is full: then the flush is only a look at the limit. */
static void schedule(struct conn *c)
{
    loop_defer(c->loop, &c->flush_task, LOOP_PRIO_SEND, flush, c);
}

static void free_conn(void *ctx)
{
    struct conn *c = ctx;
    tls_destroy(&c->tls);
    buf_deinit(&c->out);
    mem_free(c);
}

static void close_now(struct conn *c)
{
    if (c->state == CLOSED)
        return;
    c->state = CLOSED;
    loop_timer_stop(&c->linger);
    loop_cancel(&c->flush_task);
    loop_poll_close(&c->poll);
    close(c->fd);
    c->fd = -1;
    c->ops->closed(c->ctx);
    loop_defer(c->loop, &c->free_task, LOOP_PRIO_CLEAN, free_conn, c);
}

static void linger_over(void *ctx)
{
    close_now(ctx);
}

void conn_finish(struct conn *c)
{
    if (c->state != OPEN)
        return;
    c->state = FLUSHING;
    loop_timer_start(c->loop, &c->linger, LINGER_MS, 0, linger_over, c);
    watch(c);
    schedule(c);
}

void conn_abort(struct conn *c)
{
    close_now(c);
}

static void gone(struct conn *c, enum conn_gone why)
{
    c->eof = true;
    if (c->state == OPEN) {
        watch(c);
        if (!c->is_gone) {
            c->is_gone = true;
            c->ops->gone(c->ctx, why);
        }
    } else {
        close_now(c);
    }
}

/* ---------------------------------------------------------------- output */

size_t conn_queued(const struct conn *c)
{
    return c->out.len - c->at;
}

uint64_t conn_sent_ms(const struct conn *c)
{
    return c->sent_ms;
}

uint64_t conn_sent_bytes(const struct conn *c)
{
    return c->sent_bytes;
}

void conn_put(struct conn *c, struct str bytes)
{
    if (c->state != OPEN)
        return;
    buf_str(&c->out, bytes);
    schedule(c);
}

static void over_limit(struct conn *c)
{
    bool chatter = c->tls && tls_output(c->tls)->len > TLS_MOST;
    if (chatter || conn_queued(c) - c->bulk > c->limit || c->n_stanzas > LIMIT_SEND_STANZAS)
        c->ops->slow(c->ctx);
}

void conn_put_stanza(struct conn *c, struct str head, struct str to, struct str tail, bool bulk)
{
    if (c->state != OPEN)
        return;
    size_t n = head.n + to.n + tail.n;
    buf_reserve(&c->out, n);
    buf_str(&c->out, head);
    buf_str(&c->out, to);
    buf_str(&c->out, tail);
    if (bulk)
        c->bulk += n;
    else
        c->n_stanzas++;
    schedule(c);
}

/* 0: all of it was taken; ERR_AGAIN: the socket is full; ERR_IO: it is broken. */
static int send_bytes(struct conn *c, const char *p, size_t n, size_t *sent)
{
    *sent = 0;
    while (*sent < n) {
        ssize_t k = send(c->fd, p + *sent, n - *sent, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? ERR_AGAIN : ERR_IO;
        *sent += (size_t)k;
        c->sent_ms = loop_now_ms(c->loop);
        if (*sent < n)
            return ERR_AGAIN; /* a short count means full: no second call to be told so */
    }
    return 0;
}

/* n bytes of out need no more room. */
static void passed(struct conn *c, size_t n)
{
    size_t before = conn_queued(c);
    if (n == 0)
        return;
    c->at += n;
    c->sent_bytes += n;
    size_t left = before - n;
    if (left == 0) {
        buf_deinit(&c->out);
        c->at = c->bulk = c->n_stanzas = 0;
        return;
    }
    /* Which of them were bulk, and how many stanzas, is not kept: in proportion is near enough. */
    c->bulk = (size_t)((uint64_t)c->bulk * left / before);
    c->n_stanzas = (size_t)((uint64_t)c->n_stanzas * left / before);
    if (c->at >= c->out.len / 2) {
        buf_consume(&c->out, c->at);
        c->at = 0;
    }
}

static int push_cipher(struct conn *c)
{
    struct buf *cipher = tls_output(c->tls);
    size_t sent;
    int rc = send_bytes(c, cipher->data, cipher->len, &sent);
    buf_consume(cipher, sent);
    if (cipher->len == 0)
        buf_deinit(cipher);
    return rc;
}

static int push(struct conn *c)
{
    size_t sent;
    if (!c->tls) {
        if (conn_queued(c) == 0)
            return 0;
        int rc = send_bytes(c, c->out.data + c->at, conn_queued(c), &sent);
        passed(c, sent);
        return rc;
    }
    for (;;) {
        int rc = push_cipher(c);
        if (rc || conn_queued(c) == 0 || !tls_established(c->tls))
            return rc;
        size_t n = conn_queued(c) < TLS_PIECE ? conn_queued(c) : TLS_PIECE;
        if (tls_write(c->tls, c->out.data + c->at, n))
            return ERR_IO;
        passed(c, n);
    }
}

static void flush(void *ctx)
{
    struct conn *c = ctx;
    if (c->state != OPEN && c->state != FLUSHING)
        return;
    if (c->full) {
        if (c->state == OPEN)
            over_limit(c);
        return;
    }
    int rc = push(c);
    c->full = rc == ERR_AGAIN;
    if (rc == ERR_IO) {
        buf_deinit(&c->out);
        c->at = c->bulk = c->n_stanzas = 0;
        gone(c, CONN_RESET);
        return;
    }
    if (c->state == OPEN) {
        watch(c);
        if (c->full)
            over_limit(c);
        return;
    }
    if (!c->full) {
        if (c->tls) {
            tls_close_notify(c->tls);
            (void)push_cipher(c);
        }
        /* Closing with unread input would reset the connection and take the last bytes along. */
        shutdown(c->fd, SHUT_WR);
        c->state = LINGERING;
        if (c->eof) {
            close_now(c);
            return;
        }
    }
    watch(c);
}

/* ---------------------------------------------------------------- input */

static void read_tls(struct conn *c, const char *p, size_t n)
{
    static char plain[RECORD];
    tls_input(c->tls, p, n);
    while (c->state == OPEN) {
        int k = tls_read(c->tls, plain, sizeof plain);
        if (c->state == OPEN && !c->secured && tls_established(c->tls)) {
            c->secured = true;
            c->ops->secured(c->ctx);
        }
        if (c->state != OPEN)
            break;
        if (k > 0) {
            c->ops->bytes(c->ctx, plain, (size_t)k);
            continue;
        }
        schedule(c); /* the handshake's answers, alerts */
        if (k != ERR_AGAIN)
            gone(c, k == ERR_IO ? CONN_EOF : CONN_TLS);
        break;
    }
    explicit_bzero(plain, sizeof plain); /* passwords come this way */
}

static void read_some(struct conn *c)
{
    static char bytes[READ_SIZE];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            gone(c, CONN_RESET);
    } else if (n == 0) {
        gone(c, CONN_EOF);
    } else if (c->state == OPEN) {
        if (c->tls)
            read_tls(c, bytes, (size_t)n);
        else
            c->ops->bytes(c->ctx, bytes, (size_t)n);
    }
}

static void on_poll(void *ctx, int events)
{
    struct conn *c = ctx;
    if (events == 0) {
        gone(c, CONN_RESET);
        return;
    }
    if (events & LOOP_WRITE) {
        c->full = false;
        schedule(c);
        watch(c);
    }
    if ((events & LOOP_READ) && c->state != CLOSED)
        read_some(c);
}

/* ---------------------------------------------------------------- TLS */

void conn_start_tls(struct conn *c, struct tls_server *t)
{
    assert(!c->tls);
    /* What was said so far goes out in clear. A socket that cannot take that much is of no use. */
    if (push(c)) {
        gone(c, CONN_RESET);
        return;
    }
    c->tls = tls_new(t);
}

bool conn_is_tls(const struct conn *c)
{
    return c->tls != NULL;
}

const char *conn_tls_version(const struct conn *c)
{
    return c->tls ? tls_version(c->tls) : "";
}
