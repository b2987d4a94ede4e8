/* proc.c: see proc.h. */
#include "deploy/ctl/proc.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct proc_id proc_of(pid_t pid)
{
    struct proc_id none = {0, 0}, id = {pid, 0};
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return none;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return none;
    text[n] = '\0';
    /* "pid (name, which may hold anything) state ppid ...": fields are counted from the last ')'.
     */
    const char *p = strrchr(text, ')');
    if (!p || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
        return none;
    p += 2;
    for (int field = 3; field < 22; field++) {
        p = strchr(p, ' ');
        if (!p)
            return none;
        p++;
    }
    id.start = strtoull(p, NULL, 10);
    return id;
}

bool proc_alive(struct proc_id id)
{
    if (id.pid <= 0)
        return false;
    struct proc_id now = proc_of((pid_t)id.pid);
    return now.pid == id.pid && now.start == id.start;
}

/* A pidfd holds the process: what is checked is what gets the signal, even if it ends in between
 * and another takes its number. Kernels before 5.3 have none. */
void proc_kill(struct proc_id id, int sig)
{
    if (id.pid <= 0)
        return;
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)id.pid, 0u);
    if (fd < 0 && errno != ENOSYS)
        return;
    if (proc_alive(id)) {
        if (fd >= 0)
            syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0u);
        else
            kill((pid_t)id.pid, sig);
    }
    if (fd >= 0)
        close(fd);
}

static bool runnable(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

bool proc_find(const char *name, bool beside, char *out, size_t room)
{
    if (strchr(name, '/'))
        return (size_t)snprintf(out, room, "%s", name) < room && runnable(out);
    if (beside) {
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n > 0) {
            self[n] = '\0';
            char *slash = strrchr(self, '/');
            *slash = '\0';
            if ((size_t)snprintf(out, room, "%s/%s", self, name) < room && runnable(out))
                return true;
        }
    }
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        if (n && (size_t)snprintf(out, room, "%.*s/%s", (int)n, p, name) < room && runnable(out))
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

/* In the child: only what is safe after fork. What fails is written to `report` as errno. */
static void become(const struct proc_start *s, pid_t parent, int report)
{
    sigset_t none;
    sigemptyset(&none);
    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
#ifdef SYS_close_range
    syscall(SYS_close_range, 3u, ~0u,
            4u /* CLOSE_RANGE_CLOEXEC: the pipe `report` lives until exec */);
#endif
    int null = open("/dev/null", O_RDONLY);
    if (prctl(PR_SET_PDEATHSIG, s->death_signal) || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(s->log_fd, STDOUT_FILENO) < 0 || dup2(s->log_fd, STDERR_FILENO) < 0)
        goto out;
    if (null > STDERR_FILENO)
        close(null);
    /* The parent may have died before the request for a signal was in place. */
    if (getppid() != parent)
        _exit(127);
    execv(s->path, (char *const *)(uintptr_t)s->argv);
out:;
    int e = errno;
    ssize_t ignored = write(report, &e, sizeof e);
    (void)ignored;
    _exit(127);
}

int proc_start(const struct proc_start *s, struct proc_id *out, struct buf *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC)) {
        buf_printf(err, "cannot start %s: %s", s->path, strerror(errno));
        return ERR_IO;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(s, parent, report[1]);
    int e = pid < 0 ? errno : 0;
    close(report[1]);
    if (pid > 0) {
        ssize_t n;
        do
            n = read(report[0], &e, sizeof e); /* ends with the exec */
        while (n < 0 && errno == EINTR);
        if (n != (ssize_t)sizeof e)
            e = 0;
        else
            waitpid(pid, NULL, 0);
    }
    close(report[0]);
    if (e) {
        buf_printf(err, "cannot start %s: %s", s->path, strerror(e));
        return ERR_IO;
    }
    *out = proc_of(pid);
    out->pid = pid; /* also if it has ended already */
    return 0;
}
