/* test_config.c: the fields of the configuration form, one by one, and what they do (XEP-0045
 * §10.1.3, §10.2; W63, W64, W67). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Any of them is a change that 104 tells of; once more is none. */
static void test_W67_own_fields(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "lang=pt-BR",       "roomname=Night",
        "roomdesc=Owls",    "muc#maxhistoryfetch=0",
        "getmemberlist=visitor", "x-muc#roomconfig_listoccupants=0",
        "maxusers=30",      "x-muc#roomconfig_registration=0",
        "allowpm=none",     "muc#maxhistoryfetch=",
    };
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "romeo: submit %s\n"
                       "  persist config %u by=romeo@example.org state\n"
                       "ok\n"
                       "  reply romeo result\n"
                       "  status 104\n"
                       "romeo: submit %s\n"
                       "  reply romeo result\n",
                       fields[i], i + 3, fields[i]);
        trace_run(&t, text);
    }
    trace_run(&t, "romeo: config\n"
                  "  reply romeo config name=Night desc=Owls lang=pt-BR public hide no-registration"
                  " pm=3 max=30 broadcast=1c list=4 owners=romeo@example.org\n");
    trace_deinit(&t);
}

/* Nothing of a form with one bad value is applied. */
static void test_W64_bad_values(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "lang=a_b",
        "lang=-en",
        "lang=en-",
        "lang=en--us",
        "lang=verylongtag",
        "lang=a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s",
        "muc#maxhistoryfetch=257",
        "muc#maxhistoryfetch=-1",
        "muc#maxhistoryfetch=many",
        "muc#maxhistoryfetch=1000000",
        "x-muc#roomconfig_listoccupants=perhaps",
        "x-muc#roomconfig_registration=2",
        "roomname=sixteen-letters-x",
        "roomdesc=twenty-letters-exactly",
    };
    struct trace t;
    trace_init(&t);
    t.service.max_title = 16;
    t.service.max_description = 20;
    trace_room(&t, "");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "romeo: submit moderatedroom=1 %s\n"
                       "  reply romeo error not-acceptable/cancel\n", bad[i]);
        trace_run(&t, text);
    }
    trace_run(&t, "romeo: config\n"
                  "  reply romeo config public pm=0 max=0 broadcast=1c list=0 owners=romeo@example.org\n"
                  "romeo: submit lang=a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r roomname=sixteen-letters! roomdesc=twenty-letters-exact"
                  " muc#maxhistoryfetch=256\n"
                  "  persist config 3 by=romeo@example.org state\n"
                  "ok\n"
                  "  reply romeo result\n"
                  "  status 104\n");
    trace_deinit(&t);
}

/* S-field-maxhistoryfetch: §7.2.13 with the room's own bound, whatever the joiner asks for. */
static void test_W30_max_history(void **state)
{
    (void)state;
    trace_in("muc#maxhistoryfetch=1",
             "romeo: say one id=1\n"
             "  persist message 3 by=romeo@example.org Romeo one 0-3 id=1 history\n"
             "ok\n"
             "  message Romeo one 7-3 id=1\n"
             "romeo: say two id=2\n"
             "  persist message 4 by=romeo@example.org Romeo two 0-4 id=2 history\n"
             "ok\n"
             "  message Romeo two 7-4 id=2\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  history to=juliet Romeo two 7-4 id=2\n"
             "  subject to=juliet\n"
             "nurse: join Nurse stanzas=10\n"
             "  join Nurse(nurse@example.org/r none/participant)\n"
             "  history to=nurse Romeo two 7-4 id=2\n"
             "  subject to=nurse\n"
             "romeo: submit muc#maxhistoryfetch=0\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "paris: join Paris stanzas=10\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "romeo: submit muc#maxhistoryfetch=\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "tybalt: join Tybalt stanzas=10\n"
             "  join Tybalt(tybalt@example.org/r none/participant)\n"
             "  history to=tybalt Romeo one 7-3 id=1 Romeo two 7-4 id=2\n"
             "  subject to=tybalt\n");
}

/* W60, S7.10-off: off in this room, or in all. */
static void test_W60_registration_off(void **state)
{
    (void)state;
    struct trace t;
    trace_in("x-muc#roomconfig_registration=0",
             "romeo: register\n"
             "  reply romeo error service-unavailable/cancel\n"
             "romeo: register Romeo\n"
             "  reply romeo error service-unavailable/cancel\n"
             "romeo: unregister\n"
             "  reply romeo error service-unavailable/cancel\n"
             "x: disco\n"
             "  reply x info occupants=1 no-registration\n");
    trace_init(&t);
    t.service.register_off = true;
    trace_room(&t, "x-muc#roomconfig_registration=1");
    trace_run(&t, "romeo: register\n"
                  "  reply romeo error service-unavailable/cancel\n"
                  "x: disco\n"
                  "  reply x info occupants=1 no-registration\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W67_own_fields),
        cmocka_unit_test(test_W64_bad_values),
        cmocka_unit_test(test_W30_max_history),
        cmocka_unit_test(test_W60_registration_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
