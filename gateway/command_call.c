/* command_call.c: what a command says in the end, and the values it was given. */
#include "base/jid.h"
#include "gateway/commands_priv.h"
#include "prep/jid_prep.h"

/* ---------------------------------------------------------------- answers */

static void put_command(struct buf *b, const struct call *call, const char *status)
{
    buf_z(b, "<command xmlns='" NS_COMMANDS "' node='");
    buf_xml(b, str_of(call->command->node));
    buf_printf(b, "' sessionid='%s' status='%s'>", call->session, status);
}

void call_finish(struct call *call, const char *status, struct str inside)
{
    struct buf b;
    buf_init(&b);
    put_command(&b, call, status);
    buf_str(&b, inside);
    buf_z(&b, "</command>");
    home_iq_result(&call->iq, buf_as_str(&b));
    buf_deinit(&b);
    arena_deinit(&call->arena);
    mem_free(call);
}

void call_done(struct call *call, struct str inside)
{
    call_finish(call, "completed", inside);
}

void call_put_note(struct buf *out, const char *type, struct str text)
{
    buf_printf(out, "<note type='%s'>", type);
    buf_xml(out, text);
    buf_z(out, "</note>");
}

void call_note(struct call *call, const char *type, struct str text)
{
    struct buf b;
    buf_init(&b);
    call_put_note(&b, type, text);
    call_done(call, buf_as_str(&b));
    buf_deinit(&b);
}

const char *call_reason(int condition)
{
    static const struct {
        enum stanza_error condition;
        const char *text;
    } reasons[] = {
        {SE_ITEM_NOT_FOUND, "it is not there"},
        {SE_CONFLICT, "it conflicts with what is there"},
        {SE_FORBIDDEN, "forbidden"},
        {SE_REMOTE_TIMEOUT_WAIT, "no answer came in time; it may have been done"},
        {SE_RESOURCE_CONSTRAINT, "it cannot be done now"},
        {SE_SERVICE_UNAVAILABLE_WAIT, "it cannot be done now"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if ((int)reasons[i].condition == condition)
            return reasons[i].text;
    }
    return stanza_error_condition((enum stanza_error)condition);
}

void call_items(struct call *call, const struct form_field *f)
{
    call->items = arena_alloc(&call->arena, f->n_values * sizeof *call->items);
    for (size_t i = 0; i < f->n_values; i++) {
        bool again = false;
        for (size_t k = 0; k < call->n_items; k++)
            again = again || str_eq(call->items[k].what, f->values[i]);
        if (!again)
            call->items[call->n_items++] = (struct call_item){call, f->values[i], NULL};
    }
    call->n_waiting = call->n_items;
}

/* Those that were done, or those that were not, as one note. false: there are none. */
static bool put_items(struct buf *out, const struct call *call, bool done, const char *line,
                      const char *type)
{
    struct buf text;
    bool any = false;
    buf_init(&text);
    buf_z(&text, line);
    for (size_t i = 0; i < call->n_items; i++) {
        const struct call_item *item = &call->items[i];
        if (done != (item->why == NULL))
            continue;
        any = true;
        buf_c(&text, '\n');
        buf_str(&text, item->what);
        if (item->why)
            buf_printf(&text, ": %s", item->why);
    }
    if (any)
        call_put_note(out, type, buf_as_str(&text));
    buf_deinit(&text);
    return any;
}

void call_item_over(struct call_item *item, const char *why, const char *done, const char *not_done)
{
    struct call *call = item->call;
    struct buf b;
    item->why = why;
    if (--call->n_waiting > 0)
        return;
    buf_init(&b);
    bool some = put_items(&b, call, true, done, "info");
    put_items(&b, call, false, not_done, some ? "warn" : "error");
    call_done(call, buf_as_str(&b));
    buf_deinit(&b);
}

/* ---------------------------------------------------------------- values */

enum { SHOWN = 100 }; /* bytes of a wrong value that its refusal repeats */

/* Its beginning, of whole characters. */
static const char *complain(struct call *call, struct str raw, const char *what)
{
    struct buf b;
    size_t n = raw.n < SHOWN ? raw.n : SHOWN;
    while (n < raw.n && n > 0 && ((unsigned char)raw.p[n] & 0xc0) == 0x80)
        n--;
    buf_init(&b);
    buf_c(&b, '"');
    buf_put(&b, raw.p, n);
    buf_printf(&b, "\" is not %s", what);
    const char *text = arena_str(&call->arena, buf_as_str(&b)).p;
    buf_deinit(&b);
    return text;
}

const char *call_room(struct call *call, struct str raw, struct str *room)
{
    struct jid parts;
    if (jid_prep(raw, &call->arena, room, &parts) != 0 || !parts.local.n || parts.resource.n ||
        !str_is(parts.domain, call->g->muc_domain))
        return complain(call, raw, "the address of a room here");
    return NULL;
}

const char *call_user(struct call *call, struct str raw, struct str *bare)
{
    struct jid parts;
    if (jid_prep(raw, &call->arena, bare, &parts) != 0 || !parts.local.n || parts.resource.n ||
        !str_is(parts.domain, call->g->domain))
        return complain(call, raw, "the address of a user here");
    return NULL;
}
