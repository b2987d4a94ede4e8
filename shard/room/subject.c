/* subject.c: the subject of a room: setting it (XEP-0045 §8.1) and telling who joins (§7.2.15). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

/* R30, W32 */
void subject_step(struct step *st, struct session *s)
{
    const struct room *room = st->room;
    if (!role_may_set_subject(s->occupant->role, room->config.change_subject)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (message_limited(st, s))
        return;
    struct fx *f = message_persist(st, s, P_SUBJECT, false);
    commit_state(st, f, NULL);
    f->persist.subject = show_str(st, st->ev->message.subject);
    f->persist.state.subject = f->persist.subject;
    f->persist.state.subject_nick = f->persist.m.nick;
    f->persist.state.subject_occupant_id = f->persist.m.occupant_id;
    f->persist.state.subject_stamp_ms = f->persist.m.stamp_ms;
}

void subject_commit(struct step *st, struct pending *p)
{
    struct room *room = st->room;
    struct history_entry *e = p->message.entry;
    str_replace(&room->subject, p->message.text);
    str_replace(&room->subject_nick, e->m.nick);
    str_replace(&room->subject_occupant_id, e->m.occupant_id);
    room->subject_stamp_ms = e->m.stamp_ms;
    message_show(st, e);
}

/* R9, W31: at the end of every join, also when none was ever set. */
void subject_show(struct step *st, uint64_t to_sid)
{
    const struct room *room = st->room;
    struct fx *f = room_effects_add(st->fx, FX_SUBJECT);
    f->subject.to_sid = to_sid;
    f->subject.stamp_ms = room->subject_stamp_ms;
    f->subject.text = show_str(st, room->subject);
    f->subject.nick = show_str(st, room->subject_nick);
    f->subject.occupant_id = show_str(st, room->subject_occupant_id);
}
