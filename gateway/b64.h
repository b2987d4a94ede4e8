/* b64.h: base64 (RFC 4648 §4), strict: padding required, no space, no stray bits. */
#ifndef MUC_B64_H
#define MUC_B64_H

#include "base/buf.h"
#include "base/mem.h"

void b64_encode(struct buf *out, const void *p, size_t n);
/* Appends. Errors: ERR_INVALID (out unchanged). */
MUST_CHECK int b64_decode(struct buf *out, struct str text);

#endif
