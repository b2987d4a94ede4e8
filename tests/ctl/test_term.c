/* test_term.c: tables, steps, and when colour and ticks are shown. */
#include "deploy/ctl/term.h"

#include "ctl/lib_stdio.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* stdout is no terminal here, whatever runs the test. */
static void set_up_term(const char *mode, const char *locale)
{
    setenv("LC_ALL", locale, 1);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    term_setup(mode);
}

static void fill(struct term_table *t)
{
    term_table_init(t, 3);
    static const char *const cells[] = {"NAME", "N", "LAST", "s1", "12", "x", "größer", "3", "end"};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        term_cell(t, str_of(cells[i]));
}

static void columns_align(void **state)
{
    struct term_table t;
    (void)state;
    stdio_catch(1);
    set_up_term(NULL, "C");
    fill(&t);
    term_table_print(&t, false);
    /* "ö" and "ß" take two bytes and one column each. */
    assert_string_equal(stdio_caught(), "NAME    N   LAST\n"
                                        "s1      12  x\n"
                                        "größer  3   end\n");
    term_table_deinit(&t);
}

static void plain_has_tabs_and_no_head(void **state)
{
    struct term_table t;
    (void)state;
    stdio_catch(1);
    set_up_term("always", "C");
    fill(&t);
    term_table_print(&t, true);
    assert_string_equal(stdio_caught(), "s1\t12\tx\n"
                                        "größer\t3\tend\n");
    term_table_deinit(&t);
}

/* A room's name must not steer the operator's terminal, nor break a line. */
static void control_characters_are_shown_as_questions(void **state)
{
    struct term_table t;
    (void)state;
    stdio_catch(1);
    set_up_term(NULL, "C");
    term_table_init(&t, 1);
    term_cell(&t, STR("HEAD"));
    term_cell(&t, STR("a\033[2Jb\nc\td\177"));
    term_cell(&t, STR_NULL);
    term_cellf(&t, "%d%%", 50);
    term_table_print(&t, true);
    assert_string_equal(stdio_caught(), "a?[2Jb?c?d?\n\n50%\n");
    term_table_deinit(&t);
}

static void steps_without_a_terminal(void **state)
{
    (void)state;
    stdio_catch(1);
    set_up_term(NULL, "C");
    term_waiting("redis", "must not be seen");
    term_step("redis", "private", 1234);
    term_step_failed("gateway", "port in use");
    term_step_warn("shard", "s1 ended");
    assert_string_equal(
        stdio_caught(),
        "  ok   redis       private                                                   1.2 s\n"
        "  FAIL gateway     port in use\n"
        "  WARN shard       s1 ended\n");
}

static void ticks_need_utf8_only(void **state)
{
    (void)state;
    stdio_catch(1);
    set_up_term(NULL, "C.UTF-8");
    term_step_failed("a", "b");
    assert_string_equal(stdio_caught(), "  ✖ a           b\n");
    assert_string_equal(term_on(TERM_OUT, TERM_RED), "");
    set_up_term(NULL, "de_DE.ISO-8859-1");
    assert_false(term_fancy());
    setenv("TERM", "dumb", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    term_setup(NULL);
    assert_false(term_fancy());
}

static void colour_as_asked(void **state)
{
    (void)state;
    set_up_term("always", "C");
    assert_string_equal(term_on(TERM_OUT, TERM_RED), "\033[31m");
    assert_string_equal(term_off(TERM_ERR), "\033[0m");
    setenv("NO_COLOR", "1", 1);
    term_setup("always"); /* who says so on the command line means it */
    assert_string_equal(term_on(TERM_OUT, TERM_RED), "\033[31m");
    term_setup("never");
    assert_string_equal(term_on(TERM_OUT, TERM_RED), "");
}

static void bars(void **state)
{
    char bar[96];
    (void)state;
    set_up_term(NULL, "C.UTF-8");
    stdio_catch(1);
    term_setup(NULL);
    (void)stdio_caught();
    term_bar(0, 4096, bar, sizeof bar);
    assert_string_equal(bar, "[--------------------]");
    term_bar(2048, 4096, bar, sizeof bar);
    assert_string_equal(bar, "[██████████----------]");
    term_bar(4096, 4096, bar, sizeof bar);
    assert_string_equal(bar, "[████████████████████]");
    term_bar(5000, 4096, bar, sizeof bar); /* shards that hand over a slot may both count it */
    assert_string_equal(bar, "[████████████████████]");
    set_up_term(NULL, "C");
    stdio_catch(1);
    term_setup(NULL);
    (void)stdio_caught();
    term_bar(1, 2, bar, sizeof bar);
    assert_string_equal(bar, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_align),
        cmocka_unit_test(plain_has_tabs_and_no_head),
        cmocka_unit_test(control_characters_are_shown_as_questions),
        cmocka_unit_test(steps_without_a_terminal),
        cmocka_unit_test(ticks_need_utf8_only),
        cmocka_unit_test(colour_as_asked),
        cmocka_unit_test(bars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
