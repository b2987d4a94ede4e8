/* redis_dial.c: see the header. A name's addresses are tried in the resolver's order; the caller's
 * time limit covers the whole. */
#include "rt/redis_dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

enum { MAX_ADDRESSES = 8, USER_TIMEOUT_MS = 5000 };

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
};

/* libuv's request lives until its callback, so it is apart from the dial, which may be cancelled.
 */
struct resolving {
    uv_getaddrinfo_t request;
    struct redis_dial *dial; /* NULL: cancelled */
};

struct redis_dial {
    struct loop *loop;
    const struct redis_url *url;
    redis_dial_fn *fn;
    void *ctx;
    struct resolving *resolving; /* NULL: not under way */
    struct loop_task begin;
    struct address addresses[MAX_ADDRESSES];
    unsigned n_addresses, at;
    int fd; /* -1: none */
    struct loop_poll *poll;
};

static void drop_socket(struct redis_dial *d)
{
    loop_poll_close(&d->poll);
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

static void finish(struct redis_dial *d, const char *why)
{
    loop_poll_close(&d->poll);
    redis_dial_fn *fn = d->fn;
    void *ctx = d->ctx;
    int fd = d->fd;
    mem_free(d);
    fn(ctx, fd, why);
}

static void try_next(struct redis_dial *d);

static void on_connected(void *ctx, int events)
{
    (void)events;
    struct redis_dial *d = ctx;
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0) {
        finish(d, NULL);
        return;
    }
    drop_socket(d);
    try_next(d);
}

/* A peer that vanished without a word must be noticed by TCP too, not only by deadlines. */
static void set_tcp_options(int fd)
{
    int on = 1, timeout = USER_TIMEOUT_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

/* Uses up addresses until a connection is under way. */
static void try_next(struct redis_dial *d)
{
    while (d->at < d->n_addresses) {
        const struct address *a = &d->addresses[d->at++];
        d->fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (d->fd < 0)
            continue;
        if (a->sa.ss_family != AF_UNIX)
            set_tcp_options(d->fd);
        if (connect(d->fd, (const struct sockaddr *)&a->sa, a->len) == 0 || errno == EINPROGRESS) {
            /* Writable at once when connected already: one way for both. */
            d->poll = loop_poll_open(d->loop, d->fd, on_connected, d);
            loop_poll_set(d->poll, LOOP_WRITE);
            return;
        }
        drop_socket(d);
    }
    finish(d, "refused");
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct resolving *r = request->data;
    struct redis_dial *d = r->dial;
    mem_free(r);
    if (d) {
        d->resolving = NULL;
        for (struct addrinfo *ai = list; ai && status == 0; ai = ai->ai_next) {
            if (d->n_addresses == MAX_ADDRESSES || ai->ai_addrlen > sizeof d->addresses[0].sa)
                break;
            struct address *a = &d->addresses[d->n_addresses++];
            memcpy(&a->sa, ai->ai_addr, ai->ai_addrlen);
            a->len = ai->ai_addrlen;
        }
    }
    uv_freeaddrinfo(list);
    if (!d)
        return;
    if (d->n_addresses)
        try_next(d);
    else
        finish(d, "resolve");
}

static void set_unix_address(struct redis_dial *d)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&d->addresses[0].sa;
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof un->sun_path, "%s", d->url->path);
    d->addresses[0].len = sizeof *un;
    d->n_addresses = 1;
}

static void begin(void *ctx)
{
    struct redis_dial *d = ctx;
    if (d->url->path) {
        set_unix_address(d);
        try_next(d);
        return;
    }
    /* Numeric addresses take the same way: the resolver answers them without asking anybody. */
    char port[8];
    snprintf(port, sizeof port, "%u", (unsigned)d->url->port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    d->resolving = mem_zalloc(sizeof *d->resolving);
    d->resolving->dial = d;
    d->resolving->request.data = d->resolving;
    int rc = uv_getaddrinfo(loop_uv(d->loop), &d->resolving->request, on_resolved, d->url->host,
                            port, &hints);
    if (rc != 0) { /* a name too long for DNS */
        mem_free(d->resolving);
        d->resolving = NULL;
        finish(d, "resolve");
    }
}

struct redis_dial *redis_dial_new(struct loop *l, const struct redis_url *url, redis_dial_fn *fn,
                                  void *ctx)
{
    struct redis_dial *d = mem_zalloc(sizeof *d);
    d->loop = l;
    d->url = url;
    d->fn = fn;
    d->ctx = ctx;
    d->fd = -1;
    loop_defer(l, &d->begin, LOOP_PRIO_SEND, begin, d);
    return d;
}

void redis_dial_cancel(struct redis_dial **d_p)
{
    struct redis_dial *d = *d_p;
    *d_p = NULL;
    if (!d)
        return;
    loop_cancel(&d->begin);
    if (d->resolving)
        d->resolving->dial = NULL;
    drop_socket(d);
    mem_free(d);
}
