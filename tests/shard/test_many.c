/* test_many.c: rooms with many affiliations: ten times as many cost about ten times as much to load
 * and to list, and a change of one writes one. With both stores, through room and deliver. */
#include "cluster/redis_server.h"

#include "base/limits.h"
#include "proto/muc.pb-c.h"
#include "proto/wire.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/deliver.h"
#include "shard/store.h"

#include <time.h>

#define NONCE "0123456789abcdef0123456789abcdef"
#define ROOM "many@muc.example.org"
#define OWNER "bob@example.org"

enum {
    FEW = 1000,
    MANY = 10 * FEW,
    PER_COMMIT = 500,
    TIMES = 7, /* of each step; the best counts: what else runs here only ever adds */
    /* Times as long at the most, for ten times as many: n log n makes 14, n * n 100, and what no
     * longer fits a cache that others use as well has made 17. */
    MOST = 25,
    SLACK_US = 2000,  /* what else a turn of the loop may have to do */
    NAMED_EVERY = 10, /* one of so many has a reserved nick */
};

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static struct store *store;

static const struct store_token token = {5, 100, NONCE};
static const struct room_service service = {.history_default = 20};

/* ---- time of this process: what Redis and the machine do besides does not count */

static uint64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t best(const uint64_t *list)
{
    uint64_t least = list[0];
    for (int i = 1; i < TIMES; i++) {
        least = list[i] < least ? list[i] : least;
    }
    return least;
}

/* ---- the store */

static void on_commit(void *ctx, int err)
{
    assert_int_equal(err, 0);
    *(bool *)ctx = true;
    loop_stop(loop);
}

static void commit(const struct store_entry *e)
{
    bool done = false;
    store->ops->commit(store, &token, STR(ROOM), e, 1, on_commit, &done);
    while (!done) {
        loop_run(loop);
    }
}

static struct event_name last;

static void commit_fx(const struct fx *fx)
{
    struct store_entry e = {.name = {100, last.s + 1},
                            .prev = last,
                            .now_ms = 1000 + last.s,
                            .gwboot = STR("g:1"),
                            .rseq = last.s + 1,
                            .fx = fx};
    commit(&e);
    last = e.name;
}

static void make_room(uint32_t n)
{
    static struct room_affiliation list[PER_COMMIT];
    static char text[PER_COMMIT][3][64];
    struct fx fx = {.type = FX_PERSIST};
    last = (struct event_name){0, 0};
    fx.persist.kind = FXS_CREATE;
    fx.persist.state_changed = true;
    fx.persist.state.creator = fx.persist.by = STR(OWNER);
    fx.persist.state.config.persistent = true;
    fx.persist.state.ver = 1;
    list[0] = (struct room_affiliation){
        .jid = STR(OWNER), .affiliation = AFFIL_OWNER, .by = STR(OWNER), .ver = 1};
    fx.persist.changes = list;
    fx.persist.n_changes = 1;
    commit_fx(&fx);
    fx.persist.kind = FXS_AFFILIATIONS;
    for (uint32_t i = 1; i < n;) {
        uint32_t k = 0;
        for (; k < PER_COMMIT && i < n; k++, i++) {
            snprintf(text[k][0], 64, "somebody-%u@example.org", i);
            snprintf(text[k][1], 64, "Two members vouched for number %u.", i);
            snprintf(text[k][2], 64, "Some%u", i);
            list[k] = (struct room_affiliation){
                .jid = str_of(text[k][0]),
                .affiliation = AFFIL_MEMBER,
                .reason = str_of(text[k][1]),
                .by = STR(OWNER),
                .nick = i % NAMED_EVERY == 0 ? str_of(text[k][2]) : STR_NULL,
                .ver = ++fx.persist.state.ver,
            };
        }
        fx.persist.n_changes = k;
        commit_fx(&fx);
    }
}

struct loaded {
    bool done;
    struct room *room;
};

static void on_load(void *ctx, int err, const struct store_room *found)
{
    struct loaded *l = ctx;
    assert_int_equal(err, 0);
    assert_true(found->exists);
    l->room = room_load(STR(ROOM), &service, &found->image);
    l->done = true;
    loop_stop(loop);
}

static struct room *load(void)
{
    struct loaded l = {false, NULL};
    store->ops->load(store, token.slot, STR(ROOM), on_load, &l);
    while (!l.done) {
        loop_run(loop);
    }
    room_check(l.room);
    return l.room;
}

/* ---- the room */

static struct str gateway_name(void *ctx, gateway_ref gw)
{
    (void)ctx;
    (void)gw;
    return STR("g:1");
}

static void step(struct room *room, struct room_effects *fx, const struct room_event *ev)
{
    room_effects_reset(fx);
    assert_int_equal(room_step(room, ev, fx), 0);
}

static struct room_event by_owner(enum room_ev_type type, const struct room_item *item)
{
    struct room_event ev = {.type = type, .now_ms = 100000, .epoch = token.epoch, .id = STR("i")};
    ev.origin = (struct room_origin){1, 1, 1, STR(OWNER "/r")};
    ev.admin.items = item;
    ev.admin.n = 1;
    return ev;
}

/* The whole list, as items of the bus. Returns the microseconds. */
static uint64_t list_members(struct room *room, uint32_t n)
{
    const struct room_item item = {.affiliation = AFFIL_MEMBER};
    struct room_event ev = by_owner(ROOM_EV_ADMIN_GET, &item);
    struct deliver_env env = {token.slot, token.epoch, STR(ROOM), gateway_name, NULL};
    struct room_effects fx;
    struct deliver_out out;
    room_effects_init(&fx);
    deliver_out_init(&out);
    uint64_t began = cpu_us();
    step(room, &fx, &ev);
    struct deliver_step s = {
        .state = room, .origin = &fx.origin, .fx = &fx, .name = last, .prev = last};
    deliver(&env, &s, &out);
    uint64_t took = cpu_us() - began;
    assert_int_equal(fx.n, 1);
    assert_int_equal(fx.list[0].reply.n_items, n);
    assert_true(out.n >= n / 4000); /* chunks, below the limit of a message */
    for (uint32_t i = 0; i < out.n; i++) {
        assert_true(out.items[i].item.n < 2 * LIMIT_BUS_CHUNK);
    }
    deliver_out_deinit(&out);
    room_effects_deinit(&fx);
    return took;
}

/* Somebody in the middle becomes an admin, and a member again the next time. */
static uint64_t change_one(struct room *room, uint32_t which, bool up)
{
    char jid[64];
    snprintf(jid, sizeof(jid), "somebody-%u@example.org", which);
    const struct room_item item = {.jid = str_of(jid),
                                   .affiliation = up ? AFFIL_ADMIN : AFFIL_MEMBER};
    struct room_event ev = by_owner(ROOM_EV_ADMIN_SET, &item);
    struct room_effects fx;
    room_effects_init(&fx);
    uint64_t began = cpu_us();
    step(room, &fx, &ev);
    assert_int_equal(fx.n, 1);
    assert_int_equal(fx.list[0].type, FX_PERSIST);
    assert_int_equal(fx.list[0].persist.n_changes, 1);
    assert_true(str_is(fx.list[0].persist.changes[0].jid, jid));
    commit_fx(&fx.list[0]);
    struct room_event done = {.type = ROOM_EV_PERSISTED, .now_ms = 100000, .epoch = token.epoch};
    step(room, &fx, &done);
    uint64_t took = cpu_us() - began;
    room_check(room);
    room_effects_deinit(&fx);
    return took;
}

/* ---- what a change writes */

static redisReply *stored(const char *command, const char *kind, const char *more)
{
    struct buf line;
    buf_init(&line);
    buf_printf(&line, "%s ", command);
    cluster_slot_key(&line, token.slot, kind, STR(ROOM));
    buf_printf(&line, " %s", more);
    buf_c(&line, '\0');
    redisReply *r = ask(&server, "%s", line.data);
    buf_deinit(&line);
    return r;
}

static int by_field(const void *a, const void *b)
{
    const redisReply *const *x = a, *const *y = b; /* field, value */
    return strcmp((*x)->str, (*y)->str);
}

/* Of two HGETALLs: values that differ under the same fields. */
static uint32_t differences(redisReply *a, redisReply *b)
{
    uint32_t n = 0;
    assert_int_equal(a->elements, b->elements);
    qsort(a->element, a->elements / 2, 2 * sizeof(a->element[0]), by_field);
    qsort(b->element, b->elements / 2, 2 * sizeof(b->element[0]), by_field);
    for (size_t i = 0; i + 1 < a->elements; i += 2) {
        assert_string_equal(a->element[i]->str, b->element[i]->str);
        n += !str_eq(redis_str(a->element[i + 1]), redis_str(b->element[i + 1]));
    }
    return n;
}

static long long hash_writes(void)
{
    redisReply *r = ask(&server, "INFO commandstats");
    const char *at = strstr(r->str, "cmdstat_hset:calls=");
    long long n = at ? atoll(at + strlen("cmdstat_hset:calls=")) : 0;
    freeReplyObject(r);
    return n;
}

/* One field of the room's affiliations, one entry of its log, which names one change; nothing else
 * grows with the room. Returns how often a hash was written to. */
static long long one_change_writes_one(struct room *room, uint32_t which)
{
    redisReply *before = stored("HGETALL", "aff", ""), *nicks = stored("HGETALL", "nicks", "");
    redisReply *log = stored("XLEN", "log", "");
    long long writes = hash_writes(), entries = log->integer;
    freeReplyObject(log);
    (void)change_one(room, which, true);
    writes = hash_writes() - writes;
    redisReply *after = stored("HGETALL", "aff", ""), *nicks_after = stored("HGETALL", "nicks", "");
    assert_int_equal(differences(before, after), 1);
    assert_int_equal(differences(nicks, nicks_after), 0);
    log = stored("XLEN", "log", "");
    assert_int_equal(log->integer, entries + 1);
    freeReplyObject(log);
    log = stored("XREVRANGE", "log", "+ - COUNT 1");
    assert_int_equal(log->elements, 1);
    struct arena a;
    arena_init(&a);
    const Verona__LogEntry *m = (const void *)wire_unpack(
        &verona__log_entry__descriptor, redis_str(log->element[0]->element[1]->element[1]), &a);
    assert_non_null(m);
    assert_int_equal(m->n_changes, 1);
    arena_deinit(&a);
    freeReplyObject(log);
    freeReplyObject(before);
    freeReplyObject(after);
    freeReplyObject(nicks);
    freeReplyObject(nicks_after);
    (void)change_one(room, which, false);
    return writes;
}

/* ---- both sizes */

struct cost {
    uint64_t load, list, change; /* microseconds */
    long long writes;
};

static struct cost measure(uint32_t n)
{
    uint64_t loads[TIMES], lists[TIMES], changes[TIMES];
    struct cost c = {0, 0, 0, 0};
    make_room(n);
    for (int i = 0; i < TIMES; i++) {
        uint64_t began = cpu_us();
        struct room *room = load();
        loads[i] = cpu_us() - began;
        lists[i] = list_members(room, n - 1);
        changes[i] = change_one(room, n / 2 + (uint32_t)i, true);
        (void)change_one(room, n / 2 + (uint32_t)i, false);
        if (i == 0 && redis) {
            c.writes = one_change_writes_one(room, n / 3);
        }
        room_destroy(&room);
    }
    c.load = best(loads);
    c.list = best(lists);
    c.change = best(changes);
    return c;
}

static void no_worse(const char *what, uint64_t few, uint64_t many)
{
    if (many > MOST * few + SLACK_US) {
        fail_msg("%s: %llu us for %d, %llu us for %d", what, (unsigned long long)few, FEW,
                 (unsigned long long)many, MANY);
    }
}

static void compare(const struct cost *few, const struct cost *many)
{
    no_worse("load", few->load, many->load);
    no_worse("list", few->list, many->list);
    no_worse("change", few->change, many->change);
    assert_int_equal(few->writes, many->writes);
    if (getenv("TEST_LOG")) {
        print_message("load %llu %llu, list %llu %llu, change %llu %llu us; %lld writes\n",
                      (unsigned long long)few->load, (unsigned long long)many->load,
                      (unsigned long long)few->list, (unsigned long long)many->list,
                      (unsigned long long)few->change, (unsigned long long)many->change,
                      many->writes);
    }
}

static void test_in_memory(void **state)
{
    (void)state;
    struct cost c[2];
    for (int i = 0; i < 2; i++) {
        loop = loop_new();
        store = store_mem_new(loop);
        c[i] = measure(i ? MANY : FEW);
        store->ops->destroy(&store);
        loop_destroy(&loop);
    }
    compare(&c[0], &c[1]);
}

static void test_in_redis(void **state)
{
    (void)state;
    struct cost c[2];
    for (int i = 0; i < 2; i++) {
        loop = loop_new();
        server = (struct redis_server){.pid = 0};
        redis_server_start(&server);
        init_cluster(&server);
        freeReplyObject(ask(&server, "HSET verona:{s5}:own e 100 n " NONCE));
        redis = redis_new(loop, server.url, NULL, NULL);
        store = store_redis_new(loop, redis, 3000, &(struct store_limits){0});
        c[i] = measure(i ? MANY : FEW);
        store->ops->destroy(&store);
        redis_destroy(&redis);
        run_until(loop, NULL, NULL, 20);
        redis_server_end(&server);
        loop_destroy(&loop);
    }
    compare(&c[0], &c[1]);
}

int main(void)
{
    log_set_level(LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_memory),
        cmocka_unit_test(test_in_redis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
