/* test_store_archive.c: the log of a room as its archive, in both stores: reading it both ways,
 * messages taken back, and what is kept. */
#include "cluster/redis_server.h"

#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/codec_store.h"
#include "shard/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define ROOM "r@c"

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static struct store *store;
static bool with_redis;
static struct store_token token;
static struct event_name last; /* newest event of the room */
static uint32_t keep;
static uint64_t since;

/* ---- asking */

struct result {
    bool done;
    int err;
    uint32_t n;
    struct store_logged first, newest; /* names, stamps and flags only */
    char text[16384];
};

static bool is_done(void *ctx)
{
    return ((struct result *)ctx)->done;
}

static void append(struct result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void append(struct result *r, const char *fmt, ...)
{
    va_list ap;
    size_t n = strlen(r->text);
    va_start(ap, fmt);
    vsnprintf(r->text + n, sizeof(r->text) - n, fmt, ap);
    va_end(ap);
}

static void put_message(struct result *r, const struct room_message *m)
{
    append(r, "%llu-%llu %.*s:%.*s", (unsigned long long)m->name.e, (unsigned long long)m->name.s,
           STR_FMT(m->nick), STR_FMT(m->payload));
    if (m->retracts.s) {
        append(r, " retracts %llu-%llu", (unsigned long long)m->retracts.e,
               (unsigned long long)m->retracts.s);
    }
    if (m->gone) {
        append(r, " gone");
    }
    if (m->gone || m->by.moderated) {
        append(r, " by %.*s@%llu", STR_FMT(m->by.id), (unsigned long long)m->by.stamp_ms);
    }
    if (m->by.moderated) {
        append(r, " %.*s/%.*s (%.*s)", STR_FMT(m->by.nick), STR_FMT(m->by.occupant_id),
               STR_FMT(m->by.reason));
    }
    append(r, "; ");
}

static void on_read(void *ctx, int err, const struct store_logged *list, uint32_t n)
{
    struct result *r = ctx;
    assert_false(r->done);
    r->done = true;
    r->err = err;
    r->n = n;
    for (uint32_t i = 0; i < n && strlen(r->text) < 4096; i++) {
        append(r, "%s", list[i].in_archive ? "" : "-");
        put_message(r, &list[i].m);
    }
    if (n > 0) {
        r->first = list[0];
        r->newest = list[n - 1];
    }
}

static struct result *ask_range(const struct store_range *range)
{
    static struct result r;
    r = (struct result){.done = false};
    store->ops->read(store, 5, STR(ROOM), range, on_read, &r);
    assert_false(r.done); /* never from within the call */
    assert_true(run_until(loop, is_done, &r, RUN_WAIT_MS));
    return &r;
}

static struct event_name at(uint64_t e, uint64_t s)
{
    return (struct event_name){e, s};
}

static struct result *range(struct event_name from, struct event_name to, bool backward,
                            uint32_t count)
{
    const struct store_range r = {.from = from, .to = to, .backward = backward, .count = count};
    return ask_range(&r);
}

static struct result *all(bool backward)
{
    return range(at(0, 0), at(UINT64_MAX, UINT64_MAX), backward, 5000);
}

static void on_load(void *ctx, int err, const struct store_room *room)
{
    struct result *r = ctx;
    r->done = true;
    r->err = err;
    for (uint32_t i = 0; !err && i < room->image.n_history; i++) {
        put_message(r, &room->image.history[i]);
    }
    if (!err && room->exists) {
        assert_int_equal(room->image.born.e, 100);
        assert_true(room->image.config.archive);
        assert_int_equal(room->image.config.archive_messages, 77);
        assert_int_equal(room->image.config.archive_days, 3);
    }
}

static const char *history(void)
{
    static struct result r;
    r = (struct result){.done = false};
    store->ops->load(store, 5, STR(ROOM), on_load, &r);
    assert_true(run_until(loop, is_done, &r, RUN_WAIT_MS));
    assert_int_equal(r.err, 0);
    return r.text;
}

/* ---- telling */

static void on_commit(void *ctx, int err)
{
    struct result *r = ctx;
    r->done = true;
    r->err = err;
}

/* n entries in one call, with the next names. */
static int commit(struct fx *fx, uint32_t n)
{
    static struct result r;
    struct store_entry *e = mem_zalloc(n * sizeof(*e));
    struct event_name name = last;
    r = (struct result){.done = false};
    for (uint32_t i = 0; i < n; i++) {
        e[i].prev = name;
        name = at(token.epoch, name.s + 1);
        e[i].name = name;
        e[i].now_ms = 1000 * name.s;
        e[i].fx = &fx[i];
        e[i].keep_messages = keep;
        e[i].keep_since_ms = since;
        fx[i].persist.m.stamp_ms = e[i].now_ms;
    }
    store->ops->commit(store, &token, STR(ROOM), e, n, on_commit, &r);
    mem_free(e);
    assert_true(run_until(loop, is_done, &r, RUN_WAIT_MS));
    if (r.err == 0) {
        last = name;
    }
    return r.err;
}

static struct fx persist(enum fx_persist_kind kind)
{
    struct fx fx = {.type = FX_PERSIST};
    fx.persist.kind = kind;
    return fx;
}

static struct fx message(const char *body, bool archived)
{
    struct fx fx = persist(FXS_MESSAGE);
    fx.persist.in_history = fx.persist.in_archive = archived;
    fx.persist.by = STR("bob@d");
    fx.persist.m = (struct room_message){.nick = STR("Bob"),
                                         .occupant_id = STR("b0b"),
                                         .id = STR("m"),
                                         .payload = str_of(body),
                                         .type = 2};
    return fx;
}

static void say(const char *body)
{
    struct fx fx = message(body, true);
    assert_int_equal(commit(&fx, 1), 0);
}

static void say_many(uint32_t n, bool archived)
{
    enum { AT_ONCE = 50 };
    struct fx fx[AT_ONCE];
    while (n > 0) {
        uint32_t k = n < AT_ONCE ? n : AT_ONCE;
        for (uint32_t i = 0; i < k; i++) {
            fx[i] = message("x", archived);
        }
        assert_int_equal(commit(fx, k), 0);
        n -= k;
    }
}

static void create(void)
{
    struct fx fx = persist(FXS_CREATE);
    fx.persist.state_changed = true;
    fx.persist.state = (struct room_image){.creator = STR("bob@d"), .born = at(100, last.s + 1)};
    fx.persist.state.config.archive = true;
    fx.persist.state.config.archive_messages = 77;
    fx.persist.state.config.archive_days = 3;
    assert_int_equal(commit(&fx, 1), 0);
}

static void own(uint64_t epoch)
{
    token = (struct store_token){5, epoch, NONCE};
    if (with_redis) {
        freeReplyObject(
            ask(&server, "HSET verona:{s5}:own e %llu n %s", (unsigned long long)epoch, NONCE));
    } else {
        store_mem_fence(store, 5, epoch, NONCE);
    }
}

#define redis_count(...) strtoll(ask_text(&server, __VA_ARGS__), NULL, 10)

/* ---- setup */

static int setup(bool redis_too)
{
    with_redis = redis_too;
    last = at(0, 0);
    keep = 300;
    since = 0;
    loop = loop_new();
    if (with_redis) {
        server = (struct redis_server){.pid = 0};
        redis_server_start(&server);
        init_cluster(&server);
        redis = redis_new(loop, server.url, NULL, NULL);
        store = store_redis_new(loop, redis, 2000, &(struct store_limits){0});
    } else {
        store = store_mem_new(loop);
    }
    own(100);
    create();
    return 0;
}

static int setup_mem(void **state)
{
    (void)state;
    return setup(false);
}

static int setup_redis(void **state)
{
    (void)state;
    return setup(true);
}

static int teardown(void **state)
{
    (void)state;
    store->ops->destroy(&store);
    if (with_redis) {
        redis_destroy(&redis);
        run_until(loop, NULL, NULL, 20);
        redis_server_end(&server);
    }
    loop_destroy(&loop);
    return 0;
}

/* ---- reading */

/* X0313-order */
static void it_is_read_both_ways_over_owners(void **state)
{
    (void)state;
    say("a");
    say("b");
    own(200);
    say("c");
    own(9000); /* names are numbers, not text */
    say("d");
    assert_int_equal(last.e, 9000);
    struct result *r = all(false);
    assert_int_equal(r->err, 0);
    assert_string_equal(r->text, "-100-1 :; 100-2 Bob:a; 100-3 Bob:b; 200-4 Bob:c; 9000-5 Bob:d; ");
    r = range(at(100, 3), at(200, 4), false, 10);
    assert_string_equal(r->text, "100-3 Bob:b; 200-4 Bob:c; ");
    r = range(at(100, 3), at(UINT64_MAX, UINT64_MAX), false, 2);
    assert_string_equal(r->text, "100-3 Bob:b; 200-4 Bob:c; ");
    r = range(at(200, 5), at(UINT64_MAX, UINT64_MAX), false, 2);
    assert_string_equal(r->text, "9000-5 Bob:d; ");
    r = range(at(100, 0), at(200, UINT64_MAX), true, 2);
    assert_string_equal(r->text, "200-4 Bob:c; 100-3 Bob:b; ");
    r = range(at(0, 1), at(100, 2), true, 9);
    assert_string_equal(r->text, "100-2 Bob:a; -100-1 :; ");
    r = range(at(300, 0), at(400, 0), true, 9);
    assert_int_equal(r->err + (int)r->n, 0);
    const struct event_name names[] = {at(9000, 5), at(100, 4), at(100, 2)};
    const struct store_range some = {.names = names, .n_names = 3};
    r = ask_range(&some);
    assert_int_equal(r->n, 2); /* in whatever order */
    assert_non_null(strstr(r->text, "9000-5 Bob:d; "));
    assert_non_null(strstr(r->text, "100-2 Bob:a; "));
}

static void a_room_that_is_not_there_has_no_log(void **state)
{
    (void)state;
    struct result r = {.done = false};
    const struct store_range range_ = {.to = {UINT64_MAX, UINT64_MAX}, .count = 9};
    store->ops->read(store, 6, STR("other@c"), &range_, on_read, &r);
    assert_true(run_until(loop, is_done, &r, RUN_WAIT_MS));
    assert_int_equal(r.err, 0);
    assert_int_equal(r.n, 0);
}

/* ---- taking back */

static struct fx retraction(struct event_name target, const char *occupant_id, const char *id)
{
    struct fx fx = message("oops", true);
    fx.persist.in_history = false;
    fx.persist.m.occupant_id = str_of(occupant_id);
    fx.persist.m.id = str_of(id);
    fx.persist.m.retracts = target;
    return fx;
}

static struct fx moderation(struct event_name target)
{
    struct fx fx = persist(FXS_MODERATE);
    fx.persist.in_archive = true;
    fx.persist.m = (struct room_message){.id = STR("mod"),
                                         .type = 2,
                                         .retracts = target,
                                         .by = {.id = STR("mod"),
                                                .stamp_ms = 5,
                                                .moderated = true,
                                                .has_reason = true,
                                                .nick = STR("Amy"),
                                                .occupant_id = STR("a3y"),
                                                .reason = STR("rude")}};
    return fx;
}

/* X0424-tombstone, X0424-author, X0424-stored, X0424-unknown */
static void a_sender_takes_his_own_back(void **state)
{
    (void)state;
    say("a");
    say("b");
    struct fx fx[] = {retraction(at(100, 2), "b0b", "r1"), message("c", true),
                      retraction(at(100, 3), "other", "r2"), retraction(at(100, 99), "b0b", "r3"),
                      retraction(at(100, 2), "b0b", "r4")};
    assert_int_equal(commit(fx, 5), 0);
    struct result *r = all(false);
    assert_string_equal(r->text, "-100-1 :; 100-2 Bob: gone by r1@4000; 100-3 Bob:b; "
                                 "100-4 Bob:oops retracts 100-2; 100-5 Bob:c; "
                                 "100-6 Bob:oops retracts 100-3; 100-7 Bob:oops retracts 100-99; "
                                 "100-8 Bob:oops retracts 100-2; ");
    assert_string_equal(history(), "100-2 Bob: gone by r1@4000; 100-3 Bob:b; 100-5 Bob:c; ");
    /* what is no message cannot be taken back */
    struct fx of_room = retraction(at(100, 1), "", "r5");
    of_room.persist.m.occupant_id = STR("b0b");
    assert_int_equal(commit(&of_room, 1), 0);
    assert_non_null(strstr(all(false)->text, "-100-1 :; "));
}

/* X0425-tombstone, X0425-not-found, X0425-archived */
static void a_moderator_takes_any_back(void **state)
{
    (void)state;
    say("a");
    say("b");
    struct fx fx = moderation(at(100, 9));
    assert_int_equal(commit(&fx, 1), ERR_NOTFOUND);
    fx = moderation(at(100, 1)); /* the creation */
    assert_int_equal(commit(&fx, 1), ERR_NOTFOUND);
    fx = moderation(at(99, 2));
    assert_int_equal(commit(&fx, 1), ERR_NOTFOUND);
    assert_int_equal(all(false)->n, 3); /* nothing was done */
    fx = moderation(at(100, 3));
    assert_int_equal(commit(&fx, 1), 0);
    fx = moderation(at(100, 4)); /* the room's own word */
    assert_int_equal(commit(&fx, 1), ERR_NOTFOUND);
    fx = retraction(at(100, 3), "b0b", "r1"); /* the moderator's word stays */
    assert_int_equal(commit(&fx, 1), 0);
    fx = retraction(at(100, 2), "b0b", "r2");
    assert_int_equal(commit(&fx, 1), 0);
    fx = moderation(at(100, 2)); /* and is the last */
    assert_int_equal(commit(&fx, 1), 0);
    assert_string_equal(all(true)->text,
                        "100-7 : retracts 100-2 by mod@5 Amy/a3y (rude); "
                        "100-6 Bob:oops retracts 100-2; 100-5 Bob:oops retracts 100-3; "
                        "100-4 : retracts 100-3 by mod@5 Amy/a3y (rude); "
                        "100-3 Bob: gone by mod@5 Amy/a3y (rude); "
                        "100-2 Bob: gone by mod@5 Amy/a3y (rude); -100-1 :; ");
    assert_string_equal(history(), "100-2 Bob: gone by mod@5 Amy/a3y (rude); "
                                   "100-3 Bob: gone by mod@5 Amy/a3y (rude); ");
}

/* ---- what is kept */

/* X0313-retention-count */
static void as_many_as_the_room_keeps(void **state)
{
    (void)state;
    say_many(900, true);
    struct result *r = all(false);
    assert_in_range(r->n, 300, 300 + 70);
    assert_true(r->newest.m.name.s == last.s);
    assert_int_equal(r->newest.m.name.s - r->first.m.name.s + 1, r->n); /* no hole */
    keep = 10; /* what history needs stays */
    say_many(300, true);
    assert_in_range(all(false)->n, LIMIT_HISTORY, LIMIT_HISTORY + 70);
    keep = 300;
    say_many(400, true);
    assert_in_range(all(false)->n, 300, 370);
    keep = 0; /* the archive was turned off */
    say_many(200, false);
    r = all(false);
    assert_in_range(r->n, LIMIT_HISTORY, LIMIT_HISTORY + 70);
}

/* What is not archived passes through, and pushes nothing out. */
static void only_what_is_archived(void **state)
{
    (void)state;
    say("precious");
    say_many(1500, false);
    struct result *r = all(false);
    assert_in_range(r->n, LIMIT_HISTORY, LIMIT_HISTORY + 70);
    assert_non_null(strstr(r->text, "100-2 Bob:precious; "));
    assert_int_equal(r->first.m.name.s, 2);
    for (int i = 0; i < 7; i++) {
        say_many(40, true);
        say_many(40, false);
    }
    r = all(false);
    assert_in_range(r->n, 281, 281 + LIMIT_HISTORY);
    assert_non_null(strstr(r->text, "100-2 Bob:precious; "));
}

/* X0313-retention-age */
static void not_longer_than_the_room_keeps(void **state)
{
    (void)state;
    say_many(290, true); /* second n is at 1000 n */
    since = 1000 * 20;
    say_many(2, true);
    assert_in_range(all(false)->first.m.name.s, 17, 20);
    since = 1000 * 2000; /* all are too old: history stays */
    say_many(70, true);
    say_many(70, true);
    assert_in_range(all(false)->n, LIMIT_HISTORY, LIMIT_HISTORY + 70);
}

static void tombstones_go_with_their_messages(void **state)
{
    (void)state;
    say_many(100, true);
    struct fx fx[50];
    for (uint32_t i = 0; i < 50; i++) {
        fx[i] = retraction(at(100, 2 + i), "b0b", "r");
    }
    assert_int_equal(commit(fx, 50), 0);
    if (with_redis) {
        assert_int_equal(redis_count("HLEN verona:{s5}:gone:" ROOM), 50);
    }
    say_many(600, true);
    assert_true(all(false)->first.m.name.s > 52);
    if (with_redis) {
        assert_int_equal(redis_count("HLEN verona:{s5}:gone:" ROOM), 0);
    }
}

/* X0313-destroyed */
static void another_room_of_the_name_has_another_archive(void **state)
{
    (void)state;
    say("a");
    struct fx fx = retraction(at(100, 2), "b0b", "r1");
    assert_int_equal(commit(&fx, 1), 0);
    fx = persist(FXS_DESTROY);
    assert_int_equal(commit(&fx, 1), 0);
    if (with_redis) {
        assert_in_range(redis_count("TTL verona:{s5}:log:" ROOM), 1, 3600);
        assert_in_range(redis_count("TTL verona:{s5}:gone:" ROOM), 1, 3600);
    }
    create();
    say("b");
    assert_string_equal(all(false)->text, "-100-5 :; 100-6 Bob:b; ");
    if (with_redis) {
        assert_int_equal(redis_count("TTL verona:{s5}:log:" ROOM), -1);
        assert_int_equal(redis_count("EXISTS verona:{s5}:gone:" ROOM), 0);
    }
}

/* ---- faults */

static void reading_ends_with_the_store(void **state)
{
    (void)state;
    struct result r = {.done = false};
    const struct event_name name = at(100, 1);
    const struct store_range one = {.names = &name, .n_names = 1};
    store->ops->read(store, 5, STR(ROOM), &one, on_read, &r);
    store->ops->destroy(&store);
    assert_true(r.done);
    assert_int_equal(r.err, ERR_UNAVAILABLE);
    store = with_redis ? store_redis_new(loop, redis, 2000, &(struct store_limits){0})
                       : store_mem_new(loop);
}

static void the_memory_can_be_away(void **state)
{
    (void)state;
    store_mem_unavailable(store, true);
    assert_int_equal(all(false)->err, ERR_UNAVAILABLE);
}

static void redis_can_be_away(void **state)
{
    (void)state;
    say("a");
    redis_server_kill(&server);
    struct result *r = all(false);
    assert_int_equal(r->err, ERR_UNAVAILABLE);
    assert_int_equal(r->n, 0);
    redis_server_start(&server);
}

static void what_is_damaged_is_not_guessed(void **state)
{
    (void)state;
    say("a");
    freeReplyObject(ask(&server, "XADD verona:{s5}:log:" ROOM " 100-3 p nonsense"));
    assert_int_equal(all(false)->err, ERR_UNAVAILABLE);
    freeReplyObject(ask(&server, "XDEL verona:{s5}:log:" ROOM " 100-3"));
    assert_int_equal(all(false)->err, 0);
    freeReplyObject(ask(&server, "HSET verona:{s5}:gone:" ROOM " 100-2 nonsense"));
    assert_int_equal(all(false)->err, ERR_UNAVAILABLE);
    freeReplyObject(ask(&server, "DEL verona:{s5}:log:" ROOM));
    freeReplyObject(ask(&server, "SET verona:{s5}:log:" ROOM " text"));
    assert_int_equal(all(false)->err, ERR_UNAVAILABLE);
}

int main(void)
{
    log_set_level(LOG_ERROR);
#define MEM(f)                                                                                     \
    {                                                                                              \
        "memory: " #f, f, setup_mem, teardown, NULL                                                \
    }
#define REDIS(f)                                                                                   \
    {                                                                                              \
        "redis: " #f, f, setup_redis, teardown, NULL                                               \
    }
    const struct CMUnitTest tests[] = {
        MEM(it_is_read_both_ways_over_owners),
        REDIS(it_is_read_both_ways_over_owners),
        MEM(a_room_that_is_not_there_has_no_log),
        REDIS(a_room_that_is_not_there_has_no_log),
        MEM(a_sender_takes_his_own_back),
        REDIS(a_sender_takes_his_own_back),
        MEM(a_moderator_takes_any_back),
        REDIS(a_moderator_takes_any_back),
        MEM(as_many_as_the_room_keeps),
        REDIS(as_many_as_the_room_keeps),
        MEM(only_what_is_archived),
        REDIS(only_what_is_archived),
        MEM(not_longer_than_the_room_keeps),
        REDIS(not_longer_than_the_room_keeps),
        MEM(tombstones_go_with_their_messages),
        REDIS(tombstones_go_with_their_messages),
        MEM(another_room_of_the_name_has_another_archive),
        REDIS(another_room_of_the_name_has_another_archive),
        MEM(reading_ends_with_the_store),
        REDIS(reading_ends_with_the_store),
        MEM(the_memory_can_be_away),
        REDIS(redis_can_be_away),
        REDIS(what_is_damaged_is_not_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
