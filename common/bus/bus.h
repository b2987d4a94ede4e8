/* bus.h: reliable, ordered items between two processes over ZeroMQ. The only user of <zmq.h>.
 *
 * A shard listens (one ROUTER); gateways and other shards connect (one DEALER per shard and boot).
 * zmq_send() proves nothing, so each link has its own sequence numbers, acks, resends, boot ids,
 * byte and frame credits and heartbeats (channel.h, pure); every item sent on a link that stays
 * within two lives is handed over exactly once and in order, or the link is reported down for good.
 *
 * Items of one turn leave as one frame per peer at its end. States of a link:
 *   DOWN --connect--> HELLO --both ok--> UP --quiet 600 ms--> SUSPECT --1200 ms--> DOWN
 * On the same boots UP again: what was not acked is sent again. Another boot: the old link is void.
 */
#ifndef MUC_BUS_H
#define MUC_BUS_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct bus;
struct bus_peer;

enum bus_role { BUS_GATEWAY = 1, BUS_SHARD = 2 };

struct bus_config {
    enum bus_role role;
    const char *id; /* of this process, at most 64 bytes of [A-Za-z0-9._-] */
    uint64_t boot;  /* of this process */
    struct str cluster_id;
    uint32_t unicode;            /* version of JID preparation; peers must agree */
    const uint8_t *curve_secret; /* 32 bytes, NULL: no CURVE (ipc:// only) */
    const uint8_t *curve_public;
};

struct bus_ops {
    /* The link is up: first time for this boot of the peer (fresh) or again. Frames parked while it
     * was down follow by themselves. */
    void (*up)(void *ctx, struct bus_peer *peer, bool fresh);
    /* No sign of life for 1200 ms, or refused. What is queued stays queued for the same boot. */
    void (*down)(void *ctx, struct bus_peer *peer);
    /* This life of the peer is over (another boot of its id said hello, or bus_forget): everything
     * queued for it is dropped after this call; the pointer is invalid afterwards. */
    void (*gone)(void *ctx, struct bus_peer *peer);
    /* One item, in order, each once. Bytes are borrowed for the call. */
    void (*item)(void *ctx, struct bus_peer *peer, struct str bytes);
    /* The queue to the peer went over (full) or fell under (not full) its credit window: stop or go
     * on taking from whoever feeds it. */
    void (*pressure)(void *ctx, struct bus_peer *peer, bool full);
    /* May the owner of this CURVE key (32 bytes) speak as `id`? Asked at each handshake: with an
     * empty id when the connection opens (is the key known at all?), with the id at Hello. NULL:
     * nobody. */
    bool (*allow)(void *ctx, const uint8_t key[32], struct str id);
};

/* cfg is copied; ops is borrowed until bus_destroy. Errors: ERR_INVALID (configuration). */
MUST_CHECK int bus_new(struct loop *l, const struct bus_config *cfg, const struct bus_ops *ops,
                       void *ctx, struct bus **out);
/* Flushes what can be sent at once, then drops everything. */
void bus_destroy(struct bus **b_p);

/* Shard: bind; more than once for more endpoints. ERR_IO with a line for people. tcp:// without
 * CURVE keys is ERR_DENIED. The real endpoint (a wildcard port resolved) is written to `endpoint`.
 */
MUST_CHECK int bus_listen(struct bus *b, const char *endpoint, struct buf *real_endpoint,
                          struct buf *err);
/* Connect to a shard's boot. A call for a (id, boot) that is known does nothing. server_key: 32
 * bytes or NULL without CURVE. */
void bus_connect(struct bus *b, struct str id, uint64_t boot, const char *endpoint,
                 const uint8_t *server_key);
/* The registry says this life is over: `gone` is called, its socket is left to rot quietly. */
void bus_forget(struct bus *b, struct str id, uint64_t boot);

/* The largest item. */
enum { BUS_ITEM_MAX = 1024 * 1024 - 2048 };

/* Queues one item (a packed verona.Item); copies it. ERR_TOOBIG above BUS_ITEM_MAX. Allowed in any
 * state of the link: what waits is bounded by the caller through `pressure`, and hard by
 * LIMIT_BUS_OVERRUN: then ERR_FULL, and the item is not queued. ERR_NOTFOUND inside or after
 * `gone`. */
int bus_send(struct bus_peer *peer, struct str item);

struct bus_peer *bus_find(struct bus *b, struct str id, uint64_t boot); /* NULL if unknown */
/* Valid until `gone` was called for the peer; so is the id. */
enum bus_role bus_peer_role(const struct bus_peer *p);
struct str bus_peer_id(const struct bus_peer *p);
uint64_t bus_peer_boot(const struct bus_peer *p);
bool bus_peer_up(const struct bus_peer *p);
/* The last frame for it found no connection: it is not slow, it (or the way to it) is not there. */
bool bus_peer_unreachable(const struct bus_peer *p);
size_t bus_peer_queued(const struct bus_peer *p); /* bytes not acked */
/* ms since the last frame of the peer (0 while fresh). */
uint64_t bus_peer_silent_ms(const struct bus_peer *p);
/* The caller's own pointer beside a peer, NULL at first. */
void bus_peer_set_user(struct bus_peer *p, void *user);
void *bus_peer_user(const struct bus_peer *p);
void bus_each_peer(struct bus *b, void (*fn)(void *ctx, struct bus_peer *p), void *ctx);

/* Ends ZeroMQ in this process, after the last bus_destroy: for tests that look for leaks. Programs
 * do not call it; they exit. */
void bus_end(void);

/* A new CURVE key pair, 32 bytes each. */
void bus_keypair(uint8_t public_key[32], uint8_t secret_key[32]);

#endif
