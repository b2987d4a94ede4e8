/* archive.c: who may ask the archive of a room, and what for (XEP-0313). The room only decides: the
 * log is in the store, so the answer is read there, while the room goes on. */
#include "shard/room/show.h"

#include "base/jid.h"

enum { DAY_MS = 24 * 3600 * 1000 };

bool step_could_enter(const struct step *st)
{
    const struct room *room = st->room;
    enum affiliation a = room_affil(room, step_bare(st));
    if (a != AFFIL_NONE)
        return a != AFFIL_OUTCAST;
    return !room->config.members_only && (!room->config.secret.n || step_session(st));
}

/* R90: whoever could come in may read what was said; decided when he asks. */
static enum stanza_error refusal(const struct step *st)
{
    const struct room *room = st->room;
    if (room->locked && room_affil(room, step_bare(st)) != AFFIL_OWNER)
        return SE_ITEM_NOT_FOUND; /* as for whoever wants to enter (W17) */
    if (!step_could_enter(st))
        return SE_FORBIDDEN;
    return room->config.archive ? SE_NONE : SE_SERVICE_UNAVAILABLE;
}

/* R92: may the asker see real JIDs now? Admins and owners could come in as moderators. */
static bool sees(const struct step *st)
{
    const struct session *s = step_session(st);
    return sees_jids(st->room, s ? s->occupant->role : ROLE_NONE) ||
           room_affil(st->room, step_bare(st)) >= AFFIL_ADMIN;
}

/* `with`: an occupant of this room, the room itself, or a real JID. false: he may not ask that. */
static bool with(struct step *st, struct room_archive_query *q)
{
    struct str bare = jid_bare(q->with);
    if (!q->with.n)
        return true;
    if (str_eq(bare, st->room->jid)) {
        q->with_nick = show_str(st, jid_resource(q->with));
        return true;
    }
    q->with_jid = show_str(st, bare);
    return q->jids;
}

void archive_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    enum stanza_error e = refusal(st);
    if (e) {
        reply_error(st, e);
        return;
    }
    if (ev->type == ROOM_EV_ARCHIVE_FORM) {
        reply_add(st, FXR_ARCHIVE_FORM);
        return;
    }
    struct room_archive_query q = ev->archive;
    q.jids = sees(st);
    q.with_jid = q.with_nick = STR_NULL;
    if (!with(st, &q)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    struct event_name *ids = arena_alloc(&st->fx->arena, (q.n_ids + 1) * sizeof *ids);
    if (q.n_ids)
        memcpy(ids, q.ids, q.n_ids * sizeof *ids);
    uint64_t kept_ms = (uint64_t)st->room->config.archive_days * DAY_MS;
    q.ids = ids;
    q.query_id = show_str(st, q.query_id);
    q.with = show_str(st, q.with);
    q.born = st->room->born;
    q.last = st->room->last;
    q.since_ms = kept_ms && kept_ms < ev->now_ms ? ev->now_ms - kept_ms : 0;
    struct fx *f = room_effects_add(st->fx, FX_ARCHIVE);
    f->archive.id = show_str(st, st->asker.id);
    f->archive.query = q;
}
