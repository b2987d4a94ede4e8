/* link_routes.c: stanzas between users, to the owner of the slot of the target's bare JID, who
 * looks up where the user is. Parked while there is no such owner; refused after 5 seconds. */
#include "gateway/link_priv.h"

#include "base/jid.h"
#include "rt/metrics.h"

#define MAX_PARKED 4096u

struct route {
    struct list in_link;
    uint64_t due_ms, by_sid, ref;
    uint32_t slot;
    struct buf item;
};

static void unpark(struct link *l, struct route *r)
{
    list_remove(&r->in_link);
    l->n_routes--;
    l->route_bytes -= r->item.len;
    buf_deinit(&r->item);
    mem_free(r);
}

static bool send(struct link *l, uint32_t slot, struct str item)
{
    struct shard_link *s = link_shard_of(l, slot);
    return s && s->up && bus_send(s->peer, item) == 0;
}

void link_route(struct link *l, struct str to, int kind, struct str stanza, uint64_t by_sid,
                uint64_t ref, struct str session)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Route route = VERONA__ROUTE__INIT;
    uint32_t slot = link_slot(l, jid_bare(to));
    route.to = wire_bytes(to);
    route.slot = slot;
    route.stanza = wire_bytes(stanza);
    route.kind = (Verona__Route__Kind)kind;
    route.by_sid = by_sid;
    route.ref = ref;
    route.session = wire_bytes(session);
    item.kind_case = VERONA__ITEM__KIND_ROUTE;
    item.route = &route;
    struct buf packed;
    buf_init(&packed);
    (void)wire_pack(&item.base, &packed);
    /* those to the same slot that wait go first */
    if (l->n_routes == 0 && send(l, slot, buf_as_str(&packed))) {
        buf_deinit(&packed);
        return;
    }
    if (l->n_routes >= MAX_PARKED || l->route_bytes > LIMIT_BUS_CREDIT) {
        buf_deinit(&packed);
        home_route_failed(l->g->home, by_sid, ref, SE_RESOURCE_CONSTRAINT);
        return;
    }
    struct route *r = mem_zalloc(sizeof *r);
    r->due_ms = loop_now_ms(l->g->loop) + LINK_ROUTE_MS;
    r->by_sid = by_sid;
    r->ref = ref;
    r->slot = slot;
    r->item = packed;
    list_init(&r->in_link);
    list_push_back(&l->routes, &r->in_link);
    l->n_routes++;
    l->route_bytes += packed.len;
    link_routes_flush(l);
}

void link_routes_flush(struct link *l)
{
    LIST_FOREACH_SAFE(it, next, &l->routes)
    {
        struct route *r = LIST_ENTRY(it, struct route, in_link);
        if (send(l, r->slot, buf_as_str(&r->item)))
            unpark(l, r);
        else
            link_read_slot(l, r->slot);
    }
}

void link_routes_tick(struct link *l)
{
    uint64_t now = loop_now_ms(l->g->loop);
    while (!list_empty(&l->routes)) {
        struct route *r = LIST_ENTRY(l->routes.next, struct route, in_link);
        if (r->due_ms > now)
            break;
        uint64_t by_sid = r->by_sid, ref = r->ref;
        unpark(l, r);
        home_route_failed(l->g->home, by_sid, ref, SE_RESOURCE_CONSTRAINT);
    }
    link_routes_flush(l);
}

void link_routes_drop(struct link *l)
{
    LIST_FOREACH_SAFE(it, next, &l->routes)
    unpark(l, LIST_ENTRY(it, struct route, in_link));
}
