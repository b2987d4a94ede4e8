/* c2s_ask.c: what a stream must wait for: an account, a password's keys, its resource. The stream
 * may end meanwhile; then the answer finds nobody, and puts back what it took. */
#include "gateway/account_ops.h"
#include "gateway/accounts.h"
#include "gateway/commands.h"
#include "gateway/edge.h"
#include "gateway/forgetting.h"
#include "gateway/register.h"
#include "gateway/registry.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/muc.h"

enum { READY_MS = 50 };

struct ask {
    struct client *c; /* NULL: gone */
    struct gateway *g;
    struct sasl_job *job;
    struct buf bare, resource;
    struct buf replaced; /* bind: the entry that held the resource */
    bool counted;        /* bind: with test.forget_rooms */
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
    buf_deinit(&a->replaced);
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

/* The resource is his, or why it is not. Ends the question. */
static void bound(struct ask *a, int err, struct str replaced)
{
    struct gateway *g = a->g;
    /* Entered, or perhaps so, for a session that will not be: nobody else would ever take it out.
     */
    bool nobody = !a->c || a->c->ending, outdone = a->outdone;
    if (err == ERR_UNKNOWN || err == ERR_DENIED || (nobody && !err))
        registry_unbind(g, buf_as_str(&a->bare), buf_as_str(&a->resource), a->sid);
    if (a->counted && (nobody || err))
        forgetting_leave(g->forgetting, 0, NULL, NULL);
    struct client *c = ask_end(a);
    if (!c)
        return;
    if (err) {
        client_slot_free(c);
    } else {
        client_bind(c);
        end_replaced(g, c, replaced);
    }
    if (err == ERR_DENIED)
        c2s_error(c, "not-authorized", "the account was removed");
    else
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

/* Whoever removes an account ends the sessions that are entered. One that was entered later must
 * see for itself that its account is gone. */
static void on_still_there(void *ctx, const struct account *account)
{
    struct ask *a = ctx;
    bool gone = account->asked && (!account->exists || account->disabled);
    bound(a, gone ? ERR_DENIED : 0, buf_as_str(&a->replaced));
}

static void on_bind(void *ctx, int err, struct str replaced)
{
    struct ask *a = ctx;
    if (err || !a->c || a->c->ending || a->c->edge->session.sasl.mode != AUTH_ACCOUNTS) {
        bound(a, err, replaced);
        return;
    }
    buf_str(&a->replaced, replaced);
    accounts_lookup(a->g->redis, buf_as_str(&a->bare), on_still_there, a);
}

/* W85 */
static void on_entered(void *ctx, bool ok)
{
    struct ask *a = ctx;
    a->counted = ok;
    if (ok)
        registry_bind(a->g, buf_as_str(&a->bare), buf_as_str(&a->resource), a->sid, on_bind, a);
    else
        bound(a, ERR_UNAVAILABLE, STR_NULL);
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
    if (a->g->forgetting)
        forgetting_enter(a->g->forgetting, on_entered, a);
    else
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

static void on_registered(void *ctx, enum account_result r)
{
    struct client *c = ask_end(ctx);
    if (c)
        session_registered(c->session, r == ACCOUNT_DONE     ? SE_NONE
                                       : r == ACCOUNT_EXISTS ? SE_CONFLICT
                                                             : SE_RESOURCE_CONSTRAINT);
}

int ask_register(void *ctx, struct str username, struct str password)
{
    int condition = SE_NONE;
    struct client *c = ctx;
    struct gateway *g = c->edge->g;
    struct arena a;
    struct str bare, prepared;
    arena_init(&a);
    if (!account_name_ok(g, username, &a, &bare) || !account_password_ok(password, &a, &prepared))
        condition = SE_NOT_ACCEPTABLE;
    else if (!register_rate_take(c->edge->registrations, c->ip, loop_now_ms(g->loop)))
        condition = SE_RESOURCE_CONSTRAINT;
    else if (commands_admin(g->commands, bare))
        condition = SE_CONFLICT; /* a name that serves is not for whoever takes it first */
    else
        account_set(g, bare, prepared, true, on_registered, ask_new(c));
    arena_deinit(&a);
    return condition;
}
