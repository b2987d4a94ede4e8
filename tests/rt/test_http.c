/* test_http.c: the admin listener over real sockets, client and server in one loop. */
#include "rt/http.h"
#include "base/err.h"
#include "rt/lib_run.h"
#include "rt/listen.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct loop *loop;
static struct http *http;
static struct buf err;
static const char *why_not_ready;

struct client {
    int fd;
    struct loop_poll *poll;
    struct buf in;
    int closed;
};

static void on_bytes(void *ctx, int events)
{
    struct client *c = ctx;
    char chunk[65536];
    ssize_t n = read(c->fd, chunk, sizeof chunk);
    if (n > 0)
        buf_put(&c->in, chunk, (size_t)n);
    if (n > 0 && events)
        return;
    loop_poll_close(&c->poll);
    c->closed = 1;
}

static void client_open(struct client *c, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)};
    assert_int_equal(connect(c->fd, (struct sockaddr *)&sa, sizeof sa), 0);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->poll = loop_poll_open(loop, c->fd, on_bytes, c);
    loop_poll_set(c->poll, LOOP_READ);
}

static void client_close(struct client *c)
{
    loop_poll_close(&c->poll);
    close(c->fd);
    buf_deinit(&c->in);
}

/* The whole response to one request, in static storage. */
static const char *ask(const char *head)
{
    static char text[400000];
    struct client c;
    client_open(&c, http_port(http));
    char request[2048];
    int n = snprintf(request, sizeof request, "%s\r\nHost: x\r\nConnection: close\r\n\r\n", head);
    assert_int_equal(write(c.fd, request, (size_t)n), n);
    assert_true(run_until_int(loop, &c.closed, 1, RUN_WAIT_MS));
    assert_true(c.in.len < sizeof text);
    snprintf(text, sizeof text, "%.*s", (int)c.in.len, c.in.data);
    client_close(&c);
    return text;
}

static void check(const char *head, int status, const char *part)
{
    const char *text = ask(head);
    char first[32];
    snprintf(first, sizeof first, "HTTP/1.1 %d ", status);
    if (strncmp(text, first, strlen(first)) != 0 || !strstr(text, part))
        fail_msg("%s: %s", head, text);
}

static void ready(void *ctx, struct buf *reasons)
{
    (void)ctx;
    buf_z(reasons, why_not_ready);
}

static int show_path(void *ctx, struct str path, struct buf *body, const char **content_type)
{
    *content_type = "application/json";
    buf_printf(body, "%s<%.*s>", (const char *)ctx, STR_FMT(path));
    return 200;
}

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    buf_init(&err);
    why_not_ready = "";
    return http_new(loop, "127.0.0.1:0", &http, &err);
}

static int tear_down(void **state)
{
    (void)state;
    http_destroy(&http);
    http_destroy(&http); /* harmless */
    loop_destroy(&loop);
    buf_deinit(&err);
    return 0;
}

static void test_fixed_answers(void **state)
{
    (void)state;
    check("GET /livez HTTP/1.1", 200, "\r\n\r\nok\n");
    check("GET /healthz HTTP/1.1", 200, "\r\n\r\nok\n");
    check("GET /version HTTP/1.1", 200, "\"version\":\"" VERONA_VERSION "\"");
    check("GET /metrics HTTP/1.1", 200, "Content-Type: text/plain; version=0.0.4");
    check("GET /metrics HTTP/1.1", 200,
          "verona_http_requests_total{handler=\"livez\",code=\"200\"} 1\n");
    check("GET / HTTP/1.1", 404, "not found");
    check("GET /metricsx HTTP/1.1", 404, "not found");
    check("POST /metrics HTTP/1.1", 405, "Allow: GET, HEAD");
    check("DELETE /livez HTTP/1.1", 405, "only GET and HEAD");
    const char *head = ask("HEAD /livez HTTP/1.1");
    assert_non_null(strstr(head, "HTTP/1.1 200 "));
    assert_non_null(strstr(head, "Content-Length: 3\r\n"));
    assert_string_equal(head + strlen(head) - 4, "\r\n\r\n");
    assert_true(metric_value(METRIC_HTTP_REQUESTS_TOTAL, "other", "404") == 2);
}

static void test_readiness(void **state)
{
    (void)state;
    check("GET /readyz HTTP/1.1", 200, "\r\n\r\nready\n");
    http_on_ready(http, ready, NULL);
    check("GET /readyz HTTP/1.1", 200, "ready");
    check("GET /readyz?verbose HTTP/1.1", 200, "{\"ready\":true,\"reasons\":[]}");
    why_not_ready = "redis is down\nno \"slots\"\n";
    check("GET /readyz HTTP/1.1", 503, "\r\n\r\nredis is down\nno \"slots\"\n");
    check("GET /readyz?verbose HTTP/1.1", 503,
          "{\"ready\":false,\"reasons\":[\"redis is down\",\"no \\\"slots\\\"\"]}");
    check("GET /readyz?verbose=1 HTTP/1.1", 503, "{\"ready\":false");
    check("GET /livez HTTP/1.1", 200, "ok");
}

static void test_routes(void **state)
{
    (void)state;
    http_route(http, "/status", show_path, "status");
    http_route(http, "/status/rooms", show_path, "rooms");
    check("GET /status HTTP/1.1", 200, "\r\n\r\nstatus<>");
    check("GET /status HTTP/1.1", 200, "Content-Type: application/json");
    check("GET /status/ HTTP/1.1", 200, "\r\n\r\nstatus</>");
    check("GET /status/roomsx HTTP/1.1", 200, "\r\n\r\nstatus</roomsx>");
    check("GET /status/rooms/a%40b%20c?x=1 HTTP/1.1", 200, "\r\n\r\nrooms</a@b c>");
    check("GET /statusx HTTP/1.1", 404, "not found");
}

/* Eight silent clients are all there may be; after five seconds they are gone, and others come in.
 */
static void test_silent_clients(void **state)
{
    (void)state;
    struct client silent[8];
    for (int i = 0; i < 8; i++)
        client_open(&silent[i], http_port(http));
    run_for(loop, 50);
    uint64_t start = loop_clock_ns();
    check("GET /livez HTTP/1.1", 200, "ok"); /* waits for one of them to be cut off */
    uint64_t waited_ms = (loop_clock_ns() - start) / 1000000;
    assert_true(waited_ms > 1000);
    for (int i = 0; i < 8; i++)
        client_close(&silent[i]);
}

static void test_rubbish(void **state)
{
    (void)state;
    struct client c;
    client_open(&c, http_port(http));
    assert_int_equal(write(c.fd, "\x16\x03\x01 nonsense\r\n\r\n", 17), 17);
    run_until_int(loop, &c.closed, 1, 1000);
    client_close(&c);
    char *huge = malloc(70000);
    memset(huge, 'a', 70000);
    memcpy(huge, "GET /", 5);
    client_open(&c, http_port(http));
    assert_true(write(c.fd, huge, 70000) > 0);
    assert_true(run_until_int(loop, &c.closed, 1, RUN_WAIT_MS));
    client_close(&c);
    free(huge);
    check("GET /livez HTTP/1.1", 200, "ok");
}

static void test_port_in_use(void **state)
{
    (void)state;
    char listen[32];
    struct http *second = NULL;
    snprintf(listen, sizeof listen, "127.0.0.1:%u", (unsigned)http_port(http));
    assert_int_equal(http_new(loop, listen, &second, &err), ERR_IO);
    assert_null(second);
    buf_c(&err, '\0');
    char owner[64];
    snprintf(owner, sizeof owner, "pid %d)", (int)getpid());
    assert_non_null(strstr(err.data, "Address already in use"));
    assert_non_null(strstr(err.data, listen));
    assert_non_null(strstr(err.data, owner));
    assert_null(strchr(err.data, '\n'));
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "5290",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "::1:80",
                                      "127.0.0.1:65536",
                                      "no-such-host.invalid:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int fd = -1;
        buf_reset(&err);
        assert_true(listen_tcp(bad[i], 1, &fd, &err) != 0);
        assert_int_equal(fd, -1);
        assert_true(err.len > 0);
    }
    static const char *const good[] = {"127.0.0.1:0", "localhost:0", "*:0", "[::1]:0"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int fd = -1;
        if (i == 3 && access("/proc/net/if_inet6", R_OK) != 0)
            break;
        if (listen_tcp(good[i], 1, &fd, &err) != 0) {
            assert_int_equal(i, 3); /* no IPv6 on this machine */
            break;
        }
        assert_int_not_equal(listen_port(fd), 0);
        close(fd);
    }
}

int main(void)
{
#define HTTP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HTTP_TEST(test_fixed_answers), HTTP_TEST(test_readiness),      HTTP_TEST(test_routes),
        HTTP_TEST(test_rubbish),       HTTP_TEST(test_silent_clients), HTTP_TEST(test_port_in_use),
        HTTP_TEST(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
