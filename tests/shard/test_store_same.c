/* test_store_same.c: whatever is asked of them, right or wrong, the store in memory and the one in
 * Redis give the same answers. Random requests; a failing seed is printed. */
#include "cluster/redis_server.h"

#include "base/err.h"
#include "rt/log.h"
#include "rt/redis.h"
#include "shard/store.h"

#define NONCE "0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffff"

enum { SLOT = 5, STEPS = 250, N_ROOMS = 3 };

static struct redis_server server;
static struct loop *loop;
static struct redis *redis;
static struct store *stores[2]; /* in memory, in Redis */

static uint64_t rng_state;

static uint32_t rng(uint32_t n)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return (uint32_t)(rng_state % n);
}

/* ---- answers, in words */

struct answer {
    bool done;
    struct buf text;
};

static void append(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void append(struct answer *a, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    buf_z(&a->text, line);
}

static void on_commit(void *ctx, int err)
{
    struct answer *a = ctx;
    assert_false(a->done);
    a->done = true;
    loop_stop(loop);
    append(a, "%s\n", err_text(err));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void append_sorted(struct answer *a, char **lines, uint32_t n)
{
    qsort(lines, n, sizeof(*lines), by_text); /* hashes and sets have no order */
    for (uint32_t i = 0; i < n; i++) {
        append(a, "%s\n", lines[i]);
        free(lines[i]);
    }
}

static void on_load(void *ctx, int err, const struct store_room *room)
{
    struct answer *a = ctx;
    assert_false(a->done);
    a->done = true;
    loop_stop(loop);
    append(a, "%s\n", err_text(err));
    if (err) {
        return;
    }
    char *lines[64];
    uint32_t n = 0;
    append(a, "exists %d last %llu-%llu\n", room->exists, (unsigned long long)room->last.e,
           (unsigned long long)room->last.s);
    for (uint32_t i = 0; i < room->n_marks; i++) {
        assert_true(asprintf(&lines[n++], "mark %.*s %llu", STR_FMT(room->marks[i].gwboot),
                             (unsigned long long)room->marks[i].rseq) > 0);
    }
    for (uint32_t i = 0; room->exists && i < room->image.n_affiliations; i++) {
        const struct room_affiliation *f = &room->image.affiliations[i];
        assert_true(asprintf(&lines[n++], "aff %.*s %d %.*s %llu", STR_FMT(f->jid),
                             (int)f->affiliation, STR_FMT(f->nick),
                             (unsigned long long)f->ver) > 0);
    }
    append_sorted(a, lines, n);
    for (uint32_t i = 0; room->exists && i < room->image.n_history; i++) {
        const struct room_message *m = &room->image.history[i];
        append(a, "%llu-%llu %.*s\n", (unsigned long long)m->name.e, (unsigned long long)m->name.s,
               STR_FMT(m->payload));
    }
    if (room->exists) {
        append(a, "vcard %.*s hash %.*s\n", STR_FMT(room->image.vcard),
               STR_FMT(room->image.avatar_hash));
        append(a, "name %.*s ver %llu\n", STR_FMT(room->image.config.name),
               (unsigned long long)room->image.ver);
    }
}

static void on_list(void *ctx, int err, const struct store_listed *rooms, uint32_t n, uint64_t hs)
{
    struct answer *a = ctx;
    char *lines[N_ROOMS];
    assert_false(a->done);
    assert_true(n <= N_ROOMS);
    a->done = true;
    loop_stop(loop);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(asprintf(&lines[i], "%.*s %d", STR_FMT(rooms[i].room), rooms[i].temporary) > 0);
    }
    append(a, "%s hs %llu\n", err_text(err), (unsigned long long)hs);
    append_sorted(a, lines, n);
}

static void too_late(void *ctx)
{
    (void)ctx;
    fail_msg("no answer");
}

static void wait_for(struct answer *a)
{
    struct loop_timer limit;
    loop_timer_init(&limit);
    loop_timer_start(loop, &limit, 20000, 0, too_late, NULL);
    while (!a->done) {
        loop_run(loop); /* an answer stops it */
    }
    loop_timer_stop(&limit);
}

/* ---- requests: made once, asked of both */

static struct answer answers[2];

static void begin(void)
{
    for (int i = 0; i < 2; i++) {
        buf_deinit(&answers[i].text);
        answers[i] = (struct answer){.done = false};
        buf_init(&answers[i].text);
    }
}

static void compare(uint32_t seed, int step)
{
    for (int i = 0; i < 2; i++) {
        wait_for(&answers[i]);
        buf_c(&answers[i].text, 0);
    }
    if (strcmp(answers[0].text.data, answers[1].text.data) != 0) {
        fail_msg("seed %u step %d: in memory:\n%sin Redis:\n%s", seed, step, answers[0].text.data,
                 answers[1].text.data);
    }
}

static void ask_load(struct str room)
{
    begin();
    for (int i = 0; i < 2; i++) {
        stores[i]->ops->load(stores[i], SLOT, room, on_load, &answers[i]);
    }
}

static const char *const nicks[] = {"", "", "Al", "Bo", "Cy"};
static const char *const people[] = {"a@d", "b@d", "c@d", "d@d"};
static const char *const gateways[] = {"", "g:2", "h:1", "g:1"};

static void fill(struct fx *fx, struct room_affiliation changes[2], struct str payload)
{
    fx->type = FX_PERSIST;
    fx->persist.kind =
        (enum fx_persist_kind[]){FXS_MESSAGE, FXS_SUBJECT, FXS_AFFILIATIONS, FXS_CONFIG,
                                 FXS_CREATE,  FXS_DESTROY, FXS_MESSAGE,      FXS_CREATE}[rng(8)];
    fx->persist.in_history = rng(3) > 0;
    fx->persist.m = (struct room_message){.nick = STR("Al"), .payload = payload, .type = 2};
    if (fx->persist.kind == FXS_MESSAGE || fx->persist.kind == FXS_DESTROY) {
        return;
    }
    fx->persist.state_changed = fx->persist.kind != FXS_AFFILIATIONS;
    fx->persist.state.config.name = payload;
    fx->persist.state.config.persistent = rng(2);
    fx->persist.state.ver = 1 + rng(9);
    fx->persist.state.avatar_hash =
        rng(2) ? STR("0123456789abcdef0123456789abcdef01234567") : STR_NULL;
    fx->persist.vcard_changed = fx->persist.kind == FXS_CONFIG && rng(2);
    fx->persist.vcard = rng(2) ? payload : STR_NULL;
    fx->persist.changes = changes;
    fx->persist.n_changes = rng(3);
    uint32_t first = rng(4);
    for (uint32_t i = 0; i < fx->persist.n_changes; i++) {
        changes[i] = (struct room_affiliation){.jid = str_of(people[(first + i) % 4]),
                                               .affiliation = (enum affiliation)(1 + rng(5)),
                                               .nick = str_of(nicks[rng(5)]),
                                               .ver = 1 + rng(9)};
    }
}

struct world {
    struct event_name last[N_ROOMS]; /* as a right writer would know it */
    uint64_t epoch, rseq;
};

static void ask_commit(struct world *w, uint32_t which, struct str room)
{
    struct store_entry entries[3];
    struct fx fx[3];
    struct room_affiliation changes[2];
    char text[3][16];
    uint32_t n = 1;
    memset(fx, 0, sizeof(fx));
    memset(entries, 0, sizeof(entries));
    for (uint32_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof(text[i]), "p%u", rng(1000000));
        fill(&fx[i], changes, str_of(text[i]));
        if (i == 0 && fx[0].persist.kind == FXS_MESSAGE) {
            n = 1 + rng(3);
        }
        fx[i].persist.kind = n > 1 ? FXS_MESSAGE : fx[i].persist.kind;
        if (n > 1) {
            fx[i].persist.state_changed = false;
            fx[i].persist.vcard_changed = false;
            fx[i].persist.n_changes = 0;
        }
        struct event_name prev = i ? entries[i - 1].name : w->last[which];
        if (i == 0 && rng(10) == 0) {
            prev.s += prev.s > 0 ? rng(3) - 1u : rng(2); /* somebody whose picture is old */
        }
        uint64_t rseq = ++w->rseq;
        entries[i] = (struct store_entry){
            .name = {w->epoch, prev.s + (rng(12) == 0 ? rng(2) : 1 + rng(2))},
            .prev = prev,
            .now_ms = 1000 + rseq,
            .gwboot = str_of(gateways[rng(n > 1 ? 3 : 4)]), /* no old life among others */
            .rseq = rng(10) == 0 ? rseq - rng((uint32_t)(rseq < 5 ? rseq : 5)) : rseq,
            .fx = &fx[i],
        };
    }
    struct store_token token = {SLOT, w->epoch, rng(20) == 0 ? OTHER : NONCE};
    uint32_t times = rng(8) == 0 ? 2 : 1; /* a retry */
    begin();
    for (uint32_t t = 0; t < times; t++) {
        for (int i = 0; i < 2; i++) {
            answers[i].done = false;
            stores[i]->ops->commit(stores[i], &token, room, entries, n, on_commit, &answers[i]);
            wait_for(&answers[i]);
        }
    }
}

static void fence(uint64_t epoch)
{
    store_mem_fence(stores[0], SLOT, epoch, NONCE);
    freeReplyObject(
        ask(&server, "HSET verona:{s5}:own e %llu n " NONCE, (unsigned long long)epoch));
}

/* What both now say is the newest event of the room. */
static struct event_name newest(void)
{
    unsigned long long e = 0, s = 0;
    const char *at = strstr(answers[0].text.data, "last ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "last %llu-%llu", &e, &s), 2);
    return (struct event_name){e, s};
}

static void both_stores_say_the_same(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        rng_state = seed * 2654435761u + 1;
        loop = loop_new();
        server = (struct redis_server){.pid = 0};
        redis_server_start(&server);
        init_cluster(&server);
        redis = redis_new(loop, server.url, NULL, NULL);
        stores[0] = store_mem_new(loop);
        stores[1] = store_redis_new(loop, redis, 3000, &(struct store_limits){0});
        struct world w = {.epoch = 100};
        static const char *const rooms[N_ROOMS] = {"r1@c", "r2@c", "r3@c"};
        fence(w.epoch);
        for (int step = 0; step < STEPS; step++) {
            uint32_t which = rng(N_ROOMS);
            struct str room = str_of(rooms[which]);
            if (rng(30) == 0) {
                w.epoch += 1 + rng(5);
                fence(w.epoch);
            }
            ask_commit(&w, which, room);
            compare(seed, step);
            ask_load(room);
            compare(seed, step);
            w.last[which] = newest();
            if (rng(5) == 0) {
                begin();
                for (int i = 0; i < 2; i++) {
                    stores[i]->ops->list(stores[i], SLOT, on_list, &answers[i]);
                }
                compare(seed, step);
            }
        }
        for (int i = 0; i < 2; i++) {
            stores[i]->ops->destroy(&stores[i]);
            buf_deinit(&answers[i].text);
        }
        redis_destroy(&redis);
        run_until(loop, NULL, NULL, 20);
        redis_server_end(&server);
        loop_destroy(&loop);
    }
}

int main(void)
{
    log_set_level(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR);
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_stores_say_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
