/* render_presence.c: presence from an occupant (W7 to W13). */
#include "gateway/render.h"
#include "proto/wire.h"

static void destroy(struct buf *out, const Verona__Destroyed *d)
{
    buf_z(out, "<destroy");
    if (d->alternate.len)
        render_attr(out, "jid", wire_str(d->alternate));
    buf_c(out, '>');
    if (d->has_reason)
        render_text(out, "reason", wire_str(d->reason));
    if (d->has_password)
        render_text(out, "password", wire_str(d->password));
    buf_z(out, "</destroy>");
}

/* W8, W9 */
static void item(struct buf *out, const struct render_presence *p, const struct render_item *i)
{
    bool actor = p->has_actor && (p->actor_nick.n || p->actor_jid.n);
    buf_z(out, "<item affiliation='");
    buf_z(out, affiliation_name(i->affiliation));
    buf_z(out, "' role='");
    buf_z(out, role_name(i->role));
    buf_c(out, '\'');
    if (i->jid.n)
        render_attr(out, "jid", i->jid);
    if (p->item_nick.n)
        render_attr(out, "nick", p->item_nick);
    if (!actor && !p->has_reason) {
        buf_z(out, "/>");
        return;
    }
    buf_c(out, '>');
    if (actor) {
        buf_z(out, "<actor");
        if (p->actor_nick.n)
            render_attr(out, "nick", p->actor_nick);
        if (p->actor_jid.n)
            render_attr(out, "jid", p->actor_jid);
        buf_z(out, "/>");
    }
    if (p->has_reason)
        render_text(out, "reason", p->reason);
    buf_z(out, "</item>");
}

void render_hats(struct buf *out, Verona__Hat *const *hats, size_t n)
{
    if (!n)
        return;
    buf_z(out, "<hats xmlns='" NS_HATS "'>");
    for (size_t i = 0; i < n; i++) {
        buf_z(out, "<hat");
        render_attr(out, "title", wire_str(hats[i]->title));
        render_attr(out, "uri", wire_str(hats[i]->uri));
        if (hats[i]->hue.len)
            render_attr(out, "hue", wire_str(hats[i]->hue));
        buf_z(out, "/>");
    }
    buf_z(out, "</hats>");
}

void render_avatar(struct buf *out, struct str room, const Verona__RoomAvatar *a)
{
    struct str hash = wire_str(a->hash);
    render_from(out, room, STR_NULL);
    buf_z(out, "><x xmlns='" NS_VCARD_UPDATE "'>");
    render_text(out, "photo", str_n(hash.p, hash.n < AVATAR_HASH ? 0 : AVATAR_HASH));
    buf_z(out, "</x></presence>");
}

void render_presence(struct buf *out, const struct render_presence *p)
{
    render_from(out, p->room, p->nick);
    render_id(out, p->id);
    if (p->unavailable)
        buf_z(out, " type='unavailable'");
    render_payload(out, p->payload);
    if (p->status_text.n)
        render_text(out, "status", p->status_text);
    render_occupant_id(out, p->occupant_id);
    buf_str(out, p->hats);
    buf_z(out, "<x xmlns='" NS_MUC_USER "'>");
    render_mav(out, p->mav_since, p->mav_until);
    if (p->destroyed)
        destroy(out, p->destroyed);
    render_statuses(out, p->statuses, p->n_statuses);
    render_statuses(out, p->more_statuses, p->n_more_statuses);
    for (size_t i = 0; i < p->n_items; i++)
        item(out, p, &p->items[i]);
    if (p->self)
        buf_z(out, "<status code='110'/>");
    buf_z(out, "</x></presence>");
}
