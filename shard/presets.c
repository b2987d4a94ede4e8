/* presets.c: see presets.h. README.md says what each is for. */
#include "shard/presets.h"

#define ROLES_ALL (ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR))
#define ROLES_HEARD (ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR))

struct preset {
    bool persistent, public_room, members_only, moderated, change_subject, allow_invites;
    bool whois_anyone, hide_occupants, no_registration, archive;
    enum allow_pm allow_pm;
    uint32_t presence_broadcast, get_member_list; /* ROLE_BIT set */
};

static const struct preset presets[PRESETS] = {
    /* people who know each other: closed, hidden, everybody sees who is who */
    [PRESET_TEAM] =
        {
            .persistent = true,
            .archive = true,
            .members_only = true,
            .change_subject = true,
            .allow_invites = true,
            .whois_anyone = true,
            .allow_pm = PM_ANYONE,
            .presence_broadcast = ROLES_ALL,
            .get_member_list = ROLES_ALL,
        },
    /* anybody who is interested: listed and open, real addresses for moderators only */
    [PRESET_COMMUNITY] =
        {
            .persistent = true,
            .archive = true,
            .public_room = true,
            .allow_pm = PM_ANYONE,
            .presence_broadcast = ROLES_ALL,
        },
    /* announcements: moderators speak, all others read and do not see each other */
    [PRESET_BROADCAST] =
        {
            .persistent = true,
            .archive = true,
            .public_room = true,
            .moderated = true,
            .hide_occupants = true,
            .no_registration = true, /* it would make speakers of readers */
            .allow_pm = PM_MODERATORS,
            .presence_broadcast = ROLE_BIT(ROLE_MODERATOR),
        },
    /* talks with a large audience: who is given voice speaks, the audience is not shown */
    [PRESET_STAGE] =
        {
            .persistent = true,
            .archive = true,
            .public_room = true,
            .moderated = true,
            .hide_occupants = true, /* the audience would be among them */
            .no_registration = true,
            .allow_pm = PM_PARTICIPANTS,
            .presence_broadcast = ROLES_HEARD,
        },
};

const struct preset *preset_find(struct str name)
{
    for (uint32_t i = 0; i < PRESETS; i++) {
        if (str_is(name, room_preset_name(i)))
            return &presets[i];
    }
    return NULL;
}

void preset_apply(const struct preset *p, struct room_config *c)
{
    c->persistent = p->persistent;
    c->public_room = p->public_room;
    c->members_only = p->members_only;
    c->moderated = p->moderated;
    c->change_subject = p->change_subject;
    c->allow_invites = p->allow_invites;
    c->whois_anyone = p->whois_anyone;
    c->hide_occupants = p->hide_occupants;
    c->no_registration = p->no_registration;
    c->archive = p->archive;
    c->allow_pm = p->allow_pm;
    c->presence_broadcast = p->presence_broadcast;
    c->get_member_list = p->get_member_list;
}
