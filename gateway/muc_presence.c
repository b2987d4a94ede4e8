/* muc_presence.c: a change of somebody's state as each local session may see it: who gets which
 * copy (muc_copies.h), and in which order. Others' copies go out before own ones (W1). */
#include "gateway/muc_copies.h"

#include "base/jid.h"

static void room_for_occs(struct muc *m, size_t n)
{
    if (n <= m->cap_occs)
        return;
    m->cap_occs = (uint32_t)n * 2;
    m->occs = mem_realloc(m->occs, m->cap_occs * sizeof *m->occs);
}

/* W21, W27 */
static void join(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    if (p->n_records == 0)
        return;
    struct occ *o = replica_put(room->replica, p->records[0]);
    if (!o)
        return;
    if (replica_shows(room->replica, o->role))
        show_others(m, room, o->nick, p, false);
    show_owns(m, room, o->nick, o, p, false);
    if (o->local == REPLICA_NOT_LOCAL)
        return;
    struct client *c = client_by_sid(m->g, o->sid);
    if (!c)
        return; /* gone meanwhile; his leave is under way */
    stay_entered(m, c, replica_room(room->replica));
    show_roster_to(m, room, o);
    show_own(m, room, o, p, true);
}

/* W48, W41, W43 */
static void update(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    struct replica *r = room->replica;
    struct nick *n = NULL;
    bool shown = false;
    if (p->n_records == 0)
        return;
    n = replica_nick(r, wire_str(p->records[0]->nick));
    bool moderated = n && nick_front(n)->role == ROLE_MODERATOR; /* until now */
    if (n)
        shown = replica_shows(r, nick_front(n)->role);
    room_for_occs(m, p->n_records);
    uint32_t n_turned = 0; /* whose sight of JIDs changed */
    for (size_t i = 0; i < p->n_records; i++) {
        struct occ *before = replica_find(r, p->records[i]->occ);
        bool sees = before && replica_sees(r, before);
        struct occ *o = replica_put(r, p->records[i]);
        if (!o)
            continue;
        n = o->nick;
        bool more = replica_overcrowded(r) && !moderated && o->role == ROLE_MODERATOR;
        if (before && o->local != REPLICA_NOT_LOCAL && (more || sees != replica_sees(r, o)))
            m->occs[n_turned++] = o;
    }
    if (!n)
        return;
    bool shows = replica_shows(r, nick_front(n)->role);
    if (shows && moderated) /* all have him as a moderator */
        show_others_to(m, room, n, p, false, AUDIENCE_ALL);
    else if (shows || shown)
        show_others(m, room, n, p, !shows);
    show_owns(m, room, n, NULL, p, true);
    for (uint32_t i = 0; i < n_turned; i++)
        show_roster_to(m, room, m->occs[i]);
}

/* The goodbye to the old nick: to the others if it is left by its last session. */
static void old_nick_others(struct muc *m, struct mroom *room, struct nick *old, struct list *moved,
                            struct str new_name, const Verona__Presence *p)
{
    if (!list_empty(&old->occs)) {
        show_others(m, room, old, NULL, false); /* W12: the rest stay */
        return;
    }
    const struct occ *first = OCC_OF(moved->next);
    const struct others others = {
        .except = old, .who = first, .audience = audience_of(room, old, true)};
    unsigned sights = fanout_sights(room->replica, &others);
    for (int sight = SIGHT_NONE; sight <= SIGHT_ALL; sight++) {
        if (!(sights & SIGHT_BIT(sight)))
            continue;
        struct render_presence rp = copy_of(room, old->name);
        rp.unavailable = true;
        rp.item_nick = new_name;
        copy_from(&rp, first, false);
        copy_say(&rp, p, sight == SIGHT_ALL);
        copy_items(m, &rp, moved, NULL, sight != SIGHT_NONE, false);
        copy_to_others(m, room, others, (enum sight)sight, &rp, p);
    }
}

/* The goodbye and the new presence to one who moved. The latter says nothing of the change but what
 * is for him alone (210). */
static void own_move(struct muc *m, struct mroom *room, const struct occ *o, struct str old_name,
                     const Verona__Presence *p, struct client *c)
{
    struct render_presence rp = copy_of(room, old_name);
    rp.unavailable = true;
    rp.item_nick = o->nick->name;
    copy_from(&rp, o, false);
    copy_say(&rp, p, false);
    copy_add_item(m, &rp, o, o->role, true);
    rp.self = true;
    client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
    const Verona__Presence silent = {.n_self_statuses = p->n_self_statuses,
                                     .self_statuses = p->self_statuses};
    show_own(m, room, o, &silent, true);
}

static bool among(const struct occ *o, const struct replica *r, const Verona__Presence *p)
{
    for (size_t i = 0; i < p->n_records; i++) {
        if (replica_find(r, p->records[i]->occ) == o)
            return true;
    }
    return false;
}

/* W36. One of several sessions may go to another nick and leave the rest behind, or join sessions
 * of his that have the new one already, and with it their role. Those who move hear of it last. */
static void change_nick(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    struct replica *r = room->replica;
    struct str old_name = wire_str(p->old_nick);
    struct nick *old = replica_nick(r, old_name);
    struct list moved;
    if (p->n_records == 0)
        return;
    struct str new_name = wire_str(p->records[0]->nick);
    list_init(&moved);
    for (size_t i = 0; old && i < p->n_records; i++) {
        struct occ *o = replica_find(r, p->records[i]->occ);
        if (o && o->nick == old) {
            list_remove(&o->in_nick);
            list_push_back(&moved, &o->in_nick);
        }
    }
    if (!list_empty(&moved)) {
        if (replica_shows(r, OCC_OF(moved.next)->role))
            old_nick_others(m, room, old, &moved, new_name, p);
        while (!list_empty(&moved)) { /* back: it is replica_put that moves them */
            struct list *at = moved.next;
            list_remove(at);
            list_push_front(&old->occs, at);
        }
    }
    bool few = old && old->few, fresh = !replica_nick(r, new_name);
    room_for_occs(m, p->n_records);
    uint32_t n_turned = 0; /* whose sight of JIDs changed */
    for (size_t i = 0; i < p->n_records; i++) {
        struct occ *before = replica_find(r, p->records[i]->occ);
        bool sees = before && replica_sees(r, before);
        struct occ *o = replica_put(r, p->records[i]);
        if (before && o && o->local != REPLICA_NOT_LOCAL && sees != replica_sees(r, o))
            m->occs[n_turned++] = o;
    }
    struct nick *now = replica_nick(r, new_name);
    old = replica_nick(r, old_name); /* whoever stayed */
    if (!now)
        return;
    if (replica_shows(r, nick_front(now)->role)) {
        if (fresh && !few) /* whoever has seen the old one go sees the new one come */
            show_others_to(m, room, now, NULL, false, AUDIENCE_ALL);
        else
            show_others(m, room, now, NULL, false);
    }
    if (old)
        show_owns(m, room, old, NULL, NULL, false);
    LIST_FOREACH(it, &now->occs)
    {
        if (!among(OCC_OF(it), r, p))
            show_own(m, room, OCC_OF(it), NULL, false);
    }
    for (size_t i = 0; i < p->n_records; i++) {
        const struct occ *o = replica_find(r, p->records[i]->occ);
        struct client *c = o && o->local != REPLICA_NOT_LOCAL ? client_by_sid(m->g, o->sid) : NULL;
        if (!c || o->nick != now)
            continue;
        own_move(m, room, o, old_name, p, c);
        if (old)
            show_nick_to(m, room, old, o, c); /* his own goodbye was not that of those who stay */
    }
    for (uint32_t i = 0; i < n_turned; i++)
        show_roster_to(m, room, m->occs[i]);
}

/* W39: "Kicked: remote server not found: text" */
static struct str kick_status(const struct mroom *room, const Verona__Presence *p, struct buf *b)
{
    struct str condition = wire_str(p->kick_condition);
    if (condition.n == 0)
        return STR_NULL;
    buf_z(b, "Kicked: ");
    for (size_t i = 0; i < condition.n; i++)
        buf_c(b, condition.p[i] == '-' ? ' ' : condition.p[i]);
    if (p->kick_text.len && replica_non_anonymous(room->replica)) {
        buf_z(b, ": ");
        buf_str(b, wire_str(p->kick_text));
    }
    return buf_as_str(b);
}

/* The sessions in `gone` (out of n->occs already) leave the nick n. */
static void part(struct muc *m, struct mroom *room, struct nick *n, struct list *gone,
                 const Verona__Presence *p, struct str status)
{
    struct replica *r = room->replica;
    const struct others others = {
        .except = n, .who = OCC_OF(gone->next), .audience = audience_of(room, n, true)};
    bool stays = !list_empty(&n->occs);
    bool shows = replica_shows(r, OCC_OF(gone->next)->role);
    if (stays && shows)
        show_others(m, room, n, NULL, false); /* W12: not the last session */
    unsigned sights = !stays && shows ? fanout_sights(r, &others) : 0;
    for (int sight = SIGHT_NONE; sight <= SIGHT_ALL; sight++) {
        if (!(sights & SIGHT_BIT(sight)))
            continue;
        struct render_presence rp = copy_of(room, n->name);
        rp.unavailable = true;
        rp.payload = wire_str(p->payload);
        rp.status_text = status;
        rp.occupant_id = others.who->occupant_id;
        copy_say(&rp, p, sight == SIGHT_ALL);
        copy_items(m, &rp, gone, NULL, sight != SIGHT_NONE, true);
        copy_to_others(m, room, others, (enum sight)sight, &rp, p);
    }
    show_owns(m, room, n, NULL, NULL, false);
    LIST_FOREACH(it, gone)
    {
        const struct occ *o = OCC_OF(it);
        struct client *c = o->local != REPLICA_NOT_LOCAL ? client_by_sid(m->g, o->sid) : NULL;
        if (!c)
            continue;
        struct render_presence rp = copy_of(room, n->name);
        rp.unavailable = true;
        rp.payload = wire_str(p->payload);
        rp.status_text = status;
        rp.occupant_id = o->occupant_id;
        copy_say(&rp, p, false);
        copy_self_statuses(&rp, p);
        if (o->mav)
            copy_versions(&rp, p);
        rp.n_items = 0;
        copy_add_item(m, &rp, o, ROLE_NONE, true);
        rp.self = true;
        client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
        stay_left(m, c, replica_room(r));
    }
}

/* Takes them out of the replica; the nick ends with the last of its sessions. */
static void remove_all(struct muc *m, struct replica *r, struct nick *n, struct list *gone)
{
    uint32_t count = 0;
    while (!list_empty(gone)) {
        struct occ *o = OCC_OF(gone->next);
        list_remove(&o->in_nick);
        list_push_back(&n->occs, &o->in_nick);
        room_for_occs(m, count + 1);
        m->occs[count++] = o;
    }
    for (uint32_t i = 0; i < count; i++)
        replica_remove(r, m->occs[i]);
}

/* W37, W38, W39, W50 to W52: records may be of several nicks (a gateway was lost). */
static void leave(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    struct replica *r = room->replica;
    struct buf text;
    buf_init(&text);
    struct str status = kick_status(room, p, &text);
    for (size_t i = 0; i < p->n_records; i++) {
        struct occ *first = replica_find(r, p->records[i]->occ);
        if (!first)
            continue; /* shown before, or of an earlier part of this Presence */
        struct nick *n = first->nick;
        struct list gone;
        list_init(&gone);
        for (size_t k = i; k < p->n_records; k++) {
            const Verona__Record *rec = p->records[k];
            struct occ *o = replica_find(r, rec->occ);
            if (!o || o->nick != n || !replica_removes(o, rec->occ))
                continue;
            if (rec->affiliation >= VERONA__AFFILIATION__OUTCAST &&
                rec->affiliation <= VERONA__AFFILIATION__OWNER)
                o->affiliation = (enum affiliation)rec->affiliation;
            list_remove(&o->in_nick);
            list_push_back(&gone, &o->in_nick);
        }
        if (list_empty(&gone))
            continue;
        part(m, room, n, &gone, p, status);
        remove_all(m, r, n, &gone);
    }
    buf_deinit(&text);
}

/* W40 */
static void show(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    struct client *c = client_by_sid(m->g, p->to_sid);
    if (!c || p->n_records == 0)
        return;
    const Verona__Record *rec = p->records[0];
    const struct occ *asker = replica_find_local(room->replica, p->to_sid);
    const struct nick *n = replica_nick(room->replica, wire_str(rec->nick));
    bool sees = asker && (replica_sees(room->replica, asker) || asker->nick == n ||
                          str_eq(jid_bare(asker->jid), jid_bare(wire_str(rec->jid))));
    struct render_presence rp = copy_of(room, wire_str(rec->nick));
    copy_say(&rp, p, sees);
    if (p->absent) { /* with his JID if the room has put it there: the asker may not be inside yet
                      */
        const struct render_item item = {.affiliation = (enum affiliation)rec->affiliation,
                                         .role = ROLE_NONE,
                                         .jid = wire_str(rec->jid)};
        rp.unavailable = true;
        rp.item_nick = wire_str(rec->nick);
        rp.occupant_id = wire_str(rec->occupant_id);
        rp.items = &item;
        rp.n_items = 1;
        client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
    } else if (n) {
        copy_from(&rp, nick_front(n), true);
        copy_items(m, &rp, &n->occs, NULL, sees, false);
        client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
    }
}

void muc_show_presence(struct muc *m, struct mroom *room, const Verona__Presence *p)
{
    switch (p->kind) {
    case VERONA__PRESENCE__KIND__JOIN:
    case VERONA__PRESENCE__KIND__RESYNC:
        join(m, room, p);
        break;
    case VERONA__PRESENCE__KIND__UPDATE:
        update(m, room, p);
        break;
    case VERONA__PRESENCE__KIND__NICK:
        change_nick(m, room, p);
        break;
    case VERONA__PRESENCE__KIND__LEAVE:
        leave(m, room, p);
        break;
    case VERONA__PRESENCE__KIND__SHOW:
        show(m, room, p);
        break;
    case _VERONA__PRESENCE__KIND_IS_INT_SIZE:
        break;
    }
}

/* ---- the end of the room, for everybody at once */

/* One unavailable to each local session about itself, and about nobody else. over: it is out now.
 */
static void end_all(struct muc *m, struct mroom *room, const Verona__Destroyed *d,
                    const uint32_t *codes, size_t n_codes, bool over)
{
    uint32_t n;
    const struct replica_local *l = replica_locals(room->replica, &n);
    for (uint32_t i = 0; i < n; i++) {
        struct client *c = client_by_sid(m->g, l[i].sid);
        const struct occ *o = l[i].occ;
        if (!c)
            continue;
        struct render_presence rp = copy_of(room, o->nick->name);
        rp.unavailable = true;
        rp.occupant_id = o->occupant_id;
        rp.destroyed = d;
        rp.statuses = codes;
        rp.n_statuses = n_codes;
        copy_add_item(m, &rp, o, ROLE_NONE, true);
        rp.self = true;
        client_send(c, STANZA_PRESENCE, copy_tail(m, &rp), false);
        if (over)
            stay_left(m, c, replica_room(room->replica));
    }
}

/* W74 */
void muc_show_destroyed(struct muc *m, struct mroom *room, const Verona__Destroyed *d)
{
    end_all(m, room, d, NULL, 0, true);
}

void muc_show_lost(struct muc *m, struct mroom *room)
{
    static const uint32_t codes[] = {333};
    end_all(m, room, NULL, codes, 1, true);
}

/* XEP-0045 §11.2. The stays go on until the streams end: that is how the rooms hear of it. */
void muc_shutdown(struct muc *m)
{
    static const uint32_t codes[] = {332};
    for (struct mroom *room = m->rooms; room; room = room->hh.next)
        end_all(m, room, NULL, codes, 1, false);
}

/* The room is overcrowded no more: who has been told of moderators only hears of the rest. */
static void show_rest(struct muc *m, struct mroom *room)
{
    LIST_FOREACH(it, replica_nicks(room->replica))
    {
        struct nick *n = NICK_OF(it);
        enum role role = nick_front(n)->role;
        if (role != ROLE_MODERATOR && replica_shows(room->replica, role))
            show_others_to(m, room, n, NULL, false, AUDIENCE_OTHERS);
    }
}

/* W41: roles that are shown from now on, or no more. */
void muc_show_facts(struct muc *m, struct mroom *room, const Verona__RoomFacts *f)
{
    uint32_t before = replica_broadcast(room->replica);
    bool crowded = replica_overcrowded(room->replica);
    replica_set_facts(room->replica, f);
    if (crowded && !f->overcrowded)
        show_rest(m, room);
    uint32_t turned = before ^ replica_broadcast(room->replica);
    if (turned == 0)
        return;
    LIST_FOREACH(it, replica_nicks(room->replica))
    {
        struct nick *n = NICK_OF(it);
        enum role role = nick_front(n)->role;
        if (turned >> (unsigned)role & 1u)
            show_others(m, room, n, NULL, !replica_shows(room->replica, role));
    }
}
