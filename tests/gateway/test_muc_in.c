/* test_muc_in.c: stanza -> RoomEvent. */
#include "base/limits.h"
#include "base/muc.h"
#include "gateway/lib_stanza.h"
#include "gateway/muc_in.h"
#include "gateway/rsm.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM "room@conference.localhost"

static struct arena arena;
static Verona__RoomEvent ev;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static enum muc_in in(const char *xml, const char *to)
{
    return muc_in(lib_stanza(&arena, xml), str_of(to), NULL, &arena, &ev);
}

static void same(ProtobufCBinaryData got, const char *want)
{
    struct str s = wire_str(got);
    if (!str_is(s, want))
        fail_msg("got  %.*s\nwant %s", STR_FMT(s), want);
}

static void refused(const char *xml, const char *to, enum stanza_error e)
{
    assert_int_equal(in(xml, to), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_REFUSE);
    assert_int_equal(ev.refuse->error->condition, e);
}

#define UPDATE "<x xmlns='vcard-temp:x:update'><photo/></x>"

/* W11: what is passed on, and what is not */
static void a_join(void **state)
{
    (void)state;
    assert_int_equal(
        in("<presence id='j&apos;1'><x xmlns='" NS_MUC "'><password>pass&amp;word</password>"
           "<history maxchars='0' maxstanzas='20' seconds='x' since='1970-01-01T00:00:01.5Z'/></x>"
           "<show>away</show><c xmlns='http://jabber.org/protocol/caps' ver='v'/></presence>",
           ROOM "/Ann"),
        MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_PRESENCE);
    same(ev.room, ROOM);
    same(ev.nick, "Ann");
    same(ev.id, "j'1");
    assert_true(ev.strict_ok);
    assert_true(ev.presence->join);
    assert_true(ev.presence->has_password);
    same(ev.presence->password, "pass&word");
    assert_int_equal(ev.presence->max_chars, 0);
    assert_int_equal(ev.presence->max_stanzas, 20);
    assert_int_equal(ev.presence->seconds, -1);
    assert_int_equal(ev.presence->since_ms, 1500);
    same(ev.presence->payload,
         "<show>away</show><c xmlns='http://jabber.org/protocol/caps' ver='v'/>" UPDATE);
    /* a presence without x, and one that brings its own avatar (W84) */
    assert_int_equal(in("<presence>" UPDATE "</presence>", ROOM "/Ann"), MUC_IN_EVENT);
    assert_false(ev.presence->join);
    assert_int_equal(ev.presence->since_ms, -1);
    same(ev.presence->payload, UPDATE);
    /* no nick: the room will say */
    assert_int_equal(in("<presence><x xmlns='" NS_MUC "'/></presence>", ROOM), MUC_IN_EVENT);
    assert_false(ev.strict_ok);
}

static void stamps(void **state)
{
    (void)state;
    assert_int_equal(muc_in_stamp(STR("1970-01-01T00:00:00Z")), 0);
    assert_int_equal(muc_in_stamp(STR("2000-02-29T12:34:56Z")), 951827696000);
    assert_int_equal(muc_in_stamp(STR("2000-02-29T12:34:56.789+01:30")), 951822296789);
    assert_int_equal(muc_in_stamp(STR("2000-02-29T12:34:56-00:01")), 951827756000);
    static const char *const bad[] = {"",
                                      "2000-02-29T12:34:56",
                                      "2000-02-29T12:34:56+0100",
                                      "2000-13-01T00:00:00Z",
                                      "20000229T12:34:56Z",
                                      "2000-02-29T12:34:56Zx",
                                      "1969-12-31T23:59:59Z",
                                      "2000-02-29T12:34:56.5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(muc_in_stamp(str_of(bad[i])), -1);
}

/* W29, S17.3-subscribe */
static void presence_types(void **state)
{
    (void)state;
    assert_int_equal(in("<presence type='unavailable'><status>bye</status><x xmlns='" NS_MUC_USER
                        "'/></presence>",
                        ROOM "/Ann"),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_LEAVE);
    assert_false(ev.leave->broken);
    same(ev.leave->payload, "<status>bye</status>");
    assert_int_equal(in("<presence type='error'><error type='cancel'><gone xmlns='" NS_STANZAS
                        "'/><text xmlns='" NS_STANZAS "'>moved</text></error></presence>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ERROR);
    assert_true(ev.error->from_presence);
    same(ev.error->condition, "gone");
    same(ev.error->text, "moved");
    assert_int_equal(in("<presence type='error'/>", ROOM), MUC_IN_EVENT);
    same(ev.error->condition, "");
    assert_int_equal(in("<presence type='probe'><x xmlns='" NS_MUC "'/></presence>", ROOM "/Bob"),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_PROBE);
    assert_int_equal(in("<presence type='subscribe'/>", ROOM "/Bob"), MUC_IN_IGNORE);
    assert_int_equal(in("<presence type='strange'/>", ROOM "/Bob"), MUC_IN_IGNORE);
}

/* W14, S7.4-spoof, X0359-foreign-kept */
static void groupchat_is_cleaned(void **state)
{
    (void)state;
    assert_int_equal(in("<message type='groupchat' id='m1'><occupant-id xmlns='" NS_OCCUPANT_ID
                        "' id='a'/>"
                        "<body>one &lt; two</body><thread>t</thread>"
                        "<stanza-id xmlns='" NS_SID "' by='" ROOM "' id='x'/>"
                        "<stanza-id xmlns='" NS_SID "' by='ROOM@conference.localhost' id='x'/>"
                        "<stanza-id xmlns='" NS_SID "' by='other@conference.localhost' id='x'/>"
                        "<delay xmlns='" NS_DELAY "' from='" ROOM "' stamp='s'/>"
                        "<delay xmlns='" NS_DELAY "' from='a@localhost' stamp='s'/>"
                        "<nick xmlns='http://jabber.org/protocol/nick'>Bob</nick>"
                        "<origin-id xmlns='" NS_SID "' id='o'/><x xmlns='" NS_MUC_USER "'/>"
                        "<occupant-id xmlns='" NS_OCCUPANT_ID "' id='b'/><store xmlns='" NS_HINTS
                        "'/></message>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MESSAGE);
    assert_int_equal(ev.message->type, VERONA__MESSAGE_IN__TYPE__GROUPCHAT);
    assert_true(ev.message->has_body && ev.message->has_thread && ev.message->store);
    assert_false(ev.message->has_subject || ev.message->no_store);
    same(ev.message->payload,
         "<body>one &lt; two</body><thread>t</thread>"
         "<stanza-id xmlns='" NS_SID "' by='other@conference.localhost' id='x'/>"
         "<delay xmlns='" NS_DELAY "' from='a@localhost' stamp='s'/>"
         "<nick xmlns='http://jabber.org/protocol/nick'>Bob</nick>"
         "<origin-id xmlns='" NS_SID "' id='o'/><store xmlns='" NS_HINTS "'/>");
}

/* S7.4-spoof, W14, X0359-forged: other letters for the same address are the same address. */
static void no_letters_forge_the_room(void **state)
{
    (void)state;
#define FORGED(by)                                                                                 \
    "<message type='groupchat' id='m1'><body>x</body><stanza-id xmlns='" NS_SID "' by='" by        \
    "' id='x'/><delay xmlns='" NS_DELAY "' from='" by "' stamp='s'/></message>"
    static const char *const forged[] = {
        FORGED("b\xc3\xbcro@conference.localhost"),            /* as it is prepared */
        FORGED("B\xc3\x9cRO@conference.localhost"),            /* capitals */
        FORGED("\xef\xbd\x82\xc3\xbcro@conference.localhost"), /* a wide b */
        FORGED("b\xc3\xbcro@CONFERENCE.localhost/Bob"),
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        assert_int_equal(in(forged[i], "b\xc3\xbcro@conference.localhost"), MUC_IN_EVENT);
        same(ev.message->payload, "<body>x</body>");
    }
    assert_int_equal(
        in(FORGED("b\xc3\xb6ro@conference.localhost"), "b\xc3\xbcro@conference.localhost"),
        MUC_IN_EVENT);
    assert_true(ev.message->payload.len > sizeof "<body>x</body>");
}

static void messages(void **state)
{
    (void)state;
    assert_int_equal(
        in("<message type='groupchat'><subject>New &amp; old</subject></message>", ROOM),
        MUC_IN_EVENT);
    assert_true(ev.message->has_subject);
    assert_false(ev.message->has_body);
    same(ev.message->subject, "New & old");
    assert_int_equal(in("<message type='chat'><body>psst</body></message>", ROOM "/Bob"),
                     MUC_IN_EVENT);
    assert_int_equal(ev.message->type, VERONA__MESSAGE_IN__TYPE__CHAT);
    same(ev.nick, "Bob");
    assert_int_equal(in("<message type='odd'><body>x</body></message>", ROOM "/Bob"), MUC_IN_EVENT);
    assert_int_equal(ev.message->type, VERONA__MESSAGE_IN__TYPE__NORMAL);
    /* X0334-error: whatever it hints at, it is an error */
    assert_int_equal(in("<message type='error' id='b'><body>x</body><store xmlns='urn:xmpp:hints'/>"
                        "<error><item-not-found xmlns='" NS_STANZAS "'/></error></message>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ERROR);
    assert_false(ev.error->from_presence);
    same(ev.error->condition, "item-not-found");
}

static void invitations(void **state)
{
    (void)state;
    assert_int_equal(in("<message id='i'><x xmlns='" NS_MUC_USER "'>"
                        "<invite to='Bob@LOCALHOST'><reason>come</reason></invite>"
                        "<invite to='eve@localhost/r'><continue thread='t1'/></invite></x>"
                        "<body>my words</body></message>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_INVITE);
    assert_int_equal(ev.invite->n_invitations, 2);
    same(ev.invite->invitations[0]->to, "bob@localhost");
    same(ev.invite->invitations[0]->reason, "come");
    assert_false(ev.invite->invitations[0]->has_continue);
    same(ev.invite->invitations[1]->to, "eve@localhost/r");
    assert_true(ev.invite->invitations[1]->has_continue);
    same(ev.invite->invitations[1]->thread, "t1");
    assert_true(ev.invite->has_body);
    same(ev.invite->body, "my words");
    refused("<message><x xmlns='" NS_MUC_USER "'><invite to='@bad'/></x></message>", ROOM,
            SE_JID_MALFORMED);
    refused("<message><x xmlns='" NS_MUC_USER "'><invite/></x></message>", ROOM, SE_JID_MALFORMED);
    assert_int_equal(ev.refuse->stanza, VERONA__REFUSE_IN__STANZA__MESSAGE);
    assert_int_equal(in("<message><x xmlns='" NS_MUC_USER "'><decline to='" ROOM
                        "/Ann'><reason>no</reason></decline></x></message>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_DECLINE);
    same(ev.decline->to, ROOM "/Ann");
    same(ev.decline->reason, "no");
}

static void admin(void **state)
{
    (void)state;
    assert_int_equal(in("<iq type='set' id='a'><query xmlns='" NS_MUC_ADMIN "'>"
                        "<item affiliation='outcast' jid='BOB@localhost/x'><reason>rude</reason>"
                        "</item><item role='none' nick='Eve'/>"
                        "<item affiliation='member' jid='d@localhost' nick=''/></query></iq>",
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ADMIN);
    assert_true(ev.admin->set);
    assert_int_equal(ev.admin->n_items, 3);
    assert_int_equal(ev.admin->items[0]->affiliation, VERONA__AFFILIATION__OUTCAST);
    assert_int_equal(ev.admin->items[0]->role, VERONA__ROLE__ROLE_UNSET);
    same(ev.admin->items[0]->jid, "bob@localhost/x");
    assert_true(ev.admin->items[0]->has_reason);
    same(ev.admin->items[0]->reason, "rude");
    assert_int_equal(ev.admin->items[1]->role, VERONA__ROLE__NO_ROLE);
    same(ev.admin->items[1]->nick, "Eve");
    assert_true(ev.admin->items[2]->has_nick);
    same(ev.admin->items[2]->nick, "");
#define ADMIN(item) "<iq type='set' id='a'><query xmlns='" NS_MUC_ADMIN "'>" item "</query></iq>"
    refused(ADMIN("<item affiliation='king' jid='b@localhost'/>"), ROOM, SE_BAD_REQUEST);
    refused(ADMIN("<item role='' nick='b'/>"), ROOM, SE_BAD_REQUEST);
    refused(ADMIN("<item affiliation='member' jid='@b'/>"), ROOM, SE_JID_MALFORMED);
    /* W23, W54: U+1F916, unassigned in Unicode 3.2. As the name of somebody it names nobody. */
    refused(ADMIN("<item affiliation='member' jid='b@localhost' nick='&#x1F916;'/>"), ROOM,
            SE_JID_MALFORMED);
    assert_int_equal(in(ADMIN("<item role='none' nick='&#x1F916;'/>"), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ADMIN);
    /* no item at all: the room answers, for it depends on who asks */
    assert_int_equal(in(ADMIN(""), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ADMIN);
    /* to an occupant it means nothing */
    assert_int_equal(in(ADMIN(""), ROOM "/Bob"), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_RELAY);
}

static struct str admin_items(unsigned n)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<iq type='set' id='a'><query xmlns='" NS_MUC_ADMIN "'>");
    for (unsigned i = 0; i < n; i++)
        buf_printf(&b, "<item affiliation='member' jid='u%u@localhost'/>", i);
    buf_z(&b, "</query></iq>");
    struct str s = arena_str(&arena, buf_as_str(&b));
    buf_deinit(&b);
    return s;
}

static char *repeat(const char *before, size_t n, const char *after)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, before);
    for (size_t i = 0; i < n; i++)
        buf_c(&b, 'a');
    buf_z(&b, after);
    char *s = (char *)(uintptr_t)arena_str(&arena, buf_as_str(&b)).p;
    buf_deinit(&b);
    return s;
}

/* At the limit minus one, the limit, and the limit plus one. */
static void limits(void **state)
{
    (void)state;
    for (unsigned n = LIMIT_ADMIN_ITEMS - 1; n <= LIMIT_ADMIN_ITEMS; n++) {
        assert_int_equal(in(admin_items(n).p, ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ADMIN);
    }
    refused(admin_items(LIMIT_ADMIN_ITEMS + 1).p, ROOM, SE_POLICY_VIOLATION);
    for (size_t n = LIMIT_ID - 1; n <= LIMIT_ID; n++)
        assert_int_equal(in(repeat("<presence id='", n, "'/>"), ROOM "/A"), MUC_IN_EVENT);
    assert_int_equal(in(repeat("<presence id='", LIMIT_ID + 1, "'/>"), ROOM "/A"), MUC_IN_ID);
    /* errors and results are never answered, whatever their id */
    assert_int_equal(in(repeat("<presence type='error' id='", LIMIT_ID + 1, "'/>"), ROOM "/A"),
                     MUC_IN_EVENT);
    same(ev.id, "");
    for (size_t n = LIMIT_NICK_CHARS - 1; n <= LIMIT_NICK_CHARS; n++) {
        assert_int_equal(in("<presence/>", repeat(ROOM "/", n, "")), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_PRESENCE);
    }
    refused("<presence/>", repeat(ROOM "/", LIMIT_NICK_CHARS + 1, ""), SE_JID_MALFORMED);
    assert_int_equal(
        in("<presence type='unavailable'/>", repeat(ROOM "/", LIMIT_NICK_CHARS + 1, "")),
        MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_LEAVE);
    for (size_t n = LIMIT_SUBJECT - 1; n <= LIMIT_SUBJECT + 1; n++) {
        assert_int_equal(
            in(repeat("<message type='groupchat'><subject>", n, "</subject></message>"), ROOM),
            MUC_IN_EVENT);
        assert_int_equal(ev.body_case, n <= LIMIT_SUBJECT ? VERONA__ROOM_EVENT__BODY_MESSAGE
                                                          : VERONA__ROOM_EVENT__BODY_REFUSE);
    }
    for (size_t n = LIMIT_REASON - 1; n <= LIMIT_REASON + 1; n++) {
        char *xml = repeat("<iq type='set' id='a'><query xmlns='" NS_MUC_ADMIN
                           "'><item role='none' nick='b'><reason>",
                           n, "</reason></item></query></iq>");
        assert_int_equal(in(xml, ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, n <= LIMIT_REASON ? VERONA__ROOM_EVENT__BODY_ADMIN
                                                         : VERONA__ROOM_EVENT__BODY_REFUSE);
    }
}

#define OWNER(inner) "<iq type='set' id='o'><query xmlns='" NS_MUC_OWNER "'>" inner "</query></iq>"

static void owner(void **state)
{
    (void)state;
    assert_int_equal(in("<iq type='get' id='o'><query xmlns='" NS_MUC_OWNER "'/></iq>", ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_OWNER);
    assert_int_equal(ev.owner->action, VERONA__OWNER_IN__ACTION__GET);
    assert_int_equal(
        in(OWNER("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
                 "http://jabber.org/protocol/muc#roomconfig</value></field>"
                 "<field var='muc#roomconfig_roomname'><value>Hi</value></field>"
                 "<field var='muc#roomconfig_roomdesc'/>"
                 "<field var='muc#roomconfig_roomowners'><value>A@localhost</value><value/></field>"
                 "</x>"),
           ROOM),
        MUC_IN_EVENT);
    assert_int_equal(ev.owner->action, VERONA__OWNER_IN__ACTION__SUBMIT);
    assert_true(ev.owner->has_form_type);
    same(ev.owner->form_type, "http://jabber.org/protocol/muc#roomconfig");
    assert_int_equal(ev.owner->n_fields, 3);
    same(ev.owner->fields[0]->var, "muc#roomconfig_roomname");
    same(ev.owner->fields[0]->values[0], "Hi");
    assert_int_equal(ev.owner->fields[1]->n_values, 0);
    assert_int_equal(ev.owner->fields[2]->n_values, 1);
    same(ev.owner->fields[2]->values[0], "a@localhost");
    assert_int_equal(in(OWNER("<x xmlns='jabber:x:data' type='submit'/>"), ROOM), MUC_IN_EVENT);
    assert_false(ev.owner->has_form_type);
    assert_int_equal(in(OWNER("<x xmlns='jabber:x:data' type='cancel'/>"), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.owner->action, VERONA__OWNER_IN__ACTION__CANCEL);
    refused(OWNER(""), ROOM, SE_BAD_REQUEST);
    refused(OWNER("<x xmlns='jabber:x:data' type='result'/>"), ROOM, SE_BAD_REQUEST);
    assert_int_equal(in(OWNER("<destroy jid='Other@conference.localhost'><reason>over</reason>"
                              "<password>p</password></destroy>"),
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_DESTROY);
    same(ev.destroy->alternate, "other@conference.localhost");
    assert_true(ev.destroy->has_reason && ev.destroy->has_password);
    assert_int_equal(in(OWNER("<destroy/>"), ROOM), MUC_IN_EVENT);
    assert_false(ev.destroy->has_reason || ev.destroy->has_password);
}

#define REGISTER(inner)                                                                            \
    "<iq type='set' id='r'><query xmlns='" NS_REGISTER "'>" inner "</query></iq>"
#define REGISTER_FORM(type, nick)                                                                  \
    REGISTER("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" type          \
             "</value></field><field var='muc#register_roomnick'><value>" nick                     \
             "</value></field></x>")
#define REGISTER_TYPE "http://jabber.org/protocol/muc#register"

static void registration(void **state)
{
    (void)state;
    assert_int_equal(in("<iq type='get' id='r'><query xmlns='" NS_REGISTER "'/></iq>", ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.register_->action, VERONA__REGISTER_IN__ACTION__GET);
    assert_int_equal(in(REGISTER("<remove/>"), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.register_->action, VERONA__REGISTER_IN__ACTION__REMOVE);
    assert_int_equal(in(REGISTER_FORM(REGISTER_TYPE, "Ann"), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.register_->action, VERONA__REGISTER_IN__ACTION__SUBMIT);
    assert_true(ev.register_->valid);
    same(ev.register_->nick, "Ann");
    static const char *const invalid[] = {
        REGISTER_FORM("http://jabber.org/protocol/muc", "Ann"), REGISTER_FORM(REGISTER_TYPE, ""),
        REGISTER_FORM(REGISTER_TYPE, "  "),
        REGISTER_FORM(REGISTER_TYPE, "\xf0\x9f\xa4\x96"), /* unassigned in Unicode 3.2 */
        REGISTER("")};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        assert_int_equal(in(invalid[i], ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.register_->action, VERONA__REGISTER_IN__ACTION__SUBMIT);
        assert_false(ev.register_->valid);
    }
}

static void query(const char *xml, const char *to, Verona__QueryIn__Kind kind)
{
    assert_int_equal(in(xml, to), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_QUERY);
    assert_int_equal(ev.query->kind, kind);
}

static void queries(void **state)
{
    (void)state;
#define GET(inner) "<iq type='get' id='q'>" inner "</iq>"
    query(GET("<query xmlns='" NS_DISCO_INFO "'/>"), ROOM, VERONA__QUERY_IN__KIND__DISCO_INFO);
    query(GET("<query xmlns='" NS_DISCO_ITEMS "'/>"), ROOM, VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    query(GET("<query xmlns='" NS_DISCO_INFO "' node='x-roomuser-item'/>"), ROOM,
          VERONA__QUERY_IN__KIND__OWN_NICK);
    query(GET("<ping xmlns='" NS_PING "'/>"), ROOM, VERONA__QUERY_IN__KIND__PING);
    query(GET("<query xmlns='jabber:iq:version'/>"), ROOM, VERONA__QUERY_IN__KIND__OTHER);
    assert_null(ev.query->page);
    /* S6.5-rsm: the ids are nicks, prepared as such */
#define PAGE(inner)                                                                                \
    GET("<query xmlns='" NS_DISCO_ITEMS "'><set xmlns='" NS_RSM "'>" inner "</set></query>")
    query(PAGE("<max>7</max><after>\xe2\x85\xa8</after>"), ROOM,
          VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    assert_true(ev.query->page->has_max && ev.query->page->has_after);
    assert_false(ev.query->page->has_before || ev.query->page->has_index);
    assert_int_equal(ev.query->page->max, 7);
    assert_true(str_is(wire_str(ev.query->page->after), "IX"));
    query(PAGE("<before/>"), ROOM, VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    assert_true(ev.query->page->has_before);
    assert_int_equal(ev.query->page->before.len, 0);
    query(PAGE("<index>3</index>"), ROOM, VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    assert_true(ev.query->page->has_index);
    assert_int_equal(ev.query->page->index, 3);
    assert_int_equal(in(PAGE("<max>7</max>"), ROOM "/B"), MUC_IN_EVENT); /* his to answer */
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_RELAY);
    refused(PAGE("<max>many</max>"), ROOM, SE_BAD_REQUEST);
    refused(PAGE("<after>\xee\x80\x80</after>"), ROOM, SE_ITEM_NOT_FOUND);
    query(GET("<query xmlns='" NS_DISCO_INFO "' node='what'/>"), ROOM,
          VERONA__QUERY_IN__KIND__COMMAND);
    same(ev.query->node, "what");
    query(GET("<query xmlns='" NS_DISCO_ITEMS "' node='" NS_COMMANDS "'/>"), ROOM,
          VERONA__QUERY_IN__KIND__COMMANDS);
    refused(GET("<query xmlns='" NS_DISCO_ITEMS "' node='what'/>"), ROOM, SE_ITEM_NOT_FOUND);
    refused(GET(""), ROOM, SE_BAD_REQUEST);
    refused("<iq type='odd' id='q'><ping xmlns='" NS_PING "'/></iq>", ROOM, SE_BAD_REQUEST);
    /* rooms ask nobody */
    assert_int_equal(in("<iq type='result' id='q'/>", ROOM), MUC_IN_IGNORE);
    assert_int_equal(in("<iq type='error' id='q'/>", ROOM), MUC_IN_IGNORE);
}

static void relayed(const char *xml, Verona__RelayIn__Kind kind, bool set, bool to_account,
                    const char *payload)
{
    assert_int_equal(in(xml, ROOM "/B"), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_RELAY);
    assert_int_equal(ev.relay->kind, kind);
    assert_int_equal(ev.relay->set, set);
    assert_int_equal(ev.relay->to_account, to_account);
    assert_true(str_is(wire_str(ev.relay->payload), payload));
    assert_true(str_is(wire_str(ev.nick), "B"));
}

/* W35: what the room must know of an iq to an occupant, and the rest untouched. S17.4-bare-jid */
static void relays(void **state)
{
    (void)state;
    relayed(GET("<query xmlns='" NS_DISCO_INFO "' node='n'/>"), VERONA__RELAY_IN__KIND__DISCO,
            false, false, "<query xmlns='" NS_DISCO_INFO "' node='n'/>");
    relayed(GET("<query xmlns='" NS_DISCO_ITEMS "'/>"), VERONA__RELAY_IN__KIND__DISCO, false, false,
            "<query xmlns='" NS_DISCO_ITEMS "'/>");
    relayed(GET("<ping xmlns='" NS_PING "'/>"), VERONA__RELAY_IN__KIND__PING, false, false,
            "<ping xmlns='" NS_PING "'/>");
    relayed("<iq type='set' id='q'><q xmlns='x'><i a='&amp;'>&lt;</i></q></iq>",
            VERONA__RELAY_IN__KIND__OTHER, true, false, "<q xmlns='x'><i a='&amp;'>&lt;</i></q>");
    relayed(GET("<vCard xmlns='vcard-temp'/>"), VERONA__RELAY_IN__KIND__OTHER, false, true,
            "<vCard xmlns='vcard-temp'/>");
    relayed(GET("<vcard xmlns='" NS_VCARD4 "'/>"), VERONA__RELAY_IN__KIND__OTHER, false, true,
            "<vcard xmlns='" NS_VCARD4 "'/>");
    relayed(GET("<pubsub xmlns='" NS_PUBSUB "'><items node='n'/></pubsub>"),
            VERONA__RELAY_IN__KIND__OTHER, false, true,
            "<pubsub xmlns='" NS_PUBSUB "'><items node='n'/></pubsub>");
}

/* W35: answers go back by their id alone; nobody's address is in an error. */
static void relay_answers(void **state)
{
    (void)state;
    char id[LIMIT_TICKET + 2], xml[LIMIT_TICKET + 100];
    assert_int_equal(in("<iq type='result' id='tick'><q xmlns='x'/></iq>", ROOM "/B"),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_RELAY_ANSWER);
    assert_true(str_is(wire_str(ev.relay_answer->ticket), "tick"));
    assert_true(str_is(wire_str(ev.relay_answer->payload), "<q xmlns='x'/>"));
    assert_false(ev.relay_answer->error);
    assert_int_equal(ev.nick.len, 0);
    assert_int_equal(
        in("<iq type='error' id='tick'><q xmlns='x'/><error type='cancel' by='b@localhost/x'>"
           "<conflict xmlns='" NS_STANZAS "'/></error></iq>",
           ROOM "/B"),
        MUC_IN_EVENT);
    assert_true(ev.relay_answer->error);
    assert_true(str_is(wire_str(ev.relay_answer->payload),
                       "<q xmlns='x'/><error type='cancel'><conflict xmlns='" NS_STANZAS
                       "'/></error>"));
    for (size_t n = LIMIT_TICKET - 1; n <= LIMIT_TICKET + 1; n++) {
        memset(id, 'i', n);
        id[n] = '\0';
        (void)snprintf(xml, sizeof xml, "<iq type='result' id='%s'/>", id);
        assert_int_equal(in(xml, ROOM "/B"), n > LIMIT_TICKET ? MUC_IN_IGNORE : MUC_IN_EVENT);
    }
}

#define VOICE(fields)                                                                              \
    "<message id='v'><x xmlns='" NS_DATA                                                           \
    "' type='submit'><field var='FORM_TYPE'><value>" NS_MUC_REQUEST "</value></field>" fields      \
    "</x></message>"
#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"

/* S7.13-voice-request, S8.6-approve */
static void voice(void **state)
{
    (void)state;
    assert_int_equal(in(VOICE(FIELD("muc#role", "participant")), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_VOICE);
    assert_false(ev.voice->answer);
    assert_int_equal(ev.voice->role, VERONA__ROLE__PARTICIPANT);
    assert_int_equal(in(VOICE(FIELD("muc#role", "king")), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.voice->role, VERONA__ROLE__ROLE_UNSET);
    static const char *const yes[] = {"1", "true"}, *const no[] = {"0", "false", ""};
    char xml[2048];
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(xml, sizeof xml,
                       VOICE(FIELD("muc#role", "participant") FIELD("muc#jid", "Bob@Localhost/x")
                                 FIELD("muc#roomnick", "B") FIELD("muc#request_allow", "%s")),
                       i < 2 ? yes[i] : no[i - 2]);
        assert_int_equal(in(xml, ROOM), MUC_IN_EVENT);
        assert_true(ev.voice->answer);
        assert_int_equal(ev.voice->allow, i < 2);
        assert_true(str_is(wire_str(ev.voice->jid), "bob@localhost/x"));
        assert_true(str_is(wire_str(ev.voice->nick), "B"));
    }
    refused(VOICE(FIELD("muc#jid", "@")), ROOM, SE_JID_MALFORMED);
    /* another form, or one to fill in, or to an occupant, is a message like any other */
    static const char *const others[] = {
        "<message><x xmlns='" NS_DATA "' type='submit'/></message>",
        "<message><x xmlns='" NS_DATA
        "' type='submit'><field var='FORM_TYPE'><value>x</value></field></x></message>",
        "<message><x xmlns='" NS_DATA "' type='form'><field var='FORM_TYPE'><value>" NS_MUC_REQUEST
        "</value></field></x></message>"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(in(others[i], ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MESSAGE);
    }
    assert_int_equal(in(VOICE(""), ROOM "/B"), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MESSAGE);
}

#define VCARD(inside) "<iq type='set' id='v'><vCard xmlns='vcard-temp'>" inside "</vCard></iq>"

/* W80, X0486-formats, X0486-hash: what is in the pictures is looked at here. */
static void a_vcard(void **state)
{
    (void)state;
    assert_int_equal(in("<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>", ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_VCARD);
    assert_false(ev.vcard->set);
    assert_int_equal(in(VCARD("<FN>A &amp; B</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>\naGVs\n "
                              "bG8=</BINVAL></PHOTO>"
                              "<PHOTO><TYPE>image/svg+xml</TYPE><BINVAL>YQ==</BINVAL></PHOTO>"),
                        ROOM),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_VCARD);
    assert_true(ev.vcard->set);
    same(ev.vcard->hash,
         "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    assert_int_equal(ev.vcard->size, 6);
    same(ev.vcard->vcard,
         "<vCard xmlns='vcard-temp'><FN>A &amp; "
         "B</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>&#xA;aGVs&#xA; bG8=</BINVAL></PHOTO>"
         "<PHOTO><TYPE>image/svg+xml</TYPE><BINVAL>YQ==</BINVAL></PHOTO></vCard>");
    static const char *const types[] = {"image/png", "image/jpeg", "image/gif", "image/svg+xml",
                                        "image/webp"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char text[256];
        snprintf(text, sizeof text, VCARD("<PHOTO><TYPE>%s</TYPE><BINVAL>YQ==</BINVAL></PHOTO>"),
                 types[i]);
        assert_int_equal(in(text, ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_VCARD);
        same(ev.vcard->hash, "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    }
    /* nothing, or nothing but an empty picture, removes it (X0486-remove) */
    static const char *const empty[] = {
        VCARD(""), VCARD("<PHOTO/>"),
        VCARD("<PHOTO><TYPE>image/png</TYPE><BINVAL> </BINVAL></PHOTO>")};
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_int_equal(in(empty[i], ROOM), MUC_IN_EVENT);
        assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_VCARD);
        assert_true(ev.vcard->set && ev.vcard->vcard.len == 0 && ev.vcard->hash.len == 0);
    }
    refused(VCARD("<PHOTO><TYPE>text/html</TYPE><BINVAL>YQ==</BINVAL></PHOTO>"), ROOM,
            SE_NOT_ACCEPTABLE);
    refused(VCARD("<PHOTO><BINVAL>YQ==</BINVAL></PHOTO>"), ROOM, SE_NOT_ACCEPTABLE);
    refused(VCARD("<PHOTO><TYPE>image/png</TYPE><BINVAL>YQ=</BINVAL></PHOTO>"), ROOM,
            SE_BAD_REQUEST);
#define ONE "<PHOTO><TYPE>image/gif</TYPE><BINVAL>YQ==</BINVAL></PHOTO>"
    refused(VCARD(ONE ONE ONE ONE ONE), ROOM, SE_POLICY_VIOLATION);
    /* too large, X0486-limit */
    static char big[240 * 1024];
    size_t n = (size_t)snprintf(
        big, sizeof big,
        "<iq type='set' id='v'><vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>");
    size_t digits = LIMIT_AVATAR_MAX / 3 * 4 + 8;
    memset(big + n, 'A', digits);
    snprintf(big + n + digits, sizeof big - n - digits, "</BINVAL></PHOTO></vCard></iq>");
    refused(big, ROOM, SE_POLICY_VIOLATION);
}

/* X0463: what a join asks for; X0463-stripped: it is not passed on, nor are hats that a client
 * gives itself (X0317-forged). */
static void versions_and_hats(void **state)
{
    (void)state;
    assert_int_equal(in("<presence><x xmlns='" NS_MUC
                        "'><mav xmlns='urn:xmpp:muc:affiliations:1' since='v1'/></x>"
                        "<mav xmlns='urn:xmpp:muc:affiliations:1' since='v1'/>"
                        "<hats xmlns='urn:xmpp:hats:0'><hat uri='u' title='t'/></hats></presence>",
                        ROOM "/Ann"),
                     MUC_IN_EVENT);
    assert_true(ev.presence->mav);
    same(ev.presence->mav_since, "v1");
    same(ev.presence->payload, UPDATE);
    assert_int_equal(in("<presence><x xmlns='" NS_MUC "'/></presence>", ROOM "/Ann"), MUC_IN_EVENT);
    assert_false(ev.presence->mav);
}

#define COMMAND(attrs, inside)                                                                     \
    "<iq type='set' id='c'><command xmlns='" NS_COMMANDS "' " attrs ">" inside "</command></iq>"

/* XEP-0050: a command, with or without its form. */
static void commands(void **state)
{
    (void)state;
    assert_int_equal(in(COMMAND("node='n' action='execute'", ""), ROOM), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_COMMAND);
    same(ev.command->node, "n");
    assert_false(ev.command->has_form || ev.command->cancel);
    assert_int_equal(in(COMMAND("node='n' sessionid='s'",
                                "<x xmlns='jabber:x:data' type='submit'>"
                                "<field var='FORM_TYPE'><value>f</value></field>"
                                "<field var='hats#jid'><value>ANN@LocalHost/r</value></field></x>"),
                        ROOM),
                     MUC_IN_EVENT);
    same(ev.command->session, "s");
    assert_true(ev.command->has_form);
    assert_int_equal(ev.command->n_fields, 1);
    same(ev.command->fields[0]->values[0], "ann@localhost/r");
    assert_int_equal(in(COMMAND("node='n' action='cancel'", ""), ROOM), MUC_IN_EVENT);
    assert_true(ev.command->cancel);
    refused(COMMAND("", ""), ROOM, SE_BAD_REQUEST);
    refused(COMMAND("node='n' action='prev'", ""), ROOM, SE_BAD_REQUEST);
    refused(COMMAND("node='n'", "<x xmlns='jabber:x:data' type='form'/>"), ROOM, SE_BAD_REQUEST);
    refused(COMMAND("node='n'", "<x xmlns='jabber:x:data' type='submit'>"
                                "<field var='hats#jid'><value>@</value></field></x>"),
            ROOM, SE_JID_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_join, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vcard, setup, teardown),
        cmocka_unit_test_setup_teardown(commands, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_and_hats, setup, teardown),
        cmocka_unit_test(stamps),
        cmocka_unit_test_setup_teardown(presence_types, setup, teardown),
        cmocka_unit_test_setup_teardown(groupchat_is_cleaned, setup, teardown),
        cmocka_unit_test_setup_teardown(no_letters_forge_the_room, setup, teardown),
        cmocka_unit_test_setup_teardown(messages, setup, teardown),
        cmocka_unit_test_setup_teardown(invitations, setup, teardown),
        cmocka_unit_test_setup_teardown(admin, setup, teardown),
        cmocka_unit_test_setup_teardown(relays, setup, teardown),
        cmocka_unit_test_setup_teardown(relay_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(voice, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
        cmocka_unit_test_setup_teardown(owner, setup, teardown),
        cmocka_unit_test_setup_teardown(registration, setup, teardown),
        cmocka_unit_test_setup_teardown(queries, setup, teardown),
    };
    return cmocka_run_group_tests_name("muc_in", tests, NULL, NULL);
}
