/* test_plan.c: which processes `verona up` starts, on which ports, with which settings. */
#include "deploy/ctl/plan.h"

#include "base/err.h"
#include "deploy/ctl/ctl.h"
#include "rt/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct options o;
static struct config *cfg;
static struct plan p;
static struct buf err;
static const char *argv[PLAN_ARGS + 8];
static struct buf text;

static int set_up(void **state)
{
    (void)state;
    memset(&o, 0, sizeof o);
    cfg = config_new();
    buf_init(&err);
    buf_init(&text);
    memset(&p, 0, sizeof p);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    plan_deinit(&p);
    config_destroy(&cfg);
    buf_deinit(&err);
    buf_deinit(&text);
    return 0;
}

static void make(void)
{
    plan_deinit(&p);
    buf_reset(&err);
    assert_int_equal(plan_make(&p, &o, cfg, &err), 0);
}

/* The message must hold `what`. */
static void refused(const char *what)
{
    plan_deinit(&p);
    buf_reset(&err);
    assert_int_equal(plan_make(&p, &o, cfg, &err), ERR_INVALID);
    buf_c(&err, '\0');
    if (!strstr(err.data, what))
        fail_msg("\"%s\" does not say \"%s\"", err.data, what);
}

static void arguments(unsigned i, const char *redis_url)
{
    buf_reset(&text);
    plan_argv(&p, i, redis_url, "/run/v", &text, argv);
}

/* "--set key=value" is among the arguments. */
static bool has_set(const char *key_value)
{
    for (size_t i = 1; argv[i]; i++)
        if (!strcmp(argv[i - 1], "--set") && !strcmp(argv[i], key_value))
            return true;
    return false;
}

static bool names_key(const char *key)
{
    for (size_t i = 1; argv[i]; i++)
        if (!strcmp(argv[i - 1], "--set") && !strncmp(argv[i], key, strlen(key)) &&
            argv[i][strlen(key)] == '=')
            return true;
    return false;
}

static void defaults(void **state)
{
    (void)state;
    make();
    assert_int_equal(p.gateways, 1);
    assert_int_equal(p.shards, 2);
    assert_string_equal(p.domain, "localhost");
    assert_string_equal(p.muc_domain, "conference.localhost");
    assert_string_equal(p.auth, "accounts");
    assert_string_equal(p.bind, "127.0.0.1");
    assert_null(p.redis_url);
    assert_true(str_is(buf_as_str(&p.first_admin), "admin@localhost"));
    assert_true(str_is(buf_as_str(&p.admins), "admin@localhost"));
}

static void ports_follow_the_contract(void **state)
{
    (void)state;
    o.gateways = "3";
    o.shards = "2";
    o.port_offset = "1000";
    make();
    static const struct {
        const char *id;
        bool is_gateway;
        uint16_t c2s, ws, admin;
    } want[] = {{"s1", false, 0, 0, 6291},
                {"s2", false, 0, 0, 6391},
                {"g1", true, 6222, 6280, 6290},
                {"g2", true, 6322, 6380, 6390},
                {"g3", true, 6422, 6480, 6490}};
    assert_int_equal(plan_count(&p), 5);
    for (unsigned i = 0; i < 5; i++) {
        struct plan_process got = plan_process(&p, i);
        assert_string_equal(got.id, want[i].id);
        assert_int_equal(got.is_gateway, want[i].is_gateway);
        assert_int_equal(got.c2s_port, want[i].c2s);
        assert_int_equal(got.ws_port, want[i].ws);
        assert_int_equal(got.admin_port, want[i].admin);
    }
}

/* Every two ports of the largest cluster differ. */
static void ports_never_meet(void **state)
{
    static bool taken[65536];
    (void)state;
    o.gateways = o.shards = "64";
    make();
    memset(taken, 0, sizeof taken);
    for (unsigned i = 0; i < plan_count(&p); i++) {
        struct plan_process one = plan_process(&p, i);
        assert_false(taken[one.admin_port]);
        taken[one.admin_port] = true;
        if (one.c2s_port) {
            assert_false(taken[one.c2s_port]);
            taken[one.c2s_port] = true;
            assert_false(taken[one.ws_port]);
            taken[one.ws_port] = true;
        }
    }
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "-1", "abc", "1000", "", "2x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o.shards = bad[i];
        refused("--shards must be a number between 1 and 64");
    }
    o.shards = NULL;
    o.gateways = "65";
    refused("--gateways must be a number between 1 and 64");
    o.gateways = NULL;
    o.port_offset = "60001";
    refused("--port-offset must be a number between 0 and 60000");
    o.port_offset = "60000";
    o.shards = "10";
    refused("leaves no ports for 10 processes");
    o.shards = "3";
    make();
}

static void domains(void **state)
{
    static char long_domain[201];
    (void)state;
    o.domain = "Example.ORG";
    make();
    assert_string_equal(p.domain, "example.org");
    assert_string_equal(p.muc_domain, "conference.example.org");
    o.muc_domain = "rooms.example.org";
    make();
    assert_string_equal(p.muc_domain, "rooms.example.org");
    o.muc_domain = "EXAMPLE.org";
    refused("users and rooms cannot share the domain example.org");
    o.muc_domain = NULL;
    o.domain = "a b";
    refused("\"a b\" is not a domain");
    memset(long_domain, 'x', 200);
    o.domain = long_domain;
    refused("63 between dots");
    for (int i = 50; i < 200; i += 50)
        long_domain[i] = '.';
    make();
    assert_string_equal(p.domain, long_domain);
}

static void the_first_admin_can_log_in(void **state)
{
    static const char *list[] = {"Root@localhost", "other@localhost"};
    static const char *strangers[] = {"boss@elsewhere.example"};
    (void)state;
    o.admins = (struct str_list){list, 2};
    make();
    assert_true(str_is(buf_as_str(&p.first_admin), "root@localhost"));
    assert_true(str_is(buf_as_str(&p.admins), "root@localhost,other@localhost"));
    o.admins = (struct str_list){strangers, 1};
    make();
    assert_true(str_is(buf_as_str(&p.first_admin), "admin@localhost"));
    assert_true(str_is(buf_as_str(&p.admins), "boss@elsewhere.example,admin@localhost"));
    list[0] = "no-jid";
    o.admins = (struct str_list){list, 1};
    refused("\"no-jid\" is not a bare JID");
    o.admins.n = 0;
    assert_int_equal(config_set(cfg, STR("xmpp.admins=a@localhost, b@localhost"), &err), 0);
    make();
    assert_true(str_is(buf_as_str(&p.admins), "a@localhost,b@localhost"));
    o.auth = "open";
    make();
    assert_int_equal(p.first_admin.len, 0);
}

static void auth_modes(void **state)
{
    (void)state;
    o.auth = "none";
    refused("--auth must be accounts, anonymous or open");
    o.auth = "open";
    o.bind = "0.0.0.0";
    refused("auth.force_open=true");
    assert_int_equal(config_set(cfg, STR("auth.force_open=true"), &err), 0);
    make();
    o.bind = "[::1]";
    make();
    assert_string_equal(p.bind, "::1");
    arguments(p.shards, "redis://h");
    assert_true(has_set("c2s.listen=[::1]:5222"));
    assert_true(has_set("ws.listen=[::1]:5280"));
    assert_true(has_set("auth.mode=open"));
}

/* What the plan decides cannot be set behind its back. */
static void own_settings_are_refused(void **state)
{
    static const char *sets[] = {"auth.mode=open"};
    (void)state;
    o.sets = (struct str_list){sets, 1};
    refused("verona up sets auth.mode itself: use --auth");
    sets[0] = "node.id=x";
    refused("verona up sets node.id itself");
    sets[0] = "ws.listen=127.0.0.1:80";
    refused("verona up sets ws.listen itself: use --bind");
    sets[0] = "room.history=5";
    make();
    arguments(0, "redis://h");
    assert_true(has_set("room.history=5"));
}

static void arguments_of_processes(void **state)
{
    (void)state;
    o.config = "/etc/verona.conf";
    o.shards = "3";
    make();
    arguments(1, "unix:///run/v/redis.sock");
    assert_string_equal(argv[0], "verona-shard");
    assert_string_equal(argv[1], "-c");
    assert_string_equal(argv[2], "/etc/verona.conf");
    assert_true(has_set("node.id=s2"));
    assert_true(has_set("redis.url=unix:///run/v/redis.sock"));
    assert_true(has_set("admin.listen=127.0.0.1:5391"));
    assert_true(has_set("bus.listen=ipc:///run/v/s2.sock"));
    assert_true(has_set("cluster.expect_shards=3"));
    assert_true(has_set("xmpp.domain=localhost"));
    assert_true(has_set("xmpp.muc_domain=conference.localhost"));
    assert_true(has_set("xmpp.admins=admin@localhost"));
    assert_false(names_key("c2s.listen"));
    assert_false(names_key("ws.listen"));
    arguments(3, "unix:///run/v/redis.sock");
    assert_string_equal(argv[0], "verona-gateway");
    assert_true(has_set("node.id=g1"));
    assert_true(has_set("c2s.listen=127.0.0.1:5222"));
    assert_true(has_set("ws.listen=127.0.0.1:5280"));
    assert_true(has_set("admin.listen=127.0.0.1:5290"));
    assert_false(names_key("bus.listen"));
}

/* A command line can be read by everybody on the machine. */
static void a_password_is_no_argument(void **state)
{
    (void)state;
    o.redis = "redis://:secret@h:6379";
    make();
    assert_string_equal(p.redis_url, o.redis);
    for (unsigned i = 0; i < plan_count(&p); i++) {
        arguments(i, p.redis_url);
        for (size_t k = 0; argv[k]; k++)
            assert_null(strstr(argv[k], "secret"));
    }
}

/* redis.url of a file or of the environment is as good as --redis. */
static void redis_from_settings(void **state)
{
    (void)state;
    setenv("VERONA_REDIS_URL", "redis://env:1", 1);
    assert_int_equal(config_load_env(cfg, &err), 0);
    unsetenv("VERONA_REDIS_URL");
    make();
    assert_string_equal(p.redis_url, "redis://env:1");
    o.redis = "redis://option:2";
    make();
    assert_string_equal(p.redis_url, "redis://option:2");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults),
        TEST(ports_follow_the_contract),
        TEST(ports_never_meet),
        TEST(numbers_out_of_range),
        TEST(domains),
        TEST(the_first_admin_can_log_in),
        TEST(auth_modes),
        TEST(own_settings_are_refused),
        TEST(arguments_of_processes),
        TEST(a_password_is_no_argument),
        TEST(redis_from_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
