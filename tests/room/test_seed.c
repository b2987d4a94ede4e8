/* test_seed.c: the reference scenario: one room from its making to its end, step by step. */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* W3, W15, W18, W21, W31, W49, W52, W61, W67: members-only rooms kick members who deregister. */
static void test_members_only_deregister(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"

               "romeo: submit id=config1 form_type=http://jabber.org/protocol/muc#roomconfig membersonly=1\n"
               "  persist config 2 by=romeo@example.org state\n"
               "ok\n"
               "  reply romeo result id=config1\n"
               "  status 104\n"

               "romeo: set id=member1 affiliation=member jid=juliet@example.org\n"
               "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
               "ok\n"
               "  notice moderators juliet@example.org=member\n"
               "  reply romeo result id=member1\n"

               "juliet: join Juliet\n"
               "  join Juliet(juliet@example.org/r member/participant)\n"
               "  subject to=juliet\n"

               "juliet: unregister id=unreg1\n"
               "  persist affiliations 4 by=juliet@example.org state juliet@example.org=none\n"
               "ok\n"
               "  leave Juliet(juliet@example.org/r none/none) 321\n"
               "  reply juliet result id=unreg1\n"

               "juliet: join Juliet\n"
               "  reply juliet presence error registration-required/auth from=Juliet\n"

               "romeo: leave\n"
               "  leave Romeo(romeo@example.org/r owner/none)\n"
               "  persist destroy 5\n"
               "ok\n"
               "  gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_only_deregister),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
