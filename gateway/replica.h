/* replica.h: the roster of one room that has local occupants, as its owner's stream tells it. Pure.
 *
 *   occupancy (gateway boot, session) -> occ --\
 *                                               nick -> its occs, the one that speaks for it first
 *   locals[]: our own sessions, dense: what a broadcast walks, without a look-up per session
 *
 * Only the room's owner changes it; nothing here is decided, it is all told. */
#ifndef MUC_GATEWAY_REPLICA_H
#define MUC_GATEWAY_REPLICA_H

#include "base/list.h"
#include "base/mem.h"
#include "base/muc.h"
#include "base/str.h"
#include "proto/muc.pb-c.h"

#include <stdint.h>

struct replica;
struct client;

/* One session in the room. */
struct occ {
    struct list in_nick; /* of nick->occs; first: the last one that was updated */
    struct nick *nick;
    uint64_t sid, join_pos;
    uint64_t id_head; /* begin of the occupant-id: another one has another user */
    struct str jid;   /* full; with occupant_id in one piece of memory that the occ owns */
    struct str occupant_id;
    struct str presence; /* the client's children as XML; owned */
    struct str hats; /* <hats/> that the room gives him, as XML (XEP-0317); owned; mostly none */
    enum role role;
    enum affiliation affiliation;
    bool mav;         /* follows the versions of the affiliations (XEP-0463) */
    uint32_t gateway; /* number of its gateway boot in this replica; REPLICA_SELF: ours */
    uint32_t local;   /* index in locals, REPLICA_NOT_LOCAL for others' */
};
#define REPLICA_SELF 0u
#define REPLICA_NOT_LOCAL UINT32_MAX

struct nick {
    struct list in_room; /* of replica->nicks, in order of coming */
    struct list occs;
    struct str name;
    bool few; /* only moderators have been told of it: it came into an overcrowded room */
};

struct replica_local {
    uint64_t sid;
    struct occ *occ;
    bool sees; /* real JIDs of others */
};

/* self: "<gateway id>:<boot>" of this process. Both are copied. */
struct replica *replica_new(struct str room, struct str self);
void replica_destroy(struct replica **r_p);

struct str replica_room(const struct replica *r);
bool replica_non_anonymous(const struct replica *r);
uint32_t replica_broadcast(const struct replica *r); /* presence_broadcast: bit 1 << role */
bool replica_overcrowded(const struct replica *r);
/* New facts; sight of the locals follows. */
void replica_set_facts(struct replica *r, const Verona__RoomFacts *f);

/* Adds or changes one record: as it says, under the nick it says. keep_presence leaves the
 * presence. It becomes the one that speaks for its nick. NULL if the record names no occupancy or
 * nick. */
struct occ *replica_put(struct replica *r, const Verona__Record *rec);
/* The session of that occupancy, whatever its join_pos; NULL if it is not there. */
struct occ *replica_find(const struct replica *r, const Verona__Occupancy *o);
struct occ *replica_find_local(const struct replica *r, uint64_t sid);
/* Removes it and frees it, and its nick if it was the last. */
void replica_remove(struct replica *r, struct occ *o);
/* A removal names this occupancy or a later one of the same session: whoever came again after what
 * it names stays. */
bool replica_removes(const struct occ *o, const Verona__Occupancy *named);

/* Are both of one user? One occupant-id is one user (W13). */
static inline bool occ_same_user(const struct occ *a, const struct occ *b)
{
    return a->id_head == b->id_head && str_eq(a->occupant_id, b->occupant_id);
}

struct nick *replica_nick(const struct replica *r, struct str name); /* NULL if nobody has it */
struct occ *nick_front(const struct nick *n);
uint32_t nick_occs(const struct nick *n);
const struct list *replica_nicks(const struct replica *r); /* of struct nick.in_room */
uint32_t replica_n_nicks(const struct replica *r);
uint32_t replica_size(const struct replica *r); /* sessions */

/* Our sessions. Valid until the next put, remove or set_facts. */
const struct replica_local *replica_locals(const struct replica *r, uint32_t *n);

/* May the holder see the real JIDs of others (W8)? */
bool replica_sees(const struct replica *r, const struct occ *o);
/* Is the presence of that role shown to others (W41)? */
bool replica_shows(const struct replica *r, enum role role);

/* Name of the last durable event shown. */
void replica_set_last(struct replica *r, uint64_t e, uint64_t s);
bool replica_last_is(const struct replica *r, uint64_t e, uint64_t s);

#define NICK_OF(node) LIST_ENTRY(node, struct nick, in_room)
#define OCC_OF(node) LIST_ENTRY(node, struct occ, in_nick)

#endif
