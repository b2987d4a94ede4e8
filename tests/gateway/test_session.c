/* test_session.c: the stream negotiation of RFC 6120 §4 to §7, byte for byte as a client sees it.
 */
#include "gateway/lib_session.h"

#include "base/b64.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/muc.h"
#include "gateway/lib_scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define ID "abababababababababababababababab"
#define FROM_US                                                                                    \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS          \
    "' id='" ID "' from='example.org'"
#define OUR_HEADER FROM_US " version='1.0' xml:lang='en'>"
#define OUR_HEADER_TO(jid) FROM_US " to='" jid "' version='1.0' xml:lang='en'>"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define STARTTLS "<starttls xmlns='" NS_TLS "'/>"
#define STARTTLS_REQUIRED "<starttls xmlns='" NS_TLS "'><required/></starttls>"
#define SCRAMS "<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>"
#define MECHANISMS(list) "<mechanisms xmlns='" NS_SASL "'>" list "</mechanisms>"
#define FEATURES(list) "<stream:features>" list "</stream:features>"
#define BIND_FEATURES                                                                              \
    FEATURES("<bind xmlns='" NS_BIND "'/><session xmlns='" NS_SESSION "'><optional/></session>"    \
             "<sm xmlns='" NS_SM "'/>")
#define FAILURE(condition) "<failure xmlns='" NS_SASL "'><" condition "/></failure>"
static struct account account_of(const char *password)
{
    return (struct account){.asked = true,
                            .exists = true,
                            .has_sha_1 = true,
                            .has_sha_256 = true,
                            .sha_1 = lib_scram_record(SCRAM_SHA_1, password, "salt", 10),
                            .sha_256 = lib_scram_record(SCRAM_SHA_256, password, "salt", 10)};
}

/* ---------------------------------------------------------------- headers */

static void headers(void **state)
{
    (void)state;
#define S " xmlns:stream='" NS_STREAMS "'"
    static const struct {
        const char *header, *answer;
    } table[] = {
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1.0'>", NULL},
        {"<stream:stream xmlns='jabber:client'" S " to='EXAMPLE.org.' version='1.0'>", NULL},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1.1'>", NULL},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='2.0'>", NULL},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1.0' from='ann@x'>",
         NULL},
        {"<stream:stream" S " to='example.org' version='1.0'>", NULL},
        {"<stream xmlns='" NS_STREAMS "' to='example.org' version='1.0'>", NULL},
        {"<x:stream xmlns='jabber:client' xmlns:x='" NS_STREAMS "' to='example.org' version='1.0'>",
         NULL},
        {"<stream:stream xmlns='jabber:server'" S " to='example.org' version='1.0'>",
         ERROR("invalid-namespace")},
        {"<stream:stream xmlns='jabber:component:accept'" S " to='example.org' version='1.0'>",
         ERROR("invalid-namespace")},
        {"<stream:stream xmlns='jabber:client' xmlns:stream='urn:other' to='example.org' "
         "version='1.0'>",
         ERROR("invalid-namespace")},
        {"<stream to='example.org' version='1.0'>", ERROR("invalid-namespace")},
        {"<stream:flood xmlns='jabber:client'" S " to='example.org' version='1.0'>",
         ERROR("bad-format")},
        {"<stream:stream xmlns='jabber:client'" S " version='1.0'>",
         ERROR_TEXT("improper-addressing", "the header needs a &apos;to&apos;")},
        {"<stream:stream xmlns='jabber:client'" S " to='' version='1.0'>", ERROR("host-unknown")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.com' version='1.0'>",
         ERROR("host-unknown")},
        {"<stream:stream xmlns='jabber:client'" S " to='a@example.org' version='1.0'>",
         ERROR("host-unknown")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org/r' version='1.0'>",
         ERROR("host-unknown")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='0.9'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1x.0'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1.'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version='1.x'>",
         ERROR("unsupported-version")},
        {"<stream:stream xmlns='jabber:client'" S " to='example.org' version=''>",
         ERROR("unsupported-version")},
        {"rubbish ", ERROR("not-well-formed")},
        {"<stream:stream>", ERROR("bad-namespace-prefix")},
        {"<!DOCTYPE x>", ERROR("restricted-xml")},
        {"\xff", ERROR("unsupported-encoding")},
        {"</stream:stream>", ERROR("not-well-formed")},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lib_session h;
        struct buf want;
        lib_session_open(&h, AUTH_ACCOUNTS, false, SASL_LINK_TLS);
        buf_init(&want);
        buf_z(&want, OUR_HEADER);
        buf_z(&want, table[i].answer ? table[i].answer
                                     : FEATURES(MECHANISMS(SCRAMS "<mechanism>PLAIN</mechanism>")));
        buf_c(&want, '\0');
        lib_session_talk(&h, table[i].header, want.data);
        assert_int_equal(session_state(h.session), table[i].answer ? SESSION_ENDED : SESSION_OPEN);
        buf_deinit(&want);
        lib_session_close(&h);
    }
}

static void features(void **state)
{
    (void)state;
    static const struct {
        enum auth_mode mode;
        bool starttls;
        enum sasl_link link;
        const char *features;
    } table[] = {
        {AUTH_ACCOUNTS, true, SASL_LINK_LOCAL, FEATURES(STARTTLS MECHANISMS(SCRAMS))},
        {AUTH_ACCOUNTS, false, SASL_LINK_LOCAL, FEATURES(MECHANISMS(SCRAMS))},
        {AUTH_ACCOUNTS, true, SASL_LINK_TLS,
         FEATURES(MECHANISMS(SCRAMS "<mechanism>PLAIN</mechanism>"))},
        {AUTH_ACCOUNTS, true, SASL_LINK_CLEAR, FEATURES(STARTTLS_REQUIRED)},
        {AUTH_ANONYMOUS, true, SASL_LINK_CLEAR, FEATURES(STARTTLS_REQUIRED)},
        {AUTH_OPEN, true, SASL_LINK_CLEAR,
         FEATURES(STARTTLS MECHANISMS("<mechanism>PLAIN</mechanism>"))},
        {AUTH_OPEN, true, SASL_LINK_LOCAL,
         FEATURES(STARTTLS MECHANISMS("<mechanism>PLAIN</mechanism>"))},
        {AUTH_ANONYMOUS, true, SASL_LINK_LOCAL,
         FEATURES(STARTTLS MECHANISMS("<mechanism>ANONYMOUS</mechanism>"))},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lib_session h;
        char want[1024];
        lib_session_open(&h, table[i].mode, table[i].starttls, table[i].link);
        snprintf(want, sizeof want, "%s%s", OUR_HEADER, table[i].features);
        lib_session_talk(&h, HIS_HEADER, want);
        lib_session_close(&h);
    }
}

static void closing(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, "</stream:stream>", "</stream:stream>");
    lib_session_is(&h.events, "end closed;");
    lib_session_talk(&h, "<iq/>", "");
    session_error(h.session, "system-shutdown", NULL);
    session_stream_end(h.session);
    lib_session_is(&h.out, "");
    lib_session_is(&h.events, "");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_OPEN, false,
                     SASL_LINK_LOCAL); /* nothing was said yet: a header goes before */
    session_error(h.session, "connection-timeout", NULL);
    lib_session_is(&h.out, OUR_HEADER ERROR("connection-timeout"));
    lib_session_is(&h.events, "error connection-timeout;end refused;");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    session_error(h.session, "policy-violation", "a <b> & 'c'");
    lib_session_is(&h.out,
                   OUR_HEADER ERROR_TEXT("policy-violation", "a &lt;b&gt; &amp; &apos;c&apos;"));
    lib_session_close(&h);
}

static void his_errors(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_bound(&h);
    lib_session_talk(
        &h,
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><iq/>",
        "</stream:stream>");
    lib_session_is(&h.events, "his conflict;end refused;");
    lib_session_close(&h);
    lib_session_bound(&h);
    lib_session_talk(&h, "<stream:error/>", "</stream:stream>");
    lib_session_is(&h.events, "his undefined-condition;end refused;");
    lib_session_close(&h);
    lib_session_bound(&h);
    lib_session_talk(&h, "<stream:features/>", ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
}

/* ---------------------------------------------------------------- TLS */

static void tls(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, STARTTLS " \r\n", "<proceed xmlns='" NS_TLS "'/>");
    assert_int_equal(session_state(h.session), SESSION_HEADER);
    assert_int_equal(xml_stream_rest(h.xml).n, 0);
    session_secured(h.session);
    lib_session_talk(&h, HIS_HEADER,
                     OUR_HEADER FEATURES(MECHANISMS(SCRAMS "<mechanism>PLAIN</mechanism>")));
    lib_session_talk(&h, STARTTLS, "<failure xmlns='" NS_TLS "'/></stream:stream>");
    lib_session_is(&h.events, "end refused;");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_ACCOUNTS, false, SASL_LINK_LOCAL); /* there is no certificate */
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, STARTTLS, "<failure xmlns='" NS_TLS "'/></stream:stream>");
    lib_session_close(&h);

    lib_session_bound(&h);
    lib_session_talk(&h, STARTTLS, ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
}

/* CVE-2011-0411: what came in clear behind <starttls/> must never count as said under TLS. */
static void injection(void **state)
{
    (void)state;
    static const char *const behind[] = {HIS_HEADER,    "<",     AUTH("PLAIN", PLAIN_ANN),
                                         "x",           " <a/>", "</stream:stream>",
                                         "\x16\x03\x01"};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct lib_session h;
        char in[1024];
        lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_LOCAL);
        snprintf(in, sizeof in, "%s%s%s", HIS_HEADER, STARTTLS, behind[i]);
        lib_session_talk(&h, in,
                         OUR_HEADER FEATURES(STARTTLS MECHANISMS(SCRAMS))
                             ERROR_TEXT("policy-violation", "data behind starttls"));
        lib_session_is(&h.asked, "");
        lib_session_close(&h);
    }
    struct lib_session h; /* a NUL is data */
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    lib_session_feed(&h, STARTTLS "\0", sizeof STARTTLS);
    assert_int_equal(session_state(h.session), SESSION_ENDED);
    lib_session_close(&h);
}

/* RFC 6120 §5.4.3.3: a login begun in clear does not go on. */
static void forgets(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, "<auth xmlns='" NS_SASL "' mechanism='SCRAM-SHA-1'/>",
                     "<challenge xmlns='" NS_SASL "'/>");
    lib_session_talk(&h, STARTTLS, "<proceed xmlns='" NS_TLS "'/>");
    session_secured(h.session);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, "<response xmlns='" NS_SASL "'>biwsbj1hbm4scj1hYmM=</response>",
                     FAILURE("malformed-request"));
    lib_session_is(&h.asked, "");
    lib_session_close(&h);
}

/* ---------------------------------------------------------------- SASL */

static void before_tls(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, AUTH("PLAIN", PLAIN_ANN), FAILURE("encryption-required"));
    lib_session_close(&h);
    /* From another machine nothing is said in clear. */
    static const char *const all[] = {AUTH("PLAIN", PLAIN_ANN), AUTH("SCRAM-SHA-1", PLAIN_ANN),
                                      AUTH("SCRAM-SHA-256", PLAIN_ANN)};
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_CLEAR);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        lib_session_talk(&h, all[i], FAILURE("encryption-required"));
    lib_session_talk(
        &h,
        "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
        ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
}

static void plain_login(void **state)
{
    (void)state;
    struct lib_session h;
    struct account a = account_of("secret");
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_TLS);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    /* What follows in the same packet waits for the answers, in order. */
    lib_session_talk(&h, AUTH("PLAIN", PLAIN_ANN) HIS_HEADER, "");
    assert_true(h.held);
    lib_session_is(&h.asked, "account ann@example.org;");
    session_account(h.session, &a);
    lib_session_is(&h.out, "");
    assert_true(h.held);
    lib_session_is(&h.asked, "job;");
    lib_session_work(&h);
    assert_false(h.held);
    lib_session_is(&h.out,
                   "<success xmlns='" NS_SASL "'/>" OUR_HEADER_TO("ann@example.org") BIND_FEATURES);
    lib_session_is(&h.events, "try PLAIN ok;auth ann@example.org;");
    assert_true(str_is(session_bare(h.session), "ann@example.org"));
    session_account(h.session, &a); /* an answer to nothing */
    session_bound(h.session, 0);
    lib_session_is(&h.out, "");
    lib_session_talk(&h, AUTH("PLAIN", PLAIN_ANN), ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
}

static void scram_login(void **state)
{
    (void)state;
    struct lib_session h;
    struct account a = account_of("secret");
    lib_session_open(&h, AUTH_ACCOUNTS, false, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, AUTH("SCRAM-SHA-256", "biwsbj1hbm4scj1hYmM="), ""); /* n,,n=ann,r=abc */
    lib_session_is(&h.asked, "account ann@example.org;");
    session_account(h.session, &a);
    struct buf challenge, final, v, in, want;
    buf_init(&challenge);
    buf_init(&final);
    buf_init(&v);
    buf_init(&in);
    buf_init(&want);
    static const char begin[] = "<challenge xmlns='" NS_SASL "'>";
    size_t text = h.out.len - (sizeof begin - 1) - strlen("</challenge>");
    assert_memory_equal(h.out.data, begin, sizeof begin - 1);
    assert_int_equal(b64_decode(&challenge, str_n(h.out.data + sizeof begin - 1, text)), 0);
    buf_reset(&h.out);
    lib_scram_final(SCRAM_SHA_256, "secret", "n,,n=ann,r=abc", buf_as_str(&challenge), &final, &v);
    buf_z(&in, "<response xmlns='" NS_SASL "'>");
    b64_encode(&in, final.data, final.len);
    buf_z(&in, "</response>");
    buf_c(&in, '\0');
    buf_z(&want, "<success xmlns='" NS_SASL "'>");
    b64_encode(&want, v.data, v.len);
    buf_z(&want, "</success>");
    buf_c(&want, '\0');
    lib_session_talk(&h, in.data, want.data);
    lib_session_is(&h.events, "try SCRAM-SHA-256 ok;auth ann@example.org;");
    lib_session_talk(&h, HIS_HEADER, OUR_HEADER_TO("ann@example.org") BIND_FEATURES);
    buf_deinit(&challenge);
    buf_deinit(&final);
    buf_deinit(&v);
    buf_deinit(&in);
    buf_deinit(&want);
    lib_session_close(&h);
}

static void failures(void **state)
{
    (void)state;
    static const char *const in[] = {
        AUTH("PLAIN", "!"),
        AUTH("NOTHING", ""),
        "<auth xmlns='" NS_SASL "'/>",
        "<response xmlns='" NS_SASL "'/>",
        "<abort xmlns='" NS_SASL "'/>",
    };
    static const char *const out[] = {FAILURE("malformed-request"), FAILURE("invalid-mechanism"),
                                      FAILURE("invalid-mechanism"), FAILURE("malformed-request"),
                                      FAILURE("aborted")};
    struct lib_session h;
    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    for (size_t i = 0; i + 1 < sizeof in / sizeof *in; i++)
        lib_session_talk(&h, in[i], out[i]);
    lib_session_talk(&h, in[4],
                     FAILURE("aborted") ERROR_TEXT("policy-violation", "too many attempts"));
    lib_session_is(&h.events,
                   "try PLAIN malformed-request;try other invalid-mechanism;"
                   "try other invalid-mechanism;try other malformed-request;try other aborted;"
                   "error policy-violation;end refused;");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL); /* the fifth may be the right one */
    lib_session_feed_z(&h, HIS_HEADER);
    for (int i = 1; i < LIMIT_SASL_TRIES; i++)
        lib_session_feed_z(&h, in[0]);
    buf_reset(&h.out);
    lib_session_talk(&h, AUTH("PLAIN", PLAIN_ANN), "<success xmlns='" NS_SASL "'/>");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, "<success xmlns='" NS_SASL "'/>", ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
}

/* The answer comes when the stream has ended: it must find nothing to do. */
static void late_answers(void **state)
{
    (void)state;
    struct lib_session h;
    struct account a = account_of("secret");
    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_TLS);
    lib_session_feed_z(&h, HIS_HEADER AUTH("PLAIN", PLAIN_ANN));
    buf_reset(&h.out);
    session_error(h.session, "connection-timeout", NULL);
    lib_session_is(&h.out, ERROR("connection-timeout"));
    session_account(h.session, &a);
    lib_session_is(&h.out, "");
    lib_session_close(&h);

    lib_session_open(&h, AUTH_ACCOUNTS, true, SASL_LINK_TLS);
    lib_session_feed_z(&h, HIS_HEADER AUTH("PLAIN", PLAIN_ANN));
    session_account(h.session, &a);
    session_error(h.session, "connection-timeout", NULL);
    buf_reset(&h.out);
    lib_session_work(&h);
    lib_session_is(&h.out, "");
    lib_session_close(&h);

    lib_session_authed(&h);
    lib_session_feed_z(&h, "<iq type='set' id='1'><bind xmlns='" NS_BIND "'/></iq>");
    session_error(h.session, "connection-timeout", NULL);
    buf_reset(&h.out);
    session_bound(h.session, 0);
    lib_session_is(&h.out, "");
    assert_int_equal(session_state(h.session), SESSION_ENDED);
    lib_session_close(&h);
}

static void not_authorized(void **state)
{
    (void)state;
    static const char *const early[] = {"<message/>", "<presence/>", "<iq type='get' id='1'/>",
                                        "<iq type='set' id='1'><bind xmlns='" NS_BIND "'/></iq>"};
    static const char *const odd[] = {"<foo/>", "<message xmlns='urn:x'/>", "<iq xmlns=''/>",
                                      "<message xmlns='jabber:server'/>", "<stream:message/>"};
    static const char *const odd_answer[] = {
        ERROR("unsupported-stanza-type"), ERROR("invalid-namespace"), ERROR("invalid-namespace"),
        ERROR("invalid-namespace"), ERROR("unsupported-stanza-type")};
    struct lib_session h;
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
        lib_session_feed_z(&h, HIS_HEADER);
        buf_reset(&h.out);
        lib_session_talk(&h, early[i], ERROR("not-authorized"));
        lib_session_close(&h);
    }
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        for (int state_now = 0; state_now < 3; state_now++) {
            if (state_now == 0)
                lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
            else if (state_now == 1)
                lib_session_authed(&h);
            else
                lib_session_bound(&h);
            if (state_now == 0)
                lib_session_feed_z(&h, HIS_HEADER);
            buf_reset(&h.out);
            lib_session_talk(&h, odd[i], odd_answer[i]);
            lib_session_close(&h);
        }
}

/* ---------------------------------------------------------------- bind */

#define IQ_ERROR(id, type, condition)                                                              \
    "<iq type='error' id='" id "'><error type='" type "'><" condition " xmlns='" NS_STANZAS        \
    "'/></error></iq>"

static void binding(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_authed(&h);
    lib_session_talk(&h, "<iq type='set' id='1'><bind xmlns='" NS_BIND "'/></iq><presence/>", "");
    lib_session_is(&h.asked, "bind ann@example.org abababababababab;");
    assert_true(h.held);
    lib_session_is(&h.stanzas, "");
    session_bound(h.session, 0);
    lib_session_is(&h.out, "<iq type='result' id='1'><bind xmlns='" NS_BIND
                           "'><jid>ann@example.org/abababababababab</jid></bind></iq>");
    lib_session_is(&h.stanzas, "<presence from='ann@example.org/abababababababab'/>");
    assert_true(str_is(session_jid(h.session), "ann@example.org/abababababababab"));
    lib_session_close(&h);

    lib_session_authed(&h);
    lib_session_talk(&h,
                     "<iq type='set' id='&apos;&lt;'><bind xmlns='" NS_BIND
                     "'><resource>a&amp;b/c@d \xc3\x84</resource></bind></iq>",
                     "");
    lib_session_is(&h.asked, "bind ann@example.org a&b/c@d \xc3\x84;");
    session_bound(h.session, 0);
    lib_session_is(&h.out, "<iq type='result' id='&apos;&lt;'><bind xmlns='" NS_BIND
                           "'><jid>ann@example.org/a&amp;b/c@d \xc3\x84</jid></bind></iq>");
    lib_session_close(&h);
}

static void binding_fails(void **state)
{
    (void)state;
    struct lib_session h;
    char in[2048 + 256], resource[1025];
    memset(resource, 'r', sizeof resource);
    resource[1024] = '\0';
    lib_session_authed(&h);
    snprintf(in, sizeof in,
             "<iq type='set' id='1'><bind xmlns='%s'><resource>%s</resource></bind></iq>", NS_BIND,
             resource);
    lib_session_talk(&h, in, IQ_ERROR("1", "modify", "bad-request"));
    lib_session_talk(&h,
                     "<iq type='set' id='2'><bind xmlns='" NS_BIND
                     "'><resource>\xe2\x80\xa8</resource></bind></iq>",
                     IQ_ERROR("2", "modify", "bad-request"));
    snprintf(in, sizeof in, "<iq type='set' id='%s%s'><bind xmlns='%s'/></iq>", resource, "x",
             NS_BIND);
    lib_session_talk(&h, in,
                     "<iq type='error'><error type='modify'><bad-request xmlns='" NS_STANZAS
                     "'/></error></iq>");
    lib_session_is(&h.asked, "");
    lib_session_talk(&h, "<iq type='set' id='3'><bind xmlns='" NS_BIND "'/></iq>", "");
    session_bound(h.session, ERR_FULL);
    lib_session_is(&h.out, IQ_ERROR("3", "wait", "resource-constraint"));
    assert_int_equal(session_state(h.session), SESSION_AUTHED);
    assert_int_equal(session_jid(h.session).n, 0);
    assert_false(h.held);
    lib_session_talk(
        &h, "<iq type='set' id=''><bind xmlns='" NS_BIND "'><resource>r</resource></bind></iq>",
        "");
    session_bound(h.session, 0); /* and again, this time with luck; an empty id is an id */
    lib_session_is(&h.out, "<iq type='result' id=''><bind xmlns='" NS_BIND
                           "'><jid>ann@example.org/r</jid></bind></iq>");
    lib_session_close(&h);
}

static void unbound(void **state)
{
    (void)state;
    static const char *const in[] = {"<message/>",
                                     "<presence/>",
                                     "<iq type='get' id='1'/>",
                                     "<iq type='get' id='1'><bind xmlns='" NS_BIND "'/></iq>",
                                     "<iq type='set' id='1'><query xmlns='jabber:iq:roster'/></iq>",
                                     "<iq type='set' id='1'/>"};
    struct lib_session h;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        lib_session_authed(&h);
        lib_session_talk(&h, in[i], ERROR_TEXT("not-authorized", "no resource was bound"));
        lib_session_close(&h);
    }
    lib_session_authed(&h);
    lib_session_talk(&h, "<iq type='set' id='1'><session xmlns='" NS_SESSION "'/></iq>",
                     IQ_ERROR("1", "cancel", "not-allowed"));
    lib_session_close(&h);
}

static void once_bound(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_bound(&h);
    lib_session_talk(&h, "<iq type='set' id='2'><bind xmlns='" NS_BIND "'/></iq>", "");
    lib_session_is(&h.stanzas,
                   "<iq type='set' id='2' from='ann@example.org/r'><bind xmlns='" NS_BIND
                   "'/></iq>"); /* a stanza like any other */
    lib_session_is(&h.asked, "");
    assert_true(str_is(session_jid(h.session), "ann@example.org/r"));
    lib_session_close(&h);
}

/* ---------------------------------------------------------------- from */

static void from(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        bool ok;
    } table[] = {
        {"ann@example.org/r", true},
        {"ann@example.org", true},
        {"ANN@Example.ORG/r", true},
        {"ann@example.org/R", false},
        {"ann@example.org/other", false},
        {"bob@example.org", false},
        {"bob@example.org/r", false},
        {"example.org", false},
        {"room@conference.example.org/r", false},
        {"", false},
        {"@", false},
        {"ann@example.org/", false},
        {"\xef\xbd\x81nn@example.org/r", true}, /* a wide "a", which prepares to his own */
        {"\xd0\xb0nn@example.org/r", false},    /* a Cyrillic one, which does not */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lib_session h;
        char in[256];
        lib_session_bound(&h);
        snprintf(in, sizeof in, "<message from='%s' to='x'/>", table[i].from);
        lib_session_talk(&h, in, table[i].ok ? "" : ERROR("invalid-from"));
        lib_session_is(&h.stanzas, table[i].ok ? "<message from='ann@example.org/r' to='x'/>" : "");
        lib_session_close(&h);
    }
    struct lib_session h;
    lib_session_bound(&h);
    lib_session_talk(&h, "<message to='x' p:from='bob@x' xmlns:p='urn:p'/>", "");
    lib_session_is(&h.stanzas,
                   "<message to='x' xmlns:ns1='urn:p' ns1:from='bob@x' from='ann@example.org/r'/>");
    /* As many attributes as there may be, and the stamp. */
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<message");
    for (int i = 0; i < LIMIT_ATTRS; i++)
        buf_printf(&b, " a%d=''", i);
    buf_z(&b, "/>");
    buf_c(&b, '\0');
    lib_session_talk(&h, b.data, "");
    buf_c(&h.stanzas, '\0');
    assert_non_null(strstr(h.stanzas.data, " a63='' from='ann@example.org/r'/>"));
    buf_deinit(&b);
    lib_session_close(&h);
}

/* The whole conversation, one byte after the other. */
static void byte_by_byte(void **state)
{
    (void)state;
    static const char in[] = HIS_HEADER AUTH("PLAIN", PLAIN_ANN) HIS_HEADER
        "<iq type='set' id='b'><bind xmlns='" NS_BIND
        "'><resource>r</resource></bind></iq><presence/> </stream:stream>";
    struct lib_session h;
    lib_session_open(&h, AUTH_OPEN, true, SASL_LINK_LOCAL);
    for (size_t i = 0; i < sizeof in - 1; i++) {
        lib_session_feed(&h, in + i, 1);
        if (h.asked.len) {
            lib_session_is(&h.asked, "bind ann@example.org r;");
            session_bound(h.session, 0);
        }
    }
    lib_session_is(&h.out,
                   OUR_HEADER FEATURES(STARTTLS MECHANISMS(
                       "<mechanism>PLAIN</mechanism>")) "<success xmlns='" NS_SASL
                                                        "'/>" OUR_HEADER_TO("ann@example.org")
                                                            BIND_FEATURES
                   "<iq type='result' id='b'><bind xmlns='" NS_BIND
                   "'><jid>ann@example.org/r</jid></bind></iq></stream:stream>");
    lib_session_is(&h.stanzas, "<presence from='ann@example.org/r'/>");
    lib_session_is(&h.events, "try PLAIN ok;auth ann@example.org;end closed;");
    lib_session_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(features),
        cmocka_unit_test(closing),
        cmocka_unit_test(his_errors),
        cmocka_unit_test(tls),
        cmocka_unit_test(injection),
        cmocka_unit_test(forgets),
        cmocka_unit_test(before_tls),
        cmocka_unit_test(plain_login),
        cmocka_unit_test(scram_login),
        cmocka_unit_test(failures),
        cmocka_unit_test(late_answers),
        cmocka_unit_test(not_authorized),
        cmocka_unit_test(binding),
        cmocka_unit_test(binding_fails),
        cmocka_unit_test(unbound),
        cmocka_unit_test(once_bound),
        cmocka_unit_test(from),
        cmocka_unit_test(byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
