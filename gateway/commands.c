/* commands.c: the dialogue of XEP-0050.
 *
 *   execute -> form of stage 0 -> next -> form of stage 1 -> ... -> complete -> done
 *                                <- prev <-                  cancel -> canceled
 *
 * A session is bound to the full JID that began it, and lives for SESSION_MS. Who sends a filled-in
 * form at once needs none. */
#include "gateway/commands_priv.h"
#include "base/err.h"
#include "base/jid.h"
#include "gateway/edge.h"
#include "prep/jid_prep.h"
#include "rt/config.h"
#include "rt/random.h"

#include <stdio.h>

enum {
    SESSIONS = 64,       /* open dialogues of a gateway */
    SESSIONS_OF_ONE = 8, /* of one full JID; the oldest gives way */
    SESSION_MS = 600000,
    ADMINS = 64,
};

struct session_of {
    struct list by_age;
    char id[33];
    uint64_t sid;
    const struct command *command;
    int stage;
    uint64_t due_ms;
    struct arena arena;
    struct form form; /* of the stages before */
};

struct commands {
    struct gateway *g;
    struct str admins[ADMINS]; /* prepared, in arena */
    size_t n_admins;
    struct arena arena;
    struct list sessions; /* oldest first */
    uint32_t n_sessions;
    uint64_t patience_ms;
    bool accounts;
};

/* ---------------------------------------------------------------- who may */

bool commands_admin(const struct commands *cs, struct str bare)
{
    for (size_t i = 0; i < cs->n_admins; i++) {
        if (str_eq(cs->admins[i], bare))
            return true;
    }
    return false;
}

static void read_admins(struct commands *cs, const char *list)
{
    struct str rest = str_of(list), word, text;
    struct jid parts;
    while (cs->n_admins < ADMINS && str_list_next(&rest, &word)) {
        if (jid_prep(word, &cs->arena, &text, &parts) == 0)
            cs->admins[cs->n_admins++] = text;
    }
}

bool commands_offer(const struct commands *cs, const struct command *cmd, enum home_target target)
{
    return cmd->target == target && (cs->accounts || !cmd->accounts);
}

const struct command *commands_find(const struct commands *cs, struct str node,
                                    enum home_target target)
{
    const struct command *cmd;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (str_is(node, cmd->node) && commands_offer(cs, cmd, target))
            return cmd;
    }
    return NULL;
}

/* ---------------------------------------------------------------- sessions */

static void session_end(struct commands *cs, struct session_of *s)
{
    list_remove(&s->by_age);
    cs->n_sessions--;
    arena_deinit(&s->arena);
    mem_free(s);
}

static void expire(struct commands *cs)
{
    uint64_t now = loop_now_ms(cs->g->loop);
    LIST_FOREACH_SAFE(it, next, &cs->sessions)
    {
        struct session_of *s = LIST_ENTRY(it, struct session_of, by_age);
        if (s->due_ms <= now)
            session_end(cs, s);
    }
}

static struct session_of *session_find(struct commands *cs, struct str id, uint64_t sid)
{
    LIST_FOREACH(it, &cs->sessions)
    {
        struct session_of *s = LIST_ENTRY(it, struct session_of, by_age);
        if (s->sid == sid && str_is(id, s->id))
            return s;
    }
    return NULL;
}

/* Room for one more: the oldest of his, or of all, gives way. */
static void make_room(struct commands *cs, uint64_t sid)
{
    struct session_of *own = NULL;
    uint32_t n = 0;
    LIST_FOREACH(it, &cs->sessions)
    {
        struct session_of *s = LIST_ENTRY(it, struct session_of, by_age);
        if (s->sid != sid)
            continue;
        own = own ? own : s;
        n++;
    }
    if (n >= SESSIONS_OF_ONE)
        session_end(cs, own);
    else if (cs->n_sessions >= SESSIONS)
        session_end(cs, LIST_ENTRY(cs->sessions.next, struct session_of, by_age));
}

static struct session_of *session_begin(struct commands *cs, const struct call *call)
{
    make_room(cs, call->iq.sid);
    struct session_of *s = mem_zalloc(sizeof *s);
    memcpy(s->id, call->session, sizeof s->id);
    s->sid = call->iq.sid;
    s->command = call->command;
    arena_init(&s->arena);
    list_push_back(&cs->sessions, &s->by_age);
    cs->n_sessions++;
    return s;
}

void commands_client_gone(struct commands *cs, struct client *c)
{
    LIST_FOREACH_SAFE(it, next, &cs->sessions)
    {
        struct session_of *s = LIST_ENTRY(it, struct session_of, by_age);
        if (s->sid == client_sid(c))
            session_end(cs, s);
    }
}

/* ---------------------------------------------------------------- forms */

/* The session keeps what was filled in. */
static void keep(struct session_of *s, const struct call *call)
{
    struct arena old = s->arena;
    arena_init(&s->arena);
    s->form = form_merge(&(struct form){NULL, 0}, &call->form, &s->arena);
    arena_deinit(&old);
}

void call_form(struct call *call, struct str x)
{
    struct commands *cs = call->g->commands;
    struct session_of *s = session_find(cs, str_of(call->session), call->iq.sid);
    if (!s)
        s = session_begin(cs, call);
    keep(s, call);
    s->stage = call->stage;
    s->due_ms = loop_now_ms(cs->g->loop) + cs->patience_ms;
    struct buf b;
    buf_init(&b);
    bool last = call->stage + 1 == call->command->stages;
    buf_z(&b, last ? "<actions execute='complete'>" : "<actions execute='next'>");
    if (call->stage > 0)
        buf_z(&b, "<prev/>");
    if (!last)
        buf_z(&b, "<next/>");
    buf_z(&b, "<complete/></actions>");
    buf_str(&b, x);
    call_finish(call, "executing", buf_as_str(&b));
    buf_deinit(&b);
}

/* ---------------------------------------------------------------- the dialogue */

/* XEP-0050 §4.4: bad-request with a condition of its own. */
static void refuse(struct client *c, const struct xnode *st, const char *own, const char *text)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "<error type='modify'><bad-request xmlns='" NS_STANZAS "'/>");
    if (text) {
        buf_z(&b, "<text xmlns='" NS_STANZAS "'>");
        buf_xml(&b, str_of(text));
        buf_z(&b, "</text>");
    }
    buf_printf(&b, "<%s xmlns='" NS_COMMANDS "'/></error>", own);
    home_error(c, st, buf_as_str(&b));
    buf_deinit(&b);
}

enum action { ACTION_EXECUTE, ACTION_NEXT, ACTION_PREV, ACTION_COMPLETE, ACTION_CANCEL, ACTIONS };

static enum action action_of(const struct xnode *command)
{
    static const char *const names[] = {"execute", "next", "prev", "complete", "cancel"};
    struct str text = xnode_attr(command, "action");
    int i = ACTION_EXECUTE;
    while (text.p && i < ACTIONS && !str_is(text, names[i]))
        i++;
    return (enum action)i;
}

static struct call *call_new(struct commands *cs, struct client *c, const struct xnode *st,
                             const struct command *cmd, const struct session_of *s)
{
    struct call *call = mem_zalloc(sizeof *call);
    call->g = cs->g;
    call->command = cmd;
    call->client = c;
    arena_init(&call->arena);
    home_iq_save(&call->iq, cs->g, c, st);
    if (s) {
        memcpy(call->session, s->id, sizeof call->session);
        call->stage = s->stage;
        call->form = form_merge(&(struct form){NULL, 0}, &s->form, &call->arena);
        return call;
    }
    uint8_t random[16];
    rt_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(call->session + 2 * i, 3, "%02x", (unsigned)random[i]);
    return call;
}

static void call_drop(struct call *call)
{
    buf_deinit(&call->iq.id);
    buf_deinit(&call->iq.to);
    arena_deinit(&call->arena);
    mem_free(call);
}

/* A form came: what was filled in before, and this. NULL: fine. */
static const char *take_form(struct call *call, const struct xnode *x, int from)
{
    struct form more;
    int err = form_read(x, &call->arena, &more);
    if (err)
        return err == ERR_TOOBIG ? "the form is too large" : "a submitted form is missing";
    call->form = form_merge(&call->form, &more, &call->arena);
    for (int stage = from; call->command->check && stage <= call->stage; stage++) {
        const char *wrong = call->command->check(call, stage);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static void go_on(struct commands *cs, struct call *call, struct session_of *s, enum action action,
                  const struct xnode *st, const struct xnode *command)
{
    const struct xnode *x = xnode_child(command, NS_DATA, "x");
    int last = call->command->stages - 1;
    bool forwards = action == ACTION_NEXT || (action == ACTION_EXECUTE && call->stage < last);
    if (action == ACTION_PREV && call->stage > 0) {
        call->stage--;
        call->command->ask(call, call->stage);
        return;
    }
    if (action == ACTION_PREV) {
        refuse(call->client, st, "bad-action", NULL);
        call_drop(call);
        return;
    }
    const char *wrong = take_form(call, x, call->stage);
    if (wrong) {
        refuse(call->client, st, "bad-payload", wrong);
        call_drop(call);
    } else if (forwards && call->stage < last) {
        call->stage++;
        call->command->ask(call, call->stage);
    } else {
        session_end(cs, s);
        call->command->run(call);
    }
}

static void start(struct commands *cs, struct client *c, const struct xnode *st,
                  const struct xnode *command, const struct command *cmd, enum action action)
{
    const struct xnode *x = xnode_child(command, NS_DATA, "x");
    bool filled = x && str_is(xnode_attr(x, "type"), "submit");
    if (action == ACTION_PREV || action == ACTION_CANCEL) {
        refuse(c, st, "bad-action", NULL);
        return;
    }
    struct call *call = call_new(cs, c, st, cmd, NULL);
    if (cmd->stages == 0) {
        cmd->run(call);
    } else if (!filled) {
        cmd->ask(call, 0);
    } else {
        call->stage = cmd->stages - 1; /* W75: at once */
        const char *wrong = take_form(call, x, 0);
        if (wrong) {
            refuse(c, st, "bad-payload", wrong);
            call_drop(call);
            return;
        }
        cmd->run(call);
    }
}

void commands_run(struct commands *cs, struct client *c, const struct xnode *st,
                  const struct xnode *command, enum home_target target)
{
    const struct command *cmd = commands_find(cs, xnode_attr(command, "node"), target);
    struct str id = xnode_attr(command, "sessionid");
    enum action action = action_of(command);
    expire(cs);
    if (!str_is(xnode_attr(st, "type"), "set")) {
        client_send_error(c, st, SE_BAD_REQUEST, STR_NULL, STR_NULL);
    } else if (!cmd) {
        client_send_error(c, st, SE_ITEM_NOT_FOUND, STR_NULL, STR_NULL);
    } else if (!commands_admin(cs, client_bare(c))) {
        client_send_error(c, st, SE_FORBIDDEN, STR_NULL, STR_NULL);
    } else if (action == ACTIONS) {
        refuse(c, st, "malformed-action", NULL);
    } else if (!id.n) {
        start(cs, c, st, command, cmd, action);
    } else {
        struct session_of *s = session_find(cs, id, client_sid(c));
        if (!s || s->command != cmd) {
            refuse(c, st, "bad-sessionid", NULL);
        } else if (action == ACTION_CANCEL) {
            struct call *call = call_new(cs, c, st, cmd, s);
            session_end(cs, s);
            call_finish(call, "canceled", STR_NULL);
        } else {
            go_on(cs, call_new(cs, c, st, cmd, s), s, action, st, command);
        }
    }
}

/* ---------------------------------------------------------------- life */

void commands_set_patience(struct commands *cs, uint64_t ms)
{
    cs->patience_ms = ms;
}

struct gateway *commands_gateway(const struct commands *cs)
{
    return cs->g;
}

struct commands *commands_new(struct gateway *g)
{
    struct commands *cs = mem_zalloc(sizeof *cs);
    cs->g = g;
    cs->patience_ms = SESSION_MS;
    cs->accounts = strcmp(config_str(g->cfg, CFG_AUTH_MODE), "accounts") == 0;
    arena_init(&cs->arena);
    list_init(&cs->sessions);
    read_admins(cs, config_str(g->cfg, CFG_ADMINS));
    return cs;
}

void commands_destroy(struct commands **cs_p)
{
    struct commands *cs = *cs_p;
    if (!cs)
        return;
    *cs_p = NULL;
    while (!list_empty(&cs->sessions))
        session_end(cs, LIST_ENTRY(cs->sessions.next, struct session_of, by_age));
    arena_deinit(&cs->arena);
    mem_free(cs);
}
