/* other_defaults.h: the same transcripts in a service with other defaults (README.md, Settings).
 * With VERONA_TEST_DEFAULTS=other every room that a test library makes begins as the opposite of
 * what is shipped, and its first form says all the shipped values: rules look at what a room is,
 * never at what it began as. */
#ifndef MUC_TEST_OTHER_DEFAULTS_H
#define MUC_TEST_OTHER_DEFAULTS_H

#include "base/buf.h"
#include "shard/room/room.h"

#include <stdio.h>
#include <stdlib.h>

static inline bool other_defaults(void)
{
    const char *v = getenv("VERONA_TEST_DEFAULTS");
    return v && strcmp(v, "other") == 0;
}

/* Of every field the other value. */
static inline struct room_config other_config(const struct room_config *c)
{
    struct room_config o = *c;
    uint32_t all = ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR);
    o.name = STR("Another name");
    o.description = STR("Another description");
    o.lang = STR("it");
    o.secret = STR("another");
    o.persistent = !c->persistent;
    o.public_room = !c->public_room;
    o.members_only = !c->members_only;
    o.moderated = !c->moderated;
    o.change_subject = !c->change_subject;
    o.logging = !c->logging;
    o.allow_invites = !c->allow_invites;
    o.whois_anyone = !c->whois_anyone;
    o.hide_occupants = !c->hide_occupants;
    o.no_registration = !c->no_registration;
    o.archive = !c->archive;
    o.archive_messages = c->archive_messages ? c->archive_messages + 1 : 0;
    o.archive_days = c->archive_days + 1;
    o.has_max_history = !c->has_max_history;
    o.max_history = o.has_max_history ? 1 : 0;
    o.allow_pm = c->allow_pm == PM_NONE ? PM_ANYONE : PM_NONE;
    o.max_users = c->max_users + 7;
    o.slow_mode_s = c->slow_mode_s ? 0 : 60;
    o.presence_broadcast = c->presence_broadcast ^ (all | ROLE_BIT(ROLE_NONE));
    o.get_member_list = c->get_member_list ^ all;
    return o;
}

/* Says a field of a form; values are separated by bars. */
typedef void put_field_fn(struct buf *b, const char *var, const char *values);

static inline const char *role_words(uint32_t bits)
{
    static char text[64];
    text[0] = '\0';
    for (int r = ROLE_NONE; r <= ROLE_MODERATOR; r++) {
        if (bits & ROLE_BIT(r)) {
            strcat(text, text[0] ? "|" : "");
            strcat(text, role_name((enum role)r));
        }
    }
    return text;
}

static inline const char *number_word(uint32_t n)
{
    static char text[16];
    snprintf(text, sizeof text, "%u", n);
    return text;
}

/* Every value of the configuration, but for the fields that `said` says already. Texts and the
 * password are empty in what is shipped. */
static inline void put_config(struct buf *b, const struct room_config *c, const char *said,
                              put_field_fn *put)
{
    static const char *const pm[] = {"anyone", "participants", "moderators", "none"};
    const struct {
        const char *var;
        bool on;
    } boxes[] = {{"muc#roomconfig_persistentroom", c->persistent},
                 {"muc#roomconfig_publicroom", c->public_room},
                 {"muc#roomconfig_membersonly", c->members_only},
                 {"muc#roomconfig_moderatedroom", c->moderated},
                 {"muc#roomconfig_changesubject", c->change_subject},
                 {"muc#roomconfig_enablelogging", c->logging},
                 {"muc#roomconfig_allowinvites", c->allow_invites},
                 {"x-muc#roomconfig_archive", c->archive},
                 {"x-muc#roomconfig_listoccupants", !c->hide_occupants},
                 {"x-muc#roomconfig_registration", !c->no_registration}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        put(b, boxes[i].var, boxes[i].on ? "1" : "0");
    put(b, "muc#roomconfig_roomname", "");
    put(b, "muc#roomconfig_roomdesc", "");
    put(b, "muc#roomconfig_lang", "");
    if (!strstr(said, "roomsecret"))
        put(b, "muc#roomconfig_passwordprotectedroom", "0");
    put(b, "muc#roomconfig_whois", c->whois_anyone ? "anyone" : "moderators");
    put(b, "muc#roomconfig_allowpm", pm[c->allow_pm]);
    put(b, "muc#roomconfig_maxusers", c->max_users ? number_word(c->max_users) : "");
    put(b, "muc#roomconfig_slow_mode_duration", number_word(c->slow_mode_s));
    put(b, "muc#roomconfig_presencebroadcast", role_words(c->presence_broadcast));
    put(b, "muc#roomconfig_getmemberlist", role_words(c->get_member_list));
    put(b, "muc#maxhistoryfetch", c->has_max_history ? number_word(c->max_history) : "");
    if (c->archive_messages)
        put(b, "x-muc#roomconfig_archive_messages", number_word(c->archive_messages));
    put(b, "x-muc#roomconfig_archive_days", number_word(c->archive_days));
}

#endif
