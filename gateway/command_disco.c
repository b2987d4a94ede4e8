/* command_disco.c: the commands as nodes of service discovery (XEP-0050 §2). */
#include "gateway/commands_priv.h"

static void put_query(struct buf *b, const char *ns, struct str node)
{
    buf_printf(b, "<query xmlns='%s' node='", ns);
    buf_xml(b, node);
    buf_z(b, "'>");
}

bool commands_items(struct commands *cs, struct client *c, const struct xnode *st, struct str node,
                    enum home_target target)
{
    bool all = str_is(node, NS_COMMANDS);
    bool admin = commands_admin(cs, client_bare(c));
    if (!all && !(admin && commands_find(cs, node, target)))
        return false;
    struct buf b;
    buf_init(&b);
    put_query(&b, NS_DISCO_ITEMS, node);
    const struct command *cmd;
    for (size_t i = 0; all && admin && (cmd = command_at(i)); i++) {
        if (!commands_offer(cs, cmd, target))
            continue;
        buf_z(&b, "<item jid='");
        buf_xml(&b, str_of(target == HOME_SERVER ? commands_gateway(cs)->domain
                                                 : commands_gateway(cs)->muc_domain));
        buf_printf(&b, "' node='%s' name='", cmd->node);
        buf_xml(&b, str_of(cmd->name));
        buf_z(&b, "'/>");
    }
    buf_z(&b, "</query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
    return true;
}

bool commands_info(struct commands *cs, struct client *c, const struct xnode *st, struct str node,
                   enum home_target target)
{
    bool all = str_is(node, NS_COMMANDS);
    const struct command *cmd = all ? NULL : commands_find(cs, node, target);
    if (!all && !(cmd && commands_admin(cs, client_bare(c))))
        return false;
    struct buf b;
    buf_init(&b);
    put_query(&b, NS_DISCO_INFO, node);
    buf_printf(&b, "<identity category='automation' type='%s' name='",
               all ? "command-list" : "command-node");
    buf_xml(&b, str_of(all ? "Commands" : cmd->name));
    buf_z(&b, "'/>");
    if (cmd)
        buf_z(&b, "<feature var='" NS_COMMANDS "'/><feature var='" NS_DATA "'/>");
    buf_z(&b, "</query>");
    home_result(c, st, buf_as_str(&b));
    buf_deinit(&b);
    return true;
}
