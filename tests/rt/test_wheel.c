/* test_wheel.c: order and times of timers, in virtual time. */
#include "rt/wheel.h"
#include "base/mem.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct wheel wheel;

static void add(struct loop_timer *t, uint64_t due_ms)
{
    list_init(&t->link);
    t->due_ms = due_ms;
    wheel_add(&wheel, t);
}

/* Jumps from one wake-up to the next, as the loop does, and returns when t came out. */
static uint64_t run_to(const struct loop_timer *t, uint64_t now, unsigned *wakeups)
{
    uint64_t next;
    *wakeups = 0;
    while (wheel_next_ms(&wheel, &next)) {
        if (next > now)
            now = next;
        ++*wakeups;
        for (struct loop_timer *out; (out = wheel_pop(&wheel, now));)
            if (out == t)
                return now;
    }
    return 0;
}

static void test_each_distance(void **state)
{
    (void)state;
    static const uint64_t starts[] = {
        0, 5, 639, 640, 40955, UINT64_C(167772150), UINT64_C(1700000000123)};
    static const uint64_t afters[] = {0,
                                      1,
                                      9,
                                      10,
                                      11,
                                      630,
                                      640,
                                      650,
                                      40950,
                                      40960,
                                      2621430,
                                      2621440,
                                      60000,
                                      3600000,
                                      86400000,
                                      167772160,
                                      UINT64_C(167772170),
                                      UINT64_C(400000000)};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        for (size_t j = 0; j < sizeof afters / sizeof *afters; j++) {
            struct loop_timer t = {.due_ms = 0};
            uint64_t start = starts[i], due = start + afters[j];
            unsigned wakeups;
            wheel_init(&wheel, start);
            add(&t, due);
            uint64_t fired = run_to(&t, start, &wakeups);
            assert_true(fired >= due);
            assert_true(fired <=
                        due + 2 * WHEEL_TICK_MS); /* an overdue one waits for the next tick */
            assert_true(wakeups <= WHEEL_LEVELS + 3);
            uint64_t none;
            assert_false(wheel_next_ms(&wheel, &none));
        }
    }
}

static bool is_filed(const struct loop_timer *t)
{
    return t->link.next != &t->link;
}

static void test_random_against_sorting(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct loop_timer *timers = mem_zalloc(N * sizeof *timers);
    srand(42);
    uint64_t now = 123456789, end = now;
    wheel_init(&wheel, now);
    for (unsigned i = 0; i < N; i++) {
        /* all orders of magnitude */
        uint64_t after = (uint64_t)rand() % (UINT64_C(1) << (rand() % 31));
        add(&timers[i], now + after);
        if (now + after > end)
            end = now + after;
    }
    for (unsigned i = 0; i < N; i += 3) /* a third is stopped */
        list_remove(&timers[i].link);
    unsigned out = 0;
    for (bool last = false; !last;) {
        last = now >= end + 100;
        for (struct loop_timer *t; (t = wheel_pop(&wheel, now));) {
            assert_true(t->due_ms <= now);
            assert_int_not_equal((t - timers) % 3, 0);
            out++;
        }
        /* nothing that is due by now is left behind */
        for (unsigned i = 0; i < N; i++)
            if (i % 3 && is_filed(&timers[i]))
                assert_true(timers[i].due_ms + 2 * WHEEL_TICK_MS > now);
        uint64_t step = (uint64_t)rand() % (UINT64_C(1) << (rand() % 29));
        now += step;
    }
    assert_int_equal(out, N - (N + 2) / 3);
    mem_free(timers);
}

static void test_rearming_with_zero_ends(void **state)
{
    (void)state;
    struct loop_timer t = {.due_ms = 0};
    for (uint64_t now = 1000; now < 1010; now++) {
        wheel_init(&wheel, now);
        add(&t, now);
        unsigned out = 0;
        for (unsigned turn = 0; turn < 5; turn++) {
            now += WHEEL_TICK_MS;
            for (struct loop_timer *popped; (popped = wheel_pop(&wheel, now));) {
                out++;
                assert_true(out < 20);
                add(&t, now);
            }
        }
        assert_true(out >= 4);
        assert_ptr_equal(wheel_pop_any(&wheel), &t);
        assert_null(wheel_pop_any(&wheel));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_distance),
        cmocka_unit_test(test_random_against_sorting),
        cmocka_unit_test(test_rearming_with_zero_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
