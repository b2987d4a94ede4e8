/* wheel.c: a hierarchical timer wheel (Varghese and Lauck 1987).
 *
 * A due tick is read as digits of six bits. A timer sits at the level of the highest digit in which
 * its due tick differs from the current tick, in the slot that this digit names:
 *
 *   level 3 [ 46 h ]  level 2 [ 44 min ]  level 1 [ 41 s ]  level 0 [ 640 ms: exact ]
 *
 * So all slots in use lie ahead of the current digit of their level (no wrap-around), and a timer
 * at a lower level is always due before one at a higher: the next event is the lowest bit of the
 * first level that has one. When the current tick reaches a slot of a higher level, its timers are
 * filed anew and fall to lower levels. */
#include "rt/wheel.h"

#include <assert.h>

void wheel_init(struct wheel *w, uint64_t now_ms)
{
    w->tick = now_ms / WHEEL_TICK_MS;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        w->used[level] = 0;
        for (unsigned s = 0; s < WHEEL_SLOTS; s++)
            list_init(&w->slots[level][s]);
    }
    list_init(&w->far);
}

/* Rounded up: never before its time. */
static uint64_t due_tick(const struct loop_timer *t)
{
    return t->due_ms / WHEEL_TICK_MS + (t->due_ms % WHEEL_TICK_MS != 0);
}

/* tick >= w->tick. */
static void file(struct wheel *w, struct loop_timer *t, uint64_t tick)
{
    uint64_t differ = tick ^ w->tick;
    unsigned level = 0;
    while (level < WHEEL_LEVELS && differ >> (WHEEL_BITS * (level + 1)) != 0)
        level++;
    if (level == WHEEL_LEVELS) {
        list_push_back(&w->far, &t->link);
        return;
    }
    unsigned s = (unsigned)(tick >> (WHEEL_BITS * level)) & (WHEEL_SLOTS - 1);
    w->used[level] |= UINT64_C(1) << s;
    list_push_back(&w->slots[level][s], &t->link);
}

void wheel_add(struct wheel *w, struct loop_timer *t)
{
    uint64_t tick = due_tick(t);
    /* At least one tick ahead, or a timer that re-arms itself with 0 would hold wheel_pop()'s
     * caller for ever. */
    file(w, t, tick > w->tick ? tick : w->tick + 1);
}

/* The next slot with timers, and the tick at which it is reached. */
static struct list *next_slot(struct wheel *w, unsigned *level_out, uint64_t *tick_out)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        while (w->used[level]) {
            unsigned s = (unsigned)__builtin_ctzll(w->used[level]);
            struct list *slot = &w->slots[level][s];
            if (list_empty(slot)) {
                w->used[level] &= w->used[level] - 1;
                continue;
            }
            unsigned shift = WHEEL_BITS * level;
            uint64_t above = w->tick >> (shift + WHEEL_BITS) << WHEEL_BITS;
            *tick_out = (above | s) << shift;
            *level_out = level;
            return slot;
        }
    }
    if (list_empty(&w->far))
        return NULL;
    const unsigned shift = WHEEL_BITS * WHEEL_LEVELS;
    *tick_out = ((w->tick >> shift) + 1) << shift;
    *level_out = WHEEL_LEVELS;
    return &w->far;
}

bool wheel_next_ms(struct wheel *w, uint64_t *when_ms)
{
    unsigned level;
    uint64_t tick;
    if (!next_slot(w, &level, &tick))
        return false;
    *when_ms = tick * WHEEL_TICK_MS;
    return true;
}

static struct loop_timer *take_first(struct list *slot)
{
    struct list *first = slot->next;
    list_remove(first);
    return LIST_ENTRY(first, struct loop_timer, link);
}

struct loop_timer *wheel_pop(struct wheel *w, uint64_t now_ms)
{
    uint64_t now = now_ms / WHEEL_TICK_MS, tick;
    unsigned level;
    struct list *slot;
    while ((slot = next_slot(w, &level, &tick)) && tick <= now) {
        assert(tick >= w->tick);
        w->tick = tick;
        if (level == 0)
            return take_first(slot);
        /* Emptied first: a timer of `far` may have to go back there. */
        struct list moving;
        list_insert_before(slot->next, &moving);
        list_remove(slot);
        while (!list_empty(&moving)) {
            struct loop_timer *t = take_first(&moving);
            uint64_t due = due_tick(t);
            file(w, t, due > tick ? due : tick);
        }
    }
    if (now > w->tick)
        w->tick = now;
    return NULL;
}

struct loop_timer *wheel_pop_any(struct wheel *w)
{
    unsigned level;
    uint64_t tick;
    struct list *slot = next_slot(w, &level, &tick);
    return slot ? take_first(slot) : NULL;
}
