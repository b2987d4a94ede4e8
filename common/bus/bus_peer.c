/* bus_peer.c: who is at the other end. Finds the channel of a frame, makes peers of Hellos, and
 * turns what channels say into the calls of bus_ops.
 *
 * A peer is one life: (role, id, boot). Two shards may each call the other; that is still one peer
 * with one channel, and frames of it come and go by either socket. */
#include "base/err.h"
#include "bus/bus_priv.h"
#include "rt/log.h"
#include "rt/metrics.h"

#include <ctype.h>
#include <zmq.h>

bool bus_id_ok(struct str id)
{
    if (id.n == 0 || id.n > BUS_ID_MAX)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '.' || c == '_' || c == '-';
        if (!ok)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- the table */

static struct bus_peer_key make_key(enum bus_role role, struct str id, uint64_t boot)
{
    struct bus_peer_key key;
    memset(&key, 0, sizeof key);
    key.role = role;
    key.id_n = (uint32_t)id.n;
    key.boot = boot;
    memcpy(key.id, id.p, id.n);
    return key;
}

struct bus_peer *peer_find(struct bus *b, enum bus_role role, struct str id, uint64_t boot)
{
    if (id.n == 0 || id.n > BUS_ID_MAX)
        return NULL;
    struct bus_peer_key key = make_key(role, id, boot);
    struct bus_peer *p;
    HASH_FIND(hh, b->peers, &key, sizeof key, p);
    return p;
}

struct bus_peer *peer_add(struct bus *b, enum bus_role role, struct str id, uint64_t boot)
{
    struct bus_peer *p = mem_zalloc(sizeof *p);
    struct channel_self self = {
        .id = str_of(b->id),
        .cluster_id = b->cluster_id,
        .boot = b->boot,
        .unicode = b->unicode,
        .role = b->role,
        .link = ++b->n_links,
    };
    p->bus = b;
    p->key = make_key(role, id, boot);
    p->born_ms = loop_now_ms(b->loop);
    p->channel = channel_new(&self, id, boot, p->born_ms);
    list_init(&p->dirty);
    list_init(&p->grave);
    HASH_ADD(hh, b->peers, key, sizeof p->key, p);
    return p;
}

void peer_free(struct bus_peer *p)
{
    list_remove(&p->dirty);
    list_remove(&p->grave);
    channel_destroy(&p->channel);
    mem_free(p);
}

static void bury(void *ctx)
{
    struct bus *b = ctx;
    while (!list_empty(&b->graves))
        peer_free(LIST_ENTRY(b->graves.next, struct bus_peer, grave));
}

void peer_remove(struct bus_peer *p)
{
    struct bus *b = p->bus;
    if (p->dead)
        return;
    p->dead = true; /* it may be on the stack below us: freed at the end of the turn */
    HASH_DELETE(hh, b->peers, p);
    list_remove(&p->dirty);
    list_push_back(&b->graves, &p->grave);
    loop_defer(b->loop, &b->bury_task, LOOP_PRIO_CLEAN, bury, b);
    if (p->ever_up || !p->called_us)
        b->ops->gone(b->ctx, p);
}

struct bus_peer **peer_list(struct bus *b, size_t *n)
{
    struct bus_peer **list = mem_alloc(HASH_COUNT(b->peers) * sizeof(struct bus_peer *));
    struct bus_peer *p, *next;
    *n = 0;
    HASH_ITER(hh, b->peers, p, next)
    {
        list[(*n)++] = p;
    }
    return list;
}

bool peer_with_crc(const struct bus_peer *p)
{
    bool called_under_curve = p->caller_key[0] != '\0';
    return (p->dealer && !p->dealer->curve) || (p->route_n && !called_under_curve);
}

static enum bus_role role_of(const struct bus_peer *p)
{
    return (enum bus_role)p->key.role;
}

static struct str id_of(const struct bus_peer *p)
{
    return str_n(p->key.id, p->key.id_n);
}

/* ---------------------------------------------------------------- channel -> caller */

/* Other lives of the same id. Calls fn for each; it may remove the peer. */
static bool has_later_life(struct bus *b, enum bus_role role, struct str id, uint64_t boot)
{
    for (struct bus_peer *p = b->peers; p; p = p->hh.next)
        if (p->key.role == role && p->key.boot > boot && str_eq(id_of(p), id) && p->ever_up)
            return true;
    return false;
}

static void end_earlier_lives(struct bus_peer *of)
{
    struct bus *b = of->bus;
    size_t n;
    struct bus_peer **list = peer_list(b, &n);
    for (size_t i = 0; i < n; i++) {
        struct bus_peer *p = list[i];
        if (!p->dead && p->key.role == of->key.role && p->key.boot < of->key.boot &&
            str_eq(id_of(p), id_of(of)))
            peer_remove(p);
    }
    mem_free(list);
}

void peer_events(struct bus_peer *p, int ev)
{
    struct bus *b = p->bus;
    if (p->dead || ev <= 0)
        return;
    if (ev & CHANNEL_EV_STALE)
        metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
    if (ev & CHANNEL_EV_REFUSED)
        log_error("bus_peer_refused", KV("peer", id_of(p)), KV_U("boot", p->key.boot),
                  KV_Z("why", "protocol, cluster or unicode version differ"));
    if ((ev & CHANNEL_EV_DOWN) && p->up) {
        p->up = false;
        log_warn("bus_peer_down", KV("peer", id_of(p)), KV_U("boot", p->key.boot));
        b->ops->down(b->ctx, p);
    }
    if (p->dead)
        return;
    if (ev & (CHANNEL_EV_UP_FRESH | CHANNEL_EV_UP_AGAIN)) {
        bool fresh = (ev & CHANNEL_EV_UP_FRESH) != 0;
        p->up = p->ever_up = true;
        log_info("bus_peer_up", KV("peer", id_of(p)), KV_U("boot", p->key.boot),
                 KV_Z("link", fresh ? "new" : "again"));
        if (fresh)
            end_earlier_lives(p);
        if (!p->dead)
            b->ops->up(b->ctx, p, fresh);
    }
}

/* ---------------------------------------------------------------- frames -> channel */

static void on_item(void *ctx, struct str item)
{
    struct bus_peer *p = ctx;
    struct bus *b = p->bus;
    if (p->dead) /* forgotten by the item before */
        return;
    bus_count(&b->received, role_of(p), item);
    b->ops->item(b->ctx, p, item);
}

static void bad_frame(struct bus_peer *p)
{
    bus_decode_error();
    if (!p || ++p->bad < BUS_BAD_FRAMES)
        return;
    p->bad = 0;
    log_warn("bus_link_reset", KV("peer", id_of(p)), KV_U("boot", p->key.boot),
             KV_Z("why", "frames that make no sense"));
    peer_events(p, channel_reset(p->channel, loop_now_ms(p->bus->loop)));
    bus_touch(p);
}

/* "<role>:<id>:<boot>:<socket>" */
static bool parse_route(struct str route, enum bus_role *role, struct str *id, uint64_t *boot)
{
    if (route.n < 2 || route.n > BUS_ROUTE_MAX || route.p[1] != ':' ||
        (route.p[0] != 's' && route.p[0] != 'g'))
        return false;
    *role = route.p[0] == 's' ? BUS_SHARD : BUS_GATEWAY;
    struct str rest = {route.p + 2, route.n - 2};
    const char *colon = memchr(rest.p, ':', rest.n);
    if (!colon)
        return false;
    *id = str_n(rest.p, (size_t)(colon - rest.p));
    if (!bus_id_ok(*id))
        return false;
    *boot = 0;
    const char *end = route.p + route.n;
    for (const char *c = colon + 1; c < end && *c != ':'; c++) {
        if (!isdigit((unsigned char)*c) || *boot > (UINT64_MAX - 9) / 10)
            return false;
        *boot = *boot * 10 + (uint64_t)(*c - '0');
    }
    return *boot != 0;
}

static struct bus_peer *peer_at(struct bus_socket *s, struct str route)
{
    enum bus_role role;
    struct str id;
    uint64_t boot;
    if (s->router)
        return parse_route(route, &role, &id, &boot) ? peer_find(s->bus, role, id, boot) : NULL;
    for (struct bus_peer *p = s->bus->peers; p; p = p->hh.next)
        if (p->dealer == s)
            return p;
    return NULL;
}

static void complain(struct bus *b, struct str id, const char *why)
{
    uint64_t now = loop_now_ms(b->loop);
    if (b->complained_ms && now - b->complained_ms < BUS_COMPLAIN_MS)
        return; /* it tries ten times a second */
    b->complained_ms = now;
    log_warn("bus_caller_refused", KV("peer", id), KV_Z("why", why));
}

/* May the owner of the key of this connection be who he says? Over ipc:// there is no key: the
 * directory of the socket says who may call. */
static bool may_speak_as(struct bus *b, struct str id, const char *user_id)
{
    uint8_t key[32];
    if (!user_id || !*user_id)
        return true;
    return strlen(user_id) == BUS_KEY_TEXT && zmq_z85_decode(key, user_id) && b->ops->allow &&
           b->ops->allow(b->ctx, key, id);
}

/* The peer of a frame that came in at our ROUTER; NULL: not to be heard. */
static struct bus_peer *caller(struct bus_socket *s, struct str route, const char *user_id,
                               const Verona__LinkHeader *h)
{
    struct bus *b = s->bus;
    enum bus_role role;
    struct str id;
    uint64_t boot;
    if (!parse_route(route, &role, &id, &boot) || !str_eq(wire_str(h->src), id) ||
        h->src_boot != boot || (h->hello && h->hello->role != role)) {
        bus_decode_error();
        return NULL;
    }
    const char *key = user_id ? user_id : "";
    struct bus_peer *p = peer_find(b, role, id, boot);
    if (!h->hello) {
        /* Each frame carries the key of its connection: nobody speaks on with another's name. */
        if (p && p->route_n && strcmp(p->caller_key, key) == 0)
            return p;
        metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
        return NULL;
    }
    if (!may_speak_as(b, id, user_id)) {
        complain(b, id, "key not allowed for this id");
        return NULL;
    }
    if (h->dst_boot != 0 &&
        h->dst_boot != b->boot) { /* meant for whoever had this address before */
        metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
        return NULL;
    }
    if (!p) {
        if (has_later_life(b, role, id, boot)) {
            metric_add(METRIC_STALE_FRAMES_TOTAL, 1);
            return NULL;
        }
        if (HASH_COUNT(b->peers) >= BUS_PEERS_MAX) {
            complain(b, id, "too many peers");
            return NULL;
        }
        p = peer_add(b, role, id, boot);
        p->called_us = true;
    }
    memcpy(p->route, route.p, route.n);
    p->route_n = route.n;
    memset(p->caller_key, 0, sizeof p->caller_key);
    memcpy(p->caller_key, key, strlen(key)); /* "", or BUS_KEY_TEXT long: may_speak_as() looked */
    return p;
}

/* The peer of a frame that came in at one of our DEALERs. */
static struct bus_peer *called(struct bus_socket *s, const Verona__LinkHeader *h)
{
    struct bus_peer *p = peer_find(s->bus, BUS_SHARD, wire_str(h->src), h->src_boot);
    if (p && p->dealer == s)
        return p;
    metric_add(METRIC_STALE_FRAMES_TOTAL, 1); /* a life that bus_connect has not named (yet) */
    return NULL;
}

/* The same life without memory of this link: it forgot us, or we it. */
static struct bus_peer *begin_again(struct bus_peer *old)
{
    struct bus *b = old->bus;
    struct bus_peer_key key = old->key;
    struct bus_socket *dealer = old->dealer;
    char route[BUS_ROUTE_MAX], caller_key[BUS_KEY_TEXT + 1];
    size_t route_n = old->route_n;
    memcpy(route, old->route, sizeof route);
    memcpy(caller_key, old->caller_key, sizeof caller_key);
    bool called_us = old->called_us;
    peer_remove(old);
    struct str id = str_n(key.id, key.id_n);
    struct bus_peer *p = peer_find(b, (enum bus_role)key.role, id, key.boot);
    if (!p) /* `gone` may have connected again by itself */
        p = peer_add(b, (enum bus_role)key.role, id, key.boot);
    p->dealer = dealer;
    p->route_n = route_n;
    memcpy(p->route, route, sizeof route);
    memcpy(p->caller_key, caller_key, sizeof caller_key);
    p->called_us = called_us;
    return p;
}

void peer_frame(struct bus_socket *s, struct str route, const char *user_id, struct str frame)
{
    struct bus *b = s->bus;
    struct wire_frame f;
    arena_reset(&b->arena);
    if (wire_frame_parse(frame, &b->arena, &f) != 0) {
        bad_frame(peer_at(s, route));
        return;
    }
    struct bus_peer *p = s->router ? caller(s, route, user_id, f.header) : called(s, f.header);
    if (!p)
        return;
    uint64_t now = loop_now_ms(b->loop);
    b->received.bytes[role_of(p)] += frame.n;
    int ev = channel_receive(p->channel, &f, now, on_item, p);
    if (ev >= 0 && (ev & CHANNEL_EV_OTHER_BOOT)) {
        p = begin_again(p);
        ev = channel_receive(p->channel, &f, now, on_item, p);
    }
    if (p->dead)
        return;
    p->blocked = false; /* somebody is there */
    if (ev == ERR_PROTO) {
        bad_frame(p);
        return;
    }
    p->bad = 0;
    peer_events(p, ev);
    if (!p->dead)
        bus_touch(p); /* an ack, an answer, new credit */
}
