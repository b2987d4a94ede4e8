/* up_redis.c: step "redis": a private redis-server with its own folder, or one that is there
 * already.
 *
 * Debian's redis-server is redis-check-rdb (package redis-tools) under another name, so redis-tools
 * is enough: argv[0] decides what it is. */
#include "deploy/ctl/up.h"

#include "base/err.h"
#include "deploy/ctl/term.h"
#include "rt/config.h"

#include <stdio.h>
#include <stdlib.h>

enum { REDIS_START_MS = 20000, REDIS_TRY_MS = 1000, REDIS_ARGS = 32 };

static bool find_server(char *path, size_t room)
{
    static const char *const names[] = {"redis-server", "valkey-server", "redis-check-rdb"};
    const char *chosen = getenv("VERONA_REDIS_SERVER");
    if (chosen && *chosen)
        return proc_find(chosen, false, path, room);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (proc_find(names[i], false, path, room))
            return true;
    return false;
}

static int no_server(void)
{
    const char *chosen = getenv("VERONA_REDIS_SERVER");
    struct buf why;
    buf_init(&why);
    if (chosen && *chosen)
        buf_printf(&why, "VERONA_REDIS_SERVER names \"%s\", which is not there", chosen);
    else
        buf_z(&why, "no redis-server or valkey-server found");
    int rc =
        up_failed("redis", CTL_FAILED,
                  "sudo apt install redis-tools          (enough for the private server)", &why);
    printf("    or :  verona up --redis redis://host:6379\n");
    buf_deinit(&why);
    return rc;
}

/* valkey-server keeps its name; anything else is told to be redis-server. */
static void fill_args(struct up *u, struct sup_child *c)
{
    char sock[128], dir[PATH_MAX + 32];
    snprintf(sock, sizeof sock, "%s/redis.sock", u->folder.sockets);
    snprintf(dir, sizeof dir, "%s/redis", u->folder.dir);
    const char *const args[] = {strstr(basename(c->path), "valkey") ? "valkey-server"
                                                                    : "redis-server",
                                "--port",
                                "0",
                                "--unixsocket",
                                sock,
                                "--unixsocketperm",
                                "700",
                                "--dir",
                                dir,
                                "--daemonize",
                                "no",
                                "--appendonly",
                                "yes",
                                "--appendfsync",
                                "everysec",
                                "--save",
                                "",
                                "--maxmemory-policy",
                                "noeviction",
                                "--loglevel",
                                "notice"};
    size_t n = sizeof args / sizeof *args;
    size_t at[REDIS_ARGS];
    for (size_t i = 0; i < n; i++) {
        at[i] = c->text.len;
        buf_put(&c->text, args[i], strlen(args[i]) + 1);
    }
    for (size_t i = 0; i < n; i++)
        c->argv[i] = c->text.data + at[i];
    snprintf(u->redis_url, sizeof u->redis_url, "unix://%s", sock);
}

static void read_version(struct up *u)
{
    redisReply *reply = RDS(u->redis, STR("INFO"), STR("server"));
    struct str info = rds_str(reply);
    static const char name[] = "redis_version:";
    const char *p = info.n ? memmem(info.p, info.n, name, sizeof name - 1) : NULL;
    if (p) {
        p += sizeof name - 1;
        size_t n = strcspn(p, "\r\n");
        snprintf(u->redis_version, sizeof u->redis_version, "%.*s", (int)n, p);
    }
    freeReplyObject(reply);
}

/* Until it answers. Loading a large file may take as long as it wants. */
static int wait_for(struct up *u, const struct sup_child *mine, struct buf *err)
{
    uint64_t start = ctl_now_ms();
    const char *password = mine ? "" : config_str(u->ctl->cfg, CFG_REDIS_PASSWORD);
    for (;;) {
        buf_reset(err);
        int rc = rds_open(u->redis_url, password, REDIS_TRY_MS, &u->redis, err);
        if (rc == 0 || rc == ERR_DENIED || rc == ERR_INVALID)
            return rc;
        if (up_stopped(u))
            return ERR_UNAVAILABLE;
        if (mine && !mine->running) {
            buf_reset(err);
            buf_z(err, "the private server ");
            sup_describe_end(mine, err);
            return ERR_UNAVAILABLE;
        }
        if (rc != ERR_AGAIN && ctl_now_ms() - start > (mine ? REDIS_START_MS : 2 * REDIS_TRY_MS))
            return rc;
        if (rc == ERR_AGAIN)
            term_waiting("redis", "loading its data");
        sup_turn(&u->sup, 10);
    }
}

static int use_private(struct up *u, struct buf *err)
{
    char path[PATH_MAX];
    if (!find_server(path, sizeof path))
        return no_server();
    struct sup_child *c = sup_add(&u->sup, SUP_REDIS, "redis", REDIS_ARGS);
    snprintf(c->path, sizeof c->path, "%s", path);
    fill_args(u, c);
    snprintf(u->sup.state.redis_url, sizeof u->sup.state.redis_url, "%s", u->redis_url);
    /* The private server has no password, whatever settings say of another one. */
    unsetenv("VERONA_REDIS_PASSWORD_FILE");
    setenv("VERONA_REDIS_PASSWORD", "", 1);
    int rc = sup_start(&u->sup, c, err);
    if (!rc)
        rc = wait_for(u, c, err);
    if (!rc || up_stopped(u))
        return rc ? UP_INTERRUPTED : CTL_OK;
    rc = up_failed("redis", CTL_FAILED, NULL, err);
    folder_print_log_tail(&u->folder, "redis", c->log_from, 6);
    return rc;
}

static int refuse_given(int rc, const struct buf *err)
{
    switch (rc) {
    case ERR_INVALID:
        return up_failed("redis", CTL_USAGE, "verona up --redis redis://host:6379", err);
    case ERR_DENIED:
        return up_failed("redis", CTL_DENIED,
                         "VERONA_REDIS_PASSWORD_FILE=FILE verona up --redis ...", err);
    default:
        return up_failed("redis", CTL_UNREACHABLE,
                         "start that server, or leave out --redis for a private one", err);
    }
}

static int use_given(struct up *u, struct buf *err)
{
    if ((size_t)snprintf(u->redis_url, sizeof u->redis_url, "%s", u->plan.redis_url) >=
        sizeof u->redis_url) {
        buf_z(err, "the URL is too long");
        return refuse_given(ERR_INVALID, err);
    }
    snprintf(u->sup.state.redis_url, sizeof u->sup.state.redis_url, "%s", u->redis_url);
    if (plan_url_is_secret(u->redis_url))
        setenv("VERONA_REDIS_URL", u->redis_url, 1);
    int rc = wait_for(u, NULL, err);
    if (!rc)
        return CTL_OK;
    return up_stopped(u) ? UP_INTERRUPTED : refuse_given(rc, err);
}

int up_redis(struct up *u)
{
    char text[256];
    uint64_t t = ctl_now_ms();
    struct buf err;
    buf_init(&err);
    term_waiting("redis", "starting");
    int rc = u->plan.redis_url ? use_given(u, &err) : use_private(u, &err);
    buf_deinit(&err);
    if (rc)
        return rc;
    read_version(u);
    const char *at = strrchr(u->redis_url, '@'); /* what stands before it is for nobody's eyes */
    if (u->plan.redis_url)
        snprintf(text, sizeof text, "%s%.200s, redis-server %s", at ? "redis://" : "",
                 at ? at + 1 : u->redis_url, u->redis_version);
    else
        snprintf(text, sizeof text, "private redis-server %s, unix socket, append-only",
                 u->redis_version);
    term_step("redis", text, ctl_now_ms() - t);
    return CTL_OK;
}
