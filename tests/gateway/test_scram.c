/* test_scram.c: the examples of RFC 5802 and RFC 7677, and messages that are not like them. */
#include "gateway/scram.h"

#include "base/b64.h"
#include "base/err.h"
#include "gateway/lib_scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct example {
    enum scram_hash hash;
    const char *salt, *first, *nonce, *challenge, *final, *v;
};

static const struct example examples[] = {
    {SCRAM_SHA_1, "QSXCR+Q6sek8bf92", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {SCRAM_SHA_256, "W22ZaJ0SNY7soEsUEjb6gQ==", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

static struct scram_record record_of(const struct example *e)
{
    static struct scram_record known[2];
    struct scram_record r = {.iterations = 4096};
    struct buf salt;
    if (known[e->hash].iterations)
        return known[e->hash];
    buf_init(&salt);
    assert_int_equal(b64_decode(&salt, str_of(e->salt)), 0);
    memcpy(r.salt, salt.data, salt.len);
    r.salt_len = (uint32_t)salt.len;
    buf_deinit(&salt);
    scram_record_derive(e->hash, STR("pencil"), &r);
    known[e->hash] = r;
    return r;
}

/* One exchange up to the challenge. */
static void begin(struct scram *s, const struct example *e, bool fake)
{
    struct scram_record r = record_of(e);
    struct buf out;
    buf_init(&out);
    memset(s, 0, sizeof *s);
    assert_int_equal(scram_first(s, e->hash, str_of(e->first)), 0);
    scram_challenge(s, &r, fake, str_of(e->nonce), &out);
    assert_true(str_is(buf_as_str(&out), e->challenge));
    buf_deinit(&out);
}

static int finish(const struct example *e, bool fake, const char *message, const char *v)
{
    struct scram s;
    struct buf out;
    buf_init(&out);
    begin(&s, e, fake);
    int err = scram_final(&s, str_of(message), &out);
    assert_true(str_is(buf_as_str(&out), err ? "" : v));
    buf_deinit(&out);
    scram_deinit(&s);
    return err;
}

static void published(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        const struct example *e = &examples[i];
        assert_int_equal(finish(e, false, e->final, e->v), 0);
        /* The same right answer for a user who does not exist. */
        assert_int_equal(finish(e, true, e->final, ""), ERR_DENIED);
    }
}

/* Every single byte of the last message matters. */
static void tampered(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        char message[256];
        size_t n = strlen(examples[i].final);
        for (size_t at = 0; at < n; at++) {
            memcpy(message, examples[i].final, n + 1);
            message[at] = message[at] == 'A' ? 'B' : 'A';
            assert_int_not_equal(finish(&examples[i], false, message, ""), 0);
            memcpy(message, examples[i].final, n + 1);
            message[at] = '\0'; /* cut off */
            assert_int_not_equal(finish(&examples[i], false, message, ""), 0);
        }
    }
}

static void last_messages(void **state)
{
    (void)state;
#define R "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define P "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    static const struct {
        const char *message;
        int err;
    } table[] = {
        {"", ERR_INVALID},
        {",", ERR_INVALID},
        {"c=", ERR_INVALID},
        {"p=" P, ERR_INVALID},
        {"c=biws,p=" P, ERR_INVALID},
        {"r=" R ",c=biws,p=" P, ERR_INVALID},
        {"c=biws,r=" R, ERR_INVALID},
        {"c=biws,r=" R ",", ERR_INVALID},
        {"c=biws,r=" R ",p=", ERR_INVALID},
        {"c=biws,r=" R ",p=AAAA", ERR_INVALID},
        {"c=biws,r=" R ",p=" P ",x=1", ERR_INVALID},
        {"c=biws,r=" R ",p=" P ",", ERR_INVALID},
        {"c=biws,r=" R ",m=1,p=" P, ERR_INVALID},
        {"c=biws,r=" R ",x,p=" P, ERR_INVALID},
        {"c=biws,r=" R ",,p=" P, ERR_INVALID},
        {"c=biws,r=" R ",x=1,p=" P, ERR_DENIED}, /* known to the proof: the proof is wrong */
        {"c=eSws,r=" R ",p=" P, ERR_DENIED},     /* "y,," */
        {"c=cD10bHMsLA==,r=" R ",p=" P, ERR_DENIED},
        {"c=!,r=" R ",p=" P, ERR_DENIED},
        {"c=biws,r=fyko+d2lbbFgONRv9qkxdawL,p=" P, ERR_DENIED},
        {"c=biws,r=" R "x,p=" P, ERR_DENIED},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(finish(&examples[0], false, table[i].message, ""), table[i].err);
}

static void first_messages(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        int err;
        const char *user, *authzid;
    } table[] = {
        {"n,,n=user,r=abc", 0, "user", ""},
        {"y,,n=user,r=abc", 0, "user", ""}, /* we offer no binding, so he is right */
        {"n,a=other,n=user,r=abc", 0, "user", "other"},
        {"n,a=a=2Cb=3Dc,n=x=2Cy=3Dz,r=abc", 0, "x,y=z", "a,b=c"},
        {"n,,n=user,r=abc,x=ignored", 0, "user", ""},
        {"n,,n=gr\xc3\xbc\xc3\x9f,r=!~", 0, "gr\xc3\xbc\xc3\x9f", ""},
        {"p=tls-exporter,,n=user,r=abc", ERR_DENIED, NULL, NULL},
        {"p", ERR_INVALID, NULL, NULL},
        {"", ERR_INVALID, NULL, NULL},
        {"n", ERR_INVALID, NULL, NULL},
        {"n,", ERR_INVALID, NULL, NULL},
        {"n,,", ERR_INVALID, NULL, NULL},
        {"x,,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"N,,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"n;,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"n,a=,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"n,b=x,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"n,a=x", ERR_INVALID, NULL, NULL},
        {"n,,m=1,n=user,r=abc", ERR_INVALID, NULL, NULL},
        {"n,,r=abc,n=user", ERR_INVALID, NULL, NULL},
        {"n,,n=,r=abc", ERR_INVALID, NULL, NULL},
        {"n,,n=user", ERR_INVALID, NULL, NULL},
        {"n,,n=user,r=", ERR_INVALID, NULL, NULL},
        {"n,,n=user,r=a b", ERR_INVALID, NULL, NULL},
        {"n,,n=user,r=\x7f", ERR_INVALID, NULL, NULL},
        {"n,,n=us=er,r=abc", ERR_INVALID, NULL, NULL},
        {"n,,n=user=2,r=abc", ERR_INVALID, NULL, NULL},
        {"n,,n=user=2c,r=abc", ERR_INVALID, NULL, NULL},
        {"n,,n=\xff,r=abc", ERR_INVALID, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scram s = {0};
        assert_int_equal(scram_first(&s, SCRAM_SHA_1, str_of(table[i].message)), table[i].err);
        if (!table[i].err) {
            assert_true(str_is(buf_as_str(&s.user), table[i].user));
            assert_true(str_is(buf_as_str(&s.authzid), table[i].authzid));
        }
        scram_deinit(&s);
    }
    struct scram s = {0};
    assert_int_equal(scram_first(&s, SCRAM_SHA_1, STR("n,,n=us\0er,r=abc")), ERR_INVALID);
    scram_deinit(&s);
    for (size_t n = 511; n <= 513; n++) {
        struct buf b;
        buf_init(&b);
        buf_z(&b, "n,,n=user,r=");
        for (size_t i = 0; i < n; i++)
            buf_c(&b, 'x');
        assert_int_equal(scram_first(&s, SCRAM_SHA_1, buf_as_str(&b)), n <= 512 ? 0 : ERR_INVALID);
        scram_deinit(&s);
        buf_deinit(&b);
    }
}

/* Extensions are covered by the proof; an authzid and a 'y' by the binding. */
static void own_client(void **state)
{
    (void)state;
    static const char *const firsts[] = {"n,,n=user,r=abc", "y,,n=user,r=abc",
                                         "n,a=user@x,n=user,r=abc,q=extension"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        for (enum scram_hash h = SCRAM_SHA_1; h <= SCRAM_SHA_256; h++)
            for (int wrong = 0; wrong < 2; wrong++) {
                struct scram_record r = lib_scram_record(h, "pass", "pepper", 100);
                struct buf challenge, final, v, out;
                struct scram s = {0};
                buf_init(&challenge);
                buf_init(&final);
                buf_init(&v);
                buf_init(&out);
                assert_int_equal(scram_first(&s, h, str_of(firsts[i])), 0);
                scram_challenge(&s, &r, false, STR("server"), &challenge);
                lib_scram_final(h, wrong ? "Pass" : "pass", firsts[i], buf_as_str(&challenge),
                                &final, &v);
                assert_int_equal(scram_final(&s, buf_as_str(&final), &out), wrong ? ERR_DENIED : 0);
                if (!wrong)
                    assert_true(str_eq(buf_as_str(&out), buf_as_str(&v)));
                scram_deinit(&s);
                buf_deinit(&challenge);
                buf_deinit(&final);
                buf_deinit(&v);
                buf_deinit(&out);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published),     cmocka_unit_test(tampered),
        cmocka_unit_test(last_messages), cmocka_unit_test(first_messages),
        cmocka_unit_test(own_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
