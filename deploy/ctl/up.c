/* up.c: `verona up`: a whole cluster on this machine, from real processes.
 *
 *   config -> data -> redis -> cluster -> shards, gateways -> account -> "Ready" -> watch -> drain
 */
#include "deploy/ctl/up.h"

#include "base/err.h"
#include "deploy/ctl/commands.h"
#include "deploy/ctl/detach.h"
#include "deploy/ctl/screen.h"
#include "deploy/ctl/term.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { LEFTOVER_MS = 5000 };

int up_failed(const char *step, int code, const char *fix, const struct buf *why)
{
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)why->len, why->data ? why->data : "");
    term_step_failed(step, text);
    if (fix)
        printf("    fix:  %s\n", fix);
    fflush(stdout);
    return code;
}

static int step_config(struct up *u)
{
    char text[700];
    const struct plan *p = &u->plan;
    const char *where = u->ctl->o.config ? u->ctl->o.config : "built-in defaults";
    snprintf(text, sizeof text, "%.200s, domain %s%s%s", where, p->domain,
             strcmp(p->auth, "accounts") ? ", auth " : "",
             strcmp(p->auth, "accounts") ? p->auth : "");
    term_step("config", text, 0);
    return CTL_OK;
}

/* What a supervisor that was killed may have left: its children get a signal from the kernel, and
 * here the time to go. */
static void clear_leftovers(const struct folder *f)
{
    struct state old;
    if (state_load(&old, f))
        return;
    uint64_t start = ctl_now_ms();
    bool any = true;
    while (any) {
        bool late = ctl_now_ms() - start > LEFTOVER_MS;
        any = false;
        for (size_t i = 0; i < old.n_processes; i++) {
            any = any || proc_alive(old.processes[i].proc);
            proc_kill(old.processes[i].proc, SIGKILL);
        }
        any = any || proc_alive(old.redis);
        proc_kill(old.redis, late ? SIGKILL : SIGTERM);
        if (any)
            ctl_sleep_ms(20);
    }
    state_deinit(&old);
    state_remove(f);
}

static int running_already(struct up *u)
{
    struct state s;
    char data[PATH_MAX + 16];
    long long pid = 0;
    if (!state_load(&s, &u->folder)) {
        pid = s.supervisor.pid;
        state_deinit(&s);
    }
    screen_data_option(&u->folder, data, sizeof data);
    struct buf why;
    buf_init(&why);
    buf_z(&why, "a cluster already runs with this folder");
    if (pid)
        buf_printf(&why, " (pid %lld)", pid);
    int code = up_failed("data", CTL_CONFLICT, NULL, &why);
    printf("    see:  %s status%s    or end it:  %s down%s\n", screen_program(), data,
           screen_program(), data);
    buf_deinit(&why);
    return code;
}

static int step_data(struct up *u)
{
    uint64_t t = ctl_now_ms();
    char pretty[PATH_MAX], text[PATH_MAX + 64];
    struct buf err;
    buf_init(&err);
    int rc = folder_make(&u->folder, &err);
    if (!rc)
        rc = folder_lock(&u->folder, &err); /* held until we end */
    if (rc == ERR_CONFLICT) {
        buf_deinit(&err);
        return running_already(u);
    }
    if (rc < 0)
        rc = up_failed("data", CTL_FAILED, "verona up --data DIR      (a folder of yours)", &err);
    else
        rc = CTL_OK;
    buf_deinit(&err);
    if (rc)
        return rc;
    clear_leftovers(&u->folder);
    folder_pretty(&u->folder, pretty, sizeof pretty);
    snprintf(text, sizeof text, "%s (%s)", pretty, u->folder.is_new ? "new" : "reused");
    term_step("data", text, ctl_now_ms() - t);
    return CTL_OK;
}

static int start_all(struct up *u)
{
    static int (*const steps[])(struct up *) = {step_config, up_programs, step_data,
                                                up_ports,    up_redis,    up_cluster,
                                                up_shards,   up_gateways, up_account};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int rc = steps[i](u);
        if (rc)
            return rc;
        if (up_stopped(u))
            return UP_INTERRUPTED;
    }
    return CTL_OK;
}

static void drain(struct up *u, bool quiet)
{
    char text[256], pretty[PATH_MAX], data[PATH_MAX + 16];
    uint64_t t = ctl_now_ms();
    unsigned gateways = 0, shards = 0;
    for (size_t i = 0; i < u->sup.n; i++) {
        gateways += u->sup.children[i].role == SUP_GATEWAY && u->sup.children[i].running;
        shards += u->sup.children[i].role == SUP_SHARD && u->sup.children[i].running;
    }
    if (!quiet)
        term_waiting("drain", "clients are told, rooms are saved (Ctrl-C again: at once)");
    unsigned killed = sup_stop(&u->sup);
    state_remove(&u->folder);
    folder_clear_sockets(&u->folder);
    if (quiet)
        return;
    snprintf(text, sizeof text, "%u gateway%s and %u shard%s ended", gateways,
             gateways == 1 ? "" : "s", shards, shards == 1 ? "" : "s");
    if (killed)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %u by force", killed);
    term_step("drain", text, ctl_now_ms() - t);
    folder_pretty(&u->folder, pretty, sizeof pretty);
    screen_data_option(&u->folder, data, sizeof data);
    printf("Stopped. Data kept in %s %s run \"%s up%s\" to continue.\n", pretty,
           term_fancy() ? "–" : "-", screen_program(), data);
    fflush(stdout);
}

/* From the first step to the last child's end. report: -1 in the foreground. */
static int run(struct up *u, int report)
{
    uint64_t t = ctl_now_ms();
    printf("%sverona %s%s %s sharded XMPP group chat\n", term_on(TERM_OUT, TERM_BOLD),
           VERONA_VERSION, term_off(TERM_OUT), term_fancy() ? "–" : "-");
    fflush(stdout);
    if (sup_init(&u->sup, &u->folder, plan_count(&u->plan) + 1))
        return ctl_fail(CTL_FAILED, NULL, "cannot take over signals");
    int rc = start_all(u);
    rds_close(&u->redis);
    if (rc == CTL_OK) {
        screen_ready(&u->plan, &u->folder, ctl_now_ms() - t, u->password[0] ? u->password : NULL,
                     report >= 0);
        OPENSSL_cleanse(u->password, sizeof u->password);
        if (report >= 0) {
            detach_ready(report, folder_open_log(&u->folder, "supervisor"));
            term_setup("never");
            u->sup.log_only = true;
        }
        u->sup.keep = true;
        while (!up_stopped(u))
            sup_turn(&u->sup, -1);
        if (isatty(STDOUT_FILENO))
            putchar('\n'); /* behind the terminal's ^C */
    }
    if (u->sup.n)
        drain(u, rc != CTL_OK);
    if (rc == UP_INTERRUPTED)
        term_clear();
    if (rc == UP_INTERRUPTED)
        printf("Stopped before it was ready.\n");
    sup_deinit(&u->sup);
    return rc == UP_INTERRUPTED ? CTL_FAILED : rc;
}

int cmd_up(struct ctl *c, int argc, char **argv)
{
    static struct up u; /* large */
    struct buf err;
    int code = CTL_OK, report = -1;
    (void)argc;
    (void)argv;
    u.ctl = c;
    buf_init(&err);
    if (plan_make(&u.plan, &c->o, c->cfg, &err) || folder_name(c->o.data, &u.folder, &err)) {
        code = ctl_fail(CTL_USAGE, "verona up --help", "%.*s", (int)err.len, err.data);
    } else if (!c->o.detach || detach_fork(&code, &report)) {
        code = run(&u, report);
    }
    plan_deinit(&u.plan);
    buf_deinit(&err);
    return code;
}
