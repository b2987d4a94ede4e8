/* muc_in_archive.c: questions to the archive of a room (XEP-0313, XEP-0059) and moderation of
 * messages (XEP-0425). Ids become names here; an id that cannot be one of the room's is of no
 * message. */
#include "gateway/muc_in_priv.h"

#include "gateway/stanza_id.h"

enum { MOST = 999999999 }; /* messages of a page; what is given is bounded by the shard */

bool in_name(struct in *in, struct str id, Verona__Name **out)
{
    struct stanza_id_room room;
    Verona__Name *name = arena_alloc(in->a, sizeof *name);
    verona__name__init(name);
    *out = name;
    if (!in->ids)
        return false;
    stanza_id_room(in->ids, in->room, &room);
    return stanza_id_read(in->ids, &room, id, &name->e, &name->s) == 0 && name->s != 0;
}

/* ---- the form of a query */

static enum stanza_error ids(struct in *in, const struct xnode *field, Verona__ArchiveIn *q)
{
    size_t n = 0;
    IN_EACH(v, field)
    n += xnode_is(v, NS_DATA, "value");
    if (n > LIMIT_ARCHIVE_IDS)
        return SE_POLICY_VIOLATION;
    q->ids = arena_alloc(in->a, (n + 1) * sizeof *q->ids);
    q->n_ids = 0;
    IN_EACH(v, field)
    {
        if (!xnode_is(v, NS_DATA, "value"))
            continue;
        if (!in_name(in, xnode_text(v, in->a), &q->ids[q->n_ids]))
            return SE_ITEM_NOT_FOUND;
        q->n_ids++;
    }
    return n ? SE_NONE : SE_BAD_REQUEST;
}

static enum stanza_error stamp(struct str text, int64_t *out)
{
    *out = muc_in_stamp(text);
    return *out < 0 ? SE_BAD_REQUEST : SE_NONE;
}

static enum stanza_error form_field(struct in *in, const struct xnode *f, Verona__ArchiveIn *q)
{
    struct str var = xnode_attr(f, "var"), value = in_child_text(in, f, NS_DATA, "value"), text;
    struct jid parts;
    enum stanza_error e;
    if (str_is(var, "FORM_TYPE"))
        return str_is(value, NS_MAM) ? SE_NONE : SE_BAD_REQUEST;
    if (str_is(var, "with")) {
        if (value.n > LIMIT_JID || jid_prep(value, in->a, &text, &parts) != 0)
            return SE_JID_MALFORMED;
        q->with = wire_bytes(text);
        return SE_NONE;
    }
    if (str_is(var, "start"))
        return stamp(value, &q->start_ms);
    if (str_is(var, "end")) {
        e = stamp(value, &q->end_ms);
        /* our own stamps are in whole seconds: all that has this one is meant */
        if (e == SE_NONE && q->end_ms % 1000 == 0)
            q->end_ms += 999;
        return e;
    }
    if (str_is(var, "before-id"))
        return in_name(in, value, &q->before_id) ? SE_NONE : SE_ITEM_NOT_FOUND;
    if (str_is(var, "after-id"))
        return in_name(in, value, &q->after_id) ? SE_NONE : SE_ITEM_NOT_FOUND;
    if (str_is(var, "ids"))
        return ids(in, f, q);
    return SE_FEATURE_NOT_IMPLEMENTED; /* XEP-0313 §4.1.5 */
}

static enum stanza_error form(struct in *in, const struct xnode *x, Verona__ArchiveIn *q)
{
    bool form_type = false;
    if (!str_is(xnode_attr(x, "type"), "submit"))
        return SE_BAD_REQUEST;
    IN_EACH(f, x)
    {
        if (!xnode_is(f, NS_DATA, "field"))
            continue;
        enum stanza_error e = form_field(in, f, q);
        if (e != SE_NONE)
            return e;
        form_type = form_type || str_is(xnode_attr(f, "var"), "FORM_TYPE");
    }
    return form_type ? SE_NONE : SE_BAD_REQUEST;
}

/* ---- the page */

static enum stanza_error page(struct in *in, const struct xnode *set, Verona__ArchiveIn *q)
{
    const struct xnode *max = xnode_child(set, NS_RSM, "max");
    const struct xnode *after = xnode_child(set, NS_RSM, "after");
    const struct xnode *before = xnode_child(set, NS_RSM, "before");
    if (xnode_child(set, NS_RSM, "index"))
        return SE_FEATURE_NOT_IMPLEMENTED; /* XEP-0059 §2.5 lets us */
    uint64_t most;
    if (max && !str_u64(xnode_text(max, in->a), MOST, &most))
        return SE_BAD_REQUEST;
    q->max = max ? (int64_t)most : q->max;
    struct str text = after ? xnode_text(after, in->a) : STR_NULL;
    if (text.n && !in_name(in, text, &q->after))
        return SE_ITEM_NOT_FOUND;
    q->backward = before != NULL; /* an empty one: the last page */
    text = before ? xnode_text(before, in->a) : STR_NULL;
    if (text.n && !in_name(in, text, &q->before))
        return SE_ITEM_NOT_FOUND;
    return SE_NONE;
}

/* ---- requests */

static Verona__ArchiveIn *ask(struct in *in, Verona__ArchiveIn__Kind kind)
{
    Verona__ArchiveIn *q = arena_alloc(in->a, sizeof *q);
    verona__archive_in__init(q);
    q->kind = kind;
    q->start_ms = q->end_ms = q->max = -1;
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_ARCHIVE;
    in->ev->archive = q;
    return q;
}

enum muc_in in_archive(struct in *in, const struct xnode *query, bool set)
{
    if (!set) {
        (void)ask(in, VERONA__ARCHIVE_IN__KIND__FORM);
        return MUC_IN_EVENT;
    }
    Verona__ArchiveIn *q = ask(in, VERONA__ARCHIVE_IN__KIND__QUERY);
    const struct xnode *x = xnode_child(query, NS_DATA, "x");
    const struct xnode *rsm = xnode_child(query, NS_RSM, "set");
    enum stanza_error e = x ? form(in, x, q) : SE_NONE;
    if (e == SE_NONE && rsm)
        e = page(in, rsm, q);
    q->query_id = wire_bytes(xnode_attr(query, "queryid"));
    q->flip = xnode_child(query, NS_MAM, "flip-page") != NULL;
    if (e == SE_NONE && q->query_id.len > LIMIT_ID)
        e = SE_POLICY_VIOLATION;
    return e == SE_NONE ? MUC_IN_EVENT : in_refuse(in, e);
}

enum muc_in in_archive_metadata(struct in *in)
{
    (void)ask(in, VERONA__ARCHIVE_IN__KIND__METADATA);
    return MUC_IN_EVENT;
}

enum muc_in in_moderate(struct in *in, const struct xnode *m)
{
    Verona__ModerateIn *mod = arena_alloc(in->a, sizeof *mod);
    verona__moderate_in__init(mod);
    if (!xnode_child(m, NS_RETRACT, "retract"))
        return in_refuse(in, SE_BAD_REQUEST); /* nothing else can be done to a message */
    mod->has_reason = xnode_child(m, NS_MODERATE, "reason") != NULL;
    mod->reason = wire_bytes(in_child_text(in, m, NS_MODERATE, "reason"));
    if (mod->reason.len > LIMIT_REASON)
        return in_refuse(in, SE_POLICY_VIOLATION);
    /* A name that no message has: the room says so, to those who may know. */
    if (!in_name(in, xnode_attr(m, "id"), &mod->target))
        verona__name__init(mod->target);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_MODERATE;
    in->ev->moderate = mod;
    return MUC_IN_EVENT;
}
