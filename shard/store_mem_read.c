/* store_mem_read.c: loads, lists and ranges of a log. */
#include "shard/store_mem_priv.h"

#include "base/arena.h"
#include "base/err.h"

#include <assert.h>

void mem_answer_load(struct store_mem *s, const struct answer *a)
{
    struct arena arena;
    struct store_reader reader;
    struct store_room found;
    struct mem_room *r = mem_room_get(s, a->slot, a->room, false);
    struct buf last;
    buf_init(&last);
    arena_init(&arena);
    store_reader_init(&reader, &arena);
    if (r) {
        store_pack_name(r->last, &last);
        store_reader_meta(&reader, STR("last"), buf_as_str(&last));
        if (r->exists) {
            store_reader_meta(&reader, STR("state"), buf_as_str(&r->state));
        }
        store_reader_vcard(&reader, buf_as_str(&r->vcard));
        if (r->gone) {
            store_reader_meta(&reader, STR("gone"), STR("1"));
        }
        if (r->gone && r->moved.len > 0) {
            store_reader_meta(&reader, STR("moved"), buf_as_str(&r->moved));
        }
        for (uint32_t i = 0; i < r->marks.n; i++) {
            struct buf field, value;
            buf_init(&field);
            buf_init(&value);
            buf_z(&field, "d:");
            buf_str(&field, r->marks.list[i].key);
            buf_u64(&value, mem_mark(r, r->marks.list[i].key));
            store_reader_meta(&reader, arena_str(&arena, buf_as_str(&field)), buf_as_str(&value));
            buf_deinit(&field);
            buf_deinit(&value);
        }
        for (uint32_t i = 0; i < r->affiliations.n; i++) {
            store_reader_affiliation(&reader, r->affiliations.list[i].key,
                                     r->affiliations.list[i].value);
        }
        for (uint32_t i = r->log.n; i-- > 0;) {
            if (!store_reader_entry(&reader, r->log.list[i].key, r->log.list[i].value)) {
                break;
            }
        }
        for (uint32_t i = 0; i < reader.n_history; i++) {
            struct buf name;
            buf_init(&name);
            store_pack_name(reader.history[i].name, &name);
            const struct pair *gone = hash_get(&r->taken, buf_as_str(&name));
            store_reader_gone(&reader, i, gone ? gone->value : STR_NULL);
            buf_deinit(&name);
        }
    }
    int err = a->err ? a->err : store_reader_finish(&reader, s->hs[a->slot], &found);
    a->load_fn(a->ctx, err ? ERR_UNAVAILABLE : 0, err ? NULL : &found);
    arena_deinit(&arena);
    buf_deinit(&last);
}

void mem_answer_list(struct store_mem *s, const struct answer *a)
{
    uint32_t n = 0;
    struct store_listed *list = mem_alloc((HASH_COUNT(s->rooms) + 1) * sizeof(*list));
    for (struct mem_room *r = s->rooms; r && !a->err; r = r->hh.next) {
        if (r->slot == a->slot && r->exists) {
            list[n].room = r->room;
            list[n].temporary = false;
            int rc = store_unpack_temporary(buf_as_str(&r->state), &list[n].temporary);
            assert(rc == 0);
            n++;
        }
    }
    a->list_fn(a->ctx, a->err, list, n, a->err ? 0 : s->hs[a->slot]);
    mem_free(list);
}

static bool wanted(const struct store_range *range, struct event_name name)
{
    if (range->n_names == 0) {
        return !event_before(name, range->from) && !event_before(range->to, name);
    }
    for (uint32_t i = 0; i < range->n_names; i++) {
        if (range->names[i].e == name.e && range->names[i].s == name.s) {
            return true;
        }
    }
    return false;
}

void mem_answer_read(struct store_mem *s, const struct answer *a)
{
    const struct store_range *range = &a->range;
    const struct mem_room *r = mem_room_get(s, a->slot, a->room, false);
    uint32_t most = range->n_names > 0 ? range->n_names : range->count, n = 0;
    struct arena arena;
    arena_init(&arena);
    struct store_logged *list = arena_alloc(&arena, (most + 1) * sizeof(*list));
    for (uint32_t i = 0; r && !a->err && i < r->log.n && n < most; i++) {
        const struct pair *p = &r->log.list[range->backward ? r->log.n - 1 - i : i];
        const struct pair *gone = hash_get(&r->taken, p->key);
        int rc =
            store_unpack_logged(p->key, p->value, gone ? gone->value : STR_NULL, &arena, &list[n]);
        assert(rc == 0);
        n += wanted(range, list[n].m.name) ? 1 : 0;
    }
    a->read_fn(a->ctx, a->err, list, n);
    arena_deinit(&arena);
}
