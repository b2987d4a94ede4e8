/* lib_redis.c: see the header. */
#include "rt/lib_redis.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void exec_server(const struct redis_server *s)
{
    char socket_path[96], port[8];
    snprintf(socket_path, sizeof socket_path, "%s/s", s->dir);
    snprintf(port, sizeof port, "%u", (unsigned)s->port);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing behind */
    if (chdir(s->dir) != 0)
        _exit(127);
    int log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    char *argv[] = {"redis-server",
                    "--port",
                    port,
                    "--bind",
                    "127.0.0.1",
                    "--unixsocket",
                    socket_path,
                    "--save",
                    "",
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    "always",
                    s->password[0] ? "--requirepass" : NULL,
                    (char *)s->password,
                    NULL};
    execvp("redis-server", argv);
    execvp("redis-check-rdb", argv); /* Debian: the same program, named by argv[0] */
    _exit(127);
}

static int can_connect(const struct redis_server *s)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", s->url + strlen("unix://"));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int rc = connect(fd, (struct sockaddr *)&un, sizeof un);
    close(fd);
    return rc == 0;
}

void redis_server_again(struct redis_server *s)
{
    assert(s->pid == 0);
    unlink(s->url + strlen("unix://"));
    s->pid = fork();
    assert(s->pid >= 0);
    if (s->pid == 0)
        exec_server(s);
    for (int i = 0; !can_connect(s); i++) {
        assert(i < 2000); /* 20 s */
        assert(waitpid(s->pid, NULL, WNOHANG) == 0);
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
}

void redis_server_start(struct redis_server *s, const char *password, uint16_t port)
{
    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/verona-redis-XXXXXX");
    char *dir = mkdtemp(s->dir);
    assert(dir);
    snprintf(s->url, sizeof s->url, "unix://%s/s", s->dir);
    snprintf(s->password, sizeof s->password, "%s", password ? password : "");
    s->port = port;
    redis_server_again(s);
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void redis_server_stop(struct redis_server *s)
{
    redis_server_kill(s);
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- %s", s->dir);
    int rc = system(command);
    assert(rc == 0);
}
