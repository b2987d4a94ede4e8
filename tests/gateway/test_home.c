/* test_home.c: what the server itself answers (W81 to W84, XEP-0030, 0049, 0059, 0199). */
#include "gateway/lib_edge.h"

#include "base/limits.h"
#include "base/muc.h"
#include "gateway/home.h"
#include "gateway/link.h"
#include "rt/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#define DISCO_INFO "http://jabber.org/protocol/disco#info"
#define DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define RSM "http://jabber.org/protocol/rsm"
#define ERROR_OF(from, type, condition)                                                            \
    "<iq to='ann@localhost/r' type='error'" from " id='1'><error type='" type "'><" condition      \
    " xmlns='" NS_STANZAS "'/></error></iq>"
#define RESULT_OF(from, children)                                                                  \
    "<iq to='ann@localhost/r' type='result'" from " id='1'>" children "</iq>"

/* What has come, up to the answer of a ping, is exactly `want`. */
static void settle(const char *want)
{
    static const char mark[] = "<iq to='ann@localhost/r' type='result' id='mark'/>";
    rig_say(0, "<iq type='get' id='mark'><ping xmlns='urn:xmpp:ping'/></iq>");
    rig_hear(0, mark);
    if (*want)
        rig_hear(0, want); /* Redis may be slower than a ping */
    struct buf *heard = &rig_peers[0].heard;
    assert_int_equal(heard->len, strlen(want) + sizeof mark - 1);
}

static void answer(const char *in, const char *want)
{
    buf_reset(&rig_peers[0].heard);
    rig_say(0, in);
    settle(want);
}

static void open_ann(void)
{
    rig_open("auth.mode=open");
    rig_log_in(0);
}

static void close_ann(void)
{
    rig_hang_up_all();
    rig_close();
}

/* X0199-server, and what else has one answer. */
static void fixed_answers(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
         "<iq to='ann@localhost/r' type='result' id='1'/>"},
        {"<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         "<iq to='ann@localhost/r' type='result' from='localhost' id='1'/>"},
        {"<iq type='get' id='1' to='LOCALHOST.'><ping xmlns='urn:xmpp:ping'/></iq>",
         "<iq to='ann@localhost/r' type='result' from='localhost' id='1'/>"},
        {"<iq type='get' id='1' to='conference.localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         "<iq to='ann@localhost/r' type='result' from='conference.localhost' id='1'/>"},
        {"<iq type='get' id='1' to='Ann@localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         "<iq to='ann@localhost/r' type='result' from='ann@localhost' id='1'/>"},
        {"<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
         RESULT_OF("", "<query xmlns='jabber:iq:roster'/>")},
        {"<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='x@y'/></query></iq>",
         "<iq to='ann@localhost/r' type='result' id='1'/>"},
        {"<iq type='get' id='1' to='localhost'><query xmlns='jabber:iq:version'/></iq>",
         RESULT_OF(" from='localhost'", "<query xmlns='jabber:iq:version'><name>Verona</name>"
                                        "<version>" VERONA_VERSION "</version></query>")},
        {"<iq type='get' id='1'><vCard xmlns='vcard-temp'/></iq>",
         ERROR_OF("", "cancel", "item-not-found")},
        {"<iq type='get' id='1' to='localhost'><query xmlns='" DISCO_ITEMS "'/></iq>",
         RESULT_OF(" from='localhost'",
                   "<query xmlns='" DISCO_ITEMS
                   "'><item jid='conference.localhost' name='Chat rooms'/></query>")},
        {"<iq type='get' id='1' to='ann@localhost'><query xmlns='" DISCO_ITEMS "'/></iq>",
         RESULT_OF(" from='ann@localhost'", "<query xmlns='" DISCO_ITEMS "'/>")},
        {"<iq type='get' id='1' to='localhost'><query xmlns='" DISCO_INFO "' node='x'/></iq>",
         ERROR_OF(" from='localhost'", "cancel", "item-not-found")},
        {"<iq type='get' id='1' to='localhost'><query xmlns='urn:unknown'/></iq>",
         ERROR_OF(" from='localhost'", "cancel", "service-unavailable")},
        {"<iq type='set' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF(" from='localhost'", "cancel", "service-unavailable")},
        {"<iq type='get' id='1'><query xmlns='urn:unknown'/></iq>",
         ERROR_OF("", "cancel", "service-unavailable")},
        {"<iq type='get' id='1' to='elsewhere.example'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF(" from='elsewhere.example'", "cancel", "service-unavailable")},
        {"<iq type='get' id='1' to='a@elsewhere.example'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF(" from='a@elsewhere.example'", "cancel", "service-unavailable")},
        {"<iq type='get' id='1' to='bob@localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF(" from='bob@localhost'", "cancel", "service-unavailable")},
        {"<iq type='get' id='1' to='@'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF(" from='@'", "modify", "jid-malformed")},
        {"<iq type='get' id='1'/>", ERROR_OF("", "modify", "bad-request")},
        {"<iq type='get' id='1'><a xmlns='u'/><b xmlns='u'/></iq>",
         ERROR_OF("", "modify", "bad-request")},
        {"<iq id='1'><ping xmlns='urn:xmpp:ping'/></iq>", ERROR_OF("", "modify", "bad-request")},
        {"<iq type='want' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
         ERROR_OF("", "modify", "bad-request")},
        {"<iq type='result' id='1'/>", ""},
        {"<iq type='error' id='1'/>", ""},
        {"<iq type='result' id='1' to='localhost'/>", ""},
        {"<iq type='result' id='1' to='bob@localhost'/>", ""},
        {"<message to='localhost' id='1'><body>x</body></message>",
         "<message to='ann@localhost/r' type='error' from='localhost' id='1'><error type='cancel'>"
         "<service-unavailable xmlns='" NS_STANZAS "'/></error></message>"},
        {"<message to='localhost' type='error'/>", ""},
        {"<message to='x@elsewhere.example' type='error'/>", ""},
        {"<message to='@' type='error'/>", ""},
        {"<presence to='elsewhere.example'/>", ""},
        {"<presence to='bob@localhost' type='subscribe'/>", ""},
        {"<presence type='probe'/>", ""},
        {"<presence type='dance' id='1'/>",
         "<presence to='ann@localhost/r' type='error' id='1'><error type='modify'>"
         "<bad-request xmlns='" NS_STANZAS "'/></error></presence>"},
    };
    open_ann();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        answer(table[i][0], table[i][1]);
    close_ann();
}

static void features(void **state)
{
    (void)state;
    static const struct {
        const char *to, *identity, *feature;
    } table[] = {
        {"localhost", "<identity category='server' type='im' ", "urn:xmpp:ping"},
        {"conference.localhost", "<identity category='conference' type='text' ", NS_MUC},
        {"ann@localhost", "<identity category='account' type='registered'/>", "jabber:iq:private"},
    };
    open_ann();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[256];
        buf_reset(&rig_peers[0].heard);
        snprintf(text, sizeof text, "<iq type='get' id='1' to='%s'><query xmlns='%s'/></iq>",
                 table[i].to, DISCO_INFO);
        rig_say(0, text);
        snprintf(text, sizeof text, "from='%s' id='1'><query xmlns='%s'>%s", table[i].to,
                 DISCO_INFO, table[i].identity);
        rig_hear(0, text);
        snprintf(text, sizeof text, "<feature var='%s'/>", table[i].feature);
        rig_hear(0, text);
        rig_hear(0, "</query></iq>");
    }
    close_ann();
}

static void presence(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int priority;
    } table[] = {
        {"<priority>5</priority>", 5},
        {"<priority>-1</priority>", -1},
        {"<priority>127</priority>", 127},
        {"<priority>128</priority>", 127},
        {"<priority>-128</priority>", -128},
        {"<priority>-999</priority>", -128},
        {"<priority> +7 </priority>", 7},
        {"<priority>x</priority>", 0},
        {"<priority/>", 0},
        {"", 0},
        {"<priority xmlns='urn:x'>9</priority>", 0},
    };
    open_ann();
    struct client *c = rig_bound_client();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char in[256], want[512];
        int priority;
        snprintf(in, sizeof in, "<presence id='%zu'>%s</presence>", i, table[i].text);
        snprintf(want, sizeof want,
                 "<presence to='ann@localhost/r' from='ann@localhost/r' id='%zu'>%s"
                 "<x xmlns='vcard-temp:x:update'><photo/></x></presence>",
                 i, table[i].text);
        answer(in, want);
        assert_true(client_available(c, &priority));
        assert_int_equal(priority, table[i].priority);
    }
    answer("<presence><x xmlns='vcard-temp:x:update'><photo>ab</photo></x></presence>",
           "<presence to='ann@localhost/r' from='ann@localhost/r'>"
           "<x xmlns='vcard-temp:x:update'><photo>ab</photo></x></presence>");
    answer("<presence type='unavailable'/>", "");
    assert_false(client_available(c, NULL));
    close_ann();
}

static void long_ids(void **state)
{
    (void)state;
    open_ann();
    for (size_t n = LIMIT_ID - 1; n <= LIMIT_ID + 1; n++) {
        char id[LIMIT_ID + 2], in[LIMIT_ID + 200], want[LIMIT_ID + 400];
        memset(id, 'i', n);
        id[n] = '\0';
        snprintf(in, sizeof in, "<message to='localhost' id='%s'/>", id);
        snprintf(want, sizeof want,
                 "<message to='ann@localhost/r' type='error' from='localhost' id='%s'><error "
                 "type='%s'><%s xmlns='" NS_STANZAS "'/>%s</error></message>",
                 id, n > LIMIT_ID ? "modify" : "cancel",
                 n > LIMIT_ID ? "policy-violation" : "service-unavailable",
                 n > LIMIT_ID ? "<text xmlns='" NS_STANZAS "'>The id is too long</text>" : "");
        answer(in, want);
    }
    close_ann();
}

/* ---------------------------------------------------------------- XEP-0049 */

#define PRIVATE(type, child)                                                                       \
    "<iq type='" type "' id='1'><query xmlns='jabber:iq:private'>" child "</query></iq>"
#define PRIVATE_RESULT(child) RESULT_OF("", "<query xmlns='jabber:iq:private'>" child "</query>")

static void private_storage(void **state)
{
    (void)state;
    open_ann();
    answer(PRIVATE("get", "<a xmlns='urn:a'/>"), PRIVATE_RESULT("<a xmlns='urn:a'/>"));
    answer(PRIVATE("set", "<a xmlns='urn:a' x='&lt;'><b xmlns='urn:b'>&amp;</b></a>"),
           "<iq to='ann@localhost/r' type='result' id='1'/>");
    answer(PRIVATE("set", "<b xmlns='urn:a'/>"), "<iq to='ann@localhost/r' type='result' id='1'/>");
    answer(PRIVATE("get", "<a xmlns='urn:a'/>"),
           PRIVATE_RESULT("<a xmlns='urn:a' x='&lt;'><b xmlns='urn:b'>&amp;</b></a>"));
    answer(PRIVATE("get", "<a xmlns='urn:b'/>"), PRIVATE_RESULT("<a xmlns='urn:b'/>"));
    static const char *const bad[] = {PRIVATE("get", ""), PRIVATE("set", ""),
                                      PRIVATE("set", "<a xmlns='u'/><b xmlns='u'/>")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        answer(bad[i], ERROR_OF("", "modify", "bad-request"));
    static const char *const spaces[] = {PRIVATE("set", "<a/>"), PRIVATE("get", "<a/>"),
                                         PRIVATE("set", "<a xmlns='jabber:client'/>"),
                                         PRIVATE("set", "<a xmlns=''/>")};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        answer(spaces[i], ERROR_OF("", "cancel", "not-acceptable"));
    /* It is the account's: nobody else's, whoever asks. */
    answer("<iq type='get' id='1' to='bob@localhost'><query xmlns='jabber:iq:private'>"
           "<a xmlns='urn:a'/></query></iq>",
           ERROR_OF(" from='bob@localhost'", "cancel", "service-unavailable"));
    answer("<iq type='get' id='1' to='localhost'><query xmlns='jabber:iq:private'>"
           "<a xmlns='urn:a'/></query></iq>",
           ERROR_OF(" from='localhost'", "cancel", "service-unavailable"));
    close_ann();
    open_ann(); /* and it is there the next time */
    answer(PRIVATE("get", "<b xmlns='urn:a'/>"), PRIVATE_RESULT("<b xmlns='urn:a'/>"));
    close_ann();
    rig_ask("DEL verona:private:ann@localhost");
}

static void private_limits(void **state)
{
    (void)state;
    open_ann();
    for (int i = 0; i < 65; i++) {
        char in[256];
        snprintf(in, sizeof in, PRIVATE("set", "<a xmlns='urn:%d'/>"), i);
        answer(in, i < 64 ? "<iq to='ann@localhost/r' type='result' id='1'/>"
                          : ERROR_OF("", "modify", "policy-violation"));
    }
    answer(PRIVATE("set", "<a xmlns='urn:7'>again</a>"),
           "<iq to='ann@localhost/r' type='result' id='1'/>");
    assert_string_equal(rig_ask("HLEN verona:private:ann@localhost"), "64");
    struct buf b;
    for (int over = 0; over < 2; over++) {
        buf_init(&b);
        buf_z(&b, "<iq type='set' id='1'><query xmlns='jabber:iq:private'><a xmlns='urn:7'>");
        size_t n = 64 * 1024 - strlen("<a xmlns='urn:7'></a>") + (size_t)over;
        for (size_t i = 0; i < n; i++)
            buf_c(&b, 'x');
        buf_z(&b, "</a></query></iq>");
        buf_c(&b, '\0');
        answer(b.data, over ? ERROR_OF("", "modify", "policy-violation")
                            : "<iq to='ann@localhost/r' type='result' id='1'/>");
        buf_deinit(&b);
    }
    rig_ask("DEL verona:private:ann@localhost");
    close_ann();
}

/* ---------------------------------------------------------------- the list of rooms */

#define ROOMS(set)                                                                                 \
    "<iq type='get' id='1' to='conference.localhost'><query xmlns='" DISCO_ITEMS "'>" set          \
    "</query></iq>"
#define SET(children) "<set xmlns='" RSM "'>" children "</set>"
#define LIST(children)                                                                             \
    RESULT_OF(" from='conference.localhost'", "<query xmlns='" DISCO_ITEMS "'>" children "</"      \
                                              "query>")
#define ITEM(name) "<item jid='" name "@conference.localhost' name='" name "'/>"
#define ENDS(index, first, last)                                                                   \
    "<first" index ">" first "@conference.localhost</first><last>" last                            \
    "@conference.localhost</last>"

static void rooms(void **state)
{
    (void)state;
    open_ann();
    answer(ROOMS(""), LIST(""));
    rig_ask("ZADD verona:rooms 0 a@conference.localhost 0 b@conference.localhost "
            "0 c@conference.localhost 0 d@conference.localhost");
    answer(ROOMS(""), LIST(ITEM("a") ITEM("b") ITEM("c") ITEM("d")));
    answer(ROOMS(SET("<max>2</max>")),
           LIST(ITEM("a") ITEM("b") SET(ENDS(" index='0'", "a", "b") "<count>4</count>")));
    answer(ROOMS(SET("<max>2</max><after>b@conference.localhost</after>")),
           LIST(ITEM("c") ITEM("d") SET(ENDS(" index='2'", "c", "d") "<count>4</count>")));
    answer(ROOMS(SET("<max>2</max><after>d@conference.localhost</after>")),
           LIST(SET("<count>4</count>")));
    answer(ROOMS(SET("<max>2</max><before/>")),
           LIST(ITEM("c") ITEM("d") SET(ENDS(" index='2'", "c", "d") "<count>4</count>")));
    answer(ROOMS(SET("<max>1</max><before>c@conference.localhost</before>")),
           LIST(ITEM("b") SET(ENDS(" index='1'", "b", "b") "<count>4</count>")));
    answer(ROOMS(SET("<max>0</max>")), LIST(SET("<count>4</count>")));
    answer(ROOMS(SET("<max>2</max><index>3</index>")),
           LIST(ITEM("d") SET(ENDS(" index='3'", "d", "d") "<count>4</count>")));
    static const char *const bad[] = {ROOMS(SET("<max>x</max>")), ROOMS(SET("<max>-1</max>")),
                                      ROOMS(SET("<max/>")), ROOMS(SET("<max>1000000000</max>")),
                                      ROOMS(SET("<index>x</index>"))};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        answer(bad[i], ERROR_OF(" from='conference.localhost'", "modify", "bad-request"));
    rig_ask("DEL verona:rooms");
    close_ann();
}

/* ---------------------------------------------------------------- other users */

static void routed(void **state)
{
    (void)state;
    open_ann();
    uint64_t sid = client_sid(rig_bound_client());
    struct home *h = rig_g.home;
    static const struct {
        const char *to;
        int kind;
        const char *stanza, *want; /* NULL: nothing */
    } table[] = {
        {"ann@localhost", 0, "<message from='b@localhost/x'><body>1</body></message>",
         "<message to='ann@localhost/r' from='b@localhost/x'><body>1</body></message>"},
        {"ann@localhost/r", 0, "<message><body>2</body></message>",
         "<message to='ann@localhost/r'><body>2</body></message>"},
        {"ann@localhost/r", 1, "<iq type='get' id='3'/>",
         "<iq to='ann@localhost/r' type='get' id='3'/>"},
        {"ann@localhost/r", 2, "<presence id='4'/>", "<presence to='ann@localhost/r' id='4'/>"},
        {"ann@localhost/r", 0, "<message/>", "<message to='ann@localhost/r'/>"},
        {"ann@localhost/other", 0, "<message id='no'/>", NULL},
        {"bob@localhost", 0, "<message id='no'/>", NULL},
        {"", 0, "<message id='no'/>", NULL},
        {"ann@localhost", 0, "<presence id='no'/>", NULL},
        {"ann@localhost", 0, "<messages id='no'/>", NULL},
        {"ann@localhost", 0, "<message", NULL},
        {"ann@localhost", 0, "", NULL},
        {"ann@localhost", -1, "<message id='no'/>", NULL},
        {"ann@localhost", 99, "<message id='no'/>", NULL},
    };
    const struct str bare = STR("ann@localhost"), hello = STR("<message id='no'/>");
    assert_false(home_routed(h, bare, sid, 0, hello)); /* he is not available */
    rig_say(0, "<presence><priority>-1</priority></presence>");
    rig_hear(0, "<priority>-1</priority>");
    assert_false(home_routed(h, bare, sid, 0, hello)); /* and not for such (RFC 6121 §8.5.2.1.1) */
    rig_say(0, "<presence/>");
    rig_hear_times(0, "<presence ", 2);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        buf_reset(&rig_peers[0].heard);
        bool has = home_routed(h, str_of(table[i].to), sid, table[i].kind, str_of(table[i].stanza));
        assert_int_equal(has, table[i].want != NULL);
        settle(table[i].want ? table[i].want : "");
    }
    buf_reset(&rig_peers[0].heard);
    assert_false(
        home_routed(h, STR("ann@localhost"), sid + (1ull << 32), 0, STR("<message id='no'/>")));
    (void)home_routed(h, STR("ann@localhost"), 0, 3, STR_NULL);
    (void)home_routed(h, STR("ann@localhost/other"), sid, 3, STR_NULL);
    settle("");
    (void)home_routed(h, STR("ann@localhost/r"), sid, 3,
                      STR_NULL); /* his resource is elsewhere now */
    rig_hear(0, "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    rig_hear(0, NULL);
    close_ann();
}

/* X0198-bounded: what a session never acknowledged goes back to the user who sent it, if he is one
 * and may be answered; no error is answered with another. */
static void given_back(void **state)
{
    (void)state;
    open_ann();
    static const char *const none[] = {
        "<message from='b@localhost/x' type='error'/>",
        "<message from='b@localhost/x' type='headline'/>",
        "<message type='chat'/>",
        "<message from='r@conference.localhost/x' type='chat'/>",
        "<message from='localhost'/>",
        "<iq from='b@localhost/x' type='result' id='1'/>",
        "<iq from='b@localhost/x' type='error' id='1'/>",
        "<presence from='b@localhost/x'/>",
        "<message from",
        "<message from='b@localhost",
        "",
    };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        c2s_give_back(&rig_g, STR("ann@localhost/gone"), str_of(none[i]));
        assert_true(link_idle(rig_g.link));
    }
    c2s_give_back(&rig_g, STR("ann@localhost/r"),
                  STR("<message from='b@localhost/a&amp;b' id='1'><body>x</body></message>"));
    assert_false(link_idle(rig_g.link));
    close_ann();
    open_ann();
    c2s_give_back(&rig_g, STR("ann@localhost/gone"),
                  STR("<iq from='b@localhost/x' type='get' id='1'><q xmlns='u'/></iq>"));
    assert_false(link_idle(rig_g.link));
    close_ann();
}

/* There is no shard that could find anybody: each question has its answer in the end. */
static void nobody_there(void **state)
{
    (void)state;
    open_ann();
    buf_reset(&rig_peers[0].heard);
    rig_say(0, "<message to='bob@localhost' id='m'/><message to='bob@localhost'/>"
               "<iq to='bob@localhost/x' type='get' id='i'><a xmlns='u'/></iq>"
               "<message to='bob@localhost' type='error' id='no'/>"
               "<iq to='bob@localhost/x' type='result' id='no'/>"
               "<presence to='bob@localhost' id='no'/><message id='own'/>");
#define LATE "<error type='wait'><resource-constraint xmlns='" NS_STANZAS "'/></error>"
    rig_hear(0, "<message to='ann@localhost/r' type='error' from='bob@localhost' id='m'>" LATE);
    rig_hear(0, "<message to='ann@localhost/r' type='error' from='bob@localhost'>" LATE);
    rig_hear(0, "<iq to='ann@localhost/r' type='error' from='bob@localhost/x' id='i'>" LATE);
    rig_hear(0, "<message to='ann@localhost/r' type='error' from='ann@localhost' id='own'>" LATE);
    answer("", "");
    close_ann();
}

/* An error finds only the stanza it is for, only while its sender is there, and once. */
static void late_errors(void **state)
{
    (void)state;
    open_ann();
    struct home *h = rig_g.home;
    uint64_t sid = client_sid(rig_bound_client());
    answer("<message to='bob@localhost' id='a'/><message to='bob@localhost/x' id='b'/>", "");
    uint64_t last = h->next_ref - 1;
    buf_reset(&rig_peers[0].heard);
    home_route_failed(h, sid, last + 1, SE_ITEM_NOT_FOUND);
    home_route_done(h, last + 1);
    home_route_failed(h, sid + (1ull << 32), last, SE_ITEM_NOT_FOUND);
    home_route_failed(h, 0, 0, SE_ITEM_NOT_FOUND);
    settle("");
    buf_reset(&rig_peers[0].heard);
    home_route_failed(h, sid, last, SE_ITEM_NOT_FOUND);
    home_route_failed(h, sid, last, SE_ITEM_NOT_FOUND);
    settle("<message to='ann@localhost/r' type='error' from='bob@localhost/x' id='b'>"
           "<error type='cancel'><item-not-found xmlns='" NS_STANZAS "'/></error></message>");
    buf_reset(&rig_peers[0].heard);
    home_route_failed(h, sid, last - 1, 0); /* no condition: the usual one */
    settle("<message to='ann@localhost/r' type='error' from='bob@localhost' id='a'>"
           "<error type='cancel'><service-unavailable xmlns='" NS_STANZAS "'/></error></message>");
    answer("<message to='bob@localhost' id='c'/><message to='bob@localhost' id='d'/>", "");
    buf_reset(&rig_peers[0].heard);
    home_route_done(h, last + 2); /* he has it: nothing can come back any more */
    home_route_failed(h, sid, last + 2, SE_ITEM_NOT_FOUND);
    settle("");
    rig_hang_up_all();
    home_route_failed(h, sid, last + 1, SE_ITEM_NOT_FOUND);
    assert_null(h->refs);
    close_ann();
}

/* Redis does not answer: he is told in time, or has gone meanwhile. */
static void no_redis(void **state)
{
    (void)state;
    open_ann();
    rig_signal_redis(SIGSTOP);
    rig_say(0, PRIVATE("get", "<a xmlns='urn:a'/>"));
    rig_say(0, PRIVATE("set", "<a xmlns='urn:a'/>"));
    rig_say(0, ROOMS(""));
    rig_hear(0, ERROR_OF("", "wait", "resource-constraint"));
    rig_hear_times(0, ERROR_OF("", "wait", "resource-constraint"), 2);
    rig_hear(0, ERROR_OF(" from='conference.localhost'", "wait", "service-unavailable"));
    rig_say(0, PRIVATE("get", "<a xmlns='urn:a'/>") PRIVATE("set", "<a xmlns='urn:a'/>") ROOMS(""));
    rig_run_until(NULL, NULL, 50);
    rig_hang_up_all();
    rig_close(); /* with three questions out, for nobody */
    rig_signal_redis(SIGCONT);
}

int main(void)
{
    log_setup(LOG_ERROR, "logfmt", "gateway", "test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_answers),   cmocka_unit_test(features),
        cmocka_unit_test(presence),        cmocka_unit_test(long_ids),
        cmocka_unit_test(private_storage), cmocka_unit_test(private_limits),
        cmocka_unit_test(rooms),           cmocka_unit_test(no_redis),
        cmocka_unit_test(routed),          cmocka_unit_test(given_back),
        cmocka_unit_test(nobody_there),    cmocka_unit_test(late_errors),
    };
    return cmocka_run_group_tests(tests, rig_start_redis, rig_end_redis);
}
