/* lib_stanza.h: stanzas from text, for the gateway's unit tests. */
#ifndef MUC_TESTS_GATEWAY_LIB_STANZA_H
#define MUC_TESTS_GATEWAY_LIB_STANZA_H

#include "gateway/stanza.h"

/* Parses one stanza as a client would send it (default namespace jabber:client); the tree lives in
 * the arena. Fails the test if it is none. */
struct xnode *lib_stanza(struct arena *a, const char *xml);

#endif
