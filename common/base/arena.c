/* arena.c: bump allocation in a chain of blocks, newest first.
 *
 *   head -> [block n: used | free] -> [block n-1: full] -> ... */
#include "base/arena.h"
#include "base/mem.h"

#include <stdalign.h>

enum {
    FIRST_BLOCK = 4096,
    /* A block that grew beyond this is not kept by a reset: one huge event must not pin its memory.
     */
    KEEP_MAX = 256 * 1024,
};

struct arena_block {
    struct arena_block *next;
    size_t cap, used; /* bytes in data */
    alignas(max_align_t) char data[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){NULL, 0};
}

static void free_chain(struct arena_block *b)
{
    while (b) {
        struct arena_block *next = b->next;
        mem_free(b);
        b = next;
    }
}

void arena_deinit(struct arena *a)
{
    free_chain(a->head);
    arena_init(a);
}

void arena_reset(struct arena *a)
{
    a->used = 0;
    if (!a->head)
        return;
    struct arena_block *kept = a->head;
    free_chain(kept->next);
    kept->next = NULL;
    kept->used = 0;
    if (kept->cap > KEEP_MAX) {
        mem_free(kept);
        a->head = NULL;
    }
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
    /* Doubling makes the newest block the largest, so the one kept by a reset soon fits a whole
     * event. */
    size_t cap = a->head ? a->head->cap : FIRST_BLOCK / 2;
    cap = cap < KEEP_MAX ? cap * 2 : KEEP_MAX;
    if (cap < n)
        cap = n;
    struct arena_block *b = mem_alloc(sizeof *b + cap);
    b->next = a->head;
    b->cap = cap;
    b->used = 0;
    a->head = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    size_t rounded = (n + align - 1) & ~(align - 1);
    if (rounded == 0)
        rounded =
            align; /* distinct pointers also for 0 bytes; an overflow ends in mem_alloc below */
    if (rounded < n)
        rounded = n;
    struct arena_block *b = a->head;
    if (!b || b->cap - b->used < rounded)
        b = add_block(a, rounded);
    void *p = b->data + b->used;
    b->used += rounded;
    a->used += rounded;
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    return memset(arena_alloc(a, n), 0, n);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *copy = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return (struct str){copy, s.n};
}
