/* muc_in.h: a client's stanza to a room as a RoomEvent: meaning, not XML. Pure.
 *
 * What is malformed beyond its meaning becomes a RefuseIn, so that its answer keeps its place among
 * the room's other answers. What a client may not say on behalf of the room is taken out of the
 * payload. */
#ifndef MUC_GATEWAY_MUC_IN_H
#define MUC_GATEWAY_MUC_IN_H

#include "base/arena.h"
#include "base/mem.h"
#include "gateway/stanza.h"
#include "proto/muc.pb-c.h"

enum muc_in {
    MUC_IN_EVENT,  /* ev is to be sent */
    MUC_IN_IGNORE, /* nothing is to be done, nothing is answered */
    MUC_IN_ID, /* the id is over LIMIT_ID: policy-violation, answered here, for no room will echo it
                */
};

/* st      the stanza, borrowed.
 * ids     what stanza-ids are made of; NULL: no id that a client names can be read.
 * to      its prepared `to`: room@domain or room@domain/nick.
 * ev      initialised here. slot, epoch, rseq, sid and jid are the caller's; everything that it
 * points to lies in st, `to` or the arena. */
struct stanza_ids;
MUST_CHECK enum muc_in muc_in(const struct xnode *st, struct str to, struct stanza_ids *ids,
                              struct arena *a, Verona__RoomEvent *ev);

/* What may go to all his rooms of a presence that a client sends to none of them; in the arena. */
struct str muc_in_payload(const struct xnode *st, struct arena *a);

/* XEP-0082 date and time -> milliseconds since the Unix epoch; -1 if it is none. */
int64_t muc_in_stamp(struct str s);

#endif
