/* service.c: config -> struct room_service. The defaults of rooms are, from the weakest on: what is
 * shipped, the preset, and each room.default.* that somebody set. */
#include "shard/service.h"
#include "base/err.h"
#include "prep/jid_prep.h"
#include "base/limits.h"
#include "rt/config.h"
#include "shard/presets.h"
#include "shard/room/room.h"

#include <strings.h>

static int refuse(const struct config *cfg, enum config_id id, const char *accepted,
                  struct buf *err)
{
    buf_printf(err, "%s: \"%s\" is none of: %s", config_key(id), config_str(cfg, id), accepted);
    return ERR_INVALID;
}

static int roles(const struct config *cfg, enum config_id id, uint32_t *out, struct buf *err)
{
    struct str list = str_of(config_str(cfg, id)), word;
    *out = 0;
    while (str_list_next(&list, &word)) {
        enum role role;
        if (!role_parse(word, &role))
            return refuse(cfg, id, "visitor, participant, moderator, none", err);
        *out |= ROLE_BIT((uint32_t)role);
    }
    return 0;
}

static int allow_pm(const struct config *cfg, struct room_config *c, struct buf *err)
{
    static const char *const names[] = {"anyone", "participants", "moderators", "none"};
    for (uint32_t i = 0; i < 4; i++)
        if (strcasecmp(config_str(cfg, CFG_ROOM_ALLOWPM), names[i]) == 0) {
            c->allow_pm = (enum allow_pm)i;
            return 0;
        }
    return refuse(cfg, CFG_ROOM_ALLOWPM, "anyone, participants, moderators, none", err);
}

/* One of two words: false is the first. */
static int either(const struct config *cfg, enum config_id id, const char *no, const char *yes,
                  bool *out, struct buf *err)
{
    char accepted[64];
    *out = strcmp(config_str(cfg, id), yes) == 0;
    if (*out || strcmp(config_str(cfg, id), no) == 0)
        return 0;
    (void)strcpy(accepted, no);
    (void)strcat(accepted, ", ");
    (void)strcat(accepted, yes);
    return refuse(cfg, id, accepted, err);
}

/* One that an operator typed, prepared as gateways prepare those of clients: what comes from them
 * is compared byte by byte. */
static int bare_jid(enum config_id id, struct str raw, struct arena *a, struct str *out,
                    struct buf *err)
{
    struct jid parts;
    if (jid_prep(raw, a, out, &parts) == 0 && parts.resource.n == 0)
        return 0;
    buf_printf(err, "%s: \"%.*s\" is not a bare JID such as ann@localhost", config_key(id),
               STR_FMT(raw));
    return ERR_INVALID;
}

/* A list of them. */
static int jids(const struct config *cfg, enum config_id id, struct arena *a, struct str *out,
                uint32_t cap, uint32_t *n, struct buf *err)
{
    struct str list = str_of(config_str(cfg, id)), word;
    while (str_list_next(&list, &word)) {
        if (*n == cap) {
            buf_printf(err, "%s: more than %u", config_key(id), cap);
            return ERR_INVALID;
        }
        int rc = bare_jid(id, word, a, &out[*n], err);
        if (rc)
            return rc;
        (*n)++;
    }
    return 0;
}

/* ------------------------------------------------------------------ what new rooms are */

static void set_bool(const struct config *cfg, enum config_id id, bool *out, bool yes)
{
    *out = config_bool(cfg, id) == yes;
}

/* Is the option to be read in this pass: all, or those that somebody set? */
static bool wanted(const struct config *cfg, enum config_id id, bool set_only)
{
    return !set_only || strcmp(config_origin(cfg, id), "default") != 0;
}

static int defaults(const struct config *cfg, struct room_config *c, bool set_only, struct buf *err)
{
    const struct {
        enum config_id id;
        bool *out, yes;
    } flags[] = {
        {CFG_ROOM_PERSISTENT, &c->persistent, true},
        {CFG_ROOM_PUBLIC, &c->public_room, true},
        {CFG_ROOM_MEMBERSONLY, &c->members_only, true},
        {CFG_ROOM_MODERATED, &c->moderated, true},
        {CFG_ROOM_CHANGESUBJECT, &c->change_subject, true},
        {CFG_ROOM_LOGGING, &c->logging, true},
        {CFG_ROOM_ALLOWINVITES, &c->allow_invites, true},
        {CFG_ROOM_ARCHIVE, &c->archive, true},
        {CFG_ROOM_LISTOCCUPANTS, &c->hide_occupants, false},
        {CFG_ROOM_REGISTRATION, &c->no_registration, false},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (wanted(cfg, flags[i].id, set_only))
            set_bool(cfg, flags[i].id, flags[i].out, flags[i].yes);
    if (wanted(cfg, CFG_ROOM_WHOIS, set_only))
        rc = either(cfg, CFG_ROOM_WHOIS, "moderators", "anyone", &c->whois_anyone, err);
    if (rc == 0 && wanted(cfg, CFG_ROOM_PRESENCEBROADCAST, set_only))
        rc = roles(cfg, CFG_ROOM_PRESENCEBROADCAST, &c->presence_broadcast, err);
    if (rc == 0 && wanted(cfg, CFG_ROOM_GETMEMBERLIST, set_only))
        rc = roles(cfg, CFG_ROOM_GETMEMBERLIST, &c->get_member_list, err);
    if (rc == 0 && wanted(cfg, CFG_ROOM_ALLOWPM, set_only))
        rc = allow_pm(cfg, c, err);
    return rc;
}

/* A text of a form, within the limits that a form has. */
static int text(const struct config *cfg, enum config_id id, struct str *out, struct buf *err)
{
    *out = str_of(config_str(cfg, id));
    if (out->n <= LIMIT_REASON)
        return 0;
    buf_printf(err, "%s: longer than %d bytes", config_key(id), LIMIT_REASON);
    return ERR_INVALID;
}

/* Fields that no preset speaks of. */
static int plain_defaults(const struct config *cfg, struct room_config *c, struct buf *err)
{
    int rc = text(cfg, CFG_ROOM_ROOMNAME, &c->name, err);
    if (rc == 0)
        rc = text(cfg, CFG_ROOM_ROOMDESC, &c->description, err);
    c->lang = str_of(config_str(cfg, CFG_ROOM_LANG));
    if (rc == 0 && c->lang.n && !config_lang_ok(c->lang)) {
        buf_printf(err, "%s: \"%s\" is no language tag such as en or pt-BR",
                   config_key(CFG_ROOM_LANG), config_str(cfg, CFG_ROOM_LANG));
        rc = ERR_INVALID;
    }
    if (rc == 0 && config_bool(cfg, CFG_ROOM_PASSWORDPROTECTED)) {
        rc = text(cfg, CFG_ROOM_ROOMSECRET, &c->secret, err);
        if (rc == 0 && !c->secret.n) { /* W65 */
            buf_printf(err, "%s: needs %s", config_key(CFG_ROOM_PASSWORDPROTECTED),
                       config_key(CFG_ROOM_ROOMSECRET));
            rc = ERR_INVALID;
        }
    }
    int64_t max = config_int(cfg, CFG_ROOM_MAXUSERS),
            fetch = config_int(cfg, CFG_ROOM_MAXHISTORYFETCH);
    c->max_users = max > 0 && max <= UINT32_MAX ? (uint32_t)max : 0;
    int64_t slow = config_int(cfg, CFG_ROOM_SLOW_MODE);
    if (rc == 0 && (slow < 0 || slow > LIMIT_SLOW_MODE_S)) {
        buf_printf(err, "%s: not in 0 .. %d", config_key(CFG_ROOM_SLOW_MODE), LIMIT_SLOW_MODE_S);
        rc = ERR_INVALID;
    }
    c->slow_mode_s = (uint32_t)slow;
    c->archive_messages = (uint32_t)config_int(cfg, CFG_ROOM_ARCHIVE_MESSAGES);
    c->archive_days = (uint32_t)config_int(cfg, CFG_ROOM_ARCHIVE_DAYS);
    c->has_max_history = fetch >= 0 && fetch < LIMIT_HISTORY;
    c->max_history = c->has_max_history ? (uint32_t)fetch : 0;
    return rc;
}

static int room_defaults(const struct config *cfg, struct room_config *c, struct buf *err)
{
    const struct preset *preset = preset_find(str_of(config_str(cfg, CFG_ROOM_PRESET)));
    int rc = defaults(cfg, c, false, err);
    if (rc == 0 && preset) {
        preset_apply(preset, c);
        rc = defaults(cfg, c, true, err);
    }
    return rc ? rc : plain_defaults(cfg, c, err);
}

/* ------------------------------------------------------------------ policies */

static bool name_allowed(const void *ctx, struct str local)
{
    const struct service *s = ctx;
    char name[LIMIT_JID_PART + 1];
    if (local.n > LIMIT_JID_PART)
        return false;
    memcpy(name, local.p, local.n);
    name[local.n] = '\0';
    return regexec(&s->name_pattern, name, 0, NULL, 0) == 0;
}

static int name_pattern(struct service *s, const struct config *cfg, struct buf *err)
{
    const char *pattern = config_str(cfg, CFG_ROOM_NAME_PATTERN);
    char why[128];
    if (!*pattern)
        return 0;
    int rc = regcomp(&s->name_pattern, pattern, REG_EXTENDED | REG_NOSUB);
    if (rc) {
        (void)regerror(rc, &s->name_pattern, why, sizeof why);
        buf_printf(err, "%s: \"%s\" is no extended regular expression: %s",
                   config_key(CFG_ROOM_NAME_PATTERN), pattern, why);
        return ERR_INVALID;
    }
    s->has_name_pattern = true;
    s->room.name_allowed = name_allowed;
    s->room.name_ctx = s;
    return 0;
}

static uint32_t number(const struct config *cfg, enum config_id id)
{
    int64_t v = config_int(cfg, id);
    return v > 0 && v <= UINT32_MAX ? (uint32_t)v : 0;
}

static int policies(struct service *s, const struct config *cfg, struct buf *err)
{
    struct room_service *r = &s->room;
    r->lock_new_rooms = config_bool(cfg, CFG_ROOM_LOCK);
    r->history_default = number(cfg, CFG_ROOM_HISTORY);
    r->admins_own = config_bool(cfg, CFG_ROOM_ADMINS_OWN);
    r->create_by_admins_only = strcmp(config_str(cfg, CFG_ROOM_CREATE), "admins") == 0;
    r->register_strangers = strcmp(config_str(cfg, CFG_ROOM_REGISTER), "anyone") == 0;
    r->register_off = strcmp(config_str(cfg, CFG_ROOM_REGISTER), "off") == 0;
    r->name_max = number(cfg, CFG_ROOM_NAME_MAX);
    r->max_title = number(cfg, CFG_ROOM_MAX_NAME);
    r->max_description = number(cfg, CFG_ROOM_MAX_DESC);
    r->max_occupants = number(cfg, CFG_ROOM_MAX_OCCUPANTS);
    r->max_affiliations = number(cfg, CFG_ROOM_MAX_AFFILIATIONS);
    r->enforce_nicks = config_bool(cfg, CFG_ROOM_ENFORCE_NICK);
    r->voice_interval_ms = config_ms(cfg, CFG_ROOM_VOICE);
    r->max_message = number(cfg, CFG_ROOM_MAX_MESSAGE);
    r->presence_limit = number(cfg, CFG_ROOM_PRESENCE_LIMIT);
    r->message_rate = number(cfg, CFG_ROOM_MESSAGE_RATE);
    r->presence_rate = number(cfg, CFG_ROOM_PRESENCE_RATE);
    r->invite_rate = number(cfg, CFG_ROOM_INVITE_RATE);
    r->tombstone_ms = config_ms(cfg, CFG_ROOM_TOMBSTONE);
    r->admins = s->admins;
    r->contacts = s->contacts;
    int64_t avatar = config_int(cfg, CFG_ROOM_AVATAR_MAX);
    if (avatar < 0 || avatar > LIMIT_AVATAR_MAX) {
        buf_printf(err, "%s: not in 0 .. %d", config_key(CFG_ROOM_AVATAR_MAX), LIMIT_AVATAR_MAX);
        return ERR_INVALID;
    }
    r->avatar_max = (uint32_t)avatar;
    int rc = text(cfg, CFG_ROOM_LOGS_URL, &r->logs_url, err);
    if (!rc && strcmp(config_str(cfg, CFG_ROOM_CREATE), "local") == 0)
        rc = bare_jid(CFG_DOMAIN, str_of(config_str(cfg, CFG_DOMAIN)), &s->jids, &r->create_domain,
                      err);
    return rc ? rc : name_pattern(s, cfg, err);
}

static bool apply_preset(struct str name, struct room_config *config)
{
    const struct preset *p = preset_find(name);
    if (p)
        preset_apply(p, config);
    return p != NULL;
}

int service_init(struct service *s, const struct config *cfg, struct buf *err)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->jids);
    s->room.preset = apply_preset;
    int rc = room_defaults(cfg, &s->room.defaults, err);
    if (rc == 0)
        rc = policies(s, cfg, err);
    if (rc == 0)
        rc = jids(cfg, CFG_ADMINS, &s->jids, s->admins, sizeof s->admins / sizeof s->admins[0],
                  &s->room.n_admins, err);
    if (rc == 0)
        rc = jids(cfg, CFG_ROOM_CONTACT, &s->jids, s->contacts, LIMIT_CONTACTS, &s->room.n_contacts,
                  err);
    if (rc)
        service_deinit(s);
    return rc;
}

void service_deinit(struct service *s)
{
    arena_deinit(&s->jids);
    if (s->has_name_pattern)
        regfree(&s->name_pattern);
    s->has_name_pattern = false;
}
