/* show.h: effects that more than one use case yields. */
#ifndef MUC_ROOM_SHOW_H
#define MUC_ROOM_SHOW_H

#include "shard/room/room_priv.h"

struct str show_str(struct step *st, struct str s); /* a copy in the effects */
/* A message with its bytes in the effects. */
struct room_message show_message(struct step *st, const struct room_message *m);
/* A record with its bytes in the effects. */
struct room_record show_record(struct step *st, const struct session *s, bool keep_presence);

void reply_error(struct step *st, enum stanza_error e);
void reply_error_text(struct step *st, enum stanza_error e, struct str text);
void reply_empty(struct step *st);
/* A zeroed reply of that kind with its address filled in; valid until the next effect. */
struct fx *reply_add(struct step *st, enum fx_reply_kind kind);

/* What gateways must know of the room. */
void show_facts(struct step *st);

/* W48: role or affiliation of a nick changed, or is announced again. One record per session. */
void show_update(struct step *st, const struct occupant *o, const struct actor *actor,
                 bool has_reason, struct str reason);

/* How somebody leaves. Zero: of his own will. */
struct farewell {
    uint16_t status;           /* 0: none */
    const struct actor *actor; /* NULL: not shown */
    bool has_reason;
    struct str reason, payload, kick_condition, kick_text;
};
/* Shows that these sessions of one nick leave, and removes them. */
void leave_sessions(struct step *st, struct session *const *gone, uint32_t n,
                    const struct farewell *how);
void leave_occupant(struct step *st, struct occupant *o, const struct farewell *how);

#endif
