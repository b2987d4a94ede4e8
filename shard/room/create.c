/* create.c: who may make a room, and what it may be called (XEP-0045 §7.2.17, §10.1; FEATURES W16).
 * Quotas that span rooms (how many, how fast) are not a room's to know: the store keeps them. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
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
