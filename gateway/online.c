/* online.c: SCAN verona:session:*, then HGETALL of each key found. Sessions of gateways that are
 * dead do not count. */
#include "gateway/online.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hmap.h"
#include "base/mem.h"
#include "gateway/gateway.h"
#include "gateway/registry.h"
#include "rt/redis.h"

#define PREFIX "verona:session:"

struct seen { /* SCAN may show a key twice */
    struct str key;
    UT_hash_handle hh;
};

struct walk {
    struct gateway *g;
    online_fn *fn;
    void *ctx;
    size_t most;
    struct arena arena;
    struct seen *seen;
    struct online found;
    struct str *jids;
    uint32_t waiting; /* HGETALLs */
    bool last;        /* the cursor came back to 0 */
    int err;
};

static void step(struct walk *w, struct str cursor);

static void end(struct walk *w)
{
    online_fn *fn = w->fn;
    void *ctx = w->ctx;
    w->g->n_walks--;
    w->found.jids = w->jids;
    fn(ctx, w->err, w->err ? NULL : &w->found);
    HASH_CLEAR(hh, w->seen);
    arena_deinit(&w->arena);
    mem_free(w->jids);
    mem_free(w);
}

/* Of one key. */
struct ask {
    struct walk *walk;
    struct str bare;
    struct str cursor; /* of the next portion */
};

static void add_session(struct walk *w, struct str bare, struct str resource)
{
    struct buf b;
    w->found.sessions++;
    if (w->found.n >= w->most)
        return;
    buf_init(&b);
    buf_str(&b, bare);
    buf_c(&b, '/');
    buf_str(&b, resource);
    w->jids[w->found.n++] = arena_str(&w->arena, buf_as_str(&b));
    buf_deinit(&b);
}

static void on_entries(void *ctx, const redisReply *r, int err)
{
    struct ask *a = ctx;
    struct walk *w = a->walk;
    bool here = false;
    if (err || r->type != REDIS_REPLY_ARRAY)
        w->err = ERR_UNAVAILABLE;
    for (size_t i = 0; !w->err && i + 1 < r->elements; i += 2) {
        struct registry_entry e;
        if (registry_parse(redis_str(r->element[i + 1]), &e) || registry_is_dead(w->g, &e))
            continue;
        add_session(w, a->bare, redis_str(r->element[i]));
        here = true;
    }
    w->found.users += here;
    if (--w->waiting > 0)
        return;
    if (w->last || w->err)
        end(w);
    else
        step(w, a->cursor);
}

static void on_keys(void *ctx, const redisReply *r, int err)
{
    struct walk *w = ctx;
    if (err || r->type != REDIS_REPLY_ARRAY || r->elements != 2 ||
        r->element[1]->type != REDIS_REPLY_ARRAY) {
        w->err = ERR_UNAVAILABLE;
        end(w);
        return;
    }
    struct str cursor = arena_str(&w->arena, redis_str(r->element[0]));
    const redisReply *keys = r->element[1];
    w->last = str_is(cursor, "0");
    for (size_t i = 0; i < keys->elements; i++) {
        struct str key = redis_str(keys->element[i]);
        struct seen *s;
        HASH_FIND(hh, w->seen, key.p, key.n, s);
        if (s || key.n <= sizeof PREFIX - 1)
            continue;
        s = arena_zalloc(&w->arena, sizeof *s);
        s->key = arena_str(&w->arena, key);
        HASH_ADD_KEYPTR(hh, w->seen, s->key.p, s->key.n, s);
        struct ask *a = arena_alloc(&w->arena, sizeof *a);
        size_t skip = sizeof PREFIX - 1;
        *a = (struct ask){w, str_n(s->key.p + skip, s->key.n - skip), cursor};
        const struct str argv[] = {STR("HGETALL"), s->key};
        w->waiting++;
        redis_command(w->g->redis, 2, argv, 0, on_entries, a);
    }
    if (w->waiting > 0)
        return;
    if (w->last)
        end(w);
    else
        step(w, cursor);
}

static void step(struct walk *w, struct str cursor)
{
    const struct str argv[] = {STR("SCAN"),     cursor,       STR("MATCH"),
                               STR(PREFIX "*"), STR("COUNT"), STR("1000")};
    redis_command(w->g->redis, sizeof argv / sizeof argv[0], argv, 0, on_keys, w);
}

void online_ask(struct gateway *g, size_t most, online_fn *fn, void *ctx)
{
    if (g->n_walks > 0) {
        fn(ctx, ERR_FULL, NULL);
        return;
    }
    struct walk *w = mem_zalloc(sizeof *w);
    g->n_walks++;
    w->g = g;
    w->fn = fn;
    w->ctx = ctx;
    w->most = most;
    w->jids = mem_alloc((most + 1) * sizeof *w->jids);
    arena_init(&w->arena);
    step(w, STR("0"));
}
