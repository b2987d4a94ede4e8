/* test_voice.c: asking for voice and giving it on request (XEP-0045 §7.13, §8.6). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JULIET_VISITS                                                                              \
    "juliet: join Juliet\n"                                                                        \
    "  join Juliet(juliet@example.org/r none/visitor)\n"                                           \
    "  subject to=juliet\n"

/* S7.13-voice-request, S8.6-approve */
static void test_asked_and_given(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             JULIET_VISITS
             "juliet: voice id=v1\n"
             "  voice nick=Juliet jid=juliet@example.org/r\n"
             "romeo: approve Juliet jid=juliet@example.org/r id=v2\n"
             "  update Juliet(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r\n"
             "romeo: approve Juliet jid=juliet@example.org/r id=v3\n"
             "juliet: voice id=v4\n"
             "  reply juliet message error not-allowed/cancel text='You have voice' id=v4\n");
}

/* S7.13-voice-request: who may ask, what for, and where. */
static void test_asking_refused(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: voice id=v\n"
             "  reply juliet message error not-acceptable/cancel id=v\n"
             JULIET_VISITS
             "juliet: voice role=moderator id=v\n"
             "  reply juliet message error bad-request/modify id=v\n"
             "juliet: voice role=odd id=v\n"
             "  reply juliet message error bad-request/modify id=v\n"
             "romeo: voice id=v\n"
             "  reply romeo message error not-allowed/cancel text='You have voice' id=v\n"
             "romeo: leave\n"
             "  leave Romeo(romeo@example.org/r owner/none)\n"
             "juliet: voice id=v\n"
             "  reply juliet message error recipient-unavailable/wait text='No moderator is here' id=v\n");
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: voice id=v\n"
             "  reply juliet message error service-unavailable/cancel id=v\n");
}

/* S7.13-voice-request: not every second. Refusals do not count. */
static void test_asking_again(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.voice_interval_ms = 60000;
    trace_room(&t, "moderatedroom=1");
    trace_run(&t, JULIET_VISITS
                  "juliet: voice role=visitor\n"
                  "  reply juliet message error bad-request/modify\n"
                  "juliet: voice\n"
                  "  voice nick=Juliet jid=juliet@example.org/r\n"
                  "wait 59999\n"
                  "juliet: voice id=v\n"
                  "  reply juliet message error resource-constraint/wait text='You asked for voice a moment ago' id=v\n"
                  /* leaving does not help */
                  "juliet: leave\n"
                  "  leave Juliet(juliet@example.org/r none/none)\n"
                  JULIET_VISITS
                  "juliet: voice id=v\n"
                  "  reply juliet message error resource-constraint/wait text='You asked for voice a moment ago' id=v\n"
                  "wait 1\n"
                  "juliet: voice\n"
                  "  voice nick=Juliet jid=juliet@example.org/r\n");
    trace_deinit(&t);
}

/* S8.6-approve: what a moderator may get wrong, and who is none. */
static void test_answers(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             JULIET_VISITS
             "nurse: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/visitor)\n"
             "  subject to=nurse\n"
             "juliet: approve Juliet id=a\n"
             "  reply juliet message error forbidden/auth id=a\n"
             "nurse: approve Juliet id=a\n"
             "  reply nurse message error forbidden/auth id=a\n"
             "iago: approve Juliet id=a\n"
             "  reply iago message error not-acceptable/cancel id=a\n"
             "romeo: approve Juliet deny\n"
             "romeo: approve Tybalt id=a\n"
             "  reply romeo message error item-not-found/cancel id=a\n"
             "romeo: approve Juliet role=moderator id=a\n"
             "  reply romeo message error bad-request/modify id=a\n"
             "juliet: say hey id=m\n"
             "  reply juliet message error forbidden/auth id=m\n");
}

/* S8.6-approve: the nick has another holder now, the asker another nick: he is meant, not the other. */
static void test_answer_after_nick_change(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             JULIET_VISITS
             "juliet: voice\n"
             "  voice nick=Juliet jid=juliet@example.org/r\n"
             "juliet: presence Julia\n"
             "  nick Juliet -> Julia(juliet@example.org/r none/visitor) 303\n"
             "iago: join Juliet\n"
             "  join Juliet(iago@example.org/r none/visitor)\n"
             "  subject to=iago\n"
             "romeo: approve Juliet jid=juliet@example.org/r\n"
             "  update Julia(juliet@example.org/r none/participant) actor=Romeo,romeo@example.org/r\n"
             "romeo: approve Nobody jid=tybalt@example.org/r\n"
             "  reply romeo message error item-not-found/cancel\n");
}

static void test_W16_no_room(void **state)
{
    (void)state;
    trace_once("romeo: voice id=v\n"
               "  reply romeo message error item-not-found/cancel id=v\n"
               "  gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_and_given),    cmocka_unit_test(test_asking_refused),
        cmocka_unit_test(test_asking_again),       cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answer_after_nick_change), cmocka_unit_test(test_W16_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
