/* activity.h: how much is said in a room (XEP-0502): messages by the hour, the last day of them. Of
 * a room that was loaded not all of the day may be known. */
#ifndef MUC_ROOM_ACTIVITY_H
#define MUC_ROOM_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

enum { ACTIVITY_HOURS = 25 }; /* the present one, and a full day */

/* Zeroed: nothing was ever said, and that is known. */
struct activity {
    uint64_t hour;              /* the newest one that is counted, since the Unix epoch */
    uint64_t from;              /* what was said in the hours before this one is not known */
    uint32_t n[ACTIVITY_HOURS]; /* by hour modulo */
};

/* What was said before is not known; 0: it is. */
void activity_begin(struct activity *a, uint64_t from_ms);

/* Stamps may come out of order; those of hours long past are left out. */
void activity_add(struct activity *a, uint64_t stamp_ms);
/* Messages of the 24 full hours before the present one; if only some of these are known, as many as
 * in a day like them. false: none is known. */
bool activity_of_day(const struct activity *a, uint64_t now_ms, uint32_t *n);

#endif
