/* test_option.c: options of commands, and the mistakes people make with them. */
#include "deploy/ctl/option.h"

#include "ctl/lib_stdio.h"
#include "deploy/ctl/term.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 16 };
static struct options o;
static char *args[MOST];
static int n_args, rest;

/* Parses "verona" and the words up to NULL. */
static bool parse(unsigned groups, ...)
{
    va_list ap;
    va_start(ap, groups);
    options_deinit(&o);
    memset(&o, 0, sizeof o);
    args[0] = "verona";
    for (n_args = 1; n_args < MOST && (args[n_args] = va_arg(ap, char *)); n_args++)
        ;
    va_end(ap);
    return options_parse(n_args, args, groups, "up", &o, &rest);
}

#define REFUSED(wanted_message, wanted_hint, ...)                                                  \
    do {                                                                                           \
        stdio_catch(2);                                                                            \
        bool ok = parse(__VA_ARGS__, (char *)NULL);                                                \
        const char *said = stdio_caught();                                                         \
        assert_false(ok);                                                                          \
        assert_string_equal(said, "error: " wanted_message "\nhint:  " wanted_hint "\n");          \
    } while (0)

static int tear_down(void **state)
{
    (void)state;
    options_deinit(&o);
    return 0;
}

static void values_are_stored(void **state)
{
    (void)state;
    assert_true(parse(OPTS_UP | OPTS_CONFIG, "--shards", "4", "--gateways=2", "--detach", "-q",
                      "-c", "file", (char *)NULL));
    assert_string_equal(o.shards, "4");
    assert_string_equal(o.gateways, "2");
    assert_string_equal(o.config, "file");
    assert_true(o.detach && o.quiet && !o.json && !o.help);
    assert_null(o.auth);
    assert_int_equal(rest, n_args);
}

static void lists_keep_their_order(void **state)
{
    (void)state;
    assert_true(parse(OPTS_UP | OPTS_CONFIG, "--admin", "a@b", "--set", "x.y=1", "--admin", "c@d",
                      "--set=z=2=3", (char *)NULL));
    assert_int_equal(o.admins.n, 2);
    assert_string_equal(o.admins.v[0], "a@b");
    assert_string_equal(o.admins.v[1], "c@d");
    assert_int_equal(o.sets.n, 2);
    assert_string_equal(o.sets.v[1], "z=2=3");
}

static void arguments_may_stand_anywhere(void **state)
{
    (void)state;
    assert_true(parse(OPTS_PASSWORD, "ann@localhost", "--generate", (char *)NULL));
    assert_true(o.generate);
    assert_int_equal(rest, n_args - 1);
    assert_string_equal(args[rest], "ann@localhost");
    assert_true(parse(OPTS_PASSWORD, "--", "--generate", (char *)NULL));
    assert_false(o.generate);
    assert_string_equal(args[rest], "--generate");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    REFUSED("unknown option \"--shard-count\"", "verona up --help", OPTS_UP, "--shard-count=3");
    REFUSED("unknown option \"--gatewais\"", "did you mean --gateways?", OPTS_UP, "--gatewais",
            "2");
    REFUSED("unknown option \"-x\"", "verona up --help", OPTS_UP, "-qx");
    REFUSED("option \"--domain\" needs a value", "verona up --help", OPTS_UP, "--domain");
    REFUSED("option --detach takes no value", "verona up --help", OPTS_UP, "--detach=1");
}

/* --shards is no option of a command that starts nothing, and is not suggested there. */
static void options_belong_to_commands(void **state)
{
    (void)state;
    REFUSED("unknown option \"--shards\"", "verona up --help", OPTS_DATA | OPTS_MATCH, "--shards",
            "3");
    stdio_catch(1);
    options_help(OPTS_DATA);
    const char *help = stdio_caught();
    assert_non_null(strstr(help, "--data DIR"));
    assert_non_null(strstr(help, "-h, --help"));
    assert_null(strstr(help, "--shards"));
}

static void numbers_and_durations(void **state)
{
    long n = 7;
    uint64_t ms = 7;
    (void)state;
    assert_true(ctl_number("64", 1, 64, &n));
    assert_int_equal(n, 64);
    static const char *const no_numbers[] = {
        "", "0", "-1", "65", "abc", "3x", "0x10", "1e3", "99999999999999999999"};
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; i++)
        assert_false(ctl_number(no_numbers[i], 1, 64, &n));
    assert_int_equal(n, 64);
    assert_true(ctl_duration("250ms", &ms) && ms == 250);
    assert_true(ctl_duration("5s", &ms) && ms == 5000);
    assert_true(ctl_duration("5", &ms) && ms == 5000);
    assert_true(ctl_duration("2m", &ms) && ms == 120000);
    static const char *const no_times[] = {"", "-1s", "s", "5 s", "1h", "99999999s"};
    for (size_t i = 0; i < sizeof no_times / sizeof *no_times; i++)
        assert_false(ctl_duration(no_times[i], &ms));
}

int main(void)
{
    term_setup("never");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(values_are_stored, tear_down),
        cmocka_unit_test_teardown(lists_keep_their_order, tear_down),
        cmocka_unit_test_teardown(arguments_may_stand_anywhere, tear_down),
        cmocka_unit_test_teardown(mistakes_are_named, tear_down),
        cmocka_unit_test_teardown(options_belong_to_commands, tear_down),
        cmocka_unit_test(numbers_and_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
