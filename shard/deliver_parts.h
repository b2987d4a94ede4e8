/* deliver_parts.h: one effect -> packed verona.Part bytes. Inside deliver only. */
#ifndef MUC_DELIVER_PARTS_H
#define MUC_DELIVER_PARTS_H

#include "shard/deliver.h"

enum part_to { PART_ALL, PART_ORIGIN, PART_NICK, PART_GATEWAY };

/* Packed parts of a step, in order. */
struct part {
    enum part_to to;
    struct str bytes;                 /* of verona.Part */
    struct str nick;                  /* PART_NICK */
    gateway_ref gw;                   /* PART_GATEWAY */
    const struct room_record *joiner; /* a JOIN: the record that came in; else NULL */
};
struct parts {
    struct part *list;
    uint32_t n, cap;
};

/* Appends the parts of all visible effects. Memory is the arena's. */
void parts_of_effects(const struct deliver_env *env, const struct deliver_step *step,
                      struct arena *a, struct parts *out);
/* The roster of the room as it is after the step, without `skip` (the joiner, may be NULL), in
 * parts of at most LIMIT_BUS_CHUNK / 2 or so. */
void parts_of_roster(const struct deliver_env *env, const struct room *room,
                     const struct room_record *skip, struct arena *a, struct parts *out);

#endif
