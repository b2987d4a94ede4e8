/* create.c: who may make a room, and what it may be called (XEP-0045 §7.2.17, §10.1; W16).
 * Quotas that span rooms (how many, how fast) are not a room's to know: the store keeps them. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"

/* R99: rules of the service for the names of new rooms. Those that exist keep theirs. */
static bool name_fits(const struct room *room)
{
    const struct room_service *service = room->service;
    struct jid parts;
    if (jid_split(room->jid, &parts) != 0)
        return false;
    if (service->name_max && utf8_count(parts.local) > service->name_max)
        return false;
    return !service->name_allowed || service->name_allowed(service->name_ctx, parts.local);
}

/* R98: admins make rooms of any name; that is how they take one out of turn. */
enum stanza_error create_refusal(const struct step *st)
{
    const struct room *room = st->room;
    const struct room_service *service = room->service;
    struct str bare = step_bare(st);
    struct jid who;
    if (is_service_admin(room, bare))
        return SE_NONE;
    if (service->create_by_admins_only)
        return SE_NOT_ALLOWED;
    if (service->create_domain.n &&
        (jid_split(bare, &who) != 0 || !str_eq(who.domain, service->create_domain)))
        return SE_NOT_ALLOWED;
    return name_fits(room) ? SE_NONE : SE_NOT_ALLOWED;
}

void create_persist(struct step *st, struct pending *p, bool locked)
{
    p->create.now_ms = st->ev->now_ms;
    memcpy(p->create.occupant_secret, st->ev->random, sizeof p->create.occupant_secret);
    struct fx *f = commit_add(st, p, FXS_CREATE);
    commit_state(st, f, &p->create.config);
    commit_plan(st, f, &p->plan);
    f->persist.state.locked = locked;
    f->persist.state.creator = f->persist.by;
    f->persist.state.created_ms = p->create.now_ms;
    f->persist.state.born = (struct event_name){st->ev->epoch, p->s};
    memcpy(f->persist.state.occupant_secret, p->create.occupant_secret,
           sizeof p->create.occupant_secret);
}

void create_begin(struct step *st, struct pending *p, bool locked)
{
    struct room *room = st->room;
    struct str by = step_bare(st);
    room->exists = true;
    config_release(&room->config);
    config_own(&room->config, &p->create.config);
    memcpy(room->occupant_secret, p->create.occupant_secret, sizeof room->occupant_secret);
    room->creator = str_own(by);
    room->created_ms = p->create.now_ms;
    room->born = room->last;
    room->locked = locked;
    room->lock_ends_ms = p->create.now_ms + LIMIT_ROOM_LOCK_MS;
    for (uint32_t i = 0; i < p->plan.n; i++) { /* nobody is inside who would have to be told */
        const struct change *c = &p->plan.list[i];
        room->ver = c->ver;
        affils_set(&room->affils,
                   &(struct room_affiliation){
                       .jid = c->jid, .affiliation = c->after, .by = by, .ver = c->ver});
    }
}
