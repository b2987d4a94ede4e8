/* test_create.c: making rooms, the lock, and their end (XEP-0045 §10.1; W15 to W20). */
/* clang-format off */
#include "room/lib_trace.h"
#include "room/other_defaults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_W15_first_stanza(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo payload=<show>chat</show>\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator <show>chat</show>) self=201\n"
               "  subject to=romeo\n");
}

/* S7.10-no-room */
static void test_W16_message_and_iq_to_no_room(void **state)
{
    (void)state;
    trace_once("romeo: say hello id=m1\n"
               "  reply romeo message error item-not-found/cancel id=m1\n"
               "  gone\n"
               "romeo: pm Juliet hello\n"
               "  reply romeo message error item-not-found/cancel from=Juliet\n"
               "  gone\n"
               "romeo: config id=q1\n"
               "  reply romeo error item-not-found/cancel id=q1\n"
               "  gone\n"
               "romeo: unregister\n"
               "  reply romeo error item-not-found/cancel\n"
               "  gone\n"
               "romeo: disco\n"
               "  reply romeo error item-not-found/cancel\n"
               "  gone\n"
               "romeo: ping\n"
               "  reply romeo error item-not-found/cancel\n"
               "  gone\n"
               "romeo: ping Romeo\n"
               "  reply romeo error not-acceptable/cancel from=Romeo\n"
               "  gone\n"
               "romeo: refuse iq bad-request\n"
               "  reply romeo error bad-request/modify\n"
               "  gone\n"
               "romeo: leave\n"
               "  gone\n"
               "romeo: error gone\n"
               "  gone\n"
               "gateway 1 lost\n"
               "  gone\n"
               "tick 10\n"
               "  gone\n");
}

static void test_W16_bad_nick_creates_nothing(void **state)
{
    (void)state;
    trace_once("romeo: join\n"
               "  reply romeo presence error jid-malformed/modify\n"
               "  gone\n"
               "romeo: join ' '\n"
               "  reply romeo presence error not-allowed/modify from=' '\n"
               "  gone\n"
               "romeo: join Romeo strict=no\n"
               "  reply romeo presence error jid-malformed/modify text='Nickname must pass strict validation' from=Romeo\n"
               "  gone\n");
}

static void test_W16_creation_denied(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    const struct str admins[] = {STR("nurse@example.org")};
    t.service.create_by_admins_only = true;
    t.service.admins = admins;
    t.service.n_admins = 1;
    trace_run(&t, "romeo: join Romeo id=j1\n"
                  "  reply romeo presence error not-allowed/cancel from=Romeo id=j1\n"
                  "  gone\n"
                  "nurse: join Nurse\n"
                  "  persist create 1 by=nurse@example.org state locked nurse@example.org=owner\n"
                  "ok\n"
                  "  join Nurse(nurse@example.org/r owner/moderator) self=201\n"
                  "  subject to=nurse\n");
    trace_deinit(&t);
}

/* The room never came to be; the next try starts anew. */
static void test_W16_creation_not_stored(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo id=j1\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "held juliet: join Juliet\n"
               "fail resource-constraint\n"
               "  reply romeo presence error resource-constraint/wait from=Romeo id=j1\n"
               "  gone\n"
               "juliet: join Juliet\n"
               "  persist create 1 by=juliet@example.org state locked juliet@example.org=owner\n");
}

/* In a service with the other defaults (README.md, Settings): 100 and 170 from the first stanza on, the accepted form
 * admits members only, lists are open to all inside, who is not there is shown, and the room outlives its visitors. */
static void test_W15_W17_other_defaults(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.defaults = other_config(&t.service.defaults);
    t.service.defaults.secret = STR_NULL;
    trace_run(&t,                   "romeo: join Romeo\n"
                  "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
                  "ok\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201,100,170\n"
                  "  subject to=romeo\n"
                  "romeo: config\n"
                  "  reply romeo config name='Another name' desc='Another description' lang=it persistent members moderated subject logging invites anyone hide no-registration history=1 pm=3 max=7 broadcast=2 list=1c slow=60 owners=romeo@example.org\n"
                  "romeo: submit id=c1\n"
                  "  persist config 2 by=romeo@example.org state\n"
                  "ok\n"
                  "  reply romeo result id=c1\n"
                  "juliet: join Juliet\n"
                  "  reply juliet presence error registration-required/auth from=Juliet\n"
                  "romeo: set affiliation=member jid=juliet@example.org\n"
                  "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
                  "ok\n"
                  "  notice all juliet@example.org=member\n"
                  "  reply romeo result\n"
                  "nurse: join Nurse\n"
                  "  reply nurse presence error registration-required/auth from=Nurse\n"
                  "romeo/phone: join Romeo\n"
                  "  show to=romeo/phone absent (juliet@example.org member/none)\n"
                  "  join Romeo(romeo@example.org/phone owner/moderator) self=100,170\n"
                  "  subject to=romeo/phone\n"
                  "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r member/participant) self=100,170\n"
                  "  subject to=juliet\n"
                  "juliet: say hey id=m\n"
                  "  persist message 4 by=juliet@example.org Juliet hey 0-4 id=m history\n"
                  "ok\n"
                  "  message Juliet hey 7-4 id=m\n"
                  "juliet: get affiliation=member\n"
                  "  reply juliet items member jid=juliet@example.org\n"
                  "juliet: disco\n"
                  "  reply juliet info name='Another name' occupants=2 contacts=romeo@example.org history=1 no-registration\n"
                  "juliet: register\n"
                  "  reply juliet error service-unavailable/cancel\n"
                  "romeo: leave\n"
                  "  leave Romeo(romeo@example.org/r owner/none)\n"
                  "romeo/phone: leave\n"
                  "  leave Romeo(romeo@example.org/phone owner/none)\n"
                  "juliet: leave\n"
                  "  leave Juliet(juliet@example.org/r member/none)\n");
    trace_deinit(&t);
}

static void test_W17_locked_for_others(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "juliet: join Juliet\n"
               "  reply juliet presence error item-not-found/cancel from=Juliet\n"
               "romeo: set affiliation=member jid=juliet@example.org\n"
               "  persist affiliations 2 by=romeo@example.org state locked juliet@example.org=member\n"
               "ok\n"
               "  notice moderators juliet@example.org=member\n"
               "  reply romeo result\n"
               "juliet: join Juliet\n"
               "  reply juliet presence error item-not-found/cancel from=Juliet\n"
               "romeo: get affiliation=member\n"
               "  reply romeo items member jid=juliet@example.org\n"
               "romeo/phone: join Romeo\n"
               "  join Romeo(romeo@example.org/phone owner/moderator)\n"
               "  subject to=romeo/phone\n");
}

static void test_W17_lock_ends(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "tick 299999\n"
               "tick 1\n"
               "  persist config 2 state\n"
               "held romeo: say early\n"
               "fail resource-constraint\n"
               "tick 4999\n"
               "tick 1\n"
               "  persist config 3 state\n"
               "ok\n"
               "juliet: join Juliet\n"
               "  join Juliet(juliet@example.org/r none/participant)\n"
               "  subject to=juliet\n"
               "tick 300000\n");
}

static void test_W17_no_lock_by_configuration(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.lock_new_rooms = false;
    trace_run(&t, "romeo: join Romeo\n"
                  "  persist create 1 by=romeo@example.org state romeo@example.org=owner\n"
                  "ok\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
                  "  subject to=romeo\n"
                  "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n");
    trace_deinit(&t);
}

static void test_W18_any_submit_unlocks(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "romeo: submit id=c1\n"
               "  persist config 2 by=romeo@example.org state\n"
               "ok\n"
               "  reply romeo result id=c1\n"
               "juliet: join Juliet\n"
               "  join Juliet(juliet@example.org/r none/participant)\n"
               "  subject to=juliet\n"
               "romeo: submit id=c2\n"
               "  reply romeo result id=c2\n");
}

static void test_W19_cancel_destroys(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "romeo: cancel id=c1\n"
               "  persist destroy 2 by=romeo@example.org\n"
               "ok\n"
               "  destroyed\n"
               "  reply romeo result id=c1\n"
               "  gone\n");
}

static void test_W19_later_cancel_is_nothing(void **state)
{
    (void)state;
    trace_in("",
             "romeo: cancel id=c1\n"
             "  reply romeo result id=c1\n"
             "juliet: cancel\n"
             "  reply juliet error forbidden/auth\n");
}

/* As fast as he can, and with a persistent room as well. */
static void test_W20_creator_leaves_locked_room(void **state)
{
    (void)state;
    trace_once("romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "held romeo: leave\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "romeo: leave\n"
               "  leave Romeo(romeo@example.org/r owner/none)\n"
               "  persist destroy 2\n"
               "held romeo: join Romeo\n"
               "ok\n"
               "  gone\n"
               "romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
               "ok\n"
               "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
               "  subject to=romeo\n"
               "gateway 1 lost\n"
               "  leave Romeo(romeo@example.org/r owner/none) 333\n"
               "  persist destroy 2\n"
               "fail\n"
               "  gone\n"
               "romeo: join Romeo\n"
               "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n");
}

static void test_W20_persistent_default(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.defaults.persistent = true;
    trace_run(&t, "romeo: join Romeo\n"
                  "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
                  "ok\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
                  "  subject to=romeo\n"
                  "romeo: leave\n"
                  "  leave Romeo(romeo@example.org/r owner/none)\n"
                  "  persist destroy 2\n"
                  "ok\n"
                  "  gone\n");
    trace_deinit(&t);
}

/* S-field-persistentroom */
static void test_W37_persistent_room_stays(void **state)
{
    (void)state;
    trace_in("persistentroom=1",
             "romeo: leave\n"
             "  leave Romeo(romeo@example.org/r owner/none)\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W15_first_stanza),
        cmocka_unit_test(test_W15_W17_other_defaults),
        cmocka_unit_test(test_W16_message_and_iq_to_no_room),
        cmocka_unit_test(test_W16_bad_nick_creates_nothing),
        cmocka_unit_test(test_W16_creation_denied),
        cmocka_unit_test(test_W16_creation_not_stored),
        cmocka_unit_test(test_W17_locked_for_others),
        cmocka_unit_test(test_W17_lock_ends),
        cmocka_unit_test(test_W17_no_lock_by_configuration),
        cmocka_unit_test(test_W18_any_submit_unlocks),
        cmocka_unit_test(test_W19_cancel_destroys),
        cmocka_unit_test(test_W19_later_cancel_is_nothing),
        cmocka_unit_test(test_W20_creator_leaves_locked_room),
        cmocka_unit_test(test_W20_persistent_default),
        cmocka_unit_test(test_W37_persistent_room_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
