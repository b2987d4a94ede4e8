/* arena.h: many small allocations that end together (one event, one batch). */
#ifndef MUC_ARENA_H
#define MUC_ARENA_H

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *head; /* newest block */
    size_t used;              /* bytes handed out since the last reset */
};

/* What is handed out lives until the next reset or deinit; there is no freeing of one. */
void arena_init(struct arena *a);
void arena_deinit(struct arena *a);
void arena_reset(struct arena *a);                   /* keeps one block */
void *arena_alloc(struct arena *a, size_t n);        /* aligned for any type, not zeroed */
void *arena_zalloc(struct arena *a, size_t n);       /* zeroed */
struct str arena_str(struct arena *a, struct str s); /* a copy, NUL behind it */

#endif
