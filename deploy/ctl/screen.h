/* screen.h: what `verona up` says at the end: where to connect and what to do next. */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include "deploy/ctl/ctl.h"
#include "deploy/ctl/folder.h"
#include "deploy/ctl/plan.h"

/* password: of the account that was just made, NULL if none was. */
void screen_ready(const struct plan *p, const struct folder *f, uint64_t took_ms,
                  const char *password, bool detached);
/* "5222 5322", the ports of the gateways; of many only some. At most 96 bytes with a short
 * `between`. */
void screen_ports(const struct plan *p, const char *between, char *out, size_t room);
/* How this program is called from here: "verona" where PATH finds it, else its path. */
const char *screen_program(void);
/* " --data DIR", quoted for a shell, for commands to copy; "" for the default folder. */
void screen_data_option(const struct folder *f, char *out, size_t room);

#endif
