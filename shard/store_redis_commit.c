/* store_redis_commit.c: see store_redis.c, which has the picture. */
#include "shard/store_redis_priv.h"

#include <assert.h>

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
        loop_timer_start(op->s->loop, &op->retry, RETRY_MS, 0, op_retry, op);
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
        if (reply_starts(reply, "SEEN")) {
            log_warn("commit_seen", KV("room", log_jid(op->room)));
        }
        end_commit(op);
    } else if (reply_starts(reply, "FENCED")) {
        metric_add(METRIC_FENCED_WRITES_TOTAL, 1);
        op_end(op, ERR_FENCED, NULL);
    } else if (reply_starts(reply, "NOTARGET")) {
        op_end(op, ERR_NOTFOUND, NULL);
    } else if (reply_starts(reply, "DIVERGED") || reply_starts(reply, "ORDER") ||
               reply_starts(reply, "EXISTS") || reply_starts(reply, "NICK") ||
               reply_starts(reply, "SEEN") || reply_starts(reply, "DAMAGED") ||
               reply_starts(reply, "WRONGTYPE") || reply_starts(reply, "ERR arguments")) {
        log_error("commit_diverged", KV("room", log_jid(op->room)), KV("store", redis_str(reply)));
        op_end(op, ERR_DIVERGED, NULL);
    } else {
        if (!reply_is_refusal(reply)) { /* nothing that we know of: it may have stopped anywhere */
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
    } else if (reply_starts(reply, "OK")) {
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

void store_redis_commit(struct store *store, const struct store_token *t, struct str room,
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
