/* lib_scram.h: the client's side of SCRAM, for tests of ours. */
#ifndef MUC_TESTS_GATEWAY_LIB_SCRAM_H
#define MUC_TESTS_GATEWAY_LIB_SCRAM_H

#include "base/buf.h"
#include "gateway/scram.h"

/* The record of a password, as an account has it. */
struct scram_record lib_scram_record(enum scram_hash h, const char *password, const char *salt,
                                     uint32_t iterations);
/* client-final-message for a challenge. first: client-first-message; gs2 header included. Puts the
 * message in `out` and the server-final-message to expect in `v`. */
void lib_scram_final(enum scram_hash h, const char *password, const char *first,
                     struct str challenge, struct buf *out, struct buf *v);

#endif
