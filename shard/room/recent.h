/* recent.h: what users did to a room lately and may not do too often: inviting, refusing
 * invitations, asking for voice. By bare JID, so that it counts for all nicks and sessions of a
 * user, after he left and came back, and for who is not inside. Bounded: beyond LIMIT_RECENT the
 * one who did something longest ago is forgotten. */
#ifndef MUC_ROOM_RECENT_H
#define MUC_ROOM_RECENT_H

#include "shard/room/occupant.h"

struct recent {
    struct str bare;   /* owned */
    struct rate posts; /* invitations and refusals of them (R123) */
    uint64_t voice_ms; /* when voice was asked for last; 0: never (R86) */
    struct list in_order;
    UT_hash_handle hh;
};

struct recents {
    struct recent *by_jid;
    struct list in_order; /* who did something last: at the end */
    uint32_t n;
};

void recents_init(struct recents *rs);
void recents_deinit(struct recents *rs);
/* NULL: nothing is known of him. */
const struct recent *recents_find(const struct recents *rs, struct str bare);
/* What is known of him, from now on; valid until the next call. */
struct recent *recents_get(struct recents *rs, struct str bare);

#endif
