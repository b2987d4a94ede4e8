/* test_sm.c: the counters of stream management (XEP-0198), and what stands behind them. */
#include "gateway/sm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

/* h is what has no unsettled stanza before it, whatever became of later ones. */
static void handled(void **state)
{
    (void)state;
    size_t total = 0;
    struct sm *m = sm_new(&total);
    assert_int_equal(sm_handled(m), 0);
    sm_in(m);
    assert_int_equal(sm_handled(m), 1);
    sm_in(m);
    sm_in_waits(m, 70);
    sm_in(m);
    sm_in(m);
    sm_in_waits(m, 71);
    sm_in_waits(m, 72); /* both of the fourth */
    sm_in(m);
    assert_int_equal(sm_handled(m), 1);
    assert_false(sm_in_settled(m));
    sm_in_done(m, 71);
    assert_int_equal(sm_handled(m), 1);
    sm_in_done(m, 70);
    assert_int_equal(sm_handled(m), 3);
    sm_in_done(m, 70); /* no more than once */
    sm_in_done(m, 99);
    assert_int_equal(sm_handled(m), 3);
    sm_in_done(m, 72);
    assert_int_equal(sm_handled(m), 5);
    assert_true(sm_in_settled(m));
    sm_destroy(&m);
    assert_null(m);
}

static void put(struct sm *m, uint32_t number, bool bulk)
{
    char to[16];
    snprintf(to, sizeof to, "%u", number);
    sm_out(m, STR("<m n='"), str_of(to), STR("'/>"), bulk);
}

struct walk {
    uint32_t next, n;
};

static void look(void *ctx, struct str stanza)
{
    struct walk *w = ctx;
    char want[32];
    snprintf(want, sizeof want, "<m n='%u'/>", w->next);
    if (!str_is(stanza, want))
        fail_msg("%s wanted, not %.*s", want, STR_FMT(stanza));
    w->next++;
    w->n++;
}

static void expect(const struct sm *m, uint32_t first, uint32_t n)
{
    struct walk w = {first, 0};
    sm_each(m, look, &w);
    assert_int_equal(w.n, n);
    assert_int_equal(sm_unacked(m), n);
}

static void acknowledged(void **state)
{
    (void)state;
    size_t total = 5;
    struct sm *m = sm_new(&total);
    assert_true(sm_ack(m, 0));
    assert_false(sm_ack(m, 1));
    for (uint32_t i = 0; i < 10; i++)
        put(m, i, false);
    assert_int_equal(sm_sent(m), 10);
    expect(m, 0, 10);
    assert_true(sm_ack(m, 3));
    assert_true(sm_ack(m, 3));
    expect(m, 3, 7);
    assert_false(sm_ack(m, 2)); /* nothing is taken back */
    assert_false(sm_ack(m, 11));
    assert_false(sm_can_ack(m, UINT32_MAX));
    expect(m, 3, 7);
    put(m, 10, false);
    assert_true(sm_ack(m, 11));
    expect(m, 11, 0);
    assert_int_equal(sm_bytes(m), 0);
    assert_int_equal(total, 5);
    put(m, 11, false);
    expect(m, 11, 1);
    assert_true(total > 5);
    sm_destroy(&m);
    assert_int_equal(total, 5); /* what was never acknowledged counts no more */
}

/* Any mixture of sending and acknowledging: the same as with a plain list. */
static void in_order(void **state)
{
    (void)state;
    size_t total = 0;
    uint32_t sent = 0, acked = 0;
    struct sm *m = sm_new(&total);
    srand(198);
    for (int round = 0; round < 3000; round++) {
        uint32_t n = (uint32_t)rand() % 40;
        for (uint32_t i = 0; i < n; i++)
            put(m, sent++, rand() % 3 == 0);
        if (rand() % 2)
            acked += (uint32_t)rand() % (sent - acked + 1);
        assert_true(sm_ack(m, acked));
        expect(m, acked, sent - acked);
        assert_int_equal(sm_bytes(m), total);
        if (rand() % 8 == 0)
            sm_idle(m);
    }
    assert_true(sm_ack(m, sent));
    assert_int_equal(total, 0);
    sm_destroy(&m);
}

static void bulk(void **state)
{
    (void)state;
    size_t total = 0;
    struct sm *m = sm_new(&total);
    put(m, 0, true);
    assert_int_equal(sm_counted(m), 0);
    size_t one = sm_bytes(m);
    assert_true(one > 8); /* also what keeping it costs */
    put(m, 1, false);
    put(m, 2, true);
    assert_int_equal(sm_counted(m), one);
    assert_int_equal(sm_bytes(m), 3 * one);
    assert_true(sm_ack(m, 2));
    assert_int_equal(sm_counted(m), 0);
    assert_int_equal(sm_bytes(m), one);
    sm_destroy(&m);
}

/* One request at a time, when there is something to ask for. */
static void asking(void **state)
{
    (void)state;
    size_t total = 0;
    struct sm *m = sm_new(&total);
    uint32_t n = 0;
    assert_false(sm_wants_ack(m));
    while (!sm_wants_ack(m))
        put(m, n++, false);
    assert_int_equal(n, 64);
    sm_asked(m);
    for (int i = 0; i < 100; i++)
        put(m, n++, false);
    assert_true(sm_is_asked(m));
    assert_false(sm_wants_ack(m));
    assert_true(sm_ack(m, 64));
    assert_true(sm_wants_ack(m)); /* a hundred more */
    sm_asked(m);
    assert_true(sm_ack(m, n));
    assert_false(sm_wants_ack(m));
    char big[70000];
    memset(big, 'x', sizeof big);
    sm_out(m, STR("<m>"), str_n(big, sizeof big), STR("</m>"), false);
    assert_true(sm_wants_ack(m));
    sm_asked(m);
    sm_not_asked(m);
    assert_true(sm_wants_ack(m));
    sm_destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handled), cmocka_unit_test(acknowledged), cmocka_unit_test(in_order),
        cmocka_unit_test(bulk),    cmocka_unit_test(asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
