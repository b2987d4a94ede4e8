/* test_units.c: the parts of the core by themselves: tables, history, affiliations, sizes, bad
 * events. */
#include "shard/room/privilege.h"
#include "shard/room/room_priv.h"

#include "base/err.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_W25_roles_on_entering(void **state)
{
    (void)state;
    assert_int_equal(role_default(AFFIL_NONE, false), ROLE_PARTICIPANT);
    assert_int_equal(role_default(AFFIL_NONE, true), ROLE_VISITOR);
    assert_int_equal(role_default(AFFIL_MEMBER, true), ROLE_PARTICIPANT);
    assert_int_equal(role_default(AFFIL_ADMIN, true), ROLE_MODERATOR);
    assert_int_equal(role_default(AFFIL_OWNER, false), ROLE_MODERATOR);
    assert_int_equal(role_default(AFFIL_OUTCAST, false), ROLE_NONE);
}

static void test_W48_roles_follow_affiliations(void **state)
{
    (void)state;
    assert_int_equal(role_after(ROLE_VISITOR, AFFIL_NONE, AFFIL_MEMBER, true), ROLE_PARTICIPANT);
    assert_int_equal(role_after(ROLE_MODERATOR, AFFIL_NONE, AFFIL_MEMBER, true), ROLE_MODERATOR);
    assert_int_equal(role_after(ROLE_MODERATOR, AFFIL_OWNER, AFFIL_ADMIN, true), ROLE_MODERATOR);
    assert_int_equal(role_after(ROLE_MODERATOR, AFFIL_ADMIN, AFFIL_MEMBER, true), ROLE_PARTICIPANT);
    assert_int_equal(role_after(ROLE_VISITOR, AFFIL_MEMBER, AFFIL_NONE, false), ROLE_VISITOR);
    assert_int_equal(role_after(ROLE_VISITOR, AFFIL_MEMBER, AFFIL_MEMBER, false), ROLE_VISITOR);
}

/* Whoever is no admin is forbidden everything, owners nothing, admins by the table. */
static void test_W44_affiliation_table(void **state)
{
    (void)state;
    for (int b = AFFIL_OUTCAST; b <= AFFIL_OWNER; b++) {
        for (int a = AFFIL_OUTCAST; a <= AFFIL_OWNER; a++) {
            enum affiliation before = (enum affiliation)b, after = (enum affiliation)a;
            assert_int_equal(affiliation_edit(AFFIL_OWNER, before, after), SE_NONE);
            assert_int_equal(affiliation_edit(AFFIL_MEMBER, before, after), SE_FORBIDDEN);
            assert_int_equal(affiliation_edit(AFFIL_NONE, before, after), SE_FORBIDDEN);
            assert_int_equal(affiliation_edit(AFFIL_OUTCAST, before, after), SE_FORBIDDEN);
            enum stanza_error want = SE_NONE;
            if (before >= AFFIL_ADMIN && after == AFFIL_OUTCAST)
                want = SE_NOT_ALLOWED;
            else if (before >= AFFIL_ADMIN || after >= AFFIL_ADMIN)
                want = SE_FORBIDDEN;
            assert_int_equal(affiliation_edit(AFFIL_ADMIN, before, after), want);
        }
    }
}

static void test_W34_private_message_policy(void **state)
{
    (void)state;
    for (int r = ROLE_VISITOR; r <= ROLE_MODERATOR; r++) {
        enum role role = (enum role)r;
        assert_true(role_may_pm(role, PM_ANYONE));
        assert_int_equal(role_may_pm(role, PM_PARTICIPANTS), role >= ROLE_PARTICIPANT);
        assert_int_equal(role_may_pm(role, PM_MODERATORS), role == ROLE_MODERATOR);
        assert_false(role_may_pm(role, PM_NONE));
    }
}

static void add(struct history *h, uint64_t stamp_ms, size_t payload)
{
    char *bytes = mem_zalloc(payload + 1);
    history_add(h, history_entry_new(
                       &(struct room_message){.stamp_ms = stamp_ms, .payload = {bytes, payload}}));
    mem_free(bytes);
}

static void test_W30_history_is_bounded(void **state)
{
    (void)state;
    struct history h;
    history_init(&h);
    for (uint64_t i = 1; i < LIMIT_HISTORY; i++)
        add(&h, i, 1);
    assert_int_equal(h.n, LIMIT_HISTORY - 1);
    add(&h, LIMIT_HISTORY, 1);
    assert_int_equal(h.n, LIMIT_HISTORY);
    add(&h, LIMIT_HISTORY + 1, 1);
    assert_int_equal(h.n, LIMIT_HISTORY);

    const struct history_wish none = {-1, -1, -1, -1};
    uint32_t n;
    const struct history_entry *e = history_select(&h, &none, 3, LIMIT_HISTORY, 1000, &n);
    assert_int_equal(n, 3);
    assert_int_equal(e->m.stamp_ms, LIMIT_HISTORY - 1);
    const struct history_wish all = {-1, INT64_MAX, INT64_MAX, -1};
    e = history_select(&h, &all, 3, LIMIT_HISTORY, 1000, &n);
    assert_int_equal(n, LIMIT_HISTORY);
    assert_int_equal(e->m.stamp_ms, 2);

    for (int i = 0; i < 5; i++)
        add(&h, 1000, LIMIT_STANZA);
    assert_true(h.bytes <= LIMIT_HISTORY_BYTES);
    assert_int_equal(h.n, 3); /* three whole ones fit, with their structs */
    history_deinit(&h);
}

static void test_W47_affiliations(void **state)
{
    (void)state;
    struct affils as;
    memset(&as, 0, sizeof as);
    affils_set(&as,
               &(struct room_affiliation){.jid = STR("evil.org"), .affiliation = AFFIL_OUTCAST});
    affils_set(&as,
               &(struct room_affiliation){.jid = STR("good.org"), .affiliation = AFFIL_MEMBER});
    affils_set(&as, &(struct room_affiliation){
                        .jid = STR("a@evil.org"), .affiliation = AFFIL_OWNER, .nick = STR("A")});
    assert_int_equal(affils_lookup(&as, STR("a@evil.org")), AFFIL_OWNER);
    assert_int_equal(affils_lookup(&as, STR("b@evil.org")), AFFIL_OUTCAST);
    assert_int_equal(affils_lookup(&as, STR("evil.org")), AFFIL_OUTCAST);
    assert_int_equal(affils_lookup(&as, STR("b@good.org")), AFFIL_NONE); /* only bans reach down */
    assert_int_equal(affils_lookup(&as, STR("good.org")), AFFIL_MEMBER);
    assert_int_equal(as.n_owners, 1);
    assert_non_null(affils_nick(&as, STR("A")));
    affils_set(&as, &(struct room_affiliation){
                        .jid = STR("a@evil.org"), .affiliation = AFFIL_MEMBER, .nick = STR("B")});
    assert_null(affils_nick(&as, STR("A")));
    assert_int_equal(as.n_owners, 0);
    affils_set(&as,
               &(struct room_affiliation){.jid = STR("a@evil.org"), .affiliation = AFFIL_NONE});
    assert_null(affils_nick(&as, STR("B")));
    assert_int_equal(affils_lookup(&as, STR("a@evil.org")), AFFIL_OUTCAST);
    assert_int_equal(as.n, 2);
    affils_deinit(&as);
    assert_int_equal(as.n, 0);
}

/* A session with a nick and a person of its own stays below 1 KiB with the strings of a usual
 * client. */
static void test_sizes(void **state)
{
    (void)state;
    assert_true(sizeof(struct session) + sizeof(struct occupant) + sizeof(struct person) <= 512);
    assert_true(sizeof(struct room) <= 1024);
}

/* Refused as a whole: nothing changes, nothing is said. */
static void refused(struct room *room, const struct room_event *ev)
{
    struct room_effects fx;
    room_effects_init(&fx);
    assert_int_equal(room_step(room, ev, &fx), ERR_INVALID);
    assert_int_equal(fx.n, 0);
    room_check(room);
    room_effects_deinit(&fx);
}

static void test_events_out_of_range(void **state)
{
    (void)state;
    struct room_service service;
    memset(&service, 0, sizeof service);
    struct room *room = room_new(STR("r@muc"), &service);
    static char big[LIMIT_STANZA + 1];
    struct room_event ok = {.type = ROOM_EV_MESSAGE, .origin = {1, 1, 1, STR("a@b/c")}}, ev;

    ev = ok;
    ev.type = (enum room_ev_type)99;
    refused(room, &ev);
    ev = ok;
    ev.origin.jid = STR_NULL;
    refused(room, &ev);
    ev = ok;
    ev.message.type = 4;
    refused(room, &ev);
    ev = ok;
    ev.message.payload = (struct str){big, LIMIT_STANZA + 1};
    refused(room, &ev);
    ev = ok;
    ev.message.subject = (struct str){big, LIMIT_SUBJECT + 1};
    refused(room, &ev);
    ev = ok;
    ev.id = (struct str){big, LIMIT_ID + 1};
    refused(room, &ev);
    ev = ok;
    ev.nick = (struct str){big, LIMIT_JID_PART + 1};
    refused(room, &ev);

    static struct room_item items[LIMIT_ADMIN_ITEMS + 1];
    ev = ok;
    ev.type = ROOM_EV_ADMIN_SET;
    ev.admin.items = items;
    ev.admin.n = LIMIT_ADMIN_ITEMS + 1;
    refused(room, &ev);
    ev.admin.n = 1;
    items[0].role = (enum role)9;
    refused(room, &ev);
    items[0].role = ROLE_NONE;
    items[0].reason = (struct str){big, LIMIT_REASON + 1};
    refused(room, &ev);

    static const struct room_invitation invitations[LIMIT_INVITES + 1];
    ev = ok;
    ev.type = ROOM_EV_INVITE;
    ev.invite.invitations = invitations;
    ev.invite.n = LIMIT_INVITES + 1;
    refused(room, &ev);

    static struct str values[LIMIT_FORM_VALUES + 1];
    static struct room_field fields[LIMIT_FORM_FIELDS + 1];
    ev = ok;
    ev.type = ROOM_EV_OWNER_SUBMIT;
    ev.owner.fields = fields;
    ev.owner.n = LIMIT_FORM_FIELDS + 1;
    refused(room, &ev);
    ev.owner.n = 2;
    fields[0].values = fields[1].values = values;
    fields[0].n_values = LIMIT_FORM_VALUES;
    fields[1].n_values = 1;
    refused(room, &ev);

    ev = ok;
    ev.type = ROOM_EV_PERSISTED; /* of nothing */
    refused(room, &ev);
    room_destroy(&room);
    room_destroy(&room);
}

/* R123, R86: who did something last is remembered longest. */
static void test_recents_are_bounded(void **state)
{
    (void)state;
    struct recents rs;
    char jid[32];
    recents_init(&rs);
    for (int i = 0; i <= LIMIT_RECENT; i++) {
        int n = snprintf(jid, sizeof jid, "u%d@x", i);
        recents_get(&rs, (struct str){jid, (size_t)n})->voice_ms = 1 + (uint64_t)i;
        if (i == 1)
            recents_get(&rs, STR("u0@x"))->voice_ms = 7;
    }
    assert_int_equal(rs.n, LIMIT_RECENT);
    assert_null(recents_find(&rs, STR("u1@x")));
    assert_int_equal(recents_find(&rs, STR("u0@x"))->voice_ms, 7);
    assert_int_equal(recents_find(&rs, STR("u2@x"))->voice_ms, 3);
    recents_deinit(&rs);
    assert_int_equal(rs.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recents_are_bounded),
        cmocka_unit_test(test_W25_roles_on_entering),
        cmocka_unit_test(test_W48_roles_follow_affiliations),
        cmocka_unit_test(test_W44_affiliation_table),
        cmocka_unit_test(test_W34_private_message_policy),
        cmocka_unit_test(test_W30_history_is_bounded),
        cmocka_unit_test(test_W47_affiliations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_events_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
