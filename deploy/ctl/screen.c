/* screen.c: see screen.h. */
#include "deploy/ctl/screen.h"

#include "deploy/ctl/proc.h"
#include "deploy/ctl/term.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *screen_program(void)
{
    static char name[PATH_MAX];
    char self[PATH_MAX], found[PATH_MAX], real[PATH_MAX], cwd[PATH_MAX];
    if (name[0])
        return name;
    snprintf(name, sizeof name, "verona");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return name;
    self[n] = '\0';
    if (proc_find("verona", false, found, sizeof found) && realpath(found, real) &&
        !strcmp(real, self))
        return name;
    size_t in = getcwd(cwd, sizeof cwd) ? strlen(cwd) : 0;
    if (in > 1 && !strncmp(self, cwd, in) && self[in] == '/')
        snprintf(name, sizeof name, "%s%s", strchr(self + in + 1, '/') ? "" : "./", self + in + 1);
    else
        snprintf(name, sizeof name, "%s", self);
    return name;
}

void screen_data_option(const struct folder *f, char *out, size_t room)
{
    out[0] = '\0';
    if (f->is_default)
        return;
    size_t n = (size_t)snprintf(out, room, " --data ");
    bool plain = strspn(f->dir, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._-+:@%,=") == strlen(f->dir);
    if (plain) {
        snprintf(out + n, room - n, "%s", f->dir);
        return;
    }
    out[n++] = '\'';
    for (const char *p = f->dir; *p && n + 6 < room; p++) {
        if (*p == '\'')
            n += (size_t)snprintf(out + n, room - n, "'\\'");
        out[n++] = *p;
    }
    snprintf(out + n, room - n, "'");
}

void screen_ports(const struct plan *p, const char *between, char *out, size_t room)
{
    enum { SHOWN = 4 };
    bool all = p->gateways <= SHOWN;
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < p->gateways && n < room; i++) {
        if (!all && i >= 2 && i + 1 < p->gateways)
            continue; /* every hundredth: the first two and the last tell it */
        const char *gap = !i ? "" : all || i < 2 ? between : " .. ";
        n += (size_t)snprintf(out + n, room - n, "%s%u", gap,
                              plan_process(p, p->shards + i).c2s_port);
    }
}

/* "localhost:5222 5322" */
static void address_line(const struct plan *p, char *out, size_t room)
{
    bool v6 = strchr(p->bind, ':') != NULL, local = !strcmp(p->bind, "127.0.0.1");
    char ports[96];
    screen_ports(p, " ", ports, sizeof ports);
    snprintf(out, room, "%s%s%s:%s", v6 ? "[" : "", local ? "localhost" : p->bind, v6 ? "]" : "",
             ports);
}

/* "ws://localhost:5280/xmpp-websocket", of the first gateway. */
static void websocket_line(const struct plan *p, char *out, size_t room)
{
    bool v6 = strchr(p->bind, ':') != NULL, local = !strcmp(p->bind, "127.0.0.1");
    snprintf(out, room, "ws://%s%s%s:%u/xmpp-websocket", v6 ? "[" : "",
             local ? "localhost" : p->bind, v6 ? "]" : "", plan_process(p, p->shards).ws_port);
}

static const char *who_may(const struct plan *p)
{
    if (!strcmp(p->auth, "open"))
        return "any name, any password: for development only";
    if (!strcmp(p->auth, "anonymous"))
        return "guests, without an account";
    return NULL;
}

void screen_ready(const struct plan *p, const struct folder *f, uint64_t took_ms,
                  const char *password, bool detached)
{
    char text[512], data[PATH_MAX + 16];
    screen_data_option(f, data, sizeof data);
    printf("%sReady in %.1f s%s\n\n", term_on(TERM_OUT, TERM_BOLD), (double)took_ms / 1000.0,
           term_off(TERM_OUT));
    address_line(p, text, sizeof text);
    printf("  XMPP       %-34s rooms at %s\n", text, p->muc_domain);
    websocket_line(p, text, sizeof text);
    printf("  WebSocket  %s\n", text);
    const char *me = screen_program();
    snprintf(text, sizeof text, "http://127.0.0.1:%u/metrics",
             plan_process(p, p->shards).admin_port);
    printf("  Metrics    %-34s each process has its own: %s status%s\n", text, me, data);
    if (who_may(p))
        printf("  Log in     %s\n", who_may(p));
    if (password)
        printf("  Account    %.*s / %s  (shown once; change: %s user passwd %.*s%s)\n",
               STR_FMT(buf_as_str(&p->first_admin)), password, me,
               STR_FMT(buf_as_str(&p->first_admin)), data);
    printf("\nNext:  %s status%s\n", me, data);
    if (!strcmp(p->auth, "accounts"))
        printf("       %s user add alice@%s%s\n", me, p->domain, data);
    printf("       %s room list%s\n", me, data);
    if (detached)
        printf("End it with:  %s down%s\n", me, data);
    else
        printf("Press Ctrl-C to drain and stop.\n");
    fflush(stdout);
}
