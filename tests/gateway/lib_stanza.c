/* lib_stanza.c: see lib_stanza.h. */
#include "gateway/lib_stanza.h"

#include "base/limits.h"
#include "gateway/xml_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

struct parse {
    struct arena *a;
    struct xnode *out;
};

static struct xnode *copy(struct arena *a, const struct xnode *n, struct xnode *parent)
{
    struct xnode *c = arena_zalloc(a, sizeof *c);
    c->ns = arena_str(a, n->ns);
    c->name = arena_str(a, n->name);
    c->text = arena_str(a, n->text);
    c->parent = parent;
    c->n_attrs = n->n_attrs;
    c->attrs = arena_alloc(a, n->n_attrs * sizeof *c->attrs);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        c->attrs[i] = (struct xattr){arena_str(a, n->attrs[i].ns), arena_str(a, n->attrs[i].name),
                                     arena_str(a, n->attrs[i].value)};
    for (const struct xnode *k = n->first; k; k = k->next) {
        struct xnode *kc = copy(a, k, c);
        if (c->last)
            c->last->next = kc;
        else
            c->first = kc;
        c->last = kc;
    }
    return c;
}

static void on_header(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix)
{
    (void)ctx;
    (void)root;
    (void)content_ns;
    (void)prefix;
}

static void on_stanza(void *ctx, struct xnode *st, struct arena *a, size_t bytes)
{
    struct parse *p = ctx;
    (void)a;
    (void)bytes;
    p->out = copy(p->a, st, NULL);
}

static void on_end(void *ctx)
{
    (void)ctx;
}

static void on_error(void *ctx, const char *condition, const char *text)
{
    (void)ctx;
    (void)text;
    fail_msg("the stanza does not parse: %s", condition);
}

struct xnode *lib_stanza(struct arena *a, const char *xml)
{
    static const char head[] =
        "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS "' version='1.0'>";
    const struct xml_ops ops = {on_header, on_stanza, on_end, on_error};
    const struct xml_limits limits = {LIMIT_STANZA, 0, LIMIT_TOKEN};
    struct parse p = {a, NULL};
    struct xml_stream *x = xml_stream_new(&ops, &p, limits);
    xml_stream_feed(x, head, sizeof head - 1);
    xml_stream_feed(x, xml, strlen(xml));
    xml_stream_flush(x);
    xml_stream_destroy(&x);
    assert_non_null(p.out);
    return p.out;
}
