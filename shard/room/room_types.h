/* room_types.h: plain data that events, effects and rooms share. Borrowed bytes throughout: each
 * struct lives as long as the thing that holds it says. */
#ifndef MUC_ROOM_TYPES_H
#define MUC_ROOM_TYPES_H

#include "base/muc.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum allow_pm { PM_ANYONE, PM_PARTICIPANTS, PM_MODERATORS, PM_NONE };

#define ROLE_BIT(role) (1u << (role))

/* muc#roomconfig_* (XEP-0045 §10.2, W63). */
struct room_config {
    struct str name, description, lang;
    struct str secret; /* empty: no password */
    bool persistent, public_room, members_only, moderated, change_subject, logging, allow_invites;
    bool whois_anyone;    /* non-anonymous */
    bool hide_occupants;  /* disco#items are empty, to everybody (W78) */
    bool no_registration; /* jabber:iq:register is off (W60) */
    bool has_max_history; /* max_history counts */
    enum allow_pm allow_pm;
    uint32_t max_users;          /* 0: no limit */
    uint32_t presence_broadcast; /* ROLE_BIT set */
    uint32_t get_member_list;    /* ROLE_BIT set */
    bool archive;                /* XEP-0313 */
    uint32_t archive_messages;   /* kept, 1 .. LIMIT_ARCHIVE_MESSAGES */
    uint32_t archive_days;       /* kept so long; 0: no limit by age */
    uint32_t max_history;        /* messages that a join gets at most; up to LIMIT_HISTORY */
    uint32_t slow_mode_s;        /* XEP-0500: seconds between two messages; 0: off */
};

/* One life of a gateway as the shard numbers it; 0 is none (a timer, an operator, the room). Never
 * used again for another life while the shard runs. */
typedef uint32_t gateway_ref;

/* A kind of hats (XEP-0317). */
struct room_hat {
    uint32_t id;                /* never another's in this room */
    struct str uri, title, hue; /* hue: degrees as text; empty: none */
};

/* Durable name of an event: slot epoch, sequence number of the room. 0,0 is "none". */
struct event_name {
    uint64_t e, s;
};

/* Names rise with each durable event of a room. */
static inline bool event_before(struct event_name a, struct event_name b)
{
    return a.e < b.e || (a.e == b.e && a.s < b.s);
}

/* One session in the room. Several share a nick if their bare JID is the same (W12). */
struct room_record {
    gateway_ref gw;
    uint64_t sid;      /* session handle at that gateway */
    uint64_t join_pos; /* rises per room; names the occupancy with gw and sid */
    struct str nick, jid /* full */, occupant_id, presence /* XML children */;
    enum role role;
    enum affiliation affiliation;
    bool keep_presence;          /* presence is left out: unchanged */
    const struct room_hat *hats; /* that he wears */
    uint32_t n_hats;
    bool mav; /* follows the versions of the affiliations (XEP-0463) */
};

struct room_affiliation {
    struct str jid; /* bare JID or domain */
    enum affiliation affiliation;
    struct str reason, by;
    struct str nick;      /* reserved; empty: none */
    uint64_t ver;         /* of the room when the affiliation changed last; 0: it never did */
    const uint32_t *hats; /* ids (XEP-0317) */
    uint32_t n_hats;
    bool hats_only; /* of a change to be stored: nothing but hats */
    bool expired;   /* of a change to be stored: no change, but the memory of a removed one ends */
};

/* How a message was taken back (XEP-0424, XEP-0425). */
struct room_retraction {
    struct str id; /* of the message that did it */
    uint64_t stamp_ms;
    bool moderated, has_reason; /* by a moderator, who is: */
    struct str nick, occupant_id, reason;
};

/* One message of the log. */
struct room_message {
    struct event_name name;
    uint64_t stamp_ms;
    struct str nick, occupant_id, id, payload;
    int type;                   /* MessageIn.Type of muc.proto */
    struct event_name retracts; /* s 0: nothing. It takes that message back */
    bool has_body;              /* when it was said */
    bool gone;                  /* it was taken back itself: payload is empty */
    bool counts;                /* as activity (XEP-0502) */
    struct room_retraction by; /* who did it: if gone; if retracts and it is the room that speaks */
};

/* A question to the archive. A name with s 0: not given. */
struct room_archive_query {
    bool metadata; /* first and last message, nothing else */
    bool backward; /* the page is the last one before its upper bound */
    bool flip;     /* newest first within the page */
    bool jids;     /* OUT: the asker may see who spoke */
    struct str query_id, with;
    struct str with_jid, with_nick; /* OUT: what `with` means; empty: anybody */
    int64_t start_ms, end_ms;       /* -1: not given; inclusive */
    struct event_name after_id, before_id, after, before;
    const struct event_name *ids;
    uint32_t n_ids;               /* 0: not given */
    int64_t max;                  /* -1: not given */
    struct event_name born, last; /* OUT: the room's creation; its newest event */
    uint64_t since_ms;            /* OUT: what is older is not kept */
};

/* Everything a room is made from when it is loaded. */
struct room_image {
    struct room_config config;
    struct str subject, subject_nick, subject_occupant_id;
    uint64_t subject_stamp_ms; /* 0: never set */
    uint8_t occupant_secret[16];
    bool locked;
    struct str creator; /* bare JID */
    uint64_t created_ms, ver;
    struct event_name born; /* its creation */
    const struct room_hat *hats;
    uint32_t n_hats, hat_seq; /* hat_seq: the highest id ever given */
    struct str vcard;         /* XML; empty: none */
    struct str avatar_hash;   /* of its pictures, AVATAR_HASH hex digits each */
    uint64_t removed_floor;   /* who was removed up to this version may be forgotten (XEP-0463) */
    struct event_name last;   /* newest durable event */
    const struct room_affiliation *affiliations;
    uint32_t n_affiliations;
    const struct room_message *history; /* oldest first */
    uint32_t n_history;
    uint64_t history_from_ms; /* there may have been more before that; 0: there was not */
};

/* Settings of the service that rooms ask for; the same for all, outlives them. */
struct room_service {
    struct room_config defaults; /* of new rooms */
    bool lock_new_rooms;
    bool create_by_admins_only;
    uint32_t max_affiliations; /* of one room; 0: no limit */
    bool admins_own;           /* admins of the service own every room (§5.2) */
    struct str create_domain;  /* only users of this domain create rooms; empty: of any */
    uint32_t name_max;         /* characters in the local part of a new room; 0: no limit */
    /* Is it a name that a new room may have? NULL: every one is. */
    bool (*name_allowed)(const void *ctx, struct str local);
    const void *name_ctx;
    uint32_t max_title,
        max_description;    /* characters of a room's name and description; 0: no limit */
    uint32_t max_occupants; /* of any room, whatever it says itself; 0: no limit */
    bool register_strangers;
    bool register_off;
    const struct str *contacts; /* bare JIDs: whom to ask about rooms that hide their owners */
    uint32_t n_contacts;
    struct str logs_url;   /* of publicly logged rooms; {room} is the room's local part */
    uint64_t tombstone_ms; /* how long a destroyed room points to another; 0: it does not */
    uint32_t history_default;
    uint64_t voice_interval_ms; /* between two requests for voice of one user */
    bool enforce_nicks;         /* who has reserved a nick enters under it and keeps it */
    uint32_t invite_rate;       /* invitations per minute of one user; 0: no limit */
    uint32_t presence_limit; /* occupants above which presence goes to moderators only; 0: never */
    uint32_t max_message;    /* bytes of a message's children; 0: no limit */
    uint32_t message_rate;   /* per second and room; 0: no limit */
    uint32_t presence_rate;  /* changes, per second and room; 0: no limit */
    /* Puts the values of a preset into a configuration. false: there is none of that name. */
    bool (*preset)(struct str name, struct room_config *config);
    uint32_t avatar_max;      /* bytes of the pictures in a vCard; 0: rooms have none */
    const struct str *admins; /* bare JIDs of service admins */
    uint32_t n_admins;
};

#endif
