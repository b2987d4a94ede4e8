/* link.h: the bus as the shard sees it: lives of gateways as numbers, other shards by id.
 *
 *   bus peer (id, boot) <-> gateway_ref <-> "id:boot"
 *
 * A gateway is lost for our rooms when its life is over (the registry says so, another boot of its
 * id came, the link was reset), when its link has been down for 5 s, or when it lags so far behind
 * that its queue nears LIMIT_BUS_OVERRUN. Losing is told at the end of the turn, never inside a
 * send. */
#ifndef MUC_SHARD_LINK_H
#define MUC_SHARD_LINK_H

#include "bus/bus.h"
#include "proto/muc.pb-c.h"
#include "rt/json.h"
#include "shard/room/room_types.h"

struct loop;
struct link;
struct cluster_member;

struct link_ops {
    /* A request, and the packed verona.Item it came as. */
    void (*event)(void *ctx, gateway_ref gw, const Verona__RoomEvent *ev, struct str item);
    void (*route)(void *ctx, gateway_ref gw, const Verona__Route *route);
    void (*routed_done)(void *ctx, gateway_ref gw, const Verona__RoutedDone *msg);
    /* test.forget_rooms: all rooms that nobody is in are to end; then Forgot with that ref. */
    void (*forget)(void *ctx, gateway_ref gw, uint64_t ref);
    void (*ask_slots)(void *ctx, struct str shard, const uint16_t *slots, uint32_t n);
    void (*gave_slots)(void *ctx, struct str shard, const uint16_t *slots, const uint64_t *epochs,
                       uint32_t n);
    void (*gateway_up)(void *ctx, gateway_ref gw);
    void (*gateway_lost)(void *ctx, gateway_ref gw);
    /* Its life is over, or all that it was sent and did not take is gone: nothing of that will be
     * answered. Behind gateway_lost. */
    void (*gateway_over)(void *ctx, gateway_ref gw);
    /* The link of that life is down and its connection is gone: it may be dead. */
    void (*gateway_broken)(void *ctx, struct str id, uint64_t boot);
    /* As bus_ops.allow. */
    bool (*allow)(void *ctx, const uint8_t key[32], struct str id);
};

/* ops is borrowed until link_destroy. Nothing happens before link_start. */
struct link *link_new(struct loop *l, const struct link_ops *ops, void *ctx);
void link_destroy(struct link **k_p);

/* A life of ours begins: bus_new and bus_listen. Errors: theirs, with a line for people. */
MUST_CHECK int link_start(struct link *k, const struct bus_config *cfg, const char *listen,
                          struct buf *err);
/* It is over. Numbers of gateways stay what they are. */
void link_stop(struct link *k);

/* The registry changed: connect to a shard, forget lives that are over. Who is dead there comes
 * back with another boot only. */
void link_member(struct link *k, const struct cluster_member *m, uint64_t old_boot);

/* The number of a gateway's life, if it ever spoke to us; 0: not. name: "id:boot". */
gateway_ref link_find(const struct link *k, struct str name);
/* "<id>:<boot>"; empty for 0. Lives as long as the link. */
struct str link_name(const struct link *k, gateway_ref gw);
/* Is that life still to be reached? (Its link may be down for a moment, or, if the registry has it,
 * not be there yet: what is sent to it waits for 5 s.) */
bool link_alive(const struct link *k, gateway_ref gw);
/* Queues a packed verona.Item. Dropped if that life is over. */
void link_send(struct link *k, gateway_ref gw, struct str item);
/* Packs and queues. */
void link_send_msg(struct link *k, gateway_ref gw, const Verona__Item *item);
void link_send_shard(struct link *k, struct str id, uint64_t boot, const Verona__Item *item);
/* Calls fn for each gateway whose link is up. */
void link_each_gateway(struct link *k, void (*fn)(void *ctx, gateway_ref gw), void *ctx);

json_t *link_status(const struct link *k); /* bus_status() */

struct link_peer {
    enum bus_role role;
    struct str id;
    uint64_t boot;
    bool up;
};
/* Shards as well as gateways; p is borrowed for the call. */
void link_each_peer(struct link *k, void (*fn)(void *ctx, const struct link_peer *p), void *ctx);

#endif
