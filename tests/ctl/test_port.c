/* test_port.c: ports that are free, and what is said of the others. */
#include "deploy/ctl/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void who_holds_a_port_is_named(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    struct buf why;
    bool in_use;
    char want[96];
    (void)state;
    buf_init(&why);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    uint16_t port = ntohs(a.sin_port);
    assert_false(port_is_free("127.0.0.1", port, &why, &in_use));
    assert_true(in_use);
    snprintf(want, sizeof want, "port %u is in use by \"ctl_test_port\" (pid %d)", port,
             (int)getpid());
    assert_int_equal(why.len, strlen(want));
    assert_memory_equal(why.data, want, why.len);
    close(fd);
    buf_reset(&why);
    assert_true(port_is_free("127.0.0.1", port, &why, &in_use));
    assert_false(in_use);
    assert_int_equal(why.len, 0);
    buf_deinit(&why);
}

static void an_address_of_another_machine(void **state)
{
    struct buf why;
    bool in_use;
    (void)state;
    buf_init(&why);
    assert_false(port_is_free("192.0.2.77", 5222, &why, &in_use)); /* RFC 5737: nobody's */
    assert_false(in_use);
    buf_c(&why, '\0');
    assert_string_equal(why.data, "\"192.0.2.77\" is not an address of this machine");
    buf_deinit(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_holds_a_port_is_named),
        cmocka_unit_test(an_address_of_another_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
