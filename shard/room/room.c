/* room.c: making and ending rooms, and the dispatch of events to the use cases. */
#include "shard/room/hats.h"
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"

/* ---- life ---- */

struct room *room_new(struct str jid, const struct room_service *service)
{
    struct room *room = mem_zalloc(sizeof *room);
    room->jid = str_own(jid);
    room->service = service;
    config_own(&room->config, &service->defaults);
    roster_init(&room->roster);
    affils_init(&room->affils);
    history_init(&room->history);
    slow_init(&room->slow);
    recents_init(&room->recents);
    list_init(&room->pending);
    return room;
}

struct room *room_load(struct str jid, const struct room_service *service,
                       const struct room_image *image)
{
    struct room *room = room_new(jid, service);
    room->exists = true;
    config_release(&room->config);
    config_own(&room->config, &image->config);
    room->subject = str_own(image->subject);
    room->subject_nick = str_own(image->subject_nick);
    room->subject_occupant_id = str_own(image->subject_occupant_id);
    room->subject_stamp_ms = image->subject_stamp_ms;
    memcpy(room->occupant_secret, image->occupant_secret, sizeof room->occupant_secret);
    room->locked = image->locked;
    room->lock_ends_ms = image->created_ms + LIMIT_ROOM_LOCK_MS;
    room->creator = str_own(image->creator);
    room->created_ms = image->created_ms;
    room->born = image->born;
    room->ver = image->ver;
    room->last = image->last;
    room->seq = image->last.s;
    hats_own(room, image->hats, image->n_hats);
    room->hat_seq = image->hat_seq;
    room->vcard = str_own(image->vcard);
    room->avatar_hash = str_own(image->avatar_hash);
    room->affils.floor = image->removed_floor;
    for (uint32_t i = 0; i < image->n_affiliations; i++) {
        const struct room_affiliation *a = &image->affiliations[i];
        if (affil_is_nothing(a))
            affils_bury(&room->affils, a->jid, a->ver);
        else
            affils_set(&room->affils, a);
    }
    affils_trim(&room->affils);
    activity_begin(&room->activity, image->history_from_ms);
    for (uint32_t i = 0; i < image->n_history; i++) {
        history_add(&room->history, history_entry_new(&image->history[i]));
        if (image->history[i].counts)
            activity_add(&room->activity, image->history[i].stamp_ms);
        message_loaded(room, &image->history[i]);
    }
    return room;
}

void room_set_last(struct room *room, struct event_name last)
{
    room->last = last;
    room->seq = last.s;
}

void room_set_moved(struct room *room, struct str to, uint64_t until_ms)
{
    str_replace(&room->moved_to, to);
    room->moved_until_ms = until_ms;
}

struct str room_moved_to(const struct room *room, uint64_t *until_ms)
{
    *until_ms = room->moved_until_ms;
    return room->moved_to;
}

void room_destroy(struct room **room_p)
{
    struct room *room = *room_p;
    if (!room)
        return;
    LIST_FOREACH_SAFE(it, next, &room->pending)
    pending_free(LIST_ENTRY(it, struct pending, in_room));
    roster_deinit(&room->roster);
    affils_deinit(&room->affils);
    history_deinit(&room->history);
    slow_deinit(&room->slow);
    recents_deinit(&room->recents);
    config_release(&room->config);
    str_release(&room->subject);
    str_release(&room->subject_nick);
    str_release(&room->subject_occupant_id);
    hats_release(room);
    str_release(&room->vcard);
    str_release(&room->avatar_hash);
    str_release(&room->creator);
    str_release(&room->moved_to);
    str_release(&room->jid);
    mem_free(room);
    *room_p = NULL;
}

/* The roster stays until room_destroy(), so that the caller can still ask which gateways to tell.
 */
void room_end(struct step *st)
{
    st->room->exists = false;
    st->room->gone = true;
    room_effects_add(st->fx, FX_GONE);
}

/* ---- what use cases ask ---- */

bool room_is_served(const struct room *room, struct str bare)
{
    return room->service->admins_own && is_service_admin(room, bare);
}

enum affiliation room_affil(const struct room *room, struct str bare)
{
    return room_is_served(room, bare) ? AFFIL_OWNER : affils_lookup(&room->affils, bare);
}

struct session *step_session(const struct step *st)
{
    return roster_session(&st->room->roster, st->asker.origin.gw, st->asker.origin.sid);
}

struct str step_bare(const struct step *st)
{
    return jid_bare(st->asker.origin.jid);
}

bool is_service_admin(const struct room *room, struct str bare)
{
    for (uint32_t i = 0; i < room->service->n_admins; i++) {
        if (str_eq(room->service->admins[i], bare))
            return true;
    }
    return false;
}

bool takes_registrations(const struct room *room)
{
    return !room->config.no_registration && !room->service->register_off;
}

enum affiliation step_rank(const struct step *st)
{
    if (st->ev->by_service && is_service_admin(st->room, step_bare(st)))
        return AFFIL_OWNER;
    return room_affil(st->room, step_bare(st));
}

bool sees_jids(const struct room *room, enum role role)
{
    return room->config.whois_anyone || role == ROLE_MODERATOR;
}

/* ---- dispatch ---- */

static enum room_stanza stanza_of(const struct room_event *ev)
{
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
    case ROOM_EV_LEAVE:
    case ROOM_EV_PROBE:
        return ROOM_PRESENCE;
    case ROOM_EV_MESSAGE:
    case ROOM_EV_ERROR:
    case ROOM_EV_INVITE:
    case ROOM_EV_DECLINE:
    case ROOM_EV_VOICE:
        return ROOM_MESSAGE;
    case ROOM_EV_REFUSE:
        return ev->refuse.stanza;
    case ROOM_EV_ADMIN_GET:
    case ROOM_EV_ADMIN_SET:
    case ROOM_EV_OWNER_GET:
    case ROOM_EV_OWNER_SUBMIT:
    case ROOM_EV_OWNER_CANCEL:
    case ROOM_EV_DESTROY:
    case ROOM_EV_PROVIDE:
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_REGISTER_SUBMIT:
    case ROOM_EV_REGISTER_REMOVE:
    case ROOM_EV_DISCO_INFO:
    case ROOM_EV_DISCO_ITEMS:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_PING:
    case ROOM_EV_ARCHIVE:
    case ROOM_EV_ARCHIVE_FORM:
    case ROOM_EV_MODERATE:
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_VCARD_SET:
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_COMMAND_INFO:
    case ROOM_EV_IQ_OTHER:
    case ROOM_EV_RELAY:
    case ROOM_EV_RELAY_ANSWER:
    case ROOM_EV_GATEWAY_LOST:
    case ROOM_EV_TICK:
    case ROOM_EV_PERSISTED:
    case ROOM_EV_PERSIST_FAILED:
        return ROOM_IQ;
    }
    return ROOM_IQ;
}

/* The oldest commit is in the store: now it happens. */
static void on_persisted(struct step *st, struct pending *p)
{
    st->room->last = (struct event_name){st->ev->epoch, p->s};
    switch (p->kind) {
    case P_MESSAGE:
        message_commit(st, p);
        break;
    case P_SUBJECT:
        subject_commit(st, p);
        break;
    case P_CREATE:
        join_create_commit(st, p);
        break;
    case P_ADMIN:
        admin_commit(st, p);
        break;
    case P_REGISTER:
        register_commit(st, p);
        break;
    case P_INVITE:
        invite_commit(st, p);
        break;
    case P_CONFIG:
        owner_commit(st, p);
        break;
    case P_UNLOCK:
        unlock_commit(st);
        break;
    case P_AVATAR:
        avatar_commit(st, p);
        break;
    case P_HATS:
        hats_commit(st, p);
        break;
    case P_DESTROY:
        destroy_commit(st, p);
        break;
    case P_MODERATE:
        moderate_message_commit(st, p);
        break;
    case P_PROVIDE:
        provide_commit(st, p);
        break;
    case P_END:
        room_end(st);
        break;
    }
}

/* R4: the oldest commit will never be in the store: only who asked is told. */
static void on_persist_failed(struct step *st, struct pending *p)
{
    if (p->kind == P_END) { /* nobody is left whom it could bother */
        room_end(st);
        return;
    }
    if (p->kind == P_UNLOCK) { /* the next tick tries again, not at once */
        st->room->lock_ends_ms = st->ev->now_ms + LIMIT_HOLD_MS;
        return;
    }
    if (p->kind == P_MESSAGE)
        message_failed(st, p);
    enum stanza_error error = st->ev->refuse.error;
    reply_error_text(st, error ? error : SE_INTERNAL, st->ev->refuse.text);
    if (p->kind == P_CREATE || p->kind == P_PROVIDE)
        room_end(st);
}

static void on_completion(struct step *st)
{
    struct room *room = st->room;
    struct pending *p = LIST_ENTRY(room->pending.next, struct pending, in_room);
    list_remove(&p->in_room);
    room->n_pending--;
    st->asker = p->asker;
    st->fx->origin = p->asker.origin;
    st->fx->origin.jid = show_str(st, p->asker.origin.jid);
    if (st->ev->type == ROOM_EV_PERSISTED)
        on_persisted(st, p);
    else
        on_persist_failed(st, p);
    pending_free(p);
}

/* R58, XEP-0045 §10.9: who comes too late is told where the others went. Service admins may make
 * the room anew. */
static bool has_moved(const struct step *st)
{
    const struct room *room = st->room;
    return room->moved_to.n && st->ev->now_ms < room->moved_until_ms &&
           !is_service_admin(room, step_bare(st));
}

static void absent_error(struct step *st)
{
    bool moved = has_moved(st);
    reply_error(st, moved ? SE_GONE : SE_ITEM_NOT_FOUND);
    if (moved)
        st->fx->list[st->fx->n - 1].reply.moved_to = show_str(st, st->room->moved_to);
}

/* R10, W16: what a room that does not exist answers. Whatever does not create it ends the attempt.
 */
static void step_absent(struct step *st)
{
    const struct room_event *ev = st->ev;
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
        if (ev->presence.join && has_moved(st))
            absent_error(st);
        else
            presence_step(st);
        break;
    case ROOM_EV_PROVIDE:
        provide_step(st);
        break;
    case ROOM_EV_PROBE:
        probe_step(st);
        break;
    case ROOM_EV_REFUSE:
        reply_error_text(st, ev->refuse.error, ev->refuse.text);
        break;
    case ROOM_EV_RELAY:
        /* A self-ping must say "not inside" (W79); item-not-found would mean "another nick" to
         * clients of XEP-0410. */
        reply_error(st, ev->relay.kind == RELAY_PING ? SE_NOT_ACCEPTABLE : SE_ITEM_NOT_FOUND);
        break;
    case ROOM_EV_PING:
    case ROOM_EV_VOICE:
    case ROOM_EV_MESSAGE:
    case ROOM_EV_INVITE:
    case ROOM_EV_DECLINE:
    case ROOM_EV_ADMIN_GET:
    case ROOM_EV_ADMIN_SET:
    case ROOM_EV_OWNER_GET:
    case ROOM_EV_OWNER_SUBMIT:
    case ROOM_EV_OWNER_CANCEL:
    case ROOM_EV_DESTROY:
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_REGISTER_SUBMIT:
    case ROOM_EV_REGISTER_REMOVE:
    case ROOM_EV_DISCO_INFO:
    case ROOM_EV_DISCO_ITEMS:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_ARCHIVE:
    case ROOM_EV_ARCHIVE_FORM:
    case ROOM_EV_MODERATE:
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_VCARD_SET:
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_COMMAND_INFO:
    case ROOM_EV_IQ_OTHER:
        absent_error(st);
        break;
    case ROOM_EV_LEAVE:
    case ROOM_EV_ERROR:
    case ROOM_EV_RELAY_ANSWER:
    case ROOM_EV_GATEWAY_LOST:
    case ROOM_EV_TICK:
    case ROOM_EV_PERSISTED:
    case ROOM_EV_PERSIST_FAILED:
        break;
    }
    if (!st->room->n_pending)
        room_end(st);
}

static void step_present(struct step *st)
{
    const struct room_event *ev = st->ev;
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
        presence_step(st);
        break;
    case ROOM_EV_LEAVE:
        leave_step(st);
        break;
    case ROOM_EV_MESSAGE:
        message_step(st);
        break;
    case ROOM_EV_ERROR:
        error_step(st);
        break;
    case ROOM_EV_PROBE:
        probe_step(st);
        break;
    case ROOM_EV_ADMIN_GET:
        admin_get_step(st);
        break;
    case ROOM_EV_ADMIN_SET:
        admin_set_step(st);
        break;
    case ROOM_EV_OWNER_GET:
        owner_get_step(st);
        break;
    case ROOM_EV_OWNER_SUBMIT:
        owner_submit_step(st);
        break;
    case ROOM_EV_OWNER_CANCEL:
        owner_cancel_step(st);
        break;
    case ROOM_EV_DESTROY:
        destroy_step(st);
        break;
    case ROOM_EV_PROVIDE:
        provide_step(st);
        break;
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_REGISTER_SUBMIT:
    case ROOM_EV_REGISTER_REMOVE:
        register_step(st);
        break;
    case ROOM_EV_INVITE:
        invite_step(st);
        break;
    case ROOM_EV_DECLINE:
        decline_step(st);
        break;
    case ROOM_EV_DISCO_INFO:
    case ROOM_EV_DISCO_ITEMS:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_PING:
    case ROOM_EV_IQ_OTHER:
        info_step(st);
        break;
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_VCARD_SET:
        vcard_step(st);
        break;
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_COMMAND_INFO:
        command_step(st);
        break;
    case ROOM_EV_ARCHIVE:
    case ROOM_EV_ARCHIVE_FORM:
        archive_step(st);
        break;
    case ROOM_EV_MODERATE:
        moderate_message_step(st);
        break;
    case ROOM_EV_RELAY:
        relay_step(st);
        break;
    case ROOM_EV_RELAY_ANSWER:
        relay_answer_step(st);
        break;
    case ROOM_EV_VOICE:
        voice_step(st);
        break;
    case ROOM_EV_REFUSE:
        reply_error_text(st, ev->refuse.error, ev->refuse.text);
        break;
    case ROOM_EV_GATEWAY_LOST:
        gateway_lost_step(st);
        break;
    case ROOM_EV_TICK:
        tick_step(st);
        break;
    case ROOM_EV_PERSISTED:
    case ROOM_EV_PERSIST_FAILED:
        on_completion(st);
        break;
    }
}

/* R3: messages may follow messages to the store. Not those that would be refused: the error must
 * not overtake what was said before. */
bool room_accepts(const struct room *room, const struct room_event *ev)
{
    if (room->gone)
        return false;
    bool completion = ev->type == ROOM_EV_PERSISTED || ev->type == ROOM_EV_PERSIST_FAILED;
    if (!room->n_pending || completion)
        return completion == (room->n_pending > 0);
    /* Nothing but messages is ever accepted behind a message, so the first speaks for all. */
    if (LIST_ENTRY(room->pending.next, struct pending, in_room)->kind != P_MESSAGE)
        return false;
    if (!message_is_groupchat(ev))
        return false;
    const struct session *s = roster_session(&room->roster, ev->origin.gw, ev->origin.sid);
    return s && role_has_voice(s->occupant->role, room->config.moderated) &&
           !message_wait_ms(room, s, ev);
}

/* R124: whoever comes too many is shown as such, on every gateway. It begins above the service's
 * number and ends a tenth below it, so that one who comes and goes does not turn it on and off. */
void crowd_step(struct step *st)
{
    struct room *room = st->room;
    uint32_t limit = room->service->presence_limit, n = room->roster.n_occupants;
    bool crowded = limit && n > (room->overcrowded ? limit - limit / 10 : limit);
    if (crowded == room->overcrowded)
        return;
    room->overcrowded = crowded;
    if (n && !room->gone)
        show_facts(st);
}

/* R1 */
int room_step(struct room *room, const struct room_event *ev, struct room_effects *fx)
{
    if (!event_is_valid(ev) || !room_accepts(room, ev))
        return ERR_INVALID;
    struct step st = {
        .room = room,
        .ev = ev,
        .fx = fx,
        .asker = {ev->origin, ev->nick, ev->id, stanza_of(ev)},
    };
    fx->origin = ev->origin;
    fx->origin.jid = show_str(&st, ev->origin.jid);
    uint32_t before = room->roster.n_occupants;
    if (room->exists || room->n_pending)
        step_present(&st);
    else
        step_absent(&st);
    if (before != room->roster.n_occupants)
        crowd_step(&st);
    if (before > 0 && room->roster.n_occupants == 0)
        end_if_empty(&st);
    return 0;
}

/* ---- what callers ask ---- */

uint32_t room_pending(const struct room *room)
{
    return room->n_pending;
}

struct str room_jid(const struct room *room)
{
    return room->jid;
}

bool room_exists(const struct room *room)
{
    return room->exists;
}

bool room_overcrowded(const struct room *room)
{
    return room->overcrowded;
}

bool room_is_locked(const struct room *room)
{
    return room->exists && room->locked;
}

uint64_t room_lock_ends_ms(const struct room *room)
{
    return room_is_locked(room) ? room->lock_ends_ms : 0;
}

uint64_t room_tick_ms(const struct room *room)
{
    return list_empty(&room->roster.late) ? room_lock_ends_ms(room) : 1;
}

const struct room_config *room_config(const struct room *room)
{
    return &room->config;
}

uint32_t room_occupants(const struct room *room)
{
    return room->roster.n_occupants;
}

uint32_t room_sessions(const struct room *room)
{
    return room->roster.n_sessions;
}

uint32_t room_gateway_sessions(const struct room *room, gateway_ref gw)
{
    const struct gateway *g = roster_gateway(&room->roster, gw);
    return g ? g->n_sessions : 0;
}

struct event_name room_last(const struct room *room)
{
    return room->last;
}

void room_each_record(const struct room *room, room_record_fn *fn, void *ctx)
{
    LIST_FOREACH(it, &room->roster.sessions)
    {
        struct room_record r = session_record(LIST_ENTRY(it, struct session, in_roster));
        fn(ctx, &r);
    }
}

void room_each_gateway(const struct room *room, room_gateway_fn *fn, void *ctx)
{
    LIST_FOREACH(it, &room->roster.gateways)
    {
        const struct gateway *g = LIST_ENTRY(it, struct gateway, in_roster);
        fn(ctx, g->ref, g->n_sessions);
    }
}

void room_each_affiliation(const struct room *room, room_affiliation_fn *fn, void *ctx)
{
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next)
        fn(ctx, &e->a);
}

bool room_remembers(const struct room *room, struct str jid)
{
    return affils_removed(&room->affils, jid) != NULL;
}
