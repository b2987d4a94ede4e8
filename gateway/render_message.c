/* render_message.c: messages of a room, and what it posts to users outside. */
#include "gateway/render.h"
#include "proto/wire.h"

/* W33, W14, W30 */
void render_groupchat(struct buf *out, struct str room, const Verona__Message *m,
                      struct str stanza_id, struct str retracts)
{
    struct str id = wire_str(m->id);
    render_from(out, room, wire_str(m->nick));
    buf_z(out, " type='groupchat'");
    render_id(out, id.n ? id : stanza_id);
    render_said(out, room, m, retracts);
    if (m->stamp_ms)
        render_delay(out, room, m->stamp_ms);
    render_occupant_id(out, wire_str(m->occupant_id));
    render_stanza_id(out, room, stanza_id);
    buf_z(out, "</message>");
}

void render_private(struct buf *out, struct str room, const Verona__Message *m)
{
    render_from(out, room, wire_str(m->nick));
    if (m->type == VERONA__MESSAGE_IN__TYPE__CHAT)
        buf_z(out, " type='chat'");
    else if (m->type == VERONA__MESSAGE_IN__TYPE__HEADLINE)
        buf_z(out, " type='headline'");
    render_id(out, wire_str(m->id));
    render_payload(out, wire_str(m->payload));
    buf_z(out, "<x xmlns='" NS_MUC_USER "'/>");
    render_occupant_id(out, wire_str(m->occupant_id));
    buf_z(out, "</message>");
}

void render_subject(struct buf *out, struct str room, const Verona__Message *m)
{
    struct str nick = wire_str(m->nick);
    render_from(out, room, nick);
    buf_z(out, " type='groupchat'");
    render_id(out, wire_str(m->id));
    buf_c(out, '>');
    render_text(out, "subject", wire_str(m->subject));
    if (m->stamp_ms)
        render_delay(out, room, m->stamp_ms);
    if (nick.n)
        render_occupant_id(out, wire_str(m->occupant_id));
    buf_z(out, "</message>");
}

void render_notice(struct buf *out, struct str room, const Verona__Notice *n, bool versions)
{
    render_from(out, room, STR_NULL);
    buf_z(out, "><x xmlns='" NS_MUC_USER "'>");
    if (versions)
        render_mav(out, wire_str(n->mav_since), wire_str(n->mav_until));
    render_statuses(out, n->statuses, n->n_statuses);
    buf_z(out, "<item");
    render_attr(out, "jid", wire_str(n->jid));
    buf_z(out, " affiliation='");
    buf_z(out, affiliation_name((enum affiliation)n->affiliation));
    buf_c(out, '\'');
    if (n->has_reason) {
        buf_c(out, '>');
        render_text(out, "reason", wire_str(n->reason));
        buf_z(out, "</item>");
    } else {
        buf_z(out, "/>");
    }
    buf_z(out, "</x></message>");
}

void render_delta(struct buf *out, struct str room, const Verona__AffiliationDelta *d)
{
    render_from(out, room, STR_NULL);
    buf_z(out, "><x xmlns='" NS_MUC_USER "'>");
    render_mav(out, wire_str(d->since), wire_str(d->until));
    for (size_t i = 0; i < d->n_items; i++) {
        buf_z(out, "<item");
        render_attr(out, "jid", wire_str(d->items[i]->jid));
        render_attr(out, "affiliation",
                    str_of(affiliation_name((enum affiliation)d->items[i]->affiliation)));
        buf_z(out, "/>");
    }
    buf_z(out, "</x></message>");
}

void render_status(struct buf *out, struct str room, const Verona__StatusMessage *s)
{
    render_from(out, room, STR_NULL);
    buf_z(out, " type='groupchat'><x xmlns='" NS_MUC_USER "'>");
    render_statuses(out, s->codes, s->n_codes);
    buf_z(out, "</x></message>");
}

void render_voice_request(struct buf *out, struct str room, const Verona__VoiceRequest *v)
{
    render_from(out, room, STR_NULL);
    buf_z(out, "><x xmlns='" NS_DATA "' type='form'><title>Voice request</title>"
               "<instructions>To approve this request for voice, select the &quot;Grant voice to "
               "this person?&quot; checkbox and click OK. To skip this request, click the cancel "
               "button.</instructions>");
    render_field(out, "hidden", "FORM_TYPE", NULL, STR(NS_MUC_REQUEST));
    buf_z(out, "<field type='list-single' var='muc#role' label='Requested role'>"
               "<value>participant</value><option label='Participant'><value>participant</value>"
               "</option></field>");
    render_field(out, "jid-single", "muc#jid", "User ID", wire_str(v->jid));
    render_field(out, "text-single", "muc#roomnick", "Room Nickname", wire_str(v->nick));
    render_field(out, "boolean", "muc#request_allow", "Grant voice to this person?", STR("false"));
    buf_z(out, "</x></message>");
}

void render_relay(struct buf *out, struct str room, const Verona__Relay *r)
{
    static const char *const types[] = {"get", "set", "result", "error"};
    render_from(out, room, wire_str(r->from_nick));
    render_id(out, wire_str(r->id));
    buf_z(out, " type='");
    buf_z(out, types[r->type]);
    buf_c(out, '\'');
    if (r->payload.len == 0) {
        buf_z(out, "/>");
        return;
    }
    buf_c(out, '>');
    buf_str(out, wire_str(r->payload));
    buf_z(out, "</iq>");
}

/* ---- to users outside */

static void body(struct buf *out, const Verona__Post *p, struct str room, const char *did,
                 struct str reason)
{
    if (p->has_body) {
        render_text(out, "body", wire_str(p->body));
        return;
    }
    buf_z(out, "<body>");
    buf_xml(out, wire_str(p->from));
    buf_z(out, did);
    buf_xml(out, room);
    if (reason.n) {
        buf_z(out, " (");
        buf_xml(out, reason);
        buf_c(out, ')');
    }
    buf_z(out, "</body>");
}

/* W70 */
static void invite(struct buf *out, struct str room, const Verona__Post *p)
{
    const Verona__Invitation *i = p->invite;
    struct str reason = wire_str(i->reason);
    buf_z(out, "<x xmlns='" NS_MUC_USER "'><invite");
    render_attr(out, "from", wire_str(p->from));
    buf_c(out, '>');
    render_text(out, "reason", reason);
    if (i->has_continue) {
        buf_z(out, "<continue");
        if (i->thread.len)
            render_attr(out, "thread", wire_str(i->thread));
        buf_z(out, "/>");
    }
    buf_z(out, "</invite>");
    if (p->has_password)
        render_text(out, "password", wire_str(p->password));
    buf_z(out, "</x><x xmlns='jabber:x:conference'");
    render_attr(out, "jid", room);
    if (reason.n) {
        buf_c(out, '>');
        buf_xml(out, reason);
        buf_z(out, "</x>");
    } else {
        buf_z(out, "/>");
    }
    body(out, p, room, " invited you to the room ", reason);
}

/* W73 */
static void decline(struct buf *out, struct str room, const Verona__Post *p)
{
    struct str reason = wire_str(p->decline->reason);
    buf_z(out, "<x xmlns='" NS_MUC_USER "'><decline");
    render_attr(out, "from", wire_str(p->from));
    buf_c(out, '>');
    render_text(out, "reason", reason);
    buf_z(out, "</decline></x>");
    body(out, p, room, " declined your invitation to the room ", reason);
}

void render_post(struct buf *out, struct str room, const Verona__Post *p)
{
    buf_z(out, "<message");
    render_from(out, room, STR_NULL);
    render_id(out, wire_str(p->id));
    buf_c(out, '>');
    if (p->kind_case == VERONA__POST__KIND_INVITE)
        invite(out, room, p);
    else if (p->kind_case == VERONA__POST__KIND_DECLINE)
        decline(out, room, p);
    buf_z(out, "</message>");
}
