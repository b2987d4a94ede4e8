/* port_owner.h: which process listens on a port, for the message that says it is taken. */
#ifndef MUC_PORT_OWNER_H
#define MUC_PORT_OWNER_H

#include "base/buf.h"

#include <stdint.h>

/* Appends e.g. "redis-server, pid 123". False if it cannot be seen: another user's process. */
bool port_owner(uint16_t port, struct buf *out);

#endif
