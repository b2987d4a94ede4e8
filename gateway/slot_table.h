/* slot_table.h: slot -> owner and epoch, as this gateway believes. Pure.
 *
 *   STALE --Redis: (epoch, owner)--> SEALED(epoch): older frames are void, requests wait
 *   STALE, SEALED --the owner says so itself (NewOwner)--> BOUND(epoch, boot): requests go there,
 *                   and only its frames count
 *   BOUND --a greater epoch--> SEALED or BOUND again;  --that life is over--> without an owner
 *
 * The table in Redis can be ahead of the owner, who may not have loaded the slot yet: that is why
 * BOUND waits for the owner's word. */
#ifndef MUC_GATEWAY_SLOT_TABLE_H
#define MUC_GATEWAY_SLOT_TABLE_H

#include "base/slot.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct slot_table;

enum slot_news {
    SLOT_STALE, /* of an older epoch, or a contradiction: dropped */
    SLOT_KNOWN, /* nothing new */
    SLOT_BOUND, /* bound now; what we show of its rooms stands */
    SLOT_LOST,  /* bound now to an owner that does not know our occupants */
};

struct slot_owner {
    struct str id; /* valid until the table changes */
    uint64_t boot;
};

struct slot_table *slot_table_new(void);
void slot_table_destroy(struct slot_table **t_p);

/* What Redis says. boot 0: which life of that shard holds it is not known. true: the epoch is new,
 * the slot is sealed until its owner speaks. */
bool slot_table_read(struct slot_table *t, uint32_t slot, uint64_t epoch, struct str id,
                     uint64_t boot);
/* What a shard says of itself. planned_from: NewOwner of muc.proto. */
enum slot_news slot_table_claim(struct slot_table *t, uint32_t slot, uint64_t epoch,
                                uint64_t planned_from, struct str id, uint64_t boot);
/* Binds to the owner that Redis names, who has not spoken. SLOT_STALE if there is none. */
enum slot_news slot_table_bind(struct slot_table *t, uint32_t slot);
/* That life of a shard is over. */
void slot_table_gone(struct slot_table *t, struct str id, uint64_t boot);

uint64_t slot_table_epoch(const struct slot_table *t, uint32_t slot); /* highest known; 0: none */
bool slot_table_bound(const struct slot_table *t, uint32_t slot);     /* see the top */
/* The owner, bound or only read; false if none is known. */
bool slot_table_owner(const struct slot_table *t, uint32_t slot, struct slot_owner *out);
/* Is it bound to exactly this owner and epoch? */
bool slot_table_accepts(const struct slot_table *t, uint32_t slot, uint64_t epoch, struct str id,
                        uint64_t boot);
uint32_t slot_table_unowned(const struct slot_table *t);

#endif
