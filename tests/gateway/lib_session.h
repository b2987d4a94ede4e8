/* lib_session.h: a session with a real parser before it and the outside played by the test. */
#ifndef MUC_TESTS_GATEWAY_LIB_SESSION_H
#define MUC_TESTS_GATEWAY_LIB_SESSION_H

#include "gateway/session.h"
#include "gateway/xml_stream.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define HIS_HEADER                                                                                 \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS                               \
    "' to='example.org' version='1.0'>"
#define AUTH(mechanism, text) "<auth xmlns='" NS_SASL "' mechanism='" mechanism "'>" text "</auth>"
#define ERROR(condition)                                                                           \
    "<stream:error><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"    \
    "</stream:stream>"
#define ERROR_TEXT(condition, text)                                                                \
    "<stream:error><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"                   \
    "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>" text                        \
    "</text></stream:error></stream:stream>"
#define PLAIN_ANN "AGFubgBzZWNyZXQ=" /* "\0ann\0secret" */

/* All of it is for looking at; questions are put down as text in `asked`, e.g. "account ann@x". */
struct lib_session {
    struct session_config cfg;
    struct session *session;
    struct xml_stream *xml;
    struct buf out;     /* what was sent */
    struct buf asked;   /* questions, in order */
    struct buf events;  /* "auth <bare>", "try <mechanism> <condition>", "error <c>", "end <how>" */
    struct buf stanzas; /* of the bound client, rewritten */
    struct sasl_job *job;
    bool tls_asked, held;
    uint32_t handled;    /* XEP-0198: stanzas of his */
    bool resume_asked;   /* not a resource */
    struct str location; /* where to resume */
};

/* accounts mode at "example.org", all random bytes are 0xab. */
void lib_session_open(struct lib_session *h, enum auth_mode mode, bool starttls,
                      enum sasl_link link);
void lib_session_close(struct lib_session *h);
/* Bytes from the client, and what a connection does after them (it takes up a starttls). */
void lib_session_feed(struct lib_session *h, const void *p, size_t n);
void lib_session_feed_z(struct lib_session *h, const char *z);
/* Runs the job that was asked for. */
void lib_session_work(struct lib_session *h);
/* What was written since the last look is exactly this. */
void lib_session_is(struct buf *b, const char *want);
/* Feeds, and that is what must be sent. */
void lib_session_talk(struct lib_session *h, const char *in, const char *want);
/* An open-mode client of ours, authenticated but not bound; and as ann@example.org/r. */
void lib_session_authed(struct lib_session *h);
void lib_session_bound(struct lib_session *h);

#endif
