/* account_ops.h: making, changing and removing accounts (accounts.h has their records). */
#ifndef MUC_GATEWAY_ACCOUNT_OPS_H
#define MUC_GATEWAY_ACCOUNT_OPS_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

struct gateway;

enum account_result { ACCOUNT_DONE, ACCOUNT_EXISTS, ACCOUNT_NOTFOUND, ACCOUNT_UNAVAILABLE };
typedef void account_fn(void *ctx, enum account_result r);

/* What somebody wants to be called and his password, prepared in the arena, for a new account: no
 * code point that is unassigned in Unicode 3.2. false: not allowed. */
bool account_name_ok(struct gateway *g, struct str local, struct arena *a, struct str *bare);
bool account_password_ok(struct str raw, struct arena *a, struct str *prepared);

/* Both arguments prepared. add: a new account, else a new password of one. */
void account_set(struct gateway *g, struct str bare, struct str password, bool add, account_fn *fn,
                 void *ctx);
/* Account and private storage; then all his sessions end, wherever they are. */
void account_remove(struct gateway *g, struct str bare, account_fn *fn, void *ctx);

#endif
