/* loop.h: the one event loop of a process (libuv), its timers, and its end-of-turn queue.
 *
 *   poll -> callbacks of fds and timers -> deferred tasks (end of turn) -> poll ...
 *
 * Deferred tasks are where a turn's work is sent out at once: bus batches, Redis pipelines,
 * sockets. This is the only reader of clocks in the project. One thread. */
#ifndef MUC_LOOP_H
#define MUC_LOOP_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
typedef void loop_fn(void *ctx);

struct loop *loop_new(void);
/* Runs the tasks that are still deferred, waits for work in the pool (done() is called), closes
 * every handle and disarms every timer. */
void loop_destroy(struct loop **l_p);
/* Runs until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* The uv_loop_t *, for the few callers that need libuv itself (processes, sockets). */
void *loop_uv(struct loop *l);

/* Monotonic milliseconds, cached once per turn (CLOCK_BOOTTIME where there is one). */
uint64_t loop_now_ms(const struct loop *l);
/* Monotonic nanoseconds, read now: for measuring durations. */
uint64_t loop_clock_ns(void);
/* Milliseconds since the Unix epoch, read now: for stamps, never for safety. */
uint64_t loop_wall_ms(void);

/* Timers: a wheel of 10 ms ticks over one uv timer, so arming costs O(1). Caller's storage; zero it
 * (or loop_timer_init) before first use; stop it before the storage goes away. */
struct loop_timer {
    struct list link;
    uint64_t due_ms;
    uint64_t repeat_ms; /* 0: once */
    loop_fn *fn;
    void *ctx;
    struct loop *loop; /* NULL while not armed */
};
void loop_timer_init(struct loop_timer *t);
/* Arms or re-arms: fn(ctx) no earlier than after_ms from now, then each repeat_ms (0: once). */
void loop_timer_start(struct loop *l, struct loop_timer *t, uint64_t after_ms, uint64_t repeat_ms,
                      loop_fn *fn, void *ctx);
void loop_timer_stop(struct loop_timer *t);
static inline bool loop_timer_armed(const struct loop_timer *t)
{
    return t->loop != NULL;
}

/* End-of-turn tasks: fn(ctx) runs once, after the callbacks of this turn, in order of priority and,
 * within one, in order of deferral. Deferring an already deferred task does nothing. A task that
 * defers another one sees it run in the same turn. */
enum loop_prio {
    LOOP_PRIO_WORK,  /* work that makes output: room steps, commits */
    LOOP_PRIO_SEND,  /* output leaves: Redis pipeline, bus batch, sockets */
    LOOP_PRIO_CLEAN, /* freeing what ended in this turn */
};
struct loop_task {
    struct list link;
    loop_fn *fn;
    void *ctx;
    bool queued;
};
void loop_defer(struct loop *l, struct loop_task *t, enum loop_prio prio, loop_fn *fn, void *ctx);
void loop_cancel(struct loop_task *t);

/* Readiness of a descriptor, level-triggered. The handle belongs to the loop until loop_poll_close.
 * Nothing is watched until loop_poll_set; after an error (0) it must be set again or closed. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_poll;
typedef void loop_poll_fn(void *ctx,
                          int events /* LOOP_READ | LOOP_WRITE; 0 on an error of the fd */);
struct loop_poll *loop_poll_open(struct loop *l, int fd, loop_poll_fn *fn, void *ctx);
void loop_poll_set(struct loop_poll *p, int events); /* cheap when unchanged */
void loop_poll_close(struct loop_poll **p_p);        /* does not close the fd */

/* Work in the thread pool (password hashing, DNS): work(ctx) there, done(ctx) back in the loop. */
void loop_work(struct loop *l, loop_fn *work, loop_fn *done, void *ctx);

/* fn(ctx) in the loop at each arrival of the signal. */
void loop_on_signal(struct loop *l, int signum, loop_fn *fn, void *ctx);

/* fn(ctx) before each poll (a socket library whose readiness must be asked for: ZeroMQ). While
 * `spin` is set the loop polls without blocking. */
void loop_on_prepare(struct loop *l, loop_fn *fn, void *ctx);
void loop_off_prepare(struct loop *l, loop_fn *fn, void *ctx);
void loop_spin(struct loop *l, bool spin);

/* Seconds spent in callbacks and turns taken since start, for metrics. */
double loop_busy_seconds(const struct loop *l);
uint64_t loop_turns(const struct loop *l);

#endif
