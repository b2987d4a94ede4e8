/* scram.c: the messages of RFC 5802 §5 and §7. */
#include "gateway/scram.h"
#include "base/b64.h"
#include "base/err.h"
#include "base/utf8.h"

#include <openssl/crypto.h>

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
        b64_decode_into(proof, given, size, size, &n))
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

    scram_hmac(s->hash, s->record.stored_key, size, buf_as_str(&b), signature);
    for (size_t i = 0; i < size; i++)
        given[i] ^= signature[i];
    scram_digest(s->hash, given, size, stored);
    bool right = CRYPTO_memcmp(stored, s->record.stored_key, size) == 0;
    int err = right && same && !s->fake ? 0 : ERR_DENIED;
    if (!err) {
        scram_hmac(s->hash, s->record.server_key, size, buf_as_str(&b), signature);
        buf_z(out, "v=");
        b64_encode(out, signature, size);
    }
    buf_deinit(&b);
    OPENSSL_cleanse(given, sizeof given);
    return err;
}
