/* xml_stream.h: bytes of one XML stream -> its header, complete stanzas, its end. Any chunking of
 * the same bytes gives the same calls (only where half a token is both too long and malformed, the
 * condition may be the one or the other).
 *
 * What is refused (RFC 6120 §11.1): DTD, comments, processing instructions, other
 * encodings, bad UTF-8, text between stanzas, and everything over a limit. The parser's memory is
 * counted: over the soft budget it is replaced at the next stanza boundary, over the hard one the
 * stream ends. An idle stream holds no parser at all. */
#ifndef MUC_XML_STREAM_H
#define MUC_XML_STREAM_H

#include "base/mem.h"
#include "gateway/stanza.h"

struct xml_stream;

struct xml_limits {
    uint32_t stanza;   /* bytes from '<' to '>' */
    uint32_t children; /* elements inside one stanza; 0: no limit */
    uint32_t token;    /* bytes of one tag */
};

/* Calls come from within xml_stream_feed(). Arguments are borrowed for the call. A callback may
 * call hold, restart and set_limits, and nothing else of this header. */
struct xml_ops {
    /* content_ns: the default namespace the header declares; empty if none. prefix: of the root. */
    void (*header)(void *ctx, const struct xnode *root, struct str content_ns, struct str prefix);
    /* May be changed in place; new strings and attributes come from `a`. attrs has room for one
     * more. bytes: its size on the wire. */
    void (*stanza)(void *ctx, struct xnode *st, struct arena *a, size_t bytes);
    void (*end)(void *ctx); /* the root's end tag */
    /* condition: of RFC 6120 §4.9.3. Nothing is called after it. */
    void (*error)(void *ctx, const char *condition, const char *text);
};

/* ops is borrowed until xml_stream_destroy. */
struct xml_stream *xml_stream_new(const struct xml_ops *ops, void *ctx, struct xml_limits limits);
void xml_stream_destroy(struct xml_stream **x_p);
void xml_stream_set_limits(struct xml_stream *x, struct xml_limits limits);

/* Bytes as they came, cut anywhere; copied where they have to wait. */
void xml_stream_feed(struct xml_stream *x, const void *bytes, size_t n);
/* Bytes wait for the rest of their tag: xml_stream_flush() is due 20 ms after the last byte. */
bool xml_stream_waiting(const struct xml_stream *x);
void xml_stream_flush(struct xml_stream *x);

/* Nothing more is called after the present stanza; bytes stay here until release, which goes on
 * with them. Not counted. */
void xml_stream_hold(struct xml_stream *x);
void xml_stream_release(struct xml_stream *x);
/* A new stream header is expected after the present stanza (RFC 6120 §4.3.3). */
void xml_stream_restart(struct xml_stream *x);
/* Bytes fed and not yet looked at. Valid while held or after a restart. */
struct str xml_stream_rest(const struct xml_stream *x);
bool xml_stream_rest_is_space(const struct xml_stream *x);
/* Drops them. */
void xml_stream_discard(struct xml_stream *x);
/* Between two stanzas: of what was fed and looked at, none is only half there. */
bool xml_stream_is_between(const struct xml_stream *x);

/* Gives up the parser of a stream that is between stanzas; it comes back with the next byte. */
void xml_stream_idle(struct xml_stream *x);

/* Parsers replaced because of their memory, of all streams. */
uint64_t xml_stream_recycles(void);
/* Heap bytes of this stream's parser. */
size_t xml_stream_memory(const struct xml_stream *x);

/* Whether this libexpat hands out a split element at once and takes a long attribute, byte by byte,
 * in little time. Errors: ERR_UNAVAILABLE with a line for people in err. */
MUST_CHECK int xml_stream_selftest(uint64_t (*clock_ns)(void), struct buf *err);

#endif
