/* affil.h: who may what for longer than a visit: affiliations, reserved nicks and hats of a room
 * (XEP-0045 §5.2, §7.10, XEP-0317). Keys are bare JIDs; a domain may be a key too, for bans (W47).
 *
 * Who has none of them any more is remembered for a while, so that those who follow the versions
 * (XEP-0463) hear of it: the newest LIMIT_REMOVED. */
#ifndef MUC_ROOM_AFFIL_H
#define MUC_ROOM_AFFIL_H

#include "shard/room/occupant.h"

struct affil {
    struct room_affiliation a;  /* strings and hats owned */
    UT_hash_handle hh, hh_nick; /* hh_nick only with a nick */
};

struct removed {
    struct list in_order;
    struct str jid; /* owned */
    uint64_t ver;   /* of the removal */
    UT_hash_handle hh;
};
#define REMOVED_OF(node) LIST_ENTRY(node, struct removed, in_order)

struct affils {
    struct affil *by_jid, *by_nick;
    uint32_t n, n_owners, n_hatted;
    struct removed *removed;
    struct list removals; /* of struct removed.in_order, by version */
    uint32_t n_removed;
    uint64_t floor; /* removals up to this version may be forgotten */
};

void affils_init(struct affils *as);
void affils_deinit(struct affils *as);
/* NULL: nothing is stored. */
struct affil *affils_get(const struct affils *as, struct str jid);
/* Whose reserved nick it is; NULL: nobody's. */
struct affil *affils_nick(const struct affils *as, struct str nick);
/* Own entry, AFFIL_NONE without. */
enum affiliation affils_exact(const struct affils *as, struct str jid);
/* Own entry, else the ban of the domain, else AFFIL_NONE. */
enum affiliation affils_lookup(const struct affils *as, struct str bare);
/* Nothing to keep: neither affiliation nor nick nor hats. */
bool affil_is_nothing(const struct room_affiliation *a);
/* Stores a copy; nothing removes the entry. The nick is free or this JID's. */
void affils_set(struct affils *as, const struct room_affiliation *a);
/* NULL: was not removed, or that is forgotten. */
const struct removed *affils_removed(const struct affils *as, struct str jid);
/* Remembers that the JID was removed. */
void affils_bury(struct affils *as, struct str jid, uint64_t ver);
/* Forgets the oldest removals beyond LIMIT_REMOVED. */
void affils_trim(struct affils *as);

#endif
