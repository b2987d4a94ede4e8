/* message.c: groupchat and private messages (XEP-0045 §7.4, §7.5). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

enum { TYPE_GROUPCHAT = 2 }; /* MessageIn.Type */

/* R30, W32: a subject and neither body nor thread. The rest of it is in subject.c. */
static bool is_subject(const struct room_event *ev)
{
    return ev->type == ROOM_EV_MESSAGE && ev->message.type == TYPE_GROUPCHAT && !ev->nick.n &&
           ev->message.has_subject && !ev->message.has_body && !ev->message.has_thread;
}

bool message_is_groupchat(const struct room_event *ev)
{
    return ev->type == ROOM_EV_MESSAGE && ev->message.type == TYPE_GROUPCHAT && !ev->nick.n &&
           !is_subject(ev);
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
        .has_body = ev->message.has_body,
        .retracts = retract_target(st),
        /* R96, XEP-0502 §4: a body, and not one that takes the place of another */
        .counts = ev->message.has_body && !ev->message.correction,
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
    f->persist.in_archive = st->room->config.archive && st->ev->message.archive;
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

/* R110, XEP-0500: only what has a body counts; admins and owners are never slowed. */
static bool is_slowed(const struct room *room, const struct session *s, const struct room_event *ev)
{
    return room->config.slow_mode_s && ev->message.has_body &&
           s->occupant->person->affiliation < AFFIL_ADMIN;
}

static uint64_t slow_period_ms(const struct room *room)
{
    return (uint64_t)room->config.slow_mode_s * 1000;
}

void message_loaded(struct room *room, const struct room_message *m)
{
    if (room->config.slow_mode_s && m->has_body)
        slow_note(&room->slow, m->occupant_id, slow_period_ms(room), m->stamp_ms);
}

uint64_t message_wait_ms(const struct room *room, const struct session *s,
                         const struct room_event *ev)
{
    if (!is_slowed(room, s, ev))
        return 0;
    return slow_wait_ms(&room->slow, occupant_id_of(s->occupant), slow_period_ms(room), ev->now_ms);
}

static struct str decimal(struct step *st, uint64_t v)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + v % 10);
    while (v /= 10);
    return show_str(st, (struct str){at, (size_t)(digits + sizeof digits - at)});
}

static void too_soon(struct step *st, uint64_t wait_ms)
{
    const struct str parts[] = {
        STR("Slow mode: one message in "), decimal(st, st->room->config.slow_mode_s),
        STR(" seconds. Please wait "), decimal(st, (wait_ms + 999) / 1000), STR(" seconds more.")};
    char text[128];
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(text + n, parts[i].p, parts[i].n);
        n += parts[i].n;
    }
    reply_error_text(st, SE_POLICY_VIOLATION_WAIT, (struct str){text, n});
}

/* R29, W33, XEP-0045 §7.4 */
static void groupchat(struct step *st, const struct session *s)
{
    const struct room_event *ev = st->ev;
    if (!role_has_voice(s->occupant->role, st->room->config.moderated)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    uint64_t wait_ms = message_wait_ms(st->room, s, ev);
    if (wait_ms) {
        too_soon(st, wait_ms);
        return;
    }
    if (message_limited(st, s))
        return;
    /* R8, W30, W32 */
    bool worth = ev->message.has_body || ev->message.has_subject || ev->message.store;
    bool in_history = worth && !ev->message.no_store;
    message_persist(st, s, P_MESSAGE, in_history);
    struct pending *p = LIST_ENTRY(st->room->pending.prev, struct pending, in_room);
    if (is_slowed(st->room, s, ev)) {
        slow_note(&st->room->slow, occupant_id_of(s->occupant), slow_period_ms(st->room),
                  ev->now_ms);
        p->message.slowed = true;
    }
}

/* What was not said does not count. */
void message_failed(struct step *st, struct pending *p)
{
    if (p->message.slowed)
        slow_forget(&st->room->slow, p->message.entry->m.occupant_id);
}

void message_commit(struct step *st, struct pending *p)
{
    message_show(st, p->message.entry);
    retract_own(st, &p->message.entry->m);
    if (p->message.entry->m.counts)
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
    else if (is_subject(ev))
        subject_step(st, s);
    else if (message_is_groupchat(ev))
        groupchat(st, s);
    else
        reply_error(st, SE_SERVICE_UNAVAILABLE); /* a type that means nothing to a room */
}
