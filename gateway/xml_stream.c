/* xml_stream.c: expat behind a feeding rule (expat itself is xml_parser.c).
 *
 *   bytes -> in -> [UTF-8 check] -> [lexer: whole tags] -> expat -> tree -> callbacks
 *            ^ what is not yet a whole tag, or came while held
 *
 * Expat without re-parse deferral reads an incomplete tag again with every piece; so it gets pieces
 * that end with a tag, or at least FEED_MIN bytes, or what there is when the caller flushes.
 *
 * The parser is given up and made anew, primed with the stream's header, whenever that is useful at
 * a stanza boundary: over its soft budget, for a hold, for a restart, when idle. */
#include "gateway/xml_stream_priv.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>

enum { FEED_MIN = 4096 };

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
        xml_parser_open(x);
    uint64_t before = x->fed;
    if (xml_parser_feed(x, n)) {
        took(x, n);
        return;
    }
    if (x->error)
        return;
    /* Stopped at a stanza boundary: the rest is for another parser, or for nobody. */
    took(x, (size_t)(x->stop_at - before));
    xml_parser_free(x);
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

bool xml_stream_rest_is_space(const struct xml_stream *x)
{
    for (size_t i = 0; i < x->in.len; i++)
        if (x->in.data[i] == '\0' || !strchr(" \t\r\n", x->in.data[i]))
            return false;
    return true;
}

void xml_stream_discard(struct xml_stream *x)
{
    assert(!x->running);
    buf_deinit(&x->in);
    x->valid = x->scanned = x->whole = 0;
    x->restricted = x->garbled = false;
}

bool xml_stream_is_between(const struct xml_stream *x)
{
    return x->depth == 1 && (!x->parser || x->seen == x->fed);
}

void xml_stream_idle(struct xml_stream *x)
{
    if (!x->running && x->depth == 1 && x->seen == x->fed && x->in.len == 0)
        xml_parser_free(x);
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
    xml_parser_free(x);
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

size_t xml_stream_memory(const struct xml_stream *x)
{
    return x->heap;
}
