/* test_loop.c: turns, timers, tasks, descriptors, work and signals of a real loop. */
#include "rt/loop.h"
#include "base/mem.h"
#include "rt/lib_run.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char trace[256];

static void mark(void *ctx)
{
    strncat(trace, ctx, sizeof trace - strlen(trace) - 1);
}

static int set_up(void **state)
{
    trace[0] = '\0';
    *state = loop_new();
    return 0;
}

static int tear_down(void **state)
{
    struct loop *l = *state;
    loop_destroy(&l);
    assert_null(l);
    loop_destroy(&l); /* harmless */
    return 0;
}

/* ---- timers ---- */

struct ticking {
    struct loop *loop;
    struct loop_timer timer;
    uint64_t started_ns, fired_ns;
    int count, want;
};

static void tick(void *ctx)
{
    struct ticking *t = ctx;
    t->fired_ns = loop_clock_ns();
    if (++t->count == t->want) {
        loop_timer_stop(&t->timer);
        loop_stop(t->loop);
    }
}

static void test_timer_once_and_repeated(void **state)
{
    struct ticking once = {.loop = *state, .want = 1}, often = {.loop = *state, .want = 5};
    uint64_t start = loop_clock_ns();
    loop_timer_start(once.loop, &once.timer, 25, 0, tick, &once);
    assert_true(loop_timer_armed(&once.timer));
    loop_run(once.loop);
    assert_int_equal(once.count, 1);
    assert_false(loop_timer_armed(&once.timer));
    assert_true(once.fired_ns - start >= 24000000u);

    loop_timer_start(often.loop, &often.timer, 10, 20, tick, &often);
    start = loop_clock_ns();
    loop_run(often.loop);
    assert_int_equal(often.count, 5);
    assert_true(often.fired_ns - start >= 89000000u);
    loop_timer_stop(&often.timer); /* harmless */
}

static void test_stopped_timer_does_not_fire(void **state)
{
    struct loop_timer a, b;
    loop_timer_init(&a);
    loop_timer_init(&b);
    loop_timer_start(*state, &a, 20, 0, mark, "a");
    loop_timer_start(*state, &b, 10, 0, mark, "b");
    loop_timer_stop(&a);
    run_for(*state, 60);
    assert_string_equal(trace, "b");
    /* re-arming replaces */
    loop_timer_start(*state, &a, 10, 0, mark, "a");
    loop_timer_start(*state, &a, 30, 0, mark, "c");
    run_for(*state, 80);
    assert_string_equal(trace, "bc");
    static struct loop_timer left; /* disarmed by loop_destroy() */
    loop_timer_start(*state, &left, 100000, 0, mark, "x");
}

static void stop_loop(void *ctx)
{
    loop_stop(ctx);
}

static void test_idle_loop_sleeps(void **state)
{
    struct loop *l = *state;
    struct loop_timer later, far;
    loop_timer_init(&later);
    loop_timer_init(&far);
    loop_timer_start(l, &far, 60000, 0, mark, "x");
    loop_timer_start(l, &later, 700, 0, stop_loop, l);
    uint64_t turns = loop_turns(l);
    double busy = loop_busy_seconds(l);
    loop_run(l);
    assert_true(loop_turns(l) - turns < 10); /* not 70 */
    assert_true(loop_busy_seconds(l) - busy < 0.5);
    loop_timer_stop(&far);
}

static void test_clock_is_cached_for_a_turn(void **state)
{
    (void)state;
    uint64_t wall = loop_wall_ms();
    assert_true(wall > UINT64_C(1600000000000));
    uint64_t a = loop_clock_ns(), b = loop_clock_ns();
    assert_true(b >= a);
}

/* ---- tasks ---- */

struct order {
    struct loop *loop;
    struct loop_task work, send, clean, second;
    struct loop_timer timer;
};

static void send_makes_work(void *ctx)
{
    struct order *o = ctx;
    mark("s");
    loop_defer(o->loop, &o->second, LOOP_PRIO_WORK, mark, "W");
}

static void order_tasks(void *ctx)
{
    struct order *o = ctx;
    mark("(");
    loop_defer(o->loop, &o->clean, LOOP_PRIO_CLEAN, mark, "c");
    loop_defer(o->loop, &o->send, LOOP_PRIO_SEND, send_makes_work, o);
    loop_defer(o->loop, &o->work, LOOP_PRIO_WORK, mark, "w");
    loop_defer(o->loop, &o->work, LOOP_PRIO_WORK, mark, "never"); /* is queued already */
    mark(")");
    loop_stop(o->loop);
}

static void test_task_order(void **state)
{
    struct order o = {.loop = *state};
    loop_timer_start(o.loop, &o.timer, 0, 0, order_tasks, &o);
    loop_run(o.loop);
    assert_string_equal(trace, "()wsWc");
}

static void test_cancelled_task(void **state)
{
    struct order o = {.loop = *state};
    loop_defer(o.loop, &o.work, LOOP_PRIO_WORK, mark, "w");
    loop_defer(o.loop, &o.send, LOOP_PRIO_SEND, mark, "s");
    loop_cancel(&o.work);
    loop_cancel(&o.clean); /* harmless */
    assert_false(o.work.queued);
    run_for(o.loop, 20);
    assert_string_equal(trace, "s");
}

struct endless {
    struct loop *loop;
    struct loop_task task;
    int runs;
};

static void again(void *ctx)
{
    struct endless *e = ctx;
    e->runs++;
    loop_defer(e->loop, &e->task, LOOP_PRIO_WORK, again, e);
}

static void test_endless_task_leaves_room_for_others(void **state)
{
    struct endless e = {.loop = *state};
    loop_defer(e.loop, &e.task, LOOP_PRIO_WORK, again, &e);
    run_for(e.loop, 50); /* comes back although the task never ends */
    assert_true(e.runs > 2000);
    loop_cancel(&e.task);
}

static void free_it(void *ctx)
{
    mem_free(ctx);
}

static void test_destroy_runs_what_was_deferred(void **state)
{
    static struct loop_task task;
    loop_defer(*state, &task, LOOP_PRIO_CLEAN, free_it, mem_alloc(10));
}

/* ---- hooks ---- */

struct hooked {
    struct loop *loop;
    struct loop_task task;
    int calls, tasks;
};

static void count_task(void *ctx)
{
    struct hooked *h = ctx;
    h->tasks++;
}

/* As a socket library that says twice that there is more, then nothing. */
static void hook(void *ctx)
{
    struct hooked *h = ctx;
    h->calls++;
    if (h->tasks < 2)
        loop_defer(h->loop, &h->task, LOOP_PRIO_WORK, count_task, h);
    loop_spin(h->loop, h->calls < 50);
    if (h->calls == 60)
        loop_stop(h->loop);
}

static void test_hooks_and_spin(void **state)
{
    struct hooked h = {.loop = *state};
    loop_on_prepare(h.loop, hook, &h);
    /* Spinning: 50 calls without a single event of a descriptor or timer. */
    assert_false(run_until_int(h.loop, &h.calls, 1000, 30));
    assert_true(h.calls >= 50);
    assert_int_equal(h.tasks, 2);
    loop_off_prepare(h.loop, hook, &h);
    int calls = h.calls;
    run_for(h.loop, 30);
    assert_int_equal(h.calls, calls);
}

/* ---- descriptors ---- */

struct pair {
    struct loop *loop;
    struct loop_poll *poll;
    int fd[2];
    int reads, writes, errors;
};

static void on_pair(void *ctx, int events)
{
    struct pair *p = ctx;
    char c;
    if (events & LOOP_READ) {
        p->reads++;
        if (read(p->fd[0], &c, 1) <= 0)
            loop_poll_close(&p->poll);
    }
    if (events & LOOP_WRITE) {
        p->writes++;
        loop_poll_set(p->poll, LOOP_READ);
    }
    p->errors += events == 0;
}

static void test_poll(void **state)
{
    struct pair p = {.loop = *state};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p.fd), 0);
    p.poll = loop_poll_open(p.loop, p.fd[0], on_pair, &p);
    assert_int_equal(write(p.fd[1], "ab", 2), 2);
    run_for(p.loop, 20);
    assert_int_equal(p.reads, 0); /* nothing is watched yet */
    loop_poll_set(p.poll, LOOP_READ | LOOP_WRITE);
    loop_poll_set(p.poll, LOOP_READ | LOOP_WRITE);
    assert_true(
        run_until_int(p.loop, &p.reads, 2, RUN_WAIT_MS)); /* level: the second byte is told again */
    assert_int_equal(p.writes, 1);
    close(p.fd[1]);
    assert_true(run_until_int(p.loop, &p.reads, 3, RUN_WAIT_MS));
    assert_null(p.poll);
    close(p.fd[0]);

    /* The same number again, in the same turn: nothing of the old handle is left. */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p.fd), 0);
    p.poll = loop_poll_open(p.loop, p.fd[0], on_pair, &p);
    loop_poll_close(&p.poll);
    p.poll = loop_poll_open(p.loop, p.fd[0], on_pair, &p);
    loop_poll_set(p.poll, LOOP_READ);
    assert_int_equal(write(p.fd[1], "c", 1), 1);
    assert_true(run_until_int(p.loop, &p.reads, 4, RUN_WAIT_MS));
    loop_poll_set(p.poll, 0); /* left open: loop_destroy() frees it */
    close(p.fd[0]);
    close(p.fd[1]);
}

/* ---- work and signals ---- */

struct job {
    struct loop *loop;
    int worked, done;
};

static void work(void *ctx)
{
    struct job *j = ctx;
    j->worked++;
}

static void done(void *ctx)
{
    struct job *j = ctx;
    j->done += j->worked;
}

static void test_work(void **state)
{
    struct job j = {.loop = *state};
    loop_work(j.loop, work, done, &j);
    assert_true(run_until_int(j.loop, &j.done, 1, RUN_WAIT_MS));
    static struct job unfinished;
    unfinished.loop = *state;
    loop_work(*state, work, done, &unfinished); /* loop_destroy() waits for it */
}

static void on_signal(void *ctx)
{
    ++*(int *)ctx;
}

static void test_signal(void **state)
{
    int count = 0;
    loop_on_signal(*state, SIGUSR1, on_signal, &count);
    raise(SIGUSR1);
    assert_true(run_until_int(*state, &count, 1, RUN_WAIT_MS));
}

int main(void)
{
#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_timer_once_and_repeated),
        LOOP_TEST(test_stopped_timer_does_not_fire),
        LOOP_TEST(test_idle_loop_sleeps),
        LOOP_TEST(test_clock_is_cached_for_a_turn),
        LOOP_TEST(test_task_order),
        LOOP_TEST(test_cancelled_task),
        LOOP_TEST(test_endless_task_leaves_room_for_others),
        LOOP_TEST(test_destroy_runs_what_was_deferred),
        LOOP_TEST(test_hooks_and_spin),
        LOOP_TEST(test_poll),
        LOOP_TEST(test_work),
        LOOP_TEST(test_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
