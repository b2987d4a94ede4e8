/* forgetting.h: test.forget_rooms (W85). Sessions are counted in Redis. Whoever logs in when none
 * is there waits until every shard has forgotten its rooms, and everybody else waits with him. A
 * session counts until all it asked of rooms was answered, so none of its doing can follow the
 * forgetting. */
#ifndef MUC_GATEWAY_FORGETTING_H
#define MUC_GATEWAY_FORGETTING_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct gateway;
struct forgetting;

/* g is borrowed until forgetting_destroy. */
struct forgetting *forgetting_new(struct gateway *g);
void forgetting_destroy(struct forgetting **f_p);

/* A session comes: done(ctx, true) when it may, false if it cannot be found out. */
void forgetting_enter(struct forgetting *f, void (*done)(void *ctx, bool ok), void *ctx);
/* It went. done(ctx) when it does not count any more; NULL: nobody waits for that. */
void forgetting_leave(struct forgetting *f, uint64_t sid, void (*done)(void *ctx), void *ctx);
/* done will not be called for that ctx. */
void forgetting_abandon(struct forgetting *f, void *ctx);
/* A shard has forgotten. f NULL: nothing. */
void forgetting_answered(struct forgetting *f, struct str shard, uint64_t boot, uint64_t ref);

#endif
