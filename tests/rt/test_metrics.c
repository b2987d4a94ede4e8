/* test_metrics.c: counting, and a text that promtool accepts. */
#include "rt/metrics.h"
#include "rt/loop.h"
#include "rt/lib_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool has(const struct buf *text, const char *line)
{
    return memmem(text->data, text->len, line, strlen(line)) != NULL;
}

static void test_counting(void **state)
{
    (void)state;
    metric_add(METRIC_FENCED_WRITES_TOTAL, 2);
    metric_add(METRIC_FENCED_WRITES_TOTAL, 1);
    assert_true(metric_value(METRIC_FENCED_WRITES_TOTAL, NULL, NULL) == 3);
    metric_set(METRIC_MUC_OCCUPANTS, 7);
    metric_gauge_add(METRIC_MUC_OCCUPANTS, -2);
    assert_true(metric_value(METRIC_MUC_OCCUPANTS, NULL, NULL) == 5);
    metric_gauge_add_l(METRIC_MUC_ROOMS, "idle", NULL, 4);
    assert_true(metric_value(METRIC_MUC_ROOMS, "idle", NULL) == 4);
    assert_true(metric_value(METRIC_MUC_ROOMS, "active", NULL) == 0);

    metric_add_l(METRIC_REDIS_COMMANDS_TOTAL, "PING", "ok", 1);
    metric_add_l(METRIC_REDIS_COMMANDS_TOTAL, "NONSENSE", "ok", 5);
    assert_true(metric_value(METRIC_REDIS_COMMANDS_TOTAL, "PING", "ok") == 1);
    assert_true(metric_value(METRIC_REDIS_COMMANDS_TOTAL, "other", "ok") == 5);
    assert_true(metric_value(METRIC_REDIS_COMMANDS_TOTAL, "other", "error") == 0);

    metric_observe(METRIC_MUC_FANOUT_RECIPIENTS, 1);
    metric_observe(METRIC_MUC_FANOUT_RECIPIENTS, 1.5);
    metric_observe(METRIC_MUC_FANOUT_RECIPIENTS, 99999);
    assert_true(metric_value(METRIC_MUC_FANOUT_RECIPIENTS, NULL, NULL) == 3);
}

static void collect(void *ctx)
{
    metric_set(METRIC_HELD_OPS, ++*(int *)ctx);
}

static void test_text(void **state)
{
    (void)state;
    struct buf text;
    int collected = 0;
    buf_init(&text);
    metrics_setup("shard", "1.2.3", "abc\"def");
    metrics_on_collect(collect, &collected);
    metrics_render(&text);
    metrics_off_collect(collect, &collected);
    assert_int_equal(collected, 1);
    assert_true(has(&text, "# HELP verona_fenced_writes_total Writes refused because"));
    assert_true(
        has(&text, "# TYPE verona_fenced_writes_total counter\nverona_fenced_writes_total 3\n"));
    assert_true(has(
        &text, "verona_build_info{version=\"1.2.3\",revision=\"abc\\\"def\",role=\"shard\"} 1\n"));
    assert_true(has(&text, "verona_redis_commands_total{command=\"PING\",result=\"ok\"} 1\n"));
    assert_true(has(&text, "verona_redis_commands_total{command=\"PING\",result=\"lost\"} 0\n"));
    assert_true(has(&text, "verona_muc_fanout_recipients_bucket{le=\"1\"} 1\n"));
    assert_true(has(&text, "verona_muc_fanout_recipients_bucket{le=\"2\"} 2\n"));
    assert_true(has(&text, "verona_muc_fanout_recipients_bucket{le=\"5000\"} 2\n"));
    assert_true(has(&text, "verona_muc_fanout_recipients_bucket{le=\"+Inf\"} 3\n"));
    assert_true(has(&text, "verona_muc_fanout_recipients_count 3\n"));
    assert_true(has(&text, "verona_loop_lag_seconds_bucket{le=\"0.0005\"} 0\n"));
    assert_true(has(&text, "verona_held_ops 1\n"));
    assert_true(has(&text, "\nprocess_resident_memory_bytes "));
    assert_false(has(&text, "verona_c2s_connections")); /* a gateway's */
    buf_reset(&text);
    metrics_setup("gateway", "1.2.3", NULL);
    metrics_render(&text);
    assert_true(has(&text, "verona_c2s_connections{transport=\"wss\"} 0\n"));
    assert_false(has(&text, "verona_muc_rooms{"));
    buf_deinit(&text);
}

/* The same number of lines whatever happened: nothing from outside becomes a series. */
static void test_series_budget(void **state)
{
    (void)state;
    static const char *const roles[] = {"gateway", "shard"};
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++) {
        metrics_setup(roles[i], "v", "r");
        metrics_render(&text);
        unsigned series = 0;
        for (size_t at = 0; at < text.len; at++)
            series += text.data[at] == '\n' && at + 1 < text.len && text.data[at + 1] != '#';
        assert_true(series < 1500);
        buf_reset(&text);
    }
    buf_deinit(&text);
}

static void test_promtool(void **state)
{
    (void)state;
    static const char *const roles[] = {"gateway", "shard"};
    if (system("command -v promtool >/dev/null 2>&1") != 0) {
        skip();
        return;
    }
    struct buf text;
    buf_init(&text);
    for (int i = 0; i < 2; i++) {
        metrics_setup(roles[i], "1.0", "rev");
        buf_reset(&text);
        metrics_render(&text);
        FILE *tool = popen("promtool check metrics", "w");
        assert_non_null(tool);
        assert_int_equal(fwrite(text.data, 1, text.len, tool), text.len);
        assert_int_equal(pclose(tool), 0);
    }
    buf_deinit(&text);
}

static void test_process(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text);
    metrics_render(&text);
    buf_c(&text, '\0');
    double value = 0;
    static const char *const positive[] = {"\nprocess_resident_memory_bytes ",
                                           "\nprocess_virtual_memory_bytes ", "\nprocess_open_fds ",
                                           "\nprocess_max_fds ", "\nprocess_start_time_seconds "};
    for (size_t i = 0; i < sizeof positive / sizeof *positive; i++) {
        const char *at = strstr(text.data, positive[i]);
        assert_non_null(at);
        value = strtod(at + strlen(positive[i]), NULL);
        assert_true(value > 0);
    }
    double now = (double)loop_wall_ms() / 1000;
    assert_true(value > now - 3600 && value < now + 10); /* the start time */
    buf_deinit(&text);
}

static void test_loop_lag(void **state)
{
    (void)state;
    struct loop *l = loop_new();
    metrics_watch_loop(l);
    run_for(l, 350);
    assert_true(metric_value(METRIC_LOOP_LAG_SECONDS, NULL, NULL) >= 2);
    struct buf text;
    buf_init(&text);
    metrics_render(&text);
    assert_true(metric_value(METRIC_LOOP_ITERATIONS_TOTAL, NULL, NULL) > 3);
    buf_deinit(&text);
    metrics_watch_loop(NULL);
    loop_destroy(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counting),      cmocka_unit_test(test_text),
        cmocka_unit_test(test_series_budget), cmocka_unit_test(test_promtool),
        cmocka_unit_test(test_process),       cmocka_unit_test(test_loop_lag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
