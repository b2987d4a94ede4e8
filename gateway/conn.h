/* conn.h: one socket: reading, the output queue, TLS, and an end that is never on a caller's stack.
 *
 *   conn_new -> bytes ... -> conn_finish (what is queued still leaves) or conn_abort
 *            -> freed by itself */
#ifndef MUC_CONN_H
#define MUC_CONN_H

#include "base/buf.h"
#include "rt/loop.h"

struct conn;
struct tls_server;

enum conn_gone {
    CONN_EOF,   /* the peer closed its side */
    CONN_RESET, /* an error of the socket */
    CONN_TLS,   /* TLS failed */
};

struct conn_ops {
    void (*bytes)(void *ctx, const void *p, size_t n); /* decrypted */
    void (*gone)(void *ctx, enum conn_gone why);       /* nothing more comes */
    void (*secured)(void *ctx);                        /* the handshake is done */
    void (*slow)(void *ctx);                           /* over the limit, at the end of the turn */
    void (*closed)(void *ctx); /* descriptor closed; the last call, also after finish and abort */
};

/* Takes fd (non-blocking). limit: bytes that may wait, apart from bulk. */
struct conn *conn_new(struct loop *l, int fd, size_t limit, const struct conn_ops *ops, void *ctx);
void conn_start(struct conn *c); /* begins to read */

/* Queues; leaves at the end of the turn. head and tail are one stanza. bulk: does not count. */
void conn_put(struct conn *c, struct str bytes);
void conn_put_stanza(struct conn *c, struct str head, struct str to, struct str tail, bool bulk);
size_t conn_queued(const struct conn *c);
uint64_t conn_sent_ms(const struct conn *c);    /* when something last left */
uint64_t conn_sent_bytes(const struct conn *c); /* before encryption */

/* Reading stops while paused; counted. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);
bool conn_is_reading(const struct conn *c); /* neither paused nor stopped by its own queue */

/* The server's side of a TLS handshake begins, after all that is queued. */
void conn_start_tls(struct conn *c, struct tls_server *t);
bool conn_is_tls(const struct conn *c);
const char *conn_tls_version(const struct conn *c);

/* No op but closed() is called after these. finish waits up to two seconds for the peer. */
void conn_finish(struct conn *c);
void conn_abort(struct conn *c);

#endif
