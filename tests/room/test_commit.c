/* test_commit.c: what may happen while a commit is under way, and rooms from the store (rules R1 to
 * R5). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Messages go behind messages, in one chain; a failure in the middle concerns its sender only. */
static void test_R3_messages_behind_messages(void **state)
{
    (void)state;
    trace_in("moderatedroom=1",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/visitor)\n"
             "  subject to=juliet\n"
             "romeo: say a id=1\n"
             "  persist message 3 by=romeo@example.org Romeo a 0-3 id=1 history\n"
             "romeo: say b id=2\n"
             "  persist message 4 by=romeo@example.org Romeo b 0-4 id=2 history\n"
             "romeo: say c id=3\n"
             "  persist message 5 by=romeo@example.org Romeo c 0-5 id=3 history\n"
             "held juliet: say d\n"
             "held stranger: say d\n"
             "held romeo: subject d\n"
             "held romeo: pm Juliet d\n"
             "held romeo: say d type=normal\n"
             "held romeo: leave\n"
             "held juliet: disco\n"
             "held gateway 1 lost\n"
             "ok\n"
             "  message Romeo a 7-3 id=1\n"
             "fail resource-constraint\n"
             "  reply romeo message error resource-constraint/wait id=2\n"
             "ok\n"
             "  message Romeo c 7-5 id=3\n"
             "romeo: say d id=4\n"
             "  persist message 6 by=romeo@example.org Romeo d 0-6 id=4 history\n"
             "ok\n"
             "  message Romeo d 7-6 id=4\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/visitor)\n"
             "  history to=paris Romeo a 7-3 id=1 Romeo c 7-5 id=3 Romeo d 7-6 id=4\n"
             "  subject to=paris\n");
}

/* Nothing goes behind anything else. */
static void test_R3_nothing_behind_other_commits(void **state)
{
    (void)state;
    trace_in("",
             "romeo: subject Night id=1\n"
             "  persist subject 3 by=romeo@example.org subject=Night state\n"
             "held romeo: say a\n"
             "ok\n"
             "  message Romeo Night 7-3 id=1\n"
             "held ok\n"
             "held fail\n");
}

/* The answer finds who asked, though the completion does not name him. */
static void test_R4_origin_of_a_completion(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    trace_run(&t, "romeo: set affiliation=member jid=juliet@example.org\n"
                  "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member\n"
                  "ok\n"
                  "  notice moderators juliet@example.org=member\n"
                  "  reply romeo result\n");
    assert_int_equal(t.fx.origin.gw, 1);
    assert_int_equal(t.fx.origin.sid, t.users[0].sid);
    assert_int_equal(t.fx.origin.rseq, 1);
    assert_true(str_is(t.fx.origin.jid, "romeo@example.org/r"));
    trace_deinit(&t);
}

static void collect(void *ctx, const struct room_record *rec)
{
    *(struct room_record *)ctx = *rec;
}

static struct room_image image(void)
{
    static const struct room_affiliation affiliations[] = {
        {.jid = {"romeo@example.org", 17}, .affiliation = AFFIL_OWNER, .nick = {"Romeo", 5}, .ver = 3},
        {.jid = {"evil.org", 8}, .affiliation = AFFIL_OUTCAST, .ver = 4},
    };
    static const struct room_message history[] = {
        {.name = {5, 40}, .stamp_ms = 1699999999000, .nick = {"Romeo", 5},
         .occupant_id = {"0123456789abcdef0123456789abcdef", 32}, .id = {"old", 3},
         .payload = {"hark", 4}, .type = 2},
    };
    struct room_image img = {
        .config = {.name = STR("Verona"), .members_only = false, .public_room = true,
                   .presence_broadcast = 0x1c},
        .subject = STR("Night"),
        .subject_nick = STR("Juliet"),
        .subject_occupant_id = STR("0123456789abcdef0123456789abcdef"),
        .subject_stamp_ms = 1,
        .occupant_secret = {1, 2, 3},
        .creator = STR("romeo@example.org"),
        .created_ms = 1,
        .ver = 4,
        .last = {5, 41},
        .affiliations = affiliations,
        .n_affiliations = 2,
        .history = history,
        .n_history = 1,
    };
    return img;
}

/* A room as the store has it goes on where it was: numbers, history, subject, affiliations. A temporary one
 * lives on although it is empty. */
static void test_R5_loaded_room_goes_on(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    room_destroy(&t.room);
    struct room_image img = image();
    t.room = room_load(STR("room@muc.example.org"), &t.service, &img);
    room_check(t.room);
    assert_true(room_exists(t.room));
    assert_int_equal(room_last(t.room).e, 5);
    assert_int_equal(room_last(t.room).s, 41);
    trace_run(&t, "tick 10\n"
                  "iago#evil.org: join Iago\n"
                  "  reply iago#evil.org presence error forbidden/auth from=Iago\n"
                  "juliet: join Romeo\n"
                  "  reply juliet presence error conflict/cancel from=Romeo\n"
                  "romeo: join Romeo\n"
                  "  join Romeo(romeo@example.org/r owner/moderator)\n"
                  "  history to=romeo Romeo hark 5-40 id=old\n"
                  "  subject to=romeo text=Night from=Juliet delay\n"
                  "romeo: say hey id=1\n"
                  "  persist message 42 by=romeo@example.org Romeo hey 0-42 id=1 history\n"
                  "ok\n"
                  "  message Romeo hey 7-42 id=1\n");
    assert_int_equal(room_last(t.room).e, 7);
    assert_int_equal(room_last(t.room).s, 42);
    assert_int_equal(room_occupants(t.room), 1);
    assert_int_equal(room_sessions(t.room), 1);
    assert_int_equal(room_gateway_sessions(t.room, 1), 1);
    assert_int_equal(room_gateway_sessions(t.room, 2), 0);
    trace_run(&t, "romeo: leave\n"
                  "  leave Romeo(romeo@example.org/r owner/none)\n"
                  "  persist destroy 43\n"
                  "ok\n"
                  "  gone\n");
    trace_deinit(&t);
}

/* A lock that was stored ends as it would have. */
static void test_W17_loaded_lock(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    room_destroy(&t.room);
    struct room_image img = image();
    img.locked = true;
    img.created_ms = t.now_ms;
    t.room = room_load(STR("room@muc.example.org"), &t.service, &img);
    assert_true(room_is_locked(t.room));
    assert_int_equal(room_lock_ends_ms(t.room), t.now_ms + 300000);
    trace_run(&t, "juliet: join Juliet\n"
                  "  reply juliet presence error item-not-found/cancel from=Juliet\n"
                  "tick 300000\n"
                  "  persist config 42 state\n"
                  "ok\n");
    assert_false(room_is_locked(t.room));
    assert_int_equal(room_lock_ends_ms(t.room), 0);
    trace_deinit(&t);
}

/* The same for a bare JID across nicks, visits and lives of the process; another in another room. */
static void test_W13_occupant_id(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    room_destroy(&t.room);
    struct room_image img = image();
    char ids[3][32];
    for (int i = 0; i < 3; i++) {
        img.occupant_secret[0] = i == 2 ? 9 : 1;
        t.room = room_load(STR("room@muc.example.org"), &t.service, &img);
        trace_run(&t, i == 0 ? "juliet: join Juliet stanzas=0\n"
                               "  join Juliet(juliet@example.org/r none/participant)\n"
                               "  subject to=juliet text=Night from=Juliet delay\n"
                             : "juliet/phone: join Capulet stanzas=0\n"
                               "  join Capulet(juliet@example.org/phone none/participant)\n"
                               "  subject to=juliet/phone text=Night from=Juliet delay\n");
        struct room_record rec;
        room_each_record(t.room, collect, &rec);
        assert_int_equal(rec.occupant_id.n, 32);
        memcpy(ids[i], rec.occupant_id.p, 32);
        room_destroy(&t.room);
    }
    assert_memory_equal(ids[0], ids[1], 32);
    assert_memory_not_equal(ids[0], ids[2], 32);
    trace_deinit(&t);
}

/* A stay of a later owner has the greater position. */
static void test_join_position_rises_with_the_epoch(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    struct room_record a, b;
    trace_run(&t, "juliet: join Juliet\n"
                  "  join Juliet(juliet@example.org/r none/participant)\n"
                  "  subject to=juliet\n");
    room_each_record(t.room, collect, &a);
    t.epoch++;
    trace_run(&t, "paris: join Paris\n"
                  "  join Paris(paris@example.org/r none/participant)\n"
                  "  subject to=paris\n");
    room_each_record(t.room, collect, &b);
    assert_true(b.join_pos > a.join_pos + 1);
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_R3_messages_behind_messages),
        cmocka_unit_test(test_R3_nothing_behind_other_commits),
        cmocka_unit_test(test_R4_origin_of_a_completion),
        cmocka_unit_test(test_R5_loaded_room_goes_on),
        cmocka_unit_test(test_W17_loaded_lock),
        cmocka_unit_test(test_W13_occupant_id),
        cmocka_unit_test(test_join_position_rises_with_the_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
