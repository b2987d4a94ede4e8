/* test_relay.c: an iq from occupant to occupant and back (XEP-0045 §6.6, §17.4; W35, W79).
 */
/* clang-format off */
#include "base/limits.h"
#include "room/lib_trace.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JULIET_JOINS                                                                               \
    "juliet: join Juliet\n"                                                                        \
    "  join Juliet(juliet@example.org/r none/participant)\n"                                       \
    "  subject to=juliet\n"

/* S17.4-iq-relay, S17.4-outsider */
static void test_W35_there_and_back(void **state)
{
    (void)state;
    trace_in("",
             JULIET_JOINS
             "juliet: iq Romeo id=q1 payload=version\n"
             "  relay romeo get from=Juliet ticket=1 payload=version\n"
             "romeo: answer 1 payload=Verona to=Juliet\n"
             "  relay juliet result from=Romeo id=q1 payload=Verona\n"
             "romeo: iq Juliet id=q1 set payload=time\n"
             "  relay juliet set from=Romeo ticket=2 payload=time\n"
             "juliet: answer 2 error payload=no to=Romeo\n"
             "  relay romeo error from=Juliet id=q1 payload=no\n"
             "juliet: disco Romeo\n"
             "  relay romeo get from=Juliet ticket=3\n"
             "romeo: answer 3\n"
             "  relay juliet result from=Romeo\n");
}

/* S17.4-outsider: disco from outside is bad-request, the rest not-acceptable; the same for nicks that exist and
 * nicks that do not. */
static void test_W35_refused(void **state)
{
    (void)state;
    trace_in("",
             "juliet: disco Romeo id=q1\n"
             "  reply juliet error bad-request/modify from=Romeo id=q1\n"
             "juliet: items Tybalt\n"
             "  reply juliet error bad-request/modify from=Tybalt\n"
             "juliet: iq Romeo\n"
             "  reply juliet error not-acceptable/cancel from=Romeo\n"
             "juliet: iq Tybalt\n"
             "  reply juliet error not-acceptable/cancel from=Tybalt\n"
             "juliet: ping Romeo\n"
             "  reply juliet error not-acceptable/cancel from=Romeo\n"
             "romeo: iq Tybalt id=q2\n"
             "  reply romeo error item-not-found/cancel from=Tybalt id=q2\n");
}

/* S17.4-iq-relay: two askers, two gateways, one id: each has his own answer, in whatever order. */
static void test_W35_ids_do_not_collide(void **state)
{
    (void)state;
    trace_in("",
             JULIET_JOINS
             "nurse@2: join Nurse\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  subject to=nurse@2\n"
             "juliet: iq Romeo id=x\n"
             "  relay romeo get from=Juliet ticket=1\n"
             "nurse@2: iq Romeo id=x\n"
             "  relay romeo get from=Nurse ticket=2\n"
             "romeo: answer 2 payload=second\n"
             "  relay nurse@2 result from=Romeo id=x payload=second\n"
             "romeo: answer 1 payload=first\n"
             "  relay juliet result from=Romeo id=x payload=first\n");
}

/* S17.4-iq-relay: to one session, the newest; another session of the same user may answer for him, nobody else. */
static void test_W35_one_session_and_nobody_else(void **state)
{
    (void)state;
    trace_in("",
             JULIET_JOINS
             "romeo/phone@2: join Romeo\n"
             "  join Romeo(romeo@example.org/phone owner/moderator)\n"
             "  subject to=romeo/phone@2\n"
             "juliet: iq Romeo id=x\n"
             "  relay romeo/phone@2 get from=Juliet ticket=1\n"
             "juliet: answer 1\n"
             "iago: answer 1\n"
             "romeo: answer x1\n"
             "romeo: answer AAAA\n"
             "romeo: answer ''\n"
             "romeo/phone@2: answer 1 payload=a\n"
             "  relay juliet result from=Romeo id=x payload=a\n");
}

/* Every byte of a ticket counts: a changed one is nobody's. */
static void test_W35_forged(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    trace_run(&t, JULIET_JOINS
                  "juliet: iq Romeo id=x\n"
                  "  relay romeo get from=Juliet ticket=1\n");
    char *p = (char *)(uintptr_t)t.tickets[0].p;
    for (size_t i = 0; i + 1 < t.tickets[0].n; i++) { /* the last digit has bits that say nothing */
        char was = p[i];
        p[i] = was == 'A' ? 'B' : 'A';
        trace_run(&t, "romeo: answer 1\n");
        p[i] = was;
    }
    trace_run(&t, "romeo: answer 1\n"
                  "  relay juliet result from=Romeo id=x\n");
    assert_null(memchr(t.tickets[0].p, '@', t.tickets[0].n));
    trace_deinit(&t);
}

/* An asker who left, left and came back, or asked too long ago: the answer is dropped. Who changed his nick
 * meanwhile is the same; and the answer comes from where it was asked. */
static void test_W35_late_answers(void **state)
{
    (void)state;
    trace_in("",
             JULIET_JOINS
             "juliet: iq Romeo id=x\n"
             "  relay romeo get from=Juliet ticket=1\n"
             "juliet: presence Julia\n"
             "  nick Juliet -> Julia(juliet@example.org/r none/participant) 303\n"
             "romeo: presence Montague\n"
             "  nick Romeo -> Montague(romeo@example.org/r owner/moderator) 303\n"
             "romeo: answer 1 payload=a\n"
             "  relay juliet result from=Romeo id=x payload=a\n"
             "wait 600000\n"
             "romeo: answer 1 payload=b\n"
             "  relay juliet result from=Romeo id=x payload=b\n"
             "wait 1\n"
             "romeo: answer 1 payload=c\n"
             "juliet: iq Montague id=y\n"
             "  relay romeo get from=Julia ticket=2\n"
             "juliet: leave\n"
             "  leave Julia(juliet@example.org/r none/none)\n"
             "romeo: answer 2\n"
             JULIET_JOINS
             "romeo: answer 2\n");
}

/* S17.4-bare-jid: what is asked of the account says so; the answer is the same. */
static void test_W35_account(void **state)
{
    (void)state;
    trace_in("",
             JULIET_JOINS
             "juliet: iq Romeo id=v account payload=vcard\n"
             "  relay romeo get account from=Juliet ticket=1 payload=vcard\n"
             "romeo: answer 1 error payload=none\n"
             "  relay juliet error from=Romeo id=v payload=none\n");
}

/* Ids up to their limit are carried with the longest nick; no ticket is longer than a ticket may be. */
static void test_W35_long_ids(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    char id[LIMIT_ID + 1], line[4096], nick[4 * LIMIT_NICK_CHARS + 1];
    memset(id, 'i', LIMIT_ID);
    id[LIMIT_ID] = '\0';
    for (int i = 0; i < LIMIT_NICK_CHARS; i++)
        memcpy(nick + 4 * i, "\xF0\x90\x8C\xB0", 4);
    nick[4 * LIMIT_NICK_CHARS] = '\0';
    snprintf(line, sizeof line,
             "juliet: join %s\n  join %s(juliet@example.org/r none/participant)\n  subject to=juliet\n", nick,
             nick);
    trace_run(&t, line);
    snprintf(line, sizeof line, "romeo: iq %s id=%s\n  relay juliet get from=Romeo ticket=1\n", nick, id);
    trace_run(&t, line);
    assert_true(t.tickets[0].n <= LIMIT_TICKET);
    snprintf(line, sizeof line, "juliet: answer 1\n  relay romeo result from=%s id=%s\n", nick, id);
    trace_run(&t, line);
    trace_deinit(&t);
}

/* X0410-self-ping: the room answers, also when several sessions share the nick and another would be asked. */
static void test_W79_self_ping_with_several_sessions(void **state)
{
    (void)state;
    trace_in("",
             "romeo/phone@2: join Romeo\n"
             "  join Romeo(romeo@example.org/phone owner/moderator)\n"
             "  subject to=romeo/phone@2\n"
             "romeo: ping Romeo id=p\n"
             "  reply romeo result from=Romeo id=p\n"
             "romeo/phone@2: ping Romeo id=p\n"
             "  reply romeo/phone@2 result from=Romeo id=p\n"
             "romeo/laptop: ping Romeo id=p\n"
             "  reply romeo/laptop error not-acceptable/cancel from=Romeo id=p\n"
             JULIET_JOINS
             "romeo: ping Juliet id=p\n"
             "  relay juliet get from=Romeo ticket=1\n"
             "juliet: answer 1\n"
             "  relay romeo result from=Juliet id=p\n");
}

/* W16: to a room that does not exist; an answer to it is nothing at all. */
static void test_W35_no_room(void **state)
{
    (void)state;
    trace_once("romeo: iq Juliet id=q\n"
               "  reply romeo error item-not-found/cancel from=Juliet id=q\n"
               "  gone\n"
               "romeo: ping Romeo\n"
               "  reply romeo error not-acceptable/cancel from=Romeo\n"
               "  gone\n"
               "romeo: answer AAAA\n"
               "  gone\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W35_there_and_back),
        cmocka_unit_test(test_W35_refused),
        cmocka_unit_test(test_W35_ids_do_not_collide),
        cmocka_unit_test(test_W35_one_session_and_nobody_else),
        cmocka_unit_test(test_W35_forged),
        cmocka_unit_test(test_W35_late_answers),
        cmocka_unit_test(test_W35_account),
        cmocka_unit_test(test_W35_long_ids),
        cmocka_unit_test(test_W79_self_ping_with_several_sessions),
        cmocka_unit_test(test_W35_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
