/* suggest.h: "did you mean": the nearest of some names to a mistyped one (edit distance). Pure. */
#ifndef CTL_SUGGEST_H
#define CTL_SUGGEST_H

#include "base/str.h"

struct suggest {
    struct str typed;
    const char *best; /* NULL if nothing is near */
    size_t distance;
};

void suggest_init(struct suggest *s, struct str typed);
void suggest_offer(struct suggest *s, const char *name);

#endif
