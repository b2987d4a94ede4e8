/* test_pending.c: requests keep their order and are never lost. */
#include "base/slot.h"
#include "gateway/pending.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static struct pending *p;
static struct arena arena;
static uint64_t last_rseq;

static int setup(void **state)
{
    (void)state;
    p = pending_new();
    arena_init(&arena);
    last_rseq = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pending_destroy(&p);
    arena_deinit(&arena);
    return 0;
}

static uint64_t add(uint32_t slot, uint64_t sid)
{
    Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
    Verona__MessageIn m = VERONA__MESSAGE_IN__INIT;
    m.type = VERONA__MESSAGE_IN__TYPE__GROUPCHAT;
    m.payload = wire_bytes(STR("<body>hello</body>"));
    ev.slot = slot;
    ev.sid = sid;
    ev.rseq = ++last_rseq;
    ev.room = wire_bytes(STR("room@conference.localhost"));
    ev.body_case = VERONA__ROOM_EVENT__BODY_MESSAGE;
    ev.message = &m;
    return pending_add(p, &ev, 5)->rseq;
}

static const Verona__RoomEvent *event(struct str item)
{
    arena_reset(&arena);
    const Verona__Item *i =
        (const Verona__Item *)wire_unpack(&verona__item__descriptor, item, &arena);
    assert_non_null(i);
    assert_int_equal(i->kind_case, VERONA__ITEM__KIND_EVENT);
    return i->event;
}

/* Sends all that waits; the rseqs must be these. */
static void sends(uint32_t slot, uint64_t epoch, uint64_t boot, bool redo, unsigned n, ...)
{
    va_list ap;
    va_start(ap, n);
    for (unsigned i = 0; i < n; i++) {
        const struct pending_req *q = pending_next(p, slot);
        assert_non_null(q);
        assert_int_equal(q->rseq, va_arg(ap, unsigned));
        const Verona__RoomEvent *ev = event(pending_item(p, q, epoch));
        assert_int_equal(ev->rseq, q->rseq);
        assert_int_equal(ev->epoch, epoch);
        assert_int_equal(ev->redo, redo);
        assert_true(str_is(wire_str(ev->message->payload), "<body>hello</body>"));
        pending_sent(p, slot, epoch, boot);
    }
    va_end(ap);
    assert_null(pending_next(p, slot));
}

static void in_order(void **state)
{
    (void)state;
    (void)add(1, 1);
    (void)add(1, 2);
    (void)add(2, 1);
    (void)add(1, 1);
    assert_int_equal(pending_count(p), 4);
    assert_int_equal(pending_waiting_bytes(p), pending_bytes(p));
    assert_int_equal(pending_find(p, 2)->sid, 2);
    assert_int_equal(pending_find(p, 2)->what, LINK_GROUPCHAT);
    assert_int_equal(pending_find(p, 2)->read_ns, 5);
    pending_from_inside(p, 2);
    pending_from_inside(p, 99);
    for (uint64_t i = 1; i <= 4; i++)
        assert_int_equal(pending_find(p, i)->inside, i == 2);
    sends(1, 10, 100, false, 3, 1, 2, 4);
    sends(2, 11, 100, false, 1, 3);
    assert_int_equal(pending_waiting_bytes(p), 0);
    (void)add(1, 1);
    sends(1, 10, 100, false, 1, 5);
    pending_remove(p, 2);
    pending_remove(p, 2);
    assert_null(pending_find(p, 2));
    for (uint64_t i = 1; i <= 5; i++)
        pending_remove(p, i);
    assert_int_equal(pending_bytes(p), 0);
    assert_false(pending_any(p, 1));
}

static void another_owner(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)add(1, 1);
    sends(1, 10, 100, false, 4, 1, 2, 3, 4);
    (void)add(1, 1);
    pending_remove(p, 2);        /* acknowledged */
    pending_new_owner(p, 1, 10); /* the same: nothing to do */
    assert_int_equal(pending_next(p, 1)->rseq, 5);
    pending_new_owner(p, 1, 11);
    /* those that the former owner had are redo, the one that it never got is not */
    const struct pending_req *q;
    bool want_redo[] = {true, true, true, false};
    unsigned want[] = {1, 3, 4, 5};
    for (unsigned i = 0; i < 4; i++) {
        q = pending_next(p, 1);
        assert_int_equal(q->rseq, want[i]);
        const Verona__RoomEvent *ev = event(pending_item(p, q, 11));
        assert_int_equal(ev->redo, want_redo[i]);
        assert_int_equal(ev->epoch, 11);
        pending_sent(p, 1, 11, 200);
    }
    assert_null(pending_next(p, 1));
}

static void bounced(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)add(1, 1);
    sends(1, 10, 100, false, 3, 1, 2, 3);
    assert_false(pending_bounced(p, 2, 999)); /* not where it is now */
    assert_true(pending_bounced(p, 2, 100));
    assert_false(pending_bounced(p, 2, 100));
    assert_true(pending_bounced(p, 1, 100));
    assert_false(pending_bounced(p, 9, 100));
    sends(1, 10, 100, false, 2, 1, 2); /* 3 is with the owner still */
    /* the first that waits is acknowledged (by a former owner's log) */
    assert_true(pending_bounced(p, 1, 100));
    assert_true(pending_bounced(p, 3, 100));
    pending_remove(p, 1);
    sends(1, 10, 100, false, 1, 3);
}

/* Its link was forgotten with what it carried, and comes back with the same boot and epoch. */
static void a_link_is_over(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)add(1, 1);
    (void)add(2, 1);
    sends(1, 10, 100, false, 3, 1, 2, 3);
    sends(2, 10, 200, false, 1, 4);
    pending_remove(p, 2);
    size_t bytes = pending_bytes(p);
    pending_life_over(p, 100);
    pending_life_over(p, 100);
    assert_null(pending_next(p, 2)); /* with another shard */
    assert_int_equal(pending_bytes(p), bytes);
    sends(1, 10, 100, true, 2, 1, 3);
    pending_life_over(p, 100);
    pending_new_owner(p, 1, 11);
    sends(1, 11, 300, true, 2, 1, 3); /* or it was another owner that came */
    assert_int_equal(pending_waiting_bytes(p), 0);
}

static void a_life_of_ours_ended(void **state)
{
    (void)state;
    (void)add(1, 1);
    (void)add(3, 1);
    (void)add(1, 1);
    sends(1, 10, 100, false, 2, 1, 3);
    pending_restart(p);
    sends(1, 12, 100, false, 2, 1, 3);
    sends(3, 12, 100, false, 1, 2);
}

/* Whatever happens, what waits is sent in order and the sums agree. */
static void random_life(void **state)
{
    (void)state;
    uint64_t epoch = 1, rseqs[300];
    unsigned n = 0;
    srand(7);
    for (int step = 0; step < 20000; step++) {
        int what = rand() % 10;
        if (what < 4 && n < 300) {
            rseqs[n++] = add(1, 1);
        } else if (what < 6 && pending_next(p, 1)) {
            pending_sent(p, 1, epoch, epoch);
        } else if (what < 8 && n > 0) {
            unsigned k = (unsigned)rand() % n;
            pending_remove(p, rseqs[k]);
            rseqs[k] = rseqs[--n];
        } else if (what == 8 && n > 0) {
            (void)pending_bounced(p, rseqs[(unsigned)rand() % n], epoch);
        } else if (rand() % 20 == 0) {
            pending_new_owner(p, 1, ++epoch);
        }
        uint64_t first = 0;
        size_t waiting = 0;
        for (unsigned i = 0; i < n; i++) {
            const struct pending_req *q = pending_find(p, rseqs[i]);
            assert_non_null(q);
            if (!q->sent && (first == 0 || q->rseq < first))
                first = q->rseq;
            waiting += !q->sent;
        }
        const struct pending_req *next = pending_next(p, 1);
        assert_int_equal(next ? next->rseq : 0, first);
        assert_int_equal(pending_count(p), n);
        assert_int_equal(waiting > 0, pending_waiting_bytes(p) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(another_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(bounced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_is_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_life_of_ours_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(random_life, setup, teardown),
    };
    return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
