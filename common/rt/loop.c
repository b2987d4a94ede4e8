/* loop.c: what happens in one turn, and in which order.
 *
 *   +-> poll (blocks) -> callbacks of descriptors -> due timers -> tasks  [check]
 *   |                                                                |
 *   +---- arm the timer <- hooks and tasks until none is left <------+    [prepare]
 *
 * Tasks run at both ends of the way from one poll to the next, because callbacks of libuv's own
 * (closed handles, finished work, name look-ups) come between the two. */
#include "rt/loop.h"
#include "base/mem.h"
#include "rt/loop_priv.h"

#include <assert.h>
#include <time.h>

enum {
    MAX_ROUNDS = 1000,   /* of tasks that defer tasks; the rest waits for the next turn */
    MAX_HOOK_ROUNDS = 4, /* of hooks that defer tasks */
};

struct hook {
    struct list link;
    loop_fn *fn;
    void *ctx;
};

/* ---- clocks ---- */

static uint64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    int rc = clock_gettime(id, &ts);
    assert(rc == 0);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* CLOCK_BOOTTIME: time in suspend counts, or a lease would outlive a laptop's lid. */
uint64_t loop_clock_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

uint64_t loop_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000u;
}

uint64_t loop_now_ms(const struct loop *l)
{
    if (l->now_is_stale || !l->running) {
        /* A cache: the caller's view of the loop does not change. */
        struct loop *cache = (struct loop *)(uintptr_t)l;
        cache->now_ms = loop_clock_ns() / 1000000u;
        cache->now_is_stale = false;
    }
    return l->now_ms;
}

/* ---- timers ---- */

void loop_timer_init(struct loop_timer *t)
{
    *t = (struct loop_timer){.loop = NULL};
}

void loop_timer_start(struct loop *l, struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms,
                      loop_fn *fn, void *ctx)
{
    loop_timer_stop(t);
    t->due_ms = loop_now_ms(l) + after_ms;
    t->repeat_ms = repeat_ms;
    t->fn = fn;
    t->ctx = ctx;
    t->loop = l;
    wheel_add(&l->wheel, t);
}

void loop_timer_stop(struct loop_timer *t)
{
    if (!t->loop)
        return;
    list_remove(&t->link);
    t->loop = NULL;
}

static void run_timers(struct loop *l)
{
    uint64_t now = loop_now_ms(l);
    for (struct loop_timer *t; (t = wheel_pop(&l->wheel, now));) {
        /* Settled before the call: the callback may stop or re-arm the timer, or free it. */
        if (t->repeat_ms) {
            t->due_ms += t->repeat_ms;
            if (t->due_ms <= now) /* late by more than a period: do not catch up in a burst */
                t->due_ms = now + t->repeat_ms;
            wheel_add(&l->wheel, t);
        } else {
            t->loop = NULL;
        }
        t->fn(t->ctx);
    }
}

static void on_timer(uv_timer_t *handle)
{
    struct loop *l = handle->data;
    l->timer_ms = 0; /* it has ended the poll, and the timers ran in check: that was all */
}

static void arm_timer(struct loop *l)
{
    uint64_t due;
    if (!wheel_next_ms(&l->wheel, &due)) {
        if (l->timer_ms)
            uv_timer_stop(&l->timer);
        l->timer_ms = 0;
        return;
    }
    if (due == l->timer_ms)
        return;
    uv_update_time(&l->uv); /* libuv counts from the start of its turn */
    uint64_t now = loop_clock_ns() / 1000000u;
    uv_timer_start(&l->timer, on_timer, due > now ? due - now : 0, 0);
    l->timer_ms = due;
}

/* ---- end-of-turn tasks ---- */

void loop_defer(struct loop *l, struct loop_task *t, enum loop_prio prio, loop_fn *fn, void *ctx)
{
    if (t->queued)
        return;
    t->fn = fn;
    t->ctx = ctx;
    t->queued = true;
    list_push_back(&l->tasks[prio], &t->link);
}

void loop_cancel(struct loop_task *t)
{
    if (!t->queued)
        return;
    list_remove(&t->link);
    t->queued = false;
}

static struct list *first_tasks(struct loop *l)
{
    for (unsigned prio = 0; prio < LOOP_N_PRIO; prio++)
        if (!list_empty(&l->tasks[prio]))
            return &l->tasks[prio];
    return NULL;
}

/* A round runs what one queue holds now. Then the first queue is asked again, so that all work is
 * done before anything is sent, and everything is sent before anything is freed. */
static void run_tasks(struct loop *l)
{
    struct list *queue;
    for (int round = 0; round < MAX_ROUNDS && (queue = first_tasks(l)); round++) {
        struct list batch;
        list_insert_before(queue->next, &batch);
        list_remove(queue);
        while (!list_empty(&batch)) {
            struct loop_task *t = LIST_ENTRY(batch.next, struct loop_task, link);
            list_remove(&t->link);
            t->queued = false;
            t->fn(t->ctx); /* may free t */
        }
    }
}

/* ---- the turn ---- */

void loop_on_prepare(struct loop *l, loop_fn *fn, void *ctx)
{
    struct hook *h = mem_zalloc(sizeof *h);
    h->fn = fn;
    h->ctx = ctx;
    list_push_back(&l->hooks, &h->link);
}

void loop_off_prepare(struct loop *l, loop_fn *fn, void *ctx)
{
    LIST_FOREACH(it, &l->hooks)
    {
        struct hook *h = LIST_ENTRY(it, struct hook, link);
        if (h->fn == fn && h->ctx == ctx) {
            h->fn = NULL; /* freed when no hook is running */
            return;
        }
    }
}

static void run_hooks(struct loop *l)
{
    LIST_FOREACH_SAFE(it, next, &l->hooks)
    {
        struct hook *h = LIST_ENTRY(it, struct hook, link);
        if (h->fn) {
            h->fn(h->ctx);
            next = it->next; /* the call may have added one */
        } else {
            list_remove(it);
            mem_free(h);
        }
    }
}

void loop_spin(struct loop *l, bool spin)
{
    l->spin = spin;
}

static void idle_nothing(uv_idle_t *handle)
{
    (void)handle;
}

static void on_prepare(uv_prepare_t *handle)
{
    struct loop *l = handle->data;
    /* Hooks come first, because they make work, and last, because a sending task may have used up
     * the readiness they decide on. Without tasks that is one call. If they do not come to an end,
     * the poll must not block. */
    bool settled = false;
    for (int round = 0; round < MAX_HOOK_ROUNDS && !settled; round++) {
        run_hooks(l);
        settled = !first_tasks(l);
        run_tasks(l);
    }
    if (l->spin || !settled)
        uv_idle_start(&l->idle, idle_nothing);
    else
        uv_idle_stop(&l->idle);
    arm_timer(l);
    l->now_is_stale = true;
}

static void on_check(uv_check_t *handle)
{
    struct loop *l = handle->data;
    l->turns++;
    run_timers(l);
    run_tasks(l);
}

/* ---- life ---- */

struct loop *loop_new(void)
{
    struct loop *l = mem_zalloc(sizeof *l);
    int rc = uv_loop_init(&l->uv);
    assert(rc == 0); /* start of the process: no descriptors, no process */
    uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME);
    uv_prepare_init(&l->uv, &l->prepare);
    uv_check_init(&l->uv, &l->check);
    uv_idle_init(&l->uv, &l->idle);
    uv_timer_init(&l->uv, &l->timer);
    l->prepare.data = l->check.data = l->idle.data = l->timer.data = l;
    uv_prepare_start(&l->prepare, on_prepare);
    uv_check_start(&l->check, on_check);
    wheel_init(&l->wheel, loop_now_ms(l));
    for (unsigned prio = 0; prio < LOOP_N_PRIO; prio++)
        list_init(&l->tasks[prio]);
    list_init(&l->hooks);
    list_init(&l->polls);
    list_init(&l->signals);
    return l;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* A callback may still ask to stop. */
static void run_to_end(struct loop *l)
{
    while (uv_run(&l->uv, UV_RUN_DEFAULT)) {
    }
}

void loop_destroy(struct loop **l_p)
{
    struct loop *l = *l_p;
    if (!l)
        return;
    *l_p = NULL;
    run_tasks(l); /* what was to be freed at the end of the turn */
    loop_io_close(l);
    uv_walk(&l->uv, close_handle, NULL);
    run_to_end(l); /* close callbacks; and work in the pool ends with its done() */
    run_tasks(l);
    for (struct loop_timer *t; (t = wheel_pop_any(&l->wheel));)
        t->loop = NULL;
    LIST_FOREACH_SAFE(it, next, &l->hooks)
    {
        mem_free(LIST_ENTRY(it, struct hook, link));
    }
    loop_io_close(l); /* what those callbacks opened */
    uv_walk(&l->uv, close_handle, NULL);
    run_to_end(l);
    int rc = uv_loop_close(&l->uv);
    assert(rc == 0);
    mem_free(l);
}

void loop_run(struct loop *l)
{
    if (!l->started_ns)
        l->started_ns = uv_hrtime();
    l->running = true;
    l->now_is_stale = true;
    uv_run(&l->uv, UV_RUN_DEFAULT);
    l->running = false;
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

void *loop_uv(struct loop *l)
{
    return &l->uv;
}

double loop_busy_seconds(const struct loop *l)
{
    if (!l->started_ns)
        return 0;
    uint64_t idle = uv_metrics_idle_time((uv_loop_t *)(uintptr_t)&l->uv);
    uint64_t total = uv_hrtime() - l->started_ns;
    return total > idle ? (double)(total - idle) / 1e9 : 0;
}

uint64_t loop_turns(const struct loop *l)
{
    return l->turns;
}
