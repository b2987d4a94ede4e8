/* shard.c: wiring. Every callback here passes something on; nothing is decided. */
#include "shard/shard.h"
#include "base/err.h"
#include "base/slot.h"
#include "bus/bus.h"
#include "cluster/cluster.h"
#include "proto/muc.pb-c.h"
#include "rt/config.h"
#include "rt/http.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/node.h"
#include "rt/random.h"
#include "rt/redis.h"
#include "shard/blocked.h"
#include "shard/endpoint.h"
#include "shard/link.h"
#include "shard/rooms.h"
#include "shard/route.h"
#include "shard/service.h"
#include "shard/slots.h"
#include "shard/status.h"
#include "shard/store.h"

enum {
    NEW_OWNER_CHUNK = 1024, /* slots per NewOwner */
    LEAVE_POLL_MS = 20,
    LEAVE_MAX_MS = 6000, /* a little over limits.hold's default */
};

struct shard {
    struct loop *loop;
    const struct config *cfg;
    struct http *http;
    struct redis *redis;
    struct cluster *cluster;
    struct slots *slots;
    struct store *store;
    struct rooms *rooms;
    struct blocked *blocked;
    struct link *link;
    struct route *route;
    struct service service;
    struct status status;
    struct node node;
    struct buf bind, endpoint, admin; /* NUL-terminated */
    bool has_keys;
    uint8_t public_key[32], secret_key[32];
    uint64_t planned_from[SLOT_COUNT]; /* of our slots */
    uint8_t entropy[4096];
    size_t entropy_used;
    struct loop_timer leave_timer;
    uint64_t leave_by_ms;
    bool leaving, left;
    int trouble;
};

/* ------------------------------------------------------------------ NewOwner */

struct announcement {
    struct shard *shard;
    gateway_ref to; /* 0: all */
    uint32_t slots[NEW_OWNER_CHUNK];
    uint64_t epochs[NEW_OWNER_CHUNK], planned[NEW_OWNER_CHUNK];
    uint32_t n;
    Verona__Item item;
};

static void announce_to(void *ctx, gateway_ref gw)
{
    struct announcement *a = ctx;
    link_send_msg(a->shard->link, gw, &a->item);
}

static void announce_flush(struct announcement *a)
{
    Verona__NewOwner m = VERONA__NEW_OWNER__INIT;
    if (a->n == 0)
        return;
    m.n_slots = m.n_epochs = m.n_planned_from = a->n;
    m.slots = a->slots;
    m.epochs = a->epochs;
    m.planned_from = a->planned;
    verona__item__init(&a->item);
    a->item.kind_case = VERONA__ITEM__KIND_NEW_OWNER;
    a->item.new_owner = &m;
    if (a->to)
        announce_to(a, a->to);
    else
        link_each_gateway(a->shard->link, announce_to, a);
    a->n = 0;
}

static void announce_slot(void *ctx, uint16_t slot, uint64_t epoch)
{
    struct announcement *a = ctx;
    a->slots[a->n] = slot;
    a->epochs[a->n] = epoch;
    a->planned[a->n] = a->shard->planned_from[slot];
    if (++a->n == NEW_OWNER_CHUNK)
        announce_flush(a);
}

static void announcement_begin(struct announcement *a, struct shard *s, gateway_ref to)
{
    memset(a, 0, sizeof *a);
    a->shard = s;
    a->to = to;
}

/* ------------------------------------------------------------------ slots */

static void on_gained(void *ctx, const uint16_t *slots, const uint64_t *epochs,
                      const uint64_t *planned_from, uint32_t n)
{
    struct shard *s = ctx;
    struct announcement a;
    announcement_begin(&a, s, 0);
    for (uint32_t i = 0; i < n; i++) {
        s->planned_from[slots[i]] = planned_from[i];
        rooms_slot_gained(s->rooms, slots[i], epochs[i], planned_from[i] == 0);
        announce_slot(&a, slots[i], epochs[i]);
    }
    announce_flush(&a);
}

static void on_slot_lost(void *ctx, uint16_t slot)
{
    struct shard *s = ctx;
    rooms_slot_lost(s->rooms, slot);
}

static uint64_t shard_boot(const struct shard *s, struct str id)
{
    const struct cluster_member *m = cluster_find(s->cluster, CLUSTER_SHARD, id);
    return m ? m->boot : 0;
}

static void on_send_ask(void *ctx, struct str shard, const uint16_t *slots, uint32_t n)
{
    struct shard *s = ctx;
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__AskSlots m = VERONA__ASK_SLOTS__INIT;
    uint32_t *list = mem_alloc(n * sizeof *list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = slots[i];
    m.slots = list;
    m.n_slots = n;
    item.kind_case = VERONA__ITEM__KIND_ASK_SLOTS;
    item.ask_slots = &m;
    link_send_shard(s->link, shard, shard_boot(s, shard), &item);
    mem_free(list);
}

static void on_send_gave(void *ctx, struct str shard, const uint16_t *slots, const uint64_t *epochs,
                         uint32_t n)
{
    struct shard *s = ctx;
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__GaveSlots m = VERONA__GAVE_SLOTS__INIT;
    uint32_t *list = mem_alloc(n * sizeof *list);
    uint64_t *copy = mem_alloc(n * sizeof *copy);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = slots[i];
        copy[i] = epochs[i];
    }
    m.slots = list;
    m.n_slots = n;
    m.epochs = copy;
    m.n_epochs = n;
    item.kind_case = VERONA__ITEM__KIND_GAVE_SLOTS;
    item.gave_slots = &m;
    link_send_shard(s->link, shard, shard_boot(s, shard), &item);
    mem_free(list);
    mem_free(copy);
}

static const struct slots_ops slots_calls = {
    .gained = on_gained,
    .lost = on_slot_lost,
    .send_ask = on_send_ask,
    .send_gave = on_send_gave,
};

/* ------------------------------------------------------------------ rooms */

static bool on_token(void *ctx, uint32_t slot, struct store_token *out)
{
    struct shard *s = ctx;
    return slots_token(s->slots, slot, out);
}

static void on_send(void *ctx, gateway_ref gw, struct str item)
{
    struct shard *s = ctx;
    link_send(s->link, gw, item);
}

static struct str on_gateway_name(void *ctx, gateway_ref gw)
{
    struct shard *s = ctx;
    return link_name(s->link, gw);
}

static void on_loaded(void *ctx, uint32_t slot, uint32_t n_rooms)
{
    struct shard *s = ctx;
    if (s->slots)
        slots_loaded(s->slots, (uint16_t)slot, n_rooms);
}

static void on_fenced(void *ctx, uint32_t slot)
{
    struct shard *s = ctx;
    slots_fenced(s->slots, (uint16_t)slot);
}

static uint64_t on_wall_ms(void *ctx)
{
    (void)ctx;
    return loop_wall_ms();
}

static void on_random(void *ctx, uint8_t out[16])
{
    struct shard *s = ctx;
    if (s->entropy_used + 16 > sizeof s->entropy) {
        rt_random(s->entropy, sizeof s->entropy);
        s->entropy_used = 0;
    }
    memcpy(out, s->entropy + s->entropy_used, 16);
    explicit_bzero(s->entropy + s->entropy_used, 16);
    s->entropy_used += 16;
}

static const struct rooms_ops rooms_calls = {
    .token = on_token,
    .send = on_send,
    .gateway_name = on_gateway_name,
    .loaded = on_loaded,
    .fenced = on_fenced,
    .wall_ms = on_wall_ms,
    .random = on_random,
};

/* ------------------------------------------------------------------ link */

static void on_event(void *ctx, gateway_ref gw, const Verona__RoomEvent *ev, struct str item)
{
    struct shard *s = ctx;
    rooms_request(s->rooms, gw, ev, item);
}

static void on_route(void *ctx, gateway_ref gw, const Verona__Route *route)
{
    struct shard *s = ctx;
    route_stanza(s->route, gw, route);
}

static void on_routed_done(void *ctx, gateway_ref gw, const Verona__RoutedDone *msg)
{
    struct shard *s = ctx;
    route_answered(s->route, gw, msg);
}

static void on_forget(void *ctx, gateway_ref gw, uint64_t ref)
{
    struct shard *s = ctx;
    rooms_forget(s->rooms, gw, ref);
}

static void on_ask_slots(void *ctx, struct str shard, const uint16_t *slots, uint32_t n)
{
    struct shard *s = ctx;
    slots_asked(s->slots, shard, slots, n);
}

static void on_gave_slots(void *ctx, struct str shard, const uint16_t *slots,
                          const uint64_t *epochs, uint32_t n)
{
    struct shard *s = ctx;
    slots_got(s->slots, shard, slots, epochs, n);
}

static void on_gateway_up(void *ctx, gateway_ref gw)
{
    struct shard *s = ctx;
    struct announcement a;
    announcement_begin(&a, s, gw);
    slots_each(s->slots, announce_slot, &a);
    announce_flush(&a);
}

static void on_gateway_lost(void *ctx, gateway_ref gw)
{
    struct shard *s = ctx;
    rooms_gateway_lost(s->rooms, gw);
}

static void on_gateway_over(void *ctx, gateway_ref gw)
{
    struct shard *s = ctx;
    rooms_gateway_over(s->rooms, gw);
    route_gateway_over(s->route, gw);
}

struct key_search {
    const uint8_t *key;
    struct str id;
    bool found;
};

static void look_at_key(void *ctx, const struct cluster_member *m)
{
    struct key_search *k = ctx;
    if ((k->id.n == 0 || str_is(k->id, m->id)) && memcmp(m->curve_key, k->key, 32) == 0)
        k->found = true;
}

/* A connection that opens has a key, but no id yet: is the key anybody's? */
/* A second without a sign of it is enough now, not its whole lease. */
static void on_gateway_broken(void *ctx, struct str id, uint64_t boot)
{
    struct shard *s = ctx;
    const struct cluster_member *m = cluster_find(s->cluster, CLUSTER_GATEWAY, id);
    if (m && m->boot == boot)
        cluster_suspect(s->cluster, m);
}

static bool on_allow(void *ctx, const uint8_t key[32], struct str id)
{
    struct shard *s = ctx;
    static const uint8_t none[32];
    struct key_search k = {.key = key, .id = id};
    if (memcmp(key, none, sizeof none) != 0)
        cluster_each(s->cluster, look_at_key, &k);
    return k.found;
}

static const struct link_ops link_calls = {
    .event = on_event,
    .route = on_route,
    .routed_done = on_routed_done,
    .forget = on_forget,
    .ask_slots = on_ask_slots,
    .gave_slots = on_gave_slots,
    .gateway_up = on_gateway_up,
    .gateway_lost = on_gateway_lost,
    .gateway_over = on_gateway_over,
    .gateway_broken = on_gateway_broken,
    .allow = on_allow,
};

/* ------------------------------------------------------------------ cluster */

static void each_member(void *ctx, const struct cluster_member *m)
{
    struct shard *s = ctx;
    if (m->role != CLUSTER_SHARD || strcmp(m->id, s->node.id) != 0)
        link_member(s->link, m, 0);
}

static void on_ready(void *ctx)
{
    struct shard *s = ctx;
    const struct cluster_meta *meta = cluster_meta(s->cluster);
    const struct bus_config bus = {
        .role = BUS_SHARD,
        .id = s->node.id,
        .boot = cluster_boot(s->cluster),
        .cluster_id = str_of(meta->cluster_id),
        .unicode = CLUSTER_UNICODE,
        .curve_secret = s->has_keys ? s->secret_key : NULL,
        .curve_public = s->has_keys ? s->public_key : NULL,
    };
    struct buf err;
    buf_init(&err);
    rooms_set_seed(s->rooms, meta->seed);
    if (link_start(s->link, &bus, s->bind.data, &err) != 0) {
        log_error("bus_listen", KV_Z("endpoint", s->bind.data), KV("error", buf_as_str(&err)));
        s->trouble = ERR_IO;
        loop_stop(s->loop);
        buf_deinit(&err);
        return;
    }
    buf_deinit(&err);
    cluster_each(s->cluster, each_member, s);
    slots_cluster_ready(s->slots);
    log_info("ready", KV_U("boot", cluster_boot(s->cluster)), KV_Z("endpoint", s->endpoint.data));
}

static void on_member(void *ctx, const struct cluster_member *m, uint64_t old_boot)
{
    struct shard *s = ctx;
    link_member(s->link, m, old_boot);
    slots_member(s->slots, m);
}

static void on_lost(void *ctx)
{
    struct shard *s = ctx;
    log_warn("record_lost");
    slots_cluster_lost(s->slots);
    rooms_drop_all(s->rooms);
    route_drop(s->route);
    link_stop(s->link);
}

static void on_unsafe(void *ctx, bool unsafe, const char *why)
{
    struct shard *s = ctx;
    rooms_set_unsafe(s->rooms, unsafe);
    if (unsafe)
        log_error("cluster_unsafe", KV_Z("why", why));
    else
        log_info("cluster_safe");
}

static const struct cluster_ops cluster_calls = {
    .ready = on_ready,
    .member = on_member,
    .lost = on_lost,
    .unsafe = on_unsafe,
};

static void on_redis_state(void *ctx, bool up)
{
    struct shard *s = ctx;
    if (s->cluster)
        cluster_redis_state(s->cluster, up);
}

/* ------------------------------------------------------------------ metrics */

static void collect(void *ctx)
{
    struct shard *s = ctx;
    struct rooms_totals t;
    struct buf why;
    rooms_totals(s->rooms, &t);
    metric_set_l(METRIC_MUC_ROOMS, "active", NULL, t.active);
    metric_set_l(METRIC_MUC_ROOMS, "idle", NULL, t.rooms - t.active);
    metric_set(METRIC_MUC_OCCUPANTS, t.occupants);
    metric_set(METRIC_DRAINING, s->leaving);
    metric_set(METRIC_ROUTES, route_count(s->route));
    buf_init(&why);
    status_reasons(&s->status, &why);
    metric_set(METRIC_READY, why.len == 0);
    buf_deinit(&why);
}

/* ------------------------------------------------------------------ life */

static int settle_settings(struct shard *s, const struct config *cfg, struct buf *err)
{
    s->cfg = cfg;
    int rc = node_init(&s->node, cfg, "s", err);
    if (rc == 0)
        rc = service_init(&s->service, cfg, err);
    if (rc == 0)
        rc = endpoint_resolve(config_str(cfg, CFG_BUS_LISTEN), config_str(cfg, CFG_BUS_ADVERTISE),
                              &s->bind, &s->endpoint, err);
    return rc;
}

int shard_check(const struct config *cfg, struct buf *err)
{
    struct shard *s = mem_zalloc(sizeof *s);
    int rc = settle_settings(s, cfg, err);
    shard_destroy(&s);
    return rc;
}

int shard_new(struct loop *l, const struct config *cfg, struct shard **out, struct buf *err)
{
    struct shard *s = mem_zalloc(sizeof *s);
    s->loop = l;
    s->entropy_used = sizeof s->entropy;
    loop_timer_init(&s->leave_timer);
    int rc = settle_settings(s, cfg, err);
    if (rc == 0)
        rc = http_new(l, config_str(cfg, CFG_ADMIN_LISTEN), &s->http, err);
    if (rc) {
        shard_destroy(&s);
        return rc;
    }
    node_admin(cfg, http_port(s->http), &s->admin);
    buf_c(&s->admin, '\0');
    s->has_keys = endpoint_is_tcp(s->bind.data);
    if (s->has_keys)
        bus_keypair(s->public_key, s->secret_key);
    char ports[32];
    (void)snprintf(ports, sizeof ports, "admin=%u", (unsigned)http_port(s->http));
    int64_t weight = config_int(cfg, CFG_SHARD_WEIGHT);
    const struct cluster_self self = {
        .role = CLUSTER_SHARD,
        .id = s->node.id,
        .endpoint = s->endpoint.data,
        .admin = s->admin.data,
        .host = s->node.host,
        .ports = ports,
        .curve_key = s->has_keys ? s->public_key : NULL,
        .weight = weight > 0 && weight <= 10000 ? (uint32_t)weight : 100,
    };
    struct rooms_config rooms = {
        .service = &s->service.room,
        .unload_after_ms = config_ms(cfg, CFG_ROOM_UNLOAD),
        .orphan_after_ms = config_ms(cfg, CFG_ROOM_ORPHAN),
        .forget = config_bool(cfg, CFG_TEST_FORGET),
    };
    s->redis = redis_new(l, config_str(cfg, CFG_REDIS_URL), on_redis_state, s);
    if (config_str(cfg, CFG_REDIS_PASSWORD)[0])
        redis_set_password(s->redis, config_str(cfg, CFG_REDIS_PASSWORD));
    s->blocked = blocked_new(l, s->redis);
    rooms.blocked = s->blocked;
    const struct store_limits limits = {
        .max_rooms = (uint32_t)config_int(cfg, CFG_ROOM_MAX_ROOMS),
        .creations_per_minute = (uint32_t)config_int(cfg, CFG_ROOM_CREATIONS),
    };
    s->store = store_redis_new(l, s->redis, config_ms(cfg, CFG_LIMIT_HOLD), &limits);
    s->rooms = rooms_new(l, s->store, &rooms, &rooms_calls, s);
    s->link = link_new(l, &link_calls, s);
    s->route = route_new(s->redis, s->link);
    s->cluster = cluster_new(l, s->redis, &self, &cluster_calls, s);
    s->slots = slots_new(l, s->redis, s->cluster, cfg, &slots_calls, s);
    s->status = (struct status){.id = s->node.id,
                                .cluster = s->cluster,
                                .redis = s->redis,
                                .slots = s->slots,
                                .rooms = s->rooms,
                                .link = s->link};
    status_serve(&s->status, s->http);
    metrics_on_collect(collect, s);
    if (redis_up(s->redis))
        cluster_redis_state(s->cluster, true);
    *out = s;
    return 0;
}

void shard_destroy(struct shard **s_p)
{
    struct shard *s = *s_p;
    if (!s)
        return;
    loop_timer_stop(&s->leave_timer);
    metrics_off_collect(collect, s);
    http_destroy(&s->http);
    if (s->rooms)
        rooms_drop_all(s->rooms);
    route_destroy(&s->route);
    slots_destroy(&s->slots);
    if (s->store)
        s->store->ops->destroy(&s->store);
    rooms_destroy(&s->rooms);
    link_destroy(&s->link);
    cluster_destroy(&s->cluster);
    redis_destroy(&s->redis);
    blocked_destroy(&s->blocked);
    service_deinit(&s->service);
    buf_deinit(&s->bind);
    buf_deinit(&s->endpoint);
    buf_deinit(&s->admin);
    explicit_bzero(s->secret_key, sizeof s->secret_key);
    mem_free(s);
    *s_p = NULL;
}

static void left(void *ctx)
{
    struct shard *s = ctx;
    s->left = true;
    loop_stop(s->loop);
}

static void leave_when_idle(void *ctx)
{
    struct shard *s = ctx;
    if (rooms_busy(s->rooms) && loop_now_ms(s->loop) < s->leave_by_ms)
        return;
    loop_timer_stop(&s->leave_timer);
    cluster_leave(s->cluster, left);
}

void shard_leave(struct shard *s)
{
    if (s->leaving) { /* asked twice: now */
        loop_stop(s->loop);
        return;
    }
    s->leaving = s->status.draining = true;
    s->leave_by_ms = loop_now_ms(s->loop) + LEAVE_MAX_MS;
    loop_timer_start(s->loop, &s->leave_timer, LEAVE_POLL_MS, LEAVE_POLL_MS, leave_when_idle, s);
}

int shard_trouble(const struct shard *s)
{
    return s->trouble;
}
