/* test_join.c: entering (XEP-0045 §7.1, §7.2; W21 to W27, W42). */
/* clang-format off */
#include "room/lib_trace.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Absent users (W42), the newcomer to all, history, subject; the gateway puts the roster in front. */
static void test_W21_order(void **state)
{
    (void)state;
    trace_in("presencebroadcast=none|visitor|participant|moderator",
             "romeo: set affiliation=member jid=nurse@example.org nick=Nurse ; affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state nurse@example.org=member nick=Nurse paris@example.org=member\n"
             "ok\n"
             "  notice moderators nurse@example.org=member\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n"
             "romeo: say 'good morrow' id=m1\n"
             "  persist message 4 by=romeo@example.org Romeo 'good morrow' 0-4 id=m1 history\n"
             "ok\n"
             "  message Romeo 'good morrow' 7-4 id=m1\n"
             "romeo: subject Balcony id=s1\n"
             "  persist subject 5 by=romeo@example.org subject=Balcony state\n"
             "ok\n"
             "  message Romeo Balcony 7-5 id=s1\n"
             "juliet: join Juliet\n"
             "  show to=juliet absent Nurse(member/none)\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  history to=juliet Romeo 'good morrow' 7-4 id=m1\n"
             "  subject to=juliet text=Balcony from=Romeo delay\n"
             "romeo/phone: join Romeo\n"
             "  show to=romeo/phone absent Nurse(nurse@example.org member/none)\n"
             "  show to=romeo/phone absent (paris@example.org member/none)\n"
             "  join Romeo(romeo@example.org/phone owner/moderator)\n"
             "  history to=romeo/phone Romeo 'good morrow' 7-4 id=m1\n"
             "  subject to=romeo/phone text=Balcony from=Romeo delay\n");
}

/* Each line has all the faults of the lines below it. W23: nicks that are not strict. */
static void test_W22_refusals_in_order(void **state)
{
    (void)state;
    trace_in("membersonly=1 roomsecret=rose maxusers=1",
             "romeo: set affiliation=outcast jid=iago@example.org ; affiliation=outcast jid=evil.org ; affiliation=member jid=paris@example.org ; affiliation=member jid=nurse@example.org nick=Nurse\n"
             "  persist affiliations 3 by=romeo@example.org state iago@example.org=outcast evil.org=outcast paris@example.org=member nurse@example.org=member nick=Nurse\n"
             "ok\n"
             "  notice moderators 301 iago@example.org=outcast\n"
             "  notice moderators 301 evil.org=outcast\n"
             "  notice moderators paris@example.org=member\n"
             "  notice moderators nurse@example.org=member\n"
             "  reply romeo result\n"
             "iago: join\n"
             "  reply iago presence error jid-malformed/modify\n"
             "iago: join '  ' strict=no\n"
             "  reply iago presence error not-allowed/modify from='  '\n"
             "iago: join Romeo strict=no\n"
             "  reply iago presence error jid-malformed/modify text='Nickname must pass strict validation' from=Romeo\n"
             "iago: join Romeo\n"
             "  reply iago presence error forbidden/auth from=Romeo\n"
             "emilia#evil.org: join Romeo\n"
             "  reply emilia#evil.org presence error forbidden/auth from=Romeo\n"
             "stranger: join Romeo\n"
             "  reply stranger presence error registration-required/auth from=Romeo\n"
             "paris: join Nurse\n"
             "  reply paris presence error not-authorized/auth from=Nurse\n"
             "paris: join Nurse pass=lily\n"
             "  reply paris presence error not-authorized/auth from=Nurse\n"
             "paris: join Nurse pass=rose\n"
             "  reply paris presence error service-unavailable/wait from=Nurse\n"
             "paris: join Romeo pass=rose\n"
             "  reply paris presence error service-unavailable/wait from=Romeo\n"
             "romeo: submit maxusers=9\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "paris: join Nurse pass=rose\n"
             "  reply paris presence error conflict/cancel from=Nurse\n"
             "paris: join Romeo pass=rose id=j9\n"
             "  reply paris presence error conflict/cancel from=Romeo id=j9\n"
             "paris: join Paris pass=rose\n"
             "  join Paris(paris@example.org/r member/participant)\n"
             "  subject to=paris\n");
}

static void test_W22_revoked_a_moment_ago(void **state)
{
    (void)state;
    trace_in("membersonly=1",
             "romeo: set affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state paris@example.org=member\n"
             "ok\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=paris@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state paris@example.org=none\n"
             "held paris: join Paris\n"
             "ok\n"
             "  notice moderators 321 paris@example.org=none\n"
             "  reply romeo result\n"
             "paris: join Paris\n"
             "  reply paris presence error registration-required/auth from=Paris\n");
}

static void test_W23_long_nick(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    char nick[140], text[700];
    memset(nick, 'n', sizeof nick);
    snprintf(text, sizeof text,
             "juliet: join %.129s\n"
             "  reply juliet presence error jid-malformed/modify from=%.129s\n"
             "juliet: join %.128s\n"
             "  join %.128s(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n",
             nick, nick, nick, nick);
    trace_run(&t, text);
    trace_deinit(&t);
}

/* Five more for admins and owners; a nick counts once. */
/* S14.6-max-occupants: no owner and no room goes beyond the service's number. */
static void test_W24_full_for_the_service(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.max_occupants = 2;
    trace_room(&t, "maxusers=1");
    trace_run(&t, "romeo: set jid=a@example.org affiliation=owner ; jid=b@example.org affiliation=owner\n"
                  "  persist affiliations 3 by=romeo@example.org state a@example.org=owner b@example.org=owner\n"
                  "ok\n"
                  "  notice moderators a@example.org=owner\n"
                  "  notice moderators b@example.org=owner\n"
                  "  reply romeo result\n"
                  "juliet: join Juliet\n"
                  "  reply juliet presence error service-unavailable/wait from=Juliet\n"
                  "a: join A\n"
                  "  join A(a@example.org/r owner/moderator)\n"
                  "  subject to=a\n"
                  "b: join B\n"
                  "  reply b presence error service-unavailable/wait from=B\n"
                  "a/phone: join A\n"
                  "  join A(a@example.org/phone owner/moderator)\n"
                  "  subject to=a/phone\n");
    trace_deinit(&t);
}

static void test_W24_full_room(void **state)
{
    (void)state;
    trace_in("maxusers=2 roomadmins=a1@example.org|a2@example.org|a3@example.org|a4@example.org|a5@example.org|a6@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "paris: join Paris\n"
             "  reply paris presence error service-unavailable/wait from=Paris\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "a1: join A1\n"
             "  join A1(a1@example.org/r admin/moderator)\n"
             "  subject to=a1\n"
             "a2: join A2\n"
             "  join A2(a2@example.org/r admin/moderator)\n"
             "  subject to=a2\n"
             "a3: join A3\n"
             "  join A3(a3@example.org/r admin/moderator)\n"
             "  subject to=a3\n"
             "a4: join A4\n"
             "  join A4(a4@example.org/r admin/moderator)\n"
             "  subject to=a4\n"
             "a5: join A5\n"
             "  join A5(a5@example.org/r admin/moderator)\n"
             "  subject to=a5\n"
             "a6: join A6\n"
             "  reply a6 presence error service-unavailable/wait from=A6\n"
             "a5: leave\n"
             "  leave A5(a5@example.org/r admin/none)\n"
             "a6: join A6\n"
             "  join A6(a6@example.org/r admin/moderator)\n"
             "  subject to=a6\n");
}

static void test_W25_roles_on_entering(void **state)
{
    (void)state;
    trace_in("moderatedroom=1 roomadmins=adam@example.org",
             "romeo: set affiliation=member jid=mercutio@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state mercutio@example.org=member\n"
             "ok\n"
             "  notice moderators mercutio@example.org=member\n"
             "  reply romeo result\n"
             "adam: join Adam\n"
             "  join Adam(adam@example.org/r admin/moderator)\n"
             "  subject to=adam\n"
             "mercutio: join Mercutio\n"
             "  join Mercutio(mercutio@example.org/r member/participant)\n"
             "  subject to=mercutio\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n");
}

/* And W27: none of it again. */
static void test_W26_status_on_entering(void **state)
{
    (void)state;
    trace_in("whois=anyone enablelogging=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant) self=100,170\n"
             "  subject to=juliet\n"
             "juliet: join Juliet payload=<show>away</show>\n"
             "  resync Juliet(juliet@example.org/r none/participant <show>away</show>)\n"
             "  subject to=juliet\n");
}

static void test_W26_creation_with_open_defaults(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.defaults.whois_anyone = true;
    t.service.defaults.logging = true;
    trace_run(&t, "romeo: join Romeo\n"
                  "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
                  "ok\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201,100,170\n"
                  "  subject to=romeo\n");
    trace_deinit(&t);
}

/* By its own nick or to the bare room; no password, no count. */
static void test_W27_joining_again(void **state)
{
    (void)state;
    trace_in("roomsecret=rose maxusers=1",
             "romeo: say hey id=m1\n"
             "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=m1 history\n"
             "ok\n"
             "  message Romeo hey 7-3 id=m1\n"
             "romeo: join Romeo\n"
             "  resync Romeo(romeo@example.org/r owner/moderator)\n"
             "  history to=romeo Romeo hey 7-3 id=m1\n"
             "  subject to=romeo\n"
             "romeo: join\n"
             "  resync Romeo(romeo@example.org/r owner/moderator)\n"
             "  history to=romeo Romeo hey 7-3 id=m1\n"
             "  subject to=romeo\n");
}

static void test_W12_second_session(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone@2: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone@2\n"
             "paris: join Juliet\n"
             "  reply paris presence error conflict/cancel from=Juliet\n"
             "juliet/tablet: join Capulet\n"
             "  join Capulet(juliet@example.org/tablet none/participant)\n"
             "  subject to=juliet/tablet\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W21_order),
        cmocka_unit_test(test_W22_refusals_in_order),
        cmocka_unit_test(test_W22_revoked_a_moment_ago),
        cmocka_unit_test(test_W23_long_nick),
        cmocka_unit_test(test_W24_full_room),
        cmocka_unit_test(test_W24_full_for_the_service),
        cmocka_unit_test(test_W25_roles_on_entering),
        cmocka_unit_test(test_W26_status_on_entering),
        cmocka_unit_test(test_W26_creation_with_open_defaults),
        cmocka_unit_test(test_W27_joining_again),
        cmocka_unit_test(test_W12_second_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
