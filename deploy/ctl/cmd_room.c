/* cmd_room.c: `verona room list` and `verona room show`. What is durable is read from Redis, who is
 * there now is asked of the shard that owns the room. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "base/slot.h"
#include "deploy/ctl/find.h"
#include "deploy/ctl/http_get.h"
#include "deploy/ctl/prep.h"
#include "deploy/ctl/registry.h"
#include "deploy/ctl/term.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 512, ASK_MS = 3000 };

struct room {
    char *jid; /* heap */
    size_t jid_len;
    uint32_t slot;
    char owner[65];
};

struct rooms {
    struct room *v;
    size_t n;
};

static void rooms_deinit(struct rooms *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        mem_free(rs->v[i].jid);
    mem_free(rs->v);
}

static int by_jid(const void *a, const void *b)
{
    return strcmp(((const struct room *)a)->jid, ((const struct room *)b)->jid);
}

static void slot_command(struct rds *r, uint32_t slot, bool own)
{
    struct buf key;
    buf_init(&key);
    cluster_slot_key(&key, slot, own ? "own" : "rooms", STR_NULL);
    if (own)
        RDS_SEND(r, STR("HGET"), buf_as_str(&key), STR("o"));
    else
        RDS_SEND(r, STR("SMEMBERS"), buf_as_str(&key));
    buf_deinit(&key);
}

static void add_rooms(struct rooms *rs, uint32_t slot, const redisReply *members, struct str owner,
                      const char *match)
{
    for (size_t i = 0; i < members->elements; i++) {
        struct str jid = rds_at(members, i);
        if (match && (!jid.n || !memmem(jid.p, jid.n, match, strlen(match))))
            continue;
        rs->v = mem_realloc(rs->v, (rs->n + 1) * sizeof *rs->v);
        struct room *room = &rs->v[rs->n++];
        room->jid = mem_dup(jid.p, jid.n);
        room->jid_len = jid.n;
        room->slot = slot;
        snprintf(room->owner, sizeof room->owner, "%.*s", STR_FMT(owner));
    }
}

/* Every room of every slot, some slots in flight at a time. */
static int read_rooms(struct rds *r, const char *match, struct rooms *rs)
{
    for (uint32_t first = 0; first < SLOT_COUNT; first += BATCH) {
        for (uint32_t slot = first; slot < first + BATCH; slot++) {
            slot_command(r, slot, false);
            slot_command(r, slot, true);
        }
        for (uint32_t slot = first; slot < first + BATCH; slot++) {
            redisReply *members = rds_receive(r), *owner = members ? rds_receive(r) : NULL;
            bool ok = owner && members->type == REDIS_REPLY_ARRAY;
            if (ok)
                add_rooms(rs, slot, members, rds_str(owner), match);
            freeReplyObject(members);
            freeReplyObject(owner);
            if (!ok)
                return ERR_UNAVAILABLE;
        }
    }
    if (rs->n)
        qsort(rs->v, rs->n, sizeof *rs->v, by_jid);
    return 0;
}

static json_t *text_json(const char *p, size_t n)
{
    json_t *j = json_stringn(p, n);
    return j ? j : json_null();
}

static void print_rooms(const struct ctl *c, const struct rooms *rs)
{
    if (c->o.json) {
        json_t *list = json_array();
        for (size_t i = 0; i < rs->n; i++) {
            json_t *o =
                json_pack("{s:I, s:s}", "slot", (json_int_t)rs->v[i].slot, "shard", rs->v[i].owner);
            json_object_set_new(o, "room", text_json(rs->v[i].jid, rs->v[i].jid_len));
            json_array_append_new(list, o);
        }
        ctl_print_json(list);
        return;
    }
    struct term_table t;
    term_table_init(&t, 3);
    term_cell(&t, STR("ROOM"));
    term_cell(&t, STR("SLOT"));
    term_cell(&t, STR("SHARD"));
    for (size_t i = 0; i < rs->n; i++) {
        term_cell(&t, str_n(rs->v[i].jid, rs->v[i].jid_len));
        term_cellf(&t, "%u", rs->v[i].slot);
        term_cell(&t, str_of(rs->v[i].owner[0] ? rs->v[i].owner : "-"));
    }
    term_table_print(&t, c->o.plain);
    term_table_deinit(&t);
}

int cmd_room_list(struct ctl *c, int argc, char **argv)
{
    struct rooms rs = {NULL, 0};
    struct found f;
    struct rds *r = NULL;
    (void)argc;
    (void)argv;
    int rc = find_redis(c, &f, &r);
    if (rc)
        return rc;
    if (read_rooms(r, c->o.match, &rs))
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "Redis did not answer: %s", rds_error(r));
    else
        print_rooms(c, &rs);
    rooms_deinit(&rs);
    rds_close(&r);
    found_deinit(&f);
    return rc;
}

/* ---- one room */

struct place {
    uint32_t slot;
    bool exists;   /* in Redis */
    bool answered; /* by the shard that owns it */
    struct buf owner, epoch;
};

static int find_place(struct rds *r, const struct registry *g, struct str jid, struct place *p)
{
    struct buf key;
    buf_init(&key);
    p->slot = slot_of(g->meta.seed, jid);
    cluster_slot_key(&key, p->slot, "own", STR_NULL);
    redisReply *own = RDS(r, STR("HMGET"), buf_as_str(&key), STR("o"), STR("e"));
    buf_reset(&key);
    cluster_slot_key(&key, p->slot, "rooms", STR_NULL);
    redisReply *member = own ? RDS(r, STR("SISMEMBER"), buf_as_str(&key), jid) : NULL;
    bool ok = member && member->type == REDIS_REPLY_INTEGER;
    if (ok) {
        p->exists = member->integer == 1;
        buf_str(&p->owner, rds_at(own, 0));
        buf_str(&p->epoch, rds_at(own, 1));
    }
    freeReplyObject(own);
    freeReplyObject(member);
    buf_deinit(&key);
    return ok ? 0 : ERR_UNAVAILABLE;
}

/* What the owner knows; NULL if it does not have the room in memory, or does not answer. */
static json_t *ask_owner(const struct registry *g, struct str owner, struct str jid, bool *answered)
{
    const struct registry_entry *e = registry_find(g, CLUSTER_SHARD, owner);
    char address[256];
    struct buf path, body;
    json_t *live = NULL;
    *answered = false;
    if (!e || !e->m.admin[0])
        return NULL;
    buf_init(&path);
    buf_init(&body);
    buf_z(&path, "/rooms/");
    http_escape(&path, jid);
    buf_c(&path, '\0');
    registry_admin(&e->m, address, sizeof address);
    int code = http_get(address, path.data, ASK_MS, &body);
    *answered = code == 200 || code == 404;
    if (code == 200)
        live = json_loadb(body.data, body.len, 0, NULL);
    buf_deinit(&path);
    buf_deinit(&body);
    return live;
}

static const char *scalar(const json_t *v, char *out, size_t room)
{
    if (json_is_string(v))
        return json_string_value(v);
    if (json_is_integer(v))
        snprintf(out, room, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else
        snprintf(out, room, "%s", json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "");
    return out;
}

/* A list of objects as a table, its columns from the first of them. */
static void print_list(const char *title, const json_t *list, bool plain)
{
    char text[64];
    const char *key;
    const json_t *v, *first = json_array_get(list, 0);
    struct term_table t;
    printf("\n%s (%zu)\n", title, json_array_size(list));
    if (!json_is_object(first))
        return;
    term_table_init(&t, json_object_size(first));
    json_object_foreach((json_t *)(uintptr_t)first, key, v) term_cell(&t, str_of(key));
    for (size_t i = 0; i < json_array_size(list); i++)
        json_object_foreach((json_t *)(uintptr_t)first, key, v) term_cell(
            &t, str_of(scalar(json_object_get(json_array_get(list, i), key), text, sizeof text)));
    term_table_print(&t, plain);
    term_table_deinit(&t);
}

static void print_room(const struct ctl *c, struct str jid, const struct place *p, json_t *live)
{
    char text[64];
    const char *key;
    json_t *v;
    printf("%-14s%.*s\n", "room", STR_FMT(jid));
    printf("%-14s%u, shard %.*s, epoch %.*s\n", "slot", p->slot, (int)p->owner.len,
           p->owner.len ? p->owner.data : "", (int)p->epoch.len, p->epoch.len ? p->epoch.data : "");
    if (!live) {
        printf("%-14s%s\n", "state",
               p->answered ? "stored, not in memory: nobody is in it"
                           : "stored; its shard does not answer");
        return;
    }
    json_object_foreach(live, key,
                        v) if (!json_is_array(v) && !json_is_object(v) && strcmp(key, "room"))
        printf("%-14s%s\n", key, scalar(v, text, sizeof text));
    json_object_foreach(live, key, v) if (json_is_array(v)) print_list(key, v, c->o.plain);
}

static void print_room_json(struct str jid, const struct place *p, json_t *live)
{
    json_t *root = live ? json_incref(live) : json_object();
    json_object_set_new(root, "room", text_json(jid.p, jid.n));
    json_object_set_new(root, "slot", json_integer(p->slot));
    json_object_set_new(root, "shard", text_json(p->owner.len ? p->owner.data : "", p->owner.len));
    json_object_set_new(root, "owner_epoch",
                        text_json(p->epoch.len ? p->epoch.data : "", p->epoch.len));
    json_object_set_new(root, "loaded", json_boolean(live != NULL));
    json_object_set_new(root, "stored", json_boolean(p->exists));
    ctl_print_json(root);
}

static int show(const struct ctl *c, struct rds *r, struct str jid)
{
    struct place p = {0};
    struct registry g;
    struct buf err;
    buf_init(&err);
    buf_init(&p.owner);
    buf_init(&p.epoch);
    int rc = registry_read(r, &g, &err);
    if (rc) {
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "%.*s", (int)err.len, err.data);
    } else if (find_place(r, &g, jid, &p)) {
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "Redis did not answer: %s", rds_error(r));
    } else {
        json_t *live = ask_owner(&g, buf_as_str(&p.owner), jid, &p.answered);
        if (!live && !p.exists && !p.answered)
            rc = ctl_fail(CTL_UNREACHABLE, "verona status", "the shard of %.*s does not answer",
                          STR_FMT(jid));
        else if (!live && !p.exists)
            rc = ctl_fail(CTL_NOTFOUND, "verona room list --match TEXT", "there is no room %.*s",
                          STR_FMT(jid));
        else if (c->o.json)
            print_room_json(jid, &p, live);
        else
            print_room(c, jid, &p, live);
        if (!rc && !p.answered)
            rc = CTL_PARTIAL;
        json_decref(live);
    }
    registry_deinit(&g);
    buf_deinit(&p.owner);
    buf_deinit(&p.epoch);
    buf_deinit(&err);
    return rc;
}

int cmd_room_show(struct ctl *c, int argc, char **argv)
{
    struct buf jid;
    struct found f;
    struct rds *r = NULL;
    int rc;
    (void)argc;
    buf_init(&jid);
    if (prep_bare_jid(str_of(argv[0]), false, &jid))
        rc = ctl_fail(CTL_USAGE, "it looks like dev@conference.localhost",
                      "\"%s\" is not the JID of a room", argv[0]);
    else
        rc = find_redis(c, &f, &r);
    if (!rc) {
        rc = show(c, r, buf_as_str(&jid));
        rds_close(&r);
        found_deinit(&f);
    }
    buf_deinit(&jid);
    return rc;
}
