/* room_priv.h: what a room is made of, and what its use cases share. Only shard/room includes this.
 *
 *   room_step (room.c)                        one event
 *     -> a use case (join.c, message.c, ...)  checks it; either acts at once (show.h, plan.h)
 *                                             or commits: FX_PERSIST, a struct pending at the tail
 *   ROOM_EV_PERSISTED                         the head of `pending` goes back to its use case's
 *     -> x_commit(step, pending)              x_commit(), which changes the room and shows it
 */
#ifndef MUC_ROOM_PRIV_H
#define MUC_ROOM_PRIV_H

#include "base/arena.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rate.h"
#include "shard/room/activity.h"
#include "shard/room/affil.h"
#include "shard/room/history.h"
#include "shard/room/occupant.h"
#include "shard/room/plan.h"
#include "shard/room/room.h"
#include "shard/room/recent.h"
#include "shard/room/slow.h"

struct room {
    struct str jid;                     /* owned */
    const struct room_service *service; /* borrowed for life */
    bool exists;                        /* creation is committed, the end is not */
    bool gone;                          /* FX_GONE was given: no event is taken any more */

    struct room_config config;                             /* strings owned */
    struct str subject, subject_nick, subject_occupant_id; /* owned */
    uint64_t subject_stamp_ms;                             /* 0: never set */
    struct str vcard, avatar_hash;                         /* owned */
    uint8_t occupant_secret[16];
    struct str creator; /* bare JID, owned */
    uint64_t created_ms;
    struct event_name born; /* its creation: the log's older entries are another room's */
    bool overcrowded;       /* R124 */
    bool locked;
    uint64_t lock_ends_ms; /* meaningful while locked */
    struct str moved_to;   /* owned; not while it exists: the room that took its place */
    uint64_t moved_until_ms;

    uint64_t ver;           /* of the affiliations; rises with each commit that changes one */
    uint64_t seq;           /* number of the newest FX_PERSIST; last.s or more */
    struct event_name last; /* newest durable event that is applied */
    uint64_t join_pos;      /* of the newest occupancy */

    struct rate messages, presences; /* what is said and shown (R121, R122) */
    struct room_hat *hats;           /* kinds (XEP-0317), owned */
    uint32_t n_hats, hat_seq;

    struct roster roster;
    struct affils affils;
    struct history history;
    struct activity activity;
    struct slow slow;
    struct recents recents;

    struct list pending; /* of struct pending, oldest first */
    uint32_t n_pending;
};

/* Whom an answer goes to, and from which address (W5). */
struct asker {
    struct room_origin origin;
    struct str nick; /* resource the request was sent to */
    struct str id;
    enum room_stanza stanza;
};

/* One call of room_step(). */
struct step {
    struct room *room;
    const struct room_event *ev;
    struct room_effects *fx;
    struct asker asker; /* of ev, or of the request whose commit has ended */
};

enum pending_kind {
    P_MESSAGE,
    P_SUBJECT,
    P_CREATE,
    P_ADMIN,
    P_REGISTER,
    P_INVITE,
    P_CONFIG,
    P_UNLOCK,
    P_AVATAR,
    P_HATS,
    P_DESTROY,
    P_MODERATE,
    P_PROVIDE,
    P_END, /* a temporary room is empty (W37), or a locked one (W20) */
};

/* A request between FX_PERSIST and its completion. Owns its bytes: they are in `arena`, or behind
 * the struct itself for those of `asker`, so that a message needs no arena. */
struct pending {
    struct list in_room;
    enum pending_kind kind;
    struct asker asker;
    uint64_t s; /* name.s of the commit */
    struct arena arena;
    struct plan plan;   /* ADMIN, REGISTER, INVITE, CONFIG, PROVIDE */
    struct actor actor; /* the same */
    union {
        struct {
            struct history_entry *entry; /* MESSAGE, SUBJECT, MODERATE: owned */
            bool in_history;             /* MESSAGE */
            bool slowed;                 /* MESSAGE: noted in room->slow */
            struct str text;             /* SUBJECT */
        } message;
        struct {
            struct room_config config;
            struct str payload;
            bool mav;
            uint8_t occupant_secret[16];
            uint64_t now_ms;
        } create; /* and PROVIDE */
        struct {
            struct room_config config;
            uint16_t codes[8];
            uint8_t n_codes;
        } config;
        struct {
            struct str xml, hash;
        } avatar;
        struct {
            const struct fx_command *command;
            struct str session;
            bool kinds_changed;
            const struct room_hat *hats; /* afterwards */
            const struct room_affiliation *changes;
            uint32_t n_hats, n_changes;
        } hats;
        struct {
            struct str alternate, reason, password;
            uint64_t moved_until_ms; /* 0: nothing points to the alternate room afterwards */
            bool has_reason, has_password;
        } destroy;
        struct {
            const struct room_invitation *list;
            uint32_t n;
            struct str from, body; /* occupant JID of the inviter */
            bool has_body;
        } invite;
    };
};

/* ---- strings and configurations that somebody owns (values.c) ---- */

struct str str_own(struct str s);               /* a heap copy; STR_NULL for an empty one */
void str_release(struct str *s);                /* frees, sets to STR_NULL */
void str_replace(struct str *s, struct str by); /* by may point into *s */
bool str_blank(struct str s);                   /* nothing, or nothing but white space */
void config_own(struct room_config *to, const struct room_config *from); /* heap copies */
void config_release(struct room_config *c);
struct room_config config_copy(struct arena *a, const struct room_config *c);
uint32_t config_max_history(const struct room_config *c); /* in force */

/* ---- the room as a whole (room.c) ---- */

/* R132: an admin of the service, who owns every room whatever is stored of him. */
bool room_is_served(const struct room *room, struct str bare);
/* Affiliation of a bare JID: owner by R132, its own, else a ban of its domain, else none. */
enum affiliation room_affil(const struct room *room, struct str bare);
/* The session that sent the event, NULL if it is not inside. */
struct session *step_session(const struct step *st);
struct str step_bare(const struct step *st); /* bare JID of the asker */
bool is_service_admin(const struct room *room, struct str bare);
/* R130: the asker's affiliation, or owner where an admin of the service acts for it. */
enum affiliation step_rank(const struct step *st);
/* R60: may anybody register here? */
bool takes_registrations(const struct room *room);
/* May somebody with this role see real JIDs here? */
bool sees_jids(const struct room *room, enum role role);
/* The number of occupants has changed: is the room overcrowded now, or no more? */
void crowd_step(struct step *st);
/* FX_GONE: the room has ended. */
void room_end(struct step *st);

/* ---- commits (commit.c) ---- */

struct pending *pending_new(struct step *st, enum pending_kind kind);
void pending_free(struct pending *p);
/* Adds FX_PERSIST for p, with name and `by`; the caller fills in what is particular. Valid until
 * the next effect. */
struct fx *commit_add(struct step *st, struct pending *p, enum fx_persist_kind kind);
/* Puts the room's state into a persist effect, with another configuration if config is not NULL. */
void commit_state(struct step *st, struct fx *f, const struct room_config *config);
/* Puts changed affiliations into a persist effect that has the state already, and the end of the
 * memory of removed ones. */
void commit_affiliations(struct step *st, struct fx *f, const struct room_affiliation *changes,
                         uint32_t n);
/* Puts what the plan changes into it, after the state. */
void commit_plan(struct step *st, struct fx *f, const struct plan *plan);

/* ---- use cases, a file each; x_commit: its request is in the store now ---- */

void presence_step(struct step *st); /* presence.c: which of the next four it is */
void join_step(struct step *st);
void join_create_commit(struct step *st, struct pending *p);
void join_resync(struct step *st, struct session *s);
void nick_step(struct step *st, struct session *s);
/* W22, W23: is the nick one at all? Gives the refusal if not. */
bool nick_refused(struct step *st, struct str nick);
/* Reserved by or in use by somebody else? */
bool nick_taken(const struct room *room, struct str nick, struct str bare);
void probe_step(struct step *st);
/* The nick that the room makes this user have, empty: none (R120). */
struct str nick_enforced(const struct room *room, struct str bare);
/* Shows somebody who has an affiliation and is not inside to one who is (W40, W42). */
void absent_show(struct step *st, const struct room_affiliation *a, const struct session *to);

bool presence_limited(struct step *st, const struct session *s);
void late_presences_step(struct step *st); /* shows what had to wait */

void message_step(struct step *st);
/* R121: is it too large, or one too many? Gives the refusal if so. */
bool message_limited(struct step *st, const struct session *s);
bool message_is_groupchat(const struct room_event *ev); /* W33: neither private nor a subject */
void message_commit(struct step *st, struct pending *p);
void message_failed(struct step *st, struct pending *p);
/* A message of the history that the room is loaded with; oldest first. */
void message_loaded(struct room *room, const struct room_message *m);
/* XEP-0500: how long the speaker must wait before this groupchat message; 0: not at all. */
uint64_t message_wait_ms(const struct room *room, const struct session *s,
                         const struct room_event *ev);
/* Begins the commit of a message or subject of s; the effect is valid until the next one. */
struct fx *message_persist(struct step *st, const struct session *s, enum pending_kind kind,
                           bool in_history);
/* Shows it to all, live: without a stamp, so that nobody adds a delay. */
void message_show(struct step *st, struct history_entry *e);
void subject_step(struct step *st, struct session *s);
void subject_commit(struct step *st, struct pending *p);
void subject_show(struct step *st, uint64_t to_sid);

void invite_step(struct step *st);
void invite_commit(struct step *st, struct pending *p);
void decline_step(struct step *st);

void leave_step(struct step *st);
void error_step(struct step *st);
void gateway_lost_step(struct step *st);
void end_if_empty(struct step *st); /* the last occupant has just left */

/* moderate.c: one item with a role. Adds to the plan, or gives the refusal. */
enum stanza_error moderate_item(const struct step *st, struct plan *plan,
                                const struct room_item *item);
/* Items of muc#admin for those who have a role. */
void moderate_list(struct step *st, enum role role);
/* The nick an item speaks of (W47), NULL: nobody's. */
struct occupant *item_occupant(const struct room *room, const struct room_item *item);
void admin_get_step(struct step *st);
void admin_set_step(struct step *st);
void admin_commit(struct step *st, struct pending *p);
void register_step(struct step *st);
void register_commit(struct step *st, struct pending *p);
void owner_get_step(struct step *st);
void owner_submit_step(struct step *st);
void owner_cancel_step(struct step *st);
void owner_commit(struct step *st, struct pending *p);
void destroy_step(struct step *st);
void destroy_commit(struct step *st, struct pending *p);
void provide_step(struct step *st);
void provide_commit(struct step *st, struct pending *p);
void tick_step(struct step *st);
void unlock_commit(struct step *st);

/* config_form.c: what a submitted form asks for. */
struct config_submit {
    struct room_config config;
    bool has_admins, has_owners;
    const struct str *admins, *owners; /* bare JIDs, each once */
    uint32_t n_admins, n_owners;
};
/* All in `a`, or a refusal (W64). What the form is silent about is as in base. */
enum stanza_error config_form_read(const struct room *room, const struct room_config *base,
                                   const struct room_event *ev, struct arena *a,
                                   struct config_submit *out);
/* W67: the codes that tell of it, at most 8. 0: nothing changed. */
uint8_t config_codes(const struct room_config *before, const struct room_config *after,
                     uint16_t codes[8]);

/* Not an outcast, nor kept out by members-only or a password he does not need to know: inside or
 * affiliated. */
bool step_could_enter(const struct step *st);
void archive_step(struct step *st);
/* XEP-0424: the message of this room that the event takes back; s 0: none. */
struct event_name retract_target(const struct step *st);
/* A message was stored: what it takes back of its own sender's is a tombstone now. */
void retract_own(struct step *st, const struct room_message *m);
void moderate_message_step(struct step *st);
void moderate_message_commit(struct step *st, struct pending *p);
/* create.c: R10, R98: may he make this room? */
enum stanza_error create_refusal(const struct step *st);
/* Commits a new room: the configuration of p->create, the affiliations of p->plan. */
void create_persist(struct step *st, struct pending *p, bool locked);
/* That is in the store: the room exists. */
void create_begin(struct step *st, struct pending *p, bool locked);

void vcard_step(struct step *st);
void avatar_commit(struct step *st, struct pending *p);
/* Presence of the room itself to a joiner, if it has an avatar (W21). */
void avatar_show(struct step *st, uint64_t to_sid);

void command_step(struct step *st);
void hats_commit(struct step *st, struct pending *p);

void info_step(struct step *st);
void relay_step(struct step *st); /* relay.c: iq between occupants (W35) */
void relay_answer_step(struct step *st);
void voice_step(struct step *st);

/* valid.c: may the event be looked at at all? */
bool event_is_valid(const struct room_event *ev);

#endif
