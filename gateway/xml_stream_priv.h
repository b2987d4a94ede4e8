/* xml_stream_priv.h: what the files of xml_stream share.
 *
 *   xml_stream.c   which bytes the parser is given, and when it is made anew
 *   xml_parser.c   expat: its memory, and its events as trees */
#ifndef MUC_XML_STREAM_PRIV_H
#define MUC_XML_STREAM_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/xml_lexer.h"
#include "gateway/xml_stream.h"

struct XML_ParserStruct;

struct xml_stream {
    const struct xml_ops *ops;
    void *ctx;
    struct xml_limits limits;
    struct XML_ParserStruct *parser; /* NULL: made when bytes come */
    size_t heap;                     /* bytes of the parser */
    bool heap_full;                  /* an allocation was refused */

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

/* Makes x->parser and primes it with the header that was seen before, if one was. */
void xml_parser_open(struct xml_stream *x);
void xml_parser_free(struct xml_stream *x);
/* Gives it the first n bytes of x->in. False: it stopped, at x->stop_at, or x->error says why it
 * cannot go on. */
bool xml_parser_feed(struct xml_stream *x, size_t n);

#endif
