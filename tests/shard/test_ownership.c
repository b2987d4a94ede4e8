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
enum { N_WORLD = 10 };
struct world {
    struct slot_record table[SLOT_COUNT];
    struct ownership_member members[N_WORLD];
    struct ownership *o[N_WORLD];
    bool live[N_WORLD];
    uint64_t reading[N_WORLD];
    bool gave_lost;    /* nobody hears of what he was given */
    uint32_t sweep_in; /* everybody reads one row in so many each turn; 0: none */
    uint32_t moves;
};

static void world_read(struct world *w, int i, uint32_t one_in)
{
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        if (rng() % one_in == 0) {
            ownership_set_slot(w->o[i], s, &w->table[s]);
        }
    }
}

static void world_read_members(struct world *w, int i)
{
    struct ownership_member m[N_WORLD];
    uint32_t n = 0;
    for (int k = 0; k < N_WORLD; k++) {
        if (w->live[k]) {
            m[n++] = w->members[k];
        }
    }
    ownership_set_members(w->o[i], m, n);
    w->reading[i]++;
    ownership_set_readings(w->o[i], w->reading[i], w->reading[i]);
}

/* What slots.c reads: rows without an owner, rows on their way, and now and then others. */
static void world_look(struct world *w, int i)
{
    static uint16_t list[SLOT_COUNT];
    uint32_t n = ownership_ownerless(w->o[i], list, SLOT_COUNT);
    for (uint32_t k = 0; k < n; k++) {
        ownership_set_slot(w->o[i], list[k], &w->table[list[k]]);
    }
    n = ownership_moving(w->o[i], list, SLOT_COUNT);
    for (uint32_t k = 0; k < n; k++) {
        ownership_set_slot(w->o[i], list[k], &w->table[list[k]]);
    }
    if (w->sweep_in) {
        world_read(w, i, w->sweep_in);
    }
}

static int world_who(const struct world *w, const struct slot_record *row)
{
    for (int i = 0; i < N_WORLD; i++) {
        if (w->live[i] && strcmp(w->members[i].id, row->owner) == 0 &&
            strcmp(w->members[i].nonce, row->nonce) == 0) {
            return i;
        }
    }
    return -1;
}

static void world_claims(struct world *w, int i)
{
    uint16_t slots[256];
    uint32_t n = ownership_next_claims(w->o[i], slots, 256);
    for (uint32_t k = 0; k < n; k++) {
        struct slot_record *row = &w->table[slots[k]];
        const struct slot_record *seen = ownership_record(w->o[i], slots[k]);
        if (seen->epoch == row->epoch && strcmp(seen->nonce, row->nonce) == 0) {
            assert_int_equal(world_who(w, row), -1); /* nobody takes from the living */
            *row = owned(&w->members[i], row->epoch + 1);
            w->moves++;
            ownership_claimed(w->o[i], slots[k], row->epoch, NULL);
        } else {
            ownership_claimed(w->o[i], slots[k], 0, row);
        }
    }
}

static void world_gifts(struct world *w, int i)
{
    struct slot_gift gifts[256];
    uint32_t n = ownership_next_gifts(w->o[i], gifts, 256);
    for (uint32_t k = 0; k < n; k++) {
        struct slot_record *row = &w->table[gifts[k].slot];
        const struct ownership_member *to = ownership_member_at(w->o[i], gifts[k].member);
        struct slot_record given = owned(to, row->epoch + 1);
        int who = world_who(w, &given);
        uint64_t epoch;
        assert_true(ownership_is_mine(w->o[i], gifts[k].slot, &epoch));
        assert_int_equal(epoch, row->epoch);
        if (who < 0 || w->members[who].draining) { /* as verona_give */
            ownership_given(w->o[i], gifts[k].slot, NULL);
            continue;
        }
        *row = given;
        w->moves++;
        ownership_given(w->o[i], gifts[k].slot, row);
        if (!w->gave_lost) {
            ownership_set_slot(w->o[who], gifts[k].slot, row);
        }
    }
}

static void world_turn(struct world *w)
{
    for (int i = 0; i < N_WORLD; i++) {
        if (w->live[i] && rng() % 2) { /* some hear of a change before others */
            world_read_members(w, i);
        }
    }
    for (int i = 0; i < N_WORLD; i++) {
        if (w->live[i]) {
            world_look(w, i);
            world_claims(w, i);
            world_gifts(w, i);
        }
    }
}

static void world_change(struct world *w, int who, int change)
{
    if (!w->live[who]) {
        w->live[who] = true;
        w->o[who] = ownership_new(w->members[who].id, w->members[who].nonce);
        world_read_members(w, who);
        world_read(w, who, 1);
        ownership_allow_claims(w->o[who], true);
    } else if (rng() % 4 == 0) {
        w->members[who].draining = true;
    } else { /* dies; comes back, now or later, as another */
        ownership_destroy(&w->o[who]);
        w->live[who] = w->members[who].draining = false;
        snprintf(w->members[who].nonce, 33, "%d-%d", who, change);
        if (rng() % 2) {
            world_change(w, who, change);
        }
    }
}

/* Everybody has his share, and knows it. */
static bool world_is_settled(struct world *w)
{
    uint32_t counts[N_WORLD] = {0}, k = 0;
    uint64_t sum = 0;
    for (int i = 0; i < N_WORLD; i++) {
        sum += w->live[i] && !w->members[i].draining ? w->members[i].weight : 0;
    }
    for (uint32_t s = 0; s < SLOT_COUNT; s++) {
        int who = world_who(w, &w->table[s]);
        if (who >= 0) {
            counts[who]++;
            k++;
        }
    }
    for (int i = 0; i < N_WORLD && sum; i++) {
        uint64_t exact = w->members[i].draining ? 0 : (uint64_t)SLOT_COUNT * w->members[i].weight;
        if (w->live[i] && (counts[i] < exact / sum || counts[i] > (exact + sum - 1) / sum ||
                           ownership_n_mine(w->o[i]) != counts[i])) {
            return false;
        }
    }
    return sum == 0 || k == SLOT_COUNT;
}

static void clusters_converge(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        rng_state = seed * 7919;
        struct world *w = mem_zalloc(sizeof(*w));
        w->gave_lost = seed % 2;
        w->sweep_in = w->gave_lost ? 16 : 0;
        for (int i = 0; i < N_WORLD; i++) {
            w->members[i] = member(i, seed % 3 == 0 ? 50u * (1 + (uint32_t)i % 3) : 100);
        }
        for (int change = 0; change < 8; change++) {
            world_change(w, (int)(rng() % N_WORLD), change);
            int limit = w->gave_lost ? 200 : 40, turn = 0;
            while (turn < limit && !world_is_settled(w)) {
                world_turn(w);
                turn++;
            }
            if (!world_is_settled(w)) {
                fail_msg("seed %u: not settled after change %d", (unsigned)seed, change);
            }
            for (turn = 0; turn < 8; turn++) { /* everybody has heard of everything */
                world_turn(w);
            }
            w->moves = 0;
            for (turn = 0; turn < 40; turn++) {
                world_turn(w);
            }
            assert_int_equal(w->moves, 0);
            assert_true(world_is_settled(w));
        }
        for (int i = 0; i < N_WORLD; i++) {
            ownership_destroy(&w->o[i]);
        }
        mem_free(w);
    }
}

/* Two givers at once, each with a picture in which the other has not given yet: together they give
 * what the receiver should have, not a slot more. */
static void givers_agree_on_the_odd_slot(void **state)
{
    (void)state;
    struct ownership_member m[3] = {member(0, 100), member(1, 100), member(2, 100)};
    struct ownership *o[3];
    for (int i = 0; i < 3; i++) {
        o[i] = ownership_new(m[i].id, m[i].nonce);
        for (uint32_t s = 0; s < SLOT_COUNT; s++) {
            struct slot_record r = owned(&m[s % 2], 1);
            ownership_set_slot(o[i], s, &r);
        }
        ownership_set_members(o[i], m, 3);
        ownership_allow_claims(o[i], true);
    }
    static uint16_t asked[SLOT_COUNT];
    static struct slot_gift gifts[SLOT_COUNT];
    char from[65];
    uint32_t n_asked = 0, n_given = 0, n;
    while ((n = ownership_next_asks(o[2], from, asked, SLOT_COUNT)) > 0) {
        n_asked += n;
    }
    for (int i = 0; i < 2; i++) {
        n = ownership_next_gifts(o[i], gifts, SLOT_COUNT);
        n_given += n;
        for (uint32_t k = 0; k < n; k++) {
            struct slot_record r = owned(&m[2], 2);
            assert_int_equal(gifts[k].member, 2);
            ownership_given(o[i], gifts[k].slot, &r);
        }
        assert_int_equal(ownership_next_gifts(o[i], gifts, SLOT_COUNT), 0);
    }
    assert_int_equal(n_given, n_asked);
    assert_in_range(n_given, SLOT_COUNT / 3, SLOT_COUNT / 3 + 1);
    for (int i = 0; i < 3; i++) {
        ownership_destroy(&o[i]);
    }
}

/* A row may name somebody who is newer than our members. */
static void who_just_joined_is_not_robbed(void **state)
{
    (void)state;
    struct ownership_member m[2] = {member(0, 100), member(1, 100)};
    struct ownership *o = ownership_new(m[0].id, m[0].nonce);
    struct slot_record his = owned(&m[1], 5), old = owned(&m[0], 4);
    uint16_t slots[SLOT_COUNT];
    strcpy(old.nonce, "of our life before");
    ownership_set_members(o, m, 1);
    ownership_set_readings(o, 3, 3);
    ownership_allow_claims(o, true);
    ownership_set_slot(o, 0, &his);
    ownership_set_slot(o, 1, &old);
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), 0);
    ownership_set_readings(o, 4, 3);
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), 0); /* not answered yet */
    ownership_set_members(o, m, 2);
    ownership_set_readings(o, 4, 4); /* he is there, and half is for him */
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), SLOT_COUNT / 2);
    ownership_set_members(o, m, 1); /* he died */
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), SLOT_COUNT / 2);
    ownership_destroy(&o);

    o = ownership_new(m[0].id, m[0].nonce); /* our own life before is no stranger */
    ownership_set_members(o, m, 1);
    ownership_allow_claims(o, true);
    ownership_set_slot(o, 1, &old);
    assert_int_equal(ownership_next_claims(o, slots, SLOT_COUNT), SLOT_COUNT);
    ownership_destroy(&o);
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
        cmocka_unit_test(givers_agree_on_the_odd_slot),
        cmocka_unit_test(who_just_joined_is_not_robbed),
        cmocka_unit_test(records_rise_and_fenced_slots_are_read_again),
        cmocka_unit_test(claims_wait_and_are_made_once),
        cmocka_unit_test(loaded_slots_are_kept_and_draining_ones_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
