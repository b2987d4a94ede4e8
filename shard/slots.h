/* slots.h: the driver of ownership.h: reads the table, claims, gives and asks, and tells the shard
 * what it has. Everything that touches Redis for ownership is here; every decision is in
 * ownership.c.
 *
 *   cluster.h members --\
 *   table rows (Redis) --+--> ownership --> claim (FCALL verona_claim, <= 256 a chunk)  --> gained
 *   AskSlots (bus) -----/               --> give  (FCALL verona_give), then GaveSlots   --> lost
 *                                       --> AskSlots to owners, once a second while below quota */
#ifndef MUC_SLOTS_H
#define MUC_SLOTS_H

#include "base/mem.h"
#include "base/str.h"
#include "shard/store.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct redis;
struct config;
struct cluster;
struct cluster_member;
struct slots;

struct slots_ops {
    /* These slots are ours now. planned_from[i] is 0 after a takeover (or a first claim), else the
     * epoch under which the former owner gave it to us. */
    void (*gained)(void *ctx, const uint16_t *slots, const uint64_t *epochs,
                   const uint64_t *planned_from, uint32_t n);
    /* Ours no more (given away, fenced, our record lost): drop its rooms, send nothing more. */
    void (*lost)(void *ctx, uint16_t slot);
    /* Send AskSlots / GaveSlots to that shard. */
    void (*send_ask)(void *ctx, struct str shard, const uint16_t *slots, uint32_t n);
    void (*send_gave)(void *ctx, struct str shard, const uint16_t *slots, const uint64_t *epochs,
                      uint32_t n);
};

/* Copies ops; the rest is borrowed until slots_destroy. */
struct slots *slots_new(struct loop *l, struct redis *r, struct cluster *c,
                        const struct config *cfg, const struct slots_ops *ops, void *ctx);
void slots_destroy(struct slots **s_p);

/* Fed by the shard: */
void slots_cluster_ready(struct slots *s); /* cluster.h: ready() */
void slots_cluster_lost(struct slots *s);  /* cluster.h: lost(): everything is dropped */
void slots_member(struct slots *s, const struct cluster_member *m);
void slots_asked(struct slots *s, struct str shard, const uint16_t *slots, uint32_t n);
void slots_got(struct slots *s, struct str shard, const uint16_t *slots, const uint64_t *epochs,
               uint32_t n);
void slots_loaded(struct slots *s, uint16_t slot, uint32_t n_rooms); /* rooms in memory */
void slots_fenced(struct slots *s, uint16_t slot);                   /* a commit met ERR_FENCED */

/* The token to write with; false if the slot is not ours. */
bool slots_token(const struct slots *s, uint32_t slot, struct store_token *out);
uint32_t slots_owned(const struct slots *s);
uint32_t slots_unassigned(const struct slots *s);
/* Calls fn for each slot of ours, in order. */
void slots_each(const struct slots *s, void (*fn)(void *ctx, uint16_t slot, uint64_t epoch),
                void *ctx);

#endif
