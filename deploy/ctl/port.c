/* port.c: see port.h. */
#include "deploy/ctl/port.h"

#include "rt/port_owner.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void describe_owner(uint16_t port, struct buf *why)
{
    struct buf who;
    buf_init(&who);
    static const char comma[] = ", pid ";
    const char *pid = NULL;
    if (port_owner(port, &who))
        for (const char *p = who.data;
             (p = memmem(p, who.len - (size_t)(p - who.data), comma, sizeof comma - 1)); p++)
            pid = p; /* a program may have a comma in its name */
    if (pid)
        buf_printf(why, "port %u is in use by \"%.*s\" (pid %.*s)", port, (int)(pid - who.data),
                   who.data, (int)(who.len - (size_t)(pid - who.data) - sizeof comma + 1),
                   pid + sizeof comma - 1);
    else
        buf_printf(why, "port %u is in use by another process", port);
    buf_deinit(&who);
}

static int try_bind(const struct addrinfo *a)
{
    int on = 1, e = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 1))
        e = errno;
    close(fd);
    return e;
}

bool port_is_free(const char *address, uint16_t port, struct buf *why, bool *in_use)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    snprintf(service, sizeof service, "%u", port);
    *in_use = false;
    int e = getaddrinfo(address, service, &hints, &list) ? EADDRNOTAVAIL : try_bind(list);
    if (list)
        freeaddrinfo(list);
    *in_use = e == EADDRINUSE;
    if (*in_use)
        describe_owner(port, why);
    else if (e == EADDRNOTAVAIL)
        buf_printf(why, "\"%s\" is not an address of this machine", address);
    else if (e)
        buf_printf(why, "port %u cannot be opened: %s", port, strerror(e));
    return !e;
}
