/* endpoint.h: where this shard listens and what it tells others about it. */
#ifndef MUC_ENDPOINT_H
#define MUC_ENDPOINT_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>

/* Makes `listen` definite (a port "*" or 0 becomes a free one) and says what to publish:
 * `advertise` if it is not empty, else the same endpoint, a wildcard host replaced by this host's
 * address. Errors: ERR_INVALID (neither ipc:// nor tcp://HOST:PORT), ERR_IO, with a line for
 * people. */
MUST_CHECK int endpoint_resolve(const char *listen, const char *advertise, struct buf *bind,
                                struct buf *publish, struct buf *err);
bool endpoint_is_tcp(const char *endpoint);

#endif
