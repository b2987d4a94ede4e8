/* store_mem.c: the store in memory, for tests. Same bytes (codec_store), same
 * checks in the same order as deploy/redis/verona.lua. What is asked is done at once; answers come
 * at the end of the turn, in order. */
#include "shard/store_mem_priv.h"

#include "base/err.h"

#include <assert.h>

/* ---- answers */

static void answer_free(struct answer *a)
{
    list_remove(&a->link);
    mem_free((void *)(uintptr_t)a->range.names);
    mem_disown(a->room);
    mem_free(a);
}

static void run_answers(void *ctx)
{
    struct store_mem *s = ctx;
    s->answering = true;
    while (!list_empty(&s->answers)) {
        struct answer *a = LIST_ENTRY(s->answers.next, struct answer, link);
        list_remove(&a->link);
        switch (a->kind) {
        case ANSWER_COMMIT:
            a->commit_fn(a->ctx, a->err);
            break;
        case ANSWER_LOAD:
            mem_answer_load(s, a);
            break;
        case ANSWER_LIST:
            mem_answer_list(s, a);
            break;
        case ANSWER_READ:
            mem_answer_read(s, a);
            break;
        }
        answer_free(a);
    }
    s->answering = false;
    if (s->destroyed) {
        mem_free(s);
    }
}

static struct answer *answer_add(struct store_mem *s, uint32_t slot, struct str room, void *ctx)
{
    struct answer *a = mem_zalloc(sizeof(*a));
    assert(slot < SLOT_COUNT);
    a->slot = slot;
    a->room = mem_own(room);
    a->ctx = ctx;
    a->err = s->unavailable ? ERR_UNAVAILABLE : 0;
    list_push_back(&s->answers, &a->link);
    loop_defer(s->loop, &s->task, LOOP_PRIO_WORK, run_answers, s);
    return a;
}

static void mem_commit(struct store *store, const struct store_token *t, struct str room,
                       const struct store_entry *entries, uint32_t n, store_commit_fn *fn,
                       void *ctx)
{
    struct store_mem *s = (struct store_mem *)store;
    struct answer *a = answer_add(s, t->slot, room, ctx);
    a->kind = ANSWER_COMMIT;
    a->commit_fn = fn;
    assert(n > 0);
    for (uint32_t i = 0; n > 1 && i < n; i++) {
        assert(entries[i].fx->persist.kind == FXS_MESSAGE &&
               !entries[i].fx->persist.state_changed && entries[i].fx->persist.n_changes == 0);
    }
    if (a->err) {
        return;
    }
    if (s->n_full > 0 && store_entry_flag(&entries[n - 1]) == STORE_CREATE) {
        s->n_full--;
        a->err = ERR_FULL;
        return;
    }
    a->err = mem_commit_entries(s, t, room, entries, n);
    if (a->err == 0 && s->n_unknown > 0) {
        s->n_unknown--;
        a->err = ERR_UNKNOWN;
    }
}

static void mem_load(struct store *store, uint32_t slot, struct str room, store_load_fn *fn,
                     void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, room, ctx);
    a->kind = ANSWER_LOAD;
    a->load_fn = fn;
}

static void mem_list(struct store *store, uint32_t slot, store_list_fn *fn, void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, STR_NULL, ctx);
    a->kind = ANSWER_LIST;
    a->list_fn = fn;
}

static void mem_read(struct store *store, uint32_t slot, struct str room,
                     const struct store_range *range, store_read_fn *fn, void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, room, ctx);
    a->kind = ANSWER_READ;
    a->read_fn = fn;
    a->range = *range;
    a->range.names = NULL;
    if (range->n_names > 0) {
        struct event_name *names = mem_alloc(range->n_names * sizeof(*names));
        memcpy(names, range->names, range->n_names * sizeof(*names));
        a->range.names = names;
    }
}

/* ---------------------------------------------------------------------------------------- life */

static void mem_destroy(struct store **s_p)
{
    struct store_mem *s = (struct store_mem *)*s_p;
    *s_p = NULL;
    if (!s) {
        return;
    }
    loop_cancel(&s->task);
    hash_deinit(&s->counts);
    while (!list_empty(&s->answers)) {
        struct answer *a = LIST_ENTRY(s->answers.next, struct answer, link);
        switch (a->kind) {
        case ANSWER_COMMIT:
            a->commit_fn(a->ctx, ERR_UNKNOWN);
            break;
        case ANSWER_LOAD:
            a->load_fn(a->ctx, ERR_UNAVAILABLE, NULL);
            break;
        case ANSWER_LIST:
            a->list_fn(a->ctx, ERR_UNAVAILABLE, NULL, 0, 0);
            break;
        case ANSWER_READ:
            a->read_fn(a->ctx, ERR_UNAVAILABLE, NULL, 0);
            break;
        }
        answer_free(a);
    }
    struct mem_room *r, *next;
    HASH_ITER(hh, s->rooms, r, next)
    {
        mem_room_free(s, r);
    }
    if (s->answering) {
        s->destroyed = true;
    } else {
        mem_free(s);
    }
}

static void mem_count(struct store *store, struct str room, uint32_t occupants)
{
    struct store_mem *s = (struct store_mem *)store;
    hash_set(&s->counts, room, str_n(&occupants, sizeof(occupants)), STR_NULL);
}

static const struct store_ops mem_ops = {
    .commit = mem_commit,
    .load = mem_load,
    .list = mem_list,
    .read = mem_read,
    .count = mem_count,
    .destroy = mem_destroy,
};

struct store *store_mem_new(struct loop *l)
{
    struct store_mem *s = mem_zalloc(sizeof(*s));
    s->store.ops = &mem_ops;
    s->loop = l;
    list_init(&s->answers);
    return &s->store;
}

void store_mem_fence(struct store *store, uint32_t slot, uint64_t epoch, const char *nonce)
{
    struct fence *f = &((struct store_mem *)store)->fences[slot];
    assert(store->ops == &mem_ops && slot < SLOT_COUNT);
    *f = (struct fence){.epoch = epoch, .set = nonce != NULL};
    if (nonce) {
        assert(strlen(nonce) < sizeof(f->nonce));
        strcpy(f->nonce, nonce);
    }
}

void store_mem_unavailable(struct store *store, bool unavailable)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->unavailable = unavailable;
}

void store_mem_unknown(struct store *store, uint32_t n)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->n_unknown = n;
}

uint32_t store_mem_counted(const struct store *store, struct str room)
{
    const struct pair *p = hash_get(&((const struct store_mem *)store)->counts, room);
    uint32_t n = UINT32_MAX;
    assert(store->ops == &mem_ops);
    if (p) {
        memcpy(&n, p->value.p, sizeof(n));
    }
    return n;
}

void store_mem_full(struct store *store, uint32_t n)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->n_full = n;
}
