/* link_priv.h: what the files of link share.
 *
 *   link.c         the bus: peers, items in, back-pressure, life
 *   link_slots.c   the slot table: reading it, owners' words, sending what waits
 *   link_routes.c  stanzas between users: to a shard, from one, and what became of them */
#ifndef MUC_GATEWAY_LINK_PRIV_H
#define MUC_GATEWAY_LINK_PRIV_H

#include "base/arena.h"
#include "base/hmap.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/muc.h"
#include "bus/bus.h"
#include "gateway/client.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "gateway/muc.h"
#include "gateway/pending.h"
#include "gateway/routes.h"
#include "gateway/seen.h"
#include "gateway/slot_table.h"
#include "proto/wire.h"
#include "rt/loop.h"

/* Clients whose sockets are not read while a queue that they feed is full; each is paused once. */
struct throttle {
    bool full;
    struct paused *paused;
};

/* Beside a bus peer. */
struct shard_link {
    struct list in_link;
    struct bus_peer *peer;
    bool up, was_up;
    bool over; /* the registry says it is dead: it comes back with another boot only */
    struct throttle throttle;
    struct buf taken, untaken; /* uint64_t: passes of Routed to answer at the end of this turn */
};

enum slot_flag {
    SLOT_READ = 1,    /* its record is to be read */
    SLOT_READING = 2, /* and that is under way */
    SLOT_HELD = 4,    /* a request bounced: nothing is sent before the record was read again */
    SLOT_WAITED = 8,  /* it was needed and not bound a tick ago */
};

struct link {
    struct gateway *g;
    struct bus *bus;
    uint8_t public_key[32], secret_key[32];
    struct list shards; /* struct shard_link */
    struct slot_table *table;
    struct pending *pending;
    struct throttle parked; /* too much waits for owners */
    uint64_t rseq;
    uint8_t flags[SLOT_COUNT];
    uint32_t n_to_read;
    struct list reads; /* struct slot_read: HMGETs under way */
    struct routes *routes;
    struct seen *seen;
    uint64_t origin; /* of our routes: random */
    struct loop_task answer_task;
    struct loop_timer tick, soon;
    uint32_t ticks;
    struct arena arena; /* one item in */
    struct buf out;     /* one item out */
};

#define LINK_TICK_MS 250u
#define LINK_SOON_MS 20u
#define LINK_ROUTE_MS 5000u

/* link.c */
/* The link to the slot's owner, bound or only read; NULL if there is none. */
struct shard_link *link_shard_of(struct link *l, uint32_t slot);
void link_pause(struct link *l, struct throttle *t, uint64_t sid);
void link_release(struct link *l, struct throttle *t);
int link_send_item(struct link *l, struct bus_peer *peer, Verona__Item *item);

/* link_slots.c */
void link_read_slot(struct link *l, uint32_t slot); /* soon */
void link_read_all(struct link *l);
void link_reads_drop(struct link *l); /* the answers will find nobody */
void link_new_owner(struct link *l, struct bus_peer *peer, const Verona__NewOwner *n);
void link_wrong_slot(struct link *l, struct bus_peer *peer, const Verona__WrongSlot *w);
void link_flush(struct link *l, uint32_t slot);
void link_flush_all(struct link *l);
void link_slots_tick(struct link *l); /* once a second */

/* link_routes.c */
void link_routes_init(struct link *l);
void link_routes_deinit(struct link *l);
void link_routes_flush(struct link *l);
void link_routes_tick(struct link *l);
/* That life takes and answers nothing more. */
void link_routes_gone(struct link *l, struct shard_link *s);
void link_route_done(struct link *l, struct bus_peer *peer, const Verona__RouteDone *d);
void link_route_failed(struct link *l, struct bus_peer *peer, const Verona__RouteFailed *f);
void link_routed(struct link *l, struct bus_peer *peer, const Verona__Routed *r);

#endif
