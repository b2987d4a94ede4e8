/* directory.c: see directory.h. Several keys change together, in deploy/redis/verona.lua. */
#include "shard/directory.h"

#include "base/buf.h"
#include "rt/log.h"
#include "shard/codec_store.h"

#define TAGGED "verona:{verona:rooms}:"

void directory_put(struct redis *r, struct str room, const struct room_image *image, redis_fn *fn,
                   void *ctx)
{
    struct buf entry;
    buf_init(&entry);
    if (image && store_image_listed(image))
        store_pack_directory(&image->config, &entry);
    const struct str argv[] = {
        STR("FCALL"),
        STR("verona_directory"),
        STR("4"),
        STR("verona:rooms"),
        STR(TAGGED "users"),
        STR(TAGGED "info"),
        STR(TAGGED "all"),
        room,
        image ? STR("1") : STR("0"),
        entry.len > 0 ? STR("1") : STR("0"),
        buf_as_str(&entry),
    };
    redis_command(r, sizeof argv / sizeof argv[0], argv, 0, fn, ctx);
    buf_deinit(&entry);
}

void directory_count(struct redis *r, struct str room, uint32_t occupants)
{
    const struct str argv[] = {STR("ZADD"), STR(TAGGED "users"), STR("XX"), log_u64(occupants),
                               room};
    redis_command(r, sizeof argv / sizeof argv[0], argv, 0, NULL, NULL);
}

void directory_reserve(struct redis *r, struct str room, struct str by, uint32_t max_rooms,
                       uint32_t per_minute, redis_fn *fn, void *ctx)
{
    struct buf key, most, rate;
    buf_init(&key);
    buf_init(&most);
    buf_init(&rate);
    buf_z(&key, TAGGED "by:");
    buf_str(&key, by);
    buf_u64(&most, max_rooms);
    buf_u64(&rate, per_minute);
    const struct str argv[] = {
        STR("FCALL"), STR("verona_reserve"), STR("2"),          STR(TAGGED "all"), buf_as_str(&key),
        room,         buf_as_str(&most),     buf_as_str(&rate),
    };
    redis_command(r, sizeof argv / sizeof argv[0], argv, 0, fn, ctx);
    buf_deinit(&key);
    buf_deinit(&most);
    buf_deinit(&rate);
}
