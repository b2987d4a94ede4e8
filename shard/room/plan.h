/* plan.h: the changes of one request, checked as a whole before anything happens, carried out in
 * their order afterwards (W46). Admin requests, forms, registrations and invitations all make
 * plans, so there is one code path for "set affiliation, with optional actor". */
#ifndef MUC_ROOM_PLAN_H
#define MUC_ROOM_PLAN_H

#include "base/arena.h"
#include "shard/room/room_types.h"

struct room;
struct step;

/* Who did it, for <actor/> (W9). */
struct actor {
    bool shown;
    struct str nick; /* empty: not inside */
    struct str jid;  /* full */
};

struct change {
    bool is_role;
    /* role */
    struct str nick;
    enum role role;
    /* affiliation */
    struct str jid; /* bare or domain */
    enum affiliation before, after;
    struct str reserved;  /* the nick after it; empty: none */
    const uint32_t *hats; /* after it, in the room or in the plan's arena */
    uint32_t n_hats;
    uint64_t ver; /* of the affiliation after it (XEP-0463): a new one if it is another */
    bool quiet;   /* nothing is said of it if the user is not inside */
    /* both */
    bool has_reason;
    struct str reason; /* shown */
    struct str kept;   /* affiliation: reason in the list afterwards (W53) */
};

struct plan {
    struct arena *arena; /* borrowed; holds all bytes */
    struct change *list;
    uint32_t n, cap;
    uint32_t n_affiliations; /* of the changes that are no roles */
    uint32_t n_versions;     /* by which the room's version rises */
};

void plan_init(struct plan *plan, struct arena *arena);
/* `to` was just made by plan_init(); the bytes go to its arena. */
void plan_copy(struct plan *to, const struct plan *from);
/* A role for a nick. */
void plan_role(struct plan *plan, struct str nick, enum role role, bool has_reason,
               struct str reason);
/* An affiliation for a JID. What plan and room say of it before is looked up; valid until the next
 * one. The nick that was reserved stays, unless the user becomes outcast or none. */
struct change *plan_affiliation(struct plan *plan, const struct room *room, struct str jid,
                                enum affiliation after, bool has_reason, struct str reason);
/* Reserves a nick with a change of affiliation; empty: drops it. false: somebody else's. */
bool plan_reserve(struct plan *plan, const struct room *room, struct change *c, struct str nick);
/* Affiliation as it will be so far. */
enum affiliation plan_lookup(const struct plan *plan, const struct room *room, struct str bare);
/* W44: would nobody be left as owner? */
bool plan_loses_owners(const struct plan *plan, const struct room *room);
/* R133: does the room take so many affiliations more? */
bool affils_fit(const struct room *room, uint32_t n_new);
bool plan_fits(const struct plan *plan, const struct room *room);

/* Carries all out. `by` is the bare JID of who did it; actor NULL: not shown. */
void plan_apply(struct step *st, const struct plan *plan, const struct actor *actor, struct str by);

#endif
