/* main.c: verona-shard. */
#include "base/revision.h"
#include "rt/daemon.h"
#include "shard/shard.h"

static int start(struct loop *l, const struct config *cfg, void **out, struct buf *err)
{
    struct shard *s = NULL;
    int rc = shard_new(l, cfg, &s, err);
    *out = s;
    return rc;
}

static void leave(void *ctx)
{
    shard_leave(ctx);
}

static bool end(void *ctx)
{
    struct shard *s = ctx;
    bool fine = shard_trouble(s) == 0;
    shard_destroy(&s);
    return fine;
}

int main(int argc, char **argv)
{
    static const struct daemon d = {
        .name = "verona-shard",
        .role = "shard",
        .revision = verona_revision,
        .about = "verona-shard: owns rooms of a Verona cluster and keeps them in Redis.\n"
                 "\n"
                 "  verona-shard --set redis.url=redis://db:6379 --set bus.listen='tcp://*:5270'\n"
                 "  verona-shard --config /etc/verona/shard.conf\n"
                 "\n"
                 "Usually `verona up`, Docker or systemd starts it.\n",
        .check = shard_check,
        .start = start,
        .leave = leave,
        .end = end,
    };
    return daemon_main(&d, argc, argv);
}
