/* test_info.c: what a room says of itself, and stanzas to occupants (XEP-0045 §6, XEP-0410;
 * W35, W77 to W79). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"

#include <stdio.h>

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

/* S6.4-subject, S14.4-hidden-room: what was said inside is not for who may not come in. */
static void test_W77_subject_of_a_closed_room(void **state)
{
    (void)state;
    trace_in("",
             "romeo: set affiliation=outcast jid=tybalt@example.org ; affiliation=member jid=paris@example.org\n"
             "  persist affiliations 3 by=romeo@example.org state tybalt@example.org=outcast paris@example.org=member\n"
             "ok\n"
             "  notice moderators 301 tybalt@example.org=outcast\n"
             "  notice moderators paris@example.org=member\n"
             "  reply romeo result\n"
             "romeo: subject Night id=s1\n"
             "  persist subject 4 by=romeo@example.org subject=Night state\n"
             "ok\n"
             "  message Romeo Night 7-4 id=s1\n"
             "stranger: disco\n"
             "  reply stranger info occupants=1 subject=Night\n"
             "tybalt: disco\n"
             "  reply tybalt info occupants=1\n"
             "romeo: submit membersonly=1\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "stranger: disco\n"
             "  reply stranger info occupants=1\n"
             "paris: disco\n"
             "  reply paris info occupants=1 subject=Night\n"
             "romeo: submit membersonly=0 roomsecret=rose\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "stranger: disco\n"
             "  reply stranger info occupants=1\n"
             "stranger: join Stranger pass=rose\n"
             "  join Stranger(stranger@example.org/r none/participant)\n"
             "  subject to=stranger text=Night from=Romeo delay\n"
             "stranger: disco\n"
             "  reply stranger info occupants=2 subject=Night\n");
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

/* A page after, before and from a place; X0059-not-found: whoever left is no place. */
static void test_W78_items_paged(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    static const char *const nicks[] = {"b", "c", "d", "e"};
    for (int i = 0; i < 4; i++) {
        char line[256];
        (void)snprintf(line, sizeof line,
                       "user%s: join %s\n  join %s(user%s@example.org/r none/participant)\n  subject to=user%s\n",
                       nicks[i], nicks[i], nicks[i], nicks[i], nicks[i]);
        trace_run(&t, line);
    }
    trace_run(&t, "x: items max=2\n"
                  "  reply x disco nicks=Romeo,b index=0 count=5\n"
                  "x: items max=2 after=b\n"
                  "  reply x disco nicks=c,d index=2 count=5\n"
                  "x: items max=2 after=d\n"
                  "  reply x disco nicks=e index=4 count=5\n"
                  "x: items after=e\n"
                  "  reply x disco index=5 count=5\n"
                  "x: items max=2 before=last\n"
                  "  reply x disco nicks=d,e index=3 count=5\n"
                  "x: items max=2 before=d\n"
                  "  reply x disco nicks=b,c index=1 count=5\n"
                  "x: items max=2 before=Romeo\n"
                  "  reply x disco index=0 count=5\n"
                  "x: items max=2 index=3\n"
                  "  reply x disco nicks=d,e index=3 count=5\n"
                  "x: items index=9\n"
                  "  reply x disco index=5 count=5\n"
                  "x: items max=0\n"
                  "  reply x disco index=0 count=5\n"
                  "userc: leave\n"
                  "  leave c(userc@example.org/r none/none)\n"
                  "x: items after=c\n"
                  "  reply x error item-not-found/cancel\n");
    trace_deinit(&t);
}

/* However many there are, an answer has its bound, and says so. */
static void test_W78_items_bounded(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    t.service.history_default = 0;
    for (uint64_t sid = 1000; sid < 1000 + LIMIT_PAGE_PLAIN; sid++) {
        char nick[32], jid[64];
        (void)snprintf(nick, sizeof nick, "n%u", (unsigned)sid);
        (void)snprintf(jid, sizeof jid, "u%u@example.org/r", (unsigned)sid);
        struct room_event ev = {.type = ROOM_EV_PRESENCE,
                                .now_ms = t.now_ms,
                                .epoch = t.epoch,
                                .origin = {1, sid, sid, str_of(jid)},
                                .nick = str_of(nick),
                                .strict_ok = true,
                                .presence = {.join = true}};
        room_effects_reset(&t.fx);
        assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
        if (sid >= 998 + LIMIT_PAGE_PLAIN) {
            struct room_event ask = {.type = ROOM_EV_DISCO_ITEMS, .origin = ev.origin};
            room_effects_reset(&t.fx);
            assert_int_equal(room_step(t.room, &ask, &t.fx), 0);
            bool all = sid + 2 <= 1000 + LIMIT_PAGE_PLAIN;
            assert_int_equal(t.fx.list[0].reply.n_nicks, LIMIT_PAGE_PLAIN);
            assert_int_equal(t.fx.list[0].reply.n_occupants, all ? LIMIT_PAGE_PLAIN : LIMIT_PAGE_PLAIN + 1);
            assert_int_equal(t.fx.list[0].reply.paged, !all);
            ask.items.paged = true;
            ask.items.has_max = true;
            ask.items.max = LIMIT_PAGE + 1;
            room_effects_reset(&t.fx);
            assert_int_equal(room_step(t.room, &ask, &t.fx), 0);
            assert_int_equal(t.fx.list[0].reply.n_nicks, LIMIT_PAGE);
        }
    }
    trace_deinit(&t);
}

/* Configured so, the list is empty to everybody, and still no error. */
static void test_W78_items_hidden(void **state)
{
    (void)state;
    trace_in("x-muc#roomconfig_listoccupants=0",
             "romeo: items\n"
             "  reply romeo disco\n"
             "juliet: items max=5\n"
             "  reply juliet disco index=0 count=0\n"
             "juliet: items after=Romeo\n"
             "  reply juliet disco index=0 count=0\n"
             "romeo: submit x-muc#roomconfig_listoccupants=1\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: items\n"
             "  reply juliet disco nicks=Romeo\n");
}

/* §6.4: owners where everybody sees them, else whom the service names; logs where there are some. */
static void test_W77_contacts_and_logs(void **state)
{
    (void)state;
    struct trace t;
    static const struct str help[] = {{"help@example.org", 16}};
    trace_init(&t);
    t.service.contacts = help;
    t.service.n_contacts = 1;
    t.service.logs_url = STR("https://logs.example.org/{room}/?r={room}");
    trace_room(&t, "muc#maxhistoryfetch=5");
    trace_run(&t, "x: disco\n"
                  "  reply x info occupants=1 contacts=help@example.org history=5\n"
                  "romeo: submit whois=anyone enablelogging=1\n"
                  "  persist config 3 by=romeo@example.org state\n"
                  "ok\n"
                  "  facts anyone broadcast=1c\n"
                  "  reply romeo result\n"
                  "  status 170,172\n"
                  "x: disco\n"
                  "  reply x info occupants=1 contacts=romeo@example.org"
                  " logs=https://logs.example.org/room/?r=room history=5\n");
    trace_deinit(&t);
}

/* X0502-counted, X0502-omitted: a full day's messages, of public persistent rooms that anybody may enter. */
static void test_activity(void **state)
{
    (void)state;
    trace_in("persistentroom=1",
             "x: disco\n"
             "  reply x info occupants=1 messages=0\n"
             "romeo: say hello id=a\n"
             "  persist message 3 by=romeo@example.org Romeo hello 0-3 id=a history\n"
             "ok\n"
             "  message Romeo hello 7-3 id=a\n"
             "romeo: say hallo id=b correction\n"
             "  persist message 4 by=romeo@example.org Romeo hallo 0-4 id=b history\n"
             "ok\n"
             "  message Romeo hallo 7-4 id=b\n"
             "romeo: say x id=c nobody store\n"
             "  persist message 5 by=romeo@example.org Romeo x 0-5 id=c history\n"
             "ok\n"
             "  message Romeo x 7-5 id=c\n"
             "# the present hour does not count\n"
             "x: disco\n"
             "  reply x info occupants=1 messages=0\n"
             "wait 3600000\n"
             "x: disco\n"
             "  reply x info occupants=1 messages=1\n"
             "wait 82800000\n"
             "x: disco\n"
             "  reply x info occupants=1 messages=1\n"
             "wait 3600000\n"
             "x: disco\n"
             "  reply x info occupants=1 messages=0\n"
             "romeo: submit membersonly=1\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "x: disco\n"
             "  reply x info occupants=1\n"
             "romeo: submit membersonly=0 roomsecret=x\n"
             "  persist config 7 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "x: disco\n"
             "  reply x info occupants=1\n"
             "romeo: submit roomsecret= publicroom=0\n"
             "  persist config 8 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "x: disco\n"
             "  reply x info occupants=1\n");
}

static bool activity_after_load(const struct room_message *history, uint32_t n, uint64_t from_ms, uint64_t now_ms,
                                uint32_t *messages)
{
    struct trace t;
    trace_init(&t);
    room_destroy(&t.room);
    t.room = room_load(STR("room@muc.example.org"), &t.service,
                       &(struct room_image){.config = {.persistent = true, .public_room = true}, .last = {7, 99},
                                            .history = history, .n_history = n, .history_from_ms = from_ms});
    struct room_event ev = {.type = ROOM_EV_DISCO_INFO, .now_ms = now_ms, .epoch = 8, .origin = {1, 1, 1, STR("x@x/r")}};
    assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
    bool known = t.fx.list[0].reply.has_activity;
    *messages = t.fx.list[0].reply.n_messages;
    trace_deinit(&t);
    return known;
}

/* X0502-counted, X0502-omitted: a room that was loaded counts what counted, from where its history begins; nothing is
 * said where nothing is known. */
static void test_activity_of_a_loaded_room(void **state)
{
    (void)state;
    enum { HOUR = 3600000 };
    const uint64_t at = 500000ull * HOUR;
    struct room_message list[30];
    uint32_t n = 0, messages = 0;
    memset(list, 0, sizeof list);
    for (; n < 30; n++)
        list[n] = (struct room_message){.name = {7, n + 1}, .stamp_ms = at + n * 60000, .type = 2, .counts = n % 2};
    assert_true(activity_after_load(list, n, 0, at + HOUR, &messages));
    assert_int_equal(messages, 15);
    assert_true(activity_after_load(list, n, at - 30ull * HOUR, at + HOUR, &messages));
    assert_int_equal(messages, 15);
    /* of an hour in part, and of the present one, nothing can be said */
    assert_false(activity_after_load(list, n, at, at + HOUR / 2, &messages));
    assert_false(activity_after_load(list, n, at, at + HOUR, &messages));
    assert_true(activity_after_load(list, n, at, at + 2 * HOUR, &messages));
    assert_int_equal(messages, 0);
    /* one hour, the 24th part of a day */
    assert_true(activity_after_load(list, n, at - 1, at + HOUR, &messages));
    assert_int_equal(messages, 24 * 15);
    assert_true(activity_after_load(NULL, 0, 0, at, &messages));
    assert_int_equal(messages, 0);
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
             "juliet: ping Tybalt\n"
             "  reply juliet error item-not-found/cancel from=Tybalt\n"
             "juliet: ping\n"
             "  reply juliet result\n"
             "stranger: ping\n"
             "  reply stranger result\n");
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
        cmocka_unit_test(test_W77_subject_of_a_closed_room),
        cmocka_unit_test(test_W78_items),
        cmocka_unit_test(test_W78_items_paged),
        cmocka_unit_test(test_W78_items_bounded),
        cmocka_unit_test(test_W78_items_hidden),
        cmocka_unit_test(test_W77_contacts_and_logs),
        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_activity_of_a_loaded_room),
        cmocka_unit_test(test_W79_self_ping),
        cmocka_unit_test(test_W5_refusals_of_the_gateway),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
