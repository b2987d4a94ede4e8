/* scram_record.c: RFC 5802 §3 over OpenSSL's HMAC, digests and PBKDF2. */
#include "prep/scram_record.h"
#include "base/b64.h"
#include "base/err.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *digest(enum scram_hash h)
{
    return h == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

size_t scram_size(enum scram_hash h)
{
    return h == SCRAM_SHA_1 ? 20 : 32;
}

void scram_hmac(enum scram_hash h, const uint8_t *key, size_t n, struct str text, uint8_t *out)
{
    unsigned len = 0;
    const void *done = HMAC(digest(h), key, (int)n, (const uint8_t *)text.p, text.n, out, &len);
    assert(done && len == scram_size(h));
    (void)done;
}

void scram_digest(enum scram_hash h, const uint8_t *p, size_t n, uint8_t *out)
{
    unsigned len = 0;
    int ok = EVP_Digest(p, n, out, &len, digest(h), NULL);
    assert(ok == 1);
    (void)ok;
}

int scram_record_parse(enum scram_hash h, struct str text, struct scram_record *out)
{
    struct scram_record r = {0};
    size_t size = scram_size(h), n;
    if (!str_u32(str_cut(&text, ':'), SCRAM_ITERATIONS_MAX, &r.iterations) || r.iterations == 0)
        return ERR_INVALID;
    if (b64_decode_into(str_cut(&text, ':'), r.salt, 1, SCRAM_SALT_MAX, &n))
        return ERR_INVALID;
    r.salt_len = (uint32_t)n;
    if (b64_decode_into(str_cut(&text, ':'), r.stored_key, size, size, &n) ||
        b64_decode_into(str_cut(&text, ':'), r.server_key, size, size, &n) || text.n)
        return ERR_INVALID;
    *out = r;
    return 0;
}

void scram_record_print(enum scram_hash h, const struct scram_record *r, struct buf *out)
{
    buf_u64(out, r->iterations);
    buf_c(out, ':');
    b64_encode(out, r->salt, r->salt_len);
    buf_c(out, ':');
    b64_encode(out, r->stored_key, scram_size(h));
    buf_c(out, ':');
    b64_encode(out, r->server_key, scram_size(h));
}

void scram_record_derive(enum scram_hash h, struct str password, struct scram_record *r)
{
    uint8_t salted[SCRAM_KEY_MAX], client_key[SCRAM_KEY_MAX];
    size_t size = scram_size(h);
    int ok = PKCS5_PBKDF2_HMAC(password.p ? password.p : "", (int)password.n, r->salt,
                               (int)r->salt_len, (int)r->iterations, digest(h), (int)size, salted);
    assert(ok == 1);
    (void)ok;
    scram_hmac(h, salted, size, STR("Client Key"), client_key);
    scram_digest(h, client_key, size, r->stored_key);
    scram_hmac(h, salted, size, STR("Server Key"), r->server_key);
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client_key, sizeof client_key);
}

bool scram_record_same(enum scram_hash h, const struct scram_record *a,
                       const struct scram_record *b)
{
    return CRYPTO_memcmp(a->stored_key, b->stored_key, scram_size(h)) == 0;
}

void scram_record_fake(enum scram_hash h, const uint8_t key[32], struct str user,
                       uint32_t iterations, struct scram_record *out)
{
    uint8_t mac[32];
    struct scram_record r = {.iterations = iterations, .salt_len = 16};
    struct buf text;
    buf_init(&text);
    buf_z(&text, h == SCRAM_SHA_1 ? "sha-1 " : "sha-256 ");
    buf_str(&text, user);
    scram_hmac(SCRAM_SHA_256, key, 32, buf_as_str(&text), mac);
    memcpy(r.salt, mac, r.salt_len);
    buf_c(&text, ' '); /* another name for the keys: the salt must say nothing about them */
    scram_hmac(SCRAM_SHA_256, key, 32, buf_as_str(&text), mac);
    memcpy(r.stored_key, mac, scram_size(h));
    memcpy(r.server_key, mac, scram_size(h));
    buf_deinit(&text);
    *out = r;
}
