/* secret.h: where a password comes from. Never from the command line, where others can read it. */
#ifndef CTL_SECRET_H
#define CTL_SECRET_H

#include "deploy/ctl/ctl.h"

/* From --password-file, --password-stdin, or typed twice on a terminal. *out stays empty where one
 * is to be generated. An exit code; what went wrong is said. secret_wipe() afterwards. */
MUST_CHECK int secret_get(const struct ctl *c, struct buf *out);
void secret_wipe(struct buf *b);

#endif
