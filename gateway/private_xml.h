/* private_xml.h: XEP-0049, private XML storage: HASH verona:private:<bare JID>, field "<ns>
 * <name>". */
#ifndef MUC_PRIVATE_XML_H
#define MUC_PRIVATE_XML_H

#include "gateway/client.h"

/* Answers the iq `st`, get or set, of the client's own account. */
void private_xml(struct gateway *g, struct client *c, const struct xnode *st,
                 const struct xnode *query);

#endif
