/* test_archive.c: what goes into the archive of a room and who may ask it (XEP-0313; W30,
 * W77). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KEEPS "x-muc#roomconfig_"

/* A room with an archive of 100 messages and a week; commits go on with number 3. */
static void archived(struct trace *t, const char *fields)
{
    trace_init(t);
    t->service.defaults.archive = true;
    t->service.defaults.archive_messages = 100;
    t->service.defaults.archive_days = 7;
    trace_room(t, fields);
}

static void in_archived(const char *fields, const char *transcript)
{
    struct trace t;
    archived(&t, fields);
    trace_run(&t, transcript);
    trace_deinit(&t);
}

/* The gateway says what is worth keeping; history has its own rule; subjects are kept, private messages and
 * what is refused are not (X0313-subjects, X0313-no-private, X0313-no-refused). */
static void test_W30_what_is_kept(void **state)
{
    (void)state;
    in_archived("",
                "romeo: say hey id=m1 archive\n"
                "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=m1 history archive\n"
                "ok\n"
                "  message Romeo hey 7-3 id=m1\n"
                "romeo: say like nobody id=m2 archive\n"
                "  persist message 4 by=romeo@example.org Romeo like 0-4 id=m2 archive\n"
                "ok\n"
                "  message Romeo like 7-4 id=m2\n"
                "romeo: say composing nobody id=m3\n"
                "  persist message 5 by=romeo@example.org Romeo composing 0-5 id=m3\n"
                "ok\n"
                "  message Romeo composing 7-5 id=m3\n"
                "romeo: subject Night id=m4 archive\n"
                "  persist subject 6 by=romeo@example.org archive subject=Night state\n"
                "ok\n"
                "  message Romeo Night 7-6 id=m4\n"
                "romeo: subject Day id=m4b\n"
                "  persist subject 7 by=romeo@example.org subject=Day state\n"
                "ok\n"
                "  message Romeo Day 7-7 id=m4b\n"
                "romeo: pm Romeo psst id=m5\n"
                "  private Romeo psst chat id=m5 to=Romeo\n"
                "juliet: say hey id=m6 archive\n"
                "  reply juliet message error not-acceptable/cancel id=m6\n");
}

/* X0313-feature */
static void test_a_room_without_archive(void **state)
{
    (void)state;
    trace_in("",
             "romeo: say hey id=m1 archive\n"
             "  persist message 3 by=romeo@example.org Romeo hey 0-3 id=m1 history\n"
             "ok\n"
             "  message Romeo hey 7-3 id=m1\n"
             "romeo: archive id=q1\n"
             "  reply romeo error service-unavailable/cancel id=q1\n"
             "romeo: archiveform id=q2\n"
             "  reply romeo error service-unavailable/cancel id=q2\n"
             "romeo: archive meta id=q3\n"
             "  reply romeo error service-unavailable/cancel id=q3\n");
}

static void test_a_question_as_the_store_gets_it(void **state)
{
    (void)state;
    in_archived("",
                "romeo: archive id=q1 query=f27 start=5 end=9 max=10 back flip before=7-9 afterid=7-1 beforeid=8-1 after=7-2\n"
                "  archive romeo back flip jids born=7-1 last=7-2 since=1699395200000 start=5 end=9 max=10 afterid=7-1 beforeid=8-1 after=7-2 before=7-9 query=f27 id=q1\n"
                "romeo: archive id=q2 ids=7-3|7-4\n"
                "  archive romeo jids born=7-1 last=7-2 since=1699395200000 ids=7-3 ids=7-4 id=q2\n"
                "romeo: archive meta id=q3\n"
                "  archive romeo meta jids born=7-1 last=7-2 since=1699395200000 id=q3\n"
                "romeo: archiveform id=q4\n"
                "  reply romeo archive-form id=q4\n");
}

/* X0313-no-room */
static void test_no_such_room(void **state)
{
    (void)state;
    trace_once("romeo: archive id=q1\n"
               "  reply romeo error item-not-found/cancel id=q1\n"
               "  gone\n"
               "romeo: archiveform id=q2\n"
               "  reply romeo error item-not-found/cancel id=q2\n"
               "  gone\n");
}

/* X0313-access, X0313-access-now: whoever could come in, inside or not; asked anew each time. */
static void test_outcasts_may_not_ask(void **state)
{
    (void)state;
    in_archived("",
                "juliet: archive id=q1\n"
                "  archive juliet born=7-1 last=7-2 since=1699395200000 id=q1\n"
                "romeo: set affiliation=outcast jid=juliet@example.org\n"
                "  persist affiliations 3 by=romeo@example.org state juliet@example.org=outcast\n"
                "ok\n"
                "  notice moderators 301 juliet@example.org=outcast\n"
                "  reply romeo result\n"
                "juliet: archive id=q2\n"
                "  reply juliet error forbidden/auth id=q2\n"
                "juliet: archive meta id=q3\n"
                "  reply juliet error forbidden/auth id=q3\n"
                "romeo: set affiliation=none jid=juliet@example.org\n"
                "  persist affiliations 4 by=romeo@example.org state juliet@example.org=none\n"
                "ok\n"
                "  notice moderators juliet@example.org=none\n"
                "  reply romeo result\n"
                "juliet: archive id=q4\n"
                "  archive juliet born=7-1 last=7-4 since=1699395200000 id=q4\n");
}

/* X0313-access-members */
static void test_members_only(void **state)
{
    (void)state;
    in_archived("membersonly=1",
                "juliet: archive id=q1\n"
                "  reply juliet error forbidden/auth id=q1\n"
                "romeo: set affiliation=member jid=juliet@example.org\n"
                "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
                "ok\n"
                "  notice moderators juliet@example.org=member\n"
                "  reply romeo result\n"
                "juliet: archive id=q2\n"
                "  archive juliet born=7-1 last=7-3 since=1699395200000 id=q2\n");
}

/* X0313-access-password */
static void test_password(void **state)
{
    (void)state;
    in_archived("roomsecret=sesame",
                "juliet: archive id=q1\n"
                "  reply juliet error forbidden/auth id=q1\n"
                "juliet: join Juliet pass=sesame\n"
                "  join Juliet(juliet@example.org/r none/participant)\n"
                "  subject to=juliet\n"
                "juliet: archive id=q2\n"
                "  archive juliet born=7-1 last=7-2 since=1699395200000 id=q2\n"
                "juliet/phone: archive id=q3\n"
                "  reply juliet/phone error forbidden/auth id=q3\n"
                "romeo: set affiliation=member jid=juliet@example.org\n"
                "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
                "ok\n"
                "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r\n"
                "  reply romeo result\n"
                "juliet/phone: archive id=q4\n"
                "  archive juliet/phone born=7-1 last=7-3 since=1699395200000 id=q4\n");
}

static void test_W17_a_locked_room_has_none(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.defaults.archive = true;
    trace_run(&t, "romeo: join Romeo\n"
                  "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
                  "ok\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
                  "  subject to=romeo\n"
                  "juliet: archive id=q1\n"
                  "  reply juliet error item-not-found/cancel id=q1\n"
                  "romeo: archive id=q2\n"
                  "  archive romeo jids born=7-1 last=7-1 id=q2\n");
    trace_deinit(&t);
}

/* X0313-with-hidden, X0313-with, X0313-item-jid. Real JIDs: in a non-anonymous room everybody's, else for moderators and who would be one. */
static void test_with_and_who_sees_jids(void **state)
{
    (void)state;
    in_archived("",
                "romeo: archive with=tybalt@example.org/x id=q1\n"
                "  archive romeo jids born=7-1 last=7-2 since=1699395200000 jid=tybalt@example.org id=q1\n"
                "juliet: join Juliet\n"
                "  join Juliet(juliet@example.org/r none/participant)\n"
                "  subject to=juliet\n"
                "juliet: archive with=tybalt@example.org id=q2\n"
                "  reply juliet error forbidden/auth id=q2\n"
                "juliet: archive with=room@muc.example.org id=q3\n"
                "  archive juliet born=7-1 last=7-2 since=1699395200000 id=q3\n"
                "juliet: archive with=room@muc.example.org/Romeo id=q4\n"
                "  archive juliet born=7-1 last=7-2 since=1699395200000 nick=Romeo id=q4\n"
                "romeo: set nick=Juliet role=moderator\n"
                "  update Juliet(juliet@example.org/r none/moderator) actor=Romeo,romeo@example.org/r\n"
                "  reply romeo result\n"
                "juliet: archive with=tybalt@example.org id=q5\n"
                "  archive juliet jids born=7-1 last=7-2 since=1699395200000 jid=tybalt@example.org id=q5\n"
                "juliet/phone: archive id=q6\n"
                "  archive juliet/phone born=7-1 last=7-2 since=1699395200000 id=q6\n");
    in_archived("whois=anyone",
                "juliet: archive with=tybalt@example.org id=q1\n"
                "  archive juliet jids born=7-1 last=7-2 since=1699395200000 jid=tybalt@example.org id=q1\n");
}

static void test_who_is_affiliated_from_outside(void **state)
{
    (void)state;
    in_archived("roomadmins=nurse@example.org",
                "nurse: archive id=q1\n"
                "  archive nurse jids born=7-1 last=7-2 since=1699395200000 id=q1\n");
}

static void test_retention_is_configured(void **state)
{
    (void)state;
    struct trace t;
    archived(&t, "");
    struct room_field days = {STR(KEEPS "archive_days"), (const struct str[]){STR("0")}, 1};
    struct room_field off = {STR(KEEPS "archive"), (const struct str[]){STR("0")}, 1};
    struct room_field bad[] = {
        {STR(KEEPS "archive_messages"), (const struct str[]){STR("0")}, 1},
        {STR(KEEPS "archive_messages"), (const struct str[]){STR("100001")}, 1},
        {STR(KEEPS "archive_messages"), (const struct str[]){STR("many")}, 1},
        {STR(KEEPS "archive_days"), (const struct str[]){STR("3651")}, 1},
        {STR(KEEPS "archive"), (const struct str[]){STR("maybe")}, 1},
    };
    struct room_event submit = {
        .type = ROOM_EV_OWNER_SUBMIT, .epoch = 7, .now_ms = t.now_ms,
        .origin = {1, 101, 1, STR("romeo@example.org/r")}};
    struct room_event ok = {.type = ROOM_EV_PERSISTED, .epoch = 7, .now_ms = t.now_ms};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        submit.owner.fields = &bad[i];
        submit.owner.n = 1;
        room_effects_reset(&t.fx);
        assert_int_equal(room_step(t.room, &submit, &t.fx), 0);
        assert_int_equal(t.fx.n, 1);
        assert_int_equal(t.fx.list[0].reply.error, SE_NOT_ACCEPTABLE);
    }
    submit.owner.fields = &days;
    room_effects_reset(&t.fx);
    assert_int_equal(room_step(t.room, &submit, &t.fx), 0);
    assert_int_equal(t.fx.list[0].persist.state.config.archive_days, 0);
    assert_int_equal(room_step(t.room, &ok, &t.fx), 0);
    trace_run(&t, "romeo: archive id=q1\n"
                  "  archive romeo jids born=7-1 last=7-3 id=q1\n");
    submit.owner.fields = &off;
    room_effects_reset(&t.fx);
    assert_int_equal(room_step(t.room, &submit, &t.fx), 0);
    assert_int_equal(room_step(t.room, &ok, &t.fx), 0);
    trace_run(&t, "romeo: archive id=q2\n"
                  "  reply romeo error service-unavailable/cancel id=q2\n"
                  "romeo: say hey id=m1 archive\n"
                  "  persist message 5 by=romeo@example.org Romeo hey 0-5 id=m1 history\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W30_what_is_kept),
        cmocka_unit_test(test_a_room_without_archive),
        cmocka_unit_test(test_a_question_as_the_store_gets_it),
        cmocka_unit_test(test_no_such_room),
        cmocka_unit_test(test_outcasts_may_not_ask),
        cmocka_unit_test(test_members_only),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_W17_a_locked_room_has_none),
        cmocka_unit_test(test_with_and_who_sees_jids),
        cmocka_unit_test(test_who_is_affiliated_from_outside),
        cmocka_unit_test(test_retention_is_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
