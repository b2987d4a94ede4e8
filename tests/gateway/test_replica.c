/* test_replica.c: the roster of a room as the stream tells it. */
#include "gateway/replica.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define SELF "gw1:5"

static struct replica *r;

static int setup(void **state)
{
    (void)state;
    r = replica_new(STR("room@conference.localhost"), STR(SELF));
    Verona__RoomFacts f = VERONA__ROOM_FACTS__INIT;
    f.presence_broadcast = 1u << ROLE_PARTICIPANT | 1u << ROLE_MODERATOR;
    replica_set_facts(r, &f);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    replica_destroy(&r);
    assert_null(r);
    return 0;
}

struct who {
    const char *gateway;
    uint64_t sid, pos;
    const char *nick, *jid;
    enum role role;
    enum affiliation affiliation;
    const char *presence; /* NULL: keep */
};

static struct occ *put(struct who w)
{
    Verona__Record rec = VERONA__RECORD__INIT;
    Verona__Occupancy o = VERONA__OCCUPANCY__INIT;
    o.gateway = wire_bytes(str_of(w.gateway));
    o.sid = w.sid;
    o.join_pos = w.pos;
    rec.occ = &o;
    rec.nick = wire_bytes(str_of(w.nick));
    rec.jid = wire_bytes(str_of(w.jid));
    rec.role = (Verona__Role)w.role;
    rec.affiliation = (Verona__Affiliation)w.affiliation;
    rec.occupant_id = wire_bytes(STR("oid"));
    rec.keep_presence = w.presence == NULL;
    rec.presence = wire_bytes(str_of(w.presence));
    return replica_put(r, &rec);
}

static Verona__Occupancy named(const char *gateway, uint64_t sid, uint64_t pos)
{
    Verona__Occupancy o = VERONA__OCCUPANCY__INIT;
    o.gateway = wire_bytes(str_of(gateway));
    o.sid = sid;
    o.join_pos = pos;
    return o;
}

static void come_and_go(void **state)
{
    (void)state;
    struct occ *ann = put((struct who){SELF, 1, 1, "Ann", "ann@localhost/a", ROLE_MODERATOR,
                                       AFFIL_OWNER, "<show>away</show>"});
    struct occ *bob = put(
        (struct who){"gw2:9", 1, 2, "Bob", "bob@localhost/b", ROLE_PARTICIPANT, AFFIL_NONE, ""});
    assert_int_equal(replica_size(r), 2);
    assert_int_equal(replica_n_nicks(r), 2);
    assert_ptr_equal(replica_find_local(r, 1), ann);
    assert_int_equal(bob->local, REPLICA_NOT_LOCAL);
    assert_true(str_is(ann->presence, "<show>away</show>"));
    assert_true(str_is(ann->occupant_id, "oid"));
    Verona__Occupancy o = named("gw2:9", 1, 2);
    assert_ptr_equal(replica_find(r, &o), bob);
    o = named("gw3:1", 1, 2);
    assert_null(replica_find(r, &o));
    replica_remove(r, bob);
    assert_null(replica_nick(r, STR("Bob")));
    replica_remove(r, ann);
    assert_int_equal(replica_size(r), 0);
}

static void keeps_presence(void **state)
{
    (void)state;
    struct occ *a = put((struct who){SELF, 1, 1, "Ann", "ann@localhost/a", ROLE_PARTICIPANT,
                                     AFFIL_NONE, "<status>x</status>"});
    struct occ *b = put((struct who){SELF, 2, 2, "Ann", "ann@localhost/b", ROLE_PARTICIPANT,
                                     AFFIL_NONE, "<status>y</status>"});
    assert_ptr_equal(nick_front(a->nick), b);
    assert_int_equal(nick_occs(a->nick), 2);
    /* a role alone does not make a session speak for the nick */
    put((struct who){SELF, 1, 1, "Ann", "ann@localhost/a", ROLE_MODERATOR, AFFIL_NONE, NULL});
    assert_ptr_equal(nick_front(a->nick), b);
    assert_int_equal(a->role, ROLE_MODERATOR);
    assert_true(str_is(a->presence, "<status>x</status>"));
    put((struct who){SELF, 1, 1, "Ann", "ann@localhost/a", ROLE_MODERATOR, AFFIL_NONE, "<z/>"});
    assert_ptr_equal(nick_front(a->nick), a);
    replica_remove(r, a);
    assert_ptr_equal(nick_front(replica_nick(r, STR("Ann"))), b);
}

static void nick_moves(void **state)
{
    (void)state;
    struct occ *a = put(
        (struct who){SELF, 1, 1, "Ann", "ann@localhost/a", ROLE_PARTICIPANT, AFFIL_NONE, "<p/>"});
    put((struct who){SELF, 1, 1, "Eve", "ann@localhost/a", ROLE_PARTICIPANT, AFFIL_NONE, NULL});
    assert_null(replica_nick(r, STR("Ann")));
    assert_true(str_is(a->nick->name, "Eve"));
    assert_true(str_is(a->presence, "<p/>"));
    assert_int_equal(replica_n_nicks(r), 1);
}

/* W8, S-field-whois: who sees JIDs */
static void sight(void **state)
{
    (void)state;
    uint32_t n;
    struct occ *a = put((struct who){SELF, 1, 1, "A", "a@l/1", ROLE_PARTICIPANT, AFFIL_NONE, ""});
    struct occ *b = put((struct who){SELF, 2, 2, "B", "b@l/1", ROLE_VISITOR, AFFIL_ADMIN, ""});
    struct occ *c = put((struct who){SELF, 3, 3, "C", "c@l/1", ROLE_MODERATOR, AFFIL_NONE, ""});
    const struct replica_local *l = replica_locals(r, &n);
    assert_int_equal(n, 3);
    assert_false(l[a->local].sees);
    assert_true(l[b->local].sees);
    assert_true(l[c->local].sees);
    put((struct who){SELF, 3, 3, "C", "c@l/1", ROLE_PARTICIPANT, AFFIL_NONE, NULL});
    assert_false(replica_locals(r, &n)[c->local].sees);
    Verona__RoomFacts f = VERONA__ROOM_FACTS__INIT;
    f.non_anonymous = true;
    replica_set_facts(r, &f);
    assert_true(replica_locals(r, &n)[a->local].sees && replica_locals(r, &n)[c->local].sees);
    assert_false(replica_shows(r, ROLE_PARTICIPANT));
}

static void removals_name_an_occupancy(void **state)
{
    (void)state;
    struct occ *a = put((struct who){SELF, 1, 7, "A", "a@l/1", ROLE_PARTICIPANT, AFFIL_NONE, ""});
    Verona__Occupancy before = named(SELF, 1, 6), same = named(SELF, 1, 7),
                      later = named(SELF, 1, 8);
    assert_false(replica_removes(a, &before));
    assert_true(replica_removes(a, &same));
    assert_true(replica_removes(a, &later));
}

static void out_of_range(void **state)
{
    (void)state;
    struct occ *a =
        put((struct who){SELF, 1, 1, "A", "a@l/1", (enum role)77, (enum affiliation)99, ""});
    assert_int_equal(a->role, ROLE_NONE);
    assert_int_equal(a->affiliation, AFFIL_NONE);
    assert_null(put((struct who){SELF, 1, 1, "", "a@l/1", ROLE_VISITOR, AFFIL_NONE, ""}));
}

/* Against a model: whatever comes and goes, locals and nicks agree with the occupancies. */
static void random_life(void **state)
{
    (void)state;
    enum { SIDS = 40, NICKS = 8 };
    int nick_of[2][SIDS];
    static const char *const gateways[2] = {SELF, "gw2:1"};
    for (int g = 0; g < 2; g++)
        for (int s = 0; s < SIDS; s++)
            nick_of[g][s] = -1;
    srand(3);
    for (int step = 0; step < 20000; step++) {
        int g = rand() % 2, s = rand() % SIDS, k = rand() % NICKS;
        char nick[8];
        (void)snprintf(nick, sizeof nick, "n%d", k);
        if (rand() % 2) {
            assert_non_null(
                put((struct who){gateways[g], (uint64_t)s, 1, nick, "j@l/r", ROLE_PARTICIPANT,
                                 AFFIL_NONE, rand() % 2 ? "" : NULL}));
            nick_of[g][s] = k;
        } else {
            Verona__Occupancy o = named(gateways[g], (uint64_t)s, 1);
            struct occ *occ = replica_find(r, &o);
            assert_int_equal(occ != NULL, nick_of[g][s] >= 0);
            if (occ)
                replica_remove(r, occ);
            nick_of[g][s] = -1;
        }
        uint32_t n_locals, want_locals = 0, want = 0, nicks = 0;
        unsigned used = 0;
        for (int i = 0; i < SIDS; i++) {
            want_locals += nick_of[0][i] >= 0;
            for (int j = 0; j < 2; j++) {
                want += nick_of[j][i] >= 0;
                if (nick_of[j][i] >= 0)
                    used |= 1u << nick_of[j][i];
            }
        }
        const struct replica_local *l = replica_locals(r, &n_locals);
        assert_int_equal(n_locals, want_locals);
        for (uint32_t i = 0; i < n_locals; i++) {
            assert_int_equal(l[i].occ->local, i);
            assert_int_equal(l[i].occ->sid, l[i].sid);
        }
        assert_int_equal(replica_size(r), want);
        LIST_FOREACH(it, replica_nicks(r))
        {
            assert_non_null(nick_front(NICK_OF(it)));
            nicks++;
        }
        assert_int_equal(nicks, __builtin_popcount(used));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_presence, setup, teardown),
        cmocka_unit_test_setup_teardown(nick_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(sight, setup, teardown),
        cmocka_unit_test_setup_teardown(removals_name_an_occupancy, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_range, setup, teardown),
        cmocka_unit_test_setup_teardown(random_life, setup, teardown),
    };
    return cmocka_run_group_tests_name("replica", tests, NULL, NULL);
}
