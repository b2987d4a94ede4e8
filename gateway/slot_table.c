/* slot_table.c: see slot_table.h. */
#include "gateway/slot_table.h"

#include "base/mem.h"

#include <assert.h>

#define NOBODY UINT16_MAX

struct row {
    uint64_t epoch;       /* highest known */
    uint64_t state_epoch; /* last one bound: what we show of its rooms came under it. 0: never */
    uint16_t owner;       /* index in owners, NOBODY */
    bool bound;
};

/* Lives of shards, ever met. An entry is used again once no row names it. */
struct life {
    char *id;
    size_t n;
    uint64_t boot;
    uint32_t rows;
};

struct slot_table {
    struct row rows[SLOT_COUNT];
    struct life *lives;
    uint32_t n_lives;
    uint32_t n_unowned;
};

struct slot_table *slot_table_new(void)
{
    struct slot_table *t = mem_zalloc(sizeof *t);
    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        t->rows[i].owner = NOBODY;
    t->n_unowned = SLOT_COUNT;
    return t;
}

void slot_table_destroy(struct slot_table **t_p)
{
    struct slot_table *t = *t_p;
    if (!t)
        return;
    for (uint32_t i = 0; i < t->n_lives; i++)
        mem_free(t->lives[i].id);
    mem_free(t->lives);
    mem_free(t);
    *t_p = NULL;
}

static bool life_is(const struct life *l, struct str id, uint64_t boot)
{
    return l->boot == boot && str_eq(str_n(l->id, l->n), id);
}

static uint16_t life_get(struct slot_table *t, struct str id, uint64_t boot)
{
    uint32_t unused = UINT32_MAX;
    for (uint32_t i = 0; i < t->n_lives; i++) {
        if (life_is(&t->lives[i], id, boot))
            return (uint16_t)i;
        if (t->lives[i].rows == 0)
            unused = i;
    }
    if (unused == UINT32_MAX) {
        assert(t->n_lives < NOBODY); /* at most one per slot is in use */
        t->lives = mem_realloc(t->lives, (t->n_lives + 1) * sizeof *t->lives);
        unused = t->n_lives++;
        t->lives[unused].id = NULL;
    }
    mem_free(t->lives[unused].id);
    t->lives[unused] = (struct life){mem_dup(id.p, id.n), id.n, boot, 0};
    return (uint16_t)unused;
}

static void set_owner(struct slot_table *t, struct row *r, uint16_t owner)
{
    if (r->owner != NOBODY)
        t->lives[r->owner].rows--;
    else
        t->n_unowned--;
    r->owner = owner;
    if (owner != NOBODY)
        t->lives[owner].rows++;
    else
        t->n_unowned++;
}

bool slot_table_read(struct slot_table *t, uint32_t slot, uint64_t epoch, struct str id,
                     uint64_t boot)
{
    struct row *r = &t->rows[slot];
    bool known = boot != 0 && id.n > 0;
    if (epoch < r->epoch || epoch == 0)
        return false;
    if (epoch == r->epoch) {
        if (r->owner == NOBODY && known)
            set_owner(t, r, life_get(t, id, boot));
        return false;
    }
    r->epoch = epoch;
    r->bound = false;
    set_owner(t, r, known ? life_get(t, id, boot) : NOBODY);
    return true;
}

static enum slot_news bind(struct row *r, uint64_t planned_from)
{
    uint64_t before = r->state_epoch;
    r->bound = true;
    r->state_epoch = r->epoch;
    return before == 0 || before == r->epoch || before == planned_from ? SLOT_BOUND : SLOT_LOST;
}

enum slot_news slot_table_claim(struct slot_table *t, uint32_t slot, uint64_t epoch,
                                uint64_t planned_from, struct str id, uint64_t boot)
{
    struct row *r = &t->rows[slot];
    if (epoch < r->epoch || epoch == 0)
        return SLOT_STALE;
    if (epoch == r->epoch && r->owner != NOBODY && !life_is(&t->lives[r->owner], id, boot))
        return SLOT_STALE; /* one epoch, two owners: Redis must say */
    if (epoch == r->epoch && r->bound)
        return SLOT_KNOWN;
    r->epoch = epoch;
    r->bound = false;
    set_owner(t, r, life_get(t, id, boot));
    return bind(r, planned_from);
}

enum slot_news slot_table_bind(struct slot_table *t, uint32_t slot)
{
    struct row *r = &t->rows[slot];
    if (r->owner == NOBODY)
        return SLOT_STALE;
    return r->bound ? SLOT_KNOWN : bind(r, 0);
}

void slot_table_gone(struct slot_table *t, struct str id, uint64_t boot)
{
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        struct row *r = &t->rows[i];
        if (r->owner == NOBODY || !life_is(&t->lives[r->owner], id, boot))
            continue;
        set_owner(t, r, NOBODY);
        r->bound = false;
    }
}

uint64_t slot_table_epoch(const struct slot_table *t, uint32_t slot)
{
    return t->rows[slot].epoch;
}

bool slot_table_bound(const struct slot_table *t, uint32_t slot)
{
    return t->rows[slot].bound;
}

bool slot_table_owner(const struct slot_table *t, uint32_t slot, struct slot_owner *out)
{
    const struct row *r = &t->rows[slot];
    if (r->owner == NOBODY)
        return false;
    const struct life *l = &t->lives[r->owner];
    *out = (struct slot_owner){str_n(l->id, l->n), l->boot};
    return true;
}

bool slot_table_accepts(const struct slot_table *t, uint32_t slot, uint64_t epoch, struct str id,
                        uint64_t boot)
{
    const struct row *r = &t->rows[slot];
    return r->bound && r->epoch == epoch && life_is(&t->lives[r->owner], id, boot);
}

uint32_t slot_table_unowned(const struct slot_table *t)
{
    return t->n_unowned;
}
