/* render_reply.c: the answer to one request (W4, W5). */
#include "gateway/render.h"
#include "gateway/rsm.h"
#include "proto/wire.h"

static void result(struct buf *out, struct str room, const Verona__Reply *r)
{
    render_from(out, room, wire_str(r->from_nick));
    render_id(out, wire_str(r->id));
    buf_z(out, " type='result'");
}

/* XEP-0045 §10.9, RFC 5122: "xmpp:room@service?join". What is not plain ASCII is escaped. */
static void moved_uri(struct buf *out, struct str jid)
{
    static const char plain[] = "!$*+,-./:;=@_~";
    buf_z(out, "xmpp:");
    for (size_t i = 0; i < jid.n; i++) {
        unsigned char c = (unsigned char)jid.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || (c && strchr(plain, c)))
            buf_c(out, (char)c);
        else
            buf_printf(out, "%%%02X", (unsigned)c);
    }
    buf_z(out, "?join");
}

static void error(struct buf *out, struct str room, const Verona__Reply *r, enum stanza_kind kind)
{
    enum stanza_error e = (enum stanza_error)r->error->condition;
    if (stanza_error_condition(e)[0] == '\0')
        e = SE_INTERNAL;
    render_from(out, room, wire_str(r->from_nick));
    render_id(out, wire_str(r->id));
    buf_z(out, " type='error'><error type='");
    buf_z(out, stanza_error_type(e));
    buf_c(out, '\'');
    render_attr(out, "by", room);
    buf_z(out, "><");
    buf_z(out, stanza_error_condition(e));
    if (e == SE_GONE && r->error->moved_to.len) {
        buf_z(out, " xmlns='" NS_STANZAS "'>");
        moved_uri(out, wire_str(r->error->moved_to));
        buf_z(out, "</gone>");
    } else {
        buf_z(out, " xmlns='" NS_STANZAS "'/>");
    }
    if (r->error->text.len) {
        buf_z(out, "<text xmlns='" NS_STANZAS "'>");
        buf_xml(out, wire_str(r->error->text));
        buf_z(out, "</text>");
    }
    buf_z(out, "</error></");
    buf_z(out, stanza_kind_name(kind));
    buf_c(out, '>');
}

/* W28: somebody who is not inside acts as if he were. */
static void not_inside(struct buf *out, struct str room, const Verona__Reply *r)
{
    static const uint32_t codes[] = {307, 333};
    const struct render_item item = {.affiliation = (enum affiliation)r->not_inside,
                                     .role = ROLE_NONE};
    const struct render_presence p = {.room = room,
                                      .nick = wire_str(r->from_nick),
                                      .id = wire_str(r->id),
                                      .unavailable = true,
                                      .statuses = codes,
                                      .n_statuses = 2,
                                      .items = &item,
                                      .n_items = 1,
                                      .self = true};
    render_presence(out, &p);
}

/* W55, W56 */
static void list(struct buf *out, const Verona__ItemList *l)
{
    buf_z(out, "<query xmlns='" NS_MUC_ADMIN "'>");
    for (size_t i = 0; i < l->n_items; i++) {
        const Verona__ListItem *it = l->items[i];
        buf_z(out, "<item");
        if (it->affiliation != VERONA__AFFILIATION__AFFILIATION_UNSET)
            render_attr(out, "affiliation",
                        str_of(affiliation_name((enum affiliation)it->affiliation)));
        if (it->role != VERONA__ROLE__ROLE_UNSET)
            render_attr(out, "role", str_of(role_name((enum role)it->role)));
        if (it->jid.len)
            render_attr(out, "jid", wire_str(it->jid));
        if (it->nick.len)
            render_attr(out, "nick", wire_str(it->nick));
        if (it->reason.len) {
            buf_c(out, '>');
            render_text(out, "reason", wire_str(it->reason));
            buf_z(out, "</item>");
        } else {
            buf_z(out, "/>");
        }
    }
    buf_z(out, "</query>");
}

/* W78 */
static void disco_items(struct buf *out, struct str room, const Verona__DiscoItems *d)
{
    buf_z(out, "<query xmlns='" NS_DISCO_ITEMS "'>");
    for (size_t i = 0; i < d->n_nicks; i++) {
        buf_z(out, "<item jid='");
        buf_xml(out, room);
        buf_c(out, '/');
        buf_xml(out, wire_str(d->nicks[i]));
        buf_c(out, '\'');
        render_attr(out, "name", wire_str(d->nicks[i]));
        buf_z(out, "/>");
    }
    if (d->paged) {
        struct str none = STR_NULL;
        rsm_put(out, d->n_nicks ? wire_str(d->nicks[0]) : none,
                d->n_nicks ? wire_str(d->nicks[d->n_nicks - 1]) : none, d->index, d->count);
    }
    buf_z(out, "</query>");
}

/* W62 */
static void own_nick(struct buf *out, const Verona__OwnNick *n)
{
    buf_z(out, "<query xmlns='" NS_DISCO_INFO "' node='x-roomuser-item'>");
    if (n->nick.len) {
        buf_z(out, "<identity category='conference' type='text'");
        render_attr(out, "name", wire_str(n->nick));
        buf_z(out, "/>");
    }
    buf_z(out, "</query>");
}

static enum stanza_kind kind_of(const Verona__Reply *r)
{
    if (r->stanza == VERONA__REFUSE_IN__STANZA__MESSAGE)
        return STANZA_MESSAGE;
    if (r->stanza == VERONA__REFUSE_IN__STANZA__PRESENCE)
        return STANZA_PRESENCE;
    return STANZA_IQ;
}

enum stanza_kind render_reply(struct buf *out, struct str room, const Verona__Reply *r)
{
    if (r->answer_case == VERONA__REPLY__ANSWER_ERROR) {
        error(out, room, r, kind_of(r));
        return kind_of(r);
    }
    if (r->answer_case == VERONA__REPLY__ANSWER_NOT_INSIDE) {
        not_inside(out, room, r);
        return STANZA_PRESENCE;
    }
    result(out, room, r);
    if (r->answer_case == VERONA__REPLY__ANSWER_EMPTY ||
        r->answer_case == VERONA__REPLY__ANSWER__NOT_SET) {
        buf_z(out, "/>");
        return STANZA_IQ;
    }
    buf_c(out, '>');
    if (r->answer_case == VERONA__REPLY__ANSWER_ITEMS)
        list(out, r->items);
    else if (r->answer_case == VERONA__REPLY__ANSWER_CONFIG)
        render_config_form(out, r->config);
    else if (r->answer_case == VERONA__REPLY__ANSWER_REGISTER_)
        render_register_form(out, r->register_);
    else if (r->answer_case == VERONA__REPLY__ANSWER_DISCO_INFO)
        render_disco_info(out, room, r->disco_info);
    else if (r->answer_case == VERONA__REPLY__ANSWER_DISCO_ITEMS)
        disco_items(out, room, r->disco_items);
    else if (r->answer_case == VERONA__REPLY__ANSWER_COMMAND)
        render_command(out, r->command);
    else if (r->answer_case == VERONA__REPLY__ANSWER_COMMANDS)
        render_commands(out, room, r->commands);
    else if (r->answer_case == VERONA__REPLY__ANSWER_COMMAND_INFO)
        render_command_info(out, r->command_info);
    else if (r->answer_case == VERONA__REPLY__ANSWER_VCARD && r->vcard->vcard.len)
        buf_str(out, wire_str(r->vcard->vcard));
    else if (r->answer_case == VERONA__REPLY__ANSWER_VCARD)
        buf_z(out, "<vCard xmlns='" NS_VCARD "'/>");
    else if (r->answer_case == VERONA__REPLY__ANSWER_OWN_NICK)
        own_nick(out, r->own_nick);
    else if (r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_FORM)
        render_archive_form(out);
    buf_z(out, "</iq>");
    return STANZA_IQ;
}
