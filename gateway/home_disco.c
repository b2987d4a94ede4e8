/* home_disco.c: what the server, the rooms' service and an account say of themselves (XEP-0030,
 * XEP-0128). */
#include "gateway/commands.h"
#include "gateway/home.h"
#include "gateway/service_info.h"
#include "base/muc.h"

static void info(struct home *h, struct client *c, const struct xnode *st, struct str node,
                 enum home_target target)
{
    static const enum info_target of[] = {
        [HOME_ACCOUNT] = INFO_ACCOUNT, [HOME_SERVER] = INFO_SERVER, [HOME_SERVICE] = INFO_SERVICE};
    struct buf b;
    buf_init(&b);
    if (service_info_put(h->g->info, of[target], node, &b))
        home_result(c, st, buf_as_str(&b));
    else
        client_send_error(c, st, SE_ITEM_NOT_FOUND, STR_NULL, STR_NULL);
    buf_deinit(&b);
}

static void server_items(struct home *h, struct client *c, const struct xnode *st)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<query xmlns='" NS_DISCO_ITEMS "'><item jid='");
    buf_xml(&b, str_of(h->g->muc_domain));
    buf_z(&b, "' name='Chat rooms'/></query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

bool home_disco(struct home *h, struct client *c, const struct xnode *st, const struct xnode *query,
                enum home_target target)
{
    bool wants_info = xnode_is(query, NS_DISCO_INFO, "query");
    struct str node = xnode_attr(query, "node");
    if (!wants_info && !xnode_is(query, NS_DISCO_ITEMS, "query"))
        return false;
    bool known = node.n && target != HOME_ACCOUNT &&
                 (wants_info ? commands_info(h->g->commands, c, st, node, target)
                             : commands_items(h->g->commands, c, st, node, target));
    if (known)
        return true;
    if (wants_info)
        info(h, c, st, node, target);
    else if (node.n)
        client_send_error(c, st, SE_ITEM_NOT_FOUND, STR_NULL, STR_NULL);
    else if (target == HOME_SERVICE)
        home_rooms(h, c, st, query);
    else if (target == HOME_SERVER)
        server_items(h, c, st);
    else
        home_result(c, st, STR("<query xmlns='" NS_DISCO_ITEMS "'/>"));
    return true;
}
