/* slots_priv.h: the inside of slots.h, for slots*.c. */
#ifndef MUC_SLOTS_PRIV_H
#define MUC_SLOTS_PRIV_H

#include "base/slot.h"
#include "cluster/cluster.h"
#include "rt/loop.h"
#include "rt/redis.h"
#include "shard/ownership.h"
#include "shard/slots.h"

enum { SLOTS_COMMAND_MS = 5000 };

struct slots {
    struct loop *loop;
    struct redis *redis;
    struct cluster *cluster;
    struct slots_ops ops;
    void *ctx;
    struct ownership *o;
    char id[65];
    uint32_t expect_shards;
    struct loop_timer tick;

    uint32_t refs; /* replies under way, and the caller */
    bool destroyed;
    uint32_t life; /* rises when our record is lost: answers to older calls are void */

    bool active;     /* between cluster ready and lost */
    bool table_read; /* whole, in this life */
    bool allowed;    /* to claim */
    bool draining;   /* we ourselves, by our record */
    bool lost_row;   /* an own record is missing: lost data */
    uint64_t ready_at, gifts_at, asks_at, reread_at, sweep_at;
    uint32_t sweep_next;
    uint32_t reading; /* batches of rows under way */

    uint64_t epoch[SLOT_COUNT];        /* what the caller knows as ours; 0: not ours */
    uint64_t planned_from[SLOT_COUNT]; /* GaveSlots: the giver's epoch; 0: none */
    uint64_t planned_to[SLOT_COUNT];   /* and the one that it gave the slot under */
    bool giving[SLOT_COUNT];           /* not written to while the call is under way */
    bool unsure[SLOT_COUNT];           /* nobody answered it: giving, until the row was read */
    uint32_t n_unsure;
    uint64_t noticed_ms[SLOT_COUNT]; /* when a takeover began, for metrics; 0: none */
};

/* One call for some slots: rows to read, a chunk to claim or to give. */
struct call {
    struct slots *s;
    uint32_t life;
    uint32_t pending, n;
    bool failed, whole;
    char to_id[65], to_nonce[33]; /* gifts */
    uint16_t slots[];
};

/* ---- slots.c */

struct call *slots_call_new(struct slots *s, const uint16_t *slots, uint32_t n);
void slots_call_free(struct call *c);
/* Our record was lost meanwhile, or nobody listens any more. */
bool slots_call_is_void(const struct call *c);
/* An id or nonce out of Redis; one that is too long is nobody's: "". */
void slots_copy(char *out, size_t size, struct str s);
void slots_note_readings(struct slots *s);
void slots_set_unsure(struct slots *s, uint32_t slot, bool unsure);
/* Tells the caller what has changed in some slots, as ownership.c sees it now. claimed: by a claim
 * of ours, so it is a takeover (or the first claim) whatever was announced before. */
void slots_tell(struct slots *s, const uint16_t *list, uint32_t n, bool claimed);
/* A record of a slot is missing: that is lost data, not a free slot. It is never made here. */
void slots_report_lost_row(struct slots *s, uint32_t slot);
/* All that there is to do now. Ends with Redis being asked, never in a loop. */
void slots_work(struct slots *s);

/* ---- slots_read.c */

void slots_read_rows(struct slots *s, const uint16_t *slots, uint32_t n);
void slots_read_table(struct slots *s);
/* Rows that others may have changed: without a live owner, and with `moving` those on their way
 * between others or to us (a GaveSlots may have been lost). A picture in which what others did is
 * missing gives slots to the wrong ones and leaves ownerless ones to somebody who has enough. */
void slots_reread(struct slots *s, bool moving);
/* Rows in turn. Most of what we know of others' slots comes with no message, and a slot that was
 * given to us may be one that we would not have asked for: in the end nothing stays unseen. */
void slots_sweep(struct slots *s);

/* ---- slots_move.c */

/* At most LIMIT_CLAIM_CHUNK slots in one call. */
void slots_claim(struct slots *s, const uint16_t *slots, uint32_t n);
/* The gifts that are due, a call per receiver. */
void slots_give_next(struct slots *s);

#endif
