/* cmd_block.c: `verona block ...`: users and domains that no room admits (shard/blocked.h). Only
 * hashes are kept, so the list can be counted and compared, not read. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "deploy/ctl/find.h"
#include "deploy/ctl/prep.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>

enum { HEX = 2 * crypto_hash_sha256_BYTES };

/* Of a bare JID, a domain, or a hash already. An exit code. */
static int hash_of(const char *raw, char hex[HEX + 1])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct str text = str_of(raw);
    struct buf name;
    buf_init(&name);
    if (text.n == HEX && strspn(raw, "0123456789abcdef") == HEX) {
        memcpy(hex, raw, HEX + 1);
        return CTL_OK;
    }
    int rc = strchr(raw, '@') ? prep_bare_jid(text, false, &name) : prep_domain(text, &name);
    if (rc == 0) {
        crypto_hash_sha256(hash, (const uint8_t *)name.data, name.len);
        sodium_bin2hex(hex, HEX + 1, hash, sizeof hash);
    }
    buf_deinit(&name);
    return rc ? ctl_fail(CTL_USAGE, "it looks like mallory@example.org, or example.org",
                         "\"%s\" is neither a bare JID nor a domain", raw)
              : CTL_OK;
}

/* The number of entries that changed, or -1. Shards look at the version once a second. */
static long long change(struct rds *r, const char *command, const char *hex)
{
    redisReply *done = RDS(r, str_of(command), STR("verona:blocked"), str_of(hex));
    long long n = done && done->type == REDIS_REPLY_INTEGER ? done->integer : -1;
    freeReplyObject(done);
    if (n <= 0)
        return n;
    redisReply *told = RDS(r, STR("INCR"), STR("verona:blocked:ver"));
    if (!told || told->type != REDIS_REPLY_INTEGER)
        n = -1;
    freeReplyObject(told);
    return n;
}

static int edit(struct ctl *c, const char *raw, bool adding)
{
    char hex[HEX + 1];
    struct found f;
    struct rds *r = NULL;
    int rc = hash_of(raw, hex);
    if (!rc)
        rc = find_redis(c, &f, &r);
    if (rc)
        return rc;
    long long n = change(r, adding ? "SADD" : "SREM", hex);
    if (n < 0)
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "Redis did not answer: %s", rds_error(r));
    else if (n == 0 && adding)
        rc = ctl_fail(CTL_CONFLICT, NULL, "%s is blocked already", raw);
    else if (n == 0)
        rc = ctl_fail(CTL_NOTFOUND, "verona block list", "%s is not blocked", raw);
    else
        ctl_note(c, "%s %s", adding ? "Blocked" : "No longer blocked:", raw);
    rds_close(&r);
    found_deinit(&f);
    return rc;
}

int cmd_block_add(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return edit(c, argv[0], true);
}

int cmd_block_del(struct ctl *c, int argc, char **argv)
{
    (void)argc;
    return edit(c, argv[0], false);
}

static void print(const struct ctl *c, const redisReply *members)
{
    json_t *list = c->o.json ? json_array() : NULL;
    for (size_t i = 0; i < members->elements; i++) {
        struct str hex = rds_at(members, i);
        if (list)
            json_array_append_new(list, json_stringn(hex.p, hex.n));
        else
            printf("%.*s\n", STR_FMT(hex));
    }
    if (!list)
        return;
    ctl_print_json(list);
}

int cmd_block_list(struct ctl *c, int argc, char **argv)
{
    struct found f;
    struct rds *r = NULL;
    (void)argc;
    (void)argv;
    int rc = find_redis(c, &f, &r);
    if (rc)
        return rc;
    redisReply *members = RDS(r, STR("SMEMBERS"), STR("verona:blocked"));
    if (members && members->type == REDIS_REPLY_ARRAY)
        print(c, members);
    else
        rc = ctl_fail(CTL_UNREACHABLE, NULL, "Redis did not answer: %s", rds_error(r));
    freeReplyObject(members);
    rds_close(&r);
    found_deinit(&f);
    return rc;
}
