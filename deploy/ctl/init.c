/* init.c: see init.h.
 *
 *   checks -> verona:init (mark) -> FUNCTION LOAD -> own records
 *          -> verona:meta, mark gone (one MULTI)
 *
 * verona:meta comes last, because its presence says that all the rest is there. The mark tells an
 * interrupted init, which goes on, from data that lost its meta, which must not get a new one: with
 * another seed every room would be looked for in another slot. Two inits at once write the same
 * things; WATCH lets one of them write meta. */
#include "deploy/ctl/init.h"

#include "base/err.h"
#include "base/slot.h"
#include "common/cluster/cluster.h"
#include "deploy/ctl/lua.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { OWN_CHUNK = 256 };

/* An error in err for a reply that is missing or an error; frees the reply. */
static int expect_ok(struct rds *r, const char *what, redisReply *reply, struct buf *err)
{
    int rc = 0;
    if (!reply) {
        buf_printf(err, "the connection to Redis was lost (%s): %s", what, rds_error(r));
        rc = ERR_UNAVAILABLE;
    } else if (rds_is_error(reply)) {
        buf_printf(err, "Redis refused %s: %.*s", what, STR_FMT(rds_str(reply)));
        rc = ERR_CONFLICT;
    }
    freeReplyObject(reply);
    return rc;
}

/* "name:value" of an INFO text. */
static struct str info_line(struct str info, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = info.p, *end = info.p + info.n; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((nl ? nl : end) - p);
        if (len > n && !memcmp(p, name, n) && p[n] == ':') {
            struct str v = str_n(p + n + 1, len - n - 1);
            while (v.n && v.p[v.n - 1] == '\r')
                v.n--;
            return v;
        }
        p += len + 1;
    }
    return STR_NULL;
}

static int check_server(struct rds *r, struct init_result *out, struct buf *err)
{
    redisReply *reply = RDS(r, STR("INFO"));
    struct str info = rds_str(reply);
    int rc = 0;
    if (!reply || rds_is_error(reply))
        return expect_ok(r, "INFO", reply, err);
    struct str version = info_line(info, "redis_version");
    struct str policy = info_line(info, "maxmemory_policy");
    snprintf(out->redis_version, sizeof out->redis_version, "%.*s", STR_FMT(version));
    if (atoi(out->redis_version) < 7) {
        buf_printf(err, "this is Redis %s, and Verona needs 7.0 or newer (it uses Functions)",
                   out->redis_version);
        rc = ERR_CONFLICT;
    } else if (policy.n && !str_is(policy, "noeviction")) {
        buf_printf(
            err,
            "maxmemory-policy is %.*s: Redis would throw rooms away when memory is short. "
            "Set it with: redis-cli CONFIG SET maxmemory-policy noeviction (and in redis.conf)",
            STR_FMT(policy));
        rc = ERR_CONFLICT;
    } else if (str_is(info_line(info, "cluster_enabled"), "1")) {
        buf_z(err, "this node belongs to a Redis Cluster; give a single Redis server");
        rc = ERR_CONFLICT;
    }
    freeReplyObject(reply);
    return rc;
}

/* Compares a number in an existing verona:meta. */
static int same(const redisReply *meta, size_t i, const char *what, unsigned ours, struct buf *err)
{
    struct str got = rds_at(meta, i);
    char want[16];
    snprintf(want, sizeof want, "%u", ours);
    if (str_is(got, want))
        return 0;
    buf_printf(err,
               "the data was written by another version of Verona: %s is %.*s, this one has %s",
               what, STR_FMT(got), want);
    return ERR_CONFLICT;
}

/* 1: there is a good meta, 0: none. */
static int read_meta(struct rds *r, struct init_result *out, struct buf *err)
{
    redisReply *reply = RDS(r, STR("HMGET"), STR("verona:meta"), STR("cluster_id"), STR("schema"),
                            STR("nslots"), STR("unicode"));
    if (!reply || rds_is_error(reply))
        return expect_ok(r, "reading verona:meta", reply, err);
    struct str id = rds_at(reply, 0);
    int rc = 0;
    if (id.n) {
        snprintf(out->cluster_id, sizeof out->cluster_id, "%.*s", STR_FMT(id));
        if (!(rc = same(reply, 1, "schema", CLUSTER_SCHEMA, err)) &&
            !(rc = same(reply, 2, "nslots", SLOT_COUNT, err)) &&
            !(rc = same(reply, 3, "unicode", CLUSTER_UNICODE, err)))
            rc = 1;
    }
    freeReplyObject(reply);
    return rc;
}

static int refuse_key(struct str key, struct buf *err)
{
    buf_printf(
        err,
        "there is data of Verona (such as %.*s) but no verona:meta, without which rooms cannot "
        "be found. Nothing was changed. Restore verona:meta from a backup, or use an empty "
        "database",
        STR_FMT(key));
    return ERR_CONFLICT;
}

/* Refuses where keys of ours exist although there is no meta and no init was under way. */
static int check_no_remains(struct rds *r, struct buf *err)
{
    char cursor[32] = "0";
    redisReply *reply = RDS(r, STR("EXISTS"), STR("verona:init"));
    bool interrupted = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer;
    int rc = expect_ok(r, "EXISTS", reply, err);
    if (rc || interrupted)
        return rc;
    static const struct str likely[] = {{"verona:members", 14}, {"verona:{s0}:own", 15}};
    for (size_t i = 0; i < 2; i++) {
        reply = RDS(r, STR("EXISTS"), likely[i]);
        bool there = reply && reply->type == REDIS_REPLY_INTEGER && reply->integer;
        if ((rc = expect_ok(r, "EXISTS", reply, err)))
            return rc;
        if (there)
            return refuse_key(likely[i], err);
    }
    for (;;) {
        reply = RDS(r, STR("SCAN"), str_of(cursor), STR("MATCH"), STR("verona:*"), STR("COUNT"),
                    STR("1000"));
        if (!reply || rds_is_error(reply) || reply->elements != 2)
            return expect_ok(r, "SCAN", reply, err);
        snprintf(cursor, sizeof cursor, "%.*s", STR_FMT(rds_at(reply, 0)));
        struct str key = rds_at(reply->element[1], 0);
        if (key.n)
            rc = refuse_key(key, err);
        freeReplyObject(reply);
        if (rc || !strcmp(cursor, "0"))
            return rc;
    }
}

static int load_library(struct rds *r, struct buf *err)
{
    return expect_ok(
        r, "the function library",
        RDS(r, STR("FUNCTION"), STR("LOAD"), STR("REPLACE"), str_n(verona_lua, verona_lua_len)),
        err);
}

static int write_own(struct rds *r, struct buf *err)
{
    struct buf keys[OWN_CHUNK];
    struct str argv[3 + OWN_CHUNK] = {STR("FCALL"), STR("verona_init_own"), STR("256")};
    int rc = 0;
    for (size_t i = 0; i < OWN_CHUNK; i++)
        buf_init(&keys[i]);
    for (uint32_t first = 0; first < SLOT_COUNT && !rc; first += OWN_CHUNK) {
        for (uint32_t i = 0; i < OWN_CHUNK; i++) {
            buf_reset(&keys[i]);
            cluster_slot_key(&keys[i], first + i, "own", STR_NULL);
            argv[3 + i] = buf_as_str(&keys[i]);
        }
        rc = expect_ok(r, "the own records", rds_call(r, 3 + OWN_CHUNK, argv), err);
    }
    for (size_t i = 0; i < OWN_CHUNK; i++)
        buf_deinit(&keys[i]);
    return rc;
}

static void random_hex(char *out, size_t bytes)
{
    unsigned char raw[32];
    randombytes_buf(raw, bytes);
    sodium_bin2hex(out, 2 * bytes + 1, raw, bytes);
    sodium_memzero(raw, sizeof raw);
}

static void send_meta(struct rds *r, const struct init_result *out)
{
    char gen[32], seed[33], key[65], slots[16], unicode[16], schema[16];
    uint64_t g;
    randombytes_buf(&g, sizeof g);
    snprintf(gen, sizeof gen, "%llu", (unsigned long long)g);
    random_hex(seed, 16);
    random_hex(key, 32);
    snprintf(slots, sizeof slots, "%u", SLOT_COUNT);
    snprintf(unicode, sizeof unicode, "%u", CLUSTER_UNICODE);
    snprintf(schema, sizeof schema, "%u", CLUSTER_SCHEMA);
    RDS_SEND(r, STR("HSET"), STR("verona:meta"), STR("cluster_id"), str_of(out->cluster_id),
             STR("gen"), str_of(gen), STR("nslots"), str_of(slots), STR("seed"), str_of(seed),
             STR("key"), str_of(key), STR("unicode"), str_of(unicode), STR("schema"),
             str_of(schema));
    sodium_memzero(key, sizeof key);
}

/* 0 also where another init was faster: then *out says what that one wrote. */
static int write_meta(struct rds *r, struct init_result *out, struct buf *err)
{
    int rc = expect_ok(r, "WATCH", RDS(r, STR("WATCH"), STR("verona:meta")), err);
    if (rc)
        return rc;
    rc = read_meta(r, out, err);
    if (rc) {
        int unwatch = expect_ok(r, "UNWATCH", RDS(r, STR("UNWATCH")), err);
        return rc < 0 ? rc : unwatch;
    }
    random_hex(out->cluster_id, 16);
    RDS_SEND(r, STR("MULTI"));
    send_meta(r, out);
    RDS_SEND(r, STR("DEL"), STR("verona:init"));
    for (int i = 0; i < 3 && !rc; i++)
        rc = expect_ok(r, "verona:meta", rds_receive(r), err);
    if (rc)
        return rc;
    redisReply *reply = RDS(r, STR("EXEC"));
    bool lost = reply && reply->type == REDIS_REPLY_NIL;
    rc = expect_ok(r, "verona:meta", reply, err);
    out->created = !rc && !lost;
    if (lost)
        rc = read_meta(r, out, err);
    return rc < 0 ? rc : 0;
}

int init_cluster(struct rds *r, struct init_result *out, struct buf *err)
{
    memset(out, 0, sizeof *out);
    if (sodium_init() < 0) {
        buf_z(err, "no random numbers from the system");
        return ERR_UNAVAILABLE;
    }
    int rc = check_server(r, out, err);
    if (rc)
        return rc;
    int there = read_meta(r, out, err);
    if (there < 0)
        return there;
    if (!there) {
        rc = check_no_remains(r, err);
        if (!rc)
            rc = expect_ok(r, "SET", RDS(r, STR("SET"), STR("verona:init"), STR("1")), err);
    }
    if (!rc)
        rc = load_library(r, err);
    /* Records that a living cluster lost are its own trouble: it must see that they are gone. */
    if (!rc && !there)
        rc = write_own(r, err);
    if (!rc && !there)
        rc = write_meta(r, out, err);
    return rc;
}
