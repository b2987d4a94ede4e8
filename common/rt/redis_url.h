/* redis_url.h: redis://[user:password@]host[:port][/db] and unix:///path. */
#ifndef MUC_REDIS_URL_H
#define MUC_REDIS_URL_H

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>

struct redis_url {
    char *path;     /* unix socket; NULL: TCP */
    char *host;     /* name or address, without brackets; NULL with path */
    char *user;     /* percent-decoded; NULL if there is none */
    char *password; /* the same */
    uint16_t port;
    uint32_t db;
};

/* Error: ERR_INVALID, and out needs no redis_url_deinit(). */
MUST_CHECK int redis_url_parse(struct str url, struct redis_url *out);
void redis_url_deinit(struct redis_url *u);

#endif
