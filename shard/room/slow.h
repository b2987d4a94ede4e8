/* slow.h: when people spoke last, for slow mode (XEP-0500). By occupant-id, so that it counts for
 * all nicks and sessions of a user, after he left and came back, and when the room is loaded: the
 * history names no one else. Bounded: beyond LIMIT_SLOW_SPEAKERS the one who spoke first is
 * forgotten. */
#ifndef MUC_ROOM_SLOW_H
#define MUC_ROOM_SLOW_H

#include "base/list.h"
#include "base/str.h"

#include <stdint.h>

struct speaker;
struct slow {
    struct speaker *by_id;
    struct list speakers; /* in order of speaking */
    uint32_t n;
};

void slow_init(struct slow *s);
void slow_deinit(struct slow *s);
/* Milliseconds until that user may speak again; 0: now. */
uint64_t slow_wait_ms(const struct slow *s, struct str id, uint64_t period_ms, uint64_t now_ms);
/* He speaks now. Who may speak again anyway is forgotten. */
void slow_note(struct slow *s, struct str id, uint64_t period_ms, uint64_t now_ms);
/* He did not speak after all. */
void slow_forget(struct slow *s, struct str id);

#endif
