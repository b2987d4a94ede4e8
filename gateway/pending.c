/* pending.c: see pending.h. */
#include "gateway/pending.h"

#include "base/hmap.h"
#include "base/list.h"
#include "base/slot.h"
#include "proto/wire.h"

#include <assert.h>

struct req {
    struct pending_req r;
    struct list in_slot;
    struct buf item; /* packed under packed_epoch and packed_redo */
    uint64_t packed_epoch;
    bool packed_redo;
    UT_hash_handle hh;
};
#define REQ_OF(node) LIST_ENTRY(node, struct req, in_slot)

struct pending {
    struct list slots[SLOT_COUNT];
    struct req *next[SLOT_COUNT]; /* first that waits */
    struct req *by_rseq;
    size_t bytes, waiting;
    struct arena arena; /* repacking */
};

struct pending *pending_new(void)
{
    struct pending *p = mem_zalloc(sizeof *p);
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        list_init(&p->slots[i]);
    arena_init(&p->arena);
    return p;
}

static size_t size_of(const struct req *q)
{
    return q->item.len + sizeof *q;
}

static struct req *find(const struct pending *p, uint64_t rseq)
{
    struct req *q;
    HASH_FIND(hh, p->by_rseq, &rseq, sizeof rseq, q);
    return q;
}

/* The first waiting one at or after `node`. */
static struct req *waiting_from(struct pending *p, uint32_t slot, struct list *node)
{
    for (; node != &p->slots[slot]; node = node->next) {
        if (!REQ_OF(node)->r.sent)
            return REQ_OF(node);
    }
    return NULL;
}

static void drop(struct pending *p, struct req *q)
{
    if (p->next[q->r.slot] == q)
        p->next[q->r.slot] = waiting_from(p, q->r.slot, q->in_slot.next);
    p->bytes -= size_of(q);
    if (!q->r.sent)
        p->waiting -= size_of(q);
    HASH_DELETE(hh, p->by_rseq, q);
    list_remove(&q->in_slot);
    buf_deinit(&q->item);
    mem_free(q);
}

void pending_destroy(struct pending **p_p)
{
    struct pending *p = *p_p;
    if (!p)
        return;
    struct req *q, *next;
    HASH_ITER(hh, p->by_rseq, q, next)
    drop(p, q);
    arena_deinit(&p->arena);
    mem_free(p);
    *p_p = NULL;
}

static enum link_what what_of(const Verona__RoomEvent *ev)
{
    if (ev->body_case == VERONA__ROOM_EVENT__BODY_PRESENCE && ev->presence->join)
        return LINK_JOIN;
    if (ev->body_case == VERONA__ROOM_EVENT__BODY_MESSAGE &&
        ev->message->type == VERONA__MESSAGE_IN__TYPE__GROUPCHAT)
        return LINK_GROUPCHAT;
    return LINK_OTHER;
}

static void pack(struct req *q, Verona__RoomEvent *ev)
{
    Verona__Item item = VERONA__ITEM__INIT;
    item.kind_case = VERONA__ITEM__KIND_EVENT;
    item.event = ev;
    buf_reset(&q->item);
    (void)wire_pack(&item.base, &q->item);
    q->packed_epoch = ev->epoch;
    q->packed_redo = ev->redo;
}

const struct pending_req *pending_add(struct pending *p, const Verona__RoomEvent *ev,
                                      uint64_t read_ns)
{
    struct req *q = mem_zalloc(sizeof *q);
    Verona__RoomEvent copy = *ev;
    q->r = (struct pending_req){
        .rseq = ev->rseq,
        .sid = ev->sid,
        .read_ns = read_ns,
        .slot = ev->slot,
        .what = what_of(ev),
        .leave = ev->body_case == VERONA__ROOM_EVENT__BODY_LEAVE,
    };
    pack(q, &copy);
    list_push_back(&p->slots[ev->slot], &q->in_slot);
    HASH_ADD(hh, p->by_rseq, r.rseq, sizeof q->r.rseq, q);
    p->bytes += size_of(q);
    p->waiting += size_of(q);
    if (!p->next[ev->slot])
        p->next[ev->slot] = q;
    return &q->r;
}

const struct pending_req *pending_find(const struct pending *p, uint64_t rseq)
{
    struct req *q = find(p, rseq);
    return q ? &q->r : NULL;
}

void pending_remove(struct pending *p, uint64_t rseq)
{
    struct req *q = find(p, rseq);
    if (q)
        drop(p, q);
}

void pending_from_inside(struct pending *p, uint64_t rseq)
{
    struct req *q = find(p, rseq);
    if (q)
        q->r.inside = true;
}

const struct pending_req *pending_next(const struct pending *p, uint32_t slot)
{
    return p->next[slot] ? &p->next[slot]->r : NULL;
}

struct str pending_item(struct pending *p, const struct pending_req *req, uint64_t epoch)
{
    struct req *q = find(p, req->rseq);
    assert(q);
    if (q->packed_epoch != epoch || q->packed_redo != q->r.redo) {
        size_t before = size_of(q);
        arena_reset(&p->arena);
        Verona__Item *item =
            (Verona__Item *)wire_unpack(&verona__item__descriptor, buf_as_str(&q->item), &p->arena);
        assert(item && item->kind_case == VERONA__ITEM__KIND_EVENT);
        item->event->epoch = epoch;
        item->event->redo = q->r.redo;
        pack(q, item->event);
        p->bytes += size_of(q) - before;
        if (!q->r.sent)
            p->waiting += size_of(q) - before;
    }
    return buf_as_str(&q->item);
}

void pending_sent(struct pending *p, uint32_t slot, uint64_t epoch, uint64_t boot)
{
    struct req *q = p->next[slot];
    assert(q);
    q->r.sent = true;
    q->r.epoch = epoch;
    q->r.boot = boot;
    p->waiting -= size_of(q);
    p->next[slot] = waiting_from(p, slot, q->in_slot.next);
}

static void wait_again(struct pending *p, struct req *q)
{
    struct req *next = p->next[q->r.slot];
    q->r.sent = false;
    p->waiting += size_of(q);
    if (!next || q->r.rseq < next->r.rseq)
        p->next[q->r.slot] = q;
}

bool pending_bounced(struct pending *p, uint64_t rseq, uint64_t boot)
{
    struct req *q = find(p, rseq);
    if (!q || !q->r.sent || q->r.boot != boot)
        return false;
    wait_again(p, q);
    return true;
}

void pending_new_owner(struct pending *p, uint32_t slot, uint64_t epoch)
{
    LIST_FOREACH(it, &p->slots[slot])
    {
        struct req *q = REQ_OF(it);
        if (!q->r.sent || q->r.epoch == epoch)
            continue;
        q->r.redo = true;
        wait_again(p, q);
    }
}

void pending_life_over(struct pending *p, uint64_t boot)
{
    for (struct req *q = p->by_rseq; q; q = q->hh.next) {
        if (!q->r.sent || q->r.boot != boot)
            continue;
        q->r.redo = true;
        wait_again(p, q);
    }
}

void pending_restart(struct pending *p)
{
    for (struct req *q = p->by_rseq; q; q = q->hh.next) {
        q->r.redo = false;
        if (q->r.sent)
            wait_again(p, q);
    }
}

bool pending_of(const struct pending *p, uint64_t sid)
{
    for (const struct req *q = p->by_rseq; q; q = q->hh.next) {
        if (q->r.sid == sid)
            return true;
    }
    return false;
}

bool pending_any(const struct pending *p, uint32_t slot)
{
    return !list_empty(&p->slots[slot]);
}

uint32_t pending_count(const struct pending *p)
{
    return HASH_CNT(hh, p->by_rseq);
}

size_t pending_bytes(const struct pending *p)
{
    return p->bytes;
}

size_t pending_waiting_bytes(const struct pending *p)
{
    return p->waiting;
}
