/* register.c: one's own account (XEP-0077 §3.2, §3.3): what it is called, another password, its
 * end. */
#include "gateway/register.h"
#include "base/jid.h"
#include "base/muc.h"
#include "gateway/account_ops.h"
#include "gateway/home.h"
#include "rt/config.h"

bool register_configured(const struct config *cfg)
{
    return strcmp(config_str(cfg, CFG_AUTH_REGISTRATION), "on") == 0 &&
           strcmp(config_str(cfg, CFG_AUTH_MODE), "accounts") == 0;
}

bool register_offered(const struct gateway *g)
{
    return register_configured(g->cfg);
}

static void done(void *ctx, enum account_result r)
{
    struct home_iq *q = ctx;
    switch (r) {
    case ACCOUNT_DONE:
        home_iq_result(q, STR_NULL);
        break;
    case ACCOUNT_EXISTS:
    case ACCOUNT_NOTFOUND: /* gone a moment ago, and his sessions are about to end */
        home_iq_error(q, SE_REGISTRATION_REQUIRED);
        break;
    case ACCOUNT_UNAVAILABLE:
        home_iq_error(q, SE_RESOURCE_CONSTRAINT);
        break;
    }
    mem_free(q);
}

static struct home_iq *saved(struct gateway *g, struct client *c, const struct xnode *st)
{
    struct home_iq *q = mem_zalloc(sizeof *q);
    home_iq_save(q, g, c, st);
    return q;
}

static void get(struct client *c, const struct xnode *st, struct str local)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_REGISTER "'><registered/><username>");
    buf_xml(&b, local);
    buf_z(&b, "</username><password/></query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

static void change(struct gateway *g, struct client *c, const struct xnode *st,
                   const struct xnode *query, struct arena *a)
{
    struct str name = xnode_text(xnode_child(query, NS_REGISTER, "username"), a);
    struct str raw = xnode_text(xnode_child(query, NS_REGISTER, "password"), a), password, bare;
    if (!name.n || !raw.n)
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
    else if (!account_name_ok(g, name, a, &bare) || !str_eq(bare, client_bare(c)))
        client_send_error(c, st, SE_NOT_ALLOWED, STR_NULL, STR_NULL);
    else if (!account_password_ok(raw, a, &password))
        client_send_error(c, st, SE_NOT_ACCEPTABLE, STR_NULL, STR_NULL);
    else
        account_set(g, bare, password, false, done, saved(g, c, st));
}

void register_iq(struct gateway *g, struct client *c, const struct xnode *st,
                 const struct xnode *query)
{
    struct arena a;
    struct jid parts;
    arena_init(&a);
    if (jid_split(client_bare(c), &parts) != 0)
        client_send_error(c, st, SE_INTERNAL, STR_NULL, STR_NULL);
    else if (str_is(xnode_attr(st, "type"), "get"))
        get(c, st, parts.local);
    else if (!xnode_child(query, NS_REGISTER, "remove"))
        change(g, c, st, query, &a);
    else if (xnode_elem(xnode_elem(query->first)->next)) /* §3.2: remove stands alone */
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
    else
        account_remove(g, client_bare(c), done, saved(g, c, st));
    arena_deinit(&a);
}
