/* online.h: who is online, anywhere in the cluster. Asked of Redis by walking over its keys, a
 * portion at a time: slow, but nobody pays for it except who asks. */
#ifndef MUC_GATEWAY_ONLINE_H
#define MUC_GATEWAY_ONLINE_H

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct gateway;

struct online {
    uint64_t users, sessions;
    const struct str *jids; /* full, of the first `most` sessions found */
    size_t n;
};
/* err: 0, ERR_UNAVAILABLE, ERR_FULL (another walk is under way). The answer is for the call. */
typedef void online_fn(void *ctx, int err, const struct online *o);
void online_ask(struct gateway *g, size_t most, online_fn *fn, void *ctx);

#endif
