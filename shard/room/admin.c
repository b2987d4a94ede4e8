/* admin.c: muc#admin: affiliations, their lists, and requests of several items (XEP-0045 §9). */
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"

/* R36, W55 */
static bool may_read(const struct step *st, enum affiliation list)
{
    const struct room *room = st->room;
    const struct session *s = step_session(st);
    enum affiliation a = room_affil(room, step_bare(st));
    bool open = room->config.whois_anyone;
    switch (list) {
    case AFFIL_OWNER:
    case AFFIL_ADMIN:
        return a == AFFIL_OWNER || (open && (s || a >= AFFIL_MEMBER));
    case AFFIL_MEMBER:
        if (a >= AFFIL_ADMIN || (open && (s || a == AFFIL_MEMBER)))
            return true;
        return s && (room->config.get_member_list & ROLE_BIT(s->occupant->role));
    case AFFIL_OUTCAST:
        return a >= AFFIL_ADMIN;
    case AFFIL_NONE:
        return false;
    }
    return false;
}

static void affiliation_list(struct step *st, enum affiliation list)
{
    const struct room *room = st->room;
    if (!may_read(st, list)) {
        reply_error(st, SE_FORBIDDEN);
        return;
    }
    struct fx_list_item *items = arena_alloc(&st->fx->arena, room->affils.n * sizeof *items);
    uint32_t n = 0;
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next) {
        if (e->a.affiliation != list)
            continue;
        items[n++] = (struct fx_list_item){
            .affiliation = list,
            .jid = show_str(st, e->a.jid),
            .nick = show_str(st, e->a.nick),
            .reason = show_str(st, e->a.reason),
        };
    }
    struct fx *f = reply_add(st, FXR_ITEMS);
    f->reply.items = items;
    f->reply.n_items = n;
}

/* R36, R37, W45: one item, with either a role that has a list or an affiliation that has one. */
void admin_get_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    const struct room_item *item = ev->admin.n == 1 ? ev->admin.items : NULL;
    bool by_role = item && item->role > ROLE_NONE && !item->affiliation;
    bool by_affiliation =
        item && !item->role && item->affiliation && item->affiliation != AFFIL_NONE;
    if (by_role)
        moderate_list(st, item->role);
    else if (by_affiliation)
        affiliation_list(st, item->affiliation);
    else
        reply_error(st, SE_BAD_REQUEST);
}

/* W47: whose affiliation an item speaks of. */
static enum stanza_error item_jid(const struct step *st, const struct room_item *item,
                                  struct str *bare)
{
    if (!item->jid.n) {
        if (!item->has_nick || !item->nick.n)
            return SE_BAD_REQUEST;
        const struct occupant *o = roster_nick(&st->room->roster, item->nick);
        if (!o)
            return SE_ITEM_NOT_FOUND;
        *bare = o->person->bare;
        return SE_NONE;
    }
    struct jid parts;
    if (jid_split(item->jid, &parts) != 0)
        return SE_JID_MALFORMED;
    *bare = jid_bare(item->jid);
    return SE_NONE;
}

/* R35, R39, W44, W47, W54 */
static enum stanza_error affiliation_item(const struct step *st, struct plan *plan,
                                          const struct room_item *item)
{
    const struct room *room = st->room;
    struct str self = step_bare(st);
    enum affiliation actor = step_rank(st); /* R130 */
    if (actor < AFFIL_ADMIN || (actor < AFFIL_OWNER && item->affiliation >= AFFIL_ADMIN))
        return SE_FORBIDDEN; /* whatever the target */
    struct str bare;
    enum stanza_error e = item_jid(st, item, &bare);
    if (e)
        return e;
    if (item->affiliation == AFFIL_OUTCAST && str_eq(bare, self))
        return SE_CONFLICT;
    if (room_is_served(room, bare) && item->affiliation != AFFIL_OWNER)
        return SE_NOT_ALLOWED; /* R132: he would stay it */
    e = affiliation_edit(actor, plan_lookup(plan, room, bare), item->affiliation);
    if (e)
        return e;
    struct change *c =
        plan_affiliation(plan, room, bare, item->affiliation, item->has_reason, item->reason);
    bool reserves = item->jid.n && item->has_nick && item->affiliation >= AFFIL_MEMBER;
    if (!reserves)
        return SE_NONE;
    if (item->nick.n && (str_blank(item->nick) || utf8_count(item->nick) > LIMIT_NICK_CHARS))
        return SE_JID_MALFORMED;
    if (!plan_reserve(plan, room, c, item->nick))
        return SE_CONFLICT;
    /* R35: whoever has it now goes, so it is a kick */
    const struct occupant *o = roster_nick(&room->roster, item->nick);
    if (o && !str_eq(o->person->bare, bare) && plan_lookup(plan, room, o->person->bare) > actor)
        return SE_NOT_ALLOWED;
    return SE_NONE;
}

/* R38, W46: all items are looked at before one is done. */
static enum stanza_error make_plan(const struct step *st, struct plan *plan)
{
    const struct room_event *ev = st->ev;
    if (!ev->admin.n)
        return SE_BAD_REQUEST;
    for (uint32_t i = 0; i < ev->admin.n; i++) {
        const struct room_item *item = &ev->admin.items[i];
        enum stanza_error e;
        if (!item->role == !item->affiliation)
            e = SE_BAD_REQUEST;
        else if (item->role && !item->jid.n && !(item->has_nick && item->nick.n))
            e = SE_BAD_REQUEST;
        else if (item->role)
            e = moderate_item(st, plan, item);
        else
            e = affiliation_item(st, plan, item);
        if (e)
            return e;
    }
    if (!plan_fits(plan, st->room))
        return SE_POLICY_VIOLATION; /* R133 */
    return plan_loses_owners(plan, st->room) ? SE_CONFLICT : SE_NONE;
}

void admin_set_step(struct step *st)
{
    struct plan plan;
    plan_init(&plan, &st->fx->arena);
    enum stanza_error e = make_plan(st, &plan);
    if (e) {
        reply_error(st, e);
        return;
    }
    const struct session *s = step_session(st);
    struct actor actor = {true, s ? s->occupant->nick : STR_NULL, st->asker.origin.jid};
    if (!plan.n_affiliations) {
        /* Roles end with the visit: nothing to store. The actor's nick may end with this very
         * change. */
        actor.nick = show_str(st, actor.nick);
        plan_apply(st, &plan, &actor, step_bare(st));
        reply_empty(st);
        return;
    }
    struct pending *p = pending_new(st, P_ADMIN);
    plan_copy(&p->plan, &plan);
    p->actor = (struct actor){true, arena_str(&p->arena, actor.nick), p->asker.origin.jid};
    struct fx *f = commit_add(st, p, FXS_AFFILIATIONS);
    commit_state(st, f, NULL);
    commit_plan(st, f, &p->plan);
}

/* R2, W2: effects, then the result. */
void admin_commit(struct step *st, struct pending *p)
{
    plan_apply(st, &p->plan, &p->actor, step_bare(st));
    reply_empty(st);
}
