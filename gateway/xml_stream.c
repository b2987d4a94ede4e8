/* xml_stream.c: expat behind a feeding rule, with its memory counted.
 *
 *   bytes -> in -> [UTF-8 check] -> [lexer: whole tags] -> expat -> tree -> callbacks
 *            ^ what is not yet a whole tag, or came while held
 *
 * Expat without re-parse deferral reads an incomplete tag again with every piece; so it gets pieces
 * that end with a tag, or at least FEED_MIN bytes, or what there is when the caller flushes.
 *
 * The parser is given up and made anew, primed with the stream's header, whenever that is useful at
 * a stanza boundary: over its soft budget, for a hold, for a restart, when idle. */
#include "gateway/xml_stream.h"
#include "gateway/xml_lexer.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>
#include <expat.h>
#include <stdalign.h>

/* Not in every libexpat; versions do not tell, because distributions carried it back. */
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

enum { FEED_MIN = 4096 };
#define SEPARATOR '\x01'

struct xml_stream {
    const struct xml_ops *ops;
    void *ctx;
    struct xml_limits limits;
    XML_Parser parser; /* NULL: made when bytes come */
    size_t heap;       /* bytes of the parser */
    bool heap_full;    /* an allocation was refused */

    struct buf in;  /* bytes not yet given to the parser */
    size_t valid;   /* of them, checked to be UTF-8 */
    size_t scanned; /* of them, seen by the lexer */
    size_t whole;   /* of them, up to the end of a tag, or to what is refused */
    struct xml_lexer lexer;

    uint64_t fed;      /* bytes this parser was given, priming included */
    uint64_t seen;     /* of them, turned into events */
    uint64_t st_start; /* where the open stanza began */
    uint64_t stop_at;  /* where the parser was stopped */

    uint32_t depth; /* open elements; 1: between stanzas */
    uint32_t n_children, n_decls;
    struct arena arena;
    struct xnode *cur; /* innermost open element of a stanza */
    struct buf text;   /* character data before the next tag */
    struct buf prime;  /* the header as the next parser is told it; empty: none was seen */
    struct buf decls;  /* while reading a header: its namespace declarations */
    struct buf content_ns;

    const char *error, *error_text;
    bool restricted; /* the lexer met something at `whole` */
    bool garbled;    /* what stands at `valid` is no UTF-8 */
    bool priming, running, stopped;
    bool held, restart, ended, dead;
};

/* ---------------------------------------------------------------- memory of the parser */

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

static void parser_free(struct xml_stream *x)
{
    if (!x->parser)
        return;
    billed = x;
    XML_ParserFree(x->parser);
    x->parser = NULL;
    assert(x->heap == 0);
}

/* ---------------------------------------------------------------- events */

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

/* ---------------------------------------------------------------- feeding */

static void parser_open(struct xml_stream *x)
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

static void took(struct xml_stream *x, size_t n)
{
    buf_consume(&x->in, n);
    x->valid -= n < x->valid ? n : x->valid;
    x->scanned -= n < x->scanned ? n : x->scanned;
    x->whole -= n < x->whole ? n : x->whole;
}

static void parse(struct xml_stream *x, size_t n)
{
    if (!x->parser)
        parser_open(x);
    uint64_t before = x->fed;
    x->fed += n;
    billed = x;
    enum XML_Status st = XML_Parse(x->parser, x->in.data, (int)n, 0);
    if (st == XML_STATUS_OK) {
        took(x, n);
        return;
    }
    if (!x->stopped) {
        x->error = condition_of(x, XML_GetErrorCode(x->parser));
        x->error_text = NULL;
    }
    if (x->error)
        return;
    /* Stopped at a stanza boundary: the rest is for another parser, or for nobody. */
    took(x, (size_t)(x->stop_at - before));
    parser_free(x);
    if (x->restart) {
        x->restart = false;
        buf_deinit(&x->prime);
        buf_deinit(&x->content_ns);
        x->lexer = (struct xml_lexer){0, 0, false};
        x->scanned = x->whole = 0;
        x->restricted = false;
    }
}

/* How many of the bytes in x->in form whole characters of XML, as far as bytes tell. */
static void check_utf8(struct xml_stream *x)
{
    struct str rest = str_n(x->in.data + x->valid, x->in.len - x->valid);
    /* NUL is no character of XML, but half of many in UTF-16, which expat finds out and takes
     * whatever encoding it was told. */
    const char *nul = memchr(rest.p, '\0', rest.n);
    struct str clean = nul ? str_n(rest.p, (size_t)(nul - rest.p)) : rest;
    size_t good = utf8_prefix(clean);
    x->valid += good;
    if (good == rest.n)
        return;
    /* A character may be cut off by the end. */
    unsigned char c = (unsigned char)rest.p[good];
    size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    x->garbled = nul || c < 0xc2 || c > 0xf4 || rest.n - good >= need;
}

static void skip_leading_space(struct xml_stream *x)
{
    size_t n = 0;
    while (n < x->in.len && strchr(" \t\r\n", x->in.data[n]) && x->in.data[n])
        n++;
    if (n)
        took(x, n);
}

/* Gives the parser what the feeding rule allows. False: nothing more to do. */
static bool step(struct xml_stream *x, bool flush)
{
    /* Space before a header is a keep-alive that crossed a restart. */
    if (!x->parser && x->prime.len == 0)
        skip_leading_space(x);
    if (!x->garbled && x->valid < x->in.len)
        check_utf8(x);
    if (!x->restricted && x->scanned < x->valid) {
        size_t whole;
        x->restricted =
            !xml_lexer_scan(&x->lexer, x->in.data + x->scanned, x->valid - x->scanned, &whole);
        if (whole || x->restricted)
            x->whole = x->scanned + whole;
        x->scanned = x->valid;
    }
    /* What stands before the offence is read first, however the bytes were cut. */
    if (x->garbled && !x->restricted)
        x->whole = x->valid;
    size_t n = x->whole;
    if (n == 0 && (x->restricted || x->garbled)) {
        x->error = x->restricted ? "restricted-xml" : "unsupported-encoding";
        return false;
    }
    if (!x->restricted && (flush || x->valid - x->whole >= FEED_MIN))
        n = x->valid;
    if (n == 0)
        return false;
    parse(x, n);
    if (x->error)
        return false;
    if (x->parser && (x->fed - x->seen > x->limits.token ||
                      (x->depth > 1 && x->fed - x->st_start > x->limits.stanza))) {
        x->error = "policy-violation";
        x->error_text = x->depth > 1 ? "stanza too big" : "tag too long";
        return false;
    }
    return x->in.len > 0;
}

static void run(struct xml_stream *x, bool flush)
{
    if (x->running)
        return;
    x->running = true;
    while (!x->dead && !x->held && !x->ended && step(x, flush))
        ;
    x->running = false;
    if (x->error && !x->dead) {
        x->dead = true;
        x->ops->error(x->ctx, x->error, x->error_text);
    }
    if (x->in.len == 0)
        buf_deinit(&x->in);
    if (x->depth <= 1) {
        arena_deinit(&x->arena);
        buf_deinit(&x->text);
    }
}

void xml_stream_feed(struct xml_stream *x, const void *bytes, size_t n)
{
    if (x->dead || x->ended)
        return;
    buf_put(&x->in, bytes, n);
    run(x, false);
}

void xml_stream_flush(struct xml_stream *x)
{
    if (!x->dead && !x->ended)
        run(x, true);
}

bool xml_stream_waiting(const struct xml_stream *x)
{
    return !x->dead && !x->ended && !x->held && x->in.len > 0;
}

void xml_stream_hold(struct xml_stream *x)
{
    x->held = true;
}

void xml_stream_release(struct xml_stream *x)
{
    x->held = false;
    if (!x->dead && !x->ended)
        run(x, false);
}

void xml_stream_restart(struct xml_stream *x)
{
    x->restart = true;
    if (x->running || x->parser)
        return;
    /* Held since an earlier stanza, so the parser is gone already. */
    x->restart = false;
    buf_deinit(&x->prime);
    buf_deinit(&x->content_ns);
    x->lexer = (struct xml_lexer){0, 0, false};
    x->scanned = x->whole = 0;
    x->restricted = false;
}

struct str xml_stream_rest(const struct xml_stream *x)
{
    return buf_as_str(&x->in);
}

void xml_stream_discard(struct xml_stream *x)
{
    assert(!x->running);
    buf_deinit(&x->in);
    x->valid = x->scanned = x->whole = 0;
    x->restricted = x->garbled = false;
}

void xml_stream_idle(struct xml_stream *x)
{
    if (!x->running && x->depth == 1 && x->seen == x->fed && x->in.len == 0)
        parser_free(x);
}

struct xml_stream *xml_stream_new(const struct xml_ops *ops, void *ctx, struct xml_limits limits)
{
    struct xml_stream *x = mem_zalloc(sizeof *x);
    x->ops = ops;
    x->ctx = ctx;
    x->limits = limits;
    arena_init(&x->arena);
    return x;
}

void xml_stream_destroy(struct xml_stream **x_p)
{
    struct xml_stream *x = *x_p;
    if (!x)
        return;
    assert(!x->running);
    *x_p = NULL;
    parser_free(x);
    arena_deinit(&x->arena);
    buf_deinit(&x->in);
    buf_deinit(&x->text);
    buf_deinit(&x->prime);
    buf_deinit(&x->decls);
    buf_deinit(&x->content_ns);
    mem_free(x);
}

void xml_stream_set_limits(struct xml_stream *x, struct xml_limits limits)
{
    x->limits = limits;
}

uint64_t xml_stream_recycles(void)
{
    return recycles;
}

size_t xml_stream_memory(const struct xml_stream *x)
{
    return x->heap;
}
