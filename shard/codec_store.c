/* codec_store.c: see codec_store.h. With shard/codec.c, the only users of the generated code here.
 */
#include "shard/codec_store.h"

#include "base/err.h"
#include "base/limits.h"
#include "proto/wire.h"

#include <assert.h>

enum store_flag store_entry_flag(const struct store_entry *e)
{
    switch (e->fx->persist.kind) {
    case FXS_CREATE:
        return STORE_CREATE;
    case FXS_DESTROY:
        return STORE_DESTROY;
    case FXS_MESSAGE:
    case FXS_SUBJECT:
    case FXS_MODERATE:
    case FXS_AFFILIATIONS:
    case FXS_CONFIG:
        break;
    }
    return STORE_CHANGE;
}

bool store_image_listed(const struct room_image *image)
{
    return image->config.public_room && !image->locked;
}

/* ---------------------------------------------------------------------------------------- pack */

static void put_config(const struct room_config *c, Verona__RoomConfig *out)
{
    verona__room_config__init(out);
    out->name = wire_bytes(c->name);
    out->description = wire_bytes(c->description);
    out->lang = wire_bytes(c->lang);
    out->secret = wire_bytes(c->secret);
    out->persistent = c->persistent;
    out->public_ = c->public_room;
    out->members_only = c->members_only;
    out->moderated = c->moderated;
    out->change_subject = c->change_subject;
    out->logging = c->logging;
    out->allow_invites = c->allow_invites;
    out->whois_anyone = c->whois_anyone;
    out->allow_pm = (uint32_t)c->allow_pm;
    out->max_users = c->max_users;
    out->presence_broadcast = c->presence_broadcast;
    out->get_member_list = c->get_member_list;
    out->slow_mode_s = c->slow_mode_s;
    out->archive = c->archive;
    out->archive_messages = c->archive_messages;
    out->archive_days = c->archive_days;
    out->hide_occupants = c->hide_occupants;
    out->no_registration = c->no_registration;
    out->has_max_history = c->has_max_history;
    out->max_history = c->max_history;
}

static void put_retraction(const struct room_retraction *by, Verona__Retraction *out)
{
    verona__retraction__init(out);
    out->id = wire_bytes(by->id);
    out->stamp_ms = by->stamp_ms;
    out->moderated = by->moderated;
    out->nick = wire_bytes(by->nick);
    out->occupant_id = wire_bytes(by->occupant_id);
    out->reason = wire_bytes(by->reason);
    out->has_reason = by->has_reason;
}

static Verona__LogEntry__Kind log_kind(enum fx_persist_kind kind)
{
    switch (kind) {
    case FXS_MESSAGE:
    case FXS_MODERATE:
        return VERONA__LOG_ENTRY__KIND__MESSAGE;
    case FXS_SUBJECT:
        return VERONA__LOG_ENTRY__KIND__SUBJECT;
    case FXS_AFFILIATIONS:
        return VERONA__LOG_ENTRY__KIND__AFFILIATIONS;
    case FXS_CONFIG:
        return VERONA__LOG_ENTRY__KIND__CONFIG;
    case FXS_CREATE:
        return VERONA__LOG_ENTRY__KIND__CREATE;
    case FXS_DESTROY:
        break;
    }
    return VERONA__LOG_ENTRY__KIND__DESTROY;
}

void store_pack_entry(const struct store_entry *e, struct buf *out)
{
    const struct fx *fx = e->fx;
    assert(fx->type == FX_PERSIST);
    Verona__LogEntry m;
    Verona__Name prev, retracts;
    Verona__Retraction by;
    Verona__RoomConfig config;
    Verona__AffilChange *changes = NULL, **list = NULL;
    verona__log_entry__init(&m);
    verona__name__init(&prev);
    prev.e = e->prev.e;
    prev.s = e->prev.s;
    m.prev = &prev;
    m.stamp_ms = e->now_ms;
    m.kind = log_kind(fx->persist.kind);
    m.jid = wire_bytes(fx->persist.by);
    if (fx->persist.kind == FXS_MESSAGE || fx->persist.kind == FXS_SUBJECT ||
        fx->persist.kind == FXS_MODERATE) {
        const struct room_message *msg = &fx->persist.m;
        m.nick = wire_bytes(msg->nick);
        m.occupant_id = wire_bytes(msg->occupant_id);
        m.id = wire_bytes(msg->id);
        m.payload = wire_bytes(msg->payload);
        m.type = (Verona__MessageIn__Type)msg->type;
        m.stamp_ms = msg->stamp_ms ? msg->stamp_ms : e->now_ms;
        m.in_history = fx->persist.in_history;
        m.in_archive = fx->persist.in_archive;
        m.counts = msg->counts;
        m.has_body = msg->has_body;
        if (msg->retracts.s) {
            verona__name__init(&retracts);
            retracts.e = msg->retracts.e;
            retracts.s = msg->retracts.s;
            m.retracts = &retracts;
        }
    }
    if (fx->persist.kind == FXS_MODERATE) {
        put_retraction(&fx->persist.m.by, &by);
        m.retraction = &by;
    }
    if (fx->persist.kind == FXS_SUBJECT) {
        m.subject = wire_bytes(fx->persist.subject);
    }
    if (fx->persist.state_changed &&
        (fx->persist.kind == FXS_CONFIG || fx->persist.kind == FXS_CREATE)) {
        put_config(&fx->persist.state.config, &config);
        m.config = &config;
    }
    if (fx->persist.n_changes > 0) {
        size_t n = 0;
        changes = mem_alloc(fx->persist.n_changes * sizeof(*changes));
        list = mem_alloc(fx->persist.n_changes * sizeof(struct Verona__AffilChange *));
        for (uint32_t i = 0; i < fx->persist.n_changes; i++) {
            const struct room_affiliation *a = &fx->persist.changes[i];
            if (a->expired || a->hats_only) {
                continue;
            }
            verona__affil_change__init(&changes[n]);
            changes[n].jid = wire_bytes(a->jid);
            changes[n].affiliation = (Verona__Affiliation)a->affiliation;
            changes[n].reason = wire_bytes(a->reason);
            changes[n].by = wire_bytes(a->by);
            changes[n].nick = wire_bytes(a->nick);
            list[n] = &changes[n];
            n++;
        }
        m.n_changes = n;
        m.changes = list;
    }
    wire_pack(&m.base, out);
    mem_free(list);
    mem_free(changes);
}

bool store_pack_retraction(const struct store_entry *e, struct event_name *target, struct str *who,
                           struct buf *out)
{
    const struct room_message *m = &e->fx->persist.m;
    bool moderated = e->fx->persist.kind == FXS_MODERATE;
    if ((!moderated && e->fx->persist.kind != FXS_MESSAGE) || !m->retracts.s) {
        return false;
    }
    struct room_retraction own = {.id = m->id, .stamp_ms = m->stamp_ms};
    Verona__Retraction by;
    put_retraction(moderated ? &m->by : &own, &by);
    *target = m->retracts;
    *who = moderated ? STR_NULL : m->occupant_id;
    wire_pack(&by.base, out);
    return true;
}

void store_pack_state(const struct room_image *image, struct buf *out)
{
    Verona__StoredRoom m;
    Verona__RoomConfig config;
    Verona__Name born;
    verona__stored_room__init(&m);
    verona__name__init(&born);
    born.e = image->born.e;
    born.s = image->born.s;
    m.born = &born;
    put_config(&image->config, &config);
    m.config = &config;
    m.subject = wire_bytes(image->subject);
    m.subject_nick = wire_bytes(image->subject_nick);
    m.subject_occupant_id = wire_bytes(image->subject_occupant_id);
    m.subject_stamp_ms = image->subject_stamp_ms;
    m.occupant_secret = wire_bytes(str_n(image->occupant_secret, sizeof(image->occupant_secret)));
    m.locked = image->locked;
    m.creator = wire_bytes(image->creator);
    m.created_ms = image->created_ms;
    m.ver = image->ver;
    m.removed_floor = image->removed_floor;
    m.avatar_hash = wire_bytes(image->avatar_hash);
    Verona__Hat hats[LIMIT_HATS], *list[LIMIT_HATS];
    assert(image->n_hats <= LIMIT_HATS);
    for (uint32_t i = 0; i < image->n_hats; i++) {
        verona__hat__init(&hats[i]);
        hats[i].id = image->hats[i].id;
        hats[i].uri = wire_bytes(image->hats[i].uri);
        hats[i].title = wire_bytes(image->hats[i].title);
        hats[i].hue = wire_bytes(image->hats[i].hue);
        list[i] = &hats[i];
    }
    m.hats = list;
    m.n_hats = image->n_hats;
    m.hat_seq = image->hat_seq;
    wire_pack(&m.base, out);
}

void store_pack_affiliation(const struct room_affiliation *a, struct buf *out)
{
    if (a->expired || (a->affiliation == AFFIL_NONE && a->nick.n == 0 && !a->n_hats && !a->ver)) {
        return;
    }
    Verona__StoredAffiliation m;
    verona__stored_affiliation__init(&m);
    m.affiliation = (Verona__Affiliation)a->affiliation;
    m.reason = wire_bytes(a->reason);
    m.by = wire_bytes(a->by);
    m.nick = wire_bytes(a->nick);
    m.ver = a->ver;
    m.n_hats = a->n_hats;
    m.hats = (uint32_t *)(uintptr_t)a->hats;
    wire_pack(&m.base, out);
}

void store_pack_directory(const struct room_config *c, struct buf *out)
{
    Verona__DirectoryEntry m;
    verona__directory_entry__init(&m);
    m.name = wire_bytes(c->name);
    m.description = wire_bytes(c->description);
    m.lang = wire_bytes(c->lang);
    m.members_only = c->members_only;
    m.password = c->secret.n > 0;
    m.whois_anyone = c->whois_anyone;
    wire_pack(&m.base, out);
}

void store_pack_moved(const struct fx *fx, struct buf *out)
{
    if (fx->persist.moved_to.n == 0) {
        return;
    }
    buf_u64(out, fx->persist.moved_until_ms);
    buf_c(out, ' ');
    buf_str(out, fx->persist.moved_to);
}

void store_pack_name(struct event_name name, struct buf *out)
{
    buf_u64(out, name.e);
    buf_c(out, '-');
    buf_u64(out, name.s);
}

/* ---- unpack */

/* Digits up to `end` (a byte, or the end of s where end is 0). */
static bool take_u64(struct str *s, char end, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = 0;
    while (i < s->n && s->p[i] >= '0' && s->p[i] <= '9') {
        uint64_t digit = (uint64_t)(s->p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
        i++;
    }
    if (i == 0 || (end ? i >= s->n || s->p[i] != end : i != s->n)) {
        return false;
    }
    *out = v;
    size_t used = i + (end ? 1 : 0);
    *s = str_n(s->p + used, s->n - used);
    return true;
}

int store_unpack_name(struct str s, struct event_name *out)
{
    return take_u64(&s, '-', &out->e) && take_u64(&s, 0, &out->s) ? 0 : ERR_INVALID;
}

static bool get_config(const Verona__RoomConfig *m, struct room_config *c)
{
    if (!m || m->allow_pm > PM_NONE) {
        return false;
    }
    *c = (struct room_config){
        .name = wire_str(m->name),
        .description = wire_str(m->description),
        .lang = wire_str(m->lang),
        .secret = wire_str(m->secret),
        .persistent = m->persistent,
        .public_room = m->public_,
        .members_only = m->members_only,
        .moderated = m->moderated,
        .change_subject = m->change_subject,
        .logging = m->logging,
        .allow_invites = m->allow_invites,
        .whois_anyone = m->whois_anyone,
        .allow_pm = (enum allow_pm)m->allow_pm,
        .max_users = m->max_users,
        .presence_broadcast = m->presence_broadcast,
        .get_member_list = m->get_member_list,
        .archive = m->archive,
        .archive_messages = m->archive_messages,
        .archive_days = m->archive_days,
        .hide_occupants = m->hide_occupants,
        .no_registration = m->no_registration,
        .has_max_history = m->has_max_history,
        .max_history = m->max_history,
        .slow_mode_s = m->slow_mode_s,
    };
    return true;
}

static bool get_state(struct str bytes, struct arena *a, struct room_image *out)
{
    const Verona__StoredRoom *m =
        (const void *)wire_unpack(&verona__stored_room__descriptor, bytes, a);
    if (!m || !get_config(m->config, &out->config) ||
        m->occupant_secret.len != sizeof(out->occupant_secret) ||
        m->avatar_hash.len % AVATAR_HASH != 0 || m->n_hats > LIMIT_HATS) {
        return false;
    }
    memcpy(out->occupant_secret, m->occupant_secret.data, sizeof(out->occupant_secret));
    out->subject = wire_str(m->subject);
    out->subject_nick = wire_str(m->subject_nick);
    out->subject_occupant_id = wire_str(m->subject_occupant_id);
    out->subject_stamp_ms = m->subject_stamp_ms;
    out->locked = m->locked;
    out->creator = wire_str(m->creator);
    out->created_ms = m->created_ms;
    out->ver = m->ver;
    if (m->born) {
        out->born = (struct event_name){m->born->e, m->born->s};
    }
    out->removed_floor = m->removed_floor;
    out->avatar_hash = wire_str(m->avatar_hash);
    struct room_hat *hats = arena_alloc(a, m->n_hats * sizeof(*hats));
    for (size_t i = 0; i < m->n_hats; i++) {
        hats[i] = (struct room_hat){m->hats[i]->id, wire_str(m->hats[i]->uri),
                                    wire_str(m->hats[i]->title), wire_str(m->hats[i]->hue)};
    }
    out->hats = hats;
    out->n_hats = (uint32_t)m->n_hats;
    out->hat_seq = m->hat_seq;
    return true;
}

int store_unpack_temporary(struct str state, bool *temporary)
{
    struct arena a;
    struct room_image image;
    arena_init(&a);
    bool ok = get_state(state, &a, &image);
    if (ok) {
        *temporary = !image.config.persistent;
    }
    arena_deinit(&a);
    return ok ? 0 : ERR_PROTO;
}

static struct room_retraction get_retraction(const Verona__Retraction *m)
{
    return (struct room_retraction){
        .id = wire_str(m->id),
        .stamp_ms = m->stamp_ms,
        .moderated = m->moderated,
        .has_reason = m->has_reason,
        .nick = wire_str(m->nick),
        .occupant_id = wire_str(m->occupant_id),
        .reason = wire_str(m->reason),
    };
}

/* What the log says of a message or a subject; name is set. */
static void get_message(const Verona__LogEntry *m, struct room_message *out)
{
    out->stamp_ms = m->stamp_ms;
    out->nick = wire_str(m->nick);
    out->occupant_id = wire_str(m->occupant_id);
    out->id = wire_str(m->id);
    out->payload = wire_str(m->payload);
    out->type = (int)m->type;
    out->counts = m->counts;
    out->has_body = m->has_body;
    if (m->retracts) {
        out->retracts = (struct event_name){m->retracts->e, m->retracts->s};
    }
    if (m->retraction) {
        out->by = get_retraction(m->retraction);
    }
}

/* The message was taken back. false: the value is damaged. */
static bool make_tombstone(struct room_message *m, struct str gone, struct arena *a)
{
    const Verona__Retraction *by =
        (const void *)wire_unpack(&verona__retraction__descriptor, gone, a);
    if (!by) {
        return false;
    }
    m->payload = STR_NULL;
    m->retracts = (struct event_name){0, 0};
    m->gone = true;
    m->by = get_retraction(by);
    return true;
}

static bool is_message(const Verona__LogEntry *m)
{
    return m->kind == VERONA__LOG_ENTRY__KIND__MESSAGE ||
           m->kind == VERONA__LOG_ENTRY__KIND__SUBJECT;
}

int store_unpack_logged(struct str name, struct str entry, struct str gone, struct arena *a,
                        struct store_logged *out)
{
    const Verona__LogEntry *m = (const void *)wire_unpack(&verona__log_entry__descriptor, entry, a);
    *out = (struct store_logged){.in_archive = false};
    if (!m || store_unpack_name(name, &out->m.name) != 0) {
        return ERR_PROTO;
    }
    if (!is_message(m)) {
        return 0;
    }
    get_message(m, &out->m);
    out->jid = out->m.nick.n > 0 ? wire_str(m->jid) : STR_NULL; /* the room itself has none */
    out->in_archive = m->in_archive;
    return gone.n == 0 || make_tombstone(&out->m, gone, a) ? 0 : ERR_PROTO;
}

bool store_unpack_speaker(struct str entry, struct arena *a, struct str *occupant_id)
{
    const Verona__LogEntry *m = (const void *)wire_unpack(&verona__log_entry__descriptor, entry, a);
    if (!m || m->kind != VERONA__LOG_ENTRY__KIND__MESSAGE || m->occupant_id.len == 0) {
        return false;
    }
    *occupant_id = wire_str(m->occupant_id);
    return true;
}

/* ---- reader */

/* Room for one more in an array of the arena. */
static void *grow(struct arena *a, void *list, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap) {
        return list;
    }
    *cap = *cap ? *cap * 2 : 16;
    void *bigger = arena_alloc(a, *cap * size);
    if (n > 0) {
        memcpy(bigger, list, n * size);
    }
    return bigger;
}

void store_reader_init(struct store_reader *r, struct arena *a)
{
    *r = (struct store_reader){.arena = a};
}

void store_reader_meta(struct store_reader *r, struct str field, struct str value)
{
    if (str_is(field, "state")) {
        r->state = value;
        r->has_state = true;
    } else if (str_is(field, "last")) {
        r->last = value;
        r->has_last = true;
    } else if (str_is(field, "gone")) {
        r->gone = value;
        r->has_gone = true;
    } else if (str_is(field, "moved")) {
        if (!take_u64(&value, ' ', &r->moved_until_ms)) {
            r->err = ERR_PROTO;
            return;
        }
        r->moved_to = value;
    } else if (field.n > 2 && memcmp(field.p, "d:", 2) == 0) {
        struct store_mark m = {.gwboot = str_n(field.p + 2, field.n - 2)};
        if (!take_u64(&value, 0, &m.rseq)) {
            r->err = ERR_PROTO;
            return;
        }
        r->marks = grow(r->arena, r->marks, r->n_marks, &r->cap_marks, sizeof(m));
        r->marks[r->n_marks++] = m;
    }
}

void store_reader_affiliation(struct store_reader *r, struct str jid, struct str value)
{
    const Verona__StoredAffiliation *m =
        (const void *)wire_unpack(&verona__stored_affiliation__descriptor, value, r->arena);
    if (!m || m->affiliation < VERONA__AFFILIATION__OUTCAST ||
        m->affiliation > VERONA__AFFILIATION__OWNER || m->n_hats > LIMIT_HATS_WORN) {
        r->err = ERR_PROTO;
        return;
    }
    r->affiliations = grow(r->arena, r->affiliations, r->n_affiliations, &r->cap_affiliations,
                           sizeof(*r->affiliations));
    r->affiliations[r->n_affiliations++] = (struct room_affiliation){
        .jid = jid,
        .affiliation = (enum affiliation)m->affiliation,
        .reason = wire_str(m->reason),
        .by = wire_str(m->by),
        .nick = wire_str(m->nick),
        .ver = m->ver,
        .hats = m->hats,
        .n_hats = (uint32_t)m->n_hats,
    };
}

void store_reader_vcard(struct store_reader *r, struct str value)
{
    r->vcard = value;
}

bool store_reader_entry(struct store_reader *r, struct str name, struct str value)
{
    r->n_entries++;
    if (r->history_ended) {
        return false;
    }
    const Verona__LogEntry *m =
        (const void *)wire_unpack(&verona__log_entry__descriptor, value, r->arena);
    struct room_message msg = {0};
    if (!m || store_unpack_name(name, &msg.name) != 0) {
        r->err = ERR_PROTO;
        r->history_ended = true;
        return false;
    }
    if (m->kind == VERONA__LOG_ENTRY__KIND__CREATE || m->kind == VERONA__LOG_ENTRY__KIND__DESTROY) {
        r->history_ended = true; /* what is older belongs to another room of that name */
        r->whole = true;
        return false;
    }
    if (!m->in_history) {
        r->history_from = m->stamp_ms;
        return true;
    }
    r->history_bytes += value.n;
    if (r->history_bytes > LIMIT_HISTORY_BYTES || r->n_history == LIMIT_HISTORY) {
        r->history_ended = true;
        return false;
    }
    r->history_from = m->stamp_ms;
    get_message(m, &msg);
    r->history = grow(r->arena, r->history, r->n_history, &r->cap_history, sizeof(msg));
    r->history[r->n_history++] = msg;
    return true;
}

void store_reader_gone(struct store_reader *r, uint32_t i, struct str value)
{
    if (i < r->n_history && value.n > 0 && !make_tombstone(&r->history[i], value, r->arena)) {
        r->err = ERR_PROTO;
    }
}

int store_reader_finish(struct store_reader *r, uint64_t hs, struct store_room *out)
{
    *out = (struct store_room){0};
    if (r->err) {
        return r->err;
    }
    /* A room is there, or was removed, or never was: all of it says the same, or parts are lost. */
    if (r->has_last ? r->has_state == r->has_gone
                    : r->has_state || r->has_gone || r->n_affiliations > 0 || r->n_entries > 0) {
        return ERR_PROTO;
    }
    /* Without any event the names start above those of the rooms that the slot has lost. */
    out->last = (struct event_name){0, hs};
    if (r->has_last && store_unpack_name(r->last, &out->last) != 0) {
        return ERR_PROTO;
    }
    out->marks = r->marks;
    out->n_marks = r->n_marks;
    if (!r->has_state) {
        out->moved_to = r->moved_to;
        out->moved_until_ms = r->moved_until_ms;
        return 0;
    }
    out->exists = true;
    if (!get_state(r->state, r->arena, &out->image)) {
        return ERR_PROTO;
    }
    out->image.vcard = r->vcard;
    if (!r->vcard.n) { /* lost, or it has none: the room can do without */
        out->image.avatar_hash = STR_NULL;
    }
    out->image.last = out->last;
    out->image.affiliations = r->affiliations;
    out->image.n_affiliations = r->n_affiliations;
    for (uint32_t i = 0; i < r->n_history / 2; i++) { /* oldest first */
        struct room_message t = r->history[i];
        r->history[i] = r->history[r->n_history - 1 - i];
        r->history[r->n_history - 1 - i] = t;
    }
    out->image.history = r->history;
    out->image.n_history = r->n_history;
    out->image.history_from_ms = r->whole ? 0 : r->history_from;
    return 0;
}
