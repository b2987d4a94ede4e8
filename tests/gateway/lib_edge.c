/* lib_edge.c: see lib_edge.h. */
#include "gateway/lib_edge.h"
#include "gateway/service_info.h"

#include "cluster/redis_server.h"

#include "base/err.h"
#include "gateway/commands.h"
#include "gateway/edge_ops.h"
#include "gateway/home.h"
#include "gateway/link.h"
#include "gateway/tls.h"
#include "rt/config.h"
#include "rt/redis.h"

#include <errno.h>
#include <sys/socket.h>

#define AUTH_ANN                                                                                   \
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>"
#define BIND                                                                                       \
    "<iq type='set' id='b'><bind "                                                                 \
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>"

static struct redis_server redis;
struct gateway rig_g;
static struct config *cfg;
struct peer rig_peers[RIG_PEERS];
static int n_ready;
bool rig_stop_when_lost;

/* ---------------------------------------------------------------- the rig */

static void on_ready(void *ctx)
{
    (void)ctx;
    n_ready++;
}

static void on_member(void *ctx, const struct cluster_member *m, uint64_t old_boot)
{
    (void)ctx;
    (void)m;
    (void)old_boot;
}

static void on_lost(void *ctx)
{
    (void)ctx;
    if (rig_stop_when_lost)
        kill(redis.pid, SIGSTOP);
}

static void on_unsafe(void *ctx, bool unsafe, const char *why)
{
    (void)ctx;
    (void)unsafe;
    (void)why;
}

static void on_state(void *ctx, bool up)
{
    (void)ctx;
    if (rig_g.cluster)
        cluster_redis_state(rig_g.cluster, up);
}

static bool is_ready(void *ctx)
{
    (void)ctx;
    return n_ready > 0;
}

int rig_start_redis(void **state)
{
    (void)state;
    redis_server_start(&redis);
    init_cluster(&redis);
    return 0;
}

int rig_end_redis(void **state)
{
    (void)state;
    redis_server_end(&redis);
    return 0;
}

/* A gateway's edge with these settings, separated by spaces. */
void rig_open(const char *settings)
{
    static const struct cluster_ops ops = {on_ready, on_member, on_lost, on_unsafe};
    struct buf err;
    char copy[512];
    buf_init(&err);
    snprintf(copy, sizeof copy, "%s", settings);
    cfg = config_new();
    for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        assert_int_equal(config_set(cfg, str_of(w), &err), 0);
    rig_g = (struct gateway){.loop = loop_new(), .cfg = cfg};
    strcpy(rig_g.node.id, "g1");
    strcpy(rig_g.domain, "localhost");
    strcpy(rig_g.muc_domain, "conference.localhost");
    rig_g.redis = redis_new(rig_g.loop, redis.url, on_state, NULL);
    rig_g.commands = commands_new(&rig_g);
    rig_g.home = home_new(&rig_g);
    rig_g.info = service_info_new(cfg);
    const struct cluster_self self = {.role = CLUSTER_GATEWAY,
                                      .id = "g1",
                                      .endpoint = "",
                                      .admin = "a:1",
                                      .host = "h",
                                      .ports = ""};
    n_ready = 0;
    rig_g.cluster = cluster_new(rig_g.loop, rig_g.redis, &self, &ops, NULL);
    rig_g.edge = edge_new(&rig_g);
    assert_int_equal(tls_server_new("", "", "localhost", &rig_g.edge->tls, &err), 0);
    rig_g.edge->session.starttls = true;
    assert_true(run_until(rig_g.loop, is_ready, NULL, RIG_WAIT_MS));
    rig_g.link = link_new(&rig_g);
    assert_int_equal(link_cluster_ready(rig_g.link, &err), 0);
    for (int i = 0; i < RIG_PEERS; i++)
        rig_peers[i] = (struct peer){.fd = -1};
    buf_deinit(&err);
}

void rig_hang_up(int i)
{
    if (rig_peers[i].fd >= 0)
        close(rig_peers[i].fd);
    rig_peers[i].fd = -1;
}

/* In the order of gateway_destroy(). */
void rig_close(void)
{
    edge_destroy(&rig_g.edge);
    home_destroy(&rig_g.home);
    link_destroy(&rig_g.link);
    cluster_destroy(&rig_g.cluster);
    redis_destroy(&rig_g.redis);
    commands_destroy(&rig_g.commands);
    service_info_destroy(&rig_g.info);
    loop_destroy(&rig_g.loop);
    config_destroy(&cfg);
    for (int i = 0; i < RIG_PEERS; i++) {
        rig_hang_up(i);
        buf_deinit(&rig_peers[i].heard);
    }
}

/* A connection; its end of it is rig_peers[i]. */
static void connect_to(int i, bool loopback, bool ws)
{
    static const uint8_t ip[16] = {0x20, 0x01};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    rig_peers[i].fd = fds[1];
    rig_peers[i].eof = false;
    buf_reset(&rig_peers[i].heard);
    c2s_accept(rig_g.edge, fds[0], ip, loopback, ws);
}

void rig_connect(int i)
{
    connect_to(i, true, false);
}

void rig_connect_ws(int i, bool loopback)
{
    connect_to(i, loopback, true);
}

void rig_say_bytes(int i, const void *p, size_t n)
{
    assert_int_equal(send(rig_peers[i].fd, p, n, MSG_NOSIGNAL), n);
}

void rig_say(int i, const char *z)
{
    rig_say_bytes(i, z, strlen(z));
}

static void listen_to(struct peer *p)
{
    char bytes[65536];
    ssize_t n;
    while (p->fd >= 0 && !p->eof && (n = recv(p->fd, bytes, sizeof bytes, 0)) >= 0) {
        p->eof = n == 0;
        buf_put(&p->heard, bytes, (size_t)n);
    }
}

struct hearing {
    struct peer *peer;
    const char *text; /* NULL: the end */
    size_t times;
};

static bool has_heard(void *ctx)
{
    struct hearing *h = ctx;
    listen_to(h->peer);
    if (!h->text)
        return h->peer->eof;
    const char *at = h->peer->heard.data, *end = at + h->peer->heard.len;
    size_t n = 0, len = strlen(h->text);
    while (at && (at = memmem(at, (size_t)(end - at), h->text, len))) {
        at += len;
        n++;
    }
    return n >= h->times;
}

void rig_hear_times(int i, const char *text, size_t times)
{
    struct hearing h = {&rig_peers[i], text, times};
    if (!run_until(rig_g.loop, has_heard, &h, RIG_WAIT_MS))
        fail_msg("not heard: %s, but: %.*s", text ? text : "the end",
                 STR_FMT(buf_as_str(&rig_peers[i].heard)));
}

void rig_hear(int i, const char *text)
{
    rig_hear_times(i, text, 1);
}

void rig_log_in(int i)
{
    rig_connect(i);
    rig_say(i, RIG_HEADER AUTH_ANN RIG_HEADER BIND);
    rig_hear(i, "<jid>ann@localhost/r</jid>");
}

struct client_at {
    struct client *c;
};

static void take(void *ctx, struct client *c)
{
    ((struct client_at *)ctx)->c = c;
}

/* The one that is bound. */
struct client *rig_bound_client(void)
{
    struct client_at at = {NULL};
    client_each(&rig_g, take, &at);
    assert_non_null(at.c);
    return at.c;
}

bool rig_all_closed(void *ctx)
{
    (void)ctx;
    return edge_connections(rig_g.edge) == 0 && list_empty(&rig_g.edge->clients);
}

void rig_hang_up_all(void)
{
    for (int i = 0; i < RIG_PEERS; i++)
        rig_hang_up(i);
    assert_true(run_until(rig_g.loop, rig_all_closed, NULL, RIG_WAIT_MS));
    assert_int_equal(edge_sessions(rig_g.edge), 0);
}

bool rig_run_until(bool (*cond)(void *ctx), void *ctx, uint64_t limit_ms)
{
    return run_until(rig_g.loop, cond, ctx, limit_ms);
}

const char *rig_ask(const char *command)
{
    return ask_text(&redis, "%s", command);
}

void rig_signal_redis(int signum)
{
    kill(redis.pid, signum);
}
