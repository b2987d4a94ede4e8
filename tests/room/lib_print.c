/* lib_print.c: effects as lines of a transcript. */
#include "room/lib_trace.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *tag_of(const struct trace *t, gateway_ref gw, uint64_t sid)
{
    for (uint32_t i = 0; i < t->n_users; i++) {
        if (t->users[i].sid == sid && (t->users[i].gw == gw || !gw))
            return t->users[i].tag;
    }
    return "nobody";
}

static void put_value(struct buf *b, struct str s)
{
    bool quote = !s.n || memchr(s.p, ' ', s.n);
    if (quote)
        buf_c(b, '\'');
    buf_str(b, s);
    if (quote)
        buf_c(b, '\'');
}

static void put_opt(struct buf *b, const char *key, struct str s)
{
    if (!s.n)
        return;
    buf_printf(b, " %s=", key);
    put_value(b, s);
}

static void put_codes(struct buf *b, const char *key, const uint16_t *codes, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++)
        buf_printf(b, "%s%u", i ? "," : key, codes[i]);
}

static void put_record(struct buf *b, const struct room_record *r)
{
    buf_c(b, ' ');
    buf_str(b, r->nick);
    buf_c(b, '(');
    buf_str(b, r->jid);
    buf_printf(b, "%s%s/%s", r->jid.n ? " " : "", affiliation_name(r->affiliation),
               role_name(r->role));
    for (uint32_t i = 0; i < r->n_hats; i++)
        buf_printf(b, " +%.*s", STR_FMT(r->hats[i].title));
    if (r->presence.n) {
        buf_z(b, " ");
        put_value(b, r->presence);
    }
    buf_c(b, ')');
}

/* The numbers of the versions, where the transcript wants to see them. */
static void put_version(struct buf *b, const char *key, struct str s)
{
    if (!s.n)
        return;
    const char *dot = memchr(s.p, '.', s.n);
    assert_non_null(dot);
    assert_int_equal(dot - s.p, 16);
    put_opt(b, key, (struct str){dot + 1, (size_t)(s.p + s.n - dot - 1)});
}

static void trace_put_versions(struct trace *t, struct buf *b, struct str since, struct str until)
{
    if (!t->show_versions)
        return;
    put_version(b, "since", since);
    put_version(b, "until", until);
}

static void put_presence(struct trace *t, struct buf *b, const struct fx *f)
{
    static const char *const kinds[] = {"join", "resync", "update", "nick", "leave", "show"};
    buf_z(b, kinds[f->presence.kind]);
    if (f->presence.kind == FXP_SHOW)
        buf_printf(b, " to=%s", tag_of(t, t->fx.origin.gw, f->presence.to_sid));
    if (f->presence.absent)
        buf_z(b, " absent");
    if (f->presence.old_nick.n) {
        buf_c(b, ' ');
        buf_str(b, f->presence.old_nick);
        buf_z(b, " ->");
    }
    for (uint32_t i = 0; i < f->presence.n_records; i++) {
        const struct room_record *r = &f->presence.records[i];
        put_record(b, r);
        assert_true(r->keep_presence || r->presence.n || !r->presence.p || f->presence.absent);
        assert_int_equal(r->occupant_id.n, r->nick.n ? 32 : 0);
    }
    put_codes(b, " ", f->presence.statuses, f->presence.n_statuses);
    put_codes(b, " self=", f->presence.self_statuses, f->presence.n_self_statuses);
    if (f->presence.has_actor) {
        buf_z(b, " actor=");
        buf_str(b, f->presence.actor_nick);
        buf_c(b, ',');
        buf_str(b, f->presence.actor_jid);
    }
    if (f->presence.has_reason) {
        buf_z(b, " reason=");
        put_value(b, f->presence.reason);
    }
    put_opt(b, "payload", f->presence.payload);
    put_opt(b, "kicked", f->presence.kick_condition);
    put_opt(b, "text", f->presence.kick_text);
    trace_put_versions(t, b, f->presence.mav_since, f->presence.mav_until);
}

static void put_retraction(struct buf *b, const struct room_message *m)
{
    const struct room_retraction *by = &m->by;
    buf_printf(b, "%s by=%.*s", m->gone ? " gone" : "", STR_FMT(by->id));
    assert_true(by->stamp_ms > 0);
    assert_int_equal(by->moderated, by->occupant_id.n == 32);
    put_opt(b, "moderator", by->nick);
    if (by->has_reason)
        put_opt(b, "reason", by->reason);
}

static void put_message(struct buf *b, const struct room_message *m)
{
    static const char *const types[] = {"normal", "chat", "groupchat", "headline"};
    buf_c(b, ' ');
    buf_str(b, m->nick);
    buf_c(b, ' ');
    put_value(b, m->payload);
    if (m->type != 2)
        buf_printf(b, " %s", types[m->type]);
    if (m->name.s)
        buf_printf(b, " %u-%u", (unsigned)m->name.e, (unsigned)m->name.s);
    put_opt(b, "id", m->id);
    if (m->retracts.s)
        buf_printf(b, " retracts=%u-%u", (unsigned)m->retracts.e, (unsigned)m->retracts.s);
    if (m->gone || m->by.moderated)
        put_retraction(b, m);
    /* the room itself speaks only of what a moderator did */
    assert_int_equal(m->occupant_id.n, m->nick.n ? 32 : 0);
    assert_true(m->nick.n || m->by.moderated);
}

static void put_affiliation(struct buf *b, const struct room_affiliation *a)
{
    buf_c(b, ' ');
    buf_str(b, a->jid);
    buf_printf(b, "=%s", affiliation_name(a->affiliation));
    put_opt(b, "nick", a->nick);
    put_opt(b, "reason", a->reason);
    if (a->n_hats)
        buf_printf(b, " hats=");
    for (uint32_t i = 0; i < a->n_hats; i++)
        buf_printf(b, "%s%u", i ? "," : "", a->hats[i]);
    if (a->expired)
        buf_z(b, " expired");
}

static void put_persist(struct trace *t, struct buf *b, const struct fx *f)
{
    static const char *const kinds[] = {"message", "subject", "moderate", "affiliations",
                                        "config",  "create",  "destroy"};
    buf_printf(b, "persist %s %u", kinds[f->persist.kind], (unsigned)f->persist.name.s);
    assert_int_equal(f->persist.name.e, 0);
    put_opt(b, "by", f->persist.by);
    if (f->persist.kind == FXS_MESSAGE || f->persist.kind == FXS_MODERATE) {
        put_message(b, &f->persist.m);
        assert_int_equal(f->persist.m.stamp_ms, t->now_ms);
        if (f->persist.in_history)
            buf_z(b, " history");
    }
    if (f->persist.in_archive)
        buf_z(b, " archive");
    if (f->persist.kind == FXS_SUBJECT)
        put_opt(b, "subject", f->persist.subject);
    if (f->persist.state_changed) {
        buf_printf(b, " state%s", f->persist.state.locked ? " locked" : "");
        assert_int_equal(f->persist.state.last.s, f->persist.name.s);
    }
    if (f->persist.moved_to.n) {
        put_opt(b, "moved", f->persist.moved_to);
        assert_int_equal(f->persist.moved_until_ms, t->now_ms + t->service.tombstone_ms);
    }
    if (f->persist.vcard_changed) {
        buf_z(b, " vcard=");
        put_value(b, f->persist.vcard);
        put_opt(b, "hash", f->persist.state.avatar_hash);
    }
    for (uint32_t i = 0; i < f->persist.state.n_hats; i++)
        buf_printf(b, " %u:%.*s", f->persist.state.hats[i].id,
                   STR_FMT(f->persist.state.hats[i].title));
    for (uint32_t i = 0; i < f->persist.n_changes; i++)
        put_affiliation(b, &f->persist.changes[i]);
}

static void put_list(struct buf *b, const char *key, const struct str *list, uint32_t n)
{
    if (n)
        buf_printf(b, " %s=", key);
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_c(b, ',');
        buf_str(b, list[i]);
    }
}

static void put_config(struct buf *b, const struct fx *f)
{
    const struct room_config *c = &f->reply.config;
    put_opt(b, "name", c->name);
    put_opt(b, "desc", c->description);
    put_opt(b, "lang", c->lang);
    put_opt(b, "secret", c->secret);
    const struct {
        const char *name;
        bool set;
    } flags[] = {
        {"persistent", c->persistent},  {"public", c->public_room},
        {"members", c->members_only},   {"moderated", c->moderated},
        {"subject", c->change_subject}, {"logging", c->logging},
        {"invites", c->allow_invites},  {"anyone", c->whois_anyone},
        {"hide", c->hide_occupants},    {"no-registration", c->no_registration},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (flags[i].set)
            buf_printf(b, " %s", flags[i].name);
    }
    if (c->has_max_history)
        buf_printf(b, " history=%u", c->max_history);
    buf_printf(b, " pm=%d max=%u broadcast=%x list=%x", c->allow_pm, c->max_users,
               c->presence_broadcast, c->get_member_list);
    if (c->slow_mode_s)
        buf_printf(b, " slow=%u", c->slow_mode_s);
    put_list(b, "admins", f->reply.admins, f->reply.n_admins);
    put_list(b, "owners", f->reply.owners, f->reply.n_owners);
}

static void put_reply(struct trace *t, struct buf *b, const struct fx *f)
{
    static const char *const kinds[] = {
        "error",    "result",     "items", "config",  "register", "info",         "disco",
        "own-nick", "not-inside", "vcard", "command", "commands", "command-info", "archive-form"};
    static const char *const stanzas[] = {"", " message", " presence"};
    buf_printf(b, "reply %s%s %s", tag_of(t, t->fx.origin.gw, t->fx.origin.sid),
               stanzas[f->reply.stanza], kinds[f->reply.kind]);
    switch (f->reply.kind) {
    case FXR_ERROR:
        buf_printf(b, " %s/%s", stanza_error_condition(f->reply.error),
                   stanza_error_type(f->reply.error));
        put_opt(b, "text", f->reply.text);
        put_opt(b, "moved", f->reply.moved_to);
        break;
    case FXR_ITEMS:
        for (uint32_t i = 0; i < f->reply.n_items; i++) {
            const struct fx_list_item *it = &f->reply.items[i];
            buf_printf(b, "%s", i ? ";" : "");
            if (it->affiliation)
                buf_printf(b, " %s", affiliation_name(it->affiliation));
            if (it->role)
                buf_printf(b, " %s", role_name(it->role));
            put_opt(b, "jid", it->jid);
            put_opt(b, "nick", it->nick);
            put_opt(b, "reason", it->reason);
        }
        break;
    case FXR_CONFIG:
        put_config(b, f);
        break;
    case FXR_REGISTER:
        buf_z(b, f->reply.registered ? " registered" : " form");
        put_opt(b, "nick", f->reply.nick);
        break;
    case FXR_DISCO_INFO:
        put_opt(b, "name", f->reply.config.name);
        buf_printf(b, " occupants=%u", f->reply.n_occupants);
        put_opt(b, "subject", f->reply.subject);
        put_list(b, "contacts", f->reply.contacts, f->reply.n_contacts);
        put_opt(b, "logs", f->reply.logs);
        if (f->reply.max_history != LIMIT_HISTORY)
            buf_printf(b, " history=%u", f->reply.max_history);
        if (f->reply.has_activity)
            buf_printf(b, " messages=%u", f->reply.n_messages);
        if (!f->reply.registered)
            buf_z(b, " no-registration");
        put_opt(b, "avatar", f->reply.avatar_hash);
        if (f->reply.hats_hash.n)
            buf_z(b, " hats");
        break;
    case FXR_COMMAND:
        buf_printf(b, " %s %s", strrchr(f->reply.commands[0].node, ':') + 1,
                   ((const char *const[]){"executing", "completed", "canceled"})[f->reply.status]);
        assert_true(f->reply.session.n > 0);
        for (uint32_t i = 0; f->reply.form && i < f->reply.form->n_fields; i++) {
            const struct fx_form_field *field = &f->reply.form->fields[i];
            buf_printf(b, " %s%s", field->var, field->required ? "!" : "");
            for (uint32_t k = 0; k < field->n_options; k++)
                buf_printf(b, "|%.*s", STR_FMT(field->options[k].value));
        }
        for (uint32_t i = 0; f->reply.form && i < f->reply.form->n_cells; i++) {
            buf_z(b, i % f->reply.form->n_fields ? " " : "; ");
            put_value(b, f->reply.form->cells[i]);
        }
        break;
    case FXR_COMMANDS:
    case FXR_COMMAND_INFO:
        for (uint32_t i = 0; i < f->reply.n_commands; i++)
            buf_printf(b, " %s", strrchr(f->reply.commands[i].node, ':') + 1);
        break;
    case FXR_VCARD:
        put_opt(b, "xml", f->reply.vcard);
        break;
    case FXR_DISCO_ITEMS:
        put_list(b, "nicks", f->reply.nicks, f->reply.n_nicks);
        if (f->reply.paged)
            buf_printf(b, " index=%u count=%u", f->reply.index, f->reply.n_occupants);
        break;
    case FXR_OWN_NICK:
        put_opt(b, "nick", f->reply.nick);
        break;
    case FXR_NOT_INSIDE:
        buf_printf(b, " %s", affiliation_name(f->reply.affiliation));
        break;
    case FXR_ARCHIVE_FIN:
    case FXR_ARCHIVE_METADATA:
        fail(); /* not the room's to say */
        break;
    case FXR_ARCHIVE_FORM:
    case FXR_EMPTY:
        break;
    }
    put_opt(b, "from", f->reply.from_nick);
    put_opt(b, "id", f->reply.id);
}

static void put_post(struct buf *b, const struct fx *f)
{
    buf_printf(b, "post %s", f->post.is_decline ? "decline" : "invite");
    put_opt(b, "to", f->post.to);
    put_opt(b, "from", f->post.from);
    put_opt(b, "id", f->post.id);
    put_opt(b, "reason", f->post.reason);
    if (f->post.has_continue) {
        buf_z(b, " continue=");
        put_value(b, f->post.thread);
    }
    if (f->post.has_password) {
        buf_z(b, " password=");
        put_value(b, f->post.password);
    }
    if (f->post.has_body) {
        buf_z(b, " body=");
        put_value(b, f->post.body);
    }
}

static void put_name(struct buf *b, const char *key, struct event_name name)
{
    if (name.s)
        buf_printf(b, " %s=%u-%u", key, (unsigned)name.e, (unsigned)name.s);
}

static void put_archive(struct trace *t, struct buf *b, const struct fx *f)
{
    const struct room_archive_query *q = &f->archive.query;
    buf_printf(b, "archive %s", tag_of(t, t->fx.origin.gw, t->fx.origin.sid));
    buf_printf(b, "%s%s%s%s", q->metadata ? " meta" : "", q->backward ? " back" : "",
               q->flip ? " flip" : "", q->jids ? " jids" : "");
    put_name(b, "born", q->born);
    put_name(b, "last", q->last);
    if (q->since_ms)
        buf_printf(b, " since=%llu", (unsigned long long)q->since_ms);
    put_opt(b, "jid", q->with_jid);
    put_opt(b, "nick", q->with_nick);
    if (q->start_ms >= 0)
        buf_printf(b, " start=%lld", (long long)q->start_ms);
    if (q->end_ms >= 0)
        buf_printf(b, " end=%lld", (long long)q->end_ms);
    if (q->max >= 0)
        buf_printf(b, " max=%lld", (long long)q->max);
    put_name(b, "afterid", q->after_id);
    put_name(b, "beforeid", q->before_id);
    put_name(b, "after", q->after);
    put_name(b, "before", q->before);
    for (uint32_t i = 0; i < q->n_ids; i++)
        put_name(b, "ids", q->ids[i]);
    put_opt(b, "query", q->query_id);
    put_opt(b, "id", f->archive.id);
}

/* Tickets are numbered as they come; the same one has the same number. */
static uint32_t ticket_number(struct trace *t, struct str ticket)
{
    for (uint32_t i = 0; i < t->n_tickets; i++) {
        if (str_eq(t->tickets[i], ticket))
            return i + 1;
    }
    assert_true(t->n_tickets < sizeof t->tickets / sizeof *t->tickets);
    t->tickets[t->n_tickets++] = (struct str){mem_dup(ticket.p, ticket.n), ticket.n};
    return t->n_tickets;
}

static void put_relay(struct trace *t, struct buf *b, const struct fx *f)
{
    static const char *const types[] = {"get", "set", "result", "error"};
    buf_printf(b, "relay %s %s", tag_of(t, f->relay.gw, f->relay.to_sid), types[f->relay.type]);
    if (f->relay.to_account)
        buf_z(b, " account");
    put_opt(b, "from", f->relay.from_nick);
    if (f->relay.type == FXL_GET || f->relay.type == FXL_SET)
        buf_printf(b, " ticket=%u", ticket_number(t, f->relay.id));
    else
        put_opt(b, "id", f->relay.id);
    put_opt(b, "payload", f->relay.payload);
}

void trace_put_effect(struct trace *t, struct buf *b, const struct fx *f)
{
    switch (f->type) {
    case FX_PRESENCE:
        put_presence(t, b, f);
        break;
    case FX_MESSAGE:
        buf_z(b, "message");
        put_message(b, &f->message.m);
        assert_int_equal(f->message.m.stamp_ms, 0);
        break;
    case FX_PRIVATE:
        buf_z(b, "private");
        put_message(b, &f->message.m);
        put_opt(b, "to", f->message.to_nick);
        break;
    case FX_HISTORY:
        buf_printf(b, "history to=%s", tag_of(t, t->fx.origin.gw, f->history.to_sid));
        if (f->history.max_chars >= 0)
            buf_printf(b, " chars=%d", (int)f->history.max_chars);
        for (uint32_t i = 0; i < f->history.n; i++) {
            put_message(b, &f->history.messages[i]);
            assert_true(f->history.messages[i].stamp_ms > 0);
        }
        break;
    case FX_SUBJECT:
        buf_printf(b, "subject to=%s", tag_of(t, t->fx.origin.gw, f->subject.to_sid));
        put_opt(b, "text", f->subject.text);
        put_opt(b, "from", f->subject.nick);
        if (f->subject.stamp_ms)
            buf_z(b, " delay");
        assert_true(!f->subject.nick.n || f->subject.occupant_id.n == 32);
        break;
    case FX_NOTICE:
        buf_printf(b, "notice %s", f->notice.moderators_only ? "moderators" : "all");
        if (f->notice.status)
            buf_printf(b, " %u", f->notice.status);
        buf_printf(b, " %.*s=%s", STR_FMT(f->notice.jid), affiliation_name(f->notice.affiliation));
        if (f->notice.has_reason)
            put_opt(b, "reason", f->notice.reason);
        trace_put_versions(t, b, f->notice.mav_since, f->notice.mav_until);
        break;
    case FX_AVATAR:
        buf_printf(b, "avatar %s",
                   f->avatar.to_sid ? tag_of(t, t->fx.origin.gw, f->avatar.to_sid) : "all");
        put_opt(b, "hash", f->avatar.hash);
        break;
    case FX_MAV:
        buf_printf(b, "delta to=%s", tag_of(t, t->fx.origin.gw, f->mav.to_sid));
        put_version(b, "since", f->mav.since);
        put_version(b, "until", f->mav.until);
        for (uint32_t i = 0; i < f->mav.n; i++)
            buf_printf(b, " %.*s=%s", STR_FMT(f->mav.items[i].jid),
                       affiliation_name(f->mav.items[i].affiliation));
        t->version = (struct str){t->version_bytes, f->mav.until.n};
        memcpy(t->version_bytes, f->mav.until.p, f->mav.until.n);
        break;
    case FX_STATUS:
        buf_z(b, "status");
        put_codes(b, " ", f->status.codes, f->status.n);
        break;
    case FX_FACTS:
        buf_printf(b, "facts %s broadcast=%x%s", f->facts.non_anonymous ? "anyone" : "moderators",
                   f->facts.presence_broadcast, f->facts.overcrowded ? " overcrowded" : "");
        break;
    case FX_REPLY:
        put_reply(t, b, f);
        break;
    case FX_ARCHIVE:
        put_archive(t, b, f);
        break;
    case FX_PAGE:
        fail(); /* not the room's to say */
        break;
    case FX_POST:
        put_post(b, f);
        break;
    case FX_RELAY:
        put_relay(t, b, f);
        break;
    case FX_VOICE:
        buf_z(b, "voice");
        put_opt(b, "nick", f->voice.nick);
        put_opt(b, "jid", f->voice.jid);
        break;
    case FX_DESTROYED:
        buf_z(b, "destroyed");
        put_opt(b, "alternate", f->destroyed.alternate);
        if (f->destroyed.has_reason) {
            buf_z(b, " reason=");
            put_value(b, f->destroyed.reason);
        }
        if (f->destroyed.has_password)
            put_opt(b, "password", f->destroyed.password);
        break;
    case FX_PERSIST:
        put_persist(t, b, f);
        break;
    case FX_GONE:
        buf_z(b, "gone");
        break;
    }
    buf_c(b, '\n');
}
