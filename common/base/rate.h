/* rate.h: "n per period", with bursts of up to n: what a token bucket allows, in one number (GCRA).
 * Pure; zeroed is unused. */
#ifndef MUC_RATE_H
#define MUC_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t free_us; /* all that was taken is worked off then; at or before now: nothing is owed */
};

/* Takes `count` of the `n` that each `period_ms` has; false: too much, and nothing was taken. n 0:
 * no limit. */
static inline bool rate_take(struct rate *r, uint32_t count, uint32_t n, uint32_t period_ms,
                             uint64_t now_ms)
{
    if (n == 0)
        return true;
    uint64_t now = now_ms * 1000, period = (uint64_t)period_ms * 1000, step = period / n;
    uint64_t at = r->free_us < now ? now : r->free_us;
    if (at > now + period) /* the clock was put back */
        at = now + period;
    if (at + count * step > now + period)
        return false;
    r->free_us = at + count * step;
    return true;
}

/* Nothing is owed: forgetting it gives nobody more than he has. */
static inline bool rate_idle(const struct rate *r, uint64_t now_ms)
{
    return r->free_us <= now_ms * 1000;
}

#endif
