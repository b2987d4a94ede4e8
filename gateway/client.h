/* client.h: bound sessions of this gateway: handle, JID, output queue. Owned by client.c (the
 * edge); rooms and routes address a session by its handle, never by pointer or descriptor across
 * turns: one that is resumed (XEP-0198) goes on in another struct. One that waits to be resumed has
 * no stream and is alive all the same: what is sent to it is kept. */
#ifndef MUC_CLIENT_H
#define MUC_CLIENT_H

#include "base/buf.h"
#include "gateway/stanza.h"

#include <stdint.h>

struct client;
struct gateway;

/* NULL for a stale handle (counted). sid = generation << 32 | index. */
struct client *client_by_sid(struct gateway *g, uint64_t sid);
uint64_t client_sid(const struct client *c);
struct str client_jid(const struct client *c); /* full, prepared */
struct str client_bare(const struct client *c);

/* Queues one stanza: "<message to='JID'" + tail. tail begins with a space or '>' and ends the
 * element; it is the same for all receivers, so it is rendered once. Written at the end of the
 * turn, all of a socket in one call. bulk: rosters, history and lists do not count against
 * limits.send_queue. A client that cannot keep up is closed at the end of the turn, never inside
 * this call. */
void client_send(struct client *c, enum stanza_kind kind, struct str tail, bool bulk);
/* An error for the stanza `st` of this client: from its `to`, its id, type='error', by='by' if
 * given. */
void client_send_error(struct client *c, const struct xnode *st,
                       int condition /* enum stanza_error */, struct str text, struct str by);
/* XEP-0198: the stanza that is being worked on counts as handled when client_done() comes for this
 * request, which it must. rseq 0: there is none. */
void client_waits(struct gateway *g, uint64_t sid, uint64_t rseq);
void client_done(struct gateway *g, uint64_t sid, uint64_t rseq);
/* Stops and resumes reading from the socket; counted, so pauses of several causes nest. */
void client_pause(struct client *c);
void client_resume(struct client *c);
/* Ends the stream with a stream error (RFC 6120 §4.9.3), e.g. "conflict". */
void client_close(struct client *c, const char *condition, const char *text);
/* A newer session has the resource of the session sid, if that has, or is about to get, the full
 * JID jid: it ends with "conflict". */
void client_replaced(struct gateway *g, uint64_t sid, struct str jid);

/* The rooms' own data beside a session (muc.c), NULL at first; muc_client_gone() must free it. */
void client_set_muc(struct client *c, void *p);
void *client_muc(const struct client *c);
/* Still receiving: false once the stream is ending. */
bool client_alive(const struct client *c);
/* Available presence was sent and its priority; false before and after unavailable. */
bool client_available(const struct client *c, int *priority);
void client_each(struct gateway *g, void (*fn)(void *ctx, struct client *c), void *ctx);

#endif
