/* screen.c: see screen.h. */
#include "deploy/ctl/screen.h"

#include "deploy/ctl/term.h"

#include <stdio.h>

void screen_data_option(const struct folder *f, char *out, size_t room)
{
    out[0] = '\0';
    if (!f->is_default)
        snprintf(out, room, " --data %s", f->dir);
}

/* "localhost:5222 5322" */
static void ports_line(const struct plan *p, char *out, size_t room)
{
    bool v6 = strchr(p->bind, ':') != NULL, local = !strcmp(p->bind, "127.0.0.1");
    size_t n = (size_t)snprintf(out, room, "%s%s%s:", v6 ? "[" : "", local ? "localhost" : p->bind,
                                v6 ? "]" : "");
    for (unsigned i = 0; i < p->gateways && n < room; i++)
        n += (size_t)snprintf(out + n, room - n, "%s%u", i ? " " : "",
                              plan_process(p, p->shards + i).c2s_port);
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
    ports_line(p, text, sizeof text);
    printf("  XMPP       %-35srooms at %s\n", text, p->muc_domain);
    snprintf(text, sizeof text, "http://127.0.0.1:%u/metrics",
             plan_process(p, p->shards).admin_port);
    printf("  Metrics    %-35seach process has its own: verona status%s\n", text, data);
    if (who_may(p))
        printf("  Log in     %s\n", who_may(p));
    if (password)
        printf("  Account    %.*s / %s  (shown once; change: verona user passwd %.*s%s)\n",
               STR_FMT(buf_as_str(&p->first_admin)), password, STR_FMT(buf_as_str(&p->first_admin)),
               data);
    printf("\nNext:  verona status%s\n", data);
    if (!strcmp(p->auth, "accounts"))
        printf("       verona user add alice@%s%s\n", p->domain, data);
    printf("       verona room list%s\n", data);
    if (detached)
        printf("End it with:  verona down%s\n", data);
    else
        printf("Press Ctrl-C to drain and stop.\n");
    fflush(stdout);
}
