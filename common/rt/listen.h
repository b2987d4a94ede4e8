/* listen.h: listening TCP sockets, and a message for people when that fails. */
#ifndef MUC_LISTEN_H
#define MUC_LISTEN_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

/* host_port: "HOST:PORT", "[ADDRESS]:PORT" or "*:PORT"; port 0: any free one. The socket is
 * non-blocking and listening. A name is resolved here and now: for start-up only.
 * Errors: ERR_INVALID, ERR_IO; err gains one line, which for a port in use says by whom, if that
 * can be seen. */
MUST_CHECK int listen_tcp(const char *host_port, int backlog, int *fd_out, struct buf *err);
/* The local port of a socket, 0 if it has none. */
uint16_t listen_port(int fd);

#endif
