/* home.c: the server's own duties: enough for any client library (W81 to W84). */
#include "gateway/home.h"
#include "gateway/commands.h"
#include "gateway/edge.h"
#include "gateway/home_ns.h"
#include "gateway/muc_in.h"
#include "gateway/private_xml.h"
#include "gateway/register.h"
#include "gateway/registry.h"
#include "base/jid.h"
#include "base/muc.h"
#include "rt/random.h"

#define NS_ROSTER "jabber:iq:roster"

struct home *home_new(struct gateway *g)
{
    struct home *h = mem_zalloc(sizeof *h);
    h->g = g;
    h->next_ref = 1;
    return h;
}

void home_destroy(struct home **h_p)
{
    struct home *h = *h_p;
    if (!h)
        return;
    *h_p = NULL;
    home_refs_drop(h);
    mem_free(h);
}

void home_client_gone(struct home *h, struct client *c)
{
    /* Answers find him by his handle, which is void from now on. */
    commands_client_gone(h->g->commands, c);
}

/* ---------------------------------------------------------------- answers */

static void put_result(struct buf *b, bool has_to, struct str to, struct str id,
                       struct str children)
{
    buf_z(b, " type='result'");
    if (has_to) {
        buf_z(b, " from='");
        buf_xml(b, to);
        buf_c(b, '\'');
    }
    buf_z(b, " id='");
    buf_xml(b, id);
    if (children.n) {
        buf_z(b, "'>");
        buf_str(b, children);
        buf_z(b, "</iq>");
    } else {
        buf_z(b, "'/>");
    }
}

void home_result(struct client *c, const struct xnode *st, struct str children)
{
    struct buf b;
    struct str to = xnode_attr(st, "to");
    buf_init(&b);
    put_result(&b, to.p != NULL, to, xnode_attr(st, "id"), children);
    client_send(c, STANZA_IQ, buf_as_str(&b), false);
    buf_deinit(&b);
}

void home_error(struct client *c, const struct xnode *st, struct str error)
{
    struct buf b;
    struct str to = xnode_attr(st, "to");
    buf_init(&b);
    buf_z(&b, " type='error' from='");
    buf_xml(&b, to);
    buf_z(&b, "' id='");
    buf_xml(&b, xnode_attr(st, "id"));
    buf_z(&b, "'>");
    buf_str(&b, error);
    buf_z(&b, "</iq>");
    client_send(c, STANZA_IQ, buf_as_str(&b), false);
    buf_deinit(&b);
}

void home_iq_save(struct home_iq *q, struct gateway *g, struct client *c, const struct xnode *st)
{
    struct str to = xnode_attr(st, "to");
    *q = (struct home_iq){.g = g, .sid = client_sid(c), .has_to = to.p != NULL};
    buf_str(&q->id, xnode_attr(st, "id"));
    buf_str(&q->to, to);
}

static void iq_done(struct home_iq *q)
{
    buf_deinit(&q->id);
    buf_deinit(&q->to);
}

void home_iq_result(struct home_iq *q, struct str children)
{
    struct client *c = client_by_sid(q->g, q->sid);
    struct buf b;
    buf_init(&b);
    if (c) {
        put_result(&b, q->has_to, buf_as_str(&q->to), buf_as_str(&q->id), children);
        client_send(c, STANZA_IQ, buf_as_str(&b), true);
    }
    buf_deinit(&b);
    iq_done(q);
}

void home_iq_error(struct home_iq *q, int condition)
{
    struct client *c = client_by_sid(q->g, q->sid);
    struct xattr attrs[] = {{STR_NULL, STR("id"), buf_as_str(&q->id)},
                            {STR_NULL, STR("to"), buf_as_str(&q->to)}};
    const struct xnode st = {
        .ns = STR(NS_CLIENT), .name = STR("iq"), .attrs = attrs, .n_attrs = q->has_to ? 2 : 1};
    if (c)
        client_send_error(c, &st, condition, STR_NULL, STR_NULL);
    iq_done(q);
}

/* ---------------------------------------------------------------- iq */

static void version(struct client *c, const struct xnode *st)
{
    home_result(c, st,
                STR("<query xmlns='" NS_VERSION "'><name>Verona</name><version>" VERONA_VERSION
                    "</version></query>"));
}

/* Both the server and an account answer these. False: not known. */
static bool common_iq(struct home *h, struct client *c, const struct xnode *st,
                      const struct xnode *child, enum home_target target)
{
    bool get = str_is(xnode_attr(st, "type"), "get");
    if (target != HOME_ACCOUNT && xnode_is(child, NS_COMMANDS, "command"))
        commands_run(h->g->commands, c, st, child, target);
    else if (target != HOME_SERVICE && register_offered(h->g) &&
             xnode_is(child, NS_REGISTER, "query"))
        register_iq(h->g, c, st, child);
    else if (get && xnode_is(child, NS_PING, "ping"))
        home_result(c, st, STR_NULL);
    else if (get && xnode_is(child, NS_VERSION, "query"))
        version(c, st);
    else
        return get && home_disco(h, c, st, child, target);
    return true;
}

static bool account_iq(struct home *h, struct client *c, const struct xnode *st,
                       const struct xnode *child)
{
    bool get = str_is(xnode_attr(st, "type"), "get");
    if (xnode_is(child, NS_ROSTER, "query")) {
        /* There are no rosters; an empty one is what libraries need to go on. */
        home_result(c, st, get ? STR("<query xmlns='" NS_ROSTER "'/>") : STR_NULL);
        return true;
    }
    if (xnode_is(child, NS_PRIVATE, "query")) {
        private_xml(h->g, c, st, child);
        return true;
    }
    if (!get && xnode_is(child, NS_SESSION, "session")) {
        home_result(c, st, STR_NULL); /* RFC 3921 §3: nothing is left to do */
        return true;
    }
    if (!get && xnode_is(child, NS_BIND, "bind")) {
        client_send_error(c, st, SE_NOT_ALLOWED, STR_NULL, STR_NULL);
        return true;
    }
    if (get && xnode_is(child, NS_VCARD, "vCard")) {
        client_send_error(c, st, SE_ITEM_NOT_FOUND, STR_NULL, STR_NULL);
        return true;
    }
    return common_iq(h, c, st, child, HOME_ACCOUNT);
}

/* XEP-0307: a name that nobody has. It is not kept for him: 128 random bits need no list. */
static void unique(struct client *c, const struct xnode *st)
{
    uint8_t name[16];
    struct buf b;
    buf_init(&b);
    rt_random(name, sizeof name);
    buf_z(&b, "<unique xmlns='" NS_UNIQUE "'>");
    for (size_t i = 0; i < sizeof name; i++)
        buf_printf(&b, "%02x", (unsigned)name[i]);
    buf_z(&b, "</unique>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

static bool service_iq(struct home *h, struct client *c, const struct xnode *st,
                       const struct xnode *child)
{
    bool get = str_is(xnode_attr(st, "type"), "get");
    if (get && xnode_is(child, NS_UNIQUE, "unique"))
        unique(c, st);
    else if (get && xnode_is(child, NS_SEARCH, "search"))
        home_search(h, c, st, child);
    else
        return common_iq(h, c, st, child, HOME_SERVICE);
    return true;
}

static void local_iq(struct home *h, struct client *c, const struct xnode *st,
                     enum home_target target)
{
    struct str type = xnode_attr(st, "type");
    const struct xnode *child = xnode_elem(st->first);
    if (!str_is(type, "get") && !str_is(type, "set"))
        return; /* an answer to what was never asked */
    bool known = target == HOME_ACCOUNT   ? account_iq(h, c, st, child)
                 : target == HOME_SERVICE ? service_iq(h, c, st, child)
                                          : common_iq(h, c, st, child, target);
    if (!known)
        client_send_error(c, st, SE_SERVICE_UNAVAILABLE, STR_NULL, STR_NULL);
}

/* ---------------------------------------------------------------- presence */

static int priority_of(const struct xnode *st)
{
    const struct xnode *p = xnode_child(st, NS_CLIENT, "priority");
    struct arena a;
    arena_init(&a);
    struct str text = xnode_text(p, &a);
    int sign = 1, v = 0;
    size_t i = 0;
    while (i < text.n && strchr(" \t\r\n+", text.p[i]) && text.p[i])
        i++;
    if (i < text.n && text.p[i] == '-') {
        sign = -1;
        i++;
    }
    for (size_t digits = 0; i < text.n && digits < 3; i++, digits++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            break;
        v = v * 10 + (text.p[i] - '0');
    }
    arena_deinit(&a);
    v *= sign;
    return v > 127 ? 127 : v < -128 ? -128 : v;
}

static void available(struct home *h, struct client *c, const struct xnode *st)
{
    int priority = priority_of(st);
    bool changed = !c->available || c->priority != priority;
    c->available = true;
    c->priority = priority;
    if (changed)
        registry_priority(h->g, c);
    /* W82: his own presence comes back to him. */
    struct buf b;
    struct str id = xnode_attr(st, "id");
    buf_init(&b);
    buf_z(&b, " from='");
    buf_xml(&b, client_jid(c));
    if (id.p) {
        buf_z(&b, "' id='");
        buf_xml(&b, id);
    }
    buf_z(&b, "'>");
    xnode_write_children(&b, st, STR(NS_CLIENT), NULL, NULL);
    buf_z(&b, "</presence>");
    client_send(c, STANZA_PRESENCE, buf_as_str(&b), false);
    buf_deinit(&b);
}

static void unavailable(struct home *h, struct client *c, const struct xnode *st)
{
    struct arena a;
    bool changed = c->available;
    c->available = false;
    c->priority = REGISTRY_UNAVAILABLE;
    if (changed)
        registry_priority(h->g, c);
    arena_init(&a);
    muc_client_gone(h->g->muc, c, false, false, muc_in_payload(st, &a));
    arena_deinit(&a);
}

/* Presence without an address. Subscriptions and probes are no business of ours: there are no
 * rosters. */
static void own_presence(struct home *h, struct client *c, const struct xnode *st)
{
    struct str type = xnode_attr(st, "type");
    if (!type.p)
        available(h, c, st);
    else if (str_is(type, "unavailable"))
        unavailable(h, c, st);
}

/* ---------------------------------------------------------------- whom it is for */

static bool is_error(const struct xnode *st)
{
    return str_is(xnode_attr(st, "type"), "error");
}

void home_stanza(struct home *h, struct client *c, const struct xnode *st)
{
    struct gateway *g = h->g;
    bool iq = str_is(st->name, "iq"), presence = str_is(st->name, "presence");
    struct str to = xnode_attr(st, "to");
    struct jid jid = {STR_NULL, STR_NULL, STR_NULL};
    bool own = !to.p || str_eq(to, client_bare(c));
    if (!own && jid_split(to, &jid)) {
        client_send_error(c, st, SE_JID_MALFORMED, STR_NULL, STR_NULL);
        return;
    }
    bool ours = str_is(jid.domain, g->domain), service = str_is(jid.domain, g->muc_domain);
    if (presence && !to.p) {
        own_presence(h, c, st);
    } else if (own && iq) {
        local_iq(h, c, st, HOME_ACCOUNT);
    } else if (own) {
        home_to_user(h, c, st, client_bare(c)); /* RFC 6121 §10.3: no address is one's own */
    } else if (jid.local.n == 0 && (ours || service)) {
        if (iq)
            local_iq(h, c, st, ours ? HOME_SERVER : HOME_SERVICE);
        else if (!presence && !is_error(st))
            client_send_error(c, st, SE_SERVICE_UNAVAILABLE, STR_NULL, STR_NULL);
    } else if (ours) {
        home_to_user(h, c, st, to);
    } else if (!presence) {
        /* No other servers are spoken to. */
        client_send_error(c, st, SE_SERVICE_UNAVAILABLE, STR_NULL, STR_NULL);
    }
}
