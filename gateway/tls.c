/* tls.c: OpenSSL between tls->in and tls->out. */
#include "gateway/tls.h"
#include "base/err.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
    SELF_SIGNED_DAYS = 397,
    /* Key updates and refused renegotiations: so many for nothing, and one for so many bytes. */
    CHORES_FREE = 32,
    CHORE_BYTES = 64 * 1024,
};

struct tls_server {
    SSL_CTX *ctx;
    BIO_METHOD *method;
    char *cert, *key, *domain;
    int64_t expiry;
};

struct tls {
    SSL *ssl;
    struct buf in, out;
    size_t in_at; /* bytes of `in` that were read */
    uint64_t received, chores;
};

/* ---------------------------------------------------------------- BIO */

static int queue_read(BIO *bio, char *p, size_t n, size_t *got)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    size_t left = t->in.len - t->in_at;
    if (left == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *got = n < left ? n : left;
    memcpy(p, t->in.data + t->in_at, *got);
    t->in_at += *got;
    if (t->in_at == t->in.len) {
        buf_deinit(&t->in);
        t->in_at = 0;
    }
    return 1;
}

static int queue_write(BIO *bio, const char *p, size_t n, size_t *put)
{
    struct tls *t = BIO_get_data(bio);
    buf_put(&t->out, p, n);
    *put = n;
    return 1;
}

static long queue_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio;
    (void)num;
    (void)ptr;
    return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_PUSH || cmd == BIO_CTRL_POP;
}

static BIO_METHOD *queue_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "queue");
    assert(m);
    BIO_meth_set_read_ex(m, queue_read);
    BIO_meth_set_write_ex(m, queue_write);
    BIO_meth_set_ctrl(m, queue_ctrl);
    return m;
}

/* ---------------------------------------------------------------- certificates */

static int trouble(struct buf *err, const char *what, const char *file)
{
    unsigned long code = ERR_get_error();
    char text[160] = "unknown reason";
    if (code)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    buf_printf(err, "%s %s: %s", what, file, text);
    return ERR_INVALID;
}

static int self_sign(SSL_CTX *ctx, const char *domain, struct buf *err)
{
    int rc = ERR_INVALID;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_EXTENSION *alt = NULL;
    struct buf names;
    buf_init(&names);
    if (!key || !cert)
        goto out;
    uint64_t serial = 0;
    RAND_bytes((unsigned char *)&serial, sizeof serial);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), (long)SELF_SIGNED_DAYS * 86400);
    X509_NAME *name = X509_get_subject_name(cert);
    /* A common name has 64 characters at most; the alternative name below is the one that counts.
     */
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)domain,
                               (int)strnlen(domain, 64), -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    bool ascii = true;
    for (const char *p = domain; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80 && *p != ',' && *p != ':' && *p != '[';
    if (ascii) {
        buf_printf(&names, "DNS:%s", domain);
        buf_c(&names, '\0');
        alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names.data);
        if (alt)
            X509_add_ext(cert, alt, -1);
    }
    if (X509_sign(cert, key, EVP_sha256()) && SSL_CTX_use_certificate(ctx, cert) == 1 &&
        SSL_CTX_use_PrivateKey(ctx, key) == 1)
        rc = 0;
out:
    if (rc)
        trouble(err, "cannot make a certificate for", domain);
    X509_EXTENSION_free(alt);
    X509_free(cert);
    EVP_PKEY_free(key);
    buf_deinit(&names);
    return rc;
}

static int make_context(const struct tls_server *t, SSL_CTX **out, int64_t *expiry, struct buf *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return trouble(err, "cannot set up", "TLS");
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx,
                                   SSL_SESS_CACHE_OFF); /* tickets only: nothing is kept here */
    int rc = 0;
    const char *key = t->key[0] ? t->key : t->cert;
    if (!t->cert[0])
        rc = self_sign(ctx, t->domain, err);
    else if (SSL_CTX_use_certificate_chain_file(ctx, t->cert) != 1)
        rc = trouble(err, "cannot use the certificate", t->cert);
    else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        rc = trouble(err, "cannot use the key", key);
    else if (SSL_CTX_check_private_key(ctx) != 1)
        rc = trouble(err, "the key does not belong to", t->cert);
    if (rc) {
        SSL_CTX_free(ctx);
        return rc;
    }
    struct tm tm = {0};
    const X509 *cert = SSL_CTX_get0_certificate(ctx);
    *expiry = cert && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) ? (int64_t)timegm(&tm) : 0;
    *out = ctx;
    return 0;
}

int tls_server_reload(struct tls_server *t, struct buf *err)
{
    SSL_CTX *fresh = NULL;
    int rc = make_context(t, &fresh, &t->expiry, err);
    if (rc)
        return rc;
    SSL_CTX_free(t->ctx); /* those in use hold a reference */
    t->ctx = fresh;
    return 0;
}

int tls_server_new(const char *cert, const char *key, const char *domain, struct tls_server **out,
                   struct buf *err)
{
    struct tls_server *t = mem_zalloc(sizeof *t);
    t->cert = mem_dup(cert, strlen(cert));
    t->key = mem_dup(key, strlen(key));
    t->domain = mem_dup(domain, strlen(domain));
    t->method = queue_method();
    int rc = tls_server_reload(t, err);
    if (rc)
        tls_server_destroy(&t);
    *out = t;
    return rc;
}

void tls_server_destroy(struct tls_server **t_p)
{
    struct tls_server *t = *t_p;
    if (!t)
        return;
    *t_p = NULL;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->method);
    mem_free(t->cert);
    mem_free(t->key);
    mem_free(t->domain);
    mem_free(t);
}

int64_t tls_server_expiry(const struct tls_server *t)
{
    return t->expiry;
}

/* ---------------------------------------------------------------- one stream */

/* A record of a few bytes makes us derive keys, or answer. */
static void on_message(int outgoing, int version, int type, const void *p, size_t n, SSL *ssl,
                       void *ctx)
{
    struct tls *t = ctx;
    const uint8_t *bytes = p;
    (void)version;
    (void)ssl;
    bool update = !outgoing && type == SSL3_RT_HANDSHAKE && n > 0 && bytes[0] == SSL3_MT_KEY_UPDATE;
    bool refused =
        outgoing && type == SSL3_RT_ALERT && n == 2 && bytes[1] == SSL_AD_NO_RENEGOTIATION;
    t->chores += update || refused;
}

struct tls *tls_new(struct tls_server *server)
{
    struct tls *t = mem_zalloc(sizeof *t);
    t->ssl = SSL_new(server->ctx);
    BIO *bio = BIO_new(server->method);
    assert(t->ssl && bio);
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
    SSL_set_accept_state(t->ssl);
    SSL_set_msg_callback(t->ssl, on_message);
    SSL_set_msg_callback_arg(t->ssl, t);
    return t;
}

void tls_destroy(struct tls **t_p)
{
    struct tls *t = *t_p;
    if (!t)
        return;
    *t_p = NULL;
    SSL_free(t->ssl);
    buf_deinit(&t->in);
    buf_deinit(&t->out);
    mem_free(t);
}

void tls_input(struct tls *t, const void *p, size_t n)
{
    buf_put(&t->in, p, n);
    t->received += n;
}

static int verdict(struct tls *t, int ret)
{
    int why = SSL_get_error(t->ssl, ret);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return ERR_AGAIN;
    return why == SSL_ERROR_ZERO_RETURN ? ERR_IO : ERR_PROTO;
}

int tls_read(struct tls *t, void *p, size_t cap)
{
    ERR_clear_error();
    int n = SSL_read(t->ssl, p, (int)cap);
    if (t->chores > CHORES_FREE + t->received / CHORE_BYTES)
        return ERR_PROTO;
    return n > 0 ? n : verdict(t, n);
}

int tls_write(struct tls *t, const void *p, size_t n)
{
    const char *at = p;
    ERR_clear_error();
    while (n) {
        size_t put = 0;
        int ok = SSL_write_ex(t->ssl, at, n, &put);
        if (ok != 1) {
            /* The output queue takes everything; only a broken stream refuses. */
            ERR_clear_error();
            return ERR_PROTO;
        }
        at += put;
        n -= put;
    }
    return 0;
}

struct buf *tls_output(struct tls *t)
{
    return &t->out;
}

bool tls_established(const struct tls *t)
{
    return SSL_is_init_finished(t->ssl) == 1;
}

void tls_close_notify(struct tls *t)
{
    if (tls_established(t)) {
        SSL_shutdown(t->ssl);
        ERR_clear_error();
    }
}

const char *tls_version(const struct tls *t)
{
    return SSL_get_version(t->ssl);
}
