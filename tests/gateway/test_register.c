/* test_register.c: registration before login (XEP-0077), and how often an address may do it. */
#include "base/muc.h"
#include "gateway/lib_session.h"
#include "gateway/register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEADER                                                                                     \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS                               \
    "' to='example.org' version='1.0'>"
#define QUERY(inside) "<query xmlns='jabber:iq:register'>" inside "</query>"
#define SET(id, inside) "<iq type='set' id='" id "'>" QUERY(inside) "</iq>"
#define WANTS "<username>ann</username><password>secret</password>"
#define REFUSED(id, type, condition)                                                               \
    "<iq type='error' id='" id "'><error type='" type "'><" condition " xmlns='" NS_STANZAS        \
    "'/></error></iq>"
#define FEATURE "<register xmlns='http://jabber.org/features/iq-register'/>"

static bool offered(struct lib_session *h)
{
    bool found = memmem(h->out.data, h->out.len, FEATURE, sizeof FEATURE - 1) != NULL;
    buf_reset(&h->out);
    return found;
}

static void open_stream(struct lib_session *h, bool on, enum sasl_link link)
{
    lib_session_open(h, AUTH_ACCOUNTS, true, link);
    h->cfg.registration = on;
    lib_session_feed_z(h, HEADER);
}

static void talk(struct lib_session *h, const char *in, const char *want)
{
    lib_session_feed_z(h, in);
    buf_c(&h->out, '\0');
    assert_string_equal(h->out.data, want);
    buf_reset(&h->out);
}

/* X0077-feature: where it is on, and the password is not for all to read. */
static void test_feature(void **state)
{
    (void)state;
    static const struct {
        bool on, offered;
        enum sasl_link link;
    } table[] = {
        {false, false, SASL_LINK_TLS},
        {true, true, SASL_LINK_TLS},
        {true, true, SASL_LINK_LOCAL},
        {true, false, SASL_LINK_CLEAR},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct lib_session h;
        open_stream(&h, table[i].on, table[i].link);
        assert_int_equal(offered(&h), table[i].offered);
        lib_session_feed_z(&h, SET("1", WANTS));
        assert_int_equal(session_state(h.session) == SESSION_ENDED, !table[i].offered);
        lib_session_close(&h);
    }
}

/* X0077-register: asked, refused by name, refused later, made; then he logs in. */
static void test_dialogue(void **state)
{
    (void)state;
    struct lib_session h;
    open_stream(&h, true, SASL_LINK_TLS);
    buf_reset(&h.out);
    talk(&h, "<iq type='get' id='f'>" QUERY("") "</iq>",
         "<iq type='result' id='f'>" QUERY(
             "<instructions>Choose a name and a password</instructions>"
             "<username/><password/>") "</iq>");
    talk(&h, SET("1", "<username>ann</username>"), REFUSED("1", "cancel", "not-acceptable"));
    talk(&h, SET("2", "<password>x</password>"), REFUSED("2", "cancel", "not-acceptable"));
    talk(&h, SET("3", "<remove/>"), REFUSED("3", "wait", "unexpected-request"));
    talk(&h, SET("4", "<username>bad</username><password>x</password>"),
         REFUSED("4", "cancel", "not-acceptable"));
    buf_reset(&h.asked);
    lib_session_feed_z(&h, SET("5", WANTS));
    assert_true(h.held);
    assert_true(str_is(buf_as_str(&h.asked), "register ann secret;"));
    session_registered(h.session, SE_CONFLICT);
    assert_false(h.held);
    talk(&h, "", REFUSED("5", "cancel", "conflict"));
    lib_session_feed_z(&h, SET("", WANTS));
    session_registered(h.session, 0);
    talk(&h, "", "<iq type='result' id=''/>");
    session_registered(h.session, 0); /* nothing was asked */
    assert_int_equal(h.out.len, 0);
    assert_int_equal(session_state(h.session), SESSION_OPEN);
    lib_session_close(&h);
}

static void test_other_iqs(void **state)
{
    (void)state;
    struct lib_session h;
    open_stream(&h, true, SASL_LINK_TLS);
    buf_reset(&h.out);
    talk(&h, "<iq type='result' id='1'>" QUERY("") "</iq>",
         "<iq type='error'><error type='modify'><bad-request xmlns='" NS_STANZAS
         "'/></error></iq>");
    lib_session_feed_z(&h, "<iq type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert_int_equal(session_state(h.session), SESSION_ENDED);
    lib_session_close(&h);
}

/* X0077-rate: so many in an hour, by address; an IPv6 customer is one address. */
static void test_rate(void **state)
{
    (void)state;
    uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}, v6[16] = {0x20, 1};
    struct register_rate *r = register_rate_new(2);
    assert_true(register_rate_take(r, v4, 0));
    assert_true(register_rate_take(r, v4, 1000));
    assert_false(register_rate_take(r, v4, 3599999));
    v4[15] = 2;
    assert_true(register_rate_take(r, v4, 1000));
    v4[15] = 1;
    assert_true(register_rate_take(r, v4, 3600000));
    assert_true(register_rate_take(r, v6, 3600000));
    v6[15] = 7;
    assert_true(register_rate_take(r, v6, 3600000));
    assert_false(register_rate_take(r, v6, 3600000));
    v6[7] = 7;
    assert_true(register_rate_take(r, v6, 3600000));
    register_rate_destroy(&r);
    assert_null(r);
    r = register_rate_new(0);
    for (int i = 0; i < 1000; i++)
        assert_true(register_rate_take(r, v4, 0));
    register_rate_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_feature),
        cmocka_unit_test(test_dialogue),
        cmocka_unit_test(test_other_iqs),
        cmocka_unit_test(test_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
