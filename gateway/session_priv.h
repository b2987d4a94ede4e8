/* session_priv.h: what the files of session share.
 *
 *   session.c        headers, features, errors, TLS; who looks at an element
 *   session_login.c  SASL, accounts made before a login (XEP-0077)
 *   session_bind.c   resource binding, stream management (XEP-0198) */
#ifndef MUC_SESSION_PRIV_H
#define MUC_SESSION_PRIV_H

#include "base/limits.h"
#include "base/muc.h"
#include "gateway/session.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

struct session {
    const struct session_config *cfg;
    const struct session_ops *ops;
    void *ctx;
    enum session_state state;
    enum sasl_link link;
    bool framed; /* RFC 7395 */
    bool authed, header_sent;
    bool asking;         /* a question is out */
    uint32_t sasl_tries; /* that failed */
    struct sasl *sasl;   /* NULL when authenticated */
    struct buf bare, jid;
    struct buf bind_id; /* id of the iq that asks for the resource, or an account */
    bool bind_has_id;
    bool managed; /* <enable/> came, or a stream was resumed */
};

/* session.c */
/* A stream error with a condition of an application beside: XML, may be empty. */
void session_error_as(struct session *s, const char *condition, const char *text,
                      struct str application);
void session_send_buf(struct session *s, struct buf *b); /* and deinits it */
void session_put_random(struct session *s, struct buf *b, size_t n);
void session_restart(struct session *s); /* a new header is expected */
void session_iq_begin(struct buf *b, const char *type, struct str id);
void session_iq_error(struct session *s, struct str id, enum stanza_error e);
/* XEP-0077: where PLAIN would be fine, for the password is sent as it is. */
bool session_registers(const struct session *s);
/* A question goes out, its answer has come: false if nobody waits for it any more. */
void session_ask(struct session *s);
bool session_answered(struct session *s);
/* The id of the iq that is being answered. An empty id is one all the same. */
void session_keep_id(struct session *s, struct str id);
struct str session_kept_id(const struct session *s);

/* session_login.c */
void session_sasl(struct session *s, const struct xnode *st, struct arena *a);
void session_register(struct session *s, const struct xnode *st, struct arena *a);

/* session_bind.c: a stanza before the bind, and any element of NS_SM. */
void session_before_bind(struct session *s, const struct xnode *st, struct arena *a);
void session_management(struct session *s, const struct xnode *st);

#endif
