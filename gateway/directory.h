/* directory.h: the public rooms of the whole cluster, a page at a time. Shards keep them (in Redis:
 * verona:rooms and its companions); this reads. */
#ifndef MUC_GATEWAY_DIRECTORY_H
#define MUC_GATEWAY_DIRECTORY_H

#include "base/str.h"
#include "proto/muc.pb-c.h"

#include <stddef.h>
#include <stdint.h>

struct redis;

enum directory_order { DIRECTORY_BY_ADDRESS, DIRECTORY_BY_USERS /* the largest first */ };
enum directory_how { DIRECTORY_INDEX, DIRECTORY_AFTER, DIRECTORY_BEFORE };

struct directory_room {
    struct str room;
    uint32_t users;
    const Verona__DirectoryEntry *entry; /* never NULL */
};

struct directory_page {
    uint64_t total;
    uint64_t first; /* index of rooms[0] */
    const struct directory_room *rooms;
    size_t n;
};

/* err: 0; ERR_INVALID: the mark is none; ERR_UNAVAILABLE: could not ask now. page: for the call. */
typedef void directory_fn(void *ctx, int err, const struct directory_page *page);
/* mark: a number for INDEX, else a place of the order (search.h); before "" is the last page. */
void directory_page(struct redis *r, enum directory_order order, enum directory_how how,
                    struct str mark, uint32_t limit, directory_fn *fn, void *ctx);
/* Every room there is, hidden ones too, by address, behind `after` (empty: from the first). Of
 * hidden rooms no more is known than that. */
void directory_all(struct redis *r, struct str after, uint32_t limit, directory_fn *fn, void *ctx);

#endif
