/* loop_priv.h: the inside of a loop, shared by loop.c (turns) and loop_io.c (handles). */
#ifndef MUC_LOOP_PRIV_H
#define MUC_LOOP_PRIV_H

#include "rt/wheel.h"

#include <uv.h>

enum { LOOP_N_PRIO = LOOP_PRIO_CLEAN + 1 };

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* before the poll: hooks, tasks, arming of `timer` */
    uv_check_t check;     /* after it: timers, tasks */
    uv_idle_t idle;       /* active while the poll must not block */
    uv_timer_t timer;     /* wakes the poll when the wheel is due; its callback does nothing */

    bool running;
    bool spin;         /* asked for with loop_spin() */
    bool now_is_stale; /* now_ms is older than the last poll */
    uint64_t now_ms;
    uint64_t timer_ms; /* what `timer` is armed for; 0: not armed */
    uint64_t turns;
    uint64_t started_ns; /* of the first loop_run(); 0 before */

    struct wheel wheel;
    struct list tasks[LOOP_N_PRIO]; /* struct loop_task */
    struct list hooks;              /* struct hook */
    struct list polls;              /* struct loop_poll, those not closed */
    struct list signals;            /* struct watched_signal */
};

/* Closes all handles of loop_io.c. Their memory is freed as the loop runs on. */
void loop_io_close(struct loop *l);

#endif
