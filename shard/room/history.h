/* history.h: the newest messages of a room, for those who join (XEP-0045 §7.2.13, W30). Bounded in
 * entries and in bytes; the archive is the log in the store. */
#ifndef MUC_ROOM_HISTORY_H
#define MUC_ROOM_HISTORY_H

#include "base/list.h"
#include "shard/room/room_types.h"

/* A message with its bytes in one block. */
struct history_entry {
    struct list in_history;
    struct room_message m; /* points into bytes */
    size_t size;           /* of all bytes, struct included */
    char bytes[];
};

struct history {
    struct list entries; /* oldest first */
    uint32_t n;
    size_t bytes;
};

struct history_entry *history_entry_new(const struct room_message *m);
void history_entry_free(struct history_entry **e_p);

void history_init(struct history *h);
void history_deinit(struct history *h);
/* Takes e, lets the oldest go if there are too many now. */
void history_add(struct history *h, struct history_entry *e);
/* XEP-0424, XEP-0425: the message becomes a tombstone. occupant_id empty: whoever spoke, even if it
 * is one already; else only his own that is none. */
void history_retract(struct history *h, struct event_name name, struct str occupant_id,
                     const struct room_retraction *by);

/* What a joiner asked for; below 0: not given. */
struct history_wish {
    int64_t max_chars, max_stanzas, seconds, since_ms;
};
/* The oldest of those he gets, and how many; NULL: none. max_stanzas: whatever he asks for. */
const struct history_entry *history_select(const struct history *h, const struct history_wish *wish,
                                           uint32_t default_stanzas, uint32_t max_stanzas,
                                           uint64_t now_ms, uint32_t *n);

#endif
