/* store_mem_keys.c: what Redis would hold, in memory: hashes, the keys of rooms, marks. */
#include "shard/store_mem_priv.h"

#include <stdlib.h>

/* ---- hashes */

struct str mem_own(struct str s)
{
    return str_n(mem_dup(s.p ? s.p : "", s.n), s.n);
}

void mem_disown(struct str s)
{
    mem_free((void *)(uintptr_t)s.p);
}

struct pair *hash_get(const struct hash *h, struct str key)
{
    for (uint32_t i = 0; i < h->n; i++) {
        if (str_eq(h->list[i].key, key)) {
            return &h->list[i];
        }
    }
    return NULL;
}

static void pair_free(struct pair *p)
{
    mem_disown(p->key);
    mem_disown(p->value);
    mem_disown(p->nick);
}

void hash_del(struct hash *h, struct pair *p)
{
    pair_free(p);
    memmove(p, p + 1, (size_t)(h->list + h->n - (p + 1)) * sizeof(*p));
    h->n--;
}

void hash_set(struct hash *h, struct str key, struct str value, struct str nick)
{
    struct pair fresh = {mem_own(key), mem_own(value), mem_own(nick)}, *p = hash_get(h, key);
    if (p) {
        pair_free(p);
        *p = fresh;
        return;
    }
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 8;
        h->list = mem_realloc(h->list, h->cap * sizeof(*h->list));
    }
    h->list[h->n++] = fresh;
}

void hash_deinit(struct hash *h)
{
    for (uint32_t i = 0; i < h->n; i++) {
        pair_free(&h->list[i]);
    }
    mem_free(h->list);
    *h = (struct hash){0};
}

/* ---------------------------------------------------------------------------------------- rooms */

struct mem_room *mem_room_get(struct store_mem *s, uint32_t slot, struct str room, bool create)
{
    struct buf key;
    struct mem_room *r;
    buf_init(&key);
    buf_u64(&key, slot);
    buf_c(&key, ':');
    size_t prefix = key.len;
    buf_str(&key, room);
    HASH_FIND(hh, s->rooms, key.data, key.len, r);
    if (r || !create) {
        buf_deinit(&key);
        return r;
    }
    r = mem_zalloc(sizeof(*r));
    r->slot = slot;
    r->key = key;
    r->room = str_n(key.data + prefix, room.n);
    buf_init(&r->state);
    buf_init(&r->moved);
    buf_init(&r->vcard);
    HASH_ADD_KEYPTR(hh, s->rooms, r->key.data, r->key.len, r);
    return r;
}

void mem_room_free(struct store_mem *s, struct mem_room *r)
{
    HASH_DEL(s->rooms, r);
    hash_deinit(&r->marks);
    hash_deinit(&r->affiliations);
    hash_deinit(&r->log);
    hash_deinit(&r->taken);
    buf_deinit(&r->state);
    buf_deinit(&r->moved);
    buf_deinit(&r->vcard);
    buf_deinit(&r->key);
    mem_free(r);
}

uint64_t mem_mark(const struct mem_room *r, struct str gwboot)
{
    const struct pair *p = r ? hash_get(&r->marks, gwboot) : NULL;
    uint64_t v = 0;
    if (p) {
        memcpy(&v, p->value.p, sizeof(v));
    }
    return v;
}

static bool is_mark_of_older_boot(struct str mark, struct str gwboot)
{
    const char *a = memrchr(mark.p, ':', mark.n), *b = memrchr(gwboot.p, ':', gwboot.n);
    return a && b && a - mark.p == b - gwboot.p &&
           memcmp(mark.p, gwboot.p, (size_t)(a - mark.p)) == 0 &&
           strtoull(a + 1, NULL, 10) < strtoull(b + 1, NULL, 10);
}

void mem_mark_set(struct mem_room *r, struct str gwboot, uint64_t rseq)
{
    if (!hash_get(&r->marks, gwboot)) {
        for (uint32_t i = r->marks.n; i-- > 0;) {
            if (is_mark_of_older_boot(r->marks.list[i].key, gwboot)) {
                hash_del(&r->marks, &r->marks.list[i]);
            }
        }
    }
    hash_set(&r->marks, gwboot, str_n(&rseq, sizeof(rseq)), STR_NULL);
}
