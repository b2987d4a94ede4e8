/* presets.h: what a room is for, as a set of values for its configuration. Pure; one table. */
#ifndef MUC_PRESETS_H
#define MUC_PRESETS_H

#include "shard/room/room_types.h"

struct preset; /* static */

/* team, community, broadcast, stage; NULL for any other name. */
const struct preset *preset_find(struct str name);
/* Sets the fields that the preset speaks of; names, password and limits stay. */
void preset_apply(const struct preset *p, struct room_config *c);
const char *preset_name(const struct preset *p);
const char *preset_purpose(const struct preset *p); /* one line for people */
/* The i-th one, NULL behind the last. */
const struct preset *preset_at(uint32_t i);

#endif
