/* bus_status.h: the peers of a bus as /status shows them. */
#ifndef MUC_BUS_STATUS_H
#define MUC_BUS_STATUS_H

#include "rt/json.h"

struct bus;

/* An array of {role, id, boot, up, silent_ms, queued_bytes}; the caller's. b may be NULL. */
json_t *bus_status(struct bus *b);

#endif
