/* passes.c: see passes.h. */
#include "shard/passes.h"
#include "base/hmap.h"

struct outcome {
    gateway_ref from;
    uint64_t ref;
    uint32_t open; /* passes, and one for who is still adding some */
    uint32_t taken;
};

struct pass {
    uint64_t number;
    gateway_ref gw;
    struct outcome *outcome;
    UT_hash_handle hh;
};

struct passes {
    struct pass *by_number; /* in order of numbers, too */
    uint64_t last;
    passes_settled_fn *settled;
    void *ctx;
};

struct passes *passes_new(passes_settled_fn *settled, void *ctx)
{
    struct passes *ps = mem_zalloc(sizeof *ps);
    ps->settled = settled;
    ps->ctx = ctx;
    return ps;
}

void passes_destroy(struct passes **ps_p)
{
    struct passes *ps = *ps_p;
    if (!ps)
        return;
    passes_drop(ps);
    mem_free(ps);
    *ps_p = NULL;
}

struct outcome *passes_begin(struct passes *ps, gateway_ref from, uint64_t ref)
{
    struct outcome *o = mem_zalloc(sizeof *o);
    (void)ps;
    o->from = from;
    o->ref = ref;
    o->open = 1;
    return o;
}

uint64_t passes_add(struct passes *ps, struct outcome *o, gateway_ref gw)
{
    if (passes_count(ps) >= PASSES_MAX)
        return 0;
    struct pass *p = mem_zalloc(sizeof *p);
    p->number = ++ps->last;
    p->gw = gw;
    p->outcome = o;
    o->open++;
    HASH_ADD(hh, ps->by_number, number, sizeof p->number, p);
    return p->number;
}

static void close_one(struct passes *ps, struct outcome *o)
{
    if (--o->open)
        return;
    ps->settled(ps->ctx, o->from, o->ref, o->taken);
    mem_free(o);
}

void passes_end(struct passes *ps, struct outcome *o)
{
    close_one(ps, o);
}

static struct outcome *take(struct passes *ps, struct pass *p)
{
    struct outcome *o = p->outcome;
    HASH_DELETE(hh, ps->by_number, p);
    mem_free(p);
    return o;
}

void passes_answer(struct passes *ps, gateway_ref gw, uint64_t pass, bool taken)
{
    struct pass *p;
    HASH_FIND(hh, ps->by_number, &pass, sizeof pass, p);
    if (!p || p->gw != gw)
        return;
    struct outcome *o = take(ps, p);
    if (taken)
        o->taken++;
    close_one(ps, o);
}

void passes_gateway_over(struct passes *ps, gateway_ref gw)
{
    struct pass *p, *nx;
    HASH_ITER(hh, ps->by_number, p, nx)
    {
        if (p->gw == gw)
            close_one(ps, take(ps, p));
    }
}

void passes_drop(struct passes *ps)
{
    struct pass *p, *nx;
    HASH_ITER(hh, ps->by_number, p, nx)
    {
        struct outcome *o = take(ps, p);
        if (--o->open == 0)
            mem_free(o);
    }
}

uint32_t passes_count(const struct passes *ps)
{
    return HASH_CNT(hh, ps->by_number);
}
