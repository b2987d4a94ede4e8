/* room.h: one multi-user chat room as a pure state machine (XEP-0045). Events in, effects out.
 *
 * Durable changes are two-phase. The request yields FX_PERSIST and changes nothing that anybody can
 * see; ROOM_EV_PERSISTED makes the change and yields what is shown; ROOM_EV_PERSIST_FAILED yields
 * the error. While one is pending, the caller holds back further events, with one exception:
 * room_accepts() says which may still be stepped (messages behind messages), so that one call to
 * the store carries them all. Completions come in the order of the FX_PERSISTs. */
#ifndef MUC_ROOM_H
#define MUC_ROOM_H

#include "base/mem.h"
#include "shard/room/effects.h"
#include "shard/room/room_event.h"

struct room;

/* A room that does not exist yet: its first event decides whether it will (W16). jid and service
 * are kept: jid is copied, service borrowed for life. */
struct room *room_new(struct str jid, const struct room_service *service);
/* A room as the store has it, without occupants. */
struct room *room_load(struct str jid, const struct room_service *service,
                       const struct room_image *image);
/* Of a room that is new: its first durable event comes after `last`, the newest that an earlier
 * room of this name (or any removed room of its slot) had. */
void room_set_last(struct room *room, struct event_name last);
/* Of a room that is new: another one took its place (a tombstone, R58), until then. */
void room_set_moved(struct room *room, struct str to, uint64_t until_ms);
/* Where to, empty: nowhere. */
struct str room_moved_to(const struct room *room, uint64_t *until_ms);
/* Frees the room and sets *room_p to NULL. Does nothing if it is NULL already. */
void room_destroy(struct room **room_p);

/* Apply one event.
 *
 * ev  borrowed for the call. JIDs are prepared UTF-8, lengths in bytes.
 * fx  owned by the caller. Effects are appended in the order they must be performed; the bytes they
 *     point to belong to fx and live until room_effects_reset().
 *
 * A refusal (banned, nickname in use) is success: fx gains one FX_REPLY with the stanza error. An
 * event that concerns nobody (unavailable from a stranger) yields nothing.
 *
 * Errors (room and fx unchanged):
 *   ERR_INVALID  unknown ev->type, a field longer than its limit in base/limits.h, or an event that
 *                room_accepts() refuses
 *
 * Source: XEP-0045 §7.1, §7.2 to §10; rules R1.. in RULES.md. */
MUST_CHECK int room_step(struct room *room, const struct room_event *ev, struct room_effects *fx);

/* May this event be stepped now, with what is pending? Always true when nothing is. */
bool room_accepts(const struct room *room, const struct room_event *ev);
uint32_t room_pending(const struct room *room);

/* What the caller needs to know of a room. */
struct str room_jid(const struct room *room);
bool room_exists(
    const struct room *room); /* false before creation is committed and after its end */
bool room_overcrowded(
    const struct room *room); /* presence of others than moderators is theirs only */
bool room_is_locked(const struct room *room);
/* When a TICK is due; 1: soon, presence waits to be shown (R122); 0: none is. */
uint64_t room_tick_ms(const struct room *room);
uint64_t room_lock_ends_ms(const struct room *room); /* Unix epoch ms; 0: not locked */
const struct room_config *room_config(const struct room *room);
uint32_t room_occupants(const struct room *room); /* nicks */
uint32_t room_sessions(const struct room *room);
/* Sessions of one gateway in the room. 0: it holds no replica. */
uint32_t room_gateway_sessions(const struct room *room, gateway_ref gw);
struct event_name room_last(const struct room *room); /* newest durable event that is applied */
/* Calls fn for each session, in order of joining. */
typedef void room_record_fn(void *ctx, const struct room_record *rec);
void room_each_record(const struct room *room, room_record_fn *fn, void *ctx);
/* Calls fn once per gateway with sessions inside. */
typedef void room_gateway_fn(void *ctx, gateway_ref gw, uint32_t n_sessions);
void room_each_gateway(const struct room *room, room_gateway_fn *fn, void *ctx);
/* Calls fn for each affiliation stored. */
typedef void room_affiliation_fn(void *ctx, const struct room_affiliation *a);
void room_each_affiliation(const struct room *room, room_affiliation_fn *fn, void *ctx);

/* Is it a language tag, in form (RFC 5646)? */
bool config_lang_ok(struct str tag);
/* Is it remembered that the JID was removed (XEP-0463)? */
bool room_remembers(const struct room *room, struct str jid);

/* Asserts the invariants. Debug and fuzz builds call it after each step. */
void room_check(const struct room *room);

#endif
