/* rooms_forget.c: test.forget_rooms (W85): all rooms that nobody is in end, whatever their
 * configuration says.
 *
 *   list the slots -> each room found: load it, end it in the store -> list them again
 *                     ... until a whole round finds nothing to end -> Forgot */
#include "proto/wire.h"
#include "shard/rooms_priv.h"

enum {
    LISTS_AT_ONCE = 64,
    AGAIN_MS = 10, /* between rounds */
};

struct forget {
    struct list link;
    struct rooms *rs; /* NULL: dropped, the last listing frees it */
    gateway_ref gw;
    uint64_t ref;
    uint32_t next; /* slot to list */
    uint32_t n_out;
    bool busy; /* this round found something */
    struct loop_timer again;
};

static void round_on(struct forget *f);

static void begin(void *ctx)
{
    struct forget *f = ctx;
    f->next = 0;
    f->busy = false;
    round_on(f);
}

static void end(struct forget *f)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Forgot m = VERONA__FORGOT__INIT;
    m.ref = f->ref;
    item.kind_case = VERONA__ITEM__KIND_FORGOT;
    item.forgot = &m;
    buf_reset(&f->rs->pack);
    wire_pack(&item.base, &f->rs->pack);
    f->rs->ops->send(f->rs->ctx, f->gw, buf_as_str(&f->rs->pack));
    list_remove(&f->link);
    mem_free(f);
}

/* false: somebody is inside, so there is nothing to forget. */
static bool forget_room(struct rooms *rs, uint32_t slot, struct str jid)
{
    struct entry *e = entry_find(rs, jid);
    if (slot_is_frozen(rs, slot))
        return true; /* wait and see whose it becomes */
    if (e && e->room && room_sessions(e->room) > 0)
        return false;
    bool fresh = !e;
    if (fresh)
        e = entry_new(rs, jid, slot, rs->slots[slot].epoch);
    entry_push(rs, e, QUEUED_FORGET, 0, STR_NULL);
    if (fresh)
        entry_load(rs, e);
    else
        entry_drain(rs, e);
    return true;
}

void entry_forget(struct rooms *rs, struct entry *e)
{
    if (room_exists(e->room) && room_sessions(e->room) == 0)
        orphan_end(rs, e);
}

/* A slot that is being listed. */
struct listing {
    struct forget *f;
    uint32_t slot;
};

static void listed(void *ctx, int err, const struct store_listed *rooms, uint32_t n,
                   uint64_t highest_seq)
{
    struct listing *l = ctx;
    struct forget *f = l->f;
    uint32_t slot = l->slot;
    (void)highest_seq;
    mem_free(l);
    f->n_out--;
    if (!f->rs) {
        if (f->n_out == 0)
            mem_free(f);
        return;
    }
    f->busy = f->busy || err;
    for (uint32_t i = 0; !err && i < n && f->rs->slots[slot].ours; i++)
        f->busy |= forget_room(f->rs, slot, rooms[i].room);
    round_on(f);
}

static void round_on(struct forget *f)
{
    struct rooms *rs = f->rs;
    f->busy = f->busy || rs->unsafe;
    while (f->next < SLOT_COUNT && f->n_out < LISTS_AT_ONCE && !rs->unsafe) {
        uint32_t slot = f->next++;
        if (!rs->slots[slot].ours)
            continue;
        struct listing *l = mem_alloc(sizeof *l);
        *l = (struct listing){f, slot};
        f->n_out++;
        rs->store->ops->list(rs->store, slot, listed, l);
    }
    if (f->n_out > 0)
        return;
    if (f->busy)
        loop_timer_start(rs->loop, &f->again, AGAIN_MS, 0, begin, f);
    else
        end(f);
}

void rooms_forget(struct rooms *rs, gateway_ref gw, uint64_t ref)
{
    if (!rs->cfg.forget)
        return;
    LIST_FOREACH(it, &rs->forgets)
    {
        const struct forget *other = LIST_ENTRY(it, struct forget, link);
        if (other->gw == gw && other->ref == ref)
            return; /* asked again, because it takes long */
    }
    struct forget *f = mem_zalloc(sizeof *f);
    f->rs = rs;
    f->gw = gw;
    f->ref = ref;
    loop_timer_init(&f->again);
    list_push_back(&rs->forgets, &f->link);
    begin(f);
}

void forgets_drop(struct rooms *rs)
{
    LIST_FOREACH_SAFE(it, nx, &rs->forgets)
    {
        struct forget *f = LIST_ENTRY(it, struct forget, link);
        list_remove(it);
        loop_timer_stop(&f->again);
        f->rs = NULL;
        if (f->n_out == 0)
            mem_free(f);
    }
}
