/* command.c: XEP-0050 in a room. */
#include "shard/room/command.h"

static const struct command *find(struct str node)
{
    for (uint32_t i = 0; i < n_hat_commands; i++) {
        if (str_is(node, hat_commands[i].is.node))
            return &hat_commands[i];
    }
    return NULL;
}

struct str command_field(const struct step *st, const char *var)
{
    const struct room_event *ev = st->ev;
    for (uint32_t i = 0; i < ev->command.n; i++) {
        const struct room_field *f = &ev->command.fields[i];
        if (str_is(f->var, var))
            return f->n_values ? f->values[0] : STR_NULL;
    }
    return STR_NULL;
}

struct str command_session(struct step *st)
{
    char id[2 * sizeof st->ev->random];
    if (st->ev->command.session.n)
        return show_str(st, st->ev->command.session);
    hex_write(id, st->ev->random, sizeof st->ev->random);
    return show_str(st, (struct str){id, sizeof id});
}

static const struct fx_form *copy(struct step *st, const struct fx_form *form)
{
    struct arena *a = &st->fx->arena;
    struct fx_form *f = arena_alloc(a, sizeof *f);
    struct fx_form_field *fields = arena_alloc(a, form->n_fields * sizeof *fields);
    struct str *cells = arena_alloc(a, form->n_cells * sizeof *cells);
    *f = *form;
    for (uint32_t i = 0; i < form->n_fields; i++) {
        struct fx_form_option *options =
            arena_alloc(a, form->fields[i].n_options * sizeof *options);
        fields[i] = form->fields[i];
        fields[i].value = show_str(st, form->fields[i].value);
        for (uint32_t k = 0; k < form->fields[i].n_options; k++) {
            options[k].label = show_str(st, form->fields[i].options[k].label);
            options[k].value = show_str(st, form->fields[i].options[k].value);
        }
        fields[i].options = options;
    }
    for (uint32_t i = 0; i < form->n_cells; i++)
        cells[i] = show_str(st, form->cells[i]);
    f->fields = fields;
    f->cells = cells;
    return f;
}

void command_reply(struct step *st, const struct fx_command *c, struct str session,
                   enum fx_command_status status, const struct fx_form *form)
{
    const struct fx_form *kept = form ? copy(st, form) : NULL;
    struct fx *f = reply_add(st, FXR_COMMAND);
    f->reply.commands = c;
    f->reply.n_commands = 1;
    f->reply.session = show_str(st, session);
    f->reply.status = status;
    f->reply.form = kept;
}

/* R117 */
static void list(struct step *st)
{
    struct fx_command *all = arena_alloc(&st->fx->arena, n_hat_commands * sizeof *all);
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_hat_commands; i++) {
        if (hat_commands[i].may(st))
            all[n++] = hat_commands[i].is;
    }
    struct fx *f = reply_add(st, FXR_COMMANDS);
    f->reply.commands = all;
    f->reply.n_commands = n;
}

void command_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    if (ev->type == ROOM_EV_COMMAND_LIST) {
        list(st);
        return;
    }
    const struct command *c = find(ev->command.node);
    if (!c) {
        reply_error(st, SE_ITEM_NOT_FOUND);
    } else if (!c->may(st)) {
        reply_error(st, SE_FORBIDDEN);
    } else if (ev->type == ROOM_EV_COMMAND_INFO) {
        struct fx *f = reply_add(st, FXR_COMMAND_INFO);
        f->reply.commands = &c->is;
        f->reply.n_commands = 1;
    } else if (ev->command.cancel) {
        command_reply(st, &c->is, command_session(st), FXC_CANCELED, NULL);
    } else {
        c->run(st, c);
    }
}
