/* proc.h: processes of the operating system: who is who, and starting one that cannot outlive us.
 *
 * A pid alone proves nothing, numbers are used again. So a process is (pid, start time). */
#ifndef CTL_PROC_H
#define CTL_PROC_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_id {
    int64_t pid;    /* 0: none */
    uint64_t start; /* clock ticks since boot (/proc/PID/stat, field 22) */
};

/* The process of this pid now; pid 0 in the result if there is none or it is dead and not yet
 * reaped. */
struct proc_id proc_of(pid_t pid);
/* Is exactly this process still running? */
bool proc_alive(struct proc_id id);
/* kill(2), but only of exactly this process. */
void proc_kill(struct proc_id id, int sig);

/* Full path of a program: beside this one, else in PATH. */
MUST_CHECK bool proc_find(const char *name, bool beside, char *out, size_t room);

struct proc_start {
    const char *path;
    const char *const *argv; /* ends with NULL */
    int log_fd;              /* its stdout and stderr */
    int death_signal;        /* what it gets when we die */
};
/* In a session of its own, stdin from /dev/null, default signals, no other descriptors. Errors:
 * ERR_IO with a line in err. */
MUST_CHECK int proc_start(const struct proc_start *s, struct proc_id *out, struct buf *err);

#endif
