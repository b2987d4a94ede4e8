/* store_redis_load.c: rooms out of Redis, one whole or all of a slot. */
#include "shard/store_redis_priv.h"

void op_damaged(struct op *op, const char *what)
{
    log_error("room_damaged", KV("room", log_jid(op->room)), KV_U("slot", op->slot),
              KV_Z("what", what));
    metric_set(METRIC_DATA_LOSS_SUSPECTED, 1);
}

/* A reply of a load or list is there. Which one is the last is not sure: commands that were not
 * sent end by their deadline. */
void op_read_reply(struct op *op, const redisReply *reply, int err, int type)
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
        op_damaged(op, "the record of the slot is missing");
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else if (store_reader_finish(&op->reader, op->hs, &found) != 0) {
        op_damaged(op, "what the store has of it is no whole room");
        op_end(op, ERR_UNAVAILABLE, NULL);
    } else {
        if (found.exists || op->reader.has_gone ||
            op->s->max_rooms) { /* repairs what was lost on the way */
            directory_put(op->s->redis, op->room, found.exists ? &found.image : NULL, NULL, NULL);
        }
        op_end(op, 0, &found);
    }
}

struct str op_kept(struct op *op, const redisReply *reply)
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
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_meta(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op->s || err || reply->type != REDIS_REPLY_ARRAY) {
        op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        store_reader_meta(&op->reader, op_kept(op, reply->element[i]),
                          op_kept(op, reply->element[i + 1]));
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_aff(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (!op->s || err || reply->type != REDIS_REPLY_ARRAY) {
        op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
        return;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        store_reader_affiliation(&op->reader, op_kept(op, reply->element[i]),
                                 op_kept(op, reply->element[i + 1]));
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_load_gone(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool found = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; found && i < reply->elements; i++) {
        store_reader_gone(&op->reader, (uint32_t)i, op_kept(op, reply->element[i]));
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

/* HMGET of the hash of what was taken back, for n names; the answer is in their order. */
void op_ask_gone(struct op *op, const struct str *names, uint32_t n, redis_fn *fn)
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
    op_ask_gone(op, names, n, on_load_gone);
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
        store_reader_vcard(&op->reader, op_kept(op, reply));
    }
    op_read_reply(op, reply, err, REDIS_REPLY_STRING);
}

static void on_load_log(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    bool more = op->s && !err && reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; more && i < reply->elements; i++) {
        const redisReply *e = reply->element[i]; /* [id, [field, value ...]] */
        if (e->type == REDIS_REPLY_ARRAY && e->elements == 2 &&
            e->element[1]->type == REDIS_REPLY_ARRAY && e->element[1]->elements >= 2) {
            more = store_reader_entry(&op->reader, op_kept(op, e->element[0]),
                                      op_kept(op, e->element[1]->element[1]));
        }
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
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

void store_redis_load(struct store *store, uint32_t slot, struct str room, store_load_fn *fn,
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
        op_damaged(op, "the record of the slot is missing");
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
            op->listed[i].room = op_kept(op, reply->element[i]);
        }
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
}

static void on_list_state(void *ctx, const redisReply *reply, int err)
{
    struct op *op = ctx;
    if (op->s && !err) { /* in order, or the try has failed */
        struct store_listed *l = &op->listed[op->n_states++];
        if (reply->type != REDIS_REPLY_STRING ||
            store_unpack_temporary(redis_str(reply), &l->temporary) != 0) {
            l->temporary =
                false; /* op_damaged: loading it will say so; never take it for temporary */
        }
    }
    op_read_reply(op, reply, err, REDIS_REPLY_STRING);
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

void store_redis_list(struct store *store, uint32_t slot, store_list_fn *fn, void *ctx)
{
    struct op *op = op_new((struct store_redis *)store, OP_LIST, slot, STR_NULL, ctx);
    op->list_fn = fn;
    op->send = send_list;
    op->answered = end_list;
    send_list(op);
}
