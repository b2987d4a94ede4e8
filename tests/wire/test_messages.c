/* test_messages.c: what is said, before and now, to all and to one, and to users outside, as they
 * see it (W14, W30 to W35, W70 to W73). */
/* Transcripts keep their lines. */
/* clang-format off */
#include "wire/lib_wire.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* W14, W33, S6.4-stable-id: ids and payloads; not what only the room may say. */
static void test_W33_groupchat(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <message to='R' type='groupchat' id='m1'><body>hi &amp; &lt;you&gt; &quot;&apos;</body><x xmlns='U'><invite/></x><stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example.org' id='f'/><delay xmlns='urn:xmpp:delay' from='R' stamp='x'/><origin-id xmlns='urn:xmpp:sid:0' id='oo'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='1'/><nick xmlns='http://jabber.org/protocol/nick'>N</nick><other xmlns='urn:o' a='&lt;&apos;&amp;'><deep xmlns='urn:d'/></other></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m1'><body>hi &amp; &lt;you&gt; &quot;&apos;</body><origin-id xmlns='urn:xmpp:sid:0' id='oo'/><nick xmlns='http://jabber.org/protocol/nick'>N</nick><other xmlns='urn:o' a='&lt;&apos;&amp;'><deep xmlns='urn:d'/></other></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='m1'><body>hi &amp; &lt;you&gt; &quot;&apos;</body><origin-id xmlns='urn:xmpp:sid:0' id='oo'/><nick xmlns='http://jabber.org/protocol/nick'>N</nick><other xmlns='urn:o' a='&lt;&apos;&amp;'><deep xmlns='urn:d'/></other></message>\n"
             "juliet@2: <message to='R' type='groupchat'><body>no id</body></message>\n"
             "  romeo <message from='R/Juliet' type='groupchat' id='abababababababababababababababab'><body>no id</body></message>\n"
             "  juliet@2 <message from='R/Juliet' type='groupchat' id='abababababababababababababababab'><body>no id</body></message>\n"
             "paris: <message to='R' type='groupchat' id='m2'><body>x</body></message>\n"
             "  paris <message from='R' id='m2' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></message>\n");
}

static void test_W33_no_voice(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_moderatedroom'><value>1</value></field>",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='visitor' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <message to='R' type='groupchat' id='m1'><body>x</body></message>\n"
             "  juliet@2 <message from='R' id='m1' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></message>\n");
}

/* W21, W30, W31: history in room order, then the subject. */
static void test_W30_history(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <message to='R' type='groupchat' id='m1'><body>one</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m1'><body>one</body></message>\n"
             "romeo: <message to='R' type='groupchat' id='m2'><body>two</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m2'><body>two</body></message>\n"
             "romeo: <message to='R' type='groupchat' id='s1'><subject>Night &lt;</subject></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='s1'><subject>Night &lt;</subject></message>\n"
             "romeo: <message to='R' type='groupchat' id='m3'><subject>Both</subject><body>three</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m3'><subject>Both</subject><body>three</body></message>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='m1'><body>one</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='m2'><body>two</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='m3'><subject>Both</subject><body>three</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat'><subject>Night &lt;</subject><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "paris: <presence to='R/Paris'><x xmlns='M'><history maxstanzas='2'/></x></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  paris <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris <message from='R/Romeo' type='groupchat' id='m2'><body>two</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  paris <message from='R/Romeo' type='groupchat' id='m3'><subject>Both</subject><body>three</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  paris <message from='R/Romeo' type='groupchat'><subject>Night &lt;</subject><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "nurse: <presence to='R/Nurse'><x xmlns='M'><history maxchars='0'/></x></presence>\n"
             "  paris <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant' jid='nurse@example.org/r'/></x></presence>\n"
             "  nurse <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  nurse <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  nurse <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  nurse <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant' jid='nurse@example.org/r'/><status code='110'/></x></presence>\n"
             "  nurse <message from='R/Romeo' type='groupchat'><subject>Night &lt;</subject><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "peter: <presence to='R/Peter'><x xmlns='M'><history maxchars='700'/></x></presence>\n"
             "  paris <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  nurse <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant' jid='peter@example.org/r'/></x></presence>\n"
             "  peter <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  peter <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  peter <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  peter <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  peter <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant' jid='peter@example.org/r'/><status code='110'/></x></presence>\n"
             "  peter <message from='R/Romeo' type='groupchat' id='m3'><subject>Both</subject><body>three</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  peter <message from='R/Romeo' type='groupchat'><subject>Night &lt;</subject><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "romeo: <presence to='R' type='unavailable'/>\n"
             "  paris <presence from='R/Romeo' type='unavailable'><x xmlns='U'><item affiliation='owner' role='none'/></x></presence>\n"
             "  nurse <presence from='R/Romeo' type='unavailable'><x xmlns='U'><item affiliation='owner' role='none'/></x></presence>\n"
             "  peter <presence from='R/Romeo' type='unavailable'><x xmlns='U'><item affiliation='owner' role='none'/></x></presence>\n"
             "  romeo <presence from='R/Romeo' type='unavailable'><x xmlns='U'><item affiliation='owner' role='none' jid='romeo@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo' type='unavailable'><x xmlns='U'><item affiliation='owner' role='none'/></x></presence>\n"
             "tybalt@3: <presence to='R/Tybalt'><x xmlns='M'><history maxstanzas='0'/></x></presence>\n"
             "  peter <presence from='R/Tybalt'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris <presence from='R/Tybalt'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  nurse <presence from='R/Tybalt'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  juliet@2 <presence from='R/Tybalt'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  tybalt@3 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  tybalt@3 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  tybalt@3 <presence from='R/Nurse'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  tybalt@3 <presence from='R/Peter'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  tybalt@3 <presence from='R/Tybalt'><x xmlns='U'><item affiliation='none' role='participant' jid='tybalt@example.org/r'/><status code='110'/></x></presence>\n"
             "  tybalt@3 <message from='R/Romeo' type='groupchat'><subject>Night &lt;</subject><delay xmlns='urn:xmpp:delay' from='R'/></message>\n");
}

/* W30: whole stanzas from the end, counted as the client gets them. */
static void test_W30_maxchars(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <message to='R' type='groupchat' id='m1'><body>one</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m1'><body>one</body></message>\n"
             "a: <presence to='R/A'><x xmlns='M'><history maxchars='380'/></x></presence>\n"
             "  romeo <presence from='R/A'><x xmlns='U'><item affiliation='none' role='participant' jid='a@example.org/r'/></x></presence>\n"
             "  a <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  a <presence from='R/A'><x xmlns='U'><item affiliation='none' role='participant' jid='a@example.org/r'/><status code='110'/></x></presence>\n"
             "  a <message from='R/Romeo' type='groupchat' id='m1'><body>one</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  a <message from='R' type='groupchat'><subject/></message>\n"
             "b: <presence to='R/B'><x xmlns='M'><history maxchars='100'/></x></presence>\n"
             "  a <presence from='R/B'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  romeo <presence from='R/B'><x xmlns='U'><item affiliation='none' role='participant' jid='b@example.org/r'/></x></presence>\n"
             "  b <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  b <presence from='R/A'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  b <presence from='R/B'><x xmlns='U'><item affiliation='none' role='participant' jid='b@example.org/r'/><status code='110'/></x></presence>\n"
             "  b <message from='R' type='groupchat'><subject/></message>\n");
}

/* S7.2.14-maxchars: what does not fit ends it, though an older one would; 0 is none. */
static void test_W30_no_holes(void **state)
{
    (void)state;
    static const struct {
        int chars, first; /* message of the history; 4: there is none */
    } joins[] = {{0, 4}, {100, 4}, {1000, 3}, {2400, 2}, {3600, 1}};
    static char text[4096], longer[1501];
    struct wire *w = wire_new();
    wire_open(w, "");
    memset(longer, 'b', sizeof longer - 1);
    for (int i = 1; i <= 3; i++) {
        snprintf(text, sizeof text, "romeo: <message to='R' type='groupchat' id='m%d'><body>%s</body></message>", i,
                 i == 2 ? longer : "short");
        (void)wire_do(w, text);
    }
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        snprintf(text, sizeof text,
                 "juliet@2: <presence to='R/Juliet'><x xmlns='M'><history maxchars='%d'/></x></presence>",
                 joins[i].chars);
        const char *out = wire_do(w, text);
        for (int k = 1; k <= 3; k++) {
            snprintf(text, sizeof text, "id='m%d'", k);
            assert_int_equal(strstr(out, text) != NULL, k >= joins[i].first);
        }
        assert_non_null(strstr(out, "<subject/>"));
        (void)wire_do(w, "juliet@2: <presence to='R' type='unavailable'/>");
    }
    wire_destroy(&w);
}

static void test_W32_subject(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <message to='R' type='groupchat' id='s1'><subject>mine</subject></message>\n"
             "  juliet@2 <message from='R' id='s1' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></message>\n"
             "romeo: <message to='R' type='groupchat' id='s2'><subject>Night</subject></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='s2'><subject>Night</subject></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='s2'><subject>Night</subject></message>\n"
             "romeo: <message to='R' type='groupchat' id='s3'><subject/></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='s3'><subject/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='s3'><subject/></message>\n"
             "paris@3: <presence to='R/Paris'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris@3 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  paris@3 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant'/></x></presence>\n"
             "  paris@3 <presence from='R/Paris'><x xmlns='U'><item affiliation='none' role='participant' jid='paris@example.org/r'/><status code='110'/></x></presence>\n"
             "  paris@3 <message from='R/Romeo' type='groupchat'><subject/><delay xmlns='urn:xmpp:delay' from='R'/></message>\n");
}

/* W34: to all sessions of the nick; errors from the address asked. */
static void test_W34_private(void **state)
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
             "romeo: <message to='R/Juliet' type='chat' id='p1'><body>psst</body><x xmlns='U'><item role='none'/></x></message>\n"
             "  juliet/phone <message from='R/Romeo' type='chat' id='p1'><body>psst</body><x xmlns='U'/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='chat' id='p1'><body>psst</body><x xmlns='U'/></message>\n"
             "romeo: <message to='R/Juliet' id='p2'><body>psst</body></message>\n"
             "  juliet/phone <message from='R/Romeo' id='p2'><body>psst</body><x xmlns='U'/></message>\n"
             "  juliet@2 <message from='R/Romeo' id='p2'><body>psst</body><x xmlns='U'/></message>\n"
             "romeo: <message to='R/Juliet' type='groupchat' id='p3'><body>psst</body></message>\n"
             "  romeo <message from='R/Juliet' id='p3' type='error'><error type='modify' by='R'><bad-request xmlns='S'/></error></message>\n"
             "romeo: <message to='R/Nobody' type='chat' id='p4'><body>psst</body></message>\n"
             "  romeo <message from='R/Nobody' id='p4' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></message>\n"
             "paris: <message to='R/Juliet' type='chat' id='p5'><body>psst</body></message>\n"
             "  paris <message from='R/Juliet' id='p5' type='error'><error type='cancel' by='R'><not-acceptable xmlns='S'/></error></message>\n"
             "romeo: <iq to='R' type='set' id='c'><query xmlns='O'><x xmlns='D' type='submit'><field var='muc#roomconfig_allowpm'><value>none</value></field></x></query></iq>\n"
             "  romeo <iq from='R' id='c' type='result'/>\n"
             "  romeo <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  juliet/phone <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "  juliet@2 <message from='R' type='groupchat'><x xmlns='U'><status code='104'/></x></message>\n"
             "romeo: <message to='R/Juliet' type='chat' id='p6'><body>psst</body></message>\n"
             "  romeo <message from='R/Juliet' id='p6' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></message>\n");
}

static void test_W70_invitations(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <message to='R' id='i1'><x xmlns='U'><invite to='juliet@example.org'><reason>come &amp; dance</reason><continue thread='t'/></invite><invite to='paris@example.org/x'/></x></message>\n"
             "  juliet@example.org <message from='R' id='i1'><x xmlns='U'><invite from='R/Romeo'><reason>come &amp; dance</reason><continue thread='t'/></invite></x><x xmlns='jabber:x:conference' jid='R'>come &amp; dance</x><body>room@muc.example.org/Romeo invited you to the room room@muc.example.org (come &amp; dance)</body></message>\n"
             "  paris@example.org/x <message from='R' id='i1'><x xmlns='U'><invite from='R/Romeo'><reason/></invite></x><x xmlns='jabber:x:conference' jid='R'/><body>room@muc.example.org/Romeo invited you to the room room@muc.example.org</body></message>\n"
             "romeo: <message to='R' id='i2'><x xmlns='U'><invite to='juliet@example.org'/></x><body>come</body></message>\n"
             "  juliet@example.org <message from='R' id='i2'><x xmlns='U'><invite from='R/Romeo'><reason/></invite></x><x xmlns='jabber:x:conference' jid='R'/><body>come</body></message>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <message to='R' id='i3'><x xmlns='U'><invite to='@example.org'/></x></message>\n"
             "  juliet@2 <message from='R' id='i3' type='error'><error type='modify' by='R'><jid-malformed xmlns='S'/></error></message>\n"
             "nurse: <message to='R' id='i4'><x xmlns='U'><invite to='paris@example.org'/></x></message>\n"
             "  nurse <message from='R' id='i4' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></message>\n"
             "paris: <message to='R' id='d1'><x xmlns='U'><decline to='room@muc.example.org/Romeo'><reason>no</reason></decline></x></message>\n"
             "  romeo@example.org/r <message from='R' id='d1'><x xmlns='U'><decline from='paris@example.org'><reason>no</reason></decline></x><body>paris@example.org declined your invitation to the room room@muc.example.org (no)</body></message>\n");
}

/* W72, W70: the notice first; the password in its place. */
static void test_W72_invitation_makes_a_member(void **state)
{
    (void)state;
    wire_in("<field var='muc#roomconfig_membersonly'><value>1</value></field><field var='muc#roomconfig_roomsecret'><value>rose</value></field>",
             "romeo: <message to='R' id='i1'><x xmlns='U'><invite to='juliet@example.org'><reason>come</reason></invite></x></message>\n"
             "  romeo <message from='R'><x xmlns='U'><item jid='juliet@example.org' affiliation='member'><reason>come</reason></item></x></message>\n"
             "  juliet@example.org <message from='R' id='i1'><x xmlns='U'><invite from='R/Romeo'><reason>come</reason></invite><password>rose</password></x><x xmlns='jabber:x:conference' jid='R'>come</x><body>room@muc.example.org/Romeo invited you to the room room@muc.example.org (come)</body></message>\n"
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'><password>rose</password></x></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='member' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <message to='R' id='i2'><x xmlns='U'><invite to='paris@example.org'/></x></message>\n"
             "  juliet@2 <message from='R' id='i2' type='error'><error type='auth' by='R'><forbidden xmlns='S'/></error></message>\n");
}

/* What is not there yet is refused with the right error, and disco#info does not offer it (W77). */
static void test_not_offered(void **state)
{
    (void)state;
    wire_in("",
             "juliet@2: <presence to='R/Juliet'><x xmlns='M'/></presence>\n"
             "  romeo <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet'><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "juliet@2: <iq to='R' type='set' id='2'><query xmlns='urn:xmpp:mam:2'/></iq>\n"
             "  juliet@2 <iq from='R' id='2' type='error'><error type='cancel' by='R'><service-unavailable xmlns='S'/></error></iq>\n"
             "juliet@2: <iq to='R' type='set' id='3'><command xmlns='http://jabber.org/protocol/commands' node='http://prosody.im/protocol/hats#add'/></iq>\n"
             "  juliet@2 <iq from='R' id='3' type='error'><error type='cancel' by='R'><item-not-found xmlns='S'/></error></iq>\n"
             "juliet@2: <iq to='R' type='get' id='7'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>\n"
             "  juliet@2 <iq from='R' id='7' type='result'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text' name='room'/><feature var='M'/><feature var='muc_public'/><feature var='muc_open'/><feature var='muc_unmoderated'/><feature var='muc_semianonymous'/><feature var='muc_unsecured'/><feature var='muc_temporary'/><feature var='http://jabber.org/protocol/muc#stable_id'/><feature var='http://jabber.org/protocol/muc#self-ping-optimization'/><feature var='G'/><feature var='urn:xmpp:occupant-id:0'/><feature var='urn:xmpp:sid:0'/><feature var='urn:xmpp:message-retract:1'/><feature var='urn:xmpp:message-retract:1#tombstone'/><feature var='urn:xmpp:message-moderate:1'/><feature var='urn:xmpp:muc:affiliations:1'/><feature var='urn:xmpp:hats:0'/><feature var='http://jabber.org/protocol/commands'/><feature var='vcard-temp'/><feature var='http://jabber.org/protocol/disco#info'/><x xmlns='D' type='result'><field type='hidden' var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roominfo</value></field><field type='text-single' var='muc#roominfo_description' label='Description'><value/></field><field type='text-single' var='muc#roominfo_occupants' label='Number of occupants'><value>2</value></field><field type='text-single' var='muc#roominfo_slow_mode_duration' label='Seconds between two messages of a user'><value>0</value></field><field type='boolean' var='muc#roominfo_subjectmod' label='Occupants may change the subject'><value>0</value></field><field type='text-single' var='muc#maxhistoryfetch' label='Messages of history that a join gets at most'><value>256</value></field><field type='text-single' var='muc#roomconfig_roomname' label='Name'><value/></field><field type='boolean' var='muc#roomconfig_changesubject' label='Occupants may change the subject'><value>0</value></field><field type='boolean' var='muc#roomconfig_allowinvites' label='Members may invite others'><value>0</value></field><field type='text-single' var='muc#roomconfig_allowpm' label='Who may send private messages'><value>anyone</value></field></x></query></iq>\n"
             "juliet@2: <iq to='R' type='get' id='8'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>\n"
             "  juliet@2 <iq from='R' id='8' type='result'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='R/Romeo' name='Romeo'/><item jid='R/Juliet' name='Juliet'/></query></iq>\n"
             "juliet@2: <iq to='R/Juliet' type='get' id='9'><ping xmlns='urn:xmpp:ping'/></iq>\n"
             "  juliet@2 <iq from='R/Juliet' id='9' type='result'/>\n");
}

/* X0308-relayed, X0333-relayed, X0444-relayed, X0461-relayed: a room hands on what it need not understand, unchanged. */
static void test_relayed(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "<body>hi</body><replace xmlns='urn:xmpp:message-correct:0' id='m1'/>",
        "<displayed xmlns='urn:xmpp:chat-markers:0' id='s1'/>",
        "<markable xmlns='urn:xmpp:chat-markers:0'/><body>read me</body>",
        "<reactions xmlns='urn:xmpp:reactions:0' id='s1'><reaction>\xF0\x9F\x91\x8B</reaction></reactions><store xmlns='urn:xmpp:hints'/>",
        "<reply xmlns='urn:xmpp:reply:0' to='R/Romeo' id='s1'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='5'/></fallback><body>&gt; hi&#xA;ho</body>",
    };
    struct wire *w = wire_new();
    wire_open(w, "");
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        char line[1024], want[1024];
        snprintf(line, sizeof line, "romeo: <message to='R' type='groupchat' id='m'>%s</message>", payloads[i]);
        snprintf(want, sizeof want, "  romeo <message from='R/Romeo' type='groupchat' id='m'>%s</message>\n", payloads[i]);
        assert_string_equal(wire_do(w, line), want);
    }
    wire_destroy(&w);
}

/* S13-lang: of a message and of its parts, live, to one and in history, of presence and of leaving. What a client
 * writes in the place where the language travels is not believed. */
static void test_lang(void **state)
{
    (void)state;
    wire_in("",
             "romeo: <message to='R' type='groupchat' id='m' xml:lang='de'><body>Nacht</body><body xml:lang='en'>night</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='m' xml:lang='de'><body>Nacht</body><body xml:lang='en'>night</body></message>\n"
             "romeo: <message to='R' type='groupchat' id='n'><lang xmlns='urn:verona:stanza' tag='fr'/><body>x</body></message>\n"
             "  romeo <message from='R/Romeo' type='groupchat' id='n'><body>x</body></message>\n"
             "juliet@2: <presence to='R/Juliet' xml:lang='it-&apos;x'><x xmlns='M'/><status>qui</status></presence>\n"
             "  romeo <presence from='R/Juliet' xml:lang='it-&apos;x'><status>qui</status><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Romeo'><x xmlns='U'><item affiliation='owner' role='moderator'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' xml:lang='it-&apos;x'><status>qui</status><x xmlns='U'><item affiliation='none' role='participant' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='m' xml:lang='de'><body>Nacht</body><body xml:lang='en'>night</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <message from='R/Romeo' type='groupchat' id='n'><body>x</body><delay xmlns='urn:xmpp:delay' from='R'/></message>\n"
             "  juliet@2 <message from='R' type='groupchat'><subject/></message>\n"
             "romeo: <message to='R/Juliet' type='chat' id='p' xml:lang='de'><body>du</body></message>\n"
             "  juliet@2 <message from='R/Romeo' type='chat' id='p' xml:lang='de'><body>du</body><x xmlns='U'/></message>\n"
             "juliet@2: <presence to='R/Juliet' type='unavailable' xml:lang='it'/>\n"
             "  romeo <presence from='R/Juliet' type='unavailable' xml:lang='it'><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/></x></presence>\n"
             "  juliet@2 <presence from='R/Juliet' type='unavailable' xml:lang='it'><x xmlns='U'><item affiliation='none' role='none' jid='juliet@example.org/r'/><status code='110'/></x></presence>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W33_groupchat),
        cmocka_unit_test(test_W33_no_voice),
        cmocka_unit_test(test_W30_history),
        cmocka_unit_test(test_W30_maxchars),
        cmocka_unit_test(test_W30_no_holes),
        cmocka_unit_test(test_W32_subject),
        cmocka_unit_test(test_W34_private),
        cmocka_unit_test(test_W70_invitations),
        cmocka_unit_test(test_W72_invitation_makes_a_member),
        cmocka_unit_test(test_not_offered),
        cmocka_unit_test(test_relayed),
        cmocka_unit_test(test_lang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
