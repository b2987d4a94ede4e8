/* voice.c: asking for voice and giving it on request (XEP-0045 §7.13, §8.6). */
#include "shard/room/show.h"

#include "base/jid.h"

static bool has_moderator(const struct room *room)
{
    for (const struct occupant *o = room->roster.by_nick; o; o = o->hh.next) {
        if (o->role == ROLE_MODERATOR)
            return true;
    }
    return false;
}

/* R86, §7.13: the moderators are asked. Nothing is kept but when it was, so that nobody can pester
 * them. */
static void request(struct step *st, const struct session *s)
{
    struct room *room = st->room;
    struct str bare = s->occupant->person->bare;
    const struct recent *before = recents_find(&room->recents, bare);
    uint64_t last_ms = before ? before->voice_ms : 0;
    if (!room->config.moderated) {
        reply_error(st, SE_SERVICE_UNAVAILABLE); /* everybody has voice (R29) */
    } else if (st->ev->voice.role != ROLE_PARTICIPANT) {
        reply_error(st, SE_BAD_REQUEST);
    } else if (s->occupant->role != ROLE_VISITOR) {
        reply_error_text(st, SE_NOT_ALLOWED, STR("You have voice"));
    } else if (!has_moderator(room)) {
        reply_error_text(st, SE_RECIPIENT_UNAVAILABLE, STR("No moderator is here"));
    } else if (last_ms && st->ev->now_ms >= last_ms &&
               st->ev->now_ms - last_ms < room->service->voice_interval_ms) {
        reply_error_text(st, SE_RESOURCE_CONSTRAINT, STR("You asked for voice a moment ago"));
    } else {
        if (room->service->voice_interval_ms)
            recents_get(&room->recents, bare)->voice_ms = st->ev->now_ms;
        struct fx *f = room_effects_add(st->fx, FX_VOICE);
        f->voice.nick = show_str(st, s->occupant->nick);
        f->voice.jid = show_str(st, s->jid);
    }
}

/* Whom a moderator speaks of: that nick, if it is still the one who asked; he may have another now.
 */
static const struct occupant *who_asked(const struct step *st)
{
    struct str nick = st->ev->voice.nick, jid = st->ev->voice.jid;
    const struct occupant *o = roster_nick(&st->room->roster, nick);
    if (!jid.n || (o && str_eq(o->person->bare, jid_bare(jid))))
        return o;
    return item_occupant(st->room, &(struct room_item){.jid = jid});
}

/* R87, §8.6: it is the grant of §8.3 by another road. */
static void answer(struct step *st, const struct session *s)
{
    if (s->occupant->role != ROLE_MODERATOR) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    if (st->ev->voice.role != ROLE_PARTICIPANT) {
        reply_error(st, SE_BAD_REQUEST);
        return;
    }
    if (!st->ev->voice.allow)
        return;
    const struct occupant *o = who_asked(st);
    if (!o) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    if (o->role != ROLE_VISITOR)
        return; /* another moderator was faster */
    struct plan plan;
    plan_init(&plan, &st->fx->arena);
    enum stanza_error e = moderate_item(
        st, &plan,
        &(struct room_item){.role = ROLE_PARTICIPANT, .nick = o->nick, .has_nick = true});
    if (e) {
        reply_error(st, e);
        return;
    }
    struct actor actor = {true, show_str(st, s->occupant->nick), st->asker.origin.jid};
    plan_apply(st, &plan, &actor, step_bare(st));
}

void voice_step(struct step *st)
{
    const struct session *s = step_session(st);
    if (!s)
        reply_error(st, SE_NOT_ACCEPTABLE);
    else if (st->ev->voice.answer)
        answer(st, s);
    else
        request(st, s);
}
