/* commands_priv.h: one command and one run of it, as the files of the commands share them. */
#ifndef MUC_GATEWAY_COMMANDS_PRIV_H
#define MUC_GATEWAY_COMMANDS_PRIV_H

#include "base/muc.h"
#include "gateway/commands.h"
#include "gateway/form.h"
#include "gateway/orders.h"

#define NODE_ADMIN "http://jabber.org/protocol/admin"
#define NODE_PROSODY "http://prosody.im/protocol/muc"

struct call;
struct call_item;

struct command {
    const char *node, *name;
    enum home_target target; /* HOME_SERVER, HOME_SERVICE */
    bool accounts;           /* only where there are accounts */
    int stages;              /* forms to fill in; 0: it runs at once */
    /* Shows the form of a stage, now or later: call_form(). What was submitted before is in
     * call->form. */
    void (*ask)(struct call *call, int stage);
    /* Is what was submitted so far right, up to that stage? NULL: yes, or what is wrong, for
     * people. Texts may be in the call's arena. */
    const char *(*check)(struct call *call, int stage);
    /* Does it: call_done(), now or later. Takes the call. check() liked every stage. */
    void (*run)(struct call *call);
};

/* The i-th one, NULL behind the last. */
const struct command *command_at(size_t i);

/* One iq of the dialogue, from its coming to its answer. */
struct call {
    struct gateway *g;
    struct home_iq iq;
    const struct command *command;
    struct client
        *client; /* until run() or ask() returns; who comes back later may find him gone */
    char session[33];
    int stage;
    struct arena arena;
    struct form form;
    /* of those that do several things */
    struct call_item *items;
    size_t n_items, n_waiting;
};

/* commands.c */
struct gateway *commands_gateway(const struct commands *cs);
/* Is it one of those there are at that address? */
bool commands_offer(const struct commands *cs, const struct command *cmd, enum home_target target);
const struct command *commands_find(const struct commands *cs, struct str node,
                                    enum home_target target);

/* Sends <command/> with that status; frees the call. */
void call_finish(struct call *call, const char *status, struct str inside);
/* <x/> of the stage; the dialogue goes on. */
void call_form(struct call *call, struct str x);
/* The command is completed: notes and forms for <command/>. Frees the call. */
void call_done(struct call *call, struct str inside);
/* With one note: info or error. */
void call_note(struct call *call, const char *type, struct str text);
void call_put_note(struct buf *out, const char *type, struct str text);
/* What a condition means, for people. */
const char *call_reason(int condition);
/* One of several things to do, and what became of it. */
struct call_item {
    struct call *call;
    struct str what;
    const char *why; /* it was not done, for people; NULL: it was */
};
/* The values of a field as things to do, each once. */
void call_items(struct call *call, const struct form_field *f);
/* This one is over. With the last one the call is completed: the things done below one line, the
 * others, with reasons, below another, in the order in which they were named. */
void call_item_over(struct call_item *item, const char *why, const char *done,
                    const char *not_done);

/* Values of the submitted form, prepared, in the arena. NULL: fine; else what is wrong. */
const char *call_room(struct call *call, struct str raw, struct str *room);
const char *call_user(struct call *call, struct str raw, struct str *bare); /* of our domain */

/* command_rooms.c, command_users.c */
extern const struct command command_create_room, command_destroy_rooms, command_list_rooms,
    command_set_affiliation;
extern const struct command command_announce, command_add_user, command_delete_user,
    command_change_password, command_end_session, command_online_count, command_online_list;

#endif
