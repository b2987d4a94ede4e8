/* render_command.c: ad-hoc commands and their forms (XEP-0050, XEP-0004). */
#include "gateway/render.h"
#include "proto/wire.h"

static void field(struct buf *out, const Verona__FormField *f)
{
    buf_z(out, "<field");
    if (f->type.len)
        render_attr(out, "type", wire_str(f->type));
    render_attr(out, "var", wire_str(f->var));
    if (f->label.len)
        render_attr(out, "label", wire_str(f->label));
    buf_c(out, '>');
    if (f->required)
        buf_z(out, "<required/>");
    if (f->value.len)
        render_text(out, "value", wire_str(f->value));
    for (size_t i = 0; i < f->n_options; i++)
        render_option(out, wire_str(f->options[i]->label), wire_str(f->options[i]->value));
    buf_z(out, "</field>");
}

static void rows(struct buf *out, const Verona__DataForm *f)
{
    buf_z(out, "<reported>");
    for (size_t i = 0; i < f->n_fields; i++)
        field(out, f->fields[i]);
    buf_z(out, "</reported>");
    for (size_t at = 0; f->n_fields && at + f->n_fields <= f->n_cells; at += f->n_fields) {
        buf_z(out, "<item>");
        for (size_t i = 0; i < f->n_fields; i++) {
            buf_z(out, "<field");
            render_attr(out, "var", wire_str(f->fields[i]->var));
            buf_c(out, '>');
            render_text(out, "value", wire_str(f->cells[at + i]));
            buf_z(out, "</field>");
        }
        buf_z(out, "</item>");
    }
}

static void form(struct buf *out, const Verona__DataForm *f)
{
    buf_z(out, f->result ? "<x xmlns='" NS_DATA "' type='result'>"
                         : "<x xmlns='" NS_DATA "' type='form'>");
    if (f->title.len)
        render_text(out, "title", wire_str(f->title));
    if (f->instructions.len)
        render_text(out, "instructions", wire_str(f->instructions));
    render_field(out, "hidden", "FORM_TYPE", NULL, wire_str(f->form_type));
    if (f->result) {
        rows(out, f);
    } else {
        for (size_t i = 0; i < f->n_fields; i++)
            field(out, f->fields[i]);
    }
    buf_z(out, "</x>");
}

void render_command(struct buf *out, const Verona__CommandResult *c)
{
    buf_z(out, "<command xmlns='" NS_COMMANDS "'");
    render_attr(out, "node", wire_str(c->node));
    render_attr(out, "sessionid", wire_str(c->session));
    buf_z(out, c->status == VERONA__COMMAND_RESULT__STATUS__EXECUTING   ? " status='executing'>"
               : c->status == VERONA__COMMAND_RESULT__STATUS__COMPLETED ? " status='completed'>"
                                                                        : " status='canceled'>");
    if (c->status == VERONA__COMMAND_RESULT__STATUS__EXECUTING)
        buf_z(out, "<actions execute='complete'><complete/></actions>");
    if (c->form)
        form(out, c->form);
    buf_z(out, "</command>");
}

void render_commands(struct buf *out, struct str room, const Verona__CommandList *l)
{
    buf_z(out, "<query xmlns='" NS_DISCO_ITEMS "' node='" NS_COMMANDS "'>");
    for (size_t i = 0; i < l->n_items; i++) {
        buf_z(out, "<item");
        render_attr(out, "jid", room);
        render_attr(out, "node", wire_str(l->items[i]->node));
        render_attr(out, "name", wire_str(l->items[i]->name));
        buf_z(out, "/>");
    }
    buf_z(out, "</query>");
}

void render_command_info(struct buf *out, const Verona__CommandItem *c)
{
    buf_z(out, "<query xmlns='" NS_DISCO_INFO "'");
    render_attr(out, "node", wire_str(c->node));
    buf_z(out, "><identity category='automation' type='command-node'");
    render_attr(out, "name", wire_str(c->name));
    buf_z(out, "/><feature var='" NS_COMMANDS "'/><feature var='" NS_DATA "'/></query>");
}
