/* muc_in_iq.c: iq to a room (administration, ownership, registration, queries) or to an occupant.
 */
#include "gateway/muc_in_priv.h"
#include "gateway/rsm.h"

#include "base/utf8.h"

#define FORM_REGISTER "http://jabber.org/protocol/muc#register"

static enum muc_in query(struct in *in, Verona__QueryIn__Kind kind)
{
    Verona__QueryIn *q = arena_alloc(in->a, sizeof *q);
    verona__query_in__init(q);
    q->kind = kind;
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_QUERY;
    in->ev->query = q;
    return MUC_IN_EVENT;
}

/* ---- muc#admin */

/* 0, or the error that refuses the whole request (W45, W46). */
static enum stanza_error admin_item(struct in *in, const struct xnode *k, Verona__AdminItem *i)
{
    struct str affiliation = xnode_attr(k, "affiliation"), role = xnode_attr(k, "role");
    struct str jid = xnode_attr(k, "jid"), nick = xnode_attr(k, "nick"), text;
    enum affiliation aff;
    enum role r;
    struct jid parts;
    if (affiliation.p) {
        if (!affiliation_parse(affiliation, &aff))
            return SE_BAD_REQUEST;
        i->affiliation = (Verona__Affiliation)aff;
    }
    if (role.p) {
        if (!role_parse(role, &r))
            return SE_BAD_REQUEST;
        i->role = (Verona__Role)r;
    }
    if (jid.p) {
        if (jid.n > LIMIT_JID || jid_prep(jid, in->a, &text, &parts) != 0)
            return SE_JID_MALFORMED;
        i->jid = wire_bytes(text);
    }
    if (nick.p) {
        i->has_nick = true;
        if (!in_nick(in, nick, &text))
            return role.p ? SE_ITEM_NOT_FOUND : SE_JID_MALFORMED;
        /* W23, W54: a nick that nobody could enter with is not reserved */
        if (jid.p && !role.p && text.n > 0 && !jid_nick_strict(text))
            return SE_JID_MALFORMED;
        i->nick = wire_bytes(text);
    }
    const struct xnode *reason = xnode_child(k, NS_MUC_ADMIN, "reason");
    if (reason) {
        i->has_reason = true;
        i->reason = wire_bytes(xnode_text(reason, in->a));
        if (i->reason.len > LIMIT_REASON)
            return SE_POLICY_VIOLATION;
    }
    return SE_NONE;
}

static enum muc_in admin(struct in *in, const struct xnode *q, bool set)
{
    Verona__AdminIn *ad = arena_alloc(in->a, sizeof *ad);
    verona__admin_in__init(ad);
    size_t n = 0;
    IN_EACH(k, q)
    n += xnode_is(k, NS_MUC_ADMIN, "item");
    if (n > LIMIT_ADMIN_ITEMS)
        return in_refuse(in, SE_POLICY_VIOLATION);
    ad->set = set;
    ad->items = arena_alloc(in->a, n * sizeof *ad->items);
    IN_EACH(k, q)
    {
        if (!xnode_is(k, NS_MUC_ADMIN, "item"))
            continue;
        Verona__AdminItem *i = arena_alloc(in->a, sizeof *i);
        verona__admin_item__init(i);
        enum stanza_error e = admin_item(in, k, i);
        if (e != SE_NONE)
            return in_refuse(in, e);
        ad->items[ad->n_items++] = i;
    }
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_ADMIN;
    in->ev->admin = ad;
    return MUC_IN_EVENT;
}

/* ---- muc#owner */

static enum muc_in owner_action(struct in *in, Verona__OwnerIn *o, Verona__OwnerIn__Action action)
{
    o->action = action;
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_OWNER;
    in->ev->owner = o;
    return MUC_IN_EVENT;
}

static bool is_jid_list(struct str var)
{
    return str_is(var, "muc#roomconfig_roomadmins") || str_is(var, "muc#roomconfig_roomowners") ||
           str_is(var, "hats#jid");
}

/* The values of a field. JIDs are prepared, for the shard only compares. */
static enum stanza_error field_values(struct in *in, const struct xnode *k, Verona__Field *f)
{
    bool jids = is_jid_list(wire_str(f->var));
    size_t n = 0;
    IN_EACH(v, k)
    n += xnode_is(v, NS_DATA, "value");
    if (n > LIMIT_FORM_VALUES)
        return SE_POLICY_VIOLATION;
    f->values = arena_alloc(in->a, n * sizeof *f->values);
    IN_EACH(v, k)
    {
        if (!xnode_is(v, NS_DATA, "value"))
            continue;
        struct str text = xnode_text(v, in->a);
        struct jid parts;
        if (jids && text.n == 0)
            continue; /* some clients send one empty value for an empty list */
        if (jids && (text.n > LIMIT_JID || jid_prep(text, in->a, &text, &parts) != 0))
            return SE_JID_MALFORMED;
        if (text.n > LIMIT_SUBJECT)
            return SE_POLICY_VIOLATION;
        f->values[f->n_values++] = wire_bytes(text);
    }
    return SE_NONE;
}

/* The fields of a submitted form. FORM_TYPE goes to form_type (NULL: nowhere). */
enum stanza_error in_fields(struct in *in, const struct xnode *x, Verona__Field ***out, size_t *n,
                            struct str *form_type)
{
    *n = 0;
    IN_EACH(k, x)
    *n += xnode_is(k, NS_DATA, "field");
    if (*n > LIMIT_FORM_FIELDS)
        return SE_POLICY_VIOLATION;
    Verona__Field **list = arena_alloc(in->a, *n * sizeof *list);
    *out = list;
    *n = 0;
    IN_EACH(k, x)
    {
        if (!xnode_is(k, NS_DATA, "field"))
            continue;
        struct str var = xnode_attr(k, "var");
        if (str_is(var, "FORM_TYPE")) {
            if (form_type)
                *form_type = in_child_text(in, k, NS_DATA, "value");
            continue;
        }
        if (var.n == 0)
            continue;
        Verona__Field *f = arena_alloc(in->a, sizeof *f);
        verona__field__init(f);
        f->var = wire_bytes(var);
        enum stanza_error e = field_values(in, k, f);
        if (e != SE_NONE)
            return e;
        list[(*n)++] = f;
    }
    return SE_NONE;
}

static enum muc_in owner_submit(struct in *in, Verona__OwnerIn *o, const struct xnode *x)
{
    struct str form_type = {NULL, 0};
    enum stanza_error e = in_fields(in, x, &o->fields, &o->n_fields, &form_type);
    if (e)
        return in_refuse(in, e);
    IN_EACH(k, x)
    o->has_form_type |= xnode_is(k, NS_DATA, "field") && str_is(xnode_attr(k, "var"), "FORM_TYPE");
    o->form_type = wire_bytes(form_type);
    return owner_action(in, o, VERONA__OWNER_IN__ACTION__SUBMIT);
}

static enum muc_in destroy(struct in *in, const struct xnode *d)
{
    Verona__DestroyIn *de = arena_alloc(in->a, sizeof *de);
    verona__destroy_in__init(de);
    struct str jid = xnode_attr(d, "jid"), text;
    struct jid parts;
    if (jid.n > 0) {
        if (jid.n > LIMIT_JID || jid_prep(jid, in->a, &text, &parts) != 0)
            return in_refuse(in, SE_JID_MALFORMED);
        de->alternate = wire_bytes(text);
    }
    de->has_reason = xnode_child(d, NS_MUC_OWNER, "reason") != NULL;
    de->reason = wire_bytes(in_child_text(in, d, NS_MUC_OWNER, "reason"));
    de->has_password = xnode_child(d, NS_MUC_OWNER, "password") != NULL;
    de->password = wire_bytes(in_child_text(in, d, NS_MUC_OWNER, "password"));
    if (de->reason.len > LIMIT_REASON || de->password.len > LIMIT_REASON)
        return in_refuse(in, SE_POLICY_VIOLATION);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_DESTROY;
    in->ev->destroy = de;
    return MUC_IN_EVENT;
}

static enum muc_in owner(struct in *in, const struct xnode *q, bool set)
{
    Verona__OwnerIn *o = arena_alloc(in->a, sizeof *o);
    verona__owner_in__init(o);
    if (!set)
        return owner_action(in, o, VERONA__OWNER_IN__ACTION__GET);
    const struct xnode *d = xnode_child(q, NS_MUC_OWNER, "destroy");
    const struct xnode *x = xnode_child(q, NS_DATA, "x");
    if (d)
        return destroy(in, d);
    struct str type = x ? xnode_attr(x, "type") : STR_NULL;
    if (str_is(type, "cancel"))
        return owner_action(in, o, VERONA__OWNER_IN__ACTION__CANCEL);
    if (!str_is(type, "submit"))
        return in_refuse(in, SE_BAD_REQUEST);
    return owner_submit(in, o, x);
}

/* ---- jabber:iq:register */

/* W59: the nick of a submitted form; false makes the shard say bad-request, if he may ask at all.
 */
static bool register_nick(struct in *in, const struct xnode *q, struct str *nick)
{
    const struct xnode *x = xnode_child(q, NS_DATA, "x");
    bool form_type = false, found = false;
    if (!x || !str_is(xnode_attr(x, "type"), "submit"))
        return false;
    IN_EACH(k, x)
    {
        if (!xnode_is(k, NS_DATA, "field"))
            continue;
        struct str var = xnode_attr(k, "var");
        struct str value = in_child_text(in, k, NS_DATA, "value");
        if (str_is(var, "FORM_TYPE"))
            form_type = str_is(value, FORM_REGISTER);
        else if (str_is(var, "muc#register_roomnick"))
            found = value.n > 0 && in_nick(in, value, nick);
    }
    if (!form_type || !found || !jid_nick_strict(*nick))
        return false;
    for (size_t i = 0; i < nick->n; i++) {
        if (nick->p[i] != ' ')
            return true;
    }
    return false;
}

static enum muc_in registration(struct in *in, const struct xnode *q, bool set)
{
    Verona__RegisterIn *r = arena_alloc(in->a, sizeof *r);
    verona__register_in__init(r);
    struct str nick = STR_NULL;
    if (!set) {
        r->action = VERONA__REGISTER_IN__ACTION__GET;
    } else if (xnode_child(q, NS_REGISTER, "remove")) {
        r->action = VERONA__REGISTER_IN__ACTION__REMOVE;
    } else {
        r->action = VERONA__REGISTER_IN__ACTION__SUBMIT;
        r->valid = register_nick(in, q, &nick);
        if (r->valid)
            r->nick = wire_bytes(nick);
    }
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_REGISTER_;
    in->ev->register_ = r;
    return MUC_IN_EVENT;
}

/* ---- any iq */

/* W78, XEP-0059: a page of a room's occupants, whose ids are their nicks. */
static enum muc_in items(struct in *in, const struct xnode *q)
{
    struct rsm rsm;
    struct str after = STR_NULL, before = STR_NULL;
    if (!rsm_read(q, in->a, &rsm))
        return in_refuse(in, SE_BAD_REQUEST);
    if (!in_nick(in, rsm.after, &after) || !in_nick(in, rsm.before, &before))
        return in_refuse(in, SE_ITEM_NOT_FOUND); /* XEP-0059 §2.5: an id that is nobody's */
    (void)query(in, VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    if (!rsm.present)
        return MUC_IN_EVENT;
    Verona__ItemsPage *p = arena_alloc(in->a, sizeof *p);
    verona__items_page__init(p);
    p->has_max = rsm.has_max;
    p->max = rsm.max;
    p->has_index = rsm.has_index;
    p->index = rsm.index;
    p->has_after = rsm.has_after;
    p->after = wire_bytes(after);
    p->has_before = rsm.has_before;
    p->before = wire_bytes(before);
    in->ev->query->page = p;
    return MUC_IN_EVENT;
}

static enum muc_in disco(struct in *in, const struct xnode *q, Verona__QueryIn__Kind kind)
{
    struct str node = xnode_attr(q, "node");
    if (node.n > 0) {
        if (kind == VERONA__QUERY_IN__KIND__DISCO_INFO && str_is(node, "x-roomuser-item"))
            return query(in, VERONA__QUERY_IN__KIND__OWN_NICK);
        if (kind == VERONA__QUERY_IN__KIND__DISCO_ITEMS && str_is(node, NS_COMMANDS))
            return query(in, VERONA__QUERY_IN__KIND__COMMANDS);
        if (kind == VERONA__QUERY_IN__KIND__DISCO_INFO && node.n <= LIMIT_NAME) {
            enum muc_in what = query(in, VERONA__QUERY_IN__KIND__COMMAND);
            in->ev->query->node = wire_bytes(node);
            return what;
        }
        return in_refuse(in, SE_ITEM_NOT_FOUND); /* XEP-0030 §7: no such node */
    }
    return kind == VERONA__QUERY_IN__KIND__DISCO_ITEMS && in->nick.n == 0 ? items(in, q)
                                                                          : query(in, kind);
}

/* ---- iq between occupants (W35) */

/* What is asked of the user, not of a client of his: RFC 6121 §8.5.2.1.3, XEP-0045 §17.4. */
static bool for_account(const struct xnode *q)
{
    return xnode_is(q, NS_VCARD, "vCard") || xnode_is(q, NS_VCARD4, "vcard") ||
           xnode_is(q, NS_PUBSUB, "pubsub");
}

static enum muc_in relay(struct in *in, const struct xnode *q, bool set)
{
    Verona__RelayIn *r = arena_alloc(in->a, sizeof *r);
    struct buf b;
    verona__relay_in__init(r);
    r->set = set;
    if (!set && (xnode_is(q, NS_DISCO_INFO, "query") || xnode_is(q, NS_DISCO_ITEMS, "query")))
        r->kind = VERONA__RELAY_IN__KIND__DISCO;
    else if (!set && xnode_is(q, NS_PING, "ping"))
        r->kind = VERONA__RELAY_IN__KIND__PING;
    r->to_account = for_account(q);
    buf_init(&b);
    xnode_write(&b, q, STR(NS_CLIENT));
    r->payload = in_kept(in, &b);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_RELAY;
    in->ev->relay = r;
    return MUC_IN_EVENT;
}

/* Somebody's client answers, and may have put its own address into an error (RFC 6120 §8.3.1). */
static void write_error(struct in *in, struct buf *b, const struct xnode *k)
{
    struct xnode copy = *k;
    copy.attrs = arena_alloc(in->a, k->n_attrs * sizeof *copy.attrs);
    copy.n_attrs = 0;
    for (uint32_t i = 0; i < k->n_attrs; i++) {
        if (k->attrs[i].ns.n || !str_is(k->attrs[i].name, "by"))
            copy.attrs[copy.n_attrs++] = k->attrs[i];
    }
    xnode_write(b, &copy, STR(NS_CLIENT));
}

static enum muc_in relay_answer(struct in *in, bool error)
{
    Verona__RelayAnswerIn *r = arena_alloc(in->a, sizeof *r);
    struct buf b;
    verona__relay_answer_in__init(r);
    r->ticket = wire_bytes(xnode_attr(in->st, "id"));
    r->error = error;
    if (r->ticket.len > LIMIT_TICKET)
        return MUC_IN_IGNORE; /* of no room */
    buf_init(&b);
    IN_EACH(k, in->st)
    {
        if (xnode_is(k, NS_CLIENT, "error"))
            write_error(in, &b, k);
        else
            xnode_write(&b, k, STR(NS_CLIENT));
    }
    r->payload = in_kept(in, &b);
    in->ev->nick = wire_bytes(STR_NULL); /* the ticket says whom it is for */
    in->ev->id = wire_bytes(STR_NULL);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_RELAY_ANSWER;
    in->ev->relay_answer = r;
    return MUC_IN_EVENT;
}

enum muc_in in_iq(struct in *in)
{
    struct str type = xnode_attr(in->st, "type");
    bool set = str_is(type, "set"), get = str_is(type, "get"), error = str_is(type, "error");
    if (error || str_is(type, "result")) /* the room itself asks nobody */
        return in->nick.n ? relay_answer(in, error) : MUC_IN_IGNORE;
    /* RFC 6120 §8.2.3: one child, and a type that exists */
    struct xnode *q = in_elem(in->st->first);
    if ((!set && !get) || !q || in_elem(q->next))
        return in_refuse(in, SE_BAD_REQUEST);
    if (utf8_count(in->nick) > LIMIT_NICK_CHARS)
        return in_refuse(in, SE_ITEM_NOT_FOUND);
    if (in->nick.n)
        return relay(in, q, set);
    if (get && xnode_is(q, NS_DISCO_INFO, "query"))
        return disco(in, q, VERONA__QUERY_IN__KIND__DISCO_INFO);
    if (get && xnode_is(q, NS_DISCO_ITEMS, "query"))
        return disco(in, q, VERONA__QUERY_IN__KIND__DISCO_ITEMS);
    if (get && xnode_is(q, NS_PING, "ping"))
        return query(in, VERONA__QUERY_IN__KIND__PING);
    if (set && xnode_is(q, NS_COMMANDS, "command"))
        return in_command(in, q);
    if (xnode_is(q, NS_VCARD, "vCard"))
        return in_vcard(in, q, set);
    if (xnode_is(q, NS_MUC_ADMIN, "query"))
        return admin(in, q, set);
    if (xnode_is(q, NS_MUC_OWNER, "query"))
        return owner(in, q, set);
    if (xnode_is(q, NS_REGISTER, "query"))
        return registration(in, q, set);
    if (xnode_is(q, NS_MAM, "query"))
        return in_archive(in, q, set);
    if (get && xnode_is(q, NS_MAM, "metadata"))
        return in_archive_metadata(in);
    if (set && xnode_is(q, NS_MODERATE, "moderate"))
        return in_moderate(in, q);
    return query(in, VERONA__QUERY_IN__KIND__OTHER);
}
