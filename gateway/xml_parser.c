/* xml_parser.c: expat: its memory, counted and bounded, and its events as header, trees and end. */
#include "gateway/xml_stream_priv.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <expat.h>
#include <stdalign.h>

/* Not in every libexpat; versions do not tell, because distributions carried it back. */
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

#define SEPARATOR '\x01'

/* ---- memory of the parser */

static struct xml_stream *billed; /* whose parser runs: expat's allocator has no context */
static uint64_t recycles;

union block {
    size_t n;
    max_align_t align;
};

static void *counted_alloc(size_t n)
{
    if (billed->heap + n > LIMIT_PARSER_HARD) {
        billed->heap_full = true;
        return NULL;
    }
    union block *b = mem_alloc(sizeof *b + n);
    b->n = n;
    billed->heap += n;
    return b + 1;
}

static void counted_free(void *p)
{
    if (!p)
        return;
    union block *b = (union block *)p - 1;
    billed->heap -= b->n;
    mem_free(b);
}

static void *counted_realloc(void *p, size_t n)
{
    if (!p)
        return counted_alloc(n);
    union block *b = (union block *)p - 1;
    if (billed->heap - b->n + n > LIMIT_PARSER_HARD) {
        billed->heap_full = true;
        return NULL;
    }
    billed->heap = billed->heap - b->n + n;
    b = mem_realloc(b, sizeof *b + n);
    b->n = n;
    return b + 1;
}

static const XML_Memory_Handling_Suite suite = {counted_alloc, counted_realloc, counted_free};

void xml_parser_free(struct xml_stream *x)
{
    if (!x->parser)
        return;
    billed = x;
    XML_ParserFree(x->parser);
    x->parser = NULL;
    assert(x->heap == 0);
}

uint64_t xml_stream_recycles(void)
{
    return recycles;
}

/* ---- events */

static void stop(struct xml_stream *x)
{
    if (x->stopped)
        return;
    x->stopped = true;
    x->stop_at = x->seen;
    XML_StopParser(x->parser, XML_FALSE);
}

static void fail(struct xml_stream *x, const char *condition, const char *text)
{
    if (!x->error) {
        x->error = condition;
        x->error_text = text;
    }
    stop(x);
}

/* The event in hand is read. markup: it is one token, not a piece of text. False: it belongs to
 * nothing any more. */
static bool see(struct xml_stream *x, bool markup)
{
    if (x->stopped)
        return false;
    uint64_t at = (uint64_t)XML_GetCurrentByteIndex(x->parser);
    uint64_t end = at + (uint64_t)XML_GetCurrentByteCount(x->parser);
    uint64_t since = (markup ? end : at) - x->seen;
    x->seen = end;
    if (x->priming)
        return true;
    /* As step() does between pieces: the same bytes in one piece get no more than they would there.
     */
    if (since > x->limits.token) {
        fail(x, "policy-violation", "tag too long");
        return false;
    }
    if (x->depth > 1 && x->seen - x->st_start > x->limits.stanza) {
        fail(x, "policy-violation", "stanza too big");
        return false;
    }
    return true;
}

/* "uri SEP local SEP prefix", "uri SEP local" or "local". */
static void split_name(const char *z, struct str *ns, struct str *name, struct str *prefix)
{
    const char *first = strchr(z, SEPARATOR);
    *ns = *prefix = STR_NULL;
    if (!first) {
        *name = str_of(z);
        return;
    }
    *ns = str_n(z, (size_t)(first - z));
    const char *second = strchr(first + 1, SEPARATOR);
    *name = second ? str_n(first + 1, (size_t)(second - first - 1)) : str_of(first + 1);
    if (second)
        *prefix = str_of(second + 1);
}

static void flush_text(struct xml_stream *x)
{
    if (x->text.len == 0)
        return;
    struct xnode *t = arena_zalloc(&x->arena, sizeof *t);
    t->text = arena_str(&x->arena, buf_as_str(&x->text));
    t->parent = x->cur;
    if (x->cur->last)
        x->cur->last->next = t;
    else
        x->cur->first = t;
    x->cur->last = t;
    buf_reset(&x->text);
}

static struct xnode *make_node(struct xml_stream *x, const char *z, const char **atts,
                               struct str *prefix)
{
    struct str ns, name;
    split_name(z, &ns, &name, prefix);
    uint32_t n = 0;
    while (atts[2 * n])
        n++;
    bool long_name = name.n > LIMIT_NAME || prefix->n > LIMIT_NAME;
    struct xnode *e = arena_zalloc(&x->arena, sizeof *e);
    e->name = arena_str(&x->arena, name);
    e->parent = x->cur;
    e->ns = x->cur && str_eq(x->cur->ns, ns) ? x->cur->ns : arena_str(&x->arena, ns);
    if (n > LIMIT_ATTRS) {
        fail(x, "policy-violation", "too many attributes");
        return NULL;
    }
    /* A stanza has room for one more. Those inside have not: there may be many. */
    uint32_t room = n + (x->depth == 2);
    e->attrs = room ? arena_zalloc(&x->arena, room * sizeof *e->attrs) : NULL;
    e->n_attrs = n;
    for (uint32_t i = 0; i < n; i++) {
        struct str a_ns, a_name, a_prefix;
        split_name(atts[2 * i], &a_ns, &a_name, &a_prefix);
        long_name = long_name || a_name.n > LIMIT_NAME || a_prefix.n > LIMIT_NAME;
        e->attrs[i].ns = arena_str(&x->arena, a_ns);
        e->attrs[i].name = arena_str(&x->arena, a_name);
        e->attrs[i].value = arena_str(&x->arena, str_of(atts[2 * i + 1]));
    }
    if (long_name) {
        fail(x, "policy-violation", "name too long");
        return NULL;
    }
    return e;
}

static void read_header(struct xml_stream *x, const char *z, const char **atts)
{
    struct str prefix;
    struct xnode *root = make_node(x, z, atts, &prefix);
    if (!root)
        return;
    /* What the next parser is told: the same tag name, so that its end tag matches, and the same
     * prefixes. The rest of the header is of no use to it. */
    buf_reset(&x->prime);
    buf_c(&x->prime, '<');
    if (prefix.n) {
        buf_str(&x->prime, prefix);
        buf_c(&x->prime, ':');
    }
    buf_str(&x->prime, root->name);
    buf_str(&x->prime, buf_as_str(&x->decls));
    buf_c(&x->prime, '>');
    buf_deinit(&x->decls);
    x->ops->header(x->ctx, root, buf_as_str(&x->content_ns), prefix);
    arena_reset(&x->arena);
    if (x->held || x->restart)
        stop(x);
}

static void XMLCALL on_start(void *ctx, const char *z, const char **atts)
{
    struct xml_stream *x = ctx;
    uint32_t decls = x->n_decls;
    x->n_decls = 0;
    if (x->stopped)
        return;
    uint64_t at = (uint64_t)XML_GetCurrentByteIndex(x->parser);
    if (x->depth == 1)
        x->st_start = at;
    x->depth++;
    if (!see(x, true) || x->priming)
        return;
    if (decls > LIMIT_NS_DECLS) {
        fail(x, "policy-violation", "too many namespace declarations");
        return;
    }
    if (x->depth == 1) {
        read_header(x, z, atts);
        return;
    }
    if (x->depth > LIMIT_DEPTH + 1) { /* the root is not counted */
        fail(x, "policy-violation", "nested too deep");
        return;
    }
    if (x->depth == 2)
        x->n_children = 0;
    else if (x->limits.children && ++x->n_children > x->limits.children) {
        fail(x, "policy-violation", "too many elements");
        return;
    }
    if (x->cur)
        flush_text(x);
    struct str prefix;
    struct xnode *e = make_node(x, z, atts, &prefix);
    if (!e)
        return;
    if (x->arena.used > LIMIT_TREE) {
        fail(x, "resource-constraint", "too many elements");
        return;
    }
    if (x->depth == 2 && str_is(e->ns, NS_STREAMS) && str_is(e->name, "stream")) {
        /* A second header would swallow all that follows, as its children. */
        fail(x, "unsupported-stanza-type", "stream inside a stream");
        return;
    }
    if (x->cur) {
        if (x->cur->last)
            x->cur->last->next = e;
        else
            x->cur->first = e;
        x->cur->last = e;
    }
    x->cur = e;
}

static void XMLCALL on_end(void *ctx, const char *z)
{
    struct xml_stream *x = ctx;
    (void)z;
    if (!see(x, true))
        return;
    x->depth--;
    if (x->priming)
        return;
    if (x->depth == 0) {
        x->ended = true;
        x->ops->end(x->ctx);
        stop(x);
        return;
    }
    flush_text(x);
    struct xnode *done = x->cur;
    x->cur = done->parent;
    if (x->depth > 1)
        return;
    x->ops->stanza(x->ctx, done, &x->arena, (size_t)(x->seen - x->st_start));
    arena_reset(&x->arena);
    if (x->held || x->restart || x->dead) {
        stop(x);
    } else if (x->heap > LIMIT_PARSER_SOFT) {
        recycles++;
        stop(x);
    }
}

static void XMLCALL on_text(void *ctx, const char *p, int n)
{
    struct xml_stream *x = ctx;
    if (!see(x, false) || x->priming)
        return;
    if (x->depth > 1) {
        buf_put(&x->text, p, (size_t)n);
        return;
    }
    for (int i = 0; i < n; i++)
        if (!strchr(" \t\r\n", p[i])) {
            fail(x, "not-well-formed", "text between stanzas");
            return;
        }
}

static void XMLCALL on_namespace(void *ctx, const char *prefix, const char *uri)
{
    struct xml_stream *x = ctx;
    if (x->stopped)
        return;
    x->n_decls++;
    if (x->priming || x->depth > 0)
        return;
    if (prefix && strlen(prefix) > LIMIT_NAME) {
        fail(x, "policy-violation", "name too long");
        return;
    }
    buf_z(&x->decls, prefix ? " xmlns:" : " xmlns");
    if (prefix)
        buf_z(&x->decls, prefix);
    buf_z(&x->decls, "='");
    buf_xml(&x->decls, str_of(uri));
    buf_c(&x->decls, '\'');
    if (!prefix) {
        buf_reset(&x->content_ns);
        buf_str(&x->content_ns, str_of(uri));
    }
}

static void XMLCALL on_declaration(void *ctx, const char *version, const char *encoding,
                                   int standalone)
{
    struct xml_stream *x = ctx;
    (void)version;
    (void)standalone;
    if (see(x, true) && encoding && strcasecmp(encoding, "UTF-8") != 0)
        fail(x, "unsupported-encoding", "UTF-8 only");
}

/* An empty one has no text to be seen by. */
static void XMLCALL on_cdata(void *ctx)
{
    (void)see(ctx, true);
}

/* The lexer refuses these before the parser sees them; this is the second lock on the same door. */
static void XMLCALL on_doctype(void *ctx, const char *name, const char *sys, const char *pub,
                               int sub)
{
    (void)name;
    (void)sys;
    (void)pub;
    (void)sub;
    fail(ctx, "restricted-xml", NULL);
}

static void XMLCALL on_pi(void *ctx, const char *target, const char *data)
{
    (void)target;
    (void)data;
    fail(ctx, "restricted-xml", NULL);
}

static void XMLCALL on_comment(void *ctx, const char *data)
{
    (void)data;
    fail(ctx, "restricted-xml", NULL);
}

/* ---- life */

void xml_parser_open(struct xml_stream *x)
{
    const XML_Char separator[2] = {SEPARATOR, 0};
    billed = x;
    x->heap_full = false;
    x->parser = XML_ParserCreate_MM("UTF-8", &suite, separator);
    assert(x->parser); /* an empty parser is far below the hard limit */
    XML_SetReturnNSTriplet(x->parser, 1);
    if (XML_SetReparseDeferralEnabled)
        XML_SetReparseDeferralEnabled(x->parser, XML_FALSE);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartNamespaceDeclHandler(x->parser, on_namespace);
    XML_SetXmlDeclHandler(x->parser, on_declaration);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    XML_SetProcessingInstructionHandler(x->parser, on_pi);
    XML_SetCommentHandler(x->parser, on_comment);
    XML_SetCdataSectionHandler(x->parser, on_cdata, on_cdata);
    x->fed = x->seen = 0;
    x->depth = 0;
    x->n_decls = 0;
    x->stopped = false;
    if (x->prime.len) {
        x->priming = true;
        enum XML_Status st = XML_Parse(x->parser, x->prime.data, (int)x->prime.len, 0);
        assert(st == XML_STATUS_OK || x->heap_full); /* it was a header before */
        (void)st;
        x->priming = false;
        x->fed = x->prime.len;
    }
}

static const char *condition_of(struct xml_stream *x, enum XML_Error code)
{
    if (x->heap_full || code == XML_ERROR_NO_MEMORY)
        return "resource-constraint";
    if (code == XML_ERROR_UNKNOWN_ENCODING || code == XML_ERROR_INCORRECT_ENCODING)
        return "unsupported-encoding";
    if (code == XML_ERROR_UNDEFINED_ENTITY) /* RFC 6120 §11.1: only the five predefined ones */
        return "restricted-xml";
    if (code == XML_ERROR_UNBOUND_PREFIX && x->prime.len == 0)
        return "bad-namespace-prefix";
    return "not-well-formed";
}

bool xml_parser_feed(struct xml_stream *x, size_t n)
{
    x->fed += n;
    billed = x;
    if (XML_Parse(x->parser, x->in.data, (int)n, 0) == XML_STATUS_OK)
        return true;
    if (!x->stopped) {
        x->error = condition_of(x, XML_GetErrorCode(x->parser));
        x->error_text = NULL;
    }
    return false;
}
