/* test_admin.c: affiliations and their lists (XEP-0045 §9, §10.3 to §10.8; W2, W44 to
 * W55). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One presence carries affiliation and role; a gain lifts, a loss lowers. W2: then the result. */
static void test_W48_user_inside(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "juliet/phone: join Phone\n"
             "  join Phone(juliet@example.org/phone none/visitor)\n"
             "  subject to=juliet/phone\n"
             "romeo: set id=a1 affiliation=member jid=juliet@example.org reason=fair\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member reason=fair\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r reason=fair\n"
             "  update Phone(juliet@example.org/phone member/participant) actor=Romeo,romeo@example.org/r reason=fair\n"
             "  reply romeo result id=a1\n"
             "romeo: set affiliation=admin jid=juliet@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=admin\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r admin/moderator) actor=Romeo,romeo@example.org/r\n"
             "  update Phone(juliet@example.org/phone admin/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 5 by=romeo@example.org state juliet@example.org=none\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  update Phone(juliet@example.org/phone none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n");
}

static void test_W48_moderator_by_role_stays_one_on_a_gain(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set nick=Juliet role=moderator\n"
             "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member jid=juliet@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=none\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n");
}

static void test_W49_user_not_inside(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=member jid=juliet@example.org reason=fair\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member reason=fair\n"
             "ok\n"
             "  notice moderators juliet@example.org=member reason=fair\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=none\n"
             "ok\n"
             "  notice moderators juliet@example.org=none\n"
             "  reply romeo result\n"
             "romeo: set affiliation=outcast jid=juliet@example.org\n"
             "  persist affiliations 5 by=romeo@example.org state juliet@example.org=outcast\n"
             "ok\n"
             "  notice moderators 301 juliet@example.org=outcast\n"
             "  reply romeo result\n"
             "romeo: submit membersonly=1 whois=anyone\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  facts anyone broadcast=1c\n"
             "  reply romeo result\n"
             "  status 104,172\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 7 by=romeo@example.org state juliet@example.org=none\n"
             "ok\n"
             "  notice all juliet@example.org=none\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member jid=juliet@example.org\n"
             "  persist affiliations 8 by=romeo@example.org state juliet@example.org=member\n"
             "ok\n"
             "  notice all juliet@example.org=member\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 9 by=romeo@example.org state juliet@example.org=none\n"
             "ok\n"
             "  notice all 321 juliet@example.org=none\n"
             "  reply romeo result\n");
}

/* Every session of the bare JID; the reserved nick is dropped. */
static void test_W51_ban(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "juliet/phone: join Phone\n"
             "  join Phone(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "romeo: set affiliation=member jid=juliet@example.org nick=Juliet\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nick=Juliet\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  update Phone(juliet@example.org/phone member/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=outcast jid=juliet@example.org/phone reason=Treason\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=outcast reason=Treason\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r outcast/none) 301 actor=Romeo,romeo@example.org/r reason=Treason\n"
             "  leave Phone(juliet@example.org/phone outcast/none) 301 actor=Romeo,romeo@example.org/r reason=Treason\n"
             "  reply romeo result\n"
             "juliet: join Juliet\n"
             "  reply juliet presence error forbidden/auth from=Juliet\n"
             "paris: join Juliet\n"
             "  join Juliet(paris@example.org/r none/participant)\n"
             "  subject to=paris\n");
}

/* But not of those there who have an affiliation of their own. */
static void test_W51_ban_of_a_domain(void **state)
{
    (void)state;
    trace_in("",
             "iago#evil.org: join Iago\n"
             "  join Iago(iago@evil.org/r none/participant)\n"
             "  subject to=iago#evil.org\n"
             "emilia#evil.org: join Emilia\n"
             "  join Emilia(emilia@evil.org/r none/participant)\n"
             "  subject to=emilia#evil.org\n"
             "romeo: set affiliation=member jid=emilia@evil.org\n"
             "  persist affiliations 3 by=romeo@example.org state emilia@evil.org=member\n"
             "ok\n"
             "  update Emilia(emilia@evil.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=outcast jid=evil.org\n"
             "  persist affiliations 4 by=romeo@example.org state evil.org=outcast\n"
             "ok\n"
             "  leave Iago(iago@evil.org/r outcast/none) 301 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "iago#evil.org: join Iago\n"
             "  reply iago#evil.org presence error forbidden/auth from=Iago\n"
             "romeo: set affiliation=none jid=emilia@evil.org\n"
             "  persist affiliations 5 by=romeo@example.org state emilia@evil.org=none\n"
             "ok\n"
             "  leave Emilia(emilia@evil.org/r outcast/none) 301 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none jid=evil.org\n"
             "  persist affiliations 6 by=romeo@example.org state evil.org=none\n"
             "ok\n"
             "  notice moderators evil.org=none\n"
             "  reply romeo result\n"
             "iago#evil.org: join Iago\n"
             "  join Iago(iago@evil.org/r none/participant)\n"
             "  subject to=iago#evil.org\n");
}

/* The actor may be outside: then he has no nick. */
static void test_W52_loss_in_a_members_only_room(void **state)
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
             "romeo/phone: set affiliation=none jid=juliet@example.org reason=out\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=none reason=out\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r none/none) 321 actor=,romeo@example.org/phone reason=out\n"
             "  reply romeo/phone result\n"
             "juliet: join Juliet\n"
             "  reply juliet presence error registration-required/auth from=Juliet\n");
}

static void test_W44_lacks_the_privilege(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "adam: join Adam\n"
             "  join Adam(adam@example.org/r admin/moderator)\n"
             "  subject to=adam\n"
             "juliet: set affiliation=outcast jid=paris@example.org\n"
             "  reply juliet error forbidden/auth\n"
             "stranger: set affiliation=member jid=paris@example.org\n"
             "  reply stranger error forbidden/auth\n"
             "adam: set affiliation=admin jid=juliet@example.org\n"
             "  reply adam error forbidden/auth\n"
             "adam: set affiliation=owner jid=adam@example.org\n"
             "  reply adam error forbidden/auth\n"
             "adam: set affiliation=admin nick=Nobody\n"
             "  reply adam error forbidden/auth\n"
             "adam: set affiliation=member nick=Nobody\n"
             "  reply adam error item-not-found/cancel\n"
             "adam: set affiliation=none jid=romeo@example.org\n"
             "  reply adam error forbidden/auth\n"
             "adam: set affiliation=member jid=romeo@example.org\n"
             "  reply adam error forbidden/auth\n");
}

static void test_W44_target_ranks_too_high(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org|eve@example.org",
             "adam: set affiliation=outcast jid=romeo@example.org\n"
             "  reply adam error not-allowed/cancel\n"
             "adam: set affiliation=outcast jid=eve@example.org\n"
             "  reply adam error not-allowed/cancel\n");
}

static void test_W44_to_oneself_or_the_last(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org",
             "adam: set affiliation=outcast jid=adam@example.org\n"
             "  reply adam error conflict/cancel\n"
             "romeo: set affiliation=outcast jid=romeo@example.org\n"
             "  reply romeo error conflict/cancel\n"
             "romeo: set affiliation=admin jid=romeo@example.org\n"
             "  reply romeo error conflict/cancel\n"
             "romeo: set affiliation=admin jid=romeo@example.org ; affiliation=owner jid=adam@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state romeo@example.org=admin adam@example.org=owner\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r admin/moderator) actor=Romeo,romeo@example.org/r\n"
             "  notice moderators adam@example.org=owner\n"
             "  reply romeo result\n"
             "romeo: set affiliation=outcast jid=romeo@example.org\n"
             "  reply romeo error conflict/cancel\n"
             "adam: set affiliation=outcast jid=adam@example.org\n"
             "  reply adam error conflict/cancel\n");
}

/* Deltas; all or nothing; each with its own presence or message; one result. */
static void test_W46_several_items(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set affiliation=member jid=juliet@example.org ; affiliation=outcast jid=romeo@example.org\n"
             "  reply romeo error conflict/cancel\n"
             "romeo: set affiliation=admin jid=juliet@example.org ; nick=Juliet role=participant\n"
             "  reply romeo error not-allowed/cancel\n"
             "romeo: get affiliation=member\n"
             "  reply romeo items\n"
             "romeo: set affiliation=member jid=juliet@example.org ; nick=Juliet role=moderator ; affiliation=outcast jid=paris@example.org ; affiliation=none jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member paris@example.org=none\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  update Juliet(juliet@example.org/r member/moderator) actor=Romeo,romeo@example.org/r\n"
             "  notice moderators 301 paris@example.org=outcast\n"
             "  notice moderators paris@example.org=none\n"
             "  reply romeo result\n"
             "romeo: set affiliation=admin jid=juliet@example.org ; nick=Juliet role=visitor\n"
             "  reply romeo error not-allowed/cancel\n"
             "romeo: set nick=Juliet role=none ; affiliation=admin jid=juliet@example.org ; nick=Juliet role=visitor\n"
             "  reply romeo error not-allowed/cancel\n"
             "romeo: set nick=Juliet role=none ; affiliation=admin jid=juliet@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=admin\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r member/none) 307 actor=Romeo,romeo@example.org/r\n"
             "  notice moderators juliet@example.org=admin\n"
             "  reply romeo result\n");
}

static void test_W4_not_stored_no_effect(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set id=f1 affiliation=outcast jid=juliet@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=outcast\n"
             "held juliet: say quick\n"
             "held juliet: leave\n"
             "fail resource-constraint\n"
             "  reply romeo error resource-constraint/wait id=f1\n"
             "romeo: get affiliation=outcast\n"
             "  reply romeo items\n"
             "romeo: set affiliation=outcast jid=juliet@example.org\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=outcast\n"
             "fail\n"
             "  reply romeo error internal-server-error/cancel\n");
}

static void test_W47_affiliation_by_nick(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set affiliation=member nick=Juliet\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member nick=Tybalt\n"
             "  reply romeo error item-not-found/cancel\n"
             "romeo: set affiliation=member jid=paris@example.org/castle\n"
             "  persist affiliations 4 by=romeo@example.org state paris@example.org=member\n"
             "ok\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n");
}

static void test_W53_reasons_are_stored(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=member jid=juliet@example.org reason='fair maid'\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member reason='fair maid'\n"
             "ok\n"
             "  notice moderators juliet@example.org=member reason='fair maid'\n"
             "  reply romeo result\n"
             "romeo: get affiliation=member\n"
             "  reply romeo items member jid=juliet@example.org reason='fair maid'\n"
             "romeo: set affiliation=member jid=juliet@example.org nick=Juliet\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=member nick=Juliet reason='fair maid'\n"
             "ok\n"
             "  notice moderators juliet@example.org=member\n"
             "  reply romeo result\n"
             "romeo: set affiliation=admin jid=juliet@example.org\n"
             "  persist affiliations 5 by=romeo@example.org state juliet@example.org=admin nick=Juliet\n"
             "ok\n"
             "  notice moderators juliet@example.org=admin\n"
             "  reply romeo result\n"
             "romeo: get affiliation=admin\n"
             "  reply romeo items admin jid=juliet@example.org nick=Juliet\n");
}

/* W44: an eviction is a kick, so an owner is none for an admin. */
static void test_W54_whom_a_nick_is_taken_from(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org|eve@example.org",
             "eve: join Eve\n"
             "  join Eve(eve@example.org/r admin/moderator)\n"
             "  subject to=eve\n"
             "adam: set affiliation=member jid=juliet@example.org nick=Romeo\n"
             "  reply adam error not-allowed/cancel\n"
             "adam: set affiliation=member jid=juliet@example.org nick=Eve\n"
             "  persist affiliations 3 by=adam@example.org state juliet@example.org=member nick=Eve\n"
             "ok\n"
             "  leave Eve(eve@example.org/r admin/none) 307 reason='This nickname is reserved'\n"
             "  notice moderators juliet@example.org=member\n"
             "  reply adam result\n");
}

/* Whoever else has it goes first, without actor. */
static void test_W54_reserving_a_nick(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "romeo: set affiliation=member jid=juliet@example.org nick=Paris\n"
             "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nick=Paris\n"
             "ok\n"
             "  leave Paris(paris@example.org/r none/none) 307 reason='This nickname is reserved'\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member jid=paris@example.org nick=Paris\n"
             "  reply romeo error conflict/cancel\n"
             "paris: join Paris\n"
             "  reply paris presence error conflict/cancel from=Paris\n"
             "romeo: set affiliation=member jid=juliet@example.org nick=\n"
             "  persist affiliations 4 by=romeo@example.org state juliet@example.org=member\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "romeo: set affiliation=owner jid=romeo@example.org nick=Romeo\n"
             "  persist affiliations 5 by=romeo@example.org state romeo@example.org=owner nick=Romeo\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member jid=a@example.org nick=X ; affiliation=member jid=b@example.org nick=X\n"
             "  reply romeo error conflict/cancel\n"
             "romeo: set affiliation=member jid=a@example.org nick=X ; affiliation=member jid=a@example.org nick= ; affiliation=member jid=b@example.org nick=X\n"
             "  persist affiliations 6 by=romeo@example.org state a@example.org=member b@example.org=member nick=X\n"
             "ok\n"
             "  notice moderators a@example.org=member\n"
             "  notice moderators a@example.org=member\n"
             "  notice moderators b@example.org=member\n"
             "  reply romeo result\n"
             "romeo: set affiliation=member jid=a@example.org nick=' '\n"
             "  reply romeo error jid-malformed/modify\n");
}

static void test_W55_lists_semi_anonymous(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org getmemberlist=visitor",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: set affiliation=member jid=mercutio@example.org nick=Merc ; affiliation=outcast jid=iago@example.org reason=lies\n"
             "  persist affiliations 3 by=romeo@example.org state mercutio@example.org=member nick=Merc iago@example.org=outcast reason=lies\n"
             "ok\n"
             "  notice moderators mercutio@example.org=member\n"
             "  notice moderators 301 iago@example.org=outcast reason=lies\n"
             "  reply romeo result\n"
             "romeo: get affiliation=owner\n"
             "  reply romeo items owner jid=romeo@example.org\n"
             "romeo: get affiliation=admin\n"
             "  reply romeo items admin jid=adam@example.org\n"
             "adam: get affiliation=admin\n"
             "  reply adam error forbidden/auth\n"
             "adam: get affiliation=member\n"
             "  reply adam items member jid=mercutio@example.org nick=Merc\n"
             "adam: get affiliation=outcast\n"
             "  reply adam items outcast jid=iago@example.org reason=lies\n"
             "mercutio: get affiliation=member\n"
             "  reply mercutio error forbidden/auth\n"
             "juliet: get affiliation=member\n"
             "  reply juliet error forbidden/auth\n"
             "romeo: set nick=Juliet role=visitor\n"
             "  update Juliet(juliet@example.org/r none/visitor) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: get affiliation=member\n"
             "  reply juliet items member jid=mercutio@example.org nick=Merc\n"
             "juliet: get affiliation=owner\n"
             "  reply juliet error forbidden/auth\n"
             "stranger: get affiliation=member\n"
             "  reply stranger error forbidden/auth\n");
}

static void test_W55_lists_non_anonymous(void **state)
{
    (void)state;
    trace_in("whois=anyone roomadmins=adam@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant) self=100\n"
             "  subject to=juliet\n"
             "juliet: get affiliation=owner\n"
             "  reply juliet items owner jid=romeo@example.org\n"
             "juliet: get affiliation=admin\n"
             "  reply juliet items admin jid=adam@example.org\n"
             "juliet: get affiliation=member\n"
             "  reply juliet items\n"
             "juliet: get affiliation=outcast\n"
             "  reply juliet error forbidden/auth\n"
             "adam: get affiliation=owner\n"
             "  reply adam items owner jid=romeo@example.org\n"
             "stranger: get affiliation=owner\n"
             "  reply stranger error forbidden/auth\n"
             "stranger: get affiliation=member\n"
             "  reply stranger error forbidden/auth\n"
             "romeo: set affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state paris@example.org=member\n"
             "ok\n"
             "  notice all paris@example.org=member\n"
             "  reply romeo result\n"
             "paris: get affiliation=member\n"
             "  reply paris items member jid=paris@example.org\n"
             "paris: get affiliation=owner\n"
             "  reply paris items owner jid=romeo@example.org\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W48_user_inside),
        cmocka_unit_test(test_W48_moderator_by_role_stays_one_on_a_gain),
        cmocka_unit_test(test_W49_user_not_inside),
        cmocka_unit_test(test_W51_ban),
        cmocka_unit_test(test_W51_ban_of_a_domain),
        cmocka_unit_test(test_W52_loss_in_a_members_only_room),
        cmocka_unit_test(test_W44_lacks_the_privilege),
        cmocka_unit_test(test_W44_target_ranks_too_high),
        cmocka_unit_test(test_W44_to_oneself_or_the_last),
        cmocka_unit_test(test_W46_several_items),
        cmocka_unit_test(test_W4_not_stored_no_effect),
        cmocka_unit_test(test_W47_affiliation_by_nick),
        cmocka_unit_test(test_W53_reasons_are_stored),
        cmocka_unit_test(test_W54_reserving_a_nick),
        cmocka_unit_test(test_W54_whom_a_nick_is_taken_from),
        cmocka_unit_test(test_W55_lists_semi_anonymous),
        cmocka_unit_test(test_W55_lists_non_anonymous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
