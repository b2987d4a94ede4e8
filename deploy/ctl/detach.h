/* detach.h: `verona up --detach`: a supervisor in a session of its own; the caller waits until it
 * is ready.
 *
 *   caller --fork--> supervisor: prints its steps to the caller's terminal
 *          <--1 byte-- exit code, once all is ready; from then on it writes to
 *                      DIR/log/supervisor.log */
#ifndef CTL_DETACH_H
#define CTL_DETACH_H

#include <stdbool.h>

/* In the caller: returns false, *code is what to exit with. In the supervisor: true, *report is for
 * detach_ready(). */
bool detach_fork(int *code, int *report);
/* The supervisor lets go of the caller's terminal. log_fd replaces stdout and stderr;
 * negative: /dev/null does. */
void detach_ready(int report, int log_fd);

#endif
