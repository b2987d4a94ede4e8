/* sup.c: see sup.h. */
#include "deploy/ctl/sup.h"

#include "base/err.h"
#include "deploy/ctl/ctl.h"
#include "deploy/ctl/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 2000,
    STEADY_MS = 10000, /* who ran so long starts with a short wait again */
    STOP_MS = 30000,
    LEAVE_MS = 2000, /* for Redis to write its file although we are in a hurry */
};

static const char *name_of(enum sup_role role)
{
    static const char *const names[] = {"redis", "shard", "gateway"};
    return names[role];
}

int sup_init(struct sup *s, const struct folder *f, size_t max_children)
{
    sigset_t set;
    memset(s, 0, sizeof *s);
    s->folder = f;
    s->signal_fd = -1;
    s->children = mem_zalloc(max_children * sizeof *s->children);
    s->state.processes = mem_zalloc(max_children * sizeof *s->state.processes);
    s->state.supervisor = proc_of(getpid());
    s->state.started_ms = ctl_wall_ms();
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    struct sigaction hup;
    if (sigaction(SIGHUP, NULL, &hup) || hup.sa_handler != SIG_IGN) /* nohup verona up */
        sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return ERR_IO;
    s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? ERR_IO : 0;
}

void sup_deinit(struct sup *s)
{
    for (size_t i = 0; i < s->n; i++) {
        buf_deinit(&s->children[i].text);
        mem_free(s->children[i].argv);
    }
    mem_free(s->children);
    state_deinit(&s->state);
    if (s->signal_fd >= 0)
        close(s->signal_fd);
    s->signal_fd = -1;
    s->children = NULL;
    s->n = 0;
}

struct sup_child *sup_add(struct sup *s, enum sup_role role, const char *id, size_t args)
{
    struct sup_child *c = &s->children[s->n++];
    c->role = role;
    snprintf(c->id, sizeof c->id, "%s", id);
    buf_init(&c->text);
    c->argv = mem_zalloc((args + 1) * sizeof *c->argv);
    return c;
}

/* cluster.json as it is now. Nothing depends on it that cannot wait for the next change. */
static void save(struct sup *s)
{
    struct state *st = &s->state;
    st->n_processes = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct sup_child *c = &s->children[i];
        if (c->role == SUP_REDIS) {
            st->redis = c->proc;
            st->redis_restarts = c->restarts;
            continue;
        }
        struct state_process *p = &st->processes[st->n_processes++];
        snprintf(p->role, sizeof p->role, "%s", name_of(c->role));
        snprintf(p->id, sizeof p->id, "%s", c->id);
        snprintf(p->admin, sizeof p->admin, "127.0.0.1:%u", c->admin_port);
        p->c2s_port = c->c2s_port;
        p->ws_port = c->ws_port;
        p->admin_port = c->admin_port;
        p->restarts = c->restarts;
        p->proc = c->proc;
    }
    if (state_save(st, s->folder))
        fprintf(stderr, "cannot write cluster.json in %s\n", s->folder->run);
}

int sup_start(struct sup *s, struct sup_child *c, struct buf *err)
{
    int fd = folder_open_log(s->folder, c->id);
    if (fd < 0) {
        buf_printf(err, "cannot write the log of %s: %s", c->id, strerror(errno));
        return ERR_IO;
    }
    c->log_from = lseek(fd, 0, SEEK_END);
    /* Redis gets the chance to write; the others are built to be killed. */
    struct proc_start how = {c->path, c->argv, fd, c->role == SUP_REDIS ? SIGTERM : SIGKILL};
    int rc = proc_start(&how, &c->proc, err);
    close(fd);
    c->running = !rc;
    c->started_ms = ctl_now_ms();
    c->again_ms = 0;
    if (!rc)
        save(s);
    return rc;
}

void sup_describe_end(const struct sup_child *c, struct buf *out)
{
    if (WIFSIGNALED(c->status))
        buf_printf(out, "ended by signal %d (%s)", WTERMSIG(c->status),
                   strsignal(WTERMSIG(c->status)));
    else
        buf_printf(out, "ended with status %d", WEXITSTATUS(c->status));
}

/* One line on the screen, and the same in DIR/log/supervisor.log. */
static void report(struct sup *s, const struct sup_child *c, const char *text)
{
    char line[512], when[32];
    struct tm tm;
    time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!s->log_only)
        term_step_warn(name_of(c->role), text);
    int n = snprintf(line, sizeof line, "ts=%s level=warn event=child role=%s id=%s text=\"%s\"\n",
                     when, name_of(c->role), c->id, text);
    int fd = folder_open_log(s->folder, "supervisor");
    if (fd >= 0) {
        ssize_t ignored = write(fd, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
        (void)ignored;
        close(fd);
    }
}

static void ended(struct sup *s, struct sup_child *c, uint64_t now)
{
    struct buf text;
    c->running = false;
    if (!s->keep)
        return;
    if (now - c->started_ms > STEADY_MS || !c->backoff_ms)
        c->backoff_ms = BACKOFF_MIN_MS;
    else
        c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
    c->again_ms = now + c->backoff_ms;
    c->restarts++;
    buf_init(&text);
    buf_printf(&text, "%s ", c->id);
    sup_describe_end(c, &text);
    buf_printf(&text, "; starting it again in %.1f s (restart %lld)",
               (double)c->backoff_ms / 1000.0, (long long)c->restarts);
    buf_c(&text, '\0');
    report(s, c, text.data);
    buf_deinit(&text);
}

static void reap(struct sup *s, uint64_t now)
{
    for (size_t i = 0; i < s->n; i++) {
        struct sup_child *c = &s->children[i];
        if (c->running && waitpid((pid_t)c->proc.pid, &c->status, WNOHANG) == c->proc.pid)
            ended(s, c, now);
    }
}

static void start_again(struct sup *s, struct sup_child *c, uint64_t now)
{
    struct buf err;
    buf_init(&err);
    if (sup_start(s, c, &err)) {
        buf_c(&err, '\0');
        report(s, c, err.data);
        c->again_ms = now + BACKOFF_MAX_MS;
    }
    buf_deinit(&err);
}

void sup_turn(struct sup *s, int timeout_ms)
{
    uint64_t now = ctl_now_ms();
    for (size_t i = 0; i < s->n; i++) {
        uint64_t at = s->children[i].again_ms;
        int wait = at > now ? (int)(at - now) : 0;
        if (at && s->keep && (timeout_ms < 0 || wait < timeout_ms))
            timeout_ms = wait;
    }
    struct pollfd p = {.fd = s->signal_fd, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) > 0) {
        struct signalfd_siginfo info;
        while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
            s->stops += info.ssi_signo != SIGCHLD;
    }
    now = ctl_now_ms();
    reap(s, now);
    for (size_t i = 0; i < s->n; i++)
        if (s->keep && s->children[i].again_ms && s->children[i].again_ms <= now)
            start_again(s, &s->children[i], now);
}

static bool any_running(const struct sup *s, enum sup_role role)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->children[i].role == role && s->children[i].running)
            return true;
    return false;
}

/* A child that runs is not reaped yet, so its pid is its own. */
static void signal_all(struct sup *s, enum sup_role role, int sig)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->children[i].role == role && s->children[i].running)
            kill((pid_t)s->children[i].proc.pid, sig);
}

/* Returns how many did not end by themselves. */
static unsigned stop_role(struct sup *s, enum sup_role role, unsigned patience)
{
    uint64_t start = ctl_now_ms();
    unsigned killed = 0;
    for (size_t i = 0; i < s->n; i++)
        s->children[i].status = 0; /* of those that ended earlier */
    signal_all(s, role, SIGTERM);
    while (any_running(s, role)) {
        bool hurry = s->stops > patience;
        uint64_t limit = !hurry ? STOP_MS : role == SUP_REDIS ? LEAVE_MS : 0;
        if (ctl_now_ms() - start >= limit)
            signal_all(s, role, SIGKILL);
        sup_turn(s, 50);
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct sup_child *c = &s->children[i];
        killed += c->role == role && WIFSIGNALED(c->status) && WTERMSIG(c->status) == SIGKILL;
    }
    return killed;
}

unsigned sup_stop(struct sup *s)
{
    unsigned patience = s->stops, killed = 0;
    s->keep = false;
    killed += stop_role(s, SUP_GATEWAY, patience);
    killed += stop_role(s, SUP_SHARD, patience);
    killed += stop_role(s, SUP_REDIS, patience);
    return killed;
}
