/* jid.h: split and compare prepared JIDs (RFC 6122). Preparation itself is prep/jid_prep.h. */
#ifndef MUC_JID_H
#define MUC_JID_H

#include "base/str.h"

struct jid {
    struct str local;    /* empty if there is none */
    struct str domain;   /* never empty */
    struct str resource; /* empty if there is none */
};

/* Splits without preparing: "a@b/c". Errors: ERR_INVALID for an empty part or a part over 1023
 * bytes. */
int jid_split(struct str text, struct jid *out);
/* The part before the first '/', which is the bare JID (or the domain). */
struct str jid_bare(struct str full);
/* The part after the first '/', empty if there is none. */
struct str jid_resource(struct str full);
/* The domain of a bare or full JID. */
struct str jid_domain(struct str any);

#endif
