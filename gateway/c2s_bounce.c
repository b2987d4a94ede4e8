/* c2s_bounce.c: what a session was sent and never acknowledged before it broke off goes back to the
 * users who sent it, as if it had not been there (XEP-0198 §4). Rooms keep their own account of who
 * saw what: what they sent is dropped, for the session leaves them. */
#include "gateway/edge.h"
#include "base/jid.h"
#include "base/muc.h"

enum { KIND_MESSAGE, KIND_IQ }; /* Route.Kind of muc.proto */

/* The value of an attribute of the first tag, escaped as it stands. Our own writing: well-formed.
 */
static struct str attr(struct str xml, const char *name)
{
    size_t n = strlen(name), i = 1;
    while (i < xml.n && xml.p[i] != ' ' && xml.p[i] != '>' && xml.p[i] != '/')
        i++;
    while (i < xml.n && xml.p[i] == ' ') {
        size_t key = ++i;
        while (i < xml.n && xml.p[i] != '=')
            i++;
        size_t len = i - key, from = i + 2;
        if (from > xml.n)
            break;
        const char *end = memchr(xml.p + from, xml.p[i + 1], xml.n - from);
        if (!end)
            break;
        i = (size_t)(end - xml.p) + 1;
        if (len == n && memcmp(xml.p + key, name, n) == 0)
            return str_n(xml.p + from, (size_t)(end - xml.p) - from);
    }
    return STR_NULL;
}

static void unescape(struct buf *b, struct str s)
{
    static const struct {
        const char *entity;
        char c;
    } known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&apos;", '\''}, {"&quot;", '"'}};
    for (size_t i = 0; i < s.n;) {
        size_t step = 1;
        char c = s.p[i];
        for (size_t k = 0; c == '&' && step == 1 && k < sizeof known / sizeof *known; k++) {
            size_t n = strlen(known[k].entity);
            if (s.n - i >= n && memcmp(s.p + i, known[k].entity, n) == 0) {
                c = known[k].c;
                step = n;
            }
        }
        buf_c(b, c);
        i += step;
    }
}

static bool is_from_user(const struct gateway *g, struct str from)
{
    struct jid jid;
    return from.n && jid_split(from, &jid) == 0 && jid.local.n && str_is(jid.domain, g->domain);
}

static bool starts(struct str s, const char *z)
{
    return s.n >= strlen(z) && memcmp(s.p, z, strlen(z)) == 0;
}

void c2s_give_back(struct gateway *g, struct str jid, struct str stanza)
{
    struct str type = attr(stanza, "type"), id = attr(stanza, "id");
    bool message = starts(stanza, "<message "), iq = starts(stanza, "<iq ");
    bool asks = str_is(type, "get") || str_is(type, "set");
    /* RFC 6120 §8.3.1, RFC 6121 §8.5: errors and headlines are not answered. */
    if (iq ? !asks : !message || str_is(type, "error") || str_is(type, "headline"))
        return;
    struct buf from, error;
    buf_init(&from);
    buf_init(&error);
    unescape(&from, attr(stanza, "from"));
    if (is_from_user(g, buf_as_str(&from))) {
        const char *name = message ? "message" : "iq";
        buf_printf(&error, "<%s type='error' from='", name);
        buf_xml(&error, jid);
        if (id.p) {
            buf_z(&error, "' id='");
            buf_str(&error, id);
        }
        buf_printf(&error, "'><error type='%s'><%s xmlns='" NS_STANZAS "'/></error></%s>",
                   stanza_error_type(SE_RECIPIENT_UNAVAILABLE),
                   stanza_error_condition(SE_RECIPIENT_UNAVAILABLE), name);
        link_route(g->link, buf_as_str(&from), message ? KIND_MESSAGE : KIND_IQ, buf_as_str(&error),
                   0, 0, STR_NULL);
    }
    buf_deinit(&from);
    buf_deinit(&error);
}

static void give_back(void *ctx, struct str stanza)
{
    const struct client *c = ctx;
    c2s_give_back(c->edge->g, client_jid(c), stanza);
}

void c2s_sm_bounce(struct client *c)
{
    if (c->sm)
        sm_each(c->sm, give_back, c);
}
