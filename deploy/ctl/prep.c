/* prep.c: see prep.h. libidn wants NUL-terminated text in a buffer that has room to grow. */
#include "deploy/ctl/prep.h"

#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <stringprep.h>

static int prepare(struct str raw, const Stringprep_profile *profile,
                   Stringprep_profile_flags flags, size_t max, struct buf *out)
{
    char text[4 * (LIMIT_JID_PART + 1)];
    if (!raw.n || raw.n > LIMIT_JID_PART || memchr(raw.p, '\0', raw.n) || !utf8_valid(raw))
        return ERR_INVALID;
    memcpy(text, raw.p, raw.n);
    text[raw.n] = '\0';
    if (stringprep(text, sizeof text, flags, profile) != STRINGPREP_OK)
        return ERR_INVALID;
    size_t n = strlen(text);
    if (!n || n > max)
        return ERR_INVALID;
    buf_put(out, text, n);
    return 0;
}

/* What could be a host name, RFC 1035 §2.3.4: no empty label, none over 63 bytes; but letters of
 * all the world. "[::1]" passes, too. */
int prep_domain(struct str raw, struct buf *out)
{
    size_t label = 0;
    bool ascii = true;
    for (size_t i = 0; i < raw.n; i++) {
        unsigned char c = (unsigned char)raw.p[i];
        if (c <= 0x20 || c == 0x7f || strchr("@/\"&'<>", c) || (c == '.' && !label))
            return ERR_INVALID;
        ascii = c == '.' || (ascii && c < 0x80);
        label = c == '.' ? 0 : label + 1;
        if (ascii && label > 63)
            return ERR_INVALID;
    }
    if (!label)
        return ERR_INVALID;
    return prepare(raw, stringprep_nameprep, 0, LIMIT_JID_PART, out);
}

int prep_bare_jid(struct str raw, bool new_account, struct buf *out)
{
    struct jid j;
    if (jid_split(raw, &j) || !j.local.n || j.resource.n)
        return ERR_INVALID;
    if (prepare(j.local, stringprep_xmpp_nodeprep, new_account ? STRINGPREP_NO_UNASSIGNED : 0,
                LIMIT_JID_PART, out))
        return ERR_INVALID;
    buf_c(out, '@');
    return prep_domain(j.domain, out);
}

int prep_password(struct str raw, struct buf *out)
{
    return prepare(raw, stringprep_saslprep, 0, LIMIT_JID_PART, out);
}
