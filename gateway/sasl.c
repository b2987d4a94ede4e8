/* sasl.c: PLAIN (RFC 4616), ANONYMOUS (RFC 4505) and SCRAM behind one door.
 *
 * An unknown user goes the whole way with a made-up record, so that neither the messages nor the
 * time they take tell him from a known one with a wrong password. */
#include "gateway/sasl.h"
#include "base/b64.h"
#include "base/err.h"
#include "base/limits.h"
#include "prep/jid_prep.h"

#include <assert.h>
#include <openssl/crypto.h>

enum state { IDLE, INITIAL, ACCOUNT, FINAL, JOB, DONE };

struct sasl {
    const struct sasl_config *cfg;
    enum state state;
    enum sasl_mechanism mech;
    struct buf in, out; /* decoded message; data to send */
    struct buf bare;
    struct scram scram;
    struct sasl_job *job;
    struct scram_record expected; /* PLAIN: what the job's keys are compared with */
    bool expected_fake, disabled;
    const char *failure;
};

const char *sasl_name(enum sasl_mechanism m)
{
    switch (m) {
    case SASL_SCRAM_SHA_256:
        return "SCRAM-SHA-256";
    case SASL_SCRAM_SHA_1:
        return "SCRAM-SHA-1";
    case SASL_PLAIN:
        return "PLAIN";
    case SASL_ANONYMOUS:
        return "ANONYMOUS";
    case SASL_COUNT:
        break;
    }
    return "other";
}

static bool in_mode(enum auth_mode mode, enum sasl_mechanism m)
{
    switch (mode) {
    case AUTH_ACCOUNTS:
        return m == SASL_SCRAM_SHA_256 || m == SASL_SCRAM_SHA_1 || m == SASL_PLAIN;
    case AUTH_ANONYMOUS:
        return m == SASL_ANONYMOUS;
    case AUTH_OPEN:
        return m == SASL_PLAIN;
    }
    return false;
}

bool sasl_offers(const struct sasl_config *cfg, enum sasl_mechanism m, enum sasl_link link)
{
    bool open = cfg->mode == AUTH_OPEN;
    bool private_enough = link == SASL_LINK_TLS || link == SASL_LINK_LOCAL || open;
    bool plain_ok = link == SASL_LINK_TLS || cfg->plain_without_tls || open;
    return in_mode(cfg->mode, m) && private_enough && (m != SASL_PLAIN || plain_ok);
}

void sasl_job_run(struct sasl_job *j)
{
    scram_record_derive(j->hash, str_n(j->password, j->password_len), &j->record);
}

void sasl_job_destroy(struct sasl_job **j_p)
{
    struct sasl_job *j = *j_p;
    if (!j)
        return;
    *j_p = NULL;
    OPENSSL_cleanse(j->password, j->password_len);
    mem_free(j->password);
    OPENSSL_cleanse(j, sizeof *j);
    mem_free(j);
}

struct sasl *sasl_new(const struct sasl_config *cfg)
{
    struct sasl *s = mem_zalloc(sizeof *s);
    s->cfg = cfg;
    s->mech = SASL_COUNT;
    return s;
}

static void wipe(struct buf *b)
{
    if (b->data)
        OPENSSL_cleanse(b->data, b->cap);
    buf_reset(b);
}

void sasl_destroy(struct sasl **s_p)
{
    struct sasl *s = *s_p;
    if (!s)
        return;
    *s_p = NULL;
    wipe(&s->in);
    buf_deinit(&s->in);
    buf_deinit(&s->out);
    buf_deinit(&s->bare);
    scram_deinit(&s->scram);
    sasl_job_destroy(&s->job);
    OPENSSL_cleanse(&s->expected, sizeof s->expected);
    mem_free(s);
}

static enum sasl_step fail(struct sasl *s, const char *condition)
{
    s->state = DONE;
    s->failure = condition;
    wipe(&s->in);
    return SASL_FAILURE;
}

/* "" none, "=" an empty message (RFC 6120 §6.4.2). */
static bool decode(struct sasl *s, struct str text)
{
    wipe(&s->in);
    if (text.n > LIMIT_STANZA_PREAUTH)
        return false;
    return str_is(text, "=") || b64_decode(&s->in, text) == 0;
}

/* The user's bare JID from the name he gave; false if there can be no such user. */
static bool name_user(struct sasl *s, struct str user)
{
    struct arena a;
    struct buf raw;
    struct str text;
    struct jid jid;
    arena_init(&a);
    buf_init(&raw);
    bool plain_name = user.n && !memchr(user.p, '@', user.n) && !memchr(user.p, '/', user.n);
    buf_str(&raw, user);
    buf_c(&raw, '@');
    buf_str(&raw, s->cfg->domain);
    bool ok = plain_name && jid_prep(buf_as_str(&raw), &a, &text, &jid) == 0;
    buf_reset(&s->bare);
    if (ok)
        buf_str(&s->bare, text);
    buf_deinit(&raw);
    arena_deinit(&a);
    return ok;
}

/* RFC 6120 §6.3.8: empty, or the user's own bare JID; nobody acts for somebody else here. */
static bool authzid_ok(struct sasl *s, struct str authzid)
{
    struct arena a;
    struct str text;
    if (authzid.n == 0)
        return true;
    arena_init(&a);
    bool ok = jid_prep(authzid, &a, &text, NULL) == 0 && str_eq(text, buf_as_str(&s->bare));
    arena_deinit(&a);
    return ok;
}

static enum sasl_step plain(struct sasl *s)
{
    struct str m = buf_as_str(&s->in), part[3];
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= m.n; i++) {
        if (i < m.n && m.p[i] != '\0')
            continue;
        if (n == 3)
            return fail(s, "malformed-request");
        part[n++] = str_n(m.n ? m.p + from : "", i - from);
        from = i + 1;
    }
    if (n != 3 || part[1].n == 0 || part[2].n == 0)
        return fail(s, "malformed-request");

    struct arena a;
    struct str user, password;
    arena_init(&a);
    /* A name or password that cannot be prepared belongs to nobody. */
    bool ok = jid_saslprep(part[1], &a, &user) == 0 && name_user(s, user) &&
              jid_saslprep(part[2], &a, &password) == 0;
    enum sasl_step step;
    if (!ok) {
        step = fail(s, "not-authorized");
    } else if (!authzid_ok(s, part[0])) {
        step = fail(s, "invalid-authzid");
    } else if (s->cfg->mode == AUTH_OPEN) {
        s->state = DONE;
        step = SASL_SUCCESS;
    } else {
        s->job = mem_zalloc(sizeof *s->job);
        s->job->password = mem_dup(password.p, password.n);
        s->job->password_len = password.n;
        OPENSSL_cleanse((void *)(uintptr_t)password.p, password.n);
        s->state = ACCOUNT;
        step = SASL_WANT_ACCOUNT;
    }
    arena_deinit(&a);
    wipe(&s->in);
    return step;
}

static enum sasl_step anonymous(struct sasl *s)
{
    uint8_t bytes[10];
    s->cfg->random(bytes, sizeof bytes);
    buf_reset(&s->bare);
    buf_z(&s->bare, "anon-");
    for (size_t i = 0; i < sizeof bytes; i++)
        buf_printf(&s->bare, "%02x", bytes[i]);
    buf_c(&s->bare, '@');
    buf_str(&s->bare, s->cfg->domain);
    s->state = DONE;
    return SASL_SUCCESS;
}

static enum scram_hash hash_of(const struct sasl *s)
{
    return s->mech == SASL_SCRAM_SHA_1 ? SCRAM_SHA_1 : SCRAM_SHA_256;
}

static enum sasl_step scram_begin(struct sasl *s)
{
    scram_deinit(&s->scram);
    int err = scram_first(&s->scram, hash_of(s), buf_as_str(&s->in));
    if (err)
        return fail(s, err == ERR_DENIED ? "not-authorized" : "malformed-request");
    struct arena a;
    struct str user;
    arena_init(&a);
    bool ok = jid_saslprep(buf_as_str(&s->scram.user), &a, &user) == 0 && name_user(s, user);
    arena_deinit(&a);
    if (!ok)
        return fail(s, "not-authorized");
    if (!authzid_ok(s, buf_as_str(&s->scram.authzid)))
        return fail(s, "invalid-authzid");
    s->state = ACCOUNT;
    return SASL_WANT_ACCOUNT;
}

static enum sasl_step first_message(struct sasl *s)
{
    switch (s->mech) {
    case SASL_PLAIN:
        return plain(s);
    case SASL_ANONYMOUS:
        return anonymous(s);
    case SASL_SCRAM_SHA_1:
    case SASL_SCRAM_SHA_256:
        return scram_begin(s);
    case SASL_COUNT:
        break;
    }
    return fail(s, "invalid-mechanism");
}

enum sasl_step sasl_start(struct sasl *s, struct str mechanism, struct str text,
                          enum sasl_link link)
{
    buf_reset(&s->out);
    sasl_job_destroy(&s->job);
    s->failure = NULL;
    s->disabled = false;
    s->mech = SASL_COUNT;
    for (enum sasl_mechanism m = 0; m < SASL_COUNT; m++)
        if (str_is(mechanism, sasl_name(m)))
            s->mech = m;
    if (s->mech == SASL_COUNT || !in_mode(s->cfg->mode, s->mech))
        return fail(s, "invalid-mechanism");
    if (!sasl_offers(s->cfg, s->mech, link))
        return fail(s, "encryption-required");
    if (text.n == 0 && s->mech != SASL_ANONYMOUS) {
        s->state = INITIAL; /* an empty challenge asks for it */
        return SASL_CHALLENGE;
    }
    if (!decode(s, text))
        return fail(s, "malformed-request");
    return first_message(s);
}

enum sasl_step sasl_response(struct sasl *s, struct str text)
{
    buf_reset(&s->out);
    if (s->state != INITIAL && s->state != FINAL)
        return fail(s, "malformed-request");
    if (!decode(s, text))
        return fail(s, "malformed-request");
    if (s->state == INITIAL)
        return first_message(s);
    int err = scram_final(&s->scram, buf_as_str(&s->in), &s->out);
    if (err)
        return fail(s, err == ERR_DENIED ? "not-authorized" : "malformed-request");
    /* Only who knows the password learns that the account is closed. */
    if (s->disabled)
        return fail(s, "account-disabled");
    s->state = DONE;
    return SASL_SUCCESS;
}

enum sasl_step sasl_account(struct sasl *s, const struct account *a)
{
    assert(s->state == ACCOUNT);
    if (!a->asked)
        return fail(s, "temporary-auth-failure");
    s->disabled = a->exists && a->disabled;
    bool plain_mech = s->mech == SASL_PLAIN;
    enum scram_hash h = hash_of(s);
    if (plain_mech && a->exists && !a->has_sha_256 && a->has_sha_1)
        h = SCRAM_SHA_1;
    bool has = a->exists && (h == SCRAM_SHA_1 ? a->has_sha_1 : a->has_sha_256);
    struct scram_record r;
    if (has)
        r = h == SCRAM_SHA_1 ? a->sha_1 : a->sha_256;
    else
        scram_record_fake(h, s->cfg->fake_key, buf_as_str(&s->bare), s->cfg->fake_iterations, &r);
    if (plain_mech) {
        s->expected = r;
        s->expected_fake = !has;
        s->job->hash = h;
        s->job->record = r;
        s->state = JOB;
        return SASL_WANT_JOB;
    }
    uint8_t bytes[18];
    struct buf nonce;
    buf_init(&nonce);
    s->cfg->random(bytes, sizeof bytes);
    b64_encode(&nonce, bytes, sizeof bytes); /* base64 has no comma */
    scram_challenge(&s->scram, &r, !has, buf_as_str(&nonce), &s->out);
    buf_deinit(&nonce);
    s->state = FINAL;
    return SASL_CHALLENGE;
}

struct sasl_job *sasl_take_job(struct sasl *s)
{
    struct sasl_job *j = s->job;
    s->job = NULL;
    return j;
}

enum sasl_step sasl_job_done(struct sasl *s, const struct sasl_job *j)
{
    assert(s->state == JOB);
    bool same = scram_record_same(j->hash, &j->record, &s->expected);
    if (!same || s->expected_fake)
        return fail(s, "not-authorized");
    if (s->disabled)
        return fail(s, "account-disabled");
    s->state = DONE;
    return SASL_SUCCESS;
}

enum sasl_step sasl_abort(struct sasl *s)
{
    return fail(s, "aborted");
}

struct str sasl_data(const struct sasl *s)
{
    return buf_as_str(&s->out);
}

const char *sasl_failure(const struct sasl *s)
{
    return s->failure ? s->failure : "";
}

struct str sasl_bare(const struct sasl *s)
{
    return buf_as_str(&s->bare);
}

enum sasl_mechanism sasl_used(const struct sasl *s)
{
    return s->mech;
}
