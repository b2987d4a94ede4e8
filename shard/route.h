/* route.h: a stanza for a user: where he is online according to verona:session:<bare JID>, and on
 * to the gateways of those sessions. Who sent it hears once what became of it (RouteDone,
 * RouteFailed), or that our life is over: then he sends it again to whom the slot belongs next. */
#ifndef MUC_ROUTE_H
#define MUC_ROUTE_H

#include "proto/muc.pb-c.h"
#include "shard/room/room_types.h"

struct link;
struct redis;
struct route;

/* Both are borrowed until route_destroy. */
struct route *route_new(struct redis *r, struct link *k);
void route_destroy(struct route **rt_p);
/* This life of ours is over: all that is under way is forgotten. */
void route_drop(struct route *rt);
/* `msg` is borrowed. Order per target is kept: look-ups are answered in order of issue. */
void route_stanza(struct route *rt, gateway_ref from, const Verona__Route *msg);

/* A gateway says what became of what was passed on to it. */
void route_answered(struct route *rt, gateway_ref gw, const Verona__RoutedDone *msg);
/* It never will: its life is over. */
void route_gateway_over(struct route *rt, gateway_ref gw);

/* Passed on, and not answered for. */
uint32_t route_count(const struct route *rt);

/* One entry of the registry: "<gateway id> <boot> <handle> <priority>". */
struct route_session {
    struct str gateway;
    uint64_t boot, handle;
    int priority; /* -129: no presence yet */
};
/* out->gateway lies in entry. False: it is not of that form. */
bool route_parse(struct str entry, struct route_session *out);

#endif
