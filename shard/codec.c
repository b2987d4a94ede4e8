/* codec.c: verona.RoomEvent -> struct room_event. */
#include "shard/codec.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "proto/wire.h"

/* Takes a field of at most `max` bytes; sticky: the first trouble stays in *err. */
static struct str take(ProtobufCBinaryData d, size_t max, int *err)
{
    if (d.len > max && *err == 0)
        *err = ERR_TOOBIG;
    return wire_str(d);
}

/* The same for text that names somebody or is shown by the service: UTF-8 without a NUL. */
static struct str take_text(ProtobufCBinaryData d, size_t max, int *err)
{
    struct str s = take(d, max, err);
    if (*err == 0 && s.n && (memchr(s.p, 0, s.n) || !utf8_valid(s)))
        *err = ERR_PROTO;
    return s;
}

static struct str take_jid(ProtobufCBinaryData d, int *err)
{
    struct str s = take_text(d, LIMIT_JID, err);
    struct jid parts;
    if (*err == 0 && jid_split(s, &parts) != 0)
        *err = ERR_PROTO;
    return s;
}

/* A value off the wire that must be 0 .. max. */
static int take_enum(int value, int max, int *err)
{
    if ((value < 0 || value > max) && *err == 0)
        *err = ERR_PROTO;
    return value;
}

static int64_t take_count(int64_t v, int *err)
{
    if (v < -1 && *err == 0)
        *err = ERR_PROTO;
    return v;
}

bool codec_room_ok(struct str room)
{
    struct jid parts;
    return room.n > 0 && room.n <= LIMIT_JID && utf8_valid(room) && !memchr(room.p, 0, room.n) &&
           jid_split(room, &parts) == 0 && parts.local.n > 0 && parts.resource.n == 0;
}

static int admin(const Verona__AdminIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    out->type = in->set ? ROOM_EV_ADMIN_SET : ROOM_EV_ADMIN_GET;
    if (in->n_items > LIMIT_ADMIN_ITEMS)
        return ERR_TOOBIG;
    struct room_item *items = arena_zalloc(a, in->n_items * sizeof *items);
    for (size_t i = 0; i < in->n_items; i++) {
        const Verona__AdminItem *it = in->items[i];
        items[i].affiliation = (enum affiliation)take_enum((int)it->affiliation, AFFIL_OWNER, &err);
        items[i].role = (enum role)take_enum((int)it->role, ROLE_MODERATOR, &err);
        if (it->jid.len)
            items[i].jid = take_jid(it->jid, &err);
        items[i].nick = take_text(it->nick, LIMIT_JID_PART, &err);
        items[i].has_nick = it->has_nick;
        items[i].reason = take_text(it->reason, LIMIT_REASON, &err);
        items[i].has_reason = it->has_reason;
    }
    out->admin.items = items;
    out->admin.n = (uint32_t)in->n_items;
    return err;
}

static int fields(Verona__Field *const *in, size_t n, struct arena *a,
                  const struct room_field **out, uint32_t *n_out)
{
    int err = 0;
    size_t n_values = 0;
    if (n > LIMIT_FORM_FIELDS)
        return ERR_TOOBIG;
    struct room_field *list = arena_zalloc(a, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const Verona__Field *f = in[i];
        n_values += f->n_values;
        if (f->n_values > LIMIT_FORM_VALUES || n_values > LIMIT_FORM_VALUES)
            return ERR_TOOBIG;
        struct str *values = arena_zalloc(a, f->n_values * sizeof *values);
        for (size_t k = 0; k < f->n_values; k++)
            values[k] = take_text(f->values[k], LIMIT_TOKEN, &err);
        list[i] =
            (struct room_field){take_text(f->var, LIMIT_NAME, &err), values, (uint32_t)f->n_values};
    }
    *out = list;
    *n_out = (uint32_t)n;
    return err;
}

static int owner(const Verona__OwnerIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    switch (in->action) {
    case VERONA__OWNER_IN__ACTION__GET:
        out->type = ROOM_EV_OWNER_GET;
        break;
    case VERONA__OWNER_IN__ACTION__SUBMIT:
        out->type = ROOM_EV_OWNER_SUBMIT;
        break;
    case VERONA__OWNER_IN__ACTION__CANCEL:
        out->type = ROOM_EV_OWNER_CANCEL;
        break;
    default:
        return ERR_PROTO;
    }
    out->owner.has_form_type = in->has_form_type;
    out->owner.form_type = take_text(in->form_type, LIMIT_ID, &err);
    int more = fields(in->fields, in->n_fields, a, &out->owner.fields, &out->owner.n);
    return err ? err : more;
}

static int provide(const Verona__ProvideIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_PROVIDE;
    out->owner.preset = take_text(in->preset, LIMIT_NAME, &err);
    int more = fields(in->fields, in->n_fields, a, &out->owner.fields, &out->owner.n);
    return err ? err : more;
}

static int destroy(const Verona__DestroyIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_DESTROY;
    if (in->alternate.len)
        out->destroy.alternate = take_jid(in->alternate, &err);
    out->destroy.reason = take_text(in->reason, LIMIT_REASON, &err);
    out->destroy.has_reason = in->has_reason;
    out->destroy.password = take_text(in->password, LIMIT_REASON, &err);
    out->destroy.has_password = in->has_password;
    return err;
}

static int reg(const Verona__RegisterIn *in, struct room_event *out)
{
    int err = 0;
    switch (in->action) {
    case VERONA__REGISTER_IN__ACTION__GET:
        out->type = ROOM_EV_REGISTER_GET;
        break;
    case VERONA__REGISTER_IN__ACTION__SUBMIT:
        out->type = ROOM_EV_REGISTER_SUBMIT;
        break;
    case VERONA__REGISTER_IN__ACTION__REMOVE:
        out->type = ROOM_EV_REGISTER_REMOVE;
        break;
    default:
        return ERR_PROTO;
    }
    out->reg.valid = in->valid;
    out->reg.nick = take_text(in->nick, LIMIT_JID_PART, &err);
    if (err == 0 && in->valid && out->type == ROOM_EV_REGISTER_SUBMIT && in->nick.len == 0)
        err = ERR_PROTO;
    return err;
}

static int invite(const Verona__InviteIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_INVITE;
    if (in->n_invitations > LIMIT_INVITES)
        return ERR_TOOBIG;
    struct room_invitation *list = arena_zalloc(a, in->n_invitations * sizeof *list);
    for (size_t i = 0; i < in->n_invitations; i++) {
        const Verona__Invitation *v = in->invitations[i];
        list[i].to = take_jid(v->to, &err);
        list[i].reason = take_text(v->reason, LIMIT_REASON, &err);
        list[i].has_continue = v->has_continue;
        list[i].thread = take_text(v->thread, LIMIT_ID, &err);
    }
    out->invite.invitations = list;
    out->invite.n = (uint32_t)in->n_invitations;
    out->invite.body = take_text(in->body, LIMIT_TOKEN, &err);
    out->invite.has_body = in->has_body;
    return err;
}

/* XEP-0059 */
static int items(const Verona__ItemsPage *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_DISCO_ITEMS;
    if (!in)
        return 0;
    out->items.paged = true;
    out->items.has_max = in->has_max;
    out->items.max = in->max;
    out->items.has_index = in->has_index;
    out->items.index = in->index;
    out->items.has_after = in->has_after;
    out->items.after = take_text(in->after, LIMIT_JID_PART, &err);
    out->items.has_before = in->has_before;
    out->items.before = take_text(in->before, LIMIT_JID_PART, &err);
    return err;
}

static int query(const Verona__QueryIn *in, struct room_event *out)
{
    switch (in->kind) {
    case VERONA__QUERY_IN__KIND__DISCO_INFO:
        out->type = ROOM_EV_DISCO_INFO;
        return 0;
    case VERONA__QUERY_IN__KIND__DISCO_ITEMS:
        return items(in->page, out);
    case VERONA__QUERY_IN__KIND__OWN_NICK:
        out->type = ROOM_EV_OWN_NICK;
        return 0;
    case VERONA__QUERY_IN__KIND__PING:
        out->type = ROOM_EV_PING;
        return 0;
    case VERONA__QUERY_IN__KIND__OTHER:
        out->type = ROOM_EV_IQ_OTHER;
        return 0;
    case VERONA__QUERY_IN__KIND__COMMANDS:
        out->type = ROOM_EV_COMMAND_LIST;
        return 0;
    case VERONA__QUERY_IN__KIND__COMMAND: {
        int err = 0;
        out->type = ROOM_EV_COMMAND_INFO;
        out->command.node = take_text(in->node, LIMIT_NAME, &err);
        return err;
    }
    default:
        return ERR_PROTO;
    }
}

static struct event_name take_name(const Verona__Name *n)
{
    return n ? (struct event_name){n->e, n->s} : (struct event_name){0, 0};
}

static int archive(const Verona__ArchiveIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    struct room_archive_query *q = &out->archive;
    switch (in->kind) {
    case VERONA__ARCHIVE_IN__KIND__FORM:
        out->type = ROOM_EV_ARCHIVE_FORM;
        return 0;
    case VERONA__ARCHIVE_IN__KIND__QUERY:
    case VERONA__ARCHIVE_IN__KIND__METADATA:
        break;
    default:
        return ERR_PROTO;
    }
    out->type = ROOM_EV_ARCHIVE;
    if (in->n_ids > LIMIT_ARCHIVE_IDS)
        return ERR_TOOBIG;
    struct event_name *ids = arena_alloc(a, (in->n_ids + 1) * sizeof *ids);
    for (size_t i = 0; i < in->n_ids; i++)
        ids[i] = take_name(in->ids[i]);
    q->ids = ids;
    q->n_ids = (uint32_t)in->n_ids;
    q->metadata = in->kind == VERONA__ARCHIVE_IN__KIND__METADATA;
    q->query_id = take_text(in->query_id, LIMIT_ID, &err);
    if (in->with.len)
        q->with = take_jid(in->with, &err);
    q->start_ms = take_count(in->start_ms, &err);
    q->end_ms = take_count(in->end_ms, &err);
    q->after_id = take_name(in->after_id);
    q->before_id = take_name(in->before_id);
    q->after = take_name(in->after);
    q->before = take_name(in->before);
    q->max = take_count(in->max, &err);
    q->backward = in->backward;
    q->flip = in->flip;
    return err;
}

static int moderate(const Verona__ModerateIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_MODERATE;
    out->moderate.target = take_name(in->target);
    out->moderate.reason = take_text(in->reason, LIMIT_REASON, &err);
    out->moderate.has_reason = in->has_reason;
    return err;
}

static int refuse(const Verona__RefuseIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_REFUSE;
    out->refuse.stanza = (enum room_stanza)take_enum((int)in->stanza, ROOM_PRESENCE, &err);
    if (!in->error || in->error->condition == SE_NONE ||
        in->error->condition > SE_RECIPIENT_UNAVAILABLE)
        return ERR_PROTO;
    out->refuse.error = (enum stanza_error)in->error->condition;
    out->refuse.text = take_text(in->error->text, LIMIT_REASON, &err);
    return err;
}

static int command(const Verona__CommandIn *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_COMMAND;
    out->command.node = take_text(in->node, LIMIT_NAME, &err);
    out->command.session = take_text(in->session, LIMIT_NAME, &err);
    out->command.cancel = in->cancel;
    out->command.has_form = in->has_form;
    int more = fields(in->fields, in->n_fields, a, &out->command.fields, &out->command.n);
    return err ? err : more;
}

static bool is_hash(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    }
    return s.n % AVATAR_HASH == 0;
}

static int vcard(const Verona__VcardIn *in, struct room_event *out)
{
    int err = 0;
    out->type = in->set ? ROOM_EV_VCARD_SET : ROOM_EV_VCARD_GET;
    out->vcard.xml = take_text(in->vcard, LIMIT_VCARD, &err);
    out->vcard.size = in->size;
    out->vcard.hash = take(in->hash, LIMIT_AVATARS * AVATAR_HASH, &err);
    if (err == 0 && (!is_hash(out->vcard.hash) || (out->vcard.hash.n && !out->vcard.xml.n)))
        err = ERR_PROTO;
    return err;
}

static int presence(const Verona__PresenceIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_PRESENCE;
    out->presence.join = in->join;
    out->presence.has_password = in->has_password;
    out->presence.password = take_text(in->password, LIMIT_REASON, &err);
    out->presence.max_chars = take_count(in->max_chars, &err);
    out->presence.max_stanzas = take_count(in->max_stanzas, &err);
    out->presence.seconds = take_count(in->seconds, &err);
    out->presence.since_ms = take_count(in->since_ms, &err);
    out->presence.payload = take(in->payload, LIMIT_STANZA, &err);
    out->presence.mav = in->mav;
    out->presence.mav_since = take_text(in->mav_since, LIMIT_MAV_SINCE, &err);
    return err;
}

static int message(const Verona__MessageIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_MESSAGE;
    out->message.type = take_enum((int)in->type, (int)VERONA__MESSAGE_IN__TYPE__HEADLINE, &err);
    out->message.has_body = in->has_body;
    out->message.has_subject = in->has_subject;
    out->message.has_thread = in->has_thread;
    out->message.no_store = in->no_store;
    out->message.correction = in->correction;
    out->message.store = in->store;
    out->message.subject = take_text(in->subject, LIMIT_SUBJECT, &err);
    out->message.payload = take(in->payload, LIMIT_STANZA, &err);
    out->message.archive = in->archive;
    out->message.retracts = take_name(in->retracts);
    return err;
}

static int relay(const Verona__RoomEvent *ev, struct room_event *out)
{
    const Verona__RelayIn *in = ev->relay;
    int err = ev->nick.len ? 0 : ERR_PROTO; /* of the room itself it is a query */
    out->type = ROOM_EV_RELAY;
    out->relay.kind = (enum relay_kind)take_enum((int)in->kind, RELAY_PING, &err);
    out->relay.set = in->set;
    out->relay.to_account = in->to_account;
    out->relay.payload = take(in->payload, LIMIT_STANZA, &err);
    return err;
}

static int relay_answer(const Verona__RelayAnswerIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_RELAY_ANSWER;
    out->relay_answer.ticket = take(in->ticket, LIMIT_TICKET, &err);
    out->relay_answer.error = in->error;
    out->relay_answer.payload = take(in->payload, LIMIT_STANZA, &err);
    return err;
}

static int voice(const Verona__VoiceIn *in, struct room_event *out)
{
    int err = 0;
    out->type = ROOM_EV_VOICE;
    out->voice.answer = in->answer;
    out->voice.role = (enum role)take_enum((int)in->role, ROLE_MODERATOR, &err);
    out->voice.nick = take_text(in->nick, LIMIT_JID_PART, &err);
    if (in->jid.len)
        out->voice.jid = take_jid(in->jid, &err);
    out->voice.allow = in->allow;
    return err;
}

static int body(const Verona__RoomEvent *in, struct arena *a, struct room_event *out)
{
    int err = 0;
    switch (in->body_case) {
    case VERONA__ROOM_EVENT__BODY_PRESENCE:
        return presence(in->presence, out);
    case VERONA__ROOM_EVENT__BODY_LEAVE:
        out->type = ROOM_EV_LEAVE;
        out->leave.broken = in->leave->broken;
        out->leave.payload = take(in->leave->payload, LIMIT_STANZA, &err);
        return err;
    case VERONA__ROOM_EVENT__BODY_MESSAGE:
        return message(in->message, out);
    case VERONA__ROOM_EVENT__BODY_ERROR:
        out->type = ROOM_EV_ERROR;
        out->error.from_presence = in->error->from_presence;
        out->error.condition = take_text(in->error->condition, LIMIT_NAME, &err);
        out->error.text = take_text(in->error->text, LIMIT_REASON, &err);
        return err;
    case VERONA__ROOM_EVENT__BODY_PROBE:
        out->type = ROOM_EV_PROBE;
        return 0;
    case VERONA__ROOM_EVENT__BODY_ADMIN:
        return admin(in->admin, a, out);
    case VERONA__ROOM_EVENT__BODY_OWNER:
        return owner(in->owner, a, out);
    case VERONA__ROOM_EVENT__BODY_DESTROY:
        return destroy(in->destroy, out);
    case VERONA__ROOM_EVENT__BODY_PROVIDE:
        return provide(in->provide, a, out);
    case VERONA__ROOM_EVENT__BODY_REGISTER_:
        return reg(in->register_, out);
    case VERONA__ROOM_EVENT__BODY_INVITE:
        return invite(in->invite, a, out);
    case VERONA__ROOM_EVENT__BODY_DECLINE:
        out->type = ROOM_EV_DECLINE;
        out->decline.to = take_jid(in->decline->to, &err);
        out->decline.reason = take_text(in->decline->reason, LIMIT_REASON, &err);
        return err;
    case VERONA__ROOM_EVENT__BODY_QUERY:
        return query(in->query, out);
    case VERONA__ROOM_EVENT__BODY_ARCHIVE:
        return archive(in->archive, a, out);
    case VERONA__ROOM_EVENT__BODY_MODERATE:
        return moderate(in->moderate, out);
    case VERONA__ROOM_EVENT__BODY_VCARD:
        return vcard(in->vcard, out);
    case VERONA__ROOM_EVENT__BODY_COMMAND:
        return command(in->command, a, out);
    case VERONA__ROOM_EVENT__BODY_REFUSE:
        return refuse(in->refuse, out);
    case VERONA__ROOM_EVENT__BODY_RELAY:
        return relay(in, out);
    case VERONA__ROOM_EVENT__BODY_RELAY_ANSWER:
        return relay_answer(in->relay_answer, out);
    case VERONA__ROOM_EVENT__BODY_VOICE:
        return voice(in->voice, out);
    case VERONA__ROOM_EVENT__BODY__NOT_SET:
    default:
        return ERR_PROTO;
    }
}

int codec_event(const Verona__RoomEvent *in, struct arena *a, struct room_event *out)
{
    struct room_event ev;
    memset(&ev, 0, sizeof ev);
    int err = 0;
    ev.origin.sid = in->sid;
    ev.origin.rseq = in->rseq;
    ev.origin.jid = take_jid(in->jid, &err);
    ev.nick = take_text(in->nick, LIMIT_JID_PART, &err);
    ev.strict_ok = in->strict_ok;
    ev.by_service = in->by_service;
    ev.id = take_text(in->id, LIMIT_ID, &err);
    if (err == 0 && (in->rseq == 0 || jid_resource(ev.origin.jid).n == 0))
        err = ERR_PROTO;
    int more = body(in, a, &ev);
    if (err == 0)
        err = more;
    if (err)
        return err;
    *out = ev;
    return 0;
}

bool codec_stanza(const Verona__RoomEvent *in, enum room_stanza *out)
{
    switch (in->body_case) {
    case VERONA__ROOM_EVENT__BODY_PRESENCE:
    case VERONA__ROOM_EVENT__BODY_PROBE:
        *out = ROOM_PRESENCE;
        return true;
    case VERONA__ROOM_EVENT__BODY_MESSAGE:
    case VERONA__ROOM_EVENT__BODY_INVITE:
    case VERONA__ROOM_EVENT__BODY_DECLINE:
    case VERONA__ROOM_EVENT__BODY_VOICE:
        *out = ROOM_MESSAGE;
        return true;
    case VERONA__ROOM_EVENT__BODY_ADMIN:
    case VERONA__ROOM_EVENT__BODY_OWNER:
    case VERONA__ROOM_EVENT__BODY_DESTROY:
    case VERONA__ROOM_EVENT__BODY_PROVIDE:
    case VERONA__ROOM_EVENT__BODY_REGISTER_:
    case VERONA__ROOM_EVENT__BODY_QUERY:
    case VERONA__ROOM_EVENT__BODY_VCARD:
    case VERONA__ROOM_EVENT__BODY_COMMAND:
    case VERONA__ROOM_EVENT__BODY_ARCHIVE:
    case VERONA__ROOM_EVENT__BODY_MODERATE:
    case VERONA__ROOM_EVENT__BODY_RELAY:
        *out = ROOM_IQ;
        return true;
    case VERONA__ROOM_EVENT__BODY_REFUSE:
        if ((int)in->refuse->stanza < 0 || (int)in->refuse->stanza > ROOM_PRESENCE)
            return false;
        *out = (enum room_stanza)in->refuse->stanza;
        return true;
    case VERONA__ROOM_EVENT__BODY_LEAVE:
    case VERONA__ROOM_EVENT__BODY_ERROR:
    case VERONA__ROOM_EVENT__BODY_RELAY_ANSWER:
    case VERONA__ROOM_EVENT__BODY__NOT_SET:
    default:
        return false;
    }
}
