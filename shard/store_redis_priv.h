/* store_redis_priv.h: what the files of store_redis share.
 *
 *   store_redis.c         requests in general: tries, replies, the end; the store as a whole
 *   store_redis_commit.c  commits, and what the directory must say of them
 *   store_redis_load.c    a whole room; the rooms of a slot
 *   store_redis_read.c    ranges of a log */
#ifndef MUC_STORE_REDIS_PRIV_H
#define MUC_STORE_REDIS_PRIV_H

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

/* store_redis.c */
struct op *op_new(struct store_redis *s, enum op_kind kind, uint32_t slot, struct str room,
                  void *ctx);
/* The end of a request: tells the caller. `found` is for OP_LOAD. */
void op_end(struct op *op, int err, const struct store_room *found);
void op_retry(void *ctx); /* ctx: the request */
/* Until when it may be tried (loop_now_ms). */
uint64_t op_limit(const struct op *op);
/* Again, if there is time left. */
void op_again(struct op *op);
void op_command(struct op *op, uint32_t argc, const struct str *argv, redis_fn *fn);
/* Counts a reply in. False: the store is gone, and maybe the request with it. */
bool op_reply(struct op *op);
/* A key of the slot, in the arena of the request. */
struct str op_key(struct op *op, const char *kind, struct str room);
bool reply_starts(const redisReply *r, const char *prefix);
bool reply_is_refusal(const redisReply *r);

/* store_redis_load.c: of every request that reads */
void op_damaged(struct op *op, const char *what);
void op_read_reply(struct op *op, const redisReply *reply, int err, int type);
/* Bytes of a reply, for the rest of the try. */
struct str op_kept(struct op *op, const redisReply *reply);
void op_ask_gone(struct op *op, const struct str *names, uint32_t n, redis_fn *fn);

/* struct store_ops */
void store_redis_commit(struct store *store, const struct store_token *t, struct str room,
                        const struct store_entry *entries, uint32_t n, store_commit_fn *fn,
                        void *ctx);
void store_redis_load(struct store *store, uint32_t slot, struct str room, store_load_fn *fn,
                      void *ctx);
void store_redis_list(struct store *store, uint32_t slot, store_list_fn *fn, void *ctx);
void store_redis_read(struct store *store, uint32_t slot, struct str room,
                      const struct store_range *range, store_read_fn *fn, void *ctx);

#endif
