/* test_config.c: sources and their precedence, values, and messages that help. */
#include "rt/config.h"
#include "base/err.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct config *c;
static struct buf err;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    c = config_new();
    buf_init(&err);
    snprintf(path, sizeof path, "/tmp/verona-config-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    return fd < 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_destroy(&c);
    config_destroy(&c); /* harmless */
    buf_deinit(&err);
    unlink(path);
    return 0;
}

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *message(void)
{
    static char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)err.len, err.data ? err.data : "");
    buf_reset(&err);
    return text;
}

static void set_ok(const char *pair)
{
    int rc = config_set(c, str_of(pair), &err);
    if (rc != 0)
        fail_msg("%s", message());
    assert_int_equal(err.len, 0);
}

/* The message contains `part`. */
static void set_bad(const char *pair, const char *part)
{
    assert_int_equal(config_set(c, str_of(pair), &err), ERR_INVALID);
    const char *text = message();
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
    assert_null(strchr(text, '\n'));
}

static void file_bad(const char *content, const char *part)
{
    write_file(content);
    assert_int_equal(config_load_file(c, path, &err), ERR_INVALID);
    const char *text = message();
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_string_equal(config_str(c, CFG_REDIS_URL), "redis://127.0.0.1:6379");
    assert_int_equal(config_int(c, CFG_LIMIT_STANZA), 262144);
    assert_int_equal(config_ms(c, CFG_LIMIT_AUTH), 30000);
    assert_int_equal(config_ms(c, CFG_ROOM_ORPHAN), 300000);
    assert_true(config_bool(c, CFG_ROOM_LOCK));
    assert_false(config_bool(c, CFG_ROOM_MODERATED));
    assert_string_equal(config_origin(c, CFG_ROOM_LOCK), "default");
    assert_string_equal(config_key(CFG_ROOM_WHOIS), "room.default.whois");
    enum config_id id;
    assert_true(config_find(STR("room.default.whois"), &id) && id == CFG_ROOM_WHOIS);
    assert_false(config_find(STR("room.default"), &id));
    assert_false(config_find(STR_NULL, &id));
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *pair;
        uint64_t ms;
    } times[] = {{"c2s.keepalive=0", 0},         {"c2s.keepalive=200ms", 200},
                 {"c2s.keepalive=5s", 5000},     {"c2s.keepalive=10m", 600000},
                 {"c2s.keepalive=1h", 3600000},  {"c2s.keepalive=77", 77},
                 {"c2s.keepalive=2d", 172800000}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        set_ok(times[i].pair);
        assert_int_equal(config_ms(c, CFG_KEEPALIVE), times[i].ms);
    }
    static const char *const yes[] = {"true", "yes", "on", "1", "TRUE"};
    static const char *const no[] = {"false", "no", "off", "0", "Off"};
    char pair[64];
    for (size_t i = 0; i < 5; i++) {
        snprintf(pair, sizeof pair, "room.lock=%s", no[i]);
        set_ok(pair);
        assert_false(config_bool(c, CFG_ROOM_LOCK));
        snprintf(pair, sizeof pair, "room.lock=%s", yes[i]);
        set_ok(pair);
        assert_true(config_bool(c, CFG_ROOM_LOCK));
    }
    set_ok("node.id=a=b"); /* only the first = counts */
    assert_string_equal(config_str(c, CFG_NODE_ID), "a=b");
    assert_string_equal(config_origin(c, CFG_NODE_ID), "flag");
    set_ok("room.default.presencebroadcast=moderator,visitor");
    set_ok("room.default.presencebroadcast=");
    set_ok("redis.url=unix:///run/redis.sock");
    set_ok("limits.stanza=10000");
}

static void test_refused_values(void **state)
{
    (void)state;
    set_bad("room.lock", "expected section.name=value");
    set_bad("room.lock=maybe", "room.lock must be true or false");
    set_bad("c2s.keepalive=5x", "such as 200ms, 5s, 10m or 1h");
    set_bad("c2s.keepalive=-5s", "must be a time");
    set_bad("c2s.keepalive=", "must be a time");
    set_bad("c2s.keepalive=99999999999999999999s", "must be a time");
    set_bad("c2s.keepalive=s", "must be a time");
    set_bad("limits.stanza=9999", "between 10000 and");
    set_bad("limits.stanza=-1", "must be a number");
    set_bad("limits.stanza=1e5", "must be a number");
    set_bad("limits.stanza=99999999999999999999", "must be a number");
    set_bad("auth.mode=none", "must be one of: accounts anonymous open");
    set_bad("auth.mode=", "must be one of: accounts");
    set_bad("auth.mode=account", "must be one of: accounts");
    set_bad("room.default.presencebroadcast=moderator,all", "separated by commas");
    set_bad("redis.url=http://x", "redis://");
    set_bad("redis.password=x", "VERONA_REDIS_PASSWORD_FILE");
    assert_string_equal(config_origin(c, CFG_LIMIT_STANZA), "default"); /* nothing changed */
    assert_int_equal(config_int(c, CFG_LIMIT_STANZA), 262144);
}

static void test_unknown_names(void **state)
{
    (void)state;
    set_bad("log.levle=info", "unknown option log.levle (did you mean log.level?)");
    set_bad("room.whois=anyone", "did you mean room.default.whois?");
    set_bad("whois=anyone", "did you mean room.default.whois?");
    set_bad("c2.listen=:1", "did you mean c2s.listen?");
    set_bad("room.default.passwordprotectedrom=true",
            "did you mean room.default.passwordprotectedroom?");
    set_bad("foo.bar=1", "unknown option foo.bar (--print-config lists all)");
    set_bad("completely.different.thing=1", "--print-config lists all");
    set_bad("=1", "unknown option");
}

static void test_file(void **state)
{
    (void)state;
    write_file("# a comment\n[redis]\nurl = redis://db:1234/5 ; why\npassword=secret\n\n"
               "[room.default]\nwhois = anyone\n[room]\nhistory=7\n[log]\nlevel: debug\n");
    if (config_load_file(c, path, &err) != 0)
        fail_msg("%s", message());
    assert_string_equal(config_str(c, CFG_REDIS_URL), "redis://db:1234/5");
    assert_string_equal(config_str(c, CFG_REDIS_PASSWORD), "secret");
    assert_string_equal(config_str(c, CFG_ROOM_WHOIS), "anyone");
    assert_string_equal(config_str(c, CFG_LOG_LEVEL), "debug");
    assert_int_equal(config_int(c, CFG_ROOM_HISTORY), 7);
    assert_string_equal(config_origin(c, CFG_ROOM_HISTORY), "file");
}

static void test_refused_files(void **state)
{
    (void)state;
    char place[160];
    snprintf(place, sizeof place, "%s:3: unknown option redis.ulr (did you mean redis.url?)", path);
    file_bad("[redis]\n\nulr = x\n", place);
    snprintf(place, sizeof place, "%s:2: room.history must be a number", path);
    file_bad("[room]\nhistory = many\n[redis]\nulr = x\n", place);
    file_bad("[room]\nhistory\n", ":2: neither [section] nor name = value");
    file_bad("[room\nhistory = 1\n", ":1: neither [section] nor");
    file_bad("[room]\nhistory = 1\nhistory = 2\n",
             ":3: room.history is set a second time (first in line 2)");
    /* an indented line would silently replace the value above it */
    file_bad("[xmpp]\nadmins = a@b,\n   c@d\n", ":3: ");
    char longer[1200] = "[node]\nid = ";
    memset(longer + strlen(longer), 'x', 1000);
    file_bad(longer, ":2: the line is longer than");
    assert_int_equal(config_load_file(c, "/nonexistent/verona.conf", &err), ERR_INVALID);
    assert_non_null(strstr(message(), "cannot read /nonexistent/verona.conf: No such file"));
    assert_int_equal(config_load_file(c, "/tmp", &err), ERR_INVALID);
    assert_non_null(strstr(message(), "cannot read /tmp: Is a directory"));
}

static void test_precedence(void **state)
{
    (void)state;
    write_file("[room]\nhistory = 1\nlock = no\n[node]\nid = file\n");
    setenv("VERONA_ROOM_HISTORY", "2", 1);
    setenv("VERONA_ROOM_LOCK", "yes", 1);
    set_ok("room.history=3"); /* first, and still the strongest */
    assert_int_equal(config_load_env(c, &err), 0);
    assert_int_equal(config_load_file(c, path, &err), 0);
    assert_int_equal(config_int(c, CFG_ROOM_HISTORY), 3);
    assert_true(config_bool(c, CFG_ROOM_LOCK));
    assert_string_equal(config_origin(c, CFG_ROOM_LOCK), "environment");
    assert_string_equal(config_str(c, CFG_NODE_ID), "file");
    struct config *other = config_new(); /* reads the environment itself */
    assert_int_equal(config_int(other, CFG_ROOM_HISTORY), 2);
    config_destroy(&other);
    unsetenv("VERONA_ROOM_HISTORY");
    unsetenv("VERONA_ROOM_LOCK");
}

static void test_environment(void **state)
{
    (void)state;
    setenv("VERONA_ROOM_DEFAULT_WHOIS", "nobody", 1);
    assert_int_equal(config_load_env(c, &err), ERR_INVALID);
    assert_string_equal(message(), "VERONA_ROOM_DEFAULT_WHOIS: room.default.whois must be one of: "
                                   "moderators anyone");
    unsetenv("VERONA_ROOM_DEFAULT_WHOIS");

    write_file("top secret\r\n");
    setenv("VERONA_REDIS_PASSWORD_FILE", path, 1);
    assert_int_equal(config_load_env(c, &err), 0);
    assert_string_equal(config_str(c, CFG_REDIS_PASSWORD), "top secret");
    setenv("VERONA_REDIS_PASSWORD", "other", 1);
    assert_int_equal(config_load_env(c, &err), ERR_INVALID);
    assert_non_null(strstr(message(), "both set"));
    unsetenv("VERONA_REDIS_PASSWORD");
    setenv("VERONA_REDIS_PASSWORD_FILE", "/nonexistent/secret", 1);
    assert_int_equal(config_load_env(c, &err), ERR_INVALID);
    assert_non_null(
        strstr(message(), "VERONA_REDIS_PASSWORD_FILE: cannot read /nonexistent/secret"));
    unsetenv("VERONA_REDIS_PASSWORD_FILE");
}

static void test_print(void **state)
{
    (void)state;
    set_ok("redis.url=redis://user:geheim@db:1/0");
    write_file("[redis]\npassword = hush\n");
    assert_int_equal(config_load_file(c, path, &err), 0);
    struct buf out;
    buf_init(&out);
    config_print(c, &out);
    struct str text = buf_as_str(&out);
    assert_null(memmem(text.p, text.n, "geheim", 6));
    assert_null(memmem(text.p, text.n, "hush", 4));
    const char *url = "[redis]\nurl = redis://user:********@db:1/0";
    assert_non_null(memmem(text.p, text.n, url, strlen(url)));
    assert_non_null(memmem(text.p, text.n, "; flag\n", 7));
    /* What is printed is a file that can be read back. */
    FILE *f = fopen(path, "w");
    fwrite(out.data, 1, out.len, f);
    fclose(f);
    struct config *again = config_new();
    int rc = config_load_file(again, path, &err);
    if (rc != 0)
        fail_msg("%s", message());
    config_destroy(&again);
    buf_deinit(&out);
}

int main(void)
{
#define CONFIG_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_defaults),       CONFIG_TEST(test_values),
        CONFIG_TEST(test_refused_values), CONFIG_TEST(test_unknown_names),
        CONFIG_TEST(test_file),           CONFIG_TEST(test_refused_files),
        CONFIG_TEST(test_precedence),     CONFIG_TEST(test_environment),
        CONFIG_TEST(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
