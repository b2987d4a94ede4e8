/* show.c: building the effects that several use cases share. */
#include "shard/room/hats.h"
#include "shard/room/show.h"

struct str show_str(struct step *st, struct str s)
{
    return s.n ? arena_str(&st->fx->arena, s) : STR_NULL;
}

struct room_message show_message(struct step *st, const struct room_message *m)
{
    struct room_message copy = *m;
    copy.nick = show_str(st, m->nick);
    copy.occupant_id = show_str(st, m->occupant_id);
    copy.id = show_str(st, m->id);
    copy.payload = show_str(st, m->payload);
    copy.by.id = show_str(st, m->by.id);
    copy.by.nick = show_str(st, m->by.nick);
    copy.by.occupant_id = show_str(st, m->by.occupant_id);
    copy.by.reason = show_str(st, m->by.reason);
    return copy;
}

struct room_record show_record(struct step *st, const struct session *s, bool keep_presence)
{
    struct room_record r = session_record(s);
    r.nick = show_str(st, r.nick);
    r.jid = show_str(st, r.jid);
    r.occupant_id = show_str(st, r.occupant_id);
    r.presence = keep_presence ? STR_NULL : show_str(st, r.presence);
    r.keep_presence = keep_presence;
    r.hats = hats_copy(&st->fx->arena, r.hats, r.n_hats);
    return r;
}

struct fx *reply_add(struct step *st, enum fx_reply_kind kind)
{
    struct fx *f = room_effects_add(st->fx, FX_REPLY);
    f->reply.kind = kind;
    f->reply.stanza = st->asker.stanza;
    f->reply.id = show_str(st, st->asker.id);
    f->reply.from_nick = show_str(st, st->asker.nick); /* W5 */
    return f;
}

void reply_error_text(struct step *st, enum stanza_error e, struct str text)
{
    struct fx *f = reply_add(st, FXR_ERROR);
    f->reply.error = e;
    f->reply.text = show_str(st, text);
}

void reply_error(struct step *st, enum stanza_error e)
{
    reply_error_text(st, e, STR_NULL);
}

void reply_empty(struct step *st)
{
    reply_add(st, FXR_EMPTY);
}

static void set_actor(struct step *st, struct fx *f, const struct actor *actor)
{
    if (!actor || !actor->shown)
        return;
    f->presence.has_actor = true;
    f->presence.actor_nick = show_str(st, actor->nick);
    f->presence.actor_jid = show_str(st, actor->jid);
}

void show_facts(struct step *st)
{
    struct fx *f = room_effects_add(st->fx, FX_FACTS);
    f->facts.non_anonymous = st->room->config.whois_anyone;
    f->facts.presence_broadcast = st->room->config.presence_broadcast;
    f->facts.overcrowded = st->room->overcrowded;
}

void show_update(struct step *st, const struct occupant *o, const struct actor *actor,
                 bool has_reason, struct str reason)
{
    struct room_record *records = arena_alloc(&st->fx->arena, o->n_sessions * sizeof *records);
    uint32_t n = 0;
    LIST_FOREACH(it, &o->sessions)
    records[n++] = show_record(st, LIST_ENTRY(it, struct session, in_occupant), true);

    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = FXP_UPDATE;
    f->presence.records = records;
    f->presence.n_records = n;
    f->presence.has_reason = has_reason;
    f->presence.reason = show_str(st, reason);
    set_actor(st, f, actor);
}

void leave_sessions(struct step *st, struct session *const *gone, uint32_t n,
                    const struct farewell *how)
{
    if (!n)
        return;
    struct room_record *records = arena_alloc(&st->fx->arena, n * sizeof *records);
    for (uint32_t i = 0; i < n; i++) {
        records[i] = show_record(st, gone[i], true);
        records[i].role = ROLE_NONE;
    }
    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = FXP_LEAVE;
    f->presence.records = records;
    f->presence.n_records = n;
    if (how->status)
        f->presence.statuses[f->presence.n_statuses++] = how->status;
    f->presence.has_reason = how->has_reason;
    f->presence.reason = show_str(st, how->reason);
    f->presence.payload = show_str(st, how->payload);
    f->presence.kick_condition = show_str(st, how->kick_condition);
    f->presence.kick_text = show_str(st, how->kick_text);
    set_actor(st, f, how->actor);
    for (uint32_t i = 0; i < n; i++)
        roster_remove(&st->room->roster, gone[i]);
}

void leave_occupant(struct step *st, struct occupant *o, const struct farewell *how)
{
    struct session **gone = arena_alloc(&st->fx->arena, o->n_sessions * sizeof *gone);
    uint32_t n = 0;
    LIST_FOREACH(it, &o->sessions)
    gone[n++] = LIST_ENTRY(it, struct session, in_occupant);
    leave_sessions(st, gone, n, how);
}
