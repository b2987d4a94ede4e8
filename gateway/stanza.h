/* stanza.h: one stanza as an element tree in an arena, and writing it back as XML.
 *
 * Text is UTF-8 with entities resolved. Prefixes are gone: names are (namespace, local name), and
 * every namespace is written out where it changes, so what is emitted is always re-serialised,
 * never raw. */
#ifndef MUC_STANZA_H
#define MUC_STANZA_H

#include "base/arena.h"
#include "base/buf.h"

#define NS_CLIENT "jabber:client"
#define NS_STREAMS "http://etherx.jabber.org/streams"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"
#define NS_SM "urn:xmpp:sm:3"
#define NS_MUC "http://jabber.org/protocol/muc"
#define NS_MUC_USER "http://jabber.org/protocol/muc#user"
#define NS_MUC_ADMIN "http://jabber.org/protocol/muc#admin"
#define NS_MUC_OWNER "http://jabber.org/protocol/muc#owner"
#define NS_MUC_REQUEST "http://jabber.org/protocol/muc#request"
#define NS_DATA "jabber:x:data"
#define NS_DELAY "urn:xmpp:delay"
#define NS_SID "urn:xmpp:sid:0"
#define NS_OCCUPANT_ID "urn:xmpp:occupant-id:0"
#define NS_HINTS "urn:xmpp:hints"
#define NS_MAM "urn:xmpp:mam:2"
#define NS_RSM "http://jabber.org/protocol/rsm"
#define NS_RETRACT "urn:xmpp:message-retract:1"
#define NS_MODERATE "urn:xmpp:message-moderate:1"
#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_REGISTER "jabber:iq:register"
#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_PING "urn:xmpp:ping"
#define NS_VCARD "vcard-temp"
#define NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_VCARD_UPDATE "vcard-temp:x:update"
/* Inside the project only: <lang tag='de'/>, in front of a stanza's children, stands for its
 * xml:lang. */
#define NS_STANZA "urn:verona:stanza"
#define STANZA_LANG_OPEN "<lang xmlns='" NS_STANZA "' tag='"
#define STANZA_LANG_CLOSE "'/>"
#define NS_VCARD "vcard-temp"
#define NS_HATS "urn:xmpp:hats:0"
#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_MAV "urn:xmpp:muc:affiliations:1"
#define NS_XML "http://www.w3.org/XML/1998/namespace"

struct xattr {
    struct str ns; /* empty for plain attributes; NS_XML for xml:lang */
    struct str name, value;
};

/* An element (name.n > 0) or character data (name.n == 0, bytes in text). */
struct xnode {
    struct str ns, name, text;
    struct xattr *attrs;
    uint32_t n_attrs;
    struct xnode *parent, *first, *last, *next; /* children in order */
};

enum stanza_kind { STANZA_MESSAGE, STANZA_PRESENCE, STANZA_IQ };
const char *stanza_kind_name(enum stanza_kind k);

bool xnode_is(const struct xnode *n, const char *ns, const char *name);
/* First child element of that name; ns NULL: any. NULL if there is none, or n is NULL. */
struct xnode *xnode_child(const struct xnode *n, const char *ns, const char *name);
/* Next sibling that is an element; start with n->first and skip text through xnode_elem(). */
struct xnode *xnode_elem(struct xnode *n);
/* Value of a plain attribute; p is NULL if absent. */
struct str xnode_attr(const struct xnode *n, const char *name);
/* Character data directly inside, joined (in the arena if there are several pieces). */
struct str xnode_text(const struct xnode *n, struct arena *a);
/* Writes the element. `inherited` is the default namespace where it will stand: an element in it
 * gets no xmlns. `skip`: children for which it returns true are left out (top level only; NULL:
 * none). */
void xnode_write(struct buf *out, const struct xnode *n, struct str inherited);
void xnode_write_children(struct buf *out, const struct xnode *n, struct str inherited,
                          bool (*skip)(void *ctx, const struct xnode *child), void *ctx);

#endif
