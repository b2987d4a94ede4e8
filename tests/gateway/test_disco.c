/* test_disco.c: hashes of service discovery against the examples of XEP-0115 §5.2 and XEP-0390
 * §4.1.1, whose results were computed by others; and the rest of the form in them, letter by
 * letter. */
#include "gateway/disco.h"
#include "base/b64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

static void is(void (*hash)(struct buf *, const struct disco_info *), const struct disco_info *d,
               const char *want)
{
    struct buf out;
    buf_init(&out);
    hash(&out, d);
    buf_c(&out, '\0');
    assert_string_equal(out.data, want);
    buf_deinit(&out);
}

/* X0115-server */
static void example_of_0115(void **state)
{
    (void)state;
    static const char *const features[] = {
        "http://jabber.org/protocol/muc", "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/caps", "http://jabber.org/protocol/disco#items"};
    const struct disco_info d = {.category = "client",
                                 .type = "pc",
                                 .name = "Exodus 0.9.1",
                                 .features = features,
                                 .n_features = 4};
    is(disco_ver, &d, "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

/* X0390-server */
static void example_of_0390(void **state)
{
    (void)state;
    static const char *const features[] = {
        "http://jabber.org/protocol/si",
        "http://jabber.org/protocol/bytestreams",
        "http://jabber.org/protocol/chatstates",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "urn:xmpp:ping",
        "jabber:iq:time",
        "jabber:iq:privacy",
        "jabber:iq:version",
        "http://jabber.org/protocol/rosterx",
        "urn:xmpp:time",
        "jabber:x:oob",
        "http://jabber.org/protocol/ibb",
        "http://jabber.org/protocol/si/profile/file-transfer",
        "urn:xmpp:receipts",
        "jabber:iq:roster",
        "jabber:iq:last",
    };
    const struct disco_info d = {.category = "client",
                                 .type = "mobile",
                                 .name = "BombusMod",
                                 .features = features,
                                 .n_features = sizeof features / sizeof features[0]};
    is(disco_hash, &d, "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=");
}

static void hash_of(const EVP_MD *md, const char *text, size_t n, char out[64])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size;
    struct buf b;
    assert_int_equal(EVP_Digest(text, n, digest, &size, md, NULL), 1);
    buf_init(&b);
    b64_encode(&b, digest, size);
    assert_true(b.len < 64);
    memcpy(out, b.data, b.len);
    out[b.len] = '\0';
    buf_deinit(&b);
}

static const char *const two_features[] = {"b", "a"};
static const struct str addresses[] = {{"z", 1}, {"y", 1}};
static const struct disco_field form[] = {{"v-field", "list-multi", addresses, 2},
                                          {"a-field", NULL, addresses, 1}};
static const struct disco_info with_form = {.category = "server",
                                            .type = "im",
                                            .name = "N",
                                            .lang = "en",
                                            .features = two_features,
                                            .n_features = 2,
                                            .form_type = "F",
                                            .fields = form,
                                            .n_fields = 2};

static void forms_are_hashed(void **state)
{
    (void)state;
    static const char old[] = "server/im/en/N<a<b<F<a-field<z<v-field<y<z<";
    static const char new[] = "a\x1f"
                              "b\x1f\x1cserver\x1fim\x1f"
                              "en\x1fN\x1f\x1e\x1c"
                              "FORM_TYPE\x1f"
                              "F\x1f\x1e"
                              "a-field\x1fz\x1f\x1ev-field\x1fy\x1fz\x1f\x1e\x1d\x1c";
    char want[64];
    hash_of(EVP_sha1(), old, sizeof old - 1, want);
    is(disco_ver, &with_form, want);
    hash_of(EVP_sha256(), new, sizeof new - 1, want);
    is(disco_hash, &with_form, want);
}

static void xml(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out);
    disco_put(&out, &with_form, STR("n<"));
    buf_c(&out, '\0');
    assert_string_equal(
        out.data,
        "<query xmlns='" NS_DISCO_INFO "' node='n&lt;'><identity category='server' "
        "type='im' name='N' xml:lang='en'/><feature var='b'/><feature var='a'/><x xmlns='" NS_DATA
        "' type='result'><field type='hidden' var='FORM_TYPE'><value>F</value></field>"
        "<field type='list-multi' var='v-field'><value>z</value><value>y</value></field>"
        "<field var='a-field'><value>z</value></field></x></query>");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_0115),
        cmocka_unit_test(example_of_0390),
        cmocka_unit_test(forms_are_hashed),
        cmocka_unit_test(xml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
