/* count.h: what a step did, as metrics. */
#ifndef MUC_COUNT_H
#define MUC_COUNT_H

#include "shard/room/effects.h"

struct room;
/* `type` is the event that led to the effects; room: after it, may be NULL. */
void count_effects(enum room_ev_type type, const struct room *room, const struct room_effects *fx);

#endif
