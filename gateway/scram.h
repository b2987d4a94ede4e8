/* scram.h: the server's side of SCRAM (RFC 5802, RFC 7677) without channel binding, and the
 * password records it checks against. Pure computation. */
#ifndef MUC_SCRAM_H
#define MUC_SCRAM_H

#include "base/buf.h"
#include "base/mem.h"

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

enum {
    SCRAM_KEY_MAX = 32,
    SCRAM_SALT_MAX = 64,
    SCRAM_ITERATIONS_MAX = 10000000, /* as auth.iterations; more would be an attack on ourselves */
};

struct scram_record {
    uint32_t iterations;
    uint32_t salt_len;
    uint8_t salt[SCRAM_SALT_MAX];
    uint8_t stored_key[SCRAM_KEY_MAX], server_key[SCRAM_KEY_MAX]; /* scram_size() bytes each */
};

size_t scram_size(enum scram_hash h); /* bytes of a key */
/* "<iterations>:<salt>:<StoredKey>:<ServerKey>", base64. Errors: ERR_INVALID. */
MUST_CHECK int scram_record_parse(enum scram_hash h, struct str text, struct scram_record *out);
/* From r's salt and iterations and the SASLprep'd password to its two keys. Takes milliseconds. */
void scram_record_derive(enum scram_hash h, struct str password, struct scram_record *r);
/* Whether both were derived from the same password, in constant time. */
bool scram_record_same(enum scram_hash h, const struct scram_record *a,
                       const struct scram_record *b);
/* What an unknown user is asked for: the same record each time, and no password fits. */
void scram_record_fake(enum scram_hash h, const uint8_t key[32], struct str user,
                       uint32_t iterations, struct scram_record *out);

/* One exchange. Zero it before use, deinit it after. */
struct scram {
    enum scram_hash hash;
    struct scram_record record;
    bool fake;                /* the user does not exist: no proof is right */
    struct buf user, authzid; /* as the client wrote them, unescaped */
    struct buf gs2, client_first_bare, server_first, nonce;
};
void scram_deinit(struct scram *s);

/* client-first-message. Errors: ERR_INVALID; ERR_DENIED: wants channel binding, which is not
 * offered. */
MUST_CHECK int scram_first(struct scram *s, enum scram_hash h, struct str message);
/* Appends the server-first-message. server_nonce: printable, without a comma. */
void scram_challenge(struct scram *s, const struct scram_record *r, bool fake,
                     struct str server_nonce, struct buf *out);
/* client-final-message; appends the server-final-message. Errors: ERR_INVALID, ERR_DENIED. */
MUST_CHECK int scram_final(struct scram *s, struct str message, struct buf *out);

#endif
