/* passes.h: stanzas that were passed on to gateways, until these say what became of them. Pure.
 *
 *   Route --look-up--> outcome --+--> pass to a gateway --taken--> \
 *                                +--> pass to a gateway --lost---->  settled: how many have it
 *
 * A stanza may go to several sessions of its user; it is settled once, when all of them have
 * answered or their gateways' lives are over. */
#ifndef MUC_PASSES_H
#define MUC_PASSES_H

#include "base/mem.h"
#include "shard/room/room_types.h"

#include <stdbool.h>
#include <stdint.h>

enum { PASSES_MAX = 65536 };

/* The stanza that `from` calls `ref` is with `taken` sessions, or nowhere (0). */
typedef void passes_settled_fn(void *ctx, gateway_ref from, uint64_t ref, uint32_t taken);

struct passes;
struct outcome;

struct passes *passes_new(passes_settled_fn *settled, void *ctx);
/* Nobody is told. */
void passes_destroy(struct passes **ps_p);

/* A stanza that is to be passed on. Between this and passes_end() nothing of it is settled. */
struct outcome *passes_begin(struct passes *ps, gateway_ref from, uint64_t ref);
/* To one session at that gateway: its number, from 1; 0: PASSES_MAX wait already. */
uint64_t passes_add(struct passes *ps, struct outcome *o, gateway_ref gw);
/* That is all. Settles it at once if there was no pass. */
void passes_end(struct passes *ps, struct outcome *o);

/* Its gateway says so. Numbers of other gateways, and those that are over, are ignored. */
void passes_answer(struct passes *ps, gateway_ref gw, uint64_t pass, bool taken);
/* A gateway's life is over: what was passed to it and not answered is lost, in order. */
void passes_gateway_over(struct passes *ps, gateway_ref gw);
/* Forgets all; nobody is told. */
void passes_drop(struct passes *ps);

uint32_t passes_count(const struct passes *ps);

#endif
