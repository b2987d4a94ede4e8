/* node.c: see node.h. */
#include "rt/node.h"

#include "base/err.h"
#include "rt/config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int node_init(struct node *n, const struct config *cfg, const char *prefix, struct buf *err)
{
    const char *id = config_str(cfg, CFG_NODE_ID);
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(n->host, sizeof n->host, "%.64s", host);
    int len = id[0] ? snprintf(n->id, sizeof n->id, "%s", id)
                    : snprintf(n->id, sizeof n->id, "%s-%.62s", prefix, host);
    bool ok = len > 0 && len < (int)sizeof n->id;
    for (const char *p = n->id; ok && *p; p++)
        ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
             *p == '.' || *p == '_' || *p == '-';
    if (ok)
        return 0;
    buf_printf(err, "node.id: \"%s\" is not 1 to 64 of A-Z a-z 0-9 . _ -", id[0] ? id : n->id);
    return ERR_INVALID;
}

void node_admin(const struct config *cfg, uint16_t port, struct buf *out)
{
    const char *advertise = config_str(cfg, CFG_ADMIN_ADVERTISE);
    const char *listen = config_str(cfg, CFG_ADMIN_LISTEN), *colon = strrchr(listen, ':');
    if (advertise[0] || !colon)
        buf_z(out, advertise[0] ? advertise : listen);
    else
        buf_printf(out, "%.*s:%u", (int)(colon - listen), listen, (unsigned)port);
}
