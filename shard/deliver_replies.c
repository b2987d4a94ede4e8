/* deliver_replies.c: answers to requests -> verona.Reply. */
#include "base/limits.h"
#include "proto/wire.h"
#include "shard/deliver_pieces.h"

static void error_answer(Verona__Reply *r, enum stanza_error error, struct str text,
                         struct str moved_to, struct arena *a)
{
    Verona__StanzaError *e = arena_alloc(a, sizeof *e);
    verona__stanza_error__init(e);
    e->condition = (uint32_t)error;
    e->text = wire_bytes(text);
    e->moved_to = wire_bytes(moved_to);
    r->answer_case = VERONA__REPLY__ANSWER_ERROR;
    r->error = e;
}

static void items_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ItemList *list = arena_alloc(a, sizeof *list);
    verona__item_list__init(list);
    list->n_items = fx->reply.n_items;
    list->items = piece_list_items(fx->reply.items, fx->reply.n_items, a);
    r->answer_case = VERONA__REPLY__ANSWER_ITEMS;
    r->items = list;
}

static void config_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ConfigForm *c = arena_alloc(a, sizeof *c);
    verona__config_form__init(c);
    c->config = piece_config(&fx->reply.config, true, a);
    c->n_admins = fx->reply.n_admins;
    c->admins = piece_strings(fx->reply.admins, fx->reply.n_admins, a);
    c->n_owners = fx->reply.n_owners;
    c->owners = piece_strings(fx->reply.owners, fx->reply.n_owners, a);
    r->answer_case = VERONA__REPLY__ANSWER_CONFIG;
    r->config = c;
}

static void info_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__DiscoInfo *d = arena_alloc(a, sizeof *d);
    verona__disco_info__init(d);
    d->config = piece_config(&fx->reply.config, false, a);
    d->password = fx->reply.config.secret.n > 0;
    d->occupants = fx->reply.n_occupants;
    d->subject = wire_bytes(fx->reply.subject);
    d->n_contacts = fx->reply.n_contacts;
    d->contacts = piece_strings(fx->reply.contacts, fx->reply.n_contacts, a);
    d->logs = wire_bytes(fx->reply.logs);
    d->max_history = fx->reply.max_history;
    d->has_activity = fx->reply.has_activity;
    d->messages = fx->reply.n_messages;
    d->registration = fx->reply.registered;
    d->vcards = fx->reply.vcards;
    d->hats_hash = wire_bytes(fx->reply.hats_hash);
    d->avatar_hash = wire_bytes(fx->reply.avatar_hash);
    r->answer_case = VERONA__REPLY__ANSWER_DISCO_INFO;
    r->disco_info = d;
}

static void fin_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ArchiveFin *f = arena_alloc(a, sizeof *f);
    verona__archive_fin__init(f);
    f->complete = fx->reply.complete;
    f->first = piece_name(fx->reply.first, a);
    f->last = piece_name(fx->reply.last, a);
    f->has_count = fx->reply.has_count;
    f->count = fx->reply.count;
    r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FIN;
    r->archive_fin = f;
}

static void metadata_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__ArchiveMetadata *m = arena_alloc(a, sizeof *m);
    verona__archive_metadata__init(m);
    m->start = piece_name(fx->reply.first, a);
    m->start_ms = fx->reply.first_ms;
    m->end = piece_name(fx->reply.last, a);
    m->end_ms = fx->reply.last_ms;
    r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_METADATA;
    r->archive_metadata = m;
}

static ProtobufCBinaryData literal(const char *s)
{
    return wire_bytes(s ? str_of(s) : STR_NULL);
}

static Verona__CommandItem *command_item(const struct fx_command *in, struct arena *a)
{
    Verona__CommandItem *item = arena_alloc(a, sizeof *item);
    verona__command_item__init(item);
    item->node = literal(in->node);
    item->name = literal(in->name);
    return item;
}

static Verona__FormField *form_field(const struct fx_form_field *in, struct arena *a)
{
    Verona__FormField *f = arena_alloc(a, sizeof *f);
    verona__form_field__init(f);
    f->type = literal(in->type);
    f->var = literal(in->var);
    f->label = literal(in->label);
    f->required = in->required;
    f->value = wire_bytes(in->value);
    f->n_options = in->n_options;
    f->options = arena_alloc(a, in->n_options * sizeof *f->options);
    for (uint32_t i = 0; i < in->n_options; i++) {
        f->options[i] = arena_alloc(a, sizeof **f->options);
        verona__form_option__init(f->options[i]);
        f->options[i]->label = wire_bytes(in->options[i].label);
        f->options[i]->value = wire_bytes(in->options[i].value);
    }
    return f;
}

static Verona__DataForm *data_form(const struct fx_form *in, struct arena *a)
{
    Verona__DataForm *f = arena_alloc(a, sizeof *f);
    verona__data_form__init(f);
    f->result = in->result;
    f->title = literal(in->title);
    f->instructions = literal(in->instructions);
    f->form_type = literal(in->form_type);
    f->n_fields = in->n_fields;
    f->fields = arena_alloc(a, in->n_fields * sizeof *f->fields);
    for (uint32_t i = 0; i < in->n_fields; i++)
        f->fields[i] = form_field(&in->fields[i], a);
    f->n_cells = in->n_cells;
    f->cells = piece_strings(in->cells, in->n_cells, a);
    return f;
}

static void command_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__CommandResult *c = arena_alloc(a, sizeof *c);
    verona__command_result__init(c);
    c->node = literal(fx->reply.commands[0].node);
    c->session = wire_bytes(fx->reply.session);
    c->status = (Verona__CommandResult__Status)fx->reply.status;
    if (fx->reply.form)
        c->form = data_form(fx->reply.form, a);
    r->answer_case = VERONA__REPLY__ANSWER_COMMAND;
    r->command = c;
}

static void commands_answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    Verona__CommandList *l = arena_alloc(a, sizeof *l);
    verona__command_list__init(l);
    l->n_items = fx->reply.n_commands;
    l->items = arena_alloc(a, l->n_items * sizeof *l->items);
    for (size_t i = 0; i < l->n_items; i++)
        l->items[i] = command_item(&fx->reply.commands[i], a);
    r->answer_case = VERONA__REPLY__ANSWER_COMMANDS;
    r->commands = l;
}

static void answer(Verona__Reply *r, const struct fx *fx, struct arena *a)
{
    switch (fx->reply.kind) {
    case FXR_ERROR:
        error_answer(r, fx->reply.error, fx->reply.text, fx->reply.moved_to, a);
        return;
    case FXR_EMPTY:
        r->answer_case = VERONA__REPLY__ANSWER_EMPTY;
        r->empty = arena_alloc(a, sizeof *r->empty);
        verona__empty_result__init(r->empty);
        return;
    case FXR_ITEMS:
        items_answer(r, fx, a);
        return;
    case FXR_CONFIG:
        config_answer(r, fx, a);
        return;
    case FXR_REGISTER:
        r->answer_case = VERONA__REPLY__ANSWER_REGISTER_;
        r->register_ = arena_alloc(a, sizeof *r->register_);
        verona__register_form__init(r->register_);
        r->register_->registered = fx->reply.registered;
        r->register_->nick = wire_bytes(fx->reply.nick);
        return;
    case FXR_DISCO_INFO:
        info_answer(r, fx, a);
        return;
    case FXR_DISCO_ITEMS:
        r->answer_case = VERONA__REPLY__ANSWER_DISCO_ITEMS;
        r->disco_items = arena_alloc(a, sizeof *r->disco_items);
        verona__disco_items__init(r->disco_items);
        r->disco_items->n_nicks = fx->reply.n_nicks;
        r->disco_items->nicks = piece_strings(fx->reply.nicks, fx->reply.n_nicks, a);
        r->disco_items->paged = fx->reply.paged;
        r->disco_items->count = fx->reply.n_occupants;
        r->disco_items->index = fx->reply.index;
        return;
    case FXR_OWN_NICK:
        r->answer_case = VERONA__REPLY__ANSWER_OWN_NICK;
        r->own_nick = arena_alloc(a, sizeof *r->own_nick);
        verona__own_nick__init(r->own_nick);
        r->own_nick->nick = wire_bytes(fx->reply.nick);
        return;
    case FXR_ARCHIVE_FORM:
        r->answer_case = VERONA__REPLY__ANSWER_ARCHIVE_FORM;
        r->archive_form = arena_alloc(a, sizeof *r->archive_form);
        verona__empty_result__init(r->archive_form);
        return;
    case FXR_ARCHIVE_FIN:
        fin_answer(r, fx, a);
        return;
    case FXR_ARCHIVE_METADATA:
        metadata_answer(r, fx, a);
        return;
    case FXR_VCARD:
        r->answer_case = VERONA__REPLY__ANSWER_VCARD;
        r->vcard = arena_alloc(a, sizeof *r->vcard);
        verona__vcard__init(r->vcard);
        r->vcard->vcard = wire_bytes(fx->reply.vcard);
        return;
    case FXR_COMMAND:
        command_answer(r, fx, a);
        return;
    case FXR_COMMANDS:
        commands_answer(r, fx, a);
        return;
    case FXR_COMMAND_INFO:
        r->answer_case = VERONA__REPLY__ANSWER_COMMAND_INFO;
        r->command_info = command_item(&fx->reply.commands[0], a);
        return;
    case FXR_NOT_INSIDE:
        r->answer_case = VERONA__REPLY__ANSWER_NOT_INSIDE;
        r->not_inside = (Verona__Affiliation)fx->reply.affiliation;
        return;
    }
}

void part_reply(const struct deliver_step *step, const struct fx *fx, struct arena *a,
                struct parts *out)
{
    Verona__Part part = VERONA__PART__INIT;
    Verona__Reply r = VERONA__REPLY__INIT;
    r.to_sid = step->origin->sid;
    r.id = wire_bytes(fx->reply.id);
    r.from_nick = wire_bytes(fx->reply.from_nick);
    r.stanza = (Verona__RefuseIn__Stanza)fx->reply.stanza;
    answer(&r, fx, a);
    part.kind_case = VERONA__PART__KIND_REPLY;
    part.reply = &r;
    if (verona__part__get_packed_size(&part) > LIMIT_BUS_PART)
        error_answer(&r, SE_RESOURCE_CONSTRAINT, STR("The answer is too large"), STR_NULL, a);
    part_add(a, out, &part, PART_ORIGIN);
}
