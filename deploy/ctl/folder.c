/* folder.c: see folder.h. */
#include "deploy/ctl/folder.h"

#include "base/err.h"
#include "base/siphash.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_DIR_MAX = 88, LOG_MAX = 16 * 1024 * 1024, TAIL_MAX = 16384 };

/* URLs and ZeroMQ endpoints name sockets, so they get no characters that mean something there. */
static bool fits_sockets(const char *dir)
{
    for (const char *p = dir; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("/._-+", *p))
            return false;
    return strlen(dir) <= SOCKET_DIR_MAX;
}

static void name_sockets(struct folder *f)
{
    static const uint8_t key[16] = "verona sockets";
    if (fits_sockets(f->run))
        memcpy(f->sockets, f->run, strlen(f->run) + 1);
    else
        snprintf(f->sockets, sizeof f->sockets, "/tmp/verona-%u-%016llx", (unsigned)getuid(),
                 (unsigned long long)siphash24(key, f->dir, strlen(f->dir)));
}

int folder_name(const char *data, struct folder *f, struct buf *err)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char cwd[PATH_MAX] = "";
    int n;
    memset(f, 0, sizeof *f);
    f->is_default = !data;
    if (data && !data[0]) {
        buf_z(err, "--data wants the name of a folder");
        return ERR_INVALID;
    }
    if (data && data[0] != '/' && !getcwd(cwd, sizeof cwd)) {
        buf_z(err, "the current folder is gone");
        return ERR_INVALID;
    }
    if (data && data[0] == '/')
        n = snprintf(f->dir, sizeof f->dir, "%s", data);
    else if (data)
        n = snprintf(f->dir, sizeof f->dir, "%s/%s", strcmp(cwd, "/") ? cwd : "", data);
    else if (xdg && xdg[0] == '/')
        n = snprintf(f->dir, sizeof f->dir, "%s/verona", xdg);
    else if (home && home[0] == '/')
        n = snprintf(f->dir, sizeof f->dir, "%s/.local/share/verona", home);
    else {
        buf_z(err, "no data folder: HOME is not set (use --data DIR)");
        return ERR_INVALID;
    }
    if (n < 0 || n >= (int)sizeof f->dir - 64) {
        buf_z(err, "the name of the data folder is too long");
        return ERR_INVALID;
    }
    while (n > 1 && f->dir[n - 1] == '/')
        f->dir[--n] = '\0';
    snprintf(f->run, sizeof f->run, "%s/run", f->dir);
    name_sockets(f);
    return 0;
}

static int make_one(const char *path, struct buf *err)
{
    struct stat st;
    if (!mkdir(path, 0700))
        return 0;
    if (errno == EEXIST && !stat(path, &st) && S_ISDIR(st.st_mode))
        return 0;
    if (errno == EEXIST || errno == ENOTDIR)
        buf_printf(err, "%s is not a folder", path);
    else
        buf_printf(err, "cannot make the folder %s: %s", path, strerror(errno));
    return ERR_IO;
}

static int make_all(const char *path, struct buf *err)
{
    char part[PATH_MAX + 8];
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(p - path), path);
        int rc = make_one(part, err);
        if (rc)
            return rc;
    }
    return make_one(path, err);
}

/* What another user owns he can turn into something else while we use it. strict: not even a link
 * of our own, for places where others may put one. */
static int check_ours(const char *path, bool strict, struct buf *err)
{
    struct stat st;
    if (strict ? lstat(path, &st) : stat(path, &st)) {
        buf_printf(err, "cannot use the folder %s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (st.st_uid != geteuid()) {
        const struct passwd *who = getpwuid(st.st_uid);
        if (who)
            buf_printf(err, "the folder %s belongs to %s", path, who->pw_name);
        else
            buf_printf(err, "the folder %s belongs to user %u", path, (unsigned)st.st_uid);
        return ERR_IO;
    }
    if (!S_ISDIR(st.st_mode)) {
        buf_printf(err, "%s is not a folder", path);
        return ERR_IO;
    }
    return 0;
}

/* A folder of our own that nobody else may look into. */
static int make_private(const char *path, bool strict, struct buf *err)
{
    int rc = make_one(path, err);
    if (!rc)
        rc = check_ours(path, strict, err);
    if (!rc && chmod(path, 0700)) {
        buf_printf(err, "cannot use the folder %s: %s", path, strerror(errno));
        rc = ERR_IO;
    }
    return rc;
}

int folder_make(struct folder *f, struct buf *err)
{
    char redis[PATH_MAX + 16], log[PATH_MAX + 16];
    struct stat st;
    snprintf(redis, sizeof redis, "%s/redis", f->dir);
    snprintf(log, sizeof log, "%s/log", f->dir);
    int rc = make_all(f->dir, err);
    if (!rc)
        rc = check_ours(f->dir, false, err);
    f->is_new = stat(redis, &st) != 0;
    if (!rc)
        rc = make_private(redis, false, err);
    if (!rc)
        rc = make_private(log, false, err);
    if (!rc)
        rc = make_private(f->run, false, err);
    if (!rc && strcmp(f->run, f->sockets))
        rc = make_private(f->sockets, true, err);
    return rc;
}

int folder_lock(const struct folder *f, struct buf *err)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/lock", f->run);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        buf_printf(err, "cannot open %s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        bool held = errno == EWOULDBLOCK;
        buf_printf(err, "cannot lock %s: %s", path, strerror(errno));
        close(fd);
        return held ? ERR_CONFLICT : ERR_IO;
    }
    return fd;
}

void folder_clear_sockets(const struct folder *f)
{
    static const char suffix[] = ".sock";
    char path[PATH_MAX + 264];
    DIR *dir = opendir(f->sockets);
    if (!dir)
        return;
    for (const struct dirent *e; (e = readdir(dir));) {
        size_t n = strlen(e->d_name), k = sizeof suffix - 1;
        if (n <= k || strcmp(e->d_name + n - k, suffix))
            continue;
        snprintf(path, sizeof path, "%s/%s", f->sockets, e->d_name);
        unlink(path);
    }
    closedir(dir);
    if (strcmp(f->sockets, f->run))
        rmdir(f->sockets);
}

void folder_pretty(const struct folder *f, char *out, size_t room)
{
    const char *home = getenv("HOME");
    size_t n = home ? strlen(home) : 0;
    if (n > 1 && !strncmp(f->dir, home, n) && f->dir[n] == '/')
        snprintf(out, room, "~%s", f->dir + n);
    else
        snprintf(out, room, "%s", f->dir);
}

int folder_open_log(const struct folder *f, const char *id)
{
    char path[PATH_MAX + 128], old[PATH_MAX + 136];
    struct stat st;
    snprintf(path, sizeof path, "%s/log/%s.log", f->dir, id);
    if (!stat(path, &st) && st.st_size > LOG_MAX) {
        snprintf(old, sizeof old, "%s.1", path);
        rename(path, old);
    }
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void folder_print_log_tail(const struct folder *f, const char *id, int64_t from, size_t lines)
{
    char path[PATH_MAX + 128], text[TAIL_MAX + 1];
    snprintf(path, sizeof path, "%s/log/%s.log", f->dir, id);
    FILE *in = fopen(path, "re");
    if (!in)
        return;
    long end = fseek(in, 0, SEEK_END) ? 0 : ftell(in);
    long start = end > TAIL_MAX && end - TAIL_MAX > from ? end - TAIL_MAX : (long)from;
    if (fseek(in, start, SEEK_SET))
        rewind(in);
    size_t n = fread(text, 1, TAIL_MAX, in);
    fclose(in);
    while (n && text[n - 1] == '\n')
        n--;
    text[n] = '\0';
    char *p = text + n;
    while (p > text && (p[-1] != '\n' || --lines))
        p--;
    if (*p)
        printf("    last lines of %s:\n", path);
    while (*p) {
        size_t len = strcspn(p, "\n");
        printf("      %.*s\n", (int)len, p);
        p += len + (p[len] == '\n');
    }
    fflush(stdout);
}
