/* test_occupants.c: entering, presence, nicks and leaving as clients see it (W1, W5 to
 * W13, W15, W21 to W43). */
/* Transcripts keep their lines. */
/* clang-format off */
#include "wire/lib_wire.h"
#include "room/other_defaults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* W15, W7: nothing but these three; nothing before. */
static void test_W15_creation(void **state)
{
    (void)state;
    struct wire *w = wire_new();
    wire_run(w,
             "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><status code='201'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <message from='R' type='groupchat'><subject/></message>\n");
    wire_destroy(&w);
}

/* With the other defaults of README.md, Settings, from the first stanza on. */
static void test_W15_W26_creation_with_other_defaults(void **state)
{
    (void)state;
    struct wire *w = wire_new();
    wire_service(w)->defaults = other_config(&wire_service(w)->defaults);
    wire_run(w,
                          "romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><status code='201'/><status code='100'/><status code='170'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='juliet@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='juliet@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'/></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "nurse@2: <presence to='R/Nurse'><x xmlns='M'/></presence>\n"
             "  nurse@2 <presence from='R/Nurse' type='error'><error type='auth' by='R'><registration-required xmlns='S'/></error></presence>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='error'><error type='auth' by='R'><not-authorized xmlns='S'/></error></presence>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'><password>another</password></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><status code='100'/><status code='170'/><item affiliation='member' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <iq to='R' type='get' id='l'><query xmlns='A'><item affiliation='owner'/></query></iq>\n"
             "  juliet@2 <iq from='R' id='l' type='result'><query xmlns='A'><item affiliation='owner' jid='romeo@example.org'/></query></iq>\n"
             "juliet@2: <message to='R' type='groupchat'><body>hey</body></message>\n"
             "  romeo <message from='R/Juliet' type='groupchat' id='abababababababababababababababab'><body>hey</body></message>\n"
             "  juliet@2 <message from='R/Juliet' type='groupchat' id='abababababababababababababababab'><body>hey</body></message>\n"
             "close romeo\n");
    wire_destroy(&w);
}

/* W21, W8, W11: the others first; JIDs for moderators; what a client says of muc and of itself stays out. */
static void test_W21_entering(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><show>chat</show><x xmlns='M'/><x xmlns='U'><item role='owner'/></x><occupant-id xmlns='urn:xmpp:occupant-id:0' id='fake'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='two'/><c xmlns='caps' ver='&lt;&apos;'/></presence>\n"
             "  romeo <presence from='R/Juliet'><show>chat</show><c xmlns='caps' ver='&lt;&apos;'/><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><show>chat</show><c xmlns='caps' ver='&lt;&apos;'/><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "paris: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  paris <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris <presence from='R/Juliet'><show>chat</show><c xmlns='caps' ver='&lt;&apos;'/><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris <message from='R' type='groupchat'><subject/></message>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n");
}

static void test_W26_entering_an_open_room(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_whois'><value>anyone</value></field><field var='muc#roomconfig_enablelogging'><value>1</value></field>",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><status code='100'/><status code='170'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n");
}

/* W27: the whole dance again; an update to the others. */
static void test_W27_joining_again(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/><show>xa</show></presence>\n"
             "  romeo <presence from='R/Juliet'><show>xa</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><show>xa</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n");
}

static void test_W28_not_inside(void **state)
{
    (void)state;
    wire_in("",
             "juliet: <presence to='R/Juliet' id='p'><show>away</show></presence>\n"
             "  juliet <presence from='R/Juliet' id='p' type='unavailable'><x xmlns='U'><status code='307'/><status code='333'/><item affiliation='none' role='none'/><status code='110'/></x></presence>\n");
}

/* W5: the address that was asked for, id and by; nothing is echoed. */
static void test_W22_refusal(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_roomsecret'><value>rose</value></field>",
             "juliet: <presence id='j1' to='R/J&amp;J'><x xmlns='M'><password>lily</password></x></presence>\n"
             "  juliet <presence from='R/J&amp;J' id='j1' type='error'><error type='auth' by='R'><not-authorized xmlns='S'/></error></presence>\n");
}

static void test_W36_nick_change(void **state)
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
             "juliet@2: <presence to='R/Julia'><show>away</show></presence>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' nick='Julia'/></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Julia'/></x></presence>\n"
             "  paris <presence from='R/Julia'><show>away</show><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Julia'><show>away</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Julia'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Julia'><show>away</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "juliet@2: <presence to='R/Capulet'><x xmlns='M'/></presence>\n"
             "  paris <presence from='R/Julia' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' nick='Capulet'/></x></presence>\n"
             "  romeo <presence from='R/Julia' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Capulet'/></x></presence>\n"
             "  paris <presence from='R/Capulet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Capulet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Julia' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Capulet'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Capulet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "juliet@2: <presence to='R/Romeo' id='n'/>\n"
             "  juliet@2 <presence from='R/Romeo' id='n' type='error'><error type='cancel' by='R'><conflict xmlns='S'/></error></presence>\n");
}

/* W12, W1: an item each for who sees JIDs; who stays hears before who goes. */
static void test_W12_several_sessions(void **state)
{
    (void)state;
    wire_in("",
             "juliet: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet <message from='R' type='groupchat'><subject/></message>\n"
             "paris@2: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  juliet <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  paris@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet/phone: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "  juliet/phone <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet/phone <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet/phone <message from='R' type='groupchat'><subject/></message>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "juliet/tablet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/phone'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet/tablet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet/phone: <presence to='R/Juliet' type='unavailable'><status>bye</status></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><status code='110'/></x></presence>\n"
             "  juliet/phone <presence from='R/Juliet' type='unavailable'><status>bye</status><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/phone'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "juliet/tablet@2: <presence to='R/Tablet'/>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Tablet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/></x></presence>\n"
             "  romeo <presence from='R/Tablet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris@2 <presence from='R/Tablet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet' nick='Tablet'/><status code='110'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Tablet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><status code='110'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "juliet/tablet@2: <presence to='R/Juliet'/>\n"
             "  juliet <presence from='R/Tablet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet' nick='Juliet'/></x></presence>\n"
             "  romeo <presence from='R/Tablet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet' nick='Juliet'/></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Tablet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' nick='Juliet'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Tablet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/tablet' nick='Juliet'/><status code='110'/></x></presence>\n"
             "  juliet/tablet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/tablet'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "break juliet/tablet@2\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "close juliet <status>gone</status>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><status>gone</status><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  paris@2 <presence from='R/Juliet' type='unavailable'><status>gone</status><x xmlns='U'><item affiliation='none' role='none'/></x></presence>\n");
}

/* W37: to the bare room as well. */
static void test_W37_leaving(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence to='R' type='unavailable'><status>a &lt; b</status></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><status>a &lt; b</status><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><status>a &lt; b</status><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "juliet@2: <presence to='R' type='unavailable'/>\n");
}

/* W38: closed, broken, or with its gateway. */
static void test_W38_end_of_a_stream(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "close juliet@2\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "break juliet@2\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
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
             "gateway 2 lost\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='333'/><item affiliation='none' role='none'/></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n");
}

/* W39: the text only where everybody is known. */
static void test_W39_error_kick(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <message to='R/Romeo' type='error'><error type='wait'><not-acceptable xmlns='S'/></error></message>\n"
             "juliet@2: <message to='R/Romeo' type='error'><error type='wait'><recipient-unavailable xmlns='S'/><text xmlns='S'>secret</text></error></message>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><status>Kicked: recipient unavailable</status><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><status>Kicked: recipient unavailable</status><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n");
}

static void test_W39_error_kick_in_an_open_room(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_whois'><value>anyone</value></field>",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><status code='100'/><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence to='R' type='error'><error type='cancel'><gone xmlns='S'/><text xmlns='S'>to &lt;Mantua&gt;</text></error></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><status>Kicked: gone: to &lt;Mantua&gt;</status><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><status>Kicked: gone: to &lt;Mantua&gt;</status><x xmlns='U'><status code='333'/><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n");
}

static void test_W40_probes(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <presence to='R/Romeo' type='probe'/>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "juliet@2: <presence to='R/Juliet' type='probe'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "romeo: <presence to='R/Juliet' type='probe'/>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "paris: <presence to='R/Juliet' type='probe' id='q'/>\n"
             "  paris <presence from='R/Juliet' id='q' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='nurse@example.org' nick='Nurse'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "juliet@2: <presence to='R/Nurse' type='probe'/>\n"
             "  juliet@2 <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='member' role='none' nick='Nurse'/></x></presence>\n"
             "romeo: <presence to='R/Nurse' type='probe'/>\n"
             "  romeo <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='member' role='none' jid='nurse@example.org' nick='Nurse'/></x></presence>\n");
}

/* W41: roles turned off and on, and a role that crosses the line. */
static void test_W41_presencebroadcast(void **state)
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
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_presencebroadcast'><value>moderator</value></field></x></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  romeo <presence from='R/Paris' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  paris <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  juliet@2 <presence from='R/Paris' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "juliet@2: <presence to='R/Juliet'><show>dnd</show></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "nurse: <presence to='R/Nurse'><x xmlns='M'/></presence>\n"
             "  nurse <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  nurse <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant' jid='nurse@example.org/r'/><status code='110'/></x></presence>\n"
             "  nurse <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='moderator'/></query></iq>\n"
             "  paris <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "  nurse <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "  romeo <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='participant'/></query></iq>\n"
             "  paris <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant'><actor nick='Romeo'/></item></x></presence>\n"
             "  nurse <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant'><actor nick='Romeo'/></item></x></presence>\n"
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "nurse: <presence to='R' type='unavailable'/>\n"
             "  nurse <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='none' role='none' jid='nurse@example.org/r'/><status code='110'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_presencebroadcast'><value>moderator</value><value>participant</value></field></x></query></iq>\n"
             "  paris <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Juliet'><show>dnd</show><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  paris <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n");
}

/* W42: with JIDs for who may see them, though he is only entering. */
static void test_W42_absent_users(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_presencebroadcast'><value>none</value><value>moderator</value><value>participant</value><value>visitor</value></field>",
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item affiliation='member' jid='nurse@example.org' nick='Nurse'/><item affiliation='member' jid='paris@example.org'/></query></iq>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='nurse@example.org' affiliation='member'/></x></message>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='paris@example.org' affiliation='member'/></x></message>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='member' role='none' nick='Nurse'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo/phone@3: <presence to='R/Romeo'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><item affiliation='owner' role='moderator' jid='romeo@example.org/phone'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  romeo/phone@3 <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='member' role='none' jid='nurse@example.org' nick='Nurse'/></x></presence>\n"
             "  romeo/phone@3 <presence from='R' type='unavailable'><x xmlns='U'><item affiliation='member' role='none' jid='paris@example.org'/></x></presence>\n"
             "  romeo/phone@3 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  romeo/phone@3 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/phone'/><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  romeo/phone@3 <message from='R' type='groupchat'><subject/></message>\n");
}

static void test_W43_moderators_see_jids(void **state)
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
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='moderator'/></query></iq>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='moderator' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='Juliet' role='participant'/></query></iq>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'><actor nick='Romeo'/></item></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n");
}

/* S7.7-update: what a client says of itself reaches all, with his item; caps too. */
static void test_update(void **state)
{
    (void)state;
#define STATE "<show>away</show><status>gone &amp; back</status><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/>"
    struct wire *w = wire_new();
    wire_open(w, "");
    (void)wire_do(w, "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>");
    wire_run(w, "juliet@2: <presence to='R/Juliet'>" STATE "</presence>\n"
                "  romeo <presence from='R/Juliet'>" STATE "<x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
                "  juliet@2 <presence from='R/Juliet'>" STATE "<x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n");
    wire_destroy(&w);
}

#define ITEM(role) "<x xmlns='U'><item affiliation='none' role='" role "'/></x>"
#define ITEM_OF(who, role) "<x xmlns='U'><item affiliation='none' role='" role "' jid='" who "@example.org/r'/></x>"
#define OWN(who) "<x xmlns='U'><item affiliation='none' role='participant' jid='" who "@example.org/r'/><status code='110'/></x>"
#define ROMEO_OF(to) "  " to " <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
#define SUBJECT(to) "  " to " <message from='R' type='groupchat'><subject/></message>\n"

/* S7.2-crowded: above room.presence_limit a newcomer gets the moderators and himself, and only moderators hear
 * of him, of his changes and of his leaving; whoever was shown to all leaves before all; a moderator sees and is
 * seen; and when there are few enough everybody has everybody again. */
static void test_overcrowded(void **state)
{
    (void)state;
    struct wire *w = wire_new();
    wire_service(w)->presence_limit = 3;
    wire_open(w, "");
    (void)wire_do(w, "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>");
    wire_run(w,
             "nurse@3: <presence to='R/Nurse'><x xmlns='M'/></presence>\n" /* the last whom all are told of */
             "  romeo <presence from='R/Nurse'>" ITEM_OF("nurse", "participant") "</presence>\n"
             "  juliet@2 <presence from='R/Nurse'>" ITEM("participant") "</presence>\n"
             ROMEO_OF("nurse@3")
             "  nurse@3 <presence from='R/Juliet'>" ITEM("participant") "</presence>\n"
             "  nurse@3 <presence from='R/Nurse'>" OWN("nurse") "</presence>\n"
             SUBJECT("nurse@3")
             "paris@2: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Paris'>" ITEM_OF("paris", "participant") "</presence>\n"
             ROMEO_OF("paris@2")
             "  paris@2 <presence from='R/Paris'>" OWN("paris") "</presence>\n"
             SUBJECT("paris@2")
             "juliet@2: <presence to='R/Juliet'><show>away</show></presence>\n"
             "  romeo <presence from='R/Juliet'><show>away</show>" ITEM_OF("juliet", "participant") "</presence>\n"
             "  juliet@2 <presence from='R/Juliet'><show>away</show>" OWN("juliet") "</presence>\n"
             "paris@2: <presence to='R/County'/>\n"
             "  romeo <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='paris@example.org/r' nick='County'/></x></presence>\n"
             "  romeo <presence from='R/County'>" ITEM_OF("paris", "participant") "</presence>\n"
             "  paris@2 <presence from='R/Paris' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='paris@example.org/r' nick='County'/><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/County'>" OWN("paris") "</presence>\n"
             "juliet@2: <presence to='R/Jule'/>\n" /* who has seen the one go sees the other come */
             "  romeo <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Jule'/></x></presence>\n"
             "  romeo <presence from='R/Jule'>" ITEM_OF("juliet", "participant") "</presence>\n"
             "  paris@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' nick='Jule'/></x></presence>\n"
             "  paris@2 <presence from='R/Jule'>" ITEM("participant") "</presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' jid='juliet@example.org/r' nick='Jule'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Jule'>" OWN("juliet") "</presence>\n"
             "  nurse@3 <presence from='R/Juliet' type='unavailable'><x xmlns='U'><status code='303'/><item affiliation='none' role='participant' nick='Jule'/></x></presence>\n"
             "  nurse@3 <presence from='R/Jule'>" ITEM("participant") "</presence>\n"
             "romeo: <iq to='R' type='set' id='a'><query xmlns='A'><item nick='County' role='moderator'/></query></iq>\n"
             "  romeo <presence from='R/County'><x xmlns='U'><item affiliation='none' role='moderator' jid='paris@example.org/r'><actor nick='Romeo' jid='romeo@example.org/r'/></item></x></presence>\n"
             "  romeo <iq from='R' id='a' type='result'/>\n"
             "  juliet@2 <presence from='R/County'><x xmlns='U'><item affiliation='none' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "  paris@2 <presence from='R/County'><x xmlns='U'><item affiliation='none' role='moderator' jid='paris@example.org/r'><actor nick='Romeo'/></item><status code='110'/></x></presence>\n"
             "  paris@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator' jid='romeo@example.org/r'/></x></presence>\n"
             "  paris@2 <presence from='R/Nurse'>" ITEM_OF("nurse", "participant") "</presence>\n"
             "  paris@2 <presence from='R/Jule'>" ITEM_OF("juliet", "participant") "</presence>\n"
             "  nurse@3 <presence from='R/County'><x xmlns='U'><item affiliation='none' role='moderator'><actor nick='Romeo'/></item></x></presence>\n"
             "tybalt@3: <presence to='R/Tybalt'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Tybalt'>" ITEM_OF("tybalt", "participant") "</presence>\n"
             "  paris@2 <presence from='R/Tybalt'>" ITEM_OF("tybalt", "participant") "</presence>\n"
             ROMEO_OF("tybalt@3")
             "  tybalt@3 <presence from='R/County'>" ITEM("moderator") "</presence>\n"
             "  tybalt@3 <presence from='R/Tybalt'>" OWN("tybalt") "</presence>\n"
             SUBJECT("tybalt@3")
             "nurse@3: <presence to='R/Nurse' type='unavailable'/>\n"
             "  romeo <presence from='R/Nurse' type='unavailable'>" ITEM_OF("nurse", "none") "</presence>\n"
             "  juliet@2 <presence from='R/Nurse' type='unavailable'>" ITEM("none") "</presence>\n"
             "  paris@2 <presence from='R/Nurse' type='unavailable'>" ITEM_OF("nurse", "none") "</presence>\n"
             "  tybalt@3 <presence from='R/Nurse' type='unavailable'>" ITEM("none") "</presence>\n"
             "  nurse@3 <presence from='R/Nurse' type='unavailable'><x xmlns='U'><item affiliation='none' role='none' jid='nurse@example.org/r'/><status code='110'/></x></presence>\n"
             "paris@2: <presence to='R/County' type='unavailable'/>\n"
             "  romeo <presence from='R/County' type='unavailable'>" ITEM_OF("paris", "none") "</presence>\n"
             "  juliet@2 <presence from='R/County' type='unavailable'>" ITEM("none") "</presence>\n"
             "  paris@2 <presence from='R/County' type='unavailable'><x xmlns='U'><item affiliation='none' role='none' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Tybalt'>" ITEM("participant") "</presence>\n"
             "  tybalt@3 <presence from='R/County' type='unavailable'>" ITEM("none") "</presence>\n"
             "  tybalt@3 <presence from='R/Jule'>" ITEM("participant") "</presence>\n"
             "tybalt@3: <presence to='R/Tybalt' type='unavailable'/>\n"
             "  romeo <presence from='R/Tybalt' type='unavailable'>" ITEM_OF("tybalt", "none") "</presence>\n"
             "  juliet@2 <presence from='R/Tybalt' type='unavailable'>" ITEM("none") "</presence>\n"
             "  tybalt@3 <presence from='R/Tybalt' type='unavailable'><x xmlns='U'><item affiliation='none' role='none' jid='tybalt@example.org/r'/><status code='110'/></x></presence>\n");
    wire_destroy(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W15_creation),
        cmocka_unit_test(test_W15_W26_creation_with_other_defaults),
        cmocka_unit_test(test_W21_entering),
        cmocka_unit_test(test_W26_entering_an_open_room),
        cmocka_unit_test(test_W27_joining_again),
        cmocka_unit_test(test_W28_not_inside),
        cmocka_unit_test(test_W22_refusal),
        cmocka_unit_test(test_W36_nick_change),
        cmocka_unit_test(test_W12_several_sessions),
        cmocka_unit_test(test_W37_leaving),
        cmocka_unit_test(test_W38_end_of_a_stream),
        cmocka_unit_test(test_W39_error_kick),
        cmocka_unit_test(test_W39_error_kick_in_an_open_room),
        cmocka_unit_test(test_W40_probes),
        cmocka_unit_test(test_W41_presencebroadcast),
        cmocka_unit_test(test_W42_absent_users),
        cmocka_unit_test(test_W43_moderators_see_jids),
        cmocka_unit_test(test_update),
        cmocka_unit_test(test_overcrowded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
