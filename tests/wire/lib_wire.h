/* lib_wire.h: what clients send and get, through everything but sockets: stanza -> muc_in -> codec
 * -> room -> store that says yes -> deliver -> replica -> render -> fan-out. Several gateways, one
 * room.
 *
 *   romeo: <presence to='R/Romeo'><x xmlns='M'/></presence>
 *     romeo <presence from='R/Romeo'><x xmlns='U'>...</x></presence>
 *
 * A command begins at the left margin; indented below it are all stanzas that go out because of it,
 * in the order of the queues, `to` left out. `romeo` is romeo@example.org/r at gateway 1;
 * `romeo/phone@2` has another resource and gateway. Other commands:
 *
 *   close W [XML]     the stream ends; XML: children of his unavailable presence
 *   break W           it breaks
 *   gateway N lost
 *   vanish W          the stream is gone, and the room has not heard of it
 *   fail              the next commit fails
 *
 * The id of an iq that a room hands on is written '#1', the next one's '#2', and so on.
 *
 * Short in both directions: 'R is the room, 'M' muc, 'U' muc#user, 'A' muc#admin, 'O' muc#owner,
 * 'D' data forms, 'G' jabber:iq:register, 'S' stanza errors. Left out after a look: occupant-id,
 * stanza-id, the empty vcard-temp update, times. */
#ifndef MUC_TESTS_WIRE_LIB_WIRE_H
#define MUC_TESTS_WIRE_LIB_WIRE_H

#include "base/buf.h"
#include "gateway/stanza.h"
#include "shard/room/room.h"

enum { WIRE_GATEWAYS = 3, WIRE_CLIENTS = 64 };

struct wire;
struct client;

/* Called for each stanza that goes out, with its tree. */
typedef void wire_watch(void *ctx, struct client *to, const struct xnode *st);

struct wire *wire_new(void);
void wire_destroy(struct wire **w_p);
struct room_service *wire_service(struct wire *w); /* change before the first event */
struct room *wire_room(struct wire *w);
void wire_on_stanza(struct wire *w, wire_watch *fn, void *ctx);

/* Stanzas above 256 kB are no client's and have no tree here: fn gets what follows `to`. */
typedef void wire_bulk(void *ctx, struct client *to, struct str tail);
void wire_on_bulk(struct wire *w, wire_bulk *fn, void *ctx);

/* Runs a transcript; fails the test at the first difference and prints both sides. */
void wire_run(struct wire *w, const char *transcript);
/* One command; what went out, or NULL for all the same. The text lives until the next command. */
const char *wire_do(struct wire *w, const char *command);
/* romeo makes the room, submits these fields (<field/>s, short) and is inside as Romeo. */
void wire_open(struct wire *w, const char *fields);
/* A transcript in a fresh one of these. */
void wire_in(const char *fields, const char *transcript);

/* Of a receiver. */
struct str wire_jid(const struct client *c);
/* The session's record in the room; false if it is not inside. */
bool wire_record(struct wire *w, const struct client *c, struct room_record *out);

#endif
