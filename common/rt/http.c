/* http.c: libmicrohttpd without threads inside our loop.
 *
 *   MHD's epoll descriptor readable, or its time-out over -> MHD_run() -> answer() -> a handler
 *
 * Handlers run to the end in one call, so that an answer shows one moment. */
#include "rt/http.h"
#include "base/err.h"
#include "base/mem.h"
#include "rt/json.h"
#include "rt/listen.h"
#include "rt/loop.h"
#include "rt/metrics.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 8,
    TIMEOUT_SECONDS = 5,
    MEMORY_PER_CONNECTION = 16 * 1024,
    MAX_ROUTES = 32,
    MAX_RUNS = 16, /* MHD_run() calls in a row while it says that there is more */
    BACKLOG = 16,
};

struct route {
    const char *prefix;
    http_fn *fn;
    void *ctx;
};

struct http {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_poll *poll;
    struct loop_timer timer;
    int fd; /* listening; the daemon's to close */
    bool was_full;
    http_ready_fn *ready_fn;
    void *ready_ctx;
    struct route routes[MAX_ROUTES];
    unsigned n_routes;
};

/* ---- the fixed answers ---- */

static int serve_metrics(void *ctx, struct str path, struct buf *body, const char **content_type)
{
    (void)ctx;
    (void)path;
    *content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_render(body);
    return MHD_HTTP_OK;
}

/* Whoever gets this knows that the loop turns. */
static int serve_livez(void *ctx, struct str path, struct buf *body, const char **content_type)
{
    (void)ctx;
    (void)path;
    (void)content_type;
    buf_z(body, "ok\n");
    return MHD_HTTP_OK;
}

static int serve_version(void *ctx, struct str path, struct buf *body, const char **content_type)
{
    (void)ctx;
    (void)path;
    *content_type = "application/json";
    buf_z(body, "{\"name\":\"verona\",\"version\":\"" VERONA_VERSION "\"}\n");
    return MHD_HTTP_OK;
}

static int put_json_reasons(struct buf *body, bool ready, struct str lines,
                            const char **content_type)
{
    json_t *reasons = json_array(), *root = json_object();
    while (lines.n) {
        const char *end = memchr(lines.p, '\n', lines.n);
        struct str line = end ? str_n(lines.p, (size_t)(end - lines.p)) : lines;
        lines = end ? str_n(end + 1, lines.n - line.n - 1) : STR_NULL;
        if (line.n)
            (void)json_array_append_new(reasons, json_of_str(line));
    }
    json_put_bool(root, "ready", ready);
    (void)json_object_set_new(root, "reasons", reasons);
    return json_answer(root, body, content_type);
}

static int serve_readyz(const struct http *h, bool verbose, struct buf *body,
                        const char **content_type)
{
    struct buf reasons;
    int code = MHD_HTTP_OK;
    buf_init(&reasons);
    if (h->ready_fn)
        h->ready_fn(h->ready_ctx, &reasons);
    bool ready = reasons.len == 0;
    if (verbose)
        code = put_json_reasons(body, ready, buf_as_str(&reasons), content_type);
    else
        buf_str(body, ready ? STR("ready\n") : buf_as_str(&reasons));
    buf_deinit(&reasons);
    return ready || code != MHD_HTTP_OK ? code : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/* ---- finding the answer ---- */

static const struct route *find_route(const struct http *h, const char *url)
{
    const struct route *best = NULL;
    size_t best_len = 0;
    for (unsigned i = 0; i < h->n_routes; i++) {
        const struct route *r = &h->routes[i];
        size_t n = strlen(r->prefix);
        if (strncmp(url, r->prefix, n) != 0)
            continue;
        bool whole = url[n] == '\0' || url[n] == '/' || (n && r->prefix[n - 1] == '/');
        if (whole && (!best || n > best_len)) {
            best = r;
            best_len = n;
        }
    }
    return best;
}

/* The label of a metric: the first part of the path. Anything unknown counts as "other". */
static void handler_label(const char *url, char out[16])
{
    size_t n = strcspn(url + 1, "/");
    snprintf(out, 16, "%.*s", (int)(n < 15 ? n : 15), url + 1);
}

static int dispatch(struct http *h, struct MHD_Connection *connection, const char *url,
                    struct buf *body, const char **content_type)
{
    if (strcmp(url, "/readyz") == 0) {
        bool verbose = MHD_lookup_connection_value_n(connection, MHD_GET_ARGUMENT_KIND, "verbose",
                                                     7, NULL, NULL) == MHD_YES;
        return serve_readyz(h, verbose, body, content_type);
    }
    const struct route *r = find_route(h, url);
    if (r)
        return r->fn(r->ctx, str_of(url + strlen(r->prefix)), body, content_type);
    buf_z(body, "not found\n");
    return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result reply(struct MHD_Connection *connection, int code, struct buf *body,
                             const char *content_type)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result rc = MHD_queue_response(connection, (unsigned)code, response);
    MHD_destroy_response(response);
    return rc;
}

/* Called by MHD when the head of a request is complete, and again for a body and at the end. */
static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version;
    (void)upload;
    static char seen;
    struct http *h = cls;
    bool get =
        strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (get && !*state) { /* MHD wants the second call: then HEAD and keep-alive are right */
        *state = &seen;
        return MHD_YES;
    }
    *upload_size = 0;
    uint64_t start = loop_clock_ns();
    const char *content_type = "text/plain; charset=utf-8";
    char label[16], code_text[8];
    struct buf body;
    int code;
    buf_init(&body);
    handler_label(url, label);
    if (get) {
        code = dispatch(h, connection, url, &body, &content_type);
    } else {
        buf_z(&body, "only GET and HEAD\n");
        code = MHD_HTTP_METHOD_NOT_ALLOWED;
    }
    enum MHD_Result rc = reply(connection, code, &body, content_type);
    buf_deinit(&body);
    snprintf(code_text, sizeof code_text, "%d", code);
    metric_add_l(METRIC_HTTP_REQUESTS_TOTAL, label, code_text, 1);
    metric_observe_l(METRIC_HTTP_REQUEST_DURATION_SECONDS, label, NULL,
                     (double)(loop_clock_ns() - start) / 1e9);
    return rc;
}

/* ---- the loop's side ---- */

static void on_timeout(void *ctx);

static bool is_full(const struct http *h)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info && info->num_connections >= MAX_CONNECTIONS;
}

static void run(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool has_timeout = true, again = true;
    for (int i = 0; i < MAX_RUNS && again; i++) {
        MHD_run(h->daemon);
        has_timeout = MHD_get_timeout(h->daemon, &ms) == MHD_YES;
        /* While all places are taken MHD does not watch the listening socket. It begins again in
         * the run after the one that freed a place, and does not ask for that. */
        bool full = is_full(h);
        again = (has_timeout && ms == 0) || (h->was_full && !full);
        h->was_full = full;
    }
    if (has_timeout)
        loop_timer_start(h->loop, &h->timer, ms, 0, on_timeout, h);
    else
        loop_timer_stop(&h->timer);
}

static void on_timeout(void *ctx)
{
    run(ctx);
}

static void on_ready(void *ctx, int events)
{
    (void)events;
    run(ctx);
}

static struct MHD_Daemon *start_daemon(struct http *h)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, h, MHD_OPTION_LISTEN_SOCKET,
                            h->fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
                            MHD_OPTION_END);
}

int http_new(struct loop *l, const char *listen, struct http **out, struct buf *err)
{
    struct http *h = mem_zalloc(sizeof *h);
    h->loop = l;
    int rc = listen_tcp(listen, BACKLOG, &h->fd, err);
    if (rc != 0) {
        mem_free(h);
        return ERR_IO;
    }
    h->daemon = start_daemon(h);
    if (!h->daemon) {
        buf_printf(err, "cannot start the admin listener on %s", listen);
        close(h->fd);
        mem_free(h);
        return ERR_IO;
    }
    int epoll_fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    h->poll = loop_poll_open(l, epoll_fd, on_ready, h);
    loop_poll_set(h->poll, LOOP_READ);
    http_route(h, "/metrics", serve_metrics, NULL);
    http_route(h, "/livez", serve_livez, NULL);
    http_route(h, "/healthz", serve_livez, NULL);
    http_route(h, "/version", serve_version, NULL);
    *out = h;
    return 0;
}

void http_destroy(struct http **h_p)
{
    struct http *h = *h_p;
    *h_p = NULL;
    if (!h)
        return;
    loop_timer_stop(&h->timer);
    loop_poll_close(&h->poll);
    MHD_stop_daemon(h->daemon);
    mem_free(h);
}

uint16_t http_port(const struct http *h)
{
    return listen_port(h->fd);
}

void http_on_ready(struct http *h, http_ready_fn *fn, void *ctx)
{
    h->ready_fn = fn;
    h->ready_ctx = ctx;
}

void http_route(struct http *h, const char *prefix, http_fn *fn, void *ctx)
{
    assert(h->n_routes < MAX_ROUTES);
    h->routes[h->n_routes++] = (struct route){prefix, fn, ctx};
}
