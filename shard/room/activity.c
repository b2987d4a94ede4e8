/* activity.c: see activity.h. */
#include "shard/room/activity.h"

enum { HOUR_MS = 3600 * 1000 };

void activity_add(struct activity *a, uint64_t stamp_ms)
{
    uint64_t hour = stamp_ms / HOUR_MS;
    if (hour > a->hour) {
        uint64_t passed = hour - a->hour;
        for (uint64_t i = 1; i <= passed && i <= ACTIVITY_HOURS; i++)
            a->n[(a->hour + i) % ACTIVITY_HOURS] = 0;
        a->hour = hour;
    }
    if (a->hour - hour < ACTIVITY_HOURS &&
        a->n[hour % ACTIVITY_HOURS] < UINT32_MAX / ACTIVITY_HOURS)
        a->n[hour % ACTIVITY_HOURS]++;
}

uint32_t activity_of_day(const struct activity *a, uint64_t now_ms)
{
    uint64_t now = now_ms / HOUR_MS;
    uint32_t sum = 0;
    for (uint64_t back = 1; back < ACTIVITY_HOURS && back <= now; back++) {
        uint64_t hour = now - back;
        if (hour <= a->hour && a->hour - hour < ACTIVITY_HOURS)
            sum += a->n[hour % ACTIVITY_HOURS];
    }
    return sum;
}
