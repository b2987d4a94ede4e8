/* fuzz_sasl.c: whatever a client sends, nobody gets in who does not know the password; and in open
 * mode only under an address that is prepared. First byte: mode, TLS, whether the account exists.
 * Then up to four messages, each with its length before it; the first byte of one says what it is.
 */
#include "base/b64.h"
#include "base/arena.h"
#include "prep/jid_prep.h"
#include "gateway/sasl.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void numbers(void *p, size_t n)
{
    memset(p, 7, n);
}

static struct account account_of(bool exists)
{
    static struct account known;
    if (!known.asked) {
        known =
            (struct account){.asked = true, .exists = true, .has_sha_1 = true, .has_sha_256 = true};
        known.sha_1.iterations = known.sha_256.iterations = 2;
        known.sha_1.salt_len = known.sha_256.salt_len = 4;
        scram_record_derive(SCRAM_SHA_1, STR("a password nobody guesses: 0x5fd3"), &known.sha_1);
        scram_record_derive(SCRAM_SHA_256, STR("a password nobody guesses: 0x5fd3"),
                            &known.sha_256);
    }
    return exists ? known : (struct account){.asked = true};
}

static void check_bare(struct str bare)
{
    struct arena a;
    struct str again;
    struct jid parts;
    arena_init(&a);
    if (jid_prep(bare, &a, &again, &parts) || !str_eq(bare, again) || parts.resource.n ||
        parts.local.n == 0 || !str_is(parts.domain, "example.org"))
        abort();
    arena_deinit(&a);
}

/* Questions are answered as they come. */
static enum sasl_step settle(struct sasl *s, enum sasl_step step, const struct account *account)
{
    if (step == SASL_WANT_ACCOUNT) {
        check_bare(sasl_bare(s));
        step = sasl_account(s, account);
    }
    if (step == SASL_WANT_JOB) {
        struct sasl_job *j = sasl_take_job(s);
        sasl_job_run(j);
        step = sasl_job_done(s, j);
        sasl_job_destroy(&j);
    }
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct sasl_config cfg = {.mode = (enum auth_mode)(data[0] % 3),
                              .plain_without_tls = data[0] & 4,
                              .domain = STR("example.org"),
                              .fake_iterations = 2,
                              .random = numbers};
    struct account account = account_of(data[0] & 8);
    struct sasl *s = sasl_new(&cfg);
    size_t at = 1;
    for (int i = 0; i < 4 && size - at >= 3; i++) {
        uint8_t what = data[at];
        size_t n = data[at + 1];
        at += 2;
        n = n < size - at ? n : size - at;
        struct buf text;
        buf_init(&text);
        if (what & 0x80) /* as it is */
            buf_put(&text, data + at, n);
        else
            b64_encode(&text, data + at, n);
        at += n;
        enum sasl_step step;
        if (what % 8 < SASL_COUNT)
            step = sasl_start(s, str_of(sasl_name((enum sasl_mechanism)(what % 8))),
                              buf_as_str(&text), what & 0x40 ? SASL_LINK_TLS : SASL_LINK_LOCAL);
        else if (what % 8 == 7)
            step = sasl_abort(s);
        else
            step = sasl_response(s, buf_as_str(&text));
        step = settle(s, step, &account);
        buf_deinit(&text);
        if (step == SASL_SUCCESS) {
            if (cfg.mode == AUTH_ACCOUNTS)
                abort();
            check_bare(sasl_bare(s));
            break;
        }
        if (step == SASL_FAILURE) {
            if (!sasl_failure(s)[0])
                abort();
            sasl_destroy(&s);
            s = sasl_new(&cfg);
        }
    }
    sasl_destroy(&s);
    return 0;
}
