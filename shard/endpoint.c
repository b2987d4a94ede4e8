/* endpoint.c: wildcards in bus.listen. */
#include "shard/endpoint.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

bool endpoint_is_tcp(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static bool is_wildcard(struct str host)
{
    return str_is(host, "*") || str_is(host, "0.0.0.0") || str_is(host, "[::]") ||
           str_is(host, "::") || host.n == 0;
}

static bool is_loopback(const struct sockaddr_in *a)
{
    return (ntohl(a->sin_addr.s_addr) >> 24) == 127;
}

/* What the name of this host resolves to, else the first interface that is not loopback. */
static void host_address(char out[INET_ADDRSTRLEN])
{
    char name[256] = "";
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    struct ifaddrs *ifs = NULL;
    (void)strcpy(out, "127.0.0.1");
    if (gethostname(name, sizeof name - 1) == 0 && getaddrinfo(name, NULL, &hints, &found) == 0) {
        for (const struct addrinfo *i = found; i; i = i->ai_next) {
            struct sockaddr_in a;
            memcpy(&a, i->ai_addr, sizeof a);
            if (is_loopback(&a))
                continue;
            (void)inet_ntop(AF_INET, &a.sin_addr, out, INET_ADDRSTRLEN);
            freeaddrinfo(found);
            return;
        }
        freeaddrinfo(found);
    }
    if (getifaddrs(&ifs) != 0)
        return;
    for (const struct ifaddrs *i = ifs; i; i = i->ifa_next) {
        struct sockaddr_in a;
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP))
            continue;
        memcpy(&a, i->ifa_addr, sizeof a);
        if (is_loopback(&a))
            continue;
        (void)inet_ntop(AF_INET, &a.sin_addr, out, INET_ADDRSTRLEN);
        break;
    }
    freeifaddrs(ifs);
}

/* A port that is free now. */
static int free_port(uint16_t *out)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = ERR_IO;
    if (fd < 0)
        return ERR_IO;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &n) == 0) {
        *out = ntohs(a.sin_port);
        rc = 0;
    }
    (void)close(fd);
    return rc;
}

int endpoint_resolve(const char *listen, const char *advertise, struct buf *bind_to,
                     struct buf *publish, struct buf *err)
{
    if (strncmp(listen, "ipc://", 6) == 0 && listen[6]) {
        buf_z(bind_to, listen);
        buf_z(publish, advertise[0] ? advertise : listen);
        goto out;
    }
    const char *colon = strrchr(listen, ':');
    if (!endpoint_is_tcp(listen) || colon < listen + 6) {
        buf_printf(err, "bus.listen: \"%s\" is neither ipc://PATH nor tcp://HOST:PORT", listen);
        return ERR_INVALID;
    }
    struct str host = {listen + 6, (size_t)(colon - (listen + 6))};
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    bool any = strcmp(colon + 1, "*") == 0 || strcmp(colon + 1, "0") == 0;
    if (!any && (*end || end == colon + 1 || port == 0 || port > 65535)) {
        buf_printf(err, "bus.listen: \"%s\" is not a port", colon + 1);
        return ERR_INVALID;
    }
    if (any) {
        uint16_t p;
        if (free_port(&p) != 0) {
            buf_z(err, "bus.listen: no free port");
            return ERR_IO;
        }
        port = p;
    }
    buf_printf(bind_to, "tcp://%.*s:%lu", STR_FMT(host), port);
    if (advertise[0]) {
        buf_z(publish, advertise);
    } else if (is_wildcard(host)) {
        char address[INET_ADDRSTRLEN];
        host_address(address);
        buf_printf(publish, "tcp://%s:%lu", address, port);
    } else {
        buf_str(publish, buf_as_str(bind_to));
    }
out:
    buf_c(bind_to, '\0');
    buf_c(publish, '\0');
    return 0;
}
