/* lib_scram.c: RFC 5802 §3 from the other end, over OpenSSL alone. */
#include "gateway/lib_scram.h"
#include "base/b64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

static const EVP_MD *digest(enum scram_hash h)
{
    return h == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

struct scram_record lib_scram_record(enum scram_hash h, const char *password, const char *salt,
                                     uint32_t iterations)
{
    struct scram_record r = {.iterations = iterations, .salt_len = (uint32_t)strlen(salt)};
    memcpy(r.salt, salt, r.salt_len);
    scram_record_derive(h, str_of(password), &r);
    return r;
}

/* The value of "<name>=" in a message of attributes. */
static struct str attribute(struct str message, char name)
{
    for (size_t i = 0; i + 1 < message.n; i++)
        if (message.p[i] == name && message.p[i + 1] == '=' &&
            (i == 0 || message.p[i - 1] == ',')) {
            struct str rest = str_n(message.p + i + 2, message.n - i - 2);
            const char *comma = memchr(rest.p, ',', rest.n);
            return comma ? str_n(rest.p, (size_t)(comma - rest.p)) : rest;
        }
    return STR_NULL;
}

void lib_scram_final(enum scram_hash h, const char *password, const char *first,
                     struct str challenge, struct buf *out, struct buf *v)
{
    const char *bare = strchr(strchr(first, ',') + 1, ',') + 1;
    struct str iterations = attribute(challenge, 'i');
    struct buf salt, message;
    uint8_t salted[32], key[32], stored[32], signature[32];
    unsigned n = (unsigned)scram_size(h), len;
    buf_init(&salt);
    buf_init(&message);
    assert_true(iterations.n > 0);
    assert_int_equal(b64_decode(&salt, attribute(challenge, 's')), 0);
    PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const uint8_t *)salt.data, (int)salt.len,
                      atoi(iterations.p), digest(h), (int)n, salted);
    HMAC(digest(h), salted, (int)n, (const uint8_t *)"Client Key", 10, key, &len);
    EVP_Digest(key, n, stored, &len, digest(h), NULL);

    buf_z(out, "c=");
    b64_encode(out, first, (size_t)(bare - first));
    buf_z(out, ",r=");
    buf_str(out, attribute(challenge, 'r'));
    buf_printf(&message, "%s,%.*s,%.*s", bare, STR_FMT(challenge), STR_FMT(buf_as_str(out)));
    HMAC(digest(h), stored, (int)n, (const uint8_t *)message.data, message.len, signature, &len);
    for (unsigned i = 0; i < n; i++)
        key[i] ^= signature[i];
    buf_z(out, ",p=");
    b64_encode(out, key, n);

    HMAC(digest(h), salted, (int)n, (const uint8_t *)"Server Key", 10, key, &len);
    HMAC(digest(h), key, (int)n, (const uint8_t *)message.data, message.len, signature, &len);
    buf_z(v, "v=");
    b64_encode(v, signature, n);
    buf_deinit(&salt);
    buf_deinit(&message);
}
