/* lib_run.c: see the header. */
#include "rt/lib_run.h"

struct waiting {
    struct loop *loop;
    run_cond *cond;
    void *ctx;
    uint64_t end_ms;
    bool held;
};

static void look(void *ctx)
{
    struct waiting *w = ctx;
    w->held = w->cond(w->ctx);
    if (w->held || loop_now_ms(w->loop) >= w->end_ms)
        loop_stop(w->loop);
}

bool run_until(struct loop *l, run_cond *cond, void *ctx, uint64_t limit_ms)
{
    struct loop_timer timer;
    struct waiting w = {l, cond, ctx, loop_now_ms(l) + limit_ms, false};
    loop_timer_init(&timer);
    loop_timer_start(l, &timer, 0, 10, look, &w);
    loop_run(l);
    loop_timer_stop(&timer);
    return w.held;
}

struct int_want {
    const int *value;
    int want;
};

static bool has_reached(void *ctx)
{
    const struct int_want *w = ctx;
    return *w->value >= w->want;
}

bool run_until_int(struct loop *l, const int *value, int want, uint64_t limit_ms)
{
    struct int_want w = {value, want};
    return run_until(l, has_reached, &w, limit_ms);
}

static bool never(void *ctx)
{
    (void)ctx;
    return false;
}

void run_for(struct loop *l, uint64_t ms)
{
    run_until(l, never, NULL, ms);
}
