/* route.c: Route -> HGETALL verona:session:<bare> -> Routed to the gateways -> RouteDone, or
 * RouteFailed. */
#include "shard/route.h"
#include "base/buf.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/muc.h"
#include "proto/wire.h"
#include "rt/redis.h"
#include "shard/link.h"
#include "shard/passes.h"

#include <stdio.h>

enum {
    NO_PRESENCE = -129,
    LOOKUP_MS = 5000,
    PENDING_MAX = LIMIT_SHARD_QUEUE / 4, /* bytes of stanzas that wait for look-ups */
};

struct route {
    struct redis *redis;
    struct link *link;
    struct list pending;
    size_t pending_bytes;
    struct passes *passes; /* stanzas that gateways have yet to answer for */
};

/* A stanza that waits for its look-up. */
struct lookup {
    struct list link;
    struct route *route; /* NULL: destroyed meanwhile */
    gateway_ref from;
    uint64_t ref, origin;
    Verona__Route__Kind kind;
    struct str to, stanza; /* in bytes */
    bool unsaid;           /* a message to the bare JID, of whom no session is known as available */
    size_t n;
    char bytes[];
};

/* ------------------------------------------------------------------ the registry's entries */

bool route_parse(struct str entry, struct route_session *out)
{
    struct str rest = entry;
    uint64_t priority;
    out->gateway = str_cut(&rest, ' ');
    if (out->gateway.n == 0 || out->gateway.n > 64 ||
        !str_u64(str_cut(&rest, ' '), UINT64_MAX, &out->boot) ||
        !str_u64(str_cut(&rest, ' '), UINT64_MAX, &out->handle))
        return false;
    struct str p = str_cut(&rest, ' ');
    bool negative = p.n && p.p[0] == '-';
    if (negative) {
        p.p++;
        p.n--;
    }
    if (!str_u64(p, negative ? 129 : 127, &priority) || rest.n)
        return false;
    out->priority = negative ? -(int)priority : (int)priority;
    return true;
}

/* ------------------------------------------------------------------ answers */

static void failed(struct route *rt, gateway_ref from, uint64_t ref, enum stanza_error why)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__RouteFailed f = VERONA__ROUTE_FAILED__INIT;
    if (ref == 0)
        return;
    f.ref = ref;
    f.condition = (uint32_t)why;
    item.kind_case = VERONA__ITEM__KIND_ROUTE_FAILED;
    item.route_failed = &f;
    link_send_msg(rt->link, from, &item);
}

static void done(struct route *rt, gateway_ref from, uint64_t ref, uint32_t count)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__RouteDone d = VERONA__ROUTE_DONE__INIT;
    if (ref == 0)
        return;
    d.ref = ref;
    d.count = count;
    item.kind_case = VERONA__ITEM__KIND_ROUTE_DONE;
    item.route_done = &d;
    link_send_msg(rt->link, from, &item);
}

/* To his gateways it makes no difference whether he had left before or while it was passed on. */
static void settled(void *ctx, gateway_ref from, uint64_t ref, uint32_t taken)
{
    if (taken)
        done(ctx, from, ref, taken);
    else
        failed(ctx, from, ref, SE_SERVICE_UNAVAILABLE);
}

static gateway_ref gateway_of(const struct route *rt, const struct route_session *s)
{
    char name[96];
    int n =
        snprintf(name, sizeof name, "%.*s:%llu", STR_FMT(s->gateway), (unsigned long long)s->boot);
    return link_find(rt->link, str_n(name, (size_t)n));
}

static void pass_on(struct route *rt, const struct lookup *u, gateway_ref gw, uint64_t handle,
                    struct str resource, uint64_t pass)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Routed r = VERONA__ROUTED__INIT;
    struct buf to;
    buf_init(&to);
    buf_str(&to, jid_bare(u->to));
    if (resource.n) {
        buf_c(&to, '/');
        buf_str(&to, resource);
    }
    r.to = wire_bytes(buf_as_str(&to));
    r.sid = handle;
    r.stanza = wire_bytes(u->stanza);
    r.kind = u->kind;
    r.pass = pass;
    r.origin = u->origin;
    r.ref = u->ref;
    item.kind_case = VERONA__ITEM__KIND_ROUTED;
    item.routed = &r;
    link_send_msg(rt->link, gw, &item);
    buf_deinit(&to);
}

/* The entry names a life that is over: whoever meets it removes it, if it is still the same. */
static void unbind(struct route *rt, struct str bare, struct str resource,
                   const struct route_session *s)
{
    struct buf key, value;
    buf_init(&key);
    buf_init(&value);
    buf_z(&key, "verona:session:");
    buf_str(&key, bare);
    buf_printf(&value, "%.*s %llu %llu", STR_FMT(s->gateway), (unsigned long long)s->boot,
               (unsigned long long)s->handle);
    struct str argv[] = {STR("FCALL"), STR("verona_session_unbind"),
                         STR("1"),     buf_as_str(&key),
                         resource,     buf_as_str(&value)};
    redis_command(rt->redis, sizeof argv / sizeof argv[0], argv, LOOKUP_MS, NULL, NULL);
    buf_deinit(&key);
    buf_deinit(&value);
}

/* ------------------------------------------------------------------ look-ups */

/* Is a newer life of the session's gateway talking to us? Then the entry is stale; a gateway that
 * we have no link with may just be new. */
struct newer {
    struct str id;
    uint64_t boot;
    bool found;
};

static void is_newer(void *ctx, const struct link_peer *p)
{
    struct newer *x = ctx;
    if (p->role == BUS_GATEWAY && p->boot > x->boot && str_eq(p->id, x->id))
        x->found = true;
}

static bool stale(struct route *rt, const struct route_session *s)
{
    struct newer x = {s->gateway, s->boot, false};
    link_each_peer(rt->link, is_newer, &x);
    return x.found;
}

/* Where an announcement goes: to every gateway that lives, whether its link is up at the moment or
 * not. */
struct crier {
    struct route *route;
    const struct lookup *u;
    uint32_t n;
};

static void cry(void *ctx, const struct link_peer *p)
{
    struct crier *c = ctx;
    struct route_session s = {.gateway = p->id, .boot = p->boot};
    if (p->role != BUS_GATEWAY)
        return;
    gateway_ref gw = gateway_of(c->route, &s);
    if (!link_alive(c->route->link, gw))
        return;
    pass_on(c->route, c->u, gw, 0, STR_NULL, 0);
    c->n++;
}

static void announce(struct route *rt, struct lookup *u)
{
    struct crier c = {rt, u, 0};
    link_each_peer(rt->link, cry, &c);
    done(rt, u->from, u->ref, c.n);
}

static bool wanted(const struct lookup *u, struct str only, struct str resource,
                   const struct route_session *s)
{
    if (only.n)
        return str_eq(only, resource);
    if (u->kind == VERONA__ROUTE__KIND__END)
        return true;
    if (u->kind != VERONA__ROUTE__KIND__MESSAGE)
        return false;
    return u->unsaid ? s->priority == NO_PRESENCE : s->priority >= 0;
}

/* Where he is, calls `pass` for each session that is meant. */
typedef void pass_fn(struct route *rt, const struct lookup *u, gateway_ref gw, uint64_t handle,
                     struct str resource, void *ctx);

static void each_session(struct route *rt, const struct lookup *u, const redisReply *reply,
                         pass_fn *pass, void *ctx)
{
    struct str bare = jid_bare(u->to), only = jid_resource(u->to);
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        struct route_session s;
        struct str resource = redis_str(reply->element[i]);
        if (!route_parse(redis_str(reply->element[i + 1]), &s))
            continue;
        if (stale(rt, &s)) {
            unbind(rt, bare, resource, &s);
            continue;
        }
        gateway_ref gw = gateway_of(rt, &s);
        if (link_alive(rt->link, gw) && wanted(u, only, resource, &s))
            pass(rt, u, gw, s.handle, resource, ctx);
    }
}

struct passing {
    struct outcome *outcome;
    uint32_t n;
};

static void pass_stanza(struct route *rt, const struct lookup *u, gateway_ref gw, uint64_t handle,
                        struct str resource, void *ctx)
{
    struct passing *p = ctx;
    uint64_t number = passes_add(rt->passes, p->outcome, gw);
    p->n++;
    /* As it was addressed: whether a session is available is for its gateway to say, who knew
     * before the registry did. */
    if (number)
        pass_on(rt, u, gw, handle, jid_resource(u->to).n ? resource : STR_NULL, number);
}

static void pass_end(struct route *rt, const struct lookup *u, gateway_ref gw, uint64_t handle,
                     struct str resource, void *ctx)
{
    uint32_t *n = ctx;
    pass_on(rt, u, gw, handle, resource, 0);
    (*n)++;
}

static void found(struct route *rt, struct lookup *u, const redisReply *reply)
{
    if (u->kind == VERONA__ROUTE__KIND__END) {
        uint32_t n = 0;
        each_session(rt, u, reply, pass_end, &n);
        settled(rt, u->from, u->ref, n); /* behind what it brought the same gateway */
        return;
    }
    struct passing p = {passes_begin(rt->passes, u->from, u->ref), 0};
    each_session(rt, u, reply, pass_stanza, &p);
    u->unsaid = p.n == 0 && jid_resource(u->to).n == 0;
    if (u->unsaid)
        each_session(rt, u, reply, pass_stanza, &p);
    passes_end(rt->passes, p.outcome);
}

static void answered(void *ctx, const redisReply *reply, int err)
{
    struct lookup *u = ctx;
    struct route *rt = u->route;
    if (rt) {
        if (!err && reply->type == REDIS_REPLY_ARRAY)
            found(rt, u, reply);
        else
            failed(rt, u->from, u->ref, SE_RESOURCE_CONSTRAINT);
        list_remove(&u->link);
        rt->pending_bytes -= u->n;
    }
    mem_free(u);
}

/* A bind conflict: the registry told the new gateway whom it replaced. */
static void replace(struct route *rt, struct lookup *u, struct str session)
{
    struct route_session s;
    gateway_ref gw = route_parse(session, &s) ? gateway_of(rt, &s) : 0;
    if (gw)
        pass_on(rt, u, gw, s.handle, jid_resource(u->to), 0);
    done(rt, u->from, u->ref, gw ? 1 : 0);
}

void route_stanza(struct route *rt, gateway_ref from, const Verona__Route *msg)
{
    struct jid parts;
    struct str to = wire_str(msg->to), stanza = wire_str(msg->stanza);
    struct lookup *u = mem_zalloc(sizeof *u + to.n + stanza.n);
    list_init(&u->link);
    u->route = rt;
    u->from = from;
    u->ref = msg->ref;
    u->origin = msg->origin;
    u->kind = msg->kind;
    u->n = to.n + stanza.n;
    if (to.n)
        memcpy(u->bytes, to.p, to.n);
    if (stanza.n)
        memcpy(u->bytes + to.n, stanza.p, stanza.n);
    u->to = str_n(u->bytes, to.n);
    u->stanza = str_n(u->bytes + to.n, stanza.n);
    enum stanza_error why = SE_NONE;
    if (to.n > LIMIT_JID || stanza.n > LIMIT_STANZA * 2 || jid_split(u->to, &parts) != 0 ||
        (int)msg->kind < 0 || msg->kind > VERONA__ROUTE__KIND__ANNOUNCE)
        why = SE_BAD_REQUEST;
    else if (rt->pending_bytes + u->n > PENDING_MAX || passes_count(rt->passes) >= PASSES_MAX)
        why = SE_RESOURCE_CONSTRAINT;
    bool known = msg->kind == VERONA__ROUTE__KIND__REPLACE ||
                 msg->kind == VERONA__ROUTE__KIND__ANNOUNCE; /* where it goes */
    if (why == SE_NONE && !known) {
        struct buf key;
        buf_init(&key);
        buf_z(&key, "verona:session:");
        buf_str(&key, jid_bare(u->to));
        struct str argv[] = {STR("HGETALL"), buf_as_str(&key)};
        list_push_back(&rt->pending, &u->link);
        rt->pending_bytes += u->n;
        redis_command(rt->redis, 2, argv, LOOKUP_MS, answered, u);
        buf_deinit(&key);
        return;
    }
    if (why == SE_NONE && msg->kind == VERONA__ROUTE__KIND__ANNOUNCE)
        announce(rt, u);
    else if (why == SE_NONE)
        replace(rt, u, wire_str(msg->session));
    else
        failed(rt, u->from, u->ref, why);
    mem_free(u);
}

void route_answered(struct route *rt, gateway_ref gw, const Verona__RoutedDone *msg)
{
    for (size_t i = 0; i < msg->n_taken; i++)
        passes_answer(rt->passes, gw, msg->taken[i], true);
    for (size_t i = 0; i < msg->n_lost; i++)
        passes_answer(rt->passes, gw, msg->lost[i], false);
}

void route_gateway_over(struct route *rt, gateway_ref gw)
{
    passes_gateway_over(rt->passes, gw);
}

uint32_t route_count(const struct route *rt)
{
    return passes_count(rt->passes);
}

struct route *route_new(struct redis *r, struct link *k)
{
    struct route *rt = mem_zalloc(sizeof *rt);
    rt->redis = r;
    rt->link = k;
    list_init(&rt->pending);
    rt->passes = passes_new(settled, rt);
    return rt;
}

void route_drop(struct route *rt)
{
    LIST_FOREACH_SAFE(it, nx, &rt->pending)
    {
        list_remove(it);
        LIST_ENTRY(it, struct lookup, link)->route = NULL;
    }
    rt->pending_bytes = 0;
    passes_drop(rt->passes);
}

void route_destroy(struct route **rt_p)
{
    struct route *rt = *rt_p;
    if (!rt)
        return;
    route_drop(rt);
    passes_destroy(&rt->passes);
    mem_free(rt);
    *rt_p = NULL;
}
