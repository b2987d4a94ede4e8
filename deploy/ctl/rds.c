/* rds.c: see rds.h. */
#include "deploy/ctl/rds.h"

#include "base/err.h"
#include "rt/redis_url.h"

#include <stdio.h>

struct rds {
    redisContext *ctx;
};

/* Sends and frees; NULL as rds_call. */
static redisReply *call_z(struct rds *r, const char *a, const char *b, const char *c)
{
    struct str argv[3] = {str_of(a), str_of(b), str_of(c)};
    return rds_call(r, c ? 3u : b ? 2u : 1u, argv);
}

/* 0, or the error that a reply of the greeting means. Frees it. */
static int judge(const struct rds *r, redisReply *reply, struct buf *err)
{
    int rc = 0;
    struct str text = rds_str(reply);
    if (!reply) {
        buf_printf(err, "Redis does not answer: %s", rds_error(r));
        rc = ERR_UNAVAILABLE;
    } else if (rds_is_error(reply)) {
        bool loading = text.n >= 7 && !memcmp(text.p, "LOADING", 7);
        bool denied = text.n >= 6 && (!memcmp(text.p, "NOAUTH", 6) ||
                                      !memcmp(text.p, "WRONGP", 6) || !memcmp(text.p, "NOPERM", 6));
        buf_printf(err, "Redis says: %.*s", STR_FMT(text));
        rc = loading ? ERR_AGAIN : denied ? ERR_DENIED : ERR_UNAVAILABLE;
    }
    freeReplyObject(reply);
    return rc;
}

static int greet(struct rds *r, const struct redis_url *u, const char *password, struct buf *err)
{
    const char *pass = password[0] ? password : u->password;
    int rc = 0;
    if (pass && pass[0])
        rc = judge(r, u->user ? call_z(r, "AUTH", u->user, pass) : call_z(r, "AUTH", pass, NULL),
                   err);
    if (!rc && u->db) {
        char db[16];
        snprintf(db, sizeof db, "%d", u->db);
        rc = judge(r, call_z(r, "SELECT", db, NULL), err);
    }
    return rc ? rc : judge(r, call_z(r, "PING", NULL, NULL), err);
}

int rds_open(const char *url, const char *password, uint32_t timeout_ms, struct rds **out,
             struct buf *err)
{
    struct redis_url u;
    struct timeval tv = {(time_t)(timeout_ms / 1000), (suseconds_t)(timeout_ms % 1000) * 1000};
    int rc;
    *out = NULL;
    if (redis_url_parse(str_of(url), &u)) {
        buf_z(err,
              "this is no Redis URL (redis://[user:password@]host[:port][/db] or unix:///path)");
        return ERR_INVALID;
    }
    struct rds *r = mem_zalloc(sizeof *r);
    r->ctx = u.path ? redisConnectUnixWithTimeout(u.path, tv)
                    : redisConnectWithTimeout(u.host, u.port, tv);
    if (!r->ctx || r->ctx->err) {
        if (u.path)
            buf_printf(err, "no Redis at unix://%s: %s", u.path, rds_error(r));
        else
            buf_printf(err, "no Redis at %s:%u: %s", u.host, u.port, rds_error(r));
        rc = ERR_UNAVAILABLE;
    } else {
        redisSetTimeout(r->ctx, tv);
        rc = greet(r, &u, password, err);
    }
    redis_url_deinit(&u);
    if (rc)
        rds_close(&r);
    *out = r;
    return rc;
}

void rds_close(struct rds **r_p)
{
    struct rds *r = *r_p;
    if (!r)
        return;
    if (r->ctx)
        redisFree(r->ctx);
    mem_free(r);
    *r_p = NULL;
}

void rds_send(struct rds *r, size_t argc, const struct str *argv)
{
    const char **p = mem_alloc(argc * sizeof *p);
    size_t *n = mem_alloc(argc * sizeof *n);
    for (size_t i = 0; i < argc; i++) {
        p[i] = argv[i].p ? argv[i].p : "";
        n[i] = argv[i].n;
    }
    /* A failure is kept in the context and met again by rds_receive(). */
    redisAppendCommandArgv(r->ctx, (int)argc, p, n);
    mem_free(p);
    mem_free(n);
}

redisReply *rds_receive(struct rds *r)
{
    void *reply = NULL;
    if (r->ctx->err || redisGetReply(r->ctx, &reply) != REDIS_OK)
        return NULL;
    return reply;
}

redisReply *rds_call(struct rds *r, size_t argc, const struct str *argv)
{
    rds_send(r, argc, argv);
    return rds_receive(r);
}

const char *rds_error(const struct rds *r)
{
    return !r->ctx ? "out of memory" : r->ctx->errstr[0] ? r->ctx->errstr : "no answer in time";
}

struct str rds_str(const redisReply *reply)
{
    if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS &&
                   reply->type != REDIS_REPLY_ERROR))
        return STR_NULL;
    return str_n(reply->str, (size_t)reply->len);
}

struct str rds_at(const redisReply *reply, size_t i)
{
    if (!reply || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
        return STR_NULL;
    return rds_str(reply->element[i]);
}

bool rds_is_error(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR;
}
