/* retract.c: messages taken back, by who said them (XEP-0424) or by a moderator (XEP-0425). The
 * original becomes a tombstone in history and archive; the store does it with the same commit. */
#include "shard/room/show.h"

/* A message of this life of the room? */
static bool of_this_room(const struct room *room, struct event_name name)
{
    return name.s && event_before(room->born, name) && !event_before(room->last, name);
}

struct event_name retract_target(const struct step *st)
{
    struct event_name target = st->ev->message.retracts;
    return of_this_room(st->room, target) ? target : (struct event_name){0, 0};
}

/* R93: the store compares the occupant-ids for what is older than the history. */
void retract_own(struct step *st, const struct room_message *m)
{
    if (!m->retracts.s)
        return;
    const struct room_retraction by = {.id = m->id, .stamp_ms = m->stamp_ms};
    history_retract(&st->room->history, m->retracts, m->occupant_id, &by);
}

/* R94: the room says it, so nick and occupant-id of the message are empty. */
void moderate_message_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    const struct session *s = step_session(st);
    if (!s || s->occupant->role != ROLE_MODERATOR) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (!of_this_room(st->room, ev->moderate.target)) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    char given[2 * sizeof ev->random];
    hex_write(given, ev->random, sizeof ev->random);
    struct str id = {given, sizeof given};
    struct pending *p = pending_new(st, P_MODERATE);
    p->message.entry = history_entry_new(&(struct room_message){
        .name = {0, p->s},
        .stamp_ms = ev->now_ms,
        .id = id,
        .type = 2, /* groupchat */
        .retracts = ev->moderate.target,
        .by = {.id = id,
               .stamp_ms = ev->now_ms,
               .moderated = true,
               .has_reason = ev->moderate.has_reason,
               .nick = s->occupant->nick,
               .occupant_id = occupant_id_of(s->occupant),
               .reason = ev->moderate.reason},
    });
    struct fx *f = commit_add(st, p, FXS_MODERATE);
    f->persist.in_archive = st->room->config.archive;
    f->persist.m = show_message(st, &p->message.entry->m);
}

void moderate_message_commit(struct step *st, struct pending *p)
{
    const struct room_message *m = &p->message.entry->m;
    message_show(st, p->message.entry);
    history_retract(&st->room->history, m->retracts, STR_NULL, &m->by);
    reply_empty(st);
}
