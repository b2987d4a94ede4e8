/* test_store_redis.c: both stores keep the same promises; and what only Redis can do to us. */
#include "cluster/redis_server.h"

#include "base/err.h"
#include "base/limits.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/codec_store.h"
#include "shard/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static struct store *store;
static bool with_redis;

static struct store_limits limits; /* of the next store with Redis */
static const struct store_token token = {5, 100, NONCE};

/* ---- answers */

struct result {
    bool done;
    int err;
    bool exists;
    struct event_name last;
    uint64_t history_from_ms;
    uint32_t n_counted; /* of the history, as activity */
    uint32_t n_marks;
    char text[8192]; /* what was found, in words */
};

static bool is_done(void *ctx)
{
    return ((struct result *)ctx)->done;
}

static bool is_up(void *ctx)
{
    (void)ctx;
    return redis_up(redis);
}

static bool is_down(void *ctx)
{
    return !is_up(ctx);
}

static void wait_for(struct result *r)
{
    assert_true(run_until(loop, is_done, r, RUN_WAIT_MS));
}

static void on_commit(void *ctx, int err)
{
    struct result *r = ctx;
    assert_false(r->done); /* answered once */
    r->done = true;
    r->err = err;
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

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void on_load(void *ctx, int err, const struct store_room *room)
{
    struct result *r = ctx;
    assert_false(r->done);
    r->done = true;
    r->err = err;
    if (err) {
        assert_null(room);
        return;
    }
    r->exists = room->exists;
    r->last = room->last;
    r->n_marks = room->n_marks;
    r->history_from_ms = room->exists ? room->image.history_from_ms : 0;
    if (room->moved_to.n > 0) {
        append(r, "moved to %.*s until %llu\n", STR_FMT(room->moved_to),
               (unsigned long long)room->moved_until_ms);
    }
    char *lines[64];
    uint32_t n = 0;
    for (uint32_t i = 0; i < room->n_marks; i++) {
        const struct store_mark *m = &room->marks[i];
        assert_true(asprintf(&lines[n++], "mark %.*s=%llu\n", STR_FMT(m->gwboot),
                             (unsigned long long)m->rseq) > 0);
    }
    for (uint32_t i = 0; i < room->image.n_affiliations; i++) {
        const struct room_affiliation *a = &room->image.affiliations[i];
        assert_true(asprintf(&lines[n++], "aff %.*s=%s by=%.*s reason=%.*s nick=%.*s ver=%llu\n",
                             STR_FMT(a->jid), affiliation_name(a->affiliation), STR_FMT(a->by),
                             STR_FMT(a->reason), STR_FMT(a->nick), (unsigned long long)a->ver) > 0);
    }
    qsort(lines, n, sizeof(*lines), by_text); /* hashes have no order */
    for (uint32_t i = 0; i < n; i++) {
        append(r, "%s", lines[i]);
        free(lines[i]);
    }
    for (uint32_t i = 0; i < room->image.n_history; i++) {
        const struct room_message *m = &room->image.history[i];
        r->n_counted += m->counts;
        append(r, "%llu-%llu %.*s: %.*s\n", (unsigned long long)m->name.e,
               (unsigned long long)m->name.s, STR_FMT(m->nick), STR_FMT(m->payload));
    }
    if (room->exists) {
        assert_int_equal(room->image.last.s, room->last.s);
        assert_int_equal(room->image.occupant_secret[15], 16);
        assert_true(room->image.config.public_room);
        assert_int_equal(room->image.config.max_users, 30);
        append(r, "name=%.*s subject=%.*s\n", STR_FMT(room->image.config.name),
               STR_FMT(room->image.subject));
    }
}

static void on_list(void *ctx, int err, const struct store_listed *rooms, uint32_t n, uint64_t hs)
{
    struct result *r = ctx;
    assert_false(r->done);
    r->done = true;
    r->err = err;
    char *lines[16];
    for (uint32_t i = 0; i < n; i++) {
        assert_true(asprintf(&lines[i], "%.*s%s\n", STR_FMT(rooms[i].room),
                             rooms[i].temporary ? " temporary" : "") > 0);
    }
    qsort(lines, n, sizeof(*lines), by_text);
    for (uint32_t i = 0; i < n; i++) {
        append(r, "%s", lines[i]);
        free(lines[i]);
    }
    append(r, "hs=%llu\n", (unsigned long long)hs);
}

/* ---- questions */

static struct fx persist(enum fx_persist_kind kind)
{
    struct fx fx = {.type = FX_PERSIST};
    fx.persist.kind = kind;
    return fx;
}

static struct room_image image(const char *name, bool persistent)
{
    struct room_image im = {.locked = false, .creator = STR("bob@d"), .created_ms = 7, .ver = 1};
    im.config.name = str_of(name);
    im.config.persistent = persistent;
    im.config.public_room = true;
    im.config.max_users = 30;
    for (uint8_t i = 0; i < 16; i++) {
        im.occupant_secret[i] = (uint8_t)(i + 1);
    }
    return im;
}

static void start_commit(struct result *r, const char *room, const struct store_entry *e,
                         uint32_t n)
{
    *r = (struct result){.done = false};
    store->ops->commit(store, &token, str_of(room), e, n, on_commit, r);
    assert_false(r->done); /* never from within the call */
}

static int commit(const char *room, const struct store_entry *e, uint32_t n)
{
    static struct result r;
    start_commit(&r, room, e, n);
    wait_for(&r);
    return r.err;
}

static struct store_entry entry(const struct fx *fx, struct event_name prev, uint64_t s)
{
    return (struct store_entry){.name = {100, s}, .prev = prev, .now_ms = 1000 + s, .fx = fx};
}

static const struct event_name nothing = {0, 0};

static int create(const char *room, struct event_name prev, uint64_t s, bool persistent)
{
    struct room_affiliation owner = {.jid = STR("bob@d"),
                                     .affiliation = AFFIL_OWNER,
                                     .by = STR("bob@d"),
                                     .nick = STR("Bob"),
                                     .ver = 1};
    struct fx fx = persist(FXS_CREATE);
    fx.persist.by = owner.jid;
    fx.persist.changes = &owner;
    fx.persist.n_changes = 1;
    fx.persist.state_changed = true;
    fx.persist.state = image("The Room", persistent);
    struct store_entry e = entry(&fx, prev, s);
    return commit(room, &e, 1);
}

static struct fx message(const char *body, bool in_history)
{
    struct fx fx = persist(FXS_MESSAGE);
    fx.persist.in_history = in_history;
    fx.persist.m = (struct room_message){.nick = STR("Bob"), .payload = str_of(body), .type = 2};
    return fx;
}

static int say(const char *room, struct event_name prev, uint64_t s, const char *gwboot,
               uint64_t rseq)
{
    struct fx fx = message("x", true);
    struct store_entry e = entry(&fx, prev, s);
    e.gwboot = str_of(gwboot);
    e.rseq = rseq;
    return commit(room, &e, 1);
}

static int destroy_room(const char *room, struct event_name prev, uint64_t s)
{
    struct fx fx = persist(FXS_DESTROY);
    struct store_entry e = entry(&fx, prev, s);
    return commit(room, &e, 1);
}

static struct event_name at(uint64_t s)
{
    return (struct event_name){100, s};
}

static struct result *load(const char *room)
{
    static struct result r;
    r = (struct result){.done = false};
    store->ops->load(store, 5, str_of(room), on_load, &r);
    wait_for(&r);
    return &r;
}

static struct result *list(void)
{
    static struct result r;
    r = (struct result){.done = false};
    store->ops->list(store, 5, on_list, &r);
    wait_for(&r);
    return &r;
}

static void fence(uint64_t epoch)
{
    if (with_redis) {
        freeReplyObject(
            ask(&server, "HSET verona:{s5}:own e %llu n %s", (unsigned long long)epoch, NONCE));
    } else {
        store_mem_fence(store, 5, epoch, NONCE);
    }
}

/* ---- setup */

static int setup_mem(void **state)
{
    (void)state;
    with_redis = false;
    loop = loop_new();
    store = store_mem_new(loop);
    fence(100);
    return 0;
}

static int setup_redis(void **state)
{
    (void)state;
    with_redis = true;
    loop = loop_new();
    server = (struct redis_server){.pid = 0};
    redis_server_start(&server);
    init_cluster(&server);
    redis = redis_new(loop, server.url, NULL, NULL);
    store = store_redis_new(loop, redis, 3000, &limits);
    limits = (struct store_limits){0};
    fence(100);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (store) {
        store->ops->destroy(&store);
    }
    assert_null(store);
    if (with_redis) {
        redis_destroy(&redis);
        run_until(loop, NULL, NULL, 20);
        redis_server_end(&server);
    }
    loop_destroy(&loop);
    return 0;
}

/* ---- both stores */

static void a_room_comes_back_as_it_was(void **state)
{
    (void)state;
    struct result *r = load("r@c");
    assert_int_equal(r->err, 0);
    assert_false(r->exists);
    assert_int_equal(r->last.e + r->last.s, 0);

    assert_int_equal(say("r@c", nothing, 1, "", 0), ERR_DIVERGED); /* no room to speak in */
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    assert_int_equal(create("r@c", nothing, 1, true), 0); /* a repetition */
    assert_int_equal(create("r@c", at(1), 2, true), ERR_DIVERGED);

    struct fx fx[3] = {message("one", true), message("two", false), message("three", true)};
    struct store_entry e[3] = {entry(&fx[0], at(1), 2), entry(&fx[1], at(2), 3),
                               entry(&fx[2], at(3), 4)};
    e[0].gwboot = e[2].gwboot = STR("g1:7");
    e[0].rseq = 11;
    e[2].rseq = 12;
    e[1].gwboot = STR("g:1:7"); /* an id with the separator in it */
    e[1].rseq = 1;
    assert_int_equal(commit("r@c", e, 3), 0);
    assert_int_equal(commit("r@c", e, 3), 0); /* nobody knew: again */
    r = load("r@c");
    assert_true(r->exists);
    assert_int_equal(r->last.e, 100);
    assert_int_equal(r->last.s, 4);
    assert_string_equal(r->text, "aff bob@d=owner by=bob@d reason= nick=Bob ver=1\n"
                                 "mark g1:7=12\n"
                                 "mark g:1:7=1\n"
                                 "100-2 Bob: one\n"
                                 "100-4 Bob: three\n"
                                 "name=The Room subject=\n");

    struct fx subject = message("<subject/>", true);
    subject.persist.kind = FXS_SUBJECT;
    subject.persist.subject = STR("news");
    subject.persist.state_changed = true;
    subject.persist.state = image("The Room", true);
    subject.persist.state.subject = STR("news");
    struct store_entry se = entry(&subject, at(4), 5);
    assert_int_equal(commit("r@c", &se, 1), 0);
    r = load("r@c");
    assert_non_null(strstr(r->text, "100-5 Bob: <subject/>\nname=The Room subject=news\n"));
}

static void what_does_not_follow_is_refused(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    assert_int_equal(say("r@c", at(2), 3, "", 0), ERR_DIVERGED);
    assert_int_equal(say("r@c", nothing, 3, "", 0), ERR_DIVERGED);
    assert_int_equal(say("r@c", at(1), 2, "g:5", 10), 0);
    assert_int_equal(say("r@c", at(2), 3, "g:5", 10), 0); /* seen: it is there, not twice */
    assert_int_equal(load("r@c")->last.s, 2);
    struct fx fx[2] = {message("old", true), message("new", true)};
    struct store_entry e[2] = {entry(&fx[0], at(2), 3), entry(&fx[1], at(3), 4)};
    e[0].gwboot = e[1].gwboot = STR("g:5");
    e[0].rseq = 10;
    e[1].rseq = 11;
    assert_int_equal(commit("r@c", e, 2), ERR_DIVERGED); /* seen in part: nothing of it */
    assert_int_equal(load("r@c")->last.s, 2);
    assert_int_equal(say("r@c", at(2), 3, "g:6", 1), 0); /* another life of the gateway */
    assert_string_equal(load("r@c")->text, "aff bob@d=owner by=bob@d reason= nick=Bob ver=1\n"
                                           "mark g:6=1\n"
                                           "100-2 Bob: x\n"
                                           "100-3 Bob: x\n"
                                           "name=The Room subject=\n");
    fence(101);
    assert_int_equal(say("r@c", at(3), 4, "", 0), ERR_FENCED);
    assert_int_equal(load("r@c")->last.s, 3);
    fence(100);
    assert_int_equal(say("r@c", at(3), 4, "", 0), 0);
}

static int change(uint64_t s, const struct room_affiliation *a, uint32_t n)
{
    struct fx fx = persist(FXS_AFFILIATIONS);
    fx.persist.changes = a;
    fx.persist.n_changes = n;
    struct store_entry e = entry(&fx, at(s - 1), s);
    return commit("r@c", &e, 1);
}

static void nicks_have_one_holder(void **state)
{
    (void)state;
    struct room_affiliation al = {.jid = STR("al@d"),
                                  .affiliation = AFFIL_MEMBER,
                                  .nick = STR("Bob"),
                                  .reason = STR("why"),
                                  .ver = 2};
    struct room_affiliation bob = {
        .jid = STR("bob@d"), .affiliation = AFFIL_OWNER, .nick = STR("Al"), .ver = 3};
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    assert_int_equal(change(2, &al, 1), ERR_DIVERGED); /* Bob is bob's */
    al.nick = STR("Al");
    assert_int_equal(change(2, &al, 1), 0);
    assert_int_equal(change(3, &bob, 1), ERR_DIVERGED);
    al.nick = STR("Bob");
    struct room_affiliation swap[2] = {al, bob};
    assert_int_equal(change(3, swap, 2), 0); /* in one event they may change places */
    struct room_affiliation gone = {.jid = STR("bob@d"), .affiliation = AFFIL_NONE};
    struct room_affiliation cat = {
        .jid = STR("cat@d"), .affiliation = AFFIL_OUTCAST, .nick = STR("Al")};
    assert_int_equal(change(4, &gone, 1), 0);
    assert_int_equal(change(5, &cat, 1), 0); /* his nick is free */
    assert_string_equal(load("r@c")->text, "aff al@d=member by= reason=why nick=Bob ver=2\n"
                                           "aff cat@d=outcast by= reason= nick=Al ver=0\n"
                                           "name=The Room subject=\n");
    if (with_redis) {
        assert_string_equal(ask_text(&server, "HGET verona:{s5}:nicks:r@c Al"), "cat@d");
        assert_string_equal(ask_text(&server, "HLEN verona:{s5}:nicks:r@c"), "2");
    }
}

static void rooms_are_listed_destroyed_and_made_again(void **state)
{
    (void)state;
    assert_string_equal(list()->text, "hs=0\n");
    assert_int_equal(create("a@c", nothing, 1, true), 0);
    assert_int_equal(create("b@c", nothing, 1, false), 0);
    assert_string_equal(list()->text, "a@c\nb@c temporary\nhs=0\n");
    assert_int_equal(say("b@c", at(1), 2, "g:1", 9), 0);
    assert_int_equal(destroy_room("b@c", at(2), 3), 0);
    assert_int_equal(destroy_room("b@c", at(2), 3), 0);
    assert_int_equal(say("b@c", at(3), 4, "g:1", 10), ERR_DIVERGED);
    assert_string_equal(list()->text, "a@c\nhs=3\n");
    struct result *r = load("b@c");
    assert_int_equal(r->err, 0);
    assert_false(r->exists);
    assert_int_equal(r->last.s, 3);
    assert_string_equal(r->text, "mark g:1=9\n");

    r = load("never@c"); /* its names will start above those of rooms that are gone */
    assert_false(r->exists);
    assert_int_equal(r->last.e, 0);
    assert_int_equal(r->last.s, 3);
    assert_int_equal(create("never@c", r->last, 4, true), 0);

    assert_int_equal(create("b@c", nothing, 4, true), ERR_DIVERGED);
    assert_int_equal(create("b@c", at(3), 4, true), 0);
    assert_int_equal(say("b@c", at(4), 5, "g:1", 10), 0);
    assert_string_equal(load("b@c")->text, "aff bob@d=owner by=bob@d reason= nick=Bob ver=1\n"
                                           "mark g:1=10\n"
                                           "100-5 Bob: x\n" /* not what was said before */
                                           "name=The Room subject=\n");
    if (with_redis) {
        assert_string_equal(ask_text(&server, "TTL verona:{s5}:log:b@c"), "-1");
        assert_string_equal(ask_text(&server, "TTL verona:{s5}:meta:b@c"), "-1");
        assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "3");
    }
}

/* S10.9-tombstone: until its time is over, or the room is made again. */
static void a_room_that_moved_says_where_to(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    struct fx fx = persist(FXS_DESTROY);
    fx.persist.moved_to = STR("inn@c");
    fx.persist.moved_until_ms = 1002 + 7200000;
    struct store_entry e = entry(&fx, at(1), 2);
    assert_int_equal(commit("r@c", &e, 1), 0);
    struct result *r = load("r@c");
    assert_false(r->exists);
    assert_string_equal(r->text, "moved to inn@c until 7201002\n");
    if (with_redis) {
        assert_true(atoi(ask_text(&server, "TTL verona:{s5}:meta:r@c")) > 7100);
        assert_true(atoi(ask_text(&server, "TTL verona:{s5}:log:r@c")) <= 3600);
    }
    assert_int_equal(create("r@c", at(2), 3, true), 0);
    assert_int_equal(destroy_room("r@c", at(3), 4), 0);
    assert_string_equal(load("r@c")->text, "");
}

/* X0502-counted, X0502-omitted: what counts as activity is in the log, and from when on it is
 * whole. */
static void history_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    for (uint64_t s = 2; s < 502; s += 50) {
        struct fx fx[2] = {message("m", true), message("m", true)};
        struct store_entry e[50];
        fx[1].persist.m.counts = true;
        for (uint64_t i = 0; i < 50; i++) {
            e[i] = entry(&fx[i % 2], at(s + i - 1), s + i);
        }
        assert_int_equal(commit("r@c", e, 50), 0);
        if (s == 2) {
            assert_int_equal(load("r@c")->history_from_ms, 0);
            assert_int_equal(load("r@c")->n_counted, 25);
        }
    }
    struct result *r = load("r@c");
    assert_int_equal(r->last.s, 501);
    assert_int_equal(r->history_from_ms, 1246);
    assert_int_equal(r->n_counted, LIMIT_HISTORY / 2);
    char *first = strstr(r->text, "ver=1\n") + 6;
    assert_int_equal(strncmp(first, "100-246 Bob: m\n", 15), 0); /* the newest 256 */
    assert_non_null(strstr(r->text, "100-501 Bob: m\n"));
}

static void what_is_pending_ends_with_the_store(void **state)
{
    (void)state;
    struct fx fx = message("x", true);
    struct store_entry e = entry(&fx, nothing, 1);
    static struct result c, l, s;
    start_commit(&c, "r@c", &e, 1);
    l = s = (struct result){.done = false};
    store->ops->load(store, 5, STR("r@c"), on_load, &l);
    store->ops->list(store, 5, on_list, &s);
    store->ops->destroy(&store);
    assert_true(c.done && l.done && s.done);
    assert_int_equal(c.err, ERR_UNKNOWN);
    assert_int_equal(l.err, ERR_UNAVAILABLE);
    assert_int_equal(s.err, ERR_UNAVAILABLE);
    run_until(loop, NULL, NULL, 100);
}

/* ---- memory only */

static void faults_can_be_asked_for(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    store_mem_unavailable(store, true);
    assert_int_equal(say("r@c", at(1), 2, "", 0), ERR_UNAVAILABLE);
    assert_int_equal(load("r@c")->err, ERR_UNAVAILABLE);
    assert_int_equal(list()->err, ERR_UNAVAILABLE);
    store_mem_unavailable(store, false);
    assert_int_equal(load("r@c")->last.s, 1);
    store_mem_unknown(store, 1);
    assert_int_equal(say("r@c", at(1), 2, "", 0), ERR_UNKNOWN);
    assert_int_equal(say("r@c", at(1), 2, "", 0), 0); /* it had been done */
    store_mem_fence(store, 5, 0, "");
    assert_int_equal(say("r@c", at(2), 3, "", 0), ERR_FENCED);
    store_mem_fence(store, 5, 0, NULL);
    assert_int_equal(say("r@c", at(2), 3, "", 0), 0);
}

/* ---- Redis only */

static void the_directory_follows(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    run_until(loop, NULL, NULL, 50);
    assert_string_equal(ask_text(&server, "ZSCORE verona:rooms r@c"), "0");
    struct fx fx = persist(FXS_CONFIG);
    fx.persist.state_changed = true;
    fx.persist.state = image("The Room", true);
    fx.persist.state.locked = true;
    struct store_entry e = entry(&fx, at(1), 2);
    assert_int_equal(commit("r@c", &e, 1), 0);
    run_until(loop, NULL, NULL, 50);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "0");
    fx.persist.state.locked = false;
    e = entry(&fx, at(2), 3);
    assert_int_equal(commit("r@c", &e, 1), 0);
    freeReplyObject(ask(&server, "DEL verona:rooms")); /* lost on the way: a load repairs it */
    load("r@c");
    run_until(loop, NULL, NULL, 50);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "1");
    assert_int_equal(destroy_room("r@c", at(3), 4), 0);
    run_until(loop, NULL, NULL, 50);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "0");
    assert_string_not_equal(ask_text(&server, "TTL verona:{s5}:meta:r@c"), "-1");
}

/* A directory that cannot be written now is written a little later, before the commit is answered.
 */
static void the_directory_is_tried_again(void **state)
{
    (void)state;
    struct fx fx = persist(FXS_CONFIG);
    static struct result r;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    fx.persist.state_changed = true;
    fx.persist.state = image("The Room", true);
    fx.persist.state.config.public_room = false;
    struct store_entry e = entry(&fx, at(1), 2);
    freeReplyObject(ask(&server, "RENAME verona:{verona:rooms}:all kept"));
    freeReplyObject(ask(&server, "SET verona:{verona:rooms}:all text"));
    start_commit(&r, "r@c", &e, 1);
    run_until(loop, is_done, &r, 200);
    assert_false(r.done);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "1");
    freeReplyObject(ask(&server, "RENAME kept verona:{verona:rooms}:all"));
    wait_for(&r);
    assert_int_equal(r.err, 0);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "0");

    freeReplyObject(ask(&server, "SET verona:{verona:rooms}:all text"));
    fx.persist.state.config.public_room = true;
    e = entry(&fx, at(2), 3);
    assert_int_equal(commit("r@c", &e, 1), 0); /* in the end without it */
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "0");
    freeReplyObject(ask(&server, "DEL verona:{verona:rooms}:all"));
    load("r@c");
    run_until(loop, NULL, NULL, 50);
    assert_string_equal(ask_text(&server, "ZCARD verona:rooms"), "1");
}

/* The places of rooms: S14.6-max-rooms, at the limit and above it; how fast one user makes them. */
static int setup_three_rooms(void **state)
{
    limits = (struct store_limits){.max_rooms = 3};
    return setup_redis(state);
}

static void rooms_have_places(void **state)
{
    (void)state;
    assert_int_equal(create("a@c", nothing, 1, true), 0);
    assert_int_equal(create("b@c", nothing, 1, true), 0);
    assert_int_equal(create("c@c", nothing, 1, true), 0);
    assert_int_equal(create("d@c", nothing, 1, true), ERR_FULL);
    assert_false(load("d@c")->exists);
    assert_int_equal(create("a@c", nothing, 1, true), 0); /* a repetition */
    assert_int_equal(say("a@c", at(1), 2, "", 0), 0);
    assert_int_equal(destroy_room("b@c", at(1), 2), 0);
    assert_int_equal(create("d@c", nothing, 1, true), 0);
    assert_int_equal(create("e@c", nothing, 1, true), ERR_FULL);
    freeReplyObject(ask(&server, "ZREM verona:{verona:rooms}:all a@c"));
    load("a@c"); /* puts it right */
    assert_int_equal(create("e@c", nothing, 1, true), ERR_FULL);
    freeReplyObject(ask(&server, "ZADD verona:{verona:rooms}:all 0 never@c"));
    assert_int_equal(destroy_room("a@c", at(2), 3), 0);
    assert_int_equal(create("e@c", nothing, 1, true), ERR_FULL);
    load("never@c");
    assert_int_equal(create("e@c", nothing, 1, true), 0);
}

static int setup_two_a_minute(void **state)
{
    limits = (struct store_limits){.creations_per_minute = 2};
    return setup_redis(state);
}

static void rooms_are_not_made_too_fast(void **state)
{
    (void)state;
    assert_int_equal(create("a@c", nothing, 1, true), 0);
    assert_int_equal(create("b@c", nothing, 1, true), 0);
    assert_int_equal(create("c@c", nothing, 1, true), ERR_FULL);
    int ttl = atoi(ask_text(&server, "TTL verona:{verona:rooms}:by:bob@d"));
    assert_true(ttl > 0 && ttl <= 60);
    freeReplyObject(ask(&server, "DEL verona:{verona:rooms}:by:bob@d")); /* the minute is over */
    assert_int_equal(create("c@c", nothing, 1, true), 0);
}

/* Pages of the directory, as gateways read them: "<all> <first>: room=users ..." */
static char *page(const char *order, const char *how, const char *mark, int limit)
{
    static char text[512];
    char most[16];
    snprintf(most, sizeof(most), "%d", limit);
    const char *argv[] = {"FCALL_RO",
                          "verona_page",
                          "3",
                          "verona:rooms",
                          "verona:{verona:rooms}:users",
                          "verona:{verona:rooms}:info",
                          order,
                          how,
                          mark,
                          most};
    redisReply *r = redisCommandArgv(server.direct, 10, argv, NULL);
    assert_non_null(r);
    if (r->type == REDIS_REPLY_ERROR) {
        snprintf(text, sizeof(text), "%s", r->str);
    } else {
        size_t n = (size_t)snprintf(text, sizeof(text), "%lld %lld:", r->element[0]->integer,
                                    r->element[1]->integer);
        for (size_t i = 2; i < r->elements; i += 3) {
            assert_true(r->element[i + 2]->len > 0);
            n += (size_t)snprintf(text + n, sizeof(text) - n, " %s=%s", r->element[i]->str,
                                  r->element[i + 1]->str);
        }
    }
    freeReplyObject(r);
    return text;
}

static void the_directory_has_pages(void **state)
{
    (void)state;
    static const char *const names[] = {"b@c", "d@c", "a@c", "e@c", "c@c"};
    static const uint32_t users[] = {1, 7, 1, 0, 1};
    assert_string_equal(page("address", "index", "0", 2), "0 0:");
    assert_string_equal(page("nusers", "after", "3 x@c", 2), "0 0:");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(create(names[i], nothing, 1, true), 0);
        store->ops->count(store, str_of(names[i]), users[i]);
    }
    store->ops->count(store, STR("unlisted@c"), 9);
    load("b@c");
    assert_string_equal(page("address", "index", "0", 2), "5 0: a@c=1 b@c=1");
    assert_string_equal(page("address", "index", "4", 2), "5 4: e@c=0");
    assert_string_equal(page("address", "index", "9", 2), "5 9:");
    assert_string_equal(page("address", "index", "1", 0), "5 1:");
    assert_string_equal(page("address", "after", "b@c", 2), "5 2: c@c=1 d@c=7");
    assert_string_equal(page("address", "after", "bb@c", 2), "5 2: c@c=1 d@c=7");
    assert_string_equal(page("address", "after", "e@c", 2), "5 5:");
    assert_string_equal(page("address", "before", "d@c", 2), "5 1: b@c=1 c@c=1");
    assert_string_equal(page("address", "before", "b@c", 2), "5 0: a@c=1");
    assert_string_equal(page("nusers", "index", "0", 9), "5 0: d@c=7 c@c=1 b@c=1 a@c=1 e@c=0");
    assert_string_equal(page("nusers", "after", "no", 9), "NOMARK no");
    /* behind one that is there, that has changed, that is gone */
    static const char *const after[][2] = {{"1 c@c", "5 2: b@c=1"},  {"1 bb@c", "5 2: b@c=1"},
                                           {"5 c@c", "5 1: c@c=1"},  {"1 zz@c", "5 1: c@c=1"},
                                           {"1 a", "5 4: e@c=0"},    {"0 e@c", "5 5:"},
                                           {"9 zz@c", "5 0: d@c=7"}, {"0 a@c", "5 5:"}};
    for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
        assert_string_equal(page("nusers", "after", after[i][0], 1), after[i][1]);
    }
    struct fx fx = persist(FXS_CONFIG);
    fx.persist.state_changed = true;
    fx.persist.state = image("The Room", true);
    fx.persist.state.config.public_room = false;
    struct store_entry e = entry(&fx, at(1), 2);
    assert_int_equal(commit("d@c", &e, 1), 0); /* hidden: not there from this moment on */
    assert_string_equal(page("nusers", "index", "0", 1), "4 0: c@c=1");
    assert_string_equal(page("address", "after", "c@c", 5), "4 3: e@c=0");
    assert_string_equal(ask_text(&server, "HEXISTS verona:{verona:rooms}:info d@c"), "0");
}

static void commits_wait_for_redis(void **state)
{
    (void)state;
    static struct result r;
    struct fx fx = message("x", true);
    struct store_entry e = entry(&fx, at(1), 2);
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    redis_server_settle(&server, loop);
    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 100);
    start_commit(&r, "r@c", &e, 1); /* held */
    run_until(loop, NULL, NULL, 700);
    assert_false(r.done);
    redis_server_start(&server);
    wait_for(&r);
    assert_int_equal(r.err, 0);

    /* Sent, and no answer: the connection goes with it; the repetition finds what became of it. */
    e = entry(&fx, at(2), 3);
    redis_server_settle(&server, loop);
    kill(server.pid, SIGSTOP);
    start_commit(&r, "r@c", &e, 1);
    run_until(loop, NULL, NULL, 200);
    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 4000); /* longer than the hold: it is not known to have failed */
    assert_false(r.done);
    redis_server_start(&server);
    wait_for(&r);
    assert_int_equal(r.err, 0);
    assert_int_equal(load("r@c")->last.s, 3);

    redis_server_kill(&server);
    run_until(loop, NULL, NULL, 50);
    uint64_t from = loop_now_ms(loop);
    assert_int_equal(say("r@c", at(3), 4, "", 0), ERR_UNAVAILABLE);
    assert_true(loop_now_ms(loop) - from >= 2500);
    assert_int_equal(load("r@c")->err, ERR_UNAVAILABLE);
    assert_int_equal(list()->err, ERR_UNAVAILABLE);
}

/* While Redis is away and too much waits for it, new commands are refused at once: of one request
 * the last ones before the first. It is answered all the same. */
static void a_full_queue_answers_out_of_order(void **state)
{
    (void)state;
    static char big[256 * 1024];
    const struct str argv[] = {STR("SET"), STR("x"), str_n(big, sizeof(big))};
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    redis_server_settle(&server, loop);
    redis_server_kill(&server);
    assert_true(run_until(loop, is_down, NULL, RUN_WAIT_MS));
    while (redis_queued_bytes(redis) + sizeof(big) < LIMIT_SHARD_QUEUE - 1024) {
        redis_command(redis, 3, argv, 5000, NULL, NULL);
    }
    const struct str rest[] = {STR("SET"), STR("x"),
                               str_n(big, LIMIT_SHARD_QUEUE - 150 - redis_queued_bytes(redis))};
    redis_command(redis, 3, rest, 5000, NULL, NULL);
    assert_true(redis_queued_bytes(redis) < LIMIT_SHARD_QUEUE);
    struct result loaded = {.done = false}, listed = {.done = false};
    store->ops->load(store, 5, STR("r@c"), on_load, &loaded); /* crosses the limit half-way */
    assert_true(redis_queued_bytes(redis) > LIMIT_SHARD_QUEUE);
    store->ops->list(store, 5, on_list, &listed);
    wait_for(&loaded);
    wait_for(&listed);
    assert_int_equal(loaded.err, ERR_UNAVAILABLE);
    assert_int_equal(listed.err, ERR_UNAVAILABLE);
    redis_server_start(&server);
    assert_true(run_until(loop, is_up, NULL, RUN_WAIT_MS));
    assert_true(load("r@c")->exists);
}

static void refusals_of_redis_are_an_outage(void **state)
{
    (void)state;
    static struct result r;
    struct fx fx = message("x", true);
    struct store_entry e = entry(&fx, at(1), 2);
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    freeReplyObject(ask(&server, "CONFIG SET maxmemory 1"));
    start_commit(&r, "r@c", &e, 1);
    run_until(loop, NULL, NULL, 500);
    assert_false(r.done);
    freeReplyObject(ask(&server, "CONFIG SET maxmemory 0"));
    wait_for(&r);
    assert_int_equal(r.err, 0);
    freeReplyObject(ask(&server, "CONFIG SET min-replicas-to-write 1"));
    assert_int_equal(say("r@c", at(2), 3, "", 0), ERR_UNAVAILABLE);
    freeReplyObject(ask(&server, "CONFIG SET min-replicas-to-write 0"));
    freeReplyObject(ask(&server, "FUNCTION FLUSH"));
    assert_int_equal(say("r@c", at(2), 3, "", 0), ERR_UNAVAILABLE);
    load_library(&server);
    assert_int_equal(say("r@c", at(2), 3, "", 0), 0);
}

static void lost_data_are_never_an_absent_room(void **state)
{
    (void)state;
    assert_int_equal(create("r@c", nothing, 1, true), 0);
    freeReplyObject(ask(&server, "RENAME verona:{s5}:own kept"));
    assert_int_equal(load("new@c")->err, ERR_UNAVAILABLE);
    assert_int_equal(list()->err, ERR_UNAVAILABLE);
    assert_int_equal(create("new@c", nothing, 1, true), ERR_FENCED);
    freeReplyObject(ask(&server, "RENAME kept verona:{s5}:own"));
    assert_int_equal(load("new@c")->err, 0);

    freeReplyObject(
        ask(&server, "RENAME verona:{s5}:meta:r@c kept")); /* the log and the owners are there */
    assert_int_equal(load("r@c")->err, ERR_UNAVAILABLE);
    freeReplyObject(ask(&server, "RENAME kept verona:{s5}:meta:r@c"));
    freeReplyObject(ask(&server, "HDEL verona:{s5}:meta:r@c state"));
    assert_int_equal(load("r@c")->err, ERR_UNAVAILABLE);
    freeReplyObject(ask(&server, "HSET verona:{s5}:meta:r@c state nonsense"));
    assert_int_equal(load("r@c")->err, ERR_UNAVAILABLE);
    assert_string_equal(list()->text, "r@c\nhs=0\n");
    freeReplyObject(ask(&server, "SET verona:{s5}:meta:s@c text")); /* not what we keep there */
    assert_int_equal(load("s@c")->err, ERR_UNAVAILABLE);
}

/* ---- names */

static void names_are_read_back(void **state)
{
    (void)state;
    struct event_name n;
    assert_int_equal(store_unpack_name(STR("18446744073709551615-0"), &n), 0);
    assert_true(n.e == UINT64_MAX && n.s == 0);
    const char *const bad[] = {
        "", "-", "1-", "-1", "1", "1-2-3", "1-2x", "18446744073709551616-1", " 1-2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(store_unpack_name(str_of(bad[i]), &n), ERR_INVALID);
    }
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
        cmocka_unit_test(names_are_read_back),
        MEM(a_room_comes_back_as_it_was),
        REDIS(a_room_comes_back_as_it_was),
        MEM(what_does_not_follow_is_refused),
        REDIS(what_does_not_follow_is_refused),
        MEM(nicks_have_one_holder),
        REDIS(nicks_have_one_holder),
        MEM(rooms_are_listed_destroyed_and_made_again),
        REDIS(rooms_are_listed_destroyed_and_made_again),
        MEM(a_room_that_moved_says_where_to),
        REDIS(a_room_that_moved_says_where_to),
        MEM(history_is_bounded),
        REDIS(history_is_bounded),
        MEM(what_is_pending_ends_with_the_store),
        REDIS(what_is_pending_ends_with_the_store),
        MEM(faults_can_be_asked_for),
        REDIS(the_directory_follows),
        REDIS(the_directory_has_pages),
        REDIS(the_directory_is_tried_again),
        {"redis: rooms_have_places", rooms_have_places, setup_three_rooms, teardown, NULL},
        {"redis: rooms_are_not_made_too_fast", rooms_are_not_made_too_fast, setup_two_a_minute,
         teardown, NULL},
        REDIS(commits_wait_for_redis),
        REDIS(a_full_queue_answers_out_of_order),
        REDIS(refusals_of_redis_are_an_outage),
        REDIS(lost_data_are_never_an_absent_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
