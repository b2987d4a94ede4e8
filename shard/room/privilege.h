/* privilege.h: who may what: the tables of XEP-0045 §5.1 and §5.2 with the refusals of
 * W44. */
#ifndef MUC_ROOM_PRIVILEGE_H
#define MUC_ROOM_PRIVILEGE_H

#include "shard/room/room_types.h"

/* W25, §5.1.2: the role on entering. ROLE_NONE for an outcast. */
enum role role_default(enum affiliation a, bool moderated);
/* W48: the role after the affiliation went from `before` to `after`. */
enum role role_after(enum role now, enum affiliation before, enum affiliation after,
                     bool moderated);
/* W33: may the role speak to all? */
bool role_has_voice(enum role r, bool moderated);
/* W32 */
bool role_may_set_subject(enum role r, bool change_subject);
/* W34: may the role send private messages? */
bool role_may_pm(enum role r, enum allow_pm policy);

struct standing {
    enum affiliation affiliation;
    enum role role; /* ROLE_NONE: not inside */
};
/* W44: may `actor` move somebody from one affiliation to another? SE_NONE if so. Banning oneself
 * and the last owner are the caller's. */
enum stanza_error affiliation_edit(enum affiliation actor, enum affiliation before,
                                   enum affiliation after);
/* W44: could `actor` give anybody at all this role? If not, he is told so whatever the target. */
bool role_privilege(struct standing actor, enum role after);
/* W44, W50: may `actor` give `target` another role? SE_NONE if so. */
enum stanza_error role_edit(struct standing actor, struct standing target, enum role after);

#endif
