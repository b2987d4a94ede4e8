/* avatar.c: the vCard of a room and the avatar in it (XEP-0486, XEP-0054). What is in it is the
 * gateway's to judge; here it is a piece of XML and the hashes of its pictures. */
#include "shard/room/show.h"

static void get(struct step *st)
{
    struct fx *f = reply_add(st, FXR_VCARD);
    f->reply.vcard = show_str(st, st->room->vcard);
}

/* R115, W80 */
static void set(struct step *st)
{
    const struct room *room = st->room;
    const struct room_event *ev = st->ev;
    if (room_affil(room, step_bare(st)) != AFFIL_OWNER) {
        reply_error_text(st, SE_FORBIDDEN, STR("Only owners may set the avatar"));
        return;
    }
    if (!room->service->avatar_max) {
        reply_error(st, SE_SERVICE_UNAVAILABLE);
        return;
    }
    if (ev->vcard.size > room->service->avatar_max) {
        reply_error_text(st, SE_POLICY_VIOLATION, STR("The picture is too large"));
        return;
    }
    if (str_eq(room->vcard, ev->vcard.xml)) {
        reply_empty(st);
        return;
    }
    struct pending *p = pending_new(st, P_AVATAR);
    p->avatar.xml = arena_str(&p->arena, ev->vcard.xml);
    p->avatar.hash = arena_str(&p->arena, ev->vcard.hash);
    struct fx *f = commit_add(st, p, FXS_CONFIG);
    commit_state(st, f, NULL);
    f->persist.state.avatar_hash = show_str(st, ev->vcard.hash);
    f->persist.vcard_changed = true;
    f->persist.vcard = show_str(st, ev->vcard.xml);
}

void vcard_step(struct step *st)
{
    if (st->ev->type == ROOM_EV_VCARD_GET)
        get(st);
    else
        set(st);
}

static void show(struct step *st, uint64_t to_sid)
{
    struct fx *f = room_effects_add(st->fx, FX_AVATAR);
    f->avatar.to_sid = to_sid;
    f->avatar.hash = show_str(st, st->room->avatar_hash);
}

void avatar_show(struct step *st, uint64_t to_sid)
{
    if (st->room->avatar_hash.n)
        show(st, to_sid);
}

/* R6: the room's presence, the result, one message. Other changes of the vCard are none of its
 * avatar. */
void avatar_commit(struct step *st, struct pending *p)
{
    struct room *room = st->room;
    bool other = !str_eq(room->avatar_hash, p->avatar.hash);
    str_replace(&room->vcard, p->avatar.xml);
    str_replace(&room->avatar_hash, p->avatar.hash);
    if (other && room->roster.n_occupants)
        show(st, 0);
    reply_empty(st);
    if (room->roster.n_occupants) {
        struct fx *f = room_effects_add(st->fx, FX_STATUS);
        f->status.codes[f->status.n++] = 104;
    }
}
