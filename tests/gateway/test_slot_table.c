/* test_slot_table.c: owners, epochs, and what is lost when one follows another. */
#include "gateway/slot_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#define A STR("s1"), 100
#define B STR("s2"), 200

static void the_owner_must_speak(void **state)
{
    (void)state;
    struct slot_table *t = slot_table_new();
    struct slot_owner o;
    assert_int_equal(slot_table_unowned(t), SLOT_COUNT);
    assert_true(slot_table_read(t, 7, 10, A));
    assert_false(slot_table_read(t, 7, 10, A));
    assert_true(slot_table_owner(t, 7, &o));
    assert_true(str_is(o.id, "s1") && o.boot == 100);
    assert_false(slot_table_bound(t, 7));
    assert_false(slot_table_accepts(t, 7, 10, A));
    assert_int_equal(slot_table_unowned(t), SLOT_COUNT - 1);
    assert_int_equal(slot_table_claim(t, 7, 10, 0, A), SLOT_BOUND);
    assert_int_equal(slot_table_claim(t, 7, 10, 0, A), SLOT_KNOWN);
    assert_true(slot_table_accepts(t, 7, 10, A));
    assert_false(slot_table_accepts(t, 7, 9, A));
    assert_false(slot_table_accepts(t, 7, 10, STR("s1"), 101));
    assert_false(slot_table_accepts(t, 7, 10, B));
    /* older words, and another's under the same epoch */
    assert_int_equal(slot_table_claim(t, 7, 9, 0, B), SLOT_STALE);
    assert_int_equal(slot_table_claim(t, 7, 10, 0, B), SLOT_STALE);
    assert_int_equal(slot_table_claim(t, 7, 0, 0, B), SLOT_STALE);
    assert_true(slot_table_accepts(t, 7, 10, A));
    slot_table_destroy(&t);
}

static void takeover(void **state)
{
    (void)state;
    struct slot_table *t = slot_table_new();
    assert_int_equal(slot_table_claim(t, 1, 10, 0, A), SLOT_BOUND);
    slot_table_gone(t, A);
    assert_false(slot_table_bound(t, 1));
    assert_int_equal(slot_table_unowned(t), SLOT_COUNT);
    assert_int_equal(slot_table_claim(t, 1, 11, 0, B), SLOT_LOST);
    assert_true(slot_table_accepts(t, 1, 11, B));
    /* the table was read before the new owner spoke */
    assert_true(slot_table_read(t, 1, 12, A));
    assert_false(slot_table_accepts(t, 1, 11, B));
    assert_int_equal(slot_table_claim(t, 1, 12, 0, A), SLOT_LOST);
    slot_table_destroy(&t);
}

static void planned(void **state)
{
    (void)state;
    struct slot_table *t = slot_table_new();
    assert_int_equal(slot_table_claim(t, 1, 10, 0, A), SLOT_BOUND);
    assert_int_equal(slot_table_claim(t, 1, 11, 10, B), SLOT_BOUND);
    assert_true(slot_table_read(t, 1, 12, A));
    assert_int_equal(slot_table_claim(t, 1, 12, 11, A), SLOT_BOUND);
    /* one hand-over was missed */
    assert_int_equal(slot_table_claim(t, 1, 14, 13, B), SLOT_LOST);
    slot_table_destroy(&t);
}

static void bound_without_a_word(void **state)
{
    (void)state;
    struct slot_table *t = slot_table_new();
    assert_int_equal(slot_table_bind(t, 3), SLOT_STALE);
    assert_true(slot_table_read(t, 3, 5, STR("s9"), 0)); /* which life is not known */
    assert_int_equal(slot_table_bind(t, 3), SLOT_STALE);
    assert_false(slot_table_read(t, 3, 5, A));
    assert_int_equal(slot_table_bind(t, 3), SLOT_BOUND);
    assert_int_equal(slot_table_bind(t, 3), SLOT_KNOWN);
    assert_int_equal(slot_table_epoch(t, 3), 5);
    slot_table_destroy(&t);
}

/* Names of dead lives do not pile up. */
static void many_lives(void **state)
{
    (void)state;
    struct slot_table *t = slot_table_new();
    for (uint64_t boot = 1; boot <= 200000; boot++)
        (void)slot_table_claim(t, 1, boot, boot - 1, STR("s1"), boot);
    assert_true(slot_table_accepts(t, 1, 200000, STR("s1"), 200000));
    assert_int_equal(slot_table_unowned(t), SLOT_COUNT - 1);
    slot_table_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_owner_must_speak),
                                       cmocka_unit_test(takeover), cmocka_unit_test(planned),
                                       cmocka_unit_test(bound_without_a_word),
                                       cmocka_unit_test(many_lives)};
    return cmocka_run_group_tests_name("slot_table", tests, NULL, NULL);
}
