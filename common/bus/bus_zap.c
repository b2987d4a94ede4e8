/* bus_zap.c: who may connect at all (ZAP, RFC 27 of ZeroMQ), asked by the I/O thread at each
 * handshake.
 *
 * A CURVE server without this accepts every key. Here the key decides; whether its owner may be who
 * he says is decided at his Hello (bus_peer.c), for which the key goes along as the User-Id of each
 * of his messages. Refusals are temporary (300): the registry may not have told us of him yet.
 *
 * One socket serves all buses of the process: its address is fixed. */
#include "bus/bus_priv.h"

#include <assert.h>
#include <zmq.h>

enum { MAX_PARTS = 7, PART_BYTES = 256 };

static struct {
    void *zmq; /* NULL: not needed so far */
    struct loop_poll *poll;
    struct bus *watcher; /* whose loop watches it; without one, ticks do */
} zap;

struct request {
    size_t n_parts; /* those that fit */
    bool bad;
    size_t n[MAX_PARTS];
    char part[MAX_PARTS][PART_BYTES];
};

/* Parts: version, request id, domain, address, identity, mechanism, credentials. */
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIAL };

static struct str part(const struct request *r, size_t i)
{
    return str_n(r->part[i], r->n[i]);
}

static bool receive_request(struct request *r)
{
    bool more = true;
    r->n_parts = 0;
    r->bad = false;
    while (more) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        if (zmq_msg_recv(&m, zap.zmq, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&m);
            return false;
        }
        size_t n = zmq_msg_size(&m);
        if (r->n_parts == MAX_PARTS || n > PART_BYTES) {
            r->bad = true;
        } else {
            memcpy(r->part[r->n_parts], zmq_msg_data(&m), n);
            r->n[r->n_parts++] = n;
        }
        more = zmq_msg_more(&m) != 0;
        zmq_msg_close(&m);
    }
    return true;
}

static bool is_curve(const struct request *r)
{
    return !r->bad && r->n_parts == MAX_PARTS && str_is(part(r, MECHANISM), "CURVE") &&
           r->n[CREDENTIAL] == 32;
}

static bool allowed(const struct request *r)
{
    if (r->bad || r->n_parts <= MECHANISM || !str_is(part(r, VERSION), "1.0"))
        return false;
    if (str_is(part(r, DOMAIN), ZAP_DOMAIN_IPC))
        return str_is(part(r, MECHANISM), "NULL");
    if (!is_curve(r))
        return false;
    struct bus *b = bus_by_domain(part(r, DOMAIN));
    return b && b->ops->allow &&
           b->ops->allow(b->ctx, (const uint8_t *)r->part[CREDENTIAL], STR_NULL);
}

static void reply_part(struct str s, bool more)
{
    zmq_send(zap.zmq, s.p ? s.p : "", s.n, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

static void answer(const struct request *r)
{
    char key_text[BUS_KEY_TEXT + 1] = "";
    bool ok = allowed(r);
    if (ok && is_curve(r))
        zmq_z85_encode(key_text, (const uint8_t *)r->part[CREDENTIAL], 32);
    reply_part(STR("1.0"), true);
    reply_part(r->n_parts > REQUEST_ID ? part(r, REQUEST_ID) : STR_NULL, true);
    reply_part(ok ? STR("200") : STR("300"), true);
    reply_part(ok ? STR("OK") : STR("not known"), true);
    reply_part(str_of(key_text), true); /* the User-Id */
    reply_part(STR_NULL, false);
}

void zap_pump(void)
{
    struct request r;
    while (zap.zmq && receive_request(&r))
        answer(&r);
}

static void on_fd(void *ctx, int events)
{
    (void)ctx;
    (void)events;
    zap_pump(); /* to the end, so the next request makes a new edge; the prepare hook looks again */
}

void zap_open(struct bus *b)
{
    if (!zap.zmq) {
        zap.zmq = zmq_socket(bus_context(), ZMQ_REP);
        assert(zap.zmq);
        int linger = 0;
        zmq_setsockopt(zap.zmq, ZMQ_LINGER, &linger, sizeof linger);
        int rc = zmq_bind(zap.zmq, "inproc://zeromq.zap.01");
        assert(rc == 0);
    }
    if (!zap.watcher) {
        int fd;
        size_t n = sizeof fd;
        int rc = zmq_getsockopt(zap.zmq, ZMQ_FD, &fd, &n);
        assert(rc == 0);
        zap.watcher = b;
        zap.poll = loop_poll_open(b->loop, fd, on_fd, NULL);
        loop_poll_set(zap.poll, LOOP_READ);
    }
}

void zap_leave(struct bus *b)
{
    if (zap.watcher != b)
        return;
    loop_poll_close(&zap.poll);
    zap.watcher = NULL;
}

void zap_close(void)
{
    assert(!zap.watcher);
    if (zap.zmq)
        zmq_close(zap.zmq);
    zap.zmq = NULL;
}
