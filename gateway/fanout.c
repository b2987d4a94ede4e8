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

static bool is_other(const struct replica_local *l, const struct nick *except, enum audience a,
                     bool sees, enum follow follow)
{
    return l->sees == sees && l->occ->nick != except && in(a, l) && follows(l->occ, follow);
}

void fanout_others(struct gateway *g, const struct replica *r, const struct nick *except,
                   enum audience a, bool sees, enum follow follow, struct str tail)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (is_other(&l[i], except, a, sees, follow))
            fanout_one(g, l[i].sid, STANZA_PRESENCE, tail, false);
    }
}

bool fanout_any(const struct replica *r, const struct nick *except, enum audience a, bool sees,
                enum follow follow)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (is_other(&l[i], except, a, sees, follow))
            return true;
    }
    return false;
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
