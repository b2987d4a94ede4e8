/* accounts.c: one HMGET and what it means. */
#include "gateway/accounts.h"
#include "base/mem.h"
#include "rt/log.h"
#include "rt/redis.h"

enum { DEADLINE_MS = 4000 };

struct lookup {
    accounts_fn *fn;
    void *ctx;
};

static bool record(enum scram_hash h, const redisReply *r, struct scram_record *out)
{
    struct str text = redis_str(r);
    if (text.n == 0)
        return false;
    if (scram_record_parse(h, text, out)) {
        log_warn("account_record_malformed", KV_Z("hash", h == SCRAM_SHA_1 ? "sha-1" : "sha-256"));
        return false;
    }
    return true;
}

static void on_reply(void *ctx, const redisReply *r, int err)
{
    struct lookup *l = ctx;
    struct account a = {0};
    if (!err && r->type == REDIS_REPLY_ARRAY && r->elements == 3) {
        a.asked = true;
        a.exists =
            r->element[0]->type == REDIS_REPLY_STRING || r->element[1]->type == REDIS_REPLY_STRING;
        a.has_sha_256 = record(SCRAM_SHA_256, r->element[0], &a.sha_256);
        a.has_sha_1 = record(SCRAM_SHA_1, r->element[1], &a.sha_1);
        a.disabled = str_is(redis_str(r->element[2]), "1");
    }
    l->fn(l->ctx, &a);
    mem_free(l);
}

void accounts_lookup(struct redis *r, struct str bare, accounts_fn *fn, void *ctx)
{
    struct lookup *l = mem_alloc(sizeof *l);
    *l = (struct lookup){fn, ctx};
    struct buf key;
    buf_init(&key);
    buf_z(&key, "verona:user:");
    buf_str(&key, bare);
    const struct str argv[] = {STR("HMGET"), buf_as_str(&key), STR("scram-sha-256"),
                               STR("scram-sha-1"), STR("disabled")};
    redis_command(r, 5, argv, DEADLINE_MS, on_reply, l);
    buf_deinit(&key);
}
