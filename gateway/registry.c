/* registry.c: the three session functions of deploy/redis/verona.lua, and room for a user whose
 * entries are those of gateways that died. */
#include "gateway/registry.h"
#include "gateway/edge.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/redis.h"

#include <stdio.h>

struct call {
    struct gateway *g;
    registry_fn *fn;
    void *ctx;
    uint64_t boot, sid;
    bool pruned; /* entries of the dead were looked for already */
    struct buf key, resource;
};

static struct call *call_new(struct gateway *g, struct str bare, struct str resource, uint64_t sid)
{
    struct call *c = mem_zalloc(sizeof *c);
    c->g = g;
    c->boot = cluster_boot(g->cluster);
    c->sid = sid;
    buf_z(&c->key, "verona:session:");
    buf_str(&c->key, bare);
    buf_str(&c->resource, resource);
    return c;
}

static void call_free(struct call *c)
{
    buf_deinit(&c->key);
    buf_deinit(&c->resource);
    mem_free(c);
}

static void fcall(struct gateway *g, const char *name, struct str key, const struct str *args,
                  uint32_t n, redis_fn *fn, void *ctx)
{
    struct str argv[8] = {STR("FCALL"), str_of(name), STR("1"), key};
    for (uint32_t i = 0; i < n; i++)
        argv[4 + i] = args[i];
    redis_command(g->redis, 4 + n, argv, 0, fn, ctx);
}

int registry_parse(struct str text, struct registry_entry *out)
{
    struct str word[4];
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= text.n && n < 4; i++)
        if (i == text.n || text.p[i] == ' ') {
            word[n++] = str_n(text.p + from, i - from);
            from = i + 1;
        }
    if (n != 4 || from != text.n + 1 || word[0].n == 0)
        return ERR_INVALID;
    bool minus = word[3].n > 1 && word[3].p[0] == '-';
    uint64_t priority;
    if (!str_u64(word[1], UINT64_MAX, &out->boot) || !str_u64(word[2], UINT64_MAX, &out->sid) ||
        !str_u64(str_n(word[3].p + minus, word[3].n - minus), minus ? -REGISTRY_UNAVAILABLE : 127,
                 &priority))
        return ERR_INVALID;
    out->gateway = word[0];
    out->priority = minus ? -(int)priority : (int)priority;
    return 0;
}

/* ---------------------------------------------------------------- bind */

static void bind_send(struct call *c);

bool registry_is_dead(const struct gateway *g, const struct registry_entry *e)
{
    const struct cluster_member *m = cluster_find(g->cluster, CLUSTER_GATEWAY, e->gateway);
    if (m)
        return e->boot < m->boot || (e->boot == m->boot && !m->alive);
    /* An unknown one is too new for us to know, or has left long ago. Boots rise with time over
     * all, and we saw all that were there when ours began. This is also how we know our own earlier
     * lives. */
    return e->boot < cluster_boot(g->cluster);
}

static void on_entries(void *ctx, const redisReply *r, int err)
{
    struct call *c = ctx;
    bool removed = false;
    for (size_t i = 0; !err && r->type == REDIS_REPLY_ARRAY && i + 1 < r->elements; i += 2) {
        struct registry_entry e;
        struct str text = redis_str(r->element[i + 1]);
        if (registry_parse(text, &e) || !registry_is_dead(c->g, &e))
            continue;
        char who[160];
        int n = snprintf(who, sizeof who, "%.*s %llu %llu", STR_FMT(e.gateway),
                         (unsigned long long)e.boot, (unsigned long long)e.sid);
        if (n < 0 || (size_t)n >= sizeof who)
            continue;
        const struct str args[] = {redis_str(r->element[i]), str_of(who)};
        fcall(c->g, "verona_session_unbind", buf_as_str(&c->key), args, 2, NULL, NULL);
        removed = true;
    }
    if (removed) {
        bind_send(c);
        return;
    }
    c->fn(c->ctx, err ? err : ERR_FULL, STR_NULL);
    call_free(c);
}

static void on_bound(void *ctx, const redisReply *r, int err)
{
    struct call *c = ctx;
    struct str text = redis_str(r);
    if (!err && r->type == REDIS_REPLY_ERROR) {
        bool full = text.n >= 7 && memmem(text.p, text.n, "TOOMANY", 7) != NULL;
        if (full && !c->pruned) {
            c->pruned = true;
            const struct str argv[] = {STR("HGETALL"), buf_as_str(&c->key)};
            redis_command(c->g->redis, 2, argv, 0, on_entries, c);
            return;
        }
        if (!full)
            log_warn("bind_failed", KV("error", text));
        err = full ? ERR_FULL : ERR_UNAVAILABLE;
        text = STR_NULL;
    }
    c->fn(c->ctx, err, err ? STR_NULL : text);
    call_free(c);
}

static void bind_send(struct call *c)
{
    char entry[160], max[16];
    snprintf(entry, sizeof entry, "%s %llu %llu %d", c->g->node.id, (unsigned long long)c->boot,
             (unsigned long long)c->sid, REGISTRY_UNAVAILABLE);
    snprintf(max, sizeof max, "%d", LIMIT_SESSIONS_PER_USER);
    const struct str args[] = {buf_as_str(&c->resource), str_of(entry), str_of(max)};
    fcall(c->g, "verona_session_bind", buf_as_str(&c->key), args, 3, on_bound, c);
}

void registry_bind(struct gateway *g, struct str bare, struct str resource, uint64_t sid,
                   registry_fn *fn, void *ctx)
{
    struct call *c = call_new(g, bare, resource, sid);
    c->fn = fn;
    c->ctx = ctx;
    bind_send(c);
}

/* ---------------------------------------------------------------- unbind, priority */

static void unbind_send(struct call *c);

static void on_unbound(void *ctx, const redisReply *r, int err)
{
    struct call *c = ctx;
    (void)r;
    /* Each try waits for Redis up to its deadline, so this is no busy loop. A draining gateway is
     * about to end its life, and its entries with it. */
    bool over = c->g->draining || !c->g->cluster || c->boot != cluster_boot(c->g->cluster);
    if (err && !over) {
        unbind_send(c);
        return;
    }
    call_free(c);
}

static void unbind_send(struct call *c)
{
    char who[160];
    snprintf(who, sizeof who, "%s %llu %llu", c->g->node.id, (unsigned long long)c->boot,
             (unsigned long long)c->sid);
    const struct str args[] = {buf_as_str(&c->resource), str_of(who)};
    fcall(c->g, "verona_session_unbind", buf_as_str(&c->key), args, 2, on_unbound, c);
}

void registry_unbind(struct gateway *g, struct str bare, struct str resource, uint64_t sid)
{
    if (g->cluster) /* else the process ends */
        unbind_send(call_new(g, bare, resource, sid));
}

static void priority_send(struct call *c, int priority);

static void on_priority(void *ctx, const redisReply *r, int err)
{
    struct call *c = ctx;
    struct client *client = client_by_sid(c->g, c->sid);
    (void)r;
    if (!client || !c->g->cluster || c->boot != cluster_boot(c->g->cluster)) {
        call_free(c); /* the entry goes with the session */
        return;
    }
    if (!err && !client->priority_changed) {
        client->priority_out = false;
        call_free(c);
        return;
    }
    int priority;
    client->priority_changed = false;
    priority_send(c, client_available(client, &priority) ? priority : REGISTRY_UNAVAILABLE);
}

static void priority_send(struct call *c, int priority)
{
    char who[160], prio[16];
    snprintf(who, sizeof who, "%s %llu %llu", c->g->node.id, (unsigned long long)c->boot,
             (unsigned long long)c->sid);
    snprintf(prio, sizeof prio, "%d", priority);
    const struct str args[] = {buf_as_str(&c->resource), str_of(who), str_of(prio)};
    fcall(c->g, "verona_session_priority", buf_as_str(&c->key), args, 3, on_priority, c);
}

void registry_priority(struct gateway *g, struct client *client)
{
    struct str jid = client_jid(client);
    int priority;
    /* One at a time: however often he changes it, the last word is what counts. */
    client->priority_changed = client->priority_out;
    if (client->priority_out)
        return;
    client->priority_out = true;
    priority_send(call_new(g, client_bare(client), jid_resource(jid), client_sid(client)),
                  client_available(client, &priority) ? priority : REGISTRY_UNAVAILABLE);
}
