/* blocked.h: users and domains that no room of the service admits.
 *
 * Redis has SHA-256 of each bare JID or domain, as hex, in the set verona:blocked (the form in
 * which servers share such lists, and one that tells nobody who is on it), and a number that rises
 * with each change in verona:blocked:ver (`verona block`). A shard reads the number once a second
 * and the set when it has changed. While Redis is away the last list holds. */
#ifndef MUC_BLOCKED_H
#define MUC_BLOCKED_H

#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct blocked;
struct loop;
struct redis;

/* Reads from the loop, at once and from then on. */
struct blocked *blocked_new(struct loop *l, struct redis *r);
/* After the Redis connection: its end gives the answers that are still out. */
void blocked_destroy(struct blocked **b_p);
/* The bare JID or its domain. */
bool blocked_has(const struct blocked *b, struct str bare);

#endif
