/* disco.h: what an entity says of itself (XEP-0030, XEP-0128) as data: rendered, and hashed for
 * entity capabilities (XEP-0115, XEP-0390) from the same. Pure. */
#ifndef MUC_DISCO_H
#define MUC_DISCO_H

#include "base/buf.h"
#include "gateway/stanza.h"

struct disco_field {
    const char *var, *type; /* type NULL: none */
    const struct str *values;
    size_t n_values;
};

struct disco_info {
    const char *category, *type, *name; /* its one identity */
    const char *lang;                   /* of the name; either NULL: none */
    const char *const *features;
    size_t n_features;
    const char *form_type; /* of its one form; NULL: no form */
    const struct disco_field *fields;
    size_t n_fields;
};

/* <query/> with that node; an empty node: none. */
void disco_put(struct buf *out, const struct disco_info *d, struct str node);
/* XEP-0115 §5.1: base64 of SHA-1. */
void disco_ver(struct buf *out, const struct disco_info *d);
/* XEP-0390 §4.1: base64 of SHA-256. */
void disco_hash(struct buf *out, const struct disco_info *d);

#endif
