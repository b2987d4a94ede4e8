/* secret.h: where a password comes from. Never from the command line, where others can read it. */
#ifndef CTL_SECRET_H
#define CTL_SECRET_H

#include "deploy/ctl/ctl.h"

/* From --password-file, typed twice on a terminal, or the first line of stdin. *out stays empty
 * where one is to be generated (--generate, or an empty answer). An exit code; what went wrong is
 * said. secret_wipe() afterwards. */
MUST_CHECK int secret_get(const struct ctl *c, struct buf *out);
void secret_wipe(struct buf *b);

#endif
