/* render_archive.c: what the archive of a room answers (XEP-0313), and how messages that were taken
 * back look (XEP-0424, XEP-0425). */
#include "gateway/render.h"
#include "proto/wire.h"

/* ---- taken back */

/* <moderated/> and <reason/>. */
static void by_moderator(struct buf *out, struct str room, const Verona__Retraction *r)
{
    buf_z(out, "<moderated xmlns='" NS_MODERATE "' by='");
    buf_xml(out, room);
    if (r->nick.len) {
        buf_c(out, '/');
        buf_xml(out, wire_str(r->nick));
    }
    buf_z(out, "'>");
    render_occupant_id(out, wire_str(r->occupant_id));
    buf_z(out, "</moderated>");
    if (r->has_reason)
        render_text(out, "reason", wire_str(r->reason));
}

void render_retraction(struct buf *out, struct str room, const Verona__Message *m,
                       struct str retracts)
{
    const Verona__Retraction *r = m->retraction;
    if (m->retracts) { /* the room tells of it */
        buf_z(out, "<retract xmlns='" NS_RETRACT "'");
        render_attr(out, "id", retracts);
        buf_c(out, '>');
        by_moderator(out, room, r);
        buf_z(out, "</retract>");
        return;
    }
    buf_z(out, "<retracted xmlns='" NS_RETRACT "'"); /* in place of what was said */
    render_attr(out, "id", wire_str(r->id));
    buf_z(out, " stamp='");
    render_stamp(out, r->stamp_ms);
    if (r->moderated) {
        buf_z(out, "'>");
        by_moderator(out, room, r);
        buf_z(out, "</retracted>");
    } else {
        buf_z(out, "'/>");
    }
}

/* ---- answers */

void render_archived(struct buf *out, struct str room, struct str query_id,
                     const Verona__ArchivedMessage *a, struct str stanza_id, struct str retracts)
{
    const Verona__Message *m = a->message;
    render_from(out, room, STR_NULL);
    buf_z(out, "><result xmlns='" NS_MAM "'");
    if (query_id.n)
        render_attr(out, "queryid", query_id);
    render_attr(out, "id", stanza_id);
    buf_z(out, "><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='" NS_DELAY "' stamp='");
    render_stamp(out, m->stamp_ms);
    buf_z(out, "'/><message xmlns='" NS_CLIENT "'");
    render_from(out, room, wire_str(m->nick));
    buf_z(out, " type='groupchat'");
    render_id(out, m->id.len ? wire_str(m->id) : stanza_id);
    render_said(out, room, m, retracts);
    if (a->jid.len) {
        buf_z(out, "<x xmlns='" NS_MUC_USER "'><item");
        render_attr(out, "jid", wire_str(a->jid));
        buf_z(out, "/></x>");
    }
    render_occupant_id(out, wire_str(m->occupant_id));
    render_stanza_id(out, room, stanza_id);
    buf_z(out, "</message></forwarded></result></message>");
}

static void open_result(struct buf *out, struct str room, const Verona__Reply *r)
{
    render_from(out, room, wire_str(r->from_nick));
    render_id(out, wire_str(r->id));
    buf_z(out, " type='result'>");
}

void render_archive_fin(struct buf *out, struct str room, const Verona__Reply *r, struct str first,
                        struct str last)
{
    const Verona__ArchiveFin *f = r->archive_fin;
    open_result(out, room, r);
    buf_z(out, "<fin xmlns='" NS_MAM "'");
    if (f->complete)
        buf_z(out, " complete='true'");
    buf_z(out, "><set xmlns='" NS_RSM "'>");
    if (first.n) {
        render_text(out, "first", first);
        render_text(out, "last", last);
    }
    if (f->has_count) {
        buf_z(out, "<count>");
        buf_u64(out, f->count);
        buf_z(out, "</count>");
    }
    buf_z(out, "</set></fin></iq>");
}

static void end(struct buf *out, const char *element, struct str id, uint64_t ms)
{
    buf_c(out, '<');
    buf_z(out, element);
    render_attr(out, "id", id);
    buf_z(out, " timestamp='");
    render_stamp(out, ms);
    buf_z(out, "'/>");
}

void render_archive_metadata(struct buf *out, struct str room, const Verona__Reply *r,
                             struct str first, struct str last)
{
    const Verona__ArchiveMetadata *m = r->archive_metadata;
    open_result(out, room, r);
    buf_z(out, "<metadata xmlns='" NS_MAM "'");
    if (first.n) {
        buf_c(out, '>');
        end(out, "start", first, m->start_ms);
        end(out, "end", last, m->end_ms);
        buf_z(out, "</metadata></iq>");
    } else {
        buf_z(out, "/></iq>");
    }
}

void render_archive_form(struct buf *out)
{
    static const struct {
        const char *type, *var;
    } fields[] = {{"jid-single", "with"},
                  {"text-single", "start"},
                  {"text-single", "end"},
                  {"text-single", "before-id"},
                  {"text-single", "after-id"}};
    buf_z(out, "<query xmlns='" NS_MAM "'><x xmlns='" NS_DATA "' type='form'>");
    render_field(out, "hidden", "FORM_TYPE", NULL, STR(NS_MAM));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        buf_z(out, "<field type='");
        buf_z(out, fields[i].type);
        buf_z(out, "' var='");
        buf_z(out, fields[i].var);
        buf_z(out, "'/>");
    }
    /* XEP-0313 §4.1.5: any id may be given, so none are listed (XEP-0122) */
    buf_z(out, "<field type='list-multi' var='ids'><validate "
               "xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><open/>"
               "</validate></field></x></query>");
}
