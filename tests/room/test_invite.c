/* test_invite.c: invitations through the room (XEP-0045 §7.8.2; W70 to W73). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* W72: it makes nobody a member. */
static void test_W70_into_an_open_room(void **state)
{
    (void)state;
    trace_in("",
             "romeo: invite juliet@example.org id=i1 reason='come hither' continue=t1\n"
             "  post invite to=juliet@example.org from=room@muc.example.org/Romeo id=i1 reason='come hither' continue=t1\n"
             "romeo: invite juliet@example.org/home ; paris@example.org body=hello\n"
             "  post invite to=juliet@example.org/home from=room@muc.example.org/Romeo\n"
             "  post invite to=paris@example.org from=room@muc.example.org/Romeo\n"
             "romeo: invite juliet@example.org body=hello\n"
             "  post invite to=juliet@example.org from=room@muc.example.org/Romeo body=hello\n"
             "romeo: get affiliation=member\n"
             "  reply romeo items\n");
}

static void test_W70_password(void **state)
{
    (void)state;
    trace_in("roomsecret=rose",
             "romeo: invite juliet@example.org\n"
             "  post invite to=juliet@example.org from=room@muc.example.org/Romeo password=rose\n");
}

static void test_W71_who_may(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "juliet: invite paris@example.org id=i1\n"
             "  reply juliet message error forbidden/auth id=i1\n"
             "stranger: invite paris@example.org\n"
             "  reply stranger message error forbidden/auth\n"
             "romeo: set nick=Juliet role=participant\n"
             "  update Juliet(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: invite paris@example.org\n"
             "  post invite to=paris@example.org from=room@muc.example.org/Juliet\n"
             "juliet: invite @example.org ; paris@example.org\n"
             "  reply juliet message error jid-malformed/modify\n"
             "juliet: invite\n"
             "  reply juliet message error bad-request/modify\n");
}

static void test_W71_members_only(void **state)
{
    (void)state;
    trace_in("membersonly=1",
             "romeo: set affiliation=member jid=juliet@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
             "ok\n"
             "  notice moderators juliet@example.org=member\n"
             "  reply romeo result\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r member/participant)\n"
             "  subject to=juliet\n"
             "juliet: invite paris@example.org\n"
             "  reply juliet message error forbidden/auth\n"
             "romeo: submit allowinvites=1\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: invite paris@example.org\n"
             "  persist affiliations 5 by=juliet@example.org state paris@example.org=member\n"
             "ok\n"
             "  notice moderators paris@example.org=member\n"
             "  post invite to=paris@example.org from=room@muc.example.org/Juliet\n");
}

static void test_W72_strangers_become_members_first(void **state)
{
    (void)state;
    trace_in("membersonly=1",
             "romeo: set affiliation=outcast jid=iago@example.org ; affiliation=member jid=nurse@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state iago@example.org=outcast nurse@example.org=member\n"
             "ok\n"
             "  notice moderators 301 iago@example.org=outcast\n"
             "  notice moderators nurse@example.org=member\n"
             "  reply romeo result\n"
             "romeo: invite paris@example.org/x reason=feast id=i1 ; paris@example.org ; iago@example.org ; nurse@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state paris@example.org=member reason=feast\n"
             "ok\n"
             "  notice moderators paris@example.org=member reason=feast\n"
             "  post invite to=paris@example.org/x from=room@muc.example.org/Romeo id=i1 reason=feast\n"
             "  post invite to=paris@example.org from=room@muc.example.org/Romeo id=i1\n"
             "  post invite to=iago@example.org from=room@muc.example.org/Romeo id=i1\n"
             "  post invite to=nurse@example.org from=room@muc.example.org/Romeo id=i1\n"
             "romeo: invite nurse@example.org\n"
             "  post invite to=nurse@example.org from=room@muc.example.org/Romeo\n"
             "romeo: invite tybalt@example.org id=i2\n"
             "  persist affiliations 5 by=romeo@example.org state tybalt@example.org=member\n"
             "fail resource-constraint\n"
             "  reply romeo message error resource-constraint/wait id=i2\n");
}

/* By occupant JID or by the real one; the room is no relay for others. */
static void test_W73_decline(void **state)
{
    (void)state;
    trace_in("",
             "juliet: decline room@muc.example.org/Romeo reason='too late' id=d1\n"
             "  post decline to=romeo@example.org/r from=juliet@example.org id=d1 reason='too late'\n"
             "juliet: decline romeo@example.org\n"
             "  post decline to=romeo@example.org from=juliet@example.org\n"
             "juliet: decline room@muc.example.org/Nobody\n"
             "juliet: decline paris@example.org\n"
             "romeo: set affiliation=outcast jid=juliet@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=outcast\n"
             "ok\n"
             "  notice moderators 301 juliet@example.org=outcast\n"
             "  reply romeo result\n"
             "juliet: decline romeo@example.org\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W70_into_an_open_room),
        cmocka_unit_test(test_W70_password),
        cmocka_unit_test(test_W71_who_may),
        cmocka_unit_test(test_W71_members_only),
        cmocka_unit_test(test_W72_strangers_become_members_first),
        cmocka_unit_test(test_W73_decline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
