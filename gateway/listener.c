/* listener.c: accepting connections, as long as there are descriptors for them. */
#include "gateway/edge.h"
#include "base/err.h"
#include "rt/listen.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_ADDRESSES = 8, BACKLOG = 4096, ACCEPTS_PER_TURN = 64, PAUSE_MS = 100 };

struct listener {
    struct edge *edge;
    bool ws;
    unsigned n;
    int fds[MAX_ADDRESSES];
    struct loop_poll *polls[MAX_ADDRESSES];
    bool paused;
    struct loop_timer timer;
};

/* Cuts the next "host:port" off, as a C string. */
static bool next_address(const char **at, char out[256])
{
    while (**at == ',' || **at == ' ')
        (*at)++;
    size_t n = strcspn(*at, ", ");
    if (n == 0 || n > 255)
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return true;
}

int listener_probe(const char *addresses, struct buf *err)
{
    char one[256];
    while (next_address(&addresses, one)) {
        int fd, rc = listen_tcp(one, 1, &fd, err);
        if (rc)
            return rc;
        close(fd);
    }
    return 0;
}

bool listener_all_loopback(const char *addresses)
{
    char one[256];
    while (next_address(&addresses, one))
        if (strncmp(one, "127.", 4) != 0 && strncmp(one, "localhost:", 10) != 0 &&
            strncmp(one, "[::1]:", 6) != 0)
            return false;
    return true;
}

static void set_polls(struct listener *l, int events)
{
    l->paused = events == 0;
    for (unsigned i = 0; i < l->n; i++)
        loop_poll_set(l->polls[i], events);
}

static void resume(void *ctx)
{
    struct listener *l = ctx;
    if (l->edge->n_conns < l->edge->max_conns)
        set_polls(l, LOOP_READ);
}

void listener_resume(struct listener *l)
{
    if (l->paused && !loop_timer_armed(&l->timer))
        resume(l);
}

static void address_of(const struct sockaddr_storage *ss, uint8_t ip[16], bool *loopback)
{
    memset(ip, 0, 16);
    *loopback = false;
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)ss;
        ip[10] = ip[11] = 0xff;
        memcpy(ip + 12, &in->sin_addr, 4);
        *loopback = ip[12] == 127;
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)ss;
        memcpy(ip, &in6->sin6_addr, 16);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
            *loopback = ip[12] == 127;
        else if (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
            *loopback = true;
    }
}

static void set_options(int fd, const struct edge *e)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    /* What was sent and is not acknowledged for so long will not be: a keep-alive finds the dead.
     */
    unsigned lost_ms = e->keepalive_ms ? (unsigned)e->keepalive_ms * 2 : 120000;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost_ms, sizeof lost_ms);
}

static void on_connections(void *ctx, int events)
{
    struct listener *l = ctx;
    struct edge *e = l->edge;
    (void)events;
    for (unsigned i = 0; i < l->n; i++) {
        for (unsigned k = 0; k < ACCEPTS_PER_TURN; k++) {
            struct sockaddr_storage ss = {0};
            socklen_t n = sizeof ss;
            if (e->n_conns >= e->max_conns) {
                set_polls(l, 0); /* more wait in the accept queue */
                return;
            }
            int fd = accept4(l->fds[i], (struct sockaddr *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) {
                if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                    log_warn("accept_failed", KV_Z("why", strerror(errno)));
                    set_polls(l, 0);
                    loop_timer_start(e->g->loop, &l->timer, PAUSE_MS, 0, resume, l);
                    return;
                }
                break;
            }
            uint8_t ip[16];
            bool loopback;
            address_of(&ss, ip, &loopback);
            if (!loopback && !edge_ip_enter(e, ip)) {
                metric_add_l(METRIC_C2S_RATE_LIMITED_TOTAL, "ip", NULL, 1);
                close(fd);
                continue;
            }
            set_options(fd, e);
            c2s_accept(e, fd, ip, loopback, l->ws);
        }
    }
    for (unsigned i = 0; i < l->n && events == 0; i++)
        loop_poll_set(l->polls[i], LOOP_READ);
}

int listener_open(struct edge *e, const char *addresses, bool ws, struct listener **out,
                  struct buf *err)
{
    struct listener *l = mem_zalloc(sizeof *l);
    char one[256];
    l->edge = e;
    l->ws = ws;
    while (l->n < MAX_ADDRESSES && next_address(&addresses, one)) {
        int rc = listen_tcp(one, BACKLOG, &l->fds[l->n], err);
        if (rc) {
            listener_close(&l);
            return rc;
        }
        l->polls[l->n] = loop_poll_open(e->g->loop, l->fds[l->n], on_connections, l);
        l->n++;
    }
    if (next_address(&addresses, one)) {
        buf_printf(err, "%s.listen: more than %d addresses", ws ? "ws" : "c2s", MAX_ADDRESSES);
        listener_close(&l);
        return ERR_INVALID;
    }
    set_polls(l, LOOP_READ);
    *out = l;
    return 0;
}

void listener_close(struct listener **l_p)
{
    struct listener *l = *l_p;
    if (!l)
        return;
    *l_p = NULL;
    loop_timer_stop(&l->timer);
    for (unsigned i = 0; i < l->n; i++) {
        loop_poll_close(&l->polls[i]);
        close(l->fds[i]);
    }
    mem_free(l);
}

void listener_ports(const struct listener *l, struct buf *out)
{
    for (unsigned i = 0; l && i < l->n; i++) {
        if (i)
            buf_c(out, ',');
        buf_u64(out, listen_port(l->fds[i]));
    }
}
