/* test_scram_record.c: the kept keys against the conversations printed in RFC 5802 §5 and RFC 7677
 * §3: the server's signature must come out, and the client's proof must lead back to StoredKey. */
#include "prep/scram_record.h"

#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct conversation {
    enum scram_hash hash;
    const char *salt, *auth_message, *proof, *signature; /* base64, but for the message */
};

static const struct conversation rfc_5802 = {
    SCRAM_SHA_1, "QSXCR+Q6sek8bf92",
    "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
    "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="};
static const struct conversation rfc_7677 = {
    SCRAM_SHA_256, "W22ZaJ0SNY7soEsUEjb6gQ==",
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};

static size_t unbase64(const char *text, size_t n, unsigned char *out)
{
    assert_true(n % 4 == 0);
    int len = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
    assert_true(len > 0);
    return (size_t)len - (text[n - 1] == '=') - (text[n - 2] == '=');
}

static void check(const struct conversation *c)
{
    const EVP_MD *md = c->hash == SCRAM_SHA_256 ? EVP_sha256() : EVP_sha1();
    unsigned char salt[64], stored[96], server[96], want[96], got[EVP_MAX_MD_SIZE];
    unsigned char client[EVP_MAX_MD_SIZE];
    unsigned n;
    struct buf text;
    buf_init(&text);
    size_t n_salt = unbase64(c->salt, strlen(c->salt), salt);
    struct scram_record r = {.iterations = 4096, .salt_len = (uint32_t)n_salt}, again;
    memcpy(r.salt, salt, n_salt);
    scram_record_derive(c->hash, STR("pencil"), &r);
    scram_record_print(c->hash, &r, &text);
    assert_int_equal(scram_record_parse(c->hash, buf_as_str(&text), &again), 0);
    assert_memory_equal(&again, &r, sizeof r);

    /* iterations:salt:StoredKey:ServerKey */
    char head[64];
    int n_head = snprintf(head, sizeof head, "4096:%s:", c->salt);
    assert_memory_equal(text.data, head, (size_t)n_head);
    const char *at = text.data + n_head;
    const char *colon = memchr(at, ':', text.len - (size_t)n_head);
    assert_non_null(colon);
    size_t size = unbase64(at, (size_t)(colon - at), stored);
    assert_int_equal(size, EVP_MD_get_size(md));
    assert_int_equal(unbase64(colon + 1, text.len - (size_t)(colon + 1 - text.data), server), size);

    size_t n_message = strlen(c->auth_message);
    assert_int_equal(unbase64(c->signature, strlen(c->signature), want), size);
    HMAC(md, server, (int)size, (const unsigned char *)c->auth_message, n_message, got, &n);
    assert_memory_equal(got, want, size);

    assert_int_equal(unbase64(c->proof, strlen(c->proof), want), size);
    HMAC(md, stored, (int)size, (const unsigned char *)c->auth_message, n_message, got, &n);
    for (size_t i = 0; i < size; i++)
        client[i] = got[i] ^ want[i];
    assert_int_equal(EVP_Digest(client, size, got, &n, md, NULL), 1);
    assert_memory_equal(got, stored, size);
    buf_deinit(&text);
}

static void sha_1_is_that_of_rfc_5802(void **state)
{
    (void)state;
    check(&rfc_5802);
}

static void sha_256_is_that_of_rfc_7677(void **state)
{
    (void)state;
    check(&rfc_7677);
}

static void records(void **state)
{
    (void)state;
#define K20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define K32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    static const struct {
        enum scram_hash hash;
        const char *text;
        bool ok;
    } table[] = {
        {SCRAM_SHA_1, "4096:c2FsdA==:" K20 ":" K20, true},
        {SCRAM_SHA_256, "4096:c2FsdA==:" K32 ":" K32, true},
        {SCRAM_SHA_256, "10000000:c2FsdA==:" K32 ":" K32, true},
        {SCRAM_SHA_256, "10000001:c2FsdA==:" K32 ":" K32, false},
        {SCRAM_SHA_256, "4096:c2FsdA==:" K20 ":" K20, false},
        {SCRAM_SHA_1, "4096:c2FsdA==:" K32 ":" K32, false},
        {SCRAM_SHA_1, "0:c2FsdA==:" K20 ":" K20, false},
        {SCRAM_SHA_1, "-1:c2FsdA==:" K20 ":" K20, false},
        {SCRAM_SHA_1, "99999999999:c2FsdA==:" K20 ":" K20, false},
        {SCRAM_SHA_1, ":c2FsdA==:" K20 ":" K20, false},
        {SCRAM_SHA_1, "1::" K20 ":" K20, false},
        {SCRAM_SHA_1, "1:c2FsdA:" K20 ":" K20, false},
        {SCRAM_SHA_1, "1:c2FsdA==:" K20, false},
        {SCRAM_SHA_1, "1:c2FsdA==:" K20 ":", false},
        {SCRAM_SHA_1, "1:c2FsdA==:" K20 ":" K20 ":", true}, /* nothing behind it */
        {SCRAM_SHA_1, "1:c2FsdA==:" K20 ":" K20 ":x", false},
        {SCRAM_SHA_1, "", false},
        {SCRAM_SHA_1, ":::", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct scram_record r;
        int err = scram_record_parse(table[i].hash, str_of(table[i].text), &r);
        assert_int_equal(err, table[i].ok ? 0 : ERR_INVALID);
    }
}

/* Stable for a name, different for another, a hash, a cluster; the salt is not the key. */
static void fakes(void **state)
{
    (void)state;
    uint8_t key[32] = {7}, other_key[32] = {8};
    struct scram_record a, b;
    scram_record_fake(SCRAM_SHA_256, key, STR("ann@x"), 10000, &a);
    scram_record_fake(SCRAM_SHA_256, key, STR("ann@x"), 10000, &b);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(a.iterations, 10000);
    assert_int_equal(a.salt_len, 16);
    assert_memory_not_equal(a.salt, a.stored_key, 16);
    scram_record_fake(SCRAM_SHA_256, key, STR("bob@x"), 10000, &b);
    assert_memory_not_equal(a.salt, b.salt, 16);
    scram_record_fake(SCRAM_SHA_1, key, STR("ann@x"), 10000, &b);
    assert_memory_not_equal(a.salt, b.salt, 16);
    scram_record_fake(SCRAM_SHA_256, other_key, STR("ann@x"), 10000, &b);
    assert_memory_not_equal(a.salt, b.salt, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha_1_is_that_of_rfc_5802),
        cmocka_unit_test(sha_256_is_that_of_rfc_7677),
        cmocka_unit_test(records),
        cmocka_unit_test(fakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
