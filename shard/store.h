/* store.h: where rooms outlive a process. An ops struct: Redis (store_redis.c) or memory
 * (store_mem.c, for tests).
 *
 * A commit is one fenced call (verona_commit of deploy/redis/verona.lua): it checks (epoch, nonce)
 * and the room's last event before its first write and cannot half-happen. The store holds commits
 * while Redis is away, for limits.hold at the most, and resolves unknown outcomes itself by
 * repeating the same names. */
#ifndef MUC_STORE_H
#define MUC_STORE_H

#include "base/mem.h"
#include "shard/room/effects.h"

/* Who writes: the slot's token. */
struct store_token {
    uint32_t slot;
    uint64_t epoch;
    const char *nonce; /* 32 hex digits */
};

/* One durable event of a room. */
struct store_entry {
    struct event_name name, prev;
    uint64_t now_ms;
    struct str gwboot; /* "<gateway id>:<boot>" of the origin; empty: none */
    uint64_t rseq;
    const struct fx *fx; /* FX_PERSIST; borrowed for the call of commit() */
    /* Retention, of the last entry of a call: at least so many archived messages stay, unless they
     * are older; 0: no archive. What history needs stays in any case. */
    uint32_t keep_messages;
    uint64_t keep_since_ms;
};

/* 0: all entries are in the store.
 * ERR_UNAVAILABLE: none is, none will be.    ERR_FENCED: we do not own the slot (any more).
 * ERR_DIVERGED: the store's last event is not `prev`; none of it was done.
 * ERR_NOTFOUND: there is no such message for a moderator to take back; nothing was done.
 * ERR_FULL: one more room may not be made, or not so soon; nothing was done (store_limits).
 * ERR_UNKNOWN: nobody could tell for LIMIT_UNKNOWN_MS. */
typedef void store_commit_fn(void *ctx, int err);

struct store_mark {
    struct str gwboot;
    uint64_t rseq;
};

/* What load found. Borrowed for the call. */
struct store_room {
    bool exists; /* meta is there and the room was not destroyed */
    /* Newest event in the store, also of a destroyed room. e 0: none; s is then the slot's `hs`,
     * above which the numbers of a new room start. A first commit names it as its `prev`, as it is.
     */
    struct event_name last;
    struct room_image image; /* if it exists */
    struct str moved_to;     /* if it does not: the room that took its place; empty: none */
    uint64_t moved_until_ms;
    const struct store_mark *marks; /* of the room; also if it was destroyed */
    uint32_t n_marks;
};
/* err: 0, or ERR_UNAVAILABLE: could not ask (never "does not exist", I11). */
typedef void store_load_fn(void *ctx, int err, const struct store_room *room);

/* A log entry as it stands now: what was taken back is a tombstone. */
struct store_logged {
    struct room_message m; /* name; the rest of messages and subjects only */
    struct str jid;        /* bare, of who spoke */
    bool in_archive;
};

/* Which part of a log: names from..to (both inclusive), the oldest `count` of them, or with
 * `backward` the newest, newest first. Or these very names, those that are there. */
struct store_range {
    struct event_name from, to;
    bool backward;
    uint32_t count;
    const struct event_name *names; /* borrowed for the call */
    uint32_t n_names;               /* 0: the range */
};
/* Less than `count`: that was all of the range. err: 0, or ERR_UNAVAILABLE. Borrowed. */
typedef void store_read_fn(void *ctx, int err, const struct store_logged *list, uint32_t n);

/* The rooms of a slot. `temporary` says whether one ends with its last occupant. */
struct store_listed {
    struct str room;
    bool temporary;
};
typedef void store_list_fn(void *ctx, int err, const struct store_listed *rooms, uint32_t n,
                           uint64_t highest_seq /* `hs` of the slot: removed rooms */);

struct store;
struct store_ops {
    /* At most one commit per room is in flight; the caller sees to it. Several entries: messages
     * only, each one's prev the name before it. */
    void (*commit)(struct store *s, const struct store_token *t, struct str room,
                   const struct store_entry *entries, uint32_t n, store_commit_fn *fn, void *ctx);
    void (*load)(struct store *s, uint32_t slot, struct str room, store_load_fn *fn, void *ctx);
    void (*list)(struct store *s, uint32_t slot, store_list_fn *fn, void *ctx);
    void (*read)(struct store *s, uint32_t slot, struct str room, const struct store_range *range,
                 store_read_fn *fn, void *ctx);
    /* How many are inside a room now, for the directory. Forgotten if it cannot be said now. */
    void (*count)(struct store *s, struct str room, uint32_t occupants);
    /* Before the Redis connection goes. Pending commits end with ERR_UNKNOWN, loads and lists with
     * ERR_UNAVAILABLE, from within the call. */
    void (*destroy)(struct store **s_p);
};
struct store {
    const struct store_ops *ops;
};

struct redis;
struct loop;
/* Of new rooms in the whole cluster. 0: none. */
struct store_limits {
    uint32_t max_rooms, creations_per_minute; /* of one user */
};
struct store *store_redis_new(struct loop *l, struct redis *r, uint64_t hold_ms,
                              const struct store_limits *limits);
/* In memory, for tests: the same bytes and checks, answers at the end of the
 * turn. Without fencing unless told. */
struct store *store_mem_new(struct loop *l);
/* From now on only this token may commit in the slot ("" : nobody may, NULL: everybody again). */
void store_mem_fence(struct store *s, uint32_t slot, uint64_t epoch, const char *nonce);
/* What was counted last in a room, UINT32_MAX: nothing. */
uint32_t store_mem_counted(const struct store *s, struct str room);
/* The next n rooms may not be made: ERR_FULL. */
void store_mem_full(struct store *s, uint32_t n);
/* Everything ends with ERR_UNAVAILABLE while set. */
void store_mem_unavailable(struct store *s, bool unavailable);
/* The next n commits are done, but nobody could tell: ERR_UNKNOWN. */
void store_mem_unknown(struct store *s, uint32_t n);

#endif
