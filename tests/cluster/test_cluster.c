/* test_cluster.c: several members, as objects in one process, over a real Redis. */
#include "cluster/redis_server.h"

#include "cluster/cluster.h"
#include "rt/log.h"
#include "rt/redis.h"

static struct redis_server server;
static struct loop *loop;

struct node {
    struct redis *redis;
    struct cluster *cluster;
    int n_ready, n_lost, n_events;
    bool unsafe, left;
    char why[128];
    const char *watched; /* member whose changes are noted here */
    int n_seen, n_dead;
    uint64_t old_boot;
};

static void on_ready(void *ctx)
{
    ((struct node *)ctx)->n_ready++;
}

static void on_member(void *ctx, const struct cluster_member *m, uint64_t old_boot)
{
    struct node *n = ctx;
    n->n_events++;
    if (n->watched && strcmp(m->id, n->watched) == 0) {
        n->n_seen += m->alive ? 1 : 0;
        n->n_dead += m->alive ? 0 : 1;
        n->old_boot = old_boot;
    }
}

static void on_lost(void *ctx)
{
    ((struct node *)ctx)->n_lost++;
}

static void on_unsafe(void *ctx, bool unsafe, const char *why)
{
    struct node *n = ctx;
    n->unsafe = unsafe;
    snprintf(n->why, sizeof(n->why), "%s", why);
}

static void on_state(void *ctx, bool up)
{
    struct node *n = ctx;
    if (n->cluster) {
        cluster_redis_state(n->cluster, up);
    }
}

static void start(struct node *n, enum cluster_role role, const char *id, const char *watched)
{
    static const struct cluster_ops ops = {on_ready, on_member, on_lost, on_unsafe};
    struct cluster_self self = {
        .role = role,
        .id = id,
        .endpoint = "tcp://127.0.0.1:1",
        .admin = "a:1",
        .host = "h",
        .ports = "c2s=1",
        .weight = 50,
    };
    *n = (struct node){.watched = watched};
    n->redis = redis_new(loop, server.url, on_state, n);
    n->cluster = cluster_new(loop, n->redis, &self, &ops, n);
}

/* As kill -9: nothing is said. */
static void end(struct node *n)
{
    cluster_destroy(&n->cluster);
    redis_destroy(&n->redis);
}

static bool is_ready(void *ctx)
{
    return cluster_ready(((struct node *)ctx)->cluster);
}

static bool saw_member(void *ctx)
{
    return ((struct node *)ctx)->n_seen > 0;
}

static bool saw_dead(void *ctx)
{
    return ((struct node *)ctx)->n_dead > 0;
}

static bool was_lost(void *ctx)
{
    return ((struct node *)ctx)->n_lost > 0;
}

static bool is_unsafe(void *ctx)
{
    return ((struct node *)ctx)->unsafe;
}

static bool is_safe(void *ctx)
{
    return !((struct node *)ctx)->unsafe;
}

static bool has_left(void *ctx)
{
    return ((struct node *)ctx)->left;
}

static void on_left(void *ctx)
{
    ((struct node *)ctx)->left = true;
}

static int setup(void **state)
{
    (void)state;
    loop = loop_new();
    redis_server_start(&server);
    freeReplyObject(ask(&server, "FLUSHALL"));
    init_cluster(&server);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    redis_server_end(&server);
    server = (struct redis_server){0};
    loop_destroy(&loop);
    return 0;
}

/* ---- tests */

static void keys_are_spelled(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b);
    cluster_slot_key(&b, 12, "aff", STR("room@c"));
    buf_c(&b, ' ');
    cluster_slot_key(&b, 4095, "own", STR_NULL);
    buf_c(&b, ' ');
    cluster_record_key(&b, CLUSTER_GATEWAY, STR("g1"));
    buf_c(&b, 0);
    assert_string_equal(b.data, "verona:{s12}:aff:room@c verona:{s4095}:own verona:gateway:g1");
    buf_deinit(&b);
}

static void nobody_makes_a_cluster(void **state)
{
    (void)state;
    struct node a;
    freeReplyObject(ask(&server, "FLUSHALL"));
    start(&a, CLUSTER_SHARD, "a", NULL);
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    assert_non_null(strstr(a.why, "verona cluster init"));
    assert_string_equal(ask_text(&server, "DBSIZE"), "0");
    init_cluster(&server);
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    assert_false(a.unsafe);
    assert_string_equal(cluster_meta(a.cluster)->cluster_id, "c1");
    assert_int_equal(cluster_meta(a.cluster)->gen, 77);
    assert_int_equal(cluster_meta(a.cluster)->seed[15], 15);
    assert_int_equal(cluster_meta(a.cluster)->key[31], 31);
    end(&a);

    write_meta(&server, "c1", "1024"); /* another layout: refused */
    start(&a, CLUSTER_SHARD, "b", NULL);
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    assert_non_null(strstr(a.why, "slots"));
    assert_false(cluster_ready(a.cluster));
    assert_string_equal(ask_text(&server, "EXISTS verona:shard:b"), "0");
    end(&a);
}

static void members_come_and_go(void **state)
{
    (void)state;
    struct node a, g;
    start(&a, CLUSTER_SHARD, "a", "g");
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    assert_int_equal(a.n_events, 0); /* never about ourselves */
    start(&g, CLUSTER_GATEWAY, "g", "a");
    assert_true(run_until(loop, is_ready, &g, RUN_WAIT_MS));
    assert_int_equal(g.n_seen, 1);
    assert_true(run_until(loop, saw_member, &a, RUN_WAIT_MS));
    assert_int_equal(a.old_boot, 0);
    const struct cluster_member *m = cluster_find(g.cluster, CLUSTER_SHARD, STR("a"));
    assert_non_null(m);
    assert_string_equal(m->endpoint, "tcp://127.0.0.1:1");
    assert_int_equal(m->weight, 50);
    assert_int_equal(m->boot, cluster_boot(a.cluster));
    assert_string_equal(m->nonce, cluster_nonce(a.cluster));
    assert_null(cluster_find(g.cluster, CLUSTER_GATEWAY, STR("a")));
    assert_true(cluster_find(a.cluster, CLUSTER_SHARD, STR("a"))->alive); /* ourselves */

    int events = g.n_seen;
    cluster_set_draining(a.cluster, true);
    run_until(loop, NULL, NULL, 700);
    assert_int_equal(g.n_seen, events + 1);
    assert_true(m->draining && m->alive);

    cluster_leave(a.cluster, on_left);
    assert_true(run_until(loop, has_left, &a, RUN_WAIT_MS));
    assert_true(run_until(loop, saw_dead, &g, RUN_WAIT_MS));
    assert_int_equal(g.old_boot, m->boot);
    assert_string_equal(ask_text(&server, "HGET verona:shard:a state"), "GONE");
    assert_string_equal(ask_text(&server, "HEXISTS verona:members shard:a"), "0");
    uint64_t boot = m->boot;
    end(&a);

    g.n_seen = 0;
    start(&a, CLUSTER_SHARD, "a", NULL); /* the same id in another life */
    assert_true(run_until(loop, saw_member, &g, RUN_WAIT_MS));
    assert_int_equal(g.old_boot, boot);
    assert_true(m->boot > boot);
    end(&a);
    end(&g);
}

/* Lines of several processes can be joined by the hash of a JID, which tells nobody else anything.
 */
static void logs_share_a_key(void **state)
{
    (void)state;
    struct node n;
    char hash[2][9], alone[9];
    const struct str jid = STR("ann@localhost");
    for (int i = 0; i < 2; i++) {
        uint8_t other[16] = {(uint8_t)i};
        log_set_jid_key(other);
        snprintf(alone, sizeof(alone), "%.*s", STR_FMT(log_jid(jid)));
        start(&n, CLUSTER_GATEWAY, i ? "h" : "g", NULL);
        assert_true(run_until(loop, is_ready, &n, RUN_WAIT_MS));
        snprintf(hash[i], sizeof(hash[i]), "%.*s", STR_FMT(log_jid(jid)));
        assert_string_not_equal(hash[i], alone);
        end(&n);
    }
    assert_string_equal(hash[0], hash[1]);
}

static void the_silent_are_buried(void **state)
{
    (void)state;
    struct node a, b, c;
    start(&a, CLUSTER_SHARD, "a", "b");
    start(&b, CLUSTER_SHARD, "b", NULL);
    start(&c, CLUSTER_SHARD, "c", "b");
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS) &&
                run_until(loop, is_ready, &b, RUN_WAIT_MS) &&
                run_until(loop, is_ready, &c, RUN_WAIT_MS));
    assert_true(run_until(loop, saw_member, &a, RUN_WAIT_MS) &&
                run_until(loop, saw_member, &c, RUN_WAIT_MS));
    end(&b);
    uint64_t from = loop_now_ms(loop);
    assert_true(run_until(loop, saw_dead, &a, RUN_WAIT_MS) &&
                run_until(loop, saw_dead, &c, RUN_WAIT_MS));
    assert_true(loop_now_ms(loop) - from >= 900);
    assert_string_equal(ask_text(&server, "HGET verona:shard:b state"), "DEAD");
    assert_int_equal(a.n_dead, 1); /* told once */
    run_until(loop, NULL, NULL, 500);
    assert_int_equal(a.n_dead, 1);
    assert_int_equal(c.n_dead, 1);
    assert_int_equal(a.n_lost + c.n_lost, 0);

    uint64_t took = UINT64_MAX; /* with evidence it goes faster; one try may meet a busy moment */
    for (int i = 0; i < 5 && took > 800; i++) {
        start(&b, CLUSTER_SHARD, "b", NULL);
        assert_true(run_until(loop, is_ready, &b, RUN_WAIT_MS));
        run_until(loop, NULL, NULL, 400);
        end(&b);
        a.n_dead = 0;
        cluster_suspect(a.cluster, cluster_find(a.cluster, CLUSTER_SHARD, STR("b")));
        run_until(loop, NULL, NULL, 250); /* a renewal on its way ends a suspicion */
        cluster_suspect(a.cluster, cluster_find(a.cluster, CLUSTER_SHARD, STR("b")));
        from = loop_now_ms(loop);
        assert_true(run_until(loop, saw_dead, &a, RUN_WAIT_MS));
        took = loop_now_ms(loop) - from;
    }
    assert_true(took <= 800);
    end(&a);
    end(&c);
}

static void who_is_declared_dead_starts_a_new_life(void **state)
{
    (void)state;
    struct node a;
    start(&a, CLUSTER_SHARD, "a", NULL);
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    uint64_t boot = cluster_boot(a.cluster);
    char nonce[33];
    strcpy(nonce, cluster_nonce(a.cluster));
    freeReplyObject(ask(&server, "HSET verona:shard:a state DEAD"));
    assert_true(run_until(loop, was_lost, &a, RUN_WAIT_MS));
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    assert_int_equal(a.n_ready, 2);
    assert_true(cluster_boot(a.cluster) > boot);
    assert_string_not_equal(nonce, cluster_nonce(a.cluster));
    end(&a);
}

static void two_of_one_id_do_not_take_turns(void **state)
{
    (void)state;
    struct node a, b;
    start(&a, CLUSTER_SHARD, "x", NULL);
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    start(&b, CLUSTER_SHARD, "x", NULL);
    assert_true(run_until(loop, is_ready, &b, RUN_WAIT_MS));
    assert_true(run_until(loop, was_lost, &a, RUN_WAIT_MS));
    run_until(loop, NULL, NULL, 2500);
    assert_false(cluster_ready(a.cluster)); /* it waits */
    assert_int_equal(b.n_lost, 0);
    end(&b);
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    end(&a);
}

static void an_outage_kills_nobody(void **state)
{
    (void)state;
    struct node a, b;
    start(&a, CLUSTER_SHARD, "a", "b");
    start(&b, CLUSTER_SHARD, "b", "a");
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS) &&
                run_until(loop, is_ready, &b, RUN_WAIT_MS));
    assert_true(run_until(loop, saw_member, &a, RUN_WAIT_MS) &&
                run_until(loop, saw_member, &b, RUN_WAIT_MS));
    redis_server_settle(&server, loop);
    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 3000);
    redis_server_start(&server);
    run_until(loop, NULL, NULL, 4000);
    assert_int_equal(a.n_dead + b.n_dead + a.n_lost + b.n_lost, 0);
    assert_false(cluster_unsafe(a.cluster));
    end(&b); /* and the count goes on as before */
    assert_true(run_until(loop, saw_dead, &a, RUN_WAIT_MS));
    end(&a);
}

static void another_or_emptied_redis_is_unsafe(void **state)
{
    (void)state;
    struct node a;
    start(&a, CLUSTER_SHARD, "a", NULL);
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    freeReplyObject(ask(&server, "RENAME verona:meta kept"));
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    freeReplyObject(ask(&server, "RENAME kept verona:meta"));
    assert_true(run_until(loop, is_safe, &a, RUN_WAIT_MS));
    assert_int_equal(a.n_lost, 0);

    freeReplyObject(ask(&server, "HSET verona:meta cluster_id other"));
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    assert_non_null(strstr(a.why, "another cluster"));
    freeReplyObject(ask(&server, "HSET verona:meta cluster_id c1 gen 78"));
    run_until(loop, NULL, NULL, 500);
    assert_true(a.unsafe);
    freeReplyObject(ask(&server, "HSET verona:meta gen 77"));
    assert_true(run_until(loop, is_safe, &a, RUN_WAIT_MS));

    freeReplyObject(ask(&server, "FUNCTION FLUSH"));
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    assert_non_null(strstr(a.why, CLUSTER_LIBRARY));
    load_library(&server);
    assert_true(run_until(loop, is_safe, &a, RUN_WAIT_MS));

    freeReplyObject(
        ask(&server, "FLUSHALL")); /* all gone: unsafe, and nobody registers in nothing */
    assert_true(run_until(loop, is_unsafe, &a, RUN_WAIT_MS));
    run_until(loop, NULL, NULL, 1500);
    assert_string_equal(ask_text(&server, "DBSIZE"), "0");
    init_cluster(&server);
    assert_true(run_until(loop, was_lost, &a, RUN_WAIT_MS));
    assert_true(run_until(loop, is_ready, &a, RUN_WAIT_MS));
    end(&a);
}

static void sessions_are_compared(void **state)
{
    (void)state;
    redisReply *r;
    const char *argv[] = {
        "FCALL", "verona_session_bind", "1", "verona:session:u@d", "r1", "g 7 1 0", "2"};
#define CALL(n)                                                                                    \
    (r = redisCommandArgv(server.direct, n, argv, NULL), assert_non_null(r), reply_text(r))
    assert_string_equal(CALL(7), "");
    argv[5] = "g 7 2 0";
    assert_string_equal(CALL(7), "g 7 1 0"); /* the one it replaces */
    argv[4] = "r2";
    assert_string_equal(CALL(7), "");
    argv[4] = "r3";
    assert_string_equal(CALL(7), "TOOMANY 2");
    argv[1] = "verona_session_priority";
    argv[4] = "r1";
    argv[5] = "g 7 1";
    argv[6] = "5";
    assert_string_equal(CALL(7), "0"); /* that one was replaced */
    argv[5] = "g 7 2";
    assert_string_equal(CALL(7), "1");
    assert_string_equal(ask_text(&server, "HGET verona:session:u@d r1"), "g 7 2 5");
    argv[1] = "verona_session_unbind";
    argv[5] = "g 7";
    assert_string_equal(CALL(6), "1"); /* a whole word of it is enough ... */
    argv[5] = "g 7 2";
    assert_string_equal(CALL(6), "0");
    argv[4] = "r2";
    argv[5] = "g 7 22";
    assert_string_equal(CALL(6), "0"); /* ... half a word is not */
    argv[5] = "g 7 2";
    assert_string_equal(CALL(6), "1");
    assert_string_equal(ask_text(&server, "EXISTS verona:session:u@d"), "0");
#undef CALL
}

int main(void)
{
    log_set_level(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_spelled),
        TEST(nobody_makes_a_cluster),
        TEST(members_come_and_go),
        TEST(logs_share_a_key),
        TEST(the_silent_are_buried),
        TEST(who_is_declared_dead_starts_a_new_life),
        TEST(two_of_one_id_do_not_take_turns),
        TEST(an_outage_kills_nobody),
        TEST(another_or_emptied_redis_is_unsafe),
        TEST(sessions_are_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
