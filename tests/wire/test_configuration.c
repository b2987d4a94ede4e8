/* test_configuration.c: creating, configuring and destroying as clients see it (W3, W15 to
 * W20, W63 to W69, W74, W77). */
/* Transcripts keep their lines. */
/* clang-format off */
#include "wire/lib_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_W18_instant_room(void **state)
{
    (void)state;
    struct wire *w = wire_new();
    wire_run(w,
             "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><status code='201'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence id='j' to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  juliet@2 <presence from='R/Juliet' id='j' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></presence>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'/></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n");
    wire_destroy(&w);
}

/* W19: the first form only. */
static void test_W19_cancel(void **state)
{
    (void)state;
    struct wire *w = wire_new();
    wire_run(w,
             "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><status code='201'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='cancel'/></query></iq>\n"
             "  romeo <presence from='R/Romeo' type='unavailable'><x xmlns='U'><destroy></destroy><item affiliation='owner' role='none' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><status code='201'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'/></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='cancel'/></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n");
    wire_destroy(&w);
}

/* W3, W67: presences, result, one message. */
static void test_W67_statuses(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_whois'><value>anyone</value></field><field var='muc#roomconfig_enablelogging'><value>1</value></field><field var='muc#roomconfig_roomname'><value>Verona</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='104'/><status code='170'/><status code='172'/></x></message>\n"
             "  juliet@2 <message from='R' type='groupchat'><x xmlns='U'><status code='104'/><status code='170'/><status code='172'/></x></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_whois'><value>moderators</value></field><field var='muc#roomconfig_enablelogging'><value>0</value></field><field var='muc#roomconfig_roomadmins'><value>juliet@example.org</value></field></x></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='171'/><status code='173'/></x></message>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><x xmlns='U'><status code='171'/><status code='173'/></x></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomname'><value>Verona</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n");
}

/* W68: 322 in all copies, then the result, then 104. */
static void test_W68_members_only(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "paris: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  paris <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='paris@example.org'/></query></iq>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant' jid='paris@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  paris <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant' jid='paris@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant'><actor nick='Romeo'/></item></x></presence>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_membersonly'><value>1</value></field></x></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='322'/><item affiliation='none' role='none'/></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='322'/><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  paris <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='322'/><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n");
}

/* W66: who is dropped from the admins loses all, who is dropped from the owners becomes admin. */
static void test_W66_lists(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_roomadmins'><value>juliet@example.org</value></field>",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomadmins'/><field var='muc#roomconfig_roomowners'><value>romeo@example.org</value><value>nurse@example.org</value></field></x></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='owner'/></x></message>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  juliet@2 <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='owner'/></x></message>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "nurse@3: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomowners'><value>nurse@example.org</value></field></x></query></iq>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><item affiliation='admin' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='admin' role='moderator'/></x></presence>\n"
             "  nurse@3 <iq from='R' id='c' type='result'/>\n"
             "nurse@3: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomowners'/></x></query></iq>\n"
             "  nurse@3 <iq from='R' id='c' type='error'><error type='cancel' by='R'><conflict xmlns='S'/></error></iq>\n");
}

static void test_W69_non_owners(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_roomadmins'><value>juliet@example.org</value></field>",
             "juliet@2: <iq to='R' type='get' id='g'><query xmlns='O'/></iq>\n"
             "  juliet@2 <iq from='R' id='g' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></iq>\n"
             "juliet@2: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomname'><value>x</value></field></x></query></iq>\n"
             "  juliet@2 <iq from='R' id='c' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></iq>\n"
             "juliet@2: <iq to='R' type='set' id='d'><query xmlns='O'><destroy/></query></iq>\n"
             "  juliet@2 <iq from='R' id='d' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></iq>\n");
}

/* W74: each hears of himself only. */
static void test_W74_destroy(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet/phone: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet/phone <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet/phone <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='d'><query xmlns='O'><destroy jid='garden@muc.example.org'><reason>a &lt; b</reason><password>p'w</password></destroy></query></iq>\n"
             "  romeo <presence from='R/Romeo' type='unavailable'><x xmlns='U'><destroy jid='garden@muc.example.org'><reason>a &lt; b</reason><password>p&apos;w</password></destroy><item affiliation='owner' role='none' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet' type='unavailable'><x xmlns='U'><destroy jid='garden@muc.example.org'><reason>a &lt; b</reason><password>p&apos;w</password></destroy><item affiliation='none' role='none' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='d' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><destroy jid='garden@muc.example.org'><reason>a &lt; b</reason><password>p&apos;w</password></destroy><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><status code='201'/><item affiliation='owner' role='moderator' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n");
}

static void test_W64_wrong_form(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='FORM_TYPE'><value>other</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomname'><value>x</value></field><field var='muc#roomconfig_whois'><value>nobody</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomname'><value>x</value></field><field var='muc#roomconfig_passwordprotectedroom'><value>1</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></iq>\n"
             "fail\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_roomname'><value>x</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='error'><error type='wait' by='R'><resource-constraint xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='get' id='i'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>\n"
             "  romeo <iq from='R' id='i' type='result'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text' name='room'/><feature var='M'/><feature var='muc_public'/><feature var='muc_open'/><feature var='muc_unmoderated'/><feature var='muc_semianonymous'/><feature var='muc_unsecured'/><feature var='muc_temporary'/><feature var='http://jabber.org/protocol/muc#stable_id'/><feature var='http://jabber.org/protocol/muc#self-ping-optimization'/><feature var='G'/><feature var='urn:xmpp:occupant-id:0'/><feature var='urn:xmpp:sid:0'/><feature var='urn:xmpp:message-retract:1'/><feature var='urn:xmpp:message-retract:1#tombstone'/><feature var='urn:xmpp:message-moderate:1'/><feature var='urn:xmpp:muc:affiliations:1'/><feature var='urn:xmpp:hats:0'/><feature var='http://jabber.org/protocol/commands'/><feature var='vcard-temp'/><feature var='http://jabber.org/protocol/disco#info'/><x xmlns='D' type='result'><field type='hidden' var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roominfo</value></field><field type='text-single' var='muc#roominfo_description' label='Description'><value/></field><field type='text-single' var='muc#roominfo_occupants' label='Number of occupants'><value>1</value></field><field type='text-single' var='muc#roominfo_slow_mode_duration' label='Seconds between two messages of a user'><value>0</value></field><field type='boolean' var='muc#roominfo_subjectmod' label='Occupants may change the subject'><value>0</value></field><field type='text-single' var='muc#maxhistoryfetch' label='Messages of history that a join gets at most'><value>256</value></field><field type='text-single' var='muc#roomconfig_roomname' label='Name'><value/></field><field type='boolean' var='muc#roomconfig_changesubject' label='Occupants may change the subject'><value>0</value></field><field type='boolean' var='muc#roomconfig_allowinvites' label='Members may invite others'><value>0</value></field><field type='text-single' var='muc#roomconfig_allowpm' label='Who may send private messages'><value>anyone</value></field></x></query></iq>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W18_instant_room),
        cmocka_unit_test(test_W19_cancel),
        cmocka_unit_test(test_W67_statuses),
        cmocka_unit_test(test_W68_members_only),
        cmocka_unit_test(test_W66_lists),
        cmocka_unit_test(test_W69_non_owners),
        cmocka_unit_test(test_W74_destroy),
        cmocka_unit_test(test_W64_wrong_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
