/* fanout.h: one rendered tail to the local sessions of an audience. No allocation, no look-up but
 * the handle's own index. */
#ifndef MUC_GATEWAY_FANOUT_H
#define MUC_GATEWAY_FANOUT_H

#include "gateway/client.h"
#include "gateway/replica.h"

struct gateway;

/* Does it matter whether a session follows the versions of the affiliations (XEP-0463)? */
enum follow { FOLLOW_ANY, FOLLOW_NOT, FOLLOW_ONLY };

/* Everybody, or (mods) those with the moderator role only. */
void fanout_all(struct gateway *g, const struct replica *r, enum stanza_kind kind, struct str tail,
                bool mods);
/* The same, of those who follow, or of the rest. */
void fanout_follow(struct gateway *g, const struct replica *r, enum stanza_kind kind,
                   struct str tail, bool mods, enum follow follow);
/* Whom a presence goes to. */
enum audience { AUDIENCE_ALL, AUDIENCE_MODERATORS, AUDIENCE_OTHERS /* than moderators */ };
/* What a session may see of the one who is spoken of (W8): no JID; his JIDs, for it is his own
 * under another nick; every JID, that of the actor too. */
enum sight { SIGHT_NONE, SIGHT_OWN, SIGHT_ALL };
#define SIGHT_BIT(s) (1u << (unsigned)(s))
/* Whom a copy of somebody's presence is for, besides what each of them may see of it. */
struct others {
    const struct nick *except; /* its sessions get their own copies */
    const struct occ *who;     /* a session of the one who is spoken of */
    enum audience audience;
    enum follow follow;
};
/* Those of them with that sight. */
void fanout_others(struct gateway *g, const struct replica *r, const struct others *o,
                   enum sight sight, struct str tail);
/* Which sights they have, as bits. Saves the rendering. */
unsigned fanout_sights(const struct replica *r, const struct others *o);
/* The sessions of one nick. */
void fanout_nick(struct gateway *g, const struct nick *n, enum stanza_kind kind, struct str tail);
void fanout_one(struct gateway *g, uint64_t sid, enum stanza_kind kind, struct str tail, bool bulk);

#endif
