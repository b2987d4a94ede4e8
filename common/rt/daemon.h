/* daemon.h: what every long-running program of ours does around its loop: options, settings, log,
 * signals, exit codes. A program's main() is a table of three functions. */
#ifndef MUC_DAEMON_H
#define MUC_DAEMON_H

#include "base/buf.h"
#include "base/mem.h"

struct config;
struct loop;

struct daemon {
    const char *name;     /* "verona-shard" */
    const char *role;     /* "shard": in logs and metrics */
    const char *revision; /* the commit it was built from; "": not known */
    const char *about;    /* the first lines of --help: what it is, examples */

    /* Could it start with these settings? Starts nothing. Errors with a line for people:
     * ERR_INVALID, ERR_IO. */
    int (*check)(const struct config *cfg, struct buf *err);
    /* Starts; *out is handed to the others. Errors as above. */
    int (*start)(struct loop *l, const struct config *cfg, void **out, struct buf *err);
    /* SIGTERM, SIGINT: leaves in order, then stops the loop. Once more: stops at once. */
    void (*leave)(void *ctx);
    /* SIGHUP: reads again what can be read again. NULL: nothing can. Errors: ERR_INVALID, ERR_IO.
     */
    int (*reload)(void *ctx, struct buf *err);
    /* Frees what start() made. False: it ended because it could not go on. */
    bool (*end)(void *ctx);
};

/* The whole life of the process. Returns its exit code: 0 ended as asked, 1 failed, 2 usage, 78 bad
 * settings. */
int daemon_main(const struct daemon *d, int argc, char **argv);

#endif
