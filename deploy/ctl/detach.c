/* detach.c: see detach.h. */
#include "deploy/ctl/detach.h"

#include "deploy/ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* Ctrl-C while it starts: the supervisor, which is in another session, is told. */
static int wait_ready(pid_t supervisor, int fd)
{
    struct sigaction a = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    for (;;) {
        unsigned char code;
        ssize_t n = read(fd, &code, 1);
        if (n == 1)
            return code;
        if (n == 0 || errno != EINTR)
            break;
        if (interrupted)
            kill(supervisor, SIGTERM);
        interrupted = 0;
    }
    int status;
    while (waitpid(supervisor, &status, 0) < 0)
        if (errno != EINTR)
            return CTL_FAILED;
    return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : CTL_FAILED;
}

bool detach_fork(int *code, int *report)
{
    int p[2];
    *report = -1;
    *code = CTL_FAILED;
    fflush(NULL);
    if (pipe2(p, O_CLOEXEC)) {
        ctl_fail(CTL_FAILED, NULL, "no pipe: %s", strerror(errno));
        return false;
    }
    pid_t pid = fork();
    if (pid < 0) {
        ctl_fail(CTL_FAILED, NULL, "cannot start another process: %s", strerror(errno));
        return false;
    }
    if (pid > 0) {
        close(p[1]);
        *code = wait_ready(pid, p[0]);
        close(p[0]);
        return false;
    }
    setsid();
    /* A script that waits for the end of its pipes must not wait for us. */
    if (p[1] != 3)
        dup2(p[1], 3);
    fcntl(3, F_SETFD, FD_CLOEXEC);
#ifdef SYS_close_range
    syscall(SYS_close_range, 4u, ~0u, 0u);
#else
    close(p[0]);
#endif
    *report = 3;
    return true;
}

void detach_ready(int report, int log_fd)
{
    unsigned char ok = CTL_OK;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    fflush(stdout);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
    int out = log_fd >= 0 ? log_fd : null;
    if (out >= 0) {
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
    }
    if (log_fd >= 0)
        close(log_fd);
    if (null >= 0)
        close(null);
    ssize_t ignored = write(report, &ok, 1);
    (void)ignored;
    close(report);
}
