/* routes: each stanza has one outcome, none overtakes another of its slot, and a dead shard's are
 * sent again. */
#include "gateway/routes.h"

#include "base/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* A life of a shard: what it was sent. */
struct life {
    char name;
    bool full;
    struct buf got; /* "1 2 " */
};

static struct life a = {.name = 'a'}, b = {.name = 'b'};
static struct life *owner[SLOT_COUNT];
static struct routes *rs;

static void *life_of(void *ctx, uint32_t slot)
{
    (void)ctx;
    return owner[slot];
}

static bool take(void *ctx, void *life, struct str item)
{
    struct life *l = life;
    (void)ctx;
    if (l->full)
        return false;
    buf_str(&l->got, item);
    buf_c(&l->got, ' ');
    return true;
}

static int setup(void **state)
{
    static const struct routes_ops ops = {life_of, take};
    (void)state;
    memset(owner, 0, sizeof owner);
    a.full = b.full = false;
    rs = routes_new(&ops, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    routes_destroy(&rs);
    routes_destroy(&rs);
    buf_deinit(&a.got);
    buf_deinit(&b.got);
    return 0;
}

/* Its item is its number, its ref ten times that. */
static uint64_t add(uint32_t slot)
{
    struct buf item;
    uint64_t number = routes_next(rs);
    buf_init(&item);
    buf_printf(&item, "%u", (unsigned)number);
    assert_true(routes_add(rs, slot, (struct route_owner){1, number * 10, 0}, &item, 5000));
    assert_int_equal(item.len, 0);
    return number;
}

static void got(struct life *l, const char *want)
{
    buf_c(&l->got, '\0');
    assert_string_equal(l->got.data, want);
    buf_reset(&l->got);
}

static void answer(uint64_t number, struct life *l)
{
    struct route_owner who;
    assert_true(routes_answered(rs, number, l, &who));
    assert_int_equal(who.by_sid, 1);
    assert_int_equal(who.ref, number * 10);
    assert_false(routes_answered(rs, number, l, &who)); /* once */
}

static void sent_and_answered(void **state)
{
    (void)state;
    struct route_owner who;
    owner[3] = &a;
    uint64_t one = add(3), two = add(3);
    got(&a, "1 2 ");
    assert_false(routes_waits(rs, 3));
    assert_int_equal(routes_count(rs), 2);
    assert_false(routes_answered(rs, one, &b, &who)); /* he never had it */
    assert_false(routes_answered(rs, 99, &a, &who));
    answer(two, &a);
    answer(one, &a);
    assert_false(routes_expired(rs, UINT64_MAX, &who));
    assert_int_equal(routes_count(rs), 0);
}

static void count_slot(void *ctx, uint32_t slot)
{
    *(uint32_t *)ctx += slot;
}

static void waits_and_expires(void **state)
{
    (void)state;
    struct route_owner who;
    uint32_t slots = 0;
    uint64_t one = add(3);
    (void)add(4);
    owner[3] = &a;
    (void)add(3); /* not past the first */
    got(&a, "");
    assert_true(routes_waits(rs, 3));
    routes_each_waiting_slot(rs, count_slot, &slots);
    assert_int_equal(slots, 7);
    assert_false(routes_answered(rs, one, NULL, &who)); /* nobody has it */
    routes_flush(rs);
    got(&a, "1 3 ");
    assert_false(routes_expired(rs, 4999, &who));
    assert_true(routes_expired(rs, 5000, &who));
    assert_int_equal(who.ref, 20);
    assert_false(routes_expired(rs, UINT64_MAX, &who)); /* the others are open */
}

/* Of one slot, none is sent while one before it waits; other slots go on. */
static void full(void **state)
{
    (void)state;
    owner[3] = &a;
    owner[4] = &b;
    a.full = true;
    (void)add(3);
    (void)add(3);
    (void)add(4);
    got(&b, "3 ");
    routes_flush(rs);
    got(&a, "");
    a.full = false;
    routes_flush(rs);
    got(&a, "1 2 ");
}

static void a_shard_dies(void **state)
{
    (void)state;
    struct route_owner who;
    owner[3] = owner[4] = &a;
    owner[5] = &b;
    uint64_t one = add(3), two = add(4), three = add(3);
    (void)add(5);
    owner[3] = owner[4] = NULL;
    uint64_t five = add(3); /* its link is down already */
    answer(two, &a);
    got(&a, "1 2 3 ");
    got(&b, "4 ");
    routes_life_over(rs, &a, 9000);
    routes_flush(rs);
    assert_false(routes_answered(rs, one, &a, &who)); /* too late: it may be done by another */
    owner[3] = &b;
    routes_flush(rs);
    got(&b, "1 3 5 "); /* in their order, under their numbers */
    answer(one, &b);
    answer(three, &b);
    answer(five, &b);
    routes_life_over(rs, &b, 9000);
    owner[5] = NULL;
    assert_false(routes_expired(rs, 8999, &who));
    assert_true(routes_expired(rs, 9000, &who)); /* nobody owned that slot for so long */
    assert_int_equal(who.ref, 40);
    assert_int_equal(routes_count(rs), 0);
}

/* The slot is another's: who has the earlier ones answers first. */
static void a_slot_moves(void **state)
{
    (void)state;
    owner[3] = &a;
    uint64_t one = add(3), two = add(3);
    owner[3] = &b;
    uint64_t three = add(3), four = add(3);
    got(&a, "1 2 ");
    answer(one, &a);
    routes_flush(rs);
    got(&b, "");
    answer(two, &a);
    got(&b, "3 4 ");
    answer(four, &b);
    answer(three, &b);
}

static void bounded(void **state)
{
    (void)state;
    struct buf item;
    buf_init(&item);
    for (int i = 0; i < ROUTES_WAITING_MAX; i++)
        (void)add(3);
    buf_z(&item, "x");
    assert_false(routes_add(rs, 3, (struct route_owner){1, 1, 0}, &item, 5000));
    assert_false(routes_add(rs, 4, (struct route_owner){1, 1, 0}, &item, 5000));
    assert_int_equal(item.len, 1); /* still the caller's */
    owner[4] = &a;
    for (int i = 0; i < ROUTES_MAX - ROUTES_WAITING_MAX; i++)
        (void)add(4);
    assert_int_equal(routes_count(rs), ROUTES_MAX);
    assert_false(routes_add(rs, 4, (struct route_owner){1, 1, 0}, &item, 5000));
    routes_life_over(rs, &a, 5000); /* all wait: none is thrown away for that */
    assert_int_equal(routes_count(rs), ROUTES_MAX);
    owner[3] = &b;
    routes_flush(rs);
    answer(1, &b);
    buf_deinit(&item);
}

static void bounded_bytes(void **state)
{
    (void)state;
    struct buf item;
    int n = 0;
    owner[4] = &a;
    for (;; n++) {
        buf_init(&item);
        (void)buf_reserve(&item, 1024 * 1024);
        item.len = 1024 * 1024;
        memset(item.data, 'x', item.len);
        if (!routes_add(rs, 4, (struct route_owner){1, 1, 0}, &item, 5000))
            break;
        buf_reset(&a.got);
    }
    assert_int_equal(n, ROUTES_BYTES / (1024 * 1024) - 1); /* a route weighs more than its bytes */
    assert_int_equal(item.len, 1024 * 1024);
    buf_deinit(&item);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(sent_and_answered), T(waits_and_expires), T(full),
                                       T(a_shard_dies),      T(a_slot_moves),      T(bounded),
                                       T(bounded_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
