/* test_hats.c: hats and the commands for them (XEP-0317, XEP-0050; rules R116 to R125). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* romeo owns the room; there is one hat, u:host. Commits go on with number 4. */
#define HOST                                                                                       \
    "romeo: command create submit title=Host uri=u:host hue=327.2\n"                              \
    "  persist config 3 by=romeo@example.org state 1:Host\n"                                      \
    "ok\n"                                                                                        \
    "  reply romeo command create completed\n"                                                    \
    "  status 104\n"

/* X0317-create, X0317-assign, X0317-presence, X0317-unassign, X0317-notify: a hat is made, given to one
 * inside and one outside, shown in each presence, to newcomers too, and taken. */
static void test_X0317_worn(void **state)
{
    (void)state;
    trace_in("",
             "romeo: disco\n"
             "  reply romeo info occupants=1\n"
             HOST
             "romeo: disco\n"
             "  reply romeo info occupants=1 hats\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  persist affiliations 4 by=romeo@example.org state 1:Host juliet@example.org=none hats=1\n"
             "held juliet: say x\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant +Host)\n"
             "  reply romeo command assign completed\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  reply romeo command assign completed\n"
             "romeo: command assign submit jid=paris@example.org/any uri=u:host\n"
             "  persist affiliations 5 by=romeo@example.org state 1:Host paris@example.org=none hats=1\n"
             "ok\n"
             "  reply romeo command assign completed\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant +Host)\n"
             "  subject to=paris\n"
             "juliet: presence payload=<away/>\n"
             "  update Juliet(juliet@example.org/r none/participant +Host <away/>)\n"
             "# an affiliation comes and goes, the hat stays\n"
             "romeo: set affiliation=member nick=Juliet\n"
             "  persist affiliations 6 by=romeo@example.org state 1:Host juliet@example.org=member hats=1\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r member/participant +Host) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: set affiliation=none nick=Juliet\n"
             "  persist affiliations 7 by=romeo@example.org state 1:Host juliet@example.org=none hats=1\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant +Host) actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "romeo: command unassign submit jid=juliet@example.org uri=u:host\n"
             "  persist affiliations 8 by=romeo@example.org state 1:Host juliet@example.org=none\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant)\n"
             "  reply romeo command unassign completed\n"
             "romeo: command unassign submit jid=juliet@example.org uri=u:host\n"
             "  reply romeo error item-not-found/cancel\n");
}

/* X0317-update, X0317-destroy, X0317-list, X0317-list-assigned: who wears it is shown again, others are not. */
static void test_X0317_kinds(void **state)
{
    (void)state;
    trace_in("",
             HOST
             "romeo: command assign submit jid=romeo@example.org uri=u:host\n"
             "  persist affiliations 4 by=romeo@example.org state 1:Host romeo@example.org=owner hats=1\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator +Host)\n"
             "  reply romeo command assign completed\n"
             "romeo: command create submit title=Scribe uri=u:scribe\n"
             "  persist config 5 by=romeo@example.org state 1:Host 2:Scribe\n"
             "ok\n"
             "  reply romeo command create completed\n"
             "  status 104\n"
             "romeo: command create submit title=Chair uri=u:host\n"
             "  persist config 6 by=romeo@example.org state 1:Chair 2:Scribe\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator +Chair)\n"
             "  reply romeo command create completed\n"
             "  status 104\n"
             "romeo: command assign submit jid=nurse@example.org uri=u:scribe\n"
             "  persist affiliations 7 by=romeo@example.org state 1:Chair 2:Scribe nurse@example.org=none hats=2\n"
             "ok\n"
             "  reply romeo command assign completed\n"
             "romeo: command list\n"
             "  reply romeo command list completed hats#title hats#uri hats#hue; Chair u:host ''; Scribe u:scribe ''\n"
             "romeo: command list-assigned\n"
             "  reply romeo command list-assigned completed hats#jid hats#uri hats#title hats#hue; romeo@example.org u:host Chair ''; nurse@example.org u:scribe Scribe ''\n"
             "romeo: command destroy\n"
             "  reply romeo command destroy executing hats#uri!|u:host|u:scribe\n"
             "romeo: command destroy submit uri=u:host\n"
             "  persist config 8 by=romeo@example.org state 2:Scribe romeo@example.org=owner\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r owner/moderator)\n"
             "  reply romeo command destroy completed\n"
             "  status 104\n"
             "# one of the same name is another\n"
             "romeo: command create submit title=Host uri=u:host\n"
             "  persist config 9 by=romeo@example.org state 2:Scribe 3:Host\n"
             "ok\n"
             "  reply romeo command create completed\n"
             "  status 104\n");
}

/* X0317-forbidden, X0050: who may which; the forms; what is no command. */
static void test_X0317_forbidden(void **state)
{
    (void)state;
    trace_in("",
             HOST
             "romeo: commands\n"
             "  reply romeo commands create destroy list assign unassign list-assigned\n"
             "stranger: commands\n"
             "  reply stranger commands\n"
             "stranger: command list\n"
             "  reply stranger error forbidden/auth\n"
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "juliet: commands\n"
             "  reply juliet commands list\n"
             "juliet: command list\n"
             "  reply juliet command list completed hats#title hats#uri hats#hue; Host u:host 327.2\n"
             "juliet: command create submit title=x uri=u:x\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: command destroy submit uri=u:host\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: command assign\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: command unassign submit jid=romeo@example.org uri=u:host\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: command list-assigned\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: commandinfo assign\n"
             "  reply juliet error forbidden/auth\n"
             "romeo: commandinfo assign\n"
             "  reply romeo command-info assign\n"
             "romeo: command dance\n"
             "  reply romeo error item-not-found/cancel\n"
             "romeo: command create\n"
             "  reply romeo command create executing hats#title! hats#uri! hats#hue\n"
             "romeo: command assign\n"
             "  reply romeo command assign executing hats#jid! hats#uri!|u:host\n"
             "romeo: command assign cancel\n"
             "  reply romeo command assign canceled\n"
             "romeo: command create submit title=' ' uri=u:x\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: command create submit title=x uri='u x'\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: command create submit title=x uri=u:x hue=361\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: command create submit title=x uri=u:x hue=red\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: command assign submit uri=u:host\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: command assign submit jid=@ uri=u:host\n"
             "  reply romeo error jid-malformed/modify\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:none\n"
             "  reply romeo error item-not-found/cancel\n"
             "romeo: command destroy submit uri=u:none\n"
             "  reply romeo error item-not-found/cancel\n");
}

/* R119: a ban takes them. W4: what was not stored has not happened. */
static void test_R119_ban(void **state)
{
    (void)state;
    trace_in("",
             HOST
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  persist affiliations 4 by=romeo@example.org state 1:Host juliet@example.org=none hats=1\n"
             "fail resource-constraint\n"
             "  reply romeo error resource-constraint/wait\n"
             "romeo: command list-assigned\n"
             "  reply romeo command list-assigned completed hats#jid hats#uri hats#title hats#hue\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  persist affiliations 5 by=romeo@example.org state 1:Host juliet@example.org=none hats=1\n"
             "ok\n"
             "  reply romeo command assign completed\n"
             "romeo: set affiliation=outcast jid=juliet@example.org\n"
             "  persist affiliations 6 by=romeo@example.org state 1:Host juliet@example.org=outcast\n"
             "ok\n"
             "  notice moderators 301 juliet@example.org=outcast\n"
             "  reply romeo result\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  reply romeo error not-allowed/cancel\n"
             "romeo: set affiliation=none jid=juliet@example.org\n"
             "  persist affiliations 7 by=romeo@example.org state 1:Host juliet@example.org=none\n"
             "ok\n"
             "  notice moderators juliet@example.org=none\n"
             "  reply romeo result\n");
}

static void take_hash(struct trace *t, char out[64])
{
    struct room_event ev = {.type = ROOM_EV_DISCO_INFO, .now_ms = t->now_ms, .epoch = t->epoch,
                            .origin = {1, 1, 1, STR("x@x/r")}};
    room_effects_reset(&t->fx);
    assert_int_equal(room_step(t->room, &ev, &t->fx), 0);
    snprintf(out, 64, "%.*s", STR_FMT(t->fx.list[0].reply.hats_hash));
}

/* X0317-hash: none without a list; another one with each change of it, of uri, title, hue and order; the same for the
 * same list, whoever wears them. */
static void test_X0317_hash(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "create submit title=Host uri=u:host hue=327.2", "create submit title=Host uri=u:host hue=10",
        "create submit title=Chair uri=u:host hue=10",   "create submit title=Host uri=u:other hue=10",
        "destroy submit uri=u:host",                     "create submit title=Chair uri=u:host hue=10",
    };
    static const char *const after[] = {
        "1:Host", "1:Host", "1:Chair", "1:Chair 2:Host", "2:Host", "2:Host 3:Chair",
    };
    enum { STEPS = sizeof steps / sizeof *steps };
    char hashes[STEPS + 1][64], again[64], line[512];
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    take_hash(&t, hashes[0]);
    assert_string_equal(hashes[0], "");
    for (int i = 0; i < STEPS; i++) {
        snprintf(line, sizeof line, "romeo: command %s\n  persist config %d by=romeo@example.org state %s\nok\n"
                 "  reply romeo command %.*s completed\n  status 104\n", steps[i], 3 + i, after[i],
                 (int)strcspn(steps[i], " "), steps[i]);
        trace_run(&t, line);
        take_hash(&t, hashes[i + 1]);
        assert_true(strlen(hashes[i + 1]) > 0);
        for (int k = 0; k <= i; k++)
            assert_string_not_equal(hashes[k], hashes[i + 1]);
    }
    trace_run(&t, "romeo: command assign submit jid=a@b uri=u:host\n"
                  "  persist affiliations 9 by=romeo@example.org state 2:Host 3:Chair a@b=none hats=3\n"
                  "ok\n"
                  "  reply romeo command assign completed\n");
    take_hash(&t, again);
    assert_string_equal(again, hashes[STEPS]);
    trace_deinit(&t);
}

/* W51, R33, R119: a hat is no affiliation, so it protects nobody from the ban of his domain, inside or not. */
static void test_W51_a_hat_protects_nobody(void **state)
{
    (void)state;
    trace_in("",
             HOST
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"
             "romeo: command assign submit jid=juliet@example.org uri=u:host\n"
             "  persist affiliations 4 by=romeo@example.org state 1:Host juliet@example.org=none hats=1\n"
             "ok\n"
             "  update Juliet(juliet@example.org/r none/participant +Host)\n"
             "  reply romeo command assign completed\n"
             "romeo: command assign submit jid=paris@example.org uri=u:host\n"
             "  persist affiliations 5 by=romeo@example.org state 1:Host paris@example.org=none hats=1\n"
             "ok\n"
             "  reply romeo command assign completed\n"
             "romeo: set affiliation=outcast jid=example.org\n"
             "  persist affiliations 6 by=romeo@example.org state 1:Host example.org=outcast\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r outcast/none +Host) 301 actor=Romeo,romeo@example.org/r\n"
             "  reply romeo result\n"
             "juliet: join Juliet\n"
             "  reply juliet presence error forbidden/auth from=Juliet\n"
             "paris: join Paris\n"
             "  reply paris presence error forbidden/auth from=Paris\n"
             "paris: register Paris\n"
             "  reply paris error forbidden/auth\n");
}

/* R125 */
static void test_R125_bounds(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    char line[1024], kinds[512] = "", ids[64] = "";
    for (int i = 1; i <= LIMIT_HATS; i++) {
        snprintf(kinds + strlen(kinds), sizeof kinds - strlen(kinds), " %d:t", i);
        snprintf(line, sizeof line,
                 "romeo: command create submit title=t uri=u:%d\n  persist config %d by=romeo@example.org state%s\nok\n"
                 "  reply romeo command create completed\n  status 104\n", i, 2 + i, kinds);
        trace_run(&t, line);
    }
    trace_run(&t, "romeo: command create submit title=t uri=u:more\n"
                  "  reply romeo error resource-constraint/wait text='The room has too many hats'\n");
    for (int i = 1; i <= LIMIT_HATS_WORN; i++) {
        snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%d", i > 1 ? "," : "", i);
        snprintf(line, sizeof line,
                 "romeo: command assign submit jid=a@b uri=u:%d\n  persist affiliations %d by=romeo@example.org state%s a@b=none hats=%s\nok\n"
                 "  reply romeo command assign completed\n", i, 2 + LIMIT_HATS + i, kinds, ids);
        trace_run(&t, line);
    }
    trace_run(&t, "romeo: command assign submit jid=a@b uri=u:20\n"
                  "  reply romeo error resource-constraint/wait text='Too many hats are worn'\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_X0317_worn),
        cmocka_unit_test(test_X0317_kinds),
        cmocka_unit_test(test_X0317_forbidden),
        cmocka_unit_test(test_R119_ban),
        cmocka_unit_test(test_X0317_hash),
        cmocka_unit_test(test_W51_a_hat_protects_nobody),
        cmocka_unit_test(test_R125_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
