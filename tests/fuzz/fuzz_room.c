/* fuzz_room.c: bytes become events of a few people in one room; its invariants hold after each.
 *
 * The first two bytes choose the service, then each event is its type, who, and what fill() takes.
 * At the end the program says how many events there were. */
#include "base/limits.h"
#include "shard/room/room.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str admins[] = {{"dan@d", 5}};

enum { SERVICES = 128, DEFAULTS = 64, MAX_INPUT = 1 << 16 };

static uint64_t n_events;

static void tell(void)
{
    fprintf(stderr, "%llu events\n", (unsigned long long)n_events);
}

static bool preset(struct str name, struct room_config *config)
{
    config->members_only = config->whois_anyone = true;
    return str_is(name, "closed");
}

static struct room_service service_of(unsigned bits, unsigned other)
{
    return (struct room_service){
        .defaults = {.public_room = true,
                     .persistent = bits & 1,
                     .members_only = bits >> 3 & 1,
                     .whois_anyone = other & 1,
                     .moderated = other >> 1 & 1,
                     .archive = other >> 2 & 1,
                     .archive_messages = 50,
                     .archive_days = other >> 3 & 1,
                     .logging = other >> 4 & 1,
                     .presence_broadcast = other >> 5 & 1 ? ROLE_BIT(ROLE_MODERATOR)
                                                          : ROLE_BIT(ROLE_VISITOR) |
                                                                ROLE_BIT(ROLE_PARTICIPANT) |
                                                                ROLE_BIT(ROLE_MODERATOR)},
        .lock_new_rooms = bits >> 1 & 1,
        .register_strangers = bits >> 2 & 1,
        .create_by_admins_only = bits >> 4 & 1,
        .max_affiliations = other >> 6 & 1 ? 3 : 0,
        .admins_own = bits >> 4 & bits >> 5 & 1,
        .history_default = 20,
        .tombstone_ms = bits & 1 ? 400000 : 0,
        .enforce_nicks = bits >> 5 & 1,
        .message_rate = bits >> 6 & 1 ? 20 : 0,
        .presence_rate = bits >> 6 & 1 ? 10 : 0,
        .invite_rate = bits >> 6 & 1,
        .voice_interval_ms = 1000,
        .max_occupants = other >> 1 & 1 ? 3 : 0,
        .max_title = other & 1 ? 2 : 0,
        .register_off = (other & 12) == 12,
        .preset = preset,
        .logs_url = STR("https://logs/{room}"),
        .presence_limit = other >> 4 & 1 ? 2 : 0,
        .max_message = other >> 5 & 1 ? 20 : 0,
        .avatar_max = 10,
        .admins = admins,
        .n_admins = 1,
    };
}

static const char *const jids[] = {"ann@a/1", "ann@a/2", "bob@b/1", "cid@c/1", "dan@d/1"};
static const char *const bare[] = {
    "ann@a", "bob@b", "cid@c", "dan@d", "b", "@", "room@conference.a/Ann", "bob@b/9"};
static const char *const nicks[] = {"", "Ann", "Bob", "Cid", "Dan", " "};
static const char *const vars[] = {"muc#roomconfig_membersonly",
                                   "muc#roomconfig_moderatedroom",
                                   "muc#roomconfig_persistentroom",
                                   "muc#roomconfig_whois",
                                   "muc#roomconfig_roomsecret",
                                   "muc#roomconfig_roomowners",
                                   "muc#roomconfig_roomadmins",
                                   "muc#roomconfig_presencebroadcast",
                                   "muc#roomconfig_passwordprotectedroom",
                                   "muc#roomconfig_maxusers",
                                   "muc#roomconfig_allowpm",
                                   "muc#roomconfig_allowinvites",
                                   "muc#roomconfig_changesubject",
                                   "muc#roomconfig_getmemberlist",
                                   "x-muc#roomconfig_archive",
                                   "muc#maxhistoryfetch",
                                   "x-muc#roomconfig_listoccupants",
                                   "x-muc#roomconfig_registration",
                                   "muc#roomconfig_lang",
                                   "muc#roomconfig_roomname",
                                   "muc#roomconfig_roomdesc",
                                   "muc#roomconfig_publicroom",
                                   "muc#roomconfig_enablelogging",
                                   "x-muc#roomconfig_archive_messages",
                                   "x-muc#roomconfig_archive_days",
                                   "muc#roomconfig_slow_mode_duration"};
static const char *const values[] = {"0",     "1",         "anyone",  "moderators",
                                     "ann@a", "bob@b",     "visitor", "participant",
                                     "none",  "moderator", "",        "x"};
static const char *const payloads[] = {"", "x", "<show>away</show>"};
static const char *const presets[] = {"", "", "closed", "none"};
static const char *const conditions[] = {"", "gone", "forbidden"};

struct input {
    const uint8_t *p;
    size_t n;
};

static unsigned take(struct input *in, unsigned below)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++ % below;
}

#define PICK(in, list) str_of((list)[take(in, (unsigned)(sizeof(list) / sizeof((list)[0])))])

/* What an event points to. */
struct bytes {
    struct room_item items[4];
    struct room_field fields[4];
    struct str values[8];
    struct room_invitation invitations[3];
    char ticket[LIMIT_TICKET]; /* of the last iq that was relayed */
    size_t n_ticket;
    struct event_name names[2];
};

static void fill(struct input *in, struct room_event *ev, struct bytes *bytes)
{
    struct room_item *items = bytes->items;
    struct room_field *fields = bytes->fields;
    struct str *field_values = bytes->values;
    ev->nick = PICK(in, nicks);
    if ((ev->type >= ROOM_EV_ADMIN_GET && ev->type <= ROOM_EV_REGISTER_REMOVE) ||
        (ev->type >= ROOM_EV_DISCO_INFO && ev->type <= ROOM_EV_IQ_OTHER))
        ev->nick = STR_NULL; /* these are the room's own */
    ev->strict_ok = take(in, 16) != 1;
    ev->by_service = ev->type == ROOM_EV_PROVIDE || take(in, 16) == 1;
    ev->id = STR("id");
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
        ev->presence.join = take(in, 4) != 1;
        ev->presence.has_password = take(in, 2) == 1;
        ev->presence.password = PICK(in, values);
        ev->presence.max_chars = ev->presence.seconds = ev->presence.since_ms = -1;
        ev->presence.max_stanzas = (int)take(in, 4) - 1;
        if (take(in, 4) == 1) {
            ev->presence.max_chars = (int)take(in, 256) - 1;
            ev->presence.seconds = (int)take(in, 16) - 1;
            ev->presence.since_ms = (int64_t)ev->now_ms - (int)take(in, 256);
        }
        ev->presence.payload = PICK(in, payloads);
        ev->presence.mav = ev->presence.max_stanzas == 2;
        break;
    case ROOM_EV_LEAVE:
        ev->leave.broken = take(in, 2) == 1;
        break;
    case ROOM_EV_MESSAGE:
        ev->message.type = (int)take(in, 4);
        ev->message.has_body = take(in, 2) == 1;
        ev->message.has_subject = take(in, 3) == 1;
        ev->message.has_thread = take(in, 4) == 1;
        ev->message.subject = PICK(in, values);
        ev->message.payload = STR("<body>x</body>");
        ev->message.archive = take(in, 2) == 1;
        ev->message.store = take(in, 4) == 1;
        ev->message.no_store = take(in, 4) == 1;
        ev->message.correction = take(in, 4) == 1;
        ev->message.retracts = (struct event_name){0, take(in, 32)};
        break;
    case ROOM_EV_ERROR:
        ev->error.from_presence = take(in, 2) == 1;
        ev->error.condition = PICK(in, conditions);
        ev->error.text = PICK(in, payloads);
        break;
    case ROOM_EV_ADMIN_GET:
    case ROOM_EV_ADMIN_SET:
        ev->admin.n = take(in, 4);
        ev->admin.items = items;
        for (unsigned i = 0; i < ev->admin.n; i++) {
            items[i] = (struct room_item){.affiliation = (enum affiliation)take(in, 6),
                                          .role = (enum role)take(in, 5)};
            items[i].jid = take(in, 2) ? PICK(in, bare) : STR_NULL;
            items[i].has_nick = take(in, 2) == 1;
            items[i].nick = PICK(in, nicks);
            items[i].has_reason = take(in, 2) == 1;
            items[i].reason = PICK(in, payloads);
        }
        break;
    case ROOM_EV_PROVIDE:
    case ROOM_EV_OWNER_SUBMIT:
        ev->owner.preset = ev->type == ROOM_EV_PROVIDE ? PICK(in, presets) : STR_NULL;
        ev->owner.has_form_type = true;
        ev->owner.form_type = STR("http://jabber.org/protocol/muc#roomconfig");
        ev->owner.n = take(in, 4);
        ev->owner.fields = fields;
        for (unsigned i = 0; i < ev->owner.n; i++) {
            field_values[2 * i] = PICK(in, values);
            field_values[2 * i + 1] = PICK(in, values);
            fields[i] = (struct room_field){PICK(in, vars), field_values + 2 * i, take(in, 3)};
        }
        break;
    case ROOM_EV_REGISTER_SUBMIT:
        ev->reg.valid = take(in, 8) != 1;
        ev->reg.nick = PICK(in, nicks);
        break;
    case ROOM_EV_INVITE:
        ev->invite.n = take(in, 4);
        ev->invite.invitations = bytes->invitations;
        for (unsigned i = 0; i < ev->invite.n; i++)
            bytes->invitations[i] = (struct room_invitation){
                .to = PICK(in, bare), .reason = PICK(in, payloads), .has_continue = take(in, 2)};
        ev->invite.has_body = take(in, 2) == 1;
        break;
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_INFO: {
        static const char *const nodes[] = {
            "urn:xmpp:hats:commands:create",   "urn:xmpp:hats:commands:destroy",
            "urn:xmpp:hats:commands:list",     "urn:xmpp:hats:commands:assign",
            "urn:xmpp:hats:commands:unassign", "urn:xmpp:hats:commands:list-assigned",
            "urn:xmpp:hats:commands:assign",   "other"};
        static const char *const uris[] = {"u:1", "u:2", "u:3", ""};
        static struct str hat[3];
        static const struct room_field hat_fields[] = {{{"hats#uri", 8}, &hat[0], 1},
                                                       {{"hats#title", 10}, &hat[1], 1},
                                                       {{"hats#jid", 8}, &hat[2], 1}};
        ev->command.node = PICK(in, nodes);
        ev->command.has_form = take(in, 4) != 1;
        hat[0] = PICK(in, uris);
        hat[1] = STR("t");
        hat[2] = PICK(in, bare);
        ev->command.fields = hat_fields;
        ev->command.n = 3;
        break;
    }
    case ROOM_EV_VCARD_SET:
        if (take(in, 2) == 1) {
            ev->vcard.xml = STR("<vCard xmlns='vcard-temp'/>");
            ev->vcard.hash = STR("0123456789abcdef0123456789abcdef01234567");
            ev->vcard.size = take(in, 12);
        }
        break;
    case ROOM_EV_DECLINE:
        ev->decline.to = PICK(in, bare);
        ev->decline.reason = PICK(in, payloads);
        break;
    case ROOM_EV_ARCHIVE:
        ev->archive.start_ms = (int)take(in, 3) - 1;
        ev->archive.end_ms = (int)take(in, 3) - 1;
        ev->archive.max = (int)take(in, 3) - 1;
        ev->archive.metadata = take(in, 4) == 1;
        ev->archive.backward = take(in, 2) == 1;
        ev->archive.flip = take(in, 2) == 1;
        ev->archive.with = PICK(in, bare);
        ev->archive.after = (struct event_name){0, take(in, 32)};
        ev->archive.before_id = (struct event_name){0, take(in, 32)};
        bytes->names[0] = (struct event_name){0, take(in, 32)};
        bytes->names[1] = (struct event_name){0, take(in, 32)};
        ev->archive.ids = bytes->names;
        ev->archive.n_ids = take(in, 3);
        break;
    case ROOM_EV_MODERATE:
        ev->moderate.target = (struct event_name){0, take(in, 32)};
        ev->moderate.has_reason = take(in, 2) == 1;
        ev->moderate.reason = PICK(in, values);
        break;
    case ROOM_EV_RELAY:
        ev->relay.kind = (enum relay_kind)take(in, 3);
        ev->relay.set = take(in, 2) == 1;
        ev->relay.to_account = take(in, 2) == 1;
        ev->relay.payload = STR("<x/>");
        break;
    case ROOM_EV_RELAY_ANSWER:
        ev->relay_answer.ticket = str_n(bytes->ticket, bytes->n_ticket);
        if (bytes->n_ticket && take(in, 8) == 1)
            bytes->ticket[take(in, 256) % bytes->n_ticket] ^= 1;
        ev->relay_answer.error = take(in, 2) == 1;
        break;
    case ROOM_EV_VOICE:
        ev->voice.answer = take(in, 2) == 1;
        ev->voice.allow = take(in, 4) != 1;
        ev->voice.role = take(in, 8) == 1 ? ROLE_MODERATOR : ROLE_PARTICIPANT;
        ev->voice.nick = PICK(in, nicks);
        ev->voice.jid = take(in, 2) ? PICK(in, bare) : STR_NULL;
        break;
    case ROOM_EV_REFUSE:
        ev->refuse.stanza = (enum room_stanza)take(in, 3);
        ev->refuse.error = SE_BAD_REQUEST;
        break;
    case ROOM_EV_DESTROY:
        ev->destroy.alternate = PICK(in, bare);
        ev->destroy.has_reason = take(in, 2) == 1;
        ev->destroy.reason = PICK(in, payloads);
        ev->destroy.has_password = take(in, 2) == 1;
        ev->destroy.password = PICK(in, values);
        break;
    case ROOM_EV_DISCO_ITEMS:
        ev->items.paged = take(in, 2) == 1;
        ev->items.has_max = take(in, 2) == 1;
        ev->items.max = take(in, 4);
        ev->items.has_before = take(in, 2) == 1;
        ev->items.before = PICK(in, nicks);
        ev->items.has_after = take(in, 2) == 1;
        ev->items.after = PICK(in, nicks);
        ev->items.has_index = take(in, 2) == 1;
        ev->items.index = take(in, 8);
        break;
    case ROOM_EV_TICK:
        ev->now_ms += 400000 * take(in, 2);
        break;
    case ROOM_EV_PROBE:
    case ROOM_EV_OWNER_GET:
    case ROOM_EV_OWNER_CANCEL:
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_REGISTER_REMOVE:
    case ROOM_EV_DISCO_INFO:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_PING:
    case ROOM_EV_ARCHIVE_FORM:
    case ROOM_EV_IQ_OTHER:
    case ROOM_EV_GATEWAY_LOST:
    case ROOM_EV_PERSISTED:
    case ROOM_EV_PERSIST_FAILED:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool told;
    if (!told)
        (void)atexit(tell);
    told = true;
    struct input in = {data, size > MAX_INPUT ? MAX_INPUT : size};
    unsigned bits = take(&in, SERVICES);
    struct room_service service = service_of(bits, take(&in, DEFAULTS));
    struct room *room = room_new(STR("room@conference.a"), &service);
    struct room_effects fx;
    room_effects_init(&fx);
    uint64_t now = 1000000;
    struct bytes bytes;
    bytes.n_ticket = 0;
    while (in.n > 0) {
        struct room_event ev = {.type = (enum room_ev_type)take(&in, (unsigned)ROOM_EV_PERSISTED),
                                .now_ms = now += 10};
        ev.random[0] = (uint8_t)now;
        unsigned who = take(&in, 5);
        ev.origin = (struct room_origin){1 + who % 2, who + 1, now, str_of(jids[who])};
        if (room_pending(room) > 0 && !room_accepts(room, &ev)) {
            ev.type = take(&in, 8) == 1 ? ROOM_EV_PERSIST_FAILED : ROOM_EV_PERSISTED;
            ev.refuse.error = SE_RESOURCE_CONSTRAINT;
        } else {
            fill(&in, &ev, &bytes);
        }
        n_events++;
        (void)!room_step(room, &ev, &fx);
        room_check(room);
        for (uint32_t i = 0; i < fx.n; i++) {
            if (fx.list[i].type == FX_RELAY && fx.list[i].relay.type <= FXL_SET) {
                bytes.n_ticket = fx.list[i].relay.id.n;
                memcpy(bytes.ticket, fx.list[i].relay.id.p, bytes.n_ticket);
            }
        }
        bool gone = fx.n > 0 && fx.list[fx.n - 1].type == FX_GONE;
        room_effects_reset(&fx);
        if (gone) {
            uint64_t until;
            struct room *before = room;
            struct str moved = room_moved_to(before, &until);
            room = room_new(STR("room@conference.a"), &service);
            room_set_moved(room, moved, until);
            room_destroy(&before);
        }
    }
    room_effects_deinit(&fx);
    room_destroy(&room);
    return 0;
}
