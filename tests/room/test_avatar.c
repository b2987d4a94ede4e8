/* test_avatar.c: the vCard of a room (XEP-0486, XEP-0054, W80, rule R115). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* W80, W21, X0486-hash, X0153-room: set by the owner, shown to all, to a joiner between his presence and the history. */
static void test_W80_set(void **state)
{
    (void)state;
    trace_in("",
             "romeo: say hark id=1\n"
             "  persist message 3 by=romeo@example.org Romeo hark 0-3 id=1 history\n"
             "ok\n"
             "  message Romeo hark 7-3 id=1\n"
             "romeo: vcard id=v0\n"
             "  reply romeo vcard id=v0\n"
             "romeo: vcard xml=<one/> hash=" A " size=1000 id=v1\n"
             "  persist config 4 by=romeo@example.org state vcard=<one/> hash=" A "\n"
             "held romeo: vcard\n"
             "ok\n"
             "  avatar all hash=" A "\n"
             "  reply romeo result id=v1\n"
             "  status 104\n"
             "stranger: vcard id=v2\n"
             "  reply stranger vcard xml=<one/> id=v2\n"
             "stranger: disco\n"
             "  reply stranger info occupants=1 avatar=" A "\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  avatar juliet hash=" A "\n"
             "  history to=juliet Romeo hark 7-3 id=1\n"
             "  subject to=juliet\n"
             "# the same again changes nothing\n"
             "romeo: vcard xml=<one/> hash=" A " size=1000\n"
             "  reply romeo result\n"
             "# another name with the same picture is no other avatar\n"
             "romeo: vcard xml=<two/> hash=" A " size=1000\n"
             "  persist config 5 by=romeo@example.org state vcard=<two/> hash=" A "\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "# its hash is in every state that is stored afterwards, the vCard itself is not\n"
             "romeo: vcard xml= size=0\n"
             "  persist config 6 by=romeo@example.org state vcard=''\n"
             "ok\n"
             "  avatar all\n"
             "  reply romeo result\n"
             "  status 104\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  history to=paris Romeo hark 7-3 id=1\n"
             "  subject to=paris\n");
}

/* X0486-set, X0486-limit */
static void test_X0486_refused(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    trace_run(&t, "romeo: set affiliation=admin jid=juliet@example.org\n"
                  "  persist affiliations 3 by=romeo@example.org state juliet@example.org=admin\n"
                  "ok\n"
                  "  notice moderators juliet@example.org=admin\n"
                  "  reply romeo result\n"
                  "juliet: vcard xml=<one/> hash=" A " size=10\n"
                  "  reply juliet error forbidden/auth text='Only owners may set the avatar'\n"
                  "romeo: vcard xml=<one/> hash=" A " size=1001\n"
                  "  reply romeo error policy-violation/modify text='The picture is too large'\n");
    t.service.avatar_max = 0;
    trace_run(&t, "romeo: vcard xml=<one/> hash=" A " size=10\n"
                  "  reply romeo error service-unavailable/cancel\n"
                  "romeo: vcard\n"
                  "  reply romeo vcard\n");
    trace_deinit(&t);
}

/* W4: what could not be stored leaves the room as it was; W16: a room that is none has no vCard. */
static void test_W80_failure(void **state)
{
    (void)state;
    trace_once("romeo: vcard\n"
               "  reply romeo error item-not-found/cancel\n"
               "  gone\n"
               "romeo: vcard xml=<one/> hash=" A "\n"
               "  reply romeo error item-not-found/cancel\n"
               "  gone\n");
    trace_in("",
             "romeo: vcard xml=<one/> hash=" A " size=10\n"
             "  persist config 3 by=romeo@example.org state vcard=<one/> hash=" A "\n"
             "fail resource-constraint\n"
             "  reply romeo error resource-constraint/wait\n"
             "romeo: disco\n"
             "  reply romeo info occupants=1\n"
             "romeo: vcard\n"
             "  reply romeo vcard\n"
             "romeo: vcard xml=<two/> hash=" B " size=10\n"
             "  persist config 4 by=romeo@example.org state vcard=<two/> hash=" B "\n"
             "ok\n"
             "  avatar all hash=" B "\n"
             "  reply romeo result\n"
             "  status 104\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W80_set),
        cmocka_unit_test(test_X0486_refused),
        cmocka_unit_test(test_W80_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
