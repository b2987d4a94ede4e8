/* test_retract.c: messages taken back by who said them and by moderators (XEP-0424, XEP-0425;
 * W30, W44). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GIVEN "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"

/* Romeo and Juliet have said something each: 7-3 and 7-4. */
#define TALK                                                                                       \
    "juliet: join Juliet\n"                                                                        \
    "  join Juliet(juliet@example.org/r none/participant)\n"                                       \
    "  subject to=juliet\n"                                                                        \
    "romeo: say hey id=m1\n"                                                                       \
    "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=m1 history\n"                       \
    "ok\n"                                                                                         \
    "  message Romeo hey 7-3 id=m1\n"                                                              \
    "juliet: say ho id=m2\n"                                                                       \
    "  persist message 4 by=juliet@example.org Juliet ho 0-4 id=m2 history\n"                      \
    "ok\n"                                                                                         \
    "  message Juliet ho 7-4 id=m2\n"

/* X0424-history. The original is gone from the history with the commit; who joins sees a tombstone in its place. */
static void test_by_the_sender(void **state)
{
    (void)state;
    trace_in("", TALK
             "juliet: say oops nobody id=m3 retracts=7-4\n"
             "  persist message 5 by=juliet@example.org Juliet oops 0-5 id=m3 retracts=7-4\n"
             "held paris: join Paris\n"
             "ok\n"
             "  message Juliet oops 7-5 id=m3 retracts=7-4\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  history to=paris Romeo hey 7-3 id=m1 Juliet '' 7-4 id=m2 gone by=m3\n"
             "  subject to=paris\n");
}

/* X0424-author. His own only; also under another nick. A retraction that the store refuses takes nothing back. */
static void test_whose_it_is(void **state)
{
    (void)state;
    trace_in("", TALK
             "juliet: say oops nobody id=m3 retracts=7-3\n"
             "  persist message 5 by=juliet@example.org Juliet oops 0-5 id=m3 retracts=7-3\n"
             "ok\n"
             "  message Juliet oops 7-5 id=m3 retracts=7-3\n"
             "juliet: say oops nobody id=m4 retracts=7-4\n"
             "  persist message 6 by=juliet@example.org Juliet oops 0-6 id=m4 retracts=7-4\n"
             "fail\n"
             "  reply juliet message error internal-server-error/cancel id=m4\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  history to=paris Romeo hey 7-3 id=m1 Juliet ho 7-4 id=m2\n"
             "  subject to=paris\n"
             "juliet/phone: join Capulet\n"
             "  join Capulet(juliet@example.org/phone none/participant)\n"
             "  history to=juliet/phone Romeo hey 7-3 id=m1 Juliet ho 7-4 id=m2\n"
             "  subject to=juliet/phone\n"
             "juliet/phone: say oops nobody id=m5 retracts=7-4\n"
             "  persist message 7 by=juliet@example.org Capulet oops 0-7 id=m5 retracts=7-4\n"
             "ok\n"
             "  message Capulet oops 7-7 id=m5 retracts=7-4\n"
             "nurse: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  history to=nurse Romeo hey 7-3 id=m1 Juliet '' 7-4 id=m2 gone by=m5\n"
             "  subject to=nurse\n");
}

/* X0424-unknown. Names of no message of this room: passed on like any other message. */
static void test_of_nothing(void **state)
{
    (void)state;
    trace_in("", TALK
             "juliet: say oops nobody id=m3 retracts=7-5\n"
             "  persist message 5 by=juliet@example.org Juliet oops 0-5 id=m3\n"
             "ok\n"
             "  message Juliet oops 7-5 id=m3\n"
             "juliet: say oops nobody id=m4 retracts=6-9\n"
             "  persist message 6 by=juliet@example.org Juliet oops 0-6 id=m4\n"
             "ok\n"
             "  message Juliet oops 7-6 id=m4\n");
}

/* X0425-broadcast, X0425-result, X0425-history */
static void test_by_a_moderator(void **state)
{
    (void)state;
    trace_in("", TALK
             "romeo: moderate 7-4 reason=rude id=q1\n"
             "  persist moderate 5 by=romeo@example.org  '' 0-5 id=" GIVEN " retracts=7-4 by=" GIVEN " moderator=Romeo reason=rude\n"
             "held juliet: say more\n"
             "ok\n"
             "  message  '' 7-5 id=" GIVEN " retracts=7-4 by=" GIVEN " moderator=Romeo reason=rude\n"
             "  reply romeo result id=q1\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  history to=paris Romeo hey 7-3 id=m1 Juliet '' 7-4 id=m2 gone by=" GIVEN " moderator=Romeo reason=rude\n"
             "  subject to=paris\n"
             /* Its sender cannot take the moderator's word out of the tombstone. */
             "juliet: say oops nobody id=m3 retracts=7-4\n"
             "  persist message 6 by=juliet@example.org Juliet oops 0-6 id=m3 retracts=7-4\n"
             "ok\n"
             "  message Juliet oops 7-6 id=m3 retracts=7-4\n"
             "nurse: join Nurse stanzas=1\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  history to=nurse Juliet '' 7-4 id=m2 gone by=" GIVEN " moderator=Romeo reason=rude\n"
             "  subject to=nurse\n");
}

/* X0425-forbidden */
static void test_W44_who_may_moderate(void **state)
{
    (void)state;
    trace_in("", TALK
             "juliet: moderate 7-3 id=q1\n"
             "  reply juliet error forbidden/auth id=q1\n"
             "paris: moderate 7-3 id=q2\n"
             "  reply paris error forbidden/auth id=q2\n"
             "romeo/phone: moderate 7-4 id=q3\n"
             "  reply romeo/phone error forbidden/auth id=q3\n"
             "paris: moderate 9-9 id=q4\n"
             "  reply paris error forbidden/auth id=q4\n");
    trace_once("paris: moderate 7-3 id=q1\n"
               "  reply paris error item-not-found/cancel id=q1\n"
               "  gone\n");
}

/* X0425-not-found. Of another room of that name, of none, and what the store does not have: nothing happens. */
static void test_no_such_message(void **state)
{
    (void)state;
    trace_in("", TALK
             "romeo: moderate 0-0 id=q1\n"
             "  reply romeo error item-not-found/cancel id=q1\n"
             "romeo: moderate 7-1 id=q2\n"
             "  reply romeo error item-not-found/cancel id=q2\n"
             "romeo: moderate 7-5 id=q3\n"
             "  reply romeo error item-not-found/cancel id=q3\n"
             "romeo: moderate 6-99 id=q4\n"
             "  reply romeo error item-not-found/cancel id=q4\n"
             "romeo: moderate 7-2 id=q5\n"
             "  persist moderate 5 by=romeo@example.org  '' 0-5 id=" GIVEN " retracts=7-2 by=" GIVEN " moderator=Romeo\n"
             "fail item-not-found\n"
             "  reply romeo error item-not-found/cancel id=q5\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  history to=paris Romeo hey 7-3 id=m1 Juliet ho 7-4 id=m2\n"
             "  subject to=paris\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_the_sender),
        cmocka_unit_test(test_whose_it_is),
        cmocka_unit_test(test_of_nothing),
        cmocka_unit_test(test_by_a_moderator),
        cmocka_unit_test(test_W44_who_may_moderate),
        cmocka_unit_test(test_no_such_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
