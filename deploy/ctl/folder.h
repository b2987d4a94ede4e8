/* folder.h: the data folder of a local cluster.
 *
 *   DIR/redis            Redis' append-only file: what must be kept
 *   DIR/log/<id>.log     what each process says
 *   DIR/run/             lock, cluster.json, sockets: of the running cluster only
 */
#ifndef CTL_FOLDER_H
#define CTL_FOLDER_H

#include "base/buf.h"
#include "base/mem.h"

#include <limits.h>
#include <stdbool.h>

struct folder {
    char dir[PATH_MAX];
    char run[PATH_MAX + 8];
    char sockets[96]; /* = run, or a short one under /tmp where run is too long for a
                       * socket's path */
    bool is_default;  /* no --data is needed to find it */
    bool is_new;      /* there was no data in it when folder_make() came */
};

/* Names only; touches nothing. data NULL: ${XDG_DATA_HOME:-~/.local/share}/verona. Errors:
 * ERR_INVALID with a line in err. */
MUST_CHECK int folder_name(const char *data, struct folder *f, struct buf *err);
/* Creates what is missing, mode 0700. Errors: ERR_IO. */
MUST_CHECK int folder_make(struct folder *f, struct buf *err);
/* Takes the lock for as long as the process lives. Returns the descriptor, ERR_CONFLICT if another
 * holds it, ERR_IO. */
MUST_CHECK int folder_lock(const struct folder *f, struct buf *err);
/* Removes the sockets of processes that have ended, and their folder if it is one under /tmp. */
void folder_clear_sockets(const struct folder *f);
/* "~/.local/share/verona" for people. */
void folder_pretty(const struct folder *f, char *out, size_t room);
/* Opens DIR/log/<id>.log to append; a file over 16 MiB becomes <id>.log.1 first. Descriptor or -1.
 */
int folder_open_log(const struct folder *f, const char *id);
/* Prints the last lines of DIR/log/<id>.log behind byte `from`, indented. */
void folder_print_log_tail(const struct folder *f, const char *id, int64_t from, size_t lines);

#endif
