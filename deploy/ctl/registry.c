/* registry.c: see registry.h. */
#include "deploy/ctl/registry.h"

#include "base/err.h"
#include "common/cluster/cluster_record.h"
#include "deploy/ctl/http_get.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ASK_MS = 1500 };

const char *registry_role(const struct cluster_member *m)
{
    return m->role == CLUSTER_GATEWAY ? "gateway" : "shard";
}

static int by_role_and_id(const void *a, const void *b)
{
    const struct cluster_member *x = &((const struct registry_entry *)a)->m;
    const struct cluster_member *y = &((const struct registry_entry *)b)->m;
    if (x->role != y->role)
        return x->role < y->role ? -1 : 1;
    return strverscmp(x->id, y->id);
}

static int read_meta(struct rds *r, struct registry *out, struct buf *err)
{
    redisReply *reply = RDS(r, STR("HGETALL"), STR("verona:meta"));
    int rc = 0;
    if (!reply || rds_is_error(reply)) {
        buf_printf(err, "Redis did not answer: %s", reply ? reply->str : rds_error(r));
        rc = ERR_UNAVAILABLE;
    } else {
        const char *why = cluster_meta_read(reply, &out->meta);
        if (why)
            buf_z(err, why);
        rc = why ? ERR_NOTFOUND : 0;
        out->has_meta = !why;
    }
    freeReplyObject(reply);
    return rc;
}

static void read_member(struct rds *r, struct str field, struct registry *out)
{
    struct registry_entry e = {.restarts = -1};
    enum cluster_role role;
    struct str id;
    struct buf key;
    if (!cluster_field_parse(field, &role, &id) || id.n >= sizeof e.m.id)
        return;
    buf_init(&key);
    buf_z(&key, "verona:");
    buf_str(&key, field);
    redisReply *reply = RDS(r, STR("HGETALL"), buf_as_str(&key));
    struct cluster_record record;
    memset(&record, 0, sizeof record);
    if (reply)
        cluster_record_read(reply, &record);
    e.m = record.m;
    e.m.role = role;
    memcpy(e.m.id, id.p, id.n);
    e.m.id[id.n] = '\0';
    e.state = !e.m.alive ? "dead" : e.m.draining ? "draining" : "up";
    out->v = mem_realloc(out->v, (out->n + 1) * sizeof *out->v);
    out->v[out->n++] = e;
    freeReplyObject(reply);
    buf_deinit(&key);
}

int registry_read(struct rds *r, struct registry *out, struct buf *err)
{
    memset(out, 0, sizeof *out);
    int rc = read_meta(r, out, err);
    if (rc)
        return rc;
    redisReply *members = RDS(r, STR("HGETALL"), STR("verona:members"));
    if (!members || members->type != REDIS_REPLY_ARRAY) {
        buf_printf(err, "Redis did not answer: %s", rds_error(r));
        rc = ERR_UNAVAILABLE;
    } else {
        for (size_t i = 0; i + 1 < members->elements; i += 2)
            read_member(r, rds_at(members, i), out);
    }
    freeReplyObject(members);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_role_and_id);
    return rc;
}

void registry_from_state(const struct state *s, struct registry *out)
{
    memset(out, 0, sizeof *out);
    out->n = s->n_processes;
    out->v = mem_zalloc((out->n + 1) * sizeof *out->v);
    for (size_t i = 0; i < out->n; i++) {
        const struct state_process *p = &s->processes[i];
        struct registry_entry *e = &out->v[i];
        e->m.role = strcmp(p->role, "gateway") ? CLUSTER_SHARD : CLUSTER_GATEWAY;
        snprintf(e->m.id, sizeof e->m.id, "%.*s", (int)sizeof e->m.id - 1, p->id);
        snprintf(e->m.admin, sizeof e->m.admin, "%.*s", (int)sizeof e->m.admin - 1, p->admin);
        if (p->c2s_port)
            snprintf(e->m.ports, sizeof e->m.ports, "c2s=%d ws=%d admin=%d", p->c2s_port,
                     p->ws_port, p->admin_port);
        else
            snprintf(e->m.ports, sizeof e->m.ports, "admin=%d", p->admin_port);
        e->m.pid = p->proc.pid;
        e->m.alive = proc_alive(p->proc);
        e->state = e->m.alive ? "up" : "dead";
        e->restarts = p->restarts;
    }
    qsort(out->v, out->n, sizeof *out->v, by_role_and_id);
}

void registry_admin(const struct cluster_member *m, char *out, size_t room)
{
    const char *port = strrchr(m->admin, ':');
    bool anywhere = !strncmp(m->admin, "0.0.0.0:", 8) || !strncmp(m->admin, "[::]:", 5) ||
                    m->admin[0] == '*' || m->admin[0] == ':';
    if (anywhere && port && m->host[0])
        snprintf(out, room, "%s%s", m->host, port);
    else
        snprintf(out, room, "%s", m->admin);
}

static void ask_one(struct registry_entry *e, const struct state *s)
{
    char address[256];
    struct buf body;
    const struct state_process *p = s ? state_find(s, registry_role(&e->m), str_of(e->m.id)) : NULL;
    if (p)
        e->restarts = p->restarts;
    if (!e->m.alive || !e->m.admin[0])
        return;
    buf_init(&body);
    registry_admin(&e->m, address, sizeof address);
    if (http_get(address, "/status", ASK_MS, &body) == 200)
        e->status = json_loadb(body.data, body.len, 0, NULL);
    if (!json_is_object(e->status)) {
        json_decref(e->status);
        e->status = NULL;
        e->state = "unreachable";
    }
    buf_deinit(&body);
}

bool registry_is_gone(const struct registry_entry *e, const struct state *s, const char *host)
{
    bool lives = !strcmp(e->state, "up") || !strcmp(e->state, "draining");
    return !lives && !state_find(s, registry_role(&e->m), str_of(e->m.id)) &&
           e->m.boot < s->started_ms && !strcmp(e->m.host, host);
}

void registry_ask(struct registry *g, const struct state *s)
{
    char host[sizeof g->v->m.host] = "";
    (void)gethostname(host, sizeof host - 1); /* as common/rt/node.c, and as long */
    for (size_t i = 0; i < g->n; i++) {
        ask_one(&g->v[i], s);
        if (s && registry_is_gone(&g->v[i], s, host))
            g->v[i].state = "gone";
    }
}

void registry_deinit(struct registry *g)
{
    for (size_t i = 0; i < g->n; i++)
        json_decref(g->v[i].status);
    mem_free(g->v);
    memset(g, 0, sizeof *g);
}

const struct registry_entry *registry_find(const struct registry *g, enum cluster_role role,
                                           struct str id)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->v[i].m.role == role && str_is(id, g->v[i].m.id))
            return &g->v[i];
    return NULL;
}
