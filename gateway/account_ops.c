/* account_ops.c: keys are derived in the thread pool; then one call of verona_account (Redis). */
#include "gateway/account_ops.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "prep/jid_prep.h"
#include "gateway/orders.h"
#include "prep/scram_record.h"
#include "proto/muc.pb-c.h"
#include "rt/config.h"
#include "rt/log.h"
#include "rt/random.h"
#include "rt/redis.h"

enum { SALT_LEN = 16, PASSWORD_MAX = 1024 };

struct job {
    struct gateway *g;
    account_fn *fn;
    void *ctx;
    const char *what; /* of verona_account */
    struct buf bare, password;
    struct scram_record records[2]; /* by enum scram_hash */
};

static const enum scram_hash hashes[] = {SCRAM_SHA_256, SCRAM_SHA_1};

bool account_name_ok(struct gateway *g, struct str local, struct arena *a, struct str *bare)
{
    struct buf b;
    struct jid parts;
    buf_init(&b);
    buf_str(&b, local);
    buf_c(&b, '@');
    buf_z(&b, g->domain);
    struct str raw = arena_str(a, buf_as_str(&b));
    buf_deinit(&b);
    return local.n && local.n <= LIMIT_JID_PART && !memchr(local.p, '@', local.n) &&
           !memchr(local.p, '/', local.n) && jid_prep(raw, a, bare, &parts) == 0 && parts.local.n &&
           !parts.resource.n && str_is(parts.domain, g->domain) && jid_nick_strict(parts.local);
}

bool account_password_ok(struct str raw, struct arena *a, struct str *prepared)
{
    return raw.n && raw.n <= PASSWORD_MAX && jid_saslprep(raw, a, prepared) == 0 && prepared->n;
}

static void job_end(struct job *j, enum account_result r)
{
    account_fn *fn = j->fn;
    void *ctx = j->ctx;
    if (j->password.data)
        explicit_bzero(j->password.data, j->password.cap);
    explicit_bzero(j->records, sizeof j->records);
    buf_deinit(&j->password);
    buf_deinit(&j->bare);
    mem_free(j);
    fn(ctx, r);
}

static void on_reply(void *ctx, const redisReply *r, int err)
{
    struct job *j = ctx;
    struct str text = redis_str(r);
    enum account_result result = ACCOUNT_UNAVAILABLE;
    if (!err && r->type == REDIS_REPLY_STATUS)
        result = str_is(text, "OK")       ? ACCOUNT_DONE
                 : str_is(text, "EXISTS") ? ACCOUNT_EXISTS
                                          : ACCOUNT_NOTFOUND;
    else
        log_warn("account_change_failed", KV("error", text));
    if (result == ACCOUNT_DONE) {
        log_info("account_changed", KV_Z("what", j->what),
                 KV("user", log_jid(buf_as_str(&j->bare))));
        if (strcmp(j->what, "remove") == 0) /* who binds from now on finds no account (c2s_ask.c) */
            orders_route(j->g->orders, buf_as_str(&j->bare), VERONA__ROUTE__KIND__END,
                         STR("removed"), NULL, NULL);
    }
    job_end(j, result);
}

static void ask(struct job *j)
{
    struct buf keys[3], values[3];
    static const char *const prefixes[] = {"verona:user:", "verona:users", "verona:private:"};
    struct str argv[11] = {STR("FCALL"), STR("verona_account"), STR("3")};
    uint32_t argc = 3;
    for (int i = 0; i < 3; i++) {
        buf_init(&keys[i]);
        buf_init(&values[i]);
        buf_z(&keys[i], prefixes[i]);
        if (i != 1)
            buf_str(&keys[i], buf_as_str(&j->bare));
        argv[argc++] = buf_as_str(&keys[i]);
    }
    argv[argc++] = str_of(j->what);
    argv[argc++] = buf_as_str(&j->bare);
    if (strcmp(j->what, "remove") != 0) {
        for (int i = 0; i < 2; i++)
            scram_record_print(hashes[i], &j->records[hashes[i]], &values[i]);
        buf_u64(&values[2], loop_wall_ms());
        for (int i = 0; i < 3; i++)
            argv[argc++] = buf_as_str(&values[i]);
    }
    redis_command(j->g->redis, argc, argv, 0, on_reply, j);
    for (int i = 0; i < 3; i++) {
        buf_deinit(&keys[i]);
        buf_deinit(&values[i]);
    }
}

static void derive(void *ctx)
{
    struct job *j = ctx;
    for (int i = 0; i < 2; i++)
        scram_record_derive(hashes[i], buf_as_str(&j->password), &j->records[hashes[i]]);
}

static void derived(void *ctx)
{
    struct job *j = ctx;
    if (j->g->redis)
        ask(j);
    else
        job_end(j, ACCOUNT_UNAVAILABLE); /* the process ends */
}

static struct job *job_new(struct gateway *g, const char *what, struct str bare, account_fn *fn,
                           void *ctx)
{
    struct job *j = mem_zalloc(sizeof *j);
    j->g = g;
    j->fn = fn;
    j->ctx = ctx;
    j->what = what;
    buf_str(&j->bare, bare);
    return j;
}

void account_set(struct gateway *g, struct str bare, struct str password, bool add, account_fn *fn,
                 void *ctx)
{
    struct job *j = job_new(g, add ? "add" : "passwd", bare, fn, ctx);
    buf_str(&j->password, password);
    for (int i = 0; i < 2; i++) {
        struct scram_record *r = &j->records[hashes[i]];
        r->iterations = (uint32_t)config_int(g->cfg, CFG_AUTH_ITERATIONS);
        r->salt_len = SALT_LEN;
        rt_random(r->salt, SALT_LEN);
    }
    loop_work(g->loop, derive, derived, j);
}

void account_remove(struct gateway *g, struct str bare, account_fn *fn, void *ctx)
{
    ask(job_new(g, "remove", bare, fn, ctx));
}
