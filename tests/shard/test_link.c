/* link: a shard and gateways over a real bus in one process. */
#include "base/mem.h"
#include "bus/bus.h"
#include "cluster/cluster.h"
#include "lib_requests.h"
#include "rt/loop.h"
#include "shard/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
    struct loop *loop;
    struct link *link;
    struct arena arena;
    char endpoint[108];
    gateway_ref up, lost, event_from;
    gateway_ref over;
    uint32_t n_over, n_routed_done, n_reached;
    uint32_t n_up, n_lost, n_broken, n_events, n_items;
    uint64_t last_rseq, forget;
    struct bus_peer *shard; /* as the gateway sees it */
    struct bus *gateways[2];
} t;

static void on_event(void *ctx, gateway_ref gw, const Verona__RoomEvent *ev, struct str item)
{
    (void)ctx;
    assert_true(item.n > 0);
    t.event_from = gw;
    t.last_rseq = ev->rseq;
    t.n_events++;
}

static void on_route(void *ctx, gateway_ref gw, const Verona__Route *r)
{
    (void)ctx, (void)gw, (void)r;
}

static void on_routed_done(void *ctx, gateway_ref gw, const Verona__RoutedDone *msg)
{
    (void)ctx;
    assert_int_equal(gw, t.up);
    assert_int_equal(msg->n_taken, 2);
    assert_int_equal(msg->taken[1], 8);
    assert_int_equal(msg->n_lost, 1);
    t.n_routed_done++;
}

static void on_over(void *ctx, gateway_ref gw)
{
    (void)ctx;
    t.over = gw;
    t.n_over++;
}

static void on_ask(void *ctx, struct str shard, const uint16_t *slots, uint32_t n)
{
    (void)ctx, (void)shard, (void)slots, (void)n;
}

static void on_gave(void *ctx, struct str shard, const uint16_t *slots, const uint64_t *epochs,
                    uint32_t n)
{
    (void)ctx, (void)shard, (void)slots, (void)epochs, (void)n;
}

static void on_up(void *ctx, gateway_ref gw)
{
    (void)ctx;
    t.up = gw;
    t.n_up++;
}

static void on_lost(void *ctx, gateway_ref gw)
{
    (void)ctx;
    t.lost = gw;
    t.n_lost++;
}

static void on_broken(void *ctx, struct str id, uint64_t boot)
{
    (void)ctx;
    assert_true(str_is(id, "g1"));
    assert_int_equal(boot, 11);
    t.n_broken++;
}

static bool on_allow(void *ctx, const uint8_t key[32], struct str id)
{
    (void)ctx, (void)key, (void)id;
    return true;
}

static void on_forget(void *ctx, gateway_ref gw, uint64_t ref)
{
    (void)ctx, (void)gw;
    t.forget = ref;
}

static const struct link_ops link_calls = {
    .event = on_event,
    .route = on_route,
    .routed_done = on_routed_done,
    .forget = on_forget,
    .ask_slots = on_ask,
    .gave_slots = on_gave,
    .gateway_up = on_up,
    .gateway_lost = on_lost,
    .gateway_over = on_over,
    .gateway_broken = on_broken,
    .allow = on_allow,
};

/* ------------------------------------------------------------------ the gateway's side */

static void g_up(void *ctx, struct bus_peer *p, bool fresh)
{
    (void)ctx, (void)fresh;
    t.shard = p;
    t.n_reached++;
}

static void g_gone(void *ctx, struct bus_peer *p)
{
    (void)ctx;
    if (t.shard == p)
        t.shard = NULL;
}

static void g_down(void *ctx, struct bus_peer *p)
{
    (void)ctx, (void)p;
}

static void g_item(void *ctx, struct bus_peer *p, struct str bytes)
{
    (void)ctx, (void)p;
    assert_int_equal(item_of(&t.arena, bytes)->kind_case, VERONA__ITEM__KIND_ACK);
    t.n_items++;
}

static void g_pressure(void *ctx, struct bus_peer *p, bool full)
{
    (void)ctx, (void)p, (void)full;
}

static const struct bus_ops gateway_calls = {g_up, g_down, g_gone, g_item, g_pressure, on_allow};

static struct bus *gateway(uint64_t boot)
{
    const struct bus_config cfg = {
        .role = BUS_GATEWAY, .id = "g1", .boot = boot, .cluster_id = STR("c"), .unicode = 1};
    struct bus *b = NULL;
    assert_int_equal(bus_new(t.loop, &cfg, &gateway_calls, NULL, &b), 0);
    bus_connect(b, STR("s1"), 7, t.endpoint, NULL);
    struct bus **free = t.gateways[0] ? &t.gateways[1] : &t.gateways[0];
    assert_null(*free);
    *free = b;
    return b;
}

static void end_gateway(struct bus *b)
{
    for (int i = 0; i < 2; i++)
        if (b && t.gateways[i] == b)
            bus_destroy(&t.gateways[i]);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void turn(void)
{
    struct loop_timer timer;
    loop_timer_init(&timer);
    loop_timer_start(t.loop, &timer, 10, 0, stop, t.loop);
    loop_run(t.loop);
    loop_timer_stop(&timer);
}

/* Turns the loop until *n is at least `want`. */
static void wait_for(const uint32_t *n, uint32_t want)
{
    for (int i = 0; i < 500 && *n < want; i++)
        turn();
    assert_int_equal(*n, want);
}

static int setup(void **state)
{
    (void)state;
    struct buf err;
    const struct bus_config cfg = {
        .role = BUS_SHARD, .id = "s1", .boot = 7, .cluster_id = STR("c"), .unicode = 1};
    memset(&t, 0, sizeof t);
    arena_init(&t.arena);
    buf_init(&err);
    (void)snprintf(t.endpoint, sizeof t.endpoint, "ipc:///tmp/verona-test-link-%d", (int)getpid());
    t.loop = loop_new();
    t.link = link_new(t.loop, &link_calls, NULL);
    assert_int_equal(link_start(t.link, &cfg, t.endpoint, &err), 0);
    buf_deinit(&err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) /* of a test that failed: the loop would wait for them */
        end_gateway(t.gateways[i]);
    link_destroy(&t.link);
    loop_destroy(&t.loop);
    arena_deinit(&t.arena);
    (void)unlink(t.endpoint + 6);
    return 0;
}

static void send_message(uint64_t rseq)
{
    const struct request r = {.arena = &t.arena, .room = "r@c", .rseq = rseq, .jid = "a@d/r"};
    assert_non_null(t.shard);
    assert_int_equal(bus_send(t.shard, req_item(&t.arena, req_message(&r, "<body/>"))), 0);
}

static void test_names_and_items(void **state)
{
    (void)state;
    struct bus *g = gateway(11);
    wait_for(&t.n_up, 1);
    assert_true(str_is(link_name(t.link, t.up), "g1:11"));
    assert_int_equal(link_find(t.link, STR("g1:11")), t.up);
    assert_int_equal(link_find(t.link, STR("g1:12")), 0);
    assert_int_equal(link_name(t.link, 0).n, 0);
    assert_true(link_alive(t.link, t.up));
    send_message(5);
    wait_for(&t.n_events, 1);
    assert_int_equal(t.event_from, t.up);
    assert_int_equal(t.last_rseq, 5);
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Ack ack = VERONA__ACK__INIT;
    ack.rseq = 5;
    item.kind_case = VERONA__ITEM__KIND_ACK;
    item.ack = &ack;
    link_send_msg(t.link, t.up, &item);
    link_send_msg(t.link, 99, &item); /* nobody */
    wait_for(&t.n_items, 1);
    Verona__RoutedDone done = VERONA__ROUTED_DONE__INIT;
    uint64_t taken[] = {7, 8}, lost[] = {9};
    struct buf packed;
    buf_init(&packed);
    done.n_taken = 2;
    done.taken = taken;
    done.n_lost = 1;
    done.lost = lost;
    item.kind_case = VERONA__ITEM__KIND_ROUTED_DONE;
    item.routed_done = &done;
    (void)wire_pack(&item.base, &packed);
    assert_int_equal(bus_send(t.shard, buf_as_str(&packed)), 0);
    buf_deinit(&packed);
    wait_for(&t.n_routed_done, 1);
    assert_int_equal(t.n_lost, 0);
    end_gateway(g);
}

static void test_a_new_boot_voids_the_old_one(void **state)
{
    (void)state;
    struct bus *g = gateway(11);
    wait_for(&t.n_up, 1);
    gateway_ref first = t.up;
    end_gateway(g);
    g = gateway(12);
    wait_for(&t.n_up, 2);
    wait_for(&t.n_lost, 1);
    assert_int_equal(t.lost, first);
    wait_for(&t.n_over, 1);
    assert_int_equal(t.over, first);
    assert_int_not_equal(t.up, first);
    assert_false(link_alive(t.link, first));
    assert_true(link_alive(t.link, t.up));
    assert_true(str_is(link_name(t.link, first), "g1:11")); /* it still has its name */
    end_gateway(g);
}

/* Its connection is gone: it may be dead, and need not have its whole lease. */
static void test_a_gateway_that_is_gone_is_suspected(void **state)
{
    (void)state;
    struct bus *g = gateway(11);
    wait_for(&t.n_up, 1);
    assert_int_equal(t.n_broken, 0);
    end_gateway(g);
    wait_for(&t.n_broken, 1);
    assert_int_equal(t.n_lost, 0); /* nobody is lost on suspicion */
}

/* The registry says it is dead: what it was sent will not be answered, whether another boot of it
 * comes or not. */
static void test_a_dead_gateway_is_over(void **state)
{
    (void)state;
    struct cluster_member m = {.role = CLUSTER_GATEWAY, .id = "g1", .boot = 11, .alive = true};
    struct bus *g = gateway(11);
    wait_for(&t.n_up, 1);
    link_member(t.link, &m, 0);
    m.boot = 10; /* an earlier life: no news */
    m.alive = false;
    link_member(t.link, &m, 0);
    assert_true(link_alive(t.link, t.up));
    m.boot = 11;
    link_member(t.link, &m, 11);
    assert_false(link_alive(t.link, t.up));
    wait_for(&t.n_lost, 1);
    wait_for(&t.n_over, 1);
    assert_int_equal(t.over, t.up);
    link_member(t.link, &m, 11); /* once */
    end_gateway(g);
    wait_for(&t.n_over, 1);
    assert_int_equal(t.n_lost, 1);
    /* It was only stopped, and knows nothing: it gets no answer under its old name. */
    t.n_reached = 0;
    g = gateway(11);
    wait_for(&t.n_reached, 1);
    send_message(5);
    for (int i = 0; i < 500 && bus_peer_queued(t.shard) > 0; i++)
        turn();
    assert_int_equal(bus_peer_queued(t.shard), 0); /* the shard has taken it, and is silent */
    assert_int_equal(t.n_up, 1);
    assert_int_equal(t.n_events, 0);
    assert_false(link_alive(t.link, t.over));
    end_gateway(g);
}

static void send_ack(const char *name)
{
    Verona__Item item = VERONA__ITEM__INIT;
    Verona__Ack ack = VERONA__ACK__INIT;
    ack.rseq = 5;
    item.kind_case = VERONA__ITEM__KIND_ACK;
    item.ack = &ack;
    link_send_msg(t.link, link_find(t.link, str_of(name)), &item);
}

/* We are new: a gateway that the registry has will call us, and what is sent to it waits. */
static void test_a_gateway_that_will_come(void **state)
{
    (void)state;
    struct cluster_member m = {.role = CLUSTER_GATEWAY, .id = "g1", .boot = 11, .alive = true};
    send_ack("g1:11");
    link_member(t.link, &m, 0);
    assert_true(link_alive(t.link, link_find(t.link, STR("g1:11"))));
    send_ack("g1:11");
    send_ack("g1:11");
    struct bus *g = gateway(11);
    wait_for(&t.n_items, 2);
    send_ack("g1:11");
    wait_for(&t.n_items, 3);
    link_member(t.link, &m, 0); /* it is there */
    assert_int_equal(t.n_over, 0);
    end_gateway(g);
}

/* It dies first, or more waits for it than it could take. */
static void test_a_gateway_that_never_comes(void **state)
{
    (void)state;
    struct cluster_member m = {.role = CLUSTER_GATEWAY, .id = "g1", .boot = 11, .alive = true};
    link_member(t.link, &m, 0);
    gateway_ref first = link_find(t.link, STR("g1:11"));
    send_ack("g1:11");
    m.alive = false;
    link_member(t.link, &m, 11);
    assert_false(link_alive(t.link, first));
    wait_for(&t.n_over, 1);
    assert_int_equal(t.over, first);
    m.boot = 12;
    m.alive = true;
    link_member(t.link, &m, 11);
    gateway_ref second = link_find(t.link, STR("g1:12"));
    struct str item = str_n(mem_zalloc(1024 * 1024), 1024 * 1024);
    for (int i = 0; i < 4; i++) {
        assert_true(link_alive(t.link, second));
        link_send(t.link, second, item);
    }
    mem_free((void *)(uintptr_t)item.p);
    assert_false(link_alive(t.link, second));
    wait_for(&t.n_over, 2);
    assert_int_equal(t.over, second);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_names_and_items),
        T(test_a_new_boot_voids_the_old_one),
        T(test_a_gateway_that_is_gone_is_suspected),
        T(test_a_dead_gateway_is_over),
        T(test_a_gateway_that_will_come),
        T(test_a_gateway_that_never_comes),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    bus_end();
    return rc;
}
