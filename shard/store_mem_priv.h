/* store_mem_priv.h: what the files of store_mem share.
 *
 *   store_mem.c         requests and their answers; the store as a whole, and what tests tell it
 *   store_mem_keys.c    hashes, the keys of a room, marks: what Redis would hold
 *   store_mem_commit.c  commits: the checks and changes of verona_commit
 *   store_mem_read.c    loads, lists and ranges of a log */
#ifndef MUC_STORE_MEM_PRIV_H
#define MUC_STORE_MEM_PRIV_H

#include "shard/store.h"

#include "base/buf.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/slot.h"
#include "rt/loop.h"
#include "shard/codec_store.h"

/* A field of a hash. */
struct pair {
    struct str key, value; /* ours */
    struct str nick;       /* affiliations: reserved; ours */
};

struct hash {
    struct pair *list;
    uint32_t n, cap;
};

/* The keys of a room: log, meta, aff (and nicks in it). They outlive the room. */
struct mem_room {
    UT_hash_handle hh;
    uint32_t slot;
    struct str room; /* ours, as `key` */
    struct buf key;  /* "<slot>:<room>" */
    struct buf state, moved, vcard;
    bool exists, gone;
    struct event_name last;
    struct hash marks, affiliations;
    struct hash log;   /* key: name. Oldest first */
    struct hash taken; /* name -> Retraction */
};

struct fence {
    uint64_t epoch;
    char nonce[33];
    bool set;
};

struct answer {
    struct list link;
    enum { ANSWER_COMMIT, ANSWER_LOAD, ANSWER_LIST, ANSWER_READ } kind;
    int err;
    uint32_t slot;
    struct str room; /* ours */
    store_commit_fn *commit_fn;
    store_load_fn *load_fn;
    store_list_fn *list_fn;
    store_read_fn *read_fn;
    struct store_range range; /* names are ours */
    void *ctx;
};

struct store_mem {
    struct store store; /* first */
    struct loop *loop;
    struct mem_room *rooms;
    struct fence fences[SLOT_COUNT];
    uint64_t hs[SLOT_COUNT];
    struct list answers;
    struct loop_task task;
    bool unavailable;
    uint32_t n_unknown, n_full;
    struct hash counts;
    bool answering, destroyed; /* destroyed while answers are given: freed after the last */
};

/* ---- store_mem_keys.c */

/* A copy of ours; given back with mem_disown. */
struct str mem_own(struct str s);
void mem_disown(struct str s);

/* NULL: it is not there. Valid until the hash changes. */
struct pair *hash_get(const struct hash *h, struct str key);
/* Copies what it is given, in place of an older pair of that key. */
void hash_set(struct hash *h, struct str key, struct str value, struct str nick);
/* p: of this hash. */
void hash_del(struct hash *h, struct pair *p);
/* Empty again, and as good as new. */
void hash_deinit(struct hash *h);

/* NULL: it is not there, and was not to be made. It stays until the store goes. */
struct mem_room *mem_room_get(struct store_mem *s, uint32_t slot, struct str room, bool create);
void mem_room_free(struct store_mem *s, struct mem_room *r);
/* The mark of a gateway's boot; 0: none (rseq begins at 1). r may be NULL. */
uint64_t mem_mark(const struct mem_room *r, struct str gwboot);
/* Marks of older boots of that gateway go. */
void mem_mark_set(struct mem_room *r, struct str gwboot, uint64_t rseq);

/* ---- store_mem_commit.c */

/* The whole call, as verona_commit does it. 0, ERR_FENCED, ERR_DIVERGED or ERR_NOTFOUND. */
int mem_commit_entries(struct store_mem *s, const struct store_token *t, struct str room,
                       const struct store_entry *entries, uint32_t n);

/* ---- store_mem_read.c: each tells the caller what there is now */

void mem_answer_load(struct store_mem *s, const struct answer *a);
void mem_answer_list(struct store_mem *s, const struct answer *a);
void mem_answer_read(struct store_mem *s, const struct answer *a);

#endif
