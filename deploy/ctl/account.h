/* account.h: accounts of the standalone mode as Redis keeps them.
 *
 *   verona:user:<bare JID>   HASH scram-sha-256, scram-sha-1 = scram.h's text, created = Unix ms
 *   verona:users             SET of the bare JIDs */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include "base/buf.h"
#include "base/mem.h"
#include "deploy/ctl/rds.h"

/* jid: prepared. password: as typed. Errors, with a line in err: ERR_INVALID the password cannot be
 * used, ERR_CONFLICT the account exists (add), ERR_NOTFOUND it does not (the others),
 * ERR_UNAVAILABLE. */
MUST_CHECK int account_add(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                           struct buf *err);
MUST_CHECK int account_passwd(struct rds *r, struct str jid, struct str password,
                              uint32_t iterations, struct buf *err);
/* Could it be added now (exists: false), or changed? Errors: ERR_CONFLICT, ERR_NOTFOUND,
 * ERR_UNAVAILABLE. */
MUST_CHECK int account_check(struct rds *r, struct str jid, bool exists, struct buf *err);
MUST_CHECK int account_del(struct rds *r, struct str jid, struct buf *err);
/* How many there are, or a negative error. */
MUST_CHECK int64_t account_count(struct rds *r, struct buf *err);

enum { ACCOUNT_PASSWORD_LEN = 14 };
/* "k7Qm-v2Xe-91rT": 70 bits from letters and digits that are not mistaken for each other. */
void account_make_password(char out[ACCOUNT_PASSWORD_LEN + 1]);

#endif
