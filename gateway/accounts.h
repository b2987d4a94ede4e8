/* accounts.h: password records of users, HASH verona:user:<bare JID> in Redis:
 *   scram-sha-256, scram-sha-1  "<iterations>:<salt>:<StoredKey>:<ServerKey>"
 *   created                     Unix milliseconds
 *   disabled                    "1": he may not log in */
#ifndef MUC_ACCOUNTS_H
#define MUC_ACCOUNTS_H

#include "gateway/sasl.h"

struct redis;

typedef void accounts_fn(void *ctx, const struct account *a);
/* fn is called once; a->asked is false if Redis did not answer. bare: prepared. */
void accounts_lookup(struct redis *r, struct str bare, accounts_fn *fn, void *ctx);

#endif
