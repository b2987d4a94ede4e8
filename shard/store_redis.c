/* store_redis.c: rooms in Redis.
 *
 *   commit --> FCALL verona_commit --OK, DUP, SEEN--------------------> 0
 *                     |--FENCED, DIVERGED ...--------------------------> that
 *                ^    |--refused (LOADING, MISCONF ...)--> again; after hold_ms: ERR_UNAVAILABLE
 *                |    |--no answer--> the same again; after LIMIT_UNKNOWN_MS: ERR_UNKNOWN
 *                +----+
 *
 * A call names its events, so that repeating it cannot do it twice. After a call without an answer
 * only an answer to its repetition says what became of it; a refusal does not. */
#include "shard/store.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "cluster/cluster.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/metrics.h"
#include "rt/redis.h"
#include "shard/codec_store.h"
#include "shard/directory.h"

#include <assert.h>

enum {
    RETRY_MS = 50,
    LEAST_MS = 500, /* for the answer to a repetition: a shorter limit would cut the connection */
};

struct store_redis {
    struct store store; /* first: what the caller holds */
    struct loop *loop;
    struct redis *redis;
    uint64_t hold_ms;
    uint32_t max_rooms, per_minute; /* store_limits */
    struct list ops;                /* every request under way */
    uint32_t n_commits;
};

enum op_kind { OP_COMMIT, OP_LOAD, OP_LIST, OP_READ };

struct op {
    struct list link;
    struct store_redis *s; /* NULL: the store is gone, only replies are awaited */
    enum op_kind kind;
    void (*send)(struct op *op);
    void (*answered)(
        struct op *op); /* OP_LOAD, OP_LIST, OP_READ: every reply of a stage is there */
    struct loop_timer retry;
    uint64_t deadline_ms;      /* end of the hold */
    uint64_t unknown_since_ms; /* 0: the outcome is not unknown */
    uint64_t started_ns;
    uint32_t pending; /* replies */
    bool failed;      /* of this try */
    bool reserved;    /* the place of a new room */
    uint32_t slot;
    struct arena arena; /* everything below, for the whole life; `replies` of a try */
    struct str room;
    void *ctx;
    /* OP_COMMIT */
    store_commit_fn *commit_fn;
    struct str *argv;
    uint32_t argc;
    bool directory;                 /* it has to change */
    const struct room_image *image; /* what it says then; NULL: there is no room */
    struct str creator;             /* of a new room that needs a place */
    bool is_new;                    /* the room is made by it */
    bool needs_place;               /* a new room, and there are limits */
    /* OP_LOAD */
    store_load_fn *load_fn;
    struct arena replies;
    struct store_reader reader;
    uint64_t hs;
    bool own_exists;
    /* OP_LIST */
    store_list_fn *list_fn;
    struct store_listed *listed;
    uint32_t n_listed, n_states;
    bool states; /* second stage: their states */
    /* OP_READ, and in its second stage OP_LOAD */
    store_read_fn *read_fn;
    struct store_range range;
    struct raw {
        struct str name, entry, gone;
    } * raw;
    uint32_t n_raw;
    struct store_logged *logged;
};

/* ---- requests */

static struct op *op_new(struct store_redis *s, enum op_kind kind, uint32_t slot, struct str room,
                         void *ctx)
{
    struct op *op = mem_zalloc(sizeof(*op));
    op->s = s;
    op->kind = kind;
    op->slot = slot;
    op->ctx = ctx;
    op->deadline_ms = loop_now_ms(s->loop) + s->hold_ms;
    op->started_ns = loop_clock_ns();
    arena_init(&op->arena);
    arena_init(&op->replies);
    op->room = arena_str(&op->arena, room);
    loop_timer_init(&op->retry);
    list_push_back(&s->ops, &op->link);
    return op;
}

static void op_free(struct op *op)
{
    loop_timer_stop(&op->retry);
    list_remove(&op->link);
    arena_deinit(&op->arena);
    arena_deinit(&op->replies);
    mem_free(op);
}

/* The end of a request: tells the caller. `found` is for OP_LOAD. */
static void op_end(struct op *op, int err, const struct store_room *found)
{
    struct store_redis *s = op->s;
    loop_timer_stop(&op->retry);
    list_remove(&op->link);
    op->s = NULL; /* what the callback does, destroying the store included, does not concern us */
    switch (op->kind) {
    case OP_COMMIT:
        if (op->reserved && err == ERR_UNAVAILABLE) { /* a room that was not made takes no place */
            directory_put(s->redis, op->room, NULL, NULL, NULL);
        }
        s->n_commits--;
        metric_set(METRIC_HELD_OPS, redis_up(s->redis) ? 0 : s->n_commits);
        metric_observe(METRIC_COMMIT_SECONDS, (double)(loop_clock_ns() - op->started_ns) / 1e9);
        op->commit_fn(op->ctx, err);
        break;
    case OP_LOAD:
        op->load_fn(op->ctx, err, found);
        break;
    case OP_LIST:
        op->list_fn(op->ctx, err, op->listed, err ? 0 : op->n_listed, err ? 0 : op->hs);
        break;
    case OP_READ:
        op->read_fn(op->ctx, err, op->logged, err ? 0 : op->n_raw);
        break;
    }
    op_free(op);
}

static void on_retry(void *ctx)
{
    struct op *op = ctx;
    op->send(op);
}

static uint64_t op_limit(const struct op *op)
{
    return op->unknown_since_ms ? op->unknown_since_ms + LIMIT_UNKNOWN_MS : op->deadline_ms;
}

/* Again, if there is time left. */
static void op_again(struct op *op)
{
    if (loop_now_ms(op->s->loop) >= op_limit(op)) {
        op_end(op, op->unknown_since_ms ? ERR_UNKNOWN : ERR_UNAVAILABLE, NULL);
        return;
    }
    loop_timer_start(op->s->loop, &op->retry, RETRY_MS, 0, on_retry, op);
}

static void op_command(struct op *op, uint32_t argc, const struct str *argv, redis_fn *fn)
{
    uint64_t now = loop_now_ms(op->s->loop), limit = op_limit(op);
    uint64_t left = limit > now ? limit - now : 0;
    op->pending++;
    redis_command(op->s->redis, argc, argv, (uint32_t)(left < LEAST_MS ? LEAST_MS : left), fn, op);
}

/* Counts a reply in. False: the store is gone, and maybe the request with it. */
static bool op_reply(struct op *op)
{
    op->pending--;
    if (!op->s && op->pending == 0) {
        op_free(op);
        return false;
    }
    return op->s != NULL;
}

/* A key of the slot, in the arena of the request. */
static struct str op_key(struct op *op, const char *kind, struct str room)
{
    struct buf b;
    buf_init(&b);
    cluster_slot_key(&b, op->slot, kind, room);
    struct str key = arena_str(&op->arena, buf_as_str(&b));
    buf_deinit(&b);
    return key;
}

static bool starts(const redisReply *r, const char *prefix)
{
    size_t n = strlen(prefix);
    return (size_t)r->len >= n && memcmp(r->str, prefix, n) == 0;
}

/* Error replies that say: not now, and nothing was done (RELIABILITY §2.8). rt/redis counts them.
 */
static bool is_refusal(const redisReply *r)
{
    static const char *const list[] = {
        "LOADING",    "MISCONF",     "OOM",      "READONLY", "NOREPLICAS", "BUSY ",
        "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOAUTH",   "NOPERM",     "ERR Function not found",
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (starts(r, list[i])) {
            return true;
        }
    }
    return false;
}

/* ---- directory */

/* Before anybody hears that a room is public, or is not any more, the directory says so. It is an
 * index that a load mends: what was committed waits for it a while, but not longer. */
static void on_directory(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool failed = err || reply->type == REDIS_REPLY_ERROR;
    struct str why = err ? str_of(err_text(err)) : failed ? redis_str(reply) : STR_NULL;
    if (!op_reply(op)) {
        return;
    }
    if (failed && loop_now_ms(op->s->loop) < op_limit(op)) {
        loop_timer_start(op->s->loop, &op->retry, RETRY_MS, 0, on_retry, op);
        return;
    }
    if (failed) {
        log_warn("directory", KV("room", log_jid(op->room)), KV("error", why));
    }
    op_end(op, 0, NULL);
}

/* Done: but for the directory, if it has to change. Nobody looks for a room that begins unlisted.
 */
static void end_commit(struct op *op)
{
    bool unseen = op->is_new && !store_image_listed(op->image);
    if (op->directory && unseen) {
        directory_put(op->s->redis, op->room, op->image, NULL, NULL);
    }
    if (!op->directory || unseen) {
        op_end(op, 0, NULL);
        return;
    }
    op->send = end_commit;
    op->pending++;
    directory_put(op->s->redis, op->room, op->image, on_directory, op);
}

/* ---- commit */

static void on_commit(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op_reply(op)) {
        return;
    }
    if (err == ERR_UNAVAILABLE && !op->unknown_since_ms) {
        op_end(op, ERR_UNAVAILABLE, NULL); /* never written in all that time */
    } else if (err) {
        if (err == ERR_UNKNOWN && !op->unknown_since_ms) {
            op->unknown_since_ms = loop_now_ms(op->s->loop);
        }
        op_again(op);
    } else if (reply->type != REDIS_REPLY_ERROR) { /* OK, DUP, SEEN */
        if (starts(reply, "SEEN")) {
            log_warn("commit_seen", KV("room", log_jid(op->room)));
        }
        end_commit(op);
    } else if (starts(reply, "FENCED")) {
        metric_add(METRIC_FENCED_WRITES_TOTAL, 1);
        op_end(op, ERR_FENCED, NULL);
    } else if (starts(reply, "NOTARGET")) {
        op_end(op, ERR_NOTFOUND, NULL);
    } else if (starts(reply, "DIVERGED") || starts(reply, "ORDER") || starts(reply, "EXISTS") ||
               starts(reply, "NICK") || starts(reply, "SEEN") || starts(reply, "DAMAGED") ||
               starts(reply, "WRONGTYPE") || starts(reply, "ERR arguments")) {
        log_error("commit_diverged", KV("room", log_jid(op->room)), KV("store", redis_str(reply)));
        op_end(op, ERR_DIVERGED, NULL);
    } else {
        if (!is_refusal(reply)) { /* nothing that we know of: it may have stopped anywhere */
            log_error("commit_error", KV("room", log_jid(op->room)), KV("store", redis_str(reply)));
            if (!op->unknown_since_ms) {
                op->unknown_since_ms = loop_now_ms(op->s->loop);
            }
        }
        op_again(op);
    }
}

static void on_reserved(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op_reply(op)) {
        return;
    }
    if (err == ERR_UNAVAILABLE) {
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else if (err || reply->type == REDIS_REPLY_ERROR) {
        op_again(op);
    } else if (starts(reply, "OK")) {
        op->reserved = true;
        op->send(op);
    } else {
        op_end(op, ERR_FULL, NULL);
    }
}

static void send_commit(struct op *op)
{
    if (!op->needs_place || op->reserved) {
        op_command(op, op->argc, op->argv, on_commit);
        return;
    }
    op->pending++;
    directory_reserve(op->s->redis, op->room, op->creator, op->s->max_rooms, op->s->per_minute,
                      on_reserved, op);
}

/* What the directory needs of it, for the life of the request. */
static const struct room_image *kept_image(struct op *op, const struct room_image *image)
{
    struct room_image *copy = arena_zalloc(&op->arena, sizeof(*copy));
    copy->config = image->config;
    copy->config.name = arena_str(&op->arena, image->config.name);
    copy->config.description = arena_str(&op->arena, image->config.description);
    copy->config.lang = arena_str(&op->arena, image->config.lang);
    copy->config.secret = arena_str(&op->arena, image->config.secret);
    copy->locked = image->locked;
    return copy;
}

static void arg(struct op *op, struct str s)
{
    op->argv[op->argc++] = arena_str(&op->arena, s);
}

/* What was packed into b since the last time, as the next argument. */
static void arg_buf(struct op *op, struct buf *b)
{
    arg(op, buf_as_str(b));
    buf_reset(b);
}

static void arg_u64(struct op *op, uint64_t v)
{
    arg(op, log_u64(v));
}

static void redis_commit(struct store *store, const struct store_token *t, struct str room,
                         const struct store_entry *entries, uint32_t n, store_commit_fn *fn,
                         void *ctx)
{
    struct store_redis *s = (struct store_redis *)store;
    const struct store_entry *last = &entries[n - 1];
    const struct fx *fx = last->fx;
    enum store_flag flag = store_entry_flag(last);
    uint32_t n_changes = flag == STORE_DESTROY ? 0 : fx->persist.n_changes;
    bool state = fx->persist.state_changed && flag != STORE_DESTROY;
    assert(n > 0);
    uint32_t n_archived = 0, n_taken = 0;
    for (uint32_t i = 0; n > 1 && i < n; i++) {
        assert(entries[i].fx->persist.kind == FXS_MESSAGE &&
               !entries[i].fx->persist.state_changed && entries[i].fx->persist.n_changes == 0);
    }

    struct op *op = op_new(s, OP_COMMIT, t->slot, room, ctx);
    struct buf b;
    buf_init(&b);
    op->commit_fn = fn;
    op->send = send_commit;
    op->argv =
        arena_alloc(&op->arena, (16 + 4 * n + 5 + 3 * n_changes + 5 + 3 * n) * sizeof(struct str));
    arg(op, STR("FCALL"));
    arg(op, STR("verona_commit"));
    arg(op, STR("8"));
    arg(op, op_key(op, "own", STR_NULL));
    arg(op, op_key(op, "log", op->room));
    arg(op, op_key(op, "meta", op->room));
    arg(op, op_key(op, "aff", op->room));
    arg(op, op_key(op, "nicks", op->room));
    arg(op, op_key(op, "rooms", STR_NULL));
    arg(op, op_key(op, "gone", op->room));
    arg(op, op_key(op, "avatar", op->room));
    arg_u64(op, t->epoch);
    arg(op, str_of(t->nonce));
    store_pack_name(entries[0].prev, &b);
    arg_buf(op, &b);
    arg_u64(op, LIMIT_HISTORY);
    arg_u64(op, n);
    for (uint32_t i = 0; i < n; i++) {
        assert(entries[i].name.e == t->epoch);
        arg_u64(op, entries[i].name.s);
        arg(op, entries[i].gwboot);
        arg_u64(op, entries[i].rseq);
        store_pack_entry(&entries[i], &b);
        arg_buf(op, &b);
    }
    if (state) {
        store_pack_state(&fx->persist.state, &b);
        /* The rest of the state is nothing to it. */
        op->directory = fx->persist.kind == FXS_CREATE || fx->persist.kind == FXS_CONFIG;
        op->image = op->directory ? kept_image(op, &fx->persist.state) : NULL;
    } else if (flag == STORE_DESTROY) {
        store_pack_moved(fx, &b);
    }
    arg_buf(op, &b);
    arg(op, flag == STORE_CREATE    ? STR("create")
            : flag == STORE_DESTROY ? STR("destroy")
                                    : STR_NULL);
    arg_u64(op, last->now_ms);
    arg(op, op->room);
    arg_u64(op, n_changes);
    for (uint32_t i = 0; i < n_changes; i++) {
        const struct room_affiliation *a = &fx->persist.changes[i];
        store_pack_affiliation(a, &b);
        arg(op, a->jid);
        arg_buf(op, &b);
        arg(op, a->nick);
    }
    arg_u64(op, last->keep_messages);
    arg_u64(op, last->keep_since_ms);
    for (uint32_t i = 0; i < n; i++) {
        n_archived += entries[i].fx->persist.in_archive ? 1 : 0;
    }
    arg_u64(op, n_archived);
    uint32_t count_at = op->argc++; /* known behind them */
    for (uint32_t i = 0; i < n; i++) {
        struct event_name target;
        struct str who;
        struct buf name;
        if (!store_pack_retraction(&entries[i], &target, &who, &b)) {
            continue;
        }
        buf_init(&name);
        store_pack_name(target, &name);
        arg_buf(op, &name);
        buf_deinit(&name);
        arg(op, who);
        arg_buf(op, &b);
        n_taken++;
    }
    op->argv[count_at] = arena_str(&op->arena, log_u64(n_taken));
    if (fx->persist.vcard_changed && flag != STORE_DESTROY) {
        buf_c(&b, fx->persist.vcard.n ? '=' : '-');
        buf_str(&b, fx->persist.vcard);
    }
    arg_buf(op, &b);
    if (flag == STORE_DESTROY) {
        op->directory = true;
    }
    op->is_new = flag == STORE_CREATE;
    if (op->is_new && (s->max_rooms || s->per_minute)) {
        op->needs_place = true;
        op->creator = arena_str(&op->arena, fx->persist.by);
    }
    buf_deinit(&b);
    s->n_commits++;
    metric_set(METRIC_HELD_OPS, redis_up(s->redis) ? 0 : s->n_commits);
    send_commit(op);
}

/* ---------------------------------------------------------------------------------------- load */

static void damaged(struct op *op, const char *what)
{
    log_error("room_damaged", KV("room", log_jid(op->room)), KV_U("slot", op->slot),
              KV_Z("what", what));
    metric_set(METRIC_DATA_LOSS_SUSPECTED, 1);
}

/* A reply of a load or list is there. Which one is the last is not sure: commands that were not
 * sent end by their deadline. */
static void read_reply(struct op *op, const redisReply *reply, int err, int type)
{
    bool is_last = op->pending == 1;
    if (!op_reply(op)) {
        return;
    }
    if (err == ERR_UNAVAILABLE) {
        op->deadline_ms = 0; /* no time is left */
    }
    if (err || (reply->type != type && reply->type != REDIS_REPLY_NIL)) {
        op->failed = true;
    }
    if (is_last) {
        op->answered(op);
    }
}

static void end_load(struct op *op)
{
    struct store_room found;
    if (op->failed) {
        op_again(op);
    } else if (!op->own_exists) {
        damaged(op, "the record of the slot is missing");
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else if (store_reader_finish(&op->reader, op->hs, &found) != 0) {
        damaged(op, "what the store has of it is no whole room");
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else {
        if (found.exists || op->reader.has_gone ||
            op->s->max_rooms) { /* repairs what was lost on the way */
            directory_put(op->s->redis, op->room, found.exists ? &found.image : NULL, NULL, NULL);
        }
        op_end(op, 0, &found);
    }
}

static struct str kept(struct op *op, const redisReply *reply)
{
    return arena_str(&op->replies, redis_str(reply));
}

static void on_own(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (op->s && !err && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        op->own_exists = redis_str(reply->element[0]).n > 0;
        op->hs = (uint64_t)redis_int(reply->element[1], 0);
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_meta(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op->s || err || reply->type != REDIS_REPLY_ARRAY) {
        read_reply(op, reply, err, REDIS_REPLY_ARRAY);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        store_reader_meta(&op->reader, kept(op, reply->element[i]),
                          kept(op, reply->element[i + 1]));
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_aff(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op->s || err || reply->type != REDIS_REPLY_ARRAY) {
        read_reply(op, reply, err, REDIS_REPLY_ARRAY);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        store_reader_affiliation(&op->reader, kept(op, reply->element[i]),
                                 kept(op, reply->element[i + 1]));
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_gone(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool found = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; found && i < reply->elements; i++) {
        store_reader_gone(&op->reader, (uint32_t)i, kept(op, reply->element[i]));
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

/* HMGET of the hash of what was taken back, for n names; the answer is in their order. */
static void ask_gone(struct op *op, const struct str *names, uint32_t n, redis_fn *fn)
{
    struct str *argv = arena_alloc(&op->replies, (n + 2) * sizeof(*argv));
    argv[0] = STR("HMGET");
    argv[1] = op_key(op, "gone", op->room);
    memcpy(argv + 2, names, n * sizeof(*names));
    op_command(op, n + 2, argv, fn);
}

/* The second stage: which messages of the history were taken back? */
static void load_gone(struct op *op)
{
    uint32_t n = op->reader.n_history;
    struct str *names = arena_alloc(&op->replies, n * sizeof(*names));
    for (uint32_t i = 0; i < n; i++) {
        struct buf b;
        buf_init(&b);
        store_pack_name(op->reader.history[i].name, &b);
        names[i] = arena_str(&op->replies, buf_as_str(&b));
        buf_deinit(&b);
    }
    op->answered = end_load;
    ask_gone(op, names, n, on_load_gone);
}

static void end_load_log(struct op *op)
{
    if (op->failed || op->reader.n_history == 0) {
        end_load(op);
    } else {
        load_gone(op);
    }
}

static void on_load_avatar(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (op->s && !err && reply->type == REDIS_REPLY_STRING) {
        store_reader_vcard(&op->reader, kept(op, reply));
    }
    read_reply(op, reply, err, REDIS_REPLY_STRING);
}

static void on_load_log(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool more = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; more && i < reply->elements; i++) {
        const redisReply *e = reply->element[i]; /* [id, [field, value ...]] */
        if (e->type == REDIS_REPLY_ARRAY && e->elements == 2 &&
            e->element[1]->type == REDIS_REPLY_ARRAY && e->element[1]->elements >= 2) {
            more = store_reader_entry(&op->reader, kept(op, e->element[0]),
                                      kept(op, e->element[1]->element[1]));
        }
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void send_load(struct op *op)
{
    const struct str own[] = {STR("HMGET"), op_key(op, "own", STR_NULL), STR("e"), STR("hs")};
    const struct str meta[] = {STR("HGETALL"), op_key(op, "meta", op->room)};
    const struct str aff[] = {STR("HGETALL"), op_key(op, "aff", op->room)};
    const struct str avatar[] = {STR("GET"), op_key(op, "avatar", op->room)};
    const struct str log[] = {
        STR("XREVRANGE"), op_key(op, "log", op->room), STR("+"), STR("-"),
        STR("COUNT"),     log_u64(LIMIT_HISTORY),
    };
    arena_reset(&op->replies);
    store_reader_init(&op->reader, &op->replies);
    op->failed = false;
    op->answered = end_load_log;
    op_command(op, 4, own, on_own);
    op_command(op, 2, meta, on_load_meta);
    op_command(op, 2, aff, on_load_aff);
    op_command(op, 2, avatar, on_load_avatar);
    op_command(op, 6, log, on_load_log);
}

static void redis_load(struct store *store, uint32_t slot, struct str room, store_load_fn *fn,
                       void *ctx)
{
    struct op *op = op_new((struct store_redis *)store, OP_LOAD, slot, room, ctx);
    op->load_fn = fn;
    op->send = send_load;
    send_load(op);
}

/* ---------------------------------------------------------------------------------------- list */

static void end_list(struct op *op)
{
    if (op->failed) {
        op->states = false; /* from the start: the list may have changed meanwhile */
        op_again(op);
    } else if (!op->own_exists) {
        damaged(op, "the record of the slot is missing");
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else if (op->states || op->n_listed == 0) {
        op_end(op, 0, NULL);
    } else {
        op->states = true;
        op->send(op);
    }
}

static void on_list_rooms(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (op->s && !err && reply->type == REDIS_REPLY_ARRAY) {
        op->n_listed = (uint32_t)reply->elements;
        op->listed = arena_zalloc(&op->replies, (reply->elements + 1) * sizeof(*op->listed));
        for (size_t i = 0; i < reply->elements; i++) {
            op->listed[i].room = kept(op, reply->element[i]);
        }
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_list_state(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (op->s && !err) { /* in order, or the try has failed */
        struct store_listed *l = &op->listed[op->n_states++];
        if (reply->type != REDIS_REPLY_STRING ||
            store_unpack_temporary(redis_str(reply), &l->temporary) != 0) {
            l->temporary = false; /* damaged: loading it will say so; never take it for temporary */
        }
    }
    read_reply(op, reply, err, REDIS_REPLY_STRING);
}

static void send_list(struct op *op)
{
    op->failed = false;
    if (!op->states) {
        const struct str own[] = {STR("HMGET"), op_key(op, "own", STR_NULL), STR("e"), STR("hs")};
        const struct str rooms[] = {STR("SMEMBERS"), op_key(op, "rooms", STR_NULL)};
        arena_reset(&op->replies);
        op->n_listed = 0;
        op_command(op, 4, own, on_own);
        op_command(op, 2, rooms, on_list_rooms);
        return;
    }
    op->n_states = 0;
    for (uint32_t i = 0, n = op->n_listed; i < n; i++) {
        const struct str state[] = {STR("HGET"), op_key(op, "meta", op->listed[i].room),
                                    STR("state")};
        op_command(op, 3, state, on_list_state);
    }
}

static void redis_list(struct store *store, uint32_t slot, store_list_fn *fn, void *ctx)
{
    struct op *op = op_new((struct store_redis *)store, OP_LIST, slot, STR_NULL, ctx);
    op->list_fn = fn;
    op->send = send_list;
    op->answered = end_list;
    send_list(op);
}

/* ---------------------------------------------------------------------------------------- read */

static void end_read(struct op *op)
{
    if (op->failed) {
        op_again(op);
        return;
    }
    op->logged = arena_alloc(&op->replies, (op->n_raw + 1) * sizeof(*op->logged));
    for (uint32_t i = 0; i < op->n_raw; i++) {
        const struct raw *r = &op->raw[i];
        if (store_unpack_logged(r->name, r->entry, r->gone, &op->replies, &op->logged[i]) != 0) {
            damaged(op, "an entry of its log");
            op_end(op, ERR_UNAVAILABLE, NULL);
            return;
        }
    }
    op_end(op, 0, NULL);
}

static void on_read_gone(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool found = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (uint32_t i = 0; found && i < reply->elements && i < op->n_raw; i++) {
        op->raw[i].gone = kept(op, reply->element[i]);
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_read_log(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    uint32_t most = op->range.n_names > 0 ? op->range.n_names : op->range.count;
    bool found = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; found && i < reply->elements && op->n_raw < most; i++) {
        const redisReply *e = reply->element[i]; /* [id, [field, value ...]] */
        if (e->type == REDIS_REPLY_ARRAY && e->elements == 2 &&
            e->element[1]->type == REDIS_REPLY_ARRAY && e->element[1]->elements >= 2) {
            op->raw[op->n_raw++] = (struct raw){kept(op, e->element[0]),
                                                kept(op, e->element[1]->element[1]), STR_NULL};
        }
    }
    read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

/* The second stage: which of them were taken back? */
static void end_read_log(struct op *op)
{
    if (op->failed || op->n_raw == 0) {
        end_read(op);
        return;
    }
    struct str *names = arena_alloc(&op->replies, op->n_raw * sizeof(*names));
    for (uint32_t i = 0; i < op->n_raw; i++) {
        names[i] = op->raw[i].name;
    }
    op->answered = end_read;
    ask_gone(op, names, op->n_raw, on_read_gone);
}

/* XRANGE or, backward, XREVRANGE. */
static void ask_log(struct op *op, struct event_name from, struct event_name to, bool backward,
                    uint32_t count)
{
    struct buf low, high;
    buf_init(&low);
    buf_init(&high);
    store_pack_name(from, &low);
    store_pack_name(to, &high);
    const struct str argv[] = {
        backward ? STR("XREVRANGE") : STR("XRANGE"),
        op_key(op, "log", op->room),
        buf_as_str(backward ? &high : &low),
        buf_as_str(backward ? &low : &high),
        STR("COUNT"),
        log_u64(count),
    };
    op_command(op, 6, argv, on_read_log);
    buf_deinit(&low);
    buf_deinit(&high);
}

static void send_read(struct op *op)
{
    const struct store_range *r = &op->range;
    uint32_t most = r->n_names > 0 ? r->n_names : r->count;
    arena_reset(&op->replies);
    op->raw = arena_alloc(&op->replies, (most + 1) * sizeof(*op->raw));
    op->n_raw = 0;
    op->failed = false;
    op->answered = end_read_log;
    if (r->n_names == 0) {
        ask_log(op, r->from, r->to, r->backward, r->count);
    }
    for (uint32_t i = 0, n = r->n_names; i < n; i++) {
        ask_log(op, r->names[i], r->names[i], false, 1);
    }
}

static void redis_read(struct store *store, uint32_t slot, struct str room,
                       const struct store_range *range, store_read_fn *fn, void *ctx)
{
    struct op *op = op_new((struct store_redis *)store, OP_READ, slot, room, ctx);
    struct event_name *names = arena_alloc(&op->arena, (range->n_names + 1) * sizeof(*names));
    for (uint32_t i = 0; i < range->n_names; i++) {
        names[i] = range->names[i];
    }
    op->read_fn = fn;
    op->range = *range;
    op->range.names = names;
    op->send = send_read;
    send_read(op);
}

/* ---------------------------------------------------------------------------------------- life */

static void redis_store_destroy(struct store **s_p)
{
    struct store_redis *s = (struct store_redis *)*s_p;
    *s_p = NULL;
    if (!s) {
        return;
    }
    while (!list_empty(&s->ops)) {
        struct op *op = LIST_ENTRY(s->ops.next, struct op, link);
        list_remove(&op->link);
        loop_timer_stop(&op->retry);
        op->s = NULL;
        switch (op->kind) {
        case OP_COMMIT:
            op->commit_fn(op->ctx, ERR_UNKNOWN);
            break;
        case OP_LOAD:
            op->load_fn(op->ctx, ERR_UNAVAILABLE, NULL);
            break;
        case OP_LIST:
            op->list_fn(op->ctx, ERR_UNAVAILABLE, NULL, 0, 0);
            break;
        case OP_READ:
            op->read_fn(op->ctx, ERR_UNAVAILABLE, NULL, 0);
            break;
        }
        if (op->pending == 0) {
            op_free(op);
        }
    }
    mem_free(s);
}

static void redis_count(struct store *store, struct str room, uint32_t occupants)
{
    directory_count(((struct store_redis *)store)->redis, room, occupants);
}

static const struct store_ops redis_ops = {
    .commit = redis_commit,
    .load = redis_load,
    .list = redis_list,
    .read = redis_read,
    .count = redis_count,
    .destroy = redis_store_destroy,
};

struct store *store_redis_new(struct loop *l, struct redis *r, uint64_t hold_ms,
                              const struct store_limits *limits)
{
    struct store_redis *s = mem_zalloc(sizeof(*s));
    s->store.ops = &redis_ops;
    s->loop = l;
    s->redis = r;
    s->hold_ms = hold_ms;
    s->max_rooms = limits->max_rooms;
    s->per_minute = limits->creations_per_minute;
    list_init(&s->ops);
    return &s->store;
}
