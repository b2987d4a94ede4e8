/* effects.h: what must be done because of an event, in order. Output of room_step().
 *
 * The list owns every byte its effects point to (an arena) until room_effects_reset(). Deliver
 * (shard/deliver.h) turns the visible ones into one Delivery per gateway; FX_PERSIST goes to the
 * store first; its completion comes back as ROOM_EV_PERSISTED. */
#ifndef MUC_ROOM_EFFECTS_H
#define MUC_ROOM_EFFECTS_H

#include "base/arena.h"
#include "shard/room/room_event.h"

enum fx_type {
    FX_PRESENCE,  /* to all gateways with occupants (SHOW: to one session) */
    FX_MESSAGE,   /* groupchat: to all */
    FX_PRIVATE,   /* to the sessions of to_nick */
    FX_HISTORY,   /* to the joiner */
    FX_SUBJECT,   /* to the joiner */
    FX_NOTICE,    /* to all gateways */
    FX_STATUS,    /* to all gateways */
    FX_FACTS,     /* to all gateways */
    FX_MAV,       /* to the joiner, before everything else of his join (XEP-0463) */
    FX_AVATAR,    /* to all gateways, or to the joiner: presence of the room itself */
    FX_REPLY,     /* to origin.sid at origin.gw */
    FX_ARCHIVE,   /* the asker may: read the archive for him, and answer (shard/rooms_archive.c) */
    FX_PAGE,      /* of the archive, to the asker; the room itself never gives it */
    FX_POST,      /* through origin.gw to a user outside */
    FX_RELAY,     /* to one session, of whatever gateway */
    FX_VOICE,     /* to the moderators */
    FX_DESTROYED, /* to all gateways; the roster is empty afterwards */
    FX_PERSIST,   /* commit this; nothing of it is visible yet */
    FX_GONE,      /* the room has ended (or never came to be): drop it. Last effect of its step */
};

enum fx_presence_kind { FXP_JOIN, FXP_RESYNC, FXP_UPDATE, FXP_NICK, FXP_LEAVE, FXP_SHOW };

enum fx_reply_kind {
    FXR_ERROR,
    FXR_EMPTY,
    FXR_ITEMS,
    FXR_CONFIG,
    FXR_REGISTER,
    FXR_DISCO_INFO,
    FXR_DISCO_ITEMS,
    FXR_OWN_NICK,
    FXR_NOT_INSIDE,
    FXR_VCARD,
    FXR_COMMAND,
    FXR_COMMANDS,
    FXR_COMMAND_INFO,
    FXR_ARCHIVE_FORM,
    FXR_ARCHIVE_FIN,
    FXR_ARCHIVE_METADATA,
};

enum fx_relay_type { FXL_GET, FXL_SET, FXL_RESULT, FXL_ERROR }; /* as Relay.Type */

enum fx_persist_kind {
    FXS_MESSAGE,
    FXS_SUBJECT,
    FXS_MODERATE,     /* the room says that a moderator took a message back */
    FXS_AFFILIATIONS, /* also registration and invitations into members-only rooms */
    FXS_CONFIG,
    FXS_CREATE,
    FXS_DESTROY,
};

/* A message out of the archive. */
struct fx_archived {
    struct room_message m; /* with name and stamp */
    struct str jid;        /* bare, of who spoke; empty: not to be seen */
};

/* A data form (XEP-0004) as its parts. */
struct fx_form_option {
    struct str label, value;
};
struct fx_form_field {
    const char *type, *var, *label; /* label NULL: none */
    bool required;
    struct str value; /* empty: none */
    const struct fx_form_option *options;
    uint32_t n_options;
};
struct fx_form {
    bool result; /* a table: `fields` are its columns, `cells` its rows, one behind the other */
    const char *title, *instructions, *form_type;
    const struct fx_form_field *fields;
    uint32_t n_fields;
    const struct str *cells;
    uint32_t n_cells;
};
enum fx_command_status { FXC_EXECUTING, FXC_COMPLETED, FXC_CANCELED };
struct fx_command {
    const char *node, *name;
};

struct fx_list_item {
    enum affiliation affiliation; /* 0: not shown */
    enum role role;               /* 0: not shown */
    struct str jid, nick, reason; /* empty: not shown */
};

struct fx {
    enum fx_type type;
    union {
        /* muc.proto, Presence */
        struct {
            enum fx_presence_kind kind;
            const struct room_record *records;
            uint32_t n_records;
            struct str old_nick;
            uint16_t statuses[4], self_statuses[4];
            uint8_t n_statuses, n_self_statuses;
            bool has_actor, has_reason, absent;
            struct str actor_nick, actor_jid, reason;
            struct str payload, kick_condition, kick_text;
            uint64_t to_sid;                 /* SHOW; at origin.gw */
            struct str mav_since, mav_until; /* empty: not shown; only to sessions that follow */
        } presence;
        /* FX_MESSAGE, FX_PRIVATE */
        struct {
            struct room_message m;
            struct str to_nick;
        } message;
        struct {
            uint64_t to_sid;
            int64_t max_chars; /* -1: no limit */
            const struct room_message *messages;
            uint32_t n;
        } history;
        struct {
            uint64_t to_sid, stamp_ms; /* 0: never set */
            struct str text, nick, occupant_id;
        } subject;
        struct {
            bool moderators_only, has_reason;
            uint16_t status; /* 0: none */
            struct str jid, reason;
            enum affiliation affiliation;
            struct str mav_since, mav_until; /* as of presence */
        } notice;
        struct {
            uint64_t to_sid;
            struct str since, until; /* since empty: the whole list begins */
            const struct fx_list_item *items;
            uint32_t n;
        } mav;
        struct {
            uint64_t to_sid; /* 0: to all */
            struct str hash; /* empty: there is none */
        } avatar;
        struct {
            uint16_t codes[8];
            uint8_t n;
        } status;
        struct {
            bool non_anonymous, overcrowded;
            uint32_t presence_broadcast;
        } facts;
        struct {
            enum fx_reply_kind kind;
            enum room_stanza stanza;
            struct str id, from_nick;
            enum stanza_error error;          /* FXR_ERROR */
            struct str text;                  /* FXR_ERROR */
            struct str moved_to;              /* FXR_ERROR, SE_GONE: a JID; empty: none */
            const struct fx_list_item *items; /* FXR_ITEMS */
            uint32_t n_items;
            struct room_config config;         /* FXR_CONFIG, FXR_DISCO_INFO */
            const struct str *admins, *owners; /* FXR_CONFIG */
            uint32_t n_admins, n_owners;
            bool registered;            /* FXR_REGISTER; FXR_DISCO_INFO: is offered */
            struct str nick;            /* FXR_REGISTER, FXR_OWN_NICK */
            uint32_t n_occupants;       /* FXR_DISCO_INFO; FXR_DISCO_ITEMS: of all pages */
            struct str subject;         /* FXR_DISCO_INFO, as the next ones */
            const struct str *contacts; /* bare JIDs */
            uint32_t n_contacts;
            struct str logs; /* URL; empty: none */
            uint32_t max_history;
            bool has_activity;
            uint32_t n_messages;               /* of the last 24 full hours */
            const struct str *nicks;           /* FXR_DISCO_ITEMS */
            uint32_t n_nicks, index;           /* of the first one */
            bool paged;                        /* XEP-0059 */
            enum affiliation affiliation;      /* FXR_NOT_INSIDE */
            struct str vcard;                  /* FXR_VCARD; empty: none */
            bool vcards;                       /* FXR_DISCO_INFO: there may be one */
            struct str avatar_hash;            /* FXR_DISCO_INFO */
            struct str hats_hash;              /* FXR_DISCO_INFO; empty: there are none */
            const struct fx_command *commands; /* FXR_COMMANDS; COMMAND, COMMAND_INFO: one */
            uint32_t n_commands;
            enum fx_command_status status; /* FXR_COMMAND */
            struct str session;            /* FXR_COMMAND */
            const struct fx_form *form;    /* FXR_COMMAND; NULL: none */
            /* FXR_ARCHIVE_FIN, FXR_ARCHIVE_METADATA; s 0: there is none */
            struct event_name first, last;
            uint64_t first_ms, last_ms; /* METADATA */
            bool complete, has_count;   /* FIN */
            uint32_t count;
        } reply;
        struct {
            struct str id; /* of the iq */
            struct room_archive_query query;
        } archive;
        struct {
            struct str query_id;
            const struct fx_archived *messages; /* in the order they are to be sent */
            uint32_t n;
        } page;
        struct {
            struct str to, id, from, reason, thread, password, body;
            bool is_decline, has_continue, has_password, has_body;
        } post;
        /* muc.proto, Relay */
        struct {
            enum fx_relay_type type;
            gateway_ref gw;
            uint64_t to_sid;
            struct str from_nick, id, payload;
            bool to_account;
        } relay;
        struct {
            struct str nick, jid;
        } voice;
        struct {
            struct str alternate, reason, password;
            bool has_reason, has_password;
        } destroyed;
        /* What the store must hold afterwards. One log entry, one sequence number. */
        struct {
            enum fx_persist_kind kind;
            struct event_name name; /* e is filled by the caller (slot epoch), s by the room */
            bool in_history;        /* MESSAGE: shown to joiners */
            bool in_archive;        /* MESSAGE, SUBJECT, MODERATE: shown to queries */
            struct room_message m;  /* MESSAGE, SUBJECT, MODERATE. What it retracts becomes a
                                       tombstone; a MESSAGE only retracts its own sender's */
            struct str subject;     /* SUBJECT */
            struct str by;          /* bare JID of who did it; empty: the room */
            const struct room_affiliation *changes; /* affiliation NONE without nick: removed */
            uint32_t n_changes;
            bool vcard_changed; /* `vcard` must be stored, or removed if it is empty */
            struct str vcard;
            struct str moved_to;     /* DESTROY: the room that takes its place; empty: none */
            uint64_t moved_until_ms; /* how long that is said, Unix epoch */
            bool state_changed;      /* `state` must be stored */
            struct room_image
                state; /* config, subject, lock ... after the change (no lists in it) */
        } persist;
    };
};

struct room_effects {
    struct arena arena;
    struct fx *list;
    uint32_t n, cap;
    /* Whose request these effects answer: the event's own origin, and after PERSISTED or
     * PERSIST_FAILED that of the request behind it. FX_REPLY, FX_HISTORY ... and FX_POST go there.
     */
    struct room_origin origin;
};

void room_effects_init(struct room_effects *fx);
void room_effects_deinit(struct room_effects *fx);
void room_effects_reset(struct room_effects *fx);
/* Appends a zeroed effect; valid until the next append. */
struct fx *room_effects_add(struct room_effects *fx, enum fx_type type);
/* A copy of s in the effects' arena. */
struct str room_effects_str(struct room_effects *fx, struct str s);

#endif
