/* affil.h: who may what for longer than a visit: affiliations and reserved nicks of a room
 * (XEP-0045 §5.2, §7.10). Keys are bare JIDs; a domain may be a key too, for bans (W47). */
#ifndef MUC_ROOM_AFFIL_H
#define MUC_ROOM_AFFIL_H

#include "shard/room/occupant.h"

struct affil {
    struct room_affiliation a;  /* strings owned */
    UT_hash_handle hh, hh_nick; /* hh_nick only with a nick */
};

struct affils {
    struct affil *by_jid, *by_nick;
    uint32_t n, n_owners;
};

void affils_deinit(struct affils *as);
/* NULL: nothing is stored. */
struct affil *affils_get(const struct affils *as, struct str jid);
/* Whose reserved nick it is; NULL: nobody's. */
struct affil *affils_nick(const struct affils *as, struct str nick);
/* Own entry, AFFIL_NONE without. */
enum affiliation affils_exact(const struct affils *as, struct str jid);
/* Own entry, else the ban of the domain, else AFFIL_NONE. */
enum affiliation affils_lookup(const struct affils *as, struct str bare);
/* Stores a copy; AFFIL_NONE without a nick removes the entry. The nick is free or this JID's. */
void affils_set(struct affils *as, const struct room_affiliation *a);

#endif
