/* route.h: a stanza for a user: where he is online according to verona:session:<bare JID>, and on
 * to the gateways of those sessions. */
#ifndef MUC_ROUTE_H
#define MUC_ROUTE_H

#include "proto/muc.pb-c.h"
#include "shard/room/room_types.h"

struct link;
struct redis;
struct route;

/* Both are borrowed until route_destroy. */
struct route *route_new(struct redis *r, struct link *k);
/* Look-ups that are still out are forgotten. */
void route_destroy(struct route **rt_p);
/* `msg` is borrowed. Order per target is kept: look-ups are answered in order of issue. */
void route_stanza(struct route *rt, gateway_ref from, const Verona__Route *msg);

/* One entry of the registry: "<gateway id> <boot> <handle> <priority>". */
struct route_session {
    struct str gateway;
    uint64_t boot, handle;
    int priority; /* -129: no presence yet */
};
/* out->gateway lies in entry. False: it is not of that form. */
bool route_parse(struct str entry, struct route_session *out);

#endif
