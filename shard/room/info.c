/* info.c: what a room answers about itself (XEP-0045 §6, XEP-0199). */
#include "shard/room/hats.h"
#include "shard/room/show.h"

#include "base/jid.h"
#include "base/limits.h"

/* Whom to ask about the room: its owners where everybody sees who they are, else the service's
 * people. */
static void contacts(struct step *st, struct fx *f)
{
    const struct room *room = st->room;
    const struct room_service *service = room->service;
    struct str *list = arena_alloc(&st->fx->arena, LIMIT_CONTACTS * sizeof *list);
    uint32_t n = 0;
    for (const struct affil *e = room->affils.by_jid; e && n < LIMIT_CONTACTS; e = e->hh.next) {
        if (room->config.whois_anyone && e->a.affiliation == AFFIL_OWNER)
            list[n++] = show_str(st, e->a.jid);
    }
    for (uint32_t i = 0; !room->config.whois_anyone && i < service->n_contacts; i++) {
        if (n < LIMIT_CONTACTS)
            list[n++] = service->contacts[i];
    }
    f->reply.contacts = list;
    f->reply.n_contacts = n;
}

/* The local part in a URL: what is neither letter nor digit in ASCII is written %XX. */
static size_t put_escaped(char *out, struct str s)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '_' || c == '.') {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = digits[c >> 4];
            out[n++] = digits[c & 15];
        }
    }
    return n;
}

/* The service's URL of the logs, with this room's name in it. */
static struct str logs(struct step *st)
{
    static const char hole[] = "{room}";
    const struct room *room = st->room;
    struct str url = room->service->logs_url;
    struct jid parts;
    if (!room->config.logging || !url.n || jid_split(room->jid, &parts) != 0)
        return STR_NULL;
    char *out = arena_alloc(&st->fx->arena, url.n * (1 + 3 * parts.local.n));
    size_t n = 0;
    for (size_t i = 0; i < url.n;) {
        if (url.n - i >= sizeof hole - 1 && memcmp(url.p + i, hole, sizeof hole - 1) == 0) {
            n += put_escaped(out + n, parts.local);
            i += sizeof hole - 1;
        } else {
            out[n++] = url.p[i++];
        }
    }
    return (struct str){out, n};
}

/* R96, XEP-0502 §6: nothing of rooms that do not show themselves, or that one cannot just enter. */
static bool shows_activity(const struct room_config *c)
{
    return c->public_room && c->persistent && !c->members_only && !c->secret.n;
}

/* R80, W77 */
static void disco_info(struct step *st)
{
    const struct room *room = st->room;
    struct fx *f = reply_add(st, FXR_DISCO_INFO);
    f->reply.config = config_copy(&st->fx->arena, &room->config);
    f->reply.n_occupants = room->roster.n_occupants;
    if (step_could_enter(st)) /* it was said inside */
        f->reply.subject = show_str(st, room->subject);
    if (room->n_hats) {
        char hash[HATS_HASH];
        hats_hash(room, hash);
        f->reply.hats_hash = show_str(st, (struct str){hash, sizeof hash});
    }
    f->reply.vcards = room->service->avatar_max > 0;
    f->reply.avatar_hash = show_str(st, room->avatar_hash);
    f->reply.max_history = config_max_history(&room->config);
    f->reply.registered = takes_registrations(room);
    f->reply.has_activity = shows_activity(&room->config) &&
                            activity_of_day(&room->activity, st->ev->now_ms, &f->reply.n_messages);
    contacts(st, f);
    f->reply.logs = logs(st);
}

/* R97, XEP-0059: where the page begins and ends, in order of entering. false: it is relative to
 * somebody who is not here (any more). */
static bool page_of(const struct step *st, uint32_t *first, uint32_t *end)
{
    const struct roster *r = &st->room->roster;
    uint32_t max = LIMIT_PAGE_PLAIN, at = 0;
    if (st->ev->items.paged)
        max = st->ev->items.has_max && st->ev->items.max < LIMIT_PAGE ? st->ev->items.max
                                                                      : LIMIT_PAGE;
    struct str mark = st->ev->items.has_before ? st->ev->items.before : st->ev->items.after;
    if ((st->ev->items.has_before || st->ev->items.has_after) && mark.n) {
        const struct occupant *o = roster_nick(r, mark);
        if (!o)
            return false;
        for (o = o->hh.prev; o; o = o->hh.prev)
            at++;
    }
    if (st->ev->items.has_before) {
        *end = mark.n ? at : r->n_occupants;
        *first = *end > max ? *end - max : 0;
        return true;
    }
    if (st->ev->items.has_after)
        *first = mark.n ? at + 1 : 0;
    else
        *first = st->ev->items.has_index ? st->ev->items.index : 0;
    if (*first > r->n_occupants)
        *first = r->n_occupants;
    *end = r->n_occupants - *first > max ? *first + max : r->n_occupants;
    return true;
}

/* R81, W78: a hidden room shows its occupants to occupants. */
static void disco_items(struct step *st)
{
    const struct room *room = st->room;
    bool shown = !room->config.hide_occupants && (room->config.public_room || step_session(st));
    uint32_t first = 0, end = 0, i = 0, n = 0;
    if (shown && !page_of(st, &first, &end)) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    struct str *nicks = arena_alloc(&st->fx->arena, (end - first) * sizeof *nicks);
    for (const struct occupant *o = room->roster.by_nick; o && i < end; o = o->hh.next, i++) {
        if (i >= first)
            nicks[n++] = show_str(st, o->nick);
    }
    struct fx *f = reply_add(st, FXR_DISCO_ITEMS);
    f->reply.nicks = nicks;
    f->reply.n_nicks = n;
    f->reply.index = first;
    f->reply.n_occupants = shown ? room->roster.n_occupants : 0;
    f->reply.paged = st->ev->items.paged || (shown && end - first < room->roster.n_occupants);
}

/* R63, W62, XEP-0045 §7.12 */
static void own_nick(struct step *st)
{
    const struct affil *e = affils_get(&st->room->affils, step_bare(st));
    struct fx *f = reply_add(st, FXR_OWN_NICK);
    f->reply.nick = e ? show_str(st, e->a.nick) : STR_NULL;
}

void info_step(struct step *st)
{
    if (st->ev->type == ROOM_EV_DISCO_INFO)
        disco_info(st);
    else if (st->ev->type == ROOM_EV_DISCO_ITEMS)
        disco_items(st);
    else if (st->ev->type == ROOM_EV_OWN_NICK)
        own_nick(st);
    else if (st->ev->type == ROOM_EV_PING)
        reply_empty(st);
    else
        reply_error(st, SE_SERVICE_UNAVAILABLE);
}
