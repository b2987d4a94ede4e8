/* http_get.c: see http_get.h. HTTP/1.0, so that the end of the connection is the end of the body.
 */
#include "deploy/ctl/http_get.h"

#include "base/err.h"
#include "deploy/ctl/ctl.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGEST = 16 * 1024 * 1024 };

/* The end of `deadline` in poll's terms. */
static int left(uint64_t deadline)
{
    uint64_t now = ctl_now_ms();
    return now < deadline ? (int)(deadline - now) : 0;
}

static bool wait_for(int fd, short what, uint64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = what};
    int rc;
    do
        rc = poll(&p, 1, left(deadline));
    while (rc < 0 && errno == EINTR);
    return rc == 1;
}

static int connect_one(const struct addrinfo *a, uint64_t deadline)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    int so = 0;
    socklen_t n = sizeof so;
    if (!connect(fd, a->ai_addr, a->ai_addrlen))
        return fd;
    if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline) &&
        !getsockopt(fd, SOL_SOCKET, SO_ERROR, &so, &n) && !so)
        return fd;
    close(fd);
    return -1;
}

static int dial(const char *address, uint64_t deadline)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t n = colon ? (size_t)(colon - address) : 0;
    if (!colon || !colon[1] || n >= sizeof host)
        return ERR_INVALID;
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        address++;
        n -= 2;
    }
    memcpy(host, address, n);
    host[n] = '\0';
    if (!host[0] || !strcmp(host, "*") || !strcmp(host, "0.0.0.0"))
        memcpy(host, "127.0.0.1", sizeof "127.0.0.1");
    else if (!strcmp(host, "::"))
        memcpy(host, "::1", sizeof "::1");
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    if (getaddrinfo(host, colon + 1, &hints, &list))
        return ERR_UNAVAILABLE;
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next)
        fd = connect_one(a, deadline);
    freeaddrinfo(list);
    return fd < 0 ? ERR_UNAVAILABLE : fd;
}

static int write_all(int fd, struct str s, uint64_t deadline)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n > 0) {
            s.p += n;
            s.n -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return ERR_UNAVAILABLE;
        } else if (!wait_for(fd, POLLOUT, deadline)) {
            return ERR_UNAVAILABLE;
        }
    }
    return 0;
}

static int read_all(int fd, struct buf *in, uint64_t deadline)
{
    for (;;) {
        if (!wait_for(fd, POLLIN, deadline))
            return ERR_UNAVAILABLE;
        buf_reserve(in, 16384);
        ssize_t n = recv(fd, in->data + in->len, 16384, 0);
        if (n == 0)
            return 0;
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n < 0)
            return ERR_UNAVAILABLE;
        in->len += (size_t)n;
        if (in->len > LARGEST)
            return ERR_PROTO;
    }
}

/* Status code; the body goes to `body`. */
static int answer(const struct buf *in, struct buf *body)
{
    const char *end = in->len ? memmem(in->data, in->len, "\r\n\r\n", 4) : NULL;
    if (!end || in->len < 12 || memcmp(in->data, "HTTP/1.", 7))
        return ERR_PROTO;
    uint32_t code;
    if (!str_u32(str_n(in->data + 9, 3), 999, &code))
        return ERR_PROTO;
    end += 4;
    buf_put(body, end, in->len - (size_t)(end - in->data));
    return (int)code;
}

int http_get(const char *address, const char *path, uint32_t timeout_ms, struct buf *body)
{
    uint64_t deadline = ctl_now_ms() + timeout_ms;
    struct buf b;
    int fd = dial(address, deadline);
    if (fd < 0)
        return fd;
    buf_init(&b);
    buf_printf(&b, "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address);
    int rc = write_all(fd, buf_as_str(&b), deadline);
    buf_reset(&b);
    if (!rc)
        rc = read_all(fd, &b, deadline);
    if (!rc)
        rc = answer(&b, body);
    buf_deinit(&b);
    close(fd);
    return rc;
}

void http_escape(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     (c && strchr("-._~", c));
        if (plain)
            buf_c(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}
