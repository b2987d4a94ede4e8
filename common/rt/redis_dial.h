/* redis_dial.h: from a URL to a connected, non-blocking socket. Internal to rt.
 *
 *   resolve (thread pool, names only) -> connect to one address after the other -> done */
#ifndef MUC_REDIS_DIAL_H
#define MUC_REDIS_DIAL_H

#include "rt/loop.h"
#include "rt/redis_url.h"

struct redis_dial;

/* fd: connected and the callee's from then on; -1: failed, and why is "resolve" or "refused". The
 * dial is gone when this is called. */
typedef void redis_dial_fn(void *ctx, int fd, const char *why);

/* url is borrowed until the end. fn is never called before this returns. */
struct redis_dial *redis_dial_new(struct loop *l, const struct redis_url *url, redis_dial_fn *fn,
                                  void *ctx);
/* Without calling fn. */
void redis_dial_cancel(struct redis_dial **d_p);

#endif
