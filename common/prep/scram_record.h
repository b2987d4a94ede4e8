/* scram_record.h: what is kept of a password: SCRAM's keys (RFC 5802 §3, RFC 7677), never the
 * password. Pure computation. */
#ifndef MUC_SCRAM_RECORD_H
#define MUC_SCRAM_RECORD_H

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
/* HMAC() and H() of RFC 5802 §2.2; out has room for scram_size() bytes. */
void scram_hmac(enum scram_hash h, const uint8_t *key, size_t n, struct str text, uint8_t *out);
void scram_digest(enum scram_hash h, const uint8_t *p, size_t n, uint8_t *out);

/* "<iterations>:<salt>:<StoredKey>:<ServerKey>", base64. Errors: ERR_INVALID. */
MUST_CHECK int scram_record_parse(enum scram_hash h, struct str text, struct scram_record *out);
/* Appends that text. */
void scram_record_print(enum scram_hash h, const struct scram_record *r, struct buf *out);
/* From r's salt and iterations and the SASLprep'd password to its two keys. Takes milliseconds. */
void scram_record_derive(enum scram_hash h, struct str password, struct scram_record *r);
/* Whether both were derived from the same password, in constant time. */
bool scram_record_same(enum scram_hash h, const struct scram_record *a,
                       const struct scram_record *b);

/* What an unknown user is asked for: the same record each time, and no password fits. */
void scram_record_fake(enum scram_hash h, const uint8_t key[32], struct str user,
                       uint32_t iterations, struct scram_record *out);

#endif
