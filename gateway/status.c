/* status.c: see status.h. */
#include "gateway/status.h"

#include "gateway/edge_ops.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "gateway/muc.h"
#include "rt/http.h"
#include "rt/json.h"
#include "rt/metrics.h"
#include "rt/redis.h"

#include <unistd.h>

void status_reasons(const struct gateway *g, struct buf *out)
{
    if (g->draining)
        buf_z(out, "draining\n");
    if (!redis_up(g->redis))
        buf_z(out, "no connection to Redis\n");
    if (!cluster_ready(g->cluster))
        buf_z(out, "not registered in the cluster\n");
    else if (cluster_unsafe(g->cluster))
        buf_z(out, "the cluster in Redis is not the one we knew\n");
    else
        link_reasons(g->link, out);
    if (!edge_listening(g->edge) && !g->draining)
        buf_z(out, "not listening for clients\n");
}

static int serve(void *ctx, struct str path, struct buf *body, const char **type)
{
    const struct gateway *g = ctx;
    struct buf why;
    if (path.n && !str_is(path, "/"))
        return 404;
    json_t *o = json_object();
    buf_init(&why);
    status_reasons(g, &why);
    json_put_str(o, "role", STR("gateway"));
    json_put_str(o, "id", str_of(g->node.id));
    json_put_u64(o, "boot", cluster_ready(g->cluster) ? cluster_boot(g->cluster) : 0);
    json_put_u64(o, "pid", (uint64_t)getpid());
    json_put_str(o, "version", STR(VERONA_VERSION));
    json_put_bool(o, "ready", why.len == 0);
    json_put_bool(o, "draining", g->draining);
    json_put_u64(o, "connections", edge_connections(g->edge));
    json_put_u64(o, "sessions", edge_sessions(g->edge));
    json_put_u64(o, "rooms", muc_rooms(g->muc));
    json_put_u64(o, "occupants", muc_occupancies(g->muc));
    json_put_bool(o, "redis", redis_up(g->redis));
    (void)json_object_set_new(o, "peers", link_status(g->link));
    buf_deinit(&why);
    return json_answer(o, body, type);
}

static void ready(void *ctx, struct buf *reasons)
{
    status_reasons(ctx, reasons);
}

static void collect(void *ctx)
{
    const struct gateway *g = ctx;
    struct buf why;
    buf_init(&why);
    status_reasons(g, &why);
    metric_set(METRIC_READY, why.len == 0);
    metric_set(METRIC_DRAINING, g->draining);
    buf_deinit(&why);
}

void status_serve(struct gateway *g)
{
    http_on_ready(g->http, ready, g);
    http_route(g->http, "/status", serve, g);
    metrics_on_collect(collect, g);
}

void status_end(struct gateway *g)
{
    metrics_off_collect(collect, g);
}
