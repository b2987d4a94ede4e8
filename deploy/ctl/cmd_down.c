/* cmd_down.c: `verona down`: asks the supervisor to end, and waits until everything is gone. */
#include "deploy/ctl/commands.h"

#include "base/err.h"
#include "deploy/ctl/folder.h"
#include "deploy/ctl/screen.h"
#include "deploy/ctl/state.h"
#include "deploy/ctl/term.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { DOWN_MS = 120000, POLL_MS = 20, FORCED_MS = 10000 };

static unsigned alive(const struct state *s)
{
    unsigned n = proc_alive(s->supervisor) + proc_alive(s->redis);
    for (size_t i = 0; i < s->n_processes; i++)
        n += proc_alive(s->processes[i].proc);
    return n;
}

/* Its processes as they are now: restarts change them while we wait. */
static void refresh(struct state *s, const struct folder *f)
{
    struct state newer;
    if (!proc_alive(s->supervisor) || state_load(&newer, f))
        return;
    if (newer.supervisor.pid == s->supervisor.pid &&
        newer.supervisor.start == s->supervisor.start) {
        state_deinit(s);
        *s = newer;
    } else {
        state_deinit(&newer);
    }
}

static bool wait_gone(struct state *s, const struct folder *f, uint64_t limit_ms)
{
    uint64_t start = ctl_now_ms();
    for (;;) {
        refresh(s, f);
        if (!alive(s))
            return true;
        if (ctl_now_ms() - start > limit_ms)
            return false;
        ctl_sleep_ms(POLL_MS);
    }
}

static void force(struct state *s)
{
    proc_kill(s->supervisor, SIGKILL);
    for (size_t i = 0; i < s->n_processes; i++)
        proc_kill(s->processes[i].proc, SIGKILL);
    proc_kill(s->redis, SIGTERM); /* what it has is written first */
}

/* Unless another `verona up` has the folder already: then all in it is the other's. */
static void clear(const struct folder *f)
{
    struct buf ignored;
    buf_init(&ignored);
    int fd = folder_lock(f, &ignored);
    if (fd >= 0) {
        state_remove(f);
        folder_clear_sockets(f);
        close(fd);
    }
    buf_deinit(&ignored);
}

static int still_there(const struct state *s)
{
    term_clear();
    return ctl_fail(CTL_FAILED, "the log folder may say why", "%u processes do not end", alive(s));
}

static int end(const struct ctl *c, struct folder *f, struct state *s, uint64_t limit_ms)
{
    char text[128], pretty[PATH_MAX], data[PATH_MAX + 16];
    uint64_t t = ctl_now_ms();
    size_t n = s->n_processes;
    if (!proc_alive(s->supervisor))
        force(s); /* it was killed: what it left, if anything, has nobody to lead it */
    proc_kill(s->supervisor, SIGTERM);
    if (!c->o.quiet)
        term_waiting("drain", "clients are told, rooms are saved");
    bool forced = !wait_gone(s, f, limit_ms);
    if (forced) {
        force(s);
        if (!wait_gone(s, f, FORCED_MS)) {
            proc_kill(s->redis, SIGKILL);
            if (!wait_gone(s, f, FORCED_MS))
                return still_there(s);
        }
    }
    clear(f);
    if (c->o.quiet)
        return CTL_OK;
    snprintf(text, sizeof text, "%zu processes ended%s", n, forced ? " by force" : "");
    term_step("drain", text, ctl_now_ms() - t);
    folder_pretty(f, pretty, sizeof pretty);
    screen_data_option(f, data, sizeof data);
    printf("Stopped. Data kept in %s %s run \"%s up%s\" to continue.\n", pretty,
           term_fancy() ? "–" : "-", screen_program(), data);
    return CTL_OK;
}

int cmd_down(struct ctl *c, int argc, char **argv)
{
    static struct folder f;
    struct state s;
    struct buf err;
    uint64_t limit_ms = DOWN_MS;
    (void)argc;
    (void)argv;
    if (c->o.timeout && !ctl_duration(c->o.timeout, &limit_ms))
        return ctl_fail(CTL_USAGE, "--timeout 30s", "--timeout must be a time such as 30s");
    buf_init(&err);
    int rc = folder_name(c->o.data, &f, &err);
    if (rc)
        rc = ctl_fail(CTL_USAGE, "verona down --data DIR", "%.*s", (int)err.len, err.data);
    buf_deinit(&err);
    if (rc)
        return rc;
    rc = state_load(&s, &f);
    if (rc == ERR_PROTO)
        return ctl_fail(CTL_FAILED, "verona up with this folder writes it anew",
                        "%s/cluster.json cannot be read", f.run);
    if (rc == ERR_DENIED)
        return ctl_fail(CTL_DENIED, "run it as the user who ran verona up",
                        "the cluster in the folder %s belongs to another user", f.dir);
    if (rc || !alive(&s)) {
        if (!rc) {
            state_deinit(&s);
            clear(&f);
        }
        ctl_note(c, "Nothing runs with the folder %s.", f.dir);
        return CTL_OK;
    }
    rc = end(c, &f, &s, limit_ms);
    state_deinit(&s);
    return rc;
}
