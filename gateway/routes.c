/* routes.c: see routes.h. */
#include "gateway/routes.h"

#include "base/hmap.h"
#include "base/list.h"
#include "base/slot.h"

#include <assert.h>

struct route {
    struct list link; /* waiting or open, by number within a slot */
    uint64_t number;
    struct route_owner owner;
    uint32_t slot;
    void *life; /* NULL: it waits */
    uint64_t due_ms;
    struct buf item;
    UT_hash_handle hh;
};

struct row {
    uint32_t n_waiting, n_open;
    const void *life; /* of the open ones */
    uint32_t held_in; /* the flush in which one of them had to go on waiting */
};

struct routes {
    const struct routes_ops *ops;
    void *ctx;
    struct list waiting, open;
    struct route *by_number;
    uint64_t last;
    uint32_t n_waiting, flushes;
    size_t bytes, waiting_bytes;
    struct row rows[SLOT_COUNT];
};
#define ROUTE_OF(node) LIST_ENTRY(node, struct route, link)

struct routes *routes_new(const struct routes_ops *ops, void *ctx)
{
    struct routes *rs = mem_zalloc(sizeof *rs);
    rs->ops = ops;
    rs->ctx = ctx;
    list_init(&rs->waiting);
    list_init(&rs->open);
    return rs;
}

static size_t size_of(const struct route *r)
{
    return r->item.len + sizeof *r;
}

/* ---- a route is in one of two lists, or in none */

static void put_waiting(struct routes *rs, struct route *r, struct list *before)
{
    r->life = NULL;
    list_insert_before(before, &r->link);
    rs->rows[r->slot].n_waiting++;
    rs->n_waiting++;
    rs->waiting_bytes += size_of(r);
}

static void put_open(struct routes *rs, struct route *r, void *life)
{
    r->life = life;
    list_push_back(&rs->open, &r->link);
    rs->rows[r->slot].n_open++;
    rs->rows[r->slot].life = life;
}

static void take(struct routes *rs, struct route *r)
{
    list_remove(&r->link);
    if (r->life) {
        rs->rows[r->slot].n_open--;
        return;
    }
    rs->rows[r->slot].n_waiting--;
    rs->n_waiting--;
    rs->waiting_bytes -= size_of(r);
}

static void drop(struct routes *rs, struct route *r)
{
    take(rs, r);
    rs->bytes -= size_of(r);
    HASH_DELETE(hh, rs->by_number, r);
    buf_deinit(&r->item);
    mem_free(r);
}

void routes_destroy(struct routes **rs_p)
{
    struct routes *rs = *rs_p;
    if (!rs)
        return;
    struct route *r, *next;
    HASH_ITER(hh, rs->by_number, r, next)
    {
        drop(rs, r);
    }
    mem_free(rs);
    *rs_p = NULL;
}

/* ---- out */

/* Can one of that slot be sent, were it the first of those that wait? Then to whom. */
static void *life_for(const struct routes *rs, uint32_t slot)
{
    const struct row *row = &rs->rows[slot];
    void *life = rs->ops->life(rs->ctx, slot);
    return row->n_open == 0 || row->life == life ? life : NULL;
}

uint64_t routes_next(const struct routes *rs)
{
    return rs->last + 1;
}

bool routes_add(struct routes *rs, uint32_t slot, struct route_owner owner, struct buf *item,
                uint64_t due_ms)
{
    size_t size = item->len + sizeof(struct route);
    assert(slot < SLOT_COUNT);
    if (routes_count(rs) >= ROUTES_MAX || rs->bytes + size > ROUTES_BYTES)
        return false;
    void *life = rs->rows[slot].n_waiting == 0 ? life_for(rs, slot) : NULL;
    bool sent = life && rs->ops->send(rs->ctx, life, buf_as_str(item));
    if (!sent &&
        (rs->n_waiting >= ROUTES_WAITING_MAX || rs->waiting_bytes + size > ROUTES_WAITING_BYTES))
        return false;
    struct route *r = mem_zalloc(sizeof *r);
    r->number = ++rs->last;
    r->owner = owner;
    r->slot = slot;
    r->due_ms = due_ms;
    r->item = *item;
    buf_init(item);
    list_init(&r->link);
    rs->bytes += size_of(r);
    HASH_ADD(hh, rs->by_number, number, sizeof r->number, r);
    if (sent)
        put_open(rs, r, life);
    else
        put_waiting(rs, r, &rs->waiting);
    return true;
}

void routes_flush(struct routes *rs)
{
    rs->flushes++;
    LIST_FOREACH_SAFE(it, next, &rs->waiting)
    {
        struct route *r = ROUTE_OF(it);
        struct row *row = &rs->rows[r->slot];
        if (row->held_in == rs->flushes)
            continue;
        void *life = life_for(rs, r->slot);
        if (life && rs->ops->send(rs->ctx, life, buf_as_str(&r->item))) {
            take(rs, r);
            put_open(rs, r, life);
        } else {
            row->held_in = rs->flushes;
        }
    }
}

/* ---- back */

bool routes_answered(struct routes *rs, uint64_t number, const void *life, struct route_owner *out)
{
    struct route *r;
    HASH_FIND(hh, rs->by_number, &number, sizeof number, r);
    if (!r || !r->life || r->life != life)
        return false;
    const struct row *row = &rs->rows[r->slot];
    *out = r->owner;
    drop(rs, r);
    if (row->n_waiting && !row->n_open)
        routes_flush(rs);
    return true;
}

void routes_life_over(struct routes *rs, const void *life, uint64_t due_ms)
{
    struct list *first = rs->waiting.next; /* what waits already is later, within each slot */
    LIST_FOREACH_SAFE(it, next, &rs->open)
    {
        struct route *r = ROUTE_OF(it);
        if (r->life != life)
            continue;
        take(rs, r);
        r->due_ms = due_ms;
        put_waiting(rs, r, first);
    }
}

bool routes_expired(struct routes *rs, uint64_t now_ms, struct route_owner *out)
{
    LIST_FOREACH(it, &rs->waiting)
    {
        struct route *r = ROUTE_OF(it);
        if (r->due_ms > now_ms)
            continue;
        *out = r->owner;
        drop(rs, r);
        return true;
    }
    return false;
}

/* ---- what others see */

bool routes_waits(const struct routes *rs, uint32_t slot)
{
    return rs->rows[slot].n_waiting > 0;
}

void routes_each_waiting_slot(const struct routes *rs, void (*fn)(void *ctx, uint32_t slot),
                              void *ctx)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT && rs->n_waiting; slot++)
        if (rs->rows[slot].n_waiting)
            fn(ctx, slot);
}

uint32_t routes_count(const struct routes *rs)
{
    return HASH_CNT(hh, rs->by_number);
}
