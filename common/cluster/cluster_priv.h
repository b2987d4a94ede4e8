/* cluster_priv.h: the inside of common/cluster, for its own files. */
#ifndef MUC_CLUSTER_PRIV_H
#define MUC_CLUSTER_PRIV_H

#include "base/hmap.h"
#include "cluster/cluster.h"
#include "cluster/cluster_record.h"
#include "rt/loop.h"
#include "rt/redis.h"

enum {
    COMMAND_MS = 5000, /* a shorter one would cut the connection of everybody else's commands */
    ABSENT_RETRY_MS = 1000,
    COMPLAIN_MS = 30000, /* say again what is wrong */
};

enum phase { PHASE_META, PHASE_RIVAL, PHASE_REGISTER, PHASE_RUN, PHASE_LEFT };

/* A member that we have ever seen. Never freed before the cluster object: callers hold pointers. */
struct entry {
    struct cluster *c;
    char field[80]; /* "shard:<id>": the key in the table and in verona:members */
    struct cluster_member m;
    uint64_t renew;
    uint64_t dead_ms; /* counted time since it died */
    bool is_self;
    bool seen;      /* m was read at least once */
    bool listed;    /* in verona:members, by the last round */
    bool suspect;   /* see cluster_suspect() */
    bool burying;   /* bury or forget is under way */
    bool forgotten; /* long dead: not shown any more */
    /* This round's reading. */
    bool read_listed;
    uint64_t listed_boot;
    struct cluster_record read;
    UT_hash_handle hh;
};

struct cluster {
    struct loop *loop;
    struct redis *redis;
    struct cluster_ops ops;
    void *ctx;
    enum cluster_role role;
    char id[65], endpoint[256], admin[128], host[65], ports[256];
    uint8_t curve_key[32];
    bool has_curve_key, draining;
    uint32_t weight;
    struct loop_timer tick;

    enum phase phase;
    uint32_t refs; /* replies under way, and the caller */
    bool destroyed;
    bool busy;           /* a reply is awaited before the next step, or a round is open */
    uint64_t not_before; /* next try in META */
    bool was_registered; /* in this life of the object */
    bool ready;

    bool has_meta;
    struct cluster_meta meta;
    uint64_t boot;
    char nonce[33];
    uint64_t renewed_at; /* 0: never */

    bool unsafe;
    char why[128];
    uint64_t complained_at;

    uint64_t rival_boot, rival_renew, rival_since;

    /* The round that is open. */
    uint32_t round_pending;
    bool round_failed;
    const char *round_meta; /* why verona:meta is not ours any more; NULL: it is */
    enum { RENEW_OK, RENEW_REFUSED, RENEW_NO_LIBRARY } round_renew;
    char round_state[16];

    uint64_t rounds_begun, rounds_done; /* numbers of them; done: that succeeded */
    uint64_t last_round;  /* end of the last one that succeeded; 0: start counting anew */
    uint64_t grace_until; /* no silence counts before */

    struct entry *members;
    void (*left)(void *ctx);
    void *left_ctx;
};

/* ---- cluster.c */

/* One reference less; frees the object after the last one. */
void cluster_unref(struct cluster *c);
/* Every command of this folder: holds a reference until its reply, whose function gives it up. */
void cluster_command(struct cluster *c, uint32_t argc, const struct str *argv, uint32_t ms,
                     redis_fn *fn, void *ctx);
bool cluster_error_is(const redisReply *r, const char *prefix);
bool cluster_no_library(const redisReply *r);
/* NULL: the id is too long. */
struct entry *cluster_entry_add(struct cluster *c, enum cluster_role role, struct str id);
/* Says so to the caller, and to the log, when it is news. */
void cluster_set_unsafe(struct cluster *c, bool unsafe, const char *why);
/* Reads failed, or were not about our cluster: silence counts from here on. */
void cluster_restart_count(struct cluster *c);
/* The next step, if it is time for one and no reply is awaited. */
void cluster_tick(void *ctx);

/* ---- cluster_register.c */

/* verona:meta as it is now: NULL if it is the one that we began with, or the first. */
const char *cluster_check_meta(struct cluster *c, const redisReply *reply);
void cluster_ask_meta(struct cluster *c);
void cluster_ask_rival(struct cluster *c);
void cluster_register(struct cluster *c);

/* ---- cluster_round.c */

void cluster_begin_round(struct cluster *c);

/* ---- cluster_judge.c */

/* What a round has read of one member. dt: counted time since the round before. */
void cluster_judge(struct entry *e, uint64_t dt);
void cluster_count_nodes(const struct cluster *c);

#endif
