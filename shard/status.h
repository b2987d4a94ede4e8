/* status.h: GET /status and /rooms/<jid> on the admin listener, as JSON. */
#ifndef MUC_STATUS_H
#define MUC_STATUS_H

#include "base/buf.h"

struct cluster;
struct http;
struct link;
struct redis;
struct rooms;
struct slots;

/* What is looked at; outlives the listener. */
struct status {
    const char *id;
    const struct cluster *cluster;
    const struct redis *redis;
    const struct slots *slots;
    const struct rooms *rooms;
    struct link *link;
    bool draining;
};

/* Adds the routes and the answer to /readyz. */
void status_serve(struct status *s, struct http *h);
/* Why requests cannot be served now: a line each; nothing if they can. */
void status_reasons(const struct status *s, struct buf *reasons);

#endif
