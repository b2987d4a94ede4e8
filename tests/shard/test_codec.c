/* codec: every kind of request, and every range a gateway could break. */
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "lib_requests.h"
#include "shard/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct arena arena;
static struct request base;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    base = (struct request){.arena = &arena,
                            .slot = 7,
                            .epoch = 3,
                            .room = "r@c",
                            .rseq = 9,
                            .sid = 42,
                            .jid = "u@d/res",
                            .nick = "nick",
                            .id = "i1"};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static ProtobufCBinaryData filled(size_t n)
{
    char *p = arena_alloc(&arena, n);
    memset(p, 'x', n);
    return wire_bytes(str_n(p, n));
}

static int decode(const Verona__RoomEvent *ev, struct room_event *out)
{
    memset(out, 0, sizeof *out);
    return codec_event(ev, &arena, out);
}

static void test_join(void **state)
{
    (void)state;
    struct room_event re;
    assert_int_equal(decode(req_join(&base), &re), 0);
    assert_int_equal(re.type, ROOM_EV_PRESENCE);
    assert_true(re.presence.join);
    assert_int_equal(re.presence.max_chars, -1);
    assert_true(str_is(re.presence.payload, "<show>chat</show>"));
    assert_true(str_is(re.origin.jid, "u@d/res"));
    assert_int_equal(re.origin.sid, 42);
    assert_int_equal(re.origin.rseq, 9);
    assert_int_equal(re.origin.gw, 0);
    assert_true(str_is(re.nick, "nick"));
    assert_true(str_is(re.id, "i1"));
    assert_true(re.strict_ok);
}

static void test_common_fields(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req_join(&base);
    ev->jid = wire_bytes(STR("u@d"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev->jid = wire_bytes(STR("u@d/\xff"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev->jid = wire_bytes(STR("u@d/r\0"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = req_join(&base);
    ev->nick = filled(LIMIT_JID_PART);
    assert_int_equal(decode(ev, &re), 0);
    ev->nick = filled(LIMIT_JID_PART + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    ev = req_join(&base);
    ev->id = filled(LIMIT_ID);
    assert_int_equal(decode(ev, &re), 0);
    ev->id = filled(LIMIT_ID + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    ev = req_join(&base);
    ev->rseq = 0;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = req(&base);
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

static void test_presence_counts(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req_join(&base);
    ev->presence->max_stanzas = 0;
    ev->presence->since_ms = INT64_MAX;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.presence.max_stanzas, 0);
    ev->presence->seconds = -2;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

static void test_message(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req_message(&base, "<body>x</body>");
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_MESSAGE);
    assert_int_equal(re.message.type, 2);
    assert_true(re.message.has_body);
    ev->message->type = (Verona__MessageIn__Type)4;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev->message->type = (Verona__MessageIn__Type)-1;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = req_message(&base, "");
    ev->message->subject = filled(LIMIT_SUBJECT + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    ev = req_message(&base, "");
    ev->message->payload = filled(LIMIT_STANZA + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
}

static Verona__RoomEvent *admin(size_t n)
{
    Verona__RoomEvent *ev = req(&base);
    Verona__AdminIn *in = arena_alloc(&arena, sizeof *in);
    verona__admin_in__init(in);
    in->set = true;
    in->n_items = n;
    in->items = arena_alloc(&arena, n * sizeof *in->items);
    for (size_t i = 0; i < n; i++) {
        in->items[i] = arena_alloc(&arena, sizeof **in->items);
        verona__admin_item__init(in->items[i]);
        in->items[i]->affiliation = VERONA__AFFILIATION__MEMBER;
        in->items[i]->jid = wire_bytes(STR("m@d"));
    }
    ev->body_case = VERONA__ROOM_EVENT__BODY_ADMIN;
    ev->admin = in;
    return ev;
}

static void test_admin(void **state)
{
    (void)state;
    struct room_event re;
    assert_int_equal(decode(admin(LIMIT_ADMIN_ITEMS), &re), 0);
    assert_int_equal(re.type, ROOM_EV_ADMIN_SET);
    assert_int_equal(re.admin.n, LIMIT_ADMIN_ITEMS);
    assert_int_equal(re.admin.items[3].affiliation, AFFIL_MEMBER);
    assert_true(str_is(re.admin.items[3].jid, "m@d"));
    assert_int_equal(decode(admin(LIMIT_ADMIN_ITEMS + 1), &re), ERR_TOOBIG);
    Verona__RoomEvent *ev = admin(2);
    ev->admin->items[1]->affiliation = (Verona__Affiliation)6;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = admin(2);
    ev->admin->items[1]->role = (Verona__Role)5;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = admin(1);
    ev->admin->items[0]->jid = wire_bytes(STR("a@/x"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    ev = admin(1);
    ev->admin->items[0]->reason = filled(LIMIT_REASON + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
}

static void test_owner(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req_submit(&base);
    ProtobufCBinaryData *values = arena_alloc(&arena, 2000 * sizeof *values);
    for (size_t i = 0; i < 2000; i++)
        values[i] = wire_bytes(STR("v"));
    Verona__Field f = VERONA__FIELD__INIT, *list[] = {&f};
    f.var = wire_bytes(STR("muc#roomconfig_roomname"));
    f.values = values;
    f.n_values = LIMIT_FORM_VALUES;
    ev->owner->fields = list;
    ev->owner->n_fields = 1;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_OWNER_SUBMIT);
    assert_int_equal(re.owner.n, 1);
    assert_int_equal(re.owner.fields[0].n_values, LIMIT_FORM_VALUES);
    f.n_values++;
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    f.n_values = 1;
    ev->owner->action = (Verona__OwnerIn__Action)3;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

static void test_refuse(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    Verona__RoomEvent *ev = req(&base);
    Verona__RefuseIn in = VERONA__REFUSE_IN__INIT;
    Verona__StanzaError e = VERONA__STANZA_ERROR__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_REFUSE;
    ev->refuse = &in;
    in.stanza = VERONA__REFUSE_IN__STANZA__MESSAGE;
    assert_int_equal(decode(ev, &re), ERR_PROTO); /* no error */
    in.error = &e;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    e.condition = SE_RECIPIENT_UNAVAILABLE;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_REFUSE);
    assert_int_equal(re.refuse.stanza, ROOM_MESSAGE);
    e.condition++;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    e.condition = 1;
    in.stanza = (Verona__RefuseIn__Stanza)3;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    assert_false(codec_stanza(ev, &stanza));
}

static void test_queries(void **state)
{
    (void)state;
    static const enum room_ev_type types[] = {ROOM_EV_DISCO_INFO, ROOM_EV_DISCO_ITEMS,
                                              ROOM_EV_OWN_NICK, ROOM_EV_PING, ROOM_EV_IQ_OTHER};
    struct room_event re;
    Verona__RoomEvent *ev = req(&base);
    Verona__QueryIn in = VERONA__QUERY_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_QUERY;
    ev->query = &in;
    for (int i = 0; i < 5; i++) {
        in.kind = (Verona__QueryIn__Kind)i;
        assert_int_equal(decode(ev, &re), 0);
        assert_int_equal(re.type, types[i]);
    }
    Verona__ItemsPage page = VERONA__ITEMS_PAGE__INIT;
    in.kind = VERONA__QUERY_IN__KIND__DISCO_ITEMS;
    assert_int_equal(decode(ev, &re), 0);
    assert_false(re.items.paged);
    in.page = &page;
    page.has_max = page.has_before = true;
    page.max = UINT32_MAX;
    page.before = wire_bytes(STR("B"));
    assert_int_equal(decode(ev, &re), 0);
    assert_true(re.items.paged && re.items.has_max && re.items.has_before);
    assert_false(re.items.has_after || re.items.has_index);
    assert_true(re.items.max == UINT32_MAX && str_is(re.items.before, "B"));
    static char nick[LIMIT_JID_PART + 1];
    memset(nick, 'n', sizeof nick);
    page.before = wire_bytes(str_n(nick, LIMIT_JID_PART));
    assert_int_equal(decode(ev, &re), 0);
    page.before = wire_bytes(str_n(nick, LIMIT_JID_PART + 1));
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    in.kind = (Verona__QueryIn__Kind)5;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

/* W35 */
static void test_relay(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    Verona__RoomEvent *ev = req(&base);
    Verona__RelayIn in = VERONA__RELAY_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_RELAY;
    ev->relay = &in;
    in.payload = wire_bytes(STR("<x/>"));
    in.to_account = true;
    ev->nick.len = 0;
    assert_int_equal(decode(ev, &re), ERR_PROTO); /* of the room itself it is a query */
    ev->nick = wire_bytes(STR("Juliet"));
    for (int i = 0; i < 3; i++) {
        in.kind = (Verona__RelayIn__Kind)i;
        assert_int_equal(decode(ev, &re), 0);
        assert_int_equal(re.type, ROOM_EV_RELAY);
        assert_int_equal(re.relay.kind, i);
        assert_true(re.relay.to_account && !re.relay.set && str_is(re.relay.payload, "<x/>"));
    }
    assert_true(codec_stanza(ev, &stanza) && stanza == ROOM_IQ);
    in.kind = (Verona__RelayIn__Kind)3;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

static void test_relay_answer(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    char ticket[LIMIT_TICKET + 1];
    Verona__RoomEvent *ev = req(&base);
    Verona__RelayAnswerIn in = VERONA__RELAY_ANSWER_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_RELAY_ANSWER;
    ev->relay_answer = &in;
    memset(ticket, 't', sizeof ticket);
    for (size_t n = LIMIT_TICKET - 1; n <= LIMIT_TICKET + 1; n++) {
        in.ticket = wire_bytes(str_n(ticket, n));
        in.error = true;
        assert_int_equal(decode(ev, &re), n > LIMIT_TICKET ? ERR_TOOBIG : 0);
    }
    in.ticket.len = 5;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_RELAY_ANSWER);
    assert_true(re.relay_answer.error && str_is(re.relay_answer.ticket, "ttttt"));
    assert_false(codec_stanza(ev, &stanza)); /* nobody answers an answer */
}

/* S7.13-voice-request */
static void test_voice(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    Verona__RoomEvent *ev = req(&base);
    Verona__VoiceIn in = VERONA__VOICE_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_VOICE;
    ev->voice = &in;
    in.answer = in.allow = true;
    in.role = VERONA__ROLE__PARTICIPANT;
    in.nick = wire_bytes(STR("Juliet"));
    in.jid = wire_bytes(STR("juliet@example.org/r"));
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_VOICE);
    assert_int_equal(re.voice.role, ROLE_PARTICIPANT);
    assert_true(re.voice.answer && re.voice.allow && str_is(re.voice.nick, "Juliet") &&
                str_is(re.voice.jid, "juliet@example.org/r"));
    assert_true(codec_stanza(ev, &stanza) && stanza == ROOM_MESSAGE);
    in.jid = wire_bytes(STR("@"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    in.jid.len = 0;
    in.role = (Verona__Role)5;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

/* XEP-0463, XEP-0486, XEP-0050: what a gateway may say of versions, vCards and commands. */
static void test_extras(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req_join(&base);
    ev->presence->mav = true;
    ev->presence->mav_since = filled(LIMIT_MAV_SINCE);
    assert_int_equal(decode(ev, &re), 0);
    assert_true(re.presence.mav && re.presence.mav_since.n == LIMIT_MAV_SINCE);
    ev->presence->mav_since = filled(LIMIT_MAV_SINCE + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);

    Verona__VcardIn card = VERONA__VCARD_IN__INIT;
    ev = req(&base);
    ev->body_case = VERONA__ROOM_EVENT__BODY_VCARD;
    ev->vcard = &card;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_VCARD_GET);
    card.set = true;
    card.vcard = filled(10);
    card.size = 7;
    card.hash = wire_bytes(STR("0123456789abcdef0123456789abcdef01234567"));
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_VCARD_SET);
    assert_int_equal(re.vcard.size, 7);
    assert_int_equal(re.vcard.hash.n, AVATAR_HASH);
    card.hash = wire_bytes(STR("0123456789ABCDEF0123456789abcdef01234567"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    card.hash = wire_bytes(STR("0123"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    card.hash = wire_bytes(STR("0123456789abcdef0123456789abcdef01234567"));
    card.vcard.len = 0; /* a hash of nothing */
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    card.vcard = filled(LIMIT_VCARD + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);

    Verona__CommandIn command = VERONA__COMMAND_IN__INIT;
    Verona__Field field = VERONA__FIELD__INIT, *fields[LIMIT_FORM_FIELDS + 1];
    for (int i = 0; i <= LIMIT_FORM_FIELDS; i++)
        fields[i] = &field;
    field.var = wire_bytes(STR("v"));
    ev->body_case = VERONA__ROOM_EVENT__BODY_COMMAND;
    ev->command = &command;
    command.node = wire_bytes(STR("n"));
    command.has_form = true;
    command.fields = fields;
    command.n_fields = LIMIT_FORM_FIELDS;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_COMMAND);
    assert_true(str_is(re.command.node, "n") && re.command.has_form);
    assert_int_equal(re.command.n, LIMIT_FORM_FIELDS);
    command.n_fields++;
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    command.n_fields = 0;
    command.node = filled(LIMIT_NAME + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);

    Verona__QueryIn query = VERONA__QUERY_IN__INIT;
    ev->body_case = VERONA__ROOM_EVENT__BODY_QUERY;
    ev->query = &query;
    query.kind = VERONA__QUERY_IN__KIND__COMMANDS;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_COMMAND_LIST);
    query.kind = VERONA__QUERY_IN__KIND__COMMAND;
    query.node = wire_bytes(STR("n"));
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_COMMAND_INFO);
    assert_true(str_is(re.command.node, "n"));
    query.node = filled(LIMIT_NAME + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
}

static void test_stanza(void **state)
{
    (void)state;
    enum room_stanza s;
    assert_true(codec_stanza(req_join(&base), &s));
    assert_int_equal(s, ROOM_PRESENCE);
    assert_true(codec_stanza(req_message(&base, ""), &s));
    assert_int_equal(s, ROOM_MESSAGE);
    assert_true(codec_stanza(req_submit(&base), &s));
    assert_int_equal(s, ROOM_IQ);
    assert_false(codec_stanza(req_leave(&base), &s));
}

static void test_room(void **state)
{
    (void)state;
    assert_true(codec_room_ok(STR("r@c")));
    assert_false(codec_room_ok(STR("c")));
    assert_false(codec_room_ok(STR("r@c/x")));
    assert_false(codec_room_ok(STR("")));
    assert_false(codec_room_ok(STR("r@\xc0\x80")));
    assert_false(codec_room_ok(STR("r\0@c")));
}

static Verona__Name *name(uint64_t e, uint64_t s)
{
    Verona__Name *n = arena_alloc(&arena, sizeof *n);
    verona__name__init(n);
    n->e = e;
    n->s = s;
    return n;
}

static void test_archive(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    Verona__RoomEvent *ev = req(&base);
    Verona__ArchiveIn q = VERONA__ARCHIVE_IN__INIT;
    Verona__Name *ids[LIMIT_ARCHIVE_IDS + 1];
    for (size_t i = 0; i <= LIMIT_ARCHIVE_IDS; i++)
        ids[i] = name(3, i + 1);
    ev->body_case = VERONA__ROOM_EVENT__BODY_ARCHIVE;
    ev->archive = &q;
    q.query_id = wire_bytes(STR("f27"));
    q.with = wire_bytes(STR("a@d"));
    q.start_ms = 5;
    q.end_ms = q.max = -1;
    q.after = name(2, 7);
    q.before_id = name(2, 9);
    q.ids = ids;
    q.n_ids = 2;
    q.backward = q.flip = true;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_ARCHIVE);
    assert_true(str_is(re.archive.query_id, "f27"));
    assert_true(str_is(re.archive.with, "a@d"));
    assert_int_equal(re.archive.start_ms, 5);
    assert_int_equal(re.archive.end_ms, -1);
    assert_int_equal(re.archive.after.s, 7);
    assert_int_equal(re.archive.before_id.s, 9);
    assert_int_equal(re.archive.before.s + re.archive.after_id.s, 0);
    assert_int_equal(re.archive.n_ids, 2);
    assert_int_equal(re.archive.ids[1].s, 2);
    assert_true(re.archive.backward && re.archive.flip && !re.archive.metadata);
    assert_true(codec_stanza(ev, &stanza) && stanza == ROOM_IQ);
    q.n_ids = LIMIT_ARCHIVE_IDS + 1;
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    q.n_ids = 0;
    q.max = -2;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    q.max = 10;
    q.start_ms = -2;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    q.start_ms = -1;
    q.with = wire_bytes(STR("@d"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    q.with = wire_bytes(STR_NULL);
    q.query_id = filled(LIMIT_ID + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    q.query_id = wire_bytes(STR("\xff"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    q.query_id = wire_bytes(STR_NULL);
    q.kind = VERONA__ARCHIVE_IN__KIND__METADATA;
    assert_int_equal(decode(ev, &re), 0);
    assert_true(re.archive.metadata);
    q.kind = VERONA__ARCHIVE_IN__KIND__FORM;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_ARCHIVE_FORM);
    q.kind = (Verona__ArchiveIn__Kind)3;
    assert_int_equal(decode(ev, &re), ERR_PROTO);
}

static void test_taking_back(void **state)
{
    (void)state;
    struct room_event re;
    enum room_stanza stanza;
    Verona__RoomEvent *ev = req_message(&base, "<retract/>");
    ev->message->archive = true;
    ev->message->retracts = name(3, 8);
    assert_int_equal(decode(ev, &re), 0);
    assert_true(re.message.archive);
    assert_int_equal(re.message.retracts.e, 3);
    assert_int_equal(re.message.retracts.s, 8);
    ev->message->retracts = NULL;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.message.retracts.s, 0);
    Verona__ModerateIn m = VERONA__MODERATE_IN__INIT;
    ev = req(&base);
    ev->body_case = VERONA__ROOM_EVENT__BODY_MODERATE;
    ev->moderate = &m;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.moderate.target.s, 0);
    m.target = name(3, 8);
    m.reason = filled(LIMIT_REASON);
    m.has_reason = true;
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_MODERATE);
    assert_int_equal(re.moderate.target.s, 8);
    assert_int_equal(re.moderate.reason.n, LIMIT_REASON);
    assert_true(codec_stanza(ev, &stanza) && stanza == ROOM_IQ);
    m.reason = filled(LIMIT_REASON + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
}

/* A room by command, and the mark that makes a request one. */
static void test_provide(void **state)
{
    (void)state;
    struct room_event re;
    Verona__RoomEvent *ev = req(&base);
    Verona__ProvideIn in = VERONA__PROVIDE_IN__INIT;
    Verona__Field field = VERONA__FIELD__INIT, *fields[] = {&field};
    ProtobufCBinaryData value = wire_bytes(STR("Verona"));
    field.var = wire_bytes(STR("muc#roomconfig_roomname"));
    field.values = &value;
    field.n_values = 1;
    in.fields = fields;
    in.n_fields = 1;
    in.preset = wire_bytes(STR("team"));
    ev->body_case = VERONA__ROOM_EVENT__BODY_PROVIDE;
    ev->provide = &in;
    enum room_stanza stanza;
    assert_true(codec_stanza(ev, &stanza));
    assert_int_equal(stanza, ROOM_IQ);
    assert_int_equal(decode(ev, &re), 0);
    assert_int_equal(re.type, ROOM_EV_PROVIDE);
    assert_false(re.by_service);
    assert_true(str_is(re.owner.preset, "team"));
    assert_int_equal(re.owner.n, 1);
    assert_true(str_is(re.owner.fields[0].values[0], "Verona"));
    ev->by_service = true;
    assert_int_equal(decode(ev, &re), 0);
    assert_true(re.by_service);
    in.preset = filled(LIMIT_NAME);
    assert_int_equal(decode(ev, &re), 0);
    in.preset = filled(LIMIT_NAME + 1);
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
    in.preset = wire_bytes(STR("\xff"));
    assert_int_equal(decode(ev, &re), ERR_PROTO);
    in.preset = wire_bytes(STR_NULL);
    in.n_fields = LIMIT_FORM_FIELDS + 1;
    assert_int_equal(decode(ev, &re), ERR_TOOBIG);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_join),   T(test_common_fields), T(test_presence_counts), T(test_message),
        T(test_admin),  T(test_owner),         T(test_refuse),          T(test_queries),
        T(test_stanza), T(test_room),          T(test_archive),         T(test_taking_back),
        T(test_relay),  T(test_relay_answer),  T(test_voice),           T(test_provide),
        T(test_extras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
