/* test_policy.c: who may make rooms and what they may be called (XEP-0045 §7.2.17, W16), and what
 * is left of a room that went elsewhere (§10.9). */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REFUSED                                                                                    \
    "iago#evil.org: join Iago\n"                                                                   \
    "  reply iago#evil.org presence error not-allowed/cancel from=Iago\n"                         \
    "  gone\n"
#define MADE                                                                                       \
    "romeo: join Romeo\n"                                                                          \
    "  persist create 1 by=romeo@example.org state locked romeo@example.org=owner\n"              \
    "ok\n"                                                                                         \
    "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"                                \
    "  subject to=romeo\n"

static void test_W16_local_users(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.create_domain = STR("example.org");
    trace_run(&t, REFUSED MADE);
    trace_deinit(&t);
}

static void test_W16_admins(void **state)
{
    (void)state;
    static const struct str admins[] = {{"romeo@example.org", 17}};
    struct trace t;
    trace_init(&t);
    t.service.create_by_admins_only = true;
    t.service.admins = admins;
    t.service.n_admins = 1;
    trace_run(&t, REFUSED MADE);
    trace_deinit(&t);
}

static bool never(const void *ctx, struct str local)
{
    assert_ptr_equal(ctx, &never);
    assert_true(str_is(local, "room"));
    return false;
}

/* S10.1-room-names: at the limit, above it, and by the look of it. */
static void test_W16_names(void **state)
{
    (void)state;
    static const struct str admins[] = {{"romeo@example.org", 17}};
    struct trace t;
    trace_init(&t);
    t.service.name_max = 4;
    trace_run(&t, MADE);
    trace_deinit(&t);

    trace_init(&t);
    t.service.name_max = 3;
    trace_run(&t, REFUSED);
    t.service.name_max = 0;
    t.service.name_allowed = never;
    t.service.name_ctx = (const void *)&never;
    trace_run(&t, REFUSED);
    t.service.admins = admins;
    t.service.n_admins = 1;
    trace_run(&t, MADE);
    trace_deinit(&t);
}

#define DESTROYED                                                                                  \
    "romeo: destroy alternate=inn@muc.example.org\n"                                               \
    "  persist destroy 3 by=romeo@example.org moved=inn@muc.example.org\n"                        \
    "ok\n"                                                                                         \
    "  destroyed alternate=inn@muc.example.org\n"                                                  \
    "  reply romeo result\n"                                                                       \
    "  gone\n"

/* An empty room of a service whose destroyed rooms say for a second where they went. */
static void destroyed_rooms_point_on(struct trace *t)
{
    static const struct str admins[] = {{"admin@example.org", 17}};
    trace_init(t);
    t->service.tombstone_ms = 1000;
    t->service.admins = admins;
    t->service.n_admins = 1;
    trace_room(t, "");
}

static void test_moved(void **state)
{
    (void)state;
    struct trace t;
    destroyed_rooms_point_on(&t);
    trace_run(&t, DESTROYED
                  "romeo: join Romeo id=j\n"
                  "  reply romeo presence error gone/cancel moved=inn@muc.example.org from=Romeo id=j\n"
                  "  gone\n"
                  "juliet: disco\n"
                  "  reply juliet error gone/cancel moved=inn@muc.example.org\n"
                  "  gone\n"
                  "juliet: say hello\n"
                  "  reply juliet message error gone/cancel moved=inn@muc.example.org\n"
                  "  gone\n"
                  "juliet: ping Juliet\n"
                  "  reply juliet error not-acceptable/cancel from=Juliet\n"
                  "  gone\n"
                  "wait 999\n"
                  "juliet: items\n"
                  "  reply juliet error gone/cancel moved=inn@muc.example.org\n"
                  "  gone\n"
                  "wait 1\n"
                  "juliet: items\n"
                  "  reply juliet error item-not-found/cancel\n"
                  "  gone\n" MADE);
    trace_deinit(&t);

    destroyed_rooms_point_on(&t);
    trace_run(&t, DESTROYED
                  "admin: join A\n"
                  "  persist create 1 by=admin@example.org state locked admin@example.org=owner\n"
                  "ok\n"
                  "  join A(admin@example.org/r owner/moderator) self=201\n"
                  "  subject to=admin\n");
    trace_deinit(&t);
}

/* W74: the name is free at once: nothing else was named, it named itself, or the service keeps none. */
static void test_W74_not_moved(void **state)
{
    (void)state;
    static const char *const alternates[] = {"", " alternate=room@muc.example.org/x", " alternate=inn@muc.example.org"};
    for (int i = 0; i < 3; i++) {
        struct trace t;
        struct buf text;
        buf_init(&text);
        trace_init(&t);
        t.service.tombstone_ms = i < 2 ? 1000 : 0;
        trace_room(&t, "");
        buf_printf(&text,
                   "romeo: destroy%s\n"
                   "  persist destroy 3 by=romeo@example.org\n"
                   "fail\n"
                   "  reply romeo error internal-server-error/cancel\n"
                   "romeo: destroy%s\n"
                   "  persist destroy 4 by=romeo@example.org\n"
                   "ok\n"
                   "  destroyed%s\n"
                   "  reply romeo result\n"
                   "  gone\n" MADE,
                   alternates[i], alternates[i], alternates[i]);
        buf_c(&text, '\0');
        trace_run(&t, text.data);
        trace_deinit(&t);
        buf_deinit(&text);
    }
}

/* R133: what would be more than a room may have is refused whole; what changes or takes away is not. */
static void test_R133_affiliations(void **state)
{
    (void)state;
    struct trace t;
    trace_init(&t);
    t.service.max_affiliations = 3;
    t.service.register_strangers = true;
    trace_room(&t, "membersonly=1");
    trace_run(&t, "romeo: set affiliation=member jid=a@d ; affiliation=member jid=b@d ; affiliation=member jid=c@d\n"
                  "  reply romeo error policy-violation/modify\n"
                  "romeo: set affiliation=member jid=a@d ; affiliation=member jid=b@d\n"
                  "  persist affiliations 3 by=romeo@example.org state a@d=member b@d=member\n"
                  "ok\n"
                  "  notice moderators a@d=member\n"
                  "  notice moderators b@d=member\n"
                  "  reply romeo result\n"
                  "romeo: set affiliation=outcast jid=c@d\n"
                  "  reply romeo error policy-violation/modify\n"
                  "romeo: submit roomadmins=c@d\n"
                  "  reply romeo error policy-violation/modify\n"
                  "romeo: invite c@d\n"
                  "  reply romeo message error policy-violation/modify\n"
                  "juliet: register Juliet\n"
                  "  reply juliet error policy-violation/modify\n"
                  "romeo: set affiliation=admin jid=a@d\n"
                  "  persist affiliations 4 by=romeo@example.org state a@d=admin\n"
                  "ok\n"
                  "  notice moderators a@d=admin\n"
                  "  reply romeo result\n"
                  "romeo: set affiliation=none jid=b@d\n"
                  "  persist affiliations 5 by=romeo@example.org state b@d=none\n"
                  "ok\n"
                  "  notice moderators 321 b@d=none\n"
                  "  reply romeo result\n"
                  "juliet: register Juliet\n"
                  "  persist affiliations 6 by=juliet@example.org state juliet@example.org=member nick=Juliet\n"
                  "ok\n"
                  "  notice moderators juliet@example.org=member\n"
                  "  reply juliet result\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_W16_local_users),
        cmocka_unit_test(test_W16_admins),
        cmocka_unit_test(test_W16_names),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_W74_not_moved),
        cmocka_unit_test(test_R133_affiliations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
