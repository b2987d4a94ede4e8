/* store_redis_read.c: ranges of the log of a room, with what was taken back. */
#include "shard/store_redis_priv.h"

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
            op_damaged(op, "an entry of its log");
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
        op->raw[i].gone = op_kept(op, reply->element[i]);
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
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
            op->raw[op->n_raw++] = (struct raw){op_kept(op, e->element[0]),
                                                op_kept(op, e->element[1]->element[1]), STR_NULL};
        }
    }
    op_read_reply(op, reply, err, REDIS_REPLY_ARRAY);
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
    op_ask_gone(op, names, op->n_raw, on_read_gone);
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

void store_redis_read(struct store *store, uint32_t slot, struct str room,
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
