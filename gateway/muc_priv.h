/* muc_priv.h: what the files of muc share.
 *
 *   muc.c           stanzas out, deliveries in, the rooms that have a replica here
 *   muc_fragment.c  parts that come in pieces
 *   muc_parts.c     messages, answers, posts
 *   muc_relay.c     iq between occupants
 *   muc_presence.c  presence: who gets which copy, in which order
 *   muc_copies.c    the copies
 *   muc_stay.c      the rooms of a session
 *   muc_users.c     the rooms of a user */
#ifndef MUC_GATEWAY_MUC_PRIV_H
#define MUC_GATEWAY_MUC_PRIV_H

#include "base/arena.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/slot.h"
#include "gateway/client.h"
#include "gateway/fanout.h"
#include "gateway/gateway.h"
#include "gateway/muc_in.h"
#include "gateway/link.h"
#include "gateway/muc.h"
#include "gateway/muc_users.h"
#include "gateway/render.h"
#include "gateway/replica.h"
#include "gateway/stanza_id.h"
#include "proto/wire.h"

/* A room with local occupants. */
struct mroom {
    struct replica *replica;
    struct stanza_id_room ids;
    bool filling; /* more of its roster is to come */
    bool opening; /* nobody of ours is in it yet: his JOIN follows the roster */
    struct list in_slot;
    UT_hash_handle hh; /* by replica_room() */
};

struct muc {
    struct gateway *g;
    struct mroom *rooms;
    struct list by_slot[SLOT_COUNT]; /* of mroom.in_slot */
    struct muc_users *users;
    struct stanza_ids *ids; /* made when the cluster's key is known */
    struct list fragments;  /* parts that are not complete yet (muc_fragment.c) */
    size_t fragment_bytes;
    struct arena arena; /* one stanza in */
    struct buf out;     /* one tail */
    struct buf history; /* the tails of one history */
    struct render_item *items;
    uint32_t cap_items;
    struct occ **occs; /* those that one Presence speaks of */
    uint32_t cap_occs;
};

/* muc_fragment.c: see Fragment of muc.proto. */
/* Takes a piece. The whole part once it is complete, in `a`; NULL before, and if it makes no sense.
 */
const Verona__Part *fragment_add(struct muc *m, const Verona__Delivery *d,
                                 const Verona__Fragment *f, struct arena *a);
/* The room said something else, or its slot is lost: the rest will not come. */
void fragment_drop_room(struct muc *m, struct str room);
void fragment_drop_slot(struct muc *m, uint32_t slot);
void fragment_drop_all(struct muc *m);

/* muc_presence.c */
void muc_show_presence(struct muc *m, struct mroom *room, const Verona__Presence *p);
void muc_show_destroyed(struct muc *m, struct mroom *room, const Verona__Destroyed *d);
void muc_show_facts(struct muc *m, struct mroom *room, const Verona__RoomFacts *f);
/* unavailable, 333 and 110 to every local session (no state is left of the room). */
void muc_show_lost(struct muc *m, struct mroom *room);

/* muc_parts.c. room: NULL for a room without a replica. */
void muc_show_message(struct muc *m, struct mroom *room, const Verona__Message *msg);
void muc_show_history(struct muc *m, struct mroom *room, const Verona__History *h);
void muc_show_notice(struct muc *m, struct mroom *room, const Verona__Notice *n);
void muc_show_status(struct muc *m, struct mroom *room, const Verona__StatusMessage *s);
void muc_show_avatar(struct muc *m, struct mroom *room, const Verona__RoomAvatar *a);
void muc_show_delta(struct muc *m, struct str room, const Verona__AffiliationDelta *d);
void muc_show_reply(struct muc *m, struct str room, const Verona__Reply *r);
void muc_show_archive(struct muc *m, struct str room, const Verona__ArchivePage *p);
void muc_show_voice_request(struct muc *m, struct mroom *room, const Verona__VoiceRequest *v);
void muc_show_post(struct muc *m, struct str room, const Verona__Post *p);

/* muc_relay.c: iq between occupants. room: its replica, NULL if there is none here. */
void muc_show_relay(struct muc *m, struct str jid, struct mroom *room, const Verona__Relay *r);

/* muc_stay.c: the rooms that a session is in or on its way into. */
void stay_joining(struct muc *m, struct client *c, struct str room); /* a join was sent */
void stay_join_over(struct muc *m, struct client *c,
                    struct str room); /* and was answered, whatever the answer */
void stay_entered(struct muc *m, struct client *c, struct str room);
void stay_leaving(struct client *c, struct str room); /* he said that he goes */
bool stay_is_inside(struct client *c, struct str room);
bool stay_is_joining(struct client *c, struct str room);
bool stay_is_leaving(struct client *c, struct str room);
void stay_left(struct muc *m, struct client *c, struct str room);
void stay_each(struct client *c, void (*fn)(void *ctx, struct client *c, struct str room),
               void *ctx);
void stay_forget(struct muc *m, struct client *c);

#endif
