/* relay.c: an iq from one occupant to another, and the answer (XEP-0045 §17.4, W35).
 *
 *   asker ──iq id──► room ──iq ticket──► one session of the nick, or its account
 *         ◄── id ───      ◄── ticket ───
 *
 * The room remembers nothing of it, so nothing has to be bounded, handed over or forgotten. All
 * that the answer needs is in the id that the target sees, the ticket: which stay of which session
 * asked, when, under what id, of which nick. It is encrypted and authenticated with the room's own
 * secret, and bound to the user who was asked, so nobody can read, change, make or use another's
 * (SIV: Rogaway and Shrimpton 2006, with SipHash-2-4-128 as the function). The secret outlives the
 * owner of the slot, and so do session handles and join positions: an answer finds its way after a
 * change of owner too. */
#include "shard/room/show.h"

#include "base/limits.h"
#include "base/siphash.h"

enum {
    TAG_LEN = 16,
    HEAD_LEN = 8 + 8 + 6 + 2, /* sid, join position, time in ms, length of the nick */
};

/* ---- bytes */

static void put_number(uint8_t *p, uint64_t v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_number(const uint8_t *p, uint32_t n)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648 §5, without padding. */
static struct str base64(struct arena *a, const uint8_t *p, size_t n)
{
    char *out = arena_alloc(a, (n + 2) / 3 * 4);
    size_t len = 0;
    uint32_t bits = 0, held = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | p[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[len++] = digits[held >> (bits - 6) & 63];
    }
    if (bits)
        out[len++] = digits[held << (6 - bits) & 63];
    return (struct str){out, len};
}

/* false: that is none of ours. `out` has place for s.n bytes. */
static bool base64_read(struct str s, uint8_t *out, size_t *n)
{
    uint32_t bits = 0, held = 0;
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *d = memchr(digits, s.p[i], sizeof digits - 1);
        if (!d)
            return false;
        held = held << 6 | (uint32_t)(d - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[(*n)++] = (uint8_t)(held >> bits);
        }
    }
    return true;
}

/* ---- tickets */

/* Both begin with a NUL, which no bare JID does: these hashes are nobody's occupant id (R7). */
static void tag_make(const struct room *room, struct arena *a, struct str target,
                     const uint8_t *text, size_t n, uint8_t tag[TAG_LEN])
{
    size_t len = 2 + 2 + target.n + n;
    uint8_t *p = arena_alloc(a, len);
    p[0] = 0;
    p[1] = 't';
    put_number(p + 2, target.n, 2);
    memcpy(p + 4, target.p, target.n);
    memcpy(p + 4 + target.n, text, n);
    siphash24_128(room->occupant_secret, p, len, tag);
}

static void encrypt(const struct room *room, const uint8_t tag[TAG_LEN], uint8_t *p, size_t n)
{
    uint8_t block[2 + TAG_LEN + 4] = {0, 'k'}, key[16];
    memcpy(block + 2, tag, TAG_LEN);
    for (size_t i = 0; i < n; i++) {
        if (i % sizeof key == 0) {
            put_number(block + 2 + TAG_LEN, i / sizeof key, 4);
            siphash24_128(room->occupant_secret, block, sizeof block, key);
        }
        p[i] ^= key[i % sizeof key];
    }
}

/* Empty: it would be too long. */
static struct str ticket_make(struct step *st, const struct session *asker, struct str target)
{
    struct arena *a = &st->fx->arena;
    struct str nick = st->ev->nick, id = st->ev->id;
    size_t n = HEAD_LEN + nick.n + id.n;
    if ((TAG_LEN + n + 2) / 3 * 4 > LIMIT_TICKET)
        return STR_NULL;
    uint8_t *p = arena_alloc(a, TAG_LEN + n), *text = p + TAG_LEN;
    put_number(text, asker->key.sid, 8);
    put_number(text + 8, asker->join_pos, 8);
    put_number(text + 16, st->ev->now_ms, 6);
    put_number(text + 22, nick.n, 2);
    memcpy(text + HEAD_LEN, nick.p, nick.n);
    if (id.n)
        memcpy(text + HEAD_LEN + nick.n, id.p, id.n);
    tag_make(st->room, a, target, text, n, p);
    encrypt(st->room, p, text, n);
    return base64(a, p, TAG_LEN + n);
}

struct ticket {
    uint64_t sid, join_pos, asked_ms;
    struct str nick, id; /* asked: whom, under which id; in the effects */
};

/* false: not made here, or not for this user. */
static bool ticket_read(struct step *st, struct str s, struct str target, struct ticket *t)
{
    struct arena *a = &st->fx->arena;
    uint8_t *p = arena_alloc(a, s.n + 1), tag[TAG_LEN], differs = 0;
    size_t n;
    if (!base64_read(s, p, &n) || n < TAG_LEN + HEAD_LEN)
        return false;
    uint8_t *text = p + TAG_LEN;
    n -= TAG_LEN;
    encrypt(st->room, p, text, n);
    tag_make(st->room, a, target, text, n, tag);
    for (uint32_t i = 0; i < TAG_LEN; i++)
        differs |= (uint8_t)(tag[i] ^ p[i]);
    size_t nick = get_number(text + 22, 2);
    if (differs || nick > n - HEAD_LEN)
        return false;
    *t = (struct ticket){
        .sid = get_number(text, 8),
        .join_pos = get_number(text + 8, 8),
        .asked_ms = get_number(text + 16, 6),
        .nick = {(const char *)text + HEAD_LEN, nick},
        .id = {(const char *)text + HEAD_LEN + nick, n - HEAD_LEN - nick},
    };
    return true;
}

/* ---- there */

/* R83, R84, W35, XEP-0045 §17.4, §6.6. A ping to one's own nick is the room's to answer, however
 * many sessions share it (R82, W79, XEP-0410). */
void relay_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    const struct session *asker = step_session(st);
    if (!asker) {
        reply_error(st, ev->relay.kind == RELAY_DISCO ? SE_BAD_REQUEST : SE_NOT_ACCEPTABLE);
        return;
    }
    if (ev->relay.kind == RELAY_PING && str_eq(asker->occupant->nick, ev->nick)) {
        reply_empty(st);
        return;
    }
    const struct occupant *o = roster_nick(&st->room->roster, ev->nick);
    if (!o) {
        reply_error(st, SE_ITEM_NOT_FOUND);
        return;
    }
    struct str ticket = ticket_make(st, asker, o->person->bare);
    if (!ticket.n) {
        reply_error_text(st, SE_POLICY_VIOLATION, STR("The id is too long"));
        return;
    }
    /* of several sessions the one that came last: it is the one most likely to be used */
    const struct session *to = LIST_ENTRY(o->sessions.prev, struct session, in_occupant);
    struct fx *f = room_effects_add(st->fx, FX_RELAY);
    f->relay.type = ev->relay.set ? FXL_SET : FXL_GET;
    f->relay.gw = (gateway_ref)to->key.gw;
    f->relay.to_sid = to->key.sid;
    f->relay.from_nick = show_str(st, asker->occupant->nick);
    f->relay.id = ticket;
    f->relay.to_account = ev->relay.to_account;
    f->relay.payload = show_str(st, ev->relay.payload);
}

/* ---- and back */

/* That very stay of that session, whichever gateway has it: the number of a gateway is the owner's
 * own, so a ticket cannot name it. */
static const struct session *asker_of(const struct room *room, const struct ticket *t)
{
    LIST_FOREACH(it, &room->roster.gateways)
    {
        const struct gateway *g = LIST_ENTRY(it, struct gateway, in_roster);
        const struct session *s = roster_session(&room->roster, g->ref, t->sid);
        if (s && s->join_pos == t->join_pos)
            return s;
    }
    return NULL;
}

/* R85. What is no answer to an iq of this room, or comes too late for it, is dropped: nobody waits
 * for it, and errors are not answered. */
void relay_answer_step(struct step *st)
{
    const struct room_event *ev = st->ev;
    struct ticket t;
    if (!ticket_read(st, ev->relay_answer.ticket, step_bare(st), &t) ||
        ev->now_ms > t.asked_ms + LIMIT_RELAY_MS)
        return;
    const struct session *asker = asker_of(st->room, &t);
    if (!asker)
        return;
    struct fx *f = room_effects_add(st->fx, FX_RELAY);
    f->relay.type = ev->relay_answer.error ? FXL_ERROR : FXL_RESULT;
    f->relay.gw = (gateway_ref)asker->key.gw;
    f->relay.to_sid = asker->key.sid;
    f->relay.from_nick = t.nick; /* as it was asked, also if he has another now (R2, W5) */
    f->relay.id = t.id;
    f->relay.payload = show_str(st, ev->relay_answer.payload);
}
