/* b64.h: base64 (RFC 4648 §4), strict: padding required, no space, no stray bits. */
#ifndef MUC_B64_H
#define MUC_B64_H

#include "base/buf.h"
#include "base/mem.h"

/* Appends. */
void b64_encode(struct buf *out, const void *p, size_t n);
/* Appends. Errors: ERR_INVALID (out unchanged). */
MUST_CHECK int b64_decode(struct buf *out, struct str text);
/* Into out, which has room for max bytes; *n is how many. Errors: ERR_INVALID, also for less than
 * min bytes or more than max (out and n unchanged). */
MUST_CHECK int b64_decode_into(struct str text, uint8_t *out, size_t min, size_t max, size_t *n);

#endif
