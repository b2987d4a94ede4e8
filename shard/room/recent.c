/* recent.c: see recent.h. */
#include "shard/room/recent.h"

#include "shard/room/room_priv.h"

#include "base/limits.h"

void recents_init(struct recents *rs)
{
    rs->by_jid = NULL;
    rs->n = 0;
    list_init(&rs->in_order);
}

static void drop(struct recents *rs, struct recent *r)
{
    HASH_DELETE(hh, rs->by_jid, r);
    list_remove(&r->in_order);
    rs->n--;
    str_release(&r->bare);
    mem_free(r);
}

static struct recent *oldest(const struct recents *rs)
{
    return LIST_ENTRY(rs->in_order.next, struct recent, in_order);
}

void recents_deinit(struct recents *rs)
{
    while (rs->n)
        drop(rs, oldest(rs));
}

static struct recent *find(const struct recents *rs, struct str bare)
{
    struct recent *r;
    HASH_FIND(hh, rs->by_jid, bare.p, bare.n, r);
    return r;
}

const struct recent *recents_find(const struct recents *rs, struct str bare)
{
    return find(rs, bare);
}

struct recent *recents_get(struct recents *rs, struct str bare)
{
    struct recent *r = find(rs, bare);
    if (r) {
        list_remove(&r->in_order);
        list_push_back(&rs->in_order, &r->in_order);
        return r;
    }
    if (rs->n == LIMIT_RECENT)
        drop(rs, oldest(rs));
    r = mem_zalloc(sizeof *r);
    r->bare = str_own(bare);
    list_push_back(&rs->in_order, &r->in_order);
    rs->n++;
    HASH_ADD_KEYPTR(hh, rs->by_jid, r->bare.p, r->bare.n, r);
    return r;
}
