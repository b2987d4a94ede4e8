/* orders.c: see orders.h. Open orders are found by rseq (rooms) or by ref (routes: numbers above
 * ORDER_REFS, so that they are no stanza's of home_route.c). */
#include "gateway/orders.h"
#include "base/hmap.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/muc.h"
#include "gateway/client.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "proto/wire.h"

#define ORDER_REFS (UINT64_C(1) << 62)

enum {
    TIMEOUT_MS = 10000, /* more than a shard takes to give up on Redis */
    TICK_MS = 500,
};

struct order {
    uint64_t key; /* rseq, or ref */
    order_fn *fn;
    void *ctx;
    uint64_t due_ms;
    struct list by_age;
    UT_hash_handle hh;
};

struct orders {
    struct gateway *g;
    struct order *open;
    struct list by_age;
    uint64_t next_ref;
    struct loop_timer tick;
    bool closing;
};

static const struct order_answer refused = {.condition = SE_RESOURCE_CONSTRAINT};

static void answer(struct orders *o, struct order *x, const struct order_answer *a)
{
    order_fn *fn = x->fn;
    void *ctx = x->ctx;
    HASH_DELETE(hh, o->open, x);
    list_remove(&x->by_age);
    mem_free(x);
    fn(ctx, a);
}

/* The answer may still come; nobody waits for it then. */
static void tick(void *ctx)
{
    static const struct order_answer late = {.condition = SE_REMOTE_TIMEOUT_WAIT};
    struct orders *o = ctx;
    uint64_t now = loop_now_ms(o->g->loop);
    while (!list_empty(&o->by_age)) {
        struct order *x = LIST_ENTRY(o->by_age.next, struct order, by_age);
        if (x->due_ms > now)
            return;
        answer(o, x, &late);
    }
}

static struct order *find(struct orders *o, uint64_t key)
{
    struct order *x = NULL;
    if (o)
        HASH_FIND(hh, o->open, &key, sizeof key, x);
    return x;
}

static void add(struct orders *o, uint64_t key, order_fn *fn, void *ctx)
{
    struct order *x = mem_zalloc(sizeof *x);
    x->key = key;
    x->fn = fn;
    x->ctx = ctx;
    x->due_ms = loop_now_ms(o->g->loop) + TIMEOUT_MS;
    list_push_back(&o->by_age, &x->by_age);
    HASH_ADD(hh, o->open, key, sizeof x->key, x);
}

void orders_room(struct orders *o, struct client *c, Verona__RoomEvent *ev, order_fn *fn, void *ctx)
{
    if (!o || o->closing) {
        fn(ctx, &refused);
        return;
    }
    ev->sid = client_sid(c);
    ev->jid = wire_bytes(client_jid(c));
    ev->by_service = true;
    uint64_t rseq = link_request(o->g->link, ev);
    if (rseq)
        add(o, rseq, fn, ctx);
    else
        fn(ctx, &refused);
}

void orders_route(struct orders *o, struct str to, int kind, struct str stanza, order_fn *fn,
                  void *ctx)
{
    if (!o || o->closing) {
        if (fn)
            fn(ctx, &refused);
        return;
    }
    uint64_t ref = ++o->next_ref;
    if (fn)
        add(o, ref, fn, ctx); /* first: the link may refuse at once */
    link_route(o->g->link, to, kind, stanza, fn ? 1 : 0, ref, STR_NULL);
}

bool orders_reply(struct orders *o, uint64_t rseq, const Verona__Reply *reply)
{
    struct order *x = find(o, rseq);
    struct order_answer a = {.reply = reply};
    if (!x)
        return false;
    if (reply && reply->answer_case == VERONA__REPLY__ANSWER_ERROR)
        a.condition = reply->error->condition ? (int)reply->error->condition : SE_INTERNAL;
    answer(o, x, &a);
    return true;
}

bool orders_routed(struct orders *o, uint64_t ref, int condition, uint32_t count)
{
    struct order *x = find(o, ref);
    const struct order_answer a = {.condition = condition, .count = count};
    if (!x)
        return o && ref > ORDER_REFS;
    answer(o, x, &a);
    return true;
}

struct orders *orders_new(struct gateway *g)
{
    struct orders *o = mem_zalloc(sizeof *o);
    o->g = g;
    o->next_ref = ORDER_REFS;
    list_init(&o->by_age);
    loop_timer_init(&o->tick);
    loop_timer_start(g->loop, &o->tick, TICK_MS, TICK_MS, tick, o);
    return o;
}

void orders_destroy(struct orders **o_p)
{
    struct orders *o = *o_p;
    if (!o)
        return;
    loop_timer_stop(&o->tick);
    o->closing = true;
    while (!list_empty(&o->by_age))
        answer(o, LIST_ENTRY(o->by_age.next, struct order, by_age), &refused);
    *o_p = NULL;
    mem_free(o);
}
