/* rooms_count.c: the directory hears how many are inside a room, however fast they come and go,
 * once a second. It need not hear of rooms that it does not list. */
#include "shard/rooms_priv.h"

enum { COUNT_MS = 1000 };

static void tell(struct rooms *rs, struct entry *e)
{
    list_remove(&e->by_count);
    if (e->room && room_exists(e->room) && room_config(e->room)->public_room && !rs->unsafe)
        rs->store->ops->count(rs->store, e->jid, e->occupants);
}

static void tell_all(void *ctx)
{
    struct rooms *rs = ctx;
    while (!list_empty(&rs->counts))
        tell(rs, LIST_ENTRY(rs->counts.next, struct entry, by_count));
}

void count_changed(struct rooms *rs, struct entry *e)
{
    if (!list_empty(&e->by_count))
        return;
    list_push_back(&rs->counts, &e->by_count);
    if (!loop_timer_armed(&rs->count_timer))
        loop_timer_start(rs->loop, &rs->count_timer, COUNT_MS, 0, tell_all, rs);
}

void count_flush(struct rooms *rs, struct entry *e)
{
    if (!list_empty(&e->by_count))
        tell(rs, e);
}

void count_deinit(struct rooms *rs)
{
    loop_timer_stop(&rs->count_timer);
}
