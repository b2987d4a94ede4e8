/* ownership.c: who should have which slot, and what we do about it. Pure. */
#include "shard/ownership.h"

#include "base/siphash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NOBODY = -1 };

struct slot_state {
    struct slot_record rec;
    uint64_t hint;     /* highest epoch ever seen */
    uint64_t reading;  /* of the members: the newest that had begun when the row came */
    uint32_t n_loaded; /* rooms in our memory */
    bool claiming;     /* a claim is under way */
    bool giving;       /* a gift is under way */
    bool lost;         /* its row is missing */
    bool doubtful;     /* fenced: the next row counts, whatever its epoch */
};

struct ownership {
    char self_id[65], self_nonce[33];
    struct slot_state slots[SLOT_COUNT];
    struct ownership_member *members;
    uint32_t n_members;
    bool allowed;
    uint32_t n_mine;
    uint32_t ask_next; /* member whose slots the next ask is for */
    uint64_t readings_begun, readings_done;
    /* Derived from table and members; made again when one of them has changed. */
    bool stale;
    int32_t owners[SLOT_COUNT];
    int32_t targets[SLOT_COUNT];
};

static bool rec_is_mine(const struct ownership *o, const struct slot_record *r)
{
    return r->epoch > 0 && strcmp(r->owner, o->self_id) == 0 &&
           strcmp(r->nonce, o->self_nonce) == 0;
}

struct ownership *ownership_new(const char *self_id, const char *self_nonce)
{
    struct ownership *o = mem_zalloc(sizeof(*o));
    assert(strlen(self_id) < sizeof(o->self_id) && strlen(self_nonce) < sizeof(o->self_nonce));
    strcpy(o->self_id, self_id);
    strcpy(o->self_nonce, self_nonce);
    o->stale = true;
    return o;
}

void ownership_destroy(struct ownership **o_p)
{
    if (!*o_p) {
        return;
    }
    mem_free((*o_p)->members);
    mem_free(*o_p);
    *o_p = NULL;
}

void ownership_set_members(struct ownership *o, const struct ownership_member *m, uint32_t n)
{
    mem_free(o->members);
    o->members = NULL;
    if (n > 0) {
        o->members = mem_alloc(n * sizeof(*m));
        memcpy(o->members, m, n * sizeof(*m));
    }
    o->n_members = n;
    o->ask_next = 0;
    o->stale = true;
}

void ownership_set_readings(struct ownership *o, uint64_t begun, uint64_t done)
{
    o->readings_begun = begun;
    o->readings_done = done;
}

/* The only place that changes a record, so that n_mine is right. */
static void set_record(struct ownership *o, struct slot_state *s, const struct slot_record *rec)
{
    o->n_mine -= rec_is_mine(o, &s->rec) ? 1 : 0;
    s->rec = *rec;
    s->reading = o->readings_begun;
    o->n_mine += rec_is_mine(o, &s->rec) ? 1 : 0;
    if (rec->epoch > s->hint) {
        s->hint = rec->epoch;
    }
    if (!rec_is_mine(o, &s->rec)) {
        s->n_loaded = 0;
    }
    s->doubtful = false;
    o->stale = true;
}

void ownership_set_slot(struct ownership *o, uint32_t slot, const struct slot_record *rec)
{
    assert(slot < SLOT_COUNT);
    struct slot_state *s = &o->slots[slot];
    if (rec->epoch < s->rec.epoch && !s->doubtful) {
        return; /* read before what we know was written */
    }
    if (!s->doubtful && rec->epoch == s->rec.epoch && strcmp(rec->owner, s->rec.owner) == 0 &&
        strcmp(rec->nonce, s->rec.nonce) == 0) {
        return;
    }
    set_record(o, s, rec);
}

void ownership_allow_claims(struct ownership *o, bool allowed)
{
    o->allowed = allowed;
}

void ownership_set_loaded(struct ownership *o, uint32_t slot, uint32_t n_rooms)
{
    assert(slot < SLOT_COUNT);
    o->slots[slot].n_loaded = n_rooms;
}

void ownership_reset(struct ownership *o, const char *self_nonce)
{
    assert(strlen(self_nonce) < sizeof(o->self_nonce));
    strcpy(o->self_nonce, self_nonce);
    o->allowed = false;
    o->n_mine = 0;
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        struct slot_state *s = &o->slots[i];
        s->n_loaded = 0;
        s->claiming = s->giving = false;
        s->doubtful = true; /* the table is read again as a whole */
        o->n_mine += rec_is_mine(o, &s->rec) ? 1 : 0;
    }
    o->stale = true;
}

/* ---- targets */

/* Scratch of one computation. Members are worked on in the order of their ids, so that the order in
 * which a shard learned of them does not matter. */
struct rank {
    const struct ownership_member *m;
    int32_t index; /* in o->members */
    uint64_t hash; /* of the id */
    uint64_t frac; /* remainder of the exact share */
    uint32_t has, quota, kept;
};

static int by_id(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return strcmp(x->m->id, y->m->id);
}

static uint64_t mix(uint64_t x)
{
    /* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t score(const struct rank *r, uint32_t slot)
{
    return mix(r->hash + (uint64_t)slot * 0x9e3779b97f4a7c15u);
}

/* Share of the slots, rounded down; those left over go one each to the largest remainders, then by
 * id. Nothing of the table comes in: two givers with different pictures of it would each think that
 * the other keeps the odd slot. */
static void set_quotas(struct rank *r, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += r[i].m->draining ? 0 : r[i].m->weight;
    }
    if (sum == 0) {
        return; /* nobody may take anything */
    }
    uint32_t left = SLOT_COUNT;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t share = r[i].m->draining ? 0 : (uint64_t)SLOT_COUNT * r[i].m->weight;
        r[i].quota = (uint32_t)(share / sum);
        r[i].frac = share % sum;
        left -= r[i].quota;
    }
    while (left > 0) {
        struct rank *best = NULL;
        for (uint32_t i = 0; i < n; i++) { /* frac 0: exact, or had one already */
            if (r[i].frac > 0 && (!best || r[i].frac > best->frac)) {
                best = &r[i];
            }
        }
        assert(best); /* fewer slots are left than members with a remainder */
        best->quota++;
        best->frac = 0;
        left--;
    }
}

struct surplus {
    uint64_t score;
    uint32_t slot;
};

static int by_score(const void *a, const void *b)
{
    const struct surplus *x = a, *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? -1 : 1;
    }
    return x->slot < y->slot ? -1 : x->slot > y->slot;
}

/* owners: index of the live owner in the members, or NOBODY. */
static void compute_owners(const struct ownership *o, int32_t *owners)
{
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        const struct slot_record *r = &o->slots[s].rec;
        owners[s] = NOBODY;
        for (uint32_t i = 0; r->epoch > 0 && i < o->n_members; i++) {
            if (strcmp(o->members[i].nonce, r->nonce) == 0 &&
                strcmp(o->members[i].id, r->owner) == 0) {
                owners[s] = (int32_t)i;
                break;
            }
        }
    }
}

static void compute_targets(const struct ownership *o, const int32_t *owners, int32_t *out)
{
    static const uint8_t key[16] = "verona targets"; /* the same at every shard, for ever */
    uint32_t n = o->n_members;
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        out[s] = owners[s];
    }
    if (n == 0) {
        return;
    }
    struct rank *ranks = mem_zalloc(n * sizeof(*ranks));
    uint32_t *rank_of = mem_zalloc(n * sizeof(*rank_of));
    struct surplus *list = mem_alloc(SLOT_COUNT * sizeof(*list));
    uint64_t weights = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct ownership_member *m = &o->members[i];
        ranks[i].m = m;
        ranks[i].index = (int32_t)i;
        ranks[i].hash = siphash24(key, m->id, strlen(m->id));
        weights += m->draining ? 0 : m->weight;
    }
    if (weights == 0) {
        goto out; /* nobody to give anything to: all stays as it is */
    }
    qsort(ranks, n, sizeof(*ranks), by_id);
    for (uint32_t i = 0; i < n; i++) {
        rank_of[ranks[i].index] = i;
    }
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (owners[s] != NOBODY) {
            ranks[rank_of[owners[s]]].has++;
        }
    }
    set_quotas(ranks, n);

    /* Who has too many gives up those for which its own score is lowest: the same ones, however
     * many of them have moved meanwhile. */
    for (uint32_t i = 0; i < n; i++) {
        struct rank *r = &ranks[i];
        r->kept = r->has < r->quota ? r->has : r->quota;
        if (r->has <= r->quota) {
            continue;
        }
        uint32_t k = 0;
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            if (owners[s] == r->index) {
                list[k++] = (struct surplus){score(r, s), s};
            }
        }
        qsort(list, k, sizeof(*list), by_score);
        for (uint32_t j = 0; j < r->has - r->quota; j++) {
            out[list[j].slot] = NOBODY;
        }
    }
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (out[s] != NOBODY) {
            continue;
        }
        struct rank *best = NULL;
        uint64_t best_score = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (ranks[i].kept >= ranks[i].quota) {
                continue;
            }
            uint64_t sc = score(&ranks[i], s);
            if (!best || sc > best_score) {
                best = &ranks[i];
                best_score = sc;
            }
        }
        assert(best); /* the quotas add up to SLOT_COUNT */
        best->kept++;
        out[s] = best->index;
    }
out:
    mem_free(list);
    mem_free(rank_of);
    mem_free(ranks);
}

void ownership_targets(const struct ownership *o, int32_t *out)
{
    int32_t *owners = mem_alloc(SLOT_COUNT * sizeof(*owners));
    compute_owners(o, owners);
    compute_targets(o, owners, out);
    mem_free(owners);
}

static void refresh(struct ownership *o)
{
    if (!o->stale) {
        return;
    }
    compute_owners(o, o->owners);
    compute_targets(o, o->owners, o->targets);
    o->stale = false;
}

static int32_t self_index(const struct ownership *o)
{
    for (uint32_t i = 0; i < o->n_members; i++) {
        if (strcmp(o->members[i].id, o->self_id) == 0 &&
            strcmp(o->members[i].nonce, o->self_nonce) == 0) {
            return (int32_t)i;
        }
    }
    return NOBODY;
}

/* ---- actions */

/* Does the row name somebody of whom our newest reading of the members could not know? Not
 * ourselves: that was a life of ours before this one. */
static bool is_unheard_of(const struct ownership *o, uint32_t slot)
{
    const struct slot_state *s = &o->slots[slot];
    return o->owners[slot] == NOBODY && s->rec.owner[0] && strcmp(s->rec.owner, o->self_id) != 0 &&
           s->reading >= o->readings_done;
}

uint32_t ownership_next_claims(struct ownership *o, uint16_t *slots, uint32_t max)
{
    int32_t self = self_index(o);
    if (!o->allowed || self == NOBODY) {
        return 0;
    }
    refresh(o);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (is_unheard_of(o, s)) {
            return 0; /* and with him our share is another */
        }
    }
    uint32_t n = 0;
    for (uint32_t s = 0; s < SLOT_COUNT && n < max; s++) {
        if (o->owners[s] == NOBODY && o->targets[s] == self && !o->slots[s].claiming &&
            !o->slots[s].lost) {
            o->slots[s].claiming = true;
            slots[n++] = (uint16_t)s;
        }
    }
    return n;
}

void ownership_claimed(struct ownership *o, uint32_t slot, uint64_t epoch,
                       const struct slot_record *rec)
{
    assert(slot < SLOT_COUNT);
    struct slot_state *s = &o->slots[slot];
    s->claiming = false;
    if (epoch > 0) {
        struct slot_record mine = {.epoch = epoch};
        strcpy(mine.owner, o->self_id);
        strcpy(mine.nonce, o->self_nonce);
        set_record(o, s, &mine);
    } else if (rec) {
        /* The store itself says so, even where its epoch went back: it lost writes. */
        set_record(o, s, rec);
    }
}

uint32_t ownership_next_gifts(struct ownership *o, struct slot_gift *gifts, uint32_t max)
{
    int32_t self = self_index(o);
    if (self == NOBODY || o->n_mine == 0) {
        return 0;
    }
    refresh(o);
    uint32_t n = 0;
    for (uint32_t s = 0; s < SLOT_COUNT && n < max; s++) {
        struct slot_state *st = &o->slots[s];
        if (o->owners[s] == self && o->targets[s] != self && o->targets[s] != NOBODY &&
            st->n_loaded == 0 && !st->giving) {
            st->giving = true;
            gifts[n++] = (struct slot_gift){(uint16_t)s, (uint16_t)o->targets[s]};
        }
    }
    return n;
}

void ownership_given(struct ownership *o, uint32_t slot, const struct slot_record *rec)
{
    assert(slot < SLOT_COUNT);
    o->slots[slot].giving = false;
    if (rec) {
        set_record(o, &o->slots[slot], rec);
    }
}

uint32_t ownership_next_asks(struct ownership *o, char owner[65], uint16_t *slots, uint32_t max)
{
    int32_t self = self_index(o);
    if (!o->allowed || self == NOBODY) {
        return 0;
    }
    refresh(o);
    while (o->ask_next < o->n_members) {
        int32_t from = (int32_t)o->ask_next++;
        uint32_t n = 0;
        for (uint32_t s = 0; from != self && s < SLOT_COUNT && n < max; s++) {
            if (o->owners[s] == from && o->targets[s] == self) {
                slots[n++] = (uint16_t)s;
            }
        }
        if (n > 0) {
            strcpy(owner, o->members[from].id);
            return n;
        }
    }
    o->ask_next = 0;
    return 0;
}

uint32_t ownership_moving(struct ownership *o, uint16_t *slots, uint32_t max)
{
    int32_t self = self_index(o);
    uint32_t n = 0;
    refresh(o);
    for (uint32_t s = 0; s < SLOT_COUNT && n < max; s++) {
        if (o->owners[s] != NOBODY && o->owners[s] != self && o->targets[s] != o->owners[s]) {
            slots[n++] = (uint16_t)s;
        }
    }
    return n;
}

void ownership_fenced(struct ownership *o, uint32_t slot)
{
    assert(slot < SLOT_COUNT);
    struct slot_state *s = &o->slots[slot];
    struct slot_record nobody = {.epoch = s->rec.epoch};
    set_record(o, s, &nobody);
    s->doubtful = true;
}

void ownership_set_lost(struct ownership *o, uint32_t slot, bool lost)
{
    assert(slot < SLOT_COUNT);
    if (lost && !o->slots[slot].lost) {
        ownership_fenced(o, slot); /* when it is back, it counts as it is */
    }
    o->slots[slot].lost = lost;
}

/* ---- questions */

bool ownership_is_mine(const struct ownership *o, uint32_t slot, uint64_t *epoch)
{
    assert(slot < SLOT_COUNT);
    const struct slot_state *s = &o->slots[slot];
    if (!rec_is_mine(o, &s->rec) || s->doubtful) {
        return false;
    }
    if (epoch) {
        *epoch = s->rec.epoch;
    }
    return true;
}

const struct slot_record *ownership_record(const struct ownership *o, uint32_t slot)
{
    assert(slot < SLOT_COUNT);
    return &o->slots[slot].rec;
}

uint64_t ownership_hint(const struct ownership *o, uint32_t slot)
{
    assert(slot < SLOT_COUNT);
    return o->slots[slot].hint;
}

uint32_t ownership_n_mine(const struct ownership *o)
{
    return o->n_mine;
}

uint32_t ownership_n_unassigned(const struct ownership *o)
{
    uint32_t n = 0;
    struct ownership *cache = (struct ownership *)(uintptr_t)o; /* what is derived is no state */
    refresh(cache);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        n += o->owners[s] == NOBODY ? 1 : 0;
    }
    return n;
}

uint32_t ownership_ownerless(struct ownership *o, uint16_t *slots, uint32_t max)
{
    uint32_t n = 0;
    refresh(o);
    for (uint32_t s = 0; s < SLOT_COUNT && n < max; s++) {
        if (o->owners[s] == NOBODY) {
            slots[n++] = (uint16_t)s;
        }
    }
    return n;
}

uint32_t ownership_n_members(const struct ownership *o)
{
    return o->n_members;
}

const struct ownership_member *ownership_member_at(const struct ownership *o, uint32_t index)
{
    assert(index < o->n_members);
    return &o->members[index];
}
