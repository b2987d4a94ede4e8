/* redis_priv.h: what the files of redis share. */
#ifndef MUC_REDIS_PRIV_H
#define MUC_REDIS_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "rt/loop.h"
#include "rt/redis.h"
#include "rt/redis_url.h"

struct redis_dial;

enum state { IDLE, DIALING, GREETING, UP };

struct command {
    struct list link;        /* redis.waiting or redis.inflight */
    struct list in_deadline; /* redis.by_deadline */
    uint64_t deadline_ms, started_ns;
    redis_fn *fn; /* may be NULL */
    void *ctx;
    bool sent;     /* to its last byte: in redis.inflight */
    char name[12]; /* upper case, for metrics; cut */
    size_t n;
    char bytes[];
};

struct redis {
    struct loop *loop;
    struct redis_url url;
    redis_state_fn *state_fn; /* may be NULL */
    void *state_ctx;
    char *password; /* replaces url.password if password_set */
    bool password_set;

    enum state state;
    bool dead; /* destroyed; freed at the end of the turn */
    struct redis_dial *dial;
    int fd; /* -1: none */
    struct loop_poll *poll;
    redisReader *reader;

    struct buf greeting; /* AUTH, SELECT, PING */
    size_t greeting_sent;
    unsigned greeting_replies, greeting_auth; /* still expected; how many of the first are AUTH */

    struct list waiting, inflight, by_deadline;
    size_t head_sent; /* bytes of the first waiting command that are written */
    size_t queued_bytes;
    uint32_t n_inflight;

    struct loop_task flush, end;
    struct loop_timer retry, deadline, connect_limit;
    unsigned failures;      /* since the last UP */
    const char *last_why;   /* of the last failure, to log a change only */
    uint64_t down_since_ms; /* valid while not UP */
};

/* ---- redis_command.c */

/* Its bytes, as Redis reads them. The caller's until it is in a list. */
struct command *redis_command_new(uint32_t argc, const struct str *argv);
/* The first of waiting or inflight; NULL: none. */
struct command *redis_first(struct list *queue);
/* The one end of every command: out of the lists, counted, answered. */
void redis_finish(struct redis *r, struct command *c, const redisReply *reply, int err);
void redis_fail_all(struct redis *r, struct list *queue, int err);
void redis_arm_deadline(struct redis *r);

/* ---- redis.c */

/* The only way back to IDLE while the object lives. Calls back; r may be dead afterwards. */
void redis_lose(struct redis *r, const char *why);
/* ctx: struct redis. Writes what waits. */
void redis_flush(void *ctx);

#endif
