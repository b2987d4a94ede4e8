/* blocked.c: see blocked.h. */
#include "shard/blocked.h"

#include "base/hmap.h"
#include "base/jid.h"
#include "rt/log.h"
#include "rt/loop.h"
#include "rt/redis.h"

#include <sodium.h>

enum { POLL_MS = 1000, SHA256 = crypto_hash_sha256_BYTES };

struct hash {
    uint8_t bytes[SHA256];
    UT_hash_handle hh;
};

struct blocked {
    struct loop *loop;
    struct redis *redis;
    struct loop_timer poll;
    struct hash *all;
    int64_t version; /* of `all`; -1: not read yet */
    int64_t reading; /* that is being read */
};

static void forget_all(struct blocked *b)
{
    struct hash *h, *next;
    HASH_ITER(hh, b->all, h, next)
    {
        HASH_DELETE(hh, b->all, h);
        mem_free(h);
    }
}

/* What is no hash is nobody's. */
static void add(struct blocked *b, struct str hex)
{
    struct hash *h = mem_zalloc(sizeof *h), *same;
    size_t n = 0;
    if (sodium_hex2bin(h->bytes, sizeof h->bytes, hex.p, hex.n, NULL, &n, NULL) != 0 ||
        n != sizeof h->bytes) {
        mem_free(h);
        return;
    }
    HASH_FIND(hh, b->all, h->bytes, sizeof h->bytes, same);
    if (same)
        mem_free(h);
    else
        HASH_ADD(hh, b->all, bytes, sizeof h->bytes, h);
}

static void poll_again(struct blocked *b);

static void on_members(void *ctx, const redisReply *reply, int err)
{
    struct blocked *b = ctx;
    if (err == 0 && reply->type == REDIS_REPLY_ARRAY) {
        forget_all(b);
        for (size_t i = 0; i < reply->elements; i++) {
            struct str hex = redis_str(reply->element[i]);
            if (hex.n)
                add(b, hex);
        }
        b->version = b->reading;
        log_info("blocked", KV_U("entries", HASH_COUNT(b->all)));
    }
    poll_again(b);
}

static void on_version(void *ctx, const redisReply *reply, int err)
{
    struct blocked *b = ctx;
    int64_t version = b->version;
    if (err == 0 && reply->type != REDIS_REPLY_ERROR)
        version = redis_int(reply, 0); /* never written: 0 */
    if (version == b->version) {
        poll_again(b);
        return;
    }
    const struct str argv[] = {STR("SMEMBERS"), STR("verona:blocked")};
    b->reading = version;
    redis_command(b->redis, 2, argv, 0, on_members, b);
}

static void poll(void *ctx)
{
    struct blocked *b = ctx;
    const struct str argv[] = {STR("GET"), STR("verona:blocked:ver")};
    redis_command(b->redis, 2, argv, 0, on_version, b);
}

static void poll_again(struct blocked *b)
{
    loop_timer_start(b->loop, &b->poll, POLL_MS, 0, poll, b);
}

struct blocked *blocked_new(struct loop *l, struct redis *r)
{
    struct blocked *b = mem_zalloc(sizeof *b);
    b->loop = l;
    b->redis = r;
    b->version = -1;
    loop_timer_init(&b->poll);
    poll(b);
    return b;
}

void blocked_destroy(struct blocked **b_p)
{
    struct blocked *b = *b_p;
    if (!b)
        return;
    loop_timer_stop(&b->poll);
    forget_all(b);
    mem_free(b);
    *b_p = NULL;
}

static bool has(const struct blocked *b, struct str name)
{
    uint8_t hash[SHA256];
    const struct hash *h;
    crypto_hash_sha256(hash, (const uint8_t *)name.p, name.n);
    HASH_FIND(hh, b->all, hash, sizeof hash, h);
    return h != NULL;
}

bool blocked_has(const struct blocked *b, struct str bare)
{
    return b->all && (has(b, bare) || has(b, jid_domain(bare)));
}
