/* listen.c: see the header. */
#include "rt/listen.h"
#include "base/err.h"
#include "rt/port_owner.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static bool split(const char *host_port, char host[256], char port[8])
{
    const char *colon = strrchr(host_port, ':');
    if (!colon)
        return false;
    struct str h = str_n(host_port, (size_t)(colon - host_port));
    if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = str_n(h.p + 1, h.n - 2);
    else if (memchr(h.p, ':', h.n))
        return false; /* an IPv6 address without brackets: which colon is it? */
    size_t digits = strspn(colon + 1, "0123456789");
    if (h.n > 255 || digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    snprintf(host, 256, "%.*s", STR_FMT(h));
    snprintf(port, 8, "%s", colon + 1);
    return true;
}

static int open_one(const struct addrinfo *ai, int backlog)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (ai->ai_family == AF_INET6) /* "*" and "::" mean both families */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, backlog) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static void explain(const char *host_port, const char *port, int error, struct buf *err)
{
    buf_printf(err, "cannot listen on %s: %s", host_port, strerror(error));
    if (error != EADDRINUSE)
        return;
    struct buf owner;
    buf_init(&owner);
    if (port_owner((uint16_t)atoi(port), &owner))
        buf_printf(err, " (port %s is taken by %.*s)", port, (int)owner.len, owner.data);
    else
        buf_printf(err, " (port %s)", port);
    buf_deinit(&owner);
}

int listen_tcp(const char *host_port, int backlog, int *fd_out, struct buf *err)
{
    char host[256], port[8];
    if (!split(host_port, host, port) || atoi(port) > UINT16_MAX) {
        buf_printf(err, "%s: expected HOST:PORT", host_port);
        return ERR_INVALID;
    }
    bool any = strcmp(host, "*") == 0 || *host == '\0';
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int rc = getaddrinfo(any ? NULL : host, port, &hints, &list);
    if (rc != 0) {
        buf_printf(err, "cannot listen on %s: %s", host_port, gai_strerror(rc));
        return ERR_IO;
    }
    int fd = -1, error = 0;
    /* For "*": the IPv6 socket first, because it serves both; IPv4 where there is no IPv6. */
    for (int pass = any ? 0 : 1; pass < 2 && fd < 0; pass++) {
        for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
            if (pass == 0 && ai->ai_family != AF_INET6)
                continue;
            fd = open_one(ai, backlog);
            if (fd < 0 && error != EADDRINUSE)
                error = errno;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        explain(host_port, port, error, err);
        return ERR_IO;
    }
    *fd_out = fd;
    return 0;
}

uint16_t listen_port(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof sa;
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
        return 0;
    if (sa.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&sa)->sin_port);
    if (sa.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&sa)->sin6_port);
    return 0;
}
