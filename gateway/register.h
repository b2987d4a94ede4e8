/* register.h: in-band registration (XEP-0077) with auth.registration = on: what a user who is
 * logged in asks of his account, and how many accounts an address may make before login (session.c
 * has the words). */
#ifndef MUC_GATEWAY_REGISTER_H
#define MUC_GATEWAY_REGISTER_H

#include "base/mem.h"
#include "gateway/stanza.h"

#include <stdint.h>

struct gateway;
struct client;
struct config;

/* Is it on? Only where there are accounts. */
bool register_configured(const struct config *cfg);
bool register_offered(const struct gateway *g);

/* <query xmlns='jabber:iq:register'/> of a bound client to the server or his account; always
 * answered. */
void register_iq(struct gateway *g, struct client *c, const struct xnode *st,
                 const struct xnode *query);

/* Accounts made by addresses in the last hour, for one gateway. */
struct register_rate;
struct register_rate *register_rate_new(uint32_t per_hour /* 0: no limit */);
void register_rate_destroy(struct register_rate **r_p);
/* May one more be made from this address (IPv4 as mapped, IPv6 by its /64)? Counts it. */
bool register_rate_take(struct register_rate *r, const uint8_t ip[16], uint64_t now_ms);

#endif
