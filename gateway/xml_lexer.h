/* xml_lexer.h: where tags end. Just enough of XML's grammar to know which '>' closes markup, so
 * that the parser is given whole tags and never re-reads half of one, which would take time in the
 * square of its length. Pure; what it does not understand the parser refuses. */
#ifndef MUC_XML_LEXER_H
#define MUC_XML_LEXER_H

#include "base/str.h"

#include <stdint.h>

struct xml_lexer {
    uint8_t state;
    uint8_t tail; /* ']' or '?' seen in a row */
    bool started; /* a '<' was seen in this document */
};

/* Reads n bytes. *feed: length of the prefix that ends with a tag's '>' (0: none). Returns false at
 * a DTD, a comment or a PI other than the XML declaration; *feed is then what precedes the byte
 * that told, a '<' or "<!" at its end included: half a token, of which the parser makes nothing. */
bool xml_lexer_scan(struct xml_lexer *l, const char *p, size_t n, size_t *feed);

#endif
