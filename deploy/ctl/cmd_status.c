/* cmd_status.c: `verona status`: the cluster on one screen. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "base/slot.h"
#include "deploy/ctl/find.h"
#include "deploy/ctl/registry.h"
#include "deploy/ctl/term.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { REDIS_MS = 2000 };

static json_int_t number(const struct registry_entry *e, const char *key)
{
    return json_integer_value(json_object_get(e->status, key));
}

/* "c2s=5222 ws=5280 admin=5290" -> {"c2s": 5222, "ws": 5280, "admin": 5290}; the admin port is also
 * in its address. */
static json_t *ports_json(const char *text, const char *admin)
{
    json_t *o = json_object();
    while (*text) {
        char name[32];
        int port, used = 0;
        if (sscanf(text, " %31[^= ]=%d%n", name, &port, &used) == 2 && used > 0)
            json_object_set_new(o, name, json_integer(port));
        else
            break;
        text += used;
    }
    const char *port = strrchr(admin, ':');
    if (port && !json_object_get(o, "admin"))
        json_object_set_new(o, "admin", json_integer(atoi(port + 1)));
    return o;
}

static json_t *process_json(const struct registry_entry *e)
{
    json_t *o = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:o}", "role", registry_role(&e->m),
                          "id", e->m.id, "pid", (json_int_t)e->m.pid, "state", e->state, "host",
                          e->m.host, "admin", e->m.admin, "boot", (json_int_t)e->m.boot, "ports",
                          ports_json(e->m.ports, e->m.admin));
    static const char *const counts[] = {"slots", "rooms", "occupants", "sessions"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(o, counts[i], json_integer(number(e, counts[i])));
    const json_t *ready = json_object_get(e->status, "ready");
    if (ready)
        json_object_set_new(o, "ready", json_boolean(json_is_true(ready)));
    if (e->restarts >= 0)
        json_object_set_new(o, "restarts", json_integer(e->restarts));
    return o;
}

struct totals {
    json_int_t slots, rooms, occupants, sessions;
    unsigned n_up, n;
};

static struct totals add_up(const struct registry *g)
{
    struct totals t = {0};
    for (size_t i = 0; i < g->n; i++) {
        const struct registry_entry *e = &g->v[i];
        bool shard = e->m.role == CLUSTER_SHARD;
        t.slots += shard ? number(e, "slots") : 0;
        t.rooms += shard ? number(e, "rooms") : 0;
        t.occupants += shard ? number(e, "occupants") : 0;
        t.sessions += shard ? 0 : number(e, "sessions");
        t.n_up += !strcmp(e->state, "up");
        t.n += !!strcmp(e->state, "gone");
    }
    return t;
}

static const char *verdict(const struct registry *g, const struct totals *t)
{
    if (!g->has_meta)
        return "redis away";
    if (!t->n)
        return "no processes";
    return t->n_up == t->n && t->slots == (json_int_t)SLOT_COUNT ? "ready" : "degraded";
}

static void print_json(const struct registry *g, const struct totals *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->n; i++)
        json_array_append_new(list, process_json(&g->v[i]));
    json_t *root = json_pack("{s:{s:s, s:s, s:b, s:I, s:I, s:I, s:I}, s:o}", "cluster", "id",
                             g->meta.cluster_id, "state", verdict(g, t), "redis", (int)g->has_meta,
                             "slots_owned", t->slots, "rooms", t->rooms, "occupants", t->occupants,
                             "sessions", t->sessions, "processes", list);
    ctl_print_json(root);
}

static void count_cell(struct term_table *t, const struct registry_entry *e, bool has,
                       const char *key)
{
    if (has && e->status)
        term_cellf(t, "%" JSON_INTEGER_FORMAT, number(e, key));
    else
        term_cell(t, STR("-"));
}

static void ports_cell(struct term_table *t, const struct cluster_member *m)
{
    const char *port = strrchr(m->admin, ':');
    if (m->ports[0] || !port)
        term_cell(t, str_of(m->ports[0] ? m->ports : "-"));
    else
        term_cellf(t, "admin=%s", port + 1);
}

static void print_table(const struct ctl *c, const struct registry *g)
{
    static const char *const head[] = {"NODE",  "ROLE",      "STATE",    "SLOTS",
                                       "ROOMS", "OCCUPANTS", "SESSIONS", "PID",
                                       "HOST",  "PORTS",     "RESTARTS", "BOOT"};
    enum { COLUMNS = sizeof head / sizeof *head };
    struct term_table t;
    term_table_init(&t, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++)
        term_cell(&t, str_of(head[i]));
    for (size_t i = 0; i < g->n; i++) {
        const struct registry_entry *e = &g->v[i];
        bool shard = e->m.role == CLUSTER_SHARD;
        term_cell(&t, str_of(e->m.id));
        term_cell(&t, str_of(registry_role(&e->m)));
        term_cell(&t, str_of(e->state));
        count_cell(&t, e, shard, "slots");
        count_cell(&t, e, shard, "rooms");
        count_cell(&t, e, shard, "occupants");
        count_cell(&t, e, true, "sessions");
        term_cellf(&t, "%" PRId64, e->m.pid);
        term_cell(&t, str_of(e->m.host[0] ? e->m.host : "-"));
        ports_cell(&t, &e->m);
        if (e->restarts >= 0)
            term_cellf(&t, "%" PRId64, e->restarts);
        else
            term_cell(&t, STR("-"));
        term_cellf(&t, "%" PRIu64, e->m.boot);
    }
    term_table_print(&t, c->o.plain);
    term_table_deinit(&t);
}

static void print(const struct ctl *c, const struct registry *g)
{
    struct totals t = add_up(g);
    if (c->o.json) {
        print_json(g, &t);
        return;
    }
    if (!c->o.plain)
        printf("CLUSTER %.8s   %s   %" JSON_INTEGER_FORMAT "/%u slots   %" JSON_INTEGER_FORMAT
               " rooms   %" JSON_INTEGER_FORMAT " occupants   %" JSON_INTEGER_FORMAT " sessions\n",
               g->has_meta ? g->meta.cluster_id : "?", verdict(g, &t), t.slots, SLOT_COUNT, t.rooms,
               t.occupants, t.sessions);
    print_table(c, g);
}

/* Redis is away, but this machine's own processes can still be asked. */
static int without_redis(const struct ctl *c, const struct found *f, int rc, const struct buf *err)
{
    struct registry g;
    if (!f->has_state || rc == ERR_INVALID || rc == ERR_DENIED)
        return find_failed(rc, err);
    ctl_note(c, "note:  %.*s; shown is what verona up knows", (int)err->len, err->data);
    registry_from_state(&f->state, &g);
    registry_ask(&g, &f->state);
    print(c, &g);
    registry_deinit(&g);
    return CTL_PARTIAL;
}

static int with_redis(const struct ctl *c, const struct found *f, struct rds *r, struct buf *err)
{
    struct registry g;
    int rc = registry_read(r, &g, err);
    if (rc) {
        rc = ctl_fail(CTL_UNREACHABLE, "verona up, or verona cluster init", "%.*s", (int)err->len,
                      err->data);
    } else {
        registry_ask(&g, f->has_state ? &f->state : NULL);
        print(c, &g);
        if (!g.n)
            rc = CTL_UNREACHABLE;
    }
    registry_deinit(&g);
    return rc;
}

int cmd_status(struct ctl *c, int argc, char **argv)
{
    struct found f;
    struct rds *r = NULL;
    struct buf err;
    (void)argc;
    (void)argv;
    int rc = find_cluster(c, &f);
    if (rc)
        return rc;
    buf_init(&err);
    rc = rds_open(f.redis_url, found_password(c, &f), REDIS_MS, &r, &err);
    rc = rc ? without_redis(c, &f, rc, &err) : with_redis(c, &f, r, &err);
    rds_close(&r);
    found_deinit(&f);
    buf_deinit(&err);
    return rc;
}
