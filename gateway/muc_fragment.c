/* muc_fragment.c: parts that are too large for one message of the bus, put together again. */
#include "gateway/muc_priv.h"

#include "base/limits.h"
#include "rt/metrics.h"

/* What has come of a part of one room. There are hardly ever two. */
struct fragment {
    struct list link;
    struct buf room, data;
    uint32_t slot;
};

static void drop(struct muc *m, struct fragment *f)
{
    m->fragment_bytes -= f->data.len;
    list_remove(&f->link);
    buf_deinit(&f->room);
    buf_deinit(&f->data);
    mem_free(f);
}

static struct fragment *find(const struct muc *m, struct str room)
{
    LIST_FOREACH(it, &m->fragments)
    {
        struct fragment *f = LIST_ENTRY(it, struct fragment, link);
        if (str_eq(buf_as_str(&f->room), room))
            return f;
    }
    return NULL;
}

static struct fragment *begin(struct muc *m, const Verona__Delivery *d)
{
    struct fragment *f = mem_zalloc(sizeof *f);
    f->slot = d->slot;
    buf_init(&f->room);
    buf_init(&f->data);
    buf_str(&f->room, wire_str(d->room));
    list_init(&f->link);
    list_push_back(&m->fragments, &f->link);
    return f;
}

const Verona__Part *fragment_add(struct muc *m, const Verona__Delivery *d,
                                 const Verona__Fragment *piece, struct arena *a)
{
    const Verona__Part *part = NULL;
    struct fragment *f = find(m, wire_str(d->room));
    if (!f)
        f = begin(m, d);
    bool fits = m->fragment_bytes + piece->data.len <= LIMIT_BUS_PART;
    if (fits) {
        buf_str(&f->data, wire_str(piece->data));
        m->fragment_bytes += piece->data.len;
        if (piece->more)
            return NULL;
        part =
            (const Verona__Part *)wire_unpack(&verona__part__descriptor, buf_as_str(&f->data), a);
    }
    if (!part || part->kind_case == VERONA__PART__KIND_FRAGMENT) {
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        part = NULL;
    }
    drop(m, f);
    return part;
}

void fragment_drop_room(struct muc *m, struct str room)
{
    struct fragment *f = find(m, room);
    if (f)
        drop(m, f);
}

static void drop_those(struct muc *m, bool all, uint32_t slot)
{
    LIST_FOREACH_SAFE(it, next, &m->fragments)
    {
        struct fragment *f = LIST_ENTRY(it, struct fragment, link);
        if (all || f->slot == slot)
            drop(m, f);
    }
}

void fragment_drop_slot(struct muc *m, uint32_t slot)
{
    drop_those(m, false, slot);
}

void fragment_drop_all(struct muc *m)
{
    drop_those(m, true, 0);
}
