/* dispatch.c: where a stanza of a bound client goes: to a room (muc) or anywhere else (home). Its
 * address is prepared here, once, and stands prepared in the tree from then on. */
#include "gateway/edge.h"
#include "base/limits.h"
#include "base/muc.h"
#include "prep/jid_prep.h"
#include "rt/metrics.h"

static struct xattr *attr_slot(struct xnode *st, const char *name)
{
    for (uint32_t i = 0; i < st->n_attrs; i++)
        if (st->attrs[i].ns.n == 0 && str_is(st->attrs[i].name, name))
            return &st->attrs[i];
    return NULL;
}

static bool iq_ok(const struct xnode *st)
{
    struct str type = xnode_attr(st, "type"), id = xnode_attr(st, "id");
    bool asks = str_is(type, "get") || str_is(type, "set");
    unsigned children = 0;
    for (struct xnode *c = xnode_elem(st->first); c; c = xnode_elem(c->next))
        children++;
    if (!asks && !str_is(type, "result") && !str_is(type, "error"))
        return false;
    /* an answer to an occupant brings back the id that its room gave it */
    return id.p && id.n <= (asks ? LIMIT_ID : LIMIT_TICKET) && (!asks || children == 1);
}

static bool presence_ok(const struct xnode *st)
{
    static const char *const types[] = {"unavailable",  "subscribe", "subscribed", "unsubscribe",
                                        "unsubscribed", "probe",     "error"};
    struct str type = xnode_attr(st, "type");
    if (!type.p)
        return true;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_is(type, types[i]))
            return true;
    return false;
}

/* W84: available presence always says something about the avatar, if only that there is none. */
static void add_avatar_hash(struct xnode *st, struct arena *a)
{
    if (xnode_child(st, NS_VCARD_UPDATE, "x"))
        return;
    struct xnode *x = arena_zalloc(a, sizeof *x), *photo = arena_zalloc(a, sizeof *photo);
    x->ns = photo->ns = STR(NS_VCARD_UPDATE);
    x->name = STR("x");
    photo->name = STR("photo");
    x->first = x->last = photo;
    photo->parent = x;
    x->parent = st;
    if (st->last)
        st->last->next = x;
    else
        st->first = x;
    st->last = x;
}

void dispatch(struct client *c, struct xnode *st, struct arena *a)
{
    struct gateway *g = c->edge->g;
    bool iq = str_is(st->name, "iq"), presence = str_is(st->name, "presence");
    c->edge->stanzas_in[iq ? STANZA_IQ : presence ? STANZA_PRESENCE : STANZA_MESSAGE]++;

    struct xattr *to = attr_slot(st, "to");
    struct jid jid = {STR_NULL, STR_NULL, STR_NULL};
    if (to) {
        struct str text;
        if (jid_prep(to->value, a, &text, &jid)) {
            /* W5: a nick that is none is still the room's to refuse */
            bool room = jid_prep(jid_bare(to->value), a, &text, &jid) == 0 && jid.local.n &&
                        str_is(jid.domain, g->muc_domain);
            client_send_error(c, st, SE_JID_MALFORMED, STR_NULL, room ? text : STR_NULL);
            return;
        }
        to->value = text;
    }
    if (iq ? !iq_ok(st) : presence && !presence_ok(st)) {
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
        return;
    }
    if (presence && !xnode_attr(st, "type").p)
        add_avatar_hash(st, a);
    /* A join is work for everybody in the room: so many a second and no more (limits.join_rate). */
    if (presence && xnode_child(st, NS_MUC, "x"))
        c->stanza_credit -= c->edge->join_cost;
    if (to && jid.local.n && str_is(jid.domain, g->muc_domain))
        muc_stanza(g->muc, c, st, to->value); /* which looks after ids itself */
    else if (!iq && !presence && xnode_attr(st, "id").n > LIMIT_ID)
        /* It is kept, to go back with an error that may come from far away. */
        client_send_error(c, st, SE_POLICY_VIOLATION, STR("The id is too long"), STR_NULL);
    else
        home_stanza(g->home, c, st);
}
