/* account.c: see account.h. */
#include "deploy/ctl/account.h"

#include "base/err.h"
#include "deploy/ctl/prep.h"
#include "deploy/ctl/scram.h"

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

static void wipe(struct buf *b)
{
    if (b->data)
        OPENSSL_cleanse(b->data, b->cap);
    buf_deinit(b);
}

/* The two texts of scram.h, each with a salt of its own. */
static int derive(struct str password, uint32_t iterations, struct buf *sha256, struct buf *sha1,
                  struct buf *err)
{
    char salt[2][SALT_LEN];
    struct buf prepared;
    buf_init(&prepared);
    randombytes_buf(salt, sizeof salt);
    int rc = prep_password(password, &prepared);
    if (!rc)
        rc = scram_keys(SCRAM_SHA_256, buf_as_str(&prepared), str_n(salt[0], SALT_LEN), iterations,
                        sha256);
    if (!rc)
        rc = scram_keys(SCRAM_SHA_1, buf_as_str(&prepared), str_n(salt[1], SALT_LEN), iterations,
                        sha1);
    if (rc)
        buf_z(err, "the password is empty, too long or holds characters that SASLprep forbids");
    wipe(&prepared);
    return rc;
}

static int64_t store(struct rds *r, struct str key, const struct buf *sha256,
                     const struct buf *sha1, struct buf *err)
{
    return expect_int(r,
                      RDS(r, STR("HSET"), key, STR("scram-sha-256"), buf_as_str(sha256),
                          STR("scram-sha-1"), buf_as_str(sha1)),
                      err);
}

int account_add(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                struct buf *err)
{
    struct buf key, sha256, sha1;
    char now[24];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(now, sizeof now, "%lld", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    buf_init(&sha256);
    buf_init(&sha1);
    key_of(jid, &key);
    struct str k = buf_as_str(&key);
    int64_t rc = derive(password, iterations, &sha256, &sha1, err);
    if (rc)
        goto out;
    rc = expect_int(r, RDS(r, STR("HSETNX"), k, STR("created"), str_of(now)), err);
    if (rc == 0) {
        buf_printf(err, "the account %.*s exists", STR_FMT(jid));
        rc = ERR_CONFLICT;
    }
    if (rc > 0)
        rc = store(r, k, &sha256, &sha1, err);
    if (rc >= 0)
        rc = expect_int(r, RDS(r, STR("SADD"), STR("verona:users"), jid), err);
out:
    buf_deinit(&key);
    buf_deinit(&sha256);
    buf_deinit(&sha1);
    return rc < 0 ? (int)rc : 0;
}

static int not_found(struct str jid, struct buf *err)
{
    buf_printf(err, "there is no account %.*s", STR_FMT(jid));
    return ERR_NOTFOUND;
}

int account_passwd(struct rds *r, struct str jid, struct str password, uint32_t iterations,
                   struct buf *err)
{
    struct buf key, sha256, sha1;
    buf_init(&sha256);
    buf_init(&sha1);
    key_of(jid, &key);
    int64_t rc = derive(password, iterations, &sha256, &sha1, err);
    if (rc)
        goto out;
    rc = expect_int(r, RDS(r, STR("EXISTS"), buf_as_str(&key)), err);
    if (rc == 0)
        rc = not_found(jid, err);
    if (rc > 0)
        rc = store(r, buf_as_str(&key), &sha256, &sha1, err);
out:
    buf_deinit(&key);
    buf_deinit(&sha256);
    buf_deinit(&sha1);
    return rc < 0 ? (int)rc : 0;
}

int account_del(struct rds *r, struct str jid, struct buf *err)
{
    struct buf key, stored;
    key_of(jid, &key);
    buf_init(&stored);
    buf_z(&stored, "verona:private:");
    buf_str(&stored, jid);
    int64_t rc = expect_int(r, RDS(r, STR("DEL"), buf_as_str(&key)), err);
    if (rc == 0)
        rc = not_found(jid, err);
    if (rc > 0)
        rc = expect_int(r, RDS(r, STR("DEL"), buf_as_str(&stored)), err);
    if (rc >= 0)
        rc = expect_int(r, RDS(r, STR("SREM"), STR("verona:users"), jid), err);
    buf_deinit(&key);
    buf_deinit(&stored);
    return rc < 0 ? (int)rc : 0;
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
