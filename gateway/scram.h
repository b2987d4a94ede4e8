/* scram.h: the server's side of SCRAM (RFC 5802, RFC 7677) without channel binding. Pure
 * computation. */
#ifndef MUC_SCRAM_H
#define MUC_SCRAM_H

#include "base/buf.h"
#include "base/mem.h"
#include "prep/scram_record.h"

/* One exchange. Zero it before use, deinit it after. */
struct scram {
    enum scram_hash hash;
    struct scram_record record;
    bool fake;                /* the user does not exist: no proof is right */
    struct buf user, authzid; /* as the client wrote them, unescaped */
    struct buf gs2, client_first_bare, server_first, nonce;
};
void scram_deinit(struct scram *s);

/* client-first-message. Errors: ERR_INVALID; ERR_DENIED: wants channel binding, which is not
 * offered. */
MUST_CHECK int scram_first(struct scram *s, enum scram_hash h, struct str message);
/* Appends the server-first-message. server_nonce: printable, without a comma. */
void scram_challenge(struct scram *s, const struct scram_record *r, bool fake,
                     struct str server_nonce, struct buf *out);
/* client-final-message; appends the server-final-message. Errors: ERR_INVALID, ERR_DENIED. */
MUST_CHECK int scram_final(struct scram *s, struct str message, struct buf *out);

#endif
