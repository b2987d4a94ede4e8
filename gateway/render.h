/* render.h: what a Delivery says as XML. Pure; the last place where meaning becomes bytes.
 *
 * Everything here appends a *tail*: what follows "<message to='JID'" in the stanza of any receiver
 * (client.h), so that one rendering serves all who share a view. Children come in the order of
 * W7 to W14 (tests/rules.txt). Text from people goes through buf_xml; payloads are XML already. */
#ifndef MUC_GATEWAY_RENDER_H
#define MUC_GATEWAY_RENDER_H

#include "base/buf.h"
#include "base/muc.h"
#include "gateway/stanza.h"
#include "proto/muc.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- presence (render_presence.c) */

struct render_item {
    enum affiliation affiliation;
    enum role role;
    struct str jid; /* empty: may not be seen */
};

struct render_presence {
    struct str room, nick; /* of `from` */
    struct str id;         /* empty: none */
    bool unavailable;
    struct str payload;     /* the client's children, XML */
    struct str status_text; /* <status/> of an error kick, not escaped; empty: none */
    struct str occupant_id; /* empty: none */
    struct str hats;        /* <hats/>; empty: none */
    const uint32_t *statuses, *more_statuses; /* in this order before the items */
    size_t n_statuses, n_more_statuses;
    const struct render_item *items;
    size_t n_items;
    struct str item_nick; /* attribute of each item; empty: none */
    bool has_actor;
    struct str actor_nick, actor_jid; /* empty: not shown; both empty: no actor */
    bool has_reason;
    struct str reason;
    const Verona__Destroyed *destroyed; /* in place of the statuses; NULL: none */
    struct str mav_since, mav_until;    /* XEP-0463; empty: not shown */
    bool self;                          /* status 110, last */
};
void render_presence(struct buf *out, const struct render_presence *p);

/* ---- messages (render_message.c) */

/* Groupchat and history (stamp_ms set: with <delay/>). stanza_id empty: none. retracts: id of what
 * m->retracts names. W30, W33 */
void render_groupchat(struct buf *out, struct str room, const Verona__Message *m,
                      struct str stanza_id, struct str retracts);
void render_private(struct buf *out, struct str room, const Verona__Message *m); /* W34 */
void render_subject(struct buf *out, struct str room, const Verona__Message *m); /* W31 */
/* W49; versions: with those of XEP-0463 */
void render_notice(struct buf *out, struct str room, const Verona__Notice *n, bool versions);
/* <hats/> of XEP-0317; nothing if there are none. */
void render_hats(struct buf *out, Verona__Hat *const *hats, size_t n);
/* Presence of the room itself: XEP-0486. */
void render_avatar(struct buf *out, struct str room, const Verona__RoomAvatar *a);
void render_delta(struct buf *out, struct str room, const Verona__AffiliationDelta *d);
void render_status(struct buf *out, struct str room, const Verona__StatusMessage *s); /* W67 */
/* XEP-0045 §8.6 */
void render_voice_request(struct buf *out, struct str room, const Verona__VoiceRequest *v);
void render_relay(struct buf *out, struct str room, const Verona__Relay *r); /* W35: an iq */
/* W70, W73: a whole message without `to`. */
void render_post(struct buf *out, struct str room, const Verona__Post *p);
/* XEP-0082, in whole seconds. */
void render_stamp(struct buf *out, uint64_t ms);

/* ---- answers (render_reply.c, render_form.c) */

/* What kind of stanza it is comes back. */
enum stanza_kind render_reply(struct buf *out, struct str room, const Verona__Reply *r);
void render_config_form(struct buf *out, const Verona__ConfigForm *f); /* W63: <query/> */
/* An ad-hoc command's answer (render_command.c), XEP-0050. */
void render_command(struct buf *out, const Verona__CommandResult *c);
void render_commands(struct buf *out, struct str room, const Verona__CommandList *l);
void render_command_info(struct buf *out, const Verona__CommandItem *c);
void render_register_form(struct buf *out, const Verona__RegisterForm *f); /* W58: <query/> */
void render_disco_info(struct buf *out, struct str room, const Verona__DiscoInfo *d); /* W77 */

/* ---- the archive and what was taken back (render_archive.c). Ids as in render_groupchat(). */

/* Instead of a payload: m->retraction is set. */
void render_retraction(struct buf *out, struct str room, const Verona__Message *m,
                       struct str retracts);
void render_archived(struct buf *out, struct str room, struct str query_id,
                     const Verona__ArchivedMessage *a, struct str stanza_id, struct str retracts);
/* Answers that name messages; empty ids: there are none. */
void render_archive_fin(struct buf *out, struct str room, const Verona__Reply *r, struct str first,
                        struct str last);
void render_archive_metadata(struct buf *out, struct str room, const Verona__Reply *r,
                             struct str first, struct str last);
void render_archive_form(struct buf *out); /* <query/> */

/* ---- pieces (render.c) */

/* Ends the start tag and writes what a message says: its payload, or that it was taken back. */
void render_said(struct buf *out, struct str room, const Verona__Message *m, struct str retracts);
void render_stanza_id(struct buf *out, struct str room, struct str id); /* nothing if empty */

void render_attr(struct buf *out, const char *name,
                 struct str value); /* " name='value'", escaped */
void render_from(struct buf *out, struct str room, struct str nick);
void render_id(struct buf *out, struct str id); /* nothing if empty */
/* Ends the start tag of a stanza and writes what a client sent in it; its language becomes an
 * attribute. */
void render_payload(struct buf *out, struct str payload);
void render_text(struct buf *out, const char *element,
                 struct str text); /* <element>text</element> */
void render_statuses(struct buf *out, const uint32_t *codes, size_t n);
void render_occupant_id(struct buf *out, struct str id); /* nothing if empty */
/* <mav/> of XEP-0463; nothing if both are empty. */
void render_mav(struct buf *out, struct str since, struct str until);
void render_delay(struct buf *out, struct str room, uint64_t stamp_ms);
/* Of data forms (XEP-0004): up to its values and options, which "</field>" ends. label NULL: none.
 */
void render_field_open(struct buf *out, const char *type, const char *var, const char *label);
void render_option(struct buf *out, struct str label, struct str value);
/* A whole field with one value. */
void render_field(struct buf *out, const char *type, const char *var, const char *label,
                  struct str value);

#endif
