/* test_owner.c: configuring and destroying (XEP-0045 §10.2, §10.9; W3, W63 to W69, W74,
 * W75). */
/* clang-format off */
#include "room/lib_trace.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_W63_form(void **state)
{
    (void)state;
    trace_in("roomname=Verona roomdesc=city roomsecret=rose roomadmins=adam@example.org persistentroom=1 moderatedroom=1 changesubject=1 enablelogging=1 allowinvites=1 whois=anyone allowpm=moderators maxusers=20 presencebroadcast=moderator getmemberlist=participant lang=it membersonly=1",
             "romeo: config id=g1\n"
             "  reply romeo config name=Verona desc=city lang=it secret=rose persistent public members moderated subject logging invites anyone pm=2 max=20 broadcast=10 list=8 admins=adam@example.org owners=romeo@example.org id=g1\n"
             "romeo/phone: config\n"
             "  reply romeo/phone config name=Verona desc=city lang=it secret=rose persistent public members moderated subject logging invites anyone pm=2 max=20 broadcast=10 list=8 admins=adam@example.org owners=romeo@example.org\n");
}

static void test_W64_whole_or_not_at_all(void **state)
{
    (void)state;
    trace_in("roomname=Verona",
             "romeo: submit roomname=Mantua form_type=jabber:wrong\n"
             "  reply romeo error bad-request/modify\n"
             "romeo: submit roomname=Mantua membersonly=maybe\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua whois=nobody\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua allowpm=nobody\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua whois=\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua allowpm=\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua maxusers=many\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua maxusers=10000000\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua presencebroadcast=visitor|king\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua getmemberlist=none\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomname=Mantua roomadmins=@\n"
             "  reply romeo error jid-malformed/modify\n"
             "romeo: config\n"
             "  reply romeo config name=Verona public pm=0 max=0 broadcast=1c list=0 owners=romeo@example.org\n"
             "romeo: submit roomname= unheardof=1 publicroom=\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo/phone: config\n"
             "  reply romeo/phone config pm=0 max=0 broadcast=1c list=0 owners=romeo@example.org\n"
             "romeo/phone: submit publicroom=true maxusers=none\n"
             "  persist config 4 by=romeo@example.org state\n"
             "fail resource-constraint\n"
             "  reply romeo/phone error resource-constraint/wait\n");
}

static void test_W65_password(void **state)
{
    (void)state;
    trace_in("",
             "romeo: submit passwordprotectedroom=1\n"
             "  reply romeo error not-acceptable/cancel\n"
             "romeo: submit roomsecret=rose\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "juliet: join Juliet\n"
             "  reply juliet presence error not-authorized/auth from=Juliet\n"
             "romeo: submit passwordprotectedroom=1\n"
             "  reply romeo result\n"
             "romeo: submit passwordprotectedroom=1 roomsecret=\n"
             "  reply romeo result\n"
             "romeo: submit roomsecret=\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: submit passwordprotectedroom=1 roomsecret=lily\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: submit passwordprotectedroom=0 roomsecret=lily\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: config\n"
             "  reply romeo config public pm=0 max=0 broadcast=1c list=0 owners=romeo@example.org\n");
}

static void test_W66_full_lists(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org|eve@example.org",
             "romeo: submit roomadmins=adam@example.org|eve@example.org roomowners=romeo@example.org\n"
             "  reply romeo result\n"
             "romeo: submit roomowners= roomname=Nothing\n"
             "  reply romeo error conflict/cancel\n"
             "romeo: submit roomadmins=eve@example.org|carol@example.org|eve@example.org/x roomowners=romeo@example.org|olivia@example.org\n"
             "  persist config 3 by=romeo@example.org state olivia@example.org=owner carol@example.org=admin adam@example.org=none\n"
             "ok\n"
             "  notice moderators olivia@example.org=owner\n"
             "  notice moderators carol@example.org=admin\n"
             "  notice moderators adam@example.org=none\n"
             "  reply romeo result\n"
             "olivia: submit roomowners=olivia@example.org|eve@example.org roomadmins=olivia@example.org\n"
             "  persist config 4 by=olivia@example.org state eve@example.org=owner romeo@example.org=admin carol@example.org=none\n"
             "ok\n"
             "  notice moderators eve@example.org=owner\n"
             "  update Romeo(romeo@example.org/r admin/moderator) actor=,olivia@example.org/r\n"
             "  notice moderators carol@example.org=none\n"
             "  reply olivia result\n"
             "olivia: submit roomadmins=\n"
             "  persist config 5 by=olivia@example.org state romeo@example.org=none\n"
             "ok\n"
             "  update Romeo(romeo@example.org/r none/participant) actor=,olivia@example.org/r\n"
             "  reply olivia result\n"
             "romeo: submit roomname=Mine\n"
             "  reply romeo error forbidden/auth\n"
             "olivia: submit roomadmins=olivia@example.org|eve@example.org\n"
             "  reply olivia result\n");
}

/* W66, R54: a list that drops more people than one request may change is refused, and quickly, whole. */
static void test_W66_bounded(void **state)
{
    (void)state;
    enum { N = 20000 };
    static char jids[N][16];
    static struct room_affiliation list[N];
    for (int i = 0; i < N; i++) {
        int n = snprintf(jids[i], sizeof jids[i], "u%05d@x", i);
        list[i] = (struct room_affiliation){.jid = {jids[i], (size_t)n}, .affiliation = i ? AFFIL_ADMIN : AFFIL_OWNER,
                                            .ver = (uint64_t)i + 1};
    }
    for (uint32_t n = N; n; n = n == N ? LIMIT_FORM_VALUES : 0) {
        struct trace t;
        trace_init(&t);
        room_destroy(&t.room);
        t.room = room_load(STR("room@muc.example.org"), &t.service,
                           &(struct room_image){.config = {.persistent = true}, .ver = n, .last = {7, 9},
                                                .affiliations = list, .n_affiliations = n});
        struct room_field field = {STR("muc#roomconfig_roomadmins"), NULL, 0};
        struct room_event ev = {.type = ROOM_EV_OWNER_SUBMIT, .now_ms = t.now_ms, .epoch = 8,
                                .origin = {1, 1, 1, STR("u00000@x/r")}, .owner = {.fields = &field, .n = 1}};
        assert_int_equal(room_step(t.room, &ev, &t.fx), 0);
        assert_int_equal(t.fx.n, 1);
        if (n == N) {
            assert_int_equal(t.fx.list[0].type, FX_REPLY);
            assert_int_equal(t.fx.list[0].reply.error, SE_POLICY_VIOLATION);
        } else {
            assert_int_equal(t.fx.list[0].type, FX_PERSIST);
        }
        trace_deinit(&t);
    }
}

/* S-field-whois */
static void test_W67_codes(void **state)
{
    (void)state;
    trace_in("",
             "romeo: submit enablelogging=1 whois=anyone roomname=Verona id=c1\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  facts anyone broadcast=1c\n"
             "  reply romeo result id=c1\n"
             "  status 104,170,172\n"
             "romeo: submit enablelogging=0\n"
             "  persist config 4 by=romeo@example.org state\n"
             "ok\n"
             "  reply romeo result\n"
             "  status 171\n"
             "romeo: submit whois=moderators\n"
             "  persist config 5 by=romeo@example.org state\n"
             "ok\n"
             "  facts moderators broadcast=1c\n"
             "  reply romeo result\n"
             "  status 173\n"
             "romeo: submit presencebroadcast=moderator|none\n"
             "  persist config 6 by=romeo@example.org state\n"
             "ok\n"
             "  facts moderators broadcast=12\n"
             "  reply romeo result\n"
             "  status 104\n"
             "romeo: submit whois=moderators enablelogging=0 roomname=Verona\n"
             "  reply romeo result\n");
}

/* And W6: who is dropped from a list at the same time leaves once. */
static void test_W68_turning_members_only(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org|eve@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "adam: join Adam\n"
             "  join Adam(adam@example.org/r admin/moderator)\n"
             "  subject to=adam\n"
             "eve: join Eve\n"
             "  join Eve(eve@example.org/r admin/moderator)\n"
             "  subject to=eve\n"
             "paris: join Paris\n"
             "  join Paris(paris@example.org/r none/participant)\n"
             "  subject to=paris\n"
             "juliet/phone: join Juliet\n"
             "  join Juliet(juliet@example.org/phone none/participant)\n"
             "  subject to=juliet/phone\n"
             "romeo: submit membersonly=1 roomadmins=adam@example.org|paris@example.org\n"
             "  persist config 3 by=romeo@example.org state paris@example.org=admin eve@example.org=none\n"
             "ok\n"
             "  update Paris(paris@example.org/r admin/moderator) actor=Romeo,romeo@example.org/r\n"
             "  leave Eve(eve@example.org/r none/none) 321 actor=Romeo,romeo@example.org/r\n"
             "  leave Juliet(juliet@example.org/r none/none) Juliet(juliet@example.org/phone none/none) 322\n"
             "  reply romeo result\n"
             "  status 104\n");
}

/* A temporary room ends, after the result. */
static void test_W68_the_last_are_removed(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: leave\n"
             "  leave Romeo(romeo@example.org/r owner/none)\n"
             "romeo: submit membersonly=1\n"
             "  persist config 3 by=romeo@example.org state\n"
             "ok\n"
             "  leave Juliet(juliet@example.org/r none/none) 322\n"
             "  reply romeo result\n"
             "  persist destroy 4\n"
             "ok\n"
             "  gone\n");
}

static void test_W69_non_owners(void **state)
{
    (void)state;
    trace_in("roomadmins=adam@example.org",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "juliet: config\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: submit roomname=Mine\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: cancel\n"
             "  reply juliet error forbidden/auth\n"
             "juliet: destroy\n"
             "  reply juliet error forbidden/auth\n"
             "adam: config\n"
             "  reply adam error forbidden/auth\n"
             "stranger: destroy id=d\n"
             "  reply stranger error forbidden/auth id=d\n");
}

static void test_W74_destroy(void **state)
{
    (void)state;
    trace_in("",
             "juliet: join Juliet\n"
             "  join Juliet(juliet@example.org/r none/participant)\n"
             "  subject to=juliet\n"

             "romeo: destroy id=d1 alternate=garden@muc.example.org reason=plague password=key\n"
             "  persist destroy 3 by=romeo@example.org\n"
             "held juliet: leave\n"
             "fail service-unavailable\n"
             "  reply romeo error service-unavailable/cancel id=d1\n"
             "romeo: destroy id=d2 alternate=garden@muc.example.org reason=plague password=key\n"
             "  persist destroy 4 by=romeo@example.org\n"
             "ok\n"
             "  destroyed alternate=garden@muc.example.org reason=plague password=key\n"
             "  reply romeo result id=d2\n"
             "  gone\n"
             "juliet: join Juliet\n"
             "  persist create 1 by=juliet@example.org state locked juliet@example.org=owner\n");
}

static void test_W75_service_admin(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    const struct str admins[] = {STR("prince@example.org")};
    t.service.admins = admins;
    t.service.n_admins = 1;
    trace_room(&t, "");
    trace_run(&t, "prince: submit roomname=Mine\n"
                  "  reply prince error forbidden/auth\n"
                  "prince: destroy\n"
                  "  persist destroy 3 by=prince@example.org\n"
                  "ok\n"
                  "  destroyed\n"
                  "  reply prince result\n"
                  "  gone\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W63_form),
        cmocka_unit_test(test_W64_whole_or_not_at_all),
        cmocka_unit_test(test_W65_password),
        cmocka_unit_test(test_W66_full_lists),
        cmocka_unit_test(test_W66_bounded),
        cmocka_unit_test(test_W67_codes),
        cmocka_unit_test(test_W68_turning_members_only),
        cmocka_unit_test(test_W68_the_last_are_removed),
        cmocka_unit_test(test_W69_non_owners),
        cmocka_unit_test(test_W74_destroy),
        cmocka_unit_test(test_W75_service_admin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
