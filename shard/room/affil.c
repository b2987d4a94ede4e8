/* affil.c: the affiliations of a room, by JID and by reserved nick. */
#include "shard/room/room_priv.h"

#include "base/jid.h"

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
    const struct affil *e = affils_get(as, bare);
    if (e)
        return e->a.affiliation;
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
    str_release(&e->a.jid);
    str_release(&e->a.reason);
    str_release(&e->a.by);
    mem_free(e);
}

void affils_deinit(struct affils *as)
{
    struct affil *e, *next;
    HASH_ITER(hh, as->by_jid, e, next)
    {
        entry_free(as, e);
    }
}

void affils_set(struct affils *as, const struct room_affiliation *a)
{
    struct affil *e = affils_get(as, a->jid);
    if (a->affiliation == AFFIL_NONE && !a->nick.n) {
        if (e)
            entry_free(as, e);
        return;
    }
    if (!e) {
        e = mem_zalloc(sizeof *e);
        e->a.jid = str_own(a->jid);
        HASH_ADD_KEYPTR(hh, as->by_jid, e->a.jid.p, e->a.jid.n, e);
        as->n++;
    }
    as->n_owners -= e->a.affiliation == AFFIL_OWNER;
    as->n_owners += a->affiliation == AFFIL_OWNER;
    e->a.affiliation = a->affiliation;
    e->a.ver = a->ver;
    str_replace(&e->a.reason, a->reason);
    str_replace(&e->a.by, a->by);
    if (!str_eq(e->a.nick, a->nick)) {
        nick_unlink(as, e);
        e->a.nick = str_own(a->nick);
        if (e->a.nick.n)
            HASH_ADD_KEYPTR(hh_nick, as->by_nick, e->a.nick.p, e->a.nick.n, e);
    }
}
