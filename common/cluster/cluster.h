/* cluster.h: this process in the cluster as Redis records it: who we are, who else is there and
 * alive.
 *
 * On start: read verona:meta (refuse on a difference), register ourselves with a new boot and nonce
 * in verona:shard:<id> or verona:gateway:<id> and in verona:members, then bump our lease counter
 * every LIMIT_RENEW_MS by compare-and-set on (boot, nonce, state). Others are watched the same way:
 * a member whose counter has not moved for its lease, measured with our own clock and only over
 * time in which our own reads succeeded, is dead. No TTL and no wall clock decides anything.
 */
#ifndef MUC_CLUSTER_H
#define MUC_CLUSTER_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct redis;
struct cluster;

enum cluster_role { CLUSTER_GATEWAY = 1, CLUSTER_SHARD = 2 };

/* Version of the JID preparation (stringprep over Unicode 3.2, RFC 6122) and of the Redis layout.
 */
#define CLUSTER_UNICODE 320u
#define CLUSTER_SCHEMA 1u

struct cluster_meta {
    char cluster_id[65];
    uint64_t gen;
    uint8_t seed[16]; /* of slot_of() */
    uint8_t key[32];  /* roster hash, stanza-id, fake salts: derive, never use as it is */
};

/* Another process (or ourselves) as its record says. Lives as long as the cluster object says. */
struct cluster_member {
    enum cluster_role role;
    char id[65];
    uint64_t boot;
    char nonce[33];        /* 32 hex digits */
    char endpoint[256];    /* bus, shards only */
    char admin[128];       /* HOST:PORT */
    uint8_t curve_key[32]; /* all zero: no CURVE */
    uint32_t weight;
    int64_t pid;
    char host[65];
    char ports[256]; /* for people: "c2s=5222 admin=5290" */
    bool alive;      /* UP or DRAINING and its lease moves */
    bool draining;
    uint64_t silent_ms; /* since its counter moved, of counted time */
};

struct cluster_ops {
    /* Registered and the first picture of the members is complete: work may begin. */
    void (*ready)(void *ctx);
    /* A member appeared, changed (boot, endpoint, alive, draining) or left. `old_boot` is 0 for a
     * new one. m->alive == false with an unchanged boot: it just died, or left. Called for each
     * change seen, the first ones before ready(); never for ourselves. */
    void (*member)(void *ctx, const struct cluster_member *m, uint64_t old_boot);
    /* Our own record is not ours any more (declared dead, or another process took the id): drop
     * everything that depends on it. Registration with a new boot and nonce follows by itself, then
     * ready() again. */
    void (*lost)(void *ctx);
    /* The cluster is not what it was (no or other cluster_id, gen or function library): refuse what
     * is durable until it is back. */
    void (*unsafe)(void *ctx, bool unsafe, const char *why);
};

struct cluster_self {
    enum cluster_role role;
    const char *id;
    const char *endpoint, *admin, *host, *ports; /* "" if none */
    const uint8_t *curve_key;                    /* NULL: none */
    uint32_t weight;
};

/* Copies self and ops; calls nothing back before the loop turns. cluster_destroy() before the loop
 * and the connection go. */
struct cluster *cluster_new(struct loop *l, struct redis *r, const struct cluster_self *self,
                            const struct cluster_ops *ops, void *ctx);
/* Takes our record out (state gone, removed from members) if Redis answers within a second, then
 * calls done(ctx). */
void cluster_leave(struct cluster *c, void (*done)(void *ctx));
void cluster_destroy(struct cluster **c_p);
/* Our record says DRAINING from the next renewal on. */
void cluster_set_draining(struct cluster *c, bool draining);
/* The caller's own link to that member broke and others say the same: it counts as dead after a
 * silence of 300 ms (a gateway: 1 s) instead of its whole lease. Ends when its counter moves. */
void cluster_suspect(struct cluster *c, const struct cluster_member *m);
/* The Redis connection changed state. */
void cluster_redis_state(struct cluster *c, bool up);

const struct cluster_meta *cluster_meta(const struct cluster *c); /* valid after ready */
bool cluster_ready(const struct cluster *c);                      /* between ready and lost */
bool cluster_unsafe(const struct cluster *c);                     /* as unsafe() said last */
/* Our own; boot and nonce change with each registration, and count from ready on. */
const char *cluster_id(const struct cluster *c);
uint64_t cluster_boot(const struct cluster *c);
const char *cluster_nonce(const struct cluster *c);
const struct cluster_member *cluster_find(const struct cluster *c, enum cluster_role role,
                                          struct str id); /* NULL if unknown */
/* Every member seen, dead ones that are not forgotten too. */
void cluster_each(const struct cluster *c, void (*fn)(void *ctx, const struct cluster_member *m),
                  void *ctx);
/* Readings of all members are numbered. begun: the newest that was asked for; done: the newest that
 * was answered whole and reported. What was in Redis before a reading began is in it. */
uint64_t cluster_readings_begun(const struct cluster *c);
uint64_t cluster_readings_done(const struct cluster *c);

/* ---- keys and functions of Redis, the one place that spells them */

/* "verona:{s12}:aff:room@conference" etc.: the room is the last component. kind: own, log, meta,
 * aff, nicks, gone, rooms. room is empty for own and rooms. */
void cluster_slot_key(struct buf *out, uint32_t slot, const char *kind, struct str room);

/* "verona:shard:<id>" or "verona:gateway:<id>". */
void cluster_record_key(struct buf *out, enum cluster_role role, struct str id);

/* deploy/redis/verona.lua is one library of this name; its functions are called with FCALL:
 *   verona_commit verona_claim verona_give verona_register verona_renew verona_bury
 *   verona_leave verona_forget verona_session_bind verona_session_unbind verona_session_priority
 *   verona_init_own */
#define CLUSTER_LIBRARY "verona_v1"

#endif
