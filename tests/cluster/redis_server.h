/* redis_server.h: a Redis of the test's own, on a socket in a temporary folder, and a cluster in it
 * as `verona cluster init` makes one. Included by one file of each test program. */
#ifndef MUC_TEST_REDIS_SERVER_H
#define MUC_TEST_REDIS_SERVER_H

#include "base/buf.h"
#include "base/slot.h"
#include "cluster/cluster.h"
#include "rt/loop.h"

#include <hiredis/hiredis.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct redis_server {
    char dir[64], socket[96], url[128];
    pid_t pid;
    redisContext *direct; /* the test's own connection */
    const char *more[6];  /* options of redis-server, up to a NULL */
};

static inline void redis_server_start(struct redis_server *s)
{
    if (!s->dir[0]) {
        strcpy(s->dir, "/tmp/verona-redis-XXXXXX");
        assert_non_null(mkdtemp(s->dir));
        snprintf(s->socket, sizeof(s->socket), "%s/r.sock", s->dir);
        snprintf(s->url, sizeof(s->url), "unix://%s", s->socket);
    }
    unlink(s->socket);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* however the test ends */
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", s->socket, "--dir",
               s->dir, "--save", "", "--appendonly", "yes", "--loglevel", "warning", "--logfile",
               "log", "--enable-debug-command", "local",
               /* a child that rewrites the file would outlive a kill, and write on in the folder */
               "--auto-aof-rewrite-percentage", "0", s->more[0], s->more[1], s->more[2], s->more[3],
               (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500; i++) {
        s->direct = redisConnectUnix(s->socket);
        redisReply *r = s->direct && !s->direct->err ? redisCommand(s->direct, "PING") : NULL;
        int up = r && r->type == REDIS_REPLY_STATUS;
        if (r) {
            freeReplyObject(r);
        }
        if (up) {
            return;
        }
        redisFree(s->direct);
        s->direct = NULL;
        usleep(10000);
    }
    fail_msg("redis-server did not start; is it installed?");
}

/* As kill -9. Data stay. */
static inline void redis_server_kill(struct redis_server *s)
{
    redisFree(s->direct);
    s->direct = NULL;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

static inline void redis_server_end(struct redis_server *s)
{
    char command[128];
    if (s->pid) {
        redis_server_kill(s);
    }
    if (s->dir[0]) {
        snprintf(command, sizeof(command), "rm -r %s", s->dir);
        assert_int_equal(system(command), 0);
    }
}

/* A command of the test; words are separated by spaces. The caller frees the reply. */
__attribute__((format(printf, 2, 3))) static inline redisReply *ask(struct redis_server *s,
                                                                    const char *fmt, ...)
{
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    const char *argv[64];
    int argc = 0;
    for (char *save = NULL, *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        argv[argc++] = strcmp(w, "''") == 0 ? "" : w;
    }
    redisReply *r = redisCommandArgv(s->direct, argc, argv, NULL);
    assert_non_null(r);
    return r;
}

/* The same, for an answer that is text or a number; the text is static. */
#define ask_text(s, ...) reply_text(ask(s, __VA_ARGS__))
static inline const char *reply_text(redisReply *r)
{
    static char text[512];
    if (r->type == REDIS_REPLY_INTEGER) {
        snprintf(text, sizeof(text), "%lld", r->integer);
    } else {
        snprintf(text, sizeof(text), "%s", r->str ? r->str : "(nil)");
    }
    freeReplyObject(r);
    return text;
}

static inline void load_library(struct redis_server *s)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s", __FILE__[0] == '/' ? "" : "./",
             __FILE__); /* tests/cluster/redis_server.h */
    for (int i = 0; i < 3; i++) {
        char *slash = strrchr(path, '/');
        assert_non_null(slash);
        *slash = 0;
    }
    strcat(path, "/deploy/redis/verona.lua");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    static char code[65536];
    size_t n = fread(code, 1, sizeof(code), f);
    fclose(f);
    redisReply *r = redisCommand(s->direct, "FUNCTION LOAD REPLACE %b", code, n);
    assert_non_null(r);
    if (r->type == REDIS_REPLY_ERROR) {
        fail_msg("%s", r->str);
    }
    freeReplyObject(r);
}

static inline void write_meta(struct redis_server *s, const char *cluster_id, const char *nslots)
{
    freeReplyObject(ask(s,
                        "HSET verona:meta cluster_id %s gen 77 nslots %s unicode 320 schema 1 seed "
                        "000102030405060708090a0b0c0d0e0f key "
                        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                        cluster_id, nslots));
}

static inline void init_cluster(struct redis_server *s)
{
    struct buf key;
    const char *argv[3 + 256];
    buf_init(&key);
    load_library(s);
    for (uint32_t from = 0; from < SLOT_COUNT; from += 256) {
        argv[0] = "FCALL";
        argv[1] = "verona_init_own";
        argv[2] = "256";
        for (uint32_t i = 0; i < 256; i++) {
            buf_reset(&key);
            cluster_slot_key(&key, from + i, "own", STR_NULL);
            argv[3 + i] = mem_dup(key.data, key.len);
        }
        redisReply *r = redisCommandArgv(s->direct, 3 + 256, argv, NULL);
        assert_non_null(r);
        assert_int_equal(r->type, REDIS_REPLY_INTEGER);
        freeReplyObject(r);
        for (uint32_t i = 0; i < 256; i++) {
            mem_free((void *)(uintptr_t)argv[3 + i]);
        }
    }
    buf_deinit(&key);
    write_meta(s, "c1", "4096");
}

/* ---- running a loop until something holds */

struct waiting {
    struct loop *loop;
    bool (*cond)(void *ctx);
    void *ctx;
    uint64_t end_ms;
    bool ok;
};

static inline void look(void *ctx)
{
    struct waiting *w = ctx;
    w->ok = w->cond && w->cond(w->ctx);
    if (w->ok || loop_now_ms(w->loop) >= w->end_ms) {
        loop_stop(w->loop);
    }
}

/* For what must come. It is reached only by what fails: a machine may be slow and busy. */
enum { RUN_WAIT_MS = 30000 };

/* True as soon as cond(ctx) holds; false after limit_ms. Without cond: just runs so long. */
static inline bool run_until(struct loop *l, bool (*cond)(void *ctx), void *ctx, uint64_t limit_ms)
{
    struct waiting w = {l, cond, ctx, loop_now_ms(l) + limit_ms, false};
    struct loop_timer t;
    loop_timer_init(&t);
    loop_timer_start(l, &t, 0, 10, look, &w);
    loop_run(l);
    loop_timer_stop(&t);
    return w.ok;
}

static inline bool is_written(void *server)
{
    redisReply *r = ask(server, "INFO persistence");
    bool yes = strstr(r->str, "\naof_buffer_length:0\r") != NULL;
    freeReplyObject(r);
    return yes;
}

/* Waits until all that Redis has answered survives redis_server_kill(): with "everysec" it keeps
 * bytes back for up to two seconds while the disk is busy. */
static inline void redis_server_settle(struct redis_server *s, struct loop *l)
{
    assert_true(run_until(l, is_written, s, RUN_WAIT_MS));
}

#endif
