/* deliver.h: the visible effects of one step -> one verona.Delivery per gateway. Pure.
 *
 *   effects --> parts, packed once each --> per gateway: header + the parts meant for it
 *
 * Who gets what:
 *   everybody   presence, groupchat, notices, statuses, facts, destroyed: each gateway that had
 *               or has sessions in the room
 *   the asker   replies, posts, history, subject, SHOW: the gateway of the request
 *   a nick      private messages: the gateways with sessions of it
 *
 * A gateway whose first session came in with this step gets the roster before the join and nothing
 * from before it.
 * Gateways that get the same bytes share them. What is larger than LIMIT_BUS_CHUNK goes out as
 * several Deliveries in a row; the last one has the event's name, its origin and `last`. */
#ifndef MUC_DELIVER_H
#define MUC_DELIVER_H

#include "base/arena.h"
#include "shard/room/effects.h"
#include "shard/room/room.h"

/* Around the room. */
struct deliver_env {
    uint32_t slot;
    uint64_t epoch;
    struct str room;
    /* "<gateway id>:<boot>" */
    struct str (*gateway_name)(void *ctx, gateway_ref gw);
    void *ctx;
};

/* One step. */
struct deliver_step {
    const struct room *state; /* after the step; NULL: there is none (refused at the door) */
    const struct room_origin *origin;
    const struct room_effects *fx;
    const gateway_ref *before; /* gateways with sessions before the step */
    uint32_t n_before;
    struct event_name name; /* durable: its own; else of the durable event before it */
    struct event_name prev; /* durable: of the one before */
    bool durable, redo;
};

/* A packed verona.Item for a gateway. */
struct deliver_item {
    gateway_ref gw;
    struct str item; /* in the arena; gateways may share it */
};

struct deliver_out {
    struct arena arena;
    struct deliver_item *items; /* for one gateway in order */
    uint32_t n, cap;
    bool origin_served; /* the request's own gateway got a Delivery, which acknowledges it */
};

void deliver_out_init(struct deliver_out *out);
void deliver_out_deinit(struct deliver_out *out);

/* Empties out and fills it. */
void deliver(const struct deliver_env *env, const struct deliver_step *step,
             struct deliver_out *out);

#endif
