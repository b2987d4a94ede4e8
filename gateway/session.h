/* session.h: one client's stream as RFC 6120 sees it, as a pure state machine. It is told what the
 * parser and the outside say, and answers through its ops; it knows no socket, clock or store.
 *
 *   HEADER -> OPEN -(starttls)-> HEADER -> OPEN -(SASL)-> HEADER -> AUTHED -(bind, resume)-> BOUND
 *   any -> ENDED
 */
#ifndef MUC_SESSION_H
#define MUC_SESSION_H

#include "gateway/sasl.h"
#include "gateway/stanza.h"

struct session;

enum session_state {
    SESSION_HEADER, /* waits for a stream header */
    SESSION_OPEN,   /* not authenticated */
    SESSION_AUTHED, /* authenticated, no resource yet */
    SESSION_BOUND,
    SESSION_ENDED,
};

enum session_end {
    SESSION_CLOSED,  /* by the client's </stream:stream> */
    SESSION_REFUSED, /* by a stream error of ours or his */
};

/* What <enabled/> says (XEP-0198 §3). */
struct session_sm {
    char id[64];         /* empty: it cannot be resumed */
    uint32_t max_s;      /* seconds; at first what the client prefers, UINT32_MAX: nothing */
    struct str location; /* "host:port", may be empty */
};

#define SESSION_STREAM_CLOSE "</stream:stream>"
#define SESSION_FRAMED_CLOSE "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"

struct session_ops {
    /* One element, or what begins or closes the stream. */
    void (*send)(void *ctx, struct str xml);
    /* No stanza may come while held. */
    void (*hold)(void *ctx, bool on);
    /* The next thing to come is a stream header. */
    void (*restart)(void *ctx);
    /* <starttls/> came. The caller holds the stream, looks at what else came with it, and calls
     * session_tls_proceed() at the end of the callback's turn. */
    void (*start_tls)(void *ctx);
    void (*authenticated)(void *ctx, struct str bare);
    /* One attempt is over; condition NULL: it succeeded. For the log and the metrics. */
    void (*attempt)(void *ctx, enum sasl_mechanism m, struct str bare, const char *condition);
    /* Questions; the stream is held until the answer: session_account(), session_job_done() (which
     * takes nothing: the caller destroys the job), session_bound(). */
    void (*ask_account)(void *ctx, struct str bare);
    void (*ask_job)(void *ctx, struct sasl_job *job /* now the callee's */);
    void (*ask_bind)(void *ctx, struct str bare, struct str resource);
    /* XEP-0077: both as the client wrote them. 0: session_registered() follows; else the enum
     * stanza_error that refuses it. */
    int (*ask_register)(void *ctx, struct str username, struct str password);
    /* A stanza of a bound client: its name and namespace are right, `from` is his full JID. */
    void (*stanza)(void *ctx, struct xnode *st, struct arena *a, size_t bytes);
    /* XEP-0198. <enable/>: fills sm; both counters are 0 from now on. */
    void (*enable)(void *ctx, bool resume, struct session_sm *sm);
    /* <resume/>. 0: the stream is held, and session_resumed() or session_not_resumed() follows, not
     * from within this call; else the enum stanza_error that refuses it, perhaps with the number of
     * stanzas that were handled in all. */
    int (*ask_resume)(void *ctx, struct str previd, uint32_t h, uint32_t *last, bool *has_last);
    /* <resumed/> was sent: what the client has not got follows. */
    void (*resend)(void *ctx);
    void (*acked)(void *ctx, uint32_t h);
    uint32_t (*handled)(void *ctx);
    /* A stream error was sent, or came (incoming). */
    void (*stream_error)(void *ctx, const char *condition, bool incoming);
    /* The last call but for none: all bytes were handed to send. */
    void (*ended)(void *ctx, enum session_end how);
};

struct session_config {
    struct sasl_config sasl;
    bool starttls;     /* a certificate is there */
    bool registration; /* people make accounts themselves, where a password may be sent */
    struct str caps;   /* XML among the features of an authenticated stream; outlives the session */
};

struct session *session_new(const struct session_config *cfg, const struct session_ops *ops,
                            void *ctx, enum sasl_link link);
void session_destroy(struct session **s_p);
/* Of a new one: over WebSocket (RFC 7395). Each send() is then one message, session_stanza() brings
 * <open/> and <close/> too, and nothing calls session_header() and session_stream_end(). */
void session_framed(struct session *s);

/* From the parser. */
void session_header(struct session *s, const struct xnode *root, struct str content_ns);
void session_stanza(struct session *s, struct xnode *st, struct arena *a, size_t bytes);
void session_stream_end(struct session *s);

/* Answers. */
void session_tls_proceed(struct session *s, bool clean); /* clean: nothing came with <starttls/> */
void session_secured(struct session *s);
void session_account(struct session *s, const struct account *a);
void session_job_done(struct session *s, const struct sasl_job *j);
/* err: 0; ERR_FULL: too many sessions; anything else: could not be done now. */
void session_bound(struct session *s, int err);
void session_registered(struct session *s, int condition /* enum stanza_error; 0: it is made */);

/* The stream goes on with the session of that full JID; session_resumed() says so when it can. */
void session_take(struct session *s, struct str jid);
void session_resumed(struct session *s, struct str previd, uint32_t h);
void session_not_resumed(struct session *s, int condition /* enum stanza_error */);

/* Ends the stream: more stanzas were acknowledged than sent (XEP-0198 §6). */
void session_too_high(struct session *s, uint32_t h, uint32_t sent);
/* Ends the stream with an error (RFC 6120 §4.9.3), after a header if none was sent yet. */
void session_error(struct session *s, const char *condition, const char *text);

enum session_state session_state(const struct session *s);
struct str session_jid(const struct session *s);  /* full, once bound or being bound */
struct str session_bare(const struct session *s); /* once authenticated */

#endif
