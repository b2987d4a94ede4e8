/* test_log.c: the text of lines, and that a stderr that nobody reads never blocks. */
#include "rt/log.h"
#include "base/buf.h"
#include "base/limits.h"
#include "rt/lib_run.h"
#include "rt/log_format.h"
#include "rt/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 2026-01-02T03:04:05.006Z */
static const uint64_t moment_ms = UINT64_C(1767323045006);

static struct buf text;

static const char *format(enum log_style style, struct str value)
{
    const struct log_field process[] = {
        {"role", STR("shard")}, {"node", STR("s1")}, {NULL, STR_NULL}};
    const struct log_field fields[] = {{"n", STR("3")}, {"v", value}, {NULL, STR_NULL}};
    struct log_line line = {moment_ms, LOG_WARN, "it_happened", process, fields};
    buf_reset(&text);
    log_format(&text, style, &line);
    buf_c(&text, '\0');
    return text.data;
}

static void test_logfmt(void **state)
{
    (void)state;
#define HEAD "ts=2026-01-02T03:04:05.006Z level=warn event=it_happened role=shard node=s1 n=3 "
    static const struct {
        struct str value;
        const char *want;
    } cases[] = {
        {STR("plain"), "v=plain\n"},
        {STR(""), "v=\"\"\n"},
        {STR("two words"), "v=\"two words\"\n"},
        {STR("a=\"b\"\\"), "v=\"a=\\\"b\\\"\\\\\"\n"},
        {STR("x\r\ny\tz\0\x1b[31m\x7f"), "v=\"x\\r\\ny\\tz\\u0000\\u001b[31m\\u007f\"\n"},
        {STR("\xc3\xa9"), "v=\"\xc3\xa9\"\n"},
        /* C1, line separator, right-to-left override, isolates */
        {STR("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6"),
         "v=\"\\u009b\\u2028\\u202e\\u2066\"\n"},
        {STR("\xff\xc3"), "v=\"\\xff\\xc3\"\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = format(LOG_STYLE_LOGFMT, cases[i].value);
        assert_memory_equal(got, HEAD, strlen(HEAD));
        assert_string_equal(got + strlen(HEAD), cases[i].want);
    }
}

static void test_json(void **state)
{
    (void)state;
    static const struct str values[] = {STR("a\"b\\c\n\x01\xe2\x80\xae"), STR("\xff\xfe"), STR("")};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        json_t *line = json_loads(format(LOG_STYLE_JSON, values[i]), 0, NULL);
        assert_non_null(line);
        assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
        assert_string_equal(json_string_value(json_object_get(line, "event")), "it_happened");
        assert_string_equal(json_string_value(json_object_get(line, "role")), "shard");
        const char *v = json_string_value(json_object_get(line, "v"));
        if (i == 0)
            assert_string_equal(v, values[0].p);
        json_decref(line);
    }
}

static void test_pretty(void **state)
{
    (void)state;
    assert_string_equal(format(LOG_STYLE_PRETTY, STR("two words")),
                        "03:04:05.006 WARN  it_happened n=3 v=\"two words\"\n");
    assert_non_null(strstr(format(LOG_STYLE_COLOUR, STR("x")), "\033["));
}

static void test_fields_are_cut(void **state)
{
    (void)state;
    char value[LIMIT_LOG_FIELD + 2];
    memset(value, 'x', sizeof value);
    for (size_t n = LIMIT_LOG_FIELD - 1; n <= LIMIT_LOG_FIELD + 1; n++) {
        const char *v = strstr(format(LOG_STYLE_LOGFMT, str_n(value, n)), "v=");
        bool cut = n > LIMIT_LOG_FIELD;
        assert_int_equal(strlen(v), 2 + (cut ? LIMIT_LOG_FIELD + 5 : n) + 1);
        assert_true(!cut == !strstr(v, "...\""));
    }
    /* not within a character */
    memcpy(value + LIMIT_LOG_FIELD - 1, "\xc3\xa9", 2);
    const char *v = strstr(format(LOG_STYLE_LOGFMT, str_n(value, sizeof value)), "v=");
    assert_null(strstr(v, "\\x"));
}

/* ---- the way to stderr ---- */

static int saved_stderr;

static void redirect(int fd)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
}

static void restore(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
}

static size_t drain(int fd, char *out, size_t size)
{
    size_t n = 0;
    for (ssize_t got; n < size - 1 && (got = read(fd, out + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    out[n] = '\0';
    return n;
}

static void test_levels_and_values(void **state)
{
    (void)state;
    int fd[2];
    char out[4096];
    assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
    redirect(fd[1]);
    double before = metric_value(METRIC_LOG_MESSAGES_TOTAL, "info", NULL);
    log_setup(LOG_INFO, "auto", "gateway", "g1");
    log_debug("hidden");
    log_info("shown", KV("jid", STR("a@b")), KV_Z("why", "because"), KV_U("n", UINT64_MAX),
             KV("none", STR_NULL));
    log_set_level(LOG_ERROR);
    log_warn("hidden");
    log_error("bare");
    restore();
    assert_true(drain(fd[0], out, sizeof out) > 0);
    assert_null(strstr(out, "hidden"));
    assert_non_null(strstr(out, "Z level=info event=shown role=gateway node=g1 jid=a@b why=because "
                                "n=18446744073709551615 none=\"\"\n"));
    assert_non_null(strstr(out, "event=bare role=gateway node=g1\n"));
    assert_true(metric_value(METRIC_LOG_MESSAGES_TOTAL, "info", NULL) == before + 1);
    close(fd[0]);
    close(fd[1]);
    log_set_level(LOG_INFO);
    enum log_level level;
    assert_true(log_level_parse("debug", &level) && level == LOG_DEBUG);
    assert_false(log_level_parse("loud", &level));
}

static bool is_drained(void *ctx)
{
    static char sink[65536];
    drain(*(int *)ctx, sink, sizeof sink);
    return strstr(sink, "event=last ") != NULL;
}

/* Nobody reads: lines go to the ring, then are dropped; when somebody reads again, the ring follows
 * without a new line being logged. */
static void test_full_stderr(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        int fd[2];
        char out[4096];
        if (kind == 0)
            assert_int_equal(pipe(fd), 0);
        else
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
        fcntl(fd[0], F_SETFL, O_NONBLOCK);
        struct loop *l = loop_new();
        redirect(fd[1]);
        log_setup(LOG_INFO, "logfmt", "shard", "s1");
        log_attach(l);
        double dropped = metric_value(METRIC_LOG_MESSAGES_DROPPED_TOTAL, NULL, NULL);
        int n = 0;
        while (metric_value(METRIC_LOG_MESSAGES_DROPPED_TOTAL, NULL, NULL) == dropped) {
            log_info("filler", KV_U("n", (uint64_t)n),
                     KV_Z("pad", "................................"));
            assert_true(++n < 1000000);
        }
        assert_true(n > 1000);
        /* one chunk is read, and what was kept comes in order, in whole lines */
        assert_true(drain(fd[0], out, sizeof out) > 0);
        assert_non_null(strstr(out, " n=0 "));
        is_drained(&fd[0]);
        run_for(l, 200);
        log_info("last");
        assert_true(run_until(l, is_drained, &fd[0], RUN_WAIT_MS));
        log_attach(NULL);
        restore();
        loop_destroy(&l);
        close(fd[0]);
        close(fd[1]);
    }
}

static void test_closed_stderr(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    close(STDERR_FILENO);
    double dropped = metric_value(METRIC_LOG_MESSAGES_DROPPED_TOTAL, NULL, NULL);
    log_info("lost");
    restore();
    assert_true(metric_value(METRIC_LOG_MESSAGES_DROPPED_TOTAL, NULL, NULL) == dropped + 1);
}

static void test_journal_prefix(void **state)
{
    (void)state;
    int fd[2];
    char out[512], stream[64];
    struct stat st;
    assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
    redirect(fd[1]);
    fstat(STDERR_FILENO, &st);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_setup(LOG_INFO, "logfmt", NULL, NULL);
    log_error("e");
    setenv("JOURNAL_STREAM", "1:1", 1);
    log_setup(LOG_INFO, "logfmt", NULL, NULL);
    log_error("f");
    unsetenv("JOURNAL_STREAM");
    restore();
    drain(fd[0], out, sizeof out);
    assert_memory_equal(out, "<3>ts=", 6);
    assert_non_null(strstr(out, "event=e\nts="));
    close(fd[0]);
    close(fd[1]);
}

static void test_jid_is_hashed(void **state)
{
    (void)state;
    struct str a = log_jid(STR("user@example.org"));
    assert_int_equal(a.n, 8);
    assert_true(str_eq(a, log_jid(STR("user@example.org"))));
    assert_false(str_eq(a, log_jid(STR("other@example.org"))));
    static const uint8_t key[16] = {7};
    char old[9];
    snprintf(old, sizeof old, "%.*s", STR_FMT(a));
    log_set_jid_key(key);
    assert_false(str_is(log_jid(STR("user@example.org")), old));
    log_set_pii(true);
    assert_true(str_is(log_jid(STR("user@example.org")), "user@example.org"));
    log_set_pii(false);
}

static int free_text(void **state)
{
    (void)state;
    buf_deinit(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logfmt),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_pretty),
        cmocka_unit_test(test_fields_are_cut),
        cmocka_unit_test(test_levels_and_values),
        cmocka_unit_test(test_full_stderr),
        cmocka_unit_test(test_closed_stderr),
        cmocka_unit_test(test_journal_prefix),
        cmocka_unit_test(test_jid_is_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, free_text);
}
