/* http_get.h: one GET to the admin listener of a process, blocking, with a deadline. */
#ifndef CTL_HTTP_GET_H
#define CTL_HTTP_GET_H

#include "base/buf.h"
#include "base/mem.h"

/* address: "HOST:PORT", "[V6]:PORT"; a host of *, 0.0.0.0 or [::] means this machine. Appends the
 * body. Returns the status code, or ERR_INVALID (the address), ERR_UNAVAILABLE (no connection, no
 * answer in time), ERR_PROTO (the answer is not HTTP, or is larger than 16 MiB). */
MUST_CHECK int http_get(const char *address, const char *path, uint32_t timeout_ms,
                        struct buf *body);
/* Escapes what is not unreserved (RFC 3986 §2.3). */
void http_escape(struct buf *out, struct str s);

#endif
