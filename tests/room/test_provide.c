/* test_provide.c: commands of the service (R130, R131; XEP-0050, XEP-0133): rooms that nobody
 * enters, and admins of the service who act as owners. */
/* clang-format off */
#include "room/lib_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct str admins[] = {{"adam@example.org", 16}};

static bool preset(struct str name, struct room_config *c)
{
    c->members_only = true;
    c->public_room = false;
    return str_is(name, "team");
}

static void serve(struct trace *t)
{
    trace_init(t);
    t->service.admins = admins;
    t->service.n_admins = 1;
    t->service.preset = preset;
}

static void served(const char *transcript)
{
    struct trace t;
    serve(&t);
    trace_run(&t, transcript);
    trace_deinit(&t);
}

/* X0133-create-room: open at once, persistent, owned by who made it. */
static void test_made(void **state)
{
    (void)state;
    served("adam: provide roomname=Made service id=p1\n"
           "  persist create 1 by=adam@example.org state adam@example.org=owner\n"
           "ok\n"
           "  reply adam result id=p1\n"
           "adam: config\n"
           "  reply adam config name=Made persistent public pm=0 max=0 broadcast=1c list=0 owners=adam@example.org\n"
           "romeo: join Romeo\n"
           "  join Romeo(romeo@example.org/r none/participant)\n"
           "  subject to=romeo\n"
           "romeo: leave Romeo\n"
           "  leave Romeo(romeo@example.org/r none/none)\n"
           "adam: config\n"
           "  reply adam config name=Made persistent public pm=0 max=0 broadcast=1c list=0 owners=adam@example.org\n");
}

/* With a preset, owners and admins of its own; who made it is nothing in it then. */
static void test_preset_and_people(void **state)
{
    (void)state;
    served("adam: provide preset=team roomowners=romeo@example.org|juliet@example.org "
           "roomadmins=juliet@example.org|nurse@example.org persistentroom=0 service\n"
           "  persist create 1 by=adam@example.org state romeo@example.org=owner "
           "juliet@example.org=owner nurse@example.org=admin\n"
           "ok\n"
           "  reply adam result\n"
           "adam: config\n"
           "  reply adam error forbidden/auth\n"
           "romeo: config\n"
           "  reply romeo config persistent members pm=0 max=0 broadcast=1c list=0 admins=nurse@example.org "
           "owners=romeo@example.org,juliet@example.org\n");
}

/* X0050-forbidden; a room that is there; a form that cannot be; each leaves nothing behind. */
static void test_refused(void **state)
{
    (void)state;
    served("romeo: provide service\n"
           "  reply romeo error forbidden/auth\n"
           "  gone\n"
           "adam: provide\n"
           "  reply adam error forbidden/auth\n"
           "  gone\n"
           "adam: provide preset=zoo service\n"
           "  reply adam error not-acceptable/cancel\n"
           "  gone\n"
           "adam: provide whois=nobody service\n"
           "  reply adam error not-acceptable/cancel\n"
           "  gone\n"
           "adam: provide service\n"
           "  persist create 1 by=adam@example.org state adam@example.org=owner\n"
           "fail resource-constraint\n"
           "  reply adam error resource-constraint/wait\n"
           "  gone\n");
    struct trace t;
    serve(&t);
    trace_room(&t, "roomname=Verona");
    trace_run(&t, "adam: provide roomname=Mantua service\n"
                  "  reply adam error conflict/cancel\n"
                  "romeo: config\n"
                  "  reply romeo config name=Verona public pm=0 max=0 broadcast=1c list=0 owners=romeo@example.org\n");
    trace_deinit(&t);
}

/* X0133-set-affiliation: the mark makes an owner of an admin of the service, and of nobody else; without
 * it he is what he is. */
static void test_affiliation(void **state)
{
    (void)state;
    struct trace t;
    serve(&t);
    trace_room(&t, "");
    trace_run(&t, "adam: set affiliation=owner jid=juliet@example.org\n"
                  "  reply adam error forbidden/auth\n"
                  "juliet: set affiliation=owner jid=juliet@example.org service\n"
                  "  reply juliet error forbidden/auth\n"
                  "adam: set affiliation=owner jid=juliet@example.org service\n"
                  "  persist affiliations 3 by=adam@example.org state juliet@example.org=owner\n"
                  "fail resource-constraint\n"
                  "  reply adam error resource-constraint/wait\n"
                  "adam: set affiliation=owner jid=juliet@example.org service\n"
                  "  persist affiliations 4 by=adam@example.org state juliet@example.org=owner\n"
                  "ok\n"
                  "  notice moderators juliet@example.org=owner\n"
                  "  reply adam result\n"
                  "adam: set affiliation=none jid=romeo@example.org service ; affiliation=none jid=juliet@example.org\n"
                  "  reply adam error conflict/cancel\n");
    trace_deinit(&t);
}

/* S5.2-service-admin, R132: with room.admins_own he owns what others made; without, he is a stranger. */
static void test_R132_admins_own(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct trace t;
        serve(&t);
        t.service.admins_own = own;
        t.service.lock_new_rooms = false;
        trace_run(&t, "romeo: join Romeo\n"
                      "  persist create 1 by=romeo@example.org state romeo@example.org=owner\n"
                      "ok\n"
                      "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
                      "  subject to=romeo\n");
        trace_run(&t, own ? "adam: join Adam\n"
                            "  join Adam(adam@example.org/r owner/moderator)\n"
                            "  subject to=adam\n"
                            "adam: get affiliation=outcast\n"
                            "  reply adam items\n"
                            "romeo: set affiliation=member jid=adam@example.org\n"
                            "  reply romeo error not-allowed/cancel\n"
                            "romeo: set affiliation=outcast jid=adam@example.org\n"
                            "  reply romeo error not-allowed/cancel\n"
                            "adam: unregister\n"
                            "  reply adam result\n"
                          : "adam: join Adam\n"
                            "  join Adam(adam@example.org/r none/participant)\n"
                            "  subject to=adam\n"
                            "adam: get affiliation=outcast\n"
                            "  reply adam error forbidden/auth\n");
        trace_deinit(&t);
    }
}

/* R132, W44: nor is a role taken from him, nor is he kicked by whoever is no owner, or out of his nick by an admin. */
static void test_R132_nobody_takes_it(void **state)
{
    (void)state;
    struct trace t;
    serve(&t);
    t.service.admins_own = true;
    trace_room(&t, "membersonly=1 roomadmins=nurse@example.org");
    trace_run(&t, "adam: join Adam\n"
                  "  join Adam(adam@example.org/r owner/moderator)\n"
                  "  subject to=adam\n"
                  "romeo: set role=participant nick=Adam\n"
                  "  reply romeo error not-allowed/cancel\n"
                  "nurse: join Nurse\n"
                  "  join Nurse(nurse@example.org/r admin/moderator)\n"
                  "  subject to=nurse\n"
                  "nurse: set role=none nick=Adam\n"
                  "  reply nurse error not-allowed/cancel\n"
                  "nurse: set role=visitor nick=Adam\n"
                  "  reply nurse error not-allowed/cancel\n"
                  "nurse: set affiliation=member jid=juliet@example.org nick=Adam\n"
                  "  reply nurse error not-allowed/cancel\n"
                  "romeo: invite adam@example.org ; paris@example.org\n"
                  "  persist affiliations 3 by=romeo@example.org state paris@example.org=member\n"
                  "ok\n"
                  "  notice moderators paris@example.org=member\n"
                  "  post invite to=adam@example.org from=room@muc.example.org/Romeo\n"
                  "  post invite to=paris@example.org from=room@muc.example.org/Romeo\n"
                  "romeo: set role=none nick=Adam\n"
                  "  leave Adam(adam@example.org/r owner/none) 307 actor=Romeo,romeo@example.org/r\n"
                  "  reply romeo result\n");
    trace_deinit(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_preset_and_people),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_affiliation),
        cmocka_unit_test(test_R132_admins_own),
        cmocka_unit_test(test_R132_nobody_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
