/* test_limits.c: what the service imposes on every room: nicks that are kept, sizes, rates, places
 * (XEP-0045 §7.6, §14.6; W24, W33, W36). */
/* clang-format off */
#include "room/lib_trace.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void open_room(struct trace *t, const char *fields)
{
    t->service.register_strangers = true;
    trace_room(t, fields);
}

#define JULIET_RESERVES                                                                            \
    "juliet: register Juliet\n"                                                                    \
    "  persist affiliations 3 by=juliet@example.org state juliet@example.org=member nick=Juliet\n" \
    "ok\n"                                                                                         \
    "  notice moderators juliet@example.org=member\n"                                              \
    "  reply juliet result\n"

/* S-code-210, S7.2.2-210, S7.10-210, S7.6-locked-down */
static void test_enforced_nick(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.enforce_nicks = true;
    open_room(&t, "whois=anyone");
    trace_run(&t, "juliet: register Juliet\n"
                  "  persist affiliations 3 by=juliet@example.org state juliet@example.org=member nick=Juliet\n"
                  "ok\n"
                  "  notice all juliet@example.org=member\n"
                  "  reply juliet result\n"
                  "juliet: join Jule\n"
                  "  join Juliet(juliet@example.org/r member/participant) self=100,210\n"
                  "  subject to=juliet\n"
                  /* W36: nothing changes */
                  "juliet: presence Jule id=n\n"
                  "  reply juliet presence error not-acceptable/cancel from=Jule id=n\n"
                  "juliet: ping Juliet\n"
                  "  reply juliet result from=Juliet\n"
                  /* W27: she asks for the wrong one again */
                  "juliet: join Jule\n"
                  "  resync Juliet(juliet@example.org/r member/participant) self=210\n"
                  "  subject to=juliet\n"
                  "juliet: join Juliet\n"
                  "  resync Juliet(juliet@example.org/r member/participant)\n"
                  "  subject to=juliet\n"
                  /* who has reserved none is free */
                  "paris: join Paris\n"
                  "  join Paris(paris@example.org/r none/participant) self=100\n"
                  "  subject to=paris\n"
                  "paris: presence County\n"
                  "  nick Paris -> County(paris@example.org/r none/participant) 303\n");
    trace_deinit(&t);
}

/* S7.6-locked-down: who reserves a nick while inside under another may still go to it, and then stays. */
static void test_enforced_nick_of_somebody_inside(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.enforce_nicks = true;
    open_room(&t, "");
    trace_run(&t, "juliet: join Jule\n"
                  "  join Jule(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: register Juliet\n"
                  "  persist affiliations 3 by=juliet@example.org state juliet@example.org=member nick=Juliet\n"
                  "ok\n"
                  "  update Jule(juliet@example.org/r member/participant)\n"
                  "  reply juliet result\n"
                  "juliet: presence Julia id=n\n"
                  "  reply juliet presence error not-acceptable/cancel from=Julia id=n\n"
                  "juliet: presence Juliet\n"
                  "  nick Jule -> Juliet(juliet@example.org/r member/participant) 303\n"
                  "juliet: presence Jule id=n\n"
                  "  reply juliet presence error not-acceptable/cancel from=Jule id=n\n");
    trace_deinit(&t);
}

/* S7.6-locked-down: off by default. */
static void test_W36_nicks_are_free(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    open_room(&t, "");
    trace_run(&t, JULIET_RESERVES
                  "juliet: join Jule\n"
                  "  join Jule(juliet@example.org/r member/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: presence Julia\n"
                  "  nick Jule -> Julia(juliet@example.org/r member/participant) 303\n");
    trace_deinit(&t);
}

/* S7.4-size, S14.6-streams: at the limit and above; to all, to one, and as subject; the room goes on. */
static void test_large_messages(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.max_message = 4;
    trace_room(&t, "");
    trace_run(&t, "romeo: say 1234 id=m1\n"
                  "  persist message 3 by=romeo@example.org Romeo 1234 0-3 id=m1 history\n"
                  "ok\n"
                  "  message Romeo 1234 7-3 id=m1\n"
                  "romeo: say 12345 id=m2\n"
                  "  reply romeo message error policy-violation/modify text='The message is too large' id=m2\n"
                  "romeo: subject 12345 id=m3\n"
                  "  reply romeo message error policy-violation/modify text='The message is too large' id=m3\n"
                  "romeo: pm Romeo 12345 id=m4\n"
                  "  reply romeo message error policy-violation/modify text='The message is too large' from=Romeo id=m4\n"
                  "romeo: say 123 id=m5\n"
                  "  persist message 4 by=romeo@example.org Romeo 123 0-4 id=m5 history\n"
                  "ok\n"
                  "  message Romeo 123 7-4 id=m5\n");
    trace_deinit(&t);
}

/* S7.4-rate: two a second for a room; who is refused may speak when time has passed; admins always may. */
static void test_message_rate(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.message_rate = 2;
    trace_room(&t, "");
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: pm Romeo 1\n"
                  "  private Juliet 1 chat to=Romeo\n"
                  "juliet: pm Romeo 2\n"
                  "  private Juliet 2 chat to=Romeo\n"
                  "juliet: pm Romeo 3 id=m\n"
                  "  reply juliet message error resource-constraint/wait text='The room is busy' from=Romeo id=m\n"
                  "juliet: say 3 id=m\n"
                  "  reply juliet message error resource-constraint/wait text='The room is busy' id=m\n"
                  "romeo: pm Juliet 4\n"
                  "  private Romeo 4 chat to=Juliet\n"
                  "wait 499\n"
                  "juliet: pm Romeo 5 id=m\n"
                  "  reply juliet message error resource-constraint/wait text='The room is busy' from=Romeo id=m\n"
                  "wait 1\n"
                  "juliet: pm Romeo 6\n"
                  "  private Juliet 6 chat to=Romeo\n");
    trace_deinit(&t);
}

/* S7.4-rate, X0500-refused: what slow mode refuses takes nothing of the room's rate from others. */
static void test_slow_mode_before_the_rate(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.message_rate = 2;
    trace_room(&t, "slow_mode_duration=20");
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "paris: join Paris stanzas=0\n"
                  "  join Paris(paris@example.org/r none/participant)\n"
                  "  subject to=paris\n"
                  "juliet: say 1 id=m1\n"
                  "  persist message 3 by=juliet@example.org Juliet 1 0-3 id=m1 history\n"
                  "ok\n"
                  "  message Juliet 1 7-3 id=m1\n"
                  "juliet: say 2 id=m2\n"
                  "  reply juliet message error policy-violation/wait text='Slow mode: one message in 20 seconds. Please wait 20 seconds more.' id=m2\n"
                  "paris: say 3 id=m3\n"
                  "  persist message 4 by=paris@example.org Paris 3 0-4 id=m3 history\n"
                  "ok\n"
                  "  message Paris 3 7-4 id=m3\n");
    trace_deinit(&t);
}

/* S7.7-rate: what is too much is shown at the next tick, of each session the last; who leaves is not shown again. */
static void test_presence_rate(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.presence_rate = 1;
    trace_room(&t, "");
    assert_int_equal(room_tick_ms(t.room), 0);
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "nurse: join Nurse\n"
                  "  join Nurse(nurse@example.org/r none/participant)\n"
                  "  subject to=nurse\n"
                  "juliet: presence Juliet payload=a\n"
                  "  update Juliet(juliet@example.org/r none/participant a)\n"
                  "juliet: presence Juliet payload=b\n"
                  "juliet: presence Juliet payload=c\n"
                  "nurse: presence Nurse payload=d\n"
                  "romeo: presence Romeo payload=e\n"
                  "  update Romeo(romeo@example.org/r owner/moderator e)\n"
                  "juliet: presence Jule id=n\n"
                  "  reply juliet presence error resource-constraint/wait text='The room is busy' from=Jule id=n\n"
                  "tick 100\n");
    assert_int_equal(room_tick_ms(t.room), 1);
    /* newcomers get the newest at once: it is in the roster */
    trace_run(&t, "tick 900\n"
                  "  update Juliet(juliet@example.org/r none/participant c)\n"
                  "nurse: leave\n"
                  "  leave Nurse(nurse@example.org/r none/none)\n"
                  "tick 1000\n");
    assert_int_equal(room_tick_ms(t.room), 0);
    trace_deinit(&t);
}

/* S7.8-spam: so many invitations a minute, in one stanza or several; none of a stanza that is too much. */
static void test_invitation_rate(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.invite_rate = 2;
    trace_room(&t, "");
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: invite a@x id=i ; b@x ; c@x\n"
                  "  reply juliet message error resource-constraint/wait text='Too many invitations' id=i\n"
                  "juliet: invite a@x\n"
                  "  post invite to=a@x from=room@muc.example.org/Juliet\n"
                  "juliet: invite b@x id=i ; c@x\n"
                  "  reply juliet message error resource-constraint/wait text='Too many invitations' id=i\n"
                  "juliet: invite b@x\n"
                  "  post invite to=b@x from=room@muc.example.org/Juliet\n"
                  /* leaving does not help */
                  "juliet: leave\n"
                  "  leave Juliet(juliet@example.org/r none/none)\n"
                  "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n"
                  "juliet: invite d@x id=i\n"
                  "  reply juliet message error resource-constraint/wait text='Too many invitations' id=i\n"
                  "wait 30000\n"
                  "juliet: invite c@x\n"
                  "  post invite to=c@x from=room@muc.example.org/Juliet\n"
                  "romeo: invite a@x ; b@x ; c@x\n"
                  "  post invite to=a@x from=room@muc.example.org/Romeo\n"
                  "  post invite to=b@x from=room@muc.example.org/Romeo\n"
                  "  post invite to=c@x from=room@muc.example.org/Romeo\n");
    trace_deinit(&t);
}

/* S7.8-spam, W73: nobody need have been invited to refuse; so the room passes no more of one user on. */
static void test_refusal_rate(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.invite_rate = 2;
    trace_room(&t, "");
    trace_run(&t, "juliet: decline romeo@example.org reason=1\n"
                  "  post decline to=romeo@example.org from=juliet@example.org reason=1\n"
                  "juliet: decline room@muc.example.org/Romeo reason=2\n"
                  "  post decline to=romeo@example.org/r from=juliet@example.org reason=2\n"
                  "juliet: decline romeo@example.org reason=3\n"
                  "paris: decline romeo@example.org\n"
                  "  post decline to=romeo@example.org from=paris@example.org\n"
                  "wait 30000\n"
                  "juliet: decline romeo@example.org reason=4\n"
                  "  post decline to=romeo@example.org from=juliet@example.org reason=4\n");
    trace_deinit(&t);
}

/* S7.2-crowded: it begins above the number, with the join that goes beyond, and ends a tenth below. */
static void test_overcrowded(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.presence_limit = 10;
    trace_room(&t, "");
    char line[256];
    for (int i = 2; i <= 12; i++) {
        snprintf(line, sizeof line,
                 "u%d: join U%d\n%s  join U%d(u%d@example.org/r none/participant)\n  subject to=u%d\n", i, i,
                 i == 11 ? "  facts moderators broadcast=1c overcrowded\n" : "", i, i, i);
        trace_run(&t, line);
        assert_int_equal(room_overcrowded(t.room), i > 10);
    }
    for (int i = 12; i >= 9; i--) {
        snprintf(line, sizeof line, "u%d: leave\n  leave U%d(u%d@example.org/r none/none)\n%s", i, i, i,
                 i == 10 ? "  facts moderators broadcast=1c\n" : "");
        trace_run(&t, line);
        assert_int_equal(room_overcrowded(t.room), i > 10);
    }
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enforced_nick),
        cmocka_unit_test(test_enforced_nick_of_somebody_inside),
        cmocka_unit_test(test_W36_nicks_are_free),
        cmocka_unit_test(test_large_messages),
        cmocka_unit_test(test_message_rate),
        cmocka_unit_test(test_slow_mode_before_the_rate),
        cmocka_unit_test(test_presence_rate),
        cmocka_unit_test(test_invitation_rate),
        cmocka_unit_test(test_refusal_rate),
        cmocka_unit_test(test_overcrowded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
