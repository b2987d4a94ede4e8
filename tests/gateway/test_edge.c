/* test_edge.c: streams at the rim of a gateway, with a real Redis behind it: login, bind and
 * conflicts, handles, time-outs, rates, limits, and every way to end. */
#include "cluster/redis_server.h"

#include "base/err.h"
#include "gateway/edge.h"
#include "gateway/edge_ops.h"
#include "gateway/home.h"
#include "gateway/tls.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/redis.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define HEADER                                                                                     \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS                               \
    "' to='localhost' version='1.0'>"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define AUTH_ANN "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>"
#define BIND "<iq type='set' id='b'><bind xmlns='" NS_BIND "'><resource>r</resource></bind></iq>"
#define PING "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>"

enum { WAIT_MS = 20000, PEERS = 4 };

struct peer {
    int fd; /* -1: not open */
    struct buf heard;
    bool eof;
};

static struct redis_server server;
static struct gateway g;
static struct config *cfg;
static struct peer peers[PEERS];
static int n_ready;

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
    if (g.cluster)
        cluster_redis_state(g.cluster, up);
}

static bool is_ready(void *ctx)
{
    (void)ctx;
    return n_ready > 0;
}

static int start_redis(void **state)
{
    (void)state;
    redis_server_start(&server);
    init_cluster(&server);
    return 0;
}

static int end_redis(void **state)
{
    (void)state;
    redis_server_end(&server);
    return 0;
}

/* A gateway's edge with these settings, separated by spaces. */
static void open_edge(const char *settings)
{
    static const struct cluster_ops ops = {on_ready, on_member, on_lost, on_unsafe};
    struct buf err;
    char copy[512];
    buf_init(&err);
    snprintf(copy, sizeof copy, "%s", settings);
    cfg = config_new();
    for (char *save, *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        assert_int_equal(config_set(cfg, str_of(w), &err), 0);
    g = (struct gateway){.loop = loop_new(), .cfg = cfg};
    strcpy(g.node.id, "g1");
    strcpy(g.domain, "localhost");
    strcpy(g.muc_domain, "conference.localhost");
    g.redis = redis_new(g.loop, server.url, on_state, NULL);
    g.home = home_new(&g);
    const struct cluster_self self = {.role = CLUSTER_GATEWAY,
                                      .id = "g1",
                                      .endpoint = "",
                                      .admin = "a:1",
                                      .host = "h",
                                      .ports = ""};
    n_ready = 0;
    g.cluster = cluster_new(g.loop, g.redis, &self, &ops, NULL);
    g.edge = edge_new(&g);
    assert_int_equal(tls_server_new("", "", "localhost", &g.edge->tls, &err), 0);
    g.edge->session.starttls = true;
    assert_true(run_until(g.loop, is_ready, NULL, WAIT_MS));
    for (int i = 0; i < PEERS; i++)
        peers[i] = (struct peer){.fd = -1};
    buf_deinit(&err);
}

static void close_peer(int i)
{
    if (peers[i].fd >= 0)
        close(peers[i].fd);
    peers[i].fd = -1;
}

/* In the order of gateway_destroy(). */
static void close_edge(void)
{
    edge_destroy(&g.edge);
    home_destroy(&g.home);
    cluster_destroy(&g.cluster);
    redis_destroy(&g.redis);
    loop_destroy(&g.loop);
    config_destroy(&cfg);
    for (int i = 0; i < PEERS; i++) {
        close_peer(i);
        buf_deinit(&peers[i].heard);
    }
}

/* A connection; its end of it is peers[i]. */
static void connect_peer(int i)
{
    static const uint8_t ip[16] = {0x20, 0x01};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    peers[i].fd = fds[1];
    peers[i].eof = false;
    buf_reset(&peers[i].heard);
    c2s_accept(g.edge, fds[0], ip, false);
}

static void say(int i, const char *z)
{
    assert_int_equal(send(peers[i].fd, z, strlen(z), MSG_NOSIGNAL), strlen(z));
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

static void hear_times(int i, const char *text, size_t times)
{
    struct hearing h = {&peers[i], text, times};
    if (!run_until(g.loop, has_heard, &h, WAIT_MS))
        fail_msg("not heard: %s, but: %.*s", text ? text : "the end",
                 STR_FMT(buf_as_str(&peers[i].heard)));
}

static void hear(int i, const char *text)
{
    hear_times(i, text, 1);
}

static void log_in(int i)
{
    connect_peer(i);
    say(i, HEADER AUTH_ANN HEADER BIND);
    hear(i, "<jid>ann@localhost/r</jid>");
}

struct client_at {
    struct client *c;
};

static void take(void *ctx, struct client *c)
{
    ((struct client_at *)ctx)->c = c;
}

/* The one that is bound. */
static struct client *bound_client(void)
{
    struct client_at at = {NULL};
    client_each(&g, take, &at);
    assert_non_null(at.c);
    return at.c;
}

static bool all_closed(void *ctx)
{
    (void)ctx;
    return edge_connections(g.edge) == 0 && list_empty(&g.edge->clients);
}

static void end_all_peers(void)
{
    for (int i = 0; i < PEERS; i++)
        close_peer(i);
    assert_true(run_until(g.loop, all_closed, NULL, WAIT_MS));
    assert_int_equal(edge_sessions(g.edge), 0);
}

static bool entry_is_gone(void *ctx)
{
    (void)ctx;
    return strcmp(ask_text(&server, "EXISTS verona:session:ann@localhost"), "0") == 0;
}

/* ---------------------------------------------------------------- streams */

static void a_life(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    log_in(0);
    struct client *c = bound_client();
    uint64_t sid = client_sid(c);
    assert_true(str_is(client_jid(c), "ann@localhost/r"));
    assert_true(str_is(client_bare(c), "ann@localhost"));
    assert_ptr_equal(client_by_sid(&g, sid), c);
    assert_false(client_available(c, NULL));
    assert_int_equal(edge_sessions(g.edge), 1);
    say(0, "<presence><priority>5</priority></presence>" PING);
    hear(0, "<iq to='ann@localhost/r' type='result' id='p'/>");
    /* W82, W84 */
    hear(0, "<presence to='ann@localhost/r' from='ann@localhost/r'><priority>5</priority>"
            "<x xmlns='vcard-temp:x:update'><photo/></x></presence>");
    int priority;
    assert_true(client_available(c, &priority));
    assert_int_equal(priority, 5);
    say(0, "</stream:stream>");
    hear(0, "</stream:stream>");
    hear(0, NULL);
    end_all_peers();
    assert_null(client_by_sid(&g, sid));
    assert_true(g.edge->stale_handles > 0);
    assert_true(run_until(g.loop, entry_is_gone, NULL, WAIT_MS));
    close_edge();
}

/* The newest session has the resource; a handle of the old one is nobody's. */
static void conflict(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    log_in(0);
    uint64_t first = client_sid(bound_client());
    log_in(1);
    hear(0, "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    hear(0, NULL);
    close_peer(0);
    say(1, PING);
    hear(1, "type='result' id='p'");
    assert_null(client_by_sid(&g, first));
    uint64_t second = client_sid(bound_client());
    /* The old one's farewell takes nothing from the new one. */
    say(1, PING);
    hear_times(1, "type='result' id='p'", 2);
    assert_string_equal(ask_text(&server, "EXISTS verona:session:ann@localhost"), "1");
    end_all_peers();
    assert_true(run_until(g.loop, entry_is_gone, NULL, WAIT_MS));
    for (int i = 0; i < 10; i++) { /* places are taken again, under other names */
        log_in(0);
        uint64_t sid = client_sid(bound_client());
        assert_true(sid != first && sid != second && (uint32_t)sid < 2 && sid >> 32 > 0);
        assert_null(client_by_sid(&g, sid ^ 1));
        assert_null(client_by_sid(&g, sid + (1ull << 32)));
        assert_null(client_by_sid(&g, sid | 0xffffffff));
        end_all_peers();
        assert_null(client_by_sid(&g, sid));
    }
    assert_null(client_by_sid(&g, 0));
    assert_int_equal(g.edge->n_slots, 64);
    close_edge();
}

static void many_slots(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    enum { N = 200 };
    static struct client many[N];
    for (uint32_t i = 0; i < N; i++) {
        many[i] = (struct client){.edge = g.edge, .bound = true};
        client_slot_take(&many[i]);
        assert_int_equal(many[i].sid, 1ull << 32 | i);
    }
    for (uint32_t i = 0; i < N; i++)
        assert_ptr_equal(client_by_sid(&g, many[i].sid), &many[i]);
    for (uint32_t i = 0; i < N; i += 2) {
        uint64_t sid = many[i].sid;
        client_slot_free(&many[i]);
        client_slot_free(&many[i]);
        assert_null(client_by_sid(&g, sid));
    }
    for (uint32_t i = 0; i < N; i += 2) {
        client_slot_take(&many[i]);
        assert_int_equal(many[i].sid >> 32, 2);
        assert_true((uint32_t)many[i].sid < N);
        assert_ptr_equal(client_by_sid(&g, many[i].sid), &many[i]);
    }
    g.edge->slots[0].generation = UINT32_MAX; /* it wraps to 1: no handle is 0 */
    many[0].sid = (uint64_t)UINT32_MAX << 32;
    g.edge->slots[0].client = &many[0];
    client_slot_free(&many[0]);
    assert_int_equal(g.edge->slots[0].generation, 1);
    for (uint32_t i = 0; i < N; i++)
        client_slot_free(&many[i]);
    close_edge();
}

static void injection(void **state)
{
    (void)state;
    open_edge("auth.mode=accounts");
    connect_peer(0);
    say(0, HEADER "<starttls xmlns='" NS_TLS "'/>" HEADER AUTH_ANN);
    hear(0, "<policy-violation ");
    hear(0, NULL);
    connect_peer(1);
    say(1, HEADER "<starttls xmlns='" NS_TLS "'/>\n");
    hear(1, "<proceed xmlns='" NS_TLS "'/>");
    say(1, HEADER); /* in clear, where a handshake should be */
    hear(1, NULL);
    assert_null(memmem(peers[1].heard.data, peers[1].heard.len, "policy-violation", 16));
    end_all_peers();
    close_edge();
}

/* The question is out: what he sends meanwhile stays where it is. */
static void held(void **state)
{
    (void)state;
    open_edge("auth.mode=accounts c2s.plain_without_tls=true limits.byte_rate=0");
    connect_peer(0);
    say(0, HEADER);
    hear(0, "</stream:features>");
    kill(server.pid, SIGSTOP);
    say(0, AUTH_ANN);
    static char spaces[65536];
    memset(spaces, ' ', sizeof spaces);
    size_t total = 0;
    for (int idle = 0; idle < 20;) {
        ssize_t n = send(peers[0].fd, spaces, sizeof spaces, MSG_NOSIGNAL);
        if (n > 0)
            total += (size_t)n;
        idle = n > 0 ? 0 : idle + 1;
        run_until(g.loop, NULL, NULL, 10);
        assert_true(total < 4 * 1024 * 1024);
    }
    assert_true(g.edge->bytes_in < 256 * 1024);
    kill(server.pid, SIGCONT);
    hear(0, "<failure xmlns='" NS_SASL "'><not-authorized/></failure>");
    say(0, "</stream:stream>"); /* the stream goes on */
    hear(0, "</stream:stream>");
    end_all_peers();
    close_edge();
}

static void timeouts(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    g.edge->header_ms = 300;
    g.edge->auth_ms = 900;
    for (int i = 0; i < PEERS; i++)
        connect_peer(i);
    say(1, HEADER);
    say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    say(3, HEADER AUTH_ANN);
    hear(0, "<connection-timeout ");
    hear(3, "<success");
    hear(3, "<connection-timeout "); /* no header after the login */
    hear(2, NULL);
    assert_null(memmem(peers[2].heard.data, peers[2].heard.len, "timeout", 7));
    assert_false(peers[1].eof);
    uint64_t began = loop_now_ms(g.loop);
    hear(1, "<connection-timeout ");
    assert_true(loop_now_ms(g.loop) - began > 100); /* later than a header's time */
    end_all_peers();
    close_edge();
}

static void keepalive(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    g.edge->keepalive_ms = 300;
    g.edge->auth_ms = 700;
    log_in(0);
    uint64_t began = loop_now_ms(g.loop);
    buf_reset(&peers[0].heard);
    hear_times(0, " ", 3); /* and no time-out of what is over */
    uint64_t took = loop_now_ms(g.loop) - began;
    assert_true(took >= 850 && took < 2500);
    /* Not while other things are sent; then after the whole time, not up to twice as late. */
    say(0, PING);
    hear(0, "type='result'");
    buf_reset(&peers[0].heard);
    began = loop_now_ms(g.loop);
    hear(0, " ");
    took = loop_now_ms(g.loop) - began;
    assert_true(took >= 250 && took < 550);
    end_all_peers();
    close_edge();
}

static void rates(void **state)
{
    (void)state;
    open_edge("auth.mode=open limits.stanza_rate=100");
    log_in(0);
    struct buf pings;
    buf_init(&pings);
    for (int i = 0; i < 300; i++)
        buf_z(&pings, PING);
    buf_c(&pings, '\0');
    say(0, pings.data);
    buf_deinit(&pings);
    hear_times(0, "type='result' id='p'",
               300); /* 200 at once, the others at their rate; none lost */
    uint64_t began = loop_now_ms(g.loop);
    say(0, PING);
    hear_times(0, "type='result' id='p'", 301);
    assert_true(loop_now_ms(g.loop) - began > 300);
    end_all_peers();
    close_edge();
}

/* ---------------------------------------------------------------- slow and stuffed */

static void slow(void **state)
{
    (void)state;
    open_edge("auth.mode=open limits.send_queue=65536");
    log_in(0);
    static char tail[60000];
    memset(tail, 'x', sizeof tail);
    memcpy(tail, ">", 1);
    for (int i = 0; i < 20 && edge_sessions(g.edge) > 0; i++) {
        client_send(bound_client(), STANZA_MESSAGE, str_n(tail, sizeof tail), false);
        run_until(g.loop, NULL, NULL, 20);
    }
    assert_int_equal(edge_sessions(g.edge), 0);
    assert_true(run_until(g.loop, all_closed, NULL, WAIT_MS)); /* without a wait for him */
    end_all_peers();
    close_edge();
}

/* ---------------------------------------------------------------- who may come in */

static void addresses(void **state)
{
    (void)state;
    open_edge("auth.mode=open limits.connections_per_ip=3");
    static const uint8_t one[16] = {1}, other[16] = {2};
    for (int i = 0; i < 3; i++)
        assert_true(edge_ip_enter(g.edge, one));
    assert_false(edge_ip_enter(g.edge, one));
    assert_false(edge_ip_enter(g.edge, one));
    assert_true(edge_ip_enter(g.edge, other));
    struct client gone = {.edge = g.edge, .ip_counted = true}, not_counted = {.edge = g.edge};
    g.edge->n_conns += 6;
    memcpy(gone.ip, one, 16);
    memcpy(not_counted.ip, one, 16);
    edge_conn_closed(g.edge, &not_counted);
    assert_false(edge_ip_enter(g.edge, one));
    edge_conn_closed(g.edge, &gone);
    assert_true(edge_ip_enter(g.edge, one));
    for (int i = 0; i < 3; i++)
        edge_conn_closed(g.edge, &gone);
    memcpy(gone.ip, other, 16);
    edge_conn_closed(g.edge, &gone);
    assert_null(g.edge->ips);
    assert_int_equal(g.edge->n_conns, 0);
    close_edge();
}

static uint16_t open_listener(void)
{
    struct buf err, ports;
    buf_init(&err);
    buf_init(&ports);
    assert_int_equal(listener_open(g.edge, "127.0.0.1:0", &g.edge->listener, &err), 0);
    edge_ports(g.edge, &ports);
    buf_c(&ports, '\0');
    uint16_t port = (uint16_t)atoi(ports.data);
    buf_deinit(&err);
    buf_deinit(&ports);
    return port;
}

static void dial(int i, uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (peers[i].fd < 0)
        peers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    peers[i].eof = false;
    buf_reset(&peers[i].heard);
    assert_true(connect(peers[i].fd, (struct sockaddr *)&to, sizeof to) == 0 ||
                errno == EINPROGRESS);
}

static void too_many(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    uint16_t port = open_listener();
    g.edge->max_conns = 2;
    for (int i = 0; i < 3; i++)
        dial(i, port);
    run_until(g.loop, NULL, NULL, 50);
    assert_int_equal(edge_connections(g.edge), 2);
    for (int i = 0; i < 3; i++)
        say(i, HEADER); /* the third waits in the accept queue */
    hear(0, "</stream:features>");
    hear(1, "</stream:features>");
    assert_int_equal(peers[2].heard.len, 0);
    say(0, "</stream:stream>");
    hear(0, NULL);
    close_peer(0);
    hear(2, "</stream:features>");
    end_all_peers();
    close_edge();
}

/* No descriptor left: no busy loop, nobody lost. */
static void no_descriptors(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    uint16_t port = open_listener();
    for (int i = 0; i < 2; i++)
        peers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct rlimit limit, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(peers[1].fd);
    close(next);
    none = (struct rlimit){(rlim_t)next, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    dial(0, port);
    dial(1, port);
    uint64_t turns = loop_turns(g.loop);
    run_until(g.loop, NULL, NULL, 300);
    assert_true(loop_turns(g.loop) - turns < 200);
    assert_int_equal(edge_connections(g.edge), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    say(0, HEADER);
    say(1, HEADER);
    hear(0, "</stream:features>");
    hear(1, "</stream:features>");
    end_all_peers();
    close_edge();
}

/* ---------------------------------------------------------------- all ends */

static void drain(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    (void)open_listener();
    log_in(0);
    connect_peer(1);
    connect_peer(2);
    say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    hear(2, "<proceed ");
    g.draining = true;
    edge_drain(g.edge);
    assert_false(edge_listening(g.edge));
    hear(0, "<system-shutdown ");
    hear(1, "<system-shutdown ");
    for (int i = 0; i < 3; i++)
        hear(i, NULL);
    end_all_peers();
    close_edge();
}

/* Every state a stream can be in when the process ends; the sanitizer sees what is left. */
static void cut(void **state)
{
    (void)state;
    open_edge("auth.mode=open");
    (void)open_listener();
    log_in(0);
    connect_peer(1);
    say(1, HEADER "<mess");
    connect_peer(2);
    say(2, HEADER "<starttls xmlns='" NS_TLS "'/>");
    hear(1, "</stream:features>");
    hear(2, "<proceed ");
    kill(server.pid, SIGSTOP);
    connect_peer(3);
    say(3, HEADER AUTH_ANN HEADER "<iq type='set' id='b'><bind xmlns='" NS_BIND "'/></iq>");
    hear(3, "<bind ");
    run_until(g.loop, NULL, NULL, 50);
    close_edge(); /* with a question to Redis out */
    kill(server.pid, SIGCONT);

    open_edge("auth.mode=open"); /* lingering: the last word was said, the peer has not closed */
    log_in(0);
    say(0, "</stream:stream>");
    hear(0, "</stream:stream>");
    run_until(g.loop, NULL, NULL, 50);
    assert_int_equal(edge_connections(g.edge), 1);
    close_edge();

    open_edge("auth.mode=open"); /* a farewell that Redis has not taken yet */
    log_in(0);
    kill(server.pid, SIGSTOP);
    close_peer(0);
    assert_true(run_until(g.loop, all_closed, NULL, WAIT_MS));
    close_edge();
    kill(server.pid, SIGCONT);
}

int main(void)
{
    log_setup(LOG_ERROR, "logfmt", "gateway", "test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life),    cmocka_unit_test(conflict), cmocka_unit_test(many_slots),
        cmocka_unit_test(injection), cmocka_unit_test(held),     cmocka_unit_test(timeouts),
        cmocka_unit_test(keepalive), cmocka_unit_test(rates),    cmocka_unit_test(slow),
        cmocka_unit_test(addresses), cmocka_unit_test(too_many), cmocka_unit_test(no_descriptors),
        cmocka_unit_test(drain),     cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, start_redis, end_redis);
}
