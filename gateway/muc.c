/* muc.c: rooms at a gateway: stanzas out as requests, deliveries in as stanzas. See muc.h. */
#include "gateway/muc_priv.h"

#include "base/jid.h"
#include "gateway/orders.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"

struct muc *muc_new(struct gateway *g)
{
    struct muc *m = mem_zalloc(sizeof *m);
    m->g = g;
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        list_init(&m->by_slot[i]);
    list_init(&m->fragments);
    arena_init(&m->arena);
    buf_init(&m->out);
    buf_init(&m->history);
    return m;
}

/* NULL as long as the cluster's key is not known. */
static struct stanza_ids *ids(struct muc *m)
{
    if (!m->ids && cluster_ready(m->g->cluster))
        m->ids = stanza_ids_new(cluster_meta(m->g->cluster)->key);
    return m->ids;
}

/* ---- rooms with a replica */

static struct mroom *room_find(const struct muc *m, struct str jid)
{
    struct mroom *r;
    HASH_FIND(hh, m->rooms, jid.p, jid.n, r);
    return r;
}

static struct mroom *room_open(struct muc *m, struct str jid, uint32_t slot)
{
    struct mroom *r = mem_zalloc(sizeof *r);
    r->replica = replica_new(jid, str_of(m->g->ref));
    list_push_back(&m->by_slot[slot], &r->in_slot);
    stanza_id_room(m->ids, jid, &r->ids);
    struct str key = replica_room(r->replica);
    HASH_ADD_KEYPTR(hh, m->rooms, key.p, key.n, r);
    return r;
}

static void room_close(struct muc *m, struct mroom *r)
{
    HASH_DELETE(hh, m->rooms, r);
    list_remove(&r->in_slot);
    replica_destroy(&r->replica);
    mem_free(r);
}

void muc_destroy(struct muc **m_p)
{
    struct muc *m = *m_p;
    if (!m)
        return;
    struct mroom *r, *next;
    HASH_ITER(hh, m->rooms, r, next)
    room_close(m, r);
    fragment_drop_all(m);
    muc_users_destroy(&m->users);
    stanza_ids_destroy(&m->ids);
    arena_deinit(&m->arena);
    buf_deinit(&m->out);
    buf_deinit(&m->history);
    mem_free(m->items);
    mem_free(m->occs);
    mem_free(m);
    *m_p = NULL;
}

uint32_t muc_rooms(const struct muc *m)
{
    return HASH_CNT(hh, m->rooms);
}

uint32_t muc_occupancies(const struct muc *m)
{
    uint32_t sum = 0, n;
    for (const struct mroom *r = m->rooms; r; r = r->hh.next) {
        (void)replica_locals(r->replica, &n);
        sum += n;
    }
    return sum;
}

/* ---- out */

/* RFC 6120 §8.3.1: an error is never answered, nor is a result, nor a goodbye. */
static bool wants_answer(const struct xnode *st)
{
    struct str type = xnode_attr(st, "type");
    return !str_is(type, "error") && !str_is(type, "result") && !str_is(type, "unavailable");
}

void muc_stanza(struct muc *m, struct client *c, const struct xnode *st, struct str prepared)
{
    Verona__RoomEvent ev;
    struct str room = jid_bare(prepared);
    arena_reset(&m->arena);
    switch (muc_in(st, prepared, ids(m), &m->arena, &ev)) {
    case MUC_IN_IGNORE:
        return;
    case MUC_IN_ID:
        if (wants_answer(st))
            client_send_error(c, st, SE_POLICY_VIOLATION, STR("The id is too long"), room);
        return;
    case MUC_IN_EVENT:
        break;
    }
    ev.sid = client_sid(c);
    ev.jid = wire_bytes(client_jid(c));
    bool joins = ev.body_case == VERONA__ROOM_EVENT__BODY_PRESENCE && ev.presence->join;
    if (joins &&
        !muc_users_may_enter(m->users, jid_bare(client_jid(c)), room, m->g->max_per_user)) {
        client_send_error(c, st, SE_RESOURCE_CONSTRAINT, STR("You are in too many rooms"), room);
        return;
    }
    uint64_t rseq = link_request(m->g->link, &ev);
    if (rseq == 0) {
        if (wants_answer(st))
            client_send_error(c, st, SE_RESOURCE_CONSTRAINT, STR_NULL, room);
        return;
    }
    client_waits(m->g, ev.sid, rseq);
    if (joins)
        stay_joining(m, c, room);
    else if (ev.body_case == VERONA__ROOM_EVENT__BODY_LEAVE)
        stay_leaving(c, room);
    else if (ev.body_case == VERONA__ROOM_EVENT__BODY_PRESENCE && stay_is_inside(c, room) &&
             !stay_is_leaving(c, room))
        link_from_inside(m->g->link, rseq);
}

struct leaving {
    struct muc *m;
    bool broken;
    struct str payload;
};

static void leave_room(void *ctx, struct client *c, struct str room)
{
    struct leaving *l = ctx;
    Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
    Verona__LeaveIn in = VERONA__LEAVE_IN__INIT;
    in.broken = l->broken;
    in.payload = wire_bytes(l->payload);
    ev.room = wire_bytes(room);
    ev.sid = client_sid(c);
    ev.jid = wire_bytes(client_jid(c));
    ev.body_case = VERONA__ROOM_EVENT__BODY_LEAVE;
    ev.leave = &in;
    client_waits(l->m->g, ev.sid, link_request(l->m->g->link, &ev));
}

void muc_client_gone(struct muc *m, struct client *c, bool broken, bool ended, struct str payload)
{
    struct leaving l = {m, broken, payload};
    stay_each(c, leave_room, &l);
    /* While the session lives its stays end with the answers; a dead one hears none. Its records
     * stay in the replicas until the rooms say that it is gone. */
    if (ended)
        stay_forget(m, c);
}

void muc_client_forget(struct muc *m, struct client *c)
{
    stay_forget(m, c);
}

/* ---- in */

static void acknowledge(struct muc *m, uint64_t rseq, struct str room, bool groupchat)
{
    struct link_origin o;
    (void)orders_reply(m->g->orders, rseq, NULL); /* done, and nothing was to be said of it */
    if (!link_origin(m->g->link, rseq, &o))
        return; /* acknowledged before */
    if (o.what == LINK_JOIN) {
        struct client *c = client_by_sid(m->g, o.sid);
        if (c)
            stay_join_over(m, c, room);
    } else if (o.what == LINK_GROUPCHAT && groupchat) {
        metric_observe(METRIC_GROUPCHAT_ECHO_DURATION_SECONDS,
                       (double)(loop_clock_ns() - o.read_ns) / 1e9);
    }
    link_acknowledge(m->g->link, rseq);
    client_done(m->g, o.sid, rseq);
}

void muc_ack(struct muc *m, const Verona__Ack *a)
{
    acknowledge(m, a->rseq, wire_str(a->room), false);
}

/* A new roster of the room, in place of one that may be there, or more of the one under way. */
static struct mroom *fill(struct muc *m, struct mroom *room, const Verona__Delivery *d,
                          const Verona__Roster *roster)
{
    if (!room || !room->filling) {
        if (room)
            room_close(m, room);
        room = room_open(m, wire_str(d->room), d->slot);
        room->opening = true;
    }
    room->filling = roster->more;
    if (roster->facts)
        replica_set_facts(room->replica, roster->facts);
    for (size_t i = 0; i < roster->n_records; i++)
        (void)replica_put(room->replica, roster->records[i]);
    return room;
}

/* A part that needs a room with a replica. */
static void show(struct muc *m, struct mroom *room, const Verona__Part *part)
{
    switch (part->kind_case) {
    case VERONA__PART__KIND_PRESENCE:
        muc_show_presence(m, room, part->presence);
        break;
    case VERONA__PART__KIND_MESSAGE:
        muc_show_message(m, room, part->message);
        break;
    case VERONA__PART__KIND_HISTORY:
        muc_show_history(m, room, part->history);
        break;
    case VERONA__PART__KIND_NOTICE:
        muc_show_notice(m, room, part->notice);
        break;
    case VERONA__PART__KIND_STATUS:
        muc_show_status(m, room, part->status);
        break;
    case VERONA__PART__KIND_VOICE_REQUEST:
        muc_show_voice_request(m, room, part->voice_request);
        break;
    case VERONA__PART__KIND_DESTROYED:
        muc_show_destroyed(m, room, part->destroyed);
        break;
    case VERONA__PART__KIND_AVATAR:
        muc_show_avatar(m, room, part->avatar);
        break;
    case VERONA__PART__KIND_FACTS:
        muc_show_facts(m, room, part->facts);
        break;
    case VERONA__PART__KIND_ROSTER:
    case VERONA__PART__KIND_ARCHIVE:
    case VERONA__PART__KIND_FRAGMENT:
    case VERONA__PART__KIND_REPLY:
    case VERONA__PART__KIND_POST:
    case VERONA__PART__KIND_RELAY:
    case VERONA__PART__KIND_DELTA:
    case VERONA__PART__KIND__NOT_SET:
    case _VERONA__PART__KIND__CASE_IS_INT_SIZE:
        break;
    }
}

/* A durable event does not follow the one shown last. Until a gap can be filled, it is only told.
 */
static void check_gap(const struct mroom *room, const Verona__Delivery *d)
{
    uint64_t e = d->prev ? d->prev->e : 0, s = d->prev ? d->prev->s : 0;
    if (!d->durable || replica_last_is(room->replica, e, s))
        return;
    metric_add(METRIC_RESYNCS_TOTAL, 1);
    log_warn("room_gap", KV("room", log_jid(wire_str(d->room))), KV_U("prev_epoch", e),
             KV_U("prev_seq", s));
}

static bool is_ours(const struct muc *m, const Verona__Delivery *d)
{
    return d->origin && str_is(wire_str(d->origin->gateway), m->g->ref);
}

/* "You are not inside" is no news to who asked when he was and has been told since, nor to who is
 * on his way in again: he would take it for the end of the next stay. */
static bool is_old_news(const struct muc *m, const Verona__Delivery *d, const Verona__Reply *r)
{
    struct link_origin o;
    struct str room = wire_str(d->room);
    if (r->answer_case != VERONA__REPLY__ANSWER_NOT_INSIDE ||
        !link_origin(m->g->link, d->origin->rseq, &o))
        return false;
    struct client *c = client_by_sid(m->g, o.sid);
    return c && (stay_is_joining(c, room) || (o.inside && !stay_is_inside(c, room)));
}

/* To the client, unless the gateway asked for itself. */
static void show_reply(struct muc *m, const Verona__Delivery *d, const Verona__Reply *r)
{
    if (is_ours(m, d) && (orders_reply(m->g->orders, d->origin->rseq, r) || is_old_news(m, d, r)))
        return;
    muc_show_reply(m, wire_str(d->room), r);
}

void muc_delivery(struct muc *m, const Verona__Delivery *d)
{
    struct str jid = wire_str(d->room);
    bool groupchat = false, destroyed = false;
    struct arena whole; /* a part that was in pieces */
    arena_init(&whole);
    if (!m->ids)
        m->ids = stanza_ids_new(cluster_meta(m->g->cluster)->key);
    struct mroom *room = room_find(m, jid);
    if (room && (d->n_parts == 0 || d->parts[0]->kind_case != VERONA__PART__KIND_ROSTER))
        check_gap(room, d);
    if (!list_empty(&m->fragments) &&
        (d->n_parts == 0 || d->parts[0]->kind_case != VERONA__PART__KIND_FRAGMENT))
        fragment_drop_room(m, jid);
    for (size_t i = 0; i < d->n_parts; i++) {
        const Verona__Part *part = d->parts[i];
        if (part->kind_case == VERONA__PART__KIND_FRAGMENT)
            part = fragment_add(m, d, part->fragment, &whole);
        if (!part)
            continue;
        if (part->kind_case == VERONA__PART__KIND_ROSTER)
            room = fill(m, room, d, part->roster);
        else if (part->kind_case == VERONA__PART__KIND_REPLY)
            show_reply(m, d, part->reply);
        else if (part->kind_case == VERONA__PART__KIND_ARCHIVE)
            muc_show_archive(m, jid, part->archive);
        else if (part->kind_case == VERONA__PART__KIND_POST)
            muc_show_post(m, jid, part->post);
        else if (part->kind_case == VERONA__PART__KIND_RELAY)
            muc_show_relay(m, jid, room, part->relay);
        else if (part->kind_case == VERONA__PART__KIND_DELTA)
            muc_show_delta(m, jid, part->delta);
        else if (room)
            show(m, room, part);
        groupchat = groupchat || (part->kind_case == VERONA__PART__KIND_MESSAGE &&
                                  part->message->kind == VERONA__MESSAGE__KIND__GROUPCHAT);
        destroyed = destroyed || part->kind_case == VERONA__PART__KIND_DESTROYED;
    }
    arena_deinit(&whole);
    if (is_ours(m, d))
        acknowledge(m, d->origin->rseq, jid, groupchat);
    if (!room)
        return;
    uint32_t n_locals;
    (void)replica_locals(room->replica, &n_locals);
    if (d->name)
        replica_set_last(room->replica, d->name->e, d->name->s);
    room->opening = room->opening && n_locals == 0;
    if (d->last || destroyed || (n_locals == 0 && !room->opening))
        room_close(m, room);
}

void muc_slot_lost(struct muc *m, uint32_t slot)
{
    fragment_drop_slot(m, slot);
    LIST_FOREACH_SAFE(it, next, &m->by_slot[slot])
    {
        struct mroom *r = LIST_ENTRY(it, struct mroom, in_slot);
        muc_show_lost(m, r);
        room_close(m, r);
    }
}
