/* join.c: entering a room and creating it (XEP-0045 §7.1, §7.2, §10.1). */
#include "shard/room/hats.h"
#include "shard/room/mav.h"
#include "shard/room/privilege.h"
#include "shard/room/show.h"

#include "base/jid.h"
#include "base/limits.h"
#include "base/utf8.h"

/* R11, W22, W23 */
bool nick_refused(struct step *st, struct str nick)
{
    if (!nick.n) {
        reply_error(st, SE_JID_MALFORMED);
    } else if (str_blank(nick)) {
        reply_error(st, SE_NOT_ALLOWED_MODIFY);
    } else if (!st->ev->strict_ok) {
        reply_error_text(st, SE_JID_MALFORMED, STR("Nickname must pass strict validation"));
    } else if (utf8_count(nick) > LIMIT_NICK_CHARS) {
        reply_error(st, SE_JID_MALFORMED);
    } else {
        return false;
    }
    return true;
}

bool nick_taken(const struct room *room, struct str nick, struct str bare)
{
    const struct affil *holder = affils_nick(&room->affils, nick);
    if (holder && !str_eq(holder->a.jid, bare))
        return true;
    const struct occupant *o = roster_nick(&room->roster, nick);
    return o && !str_eq(o->person->bare, bare);
}

/* R120, S7.6-locked-down: the nick that somebody may have only; empty: any. */
struct str nick_enforced(const struct room *room, struct str bare)
{
    const struct affil *e = room->service->enforce_nicks ? affils_get(&room->affils, bare) : NULL;
    return e ? e->a.nick : STR_NULL;
}

/* R15, W24, XEP-0045 §7.2.9: admins and owners have a few more places. A nick counts
 * once. The service's own number is the end for everybody. */
static bool is_full(const struct room *room, struct str nick, struct str bare, enum affiliation a)
{
    uint32_t places = room->config.max_users, most = room->service->max_occupants;
    uint32_t inside = room->roster.n_occupants;
    const struct occupant *o = roster_nick(&room->roster, nick);
    if (o && str_eq(o->person->bare, bare))
        return false;
    if (a >= AFFIL_ADMIN && places)
        places += LIMIT_EXTRA_PLACES;
    return (places && inside >= places) || (most && inside >= most);
}

/* R12, W22: the order is the contract. SE_NONE: come in. */
static enum stanza_error refusal(const struct step *st, struct str nick)
{
    const struct room *room = st->room;
    const struct room_config *cfg = &room->config;
    struct str bare = step_bare(st);
    enum affiliation a = room_affil(room, bare);
    if (room->locked && a != AFFIL_OWNER)
        return SE_ITEM_NOT_FOUND;
    if (a == AFFIL_OUTCAST)
        return SE_FORBIDDEN;
    if (cfg->members_only && a == AFFIL_NONE)
        return SE_REGISTRATION_REQUIRED;
    if (cfg->secret.n &&
        !(st->ev->presence.has_password && str_eq(cfg->secret, st->ev->presence.password)))
        return SE_NOT_AUTHORIZED;
    if (is_full(room, nick, bare, a))
        return SE_SERVICE_UNAVAILABLE_WAIT;
    return nick_taken(room, nick, bare) ? SE_CONFLICT : SE_NONE;
}

/* Rises over owners too: a later one has the greater epoch. */
static uint64_t next_join_pos(struct step *st)
{
    uint64_t base = st->ev->epoch << 32;
    if (st->room->join_pos < base)
        st->room->join_pos = base;
    return ++st->room->join_pos;
}

static struct session *enter(struct step *st, struct str nick, struct str payload)
{
    struct room *room = st->room;
    enum affiliation a = room_affil(room, step_bare(st));
    struct session *s =
        roster_add(&room->roster, &(struct newcomer){
                                      .gw = st->asker.origin.gw,
                                      .sid = st->asker.origin.sid,
                                      .join_pos = next_join_pos(st),
                                      .nick = nick,
                                      .jid = st->asker.origin.jid,
                                      .presence = payload,
                                      .affiliation = a,
                                      .role = role_default(a, room->config.moderated),
                                      .occupant_secret = room->occupant_secret,
                                  });
    (void)hats_dress(room, s->occupant->person);
    crowd_step(st);
    return s;
}

/* To whom he is, as he may see it: his JID, or only his nick. */
void absent_show(struct step *st, const struct room_affiliation *a, const struct session *to)
{
    struct room_record *r = arena_zalloc(&st->fx->arena, sizeof *r);
    r->nick = show_str(st, a->nick);
    r->role = ROLE_NONE;
    r->affiliation = a->affiliation;
    if (sees_jids(st->room, to->occupant->role))
        r->jid = show_str(st, a->jid);
    if (a->nick.n) { /* W13 */
        char id[OCCUPANT_ID_LEN];
        occupant_id_make(st->room->occupant_secret, a->jid, id);
        r->occupant_id = show_str(st, (struct str){id, sizeof id});
    }
    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = FXP_SHOW;
    f->presence.to_sid = to->key.sid;
    f->presence.absent = true;
    f->presence.records = r;
    f->presence.n_records = 1;
}

/* R17, W42: absent users are part of the roster if the room shows role `none`. */
static void show_absent(struct step *st, const struct session *to)
{
    const struct room *room = st->room;
    if (!(room->config.presence_broadcast & ROLE_BIT(ROLE_NONE)))
        return;
    bool jids = sees_jids(room, to->occupant->role);
    for (const struct affil *e = room->affils.by_jid; e; e = e->hh.next) {
        if (e->a.affiliation == AFFIL_OUTCAST || (!e->a.nick.n && !jids) ||
            (e->a.affiliation == AFFIL_NONE && !e->a.nick.n) ||
            roster_person(&room->roster, e->a.jid))
            continue;
        absent_show(st, &e->a, to);
    }
}

static void show_history(struct step *st, const struct session *to)
{
    const struct room *room = st->room;
    const struct room_event *ev = st->ev;
    struct history_wish wish = {ev->presence.max_chars, ev->presence.max_stanzas,
                                ev->presence.seconds, ev->presence.since_ms};
    uint32_t n;
    const struct history_entry *e =
        history_select(&room->history, &wish, room->service->history_default,
                       config_max_history(&room->config), ev->now_ms, &n);
    if (!n)
        return;
    struct room_message *list = arena_alloc(&st->fx->arena, n * sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = show_message(st, &e->m);
        e = LIST_ENTRY(e->in_history.next, const struct history_entry, in_history);
    }
    struct fx *f = room_effects_add(st->fx, FX_HISTORY);
    f->history.to_sid = to->key.sid;
    f->history.max_chars = wish.max_chars;
    f->history.messages = list;
    f->history.n = n;
}

/* R16, W21, XEP-0045 §7.1: others, oneself, history, subject. The first two are one effect. */
static void show_entering(struct step *st, struct session *s, enum fx_presence_kind kind,
                          bool created)
{
    const struct room_config *cfg = &st->room->config;
    show_absent(st, s);

    struct room_record *r = arena_alloc(&st->fx->arena, sizeof *r);
    *r = show_record(st, s, false);
    struct fx *f = room_effects_add(st->fx, FX_PRESENCE);
    f->presence.kind = kind;
    f->presence.records = r;
    f->presence.n_records = 1;
    if (kind == FXP_JOIN) { /* W7, W26, W27 */
        uint16_t *codes = f->presence.self_statuses;
        uint8_t n = 0;
        if (created)
            codes[n++] = 201;
        if (cfg->whois_anyone)
            codes[n++] = 100;
        if (cfg->logging)
            codes[n++] = 170;
        f->presence.n_self_statuses = n;
    }
    if (st->asker.nick.n && !str_eq(s->occupant->nick, st->asker.nick)) /* R120, §7.2.2 */
        f->presence.self_statuses[f->presence.n_self_statuses++] = 210;
    mav_self(st, s, f);
    avatar_show(st, s->key.sid);
    if (!created)
        show_history(st, s);
    subject_show(st, s->key.sid);
}

/* R10, W16, XEP-0045 §10.1: the first who enters creates the room and owns it. */
static void create(struct step *st)
{
    struct room *room = st->room;
    const struct room_service *service = room->service;
    struct str bare = step_bare(st);
    enum stanza_error e = create_refusal(st);
    if (e) {
        reply_error(st, e);
        return;
    }
    struct pending *p = pending_new(st, P_CREATE);
    p->create.config = config_copy(&p->arena, &service->defaults);
    p->create.payload = arena_str(&p->arena, st->ev->presence.payload);
    p->create.mav = st->ev->presence.mav;
    plan_affiliation(&p->plan, room, bare, AFFIL_OWNER, false, STR_NULL);
    create_persist(st, p, service->lock_new_rooms);
}

void join_create_commit(struct step *st, struct pending *p)
{
    create_begin(st, p, st->room->service->lock_new_rooms); /* R18, W17 */
    struct session *s = enter(st, st->asker.nick, p->create.payload);
    mav_enter(st, s, p->create.mav, STR_NULL);
    show_entering(st, s, FXP_JOIN, true);
}

void join_step(struct step *st)
{
    if (nick_refused(st, st->ev->nick))
        return;
    if (!st->room->exists) {
        create(st);
        return;
    }
    struct str nick = nick_enforced(st->room, step_bare(st));
    if (!nick.n)
        nick = st->ev->nick;
    enum stanza_error e = refusal(st, nick);
    if (e) {
        reply_error(st, e);
        return;
    }
    struct session *s = enter(st, nick, st->ev->presence.payload);
    mav_enter(st, s, st->ev->presence.mav, st->ev->presence.mav_since);
    show_entering(st, s, FXP_JOIN, false);
}

/* R19, W27, XEP-0045 §7.2.17: the whole dance again, to this session only. */
void join_resync(struct step *st, struct session *s)
{
    session_set_presence(s, st->ev->presence.payload);
    list_remove(&s->in_late);
    mav_enter(st, s, st->ev->presence.mav, st->ev->presence.mav_since);
    show_entering(st, s, FXP_RESYNC, false);
}
