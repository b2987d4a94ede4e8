/* suggest.h: "did you mean": the nearest of some names to a mistyped one (edit distance). Pure. */
#ifndef MUC_SUGGEST_H
#define MUC_SUGGEST_H

#include "base/str.h"

struct suggest {
    struct str typed;
    const char *best; /* of those offered, borrowed; NULL if nothing is near */
    size_t distance;  /* of the best; at first, what is no longer near */
};

/* `typed` is borrowed for as long as names are offered. */
void suggest_init(struct suggest *s, struct str typed);
/* Of names that are equally near the first one stays. */
void suggest_offer(struct suggest *s, const char *name);
/* Known to be so near, in edits, whatever its letters say. */
void suggest_offer_at(struct suggest *s, const char *name, size_t distance);

#endif
