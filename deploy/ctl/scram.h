/* scram.h: what is kept of a password: SCRAM's keys (RFC 5802 §3), never the password. Pure. */
#ifndef CTL_SCRAM_H
#define CTL_SCRAM_H

#include "base/buf.h"
#include "base/mem.h"

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

/* Appends "<iterations>:<salt base64>:<StoredKey base64>:<ServerKey base64>". The password is
 * prepared (SASLprep) already. Errors: ERR_INVALID. */
MUST_CHECK int scram_keys(enum scram_hash hash, struct str password, struct str salt,
                          uint32_t iterations, struct buf *out);

#endif
