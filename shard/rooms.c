/* rooms.c: the registry: requests in, entries, their queues, load and unload. */
#include "shard/rooms.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "rt/log.h"
#include "rt/metrics.h"
#include "shard/blocked.h"
#include "shard/codec.h"
#include "shard/rooms_priv.h"

#include <assert.h>

enum { TICK_MIN_MS = 100 };

/* ------------------------------------------------------------------ small answers */

static void send_item(struct rooms *rs, gateway_ref gw, const Verona__Item *item)
{
    buf_reset(&rs->pack);
    wire_pack(&item->base, &rs->pack);
    rs->ops->send(rs->ctx, gw, buf_as_str(&rs->pack));
}

void send_ack(struct rooms *rs, gateway_ref gw, uint64_t rseq, struct str room)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Ack ack = VERONA__ACK__INIT;
    if (gw == 0 || rseq == 0)
        return;
    ack.rseq = rseq;
    ack.room = wire_bytes(room);
    item.kind_case = VERONA__ITEM__KIND_ACK;
    item.ack = &ack;
    send_item(rs, gw, &item);
}

void send_wrong_slot(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t rseq)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__WrongSlot w = VERONA__WRONG_SLOT__INIT;
    if (gw == 0 || rseq == 0)
        return;
    w.slot = slot;
    w.epoch = rooms_known_epoch(rs, slot);
    w.rseq = rseq;
    item.kind_case = VERONA__ITEM__KIND_WRONG_SLOT;
    item.wrong_slot = &w;
    metric_add_l(METRIC_SLOT_REDIRECTS_TOTAL, "moved", NULL, 1);
    send_item(rs, gw, &item);
}

/* One answer that no room gave; fx is of w, which is taken. */
static void send_reply(struct rooms *rs, const struct entry *e, gateway_ref gw,
                       const Verona__RoomEvent *ev, struct work *w, struct fx *fx)
{
    fx->reply.id = wire_str(ev->id);
    fx->reply.from_nick = wire_str(ev->nick);
    w->origin = (struct room_origin){.gw = gw, .sid = ev->sid, .rseq = ev->rseq};
    struct deliver_env env = {.slot = ev->slot,
                              .epoch = ev->epoch,
                              .room = wire_str(ev->room),
                              .gateway_name = rs->ops->gateway_name,
                              .ctx = rs->ctx};
    struct deliver_step step = {.origin = &w->origin,
                                .fx = &w->fx,
                                .name = e ? e->last : (struct event_name){0, 0},
                                .redo = ev->redo};
    deliver(&env, &step, &rs->out);
    for (uint32_t i = 0; i < rs->out.n; i++)
        rs->ops->send(rs->ctx, rs->out.items[i].gw, rs->out.items[i].item);
    work_free(rs, w);
}

void send_refusal(struct rooms *rs, const struct entry *e, gateway_ref gw,
                  const Verona__RoomEvent *ev, enum stanza_error error, const char *text)
{
    enum room_stanza stanza;
    if (!codec_stanza(ev, &stanza)) {
        send_ack(rs, gw, ev->rseq, wire_str(ev->room));
        return;
    }
    struct work *w = work_new(rs);
    struct fx *fx = room_effects_add(&w->fx, FX_REPLY);
    fx->reply.kind = FXR_ERROR;
    fx->reply.stanza = stanza;
    fx->reply.error = error;
    fx->reply.text = str_of(text);
    send_reply(rs, e, gw, ev, w, fx);
}

void send_empty(struct rooms *rs, const struct entry *e, gateway_ref gw,
                const Verona__RoomEvent *ev)
{
    struct work *w = work_new(rs);
    struct fx *fx = room_effects_add(&w->fx, FX_REPLY);
    fx->reply.kind = FXR_EMPTY;
    fx->reply.stanza = ROOM_IQ;
    send_reply(rs, e, gw, ev, w, fx);
}

/* ------------------------------------------------------------------ entries */

struct entry *entry_find(struct rooms *rs, struct str jid)
{
    struct entry *e;
    HASH_FIND(hh, rs->entries, jid.p, jid.n, e);
    return e;
}

struct entry *entry_new(struct rooms *rs, struct str jid, uint32_t slot, uint64_t epoch)
{
    struct entry *e = mem_zalloc(sizeof *e);
    struct slot_state *s = &rs->slots[slot];
    e->rs = rs;
    e->jid = (struct str){mem_dup(jid.p, jid.n), jid.n};
    e->slot = slot;
    e->epoch = epoch;
    list_init(&e->queue);
    list_init(&e->batch);
    list_init(&e->by_need);
    list_init(&e->idle);
    list_init(&e->dirty);
    list_init(&e->by_count);
    loop_timer_init(&e->tick);
    list_push_back(&s->rooms, &e->by_slot);
    HASH_ADD_KEYPTR(hh, rs->entries, e->jid.p, e->jid.n, e);
    rs->n_rooms++;
    rs->ops->loaded(rs->ctx, slot, ++s->n_rooms);
    return e;
}

void entry_note_need(struct rooms *rs, struct entry *e)
{
    list_remove(&e->by_need);
    if (e->call || !list_empty(&e->queue) || !list_empty(&e->batch))
        list_push_back(&rs->need, &e->by_need);
}

void queued_free(struct rooms *rs, struct entry *e, struct queued *q)
{
    list_remove(&q->link);
    e->queue_bytes -= q->n;
    rs->queued_bytes -= q->n;
    mem_free(q);
}

const Verona__RoomEvent *item_event(struct rooms *rs, struct str item)
{
    arena_reset(&rs->scratch);
    const Verona__Item *m =
        (const Verona__Item *)wire_unpack(&verona__item__descriptor, item, &rs->scratch);
    return m && m->kind_case == VERONA__ITEM__KIND_EVENT ? m->event : NULL;
}

static void drop_works(struct rooms *rs, struct entry *e, struct list *works, bool redirect)
{
    LIST_FOREACH_SAFE(it, nx, works)
    {
        struct work *w = LIST_ENTRY(it, struct work, link);
        if (redirect && !w->answered)
            send_wrong_slot(rs, w->origin.gw, e->slot, w->origin.rseq);
        work_free(rs, w);
    }
}

void entry_drop(struct rooms *rs, struct entry *e, bool redirect)
{
    struct slot_state *s = &rs->slots[e->slot];
    if (e->call) {
        drop_works(rs, e, &e->call->works, redirect);
        e->call->entry = NULL;
    }
    drop_works(rs, e, &e->batch, redirect);
    LIST_FOREACH_SAFE(it, nx, &e->queue)
    {
        struct queued *q = LIST_ENTRY(it, struct queued, link);
        const Verona__RoomEvent *ev =
            redirect && q->kind == QUEUED_REQUEST ? item_event(rs, str_n(q->item, q->n)) : NULL;
        if (ev)
            send_wrong_slot(rs, q->gw, e->slot, ev->rseq);
        queued_free(rs, e, q);
    }
    loop_timer_stop(&e->tick);
    room_destroy(&e->room);
    entry_refresh(rs, e);
    list_remove(&e->by_slot);
    list_remove(&e->by_need);
    list_remove(&e->idle);
    list_remove(&e->dirty);
    list_remove(&e->by_count);
    HASH_DELETE(hh, rs->entries, e);
    rs->n_rooms--;
    rs->ops->loaded(rs->ctx, e->slot, --s->n_rooms);
    for (uint32_t i = 0; i < e->n_marks; i++)
        mem_free((void *)(uintptr_t)e->marks[i].gwboot.p);
    mem_free(e->marks);
    mem_free(e->visits);
    mem_free(e->gateways);
    mem_free((void *)(uintptr_t)e->jid.p);
    mem_free(e);
}

/* ------------------------------------------------------------------ queue and steps */

void entry_push(struct rooms *rs, struct entry *e, enum queued_kind kind, gateway_ref gw,
                struct str item)
{
    struct queued *q = mem_alloc(sizeof *q + item.n);
    q->kind = kind;
    q->gw = gw;
    q->n = item.n;
    if (item.n)
        memcpy(q->item, item.p, item.n);
    list_push_back(&e->queue, &q->link);
    e->queue_bytes += q->n;
    rs->queued_bytes += q->n;
    entry_note_need(rs, e);
}

static bool may_step(const struct entry *e)
{
    return e->room && !e->call && !e->ending;
}

static bool is_admin(const struct room_service *service, struct str bare)
{
    for (uint32_t i = 0; i < service->n_admins; i++)
        if (str_eq(service->admins[i], bare))
            return true;
    return false;
}

/* Does he enter, though the service admits him nowhere (blocked.h)? */
static bool is_blocked(const struct rooms *rs, const struct room_event *re)
{
    if (!rs->cfg.blocked || re->type != ROOM_EV_PRESENCE || !re->presence.join)
        return false;
    struct str bare = jid_bare(re->origin.jid);
    return blocked_has(rs->cfg.blocked, bare) && !is_admin(rs->cfg.service, bare);
}

/* A request whose turn it is. false: it must wait for what is pending. */
static bool run_request(struct rooms *rs, struct entry *e, gateway_ref gw,
                        const Verona__RoomEvent *ev, struct str item)
{
    struct room_event re;
    int err = codec_event(ev, &rs->scratch, &re);
    if (err) {
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        send_refusal(rs, e, gw, ev, err == ERR_TOOBIG ? SE_POLICY_VIOLATION : SE_BAD_REQUEST, "");
        return true;
    }
    re.origin.gw = gw;
    re.now_ms = rs->ops->wall_ms(rs->ctx); /* one time for the question and for the step */
    struct mark *m = entry_mark(rs, e, gw);
    bool done = again_is_done(m, ev);
    if (done && !room_pending(e->room)) {
        again_answer(rs, e, m, ev); /* nothing happens twice (I7) */
        return true;
    }
    if (done || !room_accepts(e->room, &re))
        return false;
    if (archive_hold(rs, e, gw, ev, item))
        return true;
    if (ev->rseq > m->rseq)
        m->rseq = ev->rseq;
    if (is_blocked(rs, &re)) {
        metric_add_l(METRIC_MUC_JOINS_TOTAL, "banned", NULL, 1);
        send_refusal(rs, e, gw, ev, SE_FORBIDDEN, "");
        return true;
    }
    if (entry_step(rs, e, &re, ev->redo) != 0)
        send_refusal(rs, e, gw, ev, SE_BAD_REQUEST, "");
    return true;
}

static bool run_internal(struct rooms *rs, struct entry *e, enum room_ev_type type, gateway_ref gw)
{
    struct room_event re;
    memset(&re, 0, sizeof re);
    re.type = type;
    re.origin.gw = gw;
    re.now_ms = rs->ops->wall_ms(rs->ctx);
    if (!room_accepts(e->room, &re))
        return false;
    int err = entry_step(rs, e, &re, false);
    assert(err == 0);
    return true;
}

static bool run_queued(struct rooms *rs, struct entry *e, struct queued *q)
{
    const Verona__RoomEvent *ev;
    switch (q->kind) {
    case QUEUED_REQUEST:
        ev = item_event(rs, str_n(q->item, q->n));
        return !ev || run_request(rs, e, q->gw, ev, str_n(q->item, q->n));
    case QUEUED_TICK:
        return run_internal(rs, e, ROOM_EV_TICK, 0);
    case QUEUED_LOST:
        return run_internal(rs, e, ROOM_EV_GATEWAY_LOST, q->gw);
    case QUEUED_FORGET:
        if (room_pending(e->room))
            return false;
        entry_forget(rs, e);
        return true;
    }
    return true;
}

static void tick(void *ctx);

/* Nothing is under way: does the room stay, and what does it wait for? May free e. */
static void settle(struct rooms *rs, struct entry *e)
{
    entry_note_need(rs, e);
    if (!list_empty(&e->by_need))
        return;
    if (!room_exists(e->room) && room_sessions(e->room) == 0) {
        entry_drop(rs, e, false);
        return;
    }
    uint64_t at = room_tick_ms(e->room), now = rs->ops->wall_ms(rs->ctx);
    if (!at)
        loop_timer_stop(&e->tick);
    else if (!loop_timer_armed(&e->tick) || at < e->tick_at_ms) {
        uint64_t wait = at > now ? at - now : 0;
        e->tick_at_ms = at;
        loop_timer_start(rs->loop, &e->tick, wait > TICK_MIN_MS ? wait : TICK_MIN_MS, 0, tick, e);
    }
    list_remove(&e->idle);
    if (room_sessions(e->room) == 0) {
        e->idle_since_ms = loop_now_ms(rs->loop);
        list_push_back(&rs->idle, &e->idle);
    }
}

void entry_drain(struct rooms *rs, struct entry *e)
{
    while (may_step(e) && !list_empty(&e->queue)) {
        struct queued *q = LIST_ENTRY(e->queue.next, struct queued, link);
        if (!run_queued(rs, e, q))
            break;
        queued_free(rs, e, q);
    }
    settle(rs, e);
}

static void tick(void *ctx)
{
    struct entry *e = ctx;
    struct rooms *rs = e->rs;
    entry_push(rs, e, QUEUED_TICK, 0, STR_NULL);
    entry_drain(rs, e);
}

void rooms_request(struct rooms *rs, gateway_ref gw, const Verona__RoomEvent *ev, struct str item)
{
    struct str room = wire_str(ev->room);
    if (!codec_room_ok(room) || ev->rseq == 0) {
        metric_add(METRIC_BUS_DECODE_ERRORS_TOTAL, 1);
        send_refusal(rs, NULL, gw, ev, SE_JID_MALFORMED, "");
        return;
    }
    uint32_t slot = slot_of(rs->seed, room);
    const struct slot_state *s = &rs->slots[slot];
    if (slot == ev->slot && bounced_before(rs, gw, slot, ev->epoch, ev->rseq)) {
        bounced_add(rs, gw, slot, ev->epoch, ev->rseq);
        send_wrong_slot(rs, gw, slot, ev->rseq);
        return;
    }
    if (slot == ev->slot && ev->epoch > s->epoch) {
        early_add(rs, gw, slot, ev->epoch, ev->rseq, item);
        return;
    }
    if (slot != ev->slot || !s->ours || ev->epoch != s->epoch) {
        send_wrong_slot(rs, gw, slot, ev->rseq);
        return;
    }
    if (slot_is_frozen(rs, slot)) {
        early_add(rs, gw, slot, ev->epoch, ev->rseq, item);
        return;
    }
    if (s->n_early)
        early_release(rs, slot); /* first come, first served */
    struct entry *e = entry_find(rs, room);
    if (e && may_step(e) && list_empty(&e->queue)) {
        arena_reset(&rs->scratch);
        if (run_request(rs, e, gw, ev, item)) {
            settle(rs, e);
            return;
        }
    }
    if ((e && e->queue_bytes + item.n > LIMIT_ROOM_QUEUE) ||
        rs->queued_bytes + item.n > LIMIT_SHARD_QUEUE) {
        send_refusal(rs, e, gw, ev, SE_RESOURCE_CONSTRAINT, "The room is busy");
        return;
    }
    bool fresh = !e;
    if (fresh)
        e = entry_new(rs, room, slot, s->epoch);
    entry_push(rs, e, QUEUED_REQUEST, gw, item);
    if (fresh)
        entry_load(rs, e);
}

/* ------------------------------------------------------------------ upkeep */

static void sweep(void *ctx)
{
    struct rooms *rs = ctx;
    uint64_t now = loop_now_ms(rs->loop);
    LIST_FOREACH_SAFE(it, nx, &rs->idle)
    {
        struct entry *e = LIST_ENTRY(it, struct entry, idle);
        if (now - e->idle_since_ms < rs->cfg.unload_after_ms)
            break;
        if (!list_empty(&e->by_need))
            continue;
        metric_add_l(METRIC_MUC_ROOM_EVICTIONS_TOTAL, "idle", NULL, 1);
        count_flush(rs, e);
        if (room_exists(e->room) && !room_config(e->room)->persistent)
            orphan_add(rs, e->slot, e->jid, rs->cfg.orphan_after_ms);
        entry_drop(rs, e, false);
    }
    rooms_sweep_slots(rs);
    loop_timer_start(rs->loop, &rs->sweep, rs->n_to_list || !list_empty(&rs->early) ? 50 : 500, 0,
                     sweep, rs);
}

struct rooms *rooms_new(struct loop *l, struct store *st, const struct rooms_config *cfg,
                        const struct rooms_ops *ops, void *ctx)
{
    struct rooms *rs = mem_zalloc(sizeof *rs);
    rs->loop = l;
    rs->store = st;
    rs->cfg = *cfg;
    rs->ops = ops;
    rs->ctx = ctx;
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        list_init(&rs->slots[i].rooms);
    list_init(&rs->need);
    list_init(&rs->idle);
    list_init(&rs->dirty);
    list_init(&rs->counts);
    loop_timer_init(&rs->count_timer);
    list_init(&rs->calls);
    list_init(&rs->early);
    list_init(&rs->orphans);
    list_init(&rs->reads);
    list_init(&rs->forgets);
    list_init(&rs->free_works);
    arena_init(&rs->scratch);
    deliver_out_init(&rs->out);
    buf_init(&rs->pack);
    loop_timer_start(l, &rs->sweep, 50, 0, sweep, rs);
    return rs;
}

void rooms_set_seed(struct rooms *rs, const uint8_t seed[16])
{
    memcpy(rs->seed, seed, sizeof rs->seed);
}

void rooms_set_unsafe(struct rooms *rs, bool unsafe)
{
    rs->unsafe = unsafe;
}

void rooms_drop_all(struct rooms *rs)
{
    for (uint32_t slot = 0; slot < SLOT_COUNT; slot++)
        if (rs->slots[slot].ours)
            rooms_slot_lost(rs, slot);
    early_drop(rs);
    bounced_drop(rs);
}

void rooms_destroy(struct rooms **rs_p)
{
    struct rooms *rs = *rs_p;
    if (!rs)
        return;
    rooms_drop_all(rs);
    orphans_drop(rs);
    archive_drop(rs);
    forgets_drop(rs);
    loop_timer_stop(&rs->sweep);
    count_deinit(rs);
    loop_cancel(&rs->commit_task);
    LIST_FOREACH_SAFE(it, nx, &rs->calls)
    {
        list_remove(it);
        mem_free(LIST_ENTRY(it, struct call, link));
    }
    LIST_FOREACH_SAFE(it, nx, &rs->free_works)
    {
        struct work *w = LIST_ENTRY(it, struct work, link);
        list_remove(it);
        room_effects_deinit(&w->fx);
        mem_free(w);
    }
    arena_deinit(&rs->scratch);
    deliver_out_deinit(&rs->out);
    buf_deinit(&rs->pack);
    mem_free(rs);
    *rs_p = NULL;
}

void rooms_totals(const struct rooms *rs, struct rooms_totals *out)
{
    *out = (struct rooms_totals){.rooms = rs->n_rooms,
                                 .active = rs->n_active,
                                 .occupants = rs->n_occupants,
                                 .sessions = rs->n_sessions,
                                 .queued_bytes = rs->queued_bytes};
    LIST_FOREACH(it, &rs->calls)
    out->waiting++;
}

const struct room *rooms_find(const struct rooms *rs, struct str jid)
{
    const struct entry *e;
    HASH_FIND(hh, rs->entries, jid.p, jid.n, e);
    return e && e->room && room_exists(e->room) ? e->room : NULL;
}

bool rooms_busy(const struct rooms *rs)
{
    return !list_empty(&rs->calls) || !list_empty(&rs->dirty);
}
