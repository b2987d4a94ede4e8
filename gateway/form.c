/* form.c: see form.h. */
#include "gateway/form.h"
#include "gateway/render.h"
#include "base/err.h"
#include "base/limits.h"

#define EACH_ELEM(k, parent)                                                                       \
    for (struct xnode *k = xnode_elem((parent)->first); k; k = xnode_elem(k->next))

static size_t count(const struct xnode *parent, const char *name)
{
    size_t n = 0;
    EACH_ELEM(k, parent)
    n += xnode_is(k, NS_DATA, name);
    return n;
}

int form_read(const struct xnode *x, struct arena *a, struct form *out)
{
    size_t values = 0;
    *out = (struct form){NULL, 0};
    if (!xnode_is(x, NS_DATA, "x") || !str_is(xnode_attr(x, "type"), "submit"))
        return ERR_INVALID;
    size_t n = count(x, "field");
    if (n > LIMIT_FORM_FIELDS)
        return ERR_TOOBIG;
    out->fields = arena_alloc(a, n * sizeof *out->fields);
    EACH_ELEM(k, x)
    {
        if (!xnode_is(k, NS_DATA, "field") || xnode_attr(k, "var").n == 0)
            continue;
        struct form_field *f = &out->fields[out->n++];
        *f = (struct form_field){.var = xnode_attr(k, "var")};
        size_t most = count(k, "value");
        values += most;
        if (values > LIMIT_FORM_VALUES)
            return ERR_TOOBIG;
        f->values = arena_alloc(a, most * sizeof *f->values);
        EACH_ELEM(v, k)
        {
            if (xnode_is(v, NS_DATA, "value"))
                f->values[f->n_values++] = xnode_text(v, a);
        }
    }
    return 0;
}

static void copy(struct form_field *to, const struct form_field *from, struct arena *a)
{
    *to = (struct form_field){arena_str(a, from->var),
                              arena_alloc(a, from->n_values * sizeof *to->values), from->n_values};
    for (size_t i = 0; i < from->n_values; i++)
        to->values[i] = arena_str(a, from->values[i]);
}

static const struct form_field *find(const struct form *f, struct str var)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_eq(f->fields[i].var, var))
            return &f->fields[i];
    }
    return NULL;
}

struct form form_merge(const struct form *to, const struct form *more, struct arena *a)
{
    struct form out = {arena_alloc(a, (to->n + more->n) * sizeof *out.fields), 0};
    for (size_t i = 0; i < to->n; i++) {
        if (!find(more, to->fields[i].var))
            copy(&out.fields[out.n++], &to->fields[i], a);
    }
    for (size_t i = 0; i < more->n; i++)
        copy(&out.fields[out.n++], &more->fields[i], a);
    return out;
}

const struct form_field *form_find(const struct form *f, const char *var)
{
    return find(f, str_of(var));
}

struct str form_value(const struct form *f, const char *var)
{
    const struct form_field *field = form_find(f, var);
    return field && field->n_values ? field->values[0] : STR_NULL;
}

struct str form_text(const struct form *f, const char *var, struct arena *a)
{
    const struct form_field *field = form_find(f, var);
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; field && i < field->n_values; i++) {
        if (i > 0)
            buf_c(&b, '\n');
        buf_str(&b, field->values[i]);
    }
    struct str text = arena_str(a, buf_as_str(&b));
    buf_deinit(&b);
    return text;
}

/* ---------------------------------------------------------------- writing */

void form_open(struct buf *out, const char *title, const char *instructions, const char *form_type)
{
    buf_z(out, "<x xmlns='" NS_DATA "' type='form'>");
    render_text(out, "title", str_of(title));
    render_text(out, "instructions", str_of(instructions));
    if (form_type)
        render_field(out, "hidden", "FORM_TYPE", NULL, str_of(form_type));
}

void form_close(struct buf *out)
{
    buf_z(out, "</x>");
}

void form_put_options(struct buf *out, const struct form *f, const char *type, const char *var,
                      const char *label, bool required, const struct form_option *options, size_t n)
{
    const struct form_field *old = f ? form_find(f, var) : NULL;
    render_field_open(out, type, var, label);
    if (required)
        buf_z(out, "<required/>");
    for (size_t i = 0; old && i < old->n_values; i++)
        render_text(out, "value", old->values[i]);
    for (size_t i = 0; i < n; i++)
        render_option(out, options[i].label, options[i].value);
    buf_z(out, "</field>");
}

void form_put(struct buf *out, const struct form *f, const char *type, const char *var,
              const char *label, bool required)
{
    form_put_options(out, f, type, var, label, required, NULL, 0);
}
