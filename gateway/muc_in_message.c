/* muc_in_message.c: messages to a room or an occupant, and what else they may hold: mediated
 * invitations, refusals of them, requests for voice. */
#include "gateway/muc_in_priv.h"

#include "base/utf8.h"

static Verona__MessageIn__Type type_of(struct str type)
{
    if (str_is(type, "groupchat"))
        return VERONA__MESSAGE_IN__TYPE__GROUPCHAT;
    if (str_is(type, "chat"))
        return VERONA__MESSAGE_IN__TYPE__CHAT;
    if (str_is(type, "headline"))
        return VERONA__MESSAGE_IN__TYPE__HEADLINE;
    return VERONA__MESSAGE_IN__TYPE__NORMAL; /* RFC 6121 §5.2.2: unknown ones, too */
}

/* R91: what has no body and is worth keeping all the same. Not here, and so not kept: chat states
 * (XEP-0085), receipts (XEP-0184), and that markers are wished for (XEP-0333). */
static const struct {
    const char *ns, *name;
} kept[] = {
    {"urn:xmpp:reactions:0", "reactions"},     /* XEP-0444 */
    {"urn:xmpp:message-correct:0", "replace"}, /* XEP-0308 */
    {"urn:xmpp:reply:0", "reply"},             /* XEP-0461 */
    {NS_RETRACT, "retract"},                   /* XEP-0424 */
    {"urn:xmpp:chat-markers:0", "received"},   /* XEP-0333 */
    {"urn:xmpp:chat-markers:0", "displayed"},
    {"urn:xmpp:chat-markers:0", "acknowledged"},
    {"urn:xmpp:omemo:2", "encrypted"},               /* XEP-0384 */
    {"eu.siacs.conversations.axolotl", "encrypted"}, /* XEP-0384 before 0.4 */
    {"jabber:x:encrypted", "x"},                     /* XEP-0027 */
    {"urn:xmpp:openpgp:0", "openpgp"},               /* XEP-0373 */
};

static bool worth_keeping(const struct xnode *st, const Verona__MessageIn *m)
{
    /* XEP-0334: not to be kept for ever */
    if (m->no_store || xnode_child(st, NS_HINTS, "no-permanent-store"))
        return false;
    if (m->has_body || m->has_subject || m->store)
        return true;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (xnode_child(st, kept[i].ns, kept[i].name))
            return true;
    return false;
}

static enum muc_in message(struct in *in, Verona__MessageIn__Type type)
{
    Verona__MessageIn *m = arena_alloc(in->a, sizeof *m);
    verona__message_in__init(m);
    const struct xnode *st = in->st;
    m->type = type;
    m->has_body = xnode_child(st, NS_CLIENT, "body") != NULL;
    m->has_thread = xnode_child(st, NS_CLIENT, "thread") != NULL;
    m->has_subject = xnode_child(st, NS_CLIENT, "subject") != NULL;
    m->no_store = xnode_child(st, NS_HINTS, "no-store") != NULL;
    m->store = xnode_child(st, NS_HINTS, "store") != NULL;
    if (type == VERONA__MESSAGE_IN__TYPE__GROUPCHAT) {
        const struct xnode *retract = xnode_child(st, NS_RETRACT, "retract");
        m->archive = worth_keeping(st, m);
        if (retract && !in_name(in, xnode_attr(retract, "id"), &m->retracts))
            m->retracts = NULL; /* of somebody else's message, if of any: passed on */
    }
    m->correction = xnode_child(st, NS_CORRECT, "replace") != NULL;
    m->subject = wire_bytes(in_child_text(in, st, NS_CLIENT, "subject"));
    if (m->subject.len > LIMIT_SUBJECT)
        return in_refuse(in, SE_POLICY_VIOLATION);
    m->payload = in_payload(in);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_MESSAGE;
    in->ev->message = m;
    return MUC_IN_EVENT;
}

/* A JID that somebody wrote in an attribute. false: jid-malformed. */
static bool address(struct in *in, struct str raw, ProtobufCBinaryData *out)
{
    struct str text;
    struct jid parts;
    if (raw.n == 0 || raw.n > LIMIT_JID || jid_prep(raw, in->a, &text, &parts) != 0)
        return false;
    *out = wire_bytes(text);
    return true;
}

/* W70, W71: each <invite/> is an invitation of its own. */
static enum muc_in invite(struct in *in, const struct xnode *x)
{
    Verona__InviteIn *inv = arena_alloc(in->a, sizeof *inv);
    verona__invite_in__init(inv);
    size_t n = 0;
    IN_EACH(k, x)
    n += xnode_is(k, NS_MUC_USER, "invite");
    if (n > LIMIT_INVITES)
        return in_refuse(in, SE_POLICY_VIOLATION);
    inv->invitations = arena_alloc(in->a, n * sizeof *inv->invitations);
    IN_EACH(k, x)
    {
        if (!xnode_is(k, NS_MUC_USER, "invite"))
            continue;
        Verona__Invitation *i = arena_alloc(in->a, sizeof *i);
        verona__invitation__init(i);
        if (!address(in, xnode_attr(k, "to"), &i->to))
            return in_refuse(in, SE_JID_MALFORMED);
        i->reason = wire_bytes(in_child_text(in, k, NS_MUC_USER, "reason"));
        const struct xnode *c = xnode_child(k, NS_MUC_USER, "continue");
        i->has_continue = c != NULL;
        if (c)
            i->thread = wire_bytes(xnode_attr(c, "thread"));
        if (i->reason.len > LIMIT_REASON || i->thread.len > LIMIT_ID)
            return in_refuse(in, SE_POLICY_VIOLATION);
        inv->invitations[inv->n_invitations++] = i;
    }
    inv->has_body = xnode_child(in->st, NS_CLIENT, "body") != NULL;
    inv->body = wire_bytes(in_child_text(in, in->st, NS_CLIENT, "body"));
    if (inv->body.len > LIMIT_SUBJECT)
        return in_refuse(in, SE_POLICY_VIOLATION);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_INVITE;
    in->ev->invite = inv;
    return MUC_IN_EVENT;
}

/* W73 */
static enum muc_in decline(struct in *in, const struct xnode *d)
{
    Verona__DeclineIn *dec = arena_alloc(in->a, sizeof *dec);
    verona__decline_in__init(dec);
    if (!address(in, xnode_attr(d, "to"), &dec->to))
        return in_refuse(in, SE_JID_MALFORMED);
    dec->reason = wire_bytes(in_child_text(in, d, NS_MUC_USER, "reason"));
    if (dec->reason.len > LIMIT_REASON)
        return in_refuse(in, SE_POLICY_VIOLATION);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_DECLINE;
    in->ev->decline = dec;
    return MUC_IN_EVENT;
}

/* ---- muc#request (XEP-0045 §7.13, §8.6) */

static const struct xnode *voice_form(const struct xnode *st, struct in *in)
{
    const struct xnode *x = xnode_child(st, NS_DATA, "x");
    if (!x || !str_is(xnode_attr(x, "type"), "submit"))
        return NULL;
    IN_EACH(k, x)
    {
        if (xnode_is(k, NS_DATA, "field") && str_is(xnode_attr(k, "var"), "FORM_TYPE"))
            return str_is(in_child_text(in, k, NS_DATA, "value"), NS_MUC_REQUEST) ? x : NULL;
    }
    return NULL;
}

/* A form that says whether voice is given is an answer; the rest is asking. */
static enum muc_in voice(struct in *in, const struct xnode *x)
{
    Verona__VoiceIn *v = arena_alloc(in->a, sizeof *v);
    enum role role;
    struct str nick;
    verona__voice_in__init(v);
    IN_EACH(k, x)
    {
        if (!xnode_is(k, NS_DATA, "field"))
            continue;
        struct str var = xnode_attr(k, "var"), value = in_child_text(in, k, NS_DATA, "value");
        if (str_is(var, "muc#role")) {
            if (role_parse(value, &role))
                v->role = (Verona__Role)role;
        } else if (str_is(var, "muc#roomnick")) {
            if (!in_nick(in, value, &nick))
                return in_refuse(in, SE_ITEM_NOT_FOUND);
            v->nick = wire_bytes(nick);
        } else if (str_is(var, "muc#jid")) {
            if (value.n && !address(in, value, &v->jid))
                return in_refuse(in, SE_JID_MALFORMED);
        } else if (str_is(var, "muc#request_allow")) {
            v->answer = true;
            v->allow = str_is(value, "true") || str_is(value, "1");
        }
    }
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_VOICE;
    in->ev->voice = v;
    return MUC_IN_EVENT;
}

enum muc_in in_message(struct in *in)
{
    Verona__MessageIn__Type type = type_of(xnode_attr(in->st, "type"));
    if (utf8_count(in->nick) > LIMIT_NICK_CHARS) {
        /* nobody can have such a nick (W34) */
        return in_refuse(in, SE_ITEM_NOT_FOUND);
    }
    if (in->nick.n == 0 && type != VERONA__MESSAGE_IN__TYPE__GROUPCHAT) {
        const struct xnode *x = xnode_child(in->st, NS_MUC_USER, "x");
        const struct xnode *d = xnode_child(x, NS_MUC_USER, "decline");
        if (xnode_child(x, NS_MUC_USER, "invite"))
            return invite(in, x);
        if (d)
            return decline(in, d);
        const struct xnode *form = voice_form(in->st, in);
        if (form)
            return voice(in, form);
    }
    return message(in, type);
}
