/* home_ns.h: namespaces of what the server and the rooms' service answer themselves. */
#ifndef MUC_HOME_NS_H
#define MUC_HOME_NS_H

#define NS_VERSION "jabber:iq:version"
#define NS_PRIVATE "jabber:iq:private"
#define NS_UNIQUE "http://jabber.org/protocol/muc#unique"
#define NS_SEARCH "urn:xmpp:channel-search:0:search"
#define NS_COMMANDS "http://jabber.org/protocol/commands"
#define NS_CAPS_0115 "http://jabber.org/protocol/caps"
#define NS_CAPS "urn:xmpp:caps"
#define NS_HASHES "urn:xmpp:hashes:2"

#endif
