/* seen.c: see seen.h. A ring, and its places by hash. */
#include "gateway/seen.h"

#include "base/hmap.h"

struct place {
    struct seen_key key;
    uint32_t next; /* of the same hash: place + 1; 0: none */
};

struct seen {
    uint32_t heads[SEEN_MAX]; /* by hash: place + 1 */
    struct place ring[SEEN_MAX];
    uint32_t n, at; /* at: the place that is written next */
};

struct seen *seen_new(void)
{
    return mem_zalloc(sizeof(struct seen));
}

void seen_destroy(struct seen **s_p)
{
    mem_free(*s_p);
    *s_p = NULL;
}

static uint32_t hash(const struct seen_key *key)
{
    return hmap_hash(key, sizeof *key) % SEEN_MAX;
}

static bool same(const struct seen_key *a, const struct seen_key *b)
{
    return a->origin == b->origin && a->ref == b->ref && a->sid == b->sid;
}

bool seen_has(const struct seen *s, struct seen_key key)
{
    for (uint32_t i = s->heads[hash(&key)]; i; i = s->ring[i - 1].next)
        if (same(&s->ring[i - 1].key, &key))
            return true;
    return false;
}

static void forget(struct seen *s, uint32_t place)
{
    uint32_t *link = &s->heads[hash(&s->ring[place].key)];
    while (*link != place + 1)
        link = &s->ring[*link - 1].next;
    *link = s->ring[place].next;
}

void seen_add(struct seen *s, struct seen_key key)
{
    uint32_t place = s->at;
    if (s->n == SEEN_MAX)
        forget(s, place);
    else
        s->n++;
    s->at = (place + 1) % SEEN_MAX;
    uint32_t *head = &s->heads[hash(&key)];
    s->ring[place] = (struct place){key, *head};
    *head = place + 1;
}
