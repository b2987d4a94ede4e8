/* bus.c: life, tick and flush of the bus. bus_priv.h shows how the files divide the work. */
#include "base/err.h"
#include "base/limits.h"
#include "bus/bus_priv.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <stdio.h>

_Static_assert((int)BUS_ITEM_MAX == (int)CHANNEL_ITEM_MAX, "one limit, two headers");

static struct list all_buses = {&all_buses, &all_buses};

/* ---------------------------------------------------------------- counting */

enum { KIND_OTHER = 0 };
/* Item.kind by field number: proto/muc.proto. */
static const char *const kind_names[BUS_N_KINDS] = {
    [KIND_OTHER] = "other",
    [VERONA__ITEM__KIND_EVENT] = "event",
    [VERONA__ITEM__KIND_DELIVERY] = "delivery",
    [VERONA__ITEM__KIND_ACK] = "ack",
    [VERONA__ITEM__KIND_WRONG_SLOT] = "wrong_slot",
    [VERONA__ITEM__KIND_NEW_OWNER] = "new_owner",
    [VERONA__ITEM__KIND_ROUTE] = "route",
    [VERONA__ITEM__KIND_ROUTED] = "routed",
    [VERONA__ITEM__KIND_ASK_SLOTS] = "ask_slots",
    [VERONA__ITEM__KIND_GAVE_SLOTS] = "gave_slots",
    [VERONA__ITEM__KIND_ROUTE_FAILED] = "route_failed",
    [VERONA__ITEM__KIND_LINK_REPORT] = "link_report",
    [VERONA__ITEM__KIND_ROUTE_DONE] = "route_done",
    [VERONA__ITEM__KIND_FORGET] = "forget",
    [VERONA__ITEM__KIND_FORGOT] = "forgot",
    [VERONA__ITEM__KIND_ROUTED_DONE] = "routed_done",
};
static const char *const role_names[] = {"", "gateway", "shard"};

/* An item is a oneof with small field numbers: its first byte is the tag, which names the kind. */
void bus_count(struct bus_counts *c, enum bus_role role, struct str item)
{
    unsigned tag = item.n ? (uint8_t)item.p[0] : 0;
    unsigned kind = (tag & 7) == 2 && tag >> 3 < BUS_N_KINDS ? tag >> 3 : KIND_OTHER;
    c->items[role][kind]++;
}

void bus_decode_error(void)
{
    metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
}

static void publish(struct bus_counts *c, enum metric_id items, enum metric_id bytes)
{
    for (int role = BUS_GATEWAY; role <= BUS_SHARD; role++) {
        for (int kind = 0; kind < BUS_N_KINDS; kind++)
            if (c->items[role][kind])
                metric_add_l(items, role_names[role], kind_names[kind], c->items[role][kind]);
        if (c->bytes[role])
            metric_add_l(bytes, role_names[role], NULL, c->bytes[role]);
    }
    memset(c, 0, sizeof *c);
}

static void publish_peers(struct bus *b)
{
    unsigned n[BUS_SHARD + 1][3] = {{0}};
    for (struct bus_peer *p = b->peers; p; p = p->hh.next) {
        enum channel_state state = channel_state(p->channel);
        n[p->key.role][state == CHANNEL_UP ? 0 : state == CHANNEL_SUSPECT ? 1 : 2]++;
    }
    static const char *const states[] = {"up", "suspect", "down"};
    for (int role = BUS_GATEWAY; role <= BUS_SHARD; role++)
        for (int state = 0; state < 3; state++)
            metric_set_l(METRIC_BUS_PEERS, role_names[role], states[state], n[role][state]);
}

/* ---------------------------------------------------------------- the turn */

static void spin_on(struct bus *b, bool spin)
{
    b->spin = spin;
    bool any = false;
    LIST_FOREACH(it, &all_buses)
    {
        struct bus *other = LIST_ENTRY(it, struct bus, all);
        any = any || (other->loop == b->loop && other->spin);
    }
    loop_spin(b->loop, any);
}

static void on_prepare(void *ctx)
{
    struct bus *b = ctx;
    if (b->has_keys)
        zap_pump();
    spin_on(b, sockets_drain(b));
}

static void tell_pressure(struct bus_peer *p)
{
    bool full = p->full ? !channel_has_room(p->channel) : channel_full(p->channel);
    if (full == p->full)
        return;
    p->full = full;
    if (p->bus->ops->pressure)
        p->bus->ops->pressure(p->bus->ctx, p, full);
}

static void send_frames(struct bus_peer *p)
{
    struct bus *b = p->bus;
    bool with_crc = peer_with_crc(p);
    while (
        !p->dead && !p->blocked &&
        channel_next_frame(p->channel, loop_now_ms(b->loop), LIMIT_BUS_CHUNK, with_crc, &b->out)) {
        uint64_t now = loop_now_ms(b->loop);
        enum socket_sent sent = socket_send(p, buf_as_str(&b->out));
        channel_sent(p->channel, sent == SOCKET_SENT, now);
        p->unreachable = sent == SOCKET_UNREACHABLE;
        if (sent == SOCKET_SENT) {
            b->sent.bytes[p->key.role] += b->out.len;
            continue;
        }
        p->blocked = true; /* until a tick, a frame of it, or its DEALER is writable */
        if (p->up)         /* a peer that is not there is no failure of sending */
            metric_add_l(METRIC_BUS_SEND_FAILURES_TOTAL,
                         sent == SOCKET_FULL ? "full" : "unreachable", NULL, 1);
        peer_events(p, channel_broken(p->channel, now));
    }
}

static void flush(void *ctx)
{
    struct bus *b = ctx;
    struct list batch; /* who becomes dirty meanwhile has a turn of its own */
    list_insert_before(b->dirty.next, &batch);
    list_remove(&b->dirty);
    while (!list_empty(&batch)) {
        struct bus_peer *p = LIST_ENTRY(batch.next, struct bus_peer, dirty);
        list_remove(&p->dirty);
        send_frames(p);
        if (!p->dead)
            tell_pressure(p);
    }
    /* The sends made sockets dirty; the hook may have run for the last time in this turn. */
    spin_on(b, true);
}

void bus_touch(struct bus_peer *p)
{
    struct bus *b = p->bus;
    if (p->dead || !list_empty(&p->dirty))
        return;
    list_push_back(&b->dirty, &p->dirty);
    loop_defer(b->loop, &b->flush_task, LOOP_PRIO_SEND, flush, b);
}

static void on_tick(void *ctx)
{
    struct bus *b = ctx;
    uint64_t now = loop_now_ms(b->loop);
    /* If this process was away (stopped, swapped out), the silence was ours: what the peers sent
     * waits unread. Read it before anybody is judged by it. */
    b->was_away = !b->was_away && now - b->ticked_ms > 3 * LIMIT_BUS_HEARTBEAT_MS;
    b->ticked_ms = now;
    LIST_FOREACH(it, &b->sockets)
    {
        LIST_ENTRY(it, struct bus_socket, link)->dirty = true;
    }
    if (b->has_keys)
        zap_pump();
    spin_on(b, sockets_drain(b));

    size_t n;
    struct bus_peer **list = peer_list(b, &n);
    for (size_t i = 0; i < n; i++) {
        struct bus_peer *p = list[i];
        if (p->dead)
            continue;
        p->blocked = false;
        if (!b->was_away)
            peer_events(p, channel_tick(p->channel, now));
        if (p->called_us && !p->ever_up && now - p->born_ms > BUS_STRANGER_MS)
            peer_remove(p);
        bus_touch(p);
    }
    mem_free(list);
    publish(&b->sent, METRIC_BUS_MESSAGES_SENT_TOTAL, METRIC_BUS_SENT_BYTES_TOTAL);
    publish(&b->received, METRIC_BUS_MESSAGES_RECEIVED_TOTAL, METRIC_BUS_RECEIVED_BYTES_TOTAL);
    if (b->ticks++ % 10 == 0)
        publish_peers(b);
}

/* ---------------------------------------------------------------- life */

struct bus *bus_by_domain(struct str domain)
{
    LIST_FOREACH(it, &all_buses)
    {
        struct bus *b = LIST_ENTRY(it, struct bus, all);
        if (str_is(domain, b->zap_domain))
            return b;
    }
    return NULL;
}

int bus_new(struct loop *l, const struct bus_config *cfg, const struct bus_ops *ops, void *ctx,
            struct bus **out)
{
    static unsigned made;
    struct str id = str_of(cfg->id);
    if ((cfg->role != BUS_GATEWAY && cfg->role != BUS_SHARD) || !bus_id_ok(id) || cfg->boot == 0 ||
        cfg->cluster_id.n == 0 || cfg->cluster_id.n > BUS_CLUSTER_MAX ||
        !cfg->curve_secret != !cfg->curve_public || !ops->up || !ops->down || !ops->gone ||
        !ops->item)
        return ERR_INVALID;
    struct bus *b = mem_zalloc(sizeof *b);
    b->loop = l;
    b->ops = ops;
    b->ctx = ctx;
    b->role = cfg->role;
    memcpy(b->id, id.p, id.n);
    b->boot = cfg->boot;
    b->cluster_id = str_n(mem_dup(cfg->cluster_id.p, cfg->cluster_id.n), cfg->cluster_id.n);
    b->unicode = cfg->unicode;
    if (cfg->curve_secret) {
        b->has_keys = true;
        memcpy(b->secret, cfg->curve_secret, sizeof b->secret);
        memcpy(b->public, cfg->curve_public, sizeof b->public);
    }
    snprintf(b->zap_domain, sizeof b->zap_domain, "verona.%u", ++made);
    list_init(&b->sockets);
    list_init(&b->dirty);
    list_init(&b->graves);
    arena_init(&b->arena);
    buf_init(&b->out);
    list_push_back(&all_buses, &b->all);
    loop_on_prepare(l, on_prepare, b);
    b->ticked_ms = loop_now_ms(l);
    loop_timer_init(&b->tick);
    loop_timer_start(l, &b->tick, LIMIT_BUS_HEARTBEAT_MS, LIMIT_BUS_HEARTBEAT_MS, on_tick, b);
    *out = b;
    return 0;
}

static void hear_nothing(void *ctx, struct bus_peer *p)
{
    (void)ctx;
    (void)p;
}

static const struct bus_ops nobody = {.down = hear_nothing};

void bus_destroy(struct bus **b_p)
{
    struct bus *b = *b_p;
    *b_p = NULL;
    if (!b)
        return;
    b->ops = &nobody; /* the caller may have half gone already */
    flush(b);
    loop_timer_stop(&b->tick);
    loop_cancel(&b->flush_task);
    loop_cancel(&b->bury_task);
    loop_off_prepare(b->loop, on_prepare, b);
    spin_on(b, false);
    list_remove(&b->all);
    zap_leave(b);
    struct bus_peer *p, *next;
    HASH_ITER(hh, b->peers, p, next)
    {
        HASH_DELETE(hh, b->peers, p);
        peer_free(p);
    }
    while (!list_empty(&b->graves))
        peer_free(LIST_ENTRY(b->graves.next, struct bus_peer, grave));
    while (!list_empty(&b->sockets))
        socket_close(LIST_ENTRY(b->sockets.next, struct bus_socket, link), BUS_LINGER_MS);
    publish(&b->sent, METRIC_BUS_MESSAGES_SENT_TOTAL, METRIC_BUS_SENT_BYTES_TOTAL);
    publish(&b->received, METRIC_BUS_MESSAGES_RECEIVED_TOTAL, METRIC_BUS_RECEIVED_BYTES_TOTAL);
    arena_deinit(&b->arena);
    buf_deinit(&b->out);
    mem_free((void *)(uintptr_t)b->cluster_id.p);
    explicit_bzero(b->secret, sizeof b->secret);
    mem_free(b);
}

int bus_listen(struct bus *b, const char *endpoint, struct buf *real_endpoint, struct buf *err)
{
    if (!b->router)
        b->router = socket_router(b);
    if (!b->router) {
        buf_printf(err, "bus: %s: no socket", endpoint);
        return ERR_IO;
    }
    return socket_bind(b->router, endpoint, real_endpoint, err);
}

void bus_connect(struct bus *b, struct str id, uint64_t boot, const char *endpoint,
                 const uint8_t *server_key)
{
    if (!bus_id_ok(id) || boot == 0) {
        log_error("bus_peer_invalid", KV("peer", id), KV_U("boot", boot));
        return;
    }
    struct bus_peer *p = peer_find(b, BUS_SHARD, id, boot);
    if (p && (p->dealer || p->up))
        return; /* another shard may have called us first: one link is enough */
    struct bus_socket *s = socket_dealer(b, id, endpoint, server_key);
    if (!s)
        return;
    if (!p)
        p = peer_add(b, BUS_SHARD, id, boot);
    p->dealer = s;
    p->called_us = false;
    bus_touch(p);
}

void bus_forget(struct bus *b, struct str id, uint64_t boot)
{
    struct bus_peer *p = bus_find(b, id, boot);
    if (p)
        peer_remove(p);
}

/* ---------------------------------------------------------------- sending, looking */

int bus_send(struct bus_peer *p, struct str item)
{
    if (p->dead)
        return ERR_NOTFOUND;
    int rc = channel_queue(p->channel, item);
    if (rc == 0)
        bus_count(&p->bus->sent, (enum bus_role)p->key.role, item);
    else
        metric_add_l(METRIC_BUS_SEND_FAILURES_TOTAL, rc == ERR_FULL ? "full" : "encode", NULL, 1);
    bus_touch(p);
    return rc;
}

struct bus_peer *bus_find(struct bus *b, struct str id, uint64_t boot)
{
    struct bus_peer *p = peer_find(b, BUS_SHARD, id, boot);
    return p ? p : peer_find(b, BUS_GATEWAY, id, boot);
}

enum bus_role bus_peer_role(const struct bus_peer *p)
{
    return (enum bus_role)p->key.role;
}

struct str bus_peer_id(const struct bus_peer *p)
{
    return str_n(p->key.id, p->key.id_n);
}

uint64_t bus_peer_boot(const struct bus_peer *p)
{
    return p->key.boot;
}

bool bus_peer_unreachable(const struct bus_peer *p)
{
    return p->unreachable;
}

bool bus_peer_up(const struct bus_peer *p)
{
    return p->up;
}

size_t bus_peer_queued(const struct bus_peer *p)
{
    return channel_queued_bytes(p->channel);
}

uint64_t bus_peer_silent_ms(const struct bus_peer *p)
{
    uint64_t now = loop_now_ms(p->bus->loop), heard = channel_last_heard_ms(p->channel);
    return now > heard ? now - heard : 0;
}

void bus_peer_set_user(struct bus_peer *p, void *user)
{
    p->user = user;
}

void *bus_peer_user(const struct bus_peer *p)
{
    return p->user;
}

void bus_each_peer(struct bus *b, void (*fn)(void *ctx, struct bus_peer *p), void *ctx)
{
    size_t n;
    struct bus_peer **list = peer_list(b, &n);
    for (size_t i = 0; i < n; i++)
        if (!list[i]->dead)
            fn(ctx, list[i]);
    mem_free(list);
}
