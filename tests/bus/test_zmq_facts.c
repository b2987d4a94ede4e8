/* What the bus is built on: behaviour of this libzmq that its rules answer (proto/README.md). If
 * one of these fails after an upgrade, the rule may go. */
#include "lib_bus.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static void *context;
static char endpoint[96];

static int setup(void **state)
{
    (void)state;
    static int n;
    context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_BLOCKY, 0);
    snprintf(endpoint, sizeof endpoint, "ipc:///tmp/zmq-facts-%d-%d", (int)getpid(), n++);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    zmq_ctx_term(context);
    unlink(endpoint + strlen("ipc://"));
    return 0;
}

static void nap(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void *open_socket(int type)
{
    void *s = zmq_socket(context, type);
    int zero = 0, timeout = 2000;
    zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(s, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    return s;
}

static void set_int(void *s, int option, int value)
{
    assert_int_equal(zmq_setsockopt(s, option, &value, sizeof value), 0);
}

static int get_int(void *s, int option)
{
    int value;
    size_t n = sizeof value;
    assert_int_equal(zmq_getsockopt(s, option, &value, &n), 0);
    return value;
}

/* Rule: ROUTER_MANDATORY. */
static void test_router_drops_with_success(void **state)
{
    (void)state;
    void *router = open_socket(ZMQ_ROUTER);
    assert_int_equal(zmq_bind(router, endpoint), 0);
    assert_int_equal(zmq_send(router, "nobody", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT), 6);
    assert_int_equal(zmq_send(router, "lost", 4, ZMQ_DONTWAIT), 4);
    set_int(router, ZMQ_ROUTER_MANDATORY, 1);
    assert_int_equal(zmq_send(router, "nobody", 6, ZMQ_SNDMORE | ZMQ_DONTWAIT), -1);
    assert_int_equal(errno, EHOSTUNREACH);
    zmq_close(router);
}

/* Rule: IMMEDIATE. What is queued before there is a connection goes to whoever comes. */
static void test_dealer_keeps_frames_for_a_stranger(void **state)
{
    (void)state;
    void *dealer = open_socket(ZMQ_DEALER);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
    assert_int_equal(zmq_send(dealer, "x", 1, ZMQ_DONTWAIT), 1);
    void *strict = open_socket(ZMQ_DEALER);
    set_int(strict, ZMQ_IMMEDIATE, 1);
    assert_int_equal(zmq_connect(strict, endpoint), 0);
    assert_int_equal(zmq_send(strict, "y", 1, ZMQ_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    void *router = open_socket(ZMQ_ROUTER);
    assert_int_equal(zmq_bind(router, endpoint), 0);
    char bytes[64];
    assert_true(zmq_recv(router, bytes, sizeof bytes, 0) > 0);
    assert_int_equal(zmq_recv(router, bytes, sizeof bytes, 0), 1);
    assert_int_equal(bytes[0], 'x');
    zmq_close(router);
    zmq_close(dealer);
    zmq_close(strict);
}

/* Rule: ROUTER_HANDOVER. A second connection under a name that is in use is ignored in silence. */
static void second_under_one_name(int handover, int expect)
{
    void *router = open_socket(ZMQ_ROUTER);
    set_int(router, ZMQ_ROUTER_HANDOVER, handover);
    assert_int_equal(zmq_bind(router, endpoint), 0);
    void *dealer[2];
    char bytes[64];
    for (int i = 0; i < 2; i++) {
        dealer[i] = open_socket(ZMQ_DEALER);
        zmq_setsockopt(dealer[i], ZMQ_ROUTING_ID, "same", 4);
        assert_int_equal(zmq_connect(dealer[i], endpoint), 0);
        assert_int_equal(zmq_send(dealer[i], i ? "2" : "1", 1, 0), 1);
        set_int(router, ZMQ_RCVTIMEO, 500);
        int n = zmq_recv(router, bytes, sizeof bytes, 0);
        if (i == 0)
            assert_int_equal(n, 4);
        else
            assert_int_equal(n, expect);
        if (n > 0)
            assert_int_equal(zmq_recv(router, bytes, sizeof bytes, 0), 1);
    }
    for (int i = 0; i < 2; i++)
        zmq_close(dealer[i]);
    zmq_close(router);
}

static void test_second_of_a_name_is_ignored(void **state)
{
    (void)state;
    second_under_one_name(0, -1);
}

static void test_handover_takes_the_second(void **state)
{
    (void)state;
    second_under_one_name(1, 4);
}

/* Rule: MAXMSGSIZE. Without it a header that says 1 GiB is believed. */
static void test_too_large_closes_the_connection(void **state)
{
    (void)state;
    void *router = open_socket(ZMQ_ROUTER);
    int64_t max = 1000;
    zmq_setsockopt(router, ZMQ_MAXMSGSIZE, &max, sizeof max);
    set_int(router, ZMQ_RCVTIMEO, 300);
    assert_int_equal(zmq_bind(router, endpoint), 0);
    void *dealer = open_socket(ZMQ_DEALER);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
    static char big[1001];
    char bytes[64];
    assert_int_equal(zmq_send(dealer, big, sizeof big, 0), sizeof big); /* success, and lost */
    assert_int_equal(zmq_recv(router, bytes, sizeof bytes, 0), -1);
    zmq_close(dealer);
    zmq_close(router);
}

/* Rule: ask ZMQ_EVENTS after each send and receive. The descriptor is quiet although messages wait.
 */
static void test_descriptor_tells_edges(void **state)
{
    (void)state;
    void *router = open_socket(ZMQ_ROUTER);
    assert_int_equal(zmq_bind(router, endpoint), 0);
    void *dealer = open_socket(ZMQ_DEALER);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(zmq_send(dealer, "x", 1, 0), 1);
    nap(200);
    char bytes[64];
    assert_true(zmq_recv(router, bytes, sizeof bytes, 0) > 0);
    assert_true(zmq_recv(router, bytes, sizeof bytes, 0) == 1);
    assert_true(get_int(router, ZMQ_EVENTS) & ZMQ_POLLIN);
    zmq_pollitem_t item = {NULL, get_int(router, ZMQ_FD), ZMQ_POLLIN, 0};
    assert_int_equal(zmq_poll(&item, 1, 100), 0);
    zmq_close(dealer);
    zmq_close(router);
}

/* A ZAP domain cannot be emptied again: an ipc:// endpoint bound after a tcp:// one needs its own.
 */
static void test_zap_domain_stays(void **state)
{
    (void)state;
    void *router = open_socket(ZMQ_ROUTER);
    assert_int_equal(zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, "d", 1), 0);
    assert_int_equal(zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, "", 0), -1);
    set_int(router, 93 /* ZMQ_ZAP_ENFORCE_DOMAIN */, 1);
    zmq_close(router);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_router_drops_with_success),
        T(test_dealer_keeps_frames_for_a_stranger),
        T(test_second_of_a_name_is_ignored),
        T(test_handover_takes_the_second),
        T(test_too_large_closes_the_connection),
        T(test_descriptor_tells_edges),
        T(test_zap_domain_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
