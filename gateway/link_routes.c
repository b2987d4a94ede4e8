/* link_routes.c: stanzas between users, to the owner of the slot of the target's bare JID, who
 * looks up where the user is, and from there to us.
 *
 *   link_route --> routes --Route--> shard --Routed--> a gateway --RoutedDone--> shard
 *                  routes <--RouteDone, RouteFailed---------------------------- shard
 *
 * Kept until the shard says what became of them, and sent again if it dies before that. Parked
 * while there is no owner; refused after 5 seconds. */
#include "gateway/link_priv.h"

#include "base/jid.h"
#include "gateway/orders.h"
#include "rt/metrics.h"
#include "rt/random.h"

static uint64_t due(const struct link *l)
{
    return loop_now_ms(l->g->loop) + LINK_ROUTE_MS;
}

/* ---- out */

static void *life_of(void *ctx, uint32_t slot)
{
    struct shard_link *s = link_shard_of(ctx, slot);
    return s && s->up && !s->over ? s : NULL;
}

static bool send(void *ctx, void *life, struct str item)
{
    const struct shard_link *s = life;
    (void)ctx;
    return bus_send(s->peer, item) == 0;
}

static void failed(struct link *l, struct route_owner owner, int condition)
{
    home_route_failed(l->g->home, owner.by_sid, owner.ref, condition);
}

void link_route(struct link *l, struct str to, int kind, struct str stanza, uint64_t by_sid,
                uint64_t ref, struct str session)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Route route = VERONA__ROUTE__INIT;
    const struct route_owner owner = {by_sid, ref, loop_clock_ns()};
    uint32_t slot = link_slot(l, jid_bare(to));
    route.to = wire_bytes(to);
    route.slot = slot;
    route.stanza = wire_bytes(stanza);
    route.kind = (Verona__Route__Kind)kind;
    route.origin = l->origin;
    route.ref = routes_next(l->routes);
    route.session = wire_bytes(session);
    item.kind_case = VERONA__ITEM__KIND_ROUTE;
    item.route = &route;
    struct buf packed;
    buf_init(&packed);
    (void)wire_pack(&item.base, &packed);
    if (packed.len > BUS_ITEM_MAX) /* no frame could carry it */
        failed(l, owner, SE_POLICY_VIOLATION);
    else if (!routes_add(l->routes, slot, owner, &packed, due(l)))
        failed(l, owner, SE_RESOURCE_CONSTRAINT);
    else if (routes_waits(l->routes, slot))
        link_read_slot(l, slot);
    buf_deinit(&packed);
}

void link_routes_flush(struct link *l)
{
    routes_flush(l->routes);
}

static void read_slot(void *ctx, uint32_t slot)
{
    link_read_slot(ctx, slot);
}

void link_routes_tick(struct link *l)
{
    uint64_t now = loop_now_ms(l->g->loop);
    struct route_owner owner;
    while (routes_expired(l->routes, now, &owner))
        failed(l, owner, SE_RESOURCE_CONSTRAINT);
    routes_flush(l->routes);
    routes_each_waiting_slot(l->routes, read_slot, l);
    metric_set(METRIC_ROUTES, routes_count(l->routes));
}

void link_routes_gone(struct link *l, struct shard_link *s)
{
    routes_life_over(l->routes, s, due(l));
    routes_flush(l->routes);
}

/* ---- what became of them */

static bool answered(struct link *l, struct bus_peer *peer, uint64_t number,
                     struct route_owner *owner)
{
    const struct shard_link *s = bus_peer_user(peer);
    if (!s || !routes_answered(l->routes, number, s, owner))
        return false; /* it was sent again meanwhile, to another */
    metric_observe_l(METRIC_BUS_REQUEST_DURATION_SECONDS, "route", NULL,
                     (double)(loop_clock_ns() - owner->read_ns) / 1e9);
    return true;
}

void link_route_done(struct link *l, struct bus_peer *peer, const Verona__RouteDone *d)
{
    struct route_owner owner;
    if (answered(l, peer, d->ref, &owner) && !orders_routed(l->g->orders, owner.ref, 0, d->count))
        home_route_done(l->g->home, owner.ref);
}

void link_route_failed(struct link *l, struct bus_peer *peer, const Verona__RouteFailed *f)
{
    struct route_owner owner;
    if (answered(l, peer, f->ref, &owner))
        failed(l, owner, (int)f->condition);
}

/* ---- in */

/* Behind the sockets' turn: what is answered for was written, as far as its socket took it. */
static void answer_now(void *ctx)
{
    struct link *l = ctx;
    LIST_FOREACH(it, &l->shards)
    {
        struct shard_link *s = LIST_ENTRY(it, struct shard_link, in_link);
        if (s->taken.len == 0 && s->untaken.len == 0)
            continue;
        Verona__Item item = VERONA__ITEM__INIT;
        Verona__RoutedDone d = VERONA__ROUTED_DONE__INIT;
        d.taken = (uint64_t *)(void *)s->taken.data;
        d.n_taken = s->taken.len / sizeof *d.taken;
        d.lost = (uint64_t *)(void *)s->untaken.data;
        d.n_lost = s->untaken.len / sizeof *d.lost;
        item.kind_case = VERONA__ITEM__KIND_ROUTED_DONE;
        item.routed_done = &d;
        (void)link_send_item(l, s->peer, &item);
        buf_reset(&s->taken);
        buf_reset(&s->untaken);
    }
}

void link_routed(struct link *l, struct bus_peer *peer, const Verona__Routed *r)
{
    struct shard_link *s = bus_peer_user(peer);
    const struct seen_key key = {r->origin, r->ref, r->sid};
    bool again = seen_has(l->seen, key);
    bool taken = again || home_routed(l->g->home, wire_str(r->to), r->sid, (int)r->kind,
                                      wire_str(r->stanza));
    if (taken && !again)
        seen_add(l->seen, key);
    if (!r->pass || !s)
        return;
    buf_put(taken ? &s->taken : &s->untaken, &r->pass, sizeof r->pass);
    loop_defer(l->g->loop, &l->answer_task, LOOP_PRIO_CLEAN, answer_now, l);
}

/* ---- life */

void link_routes_init(struct link *l)
{
    static const struct routes_ops ops = {.life = life_of, .send = send};
    l->routes = routes_new(&ops, l);
    l->seen = seen_new();
    rt_random(&l->origin, sizeof l->origin);
}

void link_routes_deinit(struct link *l)
{
    loop_cancel(&l->answer_task);
    routes_destroy(&l->routes);
    seen_destroy(&l->seen);
}
