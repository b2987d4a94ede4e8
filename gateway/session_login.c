/* session_login.c: who is it? SASL (RFC 6120 §6), and accounts that people make themselves before
 * they log in (XEP-0077). */
#include "gateway/session_priv.h"
#include "base/b64.h"

/* ---------------------------------------------------------------- SASL */

static void sasl_did(struct session *s, enum sasl_step step)
{
    struct buf b;
    buf_init(&b);
    struct str data = sasl_data(s->sasl);
    switch (step) {
    case SASL_CHALLENGE:
    case SASL_SUCCESS:
        buf_z(&b, step == SASL_SUCCESS ? "<success xmlns='" NS_SASL "'"
                                       : "<challenge xmlns='" NS_SASL "'");
        if (data.n) {
            buf_c(&b, '>');
            b64_encode(&b, data.p, data.n);
            buf_z(&b, step == SASL_SUCCESS ? "</success>" : "</challenge>");
        } else {
            buf_z(&b, "/>");
        }
        session_send_buf(s, &b);
        if (step == SASL_CHALLENGE)
            return;
        s->ops->attempt(s->ctx, sasl_used(s->sasl), sasl_bare(s->sasl), NULL);
        buf_str(&s->bare, sasl_bare(s->sasl));
        s->authed = true;
        sasl_destroy(&s->sasl);
        s->ops->authenticated(s->ctx, buf_as_str(&s->bare));
        session_restart(s);
        return;
    case SASL_FAILURE:
        buf_printf(&b, "<failure xmlns='" NS_SASL "'><%s/></failure>", sasl_failure(s->sasl));
        session_send_buf(s, &b);
        s->ops->attempt(s->ctx, sasl_used(s->sasl), sasl_bare(s->sasl), sasl_failure(s->sasl));
        sasl_destroy(&s->sasl);
        if (++s->sasl_tries >= LIMIT_SASL_TRIES)
            session_error(s, "policy-violation", "too many attempts");
        return;
    case SASL_WANT_ACCOUNT:
        session_ask(s);
        s->ops->ask_account(s->ctx, sasl_bare(s->sasl));
        return;
    case SASL_WANT_JOB:
        session_ask(s);
        s->ops->ask_job(s->ctx, sasl_take_job(s->sasl));
        return;
    }
}

void session_account(struct session *s, const struct account *a)
{
    if (!session_answered(s))
        return;
    sasl_did(s, sasl_account(s->sasl, a));
    if (!s->asking)
        s->ops->hold(s->ctx, false);
}

void session_job_done(struct session *s, const struct sasl_job *j)
{
    if (!session_answered(s))
        return;
    sasl_did(s, sasl_job_done(s->sasl, j));
    s->ops->hold(s->ctx, false);
}

void session_sasl(struct session *s, const struct xnode *st, struct arena *a)
{
    struct str text = xnode_text(st, a);
    if (str_is(st->name, "auth")) {
        sasl_destroy(&s->sasl); /* a new one aborts the old one */
        s->sasl = sasl_new(&s->cfg->sasl);
        sasl_did(s, sasl_start(s->sasl, xnode_attr(st, "mechanism"), text, s->link));
        return;
    }
    if (!s->sasl)
        s->sasl = sasl_new(&s->cfg->sasl); /* answers that nothing was begun */
    if (str_is(st->name, "response"))
        sasl_did(s, sasl_response(s->sasl, text));
    else if (str_is(st->name, "abort"))
        sasl_did(s, sasl_abort(s->sasl));
    else
        session_error(s, "unsupported-stanza-type", NULL);
}

/* ---------------------------------------------------------------- registration */

void session_register(struct session *s, const struct xnode *st, struct arena *a)
{
    struct str id = xnode_attr(st, "id"), type = xnode_attr(st, "type");
    const struct xnode *query = xnode_elem(st->first);
    bool get = str_is(type, "get");
    if (id.n > LIMIT_ID || (!get && !str_is(type, "set"))) {
        session_iq_error(s, STR_NULL, SE_BAD_REQUEST);
        return;
    }
    if (get) {
        struct buf b;
        buf_init(&b);
        session_iq_begin(&b, "result", id);
        buf_z(&b, "><query xmlns='" NS_REGISTER
                  "'><instructions>Choose a name and a password</instructions>"
                  "<username/><password/></query></iq>");
        session_send_buf(s, &b);
        return;
    }
    if (xnode_child(query, NS_REGISTER, "remove")) {
        session_iq_error(s, id, SE_UNEXPECTED_REQUEST); /* whose? */
        return;
    }
    struct str name = xnode_text(xnode_child(query, NS_REGISTER, "username"), a);
    struct str password = xnode_text(xnode_child(query, NS_REGISTER, "password"), a);
    if (!name.n || !password.n) {
        session_iq_error(s, id, SE_NOT_ACCEPTABLE);
        return;
    }
    session_keep_id(s, id);
    int condition = s->ops->ask_register(s->ctx, name, password);
    if (condition)
        session_iq_error(s, id, (enum stanza_error)condition);
    else
        session_ask(s);
}

void session_registered(struct session *s, int condition)
{
    if (!session_answered(s))
        return;
    if (condition) {
        session_iq_error(s, session_kept_id(s), (enum stanza_error)condition);
    } else {
        struct buf b;
        buf_init(&b);
        session_iq_begin(&b, "result", session_kept_id(s));
        buf_z(&b, "/>");
        session_send_buf(s, &b);
    }
    buf_deinit(&s->bind_id);
    s->ops->hold(s->ctx, false);
}
