/* test_render.c: meaning -> bytes, byte for byte. */
#include "gateway/lib_stanza.h"
#include "gateway/render.h"
#include "gateway/rsm.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ROOM "r@c.l"
#define X "<x xmlns='" NS_MUC_USER "'>"

static struct buf out;

static int setup(void **state)
{
    (void)state;
    buf_init(&out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_deinit(&out);
    return 0;
}

static ProtobufCBinaryData b(const char *s)
{
    return wire_bytes(str_of(s));
}

/* The tail is this, and the whole stanza is well-formed. */
static void is(const char *kind, const char *want)
{
    struct arena a;
    struct buf whole;
    if (!str_is(buf_as_str(&out), want))
        fail_msg("\ngot  %.*s\nwant %s", STR_FMT(buf_as_str(&out)), want);
    arena_init(&a);
    buf_init(&whole);
    buf_printf(&whole, "<%s to='x'%.*s", kind, STR_FMT(buf_as_str(&out)));
    buf_c(&whole, '\0');
    (void)lib_stanza(&a, whole.data);
    buf_deinit(&whole);
    arena_deinit(&a);
    buf_reset(&out);
}

/* W7, W9, W10 */
static void presences(void **state)
{
    (void)state;
    const uint32_t s201[] = {201, 100}, s307[] = {307};
    struct render_item items[2] = {{AFFIL_OWNER, ROLE_MODERATOR, STR("a@l/1")},
                                   {AFFIL_OWNER, ROLE_MODERATOR, STR("a@l/2'<")}};
    struct render_presence p = {.room = STR(ROOM),
                                .nick = STR("A&n"),
                                .payload = STR("<show>away</show>"),
                                .occupant_id = STR("oid"),
                                .more_statuses = s201,
                                .n_more_statuses = 2,
                                .items = items,
                                .n_items = 1,
                                .self = true};
    render_presence(&out, &p);
    is("presence", " from='" ROOM "/A&amp;n'><show>away</show><occupant-id xmlns='" NS_OCCUPANT_ID
                   "' id='oid'/>" X "<status code='201'/><status code='100'/>"
                   "<item affiliation='owner' role='moderator' jid='a@l/1'/><status "
                   "code='110'/></x></presence>");
    p = (struct render_presence){.room = STR(ROOM),
                                 .nick = STR("B"),
                                 .unavailable = true,
                                 .status_text = STR("Kicked: gone"),
                                 .statuses = s307,
                                 .n_statuses = 1,
                                 .items = items,
                                 .n_items = 2,
                                 .item_nick = STR("N"),
                                 .has_actor = true,
                                 .actor_nick = STR("Act"),
                                 .actor_jid = STR("act@l/1"),
                                 .has_reason = true,
                                 .reason = STR("<why>")};
    items[0].jid = STR_NULL;
    render_presence(&out, &p);
#define INNER "<actor nick='Act' jid='act@l/1'/><reason>&lt;why&gt;</reason></item>"
    is("presence",
       " from='" ROOM "/B' type='unavailable'><status>Kicked: gone</status>" X
       "<status code='307'/><item affiliation='owner' role='moderator' nick='N'>" INNER
       "<item affiliation='owner' role='moderator' jid='a@l/2&apos;&lt;' nick='N'>" INNER
       "</x></presence>");
    /* an actor of whom nothing may be shown is none; an empty reason is one */
    p = (struct render_presence){.room = STR(ROOM),
                                 .nick = STR("B"),
                                 .items = items,
                                 .n_items = 1,
                                 .has_actor = true,
                                 .has_reason = true};
    render_presence(&out, &p);
    is("presence", " from='" ROOM "/B'>" X
                   "<item affiliation='owner' role='moderator'><reason/></item></x></presence>");
}

/* W74 */
static void destroyed(void **state)
{
    (void)state;
    Verona__Destroyed d = VERONA__DESTROYED__INIT;
    const struct render_item item = {AFFIL_NONE, ROLE_NONE, STR("b@l/1")};
    struct render_presence p = {.room = STR(ROOM),
                                .nick = STR("B"),
                                .unavailable = true,
                                .items = &item,
                                .n_items = 1,
                                .destroyed = &d,
                                .self = true};
    render_presence(&out, &p);
    is("presence", " from='" ROOM "/B' type='unavailable'>" X
                   "<destroy></destroy><item affiliation='none' role='none' jid='b@l/1'/>"
                   "<status code='110'/></x></presence>");
    d.alternate = b("o@c.l");
    d.has_reason = d.has_password = true;
    d.reason = b("over");
    d.password = b("pw");
    render_presence(&out, &p);
    is("presence", " from='" ROOM "/B' type='unavailable'>" X
                   "<destroy jid='o@c.l'><reason>over</reason><password>pw</password></destroy>"
                   "<item affiliation='none' role='none' jid='b@l/1'/>"
                   "<status code='110'/></x></presence>");
}

#define OID "<occupant-id xmlns='" NS_OCCUPANT_ID "' id='oid'/>"
#define SID "<stanza-id xmlns='" NS_SID "' by='" ROOM "' id='sid'/>"

/* W14, W30, W31, W33, W34, X0203-stamp */
static void messages(void **state)
{
    (void)state;
    Verona__Message m = VERONA__MESSAGE__INIT;
    m.nick = b("A");
    m.id = b("m1");
    m.occupant_id = b("oid");
    m.payload = b("<body>x</body>");
    m.type = VERONA__MESSAGE_IN__TYPE__CHAT;
    render_groupchat(&out, STR(ROOM), &m, STR("sid"), STR_NULL);
    is("message",
       " from='" ROOM "/A' type='groupchat' id='m1'><body>x</body>" OID SID "</message>");
    m.stamp_ms = 951827696789;
    m.id = b("");
    render_groupchat(&out, STR(ROOM), &m, STR("sid"), STR_NULL);
    is("message",
       " from='" ROOM "/A' type='groupchat' id='sid'><body>x</body><delay xmlns='" NS_DELAY
       "' from='" ROOM "' stamp='2000-02-29T12:34:56Z'/>" OID SID "</message>");
    m.id = b("m1");
    render_private(&out, STR(ROOM), &m);
    is("message", " from='" ROOM "/A' type='chat' id='m1'><body>x</body><x xmlns='" NS_MUC_USER
                  "'/>" OID "</message>");
    m.type = VERONA__MESSAGE_IN__TYPE__NORMAL;
    render_private(&out, STR(ROOM), &m);
    is("message",
       " from='" ROOM "/A' id='m1'><body>x</body><x xmlns='" NS_MUC_USER "'/>" OID "</message>");
    m = (Verona__Message)VERONA__MESSAGE__INIT;
    m.kind = VERONA__MESSAGE__KIND__SUBJECT;
    render_subject(&out, STR(ROOM), &m);
    is("message", " from='" ROOM "' type='groupchat'><subject/></message>");
    m.nick = b("A");
    m.occupant_id = b("oid");
    m.subject = b("a<b");
    m.stamp_ms = 1000;
    render_subject(&out, STR(ROOM), &m);
    is("message",
       " from='" ROOM "/A' type='groupchat'><subject>a&lt;b</subject><delay xmlns='" NS_DELAY
       "' from='" ROOM "' stamp='1970-01-01T00:00:01Z'/>" OID "</message>");
}

/* W49, W67 */
static void notices(void **state)
{
    (void)state;
    Verona__Notice n = VERONA__NOTICE__INIT;
    uint32_t codes[] = {104, 172};
    n.jid = b("b@l");
    n.affiliation = VERONA__AFFILIATION__MEMBER;
    render_notice(&out, STR(ROOM), &n, false);
    is("message", " from='" ROOM "'>" X "<item jid='b@l' affiliation='member'/></x></message>");
    n.n_statuses = 1;
    n.statuses = codes;
    n.has_reason = true;
    n.reason = b("r");
    render_notice(&out, STR(ROOM), &n, false);
    is("message", " from='" ROOM "'>" X "<status code='104'/><item jid='b@l' affiliation='member'>"
                  "<reason>r</reason></item></x></message>");
    Verona__StatusMessage s = VERONA__STATUS_MESSAGE__INIT;
    s.n_codes = 2;
    s.codes = codes;
    render_status(&out, STR(ROOM), &s);
    is("message", " from='" ROOM "' type='groupchat'>" X
                  "<status code='104'/><status code='172'/></x></message>");
}

/* W70, W73 */
static void posts(void **state)
{
    (void)state;
    Verona__Post p = VERONA__POST__INIT;
    Verona__Invitation i = VERONA__INVITATION__INIT;
    Verona__DeclineIn d = VERONA__DECLINE_IN__INIT;
    struct arena a;
    arena_init(&a);
    p.id = b("i1");
    p.from = b(ROOM "/A");
    p.kind_case = VERONA__POST__KIND_INVITE;
    p.invite = &i;
    render_post(&out, STR(ROOM), &p);
    assert_true(str_is(buf_as_str(&out),
                       "<message from='" ROOM "' id='i1'>" X "<invite from='" ROOM "/A'><reason/>"
                       "</invite></x><x xmlns='jabber:x:conference' jid='" ROOM "'/><body>" ROOM
                       "/A invited you to the room " ROOM "</body></message>"));
    buf_reset(&out);
    i.reason = b("a&b");
    i.has_continue = true;
    i.thread = b("t");
    p.has_password = true;
    p.password = b("pw");
    render_post(&out, STR(ROOM), &p);
    assert_true(str_is(
        buf_as_str(&out),
        "<message from='" ROOM "' id='i1'>" X "<invite from='" ROOM
        "/A'><reason>a&amp;b</reason><continue thread='t'/></invite><password>pw</password></x>"
        "<x xmlns='jabber:x:conference' jid='" ROOM "'>a&amp;b</x><body>" ROOM
        "/A invited you to the room " ROOM " (a&amp;b)</body></message>"));
    buf_reset(&out);
    p.has_password = false;
    p.has_body = true;
    p.body = b("mine");
    p.kind_case = VERONA__POST__KIND_DECLINE;
    p.decline = &d;
    p.from = b("b@l");
    render_post(&out, STR(ROOM), &p);
    assert_true(str_is(buf_as_str(&out), "<message from='" ROOM "' id='i1'>" X
                                         "<decline from='b@l'><reason/></decline></x>"
                                         "<body>mine</body></message>"));
    arena_deinit(&a);
}

static void reply(Verona__Reply *r, enum stanza_kind kind)
{
    assert_int_equal(render_reply(&out, STR(ROOM), r), kind);
}

/* W4, W5, W28 */
static void replies(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__StanzaError e = VERONA__STANZA_ERROR__INIT;
    Verona__EmptyResult empty = VERONA__EMPTY_RESULT__INIT;
    r.id = b("q1");
    r.from_nick = b("Bob");
    r.stanza = VERONA__REFUSE_IN__STANZA__PRESENCE;
    r.answer_case = VERONA__REPLY__ANSWER_ERROR;
    r.error = &e;
    e.condition = SE_CONFLICT;
    reply(&r, STANZA_PRESENCE);
    is("presence", " from='" ROOM "/Bob' id='q1' type='error'><error type='cancel' by='" ROOM
                   "'><conflict xmlns='" NS_STANZAS "'/></error></presence>");
    r.stanza = VERONA__REFUSE_IN__STANZA__MESSAGE;
    r.from_nick = b("");
    e.condition = SE_NOT_ALLOWED_MODIFY;
    e.text = b("a<b");
    reply(&r, STANZA_MESSAGE);
    is("message", " from='" ROOM "' id='q1' type='error'><error type='modify' by='" ROOM
                  "'><not-allowed xmlns='" NS_STANZAS "'/><text xmlns='" NS_STANZAS
                  "'>a&lt;b</text></error></message>");
    e.condition = 4711;
    e.text = b("");
    r.stanza = VERONA__REFUSE_IN__STANZA__IQ;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q1' type='error'><error type='cancel' by='" ROOM
             "'><internal-server-error xmlns='" NS_STANZAS "'/></error></iq>");
    r.answer_case = VERONA__REPLY__ANSWER_EMPTY;
    r.empty = &empty;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q1' type='result'/>");
    r.answer_case = VERONA__REPLY__ANSWER_NOT_INSIDE;
    r.not_inside = VERONA__AFFILIATION__MEMBER;
    r.from_nick = b("Bob");
    r.id = b("");
    reply(&r, STANZA_PRESENCE);
    is("presence",
       " from='" ROOM "/Bob' type='unavailable'>" X
       "<status code='307'/><status code='333'/><item affiliation='member' role='none'/>"
       "<status code='110'/></x></presence>");
}

/* W55, W58, W62, W78 */
static void lists(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__ItemList l = VERONA__ITEM_LIST__INIT;
    Verona__ListItem one = VERONA__LIST_ITEM__INIT, two = VERONA__LIST_ITEM__INIT;
    Verona__ListItem *items[] = {&one, &two};
    r.id = b("q");
    r.answer_case = VERONA__REPLY__ANSWER_ITEMS;
    r.items = &l;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_MUC_ADMIN "'></query></iq>");
    l.n_items = 2;
    l.items = items;
    one.affiliation = VERONA__AFFILIATION__OUTCAST;
    one.jid = b("e@l");
    one.reason = b("rude");
    two.affiliation = VERONA__AFFILIATION__NONE;
    two.role = VERONA__ROLE__MODERATOR;
    two.jid = b("m@l/1");
    two.nick = b("M");
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_MUC_ADMIN
             "'><item affiliation='outcast' jid='e@l'><reason>rude</reason></item>"
             "<item affiliation='none' role='moderator' jid='m@l/1' nick='M'/></query></iq>");
    Verona__DiscoItems d = VERONA__DISCO_ITEMS__INIT;
    ProtobufCBinaryData nick = b("A&B");
    r.answer_case = VERONA__REPLY__ANSWER_DISCO_ITEMS;
    r.disco_items = &d;
    d.n_nicks = 1;
    d.nicks = &nick;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_DISCO_ITEMS
             "'><item jid='" ROOM "/A&amp;B' name='A&amp;B'/></query></iq>");
    d.paged = true; /* S6.5-rsm */
    d.index = 2;
    d.count = 9;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_DISCO_ITEMS
             "'><item jid='" ROOM "/A&amp;B' name='A&amp;B'/><set xmlns='" NS_RSM
             "'><first index='2'>A&amp;B</first><last>A&amp;B</last><count>9</count></set>"
             "</query></iq>");
    d.n_nicks = 0;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_DISCO_ITEMS
             "'><set xmlns='" NS_RSM "'><count>9</count></set></query></iq>");
    /* S10.9-tombstone */
    Verona__StanzaError gone = VERONA__STANZA_ERROR__INIT;
    gone.condition = SE_GONE;
    r.answer_case = VERONA__REPLY__ANSWER_ERROR;
    r.error = &gone;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='error'><error type='cancel' by='" ROOM
             "'><gone xmlns='" NS_STANZAS "'/></error></iq>");
    gone.moved_to = b("inn&\xc3\xa9?@c.l");
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='error'><error type='cancel' by='" ROOM
             "'><gone xmlns='" NS_STANZAS "'>xmpp:inn%26%C3%A9%3F@c.l?join</gone></error></iq>");
    Verona__OwnNick own = VERONA__OWN_NICK__INIT;
    r.answer_case = VERONA__REPLY__ANSWER_OWN_NICK;
    r.own_nick = &own;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_DISCO_INFO
             "' node='x-roomuser-item'></query></iq>");
    own.nick = b("A");
    reply(&r, STANZA_IQ);
    is("iq",
       " from='" ROOM "' id='q' type='result'><query xmlns='" NS_DISCO_INFO
       "' node='x-roomuser-item'><identity category='conference' type='text' name='A'/></query>"
       "</iq>");
    Verona__RegisterForm f = VERONA__REGISTER_FORM__INIT;
    r.answer_case = VERONA__REPLY__ANSWER_REGISTER_;
    r.register_ = &f;
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_REGISTER
             "'><x xmlns='jabber:x:data' type='form'><field type='hidden' var='FORM_TYPE'>"
             "<value>http://jabber.org/protocol/muc#register</value></field>"
             "<field type='text-single' var='muc#register_roomnick' label='Nickname'>"
             "<required/></field></x></query></iq>");
    f.registered = true;
    f.nick = b("A");
    reply(&r, STANZA_IQ);
    is("iq", " from='" ROOM "' id='q' type='result'><query xmlns='" NS_REGISTER
             "'><registered/><username>A</username></query></iq>");
}

/* The parsed form: values of a field, joined by commas. */
static const struct xnode *field_of(const struct xnode *x, const char *var)
{
    const struct xnode *found = NULL;
    for (const struct xnode *k = x->first; k; k = k->next) {
        if (xnode_is(k, NS_DATA, "field") && str_is(xnode_attr(k, "var"), var))
            found = k;
    }
    return found;
}

static void field(const struct xnode *x, const char *var, const char *type, const char *want)
{
    struct arena a;
    struct buf got;
    arena_init(&a);
    buf_init(&got);
    const struct xnode *found = field_of(x, var);
    if (!found)
        fail_msg("no field %s", var);
    assert_true(str_is(xnode_attr(found, "type"), type));
    for (const struct xnode *k = found->first; k; k = k->next) {
        if (!xnode_is(k, NS_DATA, "value"))
            continue;
        if (got.len)
            buf_c(&got, ',');
        buf_str(&got, xnode_text(k, &a));
    }
    if (!str_is(buf_as_str(&got), want))
        fail_msg("%s: got %.*s, want %s", var, STR_FMT(buf_as_str(&got)), want);
    buf_deinit(&got);
    arena_deinit(&a);
}

static const struct xnode *form_of(struct arena *a, Verona__Reply *r, const char *ns)
{
    struct buf whole;
    reply(r, STANZA_IQ);
    buf_init(&whole);
    buf_printf(&whole, "<iq to='x'%.*s", STR_FMT(buf_as_str(&out)));
    buf_c(&whole, '\0');
    const struct xnode *iq = lib_stanza(a, whole.data);
    buf_deinit(&whole);
    buf_reset(&out);
    return xnode_child(xnode_child(iq, ns, "query"), NS_DATA, "x");
}

/* W63, X0500-field: text-single, an integer from 0 on */
static void config(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__ConfigForm f = VERONA__CONFIG_FORM__INIT;
    Verona__RoomConfig c = VERONA__ROOM_CONFIG__INIT;
    ProtobufCBinaryData owners[] = {b("a@l"), b("b@l")};
    struct arena a;
    arena_init(&a);
    r.answer_case = VERONA__REPLY__ANSWER_CONFIG;
    r.config = &f;
    f.config = &c;
    f.n_owners = 2;
    f.owners = owners;
    c.name = b("N<");
    c.secret = b("pw");
    c.whois_anyone = c.public_ = c.members_only = true;
    c.allow_pm = 2;
    c.max_users = 33;
    c.slow_mode_s = 20;
    c.presence_broadcast = 1u << ROLE_PARTICIPANT | 1u << ROLE_MODERATOR;
    const struct xnode *x = form_of(&a, &r, NS_MUC_OWNER);
    assert_non_null(x);
    assert_true(str_is(xnode_attr(x, "type"), "form"));
#define C "muc#roomconfig_"
    field(x, "FORM_TYPE", "hidden", "http://jabber.org/protocol/muc#roomconfig");
    field(x, C "roomname", "text-single", "N<");
    field(x, C "roomdesc", "text-single", "");
    field(x, C "lang", "text-single", "");
    field(x, C "persistentroom", "boolean", "0");
    field(x, C "publicroom", "boolean", "1");
    field(x, C "membersonly", "boolean", "1");
    field(x, C "moderatedroom", "boolean", "0");
    field(x, C "passwordprotectedroom", "boolean", "1");
    field(x, C "roomsecret", "text-private", "pw");
    field(x, C "changesubject", "boolean", "0");
    field(x, C "enablelogging", "boolean", "0");
    field(x, C "allowinvites", "boolean", "0");
    field(x, C "whois", "list-single", "anyone");
    field(x, C "allowpm", "list-single", "moderators");
    field(x, C "maxusers", "list-single", "33");
    field(x, C "presencebroadcast", "list-multi", "moderator,participant");
    field(x, C "getmemberlist", "list-multi", "");
    field(x, C "roomadmins", "jid-multi", "");
    field(x, C "roomowners", "jid-multi", "a@l,b@l");
    field(x, "muc#maxhistoryfetch", "text-single", "");
    field(x, "x-" C "listoccupants", "boolean", "1");
    field(x, "x-" C "registration", "boolean", "1");
    field(x, C "slow_mode_duration", "text-single", "20");
    const struct xnode *valid =
        xnode_child(field_of(x, C "slow_mode_duration"),
                    "http://jabber.org/protocol/xdata-validate", "validate");
    assert_non_null(valid);
    assert_true(str_is(xnode_attr(valid, "datatype"), "xs:integer"));
    const struct xnode *range =
        xnode_child(valid, "http://jabber.org/protocol/xdata-validate", "range");
    assert_non_null(range);
    assert_true(str_is(xnode_attr(range, "min"), "0"));
    assert_true(str_is(xnode_attr(range, "max"), "86400"));
    c.max_users = 0;
    c.has_max_history = c.hide_occupants = c.no_registration = true;
    x = form_of(&a, &r, NS_MUC_OWNER);
    field(x, "muc#maxhistoryfetch", "text-single", "0");
    field(x, "x-" C "listoccupants", "boolean", "0");
    field(x, "x-" C "registration", "boolean", "0");
    field(x, C "maxusers", "list-single", "none");
    arena_deinit(&a);
}

/* W77, S6.4-description, S6.4-subject */
static void disco(void **state)
{
    (void)state;
    Verona__Reply r = VERONA__REPLY__INIT;
    Verona__DiscoInfo d = VERONA__DISCO_INFO__INIT;
    Verona__RoomConfig c = VERONA__ROOM_CONFIG__INIT;
    struct arena a;
    arena_init(&a);
    r.answer_case = VERONA__REPLY__ANSWER_DISCO_INFO;
    r.disco_info = &d;
    d.config = &c;
    d.occupants = 12;
    d.subject = b("S");
    c.description = b("D");
    const struct xnode *x = form_of(&a, &r, NS_DISCO_INFO);
    assert_non_null(x);
    field(x, "FORM_TYPE", "hidden", "http://jabber.org/protocol/muc#roominfo");
    field(x, "muc#roominfo_occupants", "text-single", "12");
    field(x, "muc#roominfo_description", "text-single", "D");
    field(x, "muc#roominfo_subject", "text-single", "S");
    const struct xnode *id = xnode_child(x->parent, NS_DISCO_INFO, "identity");
    assert_true(str_is(xnode_attr(id, "name"), "r"));
    unsigned features = 0;
    for (const struct xnode *k = x->parent->first; k; k = k->next) {
        if (!xnode_is(k, NS_DISCO_INFO, "feature"))
            continue;
        struct str v = xnode_attr(k, "var");
        static const char *const want[] = {"muc_hidden",        "muc_open",      "muc_unmoderated",
                                           "muc_semianonymous", "muc_unsecured", "muc_temporary"};
        for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
            features += str_is(v, want[i]);
    }
    assert_int_equal(features, 6);
    assert_null(field_of(x, "muc#roominfo_contactjid"));
    assert_null(field_of(x, "muc#roominfo_logs"));
    assert_null(field_of(x, "muc#roominfo_lang"));
    assert_null(field_of(x, "{urn:xmpp:muc-activity}message-activity"));
    /* S6.4-lang, S6.4-subjectmod, S6.4-contactjid, S6.4-logs, S6.4-maxhistoryfetch,
     * S6.4-config-in-info, X0502-field */
    ProtobufCBinaryData contacts[] = {b("a@l"), b("b@l")};
    c.lang = b("pt-BR");
    c.name = b("Night");
    c.change_subject = c.allow_invites = true;
    c.allow_pm = 2;
    d.contacts = contacts;
    d.n_contacts = 2;
    d.logs = b("https://l/r");
    d.max_history = 17;
    d.has_activity = true;
    d.messages = 31;
    x = form_of(&a, &r, NS_DISCO_INFO);
    field(x, "muc#roominfo_lang", "text-single", "pt-BR");
    field(x, "muc#roominfo_subjectmod", "boolean", "1");
    field(x, "muc#roominfo_contactjid", "jid-multi", "a@l,b@l");
    field(x, "muc#roominfo_logs", "text-single", "https://l/r");
    field(x, "muc#maxhistoryfetch", "text-single", "17");
    field(x, "muc#roomconfig_roomname", "text-single", "Night");
    field(x, "muc#roomconfig_changesubject", "boolean", "1");
    field(x, "muc#roomconfig_allowinvites", "boolean", "1");
    field(x, "muc#roomconfig_allowpm", "text-single", "moderators");
    field(x, "{urn:xmpp:muc-activity}message-activity", "text-single", "1.29");
    arena_deinit(&a);
}

/* XEP-0463, XEP-0486, XEP-0317, XEP-0050 */
static void extras(void **state)
{
    (void)state;
    Verona__Notice n = VERONA__NOTICE__INIT;
    n.jid = b("b@l");
    n.affiliation = VERONA__AFFILIATION__MEMBER;
    n.mav_since = b("1");
    n.mav_until = b("<2");
    render_notice(&out, STR(ROOM), &n, true);
    is("message", " from='" ROOM "'>" X "<mav xmlns='" NS_MAV "' since='1' until='&lt;2'/>"
                  "<item jid='b@l' affiliation='member'/></x></message>");
    Verona__AffiliationDelta d = VERONA__AFFILIATION_DELTA__INIT;
    Verona__ListItem item = VERONA__LIST_ITEM__INIT, *items[] = {&item};
    d.until = b("2");
    render_delta(&out, STR(ROOM), &d);
    is("message", " from='" ROOM "'>" X "<mav xmlns='" NS_MAV "' until='2'/></x></message>");
    item.jid = b("b@l");
    item.affiliation = VERONA__AFFILIATION__NONE;
    d.since = b("1");
    d.n_items = 1;
    d.items = items;
    render_delta(&out, STR(ROOM), &d);
    is("message", " from='" ROOM "'>" X "<mav xmlns='" NS_MAV "' since='1' until='2'/>"
                  "<item jid='b@l' affiliation='none'/></x></message>");

    Verona__RoomAvatar a = VERONA__ROOM_AVATAR__INIT;
    render_avatar(&out, STR(ROOM), &a);
    is("presence", " from='" ROOM "'><x xmlns='vcard-temp:x:update'><photo/></x></presence>");
    a.hash = b("0123456789abcdef0123456789abcdef012345670123456789abcdef0123456789abcdef01234567");
    render_avatar(&out, STR(ROOM), &a);
    is("presence", " from='" ROOM "'><x xmlns='vcard-temp:x:update'>"
                   "<photo>0123456789abcdef0123456789abcdef01234567</photo></x></presence>");

    Verona__Hat hat = VERONA__HAT__INIT, *hats[] = {&hat};
    hat.title = b("A & B");
    hat.uri = b("u:'");
    render_hats(&out, hats, 0);
    assert_int_equal(out.len, 0);
    render_hats(&out, hats, 1);
    assert_true(str_is(buf_as_str(&out),
                       "<hats xmlns='" NS_HATS "'><hat title='A &amp; B' uri='u:&apos;'/></hats>"));
    buf_reset(&out);

    Verona__CommandResult c = VERONA__COMMAND_RESULT__INIT;
    c.node = b("n");
    c.session = b("s");
    c.status = VERONA__COMMAND_RESULT__STATUS__CANCELED;
    render_command(&out, &c);
    assert_true(str_is(buf_as_str(&out), "<command xmlns='" NS_COMMANDS
                                         "' node='n' sessionid='s' status='canceled'></command>"));
    buf_reset(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(presences, setup, teardown),
        cmocka_unit_test_setup_teardown(destroyed, setup, teardown),
        cmocka_unit_test_setup_teardown(messages, setup, teardown),
        cmocka_unit_test_setup_teardown(notices, setup, teardown),
        cmocka_unit_test_setup_teardown(posts, setup, teardown),
        cmocka_unit_test_setup_teardown(replies, setup, teardown),
        cmocka_unit_test_setup_teardown(lists, setup, teardown),
        cmocka_unit_test_setup_teardown(config, setup, teardown),
        cmocka_unit_test_setup_teardown(disco, setup, teardown),
        cmocka_unit_test_setup_teardown(extras, setup, teardown),
    };
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
