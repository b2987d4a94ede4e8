/* edge.h: what the files of the edge share: listeners, connections, the slot map of sessions.
 *
 *   edge.c      the whole: start, drain, limits, metrics
 *   listener.c  accepting
 *   c2s.c       one stream: parser, session, timers
 *   c2s_ws.c    a stream over WebSocket (c2s_ws.h)
 *   c2s_rate.c  how much may come
 *   c2s_ask.c   its questions to Redis and the thread pool
 *   c2s_sm.c    stream management (XEP-0198): acknowledgements, a stream that is resumed
 *   c2s_away.c  sessions without a stream, as long as it may be resumed
 *   c2s_end.c   the end of a stream, and of a session
 *   client.c    a bound session as the rooms see it (client.h)
 *   dispatch.c  where its stanzas go */
#ifndef MUC_EDGE_H
#define MUC_EDGE_H

#include "base/hmap.h"
#include "gateway/client.h"
#include "gateway/conn.h"
#include "gateway/gateway.h"
#include "gateway/session.h"
#include "gateway/sm.h"
#include "gateway/ws_http.h"
#include "gateway/xml_stream.h"
#include "rt/loop.h"

#include <netinet/in.h>

struct tls_server;
struct listener;
struct ws; /* c2s_ws.h */

/* Connections per address: an IPv4 address as mapped, an IPv6 one by its /64: a customer has a
 * whole one. */
struct ip_count {
    uint8_t ip[16];
    uint32_t n;
    UT_hash_handle hh;
};

/* A place for a session. Its handle is generation << 32 | index; generations start at 1. */
struct slot {
    struct client *client; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

/* What a session that was not resumed in time had handled, for who comes too late (XEP-0198 §5). */
enum { EDGE_PAST = 4096, SM_TOKEN = 16 };
struct past {
    uint64_t sid;
    uint8_t token[SM_TOKEN];
    bool used;
    uint32_t handled;
};
struct away_user; /* c2s_away.c */

struct edge {
    struct gateway *g;
    struct session_config session;
    struct tls_server *tls;
    struct xml_limits before_auth, after_auth;
    size_t send_queue;
    bool require_tls;    /* of who does not come from this machine */
    bool ws_require_tls; /* the same over WebSocket: then it takes a proxy here */
    struct ws_http_config ws_http;
    int64_t stanza_rate, byte_rate; /* per second, 0: no limit */
    int64_t join_cost;              /* of one join beside being a stanza, in thousandths of one */
    uint64_t header_ms, auth_ms, keepalive_ms;
    int64_t per_ip;
    uint32_t max_conns; /* a part of the descriptors is kept for everything else */

    struct register_rate *registrations;
    struct listener *listener;    /* NULL until edge_listen() */
    struct listener *ws_listener; /* NULL also if ws.listen is empty */
    struct ip_count *ips;
    struct list clients; /* struct client.link: every connection */
    uint32_t n_conns, n_bound;
    uint32_t peak_conns; /* since memory was last given back */
    struct slot *slots;
    uint32_t n_slots, free_slot;
    struct list busy; /* struct client.busy_link: parsers that were used lately */
    struct loop_timer sweep;

    /* XEP-0198 */
    size_t sm_queue, sm_memory; /* bytes that may be unacknowledged: by one client, by all */
    size_t sm_bytes;            /* that are, now */
    struct loop_task relief;    /* more than sm_memory */
    uint64_t resume_ms, ack_ms; /* 0: no resumption; no limit */
    struct str resume_location;
    struct list owing; /* struct client.owing_link: have not acknowledged all that they were sent */
    struct away_user *away;
    uint32_t n_away;
    struct past *past; /* EDGE_PAST of them, NULL while nobody came too late */
    uint32_t next_past;

    /* counted here, handed to the metrics when they are read */
    uint64_t stanzas_in[3], stanzas_out[3], bytes_in, bytes_out;
    uint64_t bytes_told, recycles_told;
    uint64_t stale_handles;
};

enum end_reason {
    END_CLIENT,
    END_IDLE,
    END_POLICY,
    END_SLOW,
    END_REPLACED,
    END_SHUTDOWN,
    END_TLS,
    END_ERROR,
};

struct ask; /* c2s_ask.c */

/* One connection, and once bound one session. A session whose stream may be resumed outlives its
 * connection, and goes over to the client that resumes it. */
struct client {
    struct edge *edge;
    struct list link, busy_link;
    struct conn *conn;      /* NULL when its descriptor is closed */
    struct xml_stream *xml; /* NULL while away */
    struct session *session;
    struct ws *ws;   /* NULL: not over WebSocket */
    struct ask *ask; /* what is being asked, NULL: nothing */
    uint8_t ip[16];
    bool ip_counted, was_tls;

    /* bound */
    uint64_t sid; /* 0: none */
    bool bound, available;
    int priority;
    bool priority_out, priority_changed; /* being written to the registry; and changed since */
    char *to; /* "JID' " escaped, as client_send() needs it: between <message to=' and the tail */
    size_t to_len;
    void *muc;
    unsigned pauses; /* of reading, by client_pause() */

    /* XEP-0198 */
    struct sm *sm; /* NULL: not enabled */
    uint8_t sm_token[SM_TOKEN];
    uint64_t resume_ms; /* 0: it cannot be resumed */
    struct list owing_link;
    uint64_t asked_ms;  /* when an acknowledgement was asked for */
    bool away, overdue; /* its time is over, and something that it had asked is not settled */
    struct list away_link;
    bool resuming;       /* the session is his already, <resumed/> is to follow */
    uint64_t resume_sid; /* asked for: whose */
    uint8_t resume_token[SM_TOKEN];
    uint32_t resume_h;
    struct loop_task resume_task;

    bool authed, tls_asked, in_handshake;
    bool departing,
        late_close;            /* test.forget_rooms: still counted; </stream:stream> is to follow */
    bool held;                 /* the session waits for an answer, and the socket with it */
    bool ending, broken, over; /* end asked for; how; done */
    enum end_reason reason;

    uint64_t accepted_ms, handshake_ns;
    struct loop_timer timer;     /* header, handshake, authentication; then keep-alive */
    struct loop_timer tag_timer; /* 20 ms after the last byte of a tag's piece */
    struct loop_timer rate_timer;
    int64_t stanza_credit, byte_credit; /* thousandths */
    uint64_t credit_ms;
    struct loop_task end_task, free_task;
};

/* listener.c */
int listener_open(struct edge *e, const char *addresses, bool ws, struct listener **out,
                  struct buf *err);
void listener_close(struct listener **l_p);
void listener_resume(struct listener *l); /* a connection ended: there may be room again */
/* "host:port,..." checked before anything else starts. Errors: ERR_IO with a line in err. */
int listener_probe(const char *addresses, struct buf *err);
bool listener_all_loopback(const char *addresses);
void listener_ports(const struct listener *l, struct buf *out); /* "5222,5223" */

/* c2s.c */
void c2s_accept(struct edge *e, int fd, const uint8_t ip[16], bool loopback, bool ws);
void c2s_error(struct client *c, const char *condition, const char *text);
const char *c2s_transport(const struct client *c); /* for the metrics */
void c2s_put(struct client *c, struct str xml);    /* one element, or what opens or closes */
void c2s_arm(struct client *c);                    /* the one timer, for what it waits for */
/* c2s_rate.c: token buckets. Nothing is dropped: who is over the rate is read later. */
void c2s_charge(struct client *c, size_t bytes);
/* c2s_end.c */
/* Ends the stream, and the session if there is one. broken: not closed by </stream:stream>. */
void c2s_end(struct client *c, bool broken, enum end_reason reason);
/* Its connection is lost or useless: the session waits to be resumed if it may, else it ends. */
void c2s_lost(struct client *c, enum end_reason why);
void c2s_abort(struct client *c, enum end_reason why);
void c2s_cut(struct client *c); /* at once, telling nobody: the process ends */
/* The connection was closed. */
void c2s_closed(struct client *c);
/* c2s_sm.c: of struct session_ops, and */
void c2s_sm_enable(void *ctx, bool resume, struct session_sm *out);
int c2s_sm_ask_resume(void *ctx, struct str previd, uint32_t h, uint32_t *last, bool *has_last);
void c2s_sm_resend(void *ctx);
void c2s_sm_acked(void *ctx, uint32_t h);
uint32_t c2s_sm_handled(void *ctx);
void c2s_sent(struct client *c);       /* a stanza went to its sm */
void c2s_settled(struct client *c);    /* one that it had sent is handled */
void c2s_ask_for_acks(struct edge *e); /* from time to time */
void c2s_resume_timed_out(struct client *c);
/* c2s_bounce.c: what it never got goes back to who sent it; a user's stanza for the full JID jid,
 * whose session is gone: its sender gets an error, where one is due. */
void c2s_sm_bounce(struct client *c);
void c2s_give_back(struct gateway *g, struct str jid, struct str stanza);
/* c2s_away.c */
bool away_may(const struct client *c);
void away_begin(struct client *c);
void away_end(struct client *c);     /* resumed, or over */
void away_settled(struct client *c); /* nothing that it had asked is open any more */
/* True: that session, whose token it is, was not resumed in time, after so many stanzas. */
bool away_was(const struct edge *e, uint64_t sid, const uint8_t token[SM_TOKEN], uint32_t *handled);
/* c2s_ask.c */
extern const struct session_ops c2s_session_ops;
void ask_account(void *ctx, struct str bare);
void ask_job(void *ctx, struct sasl_job *job);
void ask_bind(void *ctx, struct str bare, struct str resource);
int ask_register(void *ctx, struct str username, struct str password);
void ask_forget(struct client *c);
/* c has asked for jid, and another session has it since. */
void ask_outdone(struct client *c, struct str jid);
/* client.c */
void client_slot_take(struct client *c);
void client_slot_free(struct client *c);
void client_slot_move(struct client *c, struct client *former);
/* Whose handle it is, bound or about to be; NULL: nobody's. */
struct client *client_guest(const struct edge *e, uint64_t sid);
void client_bind(struct client *c); /* bound: the session has its JID */
/* dispatch.c */
void dispatch(struct client *c, struct xnode *st, struct arena *a);
/* edge.c */
bool edge_ip_enter(struct edge *e, const uint8_t ip[16]);
void edge_conn_closed(struct edge *e, struct client *c);

#endif
