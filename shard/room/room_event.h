/* room_event.h: what happened to a room. Input of room_step(); everything in it is borrowed. */
#ifndef MUC_ROOM_EVENT_H
#define MUC_ROOM_EVENT_H

#include "shard/room/room_types.h"

enum room_ev_type {
    ROOM_EV_PRESENCE,  /* available: join, resync, update, nick change, or a stranger's (W28) */
    ROOM_EV_LEAVE,     /* unavailable, or the session ended */
    ROOM_EV_MESSAGE,   /* to the room or, with a nick, to an occupant */
    ROOM_EV_ERROR,     /* the client bounced a stanza of the room (W39) */
    ROOM_EV_PROBE,     /* W40 */
    ROOM_EV_ADMIN_GET, /* muc#admin */
    ROOM_EV_ADMIN_SET,
    ROOM_EV_OWNER_GET, /* muc#owner */
    ROOM_EV_OWNER_SUBMIT,
    ROOM_EV_OWNER_CANCEL,
    ROOM_EV_DESTROY,
    ROOM_EV_REGISTER_GET, /* jabber:iq:register */
    ROOM_EV_REGISTER_SUBMIT,
    ROOM_EV_REGISTER_REMOVE,
    ROOM_EV_INVITE,
    ROOM_EV_DECLINE,
    ROOM_EV_DISCO_INFO, /* of the room; of an occupant: ROOM_EV_RELAY */
    ROOM_EV_DISCO_ITEMS,
    ROOM_EV_OWN_NICK,     /* disco#info, node x-roomuser-item */
    ROOM_EV_PING,         /* XEP-0199; with a nick: XEP-0410 */
    ROOM_EV_ARCHIVE,      /* XEP-0313: a query, or for its metadata */
    ROOM_EV_ARCHIVE_FORM, /* which fields a query may have */
    ROOM_EV_MODERATE,     /* XEP-0425 */
    ROOM_EV_PROVIDE,      /* made by command of the service: nobody enters */
    ROOM_EV_VCARD_GET,    /* vcard-temp (XEP-0486) */
    ROOM_EV_VCARD_SET,
    ROOM_EV_COMMAND,        /* ad-hoc command (XEP-0050) */
    ROOM_EV_COMMAND_LIST,   /* disco#items, node http://jabber.org/protocol/commands */
    ROOM_EV_COMMAND_INFO,   /* disco#info, node of a command */
    ROOM_EV_IQ_OTHER,       /* an iq the room does not know */
    ROOM_EV_RELAY,          /* an iq to an occupant */
    ROOM_EV_RELAY_ANSWER,   /* result or error of one that was handed on */
    ROOM_EV_VOICE,          /* muc#request: voice is asked for, or the answer of a moderator */
    ROOM_EV_REFUSE,         /* malformed: answer `refuse` in order */
    ROOM_EV_GATEWAY_LOST,   /* origin.gw is gone: its sessions leave with 333 (W38) */
    ROOM_EV_TICK,           /* time passed: the lock of a new room may end (W17) */
    ROOM_EV_PERSISTED,      /* the oldest pending FX_PERSIST is in the store */
    ROOM_EV_PERSIST_FAILED, /* it is not, and never will be: `refuse` says why */
};

enum relay_kind { RELAY_OTHER, RELAY_DISCO, RELAY_PING }; /* as RelayIn.Kind */

enum room_stanza { ROOM_IQ, ROOM_MESSAGE, ROOM_PRESENCE }; /* as RefuseIn.Stanza */

struct room_field {
    struct str var;
    const struct str *values;
    uint32_t n_values;
};

struct room_item {
    enum affiliation affiliation; /* 0: not given */
    enum role role;               /* 0: not given */
    struct str jid;               /* prepared, may be full; empty: not given */
    struct str nick;
    bool has_nick;
    struct str reason;
    bool has_reason;
};

struct room_invitation {
    struct str to; /* prepared */
    struct str reason;
    bool has_continue;
    struct str thread;
};

/* Who asked, and how the answer finds him. */
struct room_origin {
    gateway_ref gw;
    uint64_t sid;
    uint64_t rseq;  /* 0: no request of a gateway */
    struct str jid; /* full, prepared; empty for room's own events */
};

struct room_event {
    enum room_ev_type type;
    uint64_t now_ms;    /* since the Unix epoch */
    uint64_t epoch;     /* of the room's slot now: name.e of what this event makes visible */
    uint8_t random[16]; /* fresh in each event */
    struct room_origin origin;
    struct str nick; /* resource of the stanza's `to`, prepared; empty: the bare room */
    bool strict_ok;  /* the nick passes the strict check (W23) */
    bool by_service; /* a command of the service (R130) */
    struct str id;   /* of the stanza; may be empty */
    union {
        struct {
            bool join, has_password;
            struct str password;
            int64_t max_chars, max_stanzas, seconds, since_ms; /* -1: not given */
            struct str payload;
            bool mav; /* wants to follow the versions of the affiliations (XEP-0463) ... */
            struct str mav_since; /* ... from this one; empty: from none */
        } presence;
        struct {
            bool broken; /* the stream broke (W38) */
            struct str payload;
        } leave;
        struct {
            int type; /* MessageIn.Type: 0 normal, 1 chat, 2 groupchat, 3 headline */
            bool has_body, has_subject, has_thread, no_store, store;
            bool archive;    /* worth keeping, by what is in it */
            bool correction; /* XEP-0308 */
            struct str subject, payload;
            struct event_name retracts; /* s 0: nothing */
        } message;
        struct {
            bool from_presence;
            struct str condition, text;
        } error;
        struct {
            const struct room_item *items;
            uint32_t n;
        } admin;
        struct {
            bool has_form_type;
            struct str form_type;
            const struct room_field *fields;
            uint32_t n;
            struct str preset; /* PROVIDE: name; empty: none */
        } owner;               /* and PROVIDE */
        struct {
            struct str alternate, reason, password;
            bool has_reason, has_password;
        } destroy;
        struct {
            bool valid; /* right FORM_TYPE and a nick that can be prepared */
            struct str nick;
        } reg;
        struct {
            const struct room_invitation *invitations;
            uint32_t n;
            struct str body;
            bool has_body;
        } invite;
        struct {
            struct str node, session; /* COMMAND_INFO: node only */
            bool cancel, has_form;
            const struct room_field *fields;
            uint32_t n;
        } command;
        struct {
            struct str xml;  /* empty: none from now on */
            struct str hash; /* of its pictures, AVATAR_HASH digits each */
            uint32_t size;   /* bytes of its pictures */
        } vcard;
        struct {
            struct str to, reason;
        } decline;
        struct room_archive_query archive; /* without what is OUT */
        struct {
            struct event_name target;
            struct str reason;
            bool has_reason;
        } moderate;
        /* DISCO_ITEMS: a page of them (XEP-0059) */
        struct {
            bool paged, has_max, has_index, has_after, has_before;
            uint32_t max, index;
            struct str after, before; /* nicks; an empty `before`: the last page */
        } items;
        struct {
            enum relay_kind kind;
            bool set, to_account;
            struct str payload;
        } relay;
        struct {
            struct str ticket, payload;
            bool error;
        } relay_answer;
        struct {
            bool answer, allow;
            enum role role; /* 0: none that exists */
            struct str nick, jid;
        } voice;
        struct {
            enum room_stanza stanza;
            enum stanza_error error;
            struct str text;
        } refuse;
    };
};

#endif
