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
/* Those of the audience, of another nick than `except` (NULL: everybody), that see JIDs, or those
 * that do not. */
void fanout_others(struct gateway *g, const struct replica *r, const struct nick *except,
                   enum audience a, bool sees, enum follow follow, struct str tail);
/* Is there anybody fanout_others would send to? Saves the rendering. */
bool fanout_any(const struct replica *r, const struct nick *except, enum audience a, bool sees,
                enum follow follow);
/* The sessions of one nick. */
void fanout_nick(struct gateway *g, const struct nick *n, enum stanza_kind kind, struct str tail);
void fanout_one(struct gateway *g, uint64_t sid, enum stanza_kind kind, struct str tail, bool bulk);

#endif
