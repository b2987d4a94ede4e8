/* jid.c: where the parts of a JID begin and end (RFC 6122 §2, order of the cuts as in RFC 7622
 * §3.1: the first '/' starts the resource, then the first '@' ends the local part). */
#include "base/jid.h"
#include "base/err.h"
#include "base/limits.h"

static const char *find(struct str s, char c)
{
    return s.n ? memchr(s.p, c, s.n) : NULL;
}

static struct str before(struct str s, const char *cut)
{
    return cut ? (struct str){s.p, (size_t)(cut - s.p)} : s;
}

static struct str after(struct str s, const char *cut)
{
    return (struct str){cut + 1, s.n - (size_t)(cut + 1 - s.p)};
}

static bool part_ok(struct str part)
{
    return part.n > 0 && part.n <= LIMIT_JID_PART;
}

int jid_split(struct str text, struct jid *out)
{
    struct jid jid = {STR_NULL, STR_NULL, STR_NULL};
    const char *slash = find(text, '/');
    struct str bare = before(text, slash);
    if (slash) {
        jid.resource = after(text, slash);
        if (!part_ok(jid.resource))
            return ERR_INVALID;
    }
    const char *at = find(bare, '@');
    jid.domain = bare;
    if (at) {
        jid.local = before(bare, at);
        jid.domain = after(bare, at);
        if (!part_ok(jid.local))
            return ERR_INVALID;
    }
    if (!part_ok(jid.domain) || find(jid.domain, '@'))
        return ERR_INVALID;
    *out = jid;
    return 0;
}

struct str jid_bare(struct str full)
{
    return before(full, find(full, '/'));
}

struct str jid_resource(struct str full)
{
    const char *slash = find(full, '/');
    return slash ? after(full, slash) : STR_NULL;
}

struct str jid_domain(struct str any)
{
    struct str bare = jid_bare(any);
    const char *at = find(bare, '@');
    return at ? after(bare, at) : bare;
}
