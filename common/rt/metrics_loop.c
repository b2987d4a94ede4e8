/* metrics_loop.c: how busy and how late the event loop is. */
#include "rt/loop.h"
#include "rt/metrics.h"

enum { PERIOD_MS = 100, TICK_MS = 10 };

static struct loop *watched;
static struct loop_timer timer;

/* The wheel fires at the first tick at or after the due time: what comes on top of that is lag. */
static void on_timer(void *ctx)
{
    (void)ctx;
    uint64_t due_ms = timer.due_ms - PERIOD_MS; /* already set to the next one */
    uint64_t tick_ns = (due_ms + TICK_MS - 1) / TICK_MS * TICK_MS * 1000000u;
    uint64_t now_ns = loop_clock_ns();
    metric_observe(METRIC_LOOP_LAG_SECONDS,
                   now_ns > tick_ns ? (double)(now_ns - tick_ns) / 1e9 : 0);
}

static void collect(void *ctx)
{
    (void)ctx;
    metric_set(METRIC_LOOP_BUSY_SECONDS_TOTAL, loop_busy_seconds(watched));
    metric_set(METRIC_LOOP_ITERATIONS_TOTAL, (double)loop_turns(watched));
}

void metrics_watch_loop(struct loop *l)
{
    if (watched) {
        loop_timer_stop(&timer);
        metrics_off_collect(collect, NULL);
    }
    watched = l;
    if (l) {
        loop_timer_start(l, &timer, PERIOD_MS, PERIOD_MS, on_timer, NULL);
        metrics_on_collect(collect, NULL);
    }
}
