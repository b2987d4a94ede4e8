/* redis.h: one connection to Redis on the loop: RESP by hiredis' reader, everything else ours.
 *
 * Commands issued in one turn leave in one write at its end (pipeline). Each has a deadline. The
 * connection comes back by itself (50 ms to 1 s, with jitter); commands that were never written are
 * kept while it is away, up to their deadline. Replies come in order of issue.
 *
 * URLs: redis://[user:password@]host[:port][/db], unix:///path. */
#ifndef MUC_REDIS_H
#define MUC_REDIS_H

#include "base/str.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct redis;

/* err 0: reply is valid during the call only (an error reply of Redis, too, is a reply: look at
 *        reply->type == REDIS_REPLY_ERROR).
 * ERR_UNAVAILABLE: never sent, nothing happened.   ERR_UNKNOWN: sent, no reply came. reply is NULL.
 */
typedef void redis_fn(void *ctx, const redisReply *reply, int err);
/* The connection came up (true) or went away (false). */
typedef void redis_state_fn(void *ctx, bool up);

/* Connects from the loop, not at once. state may be NULL. Returns NULL for a URL of another form
 * (config refuses those). */
struct redis *redis_new(struct loop *l, const char *url, redis_state_fn *state, void *ctx);
/* Instead of the one in the URL, from the next connection on. NULL or "": none. */
void redis_set_password(struct redis *r, const char *password);
/* Pending callbacks are called with ERR_UNAVAILABLE or ERR_UNKNOWN, state is not. May be called
 * from a callback. Before loop_destroy(). */
void redis_destroy(struct redis **r_p);
bool redis_up(const struct redis *r);

/* argv is copied. deadline_ms from now, 0: 5000. fn may be NULL. */
void redis_command(struct redis *r, uint32_t argc, const struct str *argv, uint32_t deadline_ms,
                   redis_fn *fn, void *ctx);
/* Bytes waiting to be written or answered. */
size_t redis_queued_bytes(const struct redis *r);
uint32_t redis_inflight(const struct redis *r);

/* Helpers for replies: bytes of a string/status/error reply, empty otherwise. */
struct str redis_str(const redisReply *reply);
/* An integer reply, or a string reply that is a decimal; `none` otherwise. */
int64_t redis_int(const redisReply *reply, int64_t none);

#endif
