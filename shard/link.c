/* link.c: bus events -> calls with gateway numbers. */
#include "shard/link.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/slot.h"
#include "bus/bus_status.h"
#include "cluster/cluster.h"
#include "proto/wire.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <stdio.h>

enum {
    LOST_AFTER_MS = LIMIT_GATEWAY_LEASE_MS,                 /* link down so long */
    OVERRUN_AT = LIMIT_BUS_OVERRUN - LIMIT_BUS_OVERRUN / 8, /* the rest is for the goodbyes */
};

/* One life of a gateway. Kept for good: a number never means another life. */
struct life {
    struct link *link;
    gateway_ref ref;
    struct bus_peer *peer; /* NULL: gone */
    char id[65];
    uint64_t boot;
    char name[96]; /* "id:boot" */
    struct loop_timer down;
    bool up;
    bool over;    /* the registry says so: it will learn that too, and come back as another life */
    bool lost;    /* its sessions were taken out; until it is heard again */
    bool to_lose; /* at the end of this turn */
    bool to_end;  /* likewise: what it had not taken is gone */
    bool spoke;
    bool awaited;    /* the registry has it and it has not spoken yet: it, or we, are new */
    struct buf held; /* what it is to have then: { length, item } ... */
    bool overrun, reset;
};

struct link {
    struct loop *loop;
    const struct link_ops *ops;
    void *ctx;
    struct bus *bus;
    struct life **lives; /* by ref - 1 */
    uint32_t n_lives, cap_lives;
    struct loop_task lose_task;
    struct arena arena; /* of the item at hand */
    struct buf pack;
};

static struct life *life(const struct link *k, gateway_ref gw)
{
    return gw && gw <= k->n_lives ? k->lives[gw - 1] : NULL;
}

static struct life *life_of(struct link *k, struct str id, uint64_t boot)
{
    for (uint32_t i = k->n_lives; i-- > 0;)
        if (k->lives[i]->boot == boot && str_is(id, k->lives[i]->id))
            return k->lives[i];
    if (k->n_lives == k->cap_lives) {
        k->cap_lives = k->cap_lives ? k->cap_lives * 2 : 16;
        k->lives = mem_realloc(k->lives, k->cap_lives * sizeof(struct life *));
    }
    struct life *f = mem_zalloc(sizeof *f);
    f->link = k;
    f->boot = boot;
    (void)snprintf(f->id, sizeof f->id, "%.*s", STR_FMT(id));
    (void)snprintf(f->name, sizeof f->name, "%s:%llu", f->id, (unsigned long long)boot);
    loop_timer_init(&f->down);
    buf_init(&f->held);
    k->lives[k->n_lives++] = f;
    f->ref = k->n_lives;
    return f;
}

/* ------------------------------------------------------------------ losing a gateway */

static void lose_turn(void *ctx)
{
    struct link *k = ctx;
    for (uint32_t i = 0; i < k->n_lives; i++) {
        struct life *f = k->lives[i];
        if (f->reset && k->bus) {
            f->reset = false;
            bus_forget(k->bus, str_of(f->id), f->boot);
        }
        if (f->to_lose) {
            f->to_lose = false;
            f->lost = true;
            log_info("gateway_lost", KV_Z("gateway", f->name));
            k->ops->gateway_lost(k->ctx, f->ref);
        }
        if (f->to_end) {
            f->to_end = false;
            k->ops->gateway_over(k->ctx, f->ref);
        }
    }
}

static void lose_soon(struct life *f)
{
    loop_defer(f->link->loop, &f->link->lose_task, LOOP_PRIO_WORK, lose_turn, f->link);
}

static void await_no_more(struct life *f)
{
    f->awaited = false;
    buf_deinit(&f->held);
}

static void lose(struct life *f)
{
    loop_timer_stop(&f->down);
    if (f->awaited) {
        await_no_more(f);
        f->to_end = true;
        lose_soon(f);
    }
    if (f->lost || f->to_lose)
        return;
    f->to_lose = true;
    lose_soon(f);
}

static void down_too_long(void *ctx)
{
    lose(ctx);
}

/* ------------------------------------------------------------------ those who will come */

static void await(struct life *f)
{
    if (f->spoke || f->awaited || f->lost || f->to_lose)
        return;
    f->awaited = true;
    loop_timer_start(f->link->loop, &f->down, LOST_AFTER_MS, 0, down_too_long, f);
}

static void hold(struct life *f, struct str item)
{
    const uint32_t n = (uint32_t)item.n;
    if (f->held.len + sizeof n + item.n > LIMIT_BUS_CREDIT) {
        lose(f);
        return;
    }
    buf_put(&f->held, &n, sizeof n);
    buf_str(&f->held, item);
}

static void send_held(struct life *f)
{
    uint32_t n;
    f->awaited = false;
    for (size_t at = 0; at < f->held.len; at += sizeof n + n) {
        memcpy(&n, f->held.data + at, sizeof n);
        link_send(f->link, f->ref, str_n(f->held.data + at + sizeof n, n));
    }
    await_no_more(f);
}

/* ------------------------------------------------------------------ bus */

static struct life *of_peer(struct link *k, struct bus_peer *p)
{
    struct life *f = bus_peer_user(p);
    if (!f) {
        f = life_of(k, bus_peer_id(p), bus_peer_boot(p));
        bus_peer_set_user(p, f);
        f->peer = p;
        f->spoke = true;
    }
    return f;
}

static void on_up(void *ctx, struct bus_peer *p, bool fresh)
{
    struct link *k = ctx;
    (void)fresh;
    if (bus_peer_role(p) != BUS_GATEWAY)
        return;
    struct life *f = of_peer(k, p);
    loop_timer_stop(&f->down);
    f->up = true;
    if (f->over)
        return;
    f->lost = false;
    /* A new boot of an id voids the old one. */
    for (uint32_t i = 0; i < k->n_lives; i++)
        if (k->lives[i] != f && k->lives[i]->boot < f->boot && strcmp(k->lives[i]->id, f->id) == 0)
            lose(k->lives[i]);
    if (f->awaited)
        send_held(f);
    k->ops->gateway_up(k->ctx, f->ref);
}

static void on_down(void *ctx, struct bus_peer *p)
{
    struct link *k = ctx;
    if (bus_peer_role(p) != BUS_GATEWAY)
        return;
    struct life *f = of_peer(k, p);
    f->up = false;
    loop_timer_start(k->loop, &f->down, LOST_AFTER_MS, 0, down_too_long, f);
    if (bus_peer_unreachable(p))
        k->ops->gateway_broken(k->ctx, bus_peer_id(p), bus_peer_boot(p));
}

static void on_gone(void *ctx, struct bus_peer *p)
{
    struct link *k = ctx;
    if (bus_peer_role(p) != BUS_GATEWAY)
        return;
    struct life *f = of_peer(k, p);
    bus_peer_set_user(p, NULL);
    f->peer = NULL;
    f->up = f->overrun = f->reset = false;
    lose(f);
    f->to_end = true;
    lose_soon(f);
}

static void on_pressure(void *ctx, struct bus_peer *p, bool full)
{
    if (bus_peer_role(p) == BUS_GATEWAY && !full)
        of_peer(ctx, p)->overrun = false;
}

static bool on_allow(void *ctx, const uint8_t key[32], struct str id)
{
    struct link *k = ctx;
    return k->ops->allow(k->ctx, key, id);
}

/* Slot numbers off the wire; NULL if one is out of range. */
static uint16_t *slots_of(struct link *k, const uint32_t *in, size_t n)
{
    if (n > SLOT_COUNT)
        return NULL;
    uint16_t *out = arena_alloc(&k->arena, n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        if (in[i] >= SLOT_COUNT)
            return NULL;
        out[i] = (uint16_t)in[i];
    }
    return out;
}

static bool from_gateway(struct link *k, struct bus_peer *p, const Verona__Item *m, struct str item)
{
    struct life *f = of_peer(k, p);
    if (f->over) {
        /* Stopped for a while, it does not know yet that its sessions are out of all rooms. They
         * begin anew in a moment; an answer would only confuse them. */
        metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
        return true;
    }
    f->lost = false;
    switch (m->kind_case) {
    case VERONA__ITEM__KIND_EVENT:
        k->ops->event(k->ctx, f->ref, m->event, item);
        return true;
    case VERONA__ITEM__KIND_ROUTE:
        k->ops->route(k->ctx, f->ref, m->route);
        return true;
    case VERONA__ITEM__KIND_ROUTED_DONE:
        k->ops->routed_done(k->ctx, f->ref, m->routed_done);
        return true;
    case VERONA__ITEM__KIND_FORGET:
        k->ops->forget(k->ctx, f->ref, m->forget->ref);
        return true;
    case VERONA__ITEM__KIND_LINK_REPORT:
        return true;
    case VERONA__ITEM__KIND_ROUTE_DONE:
    case VERONA__ITEM__KIND_FORGOT:
    case VERONA__ITEM__KIND__NOT_SET:
    case VERONA__ITEM__KIND_DELIVERY:
    case VERONA__ITEM__KIND_ACK:
    case VERONA__ITEM__KIND_WRONG_SLOT:
    case VERONA__ITEM__KIND_NEW_OWNER:
    case VERONA__ITEM__KIND_ROUTED:
    case VERONA__ITEM__KIND_ASK_SLOTS:
    case VERONA__ITEM__KIND_GAVE_SLOTS:
    case VERONA__ITEM__KIND_ROUTE_FAILED:
    default:
        return false;
    }
}

static bool from_shard(struct link *k, struct bus_peer *p, const Verona__Item *m)
{
    uint16_t *slots;
    if (m->kind_case == VERONA__ITEM__KIND_ASK_SLOTS) {
        slots = slots_of(k, m->ask_slots->slots, m->ask_slots->n_slots);
        if (!slots)
            return false;
        k->ops->ask_slots(k->ctx, bus_peer_id(p), slots, (uint32_t)m->ask_slots->n_slots);
        return true;
    }
    if (m->kind_case == VERONA__ITEM__KIND_GAVE_SLOTS) {
        slots = slots_of(k, m->gave_slots->slots, m->gave_slots->n_slots);
        if (!slots || m->gave_slots->n_epochs != m->gave_slots->n_slots)
            return false;
        k->ops->gave_slots(k->ctx, bus_peer_id(p), slots, m->gave_slots->epochs,
                           (uint32_t)m->gave_slots->n_slots);
        return true;
    }
    return false;
}

static void on_item(void *ctx, struct bus_peer *p, struct str bytes)
{
    struct link *k = ctx;
    arena_reset(&k->arena);
    const Verona__Item *m =
        (const Verona__Item *)wire_unpack(&verona__item__descriptor, bytes, &k->arena);
    bool ok =
        m && (bus_peer_role(p) == BUS_GATEWAY ? from_gateway(k, p, m, bytes) : from_shard(k, p, m));
    if (!ok)
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
}

static const struct bus_ops ops_of_bus = {
    .up = on_up,
    .down = on_down,
    .gone = on_gone,
    .item = on_item,
    .pressure = on_pressure,
    .allow = on_allow,
};

/* ------------------------------------------------------------------ life */

struct link *link_new(struct loop *l, const struct link_ops *ops, void *ctx)
{
    struct link *k = mem_zalloc(sizeof *k);
    k->loop = l;
    k->ops = ops;
    k->ctx = ctx;
    arena_init(&k->arena);
    buf_init(&k->pack);
    return k;
}

int link_start(struct link *k, const struct bus_config *cfg, const char *listen, struct buf *err)
{
    struct buf real;
    link_stop(k);
    int rc = bus_new(k->loop, cfg, &ops_of_bus, k, &k->bus);
    if (rc) {
        buf_printf(err, "bus: %s", err_text(rc));
        return rc;
    }
    buf_init(&real);
    rc = bus_listen(k->bus, listen, &real, err);
    buf_deinit(&real);
    if (rc)
        bus_destroy(&k->bus);
    return rc;
}

void link_stop(struct link *k)
{
    if (k->bus)
        bus_destroy(&k->bus);
    for (uint32_t i = 0; i < k->n_lives; i++) {
        struct life *f = k->lives[i];
        loop_timer_stop(&f->down);
        f->peer = NULL;
        f->spoke = false;
        await_no_more(f);
        f->up = f->overrun = f->reset = f->to_lose = f->to_end = false;
    }
    loop_cancel(&k->lose_task);
}

void link_destroy(struct link **k_p)
{
    struct link *k = *k_p;
    if (!k)
        return;
    link_stop(k);
    for (uint32_t i = 0; i < k->n_lives; i++)
        mem_free(k->lives[i]);
    mem_free(k->lives);
    arena_deinit(&k->arena);
    buf_deinit(&k->pack);
    mem_free(k);
    *k_p = NULL;
}

static bool has_key(const uint8_t key[32])
{
    static const uint8_t none[32];
    return memcmp(key, none, sizeof none) != 0;
}

void link_member(struct link *k, const struct cluster_member *m, uint64_t old_boot)
{
    struct str id = str_of(m->id);
    if (!k->bus)
        return;
    if (old_boot && old_boot != m->boot)
        bus_forget(k->bus, id, old_boot);
    if (m->role == CLUSTER_SHARD) {
        if (m->alive && m->endpoint[0])
            bus_connect(k->bus, id, m->boot, m->endpoint,
                        has_key(m->curve_key) ? m->curve_key : NULL);
        else if (!m->alive)
            bus_forget(k->bus, id, m->boot);
        return;
    }
    for (uint32_t i = 0; i < k->n_lives; i++) {
        struct life *f = k->lives[i];
        if (!str_is(id, f->id))
            continue;
        if (f->boot < m->boot || (f->boot == m->boot && !m->alive)) {
            f->over = true;
            lose(f);
        }
    }
    if (m->alive)
        await(life_of(k, id, m->boot));
    else
        bus_forget(k->bus, id, m->boot);
}

/* ------------------------------------------------------------------ out */

gateway_ref link_find(const struct link *k, struct str name)
{
    for (uint32_t i = k->n_lives; i-- > 0;)
        if (str_is(name, k->lives[i]->name))
            return k->lives[i]->ref;
    return 0;
}

struct str link_name(const struct link *k, gateway_ref gw)
{
    const struct life *f = life(k, gw);
    return f ? str_of(f->name) : STR_NULL;
}

bool link_alive(const struct link *k, gateway_ref gw)
{
    const struct life *f = life(k, gw);
    return f && (f->peer || f->awaited) && !f->lost && !f->to_lose;
}

void link_send(struct link *k, gateway_ref gw, struct str item)
{
    struct life *f = life(k, gw);
    if (f && !f->peer && f->awaited)
        hold(f, item);
    if (!f || !f->peer)
        return;
    int rc = bus_send(f->peer, item);
    if (rc == 0) {
        if (!f->overrun && bus_peer_queued(f->peer) > OVERRUN_AT) {
            f->overrun = true;
            metric_add(METRIC_OVERRUN_TOTAL, 1);
            lose(f);
        }
        return;
    }
    metric_add_l(METRIC_BUS_SEND_FAILURES_TOTAL, rc == ERR_FULL ? "full" : "other", NULL, 1);
    if (rc == ERR_NOTFOUND)
        return;
    /* A hole in the stream must not stay unseen: this life of the link is over. */
    f->reset = true;
    f->lost = false;
    lose(f);
}

void link_send_msg(struct link *k, gateway_ref gw, const Verona__Item *item)
{
    buf_reset(&k->pack);
    wire_pack(&item->base, &k->pack);
    link_send(k, gw, buf_as_str(&k->pack));
}

void link_send_shard(struct link *k, struct str id, uint64_t boot, const Verona__Item *item)
{
    struct bus_peer *p = k->bus ? bus_find(k->bus, id, boot) : NULL;
    if (!p)
        return;
    buf_reset(&k->pack);
    wire_pack(&item->base, &k->pack);
    if (bus_send(p, buf_as_str(&k->pack)) != 0)
        metric_add_l(METRIC_BUS_SEND_FAILURES_TOTAL, "full", NULL, 1);
}

void link_each_gateway(struct link *k, void (*fn)(void *ctx, gateway_ref gw), void *ctx)
{
    for (uint32_t i = 0; i < k->n_lives; i++)
        if (k->lives[i]->up)
            fn(ctx, k->lives[i]->ref);
}

json_t *link_status(const struct link *k)
{
    return bus_status(k->bus);
}

struct each {
    void (*fn)(void *ctx, const struct link_peer *p);
    void *ctx;
};

static void each_peer(void *ctx, struct bus_peer *p)
{
    const struct each *x = ctx;
    const struct link_peer out = {.role = bus_peer_role(p),
                                  .id = bus_peer_id(p),
                                  .boot = bus_peer_boot(p),
                                  .up = bus_peer_up(p)};
    x->fn(x->ctx, &out);
}

void link_each_peer(struct link *k, void (*fn)(void *ctx, const struct link_peer *p), void *ctx)
{
    struct each x = {fn, ctx};
    if (k->bus)
        bus_each_peer(k->bus, each_peer, &x);
}
