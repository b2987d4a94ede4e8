/* test_presence.c: presence, nicks, ways out (XEP-0045 §7.6, §7.7, §7.14, §17.3; W12, W28,
 * W36 to W40). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Available presence without the join element; whether the room exists or not. */
static void test_W28_groupchat_1_0(void **state)
{
    (void)state;
    trace_once("romeo: presence Romeo id=g1\n"
               "  reply romeo presence not-inside none from=Romeo id=g1\n"
               "  gone\n"
               "romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "juliet: presence Juliet\n"
               "  reply juliet presence not-inside none from=Juliet\n"
               "romeo/phone: presence Romeo\n"
               "  reply romeo/phone presence not-inside owner from=Romeo\n"
               "romeo: presence Romeo payload=<show>dnd</show>\n"
               "  update Romeo(romeo@example.org/r owner/moderator <show>dnd</show>)\n"
               "romeo: presence payload=<show>away</show>\n"
               "  update Romeo(romeo@example.org/r owner/moderator <show>away</show>)\n");
}

static void test_W36_nick_change(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "juliet: presence Capulet payload=<show>chat</show>\n"
             "  nick Juliet -> Capulet(juliet@example.org/r none/visitor <show>chat</show>) 303\n"
             "juliet: join Julia\n"
             "  nick Capulet -> Julia(juliet@example.org/r none/visitor) 303\n"
             "juliet: presence Romeo id=n1\n"
             "  reply juliet presence error conflict/cancel from=Romeo id=n1\n"
             "juliet: presence ' '\n"
             "  reply juliet presence error not-allowed/modify from=' '\n"
             "juliet: presence Robot strict=no\n"
             "  reply juliet presence error jid-malformed/modify text='Nickname must pass strict validation' from=Robot\n"
             "romeo: set affiliation=member jid=nurse@example.org nick=Nurse\n"
             "  persist affiliations 3 by=romeo@example.org state nurse@example.org=member nick=Nurse\n"
             "ok\n"
             "  notice moderators nurse@example.org=member\n"
             "  reply romeo result\n"
             "juliet: presence Nurse\n"
             "  reply juliet presence error conflict/cancel from=Nurse\n"
             "juliet: probe Julia\n"
             "  show to=juliet Julia(juliet@example.org/r none/visitor)\n");
}

/* S7.6-shared-nick */
static void test_W36_one_of_several_sessions_moves(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "romeo: set nick=Juliet role=moderator\n"
             "  update Juliet(juliet@example.org/r none/moderator) Juliet(juliet@example.org/phone none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet/phone: presence Phone\n"
             "  nick Juliet -> Phone(juliet@example.org/phone none/moderator) 303\n"
             "romeo: set nick=Phone role=participant\n"
             "  update Phone(juliet@example.org/phone none/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet/phone: presence Juliet\n"
             "  nick Phone -> Juliet(juliet@example.org/phone none/moderator) 303\n"
             "romeo: items\n"
             "  reply romeo disco nicks=Romeo,Juliet\n");
}

/* W29: nothing of who is not inside. */
static void test_W37_leaving(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: leave to=Juliet payload=<status>bye</status>\n"
             "  leave Juliet(juliet@example.org/r none/none) payload=<status>bye</status>\n"
             "juliet: leave\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n");
}

static void test_W37_temporary_room_ends(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "romeo: leave\n"
             "  leave Romeo(romeo@example.org/r owner/none)\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n"
             "  persist destroy 3\n"
             "held juliet: join Juliet\n"
             "held tick 10\n"
             "ok\n"
             "  gone\n"
             "juliet: join Juliet\n"
             "  persist create 1 by=juliet@example.org state locked juliet@example.org=owner\n");
}

static void test_W38_broken_stream(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: leave broken\n"
             "  leave Juliet(juliet@example.org/r none/none) 333\n");
}

/* Nick by nick, once each; sessions elsewhere stay. */
static void test_W38_gateway_lost(void **state)
{
    (void)state;
    trace_in("",
             "juliet@2: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet@2\n"
             "nurse@2: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  subject to=nurse@2\n"
             "juliet/phone@2: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone@2\n"
             "juliet/tablet: join Juliet\n"
             "  join Juliet(juliet@example.org/tablet none/participant)\n"
             "  subject to=juliet/tablet\n"
             "gateway 3 lost\n"
             "gateway 2 lost\n"
             "  leave Juliet(juliet@example.org/r none/none) Juliet(juliet@example.org/phone none/none) 333\n"
             "  leave Nurse(nurse@example.org/r none/none) 333\n"
             "gateway 2 lost\n"
             "romeo: probe Juliet\n"
             "  show to=romeo Juliet(juliet@example.org/tablet none/participant)\n"
             "gateway 1 lost\n"
             "  leave Romeo(romeo@example.org/r owner/none) 333\n"
             "  leave Juliet(juliet@example.org/tablet none/none) 333\n"
             "  persist destroy 3\n"
             "ok\n"
             "  gone\n");
}

/* S17.2-errors */
static void test_W39_error_kick(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: error not-acceptable\n"
             "juliet: error feature-not-implemented\n"
             "juliet: error recipient-unavailable text='not here'\n"
             "  leave Juliet(juliet@example.org/r none/none) 333 kicked=recipient-unavailable text='not here'\n"
             "juliet: error gone\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: error presence condition=not-acceptable\n"
             "  leave Juliet(juliet@example.org/r none/none) 333 kicked=not-acceptable\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "juliet: error\n"
             "  leave Juliet(juliet@example.org/r none/none) 333 kicked=undefined-condition\n"
             "romeo: probe Juliet\n"
             "  show to=romeo Juliet(juliet@example.org/phone none/participant)\n");
}

static void test_W40_probes(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=member jid=nurse@example.org nick=Nurse\n"
             "  persist affiliations 3 by=romeo@example.org state nurse@example.org=member nick=Nurse\n"
             "ok\n"
             "  notice moderators nurse@example.org=member\n"
             "  reply romeo result\n"
             "juliet: probe Romeo\n"
             "  reply juliet presence error not-acceptable/cancel from=Romeo\n"
             "juliet: probe Nobody\n"
             "  reply juliet presence error not-acceptable/cancel from=Nobody\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: probe Romeo\n"
             "  show to=juliet Romeo(romeo@example.org/r owner/moderator)\n"
             "juliet: probe Juliet\n"
             "  show to=juliet Juliet(juliet@example.org/r none/participant)\n"
             "juliet: probe Nobody\n"
             "juliet: probe Nurse\n"
             "  show to=juliet absent Nurse(member/none)\n"
             "romeo: probe Nurse\n"
             "  show to=romeo absent Nurse(nurse@example.org member/none)\n");
}

static void test_W12_last_of_several_sessions(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "juliet: presence Juliet payload=<show>xa</show>\n"
             "  update Juliet(juliet@example.org/r none/participant <show>xa</show>)\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n"
             "juliet/phone: leave\n"
             "  leave Juliet(juliet@example.org/phone none/none)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W28_groupchat_1_0),
        cmocka_unit_test(test_W36_nick_change),
        cmocka_unit_test(test_W36_one_of_several_sessions_moves),
        cmocka_unit_test(test_W37_leaving),
        cmocka_unit_test(test_W37_temporary_room_ends),
        cmocka_unit_test(test_W38_broken_stream),
        cmocka_unit_test(test_W38_gateway_lost),
        cmocka_unit_test(test_W39_error_kick),
        cmocka_unit_test(test_W40_probes),
        cmocka_unit_test(test_W12_last_of_several_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
