/* test_fuzz.c: random events of a few users, commits that succeed or fail. After each event the
 * room's own invariants hold, and two copies that know nothing but the effects agree with it: a
 * gateway's roster and the store. ROOM_FUZZ_SEED in the environment repeats a run; a failure prints
 * its seed. */
#include "shard/room/room.h"

#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RUNS = 8, EVENTS = 20000, MAX_ROSTER = 64, MAX_AFFILS = 64, MAX_CHAIN = 6 };

static const char *const jids[] = {
    "ann@x/1", "ann@x/2", "ann@x/3", "bob@x/1", "bob@x/2", "cat@y/1", "dan@y/1", "eve@z/1", "z/1",
};
static const char *const nicks[] = {"Ann", "Bob", "Cat", "Dan", "Eve", " ", ""};
static const char *const targets[] = {"ann@x", "bob@x", "cat@y",   "dan@y", "eve@z", "y",
                                      "z",     "x",     "bob@x/2", "@",     ""};

#define N(a) (sizeof(a) / sizeof *(a))

/* ---- what the copies know ---- */

struct copy {
    gateway_ref gw;
    uint64_t sid;
    char nick[64], jid[64], presence[64];
    enum role role;
    enum affiliation affiliation;
};

struct stored {
    char jid[64], nick[64];
    enum affiliation affiliation;
    uint32_t n_hats;
};

struct commit {
    enum fx_persist_kind kind;
    uint64_t s;
    struct stored changes[MAX_AFFILS];
    uint32_t n;
    bool state_changed, locked, members_only, persistent;
};

struct fuzz {
    uint64_t rng, now_ms;
    struct room *room;
    struct room_service service;
    struct room_effects fx;
    struct copy roster[MAX_ROSTER];
    uint32_t n_roster;
    struct stored affils[MAX_AFFILS];
    uint32_t n_affils;
    bool locked, members_only, persistent;
    struct commit chain[MAX_CHAIN];
    uint32_t n_chain;
    char ticket[LIMIT_TICKET]; /* of the last iq that was relayed */
    size_t n_ticket;
    struct str version; /* of the affiliations, as somebody was told */
    char version_bytes[64];
    /* how often each thing was seen, so that a run that does nothing is noticed */
    uint32_t effects[FX_GONE + 1], statuses[400], held;
};

/* xorshift64*, Vigna 2016 */
static uint32_t rnd(struct fuzz *f, uint32_t below)
{
    f->rng ^= f->rng >> 12;
    f->rng ^= f->rng << 25;
    f->rng ^= f->rng >> 27;
    return (uint32_t)((f->rng * 2685821657736338717u) >> 33) % below;
}

static bool coin(struct fuzz *f, uint32_t one_in)
{
    return rnd(f, one_in) == 0;
}

static struct str pick(struct fuzz *f, const char *const *list, size_t n)
{
    return str_of(list[rnd(f, (uint32_t)n)]);
}

static void keep(char *to, struct str s)
{
    assert_true(s.n < 64);
    if (s.n)
        memcpy(to, s.p, s.n);
    to[s.n] = '\0';
}

/* ---- random events ---- */

static struct room_item items[4];
static struct room_field fields[6];
static struct str values[6][3];
static struct room_invitation invitations[3];

static void random_items(struct fuzz *f, struct room_event *ev)
{
    ev->admin.items = items;
    ev->admin.n = coin(f, 3) ? rnd(f, 5) : 1;
    memset(items, 0, sizeof items);
    for (uint32_t i = 0; i < ev->admin.n; i++) {
        struct room_item *it = &items[i];
        if (coin(f, 2))
            it->affiliation = (enum affiliation)(rnd(f, 5) + 1);
        else
            it->role = (enum role)(rnd(f, 4) + 1);
        if (coin(f, 20))
            it->role = (enum role)rnd(f, 5);
        if (it->affiliation || coin(f, 4))
            it->jid = pick(f, targets, N(targets));
        if (it->role || coin(f, 3)) {
            it->has_nick = true;
            it->nick = pick(f, nicks, N(nicks));
        }
        it->has_reason = coin(f, 3);
        it->reason = it->has_reason ? STR("because") : STR_NULL;
    }
}

static void random_form(struct fuzz *f, struct room_event *ev)
{
    static const char *const vars[] = {
        "membersonly",
        "moderatedroom",
        "whois",
        "presencebroadcast",
        "roomadmins",
        "roomowners",
        "persistentroom",
        "roomsecret",
        "passwordprotectedroom",
        "maxusers",
        "allowpm",
        "changesubject",
        "roomname",
        "publicroom",
        "getmemberlist",
        "allowinvites",
        "enablelogging",
        "lang",
        "muc#maxhistoryfetch",
        "x-muc#roomconfig_listoccupants",
        "x-muc#roomconfig_registration",
        "slow_mode_duration",
    };
    static const char *const words[] = {
        "1",           "0",         "",     "anyone", "moderators", "participants", "visitor",
        "participant", "moderator", "none", "ann@x",  "bob@x",      "cat@y",        "4",
    };
    static char names[6][64];
    ev->owner.fields = fields;
    ev->owner.n = rnd(f, 4);
    for (uint32_t i = 0; i < ev->owner.n; i++) {
        const char *var = coin(f, 4) ? "membersonly" : vars[rnd(f, N(vars))];
        snprintf(names[i], sizeof names[i], "%s%s", strchr(var, '#') ? "" : "muc#roomconfig_", var);
        /* most of the time something that keeps the room in use */
        bool tame = (str_is(str_of(names[i]), "muc#roomconfig_roomsecret") ||
                     str_is(str_of(names[i]), "muc#roomconfig_maxusers") ||
                     str_is(str_of(names[i]), "muc#roomconfig_slow_mode_duration")) &&
                    !coin(f, 6);
        fields[i].var = str_of(names[i]);
        fields[i].values = values[i];
        fields[i].n_values = tame ? 0 : rnd(f, 4);
        for (uint32_t v = 0; v < fields[i].n_values; v++)
            values[i][v] = pick(f, words, N(words));
    }
    ev->owner.has_form_type = coin(f, 2);
    ev->owner.form_type =
        coin(f, 20) ? STR("other") : STR("http://jabber.org/protocol/muc#roomconfig");
}

static bool is_owner(const struct fuzz *f, struct str bare)
{
    for (uint32_t i = 0; i < f->n_affils; i++) {
        if (f->affils[i].affiliation == AFFIL_OWNER && str_is(bare, f->affils[i].jid))
            return true;
    }
    return false;
}

/* Mostly one's own, so that rooms fill. */
static struct str random_nick(struct fuzz *f, const struct room_event *ev)
{
    static const char *const own[] = {"Ann", "Bob", "Cat", "Dan", "Eve"};
    for (size_t i = 0; i < N(own) && !coin(f, 4); i++) {
        if ((own[i][0] | 32) == ev->origin.jid.p[0])
            return str_of(own[i]);
    }
    return pick(f, nicks, N(nicks));
}

static void random_origin(struct fuzz *f, struct room_event *ev)
{
    uint32_t i = rnd(f, N(jids));
    bool order = ev->type == ROOM_EV_ADMIN_SET || ev->type == ROOM_EV_OWNER_SUBMIT;
    for (int tries = 0; order && tries < 4 && !is_owner(f, jid_bare(str_of(jids[i]))); tries++)
        i = rnd(f, N(jids));
    ev->origin = (struct room_origin){i % 3 + 1, 100 + i, 1, str_of(jids[i])};
    ev->strict_ok = !coin(f, 30);
    ev->by_service = coin(f, 4);
}

/* Mostly of an event of the last few dozen. */
static struct event_name random_name(struct fuzz *f)
{
    uint64_t s = room_last(f->room).s, back = rnd(f, 40);
    return (struct event_name){coin(f, 20) ? 2 : 3, back < s ? s - back : s + back};
}

static void random_event(struct fuzz *f, struct room_event *ev)
{
    static const enum room_ev_type often[] = {
        ROOM_EV_PRESENCE,     ROOM_EV_PRESENCE, ROOM_EV_PRESENCE,     ROOM_EV_MESSAGE,
        ROOM_EV_MESSAGE,      ROOM_EV_MESSAGE,  ROOM_EV_ADMIN_SET,    ROOM_EV_ADMIN_SET,
        ROOM_EV_OWNER_SUBMIT, ROOM_EV_LEAVE,    ROOM_EV_OWNER_SUBMIT,
    };
    memset(ev, 0, sizeof *ev);
    ev->type = coin(f, 3) ? (enum room_ev_type)rnd(f, ROOM_EV_TICK + 1) : often[rnd(f, N(often))];
    if ((ev->type == ROOM_EV_DESTROY || ev->type == ROOM_EV_OWNER_CANCEL ||
         ev->type == ROOM_EV_GATEWAY_LOST) &&
        !coin(f, 12))
        ev->type = ROOM_EV_DISCO_ITEMS;
    ev->now_ms = f->now_ms;
    ev->epoch = 3;
    for (size_t i = 0; i < sizeof ev->random; i++)
        ev->random[i] = (uint8_t)rnd(f, 256);
    random_origin(f, ev);
    switch (ev->type) {
    case ROOM_EV_PRESENCE:
        ev->nick = random_nick(f, ev);
        ev->presence.join = !coin(f, 5);
        ev->presence.max_chars = ev->presence.max_stanzas = (int64_t)rnd(f, 4) - 1;
        ev->presence.seconds = ev->presence.since_ms = -1;
        ev->presence.payload = coin(f, 2) ? STR("<show>away</show>") : STR_NULL;
        ev->presence.mav = coin(f, 3);
        ev->presence.mav_since = coin(f, 2) ? f->version : STR_NULL;
        break;
    case ROOM_EV_LEAVE:
        ev->leave.broken = coin(f, 2);
        break;
    case ROOM_EV_MESSAGE:
        ev->message.type = coin(f, 6) ? (int)rnd(f, 4) : 2;
        ev->nick = coin(f, 5) ? pick(f, nicks, N(nicks)) : STR_NULL;
        ev->message.has_body = !coin(f, 5);
        ev->message.has_subject = coin(f, 4);
        ev->message.subject = STR("night");
        ev->message.payload = STR("<body>x</body>");
        ev->message.archive = ev->message.has_body;
        if (coin(f, 4))
            ev->message.retracts = random_name(f);
        break;
    case ROOM_EV_ERROR:
        ev->error.condition = coin(f, 2) ? STR("gone") : STR("forbidden");
        break;
    case ROOM_EV_ADMIN_GET:
    case ROOM_EV_ADMIN_SET:
        random_items(f, ev);
        break;
    case ROOM_EV_OWNER_SUBMIT:
    case ROOM_EV_PROVIDE:
        random_form(f, ev);
        break;
    case ROOM_EV_REGISTER_SUBMIT:
        ev->reg.valid = !coin(f, 10);
        ev->reg.nick = pick(f, nicks, N(nicks));
        break;
    case ROOM_EV_INVITE:
        ev->invite.invitations = invitations;
        ev->invite.n = rnd(f, 3);
        for (uint32_t i = 0; i < ev->invite.n; i++)
            invitations[i] = (struct room_invitation){.to = pick(f, targets, N(targets))};
        break;
    case ROOM_EV_COMMAND:
    case ROOM_EV_COMMAND_INFO: {
        static const char *const nodes[] = {
            "urn:xmpp:hats:commands:create",   "urn:xmpp:hats:commands:destroy",
            "urn:xmpp:hats:commands:list",     "urn:xmpp:hats:commands:assign",
            "urn:xmpp:hats:commands:unassign", "urn:xmpp:hats:commands:list-assigned",
            "urn:xmpp:hats:commands:assign",   "other"};
        static const char *const uris[] = {"u:1", "u:2", "u:3", ""};
        static struct str hat[3];
        static const struct room_field hat_fields[] = {{{"hats#uri", 8}, &hat[0], 1},
                                                       {{"hats#title", 10}, &hat[1], 1},
                                                       {{"hats#jid", 8}, &hat[2], 1}};
        ev->command.node = pick(f, nodes, N(nodes));
        ev->command.has_form = !coin(f, 4);
        hat[0] = pick(f, uris, N(uris));
        hat[1] = STR("t");
        hat[2] = pick(f, targets, N(targets));
        ev->command.fields = hat_fields;
        ev->command.n = 3;
        break;
    }
    case ROOM_EV_VCARD_SET:
        if (coin(f, 2)) {
            ev->vcard.xml = STR("<vCard xmlns='vcard-temp'/>");
            ev->vcard.hash = STR("0123456789abcdef0123456789abcdef01234567");
            ev->vcard.size = rnd(f, 12);
        }
        break;
    case ROOM_EV_DECLINE:
        ev->decline.to = pick(f, targets, N(targets));
        break;
    case ROOM_EV_ARCHIVE:
        ev->archive.metadata = coin(f, 3);
        ev->archive.start_ms = ev->archive.end_ms = ev->archive.max = -1;
        ev->archive.with = coin(f, 2) ? pick(f, targets, N(targets)) : STR_NULL;
        break;
    case ROOM_EV_MODERATE:
        ev->moderate.target = random_name(f);
        ev->moderate.has_reason = coin(f, 2);
        ev->moderate.reason = ev->moderate.has_reason ? STR("because") : STR_NULL;
        break;
    case ROOM_EV_RELAY:
        ev->nick = random_nick(f, ev);
        if (!ev->nick.n)
            ev->nick = STR("Ann");
        ev->relay.kind = (enum relay_kind)rnd(f, 3);
        ev->relay.payload = STR("<x/>");
        break;
    case ROOM_EV_RELAY_ANSWER:
        ev->relay_answer.ticket = f->n_ticket ? str_n(f->ticket, f->n_ticket) : STR("AAAA");
        ev->relay_answer.error = coin(f, 2);
        break;
    case ROOM_EV_VOICE:
        ev->voice.answer = coin(f, 2);
        ev->voice.allow = !coin(f, 4);
        ev->voice.role = coin(f, 8) ? ROLE_MODERATOR : ROLE_PARTICIPANT;
        ev->voice.nick = pick(f, nicks, N(nicks));
        break;
    case ROOM_EV_REFUSE:
        ev->refuse.error = SE_BAD_REQUEST;
        break;
    case ROOM_EV_PROBE:
        ev->nick = coin(f, 2) ? pick(f, nicks, N(nicks)) : STR_NULL;
        break;
    case ROOM_EV_PING:
    case ROOM_EV_ARCHIVE_FORM:
    case ROOM_EV_IQ_OTHER:
    case ROOM_EV_DISCO_ITEMS:
        ev->items.paged = coin(f, 2);
        ev->items.has_max = coin(f, 2);
        ev->items.max = rnd(f, 4);
        ev->items.has_index = coin(f, 3);
        ev->items.index = rnd(f, 6);
        ev->items.has_after = coin(f, 3);
        ev->items.after = pick(f, nicks, N(nicks));
        ev->items.has_before = coin(f, 3);
        ev->items.before = coin(f, 3) ? STR_NULL : pick(f, nicks, N(nicks));
        break;
    case ROOM_EV_DISCO_INFO:
        break;
    case ROOM_EV_OWNER_GET:
    case ROOM_EV_OWNER_CANCEL:
    case ROOM_EV_DESTROY:
        ev->destroy.alternate = coin(f, 2) ? STR("inn@x") : STR_NULL;
        break;
    case ROOM_EV_REGISTER_GET:
    case ROOM_EV_VCARD_GET:
    case ROOM_EV_COMMAND_LIST:
    case ROOM_EV_REGISTER_REMOVE:
    case ROOM_EV_OWN_NICK:
    case ROOM_EV_GATEWAY_LOST:
    case ROOM_EV_TICK:
    case ROOM_EV_PERSISTED:
    case ROOM_EV_PERSIST_FAILED:
        break;
    }
}

/* ---- the roster as a gateway keeps it ---- */

static struct copy *copy_find(struct fuzz *f, gateway_ref gw, uint64_t sid)
{
    for (uint32_t i = 0; i < f->n_roster; i++) {
        if (f->roster[i].gw == gw && f->roster[i].sid == sid)
            return &f->roster[i];
    }
    return NULL;
}

static void copy_set(struct copy *c, const struct room_record *r)
{
    c->gw = r->gw;
    c->sid = r->sid;
    keep(c->nick, r->nick);
    keep(c->jid, r->jid);
    if (!r->keep_presence)
        keep(c->presence, r->presence);
    c->role = r->role;
    c->affiliation = r->affiliation;
}

static void copy_presence(struct fuzz *f, const struct fx *e)
{
    if (e->presence.kind == FXP_SHOW)
        return;
    assert_true(e->presence.n_records > 0);
    for (uint32_t i = 0; i < e->presence.n_records; i++) {
        const struct room_record *r = &e->presence.records[i];
        struct copy *c = copy_find(f, r->gw, r->sid);
        assert_true(str_eq(r->nick, e->presence.records[0].nick));
        if (e->presence.kind == FXP_JOIN) {
            assert_null(c);
            assert_true(f->n_roster < MAX_ROSTER);
            c = &f->roster[f->n_roster++];
            memset(c, 0, sizeof *c);
        }
        assert_non_null(c);
        if (e->presence.kind == FXP_NICK)
            assert_true(str_is(e->presence.old_nick, c->nick));
        else if (e->presence.kind != FXP_JOIN)
            assert_true(str_is(r->nick, c->nick));
        if (e->presence.kind == FXP_LEAVE) {
            assert_int_equal(r->role, ROLE_NONE);
            *c = f->roster[--f->n_roster];
        } else {
            copy_set(c, r);
        }
    }
    for (uint8_t i = 0; i < e->presence.n_statuses; i++)
        f->statuses[e->presence.statuses[i]]++;
}

static void compare_record(void *ctx, const struct room_record *r)
{
    struct fuzz *f = ctx;
    const struct copy *c = copy_find(f, r->gw, r->sid);
    assert_non_null(c);
    assert_true(str_is(r->nick, c->nick));
    assert_true(str_is(r->jid, c->jid));
    assert_true(str_is(r->presence, c->presence));
    assert_int_equal(r->role, c->role);
    assert_int_equal(r->affiliation, c->affiliation);
}

/* ---- what the store holds ---- */

static void chain_add(struct fuzz *f, const struct fx *e)
{
    assert_true(f->n_chain < MAX_CHAIN);
    struct commit *c = &f->chain[f->n_chain++];
    memset(c, 0, sizeof *c);
    c->kind = e->persist.kind;
    c->s = e->persist.name.s;
    assert_true(c->s > room_last(f->room).s);
    c->state_changed = e->persist.state_changed;
    c->locked = e->persist.state.locked;
    c->members_only = e->persist.state.config.members_only;
    c->persistent = e->persist.state.config.persistent;
    assert_true(e->persist.n_changes <= MAX_AFFILS);
    for (uint32_t i = 0; i < e->persist.n_changes; i++) {
        struct stored *s = &c->changes[c->n++];
        keep(s->jid, e->persist.changes[i].jid);
        keep(s->nick, e->persist.changes[i].nick);
        s->affiliation = e->persist.changes[i].affiliation;
        s->n_hats = e->persist.changes[i].n_hats;
        assert_true(s->jid[0] && !strchr(s->jid, '/'));
    }
}

static void store_set(struct fuzz *f, const struct stored *s)
{
    uint32_t i = 0;
    while (i < f->n_affils && strcmp(f->affils[i].jid, s->jid) != 0)
        i++;
    if (s->affiliation == AFFIL_NONE && !s->nick[0] && !s->n_hats) {
        if (i < f->n_affils)
            f->affils[i] = f->affils[--f->n_affils];
        return;
    }
    if (i == f->n_affils)
        assert_true(f->n_affils++ < MAX_AFFILS);
    f->affils[i] = *s;
}

static void store_commit(struct fuzz *f, const struct commit *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        store_set(f, &c->changes[i]);
    if (c->state_changed) {
        f->locked = c->locked;
        f->members_only = c->members_only;
        f->persistent = c->persistent;
    }
}

struct counted {
    struct fuzz *f;
    uint32_t n;
};

static void compare_affiliation(void *ctx, const struct room_affiliation *a)
{
    struct counted *n = ctx;
    n->n++;
    for (uint32_t i = 0; i < n->f->n_affils; i++) {
        const struct stored *s = &n->f->affils[i];
        if (str_is(a->jid, s->jid)) {
            assert_int_equal(a->affiliation, s->affiliation);
            assert_true(str_is(a->nick, s->nick));
            assert_int_equal(a->n_hats, s->n_hats);
            return;
        }
    }
    fail_msg("%.*s is not stored", STR_FMT(a->jid));
}

/* ---- running ---- */

static void fresh(struct fuzz *f)
{
    room_destroy(&f->room);
    f->room = room_new(STR("r@muc"), &f->service);
    f->n_roster = f->n_affils = f->n_chain = 0;
    f->locked = f->members_only = f->persistent = false;
}

static void take_effects(struct fuzz *f)
{
    bool gone = false;
    for (uint32_t i = 0; i < f->fx.n; i++) {
        const struct fx *e = &f->fx.list[i];
        assert_false(gone);
        f->effects[e->type]++;
        if (e->type == FX_MAV) {
            f->version = (struct str){f->version_bytes, e->mav.until.n};
            memcpy(f->version_bytes, e->mav.until.p, e->mav.until.n);
        }
        if (e->type == FX_PRESENCE)
            copy_presence(f, e);
        else if (e->type == FX_DESTROYED)
            f->n_roster = 0;
        else if (e->type == FX_PERSIST)
            chain_add(f, e);
        else if (e->type == FX_RELAY && e->relay.type <= FXL_SET) {
            f->n_ticket = e->relay.id.n;
            memcpy(f->ticket, e->relay.id.p, e->relay.id.n);
        }
        gone = e->type == FX_GONE;
    }
    if (gone)
        fresh(f);
}

static void compare(struct fuzz *f)
{
    room_check(f->room);
    assert_int_equal(room_sessions(f->room), f->n_roster);
    room_each_record(f->room, compare_record, f);
    assert_int_equal(room_pending(f->room), f->n_chain);
    struct counted n = {f, 0};
    room_each_affiliation(f->room, compare_affiliation, &n);
    assert_int_equal(n.n, f->n_affils);
    if (room_exists(f->room)) {
        assert_int_equal(room_is_locked(f->room), f->locked);
        assert_int_equal(room_config(f->room)->members_only, f->members_only);
        assert_int_equal(room_config(f->room)->persistent, f->persistent);
    }
}

static void complete(struct fuzz *f, struct room_event *ev)
{
    struct commit c = f->chain[0];
    memmove(f->chain, f->chain + 1, --f->n_chain * sizeof *f->chain);
    memset(ev, 0, sizeof *ev);
    ev->now_ms = f->now_ms;
    ev->epoch = 3;
    bool failed = coin(f, 8);
    ev->type = failed ? ROOM_EV_PERSIST_FAILED : ROOM_EV_PERSISTED;
    ev->refuse.error = SE_RESOURCE_CONSTRAINT;
    if (!failed)
        store_commit(f, &c);
}

static void one_event(struct fuzz *f)
{
    struct room_event ev;
    f->now_ms += coin(f, 500) ? 300000 : rnd(f, 1000);
    if (f->n_chain == MAX_CHAIN || (f->n_chain && coin(f, 2)))
        complete(f, &ev);
    else
        random_event(f, &ev);
    room_effects_reset(&f->fx);
    bool accepted = room_accepts(f->room, &ev);
    assert_int_equal(room_step(f->room, &ev, &f->fx), accepted ? 0 : ERR_INVALID);
    f->held += !accepted;
    take_effects(f);
    compare(f);
}

static uint32_t seen_effects[FX_GONE + 1], seen_statuses[400];

static void run(uint64_t seed)
{
    static struct fuzz f;
    memset(&f, 0, sizeof f);
    static const struct str admins[] = {{"eve@z", 5}};
    f.rng = seed * 2654435761u + 1;
    f.now_ms = 1700000000000;
    f.service.defaults.presence_broadcast = 0x1c;
    f.service.defaults.persistent = seed % 4 != 0;
    f.service.defaults.public_room = true;
    f.service.defaults.members_only = seed % 4 == 1;
    f.service.defaults.moderated = seed % 5 == 1;
    f.service.defaults.archive = seed % 2 == 0;
    f.service.defaults.archive_messages = 1000;
    f.service.defaults.archive_days = 7;
    f.service.lock_new_rooms = seed % 3 != 0;
    f.service.register_strangers = seed % 2 != 0;
    f.service.history_default = 2;
    f.service.enforce_nicks = seed % 7 == 0;
    f.service.message_rate = seed % 3 == 0 ? 2 : 0;
    f.service.invite_rate = seed % 3 == 1 ? 2 : 0;
    f.service.voice_interval_ms = 500;
    f.service.presence_limit = seed % 2 == 0 ? 3 : 0;
    struct str admin = jid_bare(str_of(jids[0]));
    f.service.admins = &admin;
    f.service.n_admins = 1;
    f.service.avatar_max = 10;
    f.service.admins = admins;
    f.service.n_admins = 1;
    f.service.tombstone_ms = seed % 3 == 0 ? 100000 : 0;
    f.service.max_occupants = seed % 7 == 0 ? 3 : 0;
    f.service.logs_url = STR("https://logs/{room}");
    room_effects_init(&f.fx);
    fresh(&f);
    print_message("seed %u\n", (unsigned)seed);
    for (int i = 0; i < EVENTS; i++)
        one_event(&f);
    for (int k = 0; k <= FX_GONE; k++)
        seen_effects[k] += f.effects[k];
    for (size_t k = 0; k < N(seen_statuses); k++)
        seen_statuses[k] += f.statuses[k];
    assert_true(f.held > 0);
    room_destroy(&f.room);
    room_effects_deinit(&f.fx);
}

static void test_random_events(void **state)
{
    (void)state;
    const char *seed = getenv("ROOM_FUZZ_SEED");
    if (seed) {
        run(strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t s = 1; s <= RUNS; s++)
        run(s);
    /* A run that does nothing is no test. */
    for (int k = 0; k <= FX_GONE; k++)
        assert_true((seen_effects[k] > 0) == (k != FX_PAGE)); /* that one is the shard's */
    const int codes[] = {301, 307, 321, 322, 333};
    for (size_t k = 0; k < N(codes); k++) {
        print_message("%d: %u\n", codes[k], seen_statuses[codes[k]]);
        assert_true(seen_statuses[codes[k]] > 0);
    }
    print_message("messages: %u of %u commits\n", seen_effects[FX_MESSAGE],
                  seen_effects[FX_PERSIST]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
