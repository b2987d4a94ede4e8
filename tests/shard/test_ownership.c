/* test_ownership.c: targets and actions of ownership.h, as properties over random clusters. */
#include "shard/ownership.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng_state;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state;
}

static struct ownership_member member(int i, uint32_t weight)
{
    struct ownership_member m = {.weight = weight};
    snprintf(m.id, sizeof(m.id), "shard-%d", i);
    snprintf(m.nonce, sizeof(m.nonce), "%032d", i);
    return m;
}

static struct slot_record owned(const struct ownership_member *m, uint64_t epoch)
{
    struct slot_record r = {.epoch = epoch};
    strcpy(r.owner, m->id);
    strcpy(r.nonce, m->nonce);
    return r;
}

static void set_table(struct ownership *o, const struct slot_record *table)
{
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        ownership_set_slot(o, s, &table[s]);
    }
}

static void shuffle(struct ownership_member *m, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)(rng() % i);
        struct ownership_member t = m[i - 1];
        m[i - 1] = m[j];
        m[j] = t;
    }
}

/* Each weighted share, rounded down or up. */
static void assert_balanced(const struct ownership_member *m, uint32_t n, const uint32_t *counts)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += m[i].draining ? 0 : m[i].weight;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t exact = m[i].draining ? 0 : (uint64_t)SLOT_COUNT * m[i].weight;
        assert_in_range(counts[i], exact / sum, (exact + sum - 1) / sum);
    }
}

static struct slot_record table[SLOT_COUNT];
static int32_t targets[SLOT_COUNT], other[SLOT_COUNT];

static void all_shards_compute_the_same(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        rng_state = 0x1234567u + (uint64_t)round;
        uint32_t n = 1 + (uint32_t)(rng() % 9), n_dead = (uint32_t)(rng() % 3);
        struct ownership_member m[12], copy[12];
        for (uint32_t i = 0; i < n + n_dead; i++) {
            m[i] = member((int)i, 50 + (uint32_t)(rng() % 3) * 50);
            m[i].draining = i > 0 && rng() % 6 == 0;
        }
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            uint32_t who = (uint32_t)(rng() % (n + n_dead + 1));
            table[s] = who < n + n_dead ? owned(&m[who], 1 + rng() % 5) : (struct slot_record){0};
        }
        struct ownership *a = ownership_new(m[0].id, m[0].nonce);
        ownership_set_members(a, m, n);
        set_table(a, table);
        ownership_targets(a, targets);
        memcpy(copy, m, n * sizeof(*m));
        shuffle(copy, n);
        struct ownership *b = ownership_new(m[n - 1].id, m[n - 1].nonce);
        set_table(b, table);
        ownership_set_members(b, copy, n);
        ownership_targets(b, other);
        uint32_t counts[12] = {0};
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            assert_true(targets[s] >= 0 && other[s] >= 0);
            assert_string_equal(m[targets[s]].id, copy[other[s]].id);
            counts[targets[s]]++;
        }
        assert_balanced(m, n, counts);
        ownership_destroy(&a);
        ownership_destroy(&b);
    }
}

/* Gives every slot to its target, as if all claims and hand-overs were done. Returns how many
 * moved. */
static uint32_t settle(struct ownership *o, const struct ownership_member *m, uint64_t epoch)
{
    uint32_t moved = 0;
    ownership_targets(o, targets);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        const struct slot_record *r = ownership_record(o, s);
        struct slot_record want = owned(&m[targets[s]], epoch);
        if (strcmp(r->owner, want.owner) != 0 || strcmp(r->nonce, want.nonce) != 0) {
            ownership_set_slot(o, s, &want);
            moved++;
        }
    }
    return moved;
}

static void movement_is_minimal(void **state)
{
    (void)state;
    struct ownership_member m[20];
    for (int i = 0; i < 20; i++) {
        m[i] = member(i, 100);
    }
    struct ownership *o = ownership_new(m[0].id, m[0].nonce);
    ownership_set_members(o, m, 1);
    assert_int_equal(settle(o, m, 1), SLOT_COUNT);
    for (uint32_t n = 2; n <= 20; n++) { /* one joins: it gets its share, nothing else moves */
        ownership_set_members(o, m, n);
        uint32_t moved = settle(o, m, n);
        assert_in_range(moved, SLOT_COUNT / n, (SLOT_COUNT + n - 1) / n);
        assert_int_equal(settle(o, m, n + 100), 0); /* and then it is quiet */
    }
    for (uint32_t n = 19; n >= 1; n--) { /* one leaves: its slots move, nothing else */
        uint32_t had = 0;
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            had += strcmp(ownership_record(o, s)->owner, m[n].id) == 0 ? 1 : 0;
        }
        ownership_set_members(o, m, n);
        assert_int_equal(ownership_n_unassigned(o), had);
        assert_int_equal(settle(o, m, 1000 - n), had);
    }
    /* The same one comes back under another nonce: all of its slots are ownerless, none moves away.
     */
    ownership_set_members(o, m, 4);
    settle(o, m, 2000);
    strcpy(m[2].nonce, "another");
    ownership_set_members(o, m, 4);
    assert_int_equal(ownership_n_unassigned(o), SLOT_COUNT / 4);
    assert_int_equal(settle(o, m, 2001), SLOT_COUNT / 4);
    ownership_destroy(&o);
}

/* Shards with their own, differently old pictures of one table, which only compare-and-set changes.
 */
struct world {
    struct slot_record table[SLOT_COUNT];
    struct ownership_member members[10];
    struct ownership *o[10];
    bool live[10];
    uint64_t clock;
    uint32_t refused;
};

static void world_members(struct world *w)
{
    struct ownership_member m[10];
    uint32_t n = 0;
    for (int i = 0; i < 10; i++) {
        if (w->live[i]) {
            m[n++] = w->members[i];
        }
    }
    for (int i = 0; i < 10; i++) {
        if (w->live[i]) {
            ownership_set_members(w->o[i], m, n);
        }
    }
}

static void world_read(struct world *w, int i, uint32_t one_in)
{
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (rng() % one_in == 0) {
            ownership_set_slot(w->o[i], s, &w->table[s]);
        }
    }
}

static void world_claims(struct world *w, int i)
{
    uint16_t slots[256];
    uint32_t n = ownership_next_claims(w->o[i], slots, 256);
    for (uint32_t k = 0; k < n; k++) {
        struct slot_record *row = &w->table[slots[k]];
        const struct slot_record *seen = ownership_record(w->o[i], slots[k]);
        if (seen->epoch == row->epoch && strcmp(seen->nonce, row->nonce) == 0) {
            *row = owned(&w->members[i], row->epoch + 1);
            ownership_claimed(w->o[i], slots[k], row->epoch, NULL);
        } else {
            w->refused++;
            ownership_claimed(w->o[i], slots[k], 0, row);
        }
    }
}

static void world_gifts(struct world *w, int i)
{
    struct slot_gift gifts[256];
    struct ownership_member m[10];
    uint32_t n_live = 0, n = ownership_next_gifts(w->o[i], gifts, 256);
    for (int k = 0; k < 10; k++) {
        if (w->live[k]) {
            m[n_live++] = w->members[k];
        }
    }
    for (uint32_t k = 0; k < n; k++) {
        struct slot_record *row = &w->table[gifts[k].slot];
        uint64_t epoch;
        assert_true(ownership_is_mine(w->o[i], gifts[k].slot, &epoch));
        assert_int_equal(epoch, row->epoch); /* nobody takes from the living */
        *row = owned(&m[gifts[k].member], row->epoch + 1);
        ownership_given(w->o[i], gifts[k].slot, row);
    }
}

static void clusters_converge(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        rng_state = seed * 7919;
        struct world *w = mem_zalloc(sizeof(*w));
        for (int i = 0; i < 10; i++) {
            w->members[i] = member(i, seed % 3 == 0 ? 50u * (1 + (uint32_t)i % 3) : 100);
        }
        for (int change = 0; change < 8; change++) {
            int who = (int)(rng() % 10);
            if (w->live[who]) { /* dies; comes back later as another */
                ownership_destroy(&w->o[who]);
                w->live[who] = false;
                snprintf(w->members[who].nonce, 33, "%d-%d", who, change);
            } else {
                w->live[who] = true;
                w->o[who] = ownership_new(w->members[who].id, w->members[who].nonce);
                world_read(w, who, 1);
                ownership_allow_claims(w->o[who], true);
            }
            world_members(w);
            for (int turn = 0; turn < 120; turn++) {
                for (int i = 0; i < 10; i++) {
                    if (w->live[i]) {
                        world_read(w, i, 8);
                        world_claims(w, i);
                        world_gifts(w, i);
                    }
                }
            }
        }
        uint32_t counts[10] = {0}, n = 0, k = 0, live_counts[10];
        struct ownership_member m[10];
        for (int i = 0; i < 10; i++) { /* everybody has read everything: nobody wants anything */
            uint16_t slots[1];
            struct slot_gift gifts[1];
            char from[65];
            if (w->live[i]) {
                world_read(w, i, 1);
                assert_int_equal(ownership_next_claims(w->o[i], slots, 1), 0);
                assert_int_equal(ownership_next_gifts(w->o[i], gifts, 1), 0);
                assert_int_equal(ownership_next_asks(w->o[i], from, slots, 1), 0);
            }
        }
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            for (int i = 0; i < 10; i++) {
                bool mine = w->live[i] && strcmp(w->table[s].nonce, w->members[i].nonce) == 0;
                counts[i] += mine ? 1 : 0;
                if (w->live[i]) {
                    assert_int_equal(ownership_is_mine(w->o[i], s, NULL), mine);
                }
            }
        }
        for (int i = 0; i < 10; i++) {
            if (w->live[i]) {
                m[n++] = w->members[i];
                live_counts[k++] = counts[i];
                assert_int_equal(ownership_n_mine(w->o[i]), counts[i]);
            }
        }
        if (n > 0) {
            assert_balanced(m, n, live_counts);
        }
        for (int i = 0; i < 10; i++) {
            ownership_destroy(&w->o[i]);
        }
        mem_free(w);
    }
}

static void records_rise_and_fenced_slots_are_read_again(void **state)
{
    (void)state;
    struct ownership_member m[2] = {member(0, 100), member(1, 100)};
    struct ownership *o = ownership_new(m[0].id, m[0].nonce);
    ownership_set_members(o, m, 1);
    struct slot_record mine = owned(&m[0], 10), his = owned(&m[1], 9);
    uint64_t epoch = 0;
    ownership_set_slot(o, 7, &mine);
    assert_true(ownership_is_mine(o, 7, &epoch));
    assert_int_equal(epoch, 10);
    ownership_set_slot(o, 7, &his); /* an old reading */
    assert_true(ownership_is_mine(o, 7, NULL));
    assert_int_equal(ownership_n_mine(o), 1);

    ownership_fenced(o, 7);
    assert_false(ownership_is_mine(o, 7, NULL));
    assert_int_equal(ownership_n_mine(o), 0);
    ownership_set_slot(o, 7, &his); /* now it counts: Redis lost the newer one */
    assert_int_equal(ownership_record(o, 7)->epoch, 9);
    assert_int_equal(ownership_hint(o, 7), 10);
    his.epoch = 11; /* the same owner under a higher epoch, then equal epoch and another nonce */
    ownership_set_slot(o, 7, &his);
    mine.epoch = 11;
    ownership_set_slot(o, 7, &mine);
    assert_true(ownership_is_mine(o, 7, NULL));

    ownership_reset(o, "new");
    assert_false(ownership_is_mine(o, 7, NULL));
    assert_int_equal(ownership_n_mine(o), 0);
    ownership_destroy(&o);
}

static void claims_wait_and_are_made_once(void **state)
{
    (void)state;
    struct ownership_member m[1] = {member(0, 100)};
    struct ownership *o = ownership_new(m[0].id, m[0].nonce);
    uint16_t slots[SLOT_COUNT];
    ownership_set_members(o, m, 1);
    assert_int_equal(ownership_next_claims(o, slots, 256), 0); /* not allowed yet */
    ownership_allow_claims(o, true);
    assert_int_equal(ownership_next_claims(o, slots, 256), 256);
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), SLOT_COUNT - 256);
    assert_int_equal(ownership_next_claims(o, slots, 1), 0); /* all are under way */
    ownership_claimed(o, 3, 0, NULL);                        /* nobody could tell: again */
    assert_int_equal(ownership_next_claims(o, slots, 10), 1);
    assert_int_equal(slots[0], 3);
    ownership_claimed(o, 3, 77, NULL);
    assert_true(ownership_is_mine(o, 3, NULL));
    assert_int_equal(ownership_n_unassigned(o), SLOT_COUNT - 1);
    ownership_set_members(o, NULL, 0);
    assert_int_equal(ownership_next_claims(o, slots, 10), 0);
    assert_int_equal(ownership_n_unassigned(o), SLOT_COUNT);
    ownership_destroy(&o);
}

static void loaded_slots_are_kept_and_draining_ones_leave(void **state)
{
    (void)state;
    struct ownership_member m[2] = {member(0, 100), member(1, 100)};
    struct ownership *o = ownership_new(m[0].id, m[0].nonce);
    struct slot_record mine = owned(&m[0], 5);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        ownership_set_slot(o, s, &mine);
    }
    ownership_set_members(o, m, 2);
    static struct slot_gift gifts[SLOT_COUNT];
    ownership_targets(o, targets);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        ownership_set_loaded(o, s, targets[s] == 1 && s % 2 == 0 ? 1 : 0);
    }
    uint32_t n = ownership_next_gifts(o, gifts, SLOT_COUNT);
    assert_in_range(n, 1, SLOT_COUNT / 2 - 1);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(gifts[i].member, 1);
        assert_int_equal(gifts[i].slot % 2, 1);
    }
    assert_int_equal(ownership_next_gifts(o, gifts, SLOT_COUNT), 0); /* under way */
    ownership_given(o, gifts[0].slot, NULL);                         /* it failed: once more */
    assert_int_equal(ownership_next_gifts(o, gifts, SLOT_COUNT), 1);

    /* The other side asks for all of them, loaded or not. */
    struct ownership *b = ownership_new(m[1].id, m[1].nonce);
    uint16_t slots[SLOT_COUNT];
    char from[65];
    set_table(b, table);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        ownership_fenced(b, s); /* forget the table of the tests before */
        ownership_set_slot(b, s, &mine);
    }
    ownership_set_members(b, m, 2);
    ownership_allow_claims(b, true);
    assert_int_equal(ownership_next_asks(b, from, slots, SLOT_COUNT), SLOT_COUNT / 2);
    assert_string_equal(from, m[0].id);
    assert_int_equal(ownership_next_asks(b, from, slots, SLOT_COUNT), 0);
    ownership_destroy(&b);

    /* Draining: everything has another target; nobody claims from it. */
    m[0].draining = true;
    ownership_set_members(o, m, 2);
    ownership_targets(o, targets);
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        assert_int_equal(targets[s], 1);
    }
    ownership_allow_claims(o, true);
    assert_int_equal(ownership_next_claims(o, slots, 1), 0);
    ownership_set_members(o, m, 1); /* the last one, draining: it keeps what it has */
    ownership_targets(o, targets);
    assert_int_equal(targets[0], 0);
    assert_int_equal(ownership_next_gifts(o, gifts, SLOT_COUNT), 0);
    ownership_destroy(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shards_compute_the_same),
        cmocka_unit_test(movement_is_minimal),
        cmocka_unit_test(clusters_converge),
        cmocka_unit_test(records_rise_and_fenced_slots_are_read_again),
        cmocka_unit_test(claims_wait_and_are_made_once),
        cmocka_unit_test(loaded_slots_are_kept_and_draining_ones_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
