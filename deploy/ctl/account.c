/* account.c: see account.h. */
#include "deploy/ctl/account.h"

#include "base/err.h"
#include "prep/jid_prep.h"
#include "prep/scram_record.h"

#include <openssl/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

enum { SALT_LEN = 16 };

static void key_of(struct str jid, struct buf *out)
{
    buf_init(out);
    buf_z(out, "verona:user:");
    buf_str(out, jid);
}

/* An integer reply; a negative error otherwise. Frees it. */
static int64_t expect_int(struct rds *r, redisReply *reply, struct buf *err)
{
    int64_t v = ERR_UNAVAILABLE;
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        v = reply->integer;
    else if (reply)
        buf_printf(err, "Redis says: %.*s", STR_FMT(rds_str(reply)));
    else
        buf_printf(err, "the connection to Redis was lost: %s", rds_error(r));
    freeReplyObject(reply);
    return v;
}

/* What is kept of a password, with a salt of its own. */
static void derive(enum scram_hash h, struct str prepared, uint32_t iterations, struct buf *out)
{
    struct scram_record r = {.iterations = iterations, .salt_len = SALT_LEN};
    randombytes_buf(r.salt, SALT_LEN);
    scram_record_derive(h, prepared, &r);
    scram_record_print(h, &r, out);
}

static int derive_both(struct str password, uint32_t iterations, struct buf *sha256,
                       struct buf *sha1, struct buf *err)
{
    struct arena a;
    struct str prepared;
    arena_init(&a);
    int rc = jid_saslprep(password, &a, &prepared);
    if (rc) {
        buf_z(err, "the password is empty, too long or holds characters that SASLprep forbids");
    } else {
        derive(SCRAM_SHA_256, prepared, iterations, sha256);
        derive(SCRAM_SHA_1, prepared, iterations, sha1);
        OPENSSL_cleanse((void *)(uintptr_t)prepared.p, prepared.n);
    }
    arena_deinit(&a);
    return rc;
}

/* ---- changes: a record and its name in verona:users change together or not at all */

struct change {
    struct str jid, key;
    bool exists; /* it must be there already, else it must not */
    void (*queue)(struct rds *r, const struct change *c); /* sends N_QUEUED commands */
    struct str values[3];
};
enum { N_QUEUED = 2 };

static int check(struct rds *r, struct str jid, struct str key, bool exists, struct buf *err)
{
    int64_t n = expect_int(r, RDS(r, STR("EXISTS"), key), err);
    if (n < 0)
        return (int)n;
    if (n && !exists) {
        buf_printf(err, "the account %.*s exists", STR_FMT(jid));
        return ERR_CONFLICT;
    }
    if (!n && exists) {
        buf_printf(err, "there is no account %.*s", STR_FMT(jid));
        return ERR_NOTFOUND;
    }
    return 0;
}

static int watch(struct rds *r, const struct change *c, struct buf *err)
{
    redisReply *reply = RDS(r, STR("WATCH"), c->key);
    bool ok = reply && reply->type == REDIS_REPLY_STATUS;
    if (!ok)
        return (int)expect_int(r, reply, err);
    freeReplyObject(reply);
    return check(r, c->jid, c->key, c->exists, err);
}

/* Of MULTI, the queued commands and EXEC. ERR_AGAIN: somebody else changed the record meanwhile. */
static int execute(struct rds *r, const struct change *c, struct buf *err)
{
    redisReply *reply = NULL;
    RDS_SEND(r, STR("MULTI"));
    c->queue(r, c);
    RDS_SEND(r, STR("EXEC"));
    for (int i = 0; i < N_QUEUED + 2; i++) {
        freeReplyObject(reply);
        reply = rds_receive(r);
        if (!reply || rds_is_error(reply))
            return (int)expect_int(r, reply, err);
    }
    int rc = reply->type == REDIS_REPLY_NIL ? ERR_AGAIN : 0;
    for (size_t i = 0; !rc && i < reply->elements; i++)
        if (rds_is_error(reply->element[i])) {
            buf_printf(err, "Redis says: %.*s", STR_FMT(rds_str(reply->element[i])));
            rc = ERR_UNAVAILABLE;
        }
    freeReplyObject(reply);
    return rc;
}

static int apply(struct rds *r, const struct change *c, struct buf *err)
{
    int rc;
    do {
        rc = watch(r, c, err);
        if (rc) {
            freeReplyObject(RDS(r, STR("UNWATCH")));
            return rc;
        }
        rc = execute(r, c, err);
    } while (rc == ERR_AGAIN);
    return rc;
}

static void queue_add(struct rds *r, const struct change *c)
{
    RDS_SEND(r, STR("HSET"), c->key, STR("scram-sha-256"), c->values[0], STR("scram-sha-1"),
             c->values[1], STR("created"), c->values[2]);
    RDS_SEND(r, STR("SADD"), STR("verona:users"), c->jid);
}

static void queue_passwd(struct rds *r, const struct change *c)
{
    RDS_SEND(r, STR("HSET"), c->key, STR("scram-sha-256"), c->values[0], STR("scram-sha-1"),
             c->values[1]);
    RDS_SEND(r, STR("SADD"), STR("verona:users"), c->jid);
}

static void queue_del(struct rds *r, const struct change *c)
{
    RDS_SEND(r, STR("DEL"), c->key, c->values[0]);
    RDS_SEND(r, STR("SREM"), STR("verona:users"), c->jid);
}

/* Adding and changing. */
static int set_keys(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                    bool exists, struct buf *err)
{
    struct buf key, sha256, sha1;
    char now[24];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(now, sizeof now, "%lld", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    buf_init(&sha256);
    buf_init(&sha1);
    key_of(jid, &key);
    int rc = derive_both(password, iterations, &sha256, &sha1, err);
    if (!rc) {
        struct change c = {jid,
                           buf_as_str(&key),
                           exists,
                           exists ? queue_passwd : queue_add,
                           {buf_as_str(&sha256), buf_as_str(&sha1), str_of(now)}};
        rc = apply(r, &c, err);
    }
    buf_deinit(&key);
    buf_deinit(&sha256);
    buf_deinit(&sha1);
    return rc;
}

int account_check(struct rds *r, struct str jid, bool exists, struct buf *err)
{
    struct buf key;
    key_of(jid, &key);
    int rc = check(r, jid, buf_as_str(&key), exists, err);
    buf_deinit(&key);
    return rc;
}

int account_add(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                struct buf *err)
{
    return set_keys(r, jid, password, iterations, false, err);
}

int account_passwd(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                   struct buf *err)
{
    return set_keys(r, jid, password, iterations, true, err);
}

int account_del(struct rds *r, struct str jid, struct buf *err)
{
    struct buf key, stored;
    key_of(jid, &key);
    buf_init(&stored);
    buf_z(&stored, "verona:private:");
    buf_str(&stored, jid);
    struct change c = {jid, buf_as_str(&key), true, queue_del, {buf_as_str(&stored)}};
    int rc = apply(r, &c, err);
    buf_deinit(&key);
    buf_deinit(&stored);
    return rc;
}

int64_t account_count(struct rds *r, struct buf *err)
{
    return expect_int(r, RDS(r, STR("SCARD"), STR("verona:users")), err);
}

void account_make_password(char out[ACCOUNT_PASSWORD_LEN + 1])
{
    static const char letters[] = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    for (int i = 0; i < ACCOUNT_PASSWORD_LEN; i++)
        out[i] = i % 5 == 4 ? '-' : letters[randombytes_uniform(sizeof letters - 1)];
    out[ACCOUNT_PASSWORD_LEN] = '\0';
}
