/* rooms_commit.c: what the steps of one turn want stored, one call per room, and its answer. */
#include "base/err.h"
#include "rt/log.h"
#include "shard/rooms_priv.h"

void entry_dirty(struct rooms *rs, struct entry *e)
{
    if (list_empty(&e->dirty))
        list_push_back(&rs->dirty, &e->dirty);
    loop_defer(rs->loop, &rs->commit_task, LOOP_PRIO_WORK, rooms_commit_turn, rs);
}

static void take_works(struct list *from, struct list *to)
{
    list_init(to);
    LIST_FOREACH_SAFE(it, nx, from)
    {
        list_remove(it);
        list_push_back(to, it);
    }
}

static void committed(void *ctx, int err)
{
    struct call *c = ctx;
    struct rooms *rs = c->rs;
    struct entry *e = c->entry;
    uint32_t slot = c->slot;
    struct list works;
    take_works(&c->works, &works); /* empty if the room was dropped */
    list_remove(&c->link);
    mem_free(c);
    if (!e)
        return;
    if (err == ERR_FENCED) {
        /* Somebody else owns the slot: silence, and whoever waits asks there (I12, I13). */
        take_works(&works, &e->batch);
        e->call = NULL;
        log_warn("fenced", KV_U("slot", slot));
        rooms_slot_lost(rs, slot);
        rs->ops->fenced(rs->ctx, slot);
        return;
    }
    e->call = NULL;
    if (err) {
        e->tail = e->last;
        if (err != ERR_UNAVAILABLE && err != ERR_NOTFOUND && err != ERR_FULL)
            log_warn("commit", KV("room", log_jid(e->jid)), KV_Z("error", err_text(err)));
    }
    LIST_FOREACH_SAFE(it, nx, &works)
    {
        list_remove(it);
        entry_complete(rs, e, LIST_ENTRY(it, struct work, link), err);
    }
    if (err == ERR_UNKNOWN || err == ERR_DIVERGED) {
        entry_evict(rs, e);
        if (list_empty(&e->queue))
            entry_drop(rs, e, false);
        else
            entry_load(rs, e);
        return;
    }
    entry_drain(rs, e);
}

static void set_retention(struct rooms *rs, const struct entry *e, struct store_entry *last)
{
    const struct room_config *c = room_config(e->room);
    uint64_t now = rs->ops->wall_ms(rs->ctx), kept = (uint64_t)c->archive_days * 24 * 3600 * 1000;
    last->keep_messages = c->archive ? c->archive_messages : 0;
    last->keep_since_ms = kept && kept < now ? now - kept : 0;
}

static void commit(struct rooms *rs, struct entry *e)
{
    struct store_token token;
    if (!rs->ops->token(rs->ctx, e->slot, &token) || token.epoch != e->epoch) {
        rooms_slot_lost(rs, e->slot);
        return;
    }
    uint32_t n = 0, i = 0;
    LIST_FOREACH(it, &e->batch)
    n++;
    struct store_entry *entries = mem_zalloc(n * sizeof *entries);
    LIST_FOREACH(it, &e->batch)
    {
        const struct work *w = LIST_ENTRY(it, struct work, link);
        if (w->kind == WORK_SHOW)
            continue;
        struct store_entry *out = &entries[i++];
        out->name = w->name;
        out->prev = w->prev;
        out->now_ms = w->now_ms;
        out->fx = &w->fx.list[w->at];
        if (w->marked) {
            out->gwboot = rs->ops->gateway_name(rs->ctx, w->origin.gw);
            out->rseq = w->origin.rseq;
        }
    }
    if (i > 0)
        set_retention(rs, e, &entries[i - 1]);
    struct call *c = mem_zalloc(sizeof *c);
    c->rs = rs;
    c->entry = e;
    c->slot = e->slot;
    c->started_ns = loop_clock_ns();
    take_works(&e->batch, &c->works);
    list_push_back(&rs->calls, &c->link);
    e->call = c;
    if (rs->unsafe)
        committed(c, ERR_UNAVAILABLE);
    else
        rs->store->ops->commit(rs->store, &token, e->jid, entries, i, committed, c);
    mem_free(entries);
}

void rooms_commit_turn(void *ctx)
{
    struct rooms *rs = ctx;
    while (!list_empty(&rs->dirty)) {
        struct entry *e = LIST_ENTRY(rs->dirty.next, struct entry, dirty);
        list_remove(&e->dirty);
        if (!e->call && !list_empty(&e->batch))
            commit(rs, e);
    }
}
