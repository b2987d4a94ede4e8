/* lib_trace.c: runs room transcripts: commands to events. Effects to lines: lib_print.c. */
#include "room/lib_trace.h"

#include "base/buf.h"
#include "base/err.h"
#include "room/other_defaults.h"

#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MAX_WORDS = 256 };

/* ---- words of a command ---- */

struct words {
    struct str list[MAX_WORDS];
    uint32_t n, at;
};

static void split(struct trace *t, struct str line, struct words *w)
{
    w->n = w->at = 0;
    size_t i = 0;
    while (i < line.n) {
        if (line.p[i] == ' ') {
            i++;
            continue;
        }
        char *out = arena_alloc(&t->arena, line.n + 1);
        size_t n = 0;
        bool quoted = false;
        for (; i < line.n && (quoted || line.p[i] != ' '); i++) {
            if (line.p[i] == '\'')
                quoted = !quoted;
            else
                out[n++] = line.p[i];
        }
        out[n] = '\0';
        assert_true(w->n < MAX_WORDS);
        w->list[w->n++] = (struct str){out, n};
    }
}

static bool has_key(struct str word, const char *key, struct str *value)
{
    size_t n = strlen(key);
    if (word.n <= n || memcmp(word.p, key, n) != 0 || word.p[n] != '=')
        return false;
    *value = (struct str){word.p + n + 1, word.n - n - 1};
    return true;
}

/* Value of key=, STR_NULL with found = false if it is missing. Looks up to the next `;`. */
static struct str opt(const struct words *w, const char *key, bool *found)
{
    struct str v;
    for (uint32_t i = w->at; i < w->n && !str_is(w->list[i], ";"); i++) {
        if (has_key(w->list[i], key, &v)) {
            if (found)
                *found = true;
            return v;
        }
    }
    if (found)
        *found = false;
    return STR_NULL;
}

static bool flag(const struct words *w, const char *name)
{
    for (uint32_t i = w->at; i < w->n && !str_is(w->list[i], ";"); i++) {
        if (str_is(w->list[i], name))
            return true;
    }
    return false;
}

/* The next word without `=`; empty if there is none. */
static struct str next(struct words *w)
{
    if (w->at >= w->n || memchr(w->list[w->at].p, '=', w->list[w->at].n) ||
        str_is(w->list[w->at], ";"))
        return STR_NULL;
    return w->list[w->at++];
}

static int64_t number(const struct words *w, const char *key)
{
    bool found;
    struct str v = opt(w, key, &found);
    return found ? atoll(v.p) : -1;
}

/* Words end with a NUL. */
static uint64_t to_u64(struct str s)
{
    return strtoull(s.p, NULL, 10);
}

/* ---- users ---- */

static const struct trace_user *user(struct trace *t, struct str tag)
{
    for (uint32_t i = 0; i < t->n_users; i++) {
        if (str_is(tag, t->users[i].tag))
            return &t->users[i];
    }
    assert_true(t->n_users < sizeof t->users / sizeof *t->users);
    struct trace_user *u = &t->users[t->n_users++];
    snprintf(u->tag, sizeof u->tag, "%.*s", STR_FMT(tag));
    char name[64], domain[64] = "example.org", resource[64] = "r";
    unsigned gw = 1;
    snprintf(name, sizeof name, "%s", u->tag);
    char *at = strchr(name, '@');
    if (at) {
        *at = '\0';
        gw = (unsigned)atoi(at + 1);
    }
    char *slash = strchr(name, '/');
    if (slash) {
        *slash = '\0';
        snprintf(resource, sizeof resource, "%.60s", slash + 1);
    }
    char *hash = strchr(name, '#');
    if (hash) {
        *hash = '\0';
        snprintf(domain, sizeof domain, "%.60s", hash + 1);
    }
    u->gw = gw;
    u->sid = 100 + t->n_users;
    snprintf(u->jid, sizeof u->jid, "%.40s@%.40s/%.40s", name, domain, resource);
    return u;
}

/* ---- commands to events ---- */

static struct room_item *parse_items(struct trace *t, struct words *w, uint32_t *n)
{
    struct room_item *items = arena_zalloc(&t->arena, MAX_WORDS * sizeof *items);
    *n = 0;
    while (w->at < w->n) {
        struct room_item *it = &items[(*n)++];
        struct str v;
        bool found;
        v = opt(w, "affiliation", &found);
        if (found)
            assert_true(affiliation_parse(v, &it->affiliation));
        v = opt(w, "role", &found);
        if (found)
            assert_true(role_parse(v, &it->role));
        it->jid = opt(w, "jid", NULL);
        it->nick = opt(w, "nick", &it->has_nick);
        it->reason = opt(w, "reason", &it->has_reason);
        while (w->at < w->n && !str_is(w->list[w->at], ";"))
            w->at++;
        w->at += w->at < w->n;
    }
    return items;
}

static struct room_field *parse_fields(struct trace *t, struct words *w, uint32_t *n,
                                       const char *prefix)
{
    struct room_field *fields = arena_zalloc(&t->arena, MAX_WORDS * sizeof *fields);
    *n = 0;
    for (; w->at < w->n; w->at++) {
        struct str word = w->list[w->at], v;
        if (has_key(word, "form_type", &v) || has_key(word, "id", &v) || has_key(word, "to", &v) ||
            has_key(word, "preset", &v) || str_is(word, "service"))
            continue;
        const char *eq = memchr(word.p, '=', word.n);
        assert_non_null(eq);
        struct room_field *f = &fields[(*n)++];
        char *var = arena_alloc(&t->arena, 256);
        bool whole = memchr(word.p, '#', (size_t)(eq - word.p)) != NULL;
        f->var.n =
            (size_t)snprintf(var, 256, "%s%.*s", whole ? "" : prefix, (int)(eq - word.p), word.p);
        f->var.p = var;
        v = (struct str){eq + 1, word.n - (size_t)(eq + 1 - word.p)};
        struct str *values = arena_alloc(&t->arena, (v.n + 1) * sizeof *values);
        f->values = values;
        while (v.n) {
            const char *bar = memchr(v.p, '|', v.n);
            size_t len = bar ? (size_t)(bar - v.p) : v.n;
            values[f->n_values++] = (struct str){v.p, len};
            v = (struct str){v.p + len, v.n - len};
            if (v.n)
                v = (struct str){v.p + 1, v.n - 1};
        }
    }
    return fields;
}

static struct room_invitation *parse_invitations(struct trace *t, struct words *w, uint32_t *n)
{
    struct room_invitation *list = arena_zalloc(&t->arena, MAX_WORDS * sizeof *list);
    *n = 0;
    while (w->at < w->n) {
        struct room_invitation *v = &list[(*n)++];
        v->to = next(w);
        v->reason = opt(w, "reason", NULL);
        v->thread = opt(w, "continue", &v->has_continue);
        while (w->at < w->n && !str_is(w->list[w->at], ";"))
            w->at++;
        w->at += w->at < w->n;
    }
    return list;
}

static enum stanza_error condition(struct str s)
{
    for (int e = SE_BAD_REQUEST; e <= SE_RECIPIENT_UNAVAILABLE; e++) {
        if (str_is(s, stanza_error_condition((enum stanza_error)e)))
            return (enum stanza_error)e;
    }
    fail_msg("no condition %.*s", STR_FMT(s));
    return SE_NONE;
}

static int message_type(struct str s, int fallback)
{
    static const char *const names[] = {"normal", "chat", "groupchat", "headline"};
    for (int i = 0; i < 4; i++) {
        if (str_is(s, names[i]))
            return i;
    }
    return fallback;
}

static void parse_presence(struct trace *t, struct room_event *ev, struct words *w, bool join)
{
    ev->type = ROOM_EV_PRESENCE;
    ev->nick = next(w);
    ev->presence.join = join;
    ev->presence.password = opt(w, "pass", &ev->presence.has_password);
    ev->presence.max_chars = number(w, "chars");
    ev->presence.max_stanzas = number(w, "stanzas");
    ev->presence.seconds = number(w, "seconds");
    ev->presence.since_ms = number(w, "since");
    ev->presence.payload = opt(w, "payload", NULL);
    ev->presence.mav_since = opt(w, "mav", &ev->presence.mav);
    if (str_is(ev->presence.mav_since, "last"))
        ev->presence.mav_since = t->version;
    ev->strict_ok = !str_is(opt(w, "strict", NULL), "no");
}

/* "7-3"; nothing: no name. */
static struct event_name name(struct str s)
{
    const char *dash = s.n ? strchr(s.p, '-') : NULL;
    return dash ? (struct event_name){to_u64(s), strtoull(dash + 1, NULL, 10)}
                : (struct event_name){0, 0};
}

static void parse_archive(struct trace *t, struct room_event *ev, const struct words *w)
{
    struct room_archive_query *q = &ev->archive;
    struct str list = opt(w, "ids", NULL);
    struct event_name *ids = arena_zalloc(&t->arena, MAX_WORDS * sizeof *ids);
    ev->type = ROOM_EV_ARCHIVE;
    q->metadata = flag(w, "meta");
    q->backward = flag(w, "back");
    q->flip = flag(w, "flip");
    q->query_id = opt(w, "query", NULL);
    q->with = opt(w, "with", NULL);
    q->start_ms = number(w, "start");
    q->end_ms = number(w, "end");
    q->max = number(w, "max");
    q->after_id = name(opt(w, "afterid", NULL));
    q->before_id = name(opt(w, "beforeid", NULL));
    q->after = name(opt(w, "after", NULL));
    q->before = name(opt(w, "before", NULL));
    q->ids = ids;
    for (const char *p = list.n ? list.p : NULL; p; p = strchr(p, '|')) {
        p += *p == '|';
        ids[q->n_ids++] = name(str_of(p));
    }
}

static void parse_message(struct room_event *ev, struct words *w, struct str verb)
{
    ev->type = ROOM_EV_MESSAGE;
    if (str_is(verb, "pm"))
        ev->nick = next(w);
    struct str text = next(w);
    ev->message.payload = text;
    ev->message.type = message_type(opt(w, "type", NULL), str_is(verb, "pm") ? 1 : 2);
    if (str_is(verb, "subject")) {
        ev->message.has_subject = true;
        ev->message.subject = text;
        ev->message.no_store = flag(w, "nostore");
        ev->message.archive = flag(w, "archive");
        return;
    }
    ev->message.has_body = !flag(w, "nobody");
    ev->message.has_thread = flag(w, "thread");
    ev->message.store = flag(w, "store");
    ev->message.no_store = flag(w, "nostore");
    ev->message.archive = flag(w, "archive");
    ev->message.retracts = name(opt(w, "retracts", NULL));
    ev->message.correction = flag(w, "correction");
    ev->message.subject = opt(w, "subject", &ev->message.has_subject);
}

/* max= index= after= before=: any of them makes it a page (XEP-0059). */
static void parse_page(struct room_event *ev, const struct words *w)
{
    struct str max = opt(w, "max", &ev->items.has_max);
    struct str index = opt(w, "index", &ev->items.has_index);
    ev->items.max = ev->items.has_max ? (uint32_t)to_u64(max) : 0;
    ev->items.index = ev->items.has_index ? (uint32_t)to_u64(index) : 0;
    ev->items.after = opt(w, "after", &ev->items.has_after);
    ev->items.before = opt(w, "before", &ev->items.has_before);
    if (str_is(ev->items.before, "last"))
        ev->items.before = STR_NULL;
    ev->items.paged =
        ev->items.has_max || ev->items.has_index || ev->items.has_after || ev->items.has_before;
}

/* An iq to an occupant. */
static void relay(struct room_event *ev, const struct words *w)
{
    enum relay_kind kind = ev->type == ROOM_EV_PING       ? RELAY_PING
                           : ev->type == ROOM_EV_IQ_OTHER ? RELAY_OTHER
                                                          : RELAY_DISCO;
    ev->type = ROOM_EV_RELAY;
    ev->relay.kind = kind;
    ev->relay.set = flag(w, "set");
    ev->relay.to_account = flag(w, "account");
    ev->relay.payload = opt(w, "payload", NULL);
}

static void parse_answer(struct trace *t, struct room_event *ev, struct words *w)
{
    struct str ticket = next(w);
    uint64_t n = to_u64(ticket);
    ev->type = ROOM_EV_RELAY_ANSWER;
    ev->relay_answer.ticket = n > 0 && n <= t->n_tickets ? t->tickets[n - 1] : ticket;
    ev->relay_answer.error = flag(w, "error");
    ev->relay_answer.payload = opt(w, "payload", NULL);
}

static void parse_voice(struct room_event *ev, struct words *w, bool answer)
{
    bool found;
    ev->type = ROOM_EV_VOICE;
    ev->voice.answer = answer;
    ev->voice.role = ROLE_PARTICIPANT;
    ev->voice.nick = next(w);
    ev->voice.jid = opt(w, "jid", NULL);
    ev->voice.allow = answer && !flag(w, "deny");
    struct str role = opt(w, "role", &found);
    if (found && !role_parse(role, &ev->voice.role))
        ev->voice.role = (enum role)0;
}

static struct str command_node(struct trace *t, struct str name)
{
    char *node = arena_alloc(&t->arena, 64);
    int n = snprintf(node, 64, "urn:xmpp:hats:commands:%.*s", STR_FMT(name));
    return (struct str){node, (size_t)n};
}

static void parse_request(struct trace *t, struct room_event *ev, struct words *w, struct str verb)
{
    static const struct {
        const char *verb;
        enum room_ev_type type;
    } plain[] = {
        {"probe", ROOM_EV_PROBE},
        {"config", ROOM_EV_OWNER_GET},
        {"cancel", ROOM_EV_OWNER_CANCEL},
        {"unregister", ROOM_EV_REGISTER_REMOVE},
        {"disco", ROOM_EV_DISCO_INFO},
        {"items", ROOM_EV_DISCO_ITEMS},
        {"ownnick", ROOM_EV_OWN_NICK},
        {"ping", ROOM_EV_PING},
        {"commands", ROOM_EV_COMMAND_LIST},
        {"iq", ROOM_EV_IQ_OTHER},
        {"archiveform", ROOM_EV_ARCHIVE_FORM},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (str_is(verb, plain[i].verb)) {
            ev->type = plain[i].type;
            ev->nick = next(w);
            if (ev->nick.n && ev->type >= ROOM_EV_DISCO_INFO && ev->type <= ROOM_EV_IQ_OTHER)
                relay(ev, w);
            else if (ev->type == ROOM_EV_DISCO_ITEMS)
                parse_page(ev, w);
            return;
        }
    }
    if (str_is(verb, "join") || str_is(verb, "presence")) {
        parse_presence(t, ev, w, str_is(verb, "join"));
    } else if (str_is(verb, "say") || str_is(verb, "subject") || str_is(verb, "pm")) {
        parse_message(ev, w, verb);
    } else if (str_is(verb, "archive")) {
        parse_archive(t, ev, w);
    } else if (str_is(verb, "moderate")) {
        ev->type = ROOM_EV_MODERATE;
        ev->moderate.target = name(next(w));
        ev->moderate.reason = opt(w, "reason", &ev->moderate.has_reason);
    } else if (str_is(verb, "answer")) {
        parse_answer(t, ev, w);
    } else if (str_is(verb, "voice") || str_is(verb, "approve")) {
        parse_voice(ev, w, str_is(verb, "approve"));
    } else if (str_is(verb, "leave")) {
        ev->type = ROOM_EV_LEAVE;
        ev->leave.broken = flag(w, "broken");
        ev->leave.payload = opt(w, "payload", NULL);
    } else if (str_is(verb, "error")) {
        ev->type = ROOM_EV_ERROR;
        ev->error.from_presence = flag(w, "presence");
        ev->error.condition = ev->error.from_presence ? opt(w, "condition", NULL) : next(w);
        ev->error.text = opt(w, "text", NULL);
    } else if (str_is(verb, "get") || str_is(verb, "set")) {
        ev->type = str_is(verb, "get") ? ROOM_EV_ADMIN_GET : ROOM_EV_ADMIN_SET;
        ev->admin.items = parse_items(t, w, &ev->admin.n);
    } else if (str_is(verb, "submit")) {
        ev->type = ROOM_EV_OWNER_SUBMIT;
        ev->owner.form_type = opt(w, "form_type", &ev->owner.has_form_type);
        ev->owner.fields = parse_fields(t, w, &ev->owner.n, "muc#roomconfig_");
    } else if (str_is(verb, "provide")) {
        ev->type = ROOM_EV_PROVIDE;
        ev->owner.preset = opt(w, "preset", NULL);
        ev->owner.fields = parse_fields(t, w, &ev->owner.n, "muc#roomconfig_");
    } else if (str_is(verb, "destroy")) {
        ev->type = ROOM_EV_DESTROY;
        ev->destroy.alternate = opt(w, "alternate", NULL);
        ev->destroy.reason = opt(w, "reason", &ev->destroy.has_reason);
        ev->destroy.password = opt(w, "password", &ev->destroy.has_password);
    } else if (str_is(verb, "register")) {
        bool get = w->at == w->n || has_key(w->list[w->at], "id", &ev->id);
        ev->type = get ? ROOM_EV_REGISTER_GET : ROOM_EV_REGISTER_SUBMIT;
        if (!get) {
            ev->reg.nick = next(w);
            ev->reg.valid = !str_is(opt(w, "valid", NULL), "no");
        }
    } else if (str_is(verb, "invite")) {
        ev->type = ROOM_EV_INVITE;
        ev->invite.body = opt(w, "body", &ev->invite.has_body);
        ev->invite.invitations = parse_invitations(t, w, &ev->invite.n);
    } else if (str_is(verb, "decline")) {
        ev->type = ROOM_EV_DECLINE;
        ev->decline.to = next(w);
        ev->decline.reason = opt(w, "reason", NULL);
    } else if (str_is(verb, "command")) {
        ev->type = ROOM_EV_COMMAND;
        ev->command.node = command_node(t, next(w));
        ev->command.session = opt(w, "session", NULL);
        ev->command.cancel = flag(w, "cancel");
        ev->command.has_form = flag(w, "submit");
        while (ev->command.has_form && w->at < w->n && !str_is(w->list[w->at], "submit"))
            w->at++;
        w->at += ev->command.has_form;
        if (ev->command.has_form)
            ev->command.fields = parse_fields(t, w, &ev->command.n, "hats#");
    } else if (str_is(verb, "commandinfo")) {
        ev->type = ROOM_EV_COMMAND_INFO;
        ev->command.node = command_node(t, next(w));
    } else if (str_is(verb, "vcard")) {
        bool set;
        ev->vcard.xml = opt(w, "xml", &set);
        ev->type = set ? ROOM_EV_VCARD_SET : ROOM_EV_VCARD_GET;
        ev->vcard.hash = opt(w, "hash", NULL);
        ev->vcard.size = number(w, "size") > 0 ? (uint32_t)number(w, "size") : 0;
    } else if (str_is(verb, "refuse")) {
        ev->type = ROOM_EV_REFUSE;
        struct str stanza = next(w);
        ev->refuse.stanza = str_is(stanza, "iq")        ? ROOM_IQ
                            : str_is(stanza, "message") ? ROOM_MESSAGE
                                                        : ROOM_PRESENCE;
        ev->refuse.error = condition(next(w));
    } else {
        fail_msg("unknown command %.*s", STR_FMT(verb));
    }
}

/* Every event gets other random bytes, known ones. */
static void fill_common(struct trace *t, struct room_event *ev)
{
    ev->now_ms = t->now_ms;
    ev->epoch = t->epoch;
    for (size_t i = 0; i < sizeof ev->random; i++)
        ev->random[i] = (uint8_t)(i + 0xa0);
}

static void parse_user_command(struct trace *t, struct room_event *ev, struct words *w)
{
    struct str who = w->list[0];
    who.n--; /* the colon */
    const struct trace_user *u = user(t, who);
    ev->origin = (struct room_origin){u->gw, u->sid, 1, str_of(u->jid)};
    w->at = 2;
    assert_true(w->n >= 2);
    struct words all = *w;
    ev->strict_ok = true;
    parse_request(t, ev, w, w->list[1]);
    bool found;
    ev->by_service = flag(&all, "service");
    struct str v = opt(&all, "to", &found);
    if (found)
        ev->nick = v;
    v = opt(&all, "id", &found);
    if (found)
        ev->id = v;
}

/* false: nothing to step. */
static bool parse_command(struct trace *t, struct room_event *ev, struct words *w)
{
    memset(ev, 0, sizeof *ev);
    struct str first = w->list[0];
    if (str_is(first, "ok")) {
        ev->type = ROOM_EV_PERSISTED;
    } else if (str_is(first, "fail")) {
        ev->type = ROOM_EV_PERSIST_FAILED;
        if (w->n > 1)
            ev->refuse.error = condition(w->list[1]);
    } else if (str_is(first, "gateway")) {
        ev->type = ROOM_EV_GATEWAY_LOST;
        ev->origin.gw = (gateway_ref)to_u64(w->list[1]);
    } else if (str_is(first, "tick") || str_is(first, "wait")) {
        t->now_ms += to_u64(w->list[1]);
        ev->type = ROOM_EV_TICK;
    } else {
        parse_user_command(t, ev, w);
    }
    fill_common(t, ev);
    return !str_is(first, "wait");
}

/* ---- running ---- */

static void step(struct trace *t, const struct room_event *ev, struct buf *out)
{
    room_effects_reset(&t->fx);
    assert_int_equal(room_step(t->room, ev, &t->fx), 0);
    room_check(t->room);
    for (uint32_t i = 0; i < t->fx.n; i++) {
        trace_put_effect(t, out, &t->fx.list[i]);
        assert_true(t->fx.list[i].type != FX_GONE || i + 1 == t->fx.n);
    }
    if (t->fx.n && t->fx.list[t->fx.n - 1].type == FX_GONE) {
        assert_false(room_exists(t->room));
        struct room *before = t->room;
        uint64_t until;
        if (t->other) /* what a transcript makes itself, it makes with what is shipped */
            t->service.defaults = t->shipped;
        t->room = room_new(STR("room@muc.example.org"), &t->service);
        struct str moved = room_moved_to(before, &until);
        room_set_moved(t->room, moved, until);
        room_destroy(&before);
    }
}

static struct str line_at(const char **at)
{
    const char *end = strchr(*at, '\n');
    size_t n = end ? (size_t)(end - *at) : strlen(*at);
    struct str line = {*at, n};
    *at += n + (end != NULL);
    return line;
}

static void run_command(struct trace *t, struct str line, struct buf *out)
{
    struct words w;
    split(t, line, &w);
    bool held = str_is(w.list[0], "held");
    if (held) {
        memmove(w.list, w.list + 1, (w.n - 1) * sizeof *w.list);
        w.n--;
    }
    struct room_event ev;
    if (!parse_command(t, &ev, &w))
        return;
    assert_int_equal(room_accepts(t->room, &ev), !held);
    if (!held) {
        step(t, &ev, out);
        return;
    }
    room_effects_reset(&t->fx);
    assert_int_equal(room_step(t->room, &ev, &t->fx), ERR_INVALID);
    assert_int_equal(t->fx.n, 0);
    room_check(t->room);
}

void trace_run(struct trace *t, const char *transcript)
{
    struct buf got, want;
    buf_init(&got);
    buf_init(&want);
    const char *at = transcript;
    while (*at) {
        struct str command = line_at(&at);
        if (!command.n || command.p[0] == '#')
            continue;
        assert_true(command.p[0] != ' ');
        buf_reset(&got);
        buf_reset(&want);
        arena_reset(&t->arena);
        run_command(t, command, &got);
        while (*at == ' ') {
            struct str line = line_at(&at);
            while (line.n && *line.p == ' ')
                line = (struct str){line.p + 1, line.n - 1};
            buf_str(&want, line);
            buf_c(&want, '\n');
        }
        if (!str_eq(buf_as_str(&got), buf_as_str(&want))) {
            print_error("after: %.*s\n--- expected\n%.*s--- got\n%.*s---\n", STR_FMT(command),
                        STR_FMT(buf_as_str(&want)), STR_FMT(buf_as_str(&got)));
            buf_deinit(&got);
            buf_deinit(&want);
            fail();
        }
    }
    buf_deinit(&got);
    buf_deinit(&want);
}

void trace_init(struct trace *t)
{
    memset(t, 0, sizeof *t);
    t->now_ms = 1700000000000;
    t->epoch = 7;
    t->service.defaults.public_room = true;
    t->service.defaults.allow_pm = PM_ANYONE;
    t->service.defaults.presence_broadcast =
        ROLE_BIT(ROLE_VISITOR) | ROLE_BIT(ROLE_PARTICIPANT) | ROLE_BIT(ROLE_MODERATOR);
    t->service.lock_new_rooms = true;
    t->service.history_default = 20;
    t->service.avatar_max = 1000;
    arena_init(&t->arena);
    room_effects_init(&t->fx);
    t->room = room_new(STR("room@muc.example.org"), &t->service);
}

void trace_deinit(struct trace *t)
{
    for (uint32_t i = 0; i < t->n_tickets; i++)
        mem_free((void *)(uintptr_t)t->tickets[i].p);
    room_destroy(&t->room);
    room_effects_deinit(&t->fx);
    arena_deinit(&t->arena);
}

void trace_once(const char *transcript)
{
    struct trace t;
    trace_init(&t);
    trace_run(&t, transcript);
    trace_deinit(&t);
}

static void put_words(struct buf *b, const char *var, const char *values)
{
    buf_printf(b, "%s=%s ", var, values);
}

static void make_other(struct trace *t)
{
    t->other = true;
    t->shipped = t->service.defaults;
    t->service.defaults = other_config(&t->shipped);
    room_destroy(&t->room);
    t->room = room_new(STR("room@muc.example.org"), &t->service);
}

void trace_room(struct trace *t, const char *fields)
{
    struct buf line, out;
    buf_init(&line);
    buf_init(&out);
    buf_z(&line, "romeo: submit ");
    if (other_defaults()) {
        make_other(t);
        put_config(&line, &t->shipped, fields, put_words);
        trace_run(t, "romeo: join Romeo\n"
                     "  persist create 1 by=romeo@example.org state locked "
                     "romeo@example.org=owner\n"
                     "ok\n"
                     "  join Romeo(romeo@example.org/r owner/moderator) self=201,100,170\n"
                     "  subject to=romeo\n");
    } else {
        trace_run(t, "romeo: join Romeo\n"
                     "  persist create 1 by=romeo@example.org state locked "
                     "romeo@example.org=owner\n"
                     "ok\n"
                     "  join Romeo(romeo@example.org/r owner/moderator) self=201\n"
                     "  subject to=romeo\n");
    }
    buf_z(&line, fields);
    run_command(t, buf_as_str(&line), &out);
    run_command(t, STR("ok"), &out);
    buf_deinit(&line);
    buf_deinit(&out);
}

void trace_in(const char *fields, const char *transcript)
{
    struct trace t;
    trace_init(&t);
    trace_room(&t, fields);
    trace_run(&t, transcript);
    trace_deinit(&t);
}
