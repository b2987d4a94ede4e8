/* message.c: groupchat and private messages (XEP-0045 §7.4, §7.5). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

enum { TYPE_GROUPCHAT = 2 }; /* MessageIn.Type */

/* R30, W32: a subject and neither body nor thread. The rest of it is in subject.c. */
bool message_is_subject(const struct room_event *ev)
{
    return ev->type == ROOM_EV_MESSAGE && ev->message.type == TYPE_GROUPCHAT && !ev->nick.n &&
           ev->message.has_subject && !ev->message.has_body && !ev->message.has_thread;
}

bool message_is_groupchat(const struct room_event *ev)
{
    return ev->type == ROOM_EV_MESSAGE && ev->message.type == TYPE_GROUPCHAT && !ev->nick.n &&
           !message_is_subject(ev);
}

/* What is refused for another reason costs nobody anything. Admins may say as much as they like. */
bool message_limited(struct step *st, const struct session *s)
{
    const struct room_service *service = st->room->service;
    if (service->max_message && st->ev->message.payload.n > service->max_message) {
        reply_error_text(st, SE_POLICY_VIOLATION, STR("The message is too large"));
        return true;
    }
    if (s->occupant->person->affiliation >= AFFIL_ADMIN ||
        rate_take(&st->room->messages, 1, service->message_rate, 1000, st->ev->now_ms))
        return false;
    reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("The room is busy"));
    return true;
}

/* R31, W34, XEP-0045 §7.5 */
static void private_message(struct step *st, const struct session *s)
{
    const struct room *room = st->room;
    const struct room_event *ev = st->ev;
    if (ev->message.type == TYPE_GROUPCHAT) {
        reply_error(st, SE_BAD_REQUEST);
        return;
    }
    const struct occupant *to = roster_nick(&room->roster, ev->nick);
    if (!to) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    if (!role_may_pm(s->occupant->role, room->config.allow_pm)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (message_limited(st, s))
        return;
    struct fx *f = room_effects_add(st->fx, FX_PRIVATE);
    f->message.m = (struct room_message){
        .nick = show_str(st, s->occupant->nick),
        .occupant_id = show_str(st, occupant_id_of(s->occupant)),
        .id = show_str(st, ev->id),
        .payload = show_str(st, ev->message.payload),
        .type = ev->message.type,
    };
    f->message.to_nick = show_str(st, to->nick);
}

/* The message as it goes into the log; a message without id is given one (W14). */
static struct history_entry *entry_of(const struct step *st, const struct session *s, uint64_t seq)
{
    const struct room_event *ev = st->ev;
    char given[2 * sizeof ev->random];
    hex_write(given, ev->random, sizeof ev->random);
    return history_entry_new(&(struct room_message){
        .name = {0, seq},
        .stamp_ms = ev->now_ms,
        .nick = s->occupant->nick,
        .occupant_id = occupant_id_of(s->occupant),
        .id = ev->id.n ? ev->id : (struct str){given, sizeof given},
        .payload = ev->message.payload,
        .type = ev->message.type,
        .retracts = retract_target(st),
    });
}

struct fx *message_persist(struct step *st, const struct session *s, enum pending_kind kind,
                           bool in_history)
{
    struct pending *p = pending_new(st, kind);
    p->message.entry = entry_of(st, s, p->s);
    p->message.in_history = in_history;
    if (kind == P_SUBJECT)
        p->message.text = arena_str(&p->arena, st->ev->message.subject);
    struct fx *f = commit_add(st, p, kind == P_SUBJECT ? FXS_SUBJECT : FXS_MESSAGE);
    f->persist.in_history = in_history;
    bool worth = kind == P_SUBJECT ? !st->ev->message.no_store : st->ev->message.archive;
    f->persist.in_archive = st->room->config.archive && worth;
    f->persist.m = show_message(st, &p->message.entry->m);
    return f;
}

void message_show(struct step *st, struct history_entry *e)
{
    e->m.name.e = st->ev->epoch;
    struct fx *f = room_effects_add(st->fx, FX_MESSAGE);
    f->message.m = show_message(st, &e->m);
    f->message.m.stamp_ms = 0;
}

/* R29, W33, XEP-0045 §7.4 */
static void groupchat(struct step *st, const struct session *s)
{
    const struct room_event *ev = st->ev;
    if (!role_has_voice(s->occupant->role, st->room->config.moderated)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (message_limited(st, s))
        return;
    /* R8, W30 */
    bool in_history = (ev->message.has_body || ev->message.store) && !ev->message.no_store;
    message_persist(st, s, P_MESSAGE, in_history);
    /* R96, XEP-0502 §4: a body, and not one that takes the place of another */
    struct pending *p = LIST_ENTRY(st->room->pending.prev, struct pending, in_room);
    p->message.counts = ev->message.has_body && !ev->message.correction;
}

void message_commit(struct step *st, struct pending *p)
{
    message_show(st, p->message.entry);
    retract_own(st, &p->message.entry->m);
    if (p->message.counts)
        activity_add(&st->room->activity, p->message.entry->m.stamp_ms);
    if (p->message.in_history) {
        history_add(&st->room->history, p->message.entry);
        p->message.entry = NULL;
    }
}

void message_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    struct session *s = step_session(st);
    if (!s)
        reply_error(st, SE_NOT_ACCEPTABLE); /* R29, W33, W34 */
    else if (ev->nick.n)
        private_message(st, s);
    else if (message_is_subject(ev))
        subject_step(st, s);
    else if (message_is_groupchat(ev))
        groupchat(st, s);
    else
        reply_error(st, SE_SERVICE_UNAVAILABLE); /* a type that means nothing to a room */
}
