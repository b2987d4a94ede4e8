/* http.h: the admin listener (libmicrohttpd in our loop): /metrics /livez /readyz /healthz
 * /version, and JSON routes of the process (/status ...). GET and HEAD only; 8 clients at once, 5 s
 * each. */
#ifndef MUC_HTTP_H
#define MUC_HTTP_H

#include "base/buf.h"

#include <stdint.h>

struct loop;
struct http;

/* Fills `body` and returns the status code. `path` is what follows the route's prefix ("" if
 * nothing), percent-decoded; query string values are not offered. */
typedef int http_fn(void *ctx, struct str path, struct buf *body, const char **content_type);
/* Why the process is not ready: a line for each reason (LF behind it), or nothing if it is. */
typedef void http_ready_fn(void *ctx, struct buf *reasons);

/* listen: "HOST:PORT". Errors: ERR_IO with a line for people in err (port in use: by whom). */
int http_new(struct loop *l, const char *listen, struct http **out, struct buf *err);
void http_destroy(struct http **h_p);
/* The port it listens on, for "HOST:0". */
uint16_t http_port(const struct http *h);
void http_on_ready(struct http *h, http_ready_fn *fn, void *ctx);
/* Routes match by prefix, at the end of the path or before a '/'; the longest wins. prefix is
 * borrowed. */
void http_route(struct http *h, const char *prefix, http_fn *fn, void *ctx);

#endif
