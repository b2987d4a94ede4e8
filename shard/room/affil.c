/* affil.c: the affiliations of a room, by JID and by reserved nick. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
#include "base/limits.h"

void affils_init(struct affils *as)
{
    memset(as, 0, sizeof *as);
    list_init(&as->removals);
}

struct affil *affils_get(const struct affils *as, struct str jid)
{
    struct affil *e;
    HASH_FIND(hh, as->by_jid, jid.p, jid.n, e);
    return e;
}

struct affil *affils_nick(const struct affils *as, struct str nick)
{
    struct affil *e;
    HASH_FIND(hh_nick, as->by_nick, nick.p, nick.n, e);
    return e;
}

enum affiliation affils_exact(const struct affils *as, struct str jid)
{
    const struct affil *e = affils_get(as, jid);
    return e ? e->a.affiliation : AFFIL_NONE;
}

enum affiliation affils_lookup(const struct affils *as, struct str bare)
{
    /* An entry may be there for its hats alone: that protects from nothing. */
    enum affiliation own = affils_exact(as, bare);
    if (own != AFFIL_NONE)
        return own;
    return affils_exact(as, jid_domain(bare)) == AFFIL_OUTCAST ? AFFIL_OUTCAST : AFFIL_NONE;
}

static void nick_unlink(struct affils *as, struct affil *e)
{
    if (e->a.nick.n)
        HASH_DELETE(hh_nick, as->by_nick, e);
    str_release(&e->a.nick);
}

static void entry_free(struct affils *as, struct affil *e)
{
    nick_unlink(as, e);
    HASH_DELETE(hh, as->by_jid, e);
    as->n--;
    as->n_owners -= e->a.affiliation == AFFIL_OWNER;
    as->n_hatted -= e->a.n_hats > 0;
    str_release(&e->a.jid);
    str_release(&e->a.reason);
    str_release(&e->a.by);
    mem_free((void *)e->a.hats);
    mem_free(e);
}

/* ---- who was removed */

const struct removed *affils_removed(const struct affils *as, struct str jid)
{
    struct removed *r;
    HASH_FIND(hh, as->removed, jid.p, jid.n, r);
    return r;
}

static void unbury(struct affils *as, struct removed *r)
{
    HASH_DELETE(hh, as->removed, r);
    list_remove(&r->in_order);
    as->n_removed--;
    str_release(&r->jid);
    mem_free(r);
}

void affils_bury(struct affils *as, struct str jid, uint64_t ver)
{
    struct removed *r;
    HASH_FIND(hh, as->removed, jid.p, jid.n, r);
    if (r)
        unbury(as, r);
    r = mem_zalloc(sizeof *r);
    r->jid = str_own(jid);
    r->ver = ver;
    struct list *at = &as->removals; /* insert before it */
    while (at->prev != &as->removals && REMOVED_OF(at->prev)->ver > ver)
        at = at->prev;
    list_push_back(at, &r->in_order);
    as->n_removed++;
    HASH_ADD_KEYPTR(hh, as->removed, r->jid.p, r->jid.n, r);
}

void affils_trim(struct affils *as)
{
    while (as->n_removed > LIMIT_REMOVED) {
        struct removed *r = REMOVED_OF(as->removals.next);
        as->floor = r->ver;
        unbury(as, r);
    }
}

/* ---- who has something */

void affils_deinit(struct affils *as)
{
    struct affil *e, *next;
    HASH_ITER(hh, as->by_jid, e, next)
    {
        entry_free(as, e);
    }
    while (as->n_removed)
        unbury(as, REMOVED_OF(as->removals.next));
}

bool affil_is_nothing(const struct room_affiliation *a)
{
    return a->affiliation == AFFIL_NONE && !a->nick.n && !a->n_hats;
}

void affils_set(struct affils *as, const struct room_affiliation *a)
{
    struct affil *e = affils_get(as, a->jid);
    if (affil_is_nothing(a)) {
        if (!e)
            return;
        entry_free(as, e);
        if (a->ver)
            affils_bury(as, a->jid, a->ver);
        return;
    }
    struct removed *r;
    HASH_FIND(hh, as->removed, a->jid.p, a->jid.n, r);
    if (r)
        unbury(as, r);
    if (!e) {
        e = mem_zalloc(sizeof *e);
        e->a.jid = str_own(a->jid);
        HASH_ADD_KEYPTR(hh, as->by_jid, e->a.jid.p, e->a.jid.n, e);
        as->n++;
    }
    as->n_owners -= e->a.affiliation == AFFIL_OWNER;
    as->n_owners += a->affiliation == AFFIL_OWNER;
    as->n_hatted -= e->a.n_hats > 0;
    as->n_hatted += a->n_hats > 0;
    e->a.affiliation = a->affiliation;
    e->a.ver = a->ver;
    str_replace(&e->a.reason, a->reason);
    str_replace(&e->a.by, a->by);
    const uint32_t *hats =
        a->n_hats ? (const void *)mem_dup(a->hats, a->n_hats * sizeof *a->hats) : NULL;
    mem_free((void *)e->a.hats);
    e->a.hats = hats;
    e->a.n_hats = a->n_hats;
    if (!str_eq(e->a.nick, a->nick)) {
        nick_unlink(as, e);
        e->a.nick = str_own(a->nick);
        if (e->a.nick.n)
            HASH_ADD_KEYPTR(hh_nick, as->by_nick, e->a.nick.p, e->a.nick.n, e);
    }
}
