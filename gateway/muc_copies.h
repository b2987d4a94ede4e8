/* muc_copies.h: one copy of a presence, and the copies of somebody who is inside. For
 * muc_presence.c.
 *
 * Every copy is one of four views: own (status 110, own JIDs, built from that session's own
 * presence), with JIDs, without JIDs, and for his own sessions under other nicks with his JIDs but
 * no actor's. The latter three are rendered once each. Who sees JIDs and whose presence is shown at
 * all is the replica's to say. */
#ifndef MUC_GATEWAY_MUC_COPIES_H
#define MUC_GATEWAY_MUC_COPIES_H

#include "gateway/muc_priv.h"

/* ---- one copy: begin, fill, render; the tail lives until the next one */

struct render_presence copy_of(const struct mroom *room, struct str nick);
/* occupant-id, and the client's own children of presence. */
void copy_from(struct render_presence *rp, const struct occ *o, bool payload);
/* Statuses, actor and reason; the actor's JID is for others who see JIDs (W9). */
void copy_say(struct render_presence *rp, const Verona__Presence *p, bool actor_jid);
void copy_self_statuses(struct render_presence *rp, const Verona__Presence *p);
void copy_add_item(struct muc *m, struct render_presence *rp, const struct occ *o, enum role role,
                   bool jid);
/* W12: an item per session for those who see JIDs, a single one for the rest. first (NULL: none)
 * comes first, with its JID; gone: with role none. */
void copy_items(struct muc *m, struct render_presence *rp, const struct list *occs,
                const struct occ *first, bool jids, bool gone);
/* XEP-0463: the versions, for one who follows them. */
void copy_versions(struct render_presence *rp, const Verona__Presence *p);
/* Renders and sends rp to all others with that sight; to those who follow the versions with them.
 */
void copy_to_others(struct muc *m, struct mroom *room, struct others others, enum sight sight,
                    struct render_presence *rp, const Verona__Presence *p);
struct str copy_tail(struct muc *m, const struct render_presence *rp);

/* ---- the copies of an occupant who is inside. p NULL: nothing besides his state. */

/* To all but his own sessions. hidden: he is taken out of their sight though he is inside (W41). */
void show_others(struct muc *m, struct mroom *room, struct nick *n, const Verona__Presence *p,
                 bool hidden);
/* The same, to that audience. */
void show_others_to(struct muc *m, struct mroom *room, struct nick *n, const Verona__Presence *p,
                    bool hidden, enum audience a);
/* Who hears of him: in an overcrowded room only moderators, unless he is one; gone: of his leaving,
 * whoever has heard of his coming. */
enum audience audience_of(const struct mroom *room, const struct nick *n, bool gone);
/* To one of his own sessions, from its own presence (W11); nothing if it is not one of ours. */
void show_own(struct muc *m, struct mroom *room, const struct occ *o, const Verona__Presence *p,
              bool self_statuses);
/* To all of his own sessions but one (NULL: to all). */
void show_owns(struct muc *m, struct mroom *room, const struct nick *n, const struct occ *except,
               const Verona__Presence *p, bool self_statuses);
/* Of another nick to one of ours, as he may see it. */
void show_nick_to(struct muc *m, struct mroom *room, const struct nick *n, const struct occ *to,
                  struct client *c);
/* Of all others to him (W21, W43). */
void show_roster_to(struct muc *m, struct mroom *room, const struct occ *to);

#endif
