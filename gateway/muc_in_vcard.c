/* muc_in_vcard.c: vcard-temp to a room (XEP-0486): the pictures in it are judged here, the vCard
 * itself is only handed on. */
#include "base/b64.h"
#include "gateway/muc_in_priv.h"

#include <openssl/evp.h>

/* XEP-0486: PNG must be served, the others should be; WebP is what clients send today. */
static bool is_picture(struct str type)
{
    return str_is(type, "image/png") || str_is(type, "image/jpeg") || str_is(type, "image/gif") ||
           str_is(type, "image/svg+xml") || str_is(type, "image/webp");
}

/* XEP-0054: base64 may be broken into lines. */
static struct str without_space(struct in *in, struct str text)
{
    char *out = arena_alloc(in->a, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (!memchr(" \t\r\n", text.p[i], 4))
            out[n++] = text.p[i];
    }
    return (struct str){out, n};
}

static void put_hash(struct buf *out, struct str picture)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(picture.p, picture.n, hash, &n, EVP_sha1(), NULL) != 1)
        n = 0;
    for (unsigned i = 0; i < n; i++)
        buf_printf(out, "%02x", hash[i]);
}

/* One PHOTO with a picture in it: adds its hash. */
static enum stanza_error photo(struct in *in, const struct xnode *p, size_t *total,
                               struct buf *hashes)
{
    struct str bytes = without_space(in, in_child_text(in, p, NS_VCARD, "BINVAL"));
    if (!bytes.n)
        return SE_NONE;
    if (!is_picture(in_child_text(in, p, NS_VCARD, "TYPE")))
        return SE_NOT_ACCEPTABLE;
    if (bytes.n / 4 * 3 > LIMIT_AVATAR_MAX + 2)
        return SE_POLICY_VIOLATION;
    struct buf picture;
    buf_init(&picture);
    enum stanza_error e = SE_NONE;
    if (b64_decode(&picture, bytes) != 0) {
        e = SE_BAD_REQUEST;
    } else {
        *total += picture.len;
        put_hash(hashes, buf_as_str(&picture));
    }
    buf_deinit(&picture);
    if (!e && (*total > LIMIT_AVATAR_MAX || hashes->len > LIMIT_AVATARS * AVATAR_HASH))
        e = SE_POLICY_VIOLATION;
    return e;
}

/* Does the vCard say anything at all? An empty picture alone is how some clients remove one. */
static bool says_something(const struct xnode *card, bool pictures)
{
    IN_EACH(k, card)
    {
        if (pictures || !xnode_is(k, NS_VCARD, "PHOTO"))
            return true;
    }
    return false;
}

enum muc_in in_vcard(struct in *in, const struct xnode *card, bool set)
{
    Verona__VcardIn *v = arena_alloc(in->a, sizeof *v);
    verona__vcard_in__init(v);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_VCARD;
    in->ev->vcard = v;
    v->set = set;
    if (!set)
        return MUC_IN_EVENT;
    struct buf hashes, xml;
    buf_init(&hashes);
    buf_init(&xml);
    size_t total = 0;
    enum stanza_error e = SE_NONE;
    IN_EACH(k, card)
    {
        if (!e && xnode_is(k, NS_VCARD, "PHOTO"))
            e = photo(in, k, &total, &hashes);
    }
    if (!e && says_something(card, hashes.len > 0)) {
        xnode_write(&xml, card, STR(NS_CLIENT));
        e = xml.len > LIMIT_VCARD ? SE_POLICY_VIOLATION : SE_NONE;
    }
    if (!e) {
        v->vcard = wire_bytes(arena_str(in->a, buf_as_str(&xml)));
        v->size = (uint32_t)total;
        v->hash = wire_bytes(arena_str(in->a, buf_as_str(&hashes)));
    }
    buf_deinit(&hashes);
    buf_deinit(&xml);
    return e ? in_refuse(in, e) : MUC_IN_EVENT;
}
