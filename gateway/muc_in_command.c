/* muc_in_command.c: ad-hoc commands to a room (XEP-0050). */
#include "gateway/muc_in_priv.h"

enum muc_in in_command(struct in *in, const struct xnode *command)
{
    struct str node = xnode_attr(command, "node"), session = xnode_attr(command, "sessionid");
    struct str action = xnode_attr(command, "action");
    const struct xnode *x = xnode_child(command, NS_DATA, "x");
    struct str type = x ? xnode_attr(x, "type") : STR_NULL;
    Verona__CommandIn *c = arena_alloc(in->a, sizeof *c);
    verona__command_in__init(c);
    if (!node.n || node.n > LIMIT_NAME || session.n > LIMIT_NAME)
        return in_refuse(in, SE_BAD_REQUEST);
    /* one form is all there is: nothing to go back to */
    if (action.n && !str_is(action, "execute") && !str_is(action, "complete") &&
        !str_is(action, "next") && !str_is(action, "cancel"))
        return in_refuse(in, SE_BAD_REQUEST);
    if (x && !str_is(type, "submit") && !str_is(type, "cancel"))
        return in_refuse(in, SE_BAD_REQUEST);
    c->node = wire_bytes(node);
    c->session = wire_bytes(session);
    c->cancel = str_is(action, "cancel") || str_is(type, "cancel");
    c->has_form = x && !c->cancel;
    if (c->has_form) {
        enum stanza_error e = in_fields(in, x, &c->fields, &c->n_fields, NULL);
        if (e)
            return in_refuse(in, e);
    }
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_COMMAND;
    in->ev->command = c;
    return MUC_IN_EVENT;
}
