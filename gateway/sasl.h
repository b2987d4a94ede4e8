/* sasl.h: one authentication (RFC 6120 §6) as a pure state machine: messages in, an answer or a
 * question out. Questions go to whoever may ask Redis and the thread pool. */
#ifndef MUC_SASL_H
#define MUC_SASL_H

#include "gateway/scram.h"

enum auth_mode { AUTH_ACCOUNTS, AUTH_ANONYMOUS, AUTH_OPEN };

enum sasl_mechanism {
    SASL_SCRAM_SHA_256,
    SASL_SCRAM_SHA_1,
    SASL_PLAIN,
    SASL_ANONYMOUS,
    SASL_COUNT
};
const char *sasl_name(enum sasl_mechanism m);

/* Who can read what a client sends. In clear nothing is offered but in open mode. */
enum sasl_link {
    SASL_LINK_CLEAR, /* anybody on the way */
    SASL_LINK_LOCAL, /* nobody outside this machine; or the operator says that it does not matter */
    SASL_LINK_TLS,
};

struct sasl_config {
    enum auth_mode mode;
    bool plain_without_tls;
    struct str domain;        /* prepared */
    uint8_t fake_key[32];     /* secret of the cluster, for the salts of unknown users */
    uint32_t fake_iterations; /* what real accounts have */
    void (*random)(void *p, size_t n);
};

/* What is known of a user. */
struct account {
    bool asked; /* false: it could not be found out */
    bool exists, disabled;
    bool has_sha_1, has_sha_256;
    struct scram_record sha_1, sha_256;
};

/* A password on its way through PBKDF2, on any thread: sasl_job_run(). Owned by whoever holds it.
 */
struct sasl_job {
    enum scram_hash hash;
    struct scram_record record; /* salt and iterations in, keys out */
    char *password;
    size_t password_len;
};
void sasl_job_run(struct sasl_job *j);
void sasl_job_destroy(struct sasl_job **j_p);

enum sasl_step {
    SASL_CHALLENGE,    /* send sasl_data() */
    SASL_SUCCESS,      /* send sasl_data(), if any; sasl_bare() is the user */
    SASL_FAILURE,      /* send sasl_failure() */
    SASL_WANT_ACCOUNT, /* of sasl_bare(): sasl_account() */
    SASL_WANT_JOB,     /* sasl_take_job(), run it, sasl_job_done() */
};

struct sasl;
struct sasl *sasl_new(const struct sasl_config *cfg); /* borrowed, must outlive it */
void sasl_destroy(struct sasl **s_p);

/* Whether a stream offers it. */
bool sasl_offers(const struct sasl_config *cfg, enum sasl_mechanism m, enum sasl_link link);

/* <auth/>: text is its character data (base64, "=" for empty, nothing for none). */
enum sasl_step sasl_start(struct sasl *s, struct str mechanism, struct str text,
                          enum sasl_link link);
/* <response/>. */
enum sasl_step sasl_response(struct sasl *s, struct str text);
enum sasl_step sasl_account(struct sasl *s, const struct account *a);
struct sasl_job *sasl_take_job(struct sasl *s);
enum sasl_step sasl_job_done(struct sasl *s, const struct sasl_job *j);
enum sasl_step sasl_abort(struct sasl *s);

/* Raw bytes, to be sent as base64. */
struct str sasl_data(const struct sasl *s);
const char *sasl_failure(const struct sasl *s);
struct str sasl_bare(const struct sasl *s);
/* SASL_COUNT until one that exists was chosen. */
enum sasl_mechanism sasl_used(const struct sasl *s);

#endif
