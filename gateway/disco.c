/* disco.c: see disco.h. */
#include "gateway/disco.h"
#include "gateway/render.h"
#include "base/b64.h"
#include "base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- XML */

static void put_form(struct buf *out, const struct disco_info *d)
{
    buf_z(out, "<x xmlns='" NS_DATA "' type='result'>");
    render_field(out, "hidden", "FORM_TYPE", NULL, str_of(d->form_type));
    for (size_t i = 0; i < d->n_fields; i++) {
        const struct disco_field *f = &d->fields[i];
        buf_z(out, "<field");
        if (f->type)
            render_attr(out, "type", str_of(f->type));
        render_attr(out, "var", str_of(f->var));
        buf_c(out, '>');
        for (size_t v = 0; v < f->n_values; v++)
            render_text(out, "value", f->values[v]);
        buf_z(out, "</field>");
    }
    buf_z(out, "</x>");
}

void disco_put(struct buf *out, const struct disco_info *d, struct str node)
{
    buf_z(out, "<query xmlns='" NS_DISCO_INFO "'");
    if (node.n)
        render_attr(out, "node", node);
    buf_z(out, "><identity");
    render_attr(out, "category", str_of(d->category));
    render_attr(out, "type", str_of(d->type));
    if (d->name)
        render_attr(out, "name", str_of(d->name));
    if (d->lang)
        render_attr(out, "xml:lang", str_of(d->lang));
    buf_z(out, "/>");
    for (size_t i = 0; i < d->n_features; i++) {
        buf_z(out, "<feature");
        render_attr(out, "var", str_of(d->features[i]));
        buf_z(out, "/>");
    }
    if (d->form_type)
        put_form(out, d);
    buf_z(out, "</query>");
}

/* ---------------------------------------------------------------- hashes */

/* Pieces that are sorted by their bytes and joined. */
struct pieces {
    struct buf *list;
    size_t n;
};

static struct pieces pieces_new(size_t n)
{
    struct pieces p = {mem_zalloc((n + 1) * sizeof *p.list), n};
    for (size_t i = 0; i < n; i++)
        buf_init(&p.list[i]);
    return p;
}

static int by_bytes(const void *a, const void *b)
{
    const struct buf *x = a, *y = b;
    size_t n = x->len < y->len ? x->len : y->len;
    int order = n ? memcmp(x->data, y->data, n) : 0;
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void pieces_join(struct pieces *p, struct buf *out)
{
    qsort(p->list, p->n, sizeof *p->list, by_bytes);
    for (size_t i = 0; i < p->n; i++) {
        buf_str(out, buf_as_str(&p->list[i]));
        buf_deinit(&p->list[i]);
    }
    mem_free(p->list);
}

static void put_digest(struct buf *out, const EVP_MD *md, const struct buf *input)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    int ok = EVP_Digest(input->data, input->len, digest, &n, md, NULL);
    assert(ok == 1);
    b64_encode(out, digest, n);
}

static void term(struct buf *out, const char *s, char end)
{
    buf_z(out, s);
    buf_c(out, end);
}

/* "var<" and its values, each "value<", sorted (XEP-0115 §5.1, 7); with the separators of XEP-0390
 * the same shape. */
static void put_field(struct buf *out, const char *var, const struct str *values, size_t n,
                      char end)
{
    struct pieces p = pieces_new(n);
    for (size_t i = 0; i < n; i++) {
        buf_str(&p.list[i], values[i]);
        buf_c(&p.list[i], end);
    }
    term(out, var, end);
    pieces_join(&p, out);
}

static void put_features(struct buf *out, const struct disco_info *d, char end)
{
    struct pieces p = pieces_new(d->n_features);
    for (size_t i = 0; i < d->n_features; i++)
        term(&p.list[i], d->features[i], end);
    pieces_join(&p, out);
}

void disco_ver(struct buf *out, const struct disco_info *d)
{
    struct buf s;
    buf_init(&s);
    buf_printf(&s, "%s/%s/%s/%s<", d->category, d->type, d->lang ? d->lang : "",
               d->name ? d->name : "");
    put_features(&s, d, '<');
    if (d->form_type) {
        struct pieces p = pieces_new(d->n_fields);
        term(&s, d->form_type, '<');
        for (size_t i = 0; i < d->n_fields; i++)
            put_field(&p.list[i], d->fields[i].var, d->fields[i].values, d->fields[i].n_values,
                      '<');
        pieces_join(&p, &s);
    }
    put_digest(out, EVP_sha1(), &s);
    buf_deinit(&s);
}

void disco_hash(struct buf *out, const struct disco_info *d)
{
    struct buf s;
    buf_init(&s);
    put_features(&s, d, 0x1f);
    buf_c(&s, 0x1c);
    term(&s, d->category, 0x1f);
    term(&s, d->type, 0x1f);
    term(&s, d->lang ? d->lang : "", 0x1f);
    term(&s, d->name ? d->name : "", 0x1f);
    buf_z(&s, "\x1e\x1c");
    if (d->form_type) {
        struct pieces p = pieces_new(d->n_fields + 1);
        const struct str form_type = str_of(d->form_type);
        for (size_t i = 0; i <= d->n_fields; i++) {
            if (i < d->n_fields)
                put_field(&p.list[i], d->fields[i].var, d->fields[i].values, d->fields[i].n_values,
                          0x1f);
            else
                put_field(&p.list[i], "FORM_TYPE", &form_type, 1, 0x1f);
            buf_c(&p.list[i], 0x1e);
        }
        pieces_join(&p, &s);
        buf_c(&s, 0x1d);
    }
    buf_c(&s, 0x1c);
    put_digest(out, EVP_sha256(), &s);
    buf_deinit(&s);
}
