/* service.h: the settings under room.* and xmpp.* as the rooms want them. */
#ifndef MUC_SERVICE_H
#define MUC_SERVICE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "shard/room/room_types.h"

#include <regex.h>

struct config;

/* Owns what its room_service points to. */
struct service {
    struct room_service room;
    struct str admins[64], contacts[LIMIT_CONTACTS];
    struct arena jids; /* prepared */
    regex_t name_pattern;
    bool has_name_pattern;
};

/* Borrows texts of cfg. ERR_INVALID with a line for people: a value that is none of the accepted
 * ones. */
MUST_CHECK int service_init(struct service *s, const struct config *cfg, struct buf *err);
void service_deinit(struct service *s);

#endif
