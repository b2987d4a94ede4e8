/* gateway.h: the parts of one gateway and how they meet.
 *
 *   listener -> conn -> xml_stream -> session ---bound stanzas---> home   (the server's own duties)
 *                                                          \----> muc    (rooms) -> link -> shards
 *   sockets  <- client queues <- render, fanout <- replica <- muc <- Delivery <- link
 *                                             \- home <- Routed <- link */
#ifndef MUC_GATEWAY_H
#define MUC_GATEWAY_H

#include "base/buf.h"
#include "cluster/cluster.h"
#include "rt/loop.h"
#include "rt/node.h"

#include <stdint.h>

struct config;
struct redis;
struct http;
struct clients;
struct edge;
struct home;
struct muc;
struct link;
struct service_info;
struct orders;
struct commands;
struct forgetting;
struct xnode;
struct client;

struct gateway {
    struct loop *loop;
    const struct config *cfg;
    struct redis *redis;
    struct cluster *cluster;
    struct http *http;
    struct edge *edge;             /* listeners, connections, clients (edge.c) */
    struct home *home;             /* home.c */
    struct muc *muc;               /* muc.c */
    struct link *link;             /* link.c */
    struct orders *orders;         /* orders.c */
    struct commands *commands;     /* commands.c */
    struct forgetting *forgetting; /* forgetting.c; NULL unless test.forget_rooms */
    uint32_t n_walks;              /* online.c */
    struct service_info *info;
    uint32_t max_per_user; /* rooms that one may be in; 0: no limit */
    struct node node;
    char ref[96];                      /* "<id>:<boot>", set when the cluster is ready */
    char domain[256], muc_domain[256]; /* prepared */
    bool draining;
    struct loop_timer leave_timer;
    uint64_t leave_by_ms;
    int trouble;
};

/* Is the configuration one that a gateway can start with? Starts nothing. Errors: ERR_INVALID,
 * ERR_IO, with a line for people. */
MUST_CHECK int gateway_check(const struct config *cfg, struct buf *err);
/* Starts everything that needs no Redis; the rest follows when Redis answers. Errors as above. */
MUST_CHECK int gateway_new(struct loop *l, const struct config *cfg, struct gateway **out,
                           struct buf *err);
void gateway_destroy(struct gateway **g_p);
/* Streams are ended, their rooms told, our record taken out; then the loop stops. Twice: at once.
 */
void gateway_leave(struct gateway *g);
/* The certificate again. Errors: ERR_INVALID with a line for people; the old one stays. */
MUST_CHECK int gateway_reload(struct gateway *g, struct buf *err);
/* 0, or why the process has to end: ERR_IO (bus or listener could not start). */
int gateway_trouble(const struct gateway *g);

/* ---- what the edge asks of others */

/* home.c: a stanza of a bound client that is not for a room: to itself, the server, the service's
 * bare domain, another user, or without `to`. */
struct home *home_new(struct gateway *g);
void home_destroy(struct home **h_p);
void home_stanza(struct home *h, struct client *c, const struct xnode *st);
void home_client_gone(struct home *h, struct client *c);

/* muc.c: a stanza to <room>@<muc domain>[/nick]. The stanza is borrowed for the call. `prepared` is
 * the prepared `to`. Answers everything in the end, with an error if it must. */
struct muc *muc_new(struct gateway *g);
void muc_destroy(struct muc **m_p);
/* This gateway stops for good: every local occupant is told (unavailable, 332 + 110). Its streams
 * end next. */
void muc_shutdown(struct muc *m);
void muc_stanza(struct muc *m, struct client *c, const struct xnode *st, struct str prepared);
/* The client is unavailable or its stream ended: it leaves all rooms. broken: not closed properly
 * (W38). ended: the handle dies with this call. payload: children of his unavailable presence. */
void muc_client_gone(struct muc *m, struct client *c, bool broken, bool ended, struct str payload);
/* The same, telling nobody: the process ends. */
void muc_client_forget(struct muc *m, struct client *c);
/* The service's own answers that need the rooms' directory are home's; muc has none. */

/* link.c: the bus, the slot table and what waits for it. */
struct link *link_new(struct gateway *g);
void link_destroy(struct link **l_p);
/* 32 bytes, for cluster_self.curve_key: made by link_new(). */
const uint8_t *link_public_key(const struct link *l);
/* Errors: ERR_INVALID with a line for people in err. */
MUST_CHECK int link_cluster_ready(struct link *l, struct buf *err);
void link_cluster_member(struct link *l, const struct cluster_member *m, uint64_t old_boot);
/* Sends a stanza to a user who may be anywhere in the cluster: the owner of the slot of his bare
 * JID looks him up. `stanza` is whole XML without `to`. In the end home_route_done() or
 * home_route_failed() with ref, once; it may be within the call. */
void link_route(struct link *l, struct str to, int kind /* Route.Kind */, struct str stanza,
                uint64_t by_sid, uint64_t ref, struct str session);

/* home.c, called by link.c: */
/* A message that somebody sends through `to` (a room): should it come back, he gets an error from
 * there, for `id`. Returns the ref for link_route(). */
uint64_t home_remember(struct home *h, uint64_t sid, struct str to, struct str id);
/* true: that session of ours has it. */
bool home_routed(struct home *h, struct str to, uint64_t sid, int kind, struct str stanza);
void home_route_done(struct home *h, uint64_t ref);
void home_route_failed(struct home *h, uint64_t by_sid, uint64_t ref, int condition);

/* edge.c */
struct edge *edge_new(struct gateway *g);
int edge_listen(struct edge *e, struct buf *err); /* once all is ready to serve */
void edge_drain(struct edge *e);                  /* system-shutdown to all, then close */
uint32_t edge_sessions(const struct edge *e);
void edge_destroy(struct edge **e_p);

#endif
