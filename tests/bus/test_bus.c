/* The bus over real ZeroMQ, ipc:// and tcp:// with CURVE: two or three buses on one loop. */
#include "base/err.h"
#include "base/limits.h"
#include "bus/bus.h"
#include "lib_bus.h"
#include "lib_relay.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

enum { KEYS = 4 };
static uint8_t public_keys[KEYS][32], secret_keys[KEYS][32];
static struct loop *loop;
static char dir[64];

/* ---------------------------------------------------------------- a node */

struct node {
    struct bus *bus;
    struct bus_peer *peer; /* the last that came up */
    int ups, fresh, downs, gones, fulls, frees;
    uint64_t sent, want; /* items numbered 1 .. to the last peer */
    uint64_t got;
    size_t size;
    bool full;
    int asked; /* allow() */
    bool (*judge)(const uint8_t key[32], struct str id);
};

static void on_up(void *ctx, struct bus_peer *p, bool fresh)
{
    struct node *n = ctx;
    n->ups++;
    n->peer = p;
    assert_true(bus_peer_up(p));
    if (fresh) {
        n->fresh++;
        n->got = 0;
        n->sent = 0;
    }
}

static void on_down(void *ctx, struct bus_peer *p)
{
    struct node *n = ctx;
    n->downs++;
    assert_false(bus_peer_up(p));
}

static void on_gone(void *ctx, struct bus_peer *p)
{
    struct node *n = ctx;
    n->gones++;
    assert_int_equal(bus_send(p, STR("x")), ERR_NOTFOUND);
    if (n->peer == p)
        n->peer = NULL;
}

static void on_item(void *ctx, struct bus_peer *p, struct str item)
{
    struct node *n = ctx;
    uint64_t number;
    assert_ptr_equal(p, n->peer);
    assert_true(item.n >= sizeof number);
    memcpy(&number, item.p, sizeof number);
    assert_int_equal(number, n->got + 1);
    n->got = number;
}

static void on_pressure(void *ctx, struct bus_peer *p, bool full)
{
    struct node *n = ctx;
    (void)p;
    assert_int_equal(n->full, !full);
    n->full = full;
    n->fulls += full;
    n->frees += !full;
}

static bool allow(void *ctx, const uint8_t key[32], struct str id)
{
    struct node *n = ctx;
    n->asked++;
    return n->judge ? n->judge(key, id) : true;
}

static const struct bus_ops ops = {on_up, on_down, on_gone, on_item, on_pressure, allow};

static void open_node(struct node *n, enum bus_role role, const char *id, uint64_t boot, int key)
{
    struct bus_config cfg = {
        .role = role,
        .id = id,
        .boot = boot,
        .cluster_id = STR("test cluster"),
        .unicode = 3,
        .curve_secret = key >= 0 ? secret_keys[key] : NULL,
        .curve_public = key >= 0 ? public_keys[key] : NULL,
    };
    n->peer = NULL;
    n->full = false;
    if (!n->size)
        n->size = 100;
    assert_int_equal(bus_new(loop, &cfg, &ops, n, &n->bus), 0);
}

static void listen_at(struct node *n, const char *endpoint, char *real, size_t real_n)
{
    struct buf out, err;
    buf_init(&out);
    buf_init(&err);
    int rc = bus_listen(n->bus, endpoint, &out, &err);
    if (rc)
        print_message("%.*s\n", STR_FMT(buf_as_str(&err)));
    assert_int_equal(rc, 0);
    snprintf(real, real_n, "%.*s", STR_FMT(buf_as_str(&out)));
    buf_deinit(&out);
    buf_deinit(&err);
}

static const char *ipc(const char *name)
{
    static char path[4][128];
    static unsigned at;
    char *p = path[at++ % 4];
    snprintf(p, sizeof path[0], "ipc://%s/%s", dir, name);
    return p;
}

/* Keeps its peer's queue filled up to `want`, as far as there is room. */
static void feed(struct node *n)
{
    char item[8192] = {0};
    while (n->peer && !n->full && n->sent < n->want) {
        uint64_t number = n->sent + 1;
        memcpy(item, &number, sizeof number);
        assert_int_equal(bus_send(n->peer, str_n(item, n->size)), 0);
        n->sent = number;
        if (n->sent % 500 == 0)
            break; /* a turn's worth */
    }
}

/* ---------------------------------------------------------------- waiting */

static struct {
    bool (*done)(void);
    uint64_t until_ms;
    bool ok;
    struct loop_task task;
    struct node *feed[3];
} waiting;

static void look(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 3; i++)
        if (waiting.feed[i])
            feed(waiting.feed[i]);
    waiting.ok = waiting.done && waiting.done();
    if (waiting.ok || loop_now_ms(loop) >= waiting.until_ms)
        loop_stop(loop);
}

/* For what must come. It is reached only by what fails: a machine may be slow and busy. */
enum { WAIT_MS = 30000 };

static bool wait_for(bool (*done)(void), uint64_t ms)
{
    struct loop_timer timer;
    loop_timer_init(&timer);
    waiting.done = done;
    waiting.ok = false;
    waiting.until_ms = loop_now_ms(loop) + ms;
    loop_timer_start(loop, &timer, 0, 10, look, NULL);
    loop_on_prepare(loop, look, NULL);
    loop_run(loop);
    loop_off_prepare(loop, look, NULL);
    loop_timer_stop(&timer);
    return waiting.ok;
}

static void idle(uint64_t ms)
{
    (void)wait_for(NULL, ms);
}

static struct node gw, sh, sh2;

static bool both_up(void)
{
    return gw.peer && sh.peer && bus_peer_up(gw.peer) && bus_peer_up(sh.peer);
}

static bool all_there(void)
{
    return gw.peer && sh.peer && gw.got == sh.want && sh.got == gw.want &&
           bus_peer_queued(gw.peer) == 0 && bus_peer_queued(sh.peer) == 0;
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/bus-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    loop = loop_new();
    memset(&gw, 0, sizeof gw);
    memset(&sh, 0, sizeof sh);
    memset(&sh2, 0, sizeof sh2);
    memset(&waiting, 0, sizeof waiting);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bus_destroy(&gw.bus);
    bus_destroy(&sh.bus);
    bus_destroy(&sh2.bus);
    bus_end();
    loop_destroy(&loop);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* ---------------------------------------------------------------- traffic */

static void both_ways(uint64_t items, size_t size)
{
    gw.want = sh.want = items;
    gw.size = sh.size = size;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    uint64_t start = loop_clock_ns();
    assert_true(wait_for(all_there, 120000));
    double seconds = (double)(loop_clock_ns() - start) / 1e9;
    print_message("%llu items of %zu bytes each way: %.0f items/s\n", (unsigned long long)items,
                  size, 2 * (double)items / seconds);
    assert_int_equal(gw.fresh, 1);
    assert_int_equal(sh.fresh, 1);
    assert_int_equal(gw.downs + sh.downs, 0);
}

static void test_ipc_both_ways(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    assert_string_equal(real, ipc("sh"));
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL); /* does nothing */
    both_ways(100000, 100);
    assert_ptr_equal(bus_find(sh.bus, STR("gw-1"), 5), sh.peer);
    assert_null(bus_find(sh.bus, STR("gw-1"), 6));
    assert_int_equal(bus_peer_role(sh.peer), BUS_GATEWAY);
    assert_int_equal(bus_peer_role(gw.peer), BUS_SHARD);
    assert_int_equal(bus_peer_boot(sh.peer), 5);
    assert_true(str_is(bus_peer_id(gw.peer), "shard-1"));
    assert_true(bus_peer_silent_ms(gw.peer) < LIMIT_BUS_DOWN_MS);
    int mark;
    assert_null(bus_peer_user(gw.peer));
    bus_peer_set_user(gw.peer, &mark);
    assert_ptr_equal(bus_peer_user(gw.peer), &mark);
}

static void test_tcp_curve_both_ways(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, 0);
    listen_at(&sh, "tcp://127.0.0.1:*", real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, 1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, public_keys[0]);
    both_ways(50000, 300);
    assert_true(sh.asked >= 2); /* the key, then the key with the id */
}

static void test_large_items(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    both_ways(5000, 8000);
    char *big = mem_zalloc(BUS_ITEM_MAX + 1);
    assert_int_equal(bus_send(gw.peer, str_n(big, BUS_ITEM_MAX + 1)), ERR_TOOBIG);
    uint64_t number = ++gw.want;
    memcpy(big, &number, sizeof number);
    gw.sent = number;
    assert_int_equal(bus_send(gw.peer, str_n(big, BUS_ITEM_MAX)), 0);
    assert_true(wait_for(all_there, WAIT_MS));
    mem_free(big);
}

static bool gw_full(void)
{
    return gw.full;
}

static bool gw_free(void)
{
    return !gw.full;
}

static void test_pressure(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    char item[8000] = {0};
    for (uint64_t number = 1; number <= 1000; number++) { /* twice the window */
        memcpy(item, &number, sizeof number);
        assert_int_equal(bus_send(gw.peer, str_n(item, sizeof item)), 0);
    }
    assert_true(wait_for(gw_full, WAIT_MS));
    gw.want = 1000;
    assert_true(wait_for(all_there, WAIT_MS));
    assert_true(wait_for(gw_free, WAIT_MS));
    assert_int_equal(gw.fulls, 1);
    assert_int_equal(gw.frees, 1);
}

/* ---------------------------------------------------------------- broken networks */

static void test_cut_connections_lose_nothing(void **state)
{
    (void)state;
    char real[256], from[128], to[128];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    snprintf(from, sizeof from, "%s/relay", dir);
    snprintf(to, sizeof to, "%s/sh", dir);
    struct relay *relay = relay_open(from, to);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, ipc("relay"), NULL);
    gw.want = sh.want = 200000;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    for (int i = 0; i < 15; i++) {
        idle(100);
        relay_cut(relay);
    }
    assert_true(wait_for(all_there, 120000));
    assert_int_equal(gw.fresh, 1);
    assert_int_equal(sh.fresh, 1);
    assert_int_equal(gw.gones + sh.gones, 0);
    relay_close(&relay);
}

static bool both_down(void)
{
    return gw.downs && sh.downs;
}

static void test_silent_network(void **state)
{
    (void)state;
    char real[256], from[128], to[128];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    snprintf(from, sizeof from, "%s/relay", dir);
    snprintf(to, sizeof to, "%s/sh", dir);
    struct relay *relay = relay_open(from, to);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, ipc("relay"), NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    relay_hold(relay, 1); /* as a stopped machine: no error anywhere */
    uint64_t from_ms = loop_now_ms(loop);
    assert_true(wait_for(both_down, WAIT_MS));
    assert_true(loop_now_ms(loop) - from_ms >= LIMIT_BUS_DOWN_MS - 200);
    gw.want = sh.want = 1000;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    idle(500);
    assert_int_equal(gw.got + sh.got, 0);
    relay_hold(relay, 0);
    assert_true(wait_for(all_there, WAIT_MS));
    assert_int_equal(gw.ups, 2);
    assert_int_equal(gw.fresh, 1);
    assert_int_equal(sh.fresh, 1);
    relay_close(&relay);
}

/* ---------------------------------------------------------------- lives */

static bool new_shard_up(void)
{
    return gw.fresh == 2 && both_up();
}

static void test_shard_restarts(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    bus_destroy(&sh.bus); /* as kill -9 */
    char item[8] = {1};
    assert_int_equal(bus_send(gw.peer, str_n(item, 8)), 0); /* for the dead: nobody may get it */
    idle(200);
    memset(&sh, 0, sizeof sh);
    open_node(&sh, BUS_SHARD, "shard-1", 8, -1);
    for (int i = 0; i < 50; i++) { /* the old one's socket closes in the background */
        struct buf err;
        buf_init(&err);
        int rc = bus_listen(sh.bus, ipc("sh"), NULL, &err);
        buf_deinit(&err);
        if (rc == 0)
            break;
        usleep(20000);
    }
    idle(300); /* the old DEALER has reconnected by now */
    assert_int_equal(sh.ups, 0);
    bus_connect(gw.bus, STR("shard-1"), 8, real, NULL);
    assert_true(wait_for(new_shard_up, WAIT_MS));
    assert_int_equal(gw.gones, 1);
    assert_int_equal(sh.got, 0);
    assert_null(bus_find(gw.bus, STR("shard-1"), 7));
    gw.want = sh.want = 1000;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    assert_true(wait_for(all_there, WAIT_MS));
}

static bool new_gateway_up(void)
{
    return sh.fresh == 2 && both_up();
}

static void test_gateway_restarts(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    bus_destroy(&gw.bus);
    idle(50);
    memset(&gw, 0, sizeof gw);
    open_node(&gw, BUS_GATEWAY, "gw-1", 6, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(new_gateway_up, WAIT_MS));
    assert_int_equal(sh.gones, 1);
    assert_int_equal(sh.downs, 0);
    assert_int_equal(bus_peer_boot(sh.peer), 6);
    /* The life before cannot come back. */
    open_node(&sh2, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(sh2.bus, STR("shard-1"), 7, real, NULL);
    idle(500);
    assert_int_equal(sh2.ups, 0);
    assert_int_equal(sh.gones, 1);
    assert_int_equal(bus_peer_boot(sh.peer), 6);
}

static bool begun_again(void)
{
    return gw.fresh == 2 && sh.fresh == 2 && both_up();
}

static void test_forgotten_peer_comes_back(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    both_ways(1000, 100);
    bus_forget(sh.bus, STR("gw-1"), 5);
    assert_int_equal(sh.gones, 1);
    assert_null(bus_find(sh.bus, STR("gw-1"), 5));
    gw.want = sh.want = 0;
    assert_true(wait_for(begun_again, WAIT_MS));
    assert_int_equal(gw.gones, 1);
    gw.want = sh.want = 1000;
    assert_true(wait_for(all_there, WAIT_MS));
    idle(1500); /* and it stays */
    assert_int_equal(gw.fresh, 2);
    assert_int_equal(gw.gones + sh.gones, 2);
}

static bool shards_up(void)
{
    return sh.peer && sh2.peer && bus_peer_up(sh.peer) && bus_peer_up(sh2.peer);
}

static bool shards_done(void)
{
    return sh.got == sh2.want && sh2.got == sh.want;
}

static void count_peer(void *ctx, struct bus_peer *p)
{
    (void)p;
    ++*(int *)ctx;
}

static void test_two_shards_call_each_other(void **state)
{
    (void)state;
    char real[256], real2[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh1"), real, sizeof real);
    open_node(&sh2, BUS_SHARD, "shard-2", 9, -1);
    listen_at(&sh2, ipc("sh2"), real2, sizeof real2);
    bus_connect(sh.bus, STR("shard-2"), 9, real2, NULL);
    bus_connect(sh2.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(shards_up, WAIT_MS));
    sh.want = sh2.want = 20000;
    waiting.feed[0] = &sh;
    waiting.feed[1] = &sh2;
    assert_true(wait_for(shards_done, WAIT_MS));
    assert_int_equal(sh.fresh + sh2.fresh, 2);
    assert_int_equal(sh.gones + sh2.gones, 0);
    int n = 0;
    bus_each_peer(sh.bus, count_peer, &n);
    assert_int_equal(n, 1);
}

/* ---------------------------------------------------------------- keys */

static bool judge_known_keys(const uint8_t key[32], struct str id)
{
    if (memcmp(key, public_keys[1], 32) == 0)
        return id.n == 0 || str_is(id, "gw-1");
    if (memcmp(key, public_keys[2], 32) == 0)
        return id.n == 0 || str_is(id, "gw-2");
    return false;
}

static void test_unknown_key_is_refused(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, 0);
    sh.judge = judge_known_keys;
    listen_at(&sh, "tcp://127.0.0.1:*", real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, 3);
    bus_connect(gw.bus, STR("shard-1"), 7, real, public_keys[0]);
    idle(700);
    assert_true(sh.asked > 0);
    assert_int_equal(gw.ups + sh.ups, 0);
    sh.judge = NULL; /* the registry learns of it */
    assert_true(wait_for(both_up, WAIT_MS));
}

static void test_wrong_server_key_is_refused(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, 0);
    listen_at(&sh, "tcp://127.0.0.1:*", real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, 1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, public_keys[2]);
    idle(700);
    assert_int_equal(gw.ups + sh.ups, 0);
}

static void test_other_id_under_a_known_key_is_refused(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, 0);
    sh.judge = judge_known_keys;
    listen_at(&sh, "tcp://127.0.0.1:*", real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, 1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, public_keys[0]);
    assert_true(wait_for(both_up, WAIT_MS));
    /* Another member of the cluster says it is gw-1, in a later life. */
    open_node(&sh2, BUS_GATEWAY, "gw-1", 6, 2);
    bus_connect(sh2.bus, STR("shard-1"), 7, real, public_keys[0]);
    idle(700);
    assert_int_equal(sh2.ups, 0);
    assert_int_equal(sh.gones + sh.downs, 0);
    gw.want = sh.want = 100;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    assert_true(wait_for(all_there, WAIT_MS));
    /* Nor in the same life, with the same name at the ROUTER. */
    bus_destroy(&sh2.bus);
    open_node(&sh2, BUS_GATEWAY, "gw-1", 5, 2);
    bus_connect(sh2.bus, STR("shard-1"), 7, real, public_keys[0]);
    idle(700);
    assert_int_equal(sh2.ups, 0);
}

static void test_without_keys(void **state)
{
    (void)state;
    struct buf err;
    buf_init(&err);
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    assert_int_equal(bus_listen(sh.bus, "tcp://127.0.0.1:*", NULL, &err), ERR_DENIED);
    assert_true(err.len > 0);
    assert_int_equal(bus_listen(sh.bus, "inproc://x", NULL, &err), ERR_INVALID);
    assert_int_equal(bus_listen(sh.bus, "ipc:///nowhere/at/all", NULL, &err), ERR_IO);
    bus_connect(sh.bus, STR("shard-2"), 9, "tcp://127.0.0.1:1", NULL);
    assert_null(bus_find(sh.bus, STR("shard-2"), 9));
    bus_connect(sh.bus, STR("no good id"), 9, ipc("x"), NULL);
    assert_null(bus_find(sh.bus, STR("no good id"), 9));
    buf_deinit(&err);
    struct bus *b = NULL;
    struct bus_config good = {BUS_GATEWAY, "gw", 1, STR("c"), 3, NULL, NULL};
    struct bus_config c = good;
    c.id = "a:b";
    assert_int_equal(bus_new(loop, &c, &ops, &gw, &b), ERR_INVALID);
    c = good;
    c.boot = 0;
    assert_int_equal(bus_new(loop, &c, &ops, &gw, &b), ERR_INVALID);
    c = good;
    c.curve_secret = secret_keys[0];
    assert_int_equal(bus_new(loop, &c, &ops, &gw, &b), ERR_INVALID);
    c = good;
    c.cluster_id = STR_NULL;
    assert_int_equal(bus_new(loop, &c, &ops, &gw, &b), ERR_INVALID);
}

static void test_both_kinds_of_endpoint(void **state)
{
    (void)state;
    char tcp[256], local[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, 0);
    sh.judge = judge_known_keys;
    listen_at(&sh, "tcp://127.0.0.1:*", tcp, sizeof tcp);
    listen_at(&sh, ipc("sh"), local, sizeof local);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, 1);
    bus_connect(gw.bus, STR("shard-1"), 7, tcp, public_keys[0]);
    assert_true(wait_for(both_up, WAIT_MS));
    open_node(&sh2, BUS_GATEWAY, "gw-9", 5, -1);
    bus_connect(sh2.bus, STR("shard-1"), 7, local, NULL);
    sh.peer = NULL;
    assert_true(wait_for(shards_up, WAIT_MS));
}

/* ---------------------------------------------------------------- hostile, idle */

static void test_garbage(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    double before = metric_value(METRIC_BUS_DECODE_ERRORS_TOTAL, NULL, NULL);
    static const char *const names[] = {
        "g:gw-1:5:7", "g:gw-2:5:1", "x", "g:gw-1:99999999999999999999:1", "s::1", "g:a b:1"};
    void *context = zmq_ctx_new();
    uint64_t seed = 5;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *z = zmq_socket(context, ZMQ_DEALER);
        int zero = 0;
        zmq_setsockopt(z, ZMQ_LINGER, &zero, sizeof zero);
        zmq_setsockopt(z, ZMQ_ROUTING_ID, names[i], strlen(names[i]));
        assert_int_equal(zmq_connect(z, real), 0);
        for (int k = 0; k < 20; k++) {
            char bytes[64];
            size_t n = rnd(&seed) % sizeof bytes;
            for (size_t j = 0; j < n; j++)
                bytes[j] = (char)rnd(&seed);
            zmq_send(z, bytes, n, k % 3 == 0 ? ZMQ_SNDMORE : 0);
        }
        zmq_send(z, "", 0, 0);
        idle(60);
        zmq_close(z);
    }
    zmq_ctx_term(context);
    assert_true(metric_value(METRIC_BUS_DECODE_ERRORS_TOTAL, NULL, NULL) > before + 50);
    /* Frames under its name cost the gateway its link for a moment, nothing else. */
    gw.want = sh.want = 1000;
    waiting.feed[0] = &gw;
    waiting.feed[1] = &sh;
    assert_true(wait_for(all_there, WAIT_MS));
    assert_int_equal(gw.fresh, 1);
    assert_int_equal(sh.fresh, 1);
}

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void test_idle_bus_sleeps(void **state)
{
    (void)state;
    char real[256];
    open_node(&sh, BUS_SHARD, "shard-1", 7, -1);
    listen_at(&sh, ipc("sh"), real, sizeof real);
    open_node(&gw, BUS_GATEWAY, "gw-1", 5, -1);
    bus_connect(gw.bus, STR("shard-1"), 7, real, NULL);
    assert_true(wait_for(both_up, WAIT_MS));
    struct loop_timer timer; /* not wait_for(): that wakes the loop itself */
    loop_timer_init(&timer);
    loop_timer_start(loop, &timer, 2000, 0, stop, NULL);
    uint64_t before = loop_turns(loop);
    loop_run(loop);
    uint64_t turns = (loop_turns(loop) - before) / 2;
    print_message("%llu turns a second for two idle buses\n", (unsigned long long)turns);
    assert_true(turns < 90);
    assert_int_equal(gw.downs + sh.downs, 0);
}

int main(void)
{
    metrics_setup("shard", "0", "test");
    log_setup(getenv("BUS_LOG") ? LOG_DEBUG : LOG_ERROR, "logfmt", "test", "test");
    for (int i = 0; i < KEYS; i++)
        bus_keypair(public_keys[i], secret_keys[i]);
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_ipc_both_ways),
        T(test_tcp_curve_both_ways),
        T(test_large_items),
        T(test_pressure),
        T(test_cut_connections_lose_nothing),
        T(test_silent_network),
        T(test_shard_restarts),
        T(test_gateway_restarts),
        T(test_forgotten_peer_comes_back),
        T(test_two_shards_call_each_other),
        T(test_unknown_key_is_refused),
        T(test_wrong_server_key_is_refused),
        T(test_other_id_under_a_known_key_is_refused),
        T(test_without_keys),
        T(test_both_kinds_of_endpoint),
        T(test_garbage),
        T(test_idle_bus_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
