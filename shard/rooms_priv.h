/* rooms_priv.h: what rooms.c, rooms_load.c, rooms_step.c, rooms_commit.c, rooms_slots.c,
 * rooms_gateways.c, rooms_archive.c, rooms_again.c and rooms_bounced.c share. */
#ifndef MUC_ROOMS_PRIV_H
#define MUC_ROOMS_PRIV_H

#include "base/buf.h"
#include "base/hmap.h"
#include "base/list.h"
#include "base/slot.h"
#include "rt/loop.h"
#include "shard/deliver.h"
#include "shard/rooms.h"

/* One step whose output waits for the store: a change to commit, or what was answered behind one.
 */
struct work {
    struct list link;
    enum work_kind {
        WORK_PERSIST, /* fx.list[at] goes to the store */
        WORK_SHOW,    /* fx is shown when what is before it is done */
        WORK_END,     /* WORK_PERSIST that no room asked for: an orphan ends */
    } kind;
    struct room_effects fx;
    uint32_t at;
    struct room_origin origin; /* jid in fx's arena */
    bool redo;
    bool answered; /* its gateway got a Delivery for it already */
    bool marked;   /* PERSIST: the commit carries the request's mark */
    struct event_name name, prev;
    uint64_t now_ms;
    uint64_t stepped_ns; /* loop_clock_ns() when the room was stepped with the request */
};

/* An event that waits. */
struct queued {
    struct list link;
    enum queued_kind { QUEUED_REQUEST, QUEUED_TICK, QUEUED_LOST, QUEUED_FORGET } kind;
    gateway_ref gw;
    size_t n; /* REQUEST: bytes of the item */
    char item[];
};

/* Highest request done of a gateway's life in a room. */
struct mark {
    gateway_ref gw; /* 0: it has not spoken to us yet */
    uint64_t rseq;
    uint64_t stored;   /* as the store had it when the room was loaded */
    struct str gwboot; /* owned */
};

struct entry;

/* A gateway with sessions in a room: a node of the gateway's list of rooms. */
struct visit {
    struct list by_gateway;
    struct entry *entry;
    gateway_ref gw;
};

/* A call to the store. Outlives its room if that is dropped meanwhile. */
struct call {
    struct list link;
    struct rooms *rs;
    struct entry *entry; /* NULL: dropped */
    struct list works;   /* commit: what it carries, and what waits behind */
    uint32_t slot;
    uint64_t started_ns;
};

struct entry {
    UT_hash_handle hh;
    struct rooms *rs;
    struct str jid; /* owned */
    uint32_t slot;
    uint64_t epoch;
    struct room *room;      /* NULL: being loaded */
    struct call *call;      /* in flight; NULL: none */
    struct event_name last; /* newest committed */
    struct event_name tail; /* the same with what is under way */
    struct list queue;
    size_t queue_bytes;
    struct list batch; /* works of the next commit */
    bool ending;       /* loaded to end an orphan */
    struct list by_slot, by_need, idle, dirty;
    uint64_t idle_since_ms;
    struct loop_timer tick;
    uint64_t tick_at_ms; /* room_tick_ms() for which it is armed */
    struct visit **visits;
    gateway_ref *gateways; /* of visits, same order */
    uint32_t n_visits, cap_visits;
    struct mark *marks;
    uint32_t n_marks, cap_marks;
    uint32_t occupants, sessions;
    struct list by_count; /* the directory has not heard of the present number */
};

struct slot_state {
    uint64_t epoch; /* ours, or the last known */
    struct list rooms;
    uint32_t n_rooms, n_early;
    uint64_t highest_seq; /* of removed rooms, once listed */
    bool ours, to_list;
};

/* Rooms that one gateway is in. */
struct gateway_rooms {
    UT_hash_handle hh;
    gateway_ref gw;
    struct list visits;
};

/* A temporary room that was in the store when its slot was taken over. */
struct orphan {
    struct list link;
    uint32_t slot;
    uint64_t epoch, due_ms;
    struct str jid; /* owned */
};

struct rooms {
    struct loop *loop;
    struct store *store;
    struct rooms_config cfg;
    const struct rooms_ops *ops;
    void *ctx;
    uint8_t seed[16];
    bool unsafe;
    struct entry *entries;
    struct gateway_rooms *gateways;
    struct slot_state slots[SLOT_COUNT];
    struct list need;   /* entries with a queue or a batch or a call */
    struct list idle;   /* empty rooms, longest first */
    struct list dirty;  /* entries to commit at the end of this turn */
    struct list counts; /* entries whose number of occupants the directory is to hear of */
    struct loop_timer count_timer;
    struct list calls;
    struct list early; /* requests for slots that are not ours yet, or may just be given away */
    struct bounced *bounced; /* gateways that have some to send again, by slot */
    struct list orphans;     /* by due_ms */
    struct list reads;       /* struct archive_read, in order of asking */
    uint32_t n_reads, n_active_reads;
    struct loop_task reads_task;
    struct list forgets; /* rooms_forget.c */
    struct list free_works;
    uint32_t n_free_works;
    size_t queued_bytes;
    uint32_t n_rooms, n_active, n_occupants, n_sessions, n_calls;
    struct loop_task commit_task;
    struct loop_timer sweep;
    uint16_t list_next; /* slots to list go round from here */
    uint32_t n_to_list, n_listing;
    struct arena scratch; /* of the request that is being worked on */
    struct deliver_out out;
    struct buf pack;
};

/* rooms.c */
/* On the list of those with something under way, or not. */
void entry_note_need(struct rooms *rs, struct entry *e);
/* What the item of a queued request holds; in the scratch arena. It was read once before. */
const Verona__RoomEvent *item_event(struct rooms *rs, struct str item);
void queued_free(struct rooms *rs, struct entry *e, struct queued *q);
struct entry *entry_find(struct rooms *rs, struct str jid);
struct entry *entry_new(struct rooms *rs, struct str jid, uint32_t slot, uint64_t epoch);
/* Frees it; what waits is told to ask elsewhere if `redirect`. */
void entry_drop(struct rooms *rs, struct entry *e, bool redirect);
void entry_push(struct rooms *rs, struct entry *e, enum queued_kind kind, gateway_ref gw,
                struct str item);
/* Steps what may be stepped, then decides what becomes of the room. May free e. */
void entry_drain(struct rooms *rs, struct entry *e);
void send_ack(struct rooms *rs, gateway_ref gw, uint64_t rseq, struct str room);
void send_wrong_slot(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t rseq);
/* An error from the door: the request never reached a room. Ack if nothing answers such a stanza.
 */
void send_refusal(struct rooms *rs, const struct entry *e, gateway_ref gw,
                  const Verona__RoomEvent *ev, enum stanza_error error, const char *text);
/* The empty result of an iq. */
void send_empty(struct rooms *rs, const struct entry *e, gateway_ref gw,
                const Verona__RoomEvent *ev);

/* rooms_again.c */
#define OUTCOME_UNKNOWN "outcome unknown"
/* Was ev done before, by us or by a former owner, and must not be done once more? */
bool again_is_done(const struct mark *m, const Verona__RoomEvent *ev);
/* The answer to such a request: with its result, if its change is the last that the store had; as
 * unknown, if it came before that; with an ack, if we gave the answer ourselves. */
void again_answer(struct rooms *rs, const struct entry *e, const struct mark *m,
                  const Verona__RoomEvent *ev);

/* rooms_load.c */
/* Asks the store; the queue is stepped when it has answered. May free e. */
void entry_load(struct rooms *rs, struct entry *e);
struct mark *entry_mark(struct rooms *rs, struct entry *e, gateway_ref gw);

/* rooms_step.c */
/* One event into the room; its effects are shown, or wait in the batch. Its time is the one that
 * room_accepts() was asked with. Errors: of room_step. */
MUST_CHECK int entry_step(struct rooms *rs, struct entry *e, struct room_event *ev, bool redo);
/* A work of a commit that was answered: err 0, or why it is not in the store. */
void entry_complete(struct rooms *rs, struct entry *e, struct work *w, int err);
/* Brings the gateways of the room and all totals up to date. */
void entry_refresh(struct rooms *rs, struct entry *e);
/* The room ended; its next life starts above `last`. */
void entry_renew(struct rooms *rs, struct entry *e);
/* Everybody inside is told that he is out (333), then the room goes from memory. */
void entry_evict(struct rooms *rs, struct entry *e);
struct work *work_new(struct rooms *rs);
void work_free(struct rooms *rs, struct work *w);

/* rooms_commit.c */
void entry_dirty(struct rooms *rs, struct entry *e);
void rooms_commit_turn(void *ctx);

/* rooms_slots.c */
void rooms_sweep_slots(struct rooms *rs);
void early_add(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq,
               struct str item);
void early_drop(struct rooms *rs);
/* Ours, but not to be used now: a gift of it is under way, and its rooms must stay out of memory.
 */
bool slot_is_frozen(const struct rooms *rs, uint32_t slot);
/* The slot is ours: what waited for it goes its way, in order. */
void early_release(struct rooms *rs, uint32_t slot);
void early_forget_gateway(struct rooms *rs, gateway_ref gw);
void orphans_drop(struct rooms *rs);
/* A temporary room without anybody stays in the store: end it if it is still so after so long. */
void orphan_add(struct rooms *rs, uint32_t slot, struct str jid, uint64_t after_ms);
/* The room of a fired orphan was loaded: commit its end. */
void orphan_end(struct rooms *rs, struct entry *e);

/* rooms_bounced.c */
/* It goes back to its gateway undone, and may come again under that epoch. */
void bounced_add(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq);
/* A request comes: does it stand behind one that went back and has not come again? Then it must go
 * back as well (bounced_add). */
bool bounced_before(struct rooms *rs, gateway_ref gw, uint32_t slot, uint64_t epoch, uint64_t rseq);
void bounced_forget_gateway(struct rooms *rs, gateway_ref gw); /* its life is over */
void bounced_drop(struct rooms *rs);

/* rooms_archive.c */
/* The room lets the asker read: he is answered later, whatever becomes of the room. */
void archive_start(struct rooms *rs, const struct entry *e, const struct work *w,
                   const struct fx *fx);
/* A request to an archive behind another of its session: taken over (or refused). false: go on. */
bool archive_hold(struct rooms *rs, const struct entry *e, gateway_ref gw,
                  const Verona__RoomEvent *ev, struct str item);
void archive_forget_gateway(struct rooms *rs, gateway_ref gw);
void archive_drop(struct rooms *rs);

/* rooms_count.c: how many are inside, for the directory: at most once a second. */
void count_changed(struct rooms *rs, struct entry *e);
void count_flush(struct rooms *rs, struct entry *e); /* now, before it goes */
void count_deinit(struct rooms *rs);

/* rooms_forget.c */
/* The room's turn to be forgotten has come. */
void entry_forget(struct rooms *rs, struct entry *e);
void forgets_drop(struct rooms *rs);

/* rooms_gateways.c */
void visits_update(struct rooms *rs, struct entry *e);

#endif
