/* main.c: verona-gateway. */
#include "base/revision.h"
#include "gateway/gateway.h"
#include "rt/daemon.h"

static int start(struct loop *l, const struct config *cfg, void **out, struct buf *err)
{
    struct gateway *g = NULL;
    int rc = gateway_new(l, cfg, &g, err);
    *out = g;
    return rc;
}

static void leave(void *ctx)
{
    gateway_leave(ctx);
}

static int reload(void *ctx, struct buf *err)
{
    return gateway_reload(ctx, err);
}

static bool end(void *ctx)
{
    struct gateway *g = ctx;
    bool fine = gateway_trouble(g) == 0;
    gateway_destroy(&g);
    return fine;
}

int main(int argc, char **argv)
{
    static const struct daemon d = {
        .name = "verona-gateway",
        .role = "gateway",
        .revision = verona_revision,
        .about =
            "verona-gateway: speaks XMPP with clients and passes rooms' business to the shards.\n"
            "\n"
            "  verona-gateway --set redis.url=redis://db:6379 --set c2s.listen=0.0.0.0:5222\n"
            "  verona-gateway --config /etc/verona/gateway.conf\n"
            "\n"
            "Usually `verona up`, Docker or systemd starts it. SIGHUP reads the certificate "
            "again.\n",
        .check = gateway_check,
        .start = start,
        .leave = leave,
        .reload = reload,
        .end = end,
    };
    return daemon_main(&d, argc, argv);
}
