/* prep.h: JIDs and passwords as the gateways see them (RFC 6122, RFC 4013). Pure. */
#ifndef CTL_PREP_H
#define CTL_PREP_H

#include "base/buf.h"
#include "base/mem.h"

/* "Local@Domain" -> the prepared bare JID. new_account: with no code point that is unassigned in
 * Unicode 3.2. Errors: ERR_INVALID (not a bare JID with both parts, or not allowed). */
MUST_CHECK int prep_bare_jid(struct str raw, bool new_account, struct buf *out);
/* A domain. Errors: ERR_INVALID. */
MUST_CHECK int prep_domain(struct str raw, struct buf *out);
/* SASLprep. Errors: ERR_INVALID (also an empty one). */
MUST_CHECK int prep_password(struct str raw, struct buf *out);

#endif
