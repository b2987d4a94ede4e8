/* muc_parts.c: what a Delivery brings besides presence. */
#include "gateway/muc_priv.h"

#include "base/utf8.h"

typedef char id_text[STANZA_ID_LEN + 1];

static struct str id_of(struct muc *m, const struct stanza_id_room *ids, const Verona__Name *name,
                        id_text out)
{
    if (!name || (name->e == 0 && name->s == 0))
        return STR_NULL;
    stanza_id_make(m->ids, ids, name->e, name->s, out);
    return str_n(out, STANZA_ID_LEN);
}

static void groupchat(struct muc *m, struct buf *out, const struct mroom *room,
                      const Verona__Message *msg)
{
    id_text id, retracts;
    render_groupchat(out, replica_room(room->replica), msg, id_of(m, &room->ids, msg->name, id),
                     id_of(m, &room->ids, msg->retracts, retracts));
}

void muc_show_message(struct muc *m, struct mroom *room, const Verona__Message *msg)
{
    struct str jid = replica_room(room->replica);
    buf_reset(&m->out);
    switch (msg->kind) {
    case VERONA__MESSAGE__KIND__GROUPCHAT:
        groupchat(m, &m->out, room, msg);
        fanout_all(m->g, room->replica, STANZA_MESSAGE, buf_as_str(&m->out), false);
        break;
    case VERONA__MESSAGE__KIND__PRIVATE: {
        const struct nick *to = replica_nick(room->replica, wire_str(msg->to_nick));
        if (!to)
            break;
        render_private(&m->out, jid, msg);
        fanout_nick(m->g, to, STANZA_MESSAGE, buf_as_str(&m->out));
        break;
    }
    case VERONA__MESSAGE__KIND__SUBJECT:
        render_subject(&m->out, jid, msg);
        fanout_one(m->g, msg->to_sid, STANZA_MESSAGE, buf_as_str(&m->out), false);
        break;
    case _VERONA__MESSAGE__KIND_IS_INT_SIZE:
        break;
    }
}

/* W30: maxchars takes whole stanzas from the end, as the client will see them. */
void muc_show_history(struct muc *m, struct mroom *room, const Verona__History *h)
{
    struct client *c = client_by_sid(m->g, h->to_sid);
    if (!c || h->n_messages == 0)
        return;
    size_t *ends = mem_alloc(h->n_messages * sizeof *ends);
    buf_reset(&m->history);
    for (size_t i = 0; i < h->n_messages; i++) {
        groupchat(m, &m->history, room, h->messages[i]);
        ends[i] = m->history.len;
    }
    size_t first = 0;
    if (h->max_chars >= 0) {
        size_t head = sizeof "<message to=''" - 1 + utf8_count(client_jid(c));
        uint64_t left = (uint64_t)h->max_chars;
        for (first = h->n_messages; first > 0; first--) {
            size_t start = first > 1 ? ends[first - 2] : 0;
            struct str one = {m->history.data + start, ends[first - 1] - start};
            uint64_t chars = head + utf8_count(one);
            if (chars > left)
                break;
            left -= chars;
        }
    }
    for (size_t i = first; i < h->n_messages; i++) {
        size_t start = i > 0 ? ends[i - 1] : 0;
        client_send(c, STANZA_MESSAGE, str_n(m->history.data + start, ends[i] - start), true);
    }
    mem_free(ends);
}

void muc_show_notice(struct muc *m, struct mroom *room, const Verona__Notice *n)
{
    buf_reset(&m->out);
    bool versions = n->mav_since.len > 0;
    render_notice(&m->out, replica_room(room->replica), n, false);
    fanout_follow(m->g, room->replica, STANZA_MESSAGE, buf_as_str(&m->out), n->moderators_only,
                  versions ? FOLLOW_NOT : FOLLOW_ANY);
    if (!versions)
        return;
    buf_reset(&m->out);
    render_notice(&m->out, replica_room(room->replica), n, true);
    fanout_follow(m->g, room->replica, STANZA_MESSAGE, buf_as_str(&m->out), n->moderators_only,
                  FOLLOW_ONLY);
}

void muc_show_avatar(struct muc *m, struct mroom *room, const Verona__RoomAvatar *a)
{
    buf_reset(&m->out);
    render_avatar(&m->out, replica_room(room->replica), a);
    if (a->to_sid)
        fanout_one(m->g, a->to_sid, STANZA_PRESENCE, buf_as_str(&m->out), false);
    else
        fanout_all(m->g, room->replica, STANZA_PRESENCE, buf_as_str(&m->out), false);
}

/* Comes before anything else of a join, so maybe before the roster (XEP-0463). */
void muc_show_delta(struct muc *m, struct str room, const Verona__AffiliationDelta *d)
{
    buf_reset(&m->out);
    render_delta(&m->out, room, d);
    fanout_one(m->g, d->to_sid, STANZA_MESSAGE, buf_as_str(&m->out), true);
}

void muc_show_status(struct muc *m, struct mroom *room, const Verona__StatusMessage *s)
{
    buf_reset(&m->out);
    render_status(&m->out, replica_room(room->replica), s);
    fanout_all(m->g, room->replica, STANZA_MESSAGE, buf_as_str(&m->out), false);
}

void muc_show_voice_request(struct muc *m, struct mroom *room, const Verona__VoiceRequest *v)
{
    buf_reset(&m->out);
    render_voice_request(&m->out, replica_room(room->replica), v);
    fanout_all(m->g, room->replica, STANZA_MESSAGE, buf_as_str(&m->out), true);
}

static bool is_list(const Verona__Reply *r)
{
    return r->answer_case == VERONA__REPLY__ANSWER_ITEMS ||
           r->answer_case == VERONA__REPLY__ANSWER_CONFIG ||
           r->answer_case == VERONA__REPLY__ANSWER_DISCO_ITEMS;
}

/* Answers that name messages. */
static void archive_answer(struct muc *m, struct str room, const Verona__Reply *r)
{
    struct stanza_id_room ids;
    id_text first, last;
    stanza_id_room(m->ids, room, &ids);
    if (r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_FIN)
        render_archive_fin(&m->out, room, r, id_of(m, &ids, r->archive_fin->first, first),
                           id_of(m, &ids, r->archive_fin->last, last));
    else
        render_archive_metadata(&m->out, room, r, id_of(m, &ids, r->archive_metadata->start, first),
                                id_of(m, &ids, r->archive_metadata->end, last));
}

void muc_show_reply(struct muc *m, struct str room, const Verona__Reply *r)
{
    struct client *c = client_by_sid(m->g, r->to_sid);
    if (!c)
        return;
    buf_reset(&m->out);
    enum stanza_kind kind = STANZA_IQ;
    if (r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_FIN ||
        r->answer_case == VERONA__REPLY__ANSWER_ARCHIVE_METADATA)
        archive_answer(m, room, r);
    else
        kind = render_reply(&m->out, room, r);
    client_send(c, kind, buf_as_str(&m->out), is_list(r));
}

void muc_show_archive(struct muc *m, struct str room, const Verona__ArchivePage *p)
{
    struct client *c = client_by_sid(m->g, p->to_sid);
    struct stanza_id_room ids;
    id_text id, retracts;
    if (!c)
        return;
    stanza_id_room(m->ids, room, &ids);
    for (size_t i = 0; i < p->n_messages; i++) {
        const Verona__Message *msg = p->messages[i]->message;
        if (!msg)
            continue;
        buf_reset(&m->out);
        render_archived(&m->out, room, wire_str(p->query_id), p->messages[i],
                        id_of(m, &ids, msg->name, id), id_of(m, &ids, msg->retracts, retracts));
        client_send(c, STANZA_MESSAGE, buf_as_str(&m->out), true);
    }
}

/* W70, W73: out of the room to a user, who may be anywhere. If he is nowhere, the room's address
 * says so to whoever invited him; a refusal is not worth an error. */
void muc_show_post(struct muc *m, struct str room, const Verona__Post *p)
{
    buf_reset(&m->out);
    render_post(&m->out, room, p);
    bool bounces = p->by_sid && p->kind_case == VERONA__POST__KIND_INVITE;
    uint64_t ref = bounces ? home_remember(m->g->home, p->by_sid, room, wire_str(p->id)) : 0;
    link_route(m->g->link, wire_str(p->to), VERONA__ROUTE__KIND__MESSAGE, buf_as_str(&m->out),
               bounces ? p->by_sid : 0, ref, STR_NULL);
}
