/* loop_io.c: descriptors, signals and the thread pool. libuv frees nothing at once: a closed
 * handle's memory goes in its close callback, later in the same turn. */
#include "base/mem.h"
#include "rt/loop.h"
#include "rt/loop_priv.h"

#include <assert.h>

struct loop_poll {
    uv_poll_t handle;
    struct list link; /* loop.polls */
    loop_poll_fn *fn;
    void *ctx;
    int events; /* what is watched */
};

struct watched_signal {
    uv_signal_t handle;
    struct list link; /* loop.signals */
    loop_fn *fn;
    void *ctx;
};

struct work {
    uv_work_t request;
    loop_fn *work, *done;
    void *ctx;
};

static void free_data(uv_handle_t *handle)
{
    mem_free(handle->data);
}

/* ---- descriptors ---- */

struct loop_poll *loop_poll_open(struct loop *l, int fd, loop_poll_fn *fn, void *ctx)
{
    struct loop_poll *p = mem_zalloc(sizeof *p);
    int rc = uv_poll_init(&l->uv, &p->handle, fd);
    assert(rc == 0); /* not a descriptor that can be polled, or polled twice: our bug */
    p->handle.data = p;
    p->fn = fn;
    p->ctx = ctx;
    list_push_back(&l->polls, &p->link);
    return p;
}

static void on_ready(uv_poll_t *handle, int status, int uv_events)
{
    struct loop_poll *p = handle->data;
    int events = 0;
    if (status < 0) {
        p->events = 0; /* libuv has stopped watching */
    } else {
        if (uv_events & UV_READABLE)
            events |= LOOP_READ;
        if (uv_events & UV_WRITABLE)
            events |= LOOP_WRITE;
        if (!events)
            return;
    }
    p->fn(p->ctx, events);
}

void loop_poll_set(struct loop_poll *p, int events)
{
    if (events == p->events)
        return;
    p->events = events;
    int uv_events =
        ((events & LOOP_READ) ? UV_READABLE : 0) | ((events & LOOP_WRITE) ? UV_WRITABLE : 0);
    int rc = uv_events ? uv_poll_start(&p->handle, uv_events, on_ready) : uv_poll_stop(&p->handle);
    assert(rc == 0);
}

void loop_poll_close(struct loop_poll **p_p)
{
    struct loop_poll *p = *p_p;
    *p_p = NULL;
    if (!p)
        return;
    list_remove(&p->link);
    uv_close((uv_handle_t *)&p->handle, free_data); /* the descriptor may be closed right after */
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    struct watched_signal *s = handle->data;
    s->fn(s->ctx);
}

void loop_on_signal(struct loop *l, int signum, loop_fn *fn, void *ctx)
{
    struct watched_signal *s = mem_zalloc(sizeof *s);
    uv_signal_init(&l->uv, &s->handle);
    s->handle.data = s;
    s->fn = fn;
    s->ctx = ctx;
    list_push_back(&l->signals, &s->link);
    int rc = uv_signal_start(&s->handle, on_signal, signum);
    assert(rc == 0);
}

/* ---- thread pool ---- */

static void in_pool(uv_work_t *request)
{
    struct work *w = request->data;
    w->work(w->ctx);
}

static void back_in_loop(uv_work_t *request, int status)
{
    (void)status; /* nothing here cancels */
    struct work *w = request->data;
    if (w->done)
        w->done(w->ctx);
    mem_free(w);
}

void loop_work(struct loop *l, loop_fn *work, loop_fn *done, void *ctx)
{
    struct work *w = mem_zalloc(sizeof *w);
    w->request.data = w;
    w->work = work;
    w->done = done;
    w->ctx = ctx;
    int rc = uv_queue_work(&l->uv, &w->request, in_pool, back_in_loop);
    assert(rc == 0);
}

void loop_io_close(struct loop *l)
{
    LIST_FOREACH_SAFE(it, next, &l->polls)
    {
        struct loop_poll *p = LIST_ENTRY(it, struct loop_poll, link);
        loop_poll_close(&p);
    }
    LIST_FOREACH_SAFE(it, next, &l->signals)
    {
        struct watched_signal *s = LIST_ENTRY(it, struct watched_signal, link);
        list_remove(it);
        uv_close((uv_handle_t *)&s->handle, free_data);
    }
}
