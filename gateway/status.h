/* status.h: what operators see of a gateway: /status, /readyz and the gauges of the whole. */
#ifndef MUC_GATEWAY_STATUS_H
#define MUC_GATEWAY_STATUS_H

#include "base/buf.h"

struct gateway;

/* GET /status and /readyz of the admin listener, and what the gauges show; until status_end. */
void status_serve(struct gateway *g);
void status_end(struct gateway *g);
/* Appends why it takes no traffic, a line for each reason; nothing if it does. */
void status_reasons(const struct gateway *g, struct buf *out);

#endif
