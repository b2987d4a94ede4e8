/* command.h: ad-hoc commands of a room (XEP-0050): who may run which, forms out and back. They need
 * no sessions: whatever a command must know comes with the form. */
#ifndef MUC_ROOM_COMMAND_H
#define MUC_ROOM_COMMAND_H

#include "shard/room/show.h"

struct command {
    struct fx_command is;
    bool (*may)(const struct step *st);
    void (*run)(struct step *st, const struct command *c);
};

/* What a field of the submitted form says; empty: nothing. */
struct str command_field(const struct step *st, const char *var);
/* Answers, now or after a commit. `form` is copied with all it points to but its literals. */
void command_reply(struct step *st, const struct fx_command *c, struct str session,
                   enum fx_command_status status, const struct fx_form *form);
/* The session that an answer names: the request's, or a new one. */
struct str command_session(struct step *st);

/* hats.c */
extern const struct command hat_commands[];
extern const uint32_t n_hat_commands;

#endif
