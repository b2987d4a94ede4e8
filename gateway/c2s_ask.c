/* c2s_ask.c: what a stream must wait for: an account, a password's keys, its resource. The stream
 * may end meanwhile; then the answer finds nobody, and puts back what it took. */
#include "gateway/accounts.h"
#include "gateway/edge.h"
#include "gateway/registry.h"
#include "base/err.h"
#include "base/jid.h"

enum { READY_MS = 50 };

struct ask {
    struct client *c; /* NULL: gone */
    struct gateway *g;
    struct sasl_job *job;
    struct buf bare, resource;
    uint64_t sid;
    bool outdone;           /* entered, and replaced before the answer came */
    struct loop_timer wait; /* for the cluster */
};

static struct ask *ask_new(struct client *c)
{
    struct ask *a = mem_zalloc(sizeof *a);
    a->c = c;
    a->g = c->edge->g;
    c->ask = a;
    return a;
}

/* Ends the question; the client it was for, NULL if he is gone. */
static struct client *ask_end(struct ask *a)
{
    struct client *c = a->c;
    if (c)
        c->ask = NULL;
    sasl_job_destroy(&a->job);
    buf_deinit(&a->bare);
    buf_deinit(&a->resource);
    mem_free(a);
    return c && !c->ending ? c : NULL;
}

void ask_forget(struct client *c)
{
    struct ask *a = c->ask;
    c->ask = NULL;
    if (!a)
        return;
    a->c = NULL;
    if (loop_timer_armed(&a->wait)) { /* nobody was asked yet */
        loop_timer_stop(&a->wait);
        ask_end(a);
    }
}

static void on_account(void *ctx, const struct account *account)
{
    struct client *c = ask_end(ctx);
    if (c)
        session_account(c->session, account);
}

void ask_account(void *ctx, struct str bare)
{
    struct client *c = ctx;
    accounts_lookup(c->edge->g->redis, bare, on_account, ask_new(c));
}

static void job_work(void *ctx)
{
    sasl_job_run(((struct ask *)ctx)->job);
}

static void job_done(void *ctx)
{
    struct ask *a = ctx;
    struct sasl_job *job = a->job;
    a->job = NULL;
    struct client *c = ask_end(a);
    if (c)
        session_job_done(c->session, job);
    sasl_job_destroy(&job);
}

void ask_job(void *ctx, struct sasl_job *job)
{
    struct client *c = ctx;
    struct ask *a = ask_new(c);
    a->job = job;
    loop_work(c->edge->g->loop, job_work, job_done, a);
}

/* The newest session has the resource; the one that had it is told, wherever it is. */
static void end_replaced(struct gateway *g, struct client *c, struct str entry)
{
    struct registry_entry e;
    if (entry.n == 0 || registry_parse(entry, &e))
        return;
    if (!str_is(e.gateway, g->node.id)) {
        link_route(g->link, client_jid(c), 3 /* REPLACE */, STR_NULL, 0, 0, entry);
        return;
    }
    struct client *old = e.boot == cluster_boot(g->cluster) ? client_by_sid(g, e.sid) : NULL;
    if (old && old != c)
        client_close(old, "conflict", "replaced by a new session");
}

static void on_bind(void *ctx, int err, struct str replaced)
{
    struct ask *a = ctx;
    struct gateway *g = a->g;
    /* Entered, or perhaps so, for a session that will not be: nobody else would ever take it out.
     */
    bool nobody = !a->c || a->c->ending, outdone = a->outdone;
    if (err == ERR_UNKNOWN || (nobody && !err))
        registry_unbind(g, buf_as_str(&a->bare), buf_as_str(&a->resource), a->sid);
    struct client *c = ask_end(a);
    if (!c)
        return;
    if (err) {
        client_slot_free(c);
    } else {
        client_bind(c);
        end_replaced(g, c, replaced);
    }
    session_bound(c->session, err);
    if (!err && outdone)
        client_close(c, "conflict", "replaced by a new session");
}

/* The registry answered a later bind of another gateway, whose word came here before our own
 * answer. */
void ask_outdone(struct client *c, struct str jid)
{
    struct ask *a = c->ask;
    if (a && a->sid == c->sid && str_eq(jid_bare(jid), buf_as_str(&a->bare)) &&
        str_eq(jid_resource(jid), buf_as_str(&a->resource)))
        a->outdone = true;
}

/* Between two lives of ours in the cluster nobody is entered: the entry would be one of the dead,
 * and the next life begins without him. The stream's own time limit ends the waiting. */
static void bind_when_ready(void *ctx)
{
    struct ask *a = ctx;
    struct client *c = a->c;
    if (!cluster_ready(a->g->cluster)) {
        loop_timer_start(a->g->loop, &a->wait, READY_MS, 0, bind_when_ready, a);
        return;
    }
    client_slot_take(c);
    a->sid = c->sid;
    registry_bind(a->g, buf_as_str(&a->bare), buf_as_str(&a->resource), a->sid, on_bind, a);
}

void ask_bind(void *ctx, struct str bare, struct str resource)
{
    struct client *c = ctx;
    struct ask *a = ask_new(c);
    buf_str(&a->bare, bare);
    buf_str(&a->resource, resource);
    bind_when_ready(a);
}
