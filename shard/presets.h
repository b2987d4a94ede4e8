/* presets.h: what a room is for, as a set of values for its configuration. Pure; one table. */
#ifndef MUC_PRESETS_H
#define MUC_PRESETS_H

#include "shard/room/room_types.h"

struct preset; /* static */

/* By its name (room_preset_name); NULL for any other. */
const struct preset *preset_find(struct str name);
/* Sets the fields that the preset speaks of; names, password and limits stay. */
void preset_apply(const struct preset *p, struct room_config *c);

#endif
