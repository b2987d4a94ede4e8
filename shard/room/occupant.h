/* occupant.h: who is inside. Three levels, because they have different keys and lives:
 *
 *   person    a bare JID        affiliation, occupant-id         (one or more nicks)
 *   occupant  a nick            role                             (one or more sessions, W12)
 *   session   (gateway, sid)    full JID, last presence
 *
 * A person or an occupant without anybody below is freed at once. All look-ups are O(1). */
#ifndef MUC_ROOM_OCCUPANT_H
#define MUC_ROOM_OCCUPANT_H

#include "base/list.h"
#include "base/rate.h"
#include "shard/room/room_types.h"

/* mem_alloc() never gives NULL, so this is never called; the default would pull exit() into the
 * core. */
#define uthash_fatal(msg) assert(!msg)
#include <assert.h>
#include "base/hmap.h"

enum { OCCUPANT_ID_LEN = 32 };

struct person {
    struct str bare; /* owned */
    enum affiliation affiliation;
    struct room_hat *hats; /* that he wears: owned array of the room's strings */
    uint32_t n_hats;
    char occupant_id[OCCUPANT_ID_LEN]; /* hex (W13) */
    struct list occupants;
    UT_hash_handle hh;
};

struct occupant {
    struct str nick; /* owned */
    struct person *person;
    enum role role;
    struct list sessions; /* of struct session.in_occupant, oldest first */
    uint32_t n_sessions;
    struct list in_person;
    UT_hash_handle hh;
};

struct session_key {
    uint64_t sid, gw;
};

struct session {
    struct session_key key;
    uint64_t join_pos;
    struct str jid;      /* full, owned */
    struct str presence; /* owned */
    bool mav;            /* follows the versions of the affiliations (XEP-0463) */
    struct occupant *occupant;
    struct gateway *gateway;
    struct list in_occupant, in_gateway, in_roster;
    struct list in_late; /* its presence is still to be shown (R122); else alone */
    UT_hash_handle hh;
};

/* A gateway with sessions inside. Few per room: a list. */
struct gateway {
    gateway_ref ref;
    uint32_t n_sessions;
    struct list sessions; /* of struct session.in_gateway, oldest first */
    struct list in_roster;
};

struct roster {
    struct session *by_key;
    struct occupant *by_nick;
    struct person *by_jid;
    struct list sessions; /* of struct session.in_roster, in order of joining */
    struct list gateways; /* of struct gateway.in_roster */
    struct list late;     /* of struct session.in_late */
    uint32_t n_sessions, n_occupants;
};

void roster_init(struct roster *r);
void roster_deinit(struct roster *r);

struct session *roster_session(const struct roster *r, gateway_ref gw, uint64_t sid);
struct occupant *roster_nick(const struct roster *r, struct str nick);
struct person *roster_person(const struct roster *r, struct str bare);
struct gateway *roster_gateway(const struct roster *r, gateway_ref gw);

/* What a session brings with it; borrowed for the call. */
struct newcomer {
    gateway_ref gw;
    uint64_t sid, join_pos;
    struct str nick, jid, presence;
    enum affiliation affiliation;   /* if the person is new */
    enum role role;                 /* if the nick is new */
    const uint8_t *occupant_secret; /* 16 bytes */
};
/* The nick is free or the newcomer's own (same bare JID). */
struct session *roster_add(struct roster *r, const struct newcomer *n);
/* Frees s, and the nick and the person if it was the last of them. */
void roster_remove(struct roster *r, struct session *s);
/* Moves s to another nick, which is free or its own person's; a new nick keeps the role. */
void roster_move(struct roster *r, struct session *s, struct str nick);
void session_set_presence(struct session *s, struct str presence);

/* XEP-0421, W13: hex of keyed SipHash-2-4-128 of the bare JID. */
void occupant_id_make(const uint8_t secret[16], struct str bare, char out[OCCUPANT_ID_LEN]);
/* 2 n lower-case hex digits. */
void hex_write(char *out, const uint8_t *p, size_t n);
struct str occupant_id_of(const struct occupant *o);

/* Borrowed from the roster. */
struct room_record session_record(const struct session *s);

#endif
