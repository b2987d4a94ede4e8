/* status.c: what operators and verona status see of a shard. */
#include "shard/status.h"
#include "cluster/cluster.h"
#include "rt/http.h"
#include "rt/json.h"
#include "rt/redis.h"
#include "shard/link.h"
#include "shard/rooms.h"
#include "shard/slots.h"

#include <unistd.h>

static int serve_status(void *ctx, struct str path, struct buf *body, const char **type)
{
    const struct status *s = ctx;
    struct rooms_totals t;
    if (path.n && !str_is(path, "/"))
        return 404;
    rooms_totals(s->rooms, &t);
    json_t *o = json_object();
    struct buf why;
    buf_init(&why);
    status_reasons(s, &why);
    (void)json_object_set_new(o, "role", json_string("shard"));
    (void)json_object_set_new(o, "id", json_string(s->id));
    json_put_u64(o, "boot", cluster_ready(s->cluster) ? cluster_boot(s->cluster) : 0);
    json_put_u64(o, "pid", (uint64_t)getpid());
    (void)json_object_set_new(o, "version", json_string(VERONA_VERSION));
    json_put_bool(o, "ready", why.len == 0);
    json_put_bool(o, "draining", s->draining);
    json_put_u64(o, "slots", slots_owned(s->slots));
    json_put_u64(o, "unassigned", slots_unassigned(s->slots));
    json_put_u64(o, "rooms", t.rooms);
    json_put_u64(o, "occupants", t.occupants);
    json_put_u64(o, "sessions", t.sessions);
    json_put_u64(o, "waiting", t.waiting);
    json_put_u64(o, "queued_bytes", t.queued_bytes);
    json_put_bool(o, "redis", redis_up(s->redis));
    (void)json_object_set_new(o, "peers", link_status(s->link));
    buf_deinit(&why);
    return json_answer(o, body, type);
}

struct records {
    json_t *list;
    struct link *link;
};

static void add_record(void *ctx, const struct room_record *r)
{
    struct records *out = ctx;
    json_t *o = json_object();
    json_put_str(o, "nick", r->nick);
    json_put_str(o, "jid", r->jid);
    (void)json_object_set_new(o, "role", json_string(role_name(r->role)));
    (void)json_object_set_new(o, "affiliation", json_string(affiliation_name(r->affiliation)));
    json_put_str(o, "gateway", link_name(out->link, r->gw));
    (void)json_array_append_new(out->list, o);
}

static void add_affiliation(void *ctx, const struct room_affiliation *a)
{
    json_t *o = json_object();
    json_put_str(o, "jid", a->jid);
    (void)json_object_set_new(o, "affiliation", json_string(affiliation_name(a->affiliation)));
    if (a->nick.n)
        json_put_str(o, "nick", a->nick);
    if (a->reason.n)
        json_put_str(o, "reason", a->reason);
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
    json_put_str(o, "room", room_jid(room));
    json_put_str(o, "name", c->name);
    json_put_bool(o, "persistent", c->persistent);
    json_put_bool(o, "public", c->public_room);
    json_put_bool(o, "members_only", c->members_only);
    json_put_bool(o, "moderated", c->moderated);
    json_put_bool(o, "password", c->secret.n > 0);
    json_put_bool(o, "locked", room_is_locked(room));
    json_put_u64(o, "n_occupants", room_occupants(room));
    json_put_u64(o, "n_sessions", room_sessions(room));
    json_put_u64(o, "pending", room_pending(room));
    json_put_u64(o, "epoch", room_last(room).e);
    json_put_u64(o, "seq", room_last(room).s);
    room_each_record(room, add_record, &records);
    room_each_affiliation(room, add_affiliation, affiliations);
    (void)json_object_set_new(o, "occupants", records.list);
    (void)json_object_set_new(o, "affiliations", affiliations);
    return json_answer(o, body, type);
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
