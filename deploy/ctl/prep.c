/* prep.c: see prep.h. */
#include "deploy/ctl/prep.h"

#include "base/err.h"
#include "prep/jid_prep.h"

/* RFC 1035 §2.3.4: no label over 63 bytes. Only ASCII is as long in DNS as it is here. */
static bool labels_fit(struct str domain)
{
    size_t label = 0;
    bool ascii = true;
    for (size_t i = 0; i < domain.n; i++) {
        ascii = domain.p[i] == '.' || (ascii && (unsigned char)domain.p[i] < 0x80);
        label = domain.p[i] == '.' ? 0 : label + 1;
        if (ascii && label > 63)
            return false;
    }
    return true;
}

/* What the gateways refuse is refused here. */
static int prepare(struct str raw, struct arena *a, struct str *text, struct jid *parts)
{
    int rc = jid_prep(raw, a, text, parts);
    if (!rc && (parts->resource.n || !labels_fit(parts->domain)))
        rc = ERR_INVALID;
    return rc;
}

int prep_domain(struct str raw, struct buf *out)
{
    struct arena a;
    struct str text;
    struct jid parts;
    arena_init(&a);
    int rc = prepare(raw, &a, &text, &parts);
    if (!rc && parts.local.n)
        rc = ERR_INVALID;
    if (!rc)
        buf_str(out, text);
    arena_deinit(&a);
    return rc;
}

int prep_bare_jid(struct str raw, bool new_account, struct buf *out)
{
    struct arena a;
    struct str text;
    struct jid parts;
    arena_init(&a);
    int rc = prepare(raw, &a, &text, &parts);
    if (!rc && (!parts.local.n || (new_account && !jid_local_strict(parts.local))))
        rc = ERR_INVALID;
    if (!rc)
        buf_str(out, text);
    arena_deinit(&a);
    return rc;
}
