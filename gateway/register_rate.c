/* register_rate.c: a window of one hour per address. */
#include "gateway/register.h"
#include "base/hmap.h"
#include "base/list.h"

enum { HOUR_MS = 3600000, ADDRESSES = 65536 };

struct address {
    uint8_t ip[16];
    uint32_t n;
    uint64_t until_ms;
    struct list by_age;
    UT_hash_handle hh;
};

struct register_rate {
    uint32_t per_hour;
    struct address *all;
    struct list by_age;
};

struct register_rate *register_rate_new(uint32_t per_hour)
{
    struct register_rate *r = mem_zalloc(sizeof *r);
    r->per_hour = per_hour;
    list_init(&r->by_age);
    return r;
}

static void drop(struct register_rate *r, struct address *a)
{
    HASH_DELETE(hh, r->all, a);
    list_remove(&a->by_age);
    mem_free(a);
}

void register_rate_destroy(struct register_rate **r_p)
{
    struct register_rate *r = *r_p;
    if (!r)
        return;
    *r_p = NULL;
    while (!list_empty(&r->by_age))
        drop(r, LIST_ENTRY(r->by_age.next, struct address, by_age));
    mem_free(r);
}

bool register_rate_take(struct register_rate *r, const uint8_t ip[16], uint64_t now_ms)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint8_t key[16];
    struct address *a = NULL;
    if (!r->per_hour)
        return true;
    memcpy(key, ip, sizeof key);
    if (memcmp(ip, mapped, sizeof mapped) != 0)
        memset(key + 8, 0, 8);        /* a customer has a whole /64 */
    while (!list_empty(&r->by_age)) { /* windows end in the order in which they began */
        struct address *oldest = LIST_ENTRY(r->by_age.next, struct address, by_age);
        if (oldest->until_ms > now_ms)
            break;
        drop(r, oldest);
    }
    HASH_FIND(hh, r->all, key, sizeof key, a);
    if (a)
        return a->n < r->per_hour && ++a->n;
    if (HASH_CNT(hh, r->all) >= ADDRESSES)
        return false;
    a = mem_zalloc(sizeof *a);
    memcpy(a->ip, key, sizeof key);
    a->n = 1;
    a->until_ms = now_ms + HOUR_MS;
    list_push_back(&r->by_age, &a->by_age);
    HASH_ADD_KEYPTR(hh, r->all, a->ip, sizeof a->ip, a);
    return true;
}
