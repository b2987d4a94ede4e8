/* render_form.c: the forms of a room: configuration (W63), registration (W58), disco#info (W77). */
#include "gateway/render.h"
#include "proto/wire.h"

#include "base/jid.h"
#include "base/limits.h"

#define CONFIG "muc#roomconfig_"
#define INFO "muc#roominfo_"
#define OWN "x-" CONFIG /* not registered (XEP-0068 §3.4) */

struct option {
    const char *value, *label;
};

static const struct option whois_options[] = {{"moderators", "Moderators only"},
                                              {"anyone", "Anyone"}};
/* in the order of enum allow_pm (RoomConfig.allow_pm) */
static const struct option pm_options[] = {{"anyone", "Anyone"},
                                           {"participants", "Participants"},
                                           {"moderators", "Moderators"},
                                           {"none", "Nobody"}};
/* the last one is for presencebroadcast only: those who have an affiliation and are not inside
 * (W42) */
static const struct option role_options[] = {{"moderator", "Moderator"},
                                             {"participant", "Participant"},
                                             {"visitor", "Visitor"},
                                             {"none", "Absent"}};
static const enum role role_values[] = {ROLE_MODERATOR, ROLE_PARTICIPANT, ROLE_VISITOR, ROLE_NONE};
enum { ROLES_INSIDE = 3, ROLES_ALL = 4 };
static const uint32_t max_users[] = {10, 20, 30, 50, 100, 200, 500, 1000};

static void open_form(struct buf *out, const char *type, const char *form_type)
{
    buf_z(out, "<x xmlns='" NS_DATA "' type='");
    buf_z(out, type);
    buf_z(out, "'>");
    if (strcmp(form_type, "http://jabber.org/protocol/muc#roomconfig") == 0)
        buf_z(out, "<title>Room configuration</title>");
    render_field(out, "hidden", "FORM_TYPE", NULL, str_of(form_type));
}

static void boolean(struct buf *out, const char *var, const char *label, bool on)
{
    render_field(out, "boolean", var, label, on ? STR("1") : STR("0"));
}

static void options(struct buf *out, const struct option *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        render_option(out, str_of(o[i].label), str_of(o[i].value));
}

static void choice(struct buf *out, const char *var, const char *label, const struct option *o,
                   size_t n, size_t chosen)
{
    render_field_open(out, "list-single", var, label);
    render_text(out, "value", str_of(o[chosen < n ? chosen : 0].value));
    options(out, o, n);
    buf_z(out, "</field>");
}

static void roles(struct buf *out, const char *var, const char *label, uint32_t mask, size_t n)
{
    render_field_open(out, "list-multi", var, label);
    for (size_t i = 0; i < n; i++) {
        if (mask >> (unsigned)role_values[i] & 1u)
            render_text(out, "value", str_of(role_options[i].value));
    }
    options(out, role_options, n);
    buf_z(out, "</field>");
}

static void places(struct buf *out, uint32_t max)
{
    struct buf number;
    bool listed = max == 0;
    buf_init(&number);
    render_field_open(out, "list-single", CONFIG "maxusers", "Maximum number of occupants");
    if (max)
        buf_u64(&number, max);
    render_text(out, "value", max ? buf_as_str(&number) : STR("none"));
    for (size_t i = 0; i < sizeof max_users / sizeof max_users[0]; i++) {
        struct buf one;
        buf_init(&one);
        buf_u64(&one, max_users[i]);
        render_option(out, buf_as_str(&one), buf_as_str(&one));
        buf_deinit(&one);
        listed = listed || max == max_users[i];
    }
    if (!listed) /* the present value is always among the options */
        render_option(out, buf_as_str(&number), buf_as_str(&number));
    render_option(out, STR("No limit"), STR("none"));
    buf_z(out, "</field>");
    buf_deinit(&number);
}

static void number(struct buf *out, const char *var, const char *label, uint32_t n)
{
    struct buf digits;
    buf_init(&digits);
    buf_u64(&digits, n);
    render_field(out, "text-single", var, label, buf_as_str(&digits));
    buf_deinit(&digits);
}

/* XEP-0500, XEP-0122 */
static void slow_mode(struct buf *out, uint32_t seconds)
{
    render_field_open(out, "text-single", CONFIG "slow_mode_duration",
                      "Seconds between two messages of a user (0: no limit)");
    buf_z(out, "<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:integer'>"
               "<range min='0' max='");
    buf_u64(out, LIMIT_SLOW_MODE_S);
    buf_z(out, "'/></validate><value>");
    buf_u64(out, seconds);
    buf_z(out, "</value></field>");
}

static void jids(struct buf *out, const char *var, const char *label, const ProtobufCBinaryData *v,
                 size_t n)
{
    render_field_open(out, "jid-multi", var, label);
    for (size_t i = 0; i < n; i++)
        render_text(out, "value", wire_str(v[i]));
    buf_z(out, "</field>");
}

void render_config_form(struct buf *out, const Verona__ConfigForm *f)
{
    static const Verona__RoomConfig none = VERONA__ROOM_CONFIG__INIT;
    const Verona__RoomConfig *c = f->config ? f->config : &none;
    struct buf fetch;
    buf_z(out, "<query xmlns='" NS_MUC_OWNER "'>");
    open_form(out, "form", "http://jabber.org/protocol/muc#roomconfig");
    render_field(out, "text-single", CONFIG "roomname", "Name", wire_str(c->name));
    render_field(out, "text-single", CONFIG "roomdesc", "Description", wire_str(c->description));
    render_field(out, "text-single", CONFIG "lang", "Language", wire_str(c->lang));
    boolean(out, CONFIG "persistentroom", "Room outlives its last occupant", c->persistent);
    boolean(out, CONFIG "publicroom", "Room is listed", c->public_);
    boolean(out, CONFIG "membersonly", "Only members may enter", c->members_only);
    boolean(out, CONFIG "moderatedroom", "Only those with voice may speak", c->moderated);
    boolean(out, CONFIG "passwordprotectedroom", "A password is needed to enter",
            c->secret.len > 0);
    render_field(out, "text-private", CONFIG "roomsecret", "Password", wire_str(c->secret));
    boolean(out, CONFIG "changesubject", "Occupants may change the subject", c->change_subject);
    boolean(out, CONFIG "enablelogging", "Conversations are logged publicly", c->logging);
    boolean(out, CONFIG "allowinvites", "Members may invite others", c->allow_invites);
    choice(out, CONFIG "whois", "Who may see real addresses", whois_options, 2,
           c->whois_anyone ? 1 : 0);
    choice(out, CONFIG "allowpm", "Who may send private messages", pm_options, 4, c->allow_pm);
    places(out, c->max_users);
    roles(out, CONFIG "presencebroadcast", "Roles whose presence is shown", c->presence_broadcast,
          ROLES_ALL);
    roles(out, CONFIG "getmemberlist", "Roles that may read the member list", c->get_member_list,
          ROLES_INSIDE);
    boolean(out, "x-" CONFIG "archive", "Messages are kept and can be queried", c->archive);
    number(out, "x-" CONFIG "archive_messages", "Messages kept", c->archive_messages);
    number(out, "x-" CONFIG "archive_days", "Days they are kept (0: no limit)", c->archive_days);
    buf_init(&fetch);
    if (c->has_max_history)
        buf_u64(&fetch, c->max_history);
    render_field(out, "text-single", "muc#maxhistoryfetch",
                 "Messages of history that a join gets at most", buf_as_str(&fetch));
    buf_deinit(&fetch);
    boolean(out, OWN "listoccupants", "Occupants are listed in service discovery",
            !c->hide_occupants);
    boolean(out, OWN "registration", "Users may register with the room", !c->no_registration);
    slow_mode(out, c->slow_mode_s);
    jids(out, CONFIG "roomadmins", "Administrators", f->admins, f->n_admins);
    jids(out, CONFIG "roomowners", "Owners", f->owners, f->n_owners);
    buf_z(out, "</x></query>");
}

void render_register_form(struct buf *out, const Verona__RegisterForm *f)
{
    buf_z(out, "<query xmlns='" NS_REGISTER "'>");
    if (f->registered) {
        buf_z(out, "<registered/>");
        render_text(out, "username", wire_str(f->nick));
    } else {
        open_form(out, "form", "http://jabber.org/protocol/muc#register");
        buf_z(out, "<field type='text-single' var='muc#register_roomnick' label='Nickname'>"
                   "<required/></field></x>");
    }
    buf_z(out, "</query>");
}

static void feature(struct buf *out, const char *var)
{
    buf_z(out, "<feature var='");
    buf_z(out, var);
    buf_z(out, "'/>");
}

static void text(struct buf *out, const char *var, const char *label, struct str value)
{
    if (value.n)
        render_field(out, "text-single", var, label, value);
}

/* XEP-0486: one for each picture of the avatar */
static void hashes(struct buf *out, struct str all)
{
    if (!all.n)
        return;
    render_field_open(out, "text-multi", "muc#roominfo_avatarhash", "Avatar hash");
    for (size_t i = 0; i + AVATAR_HASH <= all.n; i += AVATAR_HASH)
        render_text(out, "value", str_n(all.p + i, AVATAR_HASH));
    buf_z(out, "</field>");
}

/* XEP-0502 §4: messages per hour, the average of a day, to a hundredth. */
static void activity(struct buf *out, uint32_t messages_of_day)
{
    uint64_t hundredths = ((uint64_t)messages_of_day * 100 + 12) / 24;
    struct buf rate;
    buf_init(&rate);
    buf_printf(&rate, "%llu.%02llu", (unsigned long long)(hundredths / 100),
               (unsigned long long)(hundredths % 100));
    render_field(out, "text-single", "{urn:xmpp:muc-activity}message-activity", "Messages per hour",
                 buf_as_str(&rate));
    buf_deinit(&rate);
}

/* XEP-0045 §6.4, §16.5.4: muc#roominfo. The fields of roomconfig in it are what clients look for
 * here. */
static void room_info(struct buf *out, const Verona__DiscoInfo *d, const Verona__RoomConfig *c)
{
    size_t pm = c->allow_pm < sizeof pm_options / sizeof pm_options[0] ? c->allow_pm : 0;
    open_form(out, "result", "http://jabber.org/protocol/muc#roominfo");
    render_field(out, "text-single", INFO "description", "Description", wire_str(c->description));
    number(out, INFO "occupants", "Number of occupants", d->occupants);
    hashes(out, wire_str(d->avatar_hash));
    text(out, "hats#hash", "Hats hash", wire_str(d->hats_hash));
    number(out, INFO "slow_mode_duration", "Seconds between two messages of a user",
           c->slow_mode_s);
    text(out, INFO "lang", "Language", wire_str(c->lang));
    text(out, INFO "subject", "Subject", wire_str(d->subject));
    boolean(out, INFO "subjectmod", "Occupants may change the subject", c->change_subject);
    if (d->n_contacts)
        jids(out, INFO "contactjid", "Contact addresses", d->contacts, d->n_contacts);
    text(out, INFO "logs", "URL of the logs", wire_str(d->logs));
    number(out, "muc#maxhistoryfetch", "Messages of history that a join gets at most",
           d->max_history);
    render_field(out, "text-single", CONFIG "roomname", "Name", wire_str(c->name));
    boolean(out, CONFIG "changesubject", "Occupants may change the subject", c->change_subject);
    boolean(out, CONFIG "allowinvites", "Members may invite others", c->allow_invites);
    render_field(out, "text-single", CONFIG "allowpm", "Who may send private messages",
                 str_of(pm_options[pm].value));
    if (d->has_activity)
        activity(out, d->messages);
    buf_z(out, "</x>");
}

void render_disco_info(struct buf *out, struct str room, const Verona__DiscoInfo *d)
{
    static const Verona__RoomConfig none = VERONA__ROOM_CONFIG__INIT;
    const Verona__RoomConfig *c = d->config ? d->config : &none;
    struct jid parts;
    struct str name = wire_str(c->name);
    if (name.n == 0 && jid_split(room, &parts) == 0)
        name = parts.local;
    buf_z(out, "<query xmlns='" NS_DISCO_INFO "'><identity category='conference' type='text'");
    render_attr(out, "name", name);
    buf_z(out, "/>");
    feature(out, NS_MUC);
    feature(out, c->public_ ? "muc_public" : "muc_hidden");
    feature(out, c->members_only ? "muc_membersonly" : "muc_open");
    feature(out, c->moderated ? "muc_moderated" : "muc_unmoderated");
    feature(out, c->whois_anyone ? "muc_nonanonymous" : "muc_semianonymous");
    feature(out, d->password ? "muc_passwordprotected" : "muc_unsecured");
    feature(out, c->persistent ? "muc_persistent" : "muc_temporary");
    /* only what works */
    if (c->moderated)
        feature(out, NS_MUC_REQUEST);
    feature(out, "http://jabber.org/protocol/muc#stable_id");
    feature(out, "http://jabber.org/protocol/muc#self-ping-optimization");
    if (d->registration)
        feature(out, NS_REGISTER);
    feature(out, NS_OCCUPANT_ID);
    feature(out, NS_SID);
    if (c->archive) {
        feature(out, NS_MAM);
        feature(out, NS_MAM "#extended");
    }
    feature(out, NS_RETRACT);
    feature(out, NS_RETRACT "#tombstone");
    feature(out, NS_MODERATE);
    feature(out, NS_MAV);
    feature(out, NS_HATS);
    feature(out, NS_COMMANDS);
    if (d->vcards)
        feature(out, NS_VCARD);
    feature(out, NS_DISCO_INFO);
    room_info(out, d, c);
    buf_z(out, "</query>");
}
