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
#include "shard/store_redis_priv.h"

struct op *op_new(struct store_redis *s, enum op_kind kind, uint32_t slot, struct str room,
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
void op_end(struct op *op, int err, const struct store_room *found)
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

void op_retry(void *ctx)
{
    struct op *op = ctx;
    op->send(op);
}

uint64_t op_limit(const struct op *op)
{
    return op->unknown_since_ms ? op->unknown_since_ms + LIMIT_UNKNOWN_MS : op->deadline_ms;
}

/* Again, if there is time left. */
void op_again(struct op *op)
{
    if (loop_now_ms(op->s->loop) >= op_limit(op)) {
        op_end(op, op->unknown_since_ms ? ERR_UNKNOWN : ERR_UNAVAILABLE, NULL);
        return;
    }
    loop_timer_start(op->s->loop, &op->retry, RETRY_MS, 0, op_retry, op);
}

void op_command(struct op *op, uint32_t argc, const struct str *argv, redis_fn *fn)
{
    uint64_t now = loop_now_ms(op->s->loop), limit = op_limit(op);
    uint64_t left = limit > now ? limit - now : 0;
    op->pending++;
    redis_command(op->s->redis, argc, argv, (uint32_t)(left < LEAST_MS ? LEAST_MS : left), fn, op);
}

/* Counts a reply in. False: the store is gone, and maybe the request with it. */
bool op_reply(struct op *op)
{
    op->pending--;
    if (!op->s && op->pending == 0) {
        op_free(op);
        return false;
    }
    return op->s != NULL;
}

/* A key of the slot, in the arena of the request. */
struct str op_key(struct op *op, const char *kind, struct str room)
{
    struct buf b;
    buf_init(&b);
    cluster_slot_key(&b, op->slot, kind, room);
    struct str key = arena_str(&op->arena, buf_as_str(&b));
    buf_deinit(&b);
    return key;
}

bool reply_starts(const redisReply *r, const char *prefix)
{
    size_t n = strlen(prefix);
    return (size_t)r->len >= n && memcmp(r->str, prefix, n) == 0;
}

/* Error replies that say: not now, and nothing was done. rt/redis counts them. */
bool reply_is_refusal(const redisReply *r)
{
    static const char *const list[] = {
        "LOADING",    "MISCONF",     "OOM",      "READONLY", "NOREPLICAS", "BUSY ",
        "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOAUTH",   "NOPERM",     "ERR Function not found",
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        if (reply_starts(r, list[i])) {
            return true;
        }
    }
    return false;
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
    .commit = store_redis_commit,
    .load = store_redis_load,
    .list = store_redis_list,
    .read = store_redis_read,
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
