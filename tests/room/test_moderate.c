/* test_moderate.c: roles: kicks, voice, moderators (XEP-0045 §8, §9.6; W44, W45, W47, W50,
 * W56, W57). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* With the kept affiliation, actor and reason; all sessions of the nick. */
static void test_W50_kick(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "romeo: set id=k1 nick=Juliet role=none reason='Avaunt, you cullion!'\n"
             "  leave Juliet(juliet@example.org/r none/none) Juliet(juliet@example.org/phone none/none) 307 actor=Romeo,romeo@example.org/r reason='Avaunt, you cullion!'\n"
             "  reply romeo result id=k1\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n");
}

static void test_W50_voice_and_moderators(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "romeo: set nick=Juliet role=participant reason=speak\n"
             "  update Juliet(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r reason=speak\n"
             "  reply romeo result\n"
             "romeo: set nick=Juliet role=moderator\n"
             "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/visitor)\n"
             "  subject to=paris\n"
             "juliet: set nick=Paris role=participant\n"
             "  update Paris(paris@example.org/r none/participant) actor=Juliet,juliet@example.org/r\n"
             "  reply juliet result\n"
             "juliet: set nick=Paris role=visitor\n"
             "  update Paris(paris@example.org/r none/visitor) actor=Juliet,juliet@example.org/r\n"
             "  reply juliet result\n"
             "romeo: set nick=Juliet role=visitor\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n");
}

/* Whatever the target, and whether it exists or not. */
static void test_W44_lacks_the_privilege(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "juliet: set nick=Romeo role=none\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: set nick=Nobody role=none\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: set nick=Juliet role=moderator\n"
             "  reply juliet error forbidden/auth\n"
             "stranger: set nick=Juliet role=visitor\n"
             "  reply stranger error forbidden/auth\n"
             "romeo: set nick=Juliet role=moderator\n"
             "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "juliet: set nick=Paris role=moderator\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: set nick=Nobody role=moderator\n"
             "  reply juliet error forbidden/auth\n"
             "romeo: set nick=Paris role=moderator\n"
             "  update Paris(paris@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: set nick=Paris role=participant\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: set nick=Paris role=visitor\n"
             "  reply juliet error forbidden/auth\n"
             "romeo/phone: set nick=Nobody role=none\n"
             "  reply romeo/phone error forbidden/auth\n"
             "romeo/phone: set nick=Paris role=none\n"
             "  reply romeo/phone error forbidden/auth\n"
             "romeo/phone: set nick=Paris role=participant\n"
             "  update Paris(paris@example.org/r none/participant) actor=,romeo@example.org/phone\n"
             "  reply romeo/phone result\n");
}

static void test_W44_target_ranks_too_high(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org|eve@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "adam: join Adam\n"
             "  join Adam(adam@example.org/r admin/moderator)\n"
             "  subject to=adam\n"
             "eve: join Eve\n"
             "  join Eve(eve@example.org/r admin/moderator)\n"
             "  subject to=eve\n"
             "romeo: set nick=Juliet role=moderator\n"
             "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: set nick=Adam role=none\n"
             "  reply juliet error not-allowed/cancel\n"
             "juliet: set nick=Adam role=visitor\n"
             "  reply juliet error not-allowed/cancel\n"
             "juliet: set nick=Adam role=participant\n"
             "  reply juliet error forbidden/auth\n"
             "adam: set nick=Romeo role=none\n"
             "  reply adam error not-allowed/cancel\n"
             "adam: set nick=Eve role=participant\n"
             "  reply adam error not-allowed/cancel\n"
             "adam: set nick=Romeo role=visitor\n"
             "  reply adam error not-allowed/cancel\n"
             "romeo: set nick=Adam role=visitor\n"
             "  reply romeo error not-allowed/cancel\n"
             "romeo: set nick=Adam role=participant\n"
             "  reply romeo error not-allowed/cancel\n"
             "adam: set nick=Eve role=none\n"
             "  leave Eve(eve@example.org/r admin/none) 307 actor=Adam,adam@example.org/r\n"
             "  reply adam result\n");
}

static void test_W45_malformed(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: set nick=Juliet\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: set nick=Juliet role=visitor affiliation=member\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: set role=visitor\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: set affiliation=member\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: set nick=Tybalt role=visitor id=q\n"
             "  reply romeo error item-not-found/cancel id=q\n"
             "romeo: set affiliation=member jid=@example.org\n"
             "  reply romeo error jid-malformed/modify\n"
             "romeo: get\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: get role=none\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: get affiliation=none\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: get affiliation=member ; affiliation=admin\n"
             "  reply romeo error bad-request/modify\n");
}

static void test_W46_all_or_nothing(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "romeo: set nick=Juliet role=visitor ; nick=Tybalt role=visitor\n"
             "  reply romeo error item-not-found/cancel\n"
             "romeo: set nick=Juliet role=visitor ; nick=Paris role=none\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  leave Paris(paris@example.org/r none/none) 307 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n");
}

static void test_W47_role_by_jid(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "juliet/phone: join Phone\n"
             "  join Phone(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "romeo: set jid=juliet@example.org/phone role=visitor\n"
             "  update Phone(juliet@example.org/phone none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set jid=juliet@example.org role=none\n"
             "  leave Juliet(juliet@example.org/r none/none) 307 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n");
}

static void test_W56_role_lists(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set nick=Juliet role=visitor\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: get role=moderator id=l1\n"
             "  reply romeo items owner moderator jid=romeo@example.org/r nick=Romeo id=l1\n"
             "romeo: get role=visitor\n"
             "  reply romeo items none visitor jid=juliet@example.org/r nick=Juliet\n"
             "romeo: get role=participant\n"
             "  reply romeo items\n"
             "juliet: get role=visitor\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: get role=moderator\n"
             "  reply juliet error forbidden/auth\n"
             "adam: get role=moderator\n"
             "  reply adam items owner moderator jid=romeo@example.org/r nick=Romeo\n"
             "adam: get role=visitor\n"
             "  reply adam error forbidden/auth\n");
}

static void test_W57_unmoderating_lifts_nobody(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "romeo: submit moderatedroom=0\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: probe Juliet\n"
             "  show to=juliet Juliet(juliet@example.org/r none/visitor)\n"
             "juliet: leave\n"
             "  leave Juliet(juliet@example.org/r none/none)\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n");
}

static void test_W50_last_occupant_kicks_himself(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set nick=Romeo role=none\n"
             "  leave Romeo(romeo@example.org/r owner/none) 307 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "  persist destroy 3\n"
             "ok\n"
             "  gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W50_kick),
        cmocka_unit_test(test_W50_voice_and_moderators),
        cmocka_unit_test(test_W44_lacks_the_privilege),
        cmocka_unit_test(test_W44_target_ranks_too_high),
        cmocka_unit_test(test_W45_malformed),
        cmocka_unit_test(test_W46_all_or_nothing),
        cmocka_unit_test(test_W47_role_by_jid),
        cmocka_unit_test(test_W56_role_lists),
        cmocka_unit_test(test_W57_unmoderating_lifts_nobody),
        cmocka_unit_test(test_W50_last_occupant_kicks_himself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
