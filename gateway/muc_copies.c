/* muc_copies.c: see muc_copies.h. */
#include "gateway/muc_copies.h"

/* ---- one copy */

void copy_add_item(struct muc *m, struct render_presence *rp, const struct occ *o, enum role role,
                   bool jid)
{
    if (rp->n_items == m->cap_items) {
        m->cap_items = m->cap_items ? m->cap_items * 2 : 8;
        m->items = mem_realloc(m->items, m->cap_items * sizeof *m->items);
    }
    m->items[rp->n_items++] = (struct render_item){
        .affiliation = o->affiliation, .role = role, .jid = jid ? o->jid : STR_NULL};
    rp->items = m->items;
}

void copy_items(struct muc *m, struct render_presence *rp, const struct list *occs,
                const struct occ *first, bool jids, bool gone)
{
    rp->n_items = 0;
    if (first)
        copy_add_item(m, rp, first, gone ? ROLE_NONE : first->role, true);
    LIST_FOREACH(it, occs)
    {
        const struct occ *o = OCC_OF(it);
        if (o == first)
            continue;
        if (!jids && rp->n_items > 0)
            break;
        copy_add_item(m, rp, o, gone ? ROLE_NONE : o->role, jids);
    }
}

struct render_presence copy_of(const struct mroom *room, struct str nick)
{
    return (struct render_presence){.room = replica_room(room->replica), .nick = nick};
}

void copy_say(struct render_presence *rp, const Verona__Presence *p, bool actor_jid)
{
    rp->statuses = p->statuses;
    rp->n_statuses = p->n_statuses;
    rp->has_actor = p->has_actor;
    rp->actor_nick = wire_str(p->actor_nick);
    rp->actor_jid = actor_jid ? wire_str(p->actor_jid) : STR_NULL;
    rp->has_reason = p->has_reason;
    rp->reason = wire_str(p->reason);
}

void copy_self_statuses(struct render_presence *rp, const Verona__Presence *p)
{
    rp->more_statuses = p->self_statuses;
    rp->n_more_statuses = p->n_self_statuses;
}

void copy_from(struct render_presence *rp, const struct occ *o, bool payload)
{
    rp->occupant_id = o->occupant_id;
    if (payload) {
        rp->payload = o->presence;
        rp->hats = o->hats;
    }
}

struct str copy_tail(struct muc *m, const struct render_presence *rp)
{
    buf_reset(&m->out);
    render_presence(&m->out, rp);
    return buf_as_str(&m->out);
}

void copy_versions(struct render_presence *rp, const Verona__Presence *p)
{
    rp->mav_since = wire_str(p->mav_since);
    rp->mav_until = wire_str(p->mav_until);
}

void copy_to_others(struct muc *m, struct mroom *room, struct others others, enum sight sight,
                    struct render_presence *rp, const Verona__Presence *p)
{
    const struct replica *r = room->replica;
    if (!p || !p->mav_since.len) {
        fanout_others(m->g, r, &others, sight, copy_tail(m, rp));
        return;
    }
    others.follow = FOLLOW_NOT;
    if (fanout_sights(r, &others) & SIGHT_BIT(sight))
        fanout_others(m->g, r, &others, sight, copy_tail(m, rp));
    others.follow = FOLLOW_ONLY;
    if (fanout_sights(r, &others) & SIGHT_BIT(sight)) {
        copy_versions(rp, p);
        fanout_others(m->g, r, &others, sight, copy_tail(m, rp));
    }
}

/* ---- copies of an occupant who is inside */

enum audience audience_of(const struct mroom *room, const struct nick *n, bool gone)
{
    bool few =
        gone ? n->few : replica_overcrowded(room->replica) && nick_front(n)->role != ROLE_MODERATOR;
    return few ? AUDIENCE_MODERATORS : AUDIENCE_ALL;
}

void show_others(struct muc *m, struct mroom *room, struct nick *n, const Verona__Presence *p,
                 bool hidden)
{
    show_others_to(m, room, n, p, hidden, audience_of(room, n, hidden));
}

void show_others_to(struct muc *m, struct mroom *room, struct nick *n, const Verona__Presence *p,
                    bool hidden, enum audience a)
{
    const struct occ *front = nick_front(n);
    const struct others others = {.except = n, .who = front, .audience = a};
    unsigned sights = fanout_sights(room->replica, &others);
    n->few = n->few && a == AUDIENCE_MODERATORS;
    for (int sight = SIGHT_NONE; sight <= SIGHT_ALL; sight++) {
        if (!(sights & SIGHT_BIT(sight)))
            continue;
        struct render_presence rp = copy_of(room, n->name);
        rp.unavailable = hidden;
        copy_from(&rp, front, !hidden);
        if (p)
            copy_say(&rp, p, sight == SIGHT_ALL);
        copy_items(m, &rp, &n->occs, NULL, sight != SIGHT_NONE, false);
        copy_to_others(m, room, others, (enum sight)sight, &rp, p);
    }
}

void show_own(struct muc *m, struct mroom *room, const struct occ *o, const Verona__Presence *p,
              bool self_statuses)
{
    struct client *c = o->local != REPLICA_NOT_LOCAL ? client_by_sid(m->g, o->sid) : NULL;
    if (!c)
        return;
    struct render_presence rp = copy_of(room, o->nick->name);
    copy_from(&rp, o, true);
    if (p)
        copy_say(&rp, p, false);
    if (p && self_statuses)
        copy_self_statuses(&rp, p);
    if (p && o->mav && (self_statuses || p->mav_since.len))
        copy_versions(&rp, p);
    copy_items(m, &rp, &o->nick->occs, o, true, false);
    rp.self = true;
    client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
}

void show_owns(struct muc *m, struct mroom *room, const struct nick *n, const struct occ *except,
               const Verona__Presence *p, bool self_statuses)
{
    LIST_FOREACH(it, &n->occs)
    {
        if (OCC_OF(it) != except)
            show_own(m, room, OCC_OF(it), p, self_statuses);
    }
}

void show_nick_to(struct muc *m, struct mroom *room, const struct nick *n, const struct occ *to,
                  struct client *c)
{
    const struct occ *front = nick_front(n);
    if (!replica_shows(room->replica, front->role) ||
        (to->role != ROLE_MODERATOR && audience_of(room, n, false) == AUDIENCE_MODERATORS))
        return;
    struct render_presence rp = copy_of(room, n->name);
    copy_from(&rp, front, true);
    bool jids = replica_sees(room->replica, to) || occ_same_user(front, to);
    copy_items(m, &rp, &n->occs, NULL, jids, false);
    client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), true);
}

void show_roster_to(struct muc *m, struct mroom *room, const struct occ *to)
{
    struct client *c = client_by_sid(m->g, to->sid);
    if (!c)
        return;
    LIST_FOREACH(it, replica_nicks(room->replica))
    {
        if (NICK_OF(it) != to->nick)
            show_nick_to(m, room, NICK_OF(it), to, c);
    }
}
