/* node.h: how this process is called and where its admin listener is found. */
#ifndef MUC_NODE_H
#define MUC_NODE_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

struct config;

struct node {
    char id[65]; /* node.id, or <prefix>-<host name> */
    char host[65];
};

/* Errors: ERR_INVALID with a line for people (letters that an id may not have). */
MUST_CHECK int node_init(struct node *n, const struct config *cfg, const char *prefix,
                         struct buf *err);
/* Appends admin.advertise or, if that is empty, admin.listen with the port that it really has. No
 * NUL behind it. */
void node_admin(const struct config *cfg, uint16_t port, struct buf *out);

#endif
