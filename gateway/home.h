/* home.h: what the files of the server's own duties share.
 *
 *   home.c         who is asked: account, server, rooms' service, another user; presence
 *   home_disco.c   XEP-0030
 *   home_rooms.c   the list of rooms (XEP-0059)
 *   home_search.c  searching them (XEP-0433)
 *   home_route.c   between users, here or on another gateway
 *   private_xml.c  XEP-0049
 *   register.c     XEP-0077 of who is logged in
 *   commands.h     XEP-0050, with files of its own */
#ifndef MUC_HOME_H
#define MUC_HOME_H

#include "base/hmap.h"
#include "gateway/client.h"
#include "gateway/gateway.h"

/* A stanza on its way to another user, kept until link.c says what became of it, which bounds how
 * many there are. */
struct home_ref {
    uint64_t ref, sid;
    bool message;
    struct buf id, to;
    bool has_id;
    UT_hash_handle hh;
};

struct home {
    struct gateway *g;
    uint64_t next_ref;
    uint32_t n_searches; /* under way */
    struct home_ref *refs;
};

/* An iq that is answered later, when its client may be gone. */
struct home_iq {
    struct gateway *g;
    uint64_t sid;
    struct buf id, to; /* of the request */
    bool has_to;
};
void home_iq_save(struct home_iq *q, struct gateway *g, struct client *c, const struct xnode *st);
/* Both answer and deinit. children: XML, may be empty. */
void home_iq_result(struct home_iq *q, struct str children);
void home_iq_error(struct home_iq *q, int condition);

/* An error with conditions of an application: `error` is the whole <error/>. */
void home_error(struct client *c, const struct xnode *st, struct str error);
/* The result of st, at once. */
void home_result(struct client *c, const struct xnode *st, struct str children);

/* home_disco.c: true if it was a disco query to the server, the service or an account, and
 * answered. */
enum home_target { HOME_ACCOUNT, HOME_SERVER, HOME_SERVICE };
bool home_disco(struct home *h, struct client *c, const struct xnode *st, const struct xnode *query,
                enum home_target target);

/* home_rooms.c: disco#items of the service. */
void home_rooms(struct home *h, struct client *c, const struct xnode *st,
                const struct xnode *query);
struct directory_room;
/* Its name, or the local part of its address. */
struct str home_room_name(const struct directory_room *r);

/* home_search.c: a <search/>, asking for the form or submitting it. */
void home_search(struct home *h, struct client *c, const struct xnode *st,
                 const struct xnode *search);

/* home_route.c: to another user; to is prepared. */
void home_to_user(struct home *h, struct client *c, const struct xnode *st, struct str to);
void home_refs_drop(struct home *h);

#endif
