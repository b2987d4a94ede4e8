/* mav.h: versions of the affiliations (XEP-0463), by whom the lists are kept without asking for
 * them again and again. */
#ifndef MUC_ROOM_MAV_H
#define MUC_ROOM_MAV_H

#include "shard/room/room_priv.h"

/* The presence or notice that was just added tells of c: adds the versions before and after. */
void mav_mark(struct step *st, const struct change *c);
/* s enters, and wants to follow the versions from `since` on: tells him what changed, or that he
 * may not. Before all other effects of a join. */
void mav_enter(struct step *st, struct session *s, bool wanted, struct str since);
/* His own presence says where he stands. */
void mav_self(struct step *st, const struct session *s, struct fx *presence);

#endif
