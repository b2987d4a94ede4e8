/* jid_prep.c: stringprep for JIDs and passwords. ASCII goes a fast path of its own; the rest goes
 * through libidn, with unassigned code points allowed (flags 0), as other servers do.
 *
 * Shards compare bytes, so a prepared part must be a fixed point: preparing it again changes
 * nothing. A few strings of Unicode 3.2 need a second pass for that; what does not settle is
 * refused. */
#include "prep/jid_prep.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <stringprep.h>

enum {
    ROUNDS = 4,
    WORK = 4 *
           (LIMIT_JID_PART + 1), /* NFKC may lengthen on the way to a result that is short enough */
};

static bool all_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

static bool has_nul(struct str s)
{
    return s.n && memchr(s.p, '\0', s.n) != NULL;
}

static int by_libidn(struct str raw, const Stringprep_profile *profile, struct arena *a,
                     struct str *out)
{
    if (raw.n == 0 || raw.n > LIMIT_JID_PART || has_nul(raw) || !utf8_valid(raw))
        return ERR_INVALID;
    char text[WORK], before[WORK];
    memcpy(text, raw.p, raw.n);
    text[raw.n] = '\0';
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = strlen(text);
        memcpy(before, text, n + 1);
        if (stringprep(text, sizeof text, 0, profile) != STRINGPREP_OK)
            return ERR_INVALID;
        if (strcmp(text, before) != 0)
            continue;
        if (n == 0 || n > LIMIT_JID_PART)
            return ERR_INVALID;
        *out = arena_str(a, str_n(text, n));
        return 0;
    }
    return ERR_INVALID;
}

/* RFC 6122 appendix A.5: what nodeprep forbids beyond the tables. */
static bool local_ascii_ok(unsigned char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"&'/:<>@", c);
}

static int prep_local(struct str raw, struct arena *a, struct str *out)
{
    if (raw.n == 0 || raw.n > LIMIT_JID_PART || has_nul(raw))
        return ERR_INVALID;
    if (!all_ascii(raw))
        return by_libidn(raw, stringprep_xmpp_nodeprep, a, out);
    char *copy = arena_alloc(a, raw.n + 1);
    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (!local_ascii_ok(c))
            return ERR_INVALID;
        copy[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    copy[raw.n] = '\0';
    *out = (struct str){copy, raw.n};
    return 0;
}

/* Letters, digits, hyphen; underscore, as container networks have it; brackets and colons of IPv6.
 */
static bool domain_char_ok(unsigned char c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.:[]", c));
}

static int prep_domain(struct str raw, struct arena *a, struct str *out)
{
    struct str d = raw;
    if (d.n == 0 || d.n > LIMIT_JID_PART || has_nul(d))
        return ERR_INVALID;
    if (all_ascii(d)) {
        char *copy = arena_alloc(a, d.n + 1);
        for (size_t i = 0; i < d.n; i++)
            copy[i] = (char)(d.p[i] >= 'A' && d.p[i] <= 'Z' ? d.p[i] + 32 : d.p[i]);
        copy[d.n] = '\0';
        d.p = copy;
    } else {
        int err = by_libidn(raw, stringprep_nameprep, a, &d);
        if (err)
            return err;
    }
    if (d.p[d.n - 1] == '.') /* RFC 6122 §2.2: the root's dot is not part of it */
        d.n--;
    if (d.n == 0 || d.p[0] == '.')
        return ERR_INVALID;
    for (size_t i = 0; i < d.n; i++)
        if (!domain_char_ok((unsigned char)d.p[i]) ||
            (d.p[i] == '.' && (i + 1 == d.n || d.p[i + 1] == '.')))
            return ERR_INVALID;
    *out = d;
    return 0;
}

static int prep_opaque(struct str raw, const Stringprep_profile *profile, struct arena *a,
                       struct str *out)
{
    if (raw.n == 0 || raw.n > LIMIT_JID_PART)
        return ERR_INVALID;
    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c >= 0x80)
            return by_libidn(raw, profile, a, out);
        if (c < 0x20 || c == 0x7f)
            return ERR_INVALID;
    }
    *out = arena_str(a, raw);
    return 0;
}

int jid_prep_resource(struct str raw, struct arena *a, struct str *out)
{
    return prep_opaque(raw, stringprep_xmpp_resourceprep, a, out);
}

int jid_saslprep(struct str raw, struct arena *a, struct str *out)
{
    return prep_opaque(raw, stringprep_saslprep, a, out);
}

int jid_prep(struct str raw, struct arena *a, struct str *text, struct jid *parts)
{
    struct jid in, got = {STR_NULL, STR_NULL, STR_NULL};
    int err = raw.n > LIMIT_JID ? ERR_INVALID : jid_split(raw, &in);
    if (err)
        return err;
    if (in.local.n && (err = prep_local(in.local, a, &got.local)) != 0)
        return err;
    if ((err = prep_domain(in.domain, a, &got.domain)) != 0)
        return err;
    if (in.resource.n && (err = jid_prep_resource(in.resource, a, &got.resource)) != 0)
        return err;

    /* The parts are cut from the text, so that they share its lifetime and its bytes. */
    char *p = arena_alloc(a, got.local.n + got.domain.n + got.resource.n + 3), *at = p;
    struct jid cut = got;
    if (got.local.n) {
        memcpy(at, got.local.p, got.local.n);
        cut.local.p = at;
        at += got.local.n;
        *at++ = '@';
    }
    memcpy(at, got.domain.p, got.domain.n);
    cut.domain.p = at;
    at += got.domain.n;
    if (got.resource.n) {
        *at++ = '/';
        memcpy(at, got.resource.p, got.resource.n);
        cut.resource.p = at;
        at += got.resource.n;
    }
    *at = '\0';
    *text = (struct str){p, (size_t)(at - p)};
    if (parts)
        *parts = cut;
    return 0;
}

static bool strict(struct str prepared, const Stringprep_profile *profile)
{
    if (prepared.n == 0 || prepared.n > LIMIT_JID_PART || has_nul(prepared) ||
        !utf8_valid(prepared))
        return false;
    char text[WORK];
    memcpy(text, prepared.p, prepared.n);
    text[prepared.n] = '\0';
    return stringprep(text, sizeof text, STRINGPREP_NO_UNASSIGNED, profile) == STRINGPREP_OK &&
           str_eq(str_of(text), prepared);
}

bool jid_nick_strict(struct str prepared)
{
    return strict(prepared, stringprep_xmpp_resourceprep);
}

bool jid_local_strict(struct str prepared)
{
    return strict(prepared, stringprep_xmpp_nodeprep);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* nameprep folds cases and compatibility forms; a word that it refuses is compared as it is. */
static struct str fold_word(struct str word, struct arena *a)
{
    bool ascii = true;
    struct str out;
    for (size_t i = 0; i < word.n; i++)
        ascii = ascii && (unsigned char)word.p[i] < 0x80;
    if (!ascii && by_libidn(word, stringprep_nameprep, a, &out) == 0)
        return out;
    char *p = arena_alloc(a, word.n + 1);
    for (size_t i = 0; i < word.n; i++)
        p[i] = word.p[i] >= 'A' && word.p[i] <= 'Z' ? (char)(word.p[i] + 32) : word.p[i];
    return str_n(p, word.n);
}

struct str text_fold(struct str text, struct arena *a)
{
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < text.n;) {
        size_t end = i;
        while (end < text.n && !is_space(text.p[end]))
            end++;
        if (end > i) {
            if (b.len > 0)
                buf_c(&b, ' ');
            buf_str(&b, fold_word(str_n(text.p + i, end - i), a));
        }
        i = end + 1;
    }
    struct str out = arena_str(a, buf_as_str(&b));
    buf_deinit(&b);
    return out;
}
