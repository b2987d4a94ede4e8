/* lib_session.c: see lib_session.h. */
#include "gateway/lib_session.h"

#include "base/limits.h"
#include "base/muc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fixed(void *p, size_t n)
{
    memset(p, 0xab, n);
}

/* ---- from the parser */

static void x_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    (void)prefix;
    session_header(((struct lib_session *)ctx)->session, root, content_ns);
}

static void x_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    session_stanza(((struct lib_session *)ctx)->session, st, a, bytes);
}

static void x_end(void *ctx)
{
    session_stream_end(((struct lib_session *)ctx)->session);
}

static void x_error(void *ctx, const char *condition, const char *text)
{
    session_error(((struct lib_session *)ctx)->session, condition, text);
}

static const struct xml_ops xml_ops = {x_header, x_stanza, x_end, x_error};

/* ---- from the session */

static void s_send(void *ctx, struct str xml)
{
    buf_str(&((struct lib_session *)ctx)->out, xml);
}

static void s_hold(void *ctx, bool on)
{
    struct lib_session *h = ctx;
    h->held = on;
    if (on)
        xml_stream_hold(h->xml);
    else if (session_state(h->session) != SESSION_ENDED)
        xml_stream_release(h->xml);
}

static void s_restart(void *ctx)
{
    xml_stream_restart(((struct lib_session *)ctx)->xml);
}

static void s_start_tls(void *ctx)
{
    struct lib_session *h = ctx;
    h->tls_asked = true;
    xml_stream_hold(h->xml);
}

static void s_authenticated(void *ctx, struct str bare)
{
    buf_printf(&((struct lib_session *)ctx)->events, "auth %.*s;", STR_FMT(bare));
}

static void s_attempt(void *ctx, enum sasl_mechanism m, struct str bare, const char *condition)
{
    (void)bare;
    buf_printf(&((struct lib_session *)ctx)->events, "try %s %s;", sasl_name(m),
               condition ? condition : "ok");
}

static void s_ask_account(void *ctx, struct str bare)
{
    buf_printf(&((struct lib_session *)ctx)->asked, "account %.*s;", STR_FMT(bare));
}

static void s_ask_job(void *ctx, struct sasl_job *job)
{
    struct lib_session *h = ctx;
    assert_null(h->job);
    h->job = job;
    buf_z(&h->asked, "job;");
}

static void s_ask_bind(void *ctx, struct str bare, struct str resource)
{
    ((struct lib_session *)ctx)->resume_asked = false;
    buf_printf(&((struct lib_session *)ctx)->asked, "bind %.*s %.*s;", STR_FMT(bare),
               STR_FMT(resource));
}

static int s_ask_register(void *ctx, struct str username, struct str password)
{
    buf_printf(&((struct lib_session *)ctx)->asked, "register %.*s %.*s;", STR_FMT(username),
               STR_FMT(password));
    return str_is(username, "bad") ? SE_NOT_ACCEPTABLE : SE_NONE;
}

static void s_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    (void)a;
    (void)bytes;
    xnode_write(&((struct lib_session *)ctx)->stanzas, st, STR(NS_CLIENT));
}

static void s_enable(void *ctx, bool resume, struct session_sm *sm)
{
    struct lib_session *h = ctx;
    buf_printf(&h->events, "enable %s %u;", resume ? "resume" : "acks", sm->max_s);
    if (!resume)
        return;
    strcpy(sm->id, "the-id");
    sm->max_s = sm->max_s < 300 ? sm->max_s : 300;
    sm->location = h->location;
}

/* "known" is a session with 5 stanzas out, "past" one that is over after 7. */
static int s_ask_resume(void *ctx, struct str previd, uint32_t h, uint32_t *last, bool *has_last)
{
    struct lib_session *l = ctx;
    buf_printf(&l->asked, "resume %.*s %u;", STR_FMT(previd), h);
    if (str_is(previd, "past")) {
        *last = 7;
        *has_last = true;
    }
    if (!str_is(previd, "known"))
        return SE_ITEM_NOT_FOUND;
    l->resume_asked = h <= 5;
    if (h > 5)
        session_too_high(l->session, h, 5);
    return 0;
}

static void s_resend(void *ctx)
{
    buf_z(&((struct lib_session *)ctx)->out, "<resend/>");
}

static void s_acked(void *ctx, uint32_t h)
{
    buf_printf(&((struct lib_session *)ctx)->events, "acked %u;", h);
}

static uint32_t s_handled(void *ctx)
{
    return ((struct lib_session *)ctx)->handled;
}

static void s_stream_error(void *ctx, const char *condition, bool incoming)
{
    buf_printf(&((struct lib_session *)ctx)->events, "%s %s;", incoming ? "his" : "error",
               condition);
}

static void s_ended(void *ctx, enum session_end how)
{
    struct lib_session *h = ctx;
    buf_z(&h->events, how == SESSION_CLOSED ? "end closed;" : "end refused;");
    xml_stream_hold(h->xml);
}

static const struct session_ops ops = {
    .send = s_send,
    .hold = s_hold,
    .restart = s_restart,
    .start_tls = s_start_tls,
    .authenticated = s_authenticated,
    .attempt = s_attempt,
    .ask_account = s_ask_account,
    .ask_job = s_ask_job,
    .ask_bind = s_ask_bind,
    .ask_register = s_ask_register,
    .stanza = s_stanza,
    .enable = s_enable,
    .ask_resume = s_ask_resume,
    .resend = s_resend,
    .acked = s_acked,
    .handled = s_handled,
    .stream_error = s_stream_error,
    .ended = s_ended,
};

void lib_session_open(struct lib_session *h, enum auth_mode mode, bool starttls,
                      enum sasl_link link)
{
    *h = (struct lib_session){0};
    h->cfg.sasl.mode = mode;
    h->cfg.sasl.domain = STR("example.org");
    h->cfg.sasl.fake_iterations = 100;
    h->cfg.sasl.random = fixed;
    h->cfg.starttls = starttls;
    h->session = session_new(&h->cfg, &ops, h, link);
    h->xml = xml_stream_new(&xml_ops, h, (struct xml_limits){LIMIT_STANZA, 0, LIMIT_TOKEN});
}

void lib_session_close(struct lib_session *h)
{
    sasl_job_destroy(&h->job);
    session_destroy(&h->session);
    xml_stream_destroy(&h->xml);
    buf_deinit(&h->out);
    buf_deinit(&h->asked);
    buf_deinit(&h->events);
    buf_deinit(&h->stanzas);
}

void lib_session_feed(struct lib_session *h, const void *p, size_t n)
{
    xml_stream_feed(h->xml, p, n);
    xml_stream_flush(h->xml);
    if (!h->tls_asked)
        return;
    h->tls_asked = false;
    session_tls_proceed(h->session, xml_stream_rest_is_space(h->xml));
    if (session_state(h->session) == SESSION_ENDED)
        return;
    xml_stream_discard(h->xml);
    xml_stream_release(h->xml);
}

void lib_session_feed_z(struct lib_session *h, const char *z)
{
    lib_session_feed(h, z, strlen(z));
}

void lib_session_work(struct lib_session *h)
{
    struct sasl_job *job = h->job;
    assert_non_null(job);
    h->job = NULL;
    sasl_job_run(job);
    session_job_done(h->session, job);
    sasl_job_destroy(&job);
}

void lib_session_is(struct buf *b, const char *want)
{
    buf_c(b, '\0');
    assert_string_equal(b->data, want);
    buf_reset(b);
}

void lib_session_talk(struct lib_session *h, const char *in, const char *want)
{
    lib_session_feed_z(h, in);
    lib_session_is(&h->out, want);
}

void lib_session_authed(struct lib_session *h)
{
    lib_session_open(h, AUTH_OPEN, false, SASL_LINK_LOCAL);
    lib_session_feed_z(h, HIS_HEADER AUTH("PLAIN", PLAIN_ANN) HIS_HEADER);
    assert_int_equal(session_state(h->session), SESSION_AUTHED);
    buf_reset(&h->out);
    buf_reset(&h->events);
}

void lib_session_bound(struct lib_session *h)
{
    lib_session_authed(h);
    lib_session_feed_z(h, "<iq type='set' id='b'><bind xmlns='" NS_BIND
                          "'><resource>r</resource></bind></iq>");
    lib_session_is(&h->asked, "bind ann@example.org r;");
    session_bound(h->session, 0);
    assert_int_equal(session_state(h->session), SESSION_BOUND);
    buf_reset(&h->out);
}
