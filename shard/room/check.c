/* check.c: what must hold in every room between two events. A failed assertion is our bug. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
#include "base/limits.h"

static void check_session(const struct room *room, const struct session *s)
{
    const struct occupant *o = s->occupant;
    assert(roster_session(&room->roster, (gateway_ref)s->key.gw, s->key.sid) == s);
    assert(s->join_pos && s->join_pos <= room->join_pos);
    assert(str_eq(jid_bare(s->jid), o->person->bare));
    assert(roster_nick(&room->roster, o->nick) == o);
    assert(s->gateway->ref == (gateway_ref)s->key.gw);
}

/* What he wears is of the room, and what his affiliation says. */
static void check_hats(const struct room *room, const struct person *p)
{
    const struct affil *e = affils_get(&room->affils, p->bare);
    assert(p->n_hats == (e ? e->a.n_hats : 0));
    for (uint32_t i = 0; i < p->n_hats; i++) {
        uint32_t k = 0;
        while (k < room->n_hats && room->hats[k].uri.p != p->hats[i].uri.p)
            k++;
        assert(k < room->n_hats && room->hats[k].id == e->a.hats[i]);
    }
}

static void check_person(const struct room *room, const struct person *p)
{
    check_hats(room, p);
    assert(!list_empty(&p->occupants));
    assert(p->affiliation == room_affil(room, p->bare));
    assert(p->affiliation != AFFIL_OUTCAST);
    assert(!room->config.members_only || p->affiliation >= AFFIL_MEMBER);
    LIST_FOREACH(it, &p->occupants)
    {
        const struct occupant *o = LIST_ENTRY(it, struct occupant, in_person);
        assert(o->person == p && o->n_sessions > 0);
        assert(o->role >= ROLE_VISITOR && o->role <= ROLE_MODERATOR);
        /* W44: nobody may take it from them, and every gain gives it. */
        assert(p->affiliation < AFFIL_ADMIN || o->role == ROLE_MODERATOR);
        const struct affil *holder = affils_nick(&room->affils, o->nick);
        assert(!holder || str_eq(holder->a.jid, p->bare));
    }
}

static void check_roster(const struct room *room)
{
    const struct roster *r = &room->roster;
    uint32_t n_sessions = 0, n_occupants = 0, sum = 0, by_gateway = 0;
    uint64_t last_pos = 0;
    LIST_FOREACH(it, &r->sessions)
    {
        const struct session *s = LIST_ENTRY(it, struct session, in_roster);
        check_session(room, s);
        assert(s->join_pos > last_pos);
        last_pos = s->join_pos;
        n_sessions++;
    }
    assert(n_sessions == r->n_sessions && HASH_COUNT(r->by_key) == n_sessions);
    for (const struct occupant *o = r->by_nick; o; o = o->hh.next) {
        uint32_t n = 0;
        LIST_FOREACH(it, &o->sessions)
        {
            assert(LIST_ENTRY(it, struct session, in_occupant)->occupant == o);
            n++;
        }
        assert(n == o->n_sessions);
        sum += n;
        n_occupants++;
    }
    assert(n_occupants == r->n_occupants && sum == n_sessions);
    for (const struct person *p = r->by_jid; p; p = p->hh.next)
        check_person(room, p);
    LIST_FOREACH(it, &r->gateways)
    {
        const struct gateway *g = LIST_ENTRY(it, struct gateway, in_roster);
        uint32_t n = 0;
        LIST_FOREACH(in, &g->sessions)
        n++;
        assert(n == g->n_sessions && n > 0);
        by_gateway += n;
    }
    assert(by_gateway == n_sessions);
}

static void check_affils(const struct affils *as)
{
    uint32_t owners = 0, nicks = 0, hatted = 0, removed = 0;
    uint64_t ver = as->floor;
    for (const struct affil *e = as->by_jid; e; e = e->hh.next) {
        assert(e->a.affiliation >= AFFIL_OUTCAST && e->a.affiliation <= AFFIL_OWNER);
        assert(!affil_is_nothing(&e->a) && !affils_removed(as, e->a.jid));
        assert(affils_get(as, e->a.jid) == e);
        owners += e->a.affiliation == AFFIL_OWNER;
        hatted += e->a.n_hats > 0;
        if (e->a.nick.n) {
            assert(affils_nick(as, e->a.nick) == e);
            nicks++;
        }
    }
    assert(HASH_COUNT(as->by_jid) == as->n && owners == as->n_owners && hatted == as->n_hatted);
    assert(HASH_CNT(hh_nick, as->by_nick) == nicks);
    LIST_FOREACH(it, &as->removals)
    {
        const struct removed *r = REMOVED_OF(it);
        assert(affils_removed(as, r->jid) == r && r->ver >= ver);
        ver = r->ver;
        removed++;
    }
    assert(removed == as->n_removed && removed <= LIMIT_REMOVED);
}

static void check_history(const struct history *h)
{
    uint32_t n = 0;
    size_t bytes = 0;
    LIST_FOREACH(it, &h->entries)
    {
        bytes += LIST_ENTRY(it, struct history_entry, in_history)->size;
        n++;
    }
    assert(n == h->n && bytes == h->bytes);
    assert(n <= LIMIT_HISTORY && bytes <= LIMIT_HISTORY_BYTES);
}

static void check_pending(const struct room *room)
{
    uint32_t n = 0;
    uint64_t s = room->last.s;
    LIST_FOREACH(it, &room->pending)
    {
        const struct pending *p = LIST_ENTRY(it, struct pending, in_room);
        assert(p->s > s && p->s <= room->seq);
        assert(room->n_pending == 1 || p->kind == P_MESSAGE);
        s = p->s;
        n++;
    }
    assert(n == room->n_pending);
}

void room_check(const struct room *room)
{
    assert(!room->exists || !room->gone);
    assert(room->exists || room->gone || !room->roster.n_sessions);
    if (!room->gone)
        check_roster(room);
    check_affils(&room->affils);
    assert(room->avatar_hash.n % AVATAR_HASH == 0 && (room->vcard.n || !room->avatar_hash.n));
    check_history(&room->history);
    assert(HASH_COUNT(room->recents.by_jid) == room->recents.n && room->recents.n <= LIMIT_RECENT);
    check_pending(room);
}
