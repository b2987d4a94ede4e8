/* scram.c: see scram.h. RFC 5802 §3: SaltedPassword := Hi(password, salt, i),
 * StoredKey := H(HMAC(SaltedPassword, "Client Key")), ServerKey := HMAC(SaltedPassword, "Server
 * Key"). */
#include "deploy/ctl/scram.h"

#include "base/err.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void put_base64(struct buf *out, const unsigned char *p, size_t n)
{
    buf_reserve(out, (n + 2) / 3 * 4 + 1);
    int len = EVP_EncodeBlock((unsigned char *)out->data + out->len, p, (int)n);
    out->len += (size_t)len;
}

int scram_keys(enum scram_hash hash, struct str password, struct str salt, uint32_t iterations,
               struct buf *out)
{
    const EVP_MD *md = hash == SCRAM_SHA_256 ? EVP_sha256() : EVP_sha1();
    int size = EVP_MD_get_size(md);
    unsigned char salted[EVP_MAX_MD_SIZE], client[EVP_MAX_MD_SIZE], stored[EVP_MAX_MD_SIZE],
        server[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool ok = iterations > 0 && iterations < INT32_MAX &&
              PKCS5_PBKDF2_HMAC(password.p, (int)password.n, (const unsigned char *)salt.p,
                                (int)salt.n, (int)iterations, md, size, salted) == 1 &&
              HMAC(md, salted, size, (const unsigned char *)"Client Key", 10, client, &n) &&
              EVP_Digest(client, n, stored, &n, md, NULL) == 1 &&
              HMAC(md, salted, size, (const unsigned char *)"Server Key", 10, server, &n);
    if (ok) {
        buf_u64(out, iterations);
        buf_c(out, ':');
        put_base64(out, (const unsigned char *)salt.p, salt.n);
        buf_c(out, ':');
        put_base64(out, stored, (size_t)size);
        buf_c(out, ':');
        put_base64(out, server, (size_t)size);
    }
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client, sizeof client);
    return ok ? 0 : ERR_INVALID;
}
