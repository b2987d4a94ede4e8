/* test_redis_faults.c: against a server that misbehaves on purpose, in the same loop. */
#include "rt/redis.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "rt/lib_run.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/redis_url.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct {
    int fd, client; /* listening; connected or -1 */
    struct loop_poll *accepting, *reading;
    char dir[64], url[96];
    struct buf in;
    int accepted;
    const char *ping_reply; /* to the greeting; NULL: silence */
    const char *reply;      /* to everything else; NULL: silence */
    bool deaf;              /* does not read beyond the greeting */
} fake;

static struct loop *loop;
static struct redis *redis;
static int answers, ok, unknown, unavailable;

static void hang_up(void)
{
    loop_poll_close(&fake.reading);
    if (fake.client >= 0)
        close(fake.client);
    fake.client = -1;
    buf_reset(&fake.in);
}

static void say(const char *text)
{
    if (text)
        assert_int_equal(write(fake.client, text, strlen(text)), (ssize_t)strlen(text));
}

static bool has(const char *text)
{
    return fake.in.len && memmem(fake.in.data, fake.in.len, text, strlen(text));
}

static void on_bytes(void *ctx, int events)
{
    (void)ctx;
    (void)events;
    char chunk[65536];
    ssize_t n = read(fake.client, chunk, sizeof chunk);
    if (n <= 0) {
        hang_up();
        return;
    }
    buf_put(&fake.in, chunk, (size_t)n);
    if (has("PING\r\n")) {
        buf_reset(&fake.in);
        say(fake.ping_reply);
        if (fake.deaf)
            loop_poll_set(fake.reading, 0);
    } else if (has("WORK\r\n")) {
        buf_reset(&fake.in);
        say(fake.reply);
    }
}

static void on_client(void *ctx, int events)
{
    (void)ctx;
    (void)events;
    hang_up();
    fake.client = accept(fake.fd, NULL, NULL);
    fake.accepted++;
    fake.reading = loop_poll_open(loop, fake.client, on_bytes, NULL);
    loop_poll_set(fake.reading, LOOP_READ);
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    snprintf(fake.dir, sizeof fake.dir, "/tmp/verona-fake-XXXXXX");
    if (!mkdtemp(fake.dir))
        return -1;
    snprintf(fake.url, sizeof fake.url, "unix://%s/s", fake.dir);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s/s", fake.dir);
    fake.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(fake.fd, (struct sockaddr *)&un, sizeof un) != 0 || listen(fake.fd, 16) != 0)
        return -1;
    fake.client = -1;
    fake.accepted = 0;
    fake.ping_reply = "+PONG\r\n";
    fake.reply = "+OK\r\n";
    fake.deaf = false;
    fake.accepting = loop_poll_open(loop, fake.fd, on_client, NULL);
    loop_poll_set(fake.accepting, LOOP_READ);
    answers = ok = unknown = unavailable = 0;
    redis = redis_new(loop, fake.url, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    redis_destroy(&redis);
    hang_up();
    loop_poll_close(&fake.accepting);
    close(fake.fd);
    loop_destroy(&loop);
    unlink(fake.url + strlen("unix://"));
    rmdir(fake.dir);
    buf_deinit(&fake.in);
    return 0;
}

static void on_answer(void *ctx, const redisReply *reply, int err)
{
    (void)ctx;
    (void)reply;
    answers++;
    ok += err == 0;
    unknown += err == ERR_UNKNOWN;
    unavailable += err == ERR_UNAVAILABLE;
}

static void work(uint32_t deadline_ms)
{
    redis_command(redis, 1, (const struct str[]){STR("WORK")}, deadline_ms, on_answer, NULL);
}

static double reconnects(const char *reason)
{
    return metric_value(METRIC_REDIS_RECONNECTS_TOTAL, reason, NULL);
}

static void test_loading_is_not_up(void **state)
{
    (void)state;
    double before = reconnects("loading");
    fake.ping_reply = "-LOADING Redis is loading the dataset in memory\r\n";
    work(20000);
    assert_true(run_until_int(loop, &fake.accepted, 3, RUN_WAIT_MS));
    assert_int_equal(answers, 0);
    assert_true(reconnects("loading") >= before + 2);
    fake.ping_reply = "+PONG\r\n";
    assert_true(run_until_int(loop, &ok, 1, RUN_WAIT_MS));
}

static void test_other_errors_leave_it_up(void **state)
{
    (void)state;
    fake.ping_reply = "-MISCONF Redis is configured to save RDB snapshots\r\n";
    work(0);
    assert_true(run_until_int(loop, &ok, 1, RUN_WAIT_MS));
}

static void test_unasked_reply(void **state)
{
    (void)state;
    double before = reconnects("protocol");
    fake.reply = "+OK\r\n+OK\r\n";
    work(0);
    assert_true(run_until_int(loop, &fake.accepted, 2, RUN_WAIT_MS));
    assert_int_equal(ok, 1);
    assert_true(reconnects("protocol") == before + 1);
}

static void test_garbage(void **state)
{
    (void)state;
    double before = reconnects("protocol");
    fake.reply = "HTTP/1.1 400 Bad Request\r\n";
    work(0);
    work(0);
    assert_true(run_until_int(loop, &unknown, 2, RUN_WAIT_MS));
    assert_true(reconnects("protocol") == before + 1);
}

static void test_silent_greeting(void **state)
{
    (void)state;
    double before = reconnects("timeout");
    fake.ping_reply = NULL;
    work(100);
    assert_true(run_until_int(loop, &unavailable, 1, RUN_WAIT_MS));
    assert_true(run_until_int(loop, &fake.accepted, 2, RUN_WAIT_MS));
    assert_true(reconnects("timeout") == before + 1);
}

static void test_hang_up_in_flight(void **state)
{
    (void)state;
    fake.reply = NULL;
    work(0);
    work(0);
    assert_true(run_until_int(loop, &fake.accepted, 1, RUN_WAIT_MS));
    while (redis_inflight(redis) < 2)
        run_for(loop, 10);
    hang_up();
    assert_true(run_until_int(loop, &unknown, 2, RUN_WAIT_MS));
    assert_int_equal(redis_inflight(redis), 0);
    fake.reply = "+OK\r\n";
    work(0);
    assert_true(run_until_int(loop, &ok, 1, RUN_WAIT_MS));
}

/* A command that did not leave as a whole was not run: it is kept, and sent again in full. */
static void test_half_written(void **state)
{
    (void)state;
    enum { BIG = 8 * 1024 * 1024 };
    fake.deaf = true;
    char *big = mem_zalloc(BIG);
    const struct str argv[] = {STR("SET"), str_n(big, BIG), STR("WORK")};
    redis_command(redis, 3, argv, 20000, on_answer, NULL);
    while (!redis_up(redis))
        run_for(loop, 10);
    run_for(loop, 50);
    assert_int_equal(redis_inflight(redis), 0);
    fake.deaf = false;
    hang_up();
    assert_true(run_until_int(loop, &ok, 1, RUN_WAIT_MS));
    assert_int_equal(answers, 1);

    /* ... until its deadline: then the connection, which is in the middle of it, has to go */
    double before = reconnects("timeout");
    fake.deaf = true;
    hang_up();
    redis_command(redis, 3, argv, 300, on_answer, NULL);
    assert_true(run_until_int(loop, &unavailable, 1, RUN_WAIT_MS));
    assert_true(reconnects("timeout") == before + 1);
    assert_int_equal(unknown, 0);
    mem_free(big);
}

static void destroy_on_loss(void *ctx, bool up)
{
    (void)ctx;
    if (!up)
        redis_destroy(&redis);
}

static void test_destroy_when_told_of_the_loss(void **state)
{
    (void)state;
    redis_destroy(&redis);
    redis = redis_new(loop, fake.url, destroy_on_loss, NULL);
    fake.reply = NULL;
    work(0);
    while (redis_inflight(redis) == 0)
        run_for(loop, 10);
    work(0);
    hang_up();
    assert_true(run_until_int(loop, &answers, 2, RUN_WAIT_MS));
    assert_null(redis);
}

static void test_order_of_deadlines(void **state)
{
    (void)state;
    fake.ping_reply = NULL; /* never up */
    static const uint32_t deadlines[] = {2000, 100, 1000, 100, 60000};
    for (size_t i = 0; i < 5; i++)
        work(deadlines[i]);
    assert_true(run_until_int(loop, &unavailable, 2, RUN_WAIT_MS));
    assert_true(answers <= 3);
    assert_true(run_until_int(loop, &unavailable, 4, RUN_WAIT_MS));
    assert_int_equal(answers, 4);
}

static void check_url(const char *text, const char *host, unsigned port, unsigned db,
                      const char *user, const char *password)
{
    struct redis_url u;
    assert_int_equal(redis_url_parse(str_of(text), &u), 0);
    assert_string_equal(u.host, host);
    assert_int_equal(u.port, port);
    assert_int_equal(u.db, db);
    assert_true(str_eq(str_of(u.user), str_of(user)));
    assert_true(str_eq(str_of(u.password), str_of(password)));
    redis_url_deinit(&u);
}

static void test_urls(void **state)
{
    (void)state;
    check_url("redis://h", "h", 6379, 0, NULL, NULL);
    check_url("redis://h/", "h", 6379, 0, NULL, NULL);
    check_url("redis://h:1/2", "h", 1, 2, NULL, NULL);
    check_url("redis://[::1]:65535", "::1", 65535, 0, NULL, NULL);
    check_url("redis://[::1]/7", "::1", 6379, 7, NULL, NULL);
    check_url("redis://u:p@h", "h", 6379, 0, "u", "p");
    check_url("redis://:p%3A%40%2f@h", "h", 6379, 0, NULL, "p:@/");
    check_url("redis://u:a@b@h:3", "h", 3, 0, "u", "a@b");
    check_url("redis://u@h", "h", 6379, 0, "u", NULL);
    static const char *const bad[] = {"",
                                      "h",
                                      "redis://",
                                      "redis://:1",
                                      "redis://h:",
                                      "redis://h:0",
                                      "redis://h:65536",
                                      "redis://h:x",
                                      "redis://h/x",
                                      "redis://[::1",
                                      "redis://[::1]x",
                                      "redis://:%4@h",
                                      "redis://:%zz@h",
                                      "redis://:%00@h",
                                      "rediss://h",
                                      "unix://",
                                      "unix:///",
                                      "unix://relative"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct redis_url u;
        if (redis_url_parse(str_of(bad[i]), &u) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
    }
    struct redis_url u;
    assert_int_equal(redis_url_parse(STR("unix:///a/b"), &u), 0);
    assert_string_equal(u.path, "/a/b");
    redis_url_deinit(&u);
}

int main(void)
{
#define FAULT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FAULT_TEST(test_loading_is_not_up),  FAULT_TEST(test_other_errors_leave_it_up),
        FAULT_TEST(test_unasked_reply),      FAULT_TEST(test_garbage),
        FAULT_TEST(test_silent_greeting),    FAULT_TEST(test_hang_up_in_flight),
        FAULT_TEST(test_half_written),       FAULT_TEST(test_destroy_when_told_of_the_loss),
        FAULT_TEST(test_order_of_deadlines), cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
