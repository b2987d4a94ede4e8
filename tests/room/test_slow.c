/* test_slow.c: slow mode (XEP-0500, rule R110). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"
#include "shard/room/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TOO_SOON(left)                                                                             \
    " message error policy-violation/wait text='Slow mode: one message in 20 seconds. Please wait " \
    left " seconds more.'"

/* X0500-refused, X0500-body, X0500-account: one message in so many seconds, for a user and not for a nick. */
static void test_X0500_refused(void **state)
{
    (void)state;
    trace_in("slow_mode_duration=20",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Julia\n"
             "  join Julia(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "juliet: say a id=1\n"
             "  persist message 3 by=juliet@example.org Juliet a 0-3 id=1 history\n"
             "# what would be refused waits for its turn\n"
             "held juliet: say b id=2\n"
             "held juliet/phone: say b id=2\n"
             "ok\n"
             "  message Juliet a 7-3 id=1\n"
             "wait 500\n"
             "juliet: say b id=2\n"
             "  reply juliet" TOO_SOON("20") " id=2\n"
             "juliet/phone: say b id=2\n"
             "  reply juliet/phone" TOO_SOON("20") " id=2\n"
             "# without a body it does not count, nor is it counted\n"
             "juliet: say typing nobody id=3\n"
             "  persist message 4 by=juliet@example.org Juliet typing 0-4 id=3\n"
             "ok\n"
             "  message Juliet typing 7-4 id=3\n"
             "# leaving does not help\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n"
             "juliet/phone: leave\n"
             "  leave Julia(juliet@example.org/phone none/none)\n"
             "juliet: join Julienne\n"
             "  join Julienne(juliet@example.org/r none/participant)\n"
             "  history to=juliet Juliet a 7-3 id=1\n"
             "  subject to=juliet\n"
             "wait 19499\n"
             "juliet: say b id=4\n"
             "  reply juliet" TOO_SOON("1") " id=4\n"
             "wait 1\n"
             "juliet: say b id=4\n"
             "  persist message 5 by=juliet@example.org Julienne b 0-5 id=4 history\n"
             "ok\n"
             "  message Julienne b 7-5 id=4\n");
}

/* X0500-exempt: admins and owners are never slowed; a moderator by role alone is. */
static void test_X0500_exempt(void **state)
{
    (void)state;
    trace_in("slow_mode_duration=20",
             "romeo: say a id=1\n"
             "  persist message 3 by=romeo@example.org Romeo a 0-3 id=1 history\n"
             "romeo: say b id=2\n"
             "  persist message 4 by=romeo@example.org Romeo b 0-4 id=2 history\n"
             "ok\n"
             "  message Romeo a 7-3 id=1\n"
             "ok\n"
             "  message Romeo b 7-4 id=2\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  history to=juliet Romeo a 7-3 id=1 Romeo b 7-4 id=2\n"
             "  subject to=juliet\n"
             "romeo: set role=moderator nick=Juliet\n"
             "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: say a id=3\n"
             "  persist message 5 by=juliet@example.org Juliet a 0-5 id=3 history\n"
             "ok\n"
             "  message Juliet a 7-5 id=3\n"
             "juliet: say b id=4\n"
             "  reply juliet" TOO_SOON("20") " id=4\n"
             "romeo: set affiliation=admin jid=juliet@example.org\n"
             "  persist affiliations 6 by=romeo@example.org state juliet@example.org=admin\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r admin/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: say b id=5\n"
             "  persist message 7 by=juliet@example.org Juliet b 0-7 id=5 history\n"
             "ok\n"
             "  message Juliet b 7-7 id=5\n");
}

/* What could not be stored was not said (R4). */
static void test_R110_a_failure_does_not_count(void **state)
{
    (void)state;
    trace_in("slow_mode_duration=20",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: say a id=1\n"
             "  persist message 3 by=juliet@example.org Juliet a 0-3 id=1 history\n"
             "fail resource-constraint\n"
             "  reply juliet message error resource-constraint/wait id=1\n"
             "juliet: say a id=2\n"
             "  persist message 4 by=juliet@example.org Juliet a 0-4 id=2 history\n"
             "ok\n"
             "  message Juliet a 7-4 id=2\n");
}

/* X0500-field, X0500-notify, S-code-104: a change of it is told; the field is read as a number of seconds. */
static void test_X0500_field(void **state)
{
    (void)state;
    trace_in("",
             "romeo: submit slow_mode_duration=soon\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit slow_mode_duration=-1\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit slow_mode_duration=86401\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit slow_mode_duration=86400\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: config\n"
             "  reply romeo config public pm=0 max=0 broadcast=1c list=0 slow=86400 owners=romeo@example.org\n"
             "romeo: submit slow_mode_duration=\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n");
}

/* The memory of it is bounded: the oldest goes first, and who may speak again anyway. */
static void test_R110_bounded(void **state)
{
    (void)state;
    struct slow s;
    char jid[32];
    slow_init(&s);
    for (int i = 0; i <= LIMIT_SLOW_SPEAKERS; i++) {
        int n = snprintf(jid, sizeof jid, "u%d@x", i);
        slow_note(&s, (struct str){jid, (size_t)n}, 1000, 5000);
    }
    assert_int_equal(s.n, LIMIT_SLOW_SPEAKERS);
    assert_int_equal(slow_wait_ms(&s, STR("u0@x"), 1000, 5000), 0);
    assert_int_equal(slow_wait_ms(&s, STR("u1@x"), 1000, 5000), 1000);
    assert_int_equal(slow_wait_ms(&s, STR("u1@x"), 1000, 5999), 1);
    assert_int_equal(slow_wait_ms(&s, STR("u1@x"), 1000, 6000), 0);
    assert_int_equal(slow_wait_ms(&s, STR("u1@x"), 1000, 4000), 0);
    slow_note(&s, STR("late@x"), 1000, 6000);
    assert_int_equal(s.n, 1);
    slow_forget(&s, STR("late@x"));
    assert_int_equal(slow_wait_ms(&s, STR("late@x"), 1000, 6000), 0);
    slow_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_X0500_refused),
        cmocka_unit_test(test_X0500_exempt),
        cmocka_unit_test(test_R110_a_failure_does_not_count),
        cmocka_unit_test(test_X0500_field),
        cmocka_unit_test(test_R110_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
