/* test_message.c: what is said to all, to one, and before (XEP-0045 §7.2.13, §7.4, §7.5, §8.1;
 * W13, W14, W30 to W34). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_W33_groupchat(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "romeo: say hey id=m1\n"
             "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=m1 history\n"
             "ok\n"
             "  message Romeo hey 7-3 id=m1\n"
             "juliet: say hey id=m2\n"
             "  reply juliet message error not-acceptable/cancel id=m2\n"
             "juliet: join Juliet stanzas=0\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "juliet: say hey id=m3\n"
             "  reply juliet message error forbidden/auth id=m3\n"
             "romeo: say odd type=normal id=m4\n"
             "  reply romeo message error service-unavailable/cancel id=m4\n");
}

static void test_W33_visitors_speak_where_all_do(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "romeo: set nick=Juliet role=visitor\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: say hey id=m3\n"
             "  persist message 3 by=juliet@example.org Juliet hey 0-3 id=m3 history\n"
             "ok\n"
             "  message Juliet hey 7-3 id=m3\n");
}

/* It is given one. */
static void test_W14_message_without_id(void **state)
{
    (void)state;
    trace_in("",
             "romeo: say hey\n"
             "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf history\n"
             "ok\n"
             "  message Romeo hey 7-3 id=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\n");
}

/* S7.2.13-hints */
static void test_W30_what_goes_into_history(void **state)
{
    (void)state;
    trace_in("",
             "romeo: say composing id=c1 nobody\n"
             "  persist message 3 by=romeo@example.org Romeo composing 0-3 id=c1\n"
             "ok\n"
             "  message Romeo composing 7-3 id=c1\n"
             "romeo: say marker id=c2 nobody store\n"
             "  persist message 4 by=romeo@example.org Romeo marker 0-4 id=c2 history\n"
             "ok\n"
             "  message Romeo marker 7-4 id=c2\n"
             "romeo: say secret id=c3 nostore\n"
             "  persist message 5 by=romeo@example.org Romeo secret 0-5 id=c3\n"
             "ok\n"
             "  message Romeo secret 7-5 id=c3\n"
             "romeo: subject Fate id=c4\n"
             "  persist subject 6 by=romeo@example.org subject=Fate state\n"
             "ok\n"
             "  message Romeo Fate 7-6 id=c4\n"
             "romeo: say both id=c5 subject=Both\n"
             "  persist message 7 by=romeo@example.org Romeo both 0-7 id=c5 history\n"
             "ok\n"
             "  message Romeo both 7-7 id=c5\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  history to=juliet Romeo marker 7-4 id=c2 Romeo both 7-7 id=c5\n"
             "  subject to=juliet text=Fate from=Romeo delay\n");
}

/* S7.2.14-maxstanzas, S7.2.14-seconds, S7.2.14-since, S7.2.14-smallest: the smallest set wins. */
static void test_W30_attributes(void **state)
{
    (void)state;
    trace_in("",
             "romeo: say a id=1\n"
             "  persist message 3 by=romeo@example.org Romeo a 0-3 id=1 history\n"
             "ok\n"
             "  message Romeo a 7-3 id=1\n"
             "wait 10000\n"
             "romeo: say b id=2\n"
             "  persist message 4 by=romeo@example.org Romeo b 0-4 id=2 history\n"
             "ok\n"
             "  message Romeo b 7-4 id=2\n"
             "wait 10000\n"
             "romeo: say c id=3\n"
             "  persist message 5 by=romeo@example.org Romeo c 0-5 id=3 history\n"
             "ok\n"
             "  message Romeo c 7-5 id=3\n"
             "j1: join J1\n"
             "  join J1(j1@example.org/r none/participant)\n"
             "  history to=j1 Romeo a 7-3 id=1 Romeo b 7-4 id=2 Romeo c 7-5 id=3\n"
             "  subject to=j1\n"
             "j2: join J2 stanzas=2\n"
             "  join J2(j2@example.org/r none/participant)\n"
             "  history to=j2 Romeo b 7-4 id=2 Romeo c 7-5 id=3\n"
             "  subject to=j2\n"
             "j3: join J3 stanzas=0\n"
             "  join J3(j3@example.org/r none/participant)\n"
             "  subject to=j3\n"
             "j4: join J4 chars=0\n"
             "  join J4(j4@example.org/r none/participant)\n"
             "  subject to=j4\n"
             "j5: join J5 chars=500 stanzas=1\n"
             "  join J5(j5@example.org/r none/participant)\n"
             "  history to=j5 chars=500 Romeo c 7-5 id=3\n"
             "  subject to=j5\n"
             "j6: join J6 seconds=10\n"
             "  join J6(j6@example.org/r none/participant)\n"
             "  history to=j6 Romeo b 7-4 id=2 Romeo c 7-5 id=3\n"
             "  subject to=j6\n"
             "j7: join J7 since=1700000010001\n"
             "  join J7(j7@example.org/r none/participant)\n"
             "  history to=j7 Romeo c 7-5 id=3\n"
             "  subject to=j7\n"
             "j8: join J8 since=1700000000000 seconds=15 stanzas=9\n"
             "  join J8(j8@example.org/r none/participant)\n"
             "  history to=j8 Romeo b 7-4 id=2 Romeo c 7-5 id=3\n"
             "  subject to=j8\n"
             "j9: join J9 seconds=9999999999\n"
             "  join J9(j9@example.org/r none/participant)\n"
             "  history to=j9 Romeo a 7-3 id=1 Romeo b 7-4 id=2 Romeo c 7-5 id=3\n"
             "  subject to=j9\n");
}

/* S7.2.14-default */
static void test_W30_room_default(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.history_default = 1;
    trace_room(&t, "");
    trace_run(&t, "romeo: say a id=1\n"
                  "  persist message 3 by=romeo@example.org Romeo a 0-3 id=1 history\n"
                  "romeo: say b id=2\n"
                  "  persist message 4 by=romeo@example.org Romeo b 0-4 id=2 history\n"
                  "ok\n"
                  "  message Romeo a 7-3 id=1\n"
                  "ok\n"
                  "  message Romeo b 7-4 id=2\n"
                  "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  history to=juliet Romeo b 7-4 id=2\n"
                  "  subject to=juliet\n"
                  "paris: join Paris stanzas=50\n"
                  "  join Paris(paris@example.org/r none/participant)\n"
                  "  history to=paris Romeo a 7-3 id=1 Romeo b 7-4 id=2\n"
                  "  subject to=paris\n");
    t.service.history_default = 0;
    trace_run(&t, "nurse: join Nurse\n"
                  "  join Nurse(nurse@example.org/r none/participant)\n"
                  "  subject to=nurse\n");
    trace_deinit(&t);
}

/* Never set, set by somebody who has left, cleared. */
static void test_W31_subject_at_the_end_of_a_join(void **state)
{
    (void)state;
    trace_in("changesubject=1 persistentroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: subject Night id=s1\n"
             "  persist subject 3 by=juliet@example.org subject=Night state\n"
             "ok\n"
             "  message Juliet Night 7-3 id=s1\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n"
             "juliet: join Capulet\n"
             "  join Capulet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet text=Night from=Juliet delay\n"
             "romeo: subject '' id=s2\n"
             "  persist subject 4 by=romeo@example.org state\n"
             "ok\n"
             "  message Romeo '' 7-4 id=s2\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris from=Romeo delay\n");
}

static void test_W32_who_may_change_the_subject(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: subject Night id=s1\n"
             "  reply juliet message error forbidden/auth id=s1\n"
             "juliet: say talk subject=Night id=s2\n"
             "  persist message 3 by=juliet@example.org Juliet talk 0-3 id=s2 history\n"
             "ok\n"
             "  message Juliet talk 7-3 id=s2\n"
             "juliet: say talk subject=Night nobody thread id=s3\n"
             "  persist message 4 by=juliet@example.org Juliet talk 0-4 id=s3 history\n"
             "ok\n"
             "  message Juliet talk 7-4 id=s3\n"
             "nurse: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  history to=nurse Juliet talk 7-3 id=s2 Juliet talk 7-4 id=s3\n"
             "  subject to=nurse\n"
             "romeo: submit changesubject=1\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: subject Night id=s4\n"
             "  persist subject 6 by=juliet@example.org subject=Night state\n"
             "fail service-unavailable\n"
             "  reply juliet message error service-unavailable/cancel id=s4\n"
             "paris: subject Night id=s5\n"
             "  reply paris message error not-acceptable/cancel id=s5\n");
}

static void test_W34_private_messages(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "romeo: pm Juliet psst id=p1\n"
             "  private Romeo psst chat id=p1 to=Juliet\n"
             "romeo: pm Juliet psst id=p2 type=normal\n"
             "  private Romeo psst normal id=p2 to=Juliet\n"
             "romeo: pm Juliet psst id=p3 type=groupchat\n"
             "  reply romeo message error bad-request/modify from=Juliet id=p3\n"
             "romeo: pm Tybalt psst id=p4\n"
             "  reply romeo message error item-not-found/cancel from=Tybalt id=p4\n"
             "paris: pm Juliet psst id=p5\n"
             "  reply paris message error not-acceptable/cancel from=Juliet id=p5\n"
             "nurse: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  subject to=nurse\n");
}

static void test_W34_allowpm(void **state)
{
    (void)state;
    trace_in("moderatedroom=1 allowpm=participants",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "juliet: pm Romeo psst id=p1\n"
             "  reply juliet message error forbidden/auth from=Romeo id=p1\n"
             "romeo: submit allowpm=moderators\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: pm Juliet psst\n"
             "  private Romeo psst chat to=Juliet\n"
             "romeo: set nick=Juliet role=participant\n"
             "  update Juliet(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: pm Romeo psst\n"
             "  reply juliet message error forbidden/auth from=Romeo\n"
             "romeo: submit allowpm=none\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: pm Juliet psst\n"
             "  reply romeo message error forbidden/auth from=Juliet\n"
             "romeo: submit allowpm=anyone\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: pm Romeo psst\n"
             "  private Juliet psst chat to=Romeo\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W33_groupchat),
        cmocka_unit_test(test_W33_visitors_speak_where_all_do),
        cmocka_unit_test(test_W14_message_without_id),
        cmocka_unit_test(test_W30_what_goes_into_history),
        cmocka_unit_test(test_W30_attributes),
        cmocka_unit_test(test_W30_room_default),
        cmocka_unit_test(test_W31_subject_at_the_end_of_a_join),
        cmocka_unit_test(test_W32_who_may_change_the_subject),
        cmocka_unit_test(test_W34_private_messages),
        cmocka_unit_test(test_W34_allowpm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
