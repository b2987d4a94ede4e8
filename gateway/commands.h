/* commands.h: ad-hoc commands (XEP-0050) of the server and the rooms' service, for admins of the
 * service (XEP-0133).
 *
 *   commands.c        the dialogue: sessions, stages, actions
 *   command_call.c    what is said in the end
 *   command_disco.c   commands as nodes
 *   command_table.c   which there are
 *   command_rooms.c   rooms: create, destroy, list, affiliations
 *   command_users.c   accounts, sessions, announcements */
#ifndef MUC_GATEWAY_COMMANDS_H
#define MUC_GATEWAY_COMMANDS_H

#include "gateway/home.h"
#include "gateway/home_ns.h"

struct commands;
struct commands *commands_new(struct gateway *g);
void commands_destroy(struct commands **cs_p);
/* How long a dialogue may wait for its next step; ten minutes unless said. */
void commands_set_patience(struct commands *cs, uint64_t ms);
/* His sessions end. */
void commands_client_gone(struct commands *cs, struct client *c);

/* Is he an admin of the service? */
bool commands_admin(const struct commands *cs, struct str bare);
/* An iq with <command/>; always answered. */
void commands_run(struct commands *cs, struct client *c, const struct xnode *st,
                  const struct xnode *command, enum home_target target);
/* disco of the node of all commands, or of one. false: there is no such node (for him). */
bool commands_items(struct commands *cs, struct client *c, const struct xnode *st, struct str node,
                    enum home_target target);
bool commands_info(struct commands *cs, struct client *c, const struct xnode *st, struct str node,
                   enum home_target target);

#endif
