/* rooms_load.c: a room out of the store, and the marks that came with it. */
#include "base/err.h"
#include "rt/metrics.h"
#include "shard/rooms_priv.h"

enum { ORPHAN_AGAIN_MS = 1000 }; /* when the store could not be asked */

/* ------------------------------------------------------------------ marks */

static struct mark *mark_add(struct entry *e, gateway_ref gw, struct str gwboot, uint64_t rseq,
                             uint64_t stored)
{
    if (e->n_marks == e->cap_marks) {
        e->cap_marks = e->cap_marks ? e->cap_marks * 2 : 4;
        e->marks = mem_realloc(e->marks, e->cap_marks * sizeof *e->marks);
    }
    e->marks[e->n_marks] = (struct mark){gw, rseq, stored, {mem_dup(gwboot.p, gwboot.n), gwboot.n}};
    return &e->marks[e->n_marks++];
}

/* A mark of the store; what is known already is newer. */
static void mark_merge(struct entry *e, const struct store_mark *m)
{
    for (uint32_t i = 0; i < e->n_marks; i++)
        if (str_eq(e->marks[i].gwboot, m->gwboot)) {
            if (e->marks[i].rseq < m->rseq)
                e->marks[i].rseq = m->rseq;
            e->marks[i].stored = m->rseq;
            return;
        }
    (void)mark_add(e, 0, m->gwboot, m->rseq, m->rseq);
}

struct mark *entry_mark(struct rooms *rs, struct entry *e, gateway_ref gw)
{
    for (uint32_t i = 0; i < e->n_marks; i++)
        if (e->marks[i].gw == gw)
            return &e->marks[i];
    struct str name = rs->ops->gateway_name(rs->ctx, gw);
    for (uint32_t i = 0; i < e->n_marks; i++)
        if (e->marks[i].gw == 0 && str_eq(e->marks[i].gwboot, name)) {
            e->marks[i].gw = gw;
            return &e->marks[i];
        }
    return mark_add(e, gw, name, 0, 0);
}

/* ------------------------------------------------------------------ load */

static void loaded(void *ctx, int err, const struct store_room *found)
{
    struct call *c = ctx;
    struct rooms *rs = c->rs;
    struct entry *e = c->entry;
    metric_observe(METRIC_MUC_ROOM_LOAD_DURATION_SECONDS,
                   (double)(loop_clock_ns() - c->started_ns) / 1e9);
    metric_add_l(METRIC_MUC_ROOM_LOADS_TOTAL,
                 err             ? "error"
                 : found->exists ? "ok"
                                 : "not_found",
                 NULL, 1);
    list_remove(&c->link);
    mem_free(c);
    if (!e)
        return;
    e->call = NULL;
    if (err) { /* could not ask: nothing is made on doubt (I11) */
        LIST_FOREACH_SAFE(it, nx, &e->queue)
        {
            struct queued *q = LIST_ENTRY(it, struct queued, link);
            const Verona__RoomEvent *ev =
                q->kind == QUEUED_REQUEST ? item_event(rs, str_n(q->item, q->n)) : NULL;
            if (ev)
                send_refusal(rs, e, q->gw, ev, SE_RESOURCE_CONSTRAINT,
                             "The room cannot be reached now");
            queued_free(rs, e, q);
        }
        if (e->ending)
            orphan_add(rs, e->slot, e->jid, ORPHAN_AGAIN_MS);
        entry_drop(rs, e, false);
        return;
    }
    e->last = e->tail = found->last;
    for (uint32_t i = 0; i < found->n_marks; i++)
        mark_merge(e, &found->marks[i]);
    if (found->exists) {
        e->room = room_load(e->jid, rs->cfg.service, &found->image);
        if (e->ending && list_empty(&e->queue) && !found->image.config.persistent)
            orphan_end(rs, e);
        else
            e->ending = false;
    } else {
        /* A new life of the name starts above all former ones. */
        struct event_name last = found->last;
        if (last.s < rs->slots[e->slot].highest_seq)
            last = (struct event_name){e->epoch, rs->slots[e->slot].highest_seq};
        e->room = room_new(e->jid, rs->cfg.service);
        room_set_last(e->room, last);
        room_set_moved(e->room, found->moved_to, found->moved_until_ms);
        e->ending = false;
    }
    entry_drain(rs, e);
}

void entry_load(struct rooms *rs, struct entry *e)
{
    struct call *c = mem_zalloc(sizeof *c);
    c->rs = rs;
    c->entry = e;
    c->slot = e->slot;
    c->started_ns = loop_clock_ns();
    list_init(&c->works);
    list_push_back(&rs->calls, &c->link);
    e->call = c;
    entry_note_need(rs, e);
    if (rs->unsafe)
        loaded(c, ERR_UNAVAILABLE, NULL);
    else
        rs->store->ops->load(rs->store, e->slot, e->jid, loaded, c);
}
