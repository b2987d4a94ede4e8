/* test_info.c: what a room says of itself, and stanzas to occupants (XEP-0045 §6, XEP-0410;
 * FEATURES W35, W77 to W79). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* S6.4-subject */
static void test_W77_info(void **state)
{
    (void)state;
    trace_in("roomname=Verona",
             "romeo: subject Night id=s1\n"
             "  persist subject 3 by=romeo@example.org subject=Night state\n"
             "ok\n"
             "  message Romeo Night 7-3 id=s1\n"
             "juliet: disco id=q1\n"
             "  reply juliet info name=Verona occupants=1 subject=Night id=q1\n"
             "romeo: submit roomname=Mantua\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: disco\n"
             "  reply juliet info name=Mantua occupants=1 subject=Night\n");
}

/* Of a hidden room to occupants only; never an error. */
static void test_W78_items(void **state)
{
    (void)state;
    trace_in("",
             "juliet: items id=q1\n"
             "  reply juliet disco nicks=Romeo id=q1\n"
             "romeo: submit publicroom=0\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: items\n"
             "  reply juliet disco\n"
             "romeo: items\n"
             "  reply romeo disco nicks=Romeo\n");
}

/* X0199-room */
static void test_W79_self_ping(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet/phone: ping Juliet\n"
             "  reply juliet/phone error not-acceptable/cancel from=Juliet\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "juliet/phone: ping Juliet id=p1\n"
             "  reply juliet/phone result from=Juliet id=p1\n"
             "juliet: ping Juliet\n"
             "  reply juliet result from=Juliet\n"
             "juliet: ping Romeo\n"
             "  reply juliet error not-acceptable/cancel from=Romeo\n"
             "juliet: ping\n"
             "  reply juliet result\n"
             "stranger: ping\n"
             "  reply stranger result\n");
}

static void test_W35_iq_to_an_occupant(void **state)
{
    (void)state;
    trace_in("",
             "juliet: disco Romeo id=q1\n"
             "  reply juliet error bad-request/modify from=Romeo id=q1\n"
             "juliet: items Romeo\n"
             "  reply juliet error bad-request/modify from=Romeo\n"
             "juliet: iq Romeo\n"
             "  reply juliet error not-acceptable/cancel from=Romeo\n"
             "juliet: config to=Romeo\n"
             "  reply juliet error not-acceptable/cancel from=Romeo\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: iq Romeo id=q2\n"
             "  reply juliet error service-unavailable/cancel from=Romeo id=q2\n"
             "juliet: disco Romeo\n"
             "  reply juliet error service-unavailable/cancel from=Romeo\n"
             "juliet: iq Tybalt\n"
             "  reply juliet error item-not-found/cancel from=Tybalt\n"
             "romeo: destroy to=Juliet\n"
             "  reply romeo error service-unavailable/cancel from=Juliet\n"
             "juliet: iq\n"
             "  reply juliet error service-unavailable/cancel\n");
}

static void test_W5_refusals_of_the_gateway(void **state)
{
    (void)state;
    trace_in("",
             "romeo: refuse iq bad-request id=x1 to=Romeo\n"
             "  reply romeo error bad-request/modify from=Romeo id=x1\n"
             "romeo: refuse message jid-malformed\n"
             "  reply romeo message error jid-malformed/modify\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W77_info),
        cmocka_unit_test(test_W78_items),
        cmocka_unit_test(test_W79_self_ping),
        cmocka_unit_test(test_W35_iq_to_an_occupant),
        cmocka_unit_test(test_W5_refusals_of_the_gateway),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
