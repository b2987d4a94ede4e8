/* wheel.h: the loop's timers, ordered by due time in four levels of 64 slots of 10 ms and more.
 *
 * Internal to rt; pure (time is passed in). Adding and removing cost O(1), and so does the question
 * when the next timer is due, so that an idle process sleeps instead of ticking. */
#ifndef MUC_WHEEL_H
#define MUC_WHEEL_H

#include "rt/loop.h"

enum { WHEEL_TICK_MS = 10, WHEEL_LEVELS = 4, WHEEL_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_BITS };

struct wheel {
    uint64_t tick;               /* everything due up to this one has been given out */
    uint64_t used[WHEEL_LEVELS]; /* bit s: slot s may hold timers (a stopped one leaves it set) */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
    struct list far; /* beyond the top level: sorted in when that has gone round (46 h) */
};

void wheel_init(struct wheel *w, uint64_t now_ms);
/* Files t under t->due_ms; one in the past comes out at the next tick. t is in no list. */
void wheel_add(struct wheel *w, struct loop_timer *t);
/* The moment to call wheel_pop() again; false if there are no timers. It may be early (a boundary
 * between levels), never late. */
bool wheel_next_ms(struct wheel *w, uint64_t *when_ms);
/* Takes out a timer that is due, NULL if there is none (any more). */
struct loop_timer *wheel_pop(struct wheel *w, uint64_t now_ms);
/* Takes out any timer, NULL when the wheel is empty. */
struct loop_timer *wheel_pop_any(struct wheel *w);

#endif
