/* search.c: see search.h. */
#include "gateway/search.h"
#include "gateway/home_ns.h"
#include "base/jid.h"
#include "prep/jid_prep.h"
#include "proto/wire.h"

#define NS_0433 "urn:xmpp:channel-search:0"
#define NS_ERROR NS_0433 ":error"
#define FORM NS_0433 ":search-params"
#define BY_USERS "{" NS_0433 ":order}nusers"
#define BY_ADDRESS "{" NS_0433 ":order}address"

enum { TERM_MAX = 256, USERS_MAX = 999999999 };

/* ---------------------------------------------------------------- form */

static void field(struct buf *out, const char *type, const char *var, const char *label,
                  const char *value)
{
    buf_printf(out, "<field type='%s' var='%s'", type, var);
    if (label)
        buf_printf(out, " label='%s'", label);
    buf_z(out, ">");
    if (value)
        buf_printf(out, "<value>%s</value>", value);
}

static void option(struct buf *out, const char *label, const char *value)
{
    buf_printf(out, "<option label='%s'><value>%s</value></option>", label, value);
}

void search_put_form(struct buf *out)
{
    static const char end[] = "</field>";
    buf_z(out, "<search xmlns='" NS_SEARCH "'><x xmlns='" NS_DATA "' type='form'>");
    field(out, "hidden", "FORM_TYPE", NULL, FORM);
    buf_z(out, end);
    field(out, "text-single", "q", "Search for", NULL);
    buf_z(out, end);
    field(out, "boolean", "all", "Return all rooms", NULL);
    buf_z(out, end);
    field(out, "boolean", "sinname", "Search in names", "true");
    buf_z(out, end);
    field(out, "boolean", "sindescription", "Search in descriptions", "true");
    buf_z(out, end);
    field(out, "boolean", "sinaddr", "Search in addresses", "true");
    buf_z(out, end);
    field(out, "text-single", "min_users", "Minimum number of users", "0");
    buf_z(out, end);
    field(out, "list-multi", "types", "Service types", "xep-0045");
    option(out, "Multi-User Chat", "xep-0045");
    buf_z(out, end);
    field(out, "list-single", "key", "Sort results by", BY_USERS);
    option(out, "Number of users", BY_USERS);
    option(out, "Address", BY_ADDRESS);
    buf_z(out, end);
    buf_z(out, "</x></search>");
}

/* ---------------------------------------------------------------- what was submitted */

/* condition: of RFC 6120; app: of XEP-0433, as XML. */
static bool refuse(struct buf *error, const char *type, const char *condition, const char *text,
                   const char *app)
{
    buf_printf(error,
               "<error type='%s'><%s xmlns='" NS_STANZAS "'/><text xmlns='" NS_STANZAS
               "' xml:lang='en'>%s</text>%s</error>",
               type, condition, text, app);
    return false;
}

static bool is_true(struct str s)
{
    return str_is(s, "1") || str_is(s, "true");
}

/* Several words are several terms. false: none, too many, or too long. */
static bool read_terms(struct search_query *q, struct str text, struct arena *a)
{
    struct str rest = text_fold(text, a);
    while (rest.n) {
        struct str word = str_cut(&rest, ' ');
        if (q->n_terms == SEARCH_TERMS || word.n > TERM_MAX)
            return false;
        q->terms[q->n_terms++] = word;
    }
    return q->n_terms > 0;
}

struct answers {
    struct str q, key, min_users;
    bool has_q, has_all, all, form_type;
};

static void read_field(const struct xnode *f, struct arena *a, struct search_query *q,
                       struct answers *in)
{
    struct str var = xnode_attr(f, "var");
    struct str value = xnode_text(xnode_child(f, NS_DATA, "value"), a);
    if (str_is(var, "FORM_TYPE")) {
        in->form_type = str_is(value, FORM);
    } else if (str_is(var, "q")) {
        in->q = value;
        in->has_q = value.n > 0;
    } else if (str_is(var, "all")) {
        in->all = is_true(value);
    } else if (str_is(var, "sinname")) {
        q->in_name = is_true(value);
    } else if (str_is(var, "sindescription") || str_is(var, "sindesc")) {
        q->in_description = is_true(value);
    } else if (str_is(var, "sinaddr") || str_is(var, "sinaddress")) {
        q->in_address = is_true(value);
    } else if (str_is(var, "min_users")) {
        in->min_users = value;
    } else if (str_is(var, "key")) {
        in->key = value;
    } else if (str_is(var, "types")) {
        q->nothing = true;
        for (struct xnode *v = xnode_elem(f->first); v; v = xnode_elem(v->next))
            if (xnode_is(v, NS_DATA, "value") && str_is(xnode_text(v, a), "xep-0045"))
                q->nothing = false;
    }
}

bool search_read(const struct xnode *search, struct arena *a, struct search_query *q,
                 struct buf *error)
{
    const struct xnode *x = xnode_child(search, NS_DATA, "x");
    struct answers in = {.has_q = false};
    *q = (struct search_query){
        .in_name = true, .in_description = true, .in_address = true, .order = DIRECTORY_BY_USERS};
    if (!rsm_read(search, a, &q->page) || !str_is(xnode_attr(x, "type"), "submit"))
        return refuse(error, "modify", "bad-request", "No form, or no page", "");
    for (struct xnode *f = xnode_elem(x->first); f; f = xnode_elem(f->next))
        if (xnode_is(f, NS_DATA, "field"))
            read_field(f, a, q, &in);
    if (!in.form_type)
        return refuse(error, "modify", "bad-request", "The form has another FORM_TYPE", "");
    if (in.key.n && str_is(in.key, BY_ADDRESS))
        q->order = DIRECTORY_BY_ADDRESS;
    else if (in.key.n && !str_is(in.key, BY_USERS))
        return refuse(error, "modify", "feature-not-implemented", "Rooms are not sorted by that",
                      "<invalid-sort-key xmlns='" NS_ERROR "'/>");
    if (in.has_q && in.all)
        return refuse(error, "modify", "bad-request", "Either all rooms, or those with the words",
                      "<conflicting-fields xmlns='" NS_ERROR
                      "'><var>all</var><var>q</var></conflicting-fields>");
    if (!in.has_q && !in.all)
        return refuse(error, "modify", "bad-request", "Say what to search for, or all",
                      "<no-search-conditions xmlns='" NS_ERROR "'/>");
    if (in.min_users.n && !str_u32(in.min_users, USERS_MAX, &q->min_users))
        return refuse(error, "modify", "bad-request", "The minimum of users is no number", "");
    if (in.has_q &&
        (!(q->in_name || q->in_description || q->in_address) || !read_terms(q, in.q, a)))
        return refuse(error, "modify", "bad-request", "There is nothing to search for in that",
                      "<invalid-search-terms xmlns='" NS_ERROR "'/>");
    return true;
}

/* ---------------------------------------------------------------- rooms */

static bool has(struct str text, struct str term)
{
    return text.n >= term.n && memmem(text.p, text.n, term.p, term.n) != NULL;
}

bool search_fits(const struct search_query *q, const struct directory_room *r)
{
    struct arena a;
    bool fits = !q->nothing && r->users >= q->min_users;
    if (!fits || q->n_terms == 0)
        return fits;
    arena_init(&a);
    struct str name = q->in_name ? text_fold(wire_str(r->entry->name), &a) : STR_NULL;
    struct str description =
        q->in_description ? text_fold(wire_str(r->entry->description), &a) : STR_NULL;
    struct str address = q->in_address ? text_fold(r->room, &a) : STR_NULL;
    for (uint32_t i = 0; fits && i < q->n_terms; i++)
        fits = has(name, q->terms[i]) || has(description, q->terms[i]) || has(address, q->terms[i]);
    arena_deinit(&a);
    return fits;
}

static void text(struct buf *out, const char *element, struct str value)
{
    if (!value.n)
        return;
    buf_printf(out, "<%s>", element);
    buf_xml(out, value);
    buf_printf(out, "</%s>", element);
}

void search_put_item(struct buf *out, const struct directory_room *r)
{
    const Verona__DirectoryEntry *e = r->entry;
    struct jid parts;
    struct str name = wire_str(e->name);
    if (!name.n && jid_split(r->room, &parts) == 0)
        name = parts.local;
    buf_z(out, "<item address='");
    buf_xml(out, r->room);
    buf_z(out, "'>");
    text(out, "name", name);
    text(out, "description", wire_str(e->description));
    text(out, "language", wire_str(e->lang));
    buf_z(out, "<nusers>");
    buf_u64(out, r->users);
    buf_printf(out,
               "</nusers><service-type>xep-0045</service-type><is-open>%s</is-open>"
               "<anonymity-mode>%s</anonymity-mode></item>",
               e->members_only || e->password ? "false" : "true",
               e->whois_anyone ? "{" NS_0433 ":anonymity}none" : "muc_semianonymous");
}

void search_put_mark(struct buf *out, enum directory_order order, const struct directory_room *r)
{
    if (order == DIRECTORY_BY_USERS) {
        buf_u64(out, r->users);
        buf_c(out, ' ');
    }
    buf_str(out, r->room);
}
