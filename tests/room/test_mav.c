/* test_mav.c: versions of the affiliations (XEP-0463, rules R111 to R114). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"
#include "shard/room/affil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A room whose transcripts show versions. */
static void begin(struct trace *t, const char *fields)
{
    trace_init(t);
    trace_room(t, fields);
    t->show_versions = true;
}

/* X0463-bootstrap, X0463-diff, X0463-current, X0463-self-presence: before any presence; who was removed is `none`. */
static void test_X0463_join(void **state)
{
    (void)state;
    struct trace t;
    begin(&t, "whois=anyone");
    trace_run(&t,
              "romeo: set affiliation=member jid=juliet@example.org ; affiliation=member jid=nurse@example.org\n"
              "  persist affiliations 3 by=romeo@example.org state juliet@example.org=member nurse@example.org=member\n"
              "ok\n"
              "  notice all juliet@example.org=member since=1 until=2\n"
              "  notice all nurse@example.org=member since=2 until=3\n"
              "  reply romeo result\n"
              "juliet: join Juliet mav=\n"
              "  delta to=juliet until=3 romeo@example.org=owner juliet@example.org=member nurse@example.org=member\n"
              "  join Juliet(juliet@example.org/r member/participant) self=100 until=3\n"
              "  subject to=juliet\n"
              "juliet: leave\n"
              "  leave Juliet(juliet@example.org/r member/none)\n"
              "juliet: join Juliet mav=last\n"
              "  join Juliet(juliet@example.org/r member/participant) self=100 until=3\n"
              "  subject to=juliet\n"
              "juliet: leave\n"
              "  leave Juliet(juliet@example.org/r member/none)\n"
              "romeo: set affiliation=none jid=nurse@example.org ; affiliation=admin jid=paris@example.org\n"
              "  persist affiliations 4 by=romeo@example.org state nurse@example.org=none paris@example.org=admin\n"
              "ok\n"
              "  notice all nurse@example.org=none since=3 until=4\n"
              "  notice all paris@example.org=admin since=4 until=5\n"
              "  reply romeo result\n"
              "juliet: join Juliet mav=last\n"
              "  delta to=juliet since=3 until=5 nurse@example.org=none paris@example.org=admin\n"
              "  join Juliet(juliet@example.org/r member/participant) self=100 until=5\n"
              "  subject to=juliet\n"
              "# again while inside\n"
              "juliet: join Juliet mav=\n"
              "  delta to=juliet until=5 romeo@example.org=owner juliet@example.org=member paris@example.org=admin\n"
              "  resync Juliet(juliet@example.org/r member/participant) until=5\n"
              "  subject to=juliet\n");
    trace_deinit(&t);
}

/* X0463-bootstrap: who makes the room has the whole list, too. */
static void test_X0463_creator(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.show_versions = true;
    trace_run(&t, "romeo: join Romeo mav=\n"
                  "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"
                  "ok\n"
                  "  delta to=romeo until=1 romeo@example.org=owner\n"
                  "  join Romeo(romeo@example.org/r owner/moderator) self=201 until=1\n"
                  "  subject to=romeo\n");
    trace_deinit(&t);
}

/* X0463-unknown: another room's version, or one that nobody was told of, gets the whole list. */
static void test_X0463_unknown(void **state)
{
    (void)state;
    struct trace t;
    begin(&t, "");
    trace_run(&t,
              "romeo/b: join Romeo mav=nonsense\n"
              "  delta to=romeo/b until=1 romeo@example.org=owner\n"
              "  join Romeo(romeo@example.org/b owner/moderator) until=1\n"
              "  subject to=romeo/b\n"
              "romeo/c: join Romeo mav=0000000000000000.1\n"
              "  delta to=romeo/c until=1 romeo@example.org=owner\n"
              "  join Romeo(romeo@example.org/c owner/moderator) until=1\n"
              "  subject to=romeo/c\n");
    trace_deinit(&t);
}

/* X0463-change: one step of the version for each change, in presences too; none without one. */
static void test_X0463_change(void **state)
{
    (void)state;
    struct trace t;
    begin(&t, "");
    trace_run(&t,
              "juliet: join Juliet\n"
              "  join Juliet(juliet@example.org/r none/participant)\n"
              "  subject to=juliet\n"
              "romeo: set affiliation=member nick=Juliet ; affiliation=outcast jid=evil.org ; affiliation=admin nick=Juliet\n"
              "  persist affiliations 3 by=romeo@example.org state evil.org=outcast juliet@example.org=admin\n"
              "ok\n"
              "  update Juliet(juliet@example.org/r member/participant) actor=Romeo,romeo@example.org/r since=1 until=2\n"
              "  notice moderators 301 evil.org=outcast since=2 until=3\n"
              "  update Juliet(juliet@example.org/r admin/moderator) actor=Romeo,romeo@example.org/r since=3 until=4\n"
              "  reply romeo result\n"
              "juliet: register Jules\n"
              "  persist affiliations 4 by=juliet@example.org state juliet@example.org=admin nick=Jules\n"
              "ok\n"
              "  update Juliet(juliet@example.org/r admin/moderator)\n"
              "  reply juliet result\n"
              "romeo: set affiliation=outcast nick=Juliet\n"
              "  persist affiliations 5 by=romeo@example.org state juliet@example.org=outcast\n"
              "ok\n"
              "  leave Juliet(juliet@example.org/r outcast/none) 301 actor=Romeo,romeo@example.org/r since=4 until=5\n"
              "  reply romeo result\n"
              "romeo: set affiliation=none jid=stranger@example.org\n"
              "  persist affiliations 6 by=romeo@example.org state stranger@example.org=none\n"
              "ok\n"
              "  notice moderators stranger@example.org=none\n"
              "  reply romeo result\n"
              "romeo: join Romeo mav=\n"
              "  delta to=romeo until=5 romeo@example.org=owner evil.org=outcast juliet@example.org=outcast\n"
              "  resync Romeo(romeo@example.org/r owner/moderator) until=5\n"
              "  subject to=romeo\n");
    trace_deinit(&t);
}

/* X0463-forbidden, W55: in a semi-anonymous room nobody but owners reads all lists; in others who may not read the
 * list of outcasts learns only that they are no members. */
static void test_X0463_forbidden(void **state)
{
    (void)state;
    struct trace t;
    begin(&t, "");
    trace_run(&t,
              "romeo: set affiliation=admin jid=juliet@example.org ; affiliation=outcast jid=tybalt@example.org\n"
              "  persist affiliations 3 by=romeo@example.org state juliet@example.org=admin tybalt@example.org=outcast\n"
              "ok\n"
              "  notice moderators juliet@example.org=admin since=1 until=2\n"
              "  notice moderators 301 tybalt@example.org=outcast since=2 until=3\n"
              "  reply romeo result\n"
              "juliet: join Juliet mav= id=j1\n"
              "  reply juliet message error forbidden/auth id=j1\n"
              "  join Juliet(juliet@example.org/r admin/moderator)\n"
              "  subject to=juliet\n"
              "romeo: submit whois=anyone\n"
              "  persist config 4 by=romeo@example.org state\n"
              "ok\n"
              "  facts anyone broadcast=1c\n"
              "  reply romeo result\n"
              "  status 172\n"
              "paris: join Paris mav=\n"
              "  delta to=paris until=3 romeo@example.org=owner juliet@example.org=admin\n"
              "  join Paris(paris@example.org/r none/participant) self=100 until=3\n"
              "  subject to=paris\n"
              "paris: leave\n"
              "  leave Paris(paris@example.org/r none/none)\n"
              "romeo: set affiliation=outcast jid=nurse@example.org\n"
              "  persist affiliations 5 by=romeo@example.org state nurse@example.org=outcast\n"
              "ok\n"
              "  notice all 301 nurse@example.org=outcast since=3 until=4\n"
              "  reply romeo result\n"
              "paris: join Paris mav=last\n"
              "  delta to=paris since=3 until=4 nurse@example.org=none\n"
              "  join Paris(paris@example.org/r none/participant) self=100 until=4\n"
              "  subject to=paris\n");
    trace_deinit(&t);
}

/* X0463-unknown: of the removed ones so many are remembered; what is older gets the whole list. What the room forgets,
 * the store is told to forget. */
static void test_R112_bounded(void **state)
{
    (void)state;
    struct trace t;
    begin(&t, "");
    char line[256];
    trace_run(&t, "romeo: join Romeo mav=\n"
                  "  delta to=romeo until=1 romeo@example.org=owner\n"
                  "  resync Romeo(romeo@example.org/r owner/moderator) until=1\n"
                  "  subject to=romeo\n");
    for (int i = 0; i <= LIMIT_REMOVED; i++) {
        const char *const what[] = {"member", "none"};
        for (int k = 0; k < 2; k++) {
            char expired[64] = "";
            if (i == LIMIT_REMOVED && k == 1)
                snprintf(expired, sizeof expired, " u0@x=none expired");
            snprintf(line, sizeof line,
                     "romeo: set affiliation=%s jid=u%d@x\n"
                     "  persist affiliations %d by=romeo@example.org state u%d@x=%s%s\n"
                     "ok\n"
                     "  notice moderators u%d@x=%s since=%d until=%d\n"
                     "  reply romeo result\n",
                     what[k], i, 3 + 2 * i + k, i, what[k], expired, i, what[k], 2 * i + k + 1, 2 * i + k + 2);
            trace_run(&t, line);
        }
        if (i == 1) /* until here nothing is forgotten: the version after the second removal */
            trace_run(&t, "romeo: join Romeo mav=\n"
                          "  delta to=romeo until=5 romeo@example.org=owner\n"
                          "  resync Romeo(romeo@example.org/r owner/moderator) until=5\n"
                          "  subject to=romeo\n");
    }
    struct room_event ev = {.type = ROOM_EV_PRESENCE, .now_ms = t.now_ms, .epoch = t.epoch,
                            .origin = {1, t.users[0].sid, 1, str_of(t.users[0].jid)}, .nick = STR("Romeo"), .strict_ok = true};
    ev.presence.join = ev.presence.mav = true;
    ev.presence.mav_since = t.version;
    room_effects_reset(&t.fx);
    assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
    assert_int_equal(t.fx.list[0].type, FX_MAV);
    assert_true(str_eq(t.fx.list[0].mav.since, t.version));
    assert_int_equal(t.fx.list[0].mav.n, LIMIT_REMOVED - 1);
    trace_deinit(&t);
}

static void collect(void *ctx, const struct room_affiliation *a)
{
    (void)a;
    (*(int *)ctx)++;
}

/* X0463-chunks: a long list in several messages, each going on where the one before it ended. A removal in the store
 * is one after loading too. */
static void test_X0463_chunks(void **state)
{
    (void)state;
    enum { N = 1300 };
    static char jids[N + 1][16];
    static struct room_affiliation list[N + 1];
    for (int i = 0; i <= N; i++) {
        int n = snprintf(jids[i], sizeof jids[i], "u%d@x", i);
        list[i] = (struct room_affiliation){.jid = {jids[i], (size_t)n}, .affiliation = i == N ? AFFIL_NONE : AFFIL_MEMBER,
                                            .ver = (uint64_t)i + 1};
    }
    list[0].affiliation = AFFIL_OWNER;
    struct trace t;
    trace_init(&t);
    room_destroy(&t.room);
    t.room = room_load(STR("room@muc.example.org"), &t.service,
                       &(struct room_image){.config = {.persistent = true, .whois_anyone = true}, .ver = N + 1, .last = {7, 9},
                                            .affiliations = list, .n_affiliations = N + 1});
    room_check(t.room);
    int live = 0;
    room_each_affiliation(t.room, collect, &live);
    assert_int_equal(live, N);
    struct room_event ev = {.type = ROOM_EV_PRESENCE, .now_ms = t.now_ms, .epoch = t.epoch,
                            .origin = {1, 1, 1, STR("u1@x/r")}, .nick = STR("One"), .strict_ok = true};
    ev.presence.join = ev.presence.mav = true;
    assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
    const struct fx *f = t.fx.list;
    uint32_t n = 0, sum = 0;
    for (; f[n].type == FX_MAV; n++) {
        if (n == 0)
            assert_int_equal(f[n].mav.since.n, 0);
        else
            assert_true(str_eq(f[n].mav.since, f[n - 1].mav.until));
        sum += f[n].mav.n;
    }
    assert_int_equal(n, 3);
    assert_int_equal(sum, N);
    assert_int_equal(f[n].type, FX_PRESENCE);
    assert_true(str_eq(f[n].presence.mav_until, f[n - 1].mav.until));
    /* from the end of the first message on it is the rest and the removal */
    char version[64];
    ev.presence.mav_since = (struct str){memcpy(version, f[0].mav.until.p, f[0].mav.until.n), f[0].mav.until.n};
    room_effects_reset(&t.fx);
    assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
    sum = 0;
    for (n = 0; t.fx.list[n].type == FX_MAV; n++)
        sum += t.fx.list[n].mav.n;
    assert_int_equal(sum, N - 500 + 1);
    const struct fx *last = &t.fx.list[n - 1];
    assert_int_equal(last->mav.items[last->mav.n - 1].affiliation, AFFIL_NONE);
    trace_deinit(&t);
}

/* R112: what expires, whatever the order of things is: the room and what the store would be told agree. */
static void test_R112_room_and_store_agree(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    trace_room(&t, "");
    enum { JIDS = 600 };
    static bool stored[JIDS]; /* removals in the store */
    memset(stored, 0, sizeof stored);
    unsigned seed = 1;
    for (int round = 0; round < 400; round++) {
        struct room_item items[40];
        char jids[40][16];
        memset(items, 0, sizeof items);
        for (int i = 0; i < 40; i++) {
            seed = seed * 1103515245u + 12345u;
            unsigned who = (seed >> 8) % (round < 200 ? JIDS : 30);
            int n = snprintf(jids[i], sizeof jids[i], "u%u@x", who);
            items[i].jid = (struct str){jids[i], (size_t)n};
            items[i].affiliation = (seed >> 20 & 1) ? AFFIL_MEMBER : AFFIL_NONE;
        }
        struct room_event ev = {.type = ROOM_EV_ADMIN_SET, .now_ms = t.now_ms, .epoch = t.epoch,
                                .origin = {1, t.users[0].sid, 1, str_of(t.users[0].jid)}};
        ev.admin.items = items;
        ev.admin.n = 40;
        room_effects_reset(&t.fx);
        assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
        assert_int_equal(t.fx.list[0].type, FX_PERSIST);
        for (uint32_t i = 0; i < t.fx.list[0].persist.n_changes; i++) {
            const struct room_affiliation *a = &t.fx.list[0].persist.changes[i];
            int who = atoi(a->jid.p + 1);
            stored[who] = a->affiliation == AFFIL_NONE && a->ver && !a->expired;
        }
        ev = (struct room_event){.type = ROOM_EV_PERSISTED, .now_ms = t.now_ms, .epoch = t.epoch};
        room_effects_reset(&t.fx);
        assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
        room_check(t.room);
        for (int i = 0; i < JIDS; i++) {
            char jid[16];
            int n = snprintf(jid, sizeof jid, "u%d@x", i);
            assert_int_equal(room_remembers(t.room, (struct str){jid, (size_t)n}), stored[i]);
        }
    }
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_X0463_join),
        cmocka_unit_test(test_X0463_creator),
        cmocka_unit_test(test_X0463_unknown),
        cmocka_unit_test(test_X0463_change),
        cmocka_unit_test(test_X0463_forbidden),
        cmocka_unit_test(test_R112_bounded),
        cmocka_unit_test(test_X0463_chunks),
        cmocka_unit_test(test_R112_room_and_store_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
