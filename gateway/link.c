/* link.c: this gateway's side of the bus: a link to every life of every shard. See link.h.
 *
 *   muc --link_request--> pending --bus--> owner of the slot --Delivery, Ack--> muc
 *                         pending <--link_acknowledge-- muc
 *
 * Only what the slot's present owner says under the slot's present epoch is passed on. */
#include "gateway/link_priv.h"

#include "base/err.h"
#include "bus/bus_status.h"
#include "gateway/forgetting.h"
#include "rt/log.h"
#include "rt/metrics.h"

/* ---- back-pressure */

struct paused {
    uint64_t sid;
    UT_hash_handle hh;
};

void link_pause(struct link *l, struct throttle *t, uint64_t sid)
{
    struct paused *p;
    HASH_FIND(hh, t->paused, &sid, sizeof sid, p);
    struct client *c = p ? NULL : client_by_sid(l->g, sid);
    if (!c || !client_alive(c))
        return;
    p = mem_zalloc(sizeof *p);
    p->sid = sid;
    HASH_ADD(hh, t->paused, sid, sizeof p->sid, p);
    client_pause(c);
}

static void throttle_empty(struct throttle *t, struct link *l)
{
    struct paused *list = t->paused, *p, *next;
    t->paused = NULL; /* resuming may bring requests at once */
    HASH_ITER(hh, list, p, next)
    {
        struct client *c = l ? client_by_sid(l->g, p->sid) : NULL;
        HASH_DELETE(hh, list, p);
        mem_free(p);
        if (c)
            client_resume(c);
    }
}

void link_release(struct link *l, struct throttle *t)
{
    throttle_empty(t, l);
}

/* ---- peers */

struct shard_link *link_shard_of(struct link *l, uint32_t slot)
{
    struct slot_owner owner;
    if (!l->bus || !slot_table_owner(l->table, slot, &owner))
        return NULL;
    struct bus_peer *p = bus_find(l->bus, owner.id, owner.boot);
    return p ? bus_peer_user(p) : NULL;
}

int link_send_item(struct link *l, struct bus_peer *peer, Verona__Item *item)
{
    buf_reset(&l->out);
    (void)wire_pack(&item->base, &l->out);
    return bus_send(peer, buf_as_str(&l->out));
}

/* To every other shard that is reached: this one is not, or is again. */
static void report(struct link *l, struct bus_peer *about, bool up)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__LinkReport r = VERONA__LINK_REPORT__INIT;
    r.shard = wire_bytes(bus_peer_id(about));
    r.boot = bus_peer_boot(about);
    r.up = up;
    item.kind_case = VERONA__ITEM__KIND_LINK_REPORT;
    item.link_report = &r;
    LIST_FOREACH(it, &l->shards)
    {
        struct shard_link *s = LIST_ENTRY(it, struct shard_link, in_link);
        if (s->up && s->peer != about)
            (void)link_send_item(l, s->peer, &item);
    }
}

static void on_up(void *ctx, struct bus_peer *peer, bool fresh)
{
    struct link *l = ctx;
    struct shard_link *s = bus_peer_user(peer);
    if (!s) {
        s = mem_zalloc(sizeof *s);
        s->peer = peer;
        buf_init(&s->taken);
        buf_init(&s->untaken);
        list_init(&s->in_link);
        list_push_back(&l->shards, &s->in_link);
        bus_peer_set_user(peer, s);
    }
    bool again = s->was_up && !s->up;
    s->up = s->was_up = true;
    log_info("shard_up", KV("shard", bus_peer_id(peer)), KV_U("boot", bus_peer_boot(peer)),
             KV_Z("fresh", fresh ? "yes" : "no"));
    if (again)
        report(l, peer, true);
    link_flush_all(l);
}

static void on_down(void *ctx, struct bus_peer *peer)
{
    struct link *l = ctx;
    struct shard_link *s = bus_peer_user(peer);
    if (!s || !s->up)
        return;
    s->up = false;
    log_warn("shard_down", KV("shard", bus_peer_id(peer)), KV_U("boot", bus_peer_boot(peer)));
    report(l, peer, false);
}

static void shard_link_free(struct shard_link *s)
{
    list_remove(&s->in_link);
    buf_deinit(&s->taken);
    buf_deinit(&s->untaken);
    mem_free(s);
}

static void on_gone(void *ctx, struct bus_peer *peer)
{
    struct link *l = ctx;
    struct shard_link *s = bus_peer_user(peer);
    slot_table_gone(l->table, bus_peer_id(peer), bus_peer_boot(peer));
    pending_life_over(l->pending, bus_peer_boot(peer));
    if (!s)
        return;
    bus_peer_set_user(peer, NULL);
    link_routes_gone(l, s);
    link_release(l, &s->throttle);
    shard_link_free(s);
}

static void on_pressure(void *ctx, struct bus_peer *peer, bool full)
{
    struct link *l = ctx;
    struct shard_link *s = bus_peer_user(peer);
    if (!s || s->throttle.full == full)
        return;
    s->throttle.full = full;
    if (full)
        return;
    link_release(l, &s->throttle);
    link_flush_all(l);
}

struct key_search {
    const uint8_t *key;
    bool found;
};

static void look_at_key(void *ctx, const struct cluster_member *m)
{
    struct key_search *s = ctx;
    s->found = s->found ||
               (m->role == CLUSTER_SHARD && memcmp(m->curve_key, s->key, sizeof m->curve_key) == 0);
}

static bool on_allow(void *ctx, const uint8_t key[32], struct str id)
{
    struct link *l = ctx;
    struct key_search search = {.key = key};
    if (id.n == 0) { /* a connection opens: is the key anybody's? */
        cluster_each(l->g->cluster, look_at_key, &search);
        return search.found;
    }
    const struct cluster_member *m = cluster_find(l->g->cluster, CLUSTER_SHARD, id);
    return m && memcmp(m->curve_key, key, sizeof m->curve_key) == 0;
}

/* ---- items in */

static void stale(void)
{
    metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
}

static void delivery(struct link *l, struct bus_peer *peer, const Verona__Delivery *d)
{
    if (d->slot < SLOT_COUNT &&
        slot_table_accepts(l->table, d->slot, d->epoch, bus_peer_id(peer), bus_peer_boot(peer))) {
        muc_delivery(l->g->muc, d);
        return;
    }
    stale();
    if (d->slot < SLOT_COUNT && d->epoch > slot_table_epoch(l->table, d->slot))
        link_read_slot(l, d->slot);
}

static void ack(struct link *l, struct bus_peer *peer, const Verona__Ack *a)
{
    const struct pending_req *q = pending_find(l->pending, a->rseq);
    if (q && q->sent && q->boot == bus_peer_boot(peer))
        muc_ack(l->g->muc, a);
    else
        stale();
}

static void on_item(void *ctx, struct bus_peer *peer, struct str bytes)
{
    struct link *l = ctx;
    arena_reset(&l->arena);
    const Verona__Item *item =
        (const Verona__Item *)wire_unpack(&verona__item__descriptor, bytes, &l->arena);
    if (!item) {
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        return;
    }
    switch (item->kind_case) {
    case VERONA__ITEM__KIND_DELIVERY:
        delivery(l, peer, item->delivery);
        break;
    case VERONA__ITEM__KIND_ACK:
        ack(l, peer, item->ack);
        break;
    case VERONA__ITEM__KIND_WRONG_SLOT:
        link_wrong_slot(l, peer, item->wrong_slot);
        break;
    case VERONA__ITEM__KIND_NEW_OWNER:
        link_new_owner(l, peer, item->new_owner);
        break;
    case VERONA__ITEM__KIND_ROUTED:
        link_routed(l, peer, item->routed);
        break;
    case VERONA__ITEM__KIND_ROUTE_FAILED:
        link_route_failed(l, peer, item->route_failed);
        break;
    case VERONA__ITEM__KIND_ROUTE_DONE:
        link_route_done(l, peer, item->route_done);
        break;
    case VERONA__ITEM__KIND_FORGOT:
        forgetting_answered(l->g->forgetting, bus_peer_id(peer), bus_peer_boot(peer),
                            item->forgot->ref);
        break;
    case VERONA__ITEM__KIND_FORGET:
    case VERONA__ITEM__KIND_ROUTED_DONE:
    case VERONA__ITEM__KIND_EVENT:
    case VERONA__ITEM__KIND_ROUTE:
    case VERONA__ITEM__KIND_ASK_SLOTS:
    case VERONA__ITEM__KIND_GAVE_SLOTS:
    case VERONA__ITEM__KIND_LINK_REPORT:
    case VERONA__ITEM__KIND__NOT_SET:
    case _VERONA__ITEM__KIND__CASE_IS_INT_SIZE:
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        break;
    }
}

/* ---- requests */

uint32_t link_slot(const struct link *l, struct str jid)
{
    return slot_of(cluster_meta(l->g->cluster)->seed, jid);
}

uint64_t link_request(struct link *l, Verona__RoomEvent *ev)
{
    bool leave = ev->body_case == VERONA__ROOM_EVENT__BODY_LEAVE;
    if (!leave && pending_bytes(l->pending) > LIMIT_BUS_OVERRUN)
        return 0;
    ev->slot = link_slot(l, wire_str(ev->room));
    ev->epoch = slot_table_epoch(l->table, ev->slot);
    ev->rseq = ++l->rseq;
    ev->redo = false;
    const struct pending_req *q = pending_add(l->pending, ev, loop_clock_ns());
    if (pending_item(l->pending, q, ev->epoch).n > BUS_ITEM_MAX) {
        pending_remove(l->pending, ev->rseq); /* no frame could carry it */
        return 0;
    }
    link_flush(l, ev->slot);
    const struct pending_req *next = pending_next(l->pending, ev->slot);
    struct shard_link *s = link_shard_of(l, ev->slot);
    if (s && s->throttle.full)
        link_pause(l, &s->throttle, ev->sid);
    if (!next)
        return ev->rseq;
    if (!slot_table_bound(l->table, ev->slot))
        link_read_slot(l, ev->slot);
    if (pending_waiting_bytes(l->pending) > LIMIT_BUS_CREDIT) {
        l->parked.full = true;
        link_pause(l, &l->parked, ev->sid);
    }
    return ev->rseq;
}

bool link_pending_of(const struct link *l, uint64_t sid)
{
    return pending_of(l->pending, sid);
}

void link_forget(struct link *l, const struct cluster_member *shard, uint64_t ref)
{
    struct bus_peer *p = l->bus ? bus_find(l->bus, str_of(shard->id), shard->boot) : NULL;
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Forget f = VERONA__FORGET__INIT;
    f.ref = ref;
    item.kind_case = VERONA__ITEM__KIND_FORGET;
    item.forget = &f;
    if (p)
        (void)link_send_item(l, p, &item);
}

void link_acknowledge(struct link *l, uint64_t rseq)
{
    const struct pending_req *q = pending_find(l->pending, rseq);
    if (!q)
        return;
    metric_observe_l(METRIC_BUS_REQUEST_DURATION_SECONDS, "event", NULL,
                     (double)(loop_clock_ns() - q->read_ns) / 1e9);
    pending_remove(l->pending, rseq);
}

void link_from_inside(struct link *l, uint64_t rseq)
{
    pending_from_inside(l->pending, rseq);
}

bool link_origin(const struct link *l, uint64_t rseq, struct link_origin *out)
{
    const struct pending_req *q = pending_find(l->pending, rseq);
    if (!q)
        return false;
    *out = (struct link_origin){q->sid, q->read_ns, q->what, q->inside};
    return true;
}

/* ---- members */

static bool is_tcp(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

static void member(struct link *l, const struct cluster_member *m)
{
    if (m->role != CLUSTER_SHARD || !m->alive || m->endpoint[0] == '\0' || !l->bus)
        return;
    bus_connect(l->bus, str_of(m->id), m->boot, m->endpoint,
                is_tcp(m->endpoint) ? m->curve_key : NULL);
}

static void member_dead(struct link *l, const struct cluster_member *m)
{
    struct bus_peer *p = bus_find(l->bus, str_of(m->id), m->boot);
    struct shard_link *s = p ? bus_peer_user(p) : NULL;
    if (!s || s->over)
        return;
    s->over = true;
    link_routes_gone(l, s);
}

void link_cluster_member(struct link *l, const struct cluster_member *m, uint64_t old_boot)
{
    if (!l->bus || m->role != CLUSTER_SHARD)
        return;
    if (old_boot != 0 && old_boot != m->boot)
        bus_forget(l->bus, str_of(m->id), old_boot);
    if (!m->alive)
        member_dead(l, m);
    member(l, m);
}

static void each_member(void *ctx, const struct cluster_member *m)
{
    member(ctx, m);
}

/* ---- what others see */

bool link_idle(const struct link *l)
{
    return pending_count(l->pending) == 0 && routes_count(l->routes) == 0;
}

struct shards_seen {
    const struct link *link;
    struct buf *out;
    uint32_t n;
};

static void look_at_shard(void *ctx, const struct cluster_member *m)
{
    struct shards_seen *s = ctx;
    if (m->role != CLUSTER_SHARD || !m->alive)
        return;
    s->n++;
    const struct bus_peer *p = s->link->bus ? bus_find(s->link->bus, str_of(m->id), m->boot) : NULL;
    if (!p || !bus_peer_up(p))
        buf_printf(s->out, "no link to shard %s\n", m->id);
}

void link_reasons(const struct link *l, struct buf *out)
{
    struct shards_seen s = {l, out, 0};
    cluster_each(l->g->cluster, look_at_shard, &s);
    if (s.n == 0)
        buf_z(out, "no shard is there\n");
}

json_t *link_status(const struct link *l)
{
    return bus_status(l->bus);
}

/* ---- life */

static void tick(void *ctx)
{
    struct link *l = ctx;
    link_routes_tick(l);
    if (++l->ticks % 4 == 0)
        link_slots_tick(l);
}

struct link *link_new(struct gateway *g)
{
    struct link *l = mem_zalloc(sizeof *l);
    l->g = g;
    bus_keypair(l->public_key, l->secret_key);
    list_init(&l->shards);
    list_init(&l->reads);
    l->table = slot_table_new();
    l->pending = pending_new();
    link_routes_init(l);
    arena_init(&l->arena);
    buf_init(&l->out);
    loop_timer_init(&l->tick);
    loop_timer_init(&l->soon);
    return l;
}

const uint8_t *link_public_key(const struct link *l)
{
    return l->public_key;
}

static void drop_bus(struct link *l)
{
    if (l->bus)
        bus_destroy(&l->bus);
    l->bus = NULL;
    LIST_FOREACH_SAFE(it, next, &l->shards) /* those that were not called gone */
    {
        struct shard_link *s = LIST_ENTRY(it, struct shard_link, in_link);
        link_routes_gone(l, s);
        throttle_empty(&s->throttle, NULL);
        shard_link_free(s);
    }
}

void link_destroy(struct link **l_p)
{
    struct link *l = *l_p;
    if (!l)
        return;
    loop_timer_stop(&l->tick);
    link_reads_drop(l);
    drop_bus(l);
    link_routes_deinit(l);
    throttle_empty(&l->parked, NULL);
    slot_table_destroy(&l->table);
    pending_destroy(&l->pending);
    arena_deinit(&l->arena);
    buf_deinit(&l->out);
    mem_free(l);
    *l_p = NULL;
}

/* A new life of ours after the old one was declared over: no shard knows our occupants any more. */
static void start_anew(struct link *l)
{
    drop_bus(l);
    link_reads_drop(l);
    memset(l->flags, 0, sizeof l->flags);
    l->n_to_read = 0;
    slot_table_destroy(&l->table);
    l->table = slot_table_new();
    pending_restart(l->pending);
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
        muc_slot_lost(l->g->muc, slot);
}

int link_cluster_ready(struct link *l, struct buf *err)
{
    static const struct bus_ops ops = {.up = on_up,
                                       .down = on_down,
                                       .gone = on_gone,
                                       .item = on_item,
                                       .pressure = on_pressure,
                                       .allow = on_allow};
    if (l->bus)
        start_anew(l);
    const struct bus_config cfg = {.role = BUS_GATEWAY,
                                   .id = l->g->node.id,
                                   .boot = cluster_boot(l->g->cluster),
                                   .cluster_id = str_of(cluster_meta(l->g->cluster)->cluster_id),
                                   .unicode = CLUSTER_UNICODE,
                                   .curve_secret = l->secret_key,
                                   .curve_public = l->public_key};
    int rc = bus_new(l->g->loop, &cfg, &ops, l, &l->bus);
    if (rc) {
        buf_printf(err, "the bus: %s", err_text(rc));
        l->bus = NULL;
        return rc;
    }
    cluster_each(l->g->cluster, each_member, l);
    link_read_all(l);
    loop_timer_start(l->g->loop, &l->tick, LINK_TICK_MS, LINK_TICK_MS, tick, l);
    return 0;
}
