/* directory.c: see directory.h. */
#include "gateway/directory.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "proto/wire.h"
#include "rt/redis.h"

#define TAGGED "verona:{verona:rooms}:"

struct ask {
    directory_fn *fn;
    void *ctx;
};

static const Verona__DirectoryEntry *entry_of(struct str bytes, struct arena *a)
{
    static const Verona__DirectoryEntry none = VERONA__DIRECTORY_ENTRY__INIT;
    const Verona__DirectoryEntry *e =
        (const void *)wire_unpack(&verona__directory_entry__descriptor, bytes, a);
    return e ? e : &none;
}

static void on_page(void *ctx, const redisReply *r, int err)
{
    struct ask *q = ctx;
    struct arena a;
    struct directory_page page = {0};
    arena_init(&a);
    if (!err && r->type == REDIS_REPLY_ERROR)
        err =
            memcmp(r->str, "NOMARK", r->len < 6 ? r->len : 6) == 0 ? ERR_INVALID : ERR_UNAVAILABLE;
    else if (err || r->type != REDIS_REPLY_ARRAY || r->elements < 2)
        err = ERR_UNAVAILABLE;
    if (!err) {
        size_t n = (r->elements - 2) / 3;
        struct directory_room *rooms = arena_alloc(&a, (n + 1) * sizeof *rooms);
        for (size_t i = 0; i < n; i++) {
            int64_t users = redis_int(r->element[3 * i + 3], 0);
            rooms[i].room = redis_str(r->element[3 * i + 2]);
            rooms[i].users = users > 0 && users <= UINT32_MAX ? (uint32_t)users : 0;
            rooms[i].entry = entry_of(redis_str(r->element[3 * i + 4]), &a);
        }
        page.total = (uint64_t)redis_int(r->element[0], 0);
        page.first = (uint64_t)redis_int(r->element[1], 0);
        page.rooms = rooms;
        page.n = n;
    }
    q->fn(q->ctx, err, err ? NULL : &page);
    arena_deinit(&a);
    mem_free(q);
}

static void page(struct redis *r, struct str key, struct str order, struct str how, struct str mark,
                 uint32_t limit, directory_fn *fn, void *ctx)
{
    struct ask *q = mem_alloc(sizeof *q);
    struct buf n;
    *q = (struct ask){fn, ctx};
    buf_init(&n);
    buf_u64(&n, limit);
    const struct str argv[] = {
        STR("FCALL_RO"),
        STR("verona_page"),
        STR("3"),
        key,
        STR(TAGGED "users"),
        STR(TAGGED "info"),
        order,
        how,
        mark,
        buf_as_str(&n),
    };
    redis_command(r, sizeof argv / sizeof argv[0], argv, 0, on_page, q);
    buf_deinit(&n);
}

void directory_page(struct redis *r, enum directory_order order, enum directory_how how,
                    struct str mark, uint32_t limit, directory_fn *fn, void *ctx)
{
    static const char *const orders[] = {"address", "nusers"};
    static const char *const hows[] = {"index", "after", "before"};
    page(r, STR("verona:rooms"), str_of(orders[order]), str_of(hows[how]), mark, limit, fn, ctx);
}

void directory_all(struct redis *r, struct str after, uint32_t limit, directory_fn *fn, void *ctx)
{
    page(r, STR(TAGGED "all"), STR("address"), after.n ? STR("after") : STR("index"),
         after.n ? after : STR("0"), limit, fn, ctx);
}
