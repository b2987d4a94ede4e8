/* command_users.c: commands of the server: accounts, sessions, announcements (XEP-0133). */
#include "gateway/commands_priv.h"
#include "base/err.h"
#include "base/jid.h"
#include "base/limits.h"
#include "gateway/account_ops.h"
#include "prep/jid_prep.h"
#include "gateway/online.h"
#include "proto/muc.pb-c.h"

enum { TEXT_MAX = 16 * 1024, LIST_MAX = 1000 };

static const char admin_ns[] = NODE_ADMIN;

/* ---------------------------------------------------------------- what the forms have in common */

/* The fields of a form with one stage, by command. */
struct field {
    const char *type, *var, *label;
    bool required;
};

static void ask_fields(struct call *call, const char *instructions, const struct field *fields,
                       size_t n)
{
    struct buf b;
    buf_init(&b);
    form_open(&b, call->command->name, instructions, admin_ns);
    for (size_t i = 0; i < n; i++)
        form_put(&b, &call->form, fields[i].type, fields[i].var, fields[i].label,
                 fields[i].required);
    form_close(&b);
    call_form(call, buf_as_str(&b));
    buf_deinit(&b);
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *check_user(struct call *call)
{
    struct str bare;
    return call_user(call, form_value(&call->form, "accountjid"), &bare);
}

/* As check_user() found it. */
static struct str the_user(struct call *call)
{
    struct str bare = STR_NULL;
    (void)call_user(call, form_value(&call->form, "accountjid"), &bare);
    return bare;
}

static const char *check_password(struct call *call, const char *again)
{
    struct str raw = form_value(&call->form, "password"), prepared;
    if (!account_password_ok(raw, &call->arena, &prepared))
        return "the password is empty, too long or holds characters that SASLprep forbids";
    if (again && !str_eq(raw, form_value(&call->form, again)))
        return "the two passwords differ";
    return NULL;
}

static struct str the_password(struct call *call)
{
    struct str prepared = STR_NULL;
    (void)account_password_ok(form_value(&call->form, "password"), &call->arena, &prepared);
    return prepared;
}

static const char *account_reason(enum account_result r)
{
    switch (r) {
    case ACCOUNT_DONE:
        break;
    case ACCOUNT_EXISTS:
        return "it exists already";
    case ACCOUNT_NOTFOUND:
        return "there is no such account";
    case ACCOUNT_UNAVAILABLE:
        return "it cannot be done now";
    }
    return "";
}

static void on_account(void *ctx, enum account_result r)
{
    struct call *call = ctx;
    struct buf b;
    buf_init(&b);
    if (r)
        buf_printf(&b, "The account was not changed: %s", account_reason(r));
    else
        buf_z(&b, call->command == &command_add_user ? "The account was made"
                                                     : "The password was changed");
    call_note(call, r ? "error" : "info", buf_as_str(&b));
    buf_deinit(&b);
}

/* ---------------------------------------------------------------- add user */

static void add_ask(struct call *call, int stage)
{
    static const struct field fields[] = {
        {"jid-single", "accountjid", "Address", true},
        {"text-private", "password", "Password", true},
        {"text-private", "password-verify", "Password again", true},
    };
    (void)stage;
    ask_fields(call, "Make an account", fields, COUNT(fields));
}

static const char *add_check(struct call *call, int stage)
{
    struct str bare, named;
    (void)stage;
    const char *wrong = check_user(call);
    if (wrong)
        return wrong;
    bare = the_user(call);
    struct jid parts;
    if (jid_split(bare, &parts) != 0 ||
        !account_name_ok(call->g, parts.local, &call->arena, &named))
        return "the address holds characters that new accounts may not have";
    return check_password(call, "password-verify");
}

static void add_run(struct call *call)
{
    account_set(call->g, the_user(call), the_password(call), true, on_account, call);
}

const struct command command_add_user = {.node = NODE_ADMIN "#add-user",
                                         .name = "Add a user",
                                         .target = HOME_SERVER,
                                         .accounts = true,
                                         .stages = 1,
                                         .ask = add_ask,
                                         .check = add_check,
                                         .run = add_run};

/* ---------------------------------------------------------------- change a password */

static void password_ask(struct call *call, int stage)
{
    static const struct field fields[] = {
        {"jid-single", "accountjid", "Address", true},
        {"text-private", "password", "New password", true},
    };
    (void)stage;
    ask_fields(call, "Give an account another password", fields, COUNT(fields));
}

static const char *password_check(struct call *call, int stage)
{
    (void)stage;
    const char *wrong = check_user(call);
    return wrong ? wrong : check_password(call, NULL);
}

static void password_run(struct call *call)
{
    account_set(call->g, the_user(call), the_password(call), false, on_account, call);
}

const struct command command_change_password = {.node = NODE_ADMIN "#change-user-password",
                                                .name = "Change a user's password",
                                                .target = HOME_SERVER,
                                                .accounts = true,
                                                .stages = 1,
                                                .ask = password_ask,
                                                .check = password_check,
                                                .run = password_run};

/* ---------------------------------------------------------------- several addresses */

static const char *check_addresses(struct call *call, bool full_too)
{
    struct form_field *f = (struct form_field *)(uintptr_t)form_find(&call->form, "accountjids");
    const char *wrong = NULL;
    if (!f || !f->n_values)
        return "no user is named";
    if (f->n_values > LIMIT_ADMIN_ITEMS)
        return "too many users at once";
    for (size_t i = 0; i < f->n_values && !wrong; i++) {
        struct jid parts;
        struct str text;
        if (full_too && jid_prep(f->values[i], &call->arena, &text, &parts) == 0 && parts.local.n &&
            parts.resource.n && str_is(parts.domain, call->g->domain))
            f->values[i] = text;
        else
            wrong = call_user(call, f->values[i], &f->values[i]);
    }
    return wrong;
}

/* ---------------------------------------------------------------- delete users */

static void delete_ask(struct call *call, int stage)
{
    static const struct field fields[] = {{"jid-multi", "accountjids", "Addresses", true}};
    (void)stage;
    ask_fields(call, "Remove accounts; their sessions end", fields, COUNT(fields));
}

static const char *delete_check(struct call *call, int stage)
{
    (void)stage;
    return check_addresses(call, false);
}

static void on_deleted(void *ctx, enum account_result r)
{
    call_item_over(ctx, r ? account_reason(r) : NULL, "The following accounts were removed:",
                   "The following accounts were not removed:");
}

static void delete_run(struct call *call)
{
    call_items(call, form_find(&call->form, "accountjids"));
    struct call_item *items = call->items;
    for (size_t i = 0, n = call->n_items; i < n; i++)
        account_remove(call->g, items[i].what, on_deleted, &items[i]);
}

const struct command command_delete_user = {.node = NODE_ADMIN "#delete-user",
                                            .name = "Delete users",
                                            .target = HOME_SERVER,
                                            .accounts = true,
                                            .stages = 1,
                                            .ask = delete_ask,
                                            .check = delete_check,
                                            .run = delete_run};

/* ---------------------------------------------------------------- end sessions */

static void end_ask(struct call *call, int stage)
{
    static const struct field fields[] = {
        {"jid-multi", "accountjids", "Addresses: with a resource that session, else all", true}};
    (void)stage;
    ask_fields(call, "End sessions of users", fields, COUNT(fields));
}

static const char *end_check(struct call *call, int stage)
{
    (void)stage;
    return check_addresses(call, true);
}

static void on_ended(void *ctx, const struct order_answer *a)
{
    call_item_over(ctx,
                   a->condition == SE_SERVICE_UNAVAILABLE ? "there is no such session"
                   : a->condition                         ? call_reason(a->condition)
                                                          : NULL,
                   "The sessions of the following were ended:",
                   "The following had no session that could be ended:");
}

static void end_run(struct call *call)
{
    call_items(call, form_find(&call->form, "accountjids"));
    struct call_item *items = call->items;
    for (size_t i = 0, n = call->n_items; i < n; i++)
        orders_route(call->g->orders, items[i].what, VERONA__ROUTE__KIND__END, STR("ended"),
                     on_ended, &items[i]);
}

const struct command command_end_session = {.node = NODE_ADMIN "#end-user-session",
                                            .name = "End sessions of users",
                                            .target = HOME_SERVER,
                                            .stages = 1,
                                            .ask = end_ask,
                                            .check = end_check,
                                            .run = end_run};

/* ---------------------------------------------------------------- announce */

static void announce_ask(struct call *call, int stage)
{
    static const struct field fields[] = {
        {"text-single", "subject", "Subject", false},
        {"text-multi", "announcement", "Announcement", true},
    };
    (void)stage;
    ask_fields(call, "A message to everybody who is online", fields, COUNT(fields));
}

static const char *announce_check(struct call *call, int stage)
{
    struct str text = form_text(&call->form, "announcement", &call->arena);
    (void)stage;
    if (!text.n)
        return "the announcement is empty";
    return text.n + form_value(&call->form, "subject").n > TEXT_MAX ? "the announcement is too long"
                                                                    : NULL;
}

static void on_announced(void *ctx, const struct order_answer *a)
{
    struct call *call = ctx;
    if (a->condition)
        call_note(call, "error", str_of(call_reason(a->condition)));
    else
        call_note(call, "info", STR("The announcement was sent"));
}

static void announce_run(struct call *call)
{
    struct str subject = form_value(&call->form, "subject");
    struct buf b;
    buf_init(&b);
    buf_z(&b, "<message from='");
    buf_xml(&b, str_of(call->g->domain));
    buf_z(&b, "' type='headline'>");
    if (subject.n) {
        buf_z(&b, "<subject>");
        buf_xml(&b, subject);
        buf_z(&b, "</subject>");
    }
    buf_z(&b, "<body>");
    buf_xml(&b, form_text(&call->form, "announcement", &call->arena));
    buf_z(&b, "</body></message>");
    orders_route(call->g->orders, str_of(call->g->domain), VERONA__ROUTE__KIND__ANNOUNCE,
                 buf_as_str(&b), on_announced, call);
    buf_deinit(&b);
}

const struct command command_announce = {.node = NODE_ADMIN "#announce",
                                         .name = "Announce to all who are online",
                                         .target = HOME_SERVER,
                                         .stages = 1,
                                         .ask = announce_ask,
                                         .check = announce_check,
                                         .run = announce_run};

/* ---------------------------------------------------------------- who is online */

static void put_result(struct buf *b)
{
    buf_z(b, "<x xmlns='" NS_DATA "' type='result'>"
             "<field type='hidden' var='FORM_TYPE'><value>" NODE_ADMIN "</value></field>");
}

static bool walked(struct call *call, int err)
{
    if (err)
        call_note(call, "error",
                  err == ERR_FULL ? STR("The same is being asked; try again")
                                  : STR("It cannot be asked now"));
    return err == 0;
}

static void on_count(void *ctx, int err, const struct online *o)
{
    struct call *call = ctx;
    struct buf b;
    if (!walked(call, err))
        return;
    buf_init(&b);
    put_result(&b);
    buf_printf(&b,
               "<field var='onlineusersnum' type='text-single' label='Users online'>"
               "<value>%llu</value></field>"
               "<field var='onlinesessionsnum' type='text-single' label='Their sessions'>"
               "<value>%llu</value></field></x>",
               (unsigned long long)o->users, (unsigned long long)o->sessions);
    call_done(call, buf_as_str(&b));
    buf_deinit(&b);
}

static void count_run(struct call *call)
{
    online_ask(call->g, 0, on_count, call);
}

const struct command command_online_count = {.node = NODE_ADMIN "#get-online-users-num",
                                             .name = "Number of users online",
                                             .target = HOME_SERVER,
                                             .run = count_run};

static void on_list(void *ctx, int err, const struct online *o)
{
    struct call *call = ctx;
    struct buf b, text;
    if (!walked(call, err))
        return;
    buf_init(&b);
    buf_init(&text);
    buf_printf(&text, "%llu of %llu sessions", (unsigned long long)o->n,
               (unsigned long long)o->sessions);
    call_put_note(&b, "info", buf_as_str(&text));
    put_result(&b);
    buf_z(&b, "<field var='onlineuserjids' type='jid-multi' label='Sessions of users online'>");
    for (size_t i = 0; i < o->n; i++) {
        buf_z(&b, "<value>");
        buf_xml(&b, o->jids[i]);
        buf_z(&b, "</value>");
    }
    buf_z(&b, "</field></x>");
    call_done(call, buf_as_str(&b));
    buf_deinit(&b);
    buf_deinit(&text);
}

static void list_run(struct call *call)
{
    online_ask(call->g, LIST_MAX, on_list, call);
}

const struct command command_online_list = {.node = NODE_ADMIN "#get-online-users-list",
                                            .name = "Users online",
                                            .target = HOME_SERVER,
                                            .run = list_run};
