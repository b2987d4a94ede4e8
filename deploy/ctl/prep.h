/* prep.h: the domains and JIDs that an operator types, as the gateways prepare them. Pure. */
#ifndef CTL_PREP_H
#define CTL_PREP_H

#include "base/buf.h"
#include "base/mem.h"

/* "Local@Domain" -> the prepared bare JID. new_account: with no code point that is unassigned in
 * Unicode 3.2. Errors: ERR_INVALID (not a bare JID with both parts, or not allowed). */
MUST_CHECK int prep_bare_jid(struct str raw, bool new_account, struct buf *out);
/* A domain, with labels that fit into DNS. Errors: ERR_INVALID. */
MUST_CHECK int prep_domain(struct str raw, struct buf *out);

#endif
