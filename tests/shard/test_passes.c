/* passes: each stanza is settled once, whatever its gateways do. */
#include "shard/passes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct passes *ps;
static char seen[256]; /* "from/ref=taken ..." */

static void settled(void *ctx, gateway_ref from, uint64_t ref, uint32_t taken)
{
    assert_ptr_equal(ctx, seen);
    size_t n = strlen(seen);
    (void)snprintf(seen + n, sizeof seen - n, "%u/%u=%u ", (unsigned)from, (unsigned)ref,
                   (unsigned)taken);
}

static void saw(const char *want)
{
    assert_string_equal(seen, want);
    seen[0] = '\0';
}

static int setup(void **state)
{
    (void)state;
    seen[0] = '\0';
    ps = passes_new(settled, seen);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    passes_destroy(&ps);
    passes_destroy(&ps);
    return 0;
}

/* One stanza to one session. */
static uint64_t pass(gateway_ref from, uint64_t ref, gateway_ref to)
{
    struct outcome *o = passes_begin(ps, from, ref);
    uint64_t number = passes_add(ps, o, to);
    passes_end(ps, o);
    return number;
}

static void nobody(void **state)
{
    (void)state;
    passes_end(ps, passes_begin(ps, 1, 5));
    saw("1/5=0 ");
    assert_int_equal(passes_count(ps), 0);
}

static void answers(void **state)
{
    (void)state;
    uint64_t a = pass(1, 5, 2), b = pass(1, 6, 2), c = pass(1, 7, 3);
    assert_true(a > 0);
    saw("");
    passes_answer(ps, 2, b, true);
    saw("1/6=1 ");
    passes_answer(ps, 2, c, true); /* not his */
    passes_answer(ps, 2, b, false);
    passes_answer(ps, 2, 0, true);
    passes_answer(ps, 2, c + 1, true);
    saw("");
    passes_answer(ps, 2, a, false);
    passes_answer(ps, 3, c, true);
    saw("1/5=0 1/7=1 ");
    assert_int_equal(passes_count(ps), 0);
}

/* To several sessions: when all have answered, and one is enough. */
static void several(void **state)
{
    (void)state;
    struct outcome *o = passes_begin(ps, 1, 5);
    uint64_t a = passes_add(ps, o, 2);
    passes_answer(ps, 2, a, false); /* at once */
    uint64_t b = passes_add(ps, o, 2), c = passes_add(ps, o, 3);
    passes_end(ps, o);
    passes_answer(ps, 2, b, true);
    saw("");
    passes_gateway_over(ps, 3);
    saw("1/5=1 ");
    passes_answer(ps, 3, c, true);
    saw("");
}

static void a_gateway_dies(void **state)
{
    (void)state;
    uint64_t a = pass(1, 5, 2);
    (void)pass(1, 6, 3);
    (void)pass(1, 7, 2);
    (void)pass(2, 8, 3); /* it sent that one itself */
    passes_gateway_over(ps, 2);
    saw("1/5=0 1/7=0 ");
    passes_answer(ps, 2, a, true);
    passes_gateway_over(ps, 2);
    saw("");
    passes_gateway_over(ps, 3);
    saw("1/6=0 2/8=0 ");
    assert_int_equal(passes_count(ps), 0);
}

static void dropped(void **state)
{
    (void)state;
    uint64_t a = pass(1, 5, 2);
    passes_drop(ps);
    passes_answer(ps, 2, a, true);
    assert_int_not_equal(pass(1, 6, 2), a); /* numbers do not come again */
    saw("");
}

static void bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PASSES_MAX; i++)
        assert_true(pass(1, i + 1, 2) > 0);
    saw("");
    assert_int_equal(pass(1, 70000, 3), 0);
    saw("1/70000=0 ");
    passes_answer(ps, 2, 1, true);
    saw("1/1=1 ");
    assert_true(pass(1, 70001, 3) > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(nobody),         T(answers), T(several),
                                       T(a_gateway_dies), T(dropped), T(bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
