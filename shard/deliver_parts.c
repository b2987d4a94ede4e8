/* deliver_parts.c: effects -> packed parts. Field by field what muc.proto says; no decisions here.
 */
#include "shard/deliver_parts.h"
#include "base/limits.h"
#include "proto/wire.h"

enum {
    CHUNK = LIMIT_BUS_CHUNK / 2,             /* of a roster or a history */
    HISTORY_MAX = LIMIT_BUS_MESSAGE * 3 / 4, /* one history that cannot be cut */
    OVERHEAD = 64,                           /* fixed fields of a record or message */
};

static void add(struct arena *a, struct parts *out, const Verona__Part *msg, enum part_to to)
{
    if (out->n == out->cap) {
        uint32_t cap = out->cap ? out->cap * 2 : 8;
        struct part *list = arena_alloc(a, cap * sizeof *list);
        if (out->n)
            memcpy(list, out->list, out->n * sizeof *list);
        out->list = list;
        out->cap = cap;
    }
    size_t n = verona__part__get_packed_size(msg);
    uint8_t *bytes = arena_alloc(a, n);
    verona__part__pack(msg, bytes);
    out->list[out->n++] = (struct part){.to = to, .bytes = str_n(bytes, n)};
}

/* ------------------------------------------------------------------ pieces */

static Verona__Hat **hats(const struct room_hat *in, uint32_t n, struct arena *a)
{
    Verona__Hat **list = arena_alloc(a, n * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = arena_alloc(a, sizeof **list);
        verona__hat__init(list[i]);
        list[i]->uri = wire_bytes(in[i].uri);
        list[i]->title = wire_bytes(in[i].title);
        list[i]->hue = wire_bytes(in[i].hue);
    }
    return list;
}

static Verona__Record *record(const struct deliver_env *env, const struct room_record *in,
                              struct arena *a)
{
    Verona__Record *r = arena_alloc(a, sizeof *r);
    Verona__Occupancy *o = arena_alloc(a, sizeof *o);
    verona__record__init(r);
    verona__occupancy__init(o);
    if (in->gw)
        o->gateway = wire_bytes(env->gateway_name(env->ctx, in->gw));
    o->sid = in->sid;
    o->join_pos = in->join_pos;
    r->occ = o;
    r->nick = wire_bytes(in->nick);
    r->jid = wire_bytes(in->jid);
    r->role = (Verona__Role)in->role;
    r->affiliation = (Verona__Affiliation)in->affiliation;
    r->occupant_id = wire_bytes(in->occupant_id);
    r->keep_presence = in->keep_presence;
    r->mav = in->mav;
    r->n_hats = in->n_hats;
    r->hats = hats(in->hats, in->n_hats, a);
    if (!in->keep_presence)
        r->presence = wire_bytes(in->presence);
    return r;
}

/* NULL for no name. */
static Verona__Name *name_of(struct event_name in, struct arena *a)
{
    if (!in.s)
        return NULL;
    Verona__Name *name = arena_alloc(a, sizeof *name);
    verona__name__init(name);
    name->e = in.e;
    name->s = in.s;
    return name;
}

static Verona__Retraction *retraction(const struct room_retraction *in, struct arena *a)
{
    Verona__Retraction *r = arena_alloc(a, sizeof *r);
    verona__retraction__init(r);
    r->id = wire_bytes(in->id);
    r->stamp_ms = in->stamp_ms;
    r->moderated = in->moderated;
    r->nick = wire_bytes(in->nick);
    r->occupant_id = wire_bytes(in->occupant_id);
    r->reason = wire_bytes(in->reason);
    r->has_reason = in->has_reason;
    return r;
}

static Verona__Message *message(const struct room_message *in, struct arena *a)
{
    Verona__Message *m = arena_alloc(a, sizeof *m);
    verona__message__init(m);
    m->nick = wire_bytes(in->nick);
    m->occupant_id = wire_bytes(in->occupant_id);
    m->id = wire_bytes(in->id);
    m->type = (Verona__MessageIn__Type)in->type;
    m->payload = wire_bytes(in->payload);
    m->name = name_of(in->name, a);
    /* A sender's own retraction says what it is in its payload. */
    if (in->gone || in->by.moderated)
        m->retraction = retraction(&in->by, a);
    if (!in->gone && in->by.moderated)
        m->retracts = name_of(in->retracts, a);
    return m;
}

static Verona__RoomConfig *config(const struct room_config *in, bool with_secret, struct arena *a)
{
    Verona__RoomConfig *c = arena_alloc(a, sizeof *c);
    verona__room_config__init(c);
    c->name = wire_bytes(in->name);
    c->description = wire_bytes(in->description);
    c->lang = wire_bytes(in->lang);
    if (with_secret)
        c->secret = wire_bytes(in->secret);
    c->persistent = in->persistent;
    c->public_ = in->public_room;
    c->members_only = in->members_only;
    c->moderated = in->moderated;
    c->change_subject = in->change_subject;
    c->logging = in->logging;
    c->allow_invites = in->allow_invites;
    c->whois_anyone = in->whois_anyone;
    c->allow_pm = (uint32_t)in->allow_pm;
    c->max_users = in->max_users;
    c->presence_broadcast = in->presence_broadcast;
    c->get_member_list = in->get_member_list;
    c->archive = in->archive;
    c->archive_messages = in->archive_messages;
    c->archive_days = in->archive_days;
    c->hide_occupants = in->hide_occupants;
    c->no_registration = in->no_registration;
    c->has_max_history = in->has_max_history;
    c->max_history = in->max_history;
    c->slow_mode_s = in->slow_mode_s;
    return c;
}

static ProtobufCBinaryData *strings(const struct str *in, uint32_t n, struct arena *a)
{
    ProtobufCBinaryData *out = arena_alloc(a, n * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = wire_bytes(in[i]);
    return out;
}

static uint32_t *numbers(const uint16_t *in, uint32_t n, struct arena *a)
{
    uint32_t *out = arena_alloc(a, n * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        out[i] = in[i];
    return out;
}

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
        records[i] = record(env, &fx->presence.records[i], a);
    p.kind = presence_kind(fx->presence.kind);
    p.n_records = fx->presence.n_records;
    p.records = records;
    p.old_nick = wire_bytes(fx->presence.old_nick);
    p.n_statuses = fx->presence.n_statuses;
    p.statuses = numbers(fx->presence.statuses, fx->presence.n_statuses, a);
    p.n_self_statuses = fx->presence.n_self_statuses;
    p.self_statuses = numbers(fx->presence.self_statuses, fx->presence.n_self_statuses, a);
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
    add(a, out, &part, fx->presence.kind == FXP_SHOW ? PART_ORIGIN : PART_ALL);
    if (fx->presence.kind == FXP_JOIN && fx->presence.n_records)
        out->list[out->n - 1].joiner = &fx->presence.records[0];
}

static void groupchat(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    part.kind_case = VERONA__PART__KIND_MESSAGE;
    part.message = message(&fx->message.m, a);
    if (fx->type == FX_MESSAGE) {
        part.message->kind = VERONA__MESSAGE__KIND__GROUPCHAT;
        add(a, out, &part, PART_ALL);
    } else {
        part.message->kind = VERONA__MESSAGE__KIND__PRIVATE;
        part.message->to_nick = wire_bytes(fx->message.to_nick);
        add(a, out, &part, PART_NICK);
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
            messages[i - from] = message(&list[i], a);
            messages[i - from]->stamp_ms = list[i].stamp_ms;
        }
        h.to_sid = fx->history.to_sid;
        h.max_chars = fx->history.max_chars;
        h.messages = messages;
        h.n_messages = to - from;
        part.kind_case = VERONA__PART__KIND_HISTORY;
        part.history = &h;
        add(a, out, &part, PART_ORIGIN);
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
            m->message = message(&list[i].m, a);
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
        add(a, out, &part, PART_ORIGIN);
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
    add(a, out, &part, PART_ORIGIN);
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
    add(a, out, &part, PART_ALL);
}

static Verona__ListItem **list_items(const struct fx_list_item *in, uint32_t n, struct arena *a)
{
    Verona__ListItem **items = arena_alloc(a, n * sizeof *items);
    for (uint32_t i = 0; i < n; i++) {
        items[i] = arena_alloc(a, sizeof **items);
        verona__list_item__init(items[i]);
        items[i]->affiliation = (Verona__Affiliation)in[i].affiliation;
        items[i]->role = (Verona__Role)in[i].role;
        items[i]->jid = wire_bytes(in[i].jid);
        items[i]->nick = wire_bytes(in[i].nick);
        items[i]->reason = wire_bytes(in[i].reason);
    }
    return items;
}

static void delta(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__AffiliationDelta d = VERONA__AFFILIATION_DELTA__INIT;
    d.to_sid = fx->mav.to_sid;
    d.since = wire_bytes(fx->mav.since);
    d.until = wire_bytes(fx->mav.until);
    d.n_items = fx->mav.n;
    d.items = list_items(fx->mav.items, fx->mav.n, a);
    part.kind_case = VERONA__PART__KIND_DELTA;
    part.delta = &d;
    add(a, out, &part, PART_ORIGIN);
}

static void avatar(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__RoomAvatar v = VERONA__ROOM_AVATAR__INIT;
    v.to_sid = fx->avatar.to_sid;
    v.hash = wire_bytes(fx->avatar.hash);
    part.kind_case = VERONA__PART__KIND_AVATAR;
    part.avatar = &v;
    add(a, out, &part, fx->avatar.to_sid ? PART_ORIGIN : PART_ALL);
}

static void status(const struct fx *fx, struct arena *a, struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__StatusMessage m = VERONA__STATUS_MESSAGE__INIT;
    m.n_codes = fx->status.n;
    m.codes = numbers(fx->status.codes, fx->status.n, a);
    part.kind_case = VERONA__PART__KIND_STATUS;
    part.status = &m;
    add(a, out, &part, PART_ALL);
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
    add(a, out, &part, PART_ALL);
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
    add(a, out, &part, PART_ORIGIN);
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
    add(a, out, &part, PART_ALL);
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
    add(a, out, &part, PART_GATEWAY);
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
    add(a, out, &part, PART_ALL);
}

/* ------------------------------------------------------------------ replies */

static void error_answer(Verona__Reply *r, enum stanza_error error, struct str text,
                         struct str moved_to, struct arena *a)
{
    Verona__StanzaError *e = arena_alloc(a, sizeof *e);
    verona__stanza_error__init(e);
    e->condition = (uint32_t)error;
    e->text = wire_bytes(text);
    e->moved_to = wire_bytes(moved_to);
    r->answer_case = VERONA__REPLY__ANSWER_ERROR;
    r->error = e;
}

static void items_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ItemList *list = arena_alloc(a, sizeof *list);
    verona__item_list__init(list);
    list->n_items = fx->reply.n_items;
    list->items = list_items(fx->reply.items, fx->reply.n_items, a);
    r->answer_case = VERONA__REPLY__ANSWER_ITEMS;
    r->items = list;
}

static void config_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ConfigForm *c = arena_alloc(a, sizeof *c);
    verona__config_form__init(c);
    c->config = config(&fx->reply.config, true, a);
    c->n_admins = fx->reply.n_admins;
    c->admins = strings(fx->reply.admins, fx->reply.n_admins, a);
    c->n_owners = fx->reply.n_owners;
    c->owners = strings(fx->reply.owners, fx->reply.n_owners, a);
    r->answer_case = VERONA__REPLY__ANSWER_CONFIG;
    r->config = c;
}

static void info_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__DiscoInfo *d = arena_alloc(a, sizeof *d);
    verona__disco_info__init(d);
    d->config = config(&fx->reply.config, false, a);
    d->password = fx->reply.config.secret.n > 0;
    d->occupants = fx->reply.n_occupants;
    d->subject = wire_bytes(fx->reply.subject);
    d->n_contacts = fx->reply.n_contacts;
    d->contacts = strings(fx->reply.contacts, fx->reply.n_contacts, a);
    d->logs = wire_bytes(fx->reply.logs);
    d->max_history = fx->reply.max_history;
    d->has_activity = fx->reply.has_activity;
    d->messages = fx->reply.n_messages;
    d->registration = fx->reply.registered;
    d->vcards = fx->reply.vcards;
    d->hats_hash = wire_bytes(fx->reply.hats_hash);
    d->avatar_hash = wire_bytes(fx->reply.avatar_hash);
    r->answer_case = VERONA__REPLY__ANSWER_DISCO_INFO;
    r->disco_info = d;
}

static void fin_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ArchiveFin *f = arena_alloc(a, sizeof *f);
    verona__archive_fin__init(f);
    f->complete = fx->reply.complete;
    f->first = name_of(fx->reply.first, a);
    f->last = name_of(fx->reply.last, a);
    f->has_count = fx->reply.has_count;
    f->count = fx->reply.count;
    r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FIN;
    r->archive_fin = f;
}

static void metadata_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ArchiveMetadata *m = arena_alloc(a, sizeof *m);
    verona__archive_metadata__init(m);
    m->start = name_of(fx->reply.first, a);
    m->start_ms = fx->reply.first_ms;
    m->end = name_of(fx->reply.last, a);
    m->end_ms = fx->reply.last_ms;
    r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_METADATA;
    r->archive_metadata = m;
}

static ProtobufCBinaryData literal(const char *s)
{
    return wire_bytes(s ? str_of(s) : STR_NULL);
}

static Verona__CommandItem *command_item(const struct fx_command *in, struct arena *a)
{
    Verona__CommandItem *item = arena_alloc(a, sizeof *item);
    verona__command_item__init(item);
    item->node = literal(in->node);
    item->name = literal(in->name);
    return item;
}

static Verona__FormField *form_field(const struct fx_form_field *in, struct arena *a)
{
    Verona__FormField *f = arena_alloc(a, sizeof *f);
    verona__form_field__init(f);
    f->type = literal(in->type);
    f->var = literal(in->var);
    f->label = literal(in->label);
    f->required = in->required;
    f->value = wire_bytes(in->value);
    f->n_options = in->n_options;
    f->options = arena_alloc(a, in->n_options * sizeof *f->options);
    for (uint32_t i = 0; i < in->n_options; i++) {
        f->options[i] = arena_alloc(a, sizeof **f->options);
        verona__form_option__init(f->options[i]);
        f->options[i]->label = wire_bytes(in->options[i].label);
        f->options[i]->value = wire_bytes(in->options[i].value);
    }
    return f;
}

static Verona__DataForm *data_form(const struct fx_form *in, struct arena *a)
{
    Verona__DataForm *f = arena_alloc(a, sizeof *f);
    verona__data_form__init(f);
    f->result = in->result;
    f->title = literal(in->title);
    f->instructions = literal(in->instructions);
    f->form_type = literal(in->form_type);
    f->n_fields = in->n_fields;
    f->fields = arena_alloc(a, in->n_fields * sizeof *f->fields);
    for (uint32_t i = 0; i < in->n_fields; i++)
        f->fields[i] = form_field(&in->fields[i], a);
    f->n_cells = in->n_cells;
    f->cells = strings(in->cells, in->n_cells, a);
    return f;
}

static void command_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__CommandResult *c = arena_alloc(a, sizeof *c);
    verona__command_result__init(c);
    c->node = literal(fx->reply.commands[0].node);
    c->session = wire_bytes(fx->reply.session);
    c->status = (Verona__CommandResult__Status)fx->reply.status;
    if (fx->reply.form)
        c->form = data_form(fx->reply.form, a);
    r->answer_case = VERONA__REPLY__ANSWER_COMMAND;
    r->command = c;
}

static void commands_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__CommandList *l = arena_alloc(a, sizeof *l);
    verona__command_list__init(l);
    l->n_items = fx->reply.n_commands;
    l->items = arena_alloc(a, l->n_items * sizeof *l->items);
    for (size_t i = 0; i < l->n_items; i++)
        l->items[i] = command_item(&fx->reply.commands[i], a);
    r->answer_case = VERONA__REPLY__ANSWER_COMMANDS;
    r->commands = l;
}

static void answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    switch (fx->reply.kind) {
    case FXR_ERROR:
        error_answer(r, fx->reply.error, fx->reply.text, fx->reply.moved_to, a);
        return;
    case FXR_EMPTY:
        r->answer_case = VERONA__REPLY__ANSWER_EMPTY;
        r->empty = arena_alloc(a, sizeof *r->empty);
        verona__empty_result__init(r->empty);
        return;
    case FXR_ITEMS:
        items_answer(r, fx, a);
        return;
    case FXR_CONFIG:
        config_answer(r, fx, a);
        return;
    case FXR_REGISTER:
        r->answer_case = VERONA__REPLY__ANSWER_REGISTER_;
        r->register_ = arena_alloc(a, sizeof *r->register_);
        verona__register_form__init(r->register_);
        r->register_->registered = fx->reply.registered;
        r->register_->nick = wire_bytes(fx->reply.nick);
        return;
    case FXR_DISCO_INFO:
        info_answer(r, fx, a);
        return;
    case FXR_DISCO_ITEMS:
        r->answer_case = VERONA__REPLY__ANSWER_DISCO_ITEMS;
        r->disco_items = arena_alloc(a, sizeof *r->disco_items);
        verona__disco_items__init(r->disco_items);
        r->disco_items->n_nicks = fx->reply.n_nicks;
        r->disco_items->nicks = strings(fx->reply.nicks, fx->reply.n_nicks, a);
        r->disco_items->paged = fx->reply.paged;
        r->disco_items->count = fx->reply.n_occupants;
        r->disco_items->index = fx->reply.index;
        return;
    case FXR_OWN_NICK:
        r->answer_case = VERONA__REPLY__ANSWER_OWN_NICK;
        r->own_nick = arena_alloc(a, sizeof *r->own_nick);
        verona__own_nick__init(r->own_nick);
        r->own_nick->nick = wire_bytes(fx->reply.nick);
        return;
    case FXR_ARCHIVE_FORM:
        r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FORM;
        r->archive_form = arena_alloc(a, sizeof *r->archive_form);
        verona__empty_result__init(r->archive_form);
        return;
    case FXR_ARCHIVE_FIN:
        fin_answer(r, fx, a);
        return;
    case FXR_ARCHIVE_METADATA:
        metadata_answer(r, fx, a);
        return;
    case FXR_VCARD:
        r->answer_case = VERONA__REPLY__ANSWER_VCARD;
        r->vcard = arena_alloc(a, sizeof *r->vcard);
        verona__vcard__init(r->vcard);
        r->vcard->vcard = wire_bytes(fx->reply.vcard);
        return;
    case FXR_COMMAND:
        command_answer(r, fx, a);
        return;
    case FXR_COMMANDS:
        commands_answer(r, fx, a);
        return;
    case FXR_COMMAND_INFO:
        r->answer_case = VERONA__REPLY__ANSWER_COMMAND_INFO;
        r->command_info = command_item(&fx->reply.commands[0], a);
        return;
    case FXR_NOT_INSIDE:
        r->answer_case = VERONA__REPLY__ANSWER_NOT_INSIDE;
        r->not_inside = (Verona__Affiliation)fx->reply.affiliation;
        return;
    }
}

static void reply(const struct deliver_step *step, const struct fx *fx, struct arena *a,
                  struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Reply r = VERONA__REPLY__INIT;
    r.to_sid = step->origin->sid;
    r.id = wire_bytes(fx->reply.id);
    r.from_nick = wire_bytes(fx->reply.from_nick);
    r.stanza = (Verona__RefuseIn__Stanza)fx->reply.stanza;
    answer(&r, fx, a);
    part.kind_case = VERONA__PART__KIND_REPLY;
    part.reply = &r;
    if (verona__part__get_packed_size(&part) > LIMIT_BUS_PART)
        error_answer(&r, SE_RESOURCE_CONSTRAINT, STR("The answer is too large"), STR_NULL, a);
    add(a, out, &part, PART_ORIGIN);
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
            reply(step, fx, a, out);
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
    add(r->arena, r->out, &part, PART_ALL);
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
    r->records[r->n++] = record(r->env, rec, r->arena);
    r->size += size;
}

void parts_of_roster(const struct deliver_env *env, const struct room *room,
                     const struct room_record *skip, struct arena *a, struct parts *out)
{
    struct roster r = {.env = env, .room = room, .skip = skip, .arena = a, .out = out};
    room_each_record(room, roster_add, &r);
    roster_flush(&r, false);
}
