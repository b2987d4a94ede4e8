/* ws_http.h: the HTTP request that opens a WebSocket (RFC 6455 §4.2), and our answer to it. Pure.
 * Nothing that a client may choose is repeated in an answer. */
#ifndef MUC_WS_HTTP_H
#define MUC_WS_HTTP_H

#include "base/buf.h"

enum { WS_REQUEST_MAX = 8192 };

struct ws_http_config {
    /* Pages that may connect, separated by commas: "*" is all of them, and ":*" at the end of one
     * is any port. Who is no page sends no Origin, and may. */
    struct str origins;
};

/* Where the head of the request ends: behind its empty line; 0: not yet. */
size_t ws_http_end(struct str bytes);
/* Puts the answer to a head into out: the upgrade and true, or a refusal and false. */
bool ws_http_answer(const struct ws_http_config *cfg, struct str head, struct buf *out);
/* What is said to a head that does not end within WS_REQUEST_MAX. */
void ws_http_too_big(struct buf *out);

#endif
