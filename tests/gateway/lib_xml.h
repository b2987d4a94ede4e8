/* lib_xml.h: what an XML stream calls, written down as text. */
#ifndef MUC_TESTS_GATEWAY_LIB_XML_H
#define MUC_TESTS_GATEWAY_LIB_XML_H

#include "base/buf.h"
#include "gateway/xml_stream.h"

#define XML_HEAD                                                                                   \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAMS "' to='a' version='1.0'>"

/* ctx of all calls is a struct buf: "H[<content ns>|<prefix>|<attributes>]" for a header,
 * "S<bytes>:" and the stanza rewritten, "E" for the end, "X[<condition>]" for an error. */
extern const struct xml_ops lib_xml_ops;

/* Feeds the bytes in pieces of `chunk`, then flushes; the transcript goes to out. */
void lib_xml_run(const void *bytes, size_t n, size_t chunk, struct xml_limits limits,
                 struct buf *out);
/* The same bytes whole, one by one, and in pieces of 2, 3, 7 and 4096: all transcripts must be
 * equal. Returns it in `out`, with a NUL behind. */
void lib_xml_any_way(const void *bytes, size_t n, struct xml_limits limits, struct buf *out);

#endif
