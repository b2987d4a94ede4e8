/* secret.c: see secret.h. */
#include "deploy/ctl/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 1023 };

void secret_wipe(struct buf *b)
{
    if (b->data)
        OPENSSL_cleanse(b->data, b->cap);
    buf_deinit(b);
}

/* read(2) of one byte; with a mask, the signals that it lets through end the wait (-1). */
static ssize_t read_byte(int fd, const sigset_t *mask, char *c)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (mask && ppoll(&p, 1, NULL, mask) < 0)
        return -1;
    return read(fd, c, 1);
}

/* The first line, byte by byte: whoever reads stdin after us finds the second. False: it is too
 * long, or nothing came at all. */
static bool read_line(int fd, const sigset_t *mask, char line[SECRET_MAX + 1], size_t *n)
{
    char c;
    ssize_t got;
    *n = 0;
    while ((got = read_byte(fd, mask, &c)) == 1 && c != '\n' && *n <= SECRET_MAX) {
        if (*n < SECRET_MAX)
            line[*n] = c;
        ++*n;
    }
    if (*n && *n <= SECRET_MAX && line[*n - 1] == '\r')
        --*n;
    return *n <= SECRET_MAX && (got == 1 || (got == 0 && *n));
}

static int from_fd(int fd, const char *from, struct buf *out)
{
    char line[SECRET_MAX + 1];
    size_t n;
    int rc = CTL_OK;
    bool ok = read_line(fd, NULL, line, &n);
    if (n > SECRET_MAX)
        rc = ctl_fail(CTL_USAGE, "--generate makes one of a good length",
                      "the password in %s is longer than %d bytes", from, SECRET_MAX);
    else if (!ok || !n)
        rc = ctl_fail(CTL_USAGE, "--generate makes one", "there is no password in %s", from);
    else
        buf_put(out, line, n);
    OPENSSL_cleanse(line, sizeof line);
    return rc;
}

static int from_file(const char *path, struct buf *out)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return ctl_fail(CTL_FAILED, NULL, "cannot read %s: %s", path, strerror(errno));
    int rc = from_fd(fileno(in), path, out);
    fclose(in);
    return rc;
}

/* ---- a terminal */

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
    caught = sig;
}

enum { N_SIGNALS = 3 };
static const int signals[N_SIGNALS] = {SIGINT, SIGTERM, SIGTSTP};

struct caught {
    struct sigaction was[N_SIGNALS];
    sigset_t mask; /* as it was; the three come in only while we wait under it */
};

/* Ctrl-C at the prompt must not leave a terminal that shows nothing. What is to be ignored is. */
static void catch_signals(struct caught *c)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigset_t block;
    caught = 0;
    sigemptyset(&block);
    for (int i = 0; i < N_SIGNALS; i++)
        sigaddset(&block, signals[i]);
    sigprocmask(SIG_BLOCK, &block, &c->mask);
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaction(signals[i], NULL, &c->was[i]);
        if (c->was[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &a, NULL);
    }
}

/* Does now what the signal would have done. */
static void release_signals(const struct caught *c)
{
    for (int i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i], &c->was[i], NULL);
    sigprocmask(SIG_SETMASK, &c->mask, NULL);
    if (caught)
        raise(caught);
}

/* An exit code. An empty answer is one; the end of input is none. */
static int ask(const char *prompt, struct buf *out)
{
    struct termios was, silent;
    struct caught signals_were;
    char line[SECRET_MAX + 1];
    size_t n;
    catch_signals(&signals_were);
    bool echo_off = !tcgetattr(STDIN_FILENO, &was);
    silent = was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (echo_off)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    fprintf(stderr, "%s", prompt); /* now, so that what answers it is not shown */
    fflush(stderr);
    bool ok = read_line(STDIN_FILENO, &signals_were.mask, line, &n);
    if (echo_off)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputc('\n', stderr);
    if (ok)
        buf_put(out, line, n);
    OPENSSL_cleanse(line, sizeof line);
    release_signals(&signals_were);
    if (ok)
        return CTL_OK;
    return ctl_fail(CTL_FAILED, NULL, "%s",
                    n > SECRET_MAX ? "that is too long for a password" : "no password given");
}

static int from_terminal(struct buf *out)
{
    struct buf again;
    int rc;
    buf_init(&again);
    rc = ask("Password (empty: make one): ", out);
    if (!rc && out->len) {
        rc = ask("Once more: ", &again);
        if (!rc && !str_eq(buf_as_str(out), buf_as_str(&again)))
            rc = ctl_fail(CTL_FAILED, NULL, "the two are not the same; nothing was changed");
    }
    secret_wipe(&again);
    return rc;
}

int secret_get(const struct ctl *c, struct buf *out)
{
    if ((c->o.password_file != NULL) + c->o.password_stdin + c->o.generate > 1)
        return ctl_fail(CTL_USAGE, "use one of them",
                        "--generate, --password-file and --password-stdin exclude each other");
    if (c->o.generate)
        return CTL_OK;
    if (c->o.password_file)
        return from_file(c->o.password_file, out);
    if (c->o.password_stdin || !isatty(STDIN_FILENO))
        return from_fd(STDIN_FILENO, "stdin", out);
    return from_terminal(out);
}
