/* test_sasl.c: who gets in by which mechanism, and what those who do not are told. */
#include "gateway/sasl.h"

#include "base/b64.h"
#include "base/limits.h"
#include "gateway/lib_scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint8_t counter;

static void numbers(void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p)[i] = counter++;
}

static struct sasl_config config(enum auth_mode mode)
{
    return (struct sasl_config){.mode = mode,
                                .domain = STR("example.org"),
                                .fake_key = {1, 2, 3},
                                .fake_iterations = 100,
                                .random = numbers};
}

static struct account account_of(const char *password)
{
    return (struct account){.asked = true,
                            .exists = true,
                            .has_sha_1 = true,
                            .has_sha_256 = true,
                            .sha_1 = lib_scram_record(SCRAM_SHA_1, password, "salt-1", 100),
                            .sha_256 = lib_scram_record(SCRAM_SHA_256, password, "salt-256", 100)};
}

static enum sasl_step start(struct sasl *s, const char *mechanism, const void *p, size_t n,
                            enum sasl_link link)
{
    struct buf b;
    buf_init(&b);
    b64_encode(&b, p, n);
    enum sasl_step step = sasl_start(s, str_of(mechanism), buf_as_str(&b), link);
    buf_deinit(&b);
    return step;
}

static enum sasl_step respond(struct sasl *s, struct str message)
{
    struct buf b;
    buf_init(&b);
    b64_encode(&b, message.p, message.n);
    enum sasl_step step = sasl_response(s, buf_as_str(&b));
    buf_deinit(&b);
    return step;
}

/* ---------------------------------------------------------------- which mechanism */

static void offers(void **state)
{
    (void)state;
    static const struct {
        enum auth_mode mode;
        bool plain_without_tls;
        enum sasl_link link;
        bool scram_256, scram_1, plain, anonymous;
    } table[] = {
        {AUTH_ACCOUNTS, false, SASL_LINK_LOCAL, true, true, false, false},
        {AUTH_ACCOUNTS, false, SASL_LINK_TLS, true, true, true, false},
        {AUTH_ACCOUNTS, true, SASL_LINK_LOCAL, true, true, true, false},
        {AUTH_ANONYMOUS, false, SASL_LINK_LOCAL, false, false, false, true},
        {AUTH_ANONYMOUS, true, SASL_LINK_TLS, false, false, false, true},
        {AUTH_OPEN, false, SASL_LINK_LOCAL, false, false, true, false},
        {AUTH_OPEN, false, SASL_LINK_TLS, false, false, true, false},
        {AUTH_ACCOUNTS, true, SASL_LINK_CLEAR, false, false, false, false},
        {AUTH_ANONYMOUS, false, SASL_LINK_CLEAR, false, false, false, false},
        {AUTH_OPEN, false, SASL_LINK_CLEAR, false, false, true, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sasl_config cfg = config(table[i].mode);
        cfg.plain_without_tls = table[i].plain_without_tls;
        assert_int_equal(sasl_offers(&cfg, SASL_SCRAM_SHA_256, table[i].link), table[i].scram_256);
        assert_int_equal(sasl_offers(&cfg, SASL_SCRAM_SHA_1, table[i].link), table[i].scram_1);
        assert_int_equal(sasl_offers(&cfg, SASL_PLAIN, table[i].link), table[i].plain);
        assert_int_equal(sasl_offers(&cfg, SASL_ANONYMOUS, table[i].link), table[i].anonymous);
    }
}

static void mechanisms(void **state)
{
    (void)state;
    static const struct {
        enum auth_mode mode;
        const char *mechanism;
        enum sasl_link link;
        const char *failure;
    } table[] = {
        {AUTH_ACCOUNTS, "PLAIN", SASL_LINK_LOCAL, "encryption-required"},
        {AUTH_ACCOUNTS, "SCRAM-SHA-256", SASL_LINK_CLEAR, "encryption-required"},
        {AUTH_ACCOUNTS, "ANONYMOUS", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "SCRAM-SHA-256-PLUS", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "EXTERNAL", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "DIGEST-MD5", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "plain", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "other", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, "", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ACCOUNTS, NULL, SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ANONYMOUS, "PLAIN", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_ANONYMOUS, "SCRAM-SHA-1", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_OPEN, "SCRAM-SHA-1", SASL_LINK_TLS, "invalid-mechanism"},
        {AUTH_OPEN, "ANONYMOUS", SASL_LINK_TLS, "invalid-mechanism"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sasl_config cfg = config(table[i].mode);
        struct sasl *s = sasl_new(&cfg);
        assert_int_equal(start(s, table[i].mechanism, "\0a\0b", 4, table[i].link), SASL_FAILURE);
        assert_string_equal(sasl_failure(s), table[i].failure);
        assert_int_equal(sasl_bare(s).n, 0);
        sasl_destroy(&s);
    }
}

/* ---------------------------------------------------------------- PLAIN */

/* What a message of PLAIN leads to: NULL for a question about the account, else the failure. */
static const char *plain(const char *message, size_t n, const char **bare)
{
    static char name[256];
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct sasl *s = sasl_new(&cfg);
    enum sasl_step step = start(s, "PLAIN", message, n, SASL_LINK_TLS);
    const char *failure = NULL;
    if (step == SASL_FAILURE)
        failure = sasl_failure(s);
    else
        assert_int_equal(step, SASL_WANT_ACCOUNT);
    memcpy(name, sasl_bare(s).p ? sasl_bare(s).p : "", sasl_bare(s).n);
    name[sasl_bare(s).n] = '\0';
    *bare = name;
    sasl_destroy(&s);
    return failure;
}

static void plain_messages(void **state)
{
    (void)state;
#define M(text) text, sizeof(text) - 1
    static const struct {
        const char *message;
        size_t n;
        const char *bare, *failure;
    } table[] = {
        {M("\0ann\0secret"), "ann@example.org", NULL},
        {M("\0ANN\0secret"), "ann@example.org", NULL},
        {M("\0\xc3\x84nn\0secret"), "\xc3\xa4nn@example.org", NULL},
        {M("ann@example.org\0ann\0secret"), "ann@example.org", NULL},
        {M("Ann@Example.ORG\0ann\0secret"), "ann@example.org", NULL},
        {M("bob@example.org\0ann\0secret"), NULL, "invalid-authzid"},
        {M("ann@example.org/r\0ann\0secret"), NULL, "invalid-authzid"},
        {M("ann\0ann\0secret"), NULL, "invalid-authzid"},
        {M("example.org\0ann\0secret"), NULL, "invalid-authzid"},
        {M("@\0ann\0secret"), NULL, "invalid-authzid"},
        {M("ann\0secret"), NULL, "malformed-request"},
        {M("ann"), NULL, "malformed-request"},
        {M("\0ann\0secret\0"), NULL, "malformed-request"},
        {M("\0ann\0\0"), NULL, "malformed-request"},
        {M("\0ann\0sec\0ret"), NULL, "malformed-request"},
        {M("\0\0ann\0secret"), NULL, "malformed-request"},
        {M("\0\0secret"), NULL, "malformed-request"},
        {M("\0ann\0"), NULL, "malformed-request"},
        {M("\0\0"), NULL, "malformed-request"},
        {M("\0"), NULL, "malformed-request"},
        {M("\0ann@example.org\0secret"), NULL, "not-authorized"},
        {M("\0ann/x\0secret"), NULL, "not-authorized"},
        {M("\0a nn\0secret"), NULL, "not-authorized"},
        {M("\0a\xef\xbc\xa0"
           "b\0secret"),
         NULL, "not-authorized"}, /* a wide @ becomes one */
        {M("\0a\xef\xbc\x8f"
           "b\0secret"),
         NULL, "not-authorized"}, /* and a wide / */
        {M("\0\xff\0secret"), NULL, "not-authorized"},
        {M("\0ann\0\xff"), NULL, "not-authorized"},
        {M("\0ann\0\x07"), NULL, "not-authorized"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *bare, *failure = plain(table[i].message, table[i].n, &bare);
        if (table[i].failure) {
            assert_non_null(failure);
            assert_string_equal(failure, table[i].failure);
        } else {
            assert_null(failure);
            assert_string_equal(bare, table[i].bare);
        }
    }
}

/* The whole way of PLAIN; the condition, "" for success. */
static const char *plain_login(const char *message, size_t n, const struct account *a)
{
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(start(s, "PLAIN", message, n, SASL_LINK_TLS), SASL_WANT_ACCOUNT);
    enum sasl_step step = sasl_account(s, a);
    if (step == SASL_WANT_JOB) {
        struct sasl_job *j = sasl_take_job(s);
        sasl_job_run(j);
        step = sasl_job_done(s, j);
        sasl_job_destroy(&j);
        assert_null(j);
        sasl_job_destroy(&j);
    }
    const char *failure = step == SASL_SUCCESS ? "" : sasl_failure(s);
    if (step == SASL_SUCCESS)
        assert_true(str_is(sasl_bare(s), "ann@example.org"));
    sasl_destroy(&s);
    return failure;
}

static void plain_logins(void **state)
{
    (void)state;
    struct account a = account_of("secret"), nobody = {.asked = true}, unknown = {0};
    assert_string_equal(plain_login(M("\0ann\0secret"), &a), "");
    assert_string_equal(plain_login(M("\0ann\0Secret"), &a), "not-authorized");
    assert_string_equal(plain_login(M("\0ann\0secret"), &nobody), "not-authorized");
    assert_string_equal(plain_login(M("\0ann\0secret"), &unknown), "temporary-auth-failure");
    struct account only_1 = a;
    only_1.has_sha_256 = false;
    assert_string_equal(plain_login(M("\0ann\0secret"), &only_1), "");
    assert_string_equal(plain_login(M("\0ann\0x"), &only_1), "not-authorized");
    struct account keyless = {.asked = true, .exists = true};
    assert_string_equal(plain_login(M("\0ann\0secret"), &keyless), "not-authorized");
    struct account closed = a;
    closed.disabled = true; /* only who has the password learns of it */
    assert_string_equal(plain_login(M("\0ann\0x"), &closed), "not-authorized");
    assert_string_equal(plain_login(M("\0ann\0secret"), &closed), "account-disabled");
    struct account wide = account_of("\xe2\x85\xa3"); /* "IV" after SASLprep, which both ends do */
    assert_string_equal(plain_login(M("\0ann\0\xe2\x85\xa3"), &wide), "not-authorized");
    wide = account_of("IV");
    assert_string_equal(plain_login(M("\0ann\0\xe2\x85\xa3"), &wide), "");
}

static void open_mode(void **state)
{
    (void)state;
    struct sasl_config cfg = config(AUTH_OPEN);
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(start(s, "PLAIN", M("\0Ann\0anything"), SASL_LINK_LOCAL), SASL_SUCCESS);
    assert_true(str_is(sasl_bare(s), "ann@example.org"));
    sasl_destroy(&s);
    s = sasl_new(&cfg);
    assert_int_equal(start(s, "PLAIN", M("bob@example.org\0ann\0x"), SASL_LINK_LOCAL),
                     SASL_FAILURE);
    assert_string_equal(sasl_failure(s), "invalid-authzid");
    sasl_destroy(&s);
}

/* ---------------------------------------------------------------- messages */

static void encodings(void **state)
{
    (void)state;
    static const char *const bad[] = {"A",    "AGFubgBzZWNyZXQ",    "AGFubgBzZWNyZXQ==", "AG Fu",
                                      "====", "AGFubgBzZWNyZXQ=\n", "\xff\xff\xff\xff"};
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sasl *s = sasl_new(&cfg);
        assert_int_equal(sasl_start(s, STR("PLAIN"), str_of(bad[i]), SASL_LINK_TLS), SASL_FAILURE);
        assert_string_equal(sasl_failure(s), "malformed-request");
        sasl_destroy(&s);
    }
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(sasl_start(s, STR("PLAIN"), STR("="), SASL_LINK_TLS),
                     SASL_FAILURE); /* empty message */
    assert_string_equal(sasl_failure(s), "malformed-request");
    sasl_destroy(&s);
    char big[LIMIT_STANZA_PREAUTH + 4];
    memset(big, 'A', sizeof big);
    s = sasl_new(&cfg);
    assert_int_equal(sasl_start(s, STR("PLAIN"), str_n(big, sizeof big), SASL_LINK_TLS),
                     SASL_FAILURE);
    assert_string_equal(sasl_failure(s), "malformed-request");
    sasl_destroy(&s);
}

/* RFC 6120 §6.4.2: without an initial response the server asks for it with an empty challenge. */
static void no_initial_response(void **state)
{
    (void)state;
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(sasl_start(s, STR("PLAIN"), STR_NULL, SASL_LINK_TLS), SASL_CHALLENGE);
    assert_int_equal(sasl_data(s).n, 0);
    assert_int_equal(respond(s, STR("\0ann\0secret")), SASL_WANT_ACCOUNT);
    sasl_destroy(&s);
    s = sasl_new(&cfg);
    assert_int_equal(sasl_start(s, STR("SCRAM-SHA-1"), STR_NULL, SASL_LINK_TLS), SASL_CHALLENGE);
    assert_int_equal(respond(s, STR("n,,n=ann,r=abc")), SASL_WANT_ACCOUNT);
    sasl_destroy(&s);
}

static void out_of_turn(void **state)
{
    (void)state;
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(respond(s, STR("n,,n=ann,r=abc")), SASL_FAILURE);
    assert_string_equal(sasl_failure(s), "malformed-request");
    assert_int_equal(respond(s, STR("n,,n=ann,r=abc")), SASL_FAILURE);
    sasl_destroy(&s);
    s = sasl_new(&cfg);
    assert_int_equal(sasl_abort(s), SASL_FAILURE);
    assert_string_equal(sasl_failure(s), "aborted");
    assert_int_equal(sasl_used(s), SASL_COUNT);
    sasl_destroy(&s);
    s = sasl_new(&cfg);
    assert_int_equal(start(s, "SCRAM-SHA-1", M("n,,n=ann,r=abc"), SASL_LINK_TLS),
                     SASL_WANT_ACCOUNT);
    assert_int_equal(sasl_abort(s), SASL_FAILURE);
    assert_int_equal(sasl_used(s), SASL_SCRAM_SHA_1);
    sasl_destroy(&s);
    sasl_destroy(&s);
}

/* ---------------------------------------------------------------- SCRAM */

/* A login; the condition, "" for success. challenge: what we said, if it is asked for. */
static const char *scram_login(const char *mechanism, enum scram_hash h, const char *first,
                               const char *password, const struct account *a, struct buf *challenge)
{
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct sasl *s = sasl_new(&cfg);
    struct buf final, v;
    const char *failure = "";
    buf_init(&final);
    buf_init(&v);
    enum sasl_step step = start(s, mechanism, first, strlen(first), SASL_LINK_LOCAL);
    if (step == SASL_WANT_ACCOUNT)
        step = sasl_account(s, a);
    if (step == SASL_CHALLENGE) {
        if (challenge)
            buf_str(challenge, sasl_data(s));
        lib_scram_final(h, password, first, sasl_data(s), &final, &v);
        step = respond(s, buf_as_str(&final));
    }
    if (step == SASL_SUCCESS) {
        assert_true(str_eq(sasl_data(s), buf_as_str(&v)));
        assert_true(str_is(sasl_bare(s), "ann@example.org"));
    } else {
        assert_int_equal(step, SASL_FAILURE);
        failure = sasl_failure(s);
    }
    sasl_destroy(&s);
    buf_deinit(&final);
    buf_deinit(&v);
    return failure;
}

static void scram_logins(void **state)
{
    (void)state;
    static const struct {
        const char *first, *failure;
    } table[] = {
        {"n,,n=ann,r=abc", ""},
        {"n,,n=Ann,r=abc", ""},
        {"y,,n=ann,r=abc", ""},
        {"n,a=ann@example.org,n=ann,r=abc", ""},
        {"n,a=ANN@EXAMPLE.org,n=ann,r=abc", ""},
        {"n,a=bob@example.org,n=ann,r=abc", "invalid-authzid"},
        {"n,a=ann,n=ann,r=abc", "invalid-authzid"},
        {"n,a=ann@example.org/x,n=ann,r=abc", "invalid-authzid"},
        {"p=tls-exporter,,n=ann,r=abc", "not-authorized"},
        {"p=tls-unique,,n=ann,r=abc", "not-authorized"},
        {"n,,n=ann@example.org,r=abc", "not-authorized"},
        {"n,,n=a nn,r=abc", "not-authorized"},
        {"n,,n=a=2Cb,r=abc", "not-authorized"}, /* a name like others, only the password is wrong */
        {"n,,n=a=b,r=abc", "malformed-request"},
        {"n,,n=ann", "malformed-request"},
        {"hello", "malformed-request"},
    };
    struct account a = account_of("secret"), nobody = {.asked = true};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (enum scram_hash h = SCRAM_SHA_1; h <= SCRAM_SHA_256; h++) {
            const char *mechanism = h == SCRAM_SHA_1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
            bool other = strstr(table[i].first, "=2C") != NULL;
            assert_string_equal(
                scram_login(mechanism, h, table[i].first, "secret", other ? &nobody : &a, NULL),
                table[i].failure);
        }
    struct account unknown = {0}, closed = a;
    closed.disabled = true;
    assert_string_equal(scram_login("SCRAM-SHA-1", SCRAM_SHA_1, "n,,n=ann,r=a", "wrong", &a, NULL),
                        "not-authorized");
    assert_string_equal(
        scram_login("SCRAM-SHA-1", SCRAM_SHA_1, "n,,n=ann,r=a", "secret", &unknown, NULL),
        "temporary-auth-failure");
    assert_string_equal(
        scram_login("SCRAM-SHA-1", SCRAM_SHA_1, "n,,n=ann,r=a", "wrong", &closed, NULL),
        "not-authorized");
    assert_string_equal(
        scram_login("SCRAM-SHA-1", SCRAM_SHA_1, "n,,n=ann,r=a", "secret", &closed, NULL),
        "account-disabled");
}

/* A stranger is asked as a user is: same form, same salt each time, fresh nonce; then refused. */
static void strangers(void **state)
{
    (void)state;
    struct account nobody = {.asked = true}, only_256 = account_of("secret");
    struct buf one, two, real;
    buf_init(&one);
    buf_init(&two);
    buf_init(&real);
    only_256.has_sha_1 = false;
    assert_string_equal(
        scram_login("SCRAM-SHA-256", SCRAM_SHA_256, "n,,n=bob,r=abc", "secret", &nobody, &one),
        "not-authorized");
    assert_string_equal(
        scram_login("SCRAM-SHA-256", SCRAM_SHA_256, "n,,n=bob,r=abc", "secret", &nobody, &two),
        "not-authorized");
    buf_c(&one, '\0');
    buf_c(&two, '\0');
    assert_string_not_equal(one.data, two.data);
    assert_string_equal(strstr(one.data, ",s="), strstr(two.data, ",s="));
    assert_non_null(strstr(one.data, ",i=100"));
    assert_memory_equal(one.data, "r=abc", 5);
    /* So is a user whose account has no key for this hash. */
    assert_string_equal(
        scram_login("SCRAM-SHA-1", SCRAM_SHA_1, "n,,n=ann,r=abc", "secret", &only_256, &real),
        "not-authorized");
    buf_c(&real, '\0');
    assert_non_null(strstr(real.data, ",i=100"));
    buf_deinit(&one);
    buf_deinit(&two);
    buf_deinit(&real);
}

/* An answer recorded earlier opens nothing: the nonce has changed. */
static void replay(void **state)
{
    (void)state;
    struct sasl_config cfg = config(AUTH_ACCOUNTS);
    struct account a = account_of("secret");
    struct buf final, v;
    buf_init(&final);
    buf_init(&v);
    for (int round = 0; round < 2; round++) {
        struct sasl *s = sasl_new(&cfg);
        assert_int_equal(start(s, "SCRAM-SHA-256", M("n,,n=ann,r=abc"), SASL_LINK_LOCAL),
                         SASL_WANT_ACCOUNT);
        assert_int_equal(sasl_account(s, &a), SASL_CHALLENGE);
        if (round == 0)
            lib_scram_final(SCRAM_SHA_256, "secret", "n,,n=ann,r=abc", sasl_data(s), &final, &v);
        assert_int_equal(respond(s, buf_as_str(&final)), round == 0 ? SASL_SUCCESS : SASL_FAILURE);
        if (round == 1)
            assert_string_equal(sasl_failure(s), "not-authorized");
        assert_int_equal(respond(s, buf_as_str(&final)), SASL_FAILURE); /* one answer only */
        sasl_destroy(&s);
    }
    buf_deinit(&final);
    buf_deinit(&v);
}

/* ---------------------------------------------------------------- ANONYMOUS */

static void anonymous(void **state)
{
    (void)state;
    struct sasl_config cfg = config(AUTH_ANONYMOUS);
    char before[64] = "";
    for (int i = 0; i < 3; i++) {
        struct sasl *s = sasl_new(&cfg);
        enum sasl_step step = i == 0   ? sasl_start(s, STR("ANONYMOUS"), STR_NULL, SASL_LINK_LOCAL)
                              : i == 1 ? sasl_start(s, STR("ANONYMOUS"), STR("="), SASL_LINK_LOCAL)
                                       : start(s, "ANONYMOUS", M("trace@me"), SASL_LINK_TLS);
        assert_int_equal(step, SASL_SUCCESS);
        struct str bare = sasl_bare(s);
        assert_int_equal(bare.n, 5 + 20 + 12);
        assert_memory_equal(bare.p, "anon-", 5);
        assert_memory_equal(bare.p + 25, "@example.org", 12);
        assert_memory_not_equal(bare.p, before, bare.n);
        memcpy(before, bare.p, bare.n);
        sasl_destroy(&s);
    }
    struct sasl *s = sasl_new(&cfg);
    assert_int_equal(sasl_start(s, STR("ANONYMOUS"), STR("!"), SASL_LINK_LOCAL), SASL_FAILURE);
    assert_string_equal(sasl_failure(s), "malformed-request");
    sasl_destroy(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers),
        cmocka_unit_test(mechanisms),
        cmocka_unit_test(plain_messages),
        cmocka_unit_test(plain_logins),
        cmocka_unit_test(open_mode),
        cmocka_unit_test(encodings),
        cmocka_unit_test(no_initial_response),
        cmocka_unit_test(out_of_turn),
        cmocka_unit_test(scram_logins),
        cmocka_unit_test(strangers),
        cmocka_unit_test(replay),
        cmocka_unit_test(anonymous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
