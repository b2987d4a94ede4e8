/* test_redis.c: against a real redis-server. */
#include "rt/redis.h"
#include "base/err.h"
#include "base/mem.h"
#include "rt/lib_redis.h"
#include "rt/lib_run.h"
#include "rt/listen.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static int ups, downs;

static void on_state(void *ctx, bool up)
{
    assert_ptr_equal(ctx, &server);
    assert_int_equal(redis_up(redis), up);
    if (up)
        ups++;
    else
        downs++;
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    ups = downs = 0;
    if (server.pid == 0)
        redis_server_again(&server);
    redis = redis_new(loop, server.url, on_state, &server);
    return redis == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    redis_destroy(&redis);
    redis_destroy(&redis); /* harmless */
    loop_destroy(&loop);
    return 0;
}

/* What came back, in order. */
struct answers {
    int n, ok, unknown, unavailable, errors;
    int64_t last;
    char text[64];
};

static void on_answer(void *ctx, const redisReply *reply, int err)
{
    struct answers *a = ctx;
    a->n++;
    a->ok += err == 0;
    a->unknown += err == ERR_UNKNOWN;
    a->unavailable += err == ERR_UNAVAILABLE;
    assert_true((reply != NULL) == (err == 0));
    if (!reply)
        return;
    a->errors += reply->type == REDIS_REPLY_ERROR;
    a->last = redis_int(reply, -1);
    snprintf(a->text, sizeof a->text, "%.*s", STR_FMT(redis_str(reply)));
}

static void command(struct answers *a, uint32_t deadline_ms, const char *words)
{
    struct str argv[8];
    uint32_t argc = 0;
    for (const char *p = words; *p; argc++) {
        size_t n = strcspn(p, " ");
        argv[argc] = str_n(p, n);
        p += n + (p[n] == ' ');
    }
    redis_command(redis, argc, argv, deadline_ms, on_answer, a);
}

static void test_commands(void **state)
{
    (void)state;
    struct answers a = {0};
    command(&a, 0, "FLUSHALL"); /* before the connection is there */
    command(&a, 0, "HSET h f v");
    assert_false(redis_up(redis));
    assert_true(redis_queued_bytes(redis) > 0);
    assert_true(run_until_int(loop, &a.n, 2, RUN_WAIT_MS));
    assert_true(redis_up(redis));
    assert_int_equal(ups, 1);
    assert_int_equal(a.last, 1);
    assert_int_equal(redis_queued_bytes(redis), 0);
    assert_int_equal(redis_inflight(redis), 0);

    command(&a, 0, "HGET h f");
    assert_true(run_until_int(loop, &a.n, 3, RUN_WAIT_MS));
    assert_string_equal(a.text, "v");
    command(&a, 0, "HGET h absent");
    assert_true(run_until_int(loop, &a.n, 4, RUN_WAIT_MS));
    assert_string_equal(a.text, "");
    assert_int_equal(a.last, -1);
    double errors = metric_value(METRIC_REDIS_ERRORS_TOTAL, "other", NULL);
    command(&a, 0, "HGET h"); /* an error reply is a reply */
    assert_true(run_until_int(loop, &a.n, 5, RUN_WAIT_MS));
    assert_int_equal(a.ok, 5);
    assert_int_equal(a.errors, 1);
    assert_true(metric_value(METRIC_REDIS_ERRORS_TOTAL, "other", NULL) == errors + 1);
    assert_true(metric_value(METRIC_REDIS_COMMANDS_TOTAL, "HGET", "error") >= 1);
    assert_true(metric_value(METRIC_REDIS_STATE, NULL, NULL) == 1);
    redis_command(redis, 1, (const struct str[]){STR("PING")}, 0, NULL, NULL); /* nobody listens */
    command(&a, 0, "PING");
    assert_true(run_until_int(loop, &a.n, 6, RUN_WAIT_MS));
    assert_string_equal(a.text, "PONG");
}

static void test_any_bytes(void **state)
{
    (void)state;
    struct answers a = {0};
    char value[300];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (char)i;
    const struct str set[] = {STR("HSET"), STR("bin"), STR("a\r\nb\0c"),
                              str_n(value, sizeof value)};
    const struct str len[] = {STR("HSTRLEN"), STR("bin"), STR("a\r\nb\0c")};
    const struct str empty[] = {STR("HSET"), STR("bin"), STR_NULL, STR_NULL};
    redis_command(redis, 4, set, 0, on_answer, &a);
    redis_command(redis, 4, empty, 0, on_answer, &a);
    redis_command(redis, 3, len, 0, on_answer, &a);
    assert_true(run_until_int(loop, &a.n, 3, RUN_WAIT_MS));
    assert_int_equal(a.last, sizeof value);
    assert_int_equal(a.errors, 0);
}

/* More in one turn than a socket takes at once, answers in order. */
static void test_pipeline(void **state)
{
    (void)state;
    enum { N = 5000, BIG = 4 * 1024 * 1024 };
    struct answers a = {0};
    command(&a, 30000, "DEL counter big");
    for (int i = 0; i < N; i++)
        command(&a, 30000, "INCR counter");
    char *big = mem_alloc(BIG);
    memset(big, 'x', BIG);
    const struct str set[] = {STR("SET"), STR("big"), str_n(big, BIG)};
    redis_command(redis, 3, set, 30000, on_answer, &a);
    mem_free(big);
    command(&a, 30000, "GET counter");
    assert_true(run_until_int(loop, &a.n, N + 3, RUN_WAIT_MS));
    assert_int_equal(a.last, N);
    assert_int_equal(a.ok, N + 3);
    command(&a, 30000, "GET big"); /* a reply in many pieces */
    command(&a, 30000, "STRLEN big");
    assert_true(run_until_int(loop, &a.n, N + 5, RUN_WAIT_MS));
    assert_int_equal(a.last, BIG);
}

static void test_server_dies_and_returns(void **state)
{
    (void)state;
    struct answers before = {0}, during = {0}, hopeless = {0};
    command(&before, 0, "SET k 1");
    assert_true(run_until_int(loop, &before.n, 1, RUN_WAIT_MS));

    kill(server.pid, SIGSTOP); /* it takes the bytes, and does not answer */
    command(&before, 20000, "INCR k");
    command(&before, 20000, "INCR k");
    run_for(loop, 30);
    assert_int_equal(redis_inflight(redis), 2);
    redis_server_kill(&server);
    assert_true(run_until_int(loop, &before.n, 3, RUN_WAIT_MS));
    assert_int_equal(before.unknown, 2);
    assert_int_equal(downs, 1);
    assert_false(redis_up(redis));

    command(&during, 30000, "PING");
    command(&hopeless, 100, "PING");
    assert_true(run_until_int(loop, &hopeless.n, 1, RUN_WAIT_MS));
    assert_int_equal(hopeless.unavailable, 1);
    assert_int_equal(during.n, 0);
    redis_server_again(&server);
    assert_true(run_until_int(loop, &during.n, 1, RUN_WAIT_MS));
    assert_int_equal(during.ok, 1);
    assert_int_equal(ups, 2);
}

static void test_deadline_in_flight(void **state)
{
    (void)state;
    struct answers a = {0}, later = {0};
    command(&a, 0, "SET k 1");
    assert_true(run_until_int(loop, &a.n, 1, RUN_WAIT_MS));
    kill(server.pid, SIGSTOP);
    command(&later, 10000, "PING"); /* the first on the wire, the last to be due */
    command(&a, 100, "PING");
    assert_true(run_until_int(loop, &a.n, 2, RUN_WAIT_MS));
    /* the connection went, and with it both */
    assert_int_equal(a.unknown, 1);
    assert_int_equal(later.unknown, 1);
    assert_false(redis_up(redis));
    kill(server.pid, SIGCONT);
    command(&a, 20000, "GET k");
    assert_true(run_until_int(loop, &a.n, 3, RUN_WAIT_MS));
    assert_int_equal(a.last, 1); /* not a late PONG */
}

/* ---- callbacks that do things ---- */

struct chain {
    struct answers answers;
    int left;
    bool destroy;
};

static void on_chain(void *ctx, const redisReply *reply, int err)
{
    struct chain *c = ctx;
    on_answer(&c->answers, reply, err);
    if (c->left-- > 0)
        redis_command(redis, 1, (const struct str[]){STR("PING")}, 0, on_chain, c);
    else if (c->destroy)
        redis_destroy(&redis);
}

static void test_callback_issues_commands(void **state)
{
    (void)state;
    struct chain c = {.left = 50};
    redis_command(redis, 1, (const struct str[]){STR("PING")}, 0, on_chain, &c);
    assert_true(run_until_int(loop, &c.answers.n, 51, RUN_WAIT_MS));
    assert_int_equal(c.answers.ok, 51);
}

static void test_callback_destroys(void **state)
{
    (void)state;
    struct chain c = {.left = 0, .destroy = true};
    struct answers a = {0};
    redis_command(redis, 1, (const struct str[]){STR("PING")}, 0, on_chain, &c);
    command(&a, 0, "PING");
    command(&a, 0, "PING");
    assert_true(run_until_int(loop, &a.n, 2, RUN_WAIT_MS));
    assert_null(redis);
    assert_int_equal(a.unknown, 2); /* they had left in the same write */
}

static void test_destroy_answers_everything(void **state)
{
    (void)state;
    struct answers a = {0}, b = {0};
    command(&a, 0, "PING");
    redis_destroy(&redis);
    assert_int_equal(a.unavailable, 1);
    redis = redis_new(loop, server.url, on_state, &server);
    assert_true(run_until_int(loop, &ups, 1, RUN_WAIT_MS));
    kill(server.pid, SIGSTOP);
    command(&b, 0, "PING");
    run_for(loop, 30);
    command(&a, 0, "PING");
    redis_destroy(&redis);
    assert_int_equal(b.unknown, 1);
    assert_int_equal(a.unavailable, 2);
    kill(server.pid, SIGCONT);
    assert_int_equal(downs, 0); /* the owner knows */
}

/* ---- ways to connect ---- */

static void check_url(const char *url, const char *password, bool works)
{
    struct answers a = {0};
    redis_destroy(&redis);
    redis = redis_new(loop, url, NULL, NULL);
    assert_non_null(redis);
    if (password)
        redis_set_password(redis, password);
    command(&a, works ? 10000 : 300, "PING");
    assert_true(run_until_int(loop, &a.n, 1, RUN_WAIT_MS));
    assert_int_equal(a.ok, works);
    assert_int_equal(a.unavailable, !works);
}

static void test_passwords_and_names(void **state)
{
    (void)state;
    struct redis_server locked;
    struct buf err;
    int fd;
    buf_init(&err);
    assert_int_equal(listen_tcp("127.0.0.1:0", 1, &fd, &err), 0);
    uint16_t port = listen_port(fd);
    close(fd);
    redis_server_start(&locked, "p@ss:w/rd", port);
    check_url(locked.url, NULL, false);
    check_url(locked.url, "wrong", false);
    check_url(locked.url, "p@ss:w/rd", true);
    char url[128];
    snprintf(url, sizeof url, "redis://:p%%40ss%%3aw%%2Frd@127.0.0.1:%u", (unsigned)port);
    check_url(url, NULL, true);
    snprintf(url, sizeof url, "redis://default:p%%40ss%%3Aw%%2frd@localhost:%u/3", (unsigned)port);
    check_url(url, NULL, true);
    struct answers a = {0};
    command(&a, 0, "CLIENT INFO");
    assert_true(run_until_int(loop, &a.n, 1, RUN_WAIT_MS));
    snprintf(url, sizeof url, "redis://:p%%40ss%%3aw%%2frd@127.0.0.1:%u/999", (unsigned)port);
    check_url(url, NULL, false); /* no such database */
    check_url("redis://no-such-host.invalid:1", NULL, false);
    check_url("redis://127.0.0.1:1", NULL, false);
    check_url("unix:///nonexistent/socket", NULL, false);
    redis_server_stop(&locked);
    buf_deinit(&err);
}

static void test_destroy_while_resolving(void **state)
{
    (void)state;
    redis_destroy(&redis);
    redis = redis_new(loop, "redis://localhost:1", NULL, NULL);
    run_for(loop, 0);
    redis_destroy(&redis);
    redis = redis_new(loop, "redis://no-such-host.invalid:1", NULL, NULL);
    redis_destroy(&redis);
    assert_null(redis_new(loop, "http://localhost", NULL, NULL));
}

static int start(void **state)
{
    (void)state;
    redis_server_start(&server, NULL, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    redis_server_stop(&server);
    return 0;
}

int main(void)
{
#define REDIS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        REDIS_TEST(test_commands),
        REDIS_TEST(test_any_bytes),
        REDIS_TEST(test_pipeline),
        REDIS_TEST(test_server_dies_and_returns),
        REDIS_TEST(test_deadline_in_flight),
        REDIS_TEST(test_callback_issues_commands),
        REDIS_TEST(test_callback_destroys),
        REDIS_TEST(test_destroy_answers_everything),
        REDIS_TEST(test_passwords_and_names),
        REDIS_TEST(test_destroy_while_resolving),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
