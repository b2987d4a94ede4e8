/* fanout.c: see fanout.h. */
#include "gateway/fanout.h"

void fanout_one(struct gateway *g, uint64_t sid, enum stanza_kind kind, struct str tail, bool bulk)
{
    struct client *c = client_by_sid(g, sid);
    if (c)
        client_send(c, kind, tail, bulk);
}

static bool follows(const struct occ *o, enum follow follow)
{
    return follow == FOLLOW_ANY || o->mav == (follow == FOLLOW_ONLY);
}

void fanout_follow(struct gateway *g, const struct replica *r, enum stanza_kind kind,
                   struct str tail, bool mods, enum follow follow)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if ((!mods || l[i].occ->role == ROLE_MODERATOR) && follows(l[i].occ, follow))
            fanout_one(g, l[i].sid, kind, tail, false);
    }
}

static bool in(enum audience a, const struct replica_local *l)
{
    bool moderates = l->occ->role == ROLE_MODERATOR;
    return a == AUDIENCE_ALL || moderates == (a == AUDIENCE_MODERATORS);
}

void fanout_all(struct gateway *g, const struct replica *r, enum stanza_kind kind, struct str tail,
                bool mods)
{
    fanout_follow(g, r, kind, tail, mods, FOLLOW_ANY);
}

static bool is_other(const struct replica_local *l, const struct others *o)
{
    return l->occ->nick != o->except && in(o->audience, l) && follows(l->occ, o->follow);
}

static enum sight sight_of(const struct replica_local *l, const struct others *o)
{
    if (l->sees)
        return SIGHT_ALL;
    return occ_same_user(l->occ, o->who) ? SIGHT_OWN : SIGHT_NONE;
}

void fanout_others(struct gateway *g, const struct replica *r, const struct others *o,
                   enum sight sight, struct str tail)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (is_other(&l[i], o) && sight_of(&l[i], o) == sight)
            fanout_one(g, l[i].sid, STANZA_PRESENCE, tail, false);
    }
}

unsigned fanout_sights(const struct replica *r, const struct others *o)
{
    unsigned all = SIGHT_BIT(SIGHT_NONE) | SIGHT_BIT(SIGHT_OWN) | SIGHT_BIT(SIGHT_ALL), found = 0;
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n && found != all; i++) {
        if (is_other(&l[i], o))
            found |= SIGHT_BIT(sight_of(&l[i], o));
    }
    return found;
}

void fanout_nick(struct gateway *g, const struct nick *n, enum stanza_kind kind, struct str tail)
{
    LIST_FOREACH(it, &n->occs)
    {
        const struct occ *o = OCC_OF(it);
        if (o->local != REPLICA_NOT_LOCAL)
            fanout_one(g, o->sid, kind, tail, false);
    }
}
