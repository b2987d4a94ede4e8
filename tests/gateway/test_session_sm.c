/* test_session_sm.c: the elements of stream management (XEP-0198), byte for byte as a client sees
 * them. */
#include "gateway/lib_session.h"

#include "base/muc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define SM_FAILED(condition)                                                                       \
    "<failed xmlns='" NS_SM "'><" condition " xmlns='" NS_STANZAS "'/></failed>"

/* XEP-0198 §3, §4: on, once; acknowledgements both ways. */
static void managed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *event, *out;
    } table[] = {
        {"<enable xmlns='" NS_SM "'/>", "enable acks 4294967295;", "<enabled xmlns='" NS_SM "'/>"},
        {"<enable xmlns='" NS_SM "' resume='0'/>", "enable acks 4294967295;",
         "<enabled xmlns='" NS_SM "'/>"},
        {"<enable xmlns='" NS_SM "' resume='true'/>", "enable resume 4294967295;",
         "<enabled xmlns='" NS_SM "' resume='true' id='the-id' max='300'/>"},
        {"<enable xmlns='" NS_SM "' resume='1' max='60'/>", "enable resume 60;",
         "<enabled xmlns='" NS_SM "' resume='true' id='the-id' max='60'/>"},
    };
    struct lib_session h;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        lib_session_bound(&h);
        buf_reset(&h.events);
        lib_session_talk(&h, table[i].in, table[i].out);
        lib_session_is(&h.events, table[i].event);
        h.handled = 3;
        lib_session_talk(&h, "<r xmlns='" NS_SM "'/>", "<a xmlns='" NS_SM "' h='3'/>");
        lib_session_talk(&h, "<a xmlns='" NS_SM "' h='4294967295'/>", "");
        lib_session_is(&h.events, "acked 4294967295;");
        lib_session_talk(&h, "<enable xmlns='" NS_SM "'/>",
                         ERROR_TEXT("policy-violation", "stream management was enabled before"));
        lib_session_close(&h);
    }
    lib_session_bound(&h);
    h.location = STR("[::1]:5222");
    lib_session_talk(&h, "<enable xmlns='" NS_SM "' resume='true'/>",
                     "<enabled xmlns='" NS_SM
                     "' resume='true' id='the-id' max='300' location='[::1]:5222'/>");
    session_too_high(h.session, 10, 8);
    lib_session_is(
        &h.out,
        "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>You acknowledged 10 "
        "stanzas, 8 were sent.</text><handled-count-too-high xmlns='" NS_SM
        "' h='10' send-count='8'/></stream:error></stream:stream>");
    lib_session_close(&h);
}

/* Out of turn, or nonsense. */
static void mismanaged(void **state)
{
    (void)state;
    static const char *const no_numbers[] = {
        "", " h=''", " h='-1'", " h='4294967296'", " h='99999999999999999999999'", " h='1x'"};
    struct lib_session h;
    lib_session_open(&h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    lib_session_feed_z(&h, HIS_HEADER);
    buf_reset(&h.out);
    lib_session_talk(&h, "<enable xmlns='" NS_SM "'/>", SM_FAILED("unexpected-request"));
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='known' h='0'/>",
                     SM_FAILED("unexpected-request"));
    lib_session_talk(&h, "<r xmlns='" NS_SM "'/>", SM_FAILED("unexpected-request"));
    lib_session_close(&h);
    lib_session_authed(&h);
    lib_session_talk(&h, "<enable xmlns='" NS_SM "'/>", SM_FAILED("unexpected-request"));
    lib_session_talk(&h, "<a xmlns='" NS_SM "' h='1'/>", SM_FAILED("unexpected-request"));
    lib_session_talk(&h, "<frob xmlns='" NS_SM "'/>", ERROR("unsupported-stanza-type"));
    lib_session_close(&h);
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++) {
        char in[256];
        lib_session_authed(&h);
        snprintf(in, sizeof in, "<resume xmlns='" NS_SM "' previd='known'%s/>", no_numbers[i]);
        lib_session_talk(&h, in, SM_FAILED("bad-request"));
        lib_session_close(&h);
        lib_session_bound(&h);
        lib_session_talk(&h, "<enable xmlns='" NS_SM "'/>", "<enabled xmlns='" NS_SM "'/>");
        snprintf(in, sizeof in, "<a xmlns='" NS_SM "'%s/>", no_numbers[i]);
        lib_session_talk(&h, in, ERROR_TEXT("bad-format", "an &lt;a/&gt; needs an &apos;h&apos;"));
        lib_session_close(&h);
    }
    lib_session_bound(&h);
    lib_session_talk(&h, "<r xmlns='" NS_SM "'/>", SM_FAILED("unexpected-request"));
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='known' h='0'/>",
                     SM_FAILED("unexpected-request"));
    lib_session_close(&h);
}

/* XEP-0198 §5 */
static void resumed(void **state)
{
    (void)state;
    struct lib_session h;
    lib_session_authed(&h);
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' h='0'/>", SM_FAILED("bad-request"));
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='who?' h='0'/>",
                     SM_FAILED("item-not-found"));
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='past' h='0'/>",
                     "<failed xmlns='" NS_SM "' h='7'><item-not-found xmlns='" NS_STANZAS
                     "'/></failed>");
    lib_session_is(&h.asked, "resume who? 0;resume past 0;");
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='known' h='5'/><presence/>", "");
    assert_true(h.held);
    session_not_resumed(h.session, SE_ITEM_NOT_FOUND);
    buf_c(&h.out, '\0');
    assert_non_null(strstr(h.out.data, "<not-authorized ")); /* the <presence/> came unbound */
    lib_session_close(&h);

    lib_session_authed(&h); /* what follows waits, and belongs to the session */
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='known' h='5'/><presence/>", "");
    lib_session_is(&h.stanzas, "");
    session_take(h.session, STR("ann@example.org/old"));
    assert_int_equal(session_state(h.session), SESSION_AUTHED);
    session_resumed(h.session, STR("known"), 12);
    lib_session_is(&h.out, "<resumed xmlns='" NS_SM "' previd='known' h='12'/><resend/>");
    lib_session_is(&h.stanzas, "<presence from='ann@example.org/old'/>");
    assert_int_equal(session_state(h.session), SESSION_BOUND);
    h.handled = 13;
    lib_session_talk(&h, "<r xmlns='" NS_SM "'/>", "<a xmlns='" NS_SM "' h='13'/>");
    lib_session_talk(&h, "<enable xmlns='" NS_SM "'/>",
                     ERROR_TEXT("policy-violation", "stream management was enabled before"));
    lib_session_close(&h);

    lib_session_authed(&h); /* a failure leaves the way to bind open */
    lib_session_talk(&h, "<resume xmlns='" NS_SM "' previd='who?' h='0'/>",
                     SM_FAILED("item-not-found"));
    buf_reset(&h.asked);
    lib_session_talk(
        &h, "<iq type='set' id='b'><bind xmlns='" NS_BIND "'><resource>r</resource></bind></iq>",
        "");
    lib_session_is(&h.asked, "bind ann@example.org r;");
    lib_session_close(&h);

    lib_session_authed(&h);
    lib_session_feed_z(&h, "<resume xmlns='" NS_SM "' previd='known' h='6'/>");
    buf_c(&h.out, '\0');
    assert_non_null(strstr(h.out.data, "<handled-count-too-high xmlns='" NS_SM
                                       "' h='6' send-count='5'/></stream:error>"));
    assert_false(h.held);
    lib_session_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(managed),
        cmocka_unit_test(mismanaged),
        cmocka_unit_test(resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
