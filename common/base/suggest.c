/* suggest.c: see suggest.h. */
#include "base/suggest.h"

enum { LONGEST = 48 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein; texts over LONGEST bytes are far from everything. */
static size_t edits(struct str a, struct str b)
{
    if (a.n > LONGEST || b.n > LONGEST)
        return LONGEST;
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a.p[i - 1] != b.p[j - 1]));
            diagonal = above;
        }
    }
    return row[b.n];
}

void suggest_init(struct suggest *s, struct str typed)
{
    *s = (struct suggest){typed, NULL, typed.n / 3 + 2};
}

void suggest_offer(struct suggest *s, const char *name)
{
    suggest_offer_at(s, name, edits(s->typed, str_of(name)));
}

void suggest_offer_at(struct suggest *s, const char *name, size_t distance)
{
    if (distance < s->distance) {
        s->distance = distance;
        s->best = name;
    }
}
