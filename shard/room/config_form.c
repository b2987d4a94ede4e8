/* config_form.c: a submitted muc#roomconfig form (XEP-0045 §10.1.3, §10.2, W63 to W67).
 * Reads into a copy, so that a refusal leaves nothing behind. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"

enum { NUMBER_MAX = 999999, SUBTAG = 8 };

#define PREFIX "muc#roomconfig_"
#define OWN_PREFIX "x-" PREFIX /* not registered (XEP-0068 §3.4) */

/* What is being read. */
struct reader {
    const struct room *room;
    struct arena *arena;
    struct config_submit *out;
    bool has_secret, has_protected, is_protected;
    struct str secret;
};

typedef enum stanza_error read_fn(struct reader *r, const struct room_field *f);

/* W64: no value, or an empty one, empties the field. A choice cannot be empty: it is refused, for
 * what the service has instead might show everybody's JID. */
static struct str value(const struct room_field *f)
{
    return f->n_values ? f->values[0] : STR_NULL;
}

static enum stanza_error read_bool(const struct room_field *f, bool *out)
{
    struct str v = value(f);
    if (str_is(v, "1") || str_is(v, "true"))
        *out = true;
    else if (!v.n || str_is(v, "0") || str_is(v, "false"))
        *out = false;
    else
        return SE_NOT_ACCEPTABLE;
    return SE_NONE;
}

/* Several values are the lines of one text. */
static enum stanza_error read_text(struct reader *r, const struct room_field *f, struct str *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < f->n_values; i++)
        n += f->values[i].n + (i > 0);
    if (n > LIMIT_REASON)
        return SE_NOT_ACCEPTABLE;
    char *p = arena_alloc(r->arena, n), *at = p;
    for (uint32_t i = 0; i < f->n_values; i++) {
        if (i > 0)
            *at++ = '\n';
        if (f->values[i].n)
            memcpy(at, f->values[i].p, f->values[i].n);
        at += f->values[i].n;
    }
    *out = (struct str){p, n};
    return SE_NONE;
}

/* max: characters, 0: as many as the limit of every text allows. */
static enum stanza_error read_short(struct reader *r, const struct room_field *f, uint32_t max,
                                    struct str *out)
{
    enum stanza_error e = read_text(r, f, out);
    return !e && max && utf8_count(*out) > max ? SE_NOT_ACCEPTABLE : e;
}

/* Roles as bits. */
static enum stanza_error read_roles(const struct room_field *f, uint32_t *out)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < f->n_values; i++) {
        enum role role;
        if (!f->values[i].n)
            continue;
        if (!role_parse(f->values[i], &role))
            return SE_NOT_ACCEPTABLE;
        bits |= ROLE_BIT(role);
    }
    *out = bits;
    return SE_NONE;
}

static bool listed(const struct str *list, uint32_t n, struct str s)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(list[i], s))
            return true;
    }
    return false;
}

static enum stanza_error read_jids(struct reader *r, const struct room_field *f,
                                   const struct str **out, uint32_t *n_out)
{
    struct str *list = arena_alloc(r->arena, f->n_values * sizeof *list);
    uint32_t n = 0;
    for (uint32_t i = 0; i < f->n_values; i++) {
        struct jid parts;
        if (!f->values[i].n)
            continue;
        if (jid_split(f->values[i], &parts) != 0)
            return SE_JID_MALFORMED;
        struct str bare = jid_bare(f->values[i]);
        if (!listed(list, n, bare))
            list[n++] = arena_str(r->arena, bare);
    }
    *out = list;
    *n_out = n;
    return SE_NONE;
}

static enum stanza_error read_name(struct reader *r, const struct room_field *f)
{
    return read_short(r, f, r->room->service->max_title, &r->out->config.name);
}

static enum stanza_error read_description(struct reader *r, const struct room_field *f)
{
    return read_short(r, f, r->room->service->max_description, &r->out->config.description);
}

bool config_lang_ok(struct str tag)
{
    size_t in_subtag = 0;
    for (size_t i = 0; i < tag.n; i++) {
        char c = tag.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == '-' && in_subtag)
            in_subtag = 0;
        else if ((letter || (c >= '0' && c <= '9')) && in_subtag < SUBTAG)
            in_subtag++;
        else
            return false;
    }
    return in_subtag && tag.n <= LIMIT_LANG;
}

static enum stanza_error read_lang(struct reader *r, const struct room_field *f)
{
    struct str v = value(f);
    if (v.n && !config_lang_ok(v))
        return SE_NOT_ACCEPTABLE;
    r->out->config.lang = arena_str(r->arena, v);
    return SE_NONE;
}

static enum stanza_error read_secret(struct reader *r, const struct room_field *f)
{
    r->has_secret = true;
    return read_text(r, f, &r->secret);
}

static enum stanza_error read_protected(struct reader *r, const struct room_field *f)
{
    r->has_protected = true;
    return read_bool(f, &r->is_protected);
}

#define BOOL_FIELD(member)                                                                         \
    static enum stanza_error read_##member(struct reader *r, const struct room_field *f)           \
    {                                                                                              \
        return read_bool(f, &r->out->config.member);                                               \
    }
BOOL_FIELD(persistent)
BOOL_FIELD(public_room)
BOOL_FIELD(members_only)
BOOL_FIELD(moderated)
BOOL_FIELD(change_subject)
BOOL_FIELD(logging)
BOOL_FIELD(allow_invites)
BOOL_FIELD(archive)

/* A box that says the opposite of what is stored. */
static enum stanza_error read_not(const struct room_field *f, bool *out)
{
    bool on = false;
    enum stanza_error e = read_bool(f, &on);
    *out = !on;
    return e;
}

static enum stanza_error read_list_occupants(struct reader *r, const struct room_field *f)
{
    return read_not(f, &r->out->config.hide_occupants);
}

static enum stanza_error read_registration(struct reader *r, const struct room_field *f)
{
    return read_not(f, &r->out->config.no_registration);
}

static enum stanza_error read_whois(struct reader *r, const struct room_field *f)
{
    struct str v = value(f);
    if (str_is(v, "anyone"))
        r->out->config.whois_anyone = true;
    else if (str_is(v, "moderators"))
        r->out->config.whois_anyone = false;
    else
        return SE_NOT_ACCEPTABLE;
    return SE_NONE;
}

static enum stanza_error read_allow_pm(struct reader *r, const struct room_field *f)
{
    struct str v = value(f);
    if (str_is(v, "anyone"))
        r->out->config.allow_pm = PM_ANYONE;
    else if (str_is(v, "participants"))
        r->out->config.allow_pm = PM_PARTICIPANTS;
    else if (str_is(v, "moderators"))
        r->out->config.allow_pm = PM_MODERATORS;
    else if (str_is(v, "none"))
        r->out->config.allow_pm = PM_NONE;
    else
        return SE_NOT_ACCEPTABLE;
    return SE_NONE;
}

/* Digits; nothing is 0. */
static enum stanza_error read_digits(struct str v, uint32_t *out)
{
    *out = 0;
    return !v.n || str_u32(v, NUMBER_MAX, out) ? SE_NONE : SE_NOT_ACCEPTABLE;
}

static enum stanza_error read_max_users(struct reader *r, const struct room_field *f)
{
    struct str v = value(f);
    return read_digits(str_is(v, "none") ? STR_NULL : v, &r->out->config.max_users);
}

/* XEP-0045 §16.5.3: none is as many as the history has. */
static enum stanza_error read_max_history(struct reader *r, const struct room_field *f)
{
    struct str v = value(f);
    r->out->config.has_max_history = v.n > 0;
    enum stanza_error e = read_digits(v, &r->out->config.max_history);
    return !e && r->out->config.max_history > LIMIT_HISTORY ? SE_NOT_ACCEPTABLE : e;
}

/* A number of digits, no more than max; `none` is what an empty field means. */
static enum stanza_error read_number(const struct room_field *f, uint32_t none, uint32_t max,
                                     uint32_t *out)
{
    struct str v = value(f);
    uint32_t n = 0;
    enum stanza_error e = read_digits(v, &n);
    *out = v.n ? n : none;
    return !e && *out > max ? SE_NOT_ACCEPTABLE : e;
}

/* R110, XEP-0500 */
static enum stanza_error read_slow_mode(struct reader *r, const struct room_field *f)
{
    return read_number(f, 0, LIMIT_SLOW_MODE_S, &r->out->config.slow_mode_s);
}

static enum stanza_error read_archive_messages(struct reader *r, const struct room_field *f)
{
    uint32_t none = r->room->service->defaults.archive_messages, n = 0;
    enum stanza_error e = read_number(f, none, LIMIT_ARCHIVE_MESSAGES, &n);
    /* an archive of nothing is none: that has a box of its own */
    if (!e && !n && r->room->config.archive_messages)
        e = SE_NOT_ACCEPTABLE;
    r->out->config.archive_messages = n;
    return e;
}

static enum stanza_error read_archive_days(struct reader *r, const struct room_field *f)
{
    uint32_t none = r->room->service->defaults.archive_days;
    return read_number(f, none, LIMIT_ARCHIVE_DAYS, &r->out->config.archive_days);
}

static enum stanza_error read_presence_broadcast(struct reader *r, const struct room_field *f)
{
    return read_roles(f, &r->out->config.presence_broadcast);
}

static enum stanza_error read_get_member_list(struct reader *r, const struct room_field *f)
{
    enum stanza_error e = read_roles(f, &r->out->config.get_member_list);
    /* who is not inside has no role to read it with */
    return !e && (r->out->config.get_member_list & ROLE_BIT(ROLE_NONE)) ? SE_NOT_ACCEPTABLE : e;
}

static enum stanza_error read_admins(struct reader *r, const struct room_field *f)
{
    r->out->has_admins = true;
    return read_jids(r, f, &r->out->admins, &r->out->n_admins);
}

static enum stanza_error read_owners(struct reader *r, const struct room_field *f)
{
    r->out->has_owners = true;
    return read_jids(r, f, &r->out->owners, &r->out->n_owners);
}

static const struct {
    const char *var;
    read_fn *read;
} fields[] = {
    {PREFIX "roomname", read_name},
    {PREFIX "roomdesc", read_description},
    {PREFIX "lang", read_lang},
    {PREFIX "roomsecret", read_secret},
    {PREFIX "passwordprotectedroom", read_protected},
    {PREFIX "persistentroom", read_persistent},
    {PREFIX "publicroom", read_public_room},
    {PREFIX "membersonly", read_members_only},
    {PREFIX "moderatedroom", read_moderated},
    {PREFIX "changesubject", read_change_subject},
    {PREFIX "enablelogging", read_logging},
    {PREFIX "allowinvites", read_allow_invites},
    {PREFIX "whois", read_whois},
    {PREFIX "allowpm", read_allow_pm},
    {PREFIX "maxusers", read_max_users},
    {PREFIX "presencebroadcast", read_presence_broadcast},
    {PREFIX "getmemberlist", read_get_member_list},
    {"x-muc#roomconfig_archive", read_archive},
    {"x-muc#roomconfig_archive_messages", read_archive_messages},
    {"x-muc#roomconfig_archive_days", read_archive_days},
    {"muc#maxhistoryfetch", read_max_history},
    {OWN_PREFIX "listoccupants", read_list_occupants},
    {OWN_PREFIX "registration", read_registration},
    {PREFIX "slow_mode_duration", read_slow_mode},
    {PREFIX "roomadmins", read_admins},
    {PREFIX "roomowners", read_owners},
};

/* R52, W65. An empty secret with the box ticked keeps the stored one: a room is never opened by a
 * client that does not send passwords back. */
static enum stanza_error settle_secret(struct reader *r)
{
    struct str stored = r->out->config.secret;
    if (r->has_protected && !r->is_protected)
        r->out->config.secret = STR_NULL;
    else if (r->has_secret && (r->secret.n || !r->has_protected))
        r->out->config.secret = r->secret;
    else if (r->has_protected && !stored.n)
        return SE_NOT_ACCEPTABLE;
    return SE_NONE;
}

/* R51, W64 */
enum stanza_error config_form_read(const struct room *room, const struct room_config *base,
                                   const struct room_event *ev, struct arena *a,
                                   struct config_submit *out)
{
    memset(out, 0, sizeof *out);
    out->config = config_copy(a, base);
    if (ev->owner.has_form_type &&
        !str_is(ev->owner.form_type, "http://jabber.org/protocol/muc#roomconfig"))
        return SE_BAD_REQUEST;
    struct reader r = {.room = room, .arena = a, .out = out};
    for (uint32_t i = 0; i < ev->owner.n; i++) {
        const struct room_field *f = &ev->owner.fields[i];
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            if (!str_is(f->var, fields[k].var))
                continue;
            enum stanza_error e = fields[k].read(&r, f);
            if (e)
                return e;
        }
    }
    return settle_secret(&r);
}

/* Is anything else different than what has a code of its own? */
static bool others_differ(const struct room_config *a, const struct room_config *b)
{
    return !str_eq(a->name, b->name) || !str_eq(a->description, b->description) ||
           !str_eq(a->lang, b->lang) || !str_eq(a->secret, b->secret) ||
           a->persistent != b->persistent || a->public_room != b->public_room ||
           a->members_only != b->members_only || a->moderated != b->moderated ||
           a->change_subject != b->change_subject || a->allow_invites != b->allow_invites ||
           a->allow_pm != b->allow_pm || a->max_users != b->max_users ||
           a->presence_broadcast != b->presence_broadcast || a->archive != b->archive ||
           a->archive_messages != b->archive_messages || a->archive_days != b->archive_days ||
           a->get_member_list != b->get_member_list || a->hide_occupants != b->hide_occupants ||
           a->no_registration != b->no_registration || a->has_max_history != b->has_max_history ||
           a->max_history != b->max_history || a->slow_mode_s != b->slow_mode_s;
}

/* R53, XEP-0045 §10.2.1 */
uint8_t config_codes(const struct room_config *before, const struct room_config *after,
                     uint16_t codes[8])
{
    uint8_t n = 0;
    if (others_differ(before, after))
        codes[n++] = 104;
    if (before->logging != after->logging)
        codes[n++] = after->logging ? 170 : 171;
    if (before->whois_anyone != after->whois_anyone)
        codes[n++] = after->whois_anyone ? 172 : 173;
    return n;
}
