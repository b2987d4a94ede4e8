/* edge_ops.h: the edge as gateway.c sees it, beyond gateway.h. */
#ifndef MUC_EDGE_OPS_H
#define MUC_EDGE_OPS_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>

struct config;
struct edge;

/* Are these settings ones to start with? Errors: ERR_INVALID with a line for people in err. */
MUST_CHECK int edge_check(const struct config *cfg, struct buf *err);
/* Certificate, XML library, port: everything that can be known to fail before a client comes.
 * Errors: ERR_INVALID, ERR_IO, ERR_UNAVAILABLE. */
MUST_CHECK int edge_prepare(struct edge *e, struct buf *err);
bool edge_listening(const struct edge *e);
void edge_ports(const struct edge *e, struct buf *out);
/* Reads the certificate again. Errors: ERR_INVALID; the old one stays. */
MUST_CHECK int edge_reload(struct edge *e, struct buf *err);
/* Ends every stream with <reset/>: our handles are void. */
void edge_reset(struct edge *e);
uint32_t edge_connections(const struct edge *e);

#endif
