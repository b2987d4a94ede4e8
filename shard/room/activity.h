/* activity.h: how much is said in a room (XEP-0502): messages by the hour, the last day of them. */
#ifndef MUC_ROOM_ACTIVITY_H
#define MUC_ROOM_ACTIVITY_H

#include <stdint.h>

enum { ACTIVITY_HOURS = 25 }; /* the present one, and a full day */

/* Zeroed: nothing was ever said. */
struct activity {
    uint64_t hour;              /* the newest one that is counted, since the Unix epoch */
    uint32_t n[ACTIVITY_HOURS]; /* by hour modulo */
};

/* Stamps may come out of order; those of hours long past are left out. */
void activity_add(struct activity *a, uint64_t stamp_ms);
/* Messages of the 24 full hours before the present one. */
uint32_t activity_of_day(const struct activity *a, uint64_t now_ms);

#endif
