/* muc.c: the tables behind muc.h. */
#include "base/muc.h"

static const char *const affiliation_names[] = {"", "outcast", "none", "member", "admin", "owner"};
static const char *const role_names[] = {"", "none", "visitor", "participant", "moderator"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "";
}

static unsigned value_of(const char *const *names, size_t count, struct str s)
{
    for (unsigned i = 1; i < count; i++) {
        if (str_is(s, names[i]))
            return i;
    }
    return 0;
}

const char *affiliation_name(enum affiliation a)
{
    return name_of(affiliation_names, COUNT(affiliation_names), (unsigned)a);
}

const char *role_name(enum role r)
{
    return name_of(role_names, COUNT(role_names), (unsigned)r);
}

bool affiliation_parse(struct str s, enum affiliation *out)
{
    unsigned v = value_of(affiliation_names, COUNT(affiliation_names), s);
    if (v)
        *out = (enum affiliation)v;
    return v != 0;
}

bool role_parse(struct str s, enum role *out)
{
    unsigned v = value_of(role_names, COUNT(role_names), s);
    if (v)
        *out = (enum role)v;
    return v != 0;
}

const char *stanza_error_condition(enum stanza_error e)
{
    switch (e) {
    case SE_NONE:
        break;
#define SE_CONDITION(id, number, condition, type)                                                  \
    case id:                                                                                       \
        return condition;
        STANZA_ERROR_MAP(SE_CONDITION)
#undef SE_CONDITION
    }
    return "";
}

const char *stanza_error_type(enum stanza_error e)
{
    switch (e) {
    case SE_NONE:
        break;
#define SE_TYPE(id, number, condition, type)                                                       \
    case id:                                                                                       \
        return type;
        STANZA_ERROR_MAP(SE_TYPE)
#undef SE_TYPE
    }
    return "";
}

const char *room_preset_name(uint32_t i)
{
    static const char *const names[PRESETS] = {
        [PRESET_TEAM] = "team",
        [PRESET_COMMUNITY] = "community",
        [PRESET_BROADCAST] = "broadcast",
        [PRESET_STAGE] = "stage",
    };
    return i < PRESETS ? names[i] : NULL;
}
