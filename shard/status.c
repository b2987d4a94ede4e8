/* status.c: what operators and verona status see of a shard. */
#include "shard/status.h"
#include "base/slot.h"
#include "cluster/cluster.h"
#include "rt/http.h"
#include "rt/redis.h"
#include "shard/link.h"
#include "shard/rooms.h"
#include "shard/slots.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static int finish(json_t *o, struct buf *body, const char **type)
{
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    *type = "application/json";
    if (!text)
        return 500;
    buf_z(body, text);
    buf_c(body, '\n');
    free(text);
    return 200;
}

static json_t *json_of(struct str s)
{
    json_t *v = json_stringn(s.p ? s.p : "", s.n);
    return v ? v : json_null();
}

static void set_u(json_t *o, const char *key, uint64_t v)
{
    (void)json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void add_peer(void *ctx, const struct link_peer *p)
{
    json_t *o = json_object();
    (void)json_object_set_new(o, "role", json_string(p->role == BUS_GATEWAY ? "gateway" : "shard"));
    (void)json_object_set_new(o, "id", json_of(p->id));
    set_u(o, "boot", p->boot);
    (void)json_object_set_new(o, "up", json_boolean(p->up));
    set_u(o, "silent_ms", p->silent_ms);
    set_u(o, "queued_bytes", p->queued_bytes);
    (void)json_array_append_new(ctx, o);
}

static int serve_status(void *ctx, struct str path, struct buf *body, const char **type)
{
    const struct status *s = ctx;
    struct rooms_totals t;
    if (path.n && !str_is(path, "/"))
        return 404;
    rooms_totals(s->rooms, &t);
    json_t *o = json_object(), *peers = json_array();
    struct buf why;
    buf_init(&why);
    status_reasons(s, &why);
    (void)json_object_set_new(o, "role", json_string("shard"));
    (void)json_object_set_new(o, "id", json_string(s->id));
    set_u(o, "boot", cluster_ready(s->cluster) ? cluster_boot(s->cluster) : 0);
    set_u(o, "pid", (uint64_t)getpid());
    (void)json_object_set_new(o, "version", json_string(VERONA_VERSION));
    (void)json_object_set_new(o, "ready", json_boolean(why.len == 0));
    (void)json_object_set_new(o, "draining", json_boolean(s->draining));
    set_u(o, "slots", slots_owned(s->slots));
    set_u(o, "unassigned", slots_unassigned(s->slots));
    set_u(o, "rooms", t.rooms);
    set_u(o, "occupants", t.occupants);
    set_u(o, "sessions", t.sessions);
    set_u(o, "waiting", t.waiting);
    set_u(o, "queued_bytes", t.queued_bytes);
    (void)json_object_set_new(o, "redis", json_boolean(redis_up(s->redis)));
    link_each_peer(s->link, add_peer, peers);
    (void)json_object_set_new(o, "peers", peers);
    buf_deinit(&why);
    return finish(o, body, type);
}

struct records {
    json_t *list;
    struct link *link;
};

static void add_record(void *ctx, const struct room_record *r)
{
    struct records *out = ctx;
    json_t *o = json_object();
    (void)json_object_set_new(o, "nick", json_of(r->nick));
    (void)json_object_set_new(o, "jid", json_of(r->jid));
    (void)json_object_set_new(o, "role", json_string(role_name(r->role)));
    (void)json_object_set_new(o, "affiliation", json_string(affiliation_name(r->affiliation)));
    (void)json_object_set_new(o, "gateway", json_of(link_name(out->link, r->gw)));
    (void)json_array_append_new(out->list, o);
}

static void add_affiliation(void *ctx, const struct room_affiliation *a)
{
    json_t *o = json_object();
    (void)json_object_set_new(o, "jid", json_of(a->jid));
    (void)json_object_set_new(o, "affiliation", json_string(affiliation_name(a->affiliation)));
    if (a->nick.n)
        (void)json_object_set_new(o, "nick", json_of(a->nick));
    if (a->reason.n)
        (void)json_object_set_new(o, "reason", json_of(a->reason));
    (void)json_array_append_new(ctx, o);
}

static int serve_room(void *ctx, struct str path, struct buf *body, const char **type)
{
    const struct status *s = ctx;
    while (path.n && path.p[0] == '/') {
        path.p++;
        path.n--;
    }
    const struct room *room = path.n ? rooms_find(s->rooms, path) : NULL;
    if (!room)
        return 404;
    const struct room_config *c = room_config(room);
    json_t *o = json_object(), *affiliations = json_array();
    struct records records = {json_array(), s->link};
    (void)json_object_set_new(o, "room", json_of(room_jid(room)));
    (void)json_object_set_new(o, "name", json_of(c->name));
    (void)json_object_set_new(o, "persistent", json_boolean(c->persistent));
    (void)json_object_set_new(o, "public", json_boolean(c->public_room));
    (void)json_object_set_new(o, "members_only", json_boolean(c->members_only));
    (void)json_object_set_new(o, "moderated", json_boolean(c->moderated));
    (void)json_object_set_new(o, "password", json_boolean(c->secret.n > 0));
    (void)json_object_set_new(o, "locked", json_boolean(room_is_locked(room)));
    set_u(o, "n_occupants", room_occupants(room));
    set_u(o, "n_sessions", room_sessions(room));
    set_u(o, "pending", room_pending(room));
    set_u(o, "epoch", room_last(room).e);
    set_u(o, "seq", room_last(room).s);
    room_each_record(room, add_record, &records);
    room_each_affiliation(room, add_affiliation, affiliations);
    (void)json_object_set_new(o, "occupants", records.list);
    (void)json_object_set_new(o, "affiliations", affiliations);
    return finish(o, body, type);
}

void status_reasons(const struct status *s, struct buf *reasons)
{
    if (s->draining)
        buf_z(reasons, "draining\n");
    if (!redis_up(s->redis))
        buf_z(reasons, "no connection to Redis\n");
    if (!cluster_ready(s->cluster))
        buf_z(reasons, "not registered in the cluster\n");
    else if (cluster_unsafe(s->cluster))
        buf_z(reasons, "the cluster in Redis is not the one we knew\n");
    else if (slots_unassigned(s->slots))
        buf_printf(reasons, "%u slots have no live owner\n", slots_unassigned(s->slots));
}

static void ready(void *ctx, struct buf *reasons)
{
    status_reasons(ctx, reasons);
}

void status_serve(struct status *s, struct http *h)
{
    http_on_ready(h, ready, s);
    http_route(h, "/status", serve_status, s);
    http_route(h, "/rooms", serve_room, s);
}
