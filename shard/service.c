/* service.c: config -> struct room_service. */
#include "shard/service.h"
#include "base/err.h"
#include "rt/config.h"

#include <strings.h>

static int refuse(const struct config *cfg, enum config_id id, const char *accepted,
                  struct buf *err)
{
    buf_printf(err, "%s: \"%s\" is none of: %s", config_key(id), config_str(cfg, id), accepted);
    return ERR_INVALID;
}

/* The next word of a comma-separated list; false at the end. */
static bool next_word(const char **p, struct str *out)
{
    while (**p == ',' || **p == ' ' || **p == '\t')
        (*p)++;
    if (!**p)
        return false;
    size_t n = strcspn(*p, ",");
    *out = (struct str){*p, n};
    *p += n;
    while (out->n && (out->p[out->n - 1] == ' ' || out->p[out->n - 1] == '\t'))
        out->n--;
    return true;
}

static int roles(const struct config *cfg, struct room_config *c, struct buf *err)
{
    const char *p = config_str(cfg, CFG_ROOM_PRESENCEBROADCAST);
    struct str word;
    c->presence_broadcast = 0;
    while (next_word(&p, &word)) {
        enum role role;
        if (!role_parse(word, &role))
            return refuse(cfg, CFG_ROOM_PRESENCEBROADCAST, "visitor, participant, moderator, none",
                          err);
        c->presence_broadcast |= ROLE_BIT((uint32_t)role);
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

static int admins(const struct config *cfg, struct service *s, struct buf *err)
{
    const char *p;
    struct str word;
    buf_z(&s->admin_bytes, config_str(cfg, CFG_ADMINS));
    buf_c(&s->admin_bytes, '\0');
    for (p = s->admin_bytes.data; next_word(&p, &word);) {
        if (s->room.n_admins == sizeof s->admins / sizeof s->admins[0]) {
            buf_printf(err, "%s: more than 64", config_key(CFG_ADMINS));
            return ERR_INVALID;
        }
        s->admins[s->room.n_admins++] = word;
    }
    return 0;
}

int service_init(struct service *s, const struct config *cfg, struct buf *err)
{
    struct room_config *c = &s->room.defaults;
    memset(s, 0, sizeof *s);
    buf_init(&s->admin_bytes);
    c->persistent = config_bool(cfg, CFG_ROOM_PERSISTENT);
    c->public_room = config_bool(cfg, CFG_ROOM_PUBLIC);
    c->members_only = config_bool(cfg, CFG_ROOM_MEMBERSONLY);
    c->moderated = config_bool(cfg, CFG_ROOM_MODERATED);
    c->change_subject = config_bool(cfg, CFG_ROOM_CHANGESUBJECT);
    c->logging = config_bool(cfg, CFG_ROOM_LOGGING);
    c->allow_invites = config_bool(cfg, CFG_ROOM_ALLOWINVITES);
    c->archive = config_bool(cfg, CFG_ROOM_ARCHIVE);
    c->archive_messages = (uint32_t)config_int(cfg, CFG_ROOM_ARCHIVE_MESSAGES);
    c->archive_days = (uint32_t)config_int(cfg, CFG_ROOM_ARCHIVE_DAYS);
    int64_t max = config_int(cfg, CFG_ROOM_MAXUSERS), history = config_int(cfg, CFG_ROOM_HISTORY);
    c->max_users = max > 0 && max <= UINT32_MAX ? (uint32_t)max : 0;
    s->room.lock_new_rooms = config_bool(cfg, CFG_ROOM_LOCK);
    s->room.register_strangers = config_bool(cfg, CFG_ROOM_REGISTER);
    s->room.history_default = history > 0 && history <= UINT32_MAX ? (uint32_t)history : 0;
    s->room.admins = s->admins;
    int rc = either(cfg, CFG_ROOM_WHOIS, "moderators", "anyone", &c->whois_anyone, err);
    if (rc == 0)
        rc = either(cfg, CFG_ROOM_CREATE, "anyone", "admins", &s->room.create_by_admins_only, err);
    if (rc == 0)
        rc = roles(cfg, c, err);
    if (rc == 0)
        rc = allow_pm(cfg, c, err);
    if (rc == 0)
        rc = admins(cfg, s, err);
    if (rc)
        service_deinit(s);
    return rc;
}

void service_deinit(struct service *s)
{
    buf_deinit(&s->admin_bytes);
}
