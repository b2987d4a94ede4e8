/* session.c: the stream negotiation of RFC 6120 §4 to §7 for a server that clients connect to. */
#include "gateway/session_priv.h"
#include "prep/jid_prep.h"

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_FRAMING "urn:ietf:params:xml:ns:xmpp-framing"
#define NS_REGISTER_FEATURE "http://jabber.org/features/iq-register"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"

struct session *session_new(const struct session_config *cfg, const struct session_ops *ops,
                            void *ctx, enum sasl_link link)
{
    struct session *s = mem_zalloc(sizeof *s);
    s->cfg = cfg;
    s->ops = ops;
    s->ctx = ctx;
    s->link = link;
    return s;
}

void session_framed(struct session *s)
{
    s->framed = true;
}

void session_destroy(struct session **s_p)
{
    struct session *s = *s_p;
    if (!s)
        return;
    *s_p = NULL;
    sasl_destroy(&s->sasl);
    buf_deinit(&s->bare);
    buf_deinit(&s->jid);
    buf_deinit(&s->bind_id);
    mem_free(s);
}

enum session_state session_state(const struct session *s)
{
    return s->state;
}

struct str session_jid(const struct session *s)
{
    return buf_as_str(&s->jid);
}

struct str session_bare(const struct session *s)
{
    return buf_as_str(&s->bare);
}

/* ---------------------------------------------------------------- sending */

void session_send_buf(struct session *s, struct buf *b)
{
    s->ops->send(s->ctx, buf_as_str(b));
    buf_deinit(b);
}

static void send_z(struct session *s, const char *z)
{
    s->ops->send(s->ctx, str_of(z));
}

void session_put_random(struct session *s, struct buf *b, size_t n)
{
    uint8_t bytes[16];
    s->cfg->sasl.random(bytes, n);
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%02x", bytes[i]);
}

static void send_header(struct session *s)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, s->framed ? "<open xmlns='" NS_FRAMING "' id='"
                        : "<?xml version='1.0'?><stream:stream xmlns='" NS_CLIENT
                          "' xmlns:stream='" NS_STREAMS "' id='");
    session_put_random(s, &b, 16);
    buf_z(&b, "' from='");
    buf_xml(&b, s->cfg->sasl.domain);
    if (s->authed) {
        buf_z(&b, "' to='");
        buf_xml(&b, buf_as_str(&s->bare));
    }
    buf_z(&b, "' version='1.0' xml:lang='en'");
    buf_z(&b, s->framed ? "/>" : ">");
    session_send_buf(s, &b);
    s->header_sent = true;
}

static void send_close(struct session *s)
{
    send_z(s, s->framed ? SESSION_FRAMED_CLOSE : SESSION_STREAM_CLOSE);
}

static void end(struct session *s, enum session_end how)
{
    s->state = SESSION_ENDED;
    s->ops->ended(s->ctx, how);
}

void session_error_as(struct session *s, const char *condition, const char *text,
                      struct str application)
{
    if (s->state == SESSION_ENDED)
        return;
    if (!s->header_sent) /* RFC 6120 §4.9.1.2 */
        send_header(s);
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "<stream:error><%s xmlns='" NS_STREAM_ERRORS "'/>", condition);
    if (text) {
        buf_z(&b, "<text xmlns='" NS_STREAM_ERRORS "' xml:lang='en'>");
        buf_xml(&b, str_of(text));
        buf_z(&b, "</text>");
    }
    buf_str(&b, application);
    buf_z(&b, "</stream:error>");
    session_send_buf(s, &b);
    send_close(s);
    s->ops->stream_error(s->ctx, condition, false);
    end(s, SESSION_REFUSED);
}

void session_error(struct session *s, const char *condition, const char *text)
{
    session_error_as(s, condition, text, STR_NULL);
}

bool session_registers(const struct session *s)
{
    return s->cfg->registration && !s->authed && s->link != SASL_LINK_CLEAR;
}

static bool has_starttls(const struct session *s)
{
    return s->cfg->starttls && s->link != SASL_LINK_TLS && !s->framed; /* RFC 7395 §3.9 */
}

static void send_features(struct session *s)
{
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<stream:features>");
    if (s->authed) {
        buf_z(&b, "<bind xmlns='" NS_BIND "'/><session xmlns='" NS_SESSION
                  "'><optional/></session><sm xmlns='" NS_SM "'/>");
        buf_str(&b, s->cfg->caps);
    } else {
        bool any = false;
        bool clear = s->link == SASL_LINK_CLEAR && s->cfg->sasl.mode != AUTH_OPEN;
        if (has_starttls(s))
            buf_z(&b, clear ? "<starttls xmlns='" NS_TLS "'><required/></starttls>"
                            : "<starttls xmlns='" NS_TLS "'/>");
        for (enum sasl_mechanism m = 0; m < SASL_COUNT; m++) {
            if (!sasl_offers(&s->cfg->sasl, m, s->link))
                continue;
            buf_z(&b, any ? "<mechanism>" : "<mechanisms xmlns='" NS_SASL "'><mechanism>");
            buf_z(&b, sasl_name(m));
            buf_z(&b, "</mechanism>");
            any = true;
        }
        if (any)
            buf_z(&b, "</mechanisms>");
        if (session_registers(s))
            buf_z(&b, "<register xmlns='" NS_REGISTER_FEATURE "'/>");
    }
    buf_z(&b, "</stream:features>");
    session_send_buf(s, &b);
}

void session_iq_begin(struct buf *b, const char *type, struct str id)
{
    buf_printf(b, "<iq type='%s'", type);
    if (id.p) {
        buf_z(b, " id='");
        buf_xml(b, id);
        buf_c(b, '\'');
    }
}

void session_iq_error(struct session *s, struct str id, enum stanza_error e)
{
    struct buf b;
    buf_init(&b);
    session_iq_begin(&b, "error", id);
    buf_printf(&b, "><error type='%s'><%s xmlns='" NS_STANZAS "'/></error></iq>",
               stanza_error_type(e), stanza_error_condition(e));
    session_send_buf(s, &b);
}

/* ---------------------------------------------------------------- questions */

void session_ask(struct session *s)
{
    s->asking = true;
    s->ops->hold(s->ctx, true);
}

bool session_answered(struct session *s)
{
    if (!s->asking)
        return false;
    s->asking = false;
    return s->state != SESSION_ENDED;
}

void session_keep_id(struct session *s, struct str id)
{
    buf_reset(&s->bind_id);
    buf_str(&s->bind_id, id);
    s->bind_has_id = id.p != NULL;
}

struct str session_kept_id(const struct session *s)
{
    return s->bind_has_id ? str_n(s->bind_id.len ? s->bind_id.data : "", s->bind_id.len) : STR_NULL;
}

/* ---------------------------------------------------------------- header */

/* Takes a number of one to five digits off the front. */
static bool take_number(struct str *s, uint32_t *out)
{
    size_t n = 0;
    for (*out = 0; n < s->n && n < 5 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        *out = *out * 10 + (uint32_t)(s->p[n] - '0');
    s->p += n;
    s->n -= n;
    return n > 0;
}

/* RFC 6120 §4.7.5: "1.0" and any later minor or major version, which we answer with 1.0. */
static bool version_ok(struct str v)
{
    uint32_t major, minor;
    if (v.n == 0 || !take_number(&v, &major) || v.n == 0 || v.p[0] != '.')
        return false;
    v = str_n(v.p + 1, v.n - 1);
    return take_number(&v, &minor) && v.n == 0 && major >= 1;
}

static bool is_our_domain(const struct session *s, struct str to)
{
    struct arena a;
    struct str text;
    arena_init(&a);
    bool ours = jid_prep(to, &a, &text, NULL) == 0 && str_eq(text, s->cfg->sasl.domain);
    arena_deinit(&a);
    return ours;
}

void session_header(struct session *s, const struct xnode *root, struct str content_ns)
{
    if (s->state != SESSION_HEADER)
        return;
    struct str to = xnode_attr(root, "to");
    if (!str_is(root->ns, s->framed ? NS_FRAMING : NS_STREAMS)) {
        session_error(s, "invalid-namespace", NULL);
    } else if (!str_is(root->name, s->framed ? "open" : "stream")) {
        session_error(s, "bad-format", NULL);
    } else if (content_ns.n && !str_is(content_ns, NS_CLIENT) && !str_is(content_ns, NS_STREAMS)) {
        /* No content namespace at all is fine: stanzas then bring their own (§4.8.5). */
        session_error(s, "invalid-namespace", NULL);
    } else if (!to.p) {
        session_error(s, "improper-addressing", "the header needs a 'to'");
    } else if (!is_our_domain(s, to)) {
        session_error(s, "host-unknown", NULL);
    } else if (!version_ok(xnode_attr(root, "version"))) {
        session_error(s, "unsupported-version", NULL);
    } else {
        send_header(s);
        s->state = s->authed ? SESSION_AUTHED : SESSION_OPEN;
        send_features(s);
    }
}

void session_stream_end(struct session *s)
{
    if (s->state == SESSION_ENDED)
        return;
    if (!s->header_sent)
        send_header(s);
    send_close(s);
    end(s, SESSION_CLOSED);
}

void session_restart(struct session *s)
{
    s->state = SESSION_HEADER;
    s->header_sent = false;
    s->ops->restart(s->ctx);
}

/* ---------------------------------------------------------------- TLS */

void session_tls_proceed(struct session *s, bool clean)
{
    if (s->state == SESSION_ENDED)
        return;
    if (!clean) {
        session_error(s, "policy-violation", "data behind starttls");
        return;
    }
    send_z(s, "<proceed xmlns='" NS_TLS "'/>");
    sasl_destroy(&s->sasl); /* §5.4.3.3: nothing learnt in clear survives */
    session_restart(s);
}

void session_secured(struct session *s)
{
    s->link = SASL_LINK_TLS;
}

static void starttls(struct session *s)
{
    if (!has_starttls(s)) {
        send_z(s, "<failure xmlns='" NS_TLS "'/>");
        send_close(s);
        end(s, SESSION_REFUSED);
        return;
    }
    s->ops->start_tls(s->ctx);
}

/* ---------------------------------------------------------------- stanzas */

/* RFC 6120 §8.1.2.1: absent, or the client's own full or bare JID. Stamped in any case. */
static bool stamp_from(struct session *s, struct xnode *st, struct arena *a)
{
    struct xattr *slot = NULL;
    for (uint32_t i = 0; i < st->n_attrs; i++)
        if (st->attrs[i].ns.n == 0 && str_is(st->attrs[i].name, "from"))
            slot = &st->attrs[i];
    if (slot) {
        struct str text = slot->value;
        bool own = str_eq(text, buf_as_str(&s->jid)) || str_eq(text, buf_as_str(&s->bare));
        if (!own && (jid_prep(slot->value, a, &text, NULL) ||
                     (!str_eq(text, buf_as_str(&s->jid)) && !str_eq(text, buf_as_str(&s->bare)))))
            return false;
    } else {
        slot = &st->attrs[st->n_attrs++]; /* the parser leaves room for it */
        *slot = (struct xattr){STR_NULL, STR("from"), STR_NULL};
    }
    slot->value = buf_as_str(&s->jid);
    return true;
}

static bool is_stanza_name(struct str name)
{
    return str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq");
}

/* RFC 7395 §3.4, §3.6: what begins and closes a stream are messages like others. */
static bool framing(struct session *s, const struct xnode *st)
{
    bool ours = str_is(st->ns, NS_FRAMING);
    if (ours && str_is(st->name, "close"))
        session_stream_end(s);
    else if (s->state == SESSION_HEADER)
        session_header(s, st, STR_NULL);
    else if (ours)
        session_error(s, "unsupported-stanza-type", NULL);
    else
        return false;
    return true;
}

void session_stanza(struct session *s, struct xnode *st, struct arena *a, size_t bytes)
{
    if (s->state == SESSION_ENDED || (s->framed && framing(s, st)) || s->state == SESSION_HEADER)
        return;
    if (str_is(st->ns, NS_STREAMS)) {
        if (str_is(st->name, "error")) {
            struct xnode *what = xnode_elem(st->first);
            struct buf z;
            buf_init(&z);
            buf_str(&z, what ? what->name : STR("undefined-condition"));
            buf_c(&z, '\0');
            s->ops->stream_error(s->ctx, z.data, true);
            buf_deinit(&z);
            send_close(s);
            end(s, SESSION_REFUSED);
            return;
        }
        session_error(s, "unsupported-stanza-type", NULL);
        return;
    }
    if (!s->authed && str_is(st->ns, NS_TLS) && str_is(st->name, "starttls")) {
        starttls(s);
        return;
    }
    if (!s->authed && str_is(st->ns, NS_SASL)) {
        session_sasl(s, st, a);
        return;
    }
    if (str_is(st->ns, NS_SM)) {
        session_management(s, st);
        return;
    }
    if (!str_is(st->ns, NS_CLIENT)) {
        session_error(s, is_stanza_name(st->name) ? "invalid-namespace" : "unsupported-stanza-type",
                      NULL);
        return;
    }
    if (!is_stanza_name(st->name)) {
        session_error(s, "unsupported-stanza-type", NULL);
        return;
    }
    if (s->state == SESSION_OPEN && session_registers(s) && str_is(st->name, "iq") &&
        xnode_is(xnode_elem(st->first), NS_REGISTER, "query")) {
        session_register(s, st, a);
    } else if (s->state == SESSION_OPEN) {
        session_error(s, "not-authorized", NULL);
    } else if (s->state == SESSION_AUTHED) {
        session_before_bind(s, st, a);
    } else if (!stamp_from(s, st, a)) {
        session_error(s, "invalid-from", NULL);
    } else {
        s->ops->stanza(s->ctx, st, a, bytes);
    }
}
