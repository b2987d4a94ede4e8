/* orders.h: what the gateway asks of the cluster for itself, on behalf of a command: requests to
 * rooms, and ends and announcements to users. Each is answered once, whatever happens. */
#ifndef MUC_GATEWAY_ORDERS_H
#define MUC_GATEWAY_ORDERS_H

#include "base/str.h"
#include "proto/muc.pb-c.h"

#include <stdbool.h>

struct gateway;
struct client;
struct orders;

struct order_answer {
    int condition;              /* enum stanza_error; 0: it was done */
    const Verona__Reply *reply; /* of a room; NULL: none came with it */
    uint32_t count;             /* of an end or announcement: RouteDone.count */
};
/* The answer is borrowed for the call. */
typedef void order_fn(void *ctx, const struct order_answer *a);

struct orders *orders_new(struct gateway *g);
/* What is open is answered with an error, and so is what is asked of NULL. */
void orders_destroy(struct orders **o_p);

/* A request to a room in the name of c, as a command of the service (R130); ev's room and body are
 * set, the rest is filled in. fn may be called before this returns. */
void orders_room(struct orders *o, struct client *c, Verona__RoomEvent *ev, order_fn *fn,
                 void *ctx);
/* Route.Kind END or ANNOUNCE. fn NULL: nobody waits for the answer. */
void orders_route(struct orders *o, struct str to, int kind, struct str stanza, order_fn *fn,
                  void *ctx);

/* From muc.c: a request of this gateway is over. reply: NULL: without one. true: it was an order.
 */
bool orders_reply(struct orders *o, uint64_t rseq, const Verona__Reply *reply);
/* From link.c: a route is over; condition 0: it is done. true: it was an order. */
bool orders_routed(struct orders *o, uint64_t ref, int condition, uint32_t count);

#endif
