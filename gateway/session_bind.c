/* session_bind.c: a resource for a stream (RFC 6120 §7), or the one that an earlier stream had, and
 * the elements of stream management (XEP-0198). */
#include "gateway/session_priv.h"
#include "prep/jid_prep.h"

/* ---------------------------------------------------------------- bind */

static void bind(struct session *s, const struct xnode *st, const struct xnode *child,
                 struct arena *a)
{
    struct str id = xnode_attr(st, "id"), resource = STR_NULL;
    const struct xnode *asked = xnode_child(child, NS_BIND, "resource");
    struct str raw = xnode_text(asked, a);
    if (id.n > LIMIT_ID) {
        session_iq_error(s, STR_NULL, SE_BAD_REQUEST);
        return;
    }
    if (raw.n && jid_prep_resource(raw, a, &resource)) {
        session_iq_error(s, id, SE_BAD_REQUEST); /* RFC 6120 §7.7.2.1 */
        return;
    }
    session_keep_id(s, id);
    buf_reset(&s->jid);
    buf_str(&s->jid, buf_as_str(&s->bare));
    buf_c(&s->jid, '/');
    size_t at = s->jid.len;
    if (resource.n)
        buf_str(&s->jid, resource);
    else
        session_put_random(s, &s->jid, 8);
    struct buf chosen; /* a copy: the callee may look at the JID while it answers */
    buf_init(&chosen);
    buf_put(&chosen, s->jid.data + at, s->jid.len - at);
    session_ask(s);
    s->ops->ask_bind(s->ctx, buf_as_str(&s->bare), buf_as_str(&chosen));
    buf_deinit(&chosen);
}

void session_bound(struct session *s, int err)
{
    if (!session_answered(s))
        return;
    struct str id = session_kept_id(s);
    if (err) {
        session_iq_error(s, id, SE_RESOURCE_CONSTRAINT);
        buf_reset(&s->jid);
    } else {
        struct buf b;
        buf_init(&b);
        s->state = SESSION_BOUND;
        session_iq_begin(&b, "result", id);
        buf_z(&b, "><bind xmlns='" NS_BIND "'><jid>");
        buf_xml(&b, buf_as_str(&s->jid));
        buf_z(&b, "</jid></bind></iq>");
        session_send_buf(s, &b);
    }
    buf_deinit(&s->bind_id);
    s->ops->hold(s->ctx, false);
}

void session_before_bind(struct session *s, const struct xnode *st, struct arena *a)
{
    const struct xnode *child = xnode_elem(st->first);
    if (!str_is(st->name, "iq") || !str_is(xnode_attr(st, "type"), "set") || !child) {
        session_error(s, "not-authorized", "no resource was bound"); /* RFC 6120 §7.1 */
    } else if (xnode_is(child, NS_BIND, "bind")) {
        bind(s, st, child, a);
    } else if (xnode_is(child, NS_SESSION, "session")) {
        session_iq_error(s, xnode_attr(st, "id"), SE_NOT_ALLOWED);
    } else {
        session_error(s, "not-authorized", "no resource was bound");
    }
}

/* ---------------------------------------------------------------- stream management */

static void failed(struct session *s, enum stanza_error e, const uint32_t *h)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<failed xmlns='" NS_SM "'");
    if (h)
        buf_printf(&b, " h='%u'", *h);
    buf_printf(&b, "><%s xmlns='" NS_STANZAS "'/></failed>", stanza_error_condition(e));
    session_send_buf(s, &b);
}

static void enable(struct session *s, const struct xnode *st)
{
    struct str resume = xnode_attr(st, "resume");
    struct session_sm sm = {.max_s = UINT32_MAX};
    struct buf b;
    if (s->state != SESSION_BOUND) {
        failed(s, SE_UNEXPECTED_REQUEST, NULL);
        return;
    }
    if (s->managed) { /* §3: at most one attempt */
        session_error(s, "policy-violation", "stream management was enabled before");
        return;
    }
    s->managed = true;
    (void)str_u32(xnode_attr(st, "max"), UINT32_MAX, &sm.max_s);
    s->ops->enable(s->ctx, str_is(resume, "true") || str_is(resume, "1"), &sm);
    buf_init(&b);
    buf_z(&b, "<enabled xmlns='" NS_SM "'");
    if (sm.id[0]) {
        buf_printf(&b, " resume='true' id='%s' max='%u'", sm.id, sm.max_s);
        if (sm.location.n) {
            buf_z(&b, " location='");
            buf_xml(&b, sm.location);
            buf_c(&b, '\'');
        }
    }
    buf_z(&b, "/>");
    session_send_buf(s, &b);
}

static void resume(struct session *s, const struct xnode *st)
{
    struct str previd = xnode_attr(st, "previd");
    uint32_t h = 0, last = 0;
    bool has_last = false;
    int condition = SE_NONE;
    if (s->state != SESSION_AUTHED)
        condition = SE_UNEXPECTED_REQUEST;
    else if (previd.n == 0 || !str_u32(xnode_attr(st, "h"), UINT32_MAX, &h))
        condition = SE_BAD_REQUEST;
    else
        condition = s->ops->ask_resume(s->ctx, previd, h, &last, &has_last);
    if (condition)
        failed(s, (enum stanza_error)condition, has_last ? &last : NULL);
    else if (s->state != SESSION_ENDED)
        session_ask(s);
}

void session_take(struct session *s, struct str jid)
{
    buf_reset(&s->jid);
    buf_str(&s->jid, jid);
}

void session_resumed(struct session *s, struct str previd, uint32_t h)
{
    struct buf b;
    if (!session_answered(s))
        return;
    s->state = SESSION_BOUND;
    s->managed = true;
    buf_init(&b);
    buf_z(&b, "<resumed xmlns='" NS_SM "' previd='");
    buf_xml(&b, previd);
    buf_printf(&b, "' h='%u'/>", h);
    session_send_buf(s, &b);
    s->ops->resend(s->ctx);
    s->ops->hold(s->ctx, false);
}

void session_not_resumed(struct session *s, int condition)
{
    if (!session_answered(s))
        return;
    failed(s, (enum stanza_error)condition, NULL);
    s->ops->hold(s->ctx, false);
}

void session_too_high(struct session *s, uint32_t h, uint32_t sent)
{
    struct buf b, text;
    buf_init(&b);
    buf_init(&text);
    buf_printf(&b, "<handled-count-too-high xmlns='" NS_SM "' h='%u' send-count='%u'/>", h, sent);
    buf_printf(&text, "You acknowledged %u stanzas, %u were sent.", h, sent);
    buf_c(&text, '\0');
    session_error_as(s, "undefined-condition", text.data, buf_as_str(&b));
    buf_deinit(&b);
    buf_deinit(&text);
}

void session_management(struct session *s, const struct xnode *st)
{
    uint32_t h;
    if (str_is(st->name, "enable")) {
        enable(s, st);
    } else if (str_is(st->name, "resume")) {
        resume(s, st);
    } else if (!str_is(st->name, "r") && !str_is(st->name, "a")) {
        session_error(s, "unsupported-stanza-type", NULL);
    } else if (!s->managed) {
        failed(s, SE_UNEXPECTED_REQUEST, NULL);
    } else if (str_is(st->name, "r")) {
        struct buf b;
        buf_init(&b);
        buf_printf(&b, "<a xmlns='" NS_SM "' h='%u'/>", s->ops->handled(s->ctx));
        session_send_buf(s, &b);
    } else if (str_u32(xnode_attr(st, "h"), UINT32_MAX, &h)) {
        s->ops->acked(s->ctx, h);
    } else {
        session_error(s, "bad-format", "an <a/> needs an 'h'");
    }
}
