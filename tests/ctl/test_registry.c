/* test_registry.c: who of the registered is missed, and who is not. */
#include "deploy/ctl/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { STARTED_MS = 1000 };

static struct state_process s1 = {.role = "shard", .id = "s1"};
static const struct state running = {.started_ms = STARTED_MS, .processes = &s1, .n_processes = 1};

static bool is_gone(enum cluster_role role, const char *id, uint64_t boot, const char *host,
                    const char *state)
{
    struct registry_entry e = {.m = {.role = role, .boot = boot}, .state = state};
    snprintf(e.m.id, sizeof e.m.id, "%s", id);
    snprintf(e.m.host, sizeof e.m.host, "%s", host);
    return registry_is_gone(&e, &running, "here");
}

static void who_is_of_an_earlier_start_is_not_missed(void **state)
{
    (void)state;
    assert_true(is_gone(CLUSTER_SHARD, "s2", STARTED_MS - 1, "here", "dead"));
    assert_true(is_gone(CLUSTER_SHARD, "s2", STARTED_MS - 1, "here", "unreachable"));
    assert_true(is_gone(CLUSTER_GATEWAY, "s1", STARTED_MS - 1, "here", "dead"));
}

static void anybody_else_is(void **state)
{
    (void)state;
    /* `up` starts it again */
    assert_false(is_gone(CLUSTER_SHARD, "s1", STARTED_MS - 1, "here", "dead"));
    /* somebody started it besides, after `up` or elsewhere */
    assert_false(is_gone(CLUSTER_SHARD, "s2", STARTED_MS, "here", "dead"));
    assert_false(is_gone(CLUSTER_SHARD, "s2", STARTED_MS - 1, "there", "dead"));
    /* it lives */
    assert_false(is_gone(CLUSTER_SHARD, "s2", STARTED_MS - 1, "here", "up"));
    assert_false(is_gone(CLUSTER_SHARD, "s2", STARTED_MS - 1, "here", "draining"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_of_an_earlier_start_is_not_missed),
        cmocka_unit_test(anybody_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
