/* bus_socket.c: ZeroMQ sockets of the bus, and when to ask them.
 *
 * ZMQ_FD tells edges, not levels, and any send or receive may use one up. So the descriptor only
 * marks its socket dirty, every send does too, and dirty sockets are emptied and asked for
 * ZMQ_EVENTS before each poll; who has more than a turn's budget makes the loop spin. A tick marks
 * all, just in case.
 *
 * What the options are for is in README.md. Heartbeats of ZMTP stay off: in this libzmq they abort
 * the process under back-pressure. No monitors, no disconnects while running: both are known to
 * crash. */
#include "base/err.h"
#include "base/limits.h"
#include "bus/bus_priv.h"
#include "rt/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <zmq.h>

#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN                                                                     \
    93 /* in the library, but 4.3.4 has no name for it without its drafts */
#endif

enum {
    HWM = 4 * LIMIT_BUS_CREDIT_FRAMES, /* messages; credits end long before */
    RECONNECT_MS = 20,
    RECONNECT_MAX_MS = 500,
    HANDSHAKE_MS = 2000,
    TCP_DEAD_MS = 3000,
    MAX_SOCKETS = 8192,
    BACKLOG = 1024,
};

static void *the_context; /* one per process: several crash at exit under CURVE */

void *bus_context(void)
{
    if (!the_context) {
        the_context = zmq_ctx_new();
        assert(the_context);
        zmq_ctx_set(the_context, ZMQ_IO_THREADS, 1);
        zmq_ctx_set(the_context, ZMQ_MAX_SOCKETS, MAX_SOCKETS);
        zmq_ctx_set(the_context, ZMQ_BLOCKY, 0);
    }
    return the_context;
}

void bus_end(void)
{
    zap_close();
    if (the_context)
        zmq_ctx_term(the_context);
    the_context = NULL;
}

void bus_keypair(uint8_t public_key[32], uint8_t secret_key[32])
{
    char public_text[BUS_KEY_TEXT + 1], secret_text[BUS_KEY_TEXT + 1];
    int rc = zmq_curve_keypair(public_text, secret_text);
    assert(rc == 0); /* built with CURVE */
    zmq_z85_decode(public_key, public_text);
    zmq_z85_decode(secret_key, secret_text);
}

static void set_int(void *zmq, int option, int value)
{
    int rc = zmq_setsockopt(zmq, option, &value, sizeof value);
    assert(rc == 0); /* a wrong option is our bug */
}

static void set_bytes(void *zmq, int option, const void *p, size_t n)
{
    int rc = zmq_setsockopt(zmq, option, p, n);
    assert(rc == 0);
}

static void on_fd(void *ctx, int events)
{
    (void)events;
    struct bus_socket *s = ctx;
    s->dirty = true; /* nothing else: the prepare hook of this turn does the work */
}

static struct bus_socket *open_socket(struct bus *b, int type)
{
    void *zmq = zmq_socket(bus_context(), type);
    if (!zmq) {
        log_error("bus_socket_failed", KV_Z("why", zmq_strerror(errno)));
        return NULL;
    }
    set_int(zmq, ZMQ_LINGER, 0);
    set_int(zmq, ZMQ_SNDHWM, HWM);
    set_int(zmq, ZMQ_RCVHWM, HWM);
    int64_t max = LIMIT_BUS_MESSAGE;
    set_bytes(zmq, ZMQ_MAXMSGSIZE, &max, sizeof max);
    set_int(zmq, ZMQ_SNDTIMEO, 0);
    set_int(zmq, ZMQ_RCVTIMEO, 0);
    set_int(zmq, ZMQ_IMMEDIATE, 1);
    set_int(zmq, ZMQ_HEARTBEAT_IVL, 0);
    set_int(zmq, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(zmq, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(zmq, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    set_int(zmq, ZMQ_CONNECT_TIMEOUT, HANDSHAKE_MS);
    set_int(zmq, ZMQ_TCP_MAXRT, TCP_DEAD_MS);
    set_int(zmq, ZMQ_TCP_KEEPALIVE, 1);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_IDLE, 5);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_INTVL, 2);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_CNT, 3);
    set_int(zmq, ZMQ_BACKLOG, BACKLOG);

    struct bus_socket *s = mem_zalloc(sizeof *s);
    s->bus = b;
    s->zmq = zmq;
    s->dirty = true; /* before the first poll too */
    list_push_back(&b->sockets, &s->link);
    int fd;
    size_t n = sizeof fd;
    int rc = zmq_getsockopt(zmq, ZMQ_FD, &fd, &n);
    assert(rc == 0);
    s->poll = loop_poll_open(b->loop, fd, on_fd, s);
    loop_poll_set(s->poll, LOOP_READ);
    return s;
}

void socket_close(struct bus_socket *s, int linger_ms)
{
    list_remove(&s->link);
    loop_poll_close(&s->poll);
    set_int(s->zmq, ZMQ_LINGER, linger_ms);
    zmq_close(s->zmq);
    mem_free(s->endpoint);
    mem_free(s);
}

static bool is_tcp(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static bool is_ipc(const char *endpoint)
{
    return strncmp(endpoint, "ipc://", 6) == 0;
}

static void allow_ipv6(void *zmq, const char *endpoint)
{
    set_int(zmq, ZMQ_IPV6, strchr(endpoint, '[') != NULL);
}

/* ---------------------------------------------------------------- ROUTER */

struct bus_socket *socket_router(struct bus *b)
{
    struct bus_socket *s = open_socket(b, ZMQ_ROUTER);
    if (!s)
        return NULL;
    s->router = true;
    set_int(s->zmq, ZMQ_ROUTER_MANDATORY, 1); /* or what cannot be sent vanishes with success */
    set_int(s->zmq, ZMQ_ROUTER_HANDOVER, 1);  /* or who reconnects is ignored in silence */
    return s;
}

int socket_bind(struct bus_socket *s, const char *endpoint, struct buf *real_endpoint,
                struct buf *err)
{
    struct bus *b = s->bus;
    if (!is_tcp(endpoint) && !is_ipc(endpoint)) {
        buf_printf(err, "bus: %s: only tcp:// and ipc:// are possible", endpoint);
        return ERR_INVALID;
    }
    if (is_tcp(endpoint) && !b->has_keys) {
        buf_printf(err, "bus: %s: tcp:// needs CURVE keys", endpoint);
        return ERR_DENIED;
    }
    /* A listener copies the options as they are when it is bound: an ipc:// one beside a tcp:// one
     * stays without CURVE. */
    bool curve = is_tcp(endpoint);
    set_int(s->zmq, ZMQ_CURVE_SERVER, curve);
    if (curve) {
        zap_open(b);
        set_bytes(s->zmq, ZMQ_CURVE_SECRETKEY, b->secret, sizeof b->secret);
        set_bytes(s->zmq, ZMQ_ZAP_DOMAIN, b->zap_domain, strlen(b->zap_domain));
        set_int(s->zmq, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
        s->curve = true;
    } else if (s->curve) {
        /* A domain cannot be taken back, so the handler is asked here too. */
        set_bytes(s->zmq, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN_IPC, strlen(ZAP_DOMAIN_IPC));
    }
    allow_ipv6(s->zmq, endpoint);
    if (zmq_bind(s->zmq, endpoint) != 0) {
        buf_printf(err, "bus: %s: %s", endpoint, zmq_strerror(errno));
        return ERR_IO;
    }
    char real[512];
    size_t n = sizeof real;
    if (real_endpoint && zmq_getsockopt(s->zmq, ZMQ_LAST_ENDPOINT, real, &n) == 0)
        buf_z(real_endpoint, real);
    s->dirty = true;
    return 0;
}

/* ---------------------------------------------------------------- DEALER */

static bool is_at(const struct bus_socket *s, struct str id, const char *endpoint,
                  const uint8_t *server_key)
{
    return !s->router && str_is(id, s->id) && s->endpoint && strcmp(s->endpoint, endpoint) == 0 &&
           s->curve == (server_key != NULL) &&
           (!server_key || memcmp(s->server_key, server_key, sizeof s->server_key) == 0);
}

struct bus_socket *socket_dealer(struct bus *b, struct str id, const char *endpoint,
                                 const uint8_t *server_key)
{
    if (!is_ipc(endpoint) && !(is_tcp(endpoint) && server_key && b->has_keys)) {
        log_error("bus_endpoint_refused", KV("peer", id), KV_Z("endpoint", endpoint),
                  KV_Z("why", "tcp:// needs CURVE keys on both sides"));
        return NULL;
    }
    /* The next life of a shard at the same place: its connection is ours already, by reconnecting.
     * A second socket would only meet the first one there. */
    LIST_FOREACH(it, &b->sockets)
    {
        struct bus_socket *s = LIST_ENTRY(it, struct bus_socket, link);
        if (is_at(s, id, endpoint, server_key))
            return s;
    }
    struct bus_socket *s = open_socket(b, ZMQ_DEALER);
    if (!s)
        return NULL;
    /* The number keeps two sockets apart that end at the same shard: one left to rot may come back
     * to an address that another shard has now. */
    char name[BUS_ROUTE_MAX];
    int n = snprintf(name, sizeof name, "%c:%s:%llu:%llu", b->role == BUS_SHARD ? 's' : 'g', b->id,
                     (unsigned long long)b->boot, (unsigned long long)++b->n_sockets);
    assert(n > 0 && (size_t)n < sizeof name);
    set_bytes(s->zmq, ZMQ_ROUTING_ID, name, (size_t)n);
    if (server_key) {
        s->curve = true;
        memcpy(s->server_key, server_key, sizeof s->server_key);
        set_bytes(s->zmq, ZMQ_CURVE_SERVERKEY, server_key, sizeof s->server_key);
        set_bytes(s->zmq, ZMQ_CURVE_PUBLICKEY, b->public, sizeof b->public);
        set_bytes(s->zmq, ZMQ_CURVE_SECRETKEY, b->secret, sizeof b->secret);
    }
    allow_ipv6(s->zmq, endpoint);
    memcpy(s->id, id.p, id.n);
    s->endpoint = mem_dup(endpoint, strlen(endpoint));
    if (zmq_connect(s->zmq, endpoint) != 0) {
        log_error("bus_connect_failed", KV("peer", id), KV_Z("endpoint", endpoint),
                  KV_Z("why", zmq_strerror(errno)));
        socket_close(s, 0);
        return NULL;
    }
    return s;
}

/* ---------------------------------------------------------------- frames out */

static enum socket_sent send_part(struct bus_socket *s, struct str bytes, int flags)
{
    s->dirty = true; /* a send may use up the edge of a message that came meanwhile */
    if (zmq_send(s->zmq, bytes.p, bytes.n, flags | ZMQ_DONTWAIT) >= 0)
        return SOCKET_SENT;
    return errno == EHOSTUNREACH ? SOCKET_UNREACHABLE : SOCKET_FULL;
}

/* Order matters little here: a frame that overtakes another is seen as a hole and asked for again.
 */
enum socket_sent socket_send(struct bus_peer *p, struct str frame)
{
    enum socket_sent result = SOCKET_UNREACHABLE;
    if (p->dealer) {
        result = send_part(p->dealer, frame, 0);
        if (result == SOCKET_SENT)
            return result;
        p->dealer->refused = true;
    }
    if (p->route_n && p->bus->router) {
        result = send_part(p->bus->router, str_n(p->route, p->route_n), ZMQ_SNDMORE);
        if (result == SOCKET_SENT)
            result = send_part(p->bus->router, frame, 0);
    }
    return result;
}

/* ---------------------------------------------------------------- frames in */

static bool has_more(zmq_msg_t *m)
{
    return zmq_msg_more(m) != 0;
}

static bool receive_part(struct bus_socket *s, zmq_msg_t *m)
{
    return zmq_msg_recv(m, s->zmq, ZMQ_DONTWAIT) >= 0;
}

/* The rest of a message with more parts than there are in our protocol. */
static void skip_rest(struct bus_socket *s)
{
    zmq_msg_t m;
    bool more = true;
    while (more) {
        zmq_msg_init(&m);
        more = receive_part(s, &m) && has_more(&m);
        zmq_msg_close(&m);
    }
}

/* One message. False: none is there. */
static bool receive_one(struct bus_socket *s)
{
    zmq_msg_t m;
    char route[256];
    size_t route_n = 0;
    zmq_msg_init(&m);
    if (!receive_part(s, &m)) {
        zmq_msg_close(&m);
        return false;
    }
    if (s->router) {
        size_t n = zmq_msg_size(&m);
        bool fits = n <= sizeof route && has_more(&m);
        if (fits) {
            memcpy(route, zmq_msg_data(&m), n);
            route_n = n;
        }
        bool more = has_more(&m);
        zmq_msg_close(&m);
        if (!fits) {
            if (more)
                skip_rest(s);
            bus_decode_error();
            return true;
        }
        zmq_msg_init(&m);
        if (!receive_part(s, &m)) { /* parts of a message arrive together */
            zmq_msg_close(&m);
            return true;
        }
    }
    if (has_more(&m)) {
        skip_rest(s);
        bus_decode_error();
    } else {
        /* The metadata of the payload, not of the name before it: there it may be missing. */
        const char *user_id = s->router ? zmq_msg_gets(&m, "User-Id") : NULL;
        peer_frame(s, str_n(route, route_n), user_id, str_n(zmq_msg_data(&m), zmq_msg_size(&m)));
    }
    zmq_msg_close(&m);
    return true;
}

static void unblock(struct bus_socket *s)
{
    struct bus *b = s->bus;
    s->refused = false;
    struct bus_peer *p, *next;
    HASH_ITER(hh, b->peers, p, next)
    {
        if (p->dealer == s && p->blocked) {
            p->blocked = false;
            bus_touch(p);
        }
    }
}

bool sockets_drain(struct bus *b)
{
    bool left = false;
    LIST_FOREACH(it, &b->sockets) /* callbacks may append sockets; none is closed while running */
    {
        struct bus_socket *s = LIST_ENTRY(it, struct bus_socket, link);
        if (!s->dirty)
            continue;
        int budget = BUS_DRAIN_MESSAGES;
        while (budget > 0 && receive_one(s))
            budget--;
        int events = 0;
        size_t n = sizeof events;
        if (zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &n) != 0)
            events = 0;
        /* Writable again after a refusal: connected, or there is room. A ROUTER's says
         * nothing about one peer. */
        if (s->refused && (events & ZMQ_POLLOUT))
            unblock(s);
        s->dirty = (events & ZMQ_POLLIN) != 0;
        left = left || s->dirty;
    }
    return left;
}
