/* test_store_faults.c: connections cut and a Redis killed at any moment of a pipelined chain.
 * Whatever the store said of a commit is true: ok is in the log once, unavailable is not there and
 * never will be. */
#include "cluster/redis_server.h"

#include "base/err.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"

enum {
    SLOT = 5,
    N_ROOMS = 6,
    N_KILLS = 4,
    MAX_SAID = 400000,
    EPOCH = 100,
    CUT_EVERY_MS = 17,
    HOLD_MS = 300,
};

enum outcome { PENDING, OK, REFUSED, UNKNOWN };

struct chain {
    char room[16];
    struct event_name last, tried;
    uint32_t said; /* number of the message under way */
    bool exists;
};

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static struct store *store;
static struct chain chains[N_ROOMS + N_KILLS]; /* those of the kills begin in an outage */
static enum outcome outcomes[MAX_SAID];
static bool creations[MAX_SAID]; /* which leave the log when it is long */
static uint32_t n_said, counts[4], in_flight;
static bool stop;

static void go_on(struct chain *c);

static void on_load(void *ctx, int err, const struct store_room *room)
{
    struct chain *c = ctx;
    in_flight--;
    if (err == 0) {
        c->last = room->last;
        c->exists = room->exists;
        go_on(c);
    } else if (!stop) {
        in_flight++;
        store->ops->load(store, SLOT, str_of(c->room), on_load, c);
    }
}

static void on_commit(void *ctx, int err)
{
    struct chain *c = ctx;
    enum outcome o = err == 0 ? OK : err == ERR_UNAVAILABLE ? REFUSED : UNKNOWN;
    assert_int_equal(outcomes[c->said], PENDING);
    assert_true(err == 0 || err == ERR_UNAVAILABLE || err == ERR_UNKNOWN);
    outcomes[c->said] = o;
    counts[o]++;
    in_flight--;
    if (o == UNKNOWN) {
        in_flight++;
        store->ops->load(store, SLOT, str_of(c->room), on_load, c);
        return;
    }
    if (o == OK) {
        c->last = c->tried;
        c->exists = true;
    }
    go_on(c); /* after a refusal another event under the same name */
}

static void go_on(struct chain *c)
{
    char text[32];
    if (stop || n_said == MAX_SAID) {
        return;
    }
    struct fx fx = {.type = FX_PERSIST};
    fx.persist.kind = c->exists ? FXS_MESSAGE : FXS_CREATE;
    fx.persist.state_changed = !c->exists;
    fx.persist.in_history = true;
    c->said = n_said++;
    creations[c->said] = !c->exists;
    fx.persist.in_archive = c->exists;
    snprintf(text, sizeof(text), "<said-%u>", c->said);
    fx.persist.m = (struct room_message){.nick = STR("Al"), .payload = str_of(text), .type = 2};
    fx.persist.by = str_of(text);
    c->tried = (struct event_name){EPOCH, c->last.s + 1};
    struct store_entry e = {.name = c->tried,
                            .prev = c->last,
                            .now_ms = 1000,
                            .gwboot = STR("g:1"),
                            .rseq = c->said + 1,
                            .fx = &fx,
                            .keep_messages = MAX_SAID};
    const struct store_token token = {SLOT, EPOCH, NONCE};
    in_flight++;
    store->ops->commit(store, &token, str_of(c->room), &e, 1, on_commit, c);
}

static void cut(void *ctx)
{
    (void)ctx;
    if (server.direct) {
        freeReplyObject(ask(&server, "CLIENT KILL TYPE normal SKIPME yes"));
    }
}

static bool is_down(void *ctx)
{
    (void)ctx;
    return !redis_up(redis);
}

static bool is_idle(void *ctx)
{
    (void)ctx;
    return in_flight == 0;
}

/* How often each message is in the logs. */
static void check_logs(void)
{
    static uint8_t seen[MAX_SAID];
    memset(seen, 0, sizeof(seen));
    for (int i = 0; i < N_ROOMS + N_KILLS; i++) {
        redisReply *r = ask(&server, "XRANGE verona:{s5}:log:%s - +", chains[i].room);
        assert_int_equal(r->type, REDIS_REPLY_ARRAY);
        for (size_t k = 0; k < r->elements; k++) {
            const redisReply *p = r->element[k]->element[1]->element[1];
            const char *at = memmem(p->str, (size_t)p->len, "<said-", 6);
            assert_non_null(at);
            seen[strtoul(at + 6, NULL, 10)]++;
        }
        freeReplyObject(r);
    }
    for (uint32_t i = 0; i < n_said; i++) {
        if (outcomes[i] == PENDING || seen[i] > 1 ||
            (outcomes[i] == OK && seen[i] != 1 && !creations[i]) ||
            (outcomes[i] == REFUSED && seen[i] != 0)) {
            fail_msg("message %u: outcome %d, %u times in the log", i, (int)outcomes[i], seen[i]);
        }
    }
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    /* With "everysec" Redis answers before it writes when the disk is slow, so that a kill loses
     * answers. */
    server = (struct redis_server){.more = {"--appendfsync", "always"}};
    redis_server_start(&server);
    init_cluster(&server);
    freeReplyObject(ask(&server, "HSET verona:{s5}:own e 100 n " NONCE));
    redis = redis_new(loop, server.url, NULL, NULL);
    store = store_redis_new(loop, redis, HOLD_MS, &(struct store_limits){0});
    n_said = in_flight = 0;
    stop = false;
    memset(counts, 0, sizeof(counts));
    memset(outcomes, 0, sizeof(outcomes));
    for (int i = 0; i < N_ROOMS + N_KILLS; i++) {
        chains[i] = (struct chain){.exists = false};
        snprintf(chains[i].room, sizeof(chains[i].room), "r%d@c", i);
    }
    for (int i = 0; i < N_ROOMS; i++) {
        go_on(&chains[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop = true;
    store->ops->destroy(&store);
    redis_destroy(&redis);
    run_until(loop, NULL, NULL, 20);
    redis_server_end(&server);
    loop_destroy(&loop);
    return 0;
}

static void finish(void)
{
    stop = true;
    assert_true(run_until(loop, is_idle, NULL, 40000));
    print_message("ok %u, refused %u, unknown %u\n", counts[OK], counts[REFUSED], counts[UNKNOWN]);
    check_logs();
}

static void connections_are_cut(void **state)
{
    (void)state;
    struct loop_timer t;
    loop_timer_init(&t);
    loop_timer_start(loop, &t, CUT_EVERY_MS, CUT_EVERY_MS, cut, NULL);
    run_until(loop, NULL, NULL, 3000);
    loop_timer_stop(&t);
    finish();
    assert_true(counts[OK] > 50);
}

static void redis_is_killed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < N_KILLS; i++) {
        run_until(loop, NULL, NULL, 250 + 13 * i);
        redis_server_kill(&server);
        assert_true(run_until(loop, is_down, NULL, 5000));
        go_on(&chains[N_ROOMS + i]);
        run_until(loop, NULL, NULL, i % 2 ? 50 : 3 * HOLD_MS); /* shorter and longer than that */
        redis_server_start(&server);
        uint32_t before = counts[OK];
        for (int k = 0; k < 500 && counts[OK] == before; k++) {
            run_until(loop, NULL, NULL, 10);
        }
        assert_true(counts[OK] > before); /* it goes on by itself */
    }
    finish();
    assert_true(counts[REFUSED] > 0);
}

int main(void)
{
    log_set_level(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(connections_are_cut), TEST(redis_is_killed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
