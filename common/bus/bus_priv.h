/* bus_priv.h: the inside of the bus.
 *
 *   bus.c         life, tick, flush: when things happen
 *   bus_peer.c    who is there: frames to channels, Hellos to peers, events to the caller
 *   bus_socket.c  ZeroMQ: sockets, options, readiness, one frame in or out
 *   bus_zap.c     which CURVE keys may connect at all
 *   channel.c     one link as a state machine, without any of these
 *
 *   ZMQ_FD -> socket dirty -> prepare hook -> sockets_drain -> peer_frame -> channel -> ops
 *   bus_send -> channel -> peer dirty -> flush task -> channel -> socket_send -> socket dirty */
#ifndef MUC_BUS_PRIV_H
#define MUC_BUS_PRIV_H

#include "base/arena.h"
#include "base/hmap.h"
#include "bus/bus.h"
#include "bus/channel.h"
#include "rt/loop.h"

enum {
    BUS_ID_MAX = 64,
    BUS_CLUSTER_MAX = 128,
    BUS_ROUTE_MAX = 128, /* "<role>:<id>:<boot>:<socket>" */
    BUS_KEY_TEXT = 40,   /* a CURVE key as Z85 */
    BUS_PEERS_MAX = 4096,
    BUS_BAD_FRAMES = 3,       /* in a row: the link is reset */
    BUS_DRAIN_MESSAGES = 256, /* per socket and turn */
    BUS_STRANGER_MS = 10000,  /* a caller that never came up is forgotten after this */
    BUS_LINGER_MS = 100,      /* at the end, for what was just flushed */
    BUS_COMPLAIN_MS = 5000,   /* between two log lines about refused callers */
    BUS_N_KINDS = 16,         /* items by kind, for metrics: bus.c */
};

struct bus_socket {
    struct list link; /* bus.sockets */
    struct bus *bus;
    void *zmq;
    struct loop_poll *poll; /* of ZMQ_FD */
    bool router;
    bool curve;   /* DEALER: under CURVE. ROUTER: some of its endpoints are */
    bool dirty;   /* its readiness must be asked for before the next poll */
    bool refused; /* DEALER: it took nothing the last time */
    /* DEALER: where it is connected, so that the next life at the same place can have it. */
    char id[BUS_ID_MAX + 1];
    char *endpoint;
    uint8_t server_key[32];
};

struct bus_peer_key {
    uint32_t role;
    uint32_t id_n;
    uint64_t boot;
    char id[BUS_ID_MAX]; /* padded with zeros */
};

struct bus_peer {
    UT_hash_handle hh; /* bus.peers */
    struct bus_peer_key key;
    struct list dirty; /* bus.dirty, while there may be something to send */
    struct bus *bus;
    struct channel *channel;
    struct bus_socket *dealer; /* NULL: it only calls us */
    char route[BUS_ROUTE_MAX]; /* its name at our ROUTER */
    size_t route_n;            /* 0: it has not called us */
    char
        caller_key[BUS_KEY_TEXT + 1]; /* CURVE key it called with, as Z85; "": called over ipc:// */
    uint64_t born_ms;
    unsigned bad;   /* frames in a row that made no sense */
    bool called_us; /* made by its Hello, not by bus_connect */
    bool up;        /* as the caller was told */
    bool ever_up;
    bool full;         /* as the caller was told */
    bool unreachable;  /* what was sent last found no connection of it */
    bool blocked;      /* the transport took nothing: wait for a tick or for readiness */
    bool dead;         /* out of the table, freed at the end of the turn */
    struct list grave; /* bus.graves */
    void *user;
};

struct bus_counts {
    uint64_t items[BUS_SHARD + 1][BUS_N_KINDS]; /* by role of the peer */
    uint64_t bytes[BUS_SHARD + 1];
};

struct bus {
    struct list all; /* all buses of this process */
    struct loop *loop;
    const struct bus_ops *ops;
    void *ctx;
    enum bus_role role;
    char id[BUS_ID_MAX + 1];
    uint64_t boot;
    struct str cluster_id; /* ours */
    uint32_t unicode;
    bool has_keys;
    uint8_t secret[32], public[32];
    char zap_domain[32];

    struct bus_peer *peers; /* by key */
    struct list sockets;    /* struct bus_socket */
    struct bus_socket *router;
    uint64_t n_sockets; /* ever made */
    uint64_t n_links;   /* channels ever made: their numbers rise */

    struct list dirty; /* struct bus_peer */
    struct list graves;
    struct loop_task flush_task, bury_task;
    struct loop_timer tick;
    uint64_t ticked_ms, complained_ms;
    unsigned ticks;
    bool spin;
    bool was_away; /* the last tick came so late that it judged nobody */

    struct arena arena;               /* of the frame at hand */
    struct buf out;                   /* likewise */
    struct bus_counts sent, received; /* since the last tick */
};

/* bus.c */
void bus_touch(struct bus_peer *p); /* something may have to be sent at the end of the turn */
void bus_count(struct bus_counts *c, enum bus_role role, struct str item);
void bus_decode_error(void);

/* bus_peer.c */
void peer_frame(struct bus_socket *s, struct str route, const char *user_id, struct str frame);
void peer_events(struct bus_peer *p, int ev);
struct bus_peer *peer_find(struct bus *b, enum bus_role role, struct str id, uint64_t boot);
struct bus_peer *peer_add(struct bus *b, enum bus_role role, struct str id, uint64_t boot);
void peer_remove(struct bus_peer *p); /* says gone, if the caller can know of it */
void peer_free(struct bus_peer *p);
bool peer_with_crc(const struct bus_peer *p);
bool bus_id_ok(struct str id);
/* The peers of now, so that callbacks may change the table. Free with mem_free. */
struct bus_peer **peer_list(struct bus *b, size_t *n);

/* bus_socket.c */
void *bus_context(void);
struct bus_socket *socket_router(struct bus *b);
MUST_CHECK int socket_bind(struct bus_socket *s, const char *endpoint, struct buf *real_endpoint,
                           struct buf *err);
/* A socket connected to `endpoint`, new or one that is there already; NULL if that cannot be. */
struct bus_socket *socket_dealer(struct bus *b, struct str id, const char *endpoint,
                                 const uint8_t *server_key);
void socket_close(struct bus_socket *s, int linger_ms);
/* Takes what is there, within the budget of a turn. True if something may be left. */
bool sockets_drain(struct bus *b);
enum socket_sent { SOCKET_SENT, SOCKET_FULL, SOCKET_UNREACHABLE };
enum socket_sent socket_send(struct bus_peer *p, struct str frame);

/* bus_zap.c */
#define ZAP_DOMAIN_IPC "verona.ipc" /* NULL mechanism is fine there */
void zap_open(struct bus *b);       /* before the first CURVE server socket */
void zap_leave(struct bus *b);      /* the loop of this bus ends */
void zap_pump(void);
void zap_close(void);
struct bus *bus_by_domain(struct str domain); /* bus.c */

#endif
