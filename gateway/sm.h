/* sm.h: the two counters of stream management (XEP-0198) and what stands behind them: stanzas that
 * were taken and are not settled, stanzas that were sent and not acknowledged. Pure.
 *
 * A stanza is handled when nobody but this server answers for it any more. One that asked something
 * of a room is handled when the room's owner has acknowledged it, that is after the commit; one to
 * another user when his gateway has it or it has come back. The count has no gaps: what comes
 * behind an unsettled stanza waits with it. */
#ifndef MUC_SM_H
#define MUC_SM_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>

struct sm;

/* total, of the caller: bytes of all unacknowledged stanzas, kept up to date by each. */
struct sm *sm_new(size_t *total);
void sm_destroy(struct sm **m_p);

/* A stanza was taken. */
void sm_in(struct sm *m);
/* It waits for the answer to this request. */
void sm_in_waits(struct sm *m, uint64_t rseq);
/* That is there (or will never be); others are ignored. */
void sm_in_done(struct sm *m, uint64_t rseq);
bool sm_in_settled(const struct sm *m); /* all that were taken are handled */
uint32_t sm_handled(const struct sm *m);

/* A stanza is sent: head, to and tail are its bytes, which are copied. bulk: sm_counted() leaves it
 * out. */
void sm_out(struct sm *m, struct str head, struct str to, struct str tail, bool bulk);
/* The client has h stanzas. false: so many were not sent, or it took some back. */
MUST_CHECK bool sm_ack(struct sm *m, uint32_t h);
bool sm_can_ack(const struct sm *m, uint32_t h);
uint32_t sm_sent(const struct sm *m);
uint32_t sm_unacked(const struct sm *m); /* stanzas */
size_t sm_bytes(const struct sm *m);     /* of them all, with what keeping them costs */
size_t sm_counted(const struct sm *m);   /* without bulk */
/* Enough was sent since, and no request is out: ask for an acknowledgement. */
bool sm_wants_ack(const struct sm *m);
void sm_asked(struct sm *m);
bool sm_is_asked(const struct sm *m); /* and no answer came */
/* Nothing happens at the moment: gives memory back if all was acknowledged. */
void sm_idle(struct sm *m);
/* A new stream: what was asked on the old one is not answered any more. */
void sm_not_asked(struct sm *m);
/* In the order of their sending. */
void sm_each(const struct sm *m, void (*fn)(void *ctx, struct str stanza), void *ctx);

#endif
