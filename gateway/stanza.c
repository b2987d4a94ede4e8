/* stanza.c: looking into an element tree and writing it back.
 *
 * Prefixes do not survive the parser, so writing declares every namespace where it changes, as the
 * default one for elements and under "nsN" for the rare attribute that has one. */
#include "gateway/stanza.h"

const char *stanza_kind_name(enum stanza_kind k)
{
    switch (k) {
    case STANZA_MESSAGE:
        return "message";
    case STANZA_PRESENCE:
        return "presence";
    case STANZA_IQ:
        return "iq";
    }
    return "";
}

bool xnode_is(const struct xnode *n, const char *ns, const char *name)
{
    return n && n->name.n && str_is(n->name, name) && (!ns || str_is(n->ns, ns));
}

struct xnode *xnode_child(const struct xnode *n, const char *ns, const char *name)
{
    if (!n)
        return NULL;
    for (struct xnode *c = n->first; c; c = c->next)
        if (xnode_is(c, ns, name))
            return c;
    return NULL;
}

struct xnode *xnode_elem(struct xnode *n)
{
    while (n && n->name.n == 0)
        n = n->next;
    return n;
}

struct str xnode_attr(const struct xnode *n, const char *name)
{
    if (!n)
        return STR_NULL;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const struct xattr *a = &n->attrs[i];
        if (a->ns.n == 0 && str_is(a->name, name))
            /* An empty value is present all the same: p tells. */
            return (struct str){a->value.p ? a->value.p : "", a->value.n};
    }
    return STR_NULL;
}

struct str xnode_text(const struct xnode *n, struct arena *a)
{
    struct str only = STR_NULL;
    size_t total = 0, pieces = 0;
    if (!n)
        return only;
    for (const struct xnode *c = n->first; c; c = c->next) {
        if (c->name.n)
            continue;
        only = c->text;
        total += c->text.n;
        pieces++;
    }
    if (pieces < 2)
        return only;
    char *joined = arena_alloc(a, total + 1);
    size_t at = 0;
    for (const struct xnode *c = n->first; c; c = c->next) {
        if (c->name.n || c->text.n == 0)
            continue;
        memcpy(joined + at, c->text.p, c->text.n);
        at += c->text.n;
    }
    joined[at] = '\0';
    return (struct str){joined, at};
}

static void write_attr(struct buf *out, const struct xattr *a, uint32_t index)
{
    buf_c(out, ' ');
    if (a->ns.n == 0) {
        buf_str(out, a->name);
    } else if (str_is(a->ns, NS_XML)) {
        buf_z(out, "xml:");
        buf_str(out, a->name);
    } else {
        /* An attribute's namespace needs a prefix; ours are numbered by position, so never twice.
         */
        buf_z(out, "xmlns:ns");
        buf_u64(out, index);
        buf_z(out, "='");
        buf_xml(out, a->ns);
        buf_z(out, "' ns");
        buf_u64(out, index);
        buf_c(out, ':');
        buf_str(out, a->name);
    }
    buf_z(out, "='");
    buf_xml(out, a->value);
    buf_c(out, '\'');
}

void xnode_write(struct buf *out, const struct xnode *n, struct str inherited)
{
    if (n->name.n == 0) {
        buf_xml(out, n->text);
        return;
    }
    buf_c(out, '<');
    buf_str(out, n->name);
    if (!str_eq(n->ns, inherited)) {
        buf_z(out, " xmlns='");
        buf_xml(out, n->ns);
        buf_c(out, '\'');
    }
    for (uint32_t i = 0; i < n->n_attrs; i++)
        write_attr(out, &n->attrs[i], i);
    if (!n->first) {
        buf_z(out, "/>");
        return;
    }
    buf_c(out, '>');
    /* The depth of a tree is bounded by LIMIT_DEPTH, and with it this recursion. */
    xnode_write_children(out, n, n->ns, NULL, NULL);
    buf_z(out, "</");
    buf_str(out, n->name);
    buf_c(out, '>');
}

void xnode_write_children(struct buf *out, const struct xnode *n, struct str inherited,
                          bool (*skip)(void *ctx, const struct xnode *child), void *ctx)
{
    for (const struct xnode *c = n->first; c; c = c->next)
        if (!skip || !skip(ctx, c))
            xnode_write(out, c, inherited);
}
