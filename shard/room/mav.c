/* mav.c: XEP-0463. A version is a number that rises with each change of an affiliation, and a hash
 * of it keyed with the room's secret: who names one has been told of it, so what was before he
 * could know of the room is not given to him. */
#include "shard/room/mav.h"

#include "shard/room/show.h"

#include "base/limits.h"
#include "base/siphash.h"

#include <stdlib.h>

enum {
    TAG_LEN = 16, /* hex of the hash; then '.' and the number */
    CHUNK_BYTES = 64 * 1024,
    CHUNK_ITEMS = 500,
    ITEM_OVERHEAD = 32,
};

static void put_tag(const struct room *room, uint64_t ver, char out[TAG_LEN])
{
    uint8_t bytes[8], hash[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(ver >> 8 * i);
    uint64_t h = siphash24(room->occupant_secret, bytes, sizeof bytes);
    for (int i = 0; i < 8; i++)
        hash[i] = (uint8_t)(h >> 8 * i);
    hex_write(out, hash, sizeof hash);
}

static struct str version(struct step *st, uint64_t ver)
{
    char text[TAG_LEN + 1 + 20], digits[20];
    size_t n = 0, len = TAG_LEN;
    put_tag(st->room, ver, text);
    text[len++] = '.';
    do
        digits[n++] = (char)('0' + ver % 10);
    while (ver /= 10);
    while (n)
        text[len++] = digits[--n];
    return show_str(st, (struct str){text, len});
}

/* false: no version of this room, or what happened since is forgotten. */
static bool read_version(const struct room *room, struct str s, uint64_t *out)
{
    char tag[TAG_LEN];
    uint64_t v = 0;
    if (s.n <= TAG_LEN + 1 || s.p[TAG_LEN] != '.')
        return false;
    if (!str_u64(str_n(s.p + TAG_LEN + 1, s.n - TAG_LEN - 1), UINT64_MAX, &v))
        return false;
    put_tag(room, v, tag);
    *out = v;
    return memcmp(tag, s.p, TAG_LEN) == 0 && v <= room->ver && v >= room->affils.floor;
}

/* R111 */
void mav_mark(struct step *st, const struct change *c)
{
    if (c->before == c->after)
        return;
    struct str since = version(st, c->ver - 1), until = version(st, c->ver);
    struct fx *f = &st->fx->list[st->fx->n - 1];
    if (f->type == FX_PRESENCE) {
        f->presence.mav_since = since;
        f->presence.mav_until = until;
    } else if (f->type == FX_NOTICE) {
        f->notice.mav_since = since;
        f->notice.mav_until = until;
    }
}

/* ---- what changed */

struct line {
    uint64_t ver;
    struct str jid;
    enum affiliation affiliation;
};

static int by_ver(const void *a, const void *b)
{
    uint64_t x = ((const struct line *)a)->ver, y = ((const struct line *)b)->ver;
    return x < y ? -1 : x > y;
}

/* All of them, or those after `since`. Who may not read the list of outcasts sees that somebody is
 * no member any more, as he would see it live. */
static struct line *lines(struct step *st, bool whole, uint64_t since, bool outcasts, uint32_t *n)
{
    const struct affils *as = &st->room->affils;
    struct line *list = arena_alloc(&st->fx->arena, (as->n + as->n_removed) * sizeof *list);
    *n = 0;
    for (const struct affil *e = as->by_jid; e; e = e->hh.next) {
        enum affiliation a = e->a.affiliation;
        if (a == AFFIL_OUTCAST && !outcasts)
            a = AFFIL_NONE;
        if (whole ? a != AFFIL_NONE : e->a.ver > since)
            list[(*n)++] = (struct line){e->a.ver, e->a.jid, a};
    }
    if (!whole) {
        LIST_FOREACH(it, &as->removals)
        {
            const struct removed *r = REMOVED_OF(it);
            if (r->ver > since)
                list[(*n)++] = (struct line){r->ver, r->jid, AFFIL_NONE};
        }
    }
    if (*n)
        qsort(list, *n, sizeof *list, by_ver);
    return list;
}

/* How many lines go into the next message. It ends where a version ends. */
static uint32_t chunk(const struct line *list, uint32_t n)
{
    size_t bytes = 0;
    uint32_t i = 0;
    while (i < n) {
        bytes += list[i++].jid.n + ITEM_OVERHEAD;
        bool full = bytes >= CHUNK_BYTES || i >= CHUNK_ITEMS;
        if (full && i < n && list[i].ver != list[i - 1].ver)
            break;
    }
    return i;
}

/* R112, R114 */
static void tell(struct step *st, const struct session *s, bool whole, uint64_t since,
                 bool outcasts)
{
    const struct room *room = st->room;
    uint32_t n, at = 0;
    const struct line *list = lines(st, whole, since, outcasts, &n);
    struct str from = whole ? STR_NULL : version(st, since);
    if (!n && !whole)
        return; /* there is no empty difference */
    do {
        uint32_t k = chunk(list + at, n - at);
        struct fx_list_item *items = arena_zalloc(&st->fx->arena, k * sizeof *items);
        for (uint32_t i = 0; i < k; i++) {
            items[i].affiliation = list[at + i].affiliation;
            items[i].jid = show_str(st, list[at + i].jid);
        }
        at += k;
        struct str until = version(st, at == n ? room->ver : list[at - 1].ver);
        struct fx *f = room_effects_add(st->fx, FX_MAV);
        f->mav.to_sid = s->key.sid;
        f->mav.since = from;
        f->mav.until = until;
        f->mav.items = items;
        f->mav.n = k;
        from = until;
    } while (at < n);
}

/* R113: who inside may read the lists of members, admins and owners (W55). */
static bool may_follow(const struct room *room, enum affiliation a)
{
    return a == AFFIL_OWNER || room->config.whois_anyone;
}

void mav_enter(struct step *st, struct session *s, bool wanted, struct str since)
{
    const struct room *room = st->room;
    enum affiliation a = s->occupant->person->affiliation;
    uint64_t ver = 0;
    s->mav = wanted && may_follow(room, a);
    if (!wanted)
        return;
    if (!s->mav) {
        reply_error(st, SE_FORBIDDEN);
        struct fx *f = &st->fx->list[st->fx->n - 1];
        f->reply.stanza = ROOM_MESSAGE;
        f->reply.from_nick = STR_NULL;
        return;
    }
    bool known = read_version(room, since, &ver);
    if (!known || ver != room->ver)
        tell(st, s, !known, ver, a >= AFFIL_ADMIN);
}

void mav_self(struct step *st, const struct session *s, struct fx *presence)
{
    if (s->mav)
        presence->presence.mav_until = version(st, st->room->ver);
}
