/* test_register.c: registering with a room (XEP-0045 §7.10, §7.12; W58 to W62). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_W58_form(void **state)
{
    (void)state;
    trace_in("",
             "romeo: register id=r1\n"
             "  reply romeo register form id=r1\n"
             "romeo: register Romeo id=r2\n"
             "  persist affiliations 3 by=romeo@example.org state romeo@example.org=owner nick=Romeo\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator)\n"
             "  reply romeo result id=r2\n"
             "romeo: register id=r3\n"
             "  reply romeo register registered nick=Romeo id=r3\n");
}

static void test_W59_submitting(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.register_strangers = true;
    trace_room(&t, "");
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: register Juliet valid=no\n"
                  "  reply juliet error bad-request/modify\n"
                  "juliet: register ' '\n"
                  "  reply juliet error bad-request/modify\n"
                  "juliet: register Romeo\n"
                  "  reply juliet error conflict/cancel\n"
                  "juliet: register Juliet\n"
                  "  persist affiliations 3 by=juliet@example.org state juliet@example.org=member nick=Juliet\n"
                  "ok\n"
                  "  update Juliet(juliet@example.org/r member/participant)\n"
                  "  reply juliet result\n"
                  "paris: register Juliet\n"
                  "  reply paris error conflict/cancel\n"
                  "paris: register Paris\n"
                  "  persist affiliations 4 by=paris@example.org state paris@example.org=member nick=Paris\n"
                  "ok\n"
                  "  notice moderators paris@example.org=member\n"
                  "  reply paris result\n"
                  "paris: register Count\n"
                  "  persist affiliations 5 by=paris@example.org state paris@example.org=member nick=Count\n"
                  "ok\n"
                  "  reply paris result\n"
                  "nurse: unregister\n"
                  "  reply nurse error registration-required/auth\n");
    trace_deinit(&t);
}

static void test_W60_who_may(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=outcast jid=iago@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state iago@example.org=outcast\n"
             "ok\n"
             "  notice moderators 301 iago@example.org=outcast\n"
             "  reply romeo result\n"
             "iago: register\n"
             "  reply iago error forbidden/auth\n"
             "iago: register Iago\n"
             "  reply iago error forbidden/auth\n"
             "iago: unregister\n"
             "  reply iago error forbidden/auth\n"
             "stranger: register\n"
             "  reply stranger error registration-required/auth\n"
             "stranger: register Strange\n"
             "  reply stranger error registration-required/auth\n"
             "stranger: unregister\n"
             "  reply stranger error registration-required/auth\n");
}

/* All nicks of the user; away: a notice without actor. */
static void test_W61_remove_in_an_open_room(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=member jid=juliet@example.org nick=Juliet ; affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nick=Juliet paris@example.org=member\n"
             "ok\n"
             "  notice moderators juliet@example.org=member\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r member/participant)\n"
             "  subject to=juliet\n"
             "juliet: unregister id=u1\n"
             "  persist affiliations 4 by=juliet@example.org state juliet@example.org=none\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant)\n"
             "  reply juliet result id=u1\n"
             "paris: unregister\n"
             "  persist affiliations 5 by=paris@example.org state paris@example.org=none\n"
             "ok\n"
             "  notice moderators paris@example.org=none\n"
             "  reply paris result\n");
}

/* Every session leaves; away: 321. */
static void test_W61_remove_in_a_members_only_room(void **state)
{
    (void)state;
    trace_in("membersonly=1",
             "romeo: set affiliation=member jid=juliet@example.org nick=Juliet ; affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nick=Juliet paris@example.org=member\n"
             "ok\n"
             "  notice moderators juliet@example.org=member\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r member/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone member/participant)\n"
             "  subject to=juliet/phone\n"
             "juliet/tablet: join Capulet\n"
             "  join Capulet(juliet@example.org/tablet member/participant)\n"
             "  subject to=juliet/tablet\n"
             "juliet: unregister\n"
             "  persist affiliations 4 by=juliet@example.org state juliet@example.org=none\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r none/none) Juliet(juliet@example.org/phone none/none) 321\n"
             "  leave Capulet(juliet@example.org/tablet none/none) 321\n"
             "  reply juliet result\n"
             "paris: unregister\n"
             "  persist affiliations 5 by=paris@example.org state paris@example.org=none\n"
             "ok\n"
             "  notice moderators 321 paris@example.org=none\n"
             "  reply paris result\n");
}

static void test_W61_owner_keeps_his_affiliation(void **state)
{
    (void)state;
    trace_in("membersonly=1",
             "romeo: register Romeo\n"
             "  persist affiliations 3 by=romeo@example.org state romeo@example.org=owner nick=Romeo\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator)\n"
             "  reply romeo result\n"
             "romeo: unregister\n"
             "  persist affiliations 4 by=romeo@example.org state romeo@example.org=owner\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator)\n"
             "  reply romeo result\n");
}

/* Inside or not; kept free while he is away. */
static void test_W62_own_nick(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=member jid=juliet@example.org nick=Juliet\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nick=Juliet\n"
             "ok\n"
             "  notice moderators juliet@example.org=member\n"
             "  reply romeo result\n"
             "juliet: ownnick id=o1\n"
             "  reply juliet own-nick nick=Juliet id=o1\n"
             "romeo: ownnick\n"
             "  reply romeo own-nick\n"
             "paris: join Juliet\n"
             "  reply paris presence error conflict/cancel from=Juliet\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r member/participant)\n"
             "  subject to=juliet\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W58_form),
        cmocka_unit_test(test_W59_submitting),
        cmocka_unit_test(test_W60_who_may),
        cmocka_unit_test(test_W61_remove_in_an_open_room),
        cmocka_unit_test(test_W61_remove_in_a_members_only_room),
        cmocka_unit_test(test_W61_owner_keeps_his_affiliation),
        cmocka_unit_test(test_W62_own_nick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
