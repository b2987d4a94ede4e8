/* test_slots.c: shards that share out the slots of one real Redis, as objects in one process. */
#include "cluster/redis_server.h"

#include "rt/config.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/slots.h"

static struct redis_server server;
static struct loop *loop;

enum { N_NODES = 3 };

/* AskSlots and GaveSlots, as a bus would carry them: after this turn. */
struct mail {
    struct loop_timer timer;
    char from[8], to[8];
    bool gave;
    uint32_t n;
    uint16_t slots[SLOT_COUNT];
    uint64_t epochs[SLOT_COUNT];
};

struct node {
    char id[8];
    struct redis *redis;
    struct cluster *cluster;
    struct config *config;
    struct slots *slots;
    uint64_t mine[SLOT_COUNT]; /* what we were told */
    uint32_t n_mine, n_planned, n_unplanned, n_lost;
};

static struct node nodes[N_NODES];
static bool drop_gave;

static struct node *node_of(const char *id)
{
    for (int i = 0; i < N_NODES; i++) {
        if (nodes[i].slots && strcmp(nodes[i].id, id) == 0) {
            return &nodes[i];
        }
    }
    return NULL;
}

static void on_mail(void *ctx)
{
    struct mail *m = ctx;
    struct node *to = node_of(m->to);
    if (to && m->gave) {
        slots_got(to->slots, str_of(m->from), m->slots, m->epochs, m->n);
    } else if (to) {
        slots_asked(to->slots, str_of(m->from), m->slots, m->n);
    }
    mem_free(m);
}

static void post(struct node *from, struct str to, bool gave, const uint16_t *slots,
                 const uint64_t *epochs, uint32_t n)
{
    struct mail *m = mem_zalloc(sizeof(*m));
    strcpy(m->from, from->id);
    memcpy(m->to, to.p, to.n);
    m->gave = gave;
    m->n = n;
    memcpy(m->slots, slots, n * sizeof(*slots));
    if (epochs) {
        memcpy(m->epochs, epochs, n * sizeof(*epochs));
    }
    loop_timer_start(loop, &m->timer, 0, 0, on_mail, m);
}

static void on_gained(void *ctx, const uint16_t *slots, const uint64_t *epochs,
                      const uint64_t *planned, uint32_t n)
{
    struct node *me = ctx;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(me->mine[slots[i]], 0);
        assert_true(epochs[i] > 0 && planned[i] < epochs[i]);
        for (int k = 0; k < N_NODES; k++) { /* two may think so, but under different epochs */
            assert_true(nodes[k].mine[slots[i]] < epochs[i]);
        }
        me->mine[slots[i]] = epochs[i];
        me->n_mine++;
        *(planned[i] ? &me->n_planned : &me->n_unplanned) += 1;
        struct store_token t;
        assert_true(slots_token(me->slots, slots[i], &t));
        assert_int_equal(t.epoch, epochs[i]);
        assert_string_equal(t.nonce, cluster_nonce(me->cluster));
    }
}

static void on_lost_slot(void *ctx, uint16_t slot)
{
    struct node *me = ctx;
    struct store_token t;
    assert_true(me->mine[slot] > 0);
    assert_false(slots_token(me->slots, slot, &t) && t.epoch == me->mine[slot]);
    me->mine[slot] = 0;
    me->n_mine--;
    me->n_lost++;
}

static void send_ask(void *ctx, struct str shard, const uint16_t *slots, uint32_t n)
{
    post(ctx, shard, false, slots, NULL, n);
}

static void send_gave(void *ctx, struct str shard, const uint16_t *slots, const uint64_t *epochs,
                      uint32_t n)
{
    if (!drop_gave) {
        post(ctx, shard, true, slots, epochs, n);
    }
}

static void on_ready(void *ctx)
{
    slots_cluster_ready(((struct node *)ctx)->slots);
}

static void on_member(void *ctx, const struct cluster_member *m, uint64_t old_boot)
{
    (void)old_boot;
    slots_member(((struct node *)ctx)->slots, m);
}

static void on_lost(void *ctx)
{
    slots_cluster_lost(((struct node *)ctx)->slots);
}

static void on_unsafe(void *ctx, bool unsafe, const char *why)
{
    (void)ctx;
    (void)unsafe;
    (void)why;
}

static void on_state(void *ctx, bool up)
{
    struct node *n = ctx;
    if (n->cluster) {
        cluster_redis_state(n->cluster, up);
    }
}

static struct node *start(int i, const char *option)
{
    static const struct cluster_ops cluster_ops = {on_ready, on_member, on_lost, on_unsafe};
    static const struct slots_ops slots_ops = {on_gained, on_lost_slot, send_ask, send_gave};
    struct node *n = &nodes[i];
    *n = (struct node){.n_mine = 0};
    snprintf(n->id, sizeof(n->id), "s%d", i);
    struct cluster_self self = {.role = CLUSTER_SHARD, .id = n->id, .weight = 100};
    struct buf err;
    buf_init(&err);
    n->config = config_new();
    if (option) {
        assert_int_equal(config_set(n->config, str_of(option), &err), 0);
    }
    buf_deinit(&err);
    n->redis = redis_new(loop, server.url, on_state, n);
    n->cluster = cluster_new(loop, n->redis, &self, &cluster_ops, n);
    n->slots = slots_new(loop, n->redis, n->cluster, n->config, &slots_ops, n);
    return n;
}

static void end(struct node *n)
{
    slots_destroy(&n->slots);
    cluster_destroy(&n->cluster);
    redis_destroy(&n->redis);
    config_destroy(&n->config);
    memset(n->mine, 0, sizeof(n->mine));
    n->n_mine = 0;
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    server = (struct redis_server){.pid = 0};
    redis_server_start(&server);
    init_cluster(&server);
    drop_gave = false;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < N_NODES; i++) {
        if (nodes[i].slots) {
            end(&nodes[i]);
        }
    }
    run_until(loop, NULL, NULL, 50);
    redis_server_end(&server);
    loop_destroy(&loop);
    return 0;
}

/* ---- what to wait for */

static uint32_t share; /* slots that each live node should have, or one more */

static bool all_have_share(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < N_NODES; i++) {
        if (nodes[i].slots && (nodes[i].n_mine < share || nodes[i].n_mine > share + 1)) {
            return false;
        }
    }
    for (uint32_t s = 0; s < SLOT_COUNT; s++) { /* each has one holder: a sum can hide two errors */
        int holders = 0;
        for (int i = 0; i < N_NODES; i++) {
            holders += nodes[i].mine[s] > 0 ? 1 : 0;
        }
        if (holders != 1) {
            return false;
        }
    }
    return true;
}

static void wait_for_share(uint32_t n)
{
    share = n;
    if (!run_until(loop, all_have_share, NULL, RUN_WAIT_MS)) {
        fail_msg("shares: %u %u %u", nodes[0].n_mine, nodes[1].n_mine, nodes[2].n_mine);
    }
    /* And so says the table. */
    for (uint32_t s = 0; s < SLOT_COUNT; s += 64) {
        char owner[16];
        snprintf(owner, sizeof(owner), "%s", ask_text(&server, "HGET verona:{s%u}:own o", s));
        struct node *o = node_of(owner);
        assert_non_null(o);
        assert_int_equal(strtoull(ask_text(&server, "HGET verona:{s%u}:own e", s), NULL, 10),
                         o->mine[s]);
    }
}

static void count(void *ctx, uint16_t slot, uint64_t epoch)
{
    (void)slot;
    *(uint32_t *)ctx += epoch > 0 ? 1 : 0;
}

/* ---- tests */

static void slots_follow_the_members(void **state)
{
    (void)state;
    struct node *a = start(0, NULL);
    uint64_t from = loop_now_ms(loop);
    assert_int_equal(slots_owned(a->slots), 0);
    wait_for_share(SLOT_COUNT);
    assert_true(loop_now_ms(loop) - from >= 1900); /* a new cluster: others may still be starting */
    assert_int_equal(a->n_unplanned, SLOT_COUNT);
    assert_int_equal(slots_unassigned(a->slots), 0);
    uint32_t n = 0;
    slots_each(a->slots, count, &n);
    assert_int_equal(n, SLOT_COUNT);

    struct node *b = start(1, NULL); /* joins: gets its share by hand-over */
    wait_for_share(SLOT_COUNT / 2);
    assert_int_equal(a->n_lost, SLOT_COUNT / 2);
    /* Planned, but for those that it found in the table before it was told. */
    assert_in_range(b->n_planned, 1, SLOT_COUNT / 2);
    assert_int_equal(b->n_planned + b->n_unplanned, SLOT_COUNT / 2);

    drop_gave = true; /* the next one finds itself in the table */
    struct node *c = start(2, NULL);
    wait_for_share(SLOT_COUNT / 3);
    assert_int_equal(c->n_planned, 0);
    drop_gave = false;

    end(b); /* dies */
    a->n_lost = c->n_lost = 0;
    wait_for_share(SLOT_COUNT / 2);
    assert_int_equal(a->n_lost + c->n_lost, 0); /* nothing moved that had an owner */

    b = start(1, NULL); /* is back; then, at once, in another life: takes its own again */
    wait_for_share(SLOT_COUNT / 3);
    uint32_t had = b->n_mine;
    a->n_lost = c->n_lost = 0;
    end(b);
    b = start(1, NULL);
    wait_for_share(SLOT_COUNT / 3);
    assert_in_range(b->n_mine, had - 1, had + 1);
    assert_in_range(a->n_lost + c->n_lost, 0, 2);
}

static bool has_most(void *ctx)
{
    return ((struct node *)ctx)->n_mine >= 1500;
}

static bool has_all(void *ctx)
{
    return ((struct node *)ctx)->n_mine == SLOT_COUNT;
}

static void rooms_in_memory_hold_their_slot(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=1");
    wait_for_share(SLOT_COUNT);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, 1);
    }
    struct node *b = start(1, NULL);
    run_until(loop, NULL, NULL, 2000);
    assert_int_equal(b->n_mine, 0);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, s % 8 == 0);
    }
    assert_true(run_until(loop, has_most, b, RUN_WAIT_MS)); /* about seven eighths of its share */
    run_until(loop, NULL, NULL, 1000);
    assert_true(b->n_mine <= SLOT_COUNT / 2);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        assert_false(s % 8 == 0 && b->mine[s]);
        slots_loaded(a->slots, s, 0);
    }
    wait_for_share(SLOT_COUNT / 2);

    cluster_set_draining(a->cluster, true); /* everything leaves */
    assert_true(run_until(loop, has_all, b, RUN_WAIT_MS));
    assert_int_equal(a->n_mine, 0);
    assert_int_equal(b->n_planned + b->n_unplanned, SLOT_COUNT); /* each once */
}

static void a_new_cluster_waits_for_those_expected(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=2");
    run_until(loop, NULL, NULL, 3500);
    assert_int_equal(a->n_mine, 0);
    struct node *b = start(1, "cluster.expect_shards=2");
    wait_for_share(SLOT_COUNT / 2);
    assert_int_equal(a->n_lost + b->n_lost, 0); /* nothing had to move */
}

static bool has_nothing(void *ctx)
{
    return ((struct node *)ctx)->n_mine == 0;
}

static void who_is_declared_dead_drops_everything(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=1");
    wait_for_share(SLOT_COUNT);
    uint64_t epoch = a->mine[77];
    freeReplyObject(ask(&server, "HSET verona:shard:s0 state DEAD"));
    assert_true(run_until(loop, has_nothing, a, RUN_WAIT_MS));
    struct store_token t;
    assert_false(slots_token(a->slots, 77, &t));
    wait_for_share(SLOT_COUNT);
    assert_true(a->mine[77] > epoch);
}

static bool has_slot_9(void *ctx)
{
    return ((struct node *)ctx)->mine[9] > 0;
}

static void fenced_and_lost_slots(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=1");
    wait_for_share(SLOT_COUNT);
    uint64_t epoch = a->mine[9];

    /* Redis lost our claim and more: the epoch went back. It must not repeat. */
    freeReplyObject(ask(&server, "HSET verona:{s9}:own e 5 o dead n dead"));
    run_until(loop, NULL, NULL, 300);
    slots_fenced(a->slots, 9);
    assert_int_equal(a->mine[9], 0);
    assert_true(run_until(loop, has_slot_9, a, RUN_WAIT_MS));
    assert_true(a->mine[9] > epoch);

    /* A record that is gone is lost data, never a free slot. */
    freeReplyObject(ask(&server, "RENAME verona:{s9}:own kept"));
    slots_fenced(a->slots, 9);
    run_until(loop, NULL, NULL, 1500);
    assert_int_equal(a->mine[9], 0);
    assert_string_equal(ask_text(&server, "EXISTS verona:{s9}:own"), "0");
    assert_int_equal(slots_unassigned(a->slots), 1);
    freeReplyObject(ask(&server, "RENAME kept verona:{s9}:own"));
    assert_true(run_until(loop, has_slot_9, a,
                          RUN_WAIT_MS)); /* and when it is back, it is ours as before */
}

static void an_outage_moves_nothing(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=2");
    struct node *b = start(1, "cluster.expect_shards=2");
    wait_for_share(SLOT_COUNT / 2);
    redis_server_settle(&server, loop);
    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 2500);
    redis_server_start(&server);
    run_until(loop, NULL, NULL, 3000);
    assert_int_equal(a->n_lost + b->n_lost, 0);
    wait_for_share(SLOT_COUNT / 2);
    struct node *c = start(2, NULL);
    wait_for_share(SLOT_COUNT / 3);
    assert_int_equal(a->n_lost + b->n_lost, c->n_mine);
}

static bool knows_both(void *ctx)
{
    struct node *n = ctx;
    return cluster_find(n->cluster, CLUSTER_SHARD, STR("s1")) && slots_unassigned(n->slots) == 0;
}

/* What was announced counts for that epoch alone. Another one may come after a takeover, and
 * whoever was in a room before must be told. */
static void an_announcement_is_for_one_epoch(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=1");
    wait_for_share(SLOT_COUNT);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, 1);
    }
    struct node *b = start(1, NULL);
    assert_true(run_until(loop, knows_both, b, RUN_WAIT_MS));
    static uint16_t all[SLOT_COUNT];
    static uint64_t epochs[SLOT_COUNT];
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        all[s] = s;
        epochs[s] = a->mine[s] + 1; /* which came to nothing */
    }
    slots_got(b->slots, STR("s0"), all, epochs, SLOT_COUNT);
    drop_gave = true;
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, 0);
    }
    wait_for_share(SLOT_COUNT / 2);
    assert_int_equal(b->n_planned, 0);
}

static bool is_giving(void *ctx)
{
    struct node *n = ctx;
    struct store_token t;
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (n->mine[s] && !slots_token(n->slots, s, &t)) {
            return true;
        }
    }
    return false;
}

/* Redis stops answering while slots are being given away: as long as nobody can tell whose they
 * are, the giver takes nothing in, and afterwards every slot is somebody's. */
static void gifts_without_an_answer(void **state)
{
    (void)state;
    struct node *a = start(0, "cluster.expect_shards=1");
    wait_for_share(SLOT_COUNT);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, 1);
    }
    struct node *b = start(1, NULL);
    assert_true(run_until(loop, knows_both, a, RUN_WAIT_MS));
    redis_server_settle(&server, loop);
    kill(server.pid, SIGSTOP);
    for (uint16_t s = 0; s < SLOT_COUNT; s++) {
        slots_loaded(a->slots, s, 0);
    }
    assert_true(run_until(loop, is_giving, a, RUN_WAIT_MS));
    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 300); /* the connection is lost, and the answer with it */
    assert_true(is_giving(a));
    redis_server_start(&server);
    wait_for_share(SLOT_COUNT / 2);
    assert_false(is_giving(a));
    assert_int_equal(b->n_mine, SLOT_COUNT / 2);
}

int main(void)
{
    log_set_level(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(slots_follow_the_members),
        TEST(rooms_in_memory_hold_their_slot),
        TEST(a_new_cluster_waits_for_those_expected),
        TEST(who_is_declared_dead_drops_everything),
        TEST(fenced_and_lost_slots),
        TEST(an_outage_moves_nothing),
        TEST(an_announcement_is_for_one_epoch),
        TEST(gifts_without_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
