/* ownership.h: which slots are ours, which we should claim, ask for or give away. A pure state
 * machine: table, members, time and loaded rooms come in, actions come out.
 *
 * Targets: a slot stays where it is while its owner lives and is not above its quota (SLOT_COUNT x
 * weight / sum of weights, rounded up or down); ownerless and surplus slots go to the live shard
 * with the highest rendezvous score among those below their quota. Every shard computes the same.
 * Quotas follow from the members alone: shards whose pictures of the table differ agree on them. */
#ifndef MUC_OWNERSHIP_H
#define MUC_OWNERSHIP_H

#include "base/mem.h"
#include "base/slot.h"

#include <stdbool.h>
#include <stdint.h>

/* A row of the table as Redis has it. */
struct slot_record {
    uint64_t epoch;
    char owner[65]; /* shard id; empty: nobody */
    char nonce[33]; /* the owner's; the owner is (id, nonce) */
};

struct ownership_member {
    char id[65];
    char nonce[33];
    uint32_t weight;
    bool draining; /* is nobody's target; what it has stays its own until it gives it away */
};

/* A slot of ours that a live member should have. */
struct slot_gift {
    uint16_t slot;
    uint16_t member; /* index of ownership_set_members */
};

struct ownership;
/* Both are copied; the nonce is that of our registration, ownership_reset brings the next one. */
struct ownership *ownership_new(const char *self_id, const char *self_nonce);
void ownership_destroy(struct ownership **o_p);

/* The whole picture, whenever something changed. Members are the live shards, self included. */
void ownership_set_members(struct ownership *o, const struct ownership_member *m, uint32_t n);
/* Readings of the members are numbered: `begun` is the newest that was asked for, `done` the newest
 * that ownership_set_members has whole. Who met a row that names somebody whom it does not know
 * claims nothing before a reading that began after the row came: he may have joined since our last
 * one. */
void ownership_set_readings(struct ownership *o, uint64_t begun, uint64_t done);
/* A row of the table was read (any order, any subset). Lower epochs than known are ignored. */
void ownership_set_slot(struct ownership *o, uint32_t slot, const struct slot_record *rec);
/* Ready to claim: the table was read whole, and expect_shards or the waiting time are reached. */
void ownership_allow_claims(struct ownership *o, bool allowed);
void ownership_set_loaded(struct ownership *o, uint32_t slot, uint32_t n_rooms);
/* Our record is gone: forget everything that is ours. */
void ownership_reset(struct ownership *o, const char *self_nonce);

/* Pure: the target of every slot, an index into the members, or -1. out has SLOT_COUNT entries. */
void ownership_targets(const struct ownership *o, int32_t *out);

/* Slots to claim now (ownerless, target is us, no claim under way): up to max, marked as under way.
 */
uint32_t ownership_next_claims(struct ownership *o, uint16_t *slots, uint32_t max);
/* How a claim ended: epoch > 0: ours under it; 0: refused, `rec` says whose it is. */
void ownership_claimed(struct ownership *o, uint32_t slot, uint64_t epoch,
                       const struct slot_record *rec);
/* Slots of ours whose target is another live shard and that hold no loaded room: up to max. */
uint32_t ownership_next_gifts(struct ownership *o, struct slot_gift *gifts, uint32_t max);
void ownership_given(struct ownership *o, uint32_t slot, const struct slot_record *rec);
/* Slots whose target is us and whose live owner is another: up to max, for AskSlots to `owner`.
 * Each call goes on with the next owner; 0 after the last one. */
uint32_t ownership_next_asks(struct ownership *o, char owner[65], uint16_t *slots, uint32_t max);

/* Slots of other live members that should be somebody else's, ours or a third one's: up to max.
 * Their rows are about to change, and maybe have. */
uint32_t ownership_moving(struct ownership *o, uint16_t *slots, uint32_t max);

/* True: under *epoch, which is written only then. The record is the last one read; valid until the
 * next call that changes the slot. */
bool ownership_is_mine(const struct ownership *o, uint32_t slot, uint64_t *epoch);
const struct slot_record *ownership_record(const struct ownership *o, uint32_t slot);
/* Highest epoch ever seen for the slot, whatever became of it: the hint of a claim. */
uint64_t ownership_hint(const struct ownership *o, uint32_t slot);
/* A commit was fenced: whatever we thought, the slot is not ours. Its next row counts, whatever
 * epoch it has. */
void ownership_fenced(struct ownership *o, uint32_t slot);
/* The slot's row is missing in the table: nobody's, and not to be claimed. */
void ownership_set_lost(struct ownership *o, uint32_t slot, bool lost);
uint32_t ownership_n_mine(const struct ownership *o);
uint32_t ownership_n_unassigned(const struct ownership *o); /* without a live owner */
/* Slots without a live owner: up to max. */
uint32_t ownership_ownerless(struct ownership *o, uint16_t *slots, uint32_t max);
uint32_t ownership_n_members(const struct ownership *o);
const struct ownership_member *ownership_member_at(const struct ownership *o, uint32_t index);

#endif
