/* scram.c: RFC 5802 §3 and §5 over OpenSSL's HMAC, digests and PBKDF2. */
#include "gateway/scram.h"
#include "gateway/b64.h"
#include "base/err.h"
#include "base/utf8.h"

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

static void hmac(enum scram_hash h, const uint8_t *key, size_t n, struct str text, uint8_t *out)
{
    unsigned len = 0;
    const void *done = HMAC(digest(h), key, (int)n, (const uint8_t *)text.p, text.n, out, &len);
    assert(done && len == scram_size(h));
    (void)done;
}

static void hash(enum scram_hash h, const uint8_t *p, size_t n, uint8_t *out)
{
    unsigned len = 0;
    int ok = EVP_Digest(p, n, out, &len, digest(h), NULL);
    assert(ok == 1);
    (void)ok;
}

/* ---------------------------------------------------------------- records */

/* Cuts the text before the first ':' off s. */
static struct str cut(struct str *s)
{
    const char *colon = s->n ? memchr(s->p, ':', s->n) : NULL;
    size_t n = colon ? (size_t)(colon - s->p) : s->n;
    struct str head = {s->p, n};
    s->p += n + (colon != NULL);
    s->n -= n + (colon != NULL);
    return head;
}

static int decode_into(struct str text, uint8_t *out, size_t min, size_t max, size_t *n)
{
    struct buf b;
    buf_init(&b);
    int err = b64_decode(&b, text);
    if (!err && (b.len < min || b.len > max))
        err = ERR_INVALID;
    if (!err) {
        memcpy(out, b.data, b.len);
        *n = b.len;
    }
    buf_deinit(&b);
    return err;
}

int scram_record_parse(enum scram_hash h, struct str text, struct scram_record *out)
{
    struct scram_record r = {0};
    size_t size = scram_size(h), n;
    struct str number = cut(&text);
    if (number.n == 0 || number.n > 8)
        return ERR_INVALID;
    for (size_t i = 0; i < number.n; i++) {
        if (number.p[i] < '0' || number.p[i] > '9')
            return ERR_INVALID;
        r.iterations = r.iterations * 10 + (uint32_t)(number.p[i] - '0');
    }
    if (r.iterations == 0 || r.iterations > SCRAM_ITERATIONS_MAX)
        return ERR_INVALID;
    if (decode_into(cut(&text), r.salt, 1, SCRAM_SALT_MAX, &n))
        return ERR_INVALID;
    r.salt_len = (uint32_t)n;
    if (decode_into(cut(&text), r.stored_key, size, size, &n) ||
        decode_into(cut(&text), r.server_key, size, size, &n) || text.n)
        return ERR_INVALID;
    *out = r;
    return 0;
}

void scram_record_derive(enum scram_hash h, struct str password, struct scram_record *r)
{
    uint8_t salted[SCRAM_KEY_MAX], client_key[SCRAM_KEY_MAX];
    size_t size = scram_size(h);
    int ok = PKCS5_PBKDF2_HMAC(password.p ? password.p : "", (int)password.n, r->salt,
                               (int)r->salt_len, (int)r->iterations, digest(h), (int)size, salted);
    assert(ok == 1);
    (void)ok;
    hmac(h, salted, size, STR("Client Key"), client_key);
    hash(h, client_key, size, r->stored_key);
    hmac(h, salted, size, STR("Server Key"), r->server_key);
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
    hmac(SCRAM_SHA_256, key, 32, buf_as_str(&text), mac);
    memcpy(r.salt, mac, r.salt_len);
    buf_c(&text, ' '); /* another name for the keys: the salt must say nothing about them */
    hmac(SCRAM_SHA_256, key, 32, buf_as_str(&text), mac);
    memcpy(r.stored_key, mac, scram_size(h));
    memcpy(r.server_key, mac, scram_size(h));
    buf_deinit(&text);
    *out = r;
}

/* ---------------------------------------------------------------- messages */

void scram_deinit(struct scram *s)
{
    buf_deinit(&s->user);
    buf_deinit(&s->authzid);
    buf_deinit(&s->gs2);
    buf_deinit(&s->client_first_bare);
    buf_deinit(&s->server_first);
    buf_deinit(&s->nonce);
    OPENSSL_cleanse(s, sizeof *s);
}

/* Takes "<name>=<value>" off the front, up to a comma. */
static bool take(struct str *s, char name, struct str *value)
{
    if (s->n < 2 || s->p[0] != name || s->p[1] != '=')
        return false;
    const char *from = s->p + 2, *end = s->p + s->n;
    const char *comma = from < end ? memchr(from, ',', (size_t)(end - from)) : NULL;
    *value = str_n(from, (size_t)((comma ? comma : end) - from));
    const char *rest = comma ? comma + 1 : end;
    *s = str_n(rest, (size_t)(end - rest));
    return true;
}

/* saslname: "=2C" is a comma, "=3D" an equals sign, another '=' an error. */
static bool unescape(struct str s, struct buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '=') {
            buf_c(out, s.p[i]);
            continue;
        }
        if (s.n - i < 3)
            return false;
        struct str code = str_n(s.p + i + 1, 2);
        if (str_is(code, "2C"))
            buf_c(out, ',');
        else if (str_is(code, "3D"))
            buf_c(out, '=');
        else
            return false;
        i += 2;
    }
    return true;
}

static bool nonce_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x21 || s.p[i] > 0x7e)
            return false;
    return s.n > 0 && s.n <= 512;
}

int scram_first(struct scram *s, enum scram_hash h, struct str message)
{
    struct str m = message, user, nonce;
    s->hash = h;
    if (m.n < 3 || memchr(m.p, '\0', m.n) || !utf8_valid(m))
        return ERR_INVALID;
    if (m.p[0] == 'p')
        return ERR_DENIED;
    if ((m.p[0] != 'n' && m.p[0] != 'y') || m.p[1] != ',')
        return ERR_INVALID;
    m = str_n(m.p + 2, m.n - 2);
    struct str authzid = STR_NULL;
    if (m.p[0] == ',')
        m = str_n(m.p + 1, m.n - 1);
    else if (!take(&m, 'a', &authzid) || authzid.n == 0)
        return ERR_INVALID;
    buf_put(&s->gs2, message.p, (size_t)(m.p - message.p));
    buf_str(&s->client_first_bare, m);
    /* An extension in front ("m=") is mandatory, and we know none; those behind are ignored. */
    if (!take(&m, 'n', &user) || !take(&m, 'r', &nonce) || user.n == 0 || !nonce_ok(nonce))
        return ERR_INVALID;
    if (!unescape(user, &s->user) || !unescape(authzid, &s->authzid))
        return ERR_INVALID;
    buf_str(&s->nonce, nonce);
    return 0;
}

void scram_challenge(struct scram *s, const struct scram_record *r, bool fake,
                     struct str server_nonce, struct buf *out)
{
    s->record = *r;
    s->fake = fake;
    buf_str(&s->nonce, server_nonce);
    buf_z(&s->server_first, "r=");
    buf_str(&s->server_first, buf_as_str(&s->nonce));
    buf_z(&s->server_first, ",s=");
    b64_encode(&s->server_first, r->salt, r->salt_len);
    buf_z(&s->server_first, ",i=");
    buf_u64(&s->server_first, r->iterations);
    buf_str(out, buf_as_str(&s->server_first));
}

int scram_final(struct scram *s, struct str message, struct buf *out)
{
    struct str m = message, binding, nonce, proof = STR_NULL;
    uint8_t given[SCRAM_KEY_MAX], signature[SCRAM_KEY_MAX], stored[SCRAM_KEY_MAX];
    size_t size = scram_size(s->hash), n;
    if (!take(&m, 'c', &binding) || !take(&m, 'r', &nonce))
        return ERR_INVALID;
    /* The proof is last; extensions may stand before it. */
    const char *p_at = NULL;
    while (m.n) {
        const char *at = m.p;
        struct str ignored;
        if (take(&m, 'p', &proof)) {
            p_at = at;
            break;
        }
        if (m.n < 2 || m.p[1] != '=' || m.p[0] == 'm' || !take(&m, m.p[0], &ignored))
            return ERR_INVALID;
    }
    if (!p_at || proof.p + proof.n != message.p + message.n || p_at[-1] != ',' ||
        decode_into(proof, given, size, size, &n))
        return ERR_INVALID;

    struct buf b;
    buf_init(&b);
    b64_encode(&b, s->gs2.data, s->gs2.len);
    bool same = str_eq(buf_as_str(&b), binding) && str_eq(buf_as_str(&s->nonce), nonce);
    buf_reset(&b);
    buf_str(&b, buf_as_str(&s->client_first_bare));
    buf_c(&b, ',');
    buf_str(&b, buf_as_str(&s->server_first));
    buf_c(&b, ',');
    buf_put(&b, message.p, (size_t)(p_at - 1 - message.p));

    hmac(s->hash, s->record.stored_key, size, buf_as_str(&b), signature);
    for (size_t i = 0; i < size; i++)
        given[i] ^= signature[i];
    hash(s->hash, given, size, stored);
    bool right = CRYPTO_memcmp(stored, s->record.stored_key, size) == 0;
    int err = right && same && !s->fake ? 0 : ERR_DENIED;
    if (!err) {
        hmac(s->hash, s->record.server_key, size, buf_as_str(&b), signature);
        buf_z(out, "v=");
        b64_encode(out, signature, size);
    }
    buf_deinit(&b);
    OPENSSL_cleanse(given, sizeof given);
    return err;
}
