/* slow.c: who spoke when. */
#include "shard/room/slow.h"

#include "shard/room/room_priv.h"

#include "base/limits.h"

struct speaker {
    struct list in_order;
    struct str id; /* owned */
    uint64_t at_ms;
    UT_hash_handle hh;
};

void slow_init(struct slow *s)
{
    s->by_id = NULL;
    s->n = 0;
    list_init(&s->speakers);
}

static struct speaker *find(const struct slow *s, struct str id)
{
    struct speaker *sp;
    HASH_FIND(hh, s->by_id, id.p, id.n, sp);
    return sp;
}

static void drop(struct slow *s, struct speaker *sp)
{
    HASH_DELETE(hh, s->by_id, sp);
    list_remove(&sp->in_order);
    s->n--;
    str_release(&sp->id);
    mem_free(sp);
}

static struct speaker *oldest(const struct slow *s)
{
    return LIST_ENTRY(s->speakers.next, struct speaker, in_order);
}

void slow_deinit(struct slow *s)
{
    while (s->n)
        drop(s, oldest(s));
}

/* A clock that was set back lets him speak, rather than silence him for as long. */
static uint64_t left_ms(const struct speaker *sp, uint64_t period_ms, uint64_t now_ms)
{
    uint64_t passed = now_ms - sp->at_ms;
    return now_ms < sp->at_ms || passed >= period_ms ? 0 : period_ms - passed;
}

uint64_t slow_wait_ms(const struct slow *s, struct str id, uint64_t period_ms, uint64_t now_ms)
{
    const struct speaker *sp = find(s, id);
    return sp ? left_ms(sp, period_ms, now_ms) : 0;
}

void slow_note(struct slow *s, struct str id, uint64_t period_ms, uint64_t now_ms)
{
    slow_forget(s, id);
    while (s->n && (s->n == LIMIT_SLOW_SPEAKERS || !left_ms(oldest(s), period_ms, now_ms)))
        drop(s, oldest(s));
    struct speaker *sp = mem_zalloc(sizeof *sp);
    sp->id = str_own(id);
    sp->at_ms = now_ms;
    list_push_back(&s->speakers, &sp->in_order);
    s->n++;
    HASH_ADD_KEYPTR(hh, s->by_id, sp->id.p, sp->id.n, sp);
}

void slow_forget(struct slow *s, struct str id)
{
    struct speaker *sp = find(s, id);
    if (sp)
        drop(s, sp);
}
