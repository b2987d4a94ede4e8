/* deliver_parts.c: effects -> packed parts. Field by field what muc.proto says; no decisions here.
 */
#include "shard/deliver_parts.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "shard/deliver_pieces.h"

enum {
    CHUNK = LIMIT_BUS_CHUNK / 2,             /* of a roster or a history */
    HISTORY_MAX = LIMIT_BUS_MESSAGE * 3 / 4, /* one history that cannot be cut */
    OVERHEAD = 64,                           /* fixed fields of a record or message */
};

/* ------------------------------------------------------------------ effects */

static Verona__Presence__Kind presence_kind(enum fx_presence_kind k)
{
    switch (k) {
    case FXP_JOIN:
        return VERONA__PRESENCE__KIND__JOIN;
    case FXP_RESYNC:
        return VERONA__PRESENCE__KIND__RESYNC;
    case FXP_UPDATE:
        return VERONA__PRESENCE__KIND__UPDATE;
    case FXP_NICK:
        return VERONA__PRESENCE__KIND__NICK;
    case FXP_LEAVE:
        return VERONA__PRESENCE__KIND__LEAVE;
    case FXP_SHOW:
        return VERONA__PRESENCE__KIND__SHOW;
    }
    return VERONA__PRESENCE__KIND__UPDATE;
}

static void presence(const struct deliver_env *env, const struct fx *fx, struct arena *a,
                     struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Presence p = VERONA__PRESENCE__INIT;
    Verona__Record **records = arena_alloc(a, fx->presence.n_records * sizeof *records);
    for (uint32_t i = 0; i < fx->presence.n_records; i++)
        records[i] = piece_record(env, &fx->presence.records[i], a);
    p.kind = presence_kind(fx->presence.kind);
    p.n_records = fx->presence.n_records;
    p.records = records;
    p.old_nick = wire_bytes(fx->presence.old_nick);
    p.n_statuses = fx->presence.n_statuses;
    p.statuses = piece_numbers(fx->presence.statuses, fx->presence.n_statuses, a);
    p.n_self_statuses = fx->presence.n_self_statuses;
    p.self_statuses = piece_numbers(fx->presence.self_statuses, fx->presence.n_self_statuses, a);
    p.has_actor = fx->presence.has_actor;
    p.actor_nick = wire_bytes(fx->presence.actor_nick);
    p.actor_jid = wire_bytes(fx->presence.actor_jid);
    p.has_reason = fx->presence.has_reason;
    p.reason = wire_bytes(fx->presence.reason);
    p.payload = wire_bytes(fx->presence.payload);
    p.kick_condition = wire_bytes(fx->presence.kick_condition);
    p.kick_text = wire_bytes(fx->presence.kick_text);
    p.to_sid = fx->presence.to_sid;
    p.absent = fx->presence.absent;
    p.mav_since = wire_bytes(fx->presence.mav_since);
    p.mav_until = wire_bytes(fx->presence.mav_until);
    part.kind_case = VERONA__PART__KIND_PRESENCE;
    part.presence = &p;
    part_add(a, out, &part, fx->presence.kind == FXP_SHOW ? PART_ORIGIN : PART_ALL);
    if (fx->presence.kind == FXP_JOIN && fx->presence.n_records)
        out->list[out->n - 1].joiner = &fx->presence.records[0];
}

static void groupchat(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    part.kind_case = VERONA__PART__KIND_MESSAGE;
    part.message = piece_message(&fx->message.m, a);
    if (fx->type == FX_MESSAGE) {
        part.message->kind = VERONA__MESSAGE__KIND__GROUPCHAT;
        part_add(a, out, &part, PART_ALL);
    } else {
        part.message->kind = VERONA__MESSAGE__KIND__PRIVATE;
        part.message->to_nick = wire_bytes(fx->message.to_nick);
        part_add(a, out, &part, PART_NICK);
        out->list[out->n - 1].nick = fx->message.to_nick;
    }
}

static size_t message_size(const struct room_message *m)
{
    return m->payload.n + m->nick.n + m->occupant_id.n + m->id.n + m->by.id.n + m->by.nick.n +
           m->by.occupant_id.n + m->by.reason.n + OVERHEAD;
}

/* A history without max_chars may be cut anywhere. One with max_chars is a tail that the gateway
 * measures, so it stays whole; a stanza is longer than its payload, so what cannot fit is left out.
 */
static void history(const struct fx *fx, struct arena *a, struct parts *out)
{
    const struct room_message *list = fx->history.messages;
    uint32_t n = fx->history.n, from = 0;
    bool cut = fx->history.max_chars < 0;
    if (!cut) {
        size_t payload = 0, size = 0;
        for (from = n; from > 0; from--) {
            payload += list[from - 1].payload.n;
            size += message_size(&list[from - 1]);
            if (payload > (uint64_t)fx->history.max_chars || size > HISTORY_MAX)
                break;
        }
    }
    while (from < n) {
        Verona__Part part = VERONA__PART__INIT;
        Verona__History h = VERONA__HISTORY__INIT;
        size_t size = 0;
        uint32_t to = from;
        while (to < n && (to == from || !cut || size + message_size(&list[to]) <= CHUNK))
            size += message_size(&list[to++]);
        Verona__Message **messages = arena_alloc(a, (to - from) * sizeof *messages);
        for (uint32_t i = from; i < to; i++) {
            messages[i - from] = piece_message(&list[i], a);
            messages[i - from]->stamp_ms = list[i].stamp_ms;
        }
        h.to_sid = fx->history.to_sid;
        h.max_chars = fx->history.max_chars;
        h.messages = messages;
        h.n_messages = to - from;
        part.kind_case = VERONA__PART__KIND_HISTORY;
        part.history = &h;
        part_add(a, out, &part, PART_ORIGIN);
        from = to;
    }
}

/* What the archive was asked for, cut as a history. */
static void page(const struct deliver_step *step, const struct fx *fx, struct arena *a,
                 struct parts *out)
{
    const struct fx_archived *list = fx->page.messages;
    for (uint32_t from = 0, to = 0; from < fx->page.n; from = to) {
        Verona__Part part = VERONA__PART__INIT;
        Verona__ArchivePage p = VERONA__ARCHIVE_PAGE__INIT;
        size_t size = 0;
        while (to < fx->page.n &&
               (to == from || size + message_size(&list[to].m) + list[to].jid.n <= CHUNK)) {
            size += message_size(&list[to].m) + list[to].jid.n;
            to++;
        }
        Verona__ArchivedMessage **messages = arena_alloc(a, (to - from) * sizeof *messages);
        for (uint32_t i = from; i < to; i++) {
            Verona__ArchivedMessage *m = arena_alloc(a, sizeof *m);
            verona__archived_message__init(m);
            m->message = piece_message(&list[i].m, a);
            m->message->stamp_ms = list[i].m.stamp_ms;
            m->jid = wire_bytes(list[i].jid);
            messages[i - from] = m;
        }
        p.to_sid = step->origin->sid;
        p.query_id = wire_bytes(fx->page.query_id);
        p.messages = messages;
        p.n_messages = to - from;
        part.kind_case = VERONA__PART__KIND_ARCHIVE;
        part.archive = &p;
        part_add(a, out, &part, PART_ORIGIN);
    }
}

static void subject(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Message m = VERONA__MESSAGE__INIT;
    m.kind = VERONA__MESSAGE__KIND__SUBJECT;
    m.type = VERONA__MESSAGE_IN__TYPE__GROUPCHAT;
    m.nick = wire_bytes(fx->subject.nick);
    m.occupant_id = wire_bytes(fx->subject.occupant_id);
    m.subject = wire_bytes(fx->subject.text);
    m.stamp_ms = fx->subject.stamp_ms;
    m.to_sid = fx->subject.to_sid;
    part.kind_case = VERONA__PART__KIND_MESSAGE;
    part.message = &m;
    part_add(a, out, &part, PART_ORIGIN);
}

static void notice(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Notice n = VERONA__NOTICE__INIT;
    uint32_t status = fx->notice.status;
    n.moderators_only = fx->notice.moderators_only;
    n.n_statuses = status ? 1 : 0;
    n.statuses = &status;
    n.jid = wire_bytes(fx->notice.jid);
    n.affiliation = (Verona__Affiliation)fx->notice.affiliation;
    n.has_reason = fx->notice.has_reason;
    n.reason = wire_bytes(fx->notice.reason);
    n.mav_since = wire_bytes(fx->notice.mav_since);
    n.mav_until = wire_bytes(fx->notice.mav_until);
    part.kind_case = VERONA__PART__KIND_NOTICE;
    part.notice = &n;
    part_add(a, out, &part, PART_ALL);
}

static void delta(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__AffiliationDelta d = VERONA__AFFILIATION_DELTA__INIT;
    d.to_sid = fx->mav.to_sid;
    d.since = wire_bytes(fx->mav.since);
    d.until = wire_bytes(fx->mav.until);
    d.n_items = fx->mav.n;
    d.items = piece_list_items(fx->mav.items, fx->mav.n, a);
    part.kind_case = VERONA__PART__KIND_DELTA;
    part.delta = &d;
    part_add(a, out, &part, PART_ORIGIN);
}

static void avatar(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__RoomAvatar v = VERONA__ROOM_AVATAR__INIT;
    v.to_sid = fx->avatar.to_sid;
    v.hash = wire_bytes(fx->avatar.hash);
    part.kind_case = VERONA__PART__KIND_AVATAR;
    part.avatar = &v;
    part_add(a, out, &part, fx->avatar.to_sid ? PART_ORIGIN : PART_ALL);
}

static void status(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__StatusMessage m = VERONA__STATUS_MESSAGE__INIT;
    m.n_codes = fx->status.n;
    m.codes = piece_numbers(fx->status.codes, fx->status.n, a);
    part.kind_case = VERONA__PART__KIND_STATUS;
    part.status = &m;
    part_add(a, out, &part, PART_ALL);
}

static void facts(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__RoomFacts f = VERONA__ROOM_FACTS__INIT;
    f.non_anonymous = fx->facts.non_anonymous;
    f.presence_broadcast = fx->facts.presence_broadcast;
    f.overcrowded = fx->facts.overcrowded;
    part.kind_case = VERONA__PART__KIND_FACTS;
    part.facts = &f;
    part_add(a, out, &part, PART_ALL);
}

static void post(const struct deliver_step *step, const struct fx *fx, struct arena *a,
                 struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Post p = VERONA__POST__INIT;
    Verona__Invitation invitation = VERONA__INVITATION__INIT;
    Verona__DeclineIn decline = VERONA__DECLINE_IN__INIT;
    p.to = wire_bytes(fx->post.to);
    p.id = wire_bytes(fx->post.id);
    p.from = wire_bytes(fx->post.from);
    p.has_password = fx->post.has_password;
    p.password = wire_bytes(fx->post.password);
    p.has_body = fx->post.has_body;
    p.body = wire_bytes(fx->post.body);
    p.by_sid = step->origin->sid;
    if (fx->post.is_decline) {
        decline.to = wire_bytes(fx->post.to);
        decline.reason = wire_bytes(fx->post.reason);
        p.kind_case = VERONA__POST__KIND_DECLINE;
        p.decline = &decline;
    } else {
        invitation.to = wire_bytes(fx->post.to);
        invitation.reason = wire_bytes(fx->post.reason);
        invitation.has_continue = fx->post.has_continue;
        invitation.thread = wire_bytes(fx->post.thread);
        p.kind_case = VERONA__POST__KIND_INVITE;
        p.invite = &invitation;
    }
    part.kind_case = VERONA__PART__KIND_POST;
    part.post = &p;
    part_add(a, out, &part, PART_ORIGIN);
}

static void destroyed(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Destroyed d = VERONA__DESTROYED__INIT;
    d.alternate = wire_bytes(fx->destroyed.alternate);
    d.has_reason = fx->destroyed.has_reason;
    d.reason = wire_bytes(fx->destroyed.reason);
    d.has_password = fx->destroyed.has_password;
    d.password = wire_bytes(fx->destroyed.password);
    part.kind_case = VERONA__PART__KIND_DESTROYED;
    part.destroyed = &d;
    part_add(a, out, &part, PART_ALL);
}

static void relay(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Relay r = VERONA__RELAY__INIT;
    r.to_sid = fx->relay.to_sid;
    r.from_nick = wire_bytes(fx->relay.from_nick);
    r.id = wire_bytes(fx->relay.id);
    r.type = (Verona__Relay__Type)fx->relay.type;
    r.to_account = fx->relay.to_account;
    r.payload = wire_bytes(fx->relay.payload);
    part.kind_case = VERONA__PART__KIND_RELAY;
    part.relay = &r;
    part_add(a, out, &part, PART_GATEWAY);
    out->list[out->n - 1].gw = fx->relay.gw;
}

static void voice(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__VoiceRequest v = VERONA__VOICE_REQUEST__INIT;
    v.nick = wire_bytes(fx->voice.nick);
    v.jid = wire_bytes(fx->voice.jid);
    part.kind_case = VERONA__PART__KIND_VOICE_REQUEST;
    part.voice_request = &v;
    part_add(a, out, &part, PART_ALL);
}

/* ------------------------------------------------------------------ all */

void parts_of_effects(const struct deliver_env *env, const struct deliver_step *step,
                      struct arena *a, struct parts *out)
{
    for (uint32_t i = 0; i < step->fx->n; i++) {
        const struct fx *fx = &step->fx->list[i];
        switch (fx->type) {
        case FX_PRESENCE:
            presence(env, fx, a, out);
            break;
        case FX_MESSAGE:
        case FX_PRIVATE:
            groupchat(fx, a, out);
            break;
        case FX_HISTORY:
            history(fx, a, out);
            break;
        case FX_SUBJECT:
            subject(fx, a, out);
            break;
        case FX_NOTICE:
            notice(fx, a, out);
            break;
        case FX_STATUS:
            status(fx, a, out);
            break;
        case FX_FACTS:
            facts(fx, a, out);
            break;
        case FX_AVATAR:
            avatar(fx, a, out);
            break;
        case FX_MAV:
            delta(fx, a, out);
            break;
        case FX_REPLY:
            part_reply(step, fx, a, out);
            break;
        case FX_POST:
            post(step, fx, a, out);
            break;
        case FX_RELAY:
            relay(fx, a, out);
            break;
        case FX_VOICE:
            voice(fx, a, out);
            break;
        case FX_DESTROYED:
            destroyed(fx, a, out);
            break;
        case FX_PAGE:
            page(step, fx, a, out);
            break;
        case FX_ARCHIVE:
        case FX_PERSIST:
        case FX_GONE:
            break;
        }
    }
}

/* ------------------------------------------------------------------ rosters */

struct roster {
    const struct deliver_env *env;
    const struct room *room;
    const struct room_record *skip;
    struct arena *arena;
    struct parts *out;
    Verona__Record **records;
    size_t n, cap, size;
};

static void roster_flush(struct roster *r, bool more)
{
    const struct room_config *c = room_config(r->room);
    Verona__Part part = VERONA__PART__INIT;
    Verona__Roster roster = VERONA__ROSTER__INIT;
    Verona__RoomFacts f = VERONA__ROOM_FACTS__INIT;
    f.non_anonymous = c->whois_anyone;
    f.presence_broadcast = c->presence_broadcast;
    f.overcrowded = room_overcrowded(r->room);
    roster.facts = &f;
    roster.records = r->records;
    roster.n_records = r->n;
    roster.more = more;
    part.kind_case = VERONA__PART__KIND_ROSTER;
    part.roster = &roster;
    part_add(r->arena, r->out, &part, PART_ALL);
    r->n = 0;
    r->size = 0;
}

static void roster_add(void *ctx, const struct room_record *rec)
{
    struct roster *r = ctx;
    if (r->skip && rec->gw == r->skip->gw && rec->sid == r->skip->sid)
        return;
    size_t size = OVERHEAD + rec->nick.n + rec->jid.n + rec->occupant_id.n + rec->presence.n;
    for (uint32_t i = 0; i < rec->n_hats; i++)
        size += OVERHEAD + rec->hats[i].uri.n + rec->hats[i].title.n + rec->hats[i].hue.n;
    if (r->n && r->size + size > CHUNK)
        roster_flush(r, true);
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        Verona__Record **records = arena_alloc(r->arena, cap * sizeof *records);
        if (r->n)
            memcpy(records, r->records, r->n * sizeof *records);
        r->records = records;
        r->cap = cap;
    }
    r->records[r->n++] = piece_record(r->env, rec, r->arena);
    r->size += size;
}

void parts_of_roster(const struct deliver_env *env, const struct room *room,
                     const struct room_record *skip, struct arena *a, struct parts *out)
{
    struct roster r = {.env = env, .room = room, .skip = skip, .arena = a, .out = out};
    room_each_record(room, roster_add, &r);
    roster_flush(&r, false);
}
