/* command_rooms.c: commands of the rooms' service. What is done to a room travels as a request to
 * its owner like any other (orders.h), marked as a command of the service (R130), and each room
 * answers for itself. */
#include "gateway/commands_priv.h"
#include "gateway/directory.h"
#include "gateway/home.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "prep/jid_prep.h"
#include "proto/wire.h"

#define ROOMCONFIG "muc#roomconfig_"
#define NODE_CREATE "create-room"
#define NODE_LIST "list-rooms"

/* ---------------------------------------------------------------- one order after the other */

/* A room that was asked something. */
struct errand {
    struct call *call;
    struct str room; /* in the call's arena */
};

static void send(struct call *call, struct str room, Verona__RoomEvent *ev, order_fn *fn)
{
    struct errand *e = arena_alloc(&call->arena, sizeof *e);
    *e = (struct errand){call, room};
    ev->room = wire_bytes(room);
    orders_room(call->g->orders, call->client, ev, fn, e);
}

/* ---------------------------------------------------------------- destroy (W75) */

static void put_rooms(struct call *call, int err, const struct directory_page *p)
{
    struct buf b;
    size_t n = err ? 0 : p->n;
    struct form_option *options = arena_alloc(&call->arena, n * sizeof *options);
    for (size_t i = 0; i < n; i++)
        options[i] = (struct form_option){p->rooms[i].room, p->rooms[i].room};
    buf_init(&b);
    form_open(&b, "Destroy rooms",
              n && p->total > n ? "Select rooms, or name any of the others that are not shown here"
                                : "Select the rooms to destroy",
              NODE_PROSODY "#destroy");
    form_put_options(&b, &call->form, "list-multi", "rooms", "Rooms to destroy", true, options, n);
    form_put(&b, &call->form, "text-single", "reason", "Reason, for those inside", false);
    form_close(&b);
    call_form(call, buf_as_str(&b));
    buf_deinit(&b);
}

static void on_rooms(void *ctx, int err, const struct directory_page *p)
{
    put_rooms(ctx, err, p);
}

static void destroy_ask(struct call *call, int stage)
{
    (void)stage;
    directory_all(call->g->redis, STR_NULL, LIMIT_PAGE, on_rooms, call);
}

static const char *destroy_check(struct call *call, int stage)
{
    const struct form_field *f = form_find(&call->form, "rooms");
    const char *wrong = NULL;
    (void)stage;
    if (!f || !f->n_values)
        return "no room is named";
    if (f->n_values > LIMIT_ADMIN_ITEMS)
        return "too many rooms at once";
    if (form_value(&call->form, "reason").n > LIMIT_REASON)
        return "the reason is too long";
    for (size_t i = 0; i < f->n_values && !wrong; i++)
        wrong = call_room(call, f->values[i], &f->values[i]);
    return wrong;
}

static void destroyed(void *ctx, const struct order_answer *a)
{
    bool missing = a->condition == SE_ITEM_NOT_FOUND || a->condition == SE_GONE;
    call_item_over(
        ctx,
        missing        ? "there is no such room"
        : a->condition ? call_reason(a->condition)
                       : NULL,
        "The following rooms were destroyed:", "The following rooms were not destroyed:");
}

static void destroy_run(struct call *call)
{
    struct str reason = form_value(&call->form, "reason");
    Verona__DestroyIn d = VERONA__DESTROY_IN__INIT;
    d.has_reason = reason.n > 0;
    d.reason = wire_bytes(reason);
    call_items(call, form_find(&call->form, "rooms"));
    struct call_item *items = call->items;
    for (size_t i = 0, n = call->n_items; i < n; i++) {
        Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
        ev.body_case = VERONA__ROOM_EVENT__BODY_DESTROY;
        ev.destroy = &d;
        ev.room = wire_bytes(items[i].what);
        orders_room(call->g->orders, call->client, &ev, destroyed, &items[i]);
    }
}

const struct command command_destroy_rooms = {.node = NODE_PROSODY "#destroy",
                                              .name = "Destroy rooms",
                                              .target = HOME_SERVICE,
                                              .stages = 1,
                                              .ask = destroy_ask,
                                              .check = destroy_check,
                                              .run = destroy_run};

/* ---------------------------------------------------------------- affiliations */

static void affiliation_ask(struct call *call, int stage)
{
    static const struct form_option options[] = {
        {{"owner", 5}, {"Owner", 5}},
        {{"admin", 5}, {"Admin", 5}},
        {{"member", 6}, {"Member", 6}},
        {{"none", 4}, {"None", 4}},
        {{"outcast", 7}, {"Outcast (banned)", 16}},
    };
    struct buf b;
    (void)stage;
    buf_init(&b);
    form_open(&b, "Set an affiliation", "What somebody is to a room from now on",
              NODE_PROSODY "#set-affiliation");
    form_put(&b, &call->form, "jid-single", "room", "Room", true);
    form_put(&b, &call->form, "jid-single", "jid", "Address of the user", true);
    form_put_options(&b, &call->form, "list-single", "affiliation", "Affiliation", true, options,
                     sizeof options / sizeof options[0]);
    form_put(&b, &call->form, "text-single", "reason", "Reason", false);
    form_close(&b);
    call_form(call, buf_as_str(&b));
    buf_deinit(&b);
}

static const char *affiliation_check(struct call *call, int stage)
{
    struct str room, jid;
    struct jid parts;
    enum affiliation a;
    (void)stage;
    const char *wrong = call_room(call, form_value(&call->form, "room"), &room);
    if (wrong)
        return wrong;
    if (jid_prep(form_value(&call->form, "jid"), &call->arena, &jid, &parts) != 0)
        return "the address of the user is none";
    if (!affiliation_parse(form_value(&call->form, "affiliation"), &a))
        return "the affiliation is none of owner, admin, member, none, outcast";
    if (form_value(&call->form, "reason").n > LIMIT_REASON)
        return "the reason is too long";
    return NULL;
}

static void affiliated(void *ctx, const struct order_answer *a)
{
    struct errand *e = ctx;
    if (!a->condition)
        call_note(e->call, "info", STR("The affiliation was set"));
    else if (a->condition == SE_ITEM_NOT_FOUND || a->condition == SE_GONE)
        call_note(e->call, "error", STR("There is no such room"));
    else if (a->condition == SE_CONFLICT)
        call_note(e->call, "error", STR("The room would be left without an owner"));
    else
        call_note(e->call, "error", str_of(call_reason(a->condition)));
}

static void affiliation_run(struct call *call)
{
    Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
    Verona__AdminIn in = VERONA__ADMIN_IN__INIT;
    Verona__AdminItem item = VERONA__ADMIN_ITEM__INIT, *items[] = {&item};
    struct str room, jid, reason = form_value(&call->form, "reason");
    struct jid parts;
    enum affiliation a = AFFIL_NONE;
    /* as check() found them */
    (void)call_room(call, form_value(&call->form, "room"), &room);
    if (jid_prep(form_value(&call->form, "jid"), &call->arena, &jid, &parts) != 0)
        jid = STR_NULL;
    (void)affiliation_parse(form_value(&call->form, "affiliation"), &a);
    item.affiliation = (Verona__Affiliation)a;
    item.jid = wire_bytes(jid);
    item.has_reason = reason.n > 0;
    item.reason = wire_bytes(reason);
    in.set = true;
    in.items = items;
    in.n_items = 1;
    ev.body_case = VERONA__ROOM_EVENT__BODY_ADMIN;
    ev.admin = &in;
    send(call, room, &ev, affiliated);
}

const struct command command_set_affiliation = {.node = NODE_PROSODY "#set-affiliation",
                                                .name = "Set an affiliation",
                                                .target = HOME_SERVICE,
                                                .stages = 1,
                                                .ask = affiliation_ask,
                                                .check = affiliation_check,
                                                .run = affiliation_run};

/* ---------------------------------------------------------------- create */

/* Fields of muc#roomconfig in the second form, for those who want more than a preset. */
static const struct {
    const char *type, *var, *label;
} more_fields[] = {
    {"text-single", ROOMCONFIG "roomname", "Name"},
    {"text-single", ROOMCONFIG "roomdesc", "Description"},
    {"text-private", ROOMCONFIG "roomsecret", "Password"},
    {"list-single", ROOMCONFIG "publicroom", "Listed"},
    {"list-single", ROOMCONFIG "membersonly", "For members only"},
    {"list-single", ROOMCONFIG "moderatedroom", "Moderated"},
};

static void create_ask(struct call *call, int stage)
{
    static const struct form_option yes_no[] = {{{"", 0}, {"As the kind of room has it", 26}},
                                                {{"1", 1}, {"Yes", 3}},
                                                {{"0", 1}, {"No", 2}}};
    struct buf b;
    buf_init(&b);
    if (stage == 0) {
        struct form_option presets[8] = {{STR_NULL, STR("As new rooms are here")}};
        uint32_t n = 1;
        for (const char *name; n < 8 && (name = room_preset_name(n - 1)); n++)
            presets[n] = (struct form_option){str_of(name), str_of(name)};
        form_open(&b, "Create a room", "It is there at once, open, and stays when nobody is inside",
                  NODE_CREATE);
        form_put(&b, &call->form, "jid-single", "room", "Address of the room", true);
        form_put_options(&b, &call->form, "list-single", "preset", "Kind of room", false, presets,
                         n);
        form_put(&b, &call->form, "jid-multi", ROOMCONFIG "roomowners", "Owners (none: you)",
                 false);
    } else {
        form_open(&b, "Create a room", "What is left empty is as the kind of room has it",
                  NODE_CREATE);
        for (size_t i = 0; i < sizeof more_fields / sizeof more_fields[0]; i++) {
            bool list = more_fields[i].type[0] == 'l';
            form_put_options(&b, &call->form, more_fields[i].type, more_fields[i].var,
                             more_fields[i].label, false, list ? yes_no : NULL, list ? 3 : 0);
        }
    }
    form_close(&b);
    call_form(call, buf_as_str(&b));
    buf_deinit(&b);
}

static bool is_people(struct str var)
{
    return str_is(var, ROOMCONFIG "roomowners") || str_is(var, ROOMCONFIG "roomadmins");
}

/* The bare JIDs of a list, prepared in place. */
static const char *people(struct call *call, struct form_field *f)
{
    for (size_t i = 0; i < f->n_values; i++) {
        struct jid parts;
        if (f->values[i].n && (jid_prep(f->values[i], &call->arena, &f->values[i], &parts) != 0 ||
                               !parts.local.n || parts.resource.n))
            return "an owner or admin has no address of a user";
    }
    return NULL;
}

static const char *create_check(struct call *call, int stage)
{
    struct str room, preset = form_value(&call->form, "preset");
    const char *wrong = call_room(call, form_value(&call->form, "room"), &room);
    bool known = preset.n == 0;
    (void)stage;
    for (uint32_t i = 0; room_preset_name(i); i++)
        known = known || str_is(preset, room_preset_name(i));
    if (!wrong && !known)
        wrong = "there is no such kind of room";
    for (size_t i = 0; i < call->form.n && !wrong; i++) {
        if (is_people(call->form.fields[i].var))
            wrong = people(call, &call->form.fields[i]);
    }
    return wrong;
}

static void created(void *ctx, const struct order_answer *a)
{
    struct errand *e = ctx;
    struct buf b;
    buf_init(&b);
    if (!a->condition) {
        buf_z(&b, "The room was created: ");
        buf_str(&b, e->room);
    } else {
        buf_printf(&b, "The room was not created: %s",
                   a->condition == SE_CONFLICT         ? "it exists already"
                   : a->condition == SE_NOT_ACCEPTABLE ? "a value of its configuration is none"
                                                       : call_reason(a->condition));
    }
    call_note(e->call, a->condition ? "error" : "info", buf_as_str(&b));
    buf_deinit(&b);
}

static void create_run(struct call *call)
{
    Verona__RoomEvent ev = VERONA__ROOM_EVENT__INIT;
    Verona__ProvideIn in = VERONA__PROVIDE_IN__INIT;
    struct str room;
    (void)call_room(call, form_value(&call->form, "room"), &room);
    in.preset = wire_bytes(form_value(&call->form, "preset"));
    in.fields = arena_alloc(&call->arena, call->form.n * sizeof *in.fields);
    for (size_t i = 0; i < call->form.n; i++) {
        const struct form_field *f = &call->form.fields[i];
        size_t prefix = sizeof ROOMCONFIG - 1;
        bool empty = f->n_values == 0 || (f->n_values == 1 && f->values[0].n == 0);
        if (empty || f->var.n <= prefix || memcmp(f->var.p, ROOMCONFIG, prefix) != 0)
            continue;
        Verona__Field *out = arena_alloc(&call->arena, sizeof *out);
        verona__field__init(out);
        out->var = wire_bytes(f->var);
        out->n_values = f->n_values;
        out->values = arena_alloc(&call->arena, f->n_values * sizeof *out->values);
        for (size_t v = 0; v < f->n_values; v++)
            out->values[v] = wire_bytes(f->values[v]);
        in.fields[in.n_fields++] = out;
    }
    ev.body_case = VERONA__ROOM_EVENT__BODY_PROVIDE;
    ev.provide = &in;
    send(call, room, &ev, created);
}

const struct command command_create_room = {.node = NODE_CREATE,
                                            .name = "Create a room",
                                            .target = HOME_SERVICE,
                                            .stages = 2,
                                            .ask = create_ask,
                                            .check = create_check,
                                            .run = create_run};

/* ---------------------------------------------------------------- list */

static void list_ask(struct call *call, int stage)
{
    struct buf b;
    (void)stage;
    buf_init(&b);
    form_open(&b, "List rooms", "All rooms, hidden ones too, in order of their addresses",
              NODE_LIST);
    form_put(&b, &call->form, "text-single", "max_items", "How many at most", false);
    form_put(&b, &call->form, "jid-single", "after", "Only those behind this one", false);
    form_close(&b);
    call_form(call, buf_as_str(&b));
    buf_deinit(&b);
}

/* LIMIT_PAGE if it is not given; 0 if it is no number. */
static uint32_t list_max(struct call *call)
{
    struct str s = form_value(&call->form, "max_items");
    uint64_t n = LIMIT_PAGE;
    if (s.n && !str_u64(s, UINT64_MAX, &n))
        return 0;
    return n > LIMIT_PAGE ? LIMIT_PAGE : (uint32_t)n;
}

static const char *list_check(struct call *call, int stage)
{
    struct str room, after = form_value(&call->form, "after");
    (void)stage;
    if (!list_max(call))
        return "the number of rooms is none";
    return after.n ? call_room(call, after, &room) : NULL;
}

static void put_field(struct buf *b, const char *var, struct str value)
{
    buf_printf(b, "<field var='%s'><value>", var);
    buf_xml(b, value);
    buf_z(b, "</value></field>");
}

static void on_list(void *ctx, int err, const struct directory_page *p)
{
    struct call *call = ctx;
    struct buf b, text;
    if (err) {
        call_note(call, "error", STR("It cannot be asked now"));
        return;
    }
    buf_init(&b);
    buf_init(&text);
    buf_printf(&text, "%llu of %llu rooms", (unsigned long long)p->n, (unsigned long long)p->total);
    call_put_note(&b, "info", buf_as_str(&text));
    buf_z(&b, "<x xmlns='" NS_DATA "' type='result'><title>Rooms</title><reported>"
              "<field var='jid' type='jid-single' label='Address'/>"
              "<field var='name' type='text-single' label='Name'/>"
              "<field var='occupants' type='text-single' label='Occupants of a listed room'/>"
              "</reported>");
    for (size_t i = 0; i < p->n; i++) {
        buf_reset(&text);
        buf_u64(&text, p->rooms[i].users);
        buf_z(&b, "<item>");
        put_field(&b, "jid", p->rooms[i].room);
        put_field(&b, "name", home_room_name(&p->rooms[i]));
        put_field(&b, "occupants", buf_as_str(&text));
        buf_z(&b, "</item>");
    }
    buf_z(&b, "</x>");
    call_done(call, buf_as_str(&b));
    buf_deinit(&b);
    buf_deinit(&text);
}

static void list_run(struct call *call)
{
    struct str after = form_value(&call->form, "after");
    if (after.n)
        (void)call_room(call, after, &after);
    directory_all(call->g->redis, after, list_max(call), on_list, call);
}

const struct command command_list_rooms = {.node = NODE_LIST,
                                           .name = "List rooms",
                                           .target = HOME_SERVICE,
                                           .stages = 1,
                                           .ask = list_ask,
                                           .check = list_check,
                                           .run = list_run};
