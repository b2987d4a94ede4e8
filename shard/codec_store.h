/* codec_store.h: rooms as the store keeps them: room image, affiliations and log entries <-> packed
 * protobuf (proto/muc.proto, "Redis"). Both stores use it, so both keep the same bytes. */
#ifndef MUC_CODEC_STORE_H
#define MUC_CODEC_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "shard/store.h"

/* What one durable event does to the room as a whole. */
enum store_flag { STORE_CHANGE, STORE_CREATE, STORE_DESTROY };
enum store_flag store_entry_flag(const struct store_entry *e);
/* Is the room to be in the directory, after this state? */
bool store_image_listed(const struct room_image *image);

/* Append the packed value to out. */
void store_pack_entry(const struct store_entry *e, struct buf *out);
void store_pack_state(const struct room_image *image, struct buf *out);
/* The message that the entry takes back; false: none. `who`: only if this occupant-id said it and
 * it is none yet; empty: whoever did. Appends the packed Retraction to out. */
bool store_pack_retraction(const struct store_entry *e, struct event_name *target, struct str *who,
                           struct buf *out);
/* Is it one of the messages that a moderator may take back, and whose? (What verona_commit asks.)
 */
bool store_unpack_speaker(struct str entry, struct arena *a, struct str *occupant_id);
/* Appends nothing for one that is to be removed (NONE without nick). */
void store_pack_affiliation(const struct room_affiliation *a, struct buf *out);

void store_pack_directory(const struct room_config *c, struct buf *out); /* DirectoryEntry */
/* Of FXS_DESTROY, the field `moved` of the room's meta (R58); nothing if no room took its place. */
void store_pack_moved(const struct fx *fx, struct buf *out);

/* "<e>-<s>"; the reverse returns ERR_INVALID for anything else. */
void store_pack_name(struct event_name name, struct buf *out);
MUST_CHECK int store_unpack_name(struct str s, struct event_name *out);
/* A log entry; `gone` is its value in the hash of what was taken back, empty: it was not. Bytes are
 * borrowed, or the arena's. ERR_PROTO: it is damaged. */
MUST_CHECK int store_unpack_logged(struct str name, struct str entry, struct str gone,
                                   struct arena *a, struct store_logged *out);
/* Does the state say that the room ends with its last occupant? ERR_PROTO: not a state. */
MUST_CHECK int store_unpack_temporary(struct str state, bool *temporary);

/* Puts a room together from what the store holds. Everything it is fed is borrowed until finish();
 * the result points into it and into the arena. */
struct store_reader {
    struct arena *arena;
    struct str state, last, gone, vcard;
    bool has_state, has_last, has_gone;
    struct str moved_to; /* empty: nowhere */
    uint64_t moved_until_ms;
    struct store_mark *marks;
    uint32_t n_marks, cap_marks;
    struct room_affiliation *affiliations;
    uint32_t n_affiliations, cap_affiliations;
    struct room_message *history; /* newest first */
    uint32_t n_history, cap_history;
    size_t history_bytes;
    bool history_ended;    /* at the room's creation, or full */
    bool whole;            /* at its creation */
    uint64_t history_from; /* stamp of the oldest entry that was taken */
    uint32_t n_entries;
    int err;
};

void store_reader_init(struct store_reader *r, struct arena *a);
/* A field of the room's meta: state, last, gone, moved, d:<gateway>:<boot>. */
void store_reader_meta(struct store_reader *r, struct str field, struct str value);
void store_reader_affiliation(struct store_reader *r, struct str jid, struct str value);
/* The room's vCard; empty: none. */
void store_reader_vcard(struct store_reader *r, struct str value);
/* A log entry, from the newest on; false: no older one is needed. */
bool store_reader_entry(struct store_reader *r, struct str name, struct str value);
/* r->history[i] was taken back, if value is not empty. */
void store_reader_gone(struct store_reader *r, uint32_t i, struct str value);
/* hs: of the slot. ERR_PROTO: what the store holds is no room: damaged, or parts of it are lost. */
MUST_CHECK int store_reader_finish(struct store_reader *r, uint64_t hs, struct store_room *out);

#endif
