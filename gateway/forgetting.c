/* forgetting.c: see forgetting.h.
 *
 *   enter -> verona_attend +1 -> OK: in   BUSY: again soon   FIRST: Forget to all shards -> gate
 * away -> in leave -> its requests are answered -> verona_attend -1 -> done */
#include "gateway/forgetting.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/link.h"
#include "rt/log.h"
#include "rt/redis.h"

#define KEY "verona:presence"

enum {
    TICK_MS = 10,
    ASK_AGAIN_TICKS = 50, /* shards, in case one of them began a new life */
    GIVE_UP_MS = 10000,
};

enum visit_state { ENTERING, WAITING, FORGETTING, LEAVING };

/* A session on its way in or out. */
struct visit {
    struct list link;
    struct forgetting *f;
    enum visit_state state;
    uint64_t sid, boot, until_ms;
    bool asking; /* Redis */
    void (*entered)(void *ctx, bool ok);
    void (*left)(void *ctx);
    void *ctx;
};

struct done_shard {
    struct list link;
    uint64_t boot;
    char id[65];
};

struct forgetting {
    struct gateway *g;
    struct list visits;
    struct loop_timer tick;
    uint64_t ref; /* of the Forget under way */
    uint32_t ticks;
    struct list done; /* shards that answered it */
};

/* ---------------------------------------------------------------- Redis */

static void attend(struct visit *v, const char *by, redis_fn *fn)
{
    struct gateway *g = v->f->g;
    struct buf boot;
    buf_init(&boot);
    buf_u64(&boot, v->boot);
    const struct str argv[] = {STR("FCALL"),       STR("verona_attend"), STR("1"),  STR(KEY),
                               str_of(g->node.id), buf_as_str(&boot),    str_of(by)};
    v->asking = true;
    redis_command(g->redis, sizeof argv / sizeof argv[0], argv, 0, fn, v);
    buf_deinit(&boot);
}

static void visit_end(struct visit *v)
{
    list_remove(&v->link);
    mem_free(v);
}

static void entered(struct visit *v, bool ok)
{
    void (*fn)(void *, bool) = v->entered;
    void *ctx = v->ctx;
    visit_end(v);
    fn(ctx, ok);
}

static void forget_all(struct forgetting *f);

static void on_entering(void *ctx, const redisReply *r, int err)
{
    struct visit *v = ctx;
    struct str text = redis_str(r);
    v->asking = false;
    if (!v->f || err || r->type != REDIS_REPLY_STATUS) {
        entered(v, false);
    } else if (str_is(text, "BUSY")) {
        v->state = WAITING;
    } else if (str_is(text, "FIRST")) {
        v->state = FORGETTING;
        forget_all(v->f);
    } else {
        entered(v, true);
    }
}

static void on_leaving(void *ctx, const redisReply *r, int err)
{
    struct visit *v = ctx;
    void (*fn)(void *) = v->left;
    void *fn_ctx = v->ctx;
    (void)r;
    v->asking = false;
    if (err && v->f && loop_now_ms(v->f->g->loop) < v->until_ms)
        return; /* the next tick tries again */
    visit_end(v);
    if (fn)
        fn(fn_ctx);
}

/* ---------------------------------------------------------------- the shards */

static bool has_answered(const struct forgetting *f, const struct cluster_member *m)
{
    LIST_FOREACH(it, &f->done)
    {
        const struct done_shard *d = LIST_ENTRY(it, struct done_shard, link);
        if (d->boot == m->boot && strcmp(d->id, m->id) == 0)
            return true;
    }
    return false;
}

struct roll {
    struct forgetting *f;
    bool ask, missing;
};

static void call_up(void *ctx, const struct cluster_member *m)
{
    struct roll *r = ctx;
    if (m->role != CLUSTER_SHARD || !m->alive || has_answered(r->f, m))
        return;
    r->missing = true;
    if (r->ask)
        link_forget(r->f->g->link, m, r->f->ref);
}

static void done_drop(struct forgetting *f)
{
    LIST_FOREACH_SAFE(it, next, &f->done)
    {
        list_remove(it);
        mem_free(LIST_ENTRY(it, struct done_shard, link));
    }
}

static void forget_all(struct forgetting *f)
{
    struct roll r = {f, true, false};
    f->ref++;
    f->ticks = 0;
    done_drop(f);
    cluster_each(f->g->cluster, call_up, &r);
}

void forgetting_answered(struct forgetting *f, struct str shard, uint64_t boot, uint64_t ref)
{
    if (!f || ref != f->ref || shard.n > 64)
        return;
    struct done_shard *d = mem_zalloc(sizeof *d);
    memcpy(d->id, shard.p, shard.n);
    d->boot = boot;
    list_push_back(&f->done, &d->link);
}

/* All have forgotten: open for everybody. */
static void end_forgetting(struct visit *v)
{
    const struct str argv[] = {STR("DEL"), STR(KEY ":gate")};
    redis_command(v->f->g->redis, 2, argv, 0, NULL, NULL);
    log_info("rooms_forgotten");
    entered(v, true);
}

/* ---------------------------------------------------------------- time */

static void look_at(struct forgetting *f, struct visit *v)
{
    bool late = loop_now_ms(f->g->loop) >= v->until_ms;
    struct roll r = {f, f->ticks % ASK_AGAIN_TICKS == ASK_AGAIN_TICKS - 1, false};
    switch (v->state) {
    case ENTERING:
        return;
    case WAITING:
        if (late)
            entered(v, false);
        else
            attend(v, "1", on_entering);
        return;
    case FORGETTING:
        cluster_each(f->g->cluster, call_up, &r);
        if (!r.missing)
            end_forgetting(v);
        else if (late) {
            forgetting_leave(f, 0, NULL, NULL); /* he was counted */
            entered(v, false);
        }
        return;
    case LEAVING:
        if (late || !link_pending_of(f->g->link, v->sid))
            attend(v, "-1", on_leaving);
        return;
    }
}

static void tick(void *ctx)
{
    struct forgetting *f = ctx;
    f->ticks++;
    LIST_FOREACH_SAFE(it, next, &f->visits)
    {
        struct visit *v = LIST_ENTRY(it, struct visit, link);
        if (!v->asking)
            look_at(f, v);
    }
}

/* ---------------------------------------------------------------- visits */

static struct visit *visit_new(struct forgetting *f, enum visit_state state, void *ctx)
{
    struct visit *v = mem_zalloc(sizeof *v);
    v->f = f;
    v->state = state;
    v->boot = cluster_boot(f->g->cluster);
    v->until_ms = loop_now_ms(f->g->loop) + GIVE_UP_MS;
    v->ctx = ctx;
    list_push_back(&f->visits, &v->link);
    return v;
}

void forgetting_enter(struct forgetting *f, void (*done)(void *ctx, bool ok), void *ctx)
{
    struct visit *v = visit_new(f, ENTERING, ctx);
    v->entered = done;
    attend(v, "1", on_entering);
}

void forgetting_leave(struct forgetting *f, uint64_t sid, void (*done)(void *ctx), void *ctx)
{
    struct visit *v = visit_new(f, LEAVING, ctx);
    v->sid = sid;
    v->left = done;
    look_at(f, v);
}

void forgetting_abandon(struct forgetting *f, void *ctx)
{
    LIST_FOREACH(it, &f->visits)
    {
        struct visit *v = LIST_ENTRY(it, struct visit, link);
        if (v->state == LEAVING && v->ctx == ctx)
            v->left = NULL;
    }
}

/* ---------------------------------------------------------------- life */

struct forgetting *forgetting_new(struct gateway *g)
{
    struct forgetting *f = mem_zalloc(sizeof *f);
    f->g = g;
    list_init(&f->visits);
    list_init(&f->done);
    loop_timer_init(&f->tick);
    loop_timer_start(g->loop, &f->tick, TICK_MS, TICK_MS, tick, f);
    return f;
}

void forgetting_destroy(struct forgetting **f_p)
{
    struct forgetting *f = *f_p;
    if (!f)
        return;
    *f_p = NULL;
    loop_timer_stop(&f->tick);
    done_drop(f);
    LIST_FOREACH_SAFE(it, next, &f->visits)
    {
        struct visit *v = LIST_ENTRY(it, struct visit, link);
        list_remove(it);
        list_init(it);
        v->f = NULL; /* the answer of Redis frees it */
        if (v->asking)
            continue;
        if (v->entered)
            v->entered(v->ctx, false);
        else if (v->left)
            v->left(v->ctx);
        mem_free(v);
    }
    mem_free(f);
}
