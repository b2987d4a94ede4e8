/* lib_relay.c: bytes from one Unix socket to another, in a thread, for tests of broken networks. */
#include "lib_relay.h"
#include "base/mem.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_PAIRS = 16, CHUNK = 65536 };

struct relay {
    pthread_t thread;
    int listener;
    struct sockaddr_un to;
    char from[108];
    atomic_int cut, held, end;
    int fd[MAX_PAIRS][2]; /* -1: none */
    char chunk[CHUNK];
};

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    assert(n > 0 && (size_t)n < sizeof a.sun_path);
    return a;
}

static void drop(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
        pair[i] = -1;
    }
}

static void take(struct relay *r)
{
    int in = accept(r->listener, NULL, NULL);
    if (in < 0)
        return;
    int out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(out, (struct sockaddr *)&r->to, sizeof r->to) != 0) {
        close(in);
        close(out);
        return;
    }
    for (int i = 0; i < MAX_PAIRS; i++) {
        if (r->fd[i][0] < 0) {
            r->fd[i][0] = in;
            r->fd[i][1] = out;
            return;
        }
    }
    close(in);
    close(out);
}

static void pass(struct relay *r, int pair[2], int from)
{
    ssize_t n = read(pair[from], r->chunk, sizeof r->chunk);
    ssize_t done = 0;
    while (n > 0 && done < n) {
        ssize_t w = send(pair[!from], r->chunk + done, (size_t)(n - done), MSG_NOSIGNAL);
        if (w <= 0)
            break;
        done += w;
    }
    if (n <= 0 || done < n)
        drop(pair);
}

static void *run(void *arg)
{
    struct relay *r = arg;
    while (!atomic_load(&r->end)) {
        if (atomic_exchange(&r->cut, 0))
            for (int i = 0; i < MAX_PAIRS; i++)
                drop(r->fd[i]);
        struct pollfd p[1 + 2 * MAX_PAIRS];
        bool held = atomic_load(&r->held);
        p[0] = (struct pollfd){r->listener, POLLIN, 0};
        for (int i = 0; i < MAX_PAIRS; i++)
            for (int k = 0; k < 2; k++)
                p[1 + 2 * i + k] = (struct pollfd){held ? -1 : r->fd[i][k], POLLIN, 0};
        if (poll(p, 1 + 2 * MAX_PAIRS, 1) <= 0)
            continue;
        for (int i = 0; i < MAX_PAIRS; i++)
            for (int k = 0; k < 2; k++)
                if (p[1 + 2 * i + k].revents && r->fd[i][k] >= 0)
                    pass(r, r->fd[i], k);
        if (p[0].revents)
            take(r);
    }
    for (int i = 0; i < MAX_PAIRS; i++)
        drop(r->fd[i]);
    return NULL;
}

struct relay *relay_open(const char *from, const char *to)
{
    struct relay *r = mem_zalloc(sizeof *r);
    struct sockaddr_un a = address(from);
    r->to = address(to);
    snprintf(r->from, sizeof r->from, "%s", from);
    for (int i = 0; i < MAX_PAIRS; i++)
        r->fd[i][0] = r->fd[i][1] = -1;
    r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = bind(r->listener, (struct sockaddr *)&a, sizeof a);
    assert(rc == 0);
    rc = listen(r->listener, 16);
    assert(rc == 0);
    rc = pthread_create(&r->thread, NULL, run, r);
    assert(rc == 0);
    return r;
}

void relay_cut(struct relay *r)
{
    atomic_store(&r->cut, 1);
}

void relay_hold(struct relay *r, int held)
{
    atomic_store(&r->held, held);
}

void relay_close(struct relay **r_p)
{
    struct relay *r = *r_p;
    *r_p = NULL;
    atomic_store(&r->end, 1);
    pthread_join(r->thread, NULL);
    close(r->listener);
    unlink(r->from);
    mem_free(r);
}
