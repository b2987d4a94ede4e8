/* rooms_step.c: an event into a room, its effects out: shown at once, or held behind the store. */
#include "base/err.h"
#include "rt/metrics.h"
#include "shard/count.h"
#include "shard/rooms_priv.h"

#include <assert.h>

enum { FREE_WORKS = 256 };

struct work *work_new(struct rooms *rs)
{
    struct work *w;
    if (list_empty(&rs->free_works)) {
        w = mem_zalloc(sizeof *w);
        room_effects_init(&w->fx);
    } else {
        w = LIST_ENTRY(rs->free_works.next, struct work, link);
        list_remove(&w->link);
        rs->n_free_works--;
        struct room_effects fx = w->fx;
        memset(w, 0, sizeof *w);
        w->fx = fx;
    }
    list_init(&w->link);
    return w;
}

void work_free(struct rooms *rs, struct work *w)
{
    list_remove(&w->link);
    if (rs->n_free_works >= FREE_WORKS) {
        room_effects_deinit(&w->fx);
        mem_free(w);
        return;
    }
    room_effects_reset(&w->fx);
    list_push_back(&rs->free_works, &w->link);
    rs->n_free_works++;
}

static bool has_message(const struct room_effects *fx)
{
    for (uint32_t i = 0; i < fx->n; i++)
        if (fx->list[i].type == FX_MESSAGE)
            return true;
    return false;
}

/* Sends what is visible of a work. true: the origin's gateway got a Delivery, which is its ack. */
static bool show(struct rooms *rs, struct entry *e, const struct work *w, bool durable)
{
    struct deliver_env env = {.slot = e->slot,
                              .epoch = e->epoch,
                              .room = e->jid,
                              .gateway_name = rs->ops->gateway_name,
                              .ctx = rs->ctx};
    struct deliver_step step = {.state = e->room,
                                .origin = &w->origin,
                                .fx = &w->fx,
                                .before = e->gateways,
                                .n_before = e->n_visits,
                                .name = durable ? w->name : e->last,
                                .prev = w->prev,
                                .durable = durable,
                                .redo = w->redo};
    deliver(&env, &step, &rs->out);
    for (uint32_t i = 0; i < rs->out.n; i++)
        rs->ops->send(rs->ctx, rs->out.items[i].gw, rs->out.items[i].item);
    if (has_message(&w->fx))
        metric_observe(METRIC_MUC_BROADCAST_DURATION_SECONDS,
                       (double)(loop_clock_ns() - w->stepped_ns) / 1e9);
    return rs->out.origin_served;
}

/* Shows, and acknowledges what showed its gateway nothing. */
static void answer(struct rooms *rs, struct entry *e, struct work *w, bool durable)
{
    if (!show(rs, e, w, durable) && !w->answered)
        send_ack(rs, w->origin.gw, w->origin.rseq, e->jid);
}

void entry_refresh(struct rooms *rs, struct entry *e)
{
    uint32_t occupants = e->room ? room_occupants(e->room) : 0;
    uint32_t sessions = e->room ? room_sessions(e->room) : 0;
    rs->n_active += (sessions ? 1u : 0u) - (e->sessions ? 1u : 0u);
    rs->n_occupants += occupants - e->occupants;
    rs->n_sessions += sessions - e->sessions;
    if (occupants != e->occupants)
        count_changed(rs, e);
    e->occupants = occupants;
    e->sessions = sessions;
    visits_update(rs, e);
}

void entry_renew(struct rooms *rs, struct entry *e)
{
    struct event_name last = e->tail;
    struct room *before = e->room;
    uint64_t until;
    e->room = room_new(e->jid, rs->cfg.service);
    struct str moved = room_moved_to(before, &until);
    room_set_moved(e->room, moved, until);
    room_destroy(&before);
    if (last.s < rs->slots[e->slot].highest_seq)
        last = (struct event_name){e->epoch, rs->slots[e->slot].highest_seq};
    room_set_last(e->room, last);
    loop_timer_stop(&e->tick);
    entry_refresh(rs, e);
}

/* Did anybody come, go or move? Then the gateways of the room may have changed. */
static bool moves(const struct room_effects *fx, uint32_t *persist, bool *gone)
{
    bool yes = false;
    *persist = UINT32_MAX;
    *gone = false;
    for (uint32_t i = 0; i < fx->n; i++) {
        switch (fx->list[i].type) {
        case FX_PERSIST:
            assert(*persist == UINT32_MAX); /* one request is at most one durable event */
            *persist = i;
            break;
        case FX_GONE:
            *gone = true;
            yes = true;
            break;
        case FX_PRESENCE:
        case FX_DESTROYED:
            yes = true;
            break;
        case FX_MESSAGE:
        case FX_PRIVATE:
        case FX_HISTORY:
        case FX_SUBJECT:
        case FX_NOTICE:
        case FX_STATUS:
        case FX_FACTS:
        case FX_MAV:
        case FX_AVATAR:
        case FX_REPLY:
        case FX_POST:
        case FX_ARCHIVE:
        case FX_PAGE:
        case FX_RELAY:
        case FX_VOICE:
            break;
        }
    }
    return yes;
}

/* Steps ev and deals with the effects in w, which is taken. done: the work whose completion ev is.
 * Errors: of room_step; then nothing has happened. */
static int run(struct rooms *rs, struct entry *e, struct room_event *ev, struct work *w,
               const struct work *done)
{
    ev->epoch = e->epoch;
    rs->ops->random(rs->ctx, ev->random);
    w->now_ms = ev->now_ms;
    w->stepped_ns = done ? done->stepped_ns : loop_clock_ns();
    int err = room_step(e->room, ev, &w->fx);
    if (err) {
        work_free(rs, w);
        return err;
    }
    bool durable = done && ev->type == ROOM_EV_PERSISTED, gone;
    uint32_t persist;
    bool moved = moves(&w->fx, &persist, &gone);
    count_effects(ev->type, e->room, &w->fx);
    if (durable) {
        w->name = done->name;
        w->prev = done->prev;
    }
    if (persist != UINT32_MAX) {
        bool ahead = list_empty(&e->batch) || done;
        struct fx *fx = &w->fx.list[persist];
        if (ahead)
            w->answered |= show(rs, e, w, durable);
        fx->persist.name.e = e->epoch;
        w->kind = WORK_PERSIST;
        w->at = persist;
        w->name = fx->persist.name;
        w->prev = e->tail;
        w->marked = !done && w->origin.rseq;
        e->tail = w->name;
        list_push_back(&e->batch, &w->link);
        entry_dirty(rs, e);
    } else if (w->fx.n == 1 && w->fx.list[0].type == FX_ARCHIVE) {
        assert(list_empty(&e->batch) && !done); /* such a request follows nothing (R3) */
        archive_start(rs, e, w, &w->fx.list[0]);
        work_free(rs, w);
    } else if (!list_empty(&e->batch) && !done) {
        w->kind = WORK_SHOW; /* in its order, behind what is pending */
        list_push_back(&e->batch, &w->link);
    } else {
        answer(rs, e, w, durable);
        work_free(rs, w);
    }
    if (gone)
        entry_renew(rs, e);
    else if (moved)
        entry_refresh(rs, e);
#ifdef __SANITIZE_ADDRESS__
    room_check(e->room);
#endif
    return 0;
}

int entry_step(struct rooms *rs, struct entry *e, struct room_event *ev, bool redo)
{
    struct work *w = work_new(rs);
    w->origin = ev->origin;
    w->origin.jid = room_effects_str(&w->fx, ev->origin.jid);
    w->redo = redo;
    return run(rs, e, ev, w, NULL);
}

static void refusal(int err, struct room_event *ev)
{
    ev->type = ROOM_EV_PERSIST_FAILED;
    if (err == ERR_UNKNOWN) {
        ev->refuse.error = SE_REMOTE_TIMEOUT_WAIT;
        ev->refuse.text = STR(OUTCOME_UNKNOWN);
    } else if (err == ERR_NOTFOUND) {
        ev->refuse.error = SE_ITEM_NOT_FOUND;
    } else if (err == ERR_FULL) {
        metric_add_l(METRIC_MUC_JOINS_TOTAL, "limited", NULL, 1);
        ev->refuse.error = SE_RESOURCE_CONSTRAINT;
        ev->refuse.text = STR("No more rooms can be made now");
    } else {
        ev->refuse.error = SE_RESOURCE_CONSTRAINT;
        ev->refuse.text = STR("This cannot be stored now");
    }
}

void entry_complete(struct rooms *rs, struct entry *e, struct work *w, int err)
{
    if (w->kind == WORK_SHOW) {
        answer(rs, e, w, false);
        work_free(rs, w);
        return;
    }
    if (w->kind == WORK_END) {
        e->ending = false;
        if (err == 0) {
            e->last = w->name;
            metric_add_l(METRIC_MUC_ROOMS_DESTROYED_TOTAL, "expired", NULL, 1);
            entry_renew(rs, e);
        }
        work_free(rs, w);
        return;
    }
    struct room_event ev;
    memset(&ev, 0, sizeof ev);
    ev.origin = w->origin;
    ev.now_ms = rs->ops->wall_ms(rs->ctx);
    if (w->fx.list[w->at].persist.in_archive)
        metric_add_l(METRIC_MAM_ARCHIVED_MESSAGES_TOTAL, err ? "error" : "ok", NULL, 1);
    if (err)
        refusal(err, &ev);
    else {
        ev.type = ROOM_EV_PERSISTED;
        e->last = w->name;
    }
    struct work *c = work_new(rs);
    c->origin = w->origin;
    c->origin.jid = room_effects_str(&c->fx, w->origin.jid);
    c->redo = w->redo;
    c->answered = w->answered;
    int rc = run(rs, e, &ev, c, w);
    assert(rc == 0); /* the room asked for it, so it takes the answer (I13) */
    if (err == 0 && w->fx.list[w->at].persist.kind == FXS_CONFIG)
        count_changed(rs, e); /* a room that gets on the list begins there with nobody inside */
    work_free(rs, w);
}

/* The room as memory has it cannot be kept. Losing every gateway is what its occupants are told. */
void entry_evict(struct rooms *rs, struct entry *e)
{
    uint32_t n = e->n_visits;
    if (room_exists(e->room) && !room_config(e->room)->persistent)
        orphan_add(rs, e->slot, e->jid, rs->cfg.orphan_after_ms);
    gateway_ref *gateways = mem_alloc(n * sizeof *gateways);
    if (n)
        memcpy(gateways, e->gateways, n * sizeof *gateways);
    for (uint32_t i = 0; i < n; i++) {
        struct room_event ev;
        memset(&ev, 0, sizeof ev);
        ev.type = ROOM_EV_GATEWAY_LOST;
        ev.origin.gw = gateways[i];
        ev.epoch = e->epoch;
        ev.now_ms = rs->ops->wall_ms(rs->ctx);
        rs->ops->random(rs->ctx, ev.random);
        struct work *w = work_new(rs);
        w->origin = ev.origin;
        if (room_accepts(e->room, &ev) && room_step(e->room, &ev, &w->fx) == 0)
            (void)show(rs, e, w, false); /* what it wants stored is not: the store knows better */
        work_free(rs, w);
        entry_refresh(rs, e);
    }
    mem_free(gateways);
    LIST_FOREACH_SAFE(it, nx, &e->batch)
    work_free(rs, LIST_ENTRY(it, struct work, link));
    list_remove(&e->dirty);
    loop_timer_stop(&e->tick);
    room_destroy(&e->room);
    entry_refresh(rs, e);
    metric_add(METRIC_RESYNCS_TOTAL, 1);
}
