/* secret.c: see secret.h. */
#include "deploy/ctl/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
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

/* The first line. */
static int read_line(FILE *in, const char *from, struct buf *out)
{
    char line[SECRET_MAX + 2];
    int rc = CTL_OK;
    if (!fgets(line, sizeof line, in))
        line[0] = '\0';
    size_t n = strcspn(line, "\r\n");
    if (n > SECRET_MAX)
        rc = ctl_fail(CTL_USAGE, NULL, "the password in %s is longer than %d bytes", from,
                      SECRET_MAX);
    else if (!n)
        rc = ctl_fail(CTL_USAGE, NULL, "there is no password in %s", from);
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
    setvbuf(in, NULL, _IONBF, 0);
    int rc = read_line(in, path, out);
    fclose(in);
    return rc;
}

static void ask(const char *prompt, struct buf *out)
{
    struct termios was, silent;
    char line[SECRET_MAX + 2];
    fprintf(stderr, "%s", prompt);
    bool echo_off = !tcgetattr(STDIN_FILENO, &was);
    silent = was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (echo_off)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    if (fgets(line, sizeof line, stdin))
        buf_put(out, line, strcspn(line, "\r\n"));
    if (echo_off)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputc('\n', stderr);
    OPENSSL_cleanse(line, sizeof line);
}

static int from_terminal(struct buf *out)
{
    struct buf again;
    int rc = CTL_OK;
    buf_init(&again);
    ask("Password (empty: make one): ", out);
    if (out->len) {
        ask("Once more: ", &again);
        if (!str_eq(buf_as_str(out), buf_as_str(&again)))
            rc = ctl_fail(CTL_FAILED, NULL, "the two are not the same");
    }
    secret_wipe(&again);
    return rc;
}

int secret_get(const struct ctl *c, struct buf *out)
{
    if (c->o.password_file && c->o.password_stdin)
        return ctl_fail(CTL_USAGE, NULL, "--password-file and --password-stdin: use one");
    if (c->o.password_file)
        return from_file(c->o.password_file, out);
    if (c->o.password_stdin)
        return read_line(stdin, "stdin", out);
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) ? from_terminal(out) : CTL_OK;
}
