/* port.h: is a TCP port free, asked before anything is started. */
#ifndef CTL_PORT_H
#define CTL_PORT_H

#include "base/buf.h"

#include <stdbool.h>

/* true if address:port can be bound. If not: what is wrong, for people, in why ("port 5222 is in
 * use by prosody, pid 812"); *in_use says whether another process is the reason. */
bool port_is_free(const char *address, uint16_t port, struct buf *why, bool *in_use);

#endif
