/* test_relay.c: iq between occupants and requests for voice as clients see them (XEP-0045 §7.13,
 * §8.6, §17.4; W35, W79). */
/* clang-format off */
#include "wire/lib_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JULIET_JOINS                                                                                \
    "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"                                 \
    "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n" \
    "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n" \
    "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n" \
    "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"

/* S17.4-iq-relay, S17.4-outsider: over two gateways; no real JID in either direction. */
static void test_W35_iq(void **state)
{
    (void)state;
    wire_in("",
            JULIET_JOINS
            "juliet@2: <iq to='R/Romeo' type='get' id='a'><query xmlns='jabber:iq:version'/></iq>\n"
            "  romeo <iq from='R/Juliet' id='#1' type='get'><query xmlns='jabber:iq:version'/></iq>\n"
            "romeo: <iq to='R/Juliet' type='result' id='#1'><query xmlns='jabber:iq:version'><name>&lt;X&gt;</name></query></iq>\n"
            "  juliet@2 <iq from='R/Romeo' id='a' type='result'><query xmlns='jabber:iq:version'><name>&lt;X&gt;</name></query></iq>\n"
            "romeo: <iq to='R/Juliet' type='set' id='a'><q xmlns='urn:x'/></iq>\n"
            "  juliet@2 <iq from='R/Romeo' id='#2' type='set'><q xmlns='urn:x'/></iq>\n"
            "juliet@2: <iq to='R/Romeo' type='error' id='#2'><error type='cancel' by='juliet@example.org/r'><service-unavailable xmlns='S'/></error></iq>\n"
            "  romeo <iq from='R/Juliet' id='a' type='error'><error type='cancel'><service-unavailable xmlns='S'/></error></iq>\n"
            "juliet@2: <iq to='R/Romeo' type='get' id='b'><ping xmlns='urn:xmpp:ping'/></iq>\n"
            "  romeo <iq from='R/Juliet' id='#3' type='get'><ping xmlns='urn:xmpp:ping'/></iq>\n"
            "romeo: <iq to='R/Juliet' type='result' id='#3'/>\n"
            "  juliet@2 <iq from='R/Romeo' id='b' type='result'/>\n"
            "paris: <iq to='R/Romeo' type='get' id='6'><query xmlns='jabber:iq:version'/></iq>\n"
            "  paris <iq from='R/Romeo' id='6' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></iq>\n"
            "paris: <iq to='R/Romeo' type='get' id='7'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>\n"
            "  paris <iq from='R/Romeo' id='7' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></iq>\n"
            "juliet@2: <iq to='R/Tybalt' type='get' id='8'><query xmlns='jabber:iq:version'/></iq>\n"
            "  juliet@2 <iq from='R/Tybalt' id='8' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></iq>\n"
            /* W79 */
            "juliet@2: <iq to='R/Juliet' type='get' id='9'><ping xmlns='urn:xmpp:ping'/></iq>\n"
            "  juliet@2 <iq from='R/Juliet' id='9' type='result'/>\n");
}

/* S17.4-bare-jid: the account answers, not the client; an account says no more through a room than it says
 * to anybody. A client that is gone is answered for. */
static void test_W35_account_and_gone(void **state)
{
    (void)state;
    wire_in("",
            JULIET_JOINS
            "juliet@2: <iq to='R/Romeo' type='get' id='v'><vCard xmlns='vcard-temp'/></iq>\n"
            "  juliet@2 <iq from='R/Romeo' id='v' type='error'><error type='cancel'><service-unavailable xmlns='S'/></error></iq>\n"
            "romeo: <iq to='R/Juliet' type='get' id='p'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:avatar:metadata'/></pubsub></iq>\n"
            "  romeo <iq from='R/Juliet' id='p' type='error'><error type='cancel'><service-unavailable xmlns='S'/></error></iq>\n"
            "vanish juliet@2\n"
            "romeo: <iq to='R/Juliet' type='get' id='a'><query xmlns='jabber:iq:version'/></iq>\n"
            "  romeo <iq from='R/Juliet' id='a' type='error'><error type='cancel'><service-unavailable xmlns='S'/></error></iq>\n");
}

/* S7.13-voice-request, S8.6-approve: to moderators on every gateway and nobody else. */
static void test_voice(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_moderatedroom'><value>1</value></field>",
            "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
            "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/></x></presence>\n"
            "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
            "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
            "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
            "juliet@2: <message to='R' id='v'><x xmlns='D' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field></x></message>\n"
            "  romeo <message from='R'><x xmlns='D' type='form'><title>Voice request</title><instructions>To approve this request for voice, select the &quot;Grant voice to this person?&quot; checkbox and click OK. To skip this request, click the cancel button.</instructions><field type='hidden' var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field type='list-single' var='muc#role' label='Requested role'><value>participant</value><option label='Participant'><value>participant</value></option></field><field type='jid-single' var='muc#jid' label='User ID'><value>juliet@example.org/r</value></field><field type='text-single' var='muc#roomnick' label='Room Nickname'><value>Juliet</value></field><field type='boolean' var='muc#request_allow' label='Grant voice to this person?'><value>false</value></field></x></message>\n"
            "romeo: <message to='R' id='w'><x xmlns='D' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field><field var='muc#jid'><value>juliet@example.org/r</value></field><field var='muc#roomnick'><value>Juliet</value></field><field var='muc#request_allow'><value>true</value></field></x></message>\n"
            "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
            "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
            "juliet@2: <message to='R' id='v'><x xmlns='D' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#request</value></field><field var='muc#role'><value>participant</value></field></x></message>\n"
            "  juliet@2 <message from='R' id='v' type='error'><error type='cancel' by='R'><not-allowed xmlns='S'/><text xmlns='S'>You have voice</text></error></message>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W35_iq),
        cmocka_unit_test(test_W35_account_and_gone),
        cmocka_unit_test(test_voice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
