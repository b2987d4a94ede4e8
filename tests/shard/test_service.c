/* test_service.c: room.* as the rooms want it: defaults, presets, policies, and what is refused at
 * start. */
#include "base/err.h"
#include "base/muc.h"
#include "rt/config.h"
#include "shard/presets.h"
#include "shard/service.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct config *cfg;
static struct service service;

static int setup(void **state)
{
    (void)state;
    cfg = config_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    service_deinit(&service);
    config_destroy(&cfg);
    return 0;
}

static void set(const char *option)
{
    struct buf err;
    buf_init(&err);
    if (config_set(cfg, str_of(option), &err) != 0)
        fail_msg("%s: %.*s", option, STR_FMT(buf_as_str(&err)));
    buf_deinit(&err);
}

static const struct room_config *ready(void)
{
    struct buf err;
    buf_init(&err);
    service_deinit(&service);
    if (service_init(&service, cfg, &err) != 0)
        fail_msg("%.*s", STR_FMT(buf_as_str(&err)));
    buf_deinit(&err);
    return &service.room.defaults;
}

static void refused(const char *name)
{
    struct buf err;
    buf_init(&err);
    service_deinit(&service);
    assert_int_equal(service_init(&service, cfg, &err), ERR_INVALID);
    buf_c(&err, '\0');
    if (!strstr(err.data, name))
        fail_msg("%s is not in: %s", name, err.data);
    buf_deinit(&err);
}

/* README.md, Settings */
static void shipped(void **state)
{
    (void)state;
    const struct room_config *c = ready();
    assert_false(c->whois_anyone || c->members_only || c->moderated || c->persistent ||
                 c->change_subject || c->logging || c->allow_invites || c->hide_occupants ||
                 c->no_registration || c->has_max_history);
    assert_true(c->public_room && c->archive);
    assert_int_equal(c->archive_messages, 1000);
    assert_int_equal(c->archive_days, 7);
    assert_int_equal(c->allow_pm, PM_ANYONE);
    assert_int_equal(c->max_users, 0);
    assert_int_equal(c->secret.n + c->name.n + c->description.n + c->lang.n, 0);
    assert_int_equal(c->presence_broadcast, ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) |
                                                ROLE_BIT(ROLE_MODERATOR));
    assert_int_equal(c->get_member_list, 0);
    const struct room_service *r = &service.room;
    assert_true(r->lock_new_rooms);
    assert_false(r->register_strangers || r->register_off || r->create_by_admins_only);
    assert_int_equal(r->create_domain.n + r->name_max + r->max_occupants + r->logs_url.n, 0);
    assert_null(r->name_allowed);
    assert_true(r->tombstone_ms == UINT64_C(31) * 24 * 3600 * 1000);
}

/* Every field of the form. */
static void the_other_values(void **state)
{
    (void)state;
    static const char *const options[] = {
        "room.default.whois=anyone",
        "room.default.publicroom=false",
        "room.default.membersonly=true",
        "room.default.moderatedroom=true",
        "room.default.persistentroom=true",
        "room.default.changesubject=true",
        "room.default.enablelogging=true",
        "room.default.allowinvites=true",
        "room.default.allowpm=none",
        "room.default.maxusers=30",
        "room.default.presencebroadcast=moderator,none",
        "room.default.getmemberlist=visitor",
        "room.default.roomname=N",
        "room.default.roomdesc=D",
        "room.default.lang=pt-BR",
        "room.default.passwordprotectedroom=true",
        "room.default.maxhistoryfetch=0",
        "room.default.listoccupants=false",
        "room.default.registration=false",
        "room.default.archive=false",
        "room.default.archive_messages=5",
        "room.default.archive_days=0",
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        set(options[i]);
    struct buf err;
    buf_init(&err);
    assert_int_equal(setenv("VERONA_ROOM_DEFAULT_ROOMSECRET", "s", 1),
                     0); /* no flag takes secrets */
    assert_int_equal(config_load_env(cfg, &err), 0);
    assert_int_equal(unsetenv("VERONA_ROOM_DEFAULT_ROOMSECRET"), 0);
    buf_deinit(&err);
    const struct room_config *c = ready();
    assert_true(c->whois_anyone && c->members_only && c->moderated && c->persistent &&
                c->change_subject && c->logging && c->allow_invites && c->hide_occupants &&
                c->no_registration && c->has_max_history);
    assert_false(c->public_room || c->archive);
    assert_int_equal(c->archive_messages, 5);
    assert_int_equal(c->archive_days, 0);
    assert_int_equal(c->allow_pm, PM_NONE);
    assert_int_equal(c->max_users, 30);
    assert_int_equal(c->max_history, 0);
    assert_true(str_is(c->name, "N") && str_is(c->description, "D"));
    assert_true(str_is(c->lang, "pt-BR") && str_is(c->secret, "s"));
    assert_int_equal(c->presence_broadcast, ROLE_BIT(ROLE_MODERATOR) | ROLE_BIT(ROLE_NONE));
    assert_int_equal(c->get_member_list, ROLE_BIT(ROLE_VISITOR));
    set("room.default.passwordprotectedroom=false");
    assert_int_equal(ready()->secret.n, 0);
}

static void presets(void **state)
{
    (void)state;
    set("room.preset=team");
    const struct room_config *c = ready();
    assert_true(c->members_only && c->persistent && c->whois_anyone && !c->public_room);
    set("room.preset=community");
    c = ready();
    assert_true(c->public_room && c->persistent && !c->whois_anyone && !c->members_only &&
                !c->moderated);
    set("room.preset=broadcast");
    c = ready();
    assert_true(c->moderated && c->public_room && c->persistent && c->no_registration);
    assert_true(c->hide_occupants);
    assert_int_equal(c->presence_broadcast, ROLE_BIT(ROLE_MODERATOR));
    set("room.preset=stage");
    c = ready();
    assert_true(c->moderated && c->public_room && c->hide_occupants);
    assert_int_equal(c->presence_broadcast & ROLE_BIT(ROLE_VISITOR), 0);
    assert_true(c->presence_broadcast & ROLE_BIT(ROLE_PARTICIPANT));
    /* what somebody sets goes before the preset, also where it says what is shipped */
    set("room.default.moderatedroom=false");
    set("room.default.presencebroadcast=visitor,participant,moderator");
    set("room.default.allowpm=anyone");
    c = ready();
    assert_false(c->moderated);
    assert_true(c->presence_broadcast & ROLE_BIT(ROLE_VISITOR));
    assert_int_equal(c->allow_pm, PM_ANYONE);
    assert_true(c->persistent);
    set("room.default.archive=false");
    assert_false(ready()->archive);
    assert_null(preset_find(STR("none")));
    assert_null(preset_find(STR("")));
    uint32_t n = 0;
    for (; room_preset_name(n); n++) { /* as commands of the service offer them */
        assert_non_null(preset_find(str_of(room_preset_name(n))));
        for (uint32_t i = 0; i < n; i++)
            assert_ptr_not_equal(preset_find(str_of(room_preset_name(i))),
                                 preset_find(str_of(room_preset_name(n))));
    }
    assert_int_equal(n, 4);
}

static void policies(void **state)
{
    (void)state;
    set("room.create=local");
    set("xmpp.domain=example.org");
    set("room.register=off");
    set("room.name_pattern=^[a-z]{2,4}(-x)?$");
    set("room.name_max=9");
    set("room.contact= help@example.org , ann@example.org");
    set("room.logs_url=https://example.org/{room}");
    set("room.max_occupants=77");
    set("xmpp.admins=Ann@Example.org");
    (void)ready();
    const struct room_service *r = &service.room;
    assert_true(str_is(r->create_domain, "example.org"));
    assert_true(r->register_off && !r->register_strangers);
    assert_int_equal(r->name_max, 9);
    assert_int_equal(r->max_occupants, 77);
    assert_int_equal(r->n_contacts, 2);
    assert_true(r->n_admins == 1 && str_is(r->admins[0], "ann@example.org")); /* W75: prepared */
    assert_true(str_is(r->contacts[0], "help@example.org") &&
                str_is(r->contacts[1], "ann@example.org"));
    static const struct {
        const char *name;
        bool fits;
    } names[] = {{"ab", true},     {"abcd", true}, {"ab-x", true}, {"a", false},
                 {"abcde", false}, {"aB", false},  {"", false}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(r->name_allowed(r->name_ctx, str_of(names[i].name)), names[i].fits);
    set("room.create=admins");
    set("room.register=anyone");
    (void)ready();
    assert_true(r->create_by_admins_only && !r->create_domain.n && r->register_strangers);
}

static void refusals(void **state)
{
    (void)state;
    set("room.name_pattern=(");
    refused("room.name_pattern");
    set("room.name_pattern=");
    set("room.default.lang=a_b");
    refused("room.default.lang");
    set("room.default.lang=en");
    set("room.default.passwordprotectedroom=true");
    refused("room.default.roomsecret");
    set("room.default.passwordprotectedroom=false");
    set("room.contact=a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b");
    refused("room.contact");
    struct buf err;
    buf_init(&err);
    assert_int_equal(config_set(cfg, STR("room.preset=club"), &err), ERR_INVALID);
    assert_int_equal(config_set(cfg, STR("room.create=some"), &err), ERR_INVALID);
    assert_int_equal(config_set(cfg, STR("room.register=yes"), &err), ERR_INVALID);
    assert_int_equal(config_set(cfg, STR("room.default.maxhistoryfetch=257"), &err), ERR_INVALID);
    buf_deinit(&err);
}

/* An operator types as he likes; what is compared with clients' addresses is prepared as they are.
 */
static void addresses_are_prepared(void **state)
{
    (void)state;
    set("xmpp.admins=Root@Example.ORG, \xc3\x84nn@b");
    set("room.contact=Help@LOCALHOST");
    set("xmpp.domain=Example.ORG");
    set("room.create=local");
    ready();
    assert_int_equal(service.room.n_admins, 2);
    assert_true(str_is(service.room.admins[0], "root@example.org"));
    assert_true(str_is(service.room.admins[1], "\xc3\xa4nn@b"));
    assert_true(str_is(service.room.contacts[0], "help@localhost"));
    assert_true(str_is(service.room.create_domain, "example.org"));
    set("xmpp.admins=root@example.org/home");
    refused("xmpp.admins");
    set("xmpp.admins=a b@c");
    refused("xmpp.admins");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(shipped),  T(the_other_values), T(presets),
        T(policies), T(refusals),         T(addresses_are_prepared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
