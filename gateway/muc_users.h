/* muc_users.h: in how many rooms each user of this gateway is, or is on his way into, over all his
 * sessions here. What he does at other gateways is not known here. */
#ifndef MUC_USERS_H
#define MUC_USERS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct muc_users; /* NULL: nobody is anywhere */

/* One session more, one less, of that user in that room. */
void muc_users_add(struct muc_users **u, struct str bare, struct str room);
void muc_users_remove(struct muc_users **u, struct str bare, struct str room);
/* May he enter one more? Of a room that he is in already: yes. most 0: no limit. */
bool muc_users_may_enter(const struct muc_users *u, struct str bare, struct str room,
                         uint32_t most);
void muc_users_destroy(struct muc_users **u);

#endif
