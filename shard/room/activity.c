/* activity.c: see activity.h. */
#include "shard/room/activity.h"

enum { HOUR_MS = 3600 * 1000, DAY_HOURS = ACTIVITY_HOURS - 1 };

void activity_begin(struct activity *a, uint64_t from_ms)
{
    a->from = from_ms ? from_ms / HOUR_MS + 1 : 0; /* of the hour itself only a part is known */
}

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

bool activity_of_day(const struct activity *a, uint64_t now_ms, uint32_t *n)
{
    uint64_t now = now_ms / HOUR_MS, sum = 0, known = 0;
    for (uint64_t back = 1; back < ACTIVITY_HOURS && back <= now; back++) {
        uint64_t hour = now - back;
        if (hour < a->from)
            break;
        known++;
        if (hour <= a->hour && a->hour - hour < ACTIVITY_HOURS)
            sum += a->n[hour % ACTIVITY_HOURS];
    }
    *n = known ? (uint32_t)((sum * DAY_HOURS + known / 2) / known) : 0;
    return known > 0;
}
