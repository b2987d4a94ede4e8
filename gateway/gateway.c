/* gateway.c: wiring, and the order in which the parts come and go (gateway.h has the picture).
 *
 *   start:  ports and certificate checked -> Redis -> registered (ready) -> listening
 *   drain:  listener closed, streams ended -> the rooms have heard of it -> record out -> stop */
#include "gateway/service_info.h"
#include "gateway/gateway.h"

#include "base/arena.h"
#include "base/err.h"
#include "gateway/commands.h"
#include "gateway/edge_ops.h"
#include "gateway/forgetting.h"
#include "gateway/link.h"
#include "gateway/orders.h"
#include "gateway/status.h"
#include "prep/jid_prep.h"
#include "rt/config.h"
#include "rt/http.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/redis.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAVE_POLL_MS = 20, LEAVE_MAX_MS = 5000 };

/* ------------------------------------------------------------------ settings */

static int prepare_domain(const char *raw, const char *key, char out[256], struct buf *err)
{
    struct arena a;
    struct str text;
    struct jid parts;
    arena_init(&a);
    int rc = jid_prep(str_of(raw), &a, &text, &parts);
    if (rc == 0 && (parts.local.n || parts.resource.n || parts.domain.n > 255))
        rc = ERR_INVALID;
    if (rc)
        buf_printf(err, "%s: \"%s\" is not a domain", key, raw);
    else
        (void)snprintf(out, 256, "%.*s", STR_FMT(parts.domain));
    arena_deinit(&a);
    return rc ? ERR_INVALID : 0;
}

static int domains(struct gateway *g, struct buf *err)
{
    const char *muc = config_str(g->cfg, CFG_MUC_DOMAIN);
    char made[300];
    int rc = prepare_domain(config_str(g->cfg, CFG_DOMAIN), config_key(CFG_DOMAIN), g->domain, err);
    if (rc)
        return rc;
    if (!muc[0]) {
        (void)snprintf(made, sizeof made, "conference.%s", g->domain);
        muc = made;
    }
    rc = prepare_domain(muc, config_key(CFG_MUC_DOMAIN), g->muc_domain, err);
    if (rc == 0 && strcmp(g->domain, g->muc_domain) == 0) {
        buf_printf(err, "%s and %s are both \"%s\": rooms need a domain of their own",
                   config_key(CFG_DOMAIN), config_key(CFG_MUC_DOMAIN), g->domain);
        rc = ERR_INVALID;
    }
    return rc;
}

static int settle_settings(struct gateway *g, struct buf *err)
{
    int rc = node_init(&g->node, g->cfg, "g", err);
    return rc ? rc : domains(g, err);
}

int gateway_check(const struct config *cfg, struct buf *err)
{
    struct gateway g = {.cfg = cfg};
    int rc = settle_settings(&g, err);
    return rc ? rc : edge_check(cfg, err);
}

/* The first of several addresses counts. */
static unsigned long port_of(const char *listen)
{
    const char *colon = memrchr(listen, ':', strcspn(listen, ","));
    return colon ? strtoul(colon + 1, NULL, 10) : 0;
}

/* For people and `verona status`: "c2s=5222 ws=5280 admin=5290". */
static void ports_text(const struct gateway *g, char *out, size_t size)
{
    const char *ws = config_str(g->cfg, CFG_WS_LISTEN);
    char more[32] = "";
    if (ws[0])
        (void)snprintf(more, sizeof more, " ws=%lu", port_of(ws));
    (void)snprintf(out, size, "c2s=%lu%s admin=%u", port_of(config_str(g->cfg, CFG_C2S_LISTEN)),
                   more, (unsigned)http_port(g->http));
}

/* ------------------------------------------------------------------ the cluster's word */

static void fail(struct gateway *g, const char *event, const struct buf *err)
{
    log_error(event, KV("error", buf_as_str(err)));
    g->trouble = ERR_IO;
    loop_stop(g->loop);
}

static void on_ready(void *ctx)
{
    struct gateway *g = ctx;
    struct buf err;
    (void)snprintf(g->ref, sizeof g->ref, "%s:%llu", g->node.id,
                   (unsigned long long)cluster_boot(g->cluster));
    buf_init(&err);
    int rc = link_cluster_ready(g->link, &err);
    if (rc == 0 && !g->draining)
        rc = edge_listen(g->edge, &err);
    if (rc)
        fail(g, "start_failed", &err);
    else
        log_info("ready", KV_U("boot", cluster_boot(g->cluster)),
                 KV_Z("c2s", config_str(g->cfg, CFG_C2S_LISTEN)),
                 KV_Z("ws", config_str(g->cfg, CFG_WS_LISTEN)));
    buf_deinit(&err);
}

static void on_member(void *ctx, const struct cluster_member *m, uint64_t old_boot)
{
    struct gateway *g = ctx;
    link_cluster_member(g->link, m, old_boot);
}

/* Declared dead: the shards have let our occupants go, so our clients must come anew. */
static void on_lost(void *ctx)
{
    struct gateway *g = ctx;
    log_warn("record_lost");
    edge_reset(g->edge);
}

static void on_unsafe(void *ctx, bool unsafe, const char *why)
{
    (void)ctx;
    if (unsafe)
        log_error("cluster_unsafe", KV_Z("why", why));
    else
        log_info("cluster_safe");
}

static void on_redis_state(void *ctx, bool up)
{
    struct gateway *g = ctx;
    if (g->cluster)
        cluster_redis_state(g->cluster, up);
}

/* ------------------------------------------------------------------ life */

int gateway_new(struct loop *l, const struct config *cfg, struct gateway **out, struct buf *err)
{
    static const struct cluster_ops ops = {
        .ready = on_ready, .member = on_member, .lost = on_lost, .unsafe = on_unsafe};
    struct gateway *g = mem_zalloc(sizeof *g);
    char ports[64];
    g->loop = l;
    g->cfg = cfg;
    loop_timer_init(&g->leave_timer);
    int rc = settle_settings(g, err);
    if (rc == 0)
        rc = http_new(l, config_str(cfg, CFG_ADMIN_LISTEN), &g->http, err);
    if (rc == 0) {
        g->info = service_info_new(cfg);
        g->max_per_user = (uint32_t)config_int(cfg, CFG_ROOM_MAX_PER_USER);
        g->edge = edge_new(g);
        rc = edge_prepare(g->edge, err);
    }
    if (rc) {
        gateway_destroy(&g);
        return rc;
    }
    g->redis = redis_new(l, config_str(cfg, CFG_REDIS_URL), on_redis_state, g);
    if (config_str(cfg, CFG_REDIS_PASSWORD)[0])
        redis_set_password(g->redis, config_str(cfg, CFG_REDIS_PASSWORD));
    g->link = link_new(g);
    g->orders = orders_new(g);
    g->commands = commands_new(g);
    if (config_bool(cfg, CFG_TEST_FORGET))
        g->forgetting = forgetting_new(g);
    g->home = home_new(g);
    g->muc = muc_new(g);
    struct buf admin;
    buf_init(&admin);
    node_admin(cfg, http_port(g->http), &admin);
    buf_c(&admin, '\0');
    ports_text(g, ports, sizeof ports);
    const struct cluster_self self = {.role = CLUSTER_GATEWAY,
                                      .id = g->node.id,
                                      .endpoint = "",
                                      .admin = admin.data,
                                      .host = g->node.host,
                                      .ports = ports,
                                      .curve_key = link_public_key(g->link)};
    g->cluster = cluster_new(l, g->redis, &self, &ops, g);
    buf_deinit(&admin);
    status_serve(g);
    if (redis_up(g->redis))
        cluster_redis_state(g->cluster, true);
    *out = g;
    return 0;
}

void gateway_destroy(struct gateway **g_p)
{
    struct gateway *g = *g_p;
    if (!g)
        return;
    loop_timer_stop(&g->leave_timer);
    status_end(g);
    http_destroy(&g->http);
    edge_destroy(&g->edge);
    muc_destroy(&g->muc);
    home_destroy(&g->home);
    orders_destroy(&g->orders);
    forgetting_destroy(&g->forgetting);
    link_destroy(&g->link);
    cluster_destroy(&g->cluster);
    redis_destroy(&g->redis);
    commands_destroy(&g->commands);
    service_info_destroy(&g->info);
    mem_free(g);
    *g_p = NULL;
}

static void left(void *ctx)
{
    struct gateway *g = ctx;
    loop_stop(g->loop);
}

static void leave_when_idle(void *ctx)
{
    struct gateway *g = ctx;
    bool busy = edge_connections(g->edge) > 0 || !link_idle(g->link);
    if (busy && loop_now_ms(g->loop) < g->leave_by_ms)
        return;
    loop_timer_stop(&g->leave_timer);
    cluster_leave(g->cluster, left);
}

void gateway_leave(struct gateway *g)
{
    if (g->draining) { /* asked twice: now */
        loop_stop(g->loop);
        return;
    }
    log_info("draining", KV_U("sessions", edge_sessions(g->edge)));
    g->draining = true;
    cluster_set_draining(g->cluster, true);
    muc_shutdown(g->muc);
    edge_drain(g->edge);
    g->leave_by_ms = loop_now_ms(g->loop) + LEAVE_MAX_MS;
    loop_timer_start(g->loop, &g->leave_timer, LEAVE_POLL_MS, LEAVE_POLL_MS, leave_when_idle, g);
}

int gateway_reload(struct gateway *g, struct buf *err)
{
    return edge_reload(g->edge, err);
}

int gateway_trouble(const struct gateway *g)
{
    return g->trouble;
}
