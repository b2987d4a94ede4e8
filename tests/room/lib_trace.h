/* clang-format off */
/* lib_trace.h: room scenarios as transcripts. A scenario is one text: commands begin at the left
 * margin, the effects they must have are indented below them, all of them and in order.
 *
 *   romeo: join Romeo
 *     persist create 1 by=romeo@example.org state locked romeo@example.org=owner
 *   ok
 *     join Romeo(romeo@example.org/r owner/moderator) self=201
 *     subject to=romeo
 *
 * Who: `romeo` is romeo@example.org/r at gateway 1; `romeo/phone@2` has another resource and
 * gateway, `iago#evil.org` another domain. Words are separated by blanks; 'quotes' hold them
 * together. Commands:
 *
 *   W: join [NICK] [pass= chars= stanzas= seconds= since= payload= strict=no mav=|last|VERSION]
 *   W: presence [NICK] [payload= strict=no]
 *   W: leave [NICK] [payload= broken]
 *   W: say TEXT [subject= thread store nostore nobody type= archive retracts=E-S]
 *   W: subject TEXT [nostore]
 *   W: archive [with= start= end= afterid= beforeid= after= before= ids=E-S|E-S max= back flip meta]
 *   W: archiveform
 *   W: moderate E-S [reason=]
 *   W: pm NICK TEXT [type=]
 *   W: error [CONDITION] [text= presence]
 *   W: probe NICK
 *   W: get role=|affiliation=
 *   W: set [role= affiliation= jid= nick= reason=] ; ...
 *   W: config
 *   W: submit [FIELD=VALUE|VALUE ... form_type=]
 *   W: cancel
 *   W: destroy [alternate= reason= password=]
 *   W: register [NICK] [valid=no]
 *   W: unregister
 *   W: invite JID [reason= continue= body=] ; JID ...
 *   W: decline JID [reason=]
 *   W: disco|items|ping|iq [NICK] [set account payload=]
 *   W: answer TICKET [error payload=]
 *   W: voice [role=]
 *   W: approve NICK [role= jid= deny]
 *   W: ownnick
 *   W: vcard [xml= hash= size=]
 *   W: commands
 *   W: commandinfo NAME
 *   W: command NAME [session= cancel] [submit FIELD=VALUE ...]
 *   W: refuse iq|message|presence CONDITION
 *   ok                 the oldest commit is in the store
 *   fail [CONDITION]   it is not
 *   gateway N lost
 *   tick MS            that much time passes, and the room is told
 *   wait MS            it is not told
 *   held W: ...        the room must not take the event now
 *   W: provide [preset= FIELD=VALUE ...]   a room by command; any request with `service` is one
 *
 * Every request may have id= and to= (the nick it is addressed to, if the command has none).
 * The room is checked (room_check) after each event; one that has ended begins anew, as the shard
 * does. Fields of a form are muc#roomconfig_'s unless their name has a # itself; `items` takes max=
 * index= after= before= (`before=last`: the last page); `say` takes `correction`. */
/* clang-format on */
#ifndef MUC_LIB_TRACE_H
#define MUC_LIB_TRACE_H

#include "base/buf.h"
#include "shard/room/room.h"

struct trace_user {
    char tag[64];
    gateway_ref gw;
    uint64_t sid;
    char jid[128];
};

struct trace {
    struct room *room;
    struct room_service service;
    struct room_config shipped; /* if `other`: what its room is made to be (other_defaults.h) */
    bool other;
    struct room_effects fx;
    struct arena arena; /* of the command under way */
    uint64_t now_ms, epoch;
    bool show_versions; /* of the affiliations (XEP-0463): by number */
    struct str version; /* of the last difference; what `mav=last` means */
    char version_bytes[64];
    struct trace_user users[64];
    uint32_t n_users;
    struct str tickets[16]; /* of relayed iqs, as printed: 1, 2, ...; on the heap */
    uint32_t n_tickets;
};

/* A service with the shipped defaults (README.md, Settings). Change `service` before the first
 * event. */
void trace_init(struct trace *t);
void trace_deinit(struct trace *t);
/* Runs a transcript; fails the test at the first difference and prints both sides. */
void trace_run(struct trace *t, const char *transcript);
/* A fresh trace for one transcript. */
void trace_once(const char *transcript);
/* romeo makes a room, submits these fields and is inside as Romeo; commits go on with number 3. */
void trace_room(struct trace *t, const char *fields);
/* A transcript in such a room. */
void trace_in(const char *fields, const char *transcript);
/* One effect as a line (lib_print.c). */
void trace_put_effect(struct trace *t, struct buf *b, const struct fx *f);

#endif
