/* tls.h: TLS between two byte queues (OpenSSL over a BIO of our own). No socket here: conn.c moves
 * the bytes. TLS 1.2 and newer, no renegotiation, no compression, no early data; a peer that keeps
 * ordering new keys is broken. */
#ifndef MUC_TLS_H
#define MUC_TLS_H

#include "base/buf.h"
#include "base/mem.h"

/* Certificate and key of a listener. Streams that run keep what they began with after a reload. */
struct tls_server;
/* cert, key: PEM files; key empty: it is in cert; cert empty: a self-signed certificate for
 * `domain` is made (EC P-256, in memory). Errors: ERR_INVALID with a line for people in err. */
MUST_CHECK int tls_server_new(const char *cert, const char *key, const char *domain,
                              struct tls_server **out, struct buf *err);
/* Reads the files again; on an error the old ones stay. */
MUST_CHECK int tls_server_reload(struct tls_server *t, struct buf *err);
void tls_server_destroy(struct tls_server **t_p);
/* Not-after of the certificate, seconds since the Unix epoch. */
int64_t tls_server_expiry(const struct tls_server *t);

struct tls;
struct tls *tls_new(struct tls_server *t);
void tls_destroy(struct tls **t_p);
/* Ciphertext from the peer; copied. */
void tls_input(struct tls *t, const void *p, size_t n);
/* Decrypted bytes: > 0; ERR_AGAIN: more input is needed; ERR_IO: ended by the peer; ERR_PROTO:
 * broken. */
MUST_CHECK int tls_read(struct tls *t, void *p, size_t cap);
/* Encrypts all n bytes to tls_output(). Errors: ERR_PROTO. Only once established. */
MUST_CHECK int tls_write(struct tls *t, const void *p, size_t n);
/* Ciphertext for the peer; the caller consumes it. */
struct buf *tls_output(struct tls *t);
bool tls_established(const struct tls *t);
/* Appends a close_notify to the output. */
void tls_close_notify(struct tls *t);
const char *tls_version(const struct tls *t); /* "TLSv1.3" */

#endif
