/* test_archive.c: questions to archives and messages taken back: stanza -> RoomEvent -> stanza. */
#include "base/limits.h"
#include "base/muc.h"
#include "gateway/lib_stanza.h"
#include "gateway/muc_in.h"
#include "gateway/render.h"
#include "gateway/stanza_id.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#define ROOM "room@conference.localhost"

static struct arena arena;
static Verona__RoomEvent ev;
static struct stanza_ids *ids;
static struct stanza_id_room room_ids;
static struct buf out;

static int setup(void **state)
{
    static const uint8_t key[32] = {7};
    (void)state;
    arena_init(&arena);
    buf_init(&out);
    ids = stanza_ids_new(key);
    stanza_id_room(ids, STR(ROOM), &room_ids);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stanza_ids_destroy(&ids);
    buf_deinit(&out);
    arena_deinit(&arena);
    return 0;
}

/* ------------------------------------------------------------------ in */

static enum muc_in in(const char *xml)
{
    return muc_in(lib_stanza(&arena, xml), STR(ROOM), ids, &arena, &ev);
}

static void same(ProtobufCBinaryData got, const char *want)
{
    struct str s = wire_str(got);
    if (!str_is(s, want))
        fail_msg("got  %.*s\nwant %s", STR_FMT(s), want);
}

static void refused(const char *xml, enum stanza_error e)
{
    assert_int_equal(in(xml), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_REFUSE);
    assert_int_equal(ev.refuse->error->condition, e);
    assert_int_equal(ev.refuse->stanza, VERONA__REFUSE_IN__STANZA__IQ);
}

/* The id that clients know event 3-s of the room by. */
static const char *id(uint64_t s)
{
    static char texts[8][STANZA_ID_LEN + 1];
    static unsigned n;
    char *text = texts[n++ % 8];
    stanza_id_make(ids, &room_ids, 3, s, text);
    return text;
}

static void is_name(const Verona__Name *n, uint64_t s)
{
    assert_non_null(n);
    assert_int_equal(n->e, 3);
    assert_int_equal(n->s, s);
}

/* printf into the arena */
static const char *xml(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *xml(const char *fmt, ...)
{
    char *p = arena_alloc(&arena, 65536);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p, 65536, fmt, ap);
    va_end(ap);
    return p;
}

#define QUERY(attrs, inner)                                                                        \
    "<iq type='set' id='q'><query xmlns='" NS_MAM "'" attrs ">" inner "</query></iq>"
#define TYPE "<field var='FORM_TYPE' type='hidden'><value>" NS_MAM "</value></field>"
#define FORM(inner) "<x xmlns='jabber:x:data' type='submit'>" TYPE inner "</x>"
#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define SET(inner) "<set xmlns='" NS_RSM "'>" inner "</set>"

static const Verona__ArchiveIn *asked(const char *text)
{
    assert_int_equal(in(text), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_ARCHIVE);
    return ev.archive;
}

static void queries(void **state)
{
    (void)state;
    const Verona__ArchiveIn *q = asked(QUERY("", ""));
    assert_int_equal(q->kind, VERONA__ARCHIVE_IN__KIND__QUERY);
    assert_true(q->start_ms == -1 && q->end_ms == -1 && q->max == -1);
    assert_false(q->backward || q->flip || q->n_ids || q->after || q->before || q->with.len);
    q = asked(QUERY(" queryid='f27'",
                    FORM(FIELD("with", "Ann@Localhost/R") FIELD("start", "1970-01-01T00:00:01.5Z")
                             FIELD("end", "1970-01-01T00:00:02Z"))
                        SET("<max>10</max><before/>") "<flip-page/>"));
    same(q->query_id, "f27");
    same(q->with, "ann@localhost/R");
    assert_int_equal(q->start_ms, 1500);
    assert_int_equal(q->end_ms, 2999); /* all of that second */
    assert_int_equal(q->max, 10);
    assert_true(q->backward && q->flip && !q->before);
    q = asked(QUERY("", FORM(FIELD("end", "1970-01-01T00:00:02.5Z"))));
    assert_int_equal(q->end_ms, 2500);
    q = asked(xml(QUERY("", FORM(FIELD("before-id", "%s") FIELD("after-id", "%s"))
                                SET("<max>0</max><after>%s</after>")),
                  id(9), id(2), id(4)));
    is_name(q->before_id, 9);
    is_name(q->after_id, 2);
    is_name(q->after, 4);
    assert_int_equal(q->max, 0);
    assert_false(q->backward);
    q = asked(xml(QUERY("", SET("<before>%s</before>")), id(7)));
    is_name(q->before, 7);
    assert_true(q->backward);
    q = asked(xml(QUERY("", FORM("<field var='ids'><value>%s</value><value>%s</value></field>")),
                  id(5), id(6)));
    assert_int_equal(q->n_ids, 2);
    is_name(q->ids[0], 5);
    is_name(q->ids[1], 6);
    q = asked("<iq type='get' id='m'><metadata xmlns='" NS_MAM "'/></iq>");
    assert_int_equal(q->kind, VERONA__ARCHIVE_IN__KIND__METADATA);
    q = asked("<iq type='get' id='f'><query xmlns='" NS_MAM "'/></iq>");
    assert_int_equal(q->kind, VERONA__ARCHIVE_IN__KIND__FORM);
}

/* X0313-unknown-id, X0313-address */
static void malformed_queries(void **state)
{
    (void)state;
    /* X0313-unknown-field: a field that is not known is no field to be ignored */
    refused(QUERY("", FORM(FIELD("{http://example.com/}text", "x"))), SE_FEATURE_NOT_IMPLEMENTED);
    refused(QUERY("", FORM(FIELD("include-groupchat", "1"))), SE_FEATURE_NOT_IMPLEMENTED);
    refused(QUERY("", SET("<index>3</index>")), SE_FEATURE_NOT_IMPLEMENTED);
    refused(QUERY("", "<x xmlns='jabber:x:data' type='submit'/>"), SE_BAD_REQUEST);
    refused(QUERY("", "<x xmlns='jabber:x:data' type='cancel'>" TYPE "</x>"), SE_BAD_REQUEST);
    refused(QUERY("", "<x xmlns='jabber:x:data' type='submit'>" FIELD("FORM_TYPE",
                                                                      "urn:xmpp:mam:1") "</x>"),
            SE_BAD_REQUEST);
    refused(QUERY("", FORM(FIELD("start", "yesterday"))), SE_BAD_REQUEST);
    refused(QUERY("", FORM(FIELD("end", ""))), SE_BAD_REQUEST);
    refused(QUERY("", FORM("<field var='ids'/>")), SE_BAD_REQUEST);
    refused(QUERY("", FORM(FIELD("with", "@x"))), SE_JID_MALFORMED);
    refused(QUERY("", SET("<max>many</max>")), SE_BAD_REQUEST);
    refused(QUERY("", SET("<max>-1</max>")), SE_BAD_REQUEST);
    refused(QUERY("", SET("<max>12345678901234567890</max>")), SE_BAD_REQUEST);
    refused(QUERY("", SET("<max/>")), SE_BAD_REQUEST);
    /* ids that nobody ever gave out */
    refused(QUERY("", FORM(FIELD("after-id", "28482-98726-73623"))), SE_ITEM_NOT_FOUND);
    refused(QUERY("", FORM(FIELD("before-id", ""))), SE_ITEM_NOT_FOUND);
    refused(QUERY("", FORM(FIELD("ids", "x"))), SE_ITEM_NOT_FOUND);
    refused(QUERY("", SET("<after>x</after>")), SE_ITEM_NOT_FOUND);
    refused(QUERY("", SET("<before>x</before>")), SE_ITEM_NOT_FOUND);
    char *many = arena_alloc(&arena, 65536);
    size_t n = (size_t)snprintf(many, 65536, "%s", "<field var='ids'>");
    for (int i = 0; i <= LIMIT_ARCHIVE_IDS; i++)
        n += (size_t)snprintf(many + n, 65536 - n, "<value>%s</value>", id(5));
    snprintf(many + n, 65536 - n, "</field>");
    refused(xml(QUERY("", FORM("%s")), many), SE_POLICY_VIOLATION);
    char *queryid = arena_alloc(&arena, LIMIT_ID + 2);
    memset(queryid, 'x', LIMIT_ID + 1);
    queryid[LIMIT_ID + 1] = '\0';
    refused(xml(QUERY(" queryid='%s'", ""), queryid), SE_POLICY_VIOLATION);
    /* before the cluster's key is known, no id can be read */
    const char *good = xml(QUERY("", SET("<after>%s</after>")), id(4));
    assert_int_equal(muc_in(lib_stanza(&arena, good), STR(ROOM), NULL, &arena, &ev), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_REFUSE);
    /* an occupant has no archive; setting metadata means nothing */
    const struct xnode *st = lib_stanza(&arena, QUERY("", ""));
    assert_int_equal(muc_in(st, STR(ROOM "/Ann"), ids, &arena, &ev), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_RELAY);
    assert_int_equal(in("<iq type='set' id='m'><metadata xmlns='" NS_MAM "'/></iq>"), MUC_IN_EVENT);
    assert_int_equal(ev.query->kind, VERONA__QUERY_IN__KIND__OTHER);
}

static bool kept(const char *inner)
{
    assert_int_equal(in(xml("<message type='groupchat'>%s</message>", inner)), MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MESSAGE);
    return ev.message->archive;
}

/* W30, X0313-subjects, X0313-bodyless, X0334-no-store, X0334-no-permanent-store, X0334-store: what
 * is worth keeping. */
static void what_is_kept(void **state)
{
    (void)state;
    assert_true(kept("<body>x</body>"));
    assert_true(kept("<x xmlns='urn:x'/><store xmlns='urn:xmpp:hints'/>"));
    assert_true(
        kept("<reactions xmlns='urn:xmpp:reactions:0' id='i'><reaction>x</reaction></reactions>"));
    assert_true(kept("<replace xmlns='urn:xmpp:message-correct:0' id='i'/>"));
    assert_true(kept("<reply xmlns='urn:xmpp:reply:0' id='i'/>"));
    assert_true(kept("<displayed xmlns='urn:xmpp:chat-markers:0' id='i'/>"));
    assert_true(kept("<retract xmlns='" NS_RETRACT "' id='i'/>"));
    assert_true(kept("<encrypted xmlns='eu.siacs.conversations.axolotl'/>"));
    assert_true(kept("<subject>x</subject>"));
    assert_true(kept("<subject/>"));
    assert_true(kept("<subject>x</subject><thread>t</thread>"));
    assert_false(kept("<subject>x</subject><no-store xmlns='urn:xmpp:hints'/>"));
    assert_false(kept("<subject>x</subject><no-permanent-store xmlns='urn:xmpp:hints'/>"));
    assert_false(kept("<thread>t</thread>"));
    assert_false(kept("<composing xmlns='http://jabber.org/protocol/chatstates'/>"));
    assert_false(kept("<received xmlns='urn:xmpp:receipts' id='i'/>"));
    assert_false(kept("<markable xmlns='urn:xmpp:chat-markers:0'/>"));
    assert_false(kept(""));
    assert_false(kept("<body>x</body><no-store xmlns='urn:xmpp:hints'/>"));
    assert_false(kept("<body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>"));
    assert_false(kept("<displayed xmlns='urn:xmpp:chat-markers:0' id='i'/>"
                      "<no-store xmlns='urn:xmpp:hints'/>"));
    assert_int_equal(in("<message type='chat'><body>x</body></message>"), MUC_IN_EVENT);
    assert_false(ev.message->archive);
}

static void retractions(void **state)
{
    (void)state;
#define RETRACT(type, id)                                                                          \
    "<message type='" type "'><retract xmlns='" NS_RETRACT "' id='" id "'/></message>"
    assert_int_equal(in(xml(RETRACT("groupchat", "%s"), id(8))), MUC_IN_EVENT);
    is_name(ev.message->retracts, 8);
    assert_true(ev.message->payload.len > 0);
    assert_int_equal(in(RETRACT("groupchat", "m1")), MUC_IN_EVENT);
    assert_null(ev.message->retracts);
    assert_int_equal(in("<message type='groupchat'><retract xmlns='" NS_RETRACT "'/></message>"),
                     MUC_IN_EVENT);
    assert_null(ev.message->retracts);
    assert_int_equal(in(xml(RETRACT("chat", "%s"), id(8))), MUC_IN_EVENT);
    assert_null(ev.message->retracts);
}

#define MODERATE(id, inner)                                                                        \
    "<iq type='set' id='q'><moderate xmlns='" NS_MODERATE "' id='" id "'>" inner "</moderate></"   \
    "iq>"
#define RETRACT_CHILD "<retract xmlns='" NS_RETRACT "'/>"

static void moderation(void **state)
{
    (void)state;
    assert_int_equal(in(xml(MODERATE("%s", RETRACT_CHILD "<reason>rude</reason>"), id(8))),
                     MUC_IN_EVENT);
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MODERATE);
    is_name(ev.moderate->target, 8);
    assert_true(ev.moderate->has_reason);
    same(ev.moderate->reason, "rude");
    assert_int_equal(in(xml(MODERATE("%s", RETRACT_CHILD), id(8))), MUC_IN_EVENT);
    assert_false(ev.moderate->has_reason);
    assert_int_equal(in(MODERATE("m1", RETRACT_CHILD)), MUC_IN_EVENT); /* the room answers that */
    assert_int_equal(ev.body_case, VERONA__ROOM_EVENT__BODY_MODERATE);
    assert_int_equal(ev.moderate->target->s, 0);
    refused(xml(MODERATE("%s", "<reason>rude</reason>"), id(8)), SE_BAD_REQUEST);
    char *reason = arena_alloc(&arena, LIMIT_REASON + 2);
    memset(reason, 'x', LIMIT_REASON + 1);
    reason[LIMIT_REASON + 1] = '\0';
    refused(xml(MODERATE("x", RETRACT_CHILD "<reason>%s</reason>"), reason), SE_POLICY_VIOLATION);
}

/* ------------------------------------------------------------------ out */

static ProtobufCBinaryData b(const char *s)
{
    return wire_bytes(str_of(s));
}

/* The tail is this, and the whole stanza is well-formed. */
static void is(const char *kind, const char *want)
{
    struct buf whole;
    if (!str_is(buf_as_str(&out), want))
        fail_msg("\ngot  %.*s\nwant %s", STR_FMT(buf_as_str(&out)), want);
    buf_init(&whole);
    buf_printf(&whole, "<%s to='x'%.*s", kind, STR_FMT(buf_as_str(&out)));
    buf_c(&whole, '\0');
    (void)lib_stanza(&arena, whole.data);
    buf_deinit(&whole);
    buf_reset(&out);
}

#define OID "<occupant-id xmlns='" NS_OCCUPANT_ID "' id='oid'/>"
#define SID "<stanza-id xmlns='" NS_SID "' by='" ROOM "' id='sid'/>"
#define STAMP "2000-02-29T12:34:56Z"
#define RESULT(attrs)                                                                              \
    " from='" ROOM "'><result xmlns='" NS_MAM "'" attrs " id='sid'>"                               \
    "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='" NS_DELAY "' stamp='" STAMP "'/>"        \
    "<message xmlns='jabber:client' from='" ROOM
#define RESULT_END "</message></forwarded></result></message>"
#define BY_AMY()                                                                                   \
    "<moderated xmlns='" NS_MODERATE "' by='" ROOM "/A&amp;y'><occupant-id xmlns='" NS_OCCUPANT_ID \
    "' id='amy'/></moderated>"

static Verona__Message said(void)
{
    Verona__Message m = VERONA__MESSAGE__INIT;
    m.nick = b("A&n");
    m.id = b("m1");
    m.occupant_id = b("oid");
    m.payload = b("<body>x</body>");
    m.type = VERONA__MESSAGE_IN__TYPE__GROUPCHAT;
    m.stamp_ms = 951827696789;
    return m;
}

static Verona__Retraction by_amy(void)
{
    Verona__Retraction r = VERONA__RETRACTION__INIT;
    r.id = b("r1");
    r.stamp_ms = 951827696789;
    r.moderated = true;
    r.nick = b("A&y");
    r.occupant_id = b("amy");
    r.reason = b("ru<de");
    r.has_reason = true;
    return r;
}

/* X0313-forwarded, X0313-queryid, X0313-item-jid, X0421-archive: no `to`, from the occupant, the
 * JID for those who may see it. */
static void results(void **state)
{
    (void)state;
    Verona__Message m = said();
    Verona__ArchivedMessage a = VERONA__ARCHIVED_MESSAGE__INIT;
    a.message = &m;
    render_archived(&out, STR(ROOM), STR("f'27"), &a, STR("sid"), STR_NULL);
    is("message", RESULT(" queryid='f&apos;27'") "/A&amp;n' type='groupchat' id='m1'>"
                                                 "<body>x</body>" OID SID RESULT_END);
    a.jid = b("ann@localhost");
    m.id = b("");
    render_archived(&out, STR(ROOM), STR_NULL, &a, STR("sid"), STR_NULL);
    is("message",
       RESULT("") "/A&amp;n' type='groupchat' id='sid'><body>x</body>"
                  "<x xmlns='" NS_MUC_USER "'><item jid='ann@localhost'/></x>" OID SID RESULT_END);
}

/* X0424-tombstone, X0425-tombstone */
static void tombstones(void **state)
{
    (void)state;
    Verona__Message m = said();
    Verona__Retraction r = by_amy();
    Verona__ArchivedMessage a = VERONA__ARCHIVED_MESSAGE__INIT;
    a.message = &m;
    m.payload = b("");
    m.retraction = &r;
    render_archived(&out, STR(ROOM), STR_NULL, &a, STR("sid"), STR_NULL);
    is("message",
       RESULT("") "/A&amp;n' type='groupchat' id='m1'><retracted xmlns='" NS_RETRACT
                  "' id='r1' stamp='" STAMP
                  "'>" BY_AMY() "<reason>ru&lt;de</reason></retracted>" OID SID RESULT_END);
    r.moderated = false;
    render_groupchat(&out, STR(ROOM), &m, STR("sid"), STR_NULL); /* in the history */
    is("message", " from='" ROOM "/A&amp;n' type='groupchat' id='m1'><retracted xmlns='" NS_RETRACT
                  "' id='r1' stamp='" STAMP "'/><delay xmlns='" NS_DELAY "' from='" ROOM
                  "' stamp='" STAMP "'/>" OID SID "</message>");
}

/* X0425-broadcast, X0425-anonymous */
static void the_room_tells_of_moderation(void **state)
{
    (void)state;
    Verona__Message m = said();
    Verona__Retraction r = by_amy();
    Verona__Name name = VERONA__NAME__INIT;
    m.nick = m.payload = m.occupant_id = b("");
    m.stamp_ms = 0;
    m.retracts = &name;
    m.retraction = &r;
    render_groupchat(&out, STR(ROOM), &m, STR("sid"), STR("old"));
    is("message", " from='" ROOM "' type='groupchat' id='m1'><retract xmlns='" NS_RETRACT
                  "' id='old'>" BY_AMY() "<reason>ru&lt;de</reason></retract>" SID "</message>");
    r.has_reason = false;
    render_groupchat(&out, STR(ROOM), &m, STR("sid"), STR("old"));
    is("message", " from='" ROOM "' type='groupchat' id='m1'><retract xmlns='" NS_RETRACT
                  "' id='old'>" BY_AMY() "</retract>" SID "</message>");
}

static void ends(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__ArchiveFin f = VERONA__ARCHIVE_FIN__INIT;
    r.id = b("q1");
    r.answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FIN;
    r.archive_fin = &f;
    render_archive_fin(&out, STR(ROOM), &r, STR("one"), STR("two"));
    is("iq", " from='" ROOM "' id='q1' type='result'><fin xmlns='" NS_MAM "'><set xmlns='" NS_RSM
             "'><first>one</first><last>two</last></set></fin></iq>");
    f.complete = true;
    f.has_count = true;
    f.count = 7;
    render_archive_fin(&out, STR(ROOM), &r, STR_NULL, STR_NULL);
    is("iq", " from='" ROOM "' id='q1' type='result'><fin xmlns='" NS_MAM
             "' complete='true'><set xmlns='" NS_RSM "'><count>7</count></set></fin></iq>");
    Verona__ArchiveMetadata m = VERONA__ARCHIVE_METADATA__INIT;
    r.answer_case = VERONA__REPLY__ANSWER_ARCHIVE_METADATA;
    r.archive_metadata = &m;
    render_archive_metadata(&out, STR(ROOM), &r, STR_NULL, STR_NULL);
    is("iq", " from='" ROOM "' id='q1' type='result'><metadata xmlns='" NS_MAM "'/></iq>");
    m.start_ms = m.end_ms = 951827696789;
    render_archive_metadata(&out, STR(ROOM), &r, STR("one"), STR("two"));
    is("iq", " from='" ROOM "' id='q1' type='result'><metadata xmlns='" NS_MAM
             "'><start id='one' timestamp='" STAMP "'/><end id='two' timestamp='" STAMP
             "'/></metadata></iq>");
}

/* X0313-form */
static void the_form(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__EmptyResult empty = VERONA__EMPTY_RESULT__INIT;
    r.id = b("q1");
    r.answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FORM;
    r.archive_form = &empty;
    assert_int_equal(render_reply(&out, STR(ROOM), &r), STANZA_IQ);
    struct str s = buf_as_str(&out);
    buf_c(&out, '\0');
    const struct xnode *iq = lib_stanza(&arena, xml("<iq to='x'%.*s", STR_FMT(s)));
    const struct xnode *x = xnode_child(xnode_child(iq, NS_MAM, "query"), NS_DATA, "x");
    assert_true(str_is(xnode_attr(x, "type"), "form"));
    static const char *const want[][2] = {{"FORM_TYPE", "hidden"},      {"with", "jid-single"},
                                          {"start", "text-single"},     {"end", "text-single"},
                                          {"before-id", "text-single"}, {"after-id", "text-single"},
                                          {"ids", "list-multi"}};
    size_t n = 0;
    for (const struct xnode *f = x->first; f; f = f->next, n++) {
        assert_true(n < sizeof want / sizeof want[0]);
        assert_true(str_is(xnode_attr(f, "var"), want[n][0]));
        assert_true(str_is(xnode_attr(f, "type"), want[n][1]));
    }
    assert_int_equal(n, sizeof want / sizeof want[0]);
    assert_non_null(
        xnode_child(xnode_child(x->last, "http://jabber.org/protocol/xdata-validate", "validate"),
                    NULL, "open"));
}

static bool offers(const Verona__DiscoInfo *d, const char *feature)
{
    buf_reset(&out);
    render_disco_info(&out, STR(ROOM), d);
    buf_c(&out, '\0');
    const struct xnode *q = lib_stanza(&arena, out.data);
    for (const struct xnode *k = q->first; k; k = k->next)
        if (xnode_is(k, NS_DISCO_INFO, "feature") && str_is(xnode_attr(k, "var"), feature))
            return true;
    return false;
}

/* W77, S6.4-features, S6.4-stable-id, X0313-feature, X0359-feature, X0410-feature, X0424-feature,
 * X0425-feature: what a room offers as it is configured. */
static void features(void **state)
{
    (void)state;
    Verona__DiscoInfo d = VERONA__DISCO_INFO__INIT;
    Verona__RoomConfig c = VERONA__ROOM_CONFIG__INIT;
    d.config = &c;
    assert_false(offers(&d, "urn:xmpp:mam:2"));
    assert_false(offers(&d, "urn:xmpp:mam:2#extended"));
    assert_true(offers(&d, "urn:xmpp:message-retract:1"));
    assert_true(offers(&d, "urn:xmpp:message-retract:1#tombstone"));
    assert_true(offers(&d, "urn:xmpp:message-moderate:1"));
    assert_true(offers(&d, "urn:xmpp:sid:0"));
    assert_true(offers(&d, "http://jabber.org/protocol/muc#stable_id"));
    assert_true(offers(&d, "http://jabber.org/protocol/muc#self-ping-optimization"));
    assert_false(offers(&d, NS_REGISTER));
    d.registration = true;
    assert_true(offers(&d, NS_REGISTER));
    assert_false(offers(&d, NS_MUC_REQUEST));
    c.moderated = true;
    assert_true(offers(&d, NS_MUC_REQUEST));
    c.archive = true;
    assert_true(offers(&d, "urn:xmpp:mam:2"));
    assert_true(offers(&d, "urn:xmpp:mam:2#extended"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(queries),    T(malformed_queries), T(what_is_kept), T(retractions),
        T(moderation), T(results),           T(tombstones),   T(the_room_tells_of_moderation),
        T(ends),       T(the_form),          T(features),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
