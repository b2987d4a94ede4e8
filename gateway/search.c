/* search.c: see search.h. */
#include "gateway/search.h"
#include "gateway/render.h"
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

void search_put_form(struct buf *out)
{
    buf_z(out, "<search xmlns='" NS_SEARCH "'><x xmlns='" NS_DATA "' type='form'>");
    render_field(out, "hidden", "FORM_TYPE", NULL, STR(FORM));
    render_field_open(out, "text-single", "q", "Search for");
    buf_z(out, "</field>");
    render_field_open(out, "boolean", "all", "Return all rooms");
    buf_z(out, "</field>");
    render_field(out, "boolean", "sinname", "Search in names", STR("true"));
    render_field(out, "boolean", "sindescription", "Search in descriptions", STR("true"));
    render_field(out, "boolean", "sinaddr", "Search in addresses", STR("true"));
    render_field(out, "text-single", "min_users", "Minimum number of users", STR("0"));
    render_field_open(out, "list-multi", "types", "Service types");
    render_text(out, "value", STR("xep-0045"));
    render_option(out, STR("Multi-User Chat"), STR("xep-0045"));
    buf_z(out, "</field>");
    render_field_open(out, "list-single", "key", "Sort results by");
    render_text(out, "value", STR(BY_USERS));
    render_option(out, STR("Number of users"), STR(BY_USERS));
    render_option(out, STR("Address"), STR(BY_ADDRESS));
    buf_z(out, "</field>");
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
    if (value.n)
        render_text(out, element, value);
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
