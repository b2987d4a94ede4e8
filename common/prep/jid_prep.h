/* jid_prep.h: preparation of JIDs (RFC 6122: nodeprep, nameprep, resourceprep over Unicode 3.2),
 * with a fast path for ASCII. The only place that prepares; shards compare bytes. */
#ifndef MUC_JID_PREP_H
#define MUC_JID_PREP_H

#include "base/arena.h"
#include "base/jid.h"
#include "base/mem.h"

/* "local@domain/resource" -> prepared text in the arena and its parts. Errors: ERR_INVALID. */
MUST_CHECK int jid_prep(struct str raw, struct arena *a, struct str *text, struct jid *parts);
/* One resource (a nick). Errors: ERR_INVALID. */
MUST_CHECK int jid_prep_resource(struct str raw, struct arena *a, struct str *out);
/* The strict check of W23: true if the *prepared* nick passes resourceprep again with no
 * code point unassigned in Unicode 3.2. */
bool jid_nick_strict(struct str prepared);
/* The same of a prepared localpart and nodeprep: what a new account may be called. */
bool jid_local_strict(struct str prepared);
/* For passwords (RFC 4013). Errors: ERR_INVALID. */
MUST_CHECK int jid_saslprep(struct str raw, struct arena *a, struct str *out);

/* What two texts for people must have in common to be found by each other: cases and forms of
 * letters are folded word by word, white space is one blank. In the arena. */
struct str text_fold(struct str text, struct arena *a);

#endif
