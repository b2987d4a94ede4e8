/* rooms_bounced.c: requests that went back to their gateway undone (WrongSlot) under an epoch which
 * is ours or may yet be, and what that gateway had sent behind them before it heard of it.
 *
 *   sent:   5  6  7           5  8  6  7  8         of one gateway, in one slot
 *           |  |  |           |  |  |  |  |
 *        back back back    done back done done done
 *
 * 6 must not be done before 5: that order is the gateway's, and the mark of a room would say of 5
 * that it was done. So all that come first behind one that went back go back as well. A gateway
 * sends anew in order, and a number above all that went back is none of these. Under another epoch
 * it begins with all that it has. */
#include "shard/rooms_priv.h"

struct bounced {
    uint64_t key;
    uint64_t epoch;
    uint64_t next; /* the lowest that has not come again */
    uint64_t high; /* the highest that went back; not below next */
    UT_hash_handle hh;
};

static uint64_t key_of(gateway_ref gw, uint32_t slot)
{
    return (uint64_t)gw << 32 | slot;
}

static struct bounced *find(const struct rooms *rs, gateway_ref gw, uint32_t slot)
{
    const uint64_t key = key_of(gw, slot);
    struct bounced *b;
    HASH_FIND(hh, rs->bounced, &key, sizeof key, b);
    return b;
}

static void drop(struct rooms *rs, struct bounced *b)
{
    HASH_DELETE(hh, rs->bounced, b);
    mem_free(b);
}

void bounced_add(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq)
{
    struct bounced *b = find(rs, gw, slot);
    if (!b) {
        b = mem_zalloc(sizeof *b);
        b->key = key_of(gw, slot);
        b->next = b->high = rseq;
        HASH_ADD(hh, rs->bounced, key, sizeof b->key, b);
    }
    if (b->epoch < epoch)
        b->epoch = epoch;
    if (b->next > rseq)
        b->next = rseq;
    if (b->high < rseq)
        b->high = rseq;
}

bool bounced_before(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq)
{
    struct bounced *b = find(rs, gw, slot);
    if (!b || epoch < b->epoch)
        return false; /* refused as stale, for its epoch */
    if (epoch > b->epoch) {
        drop(rs, b);
        return false;
    }
    if (rseq > b->high)
        return true;
    if (rseq == b->high)
        drop(rs, b);
    else if (rseq >= b->next)
        b->next = rseq + 1;
    return false;
}

void bounced_forget_gateway(struct rooms *rs, gateway_ref gw)
{
    struct bounced *b, *nx;
    HASH_ITER(hh, rs->bounced, b, nx)
    {
        if (b->key >> 32 == gw)
            drop(rs, b);
    }
}

void bounced_drop(struct rooms *rs)
{
    struct bounced *b, *nx;
    HASH_ITER(hh, rs->bounced, b, nx)
    {
        drop(rs, b);
    }
}
