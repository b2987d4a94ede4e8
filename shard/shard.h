/* shard.h: one shard process: its parts and the wires between them.
 *
 *   redis -- cluster (who is there) -- slots (what is ours)
 *                |                        |
 *   bus -- link -+--> rooms (queue, step, deliver) --> store (Redis)
 *            \--> route                                             http: status, metrics */
#ifndef MUC_SHARD_H
#define MUC_SHARD_H

#include "base/buf.h"
#include "base/mem.h"

struct config;
struct loop;
struct shard;

/* Is the configuration one that a shard can start with? Starts nothing. Errors: ERR_INVALID,
 * ERR_IO. */
MUST_CHECK int shard_check(const struct config *cfg, struct buf *err);
/* Reads the configuration and starts everything that needs no Redis; the rest follows when Redis
 * answers. Errors with a line for people: ERR_INVALID (configuration), ERR_IO (a port, an address).
 */
MUST_CHECK int shard_new(struct loop *l, const struct config *cfg, struct shard **out,
                         struct buf *err);
void shard_destroy(struct shard **s_p);
/* What is on its way to the store is finished, then our record is taken out; then the loop stops.
 */
void shard_leave(struct shard *s);
/* 0, or why the process has to end: ERR_IO (the bus could not listen). */
int shard_trouble(const struct shard *s);

#endif
