/* ctl.c: errors, durations and time for all commands. */
#include "deploy/ctl/ctl.h"

#include "deploy/ctl/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int ctl_fail(int code, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fflush(stdout);
    fprintf(stderr, "%serror:%s ", term_on(TERM_ERR, TERM_RED), term_off(TERM_ERR));
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    if (hint)
        fprintf(stderr, "hint:  %s\n", hint);
    return code;
}

void ctl_print_json(json_t *taken)
{
    json_dumpf(taken, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(taken);
}

void ctl_note(const struct ctl *c, const char *fmt, ...)
{
    if (c->o.quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

bool ctl_duration(const char *text, uint64_t *ms)
{
    char *end = NULL;
    errno = 0;
    unsigned long v = strtoul(text, &end, 10);
    if (errno || end == text || text[0] == '-' || v > 1000000)
        return false;
    if (!strcmp(end, "ms"))
        *ms = v;
    else if (!strcmp(end, "s") || !*end)
        *ms = v * 1000;
    else if (!strcmp(end, "m"))
        *ms = v * 60000;
    else
        return false;
    return true;
}

bool ctl_number(const char *text, long min, long max, long *out)
{
    char *end = NULL;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (errno || end == text || *end || v < min || v > max)
        return false;
    *out = v;
    return true;
}

static uint64_t read_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t ctl_now_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

uint64_t ctl_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

void ctl_sleep_ms(uint64_t ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}
