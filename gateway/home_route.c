/* home_route.c: stanzas between users. Out: to the owner of the slot of the target's bare JID,
 * which looks him up. In: to the session it found, if that is still there. */
#include "gateway/home.h"
#include "gateway/orders.h"
#include "base/jid.h"
#include "base/muc.h"

enum {
    KIND_MESSAGE,
    KIND_IQ,
    KIND_PRESENCE,
    KIND_REPLACE,
    KIND_END,
    KIND_ANNOUNCE
}; /* Route.Kind of muc.proto */

/* Beside the rseqs of requests to rooms, for client_waits(). */
#define ROUTE_WAITS (UINT64_C(1) << 63)

/* ---------------------------------------------------------------- out */

static uint64_t remember(struct home *h, uint64_t sid, struct str to, bool message, bool has_id,
                         struct str id)
{
    struct home_ref *r = mem_zalloc(sizeof *r);
    r->ref = h->next_ref++;
    r->sid = sid;
    r->message = message;
    r->has_id = has_id;
    buf_str(&r->id, id);
    buf_str(&r->to, to);
    HASH_ADD(hh, h->refs, ref, sizeof r->ref, r);
    return r->ref;
}

static struct home_ref *find(const struct home *h, uint64_t ref)
{
    struct home_ref *r;
    HASH_FIND(hh, h->refs, &ref, sizeof ref, r);
    return r;
}

static void forget(struct home *h, struct home_ref *r)
{
    HASH_DELETE(hh, h->refs, r);
    buf_deinit(&r->id);
    buf_deinit(&r->to);
    mem_free(r);
}

/* Its sender need not say it again. */
static void settle(struct home *h, struct home_ref *r)
{
    uint64_t sid = r->sid, ref = r->ref;
    forget(h, r);
    client_done(h->g, sid, ROUTE_WAITS | ref);
}

void home_refs_drop(struct home *h)
{
    struct home_ref *r, *next;
    HASH_ITER(hh, h->refs, r, next)
    {
        forget(h, r);
    }
}

uint64_t home_remember(struct home *h, uint64_t sid, struct str to, struct str id)
{
    return remember(h, sid, to, true, id.n > 0, id);
}

static void write_without_to(struct buf *out, const struct xnode *st)
{
    struct xnode copy = *st;
    struct xattr attrs[80]; /* LIMIT_ATTRS and the stamped `from` fit */
    copy.attrs = attrs;
    copy.n_attrs = 0;
    for (uint32_t i = 0; i < st->n_attrs && copy.n_attrs < 80; i++)
        if (st->attrs[i].ns.n || !str_is(st->attrs[i].name, "to"))
            attrs[copy.n_attrs++] = st->attrs[i];
    xnode_write(out, &copy, STR(NS_CLIENT));
}

void home_to_user(struct home *h, struct client *c, const struct xnode *st, struct str to)
{
    struct str type = xnode_attr(st, "type");
    bool iq = str_is(st->name, "iq"), presence = str_is(st->name, "presence");
    bool asks = iq && (str_is(type, "get") || str_is(type, "set"));
    bool bare = jid_resource(to).n == 0;
    if (presence && type.p && !str_is(type, "unavailable"))
        return; /* subscriptions: there are no rosters */
    if (iq && bare) {
        /* RFC 6121 §8.5.2.1.3: the server answers for the account, and tells nothing of it. */
        if (asks)
            client_send_error(c, st, SE_SERVICE_UNAVAILABLE, STR_NULL, STR_NULL);
        return;
    }
    bool message = !iq && !presence;
    bool bounces = asks || (message && !str_is(type, "error"));
    int kind = iq ? KIND_IQ : presence ? KIND_PRESENCE : KIND_MESSAGE;
    struct buf b;
    buf_init(&b);
    write_without_to(&b, st);
    if (bounces) {
        uint64_t sid = client_sid(c);
        uint64_t ref =
            remember(h, sid, to, message, xnode_attr(st, "id").p != NULL, xnode_attr(st, "id"));
        client_waits(h->g, sid, ROUTE_WAITS | ref); /* till then it is lost if we die */
        link_route(h->g->link, to, kind, buf_as_str(&b), sid, ref, STR_NULL);
    } else {
        link_route(h->g->link, to, kind, buf_as_str(&b), 0, 0, STR_NULL);
    }
    buf_deinit(&b);
}

void home_route_done(struct home *h, uint64_t ref)
{
    struct home_ref *r = find(h, ref);
    if (r)
        settle(h, r);
}

void home_route_failed(struct home *h, uint64_t by_sid, uint64_t ref, int condition)
{
    if (orders_routed(h->g->orders, ref, condition > 0 ? condition : SE_SERVICE_UNAVAILABLE, 0))
        return;
    struct home_ref *r = find(h, ref);
    if (!r || by_sid == 0 || r->sid != by_sid)
        return;
    struct client *c = client_by_sid(h->g, by_sid);
    struct xattr attrs[] = {{STR_NULL, STR("to"), buf_as_str(&r->to)},
                            {STR_NULL, STR("id"), buf_as_str(&r->id)}};
    const struct xnode st = {.ns = STR(NS_CLIENT),
                             .name = str_of(r->message ? "message" : "iq"),
                             .attrs = attrs,
                             .n_attrs = r->has_id ? 2 : 1};
    if (c)
        client_send_error(c, &st, condition > 0 ? condition : SE_SERVICE_UNAVAILABLE, STR_NULL,
                          STR_NULL);
    settle(h, r);
}

/* ---------------------------------------------------------------- in */

/* What follows "<message": a tail. Empty: it is no such stanza. */
static struct str tail_of(struct str stanza, enum stanza_kind kind)
{
    const char *name = stanza_kind_name(kind);
    size_t n = strlen(name) + 1;
    if (stanza.n <= n || stanza.p[0] != '<' || memcmp(stanza.p + 1, name, n - 1) != 0 ||
        !strchr(" >/", stanza.p[n]))
        return STR_NULL;
    return str_n(stanza.p + n, stanza.n - n);
}

static void announce_to(void *ctx, struct client *c)
{
    if (client_available(c, NULL))
        client_send(c, STANZA_MESSAGE, *(struct str *)ctx, false);
}

bool home_routed(struct home *h, struct str to, uint64_t sid, int kind, struct str stanza)
{
    static const enum stanza_kind kinds[] = {STANZA_MESSAGE, STANZA_IQ, STANZA_PRESENCE};
    if (kind == KIND_REPLACE) {
        client_replaced(h->g, sid, to);
        return true;
    }
    if (kind == KIND_ANNOUNCE) {
        struct str tail = tail_of(stanza, STANZA_MESSAGE);
        if (tail.n)
            client_each(h->g, announce_to, &tail);
        return true;
    }
    struct client *c = client_by_sid(h->g, sid);
    if (!c || !client_alive(c))
        return false;
    bool full = jid_resource(to).n > 0;
    if (!str_eq(to, full ? client_jid(c) : client_bare(c)))
        return false; /* the place has another guest */
    int priority;
    if (!full && (!client_available(c, &priority) || priority < 0))
        return false; /* RFC 6121 §8.5.2.1.1 */
    if (kind == KIND_END) {
        bool removed = str_is(stanza, "removed"); /* XEP-0077 §3.2 */
        client_close(c, removed ? "not-authorized" : "policy-violation",
                     removed ? "the account was removed" : "ended by an admin of the service");
        return true;
    }
    if (kind < 0 || kind >= KIND_REPLACE)
        return false;
    struct str tail = tail_of(stanza, kinds[kind]);
    if (tail.n)
        client_send(c, kinds[kind], tail, false);
    return tail.n > 0;
}
