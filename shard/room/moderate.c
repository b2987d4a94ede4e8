/* moderate.c: roles: kicking, voice, moderators (XEP-0045 §8.2 to §8.5, §9.6 to §9.8). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/jid.h"

/* R40, W47: by nick, or by JID: of that session or else of that user. */
struct occupant *item_occupant(const struct room *room, const struct room_item *item)
{
    if (item->has_nick && item->nick.n)
        return roster_nick(&room->roster, item->nick);
    const struct person *p = roster_person(&room->roster, jid_bare(item->jid));
    if (!p)
        return NULL;
    LIST_FOREACH(in_p, &p->occupants)
    {
        struct occupant *o = LIST_ENTRY(in_p, struct occupant, in_person);
        LIST_FOREACH(in_o, &o->sessions)
        {
            if (str_eq(LIST_ENTRY(in_o, struct session, in_occupant)->jid, item->jid))
                return o;
        }
    }
    return LIST_ENTRY(p->occupants.next, struct occupant, in_person);
}

/* Affiliation and role of an occupant as they will be after what is in the plan already: items are
 * carried out in their order, so each is judged by what those before it leave (W46). */
static struct standing standing_after(const struct plan *plan, const struct room *room,
                                      const struct occupant *o)
{
    struct standing now = {o->person->affiliation, o->role};
    for (uint32_t i = 0; i < plan->n; i++) {
        const struct change *c = &plan->list[i];
        if (c->is_role && str_eq(c->nick, o->nick)) {
            now.role = c->role;
        } else if (!c->is_role && str_eq(c->jid, o->person->bare) && now.role != ROLE_NONE) {
            now.role = role_after(now.role, now.affiliation, c->after, room->config.moderated);
            now.affiliation = c->after;
        }
    }
    now.affiliation = plan_lookup(plan, room, o->person->bare);
    return now;
}

/* R27, R28, W44, W50 */
enum stanza_error moderate_item(const struct step *st, struct plan *plan,
                                const struct room_item *item)
{
    const struct room *room = st->room;
    const struct session *s = step_session(st);
    struct standing actor = {room_affil(room, step_bare(st)), s ? s->occupant->role : ROLE_NONE};
    if (!role_privilege(actor, item->role))
        return SE_FORBIDDEN; /* whatever the target: he learns nothing of who is inside */
    const struct occupant *o = item_occupant(room, item);
    if (!o)
        return SE_ITEM_NOT_FOUND;
    enum stanza_error e = role_edit(actor, standing_after(plan, room, o), item->role);
    if (!e)
        plan_role(plan, o->nick, item->role, item->has_reason, item->reason);
    return e;
}

/* R37, W56 */
void moderate_list(struct step *st, enum role role)
{
    const struct room *room = st->room;
    const struct session *s = step_session(st);
    bool may = role == ROLE_MODERATOR ? room_affil(room, step_bare(st)) >= AFFIL_ADMIN
                                      : s && s->occupant->role == ROLE_MODERATOR;
    if (!may) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    struct fx_list_item *items =
        arena_alloc(&st->fx->arena, room->roster.n_occupants * sizeof *items);
    uint32_t n = 0;
    for (const struct occupant *o = room->roster.by_nick; o; o = o->hh.next) {
        if (o->role != role)
            continue;
        const struct session *first = LIST_ENTRY(o->sessions.next, struct session, in_occupant);
        items[n++] = (struct fx_list_item){
            .affiliation = o->person->affiliation,
            .role = o->role,
            .jid = show_str(st, first->jid),
            .nick = show_str(st, o->nick),
        };
    }
    struct fx *f = reply_add(st, FXR_ITEMS);
    f->reply.items = items;
    f->reply.n_items = n;
}
