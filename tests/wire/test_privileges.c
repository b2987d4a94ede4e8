/* test_privileges.c: roles, affiliations, lists and registration as clients see them (W2,
 * W4, W9, W44 to W62). */
/* Transcripts keep their lines. */
/* clang-format off */
#include "wire/lib_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* W48, W9, W43: presence to all with the actor, own copy with 110, then the result. */
static void test_W48_affiliation_inside(void **state)
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
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='admin' jid='juliet@example.org'><reason>a &lt;&amp;&gt; b</reason></item></query></iq>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator'><actor nick='Romeo'/><reason>a &lt;&amp;&gt; b</reason></item></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>a &lt;&amp;&gt; b</reason></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='admin' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>a &lt;&amp;&gt; b</reason></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "romeo/phone@3: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='none' jid='juliet@example.org'/></query></iq>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor jid='romeo@example.org/phone'/></item></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo/phone@3 <iq from='R' id='a' type='result'/>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='owner' jid='romeo@example.org'/></query></iq>\n"
             "  paris <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'><actor nick='Romeo'/></item></x></presence>\n");
}

/* W49: to moderators; one item with jid and affiliation, no nick though one is reserved. */
static void test_W49_affiliation_outside(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='nurse@example.org/kitchen' nick='Nurse'><reason>old &amp; wise</reason></item></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'><reason>old &amp; wise</reason></item></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='outcast' jid='nurse@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><status code='301'/><item jid='nurse@example.org' affiliation='outcast'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='outcast' jid='evil.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><status code='301'/><item jid='evil.org' affiliation='outcast'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n");
}

/* W49: to everybody in a non-anonymous room; 321 if he could not be inside any more. */
static void test_W49_affiliation_outside_open_room(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_whois'><value>anyone</value></field><field var='muc#roomconfig_membersonly'><value>1</value></field>",
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='juliet@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='juliet@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><status code='100'/><item affiliation='member' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='nurse@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='none' jid='nurse@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><status code='321'/><item jid='nurse@example.org' affiliation='none'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <message from='R'><x xmlns='U'><status code='321'/><item jid='nurse@example.org' affiliation='none'/></x></message>\n");
}

/* W50, W2: the affiliation is kept; all sessions of the nick. */
static void test_W50_kick(void **state)
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
             "juliet/phone: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet/phone <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet/phone <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet/phone <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='none'><reason>Avaunt!</reason></item></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none'><actor nick='Romeo'/><reason>Avaunt!</reason></item></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>Avaunt!</reason></item><item affiliation='none' role='none' jid='juliet@example.org/phone'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>Avaunt!</reason></item></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='juliet@example.org/phone'><actor nick='Romeo'/><reason>Avaunt!</reason></item><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>Avaunt!</reason></item><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Paris' role='none'/></query></iq>\n"
             "  romeo <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='paris@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  paris <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='paris@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n");
}

/* W50. */
static void test_W50_voice(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_moderatedroom'><value>1</value></field>",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='participant'><reason>speak</reason></item></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>speak</reason></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>speak</reason></item><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='visitor'/></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n");
}

/* W51: every session of the bare JID. */
/* And W8: one's sessions under other nicks see one's JIDs, but not the actor's. */
static void test_W51_ban(void **state)
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
             "juliet/phone: <presence to='R/Phone'><x xmlns='M'/></presence>\n"
             "  paris <presence from='R/Phone'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Phone'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/></x></presence>\n"
             "  juliet/phone <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet/phone <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/phone <presence from='R/Phone'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "  juliet/phone <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Phone'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='outcast' jid='juliet@example.org/phone'><reason>Treason</reason></item></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none'><actor nick='Romeo'/><reason>Treason</reason></item></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>Treason</reason></item></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>Treason</reason></item></x></presence>\n"
             "  paris <presence from='R/Phone' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none'><actor nick='Romeo'/><reason>Treason</reason></item></x></presence>\n"
             "  romeo <presence from='R/Phone' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none' jid='juliet@example.org/phone'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>Treason</reason></item></x></presence>\n"
             "  juliet/phone <presence from='R/Phone' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none' jid='juliet@example.org/phone'><actor nick='Romeo'/><reason>Treason</reason></item><status code='110'/></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='301'/><item affiliation='outcast' role='none' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>Treason</reason></item><status code='110'/></x></presence>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></presence>\n");
}

/* W52, W61: with actor by order, without by one's own wish. */
static void test_W52_loss_in_a_members_only_room(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_membersonly'><value>1</value></field>",
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='juliet@example.org'/><item affiliation='member' jid='paris@example.org' nick='Paris'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='juliet@example.org' affiliation='member'/></x></message>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='paris@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "paris: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  paris <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant'/></x></presence>\n"
             "  paris <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='member' role='participant'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='none' jid='juliet@example.org'><reason>out</reason></item></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='321'/><item affiliation='none' role='none'><actor nick='Romeo'/><reason>out</reason></item></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='321'/><item affiliation='none' role='none' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/><reason>out</reason></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='321'/><item affiliation='none' role='none' jid='juliet@example.org/r'><actor nick='Romeo'/><reason>out</reason></item><status code='110'/></x></presence>\n"
             "paris: <iq to='R' type='set' id='u'><query xmlns='G'><remove/></query></iq>\n"
             "  romeo <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='321'/><item affiliation='none' role='none' jid='paris@example.org/r'/></x></presence>\n"
             "  paris <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='321'/><item affiliation='none' role='none' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris <iq from='R' id='u' type='result'/>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='error'><error type='auth' by='R'><registration-required xmlns='S'/></error></presence>\n");
}

/* W54, W46: eviction first, without actor; then the change; each by itself, one result. */
static void test_W54_reserved_nick(void **state)
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
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='juliet@example.org' nick='Paris'/><item affiliation='member' jid='nurse@example.org'/></query></iq>\n"
             "  romeo <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='paris@example.org/r'><reason>This nickname is reserved</reason></item></x></presence>\n"
             "  paris <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none' jid='paris@example.org/r'><reason>This nickname is reserved</reason></item><status code='110'/></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='307'/><item affiliation='none' role='none'><reason>This nickname is reserved</reason></item></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='tybalt@example.org' nick='Paris'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='cancel' by='R'><conflict xmlns='S'/></error></iq>\n");
}

/* W46, W4: nothing is done, nothing is said. */
static void test_W46_all_or_nothing(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='visitor'/><item nick='Nobody' role='none'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></iq>\n"
             "fail\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='visitor'/><item affiliation='member' jid='juliet@example.org'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='wait' by='R'><resource-constraint xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item role='visitor'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'></query></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='member'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'></query></iq>\n");
}

static void test_W45_malformed(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='king' jid='a@b'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' role='none' jid='a@b'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='@b'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='modify' by='R'><jid-malformed xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item role='none' nick='Nobody'/></query></iq>\n"
             "  romeo <iq from='R' id='a' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></iq>\n");
}

/* W53, W55, W56. */
static void test_W55_lists(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='outcast' jid='iago@example.org'><reason>lies &amp; more</reason></item><item affiliation='member' jid='nurse@example.org' nick='Nurse'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><status code='301'/><item jid='iago@example.org' affiliation='outcast'><reason>lies &amp; more</reason></item></x></message>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='outcast'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'><item affiliation='outcast' jid='iago@example.org'><reason>lies &amp; more</reason></item></query></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='member'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'><item affiliation='member' jid='nurse@example.org' nick='Nurse'/></query></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='owner'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'><item affiliation='owner' jid='romeo@example.org'/></query></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='admin'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'></query></iq>\n"
             "romeo: <iq to='R' type='get' id='g'><query xmlns='A'><item role='participant'/></query></iq>\n"
             "  romeo <iq from='R' id='g' type='result'><query xmlns='A'><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Juliet'/></query></iq>\n"
             "juliet@2: <iq to='R' type='get' id='g'><query xmlns='A'><item affiliation='owner'/></query></iq>\n"
             "  juliet@2 <iq from='R' id='g' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></iq>\n");
}

/* W58, W59, W61, W62. */
static void test_W61_registration(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <iq to='R' type='get' id='r0'><query xmlns='G'/></iq>\n"
             "  juliet@2 <iq from='R' id='r0' type='error'><error type='auth' by='R'><registration-required xmlns='S'/></error></iq>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='juliet@example.org'/></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "juliet@2: <iq to='R' type='get' id='r1'><query xmlns='G'/></iq>\n"
             "  juliet@2 <iq from='R' id='r1' type='result'><query xmlns='G'><x xmlns='D' type='form'><field type='hidden' var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field><field type='text-single' var='muc#register_roomnick' label='Nickname'><required/></field></x></query></iq>\n"
             "juliet@2: <iq to='R' type='set' id='r2'><query xmlns='G'><x xmlns='D' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field><field var='muc#register_roomnick'><value>J&amp;J</value></field></x></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <iq from='R' id='r2' type='result'/>\n"
             "juliet@2: <iq to='R' type='get' id='r3'><query xmlns='G'/></iq>\n"
             "  juliet@2 <iq from='R' id='r3' type='result'><query xmlns='G'><registered/><username>J&amp;J</username></query></iq>\n"
             "juliet@2: <iq to='R' type='get' id='r4'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>\n"
             "  juliet@2 <iq from='R' id='r4' type='result'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'><identity category='conference' type='text' name='J&amp;J'/></query></iq>\n"
             "romeo: <iq to='R' type='get' id='r4'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'/></iq>\n"
             "  romeo <iq from='R' id='r4' type='result'><query xmlns='http://jabber.org/protocol/disco#info' node='x-roomuser-item'></query></iq>\n"
             "juliet@2: <iq to='R' type='set' id='r5'><query xmlns='G'><remove/></query></iq>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <iq from='R' id='r5' type='result'/>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W48_affiliation_inside),
        cmocka_unit_test(test_W49_affiliation_outside),
        cmocka_unit_test(test_W49_affiliation_outside_open_room),
        cmocka_unit_test(test_W50_kick),
        cmocka_unit_test(test_W50_voice),
        cmocka_unit_test(test_W51_ban),
        cmocka_unit_test(test_W52_loss_in_a_members_only_room),
        cmocka_unit_test(test_W54_reserved_nick),
        cmocka_unit_test(test_W46_all_or_nothing),
        cmocka_unit_test(test_W45_malformed),
        cmocka_unit_test(test_W55_lists),
        cmocka_unit_test(test_W61_registration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
