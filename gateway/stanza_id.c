/* stanza_id.c: see stanza_id.h. */
#include "gateway/stanza_id.h"

#include "base/err.h"
#include "base/siphash.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct stanza_ids {
    EVP_CIPHER_CTX *enc, *dec;
    uint8_t room_key[16];
};

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static EVP_CIPHER_CTX *cipher(const uint8_t key[16], int encrypt)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (!c || EVP_CipherInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL, encrypt) != 1)
        abort();
    EVP_CIPHER_CTX_set_padding(c, 0);
    return c;
}

struct stanza_ids *stanza_ids_new(const uint8_t cluster_key[32])
{
    static const char context[] = "verona stanza-id 1";
    uint8_t in[sizeof context + 32], derived[32];
    struct stanza_ids *s = mem_zalloc(sizeof *s);
    memcpy(in, context, sizeof context);
    memcpy(in + sizeof context, cluster_key, 32);
    SHA256(in, sizeof in, derived);
    s->enc = cipher(derived, 1);
    s->dec = cipher(derived, 0);
    memcpy(s->room_key, derived + 16, 16);
    return s;
}

void stanza_ids_destroy(struct stanza_ids **s_p)
{
    struct stanza_ids *s = *s_p;
    if (!s)
        return;
    EVP_CIPHER_CTX_free(s->enc);
    EVP_CIPHER_CTX_free(s->dec);
    mem_free(s);
    *s_p = NULL;
}

void stanza_id_room(const struct stanza_ids *s, struct str room, struct stanza_id_room *out)
{
    siphash24_128(s->room_key, room.p, room.n, out->tweak);
}

static void block(EVP_CIPHER_CTX *c, const struct stanza_id_room *room, uint8_t b[16])
{
    uint8_t out[32];
    int n = 0;
    for (int i = 0; i < 16; i++)
        b[i] ^= room->tweak[i];
    if (EVP_CipherUpdate(c, out, &n, b, 16) != 1 || n != 16)
        abort();
    for (int i = 0; i < 16; i++)
        b[i] = out[i] ^ room->tweak[i];
}

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

void stanza_id_make(struct stanza_ids *s, const struct stanza_id_room *room, uint64_t e,
                    uint64_t seq, char out[STANZA_ID_LEN + 1])
{
    uint8_t b[17] = {0};
    put_u64(b, e);
    put_u64(b + 8, seq);
    block(s->enc, room, b);
    for (unsigned i = 0; i < STANZA_ID_LEN; i++) {
        unsigned bit = i * 5, at = bit / 8, shift = bit % 8;
        unsigned two = (unsigned)b[at] << 8 | b[at + 1]; /* b[16] is 0: 130 bits of 128 */
        out[i] = alphabet[two >> (11 - shift) & 31];
    }
    out[STANZA_ID_LEN] = '\0';
}

int stanza_id_read(struct stanza_ids *s, const struct stanza_id_room *room, struct str id,
                   uint64_t *e, uint64_t *seq)
{
    uint8_t b[17] = {0};
    if (id.n != STANZA_ID_LEN)
        return ERR_INVALID;
    for (unsigned i = 0; i < STANZA_ID_LEN; i++) {
        const char *a = memchr(alphabet, id.p[i], 32);
        if (!a)
            return ERR_INVALID;
        unsigned v = (unsigned)(a - alphabet), bit = i * 5, at = bit / 8, shift = bit % 8;
        unsigned two = v << (11 - shift);
        b[at] |= (uint8_t)(two >> 8);
        b[at + 1] |= (uint8_t)two;
    }
    if (b[16] != 0)
        return ERR_INVALID;
    block(s->dec, room, b);
    *e = get_u64(b);
    *seq = get_u64(b + 8);
    return 0;
}
