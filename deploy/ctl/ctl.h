/* ctl.h: what every command of the tool `verona` shares: exit codes, options, the way errors look.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "base/buf.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct config;

enum ctl_exit {
    CTL_OK = 0,
    CTL_FAILED = 1,
    CTL_USAGE = 2,
    CTL_UNREACHABLE = 3, /* the cluster, or Redis, does not answer */
    CTL_NOTFOUND = 4,
    CTL_DENIED = 5,
    CTL_CONFLICT = 6,
    CTL_PARTIAL = 7,
    CTL_TEMPORARY = 75,
    CTL_CONFIG = 78,
};

struct str_list {
    const char **v;
    size_t n;
};

/* Values of the options; which of them a command takes is said in its row of the command table.
 * Strings point into argv. */
struct options {
    bool help, json, plain, quiet, detach, password_stdin, generate, yes;
    const char *color;  /* auto, always, never */
    const char *redis;  /* URL or NULL */
    const char *data;   /* data folder or NULL */
    const char *config; /* file or NULL */
    const char *wait;   /* duration or NULL */
    const char *timeout;
    const char *auth, *domain, *muc_domain, *bind;
    const char *password_file;
    const char *match;
    const char *gateways, *shards, *port_offset;
    struct str_list sets, admins;
};

struct ctl {
    struct options o;
    struct config *cfg;   /* defaults, environment, file, --set */
    const char *revision; /* the commit of this program; "": not known */
};

/* "error: ..." and, if hint is not NULL, "hint: ..." on stderr. Returns `code`. */
int ctl_fail(int code, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A line on stderr, unless --quiet. */
void ctl_note(const struct ctl *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What --json shows, on stdout; takes it. */
void ctl_print_json(json_t *taken);

/* "200ms", "5s", "2m" or plain seconds -> milliseconds. */
MUST_CHECK bool ctl_duration(const char *text, uint64_t *ms);
/* A whole number in [min, max]. */
MUST_CHECK bool ctl_number(const char *text, long min, long max, long *out);
/* Monotonic milliseconds. */
uint64_t ctl_now_ms(void);
/* Milliseconds since the Unix epoch. */
uint64_t ctl_wall_ms(void);
void ctl_sleep_ms(uint64_t ms);

#endif
