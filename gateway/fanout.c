/* fanout.c: see fanout.h. */
#include "gateway/fanout.h"

void fanout_one(struct gateway *g, uint64_t sid, enum stanza_kind kind, struct str tail, bool bulk)
{
    struct client *c = client_by_sid(g, sid);
    if (c)
        client_send(c, kind, tail, bulk);
}

void fanout_all(struct gateway *g, const struct replica *r, enum stanza_kind kind, struct str tail,
                bool mods)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (!mods || l[i].occ->role == ROLE_MODERATOR)
            fanout_one(g, l[i].sid, kind, tail, false);
    }
}

static bool in(enum audience a, const struct replica_local *l)
{
    bool moderates = l->occ->role == ROLE_MODERATOR;
    return a == AUDIENCE_ALL || moderates == (a == AUDIENCE_MODERATORS);
}

void fanout_others(struct gateway *g, const struct replica *r, const struct nick *except,
                   enum audience a, bool sees, struct str tail)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (l[i].sees == sees && l[i].occ->nick != except && in(a, &l[i]))
            fanout_one(g, l[i].sid, STANZA_PRESENCE, tail, false);
    }
}

bool fanout_any(const struct replica *r, const struct nick *except, enum audience a, bool sees)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(r, &n);
    for (uint32_t i = 0; i < n; i++) {
        if (l[i].sees == sees && l[i].occ->nick != except && in(a, &l[i]))
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
