/* lib_requests.h: requests as a gateway sends them, and what a shard sends back, for tests. */
#ifndef TEST_LIB_REQUESTS_H
#define TEST_LIB_REQUESTS_H

#include "base/arena.h"
#include "base/buf.h"
#include "proto/muc.pb-c.h"
#include "proto/wire.h"

/* Everything below points into the arena. */
struct request {
    struct arena *arena;
    uint32_t slot;
    uint64_t epoch;
    const char *room;
    uint64_t rseq, sid;
    const char *jid, *nick, *id;
};

Verona__RoomEvent *req(const struct request *r);
Verona__RoomEvent *req_join(const struct request *r);
Verona__RoomEvent *req_leave(const struct request *r);
Verona__RoomEvent *req_message(const struct request *r, const char *payload);
Verona__RoomEvent *req_submit(const struct request *r);
/* The packed verona.Item of an event. */
struct str req_item(struct arena *a, Verona__RoomEvent *ev);

/* Unpacks; fails the test if it is none. */
const Verona__Item *item_of(struct arena *a, struct str bytes);
/* The kinds of a Delivery's parts as text: "roster presence:JOIN reply:error". */
const char *parts_of(struct arena *a, const Verona__Delivery *d);

#endif
