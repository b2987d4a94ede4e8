/* muc_in.c: stanza -> RoomEvent: what all stanzas share, and presence. */
#include "gateway/muc_in_priv.h"

#include "base/utf8.h"

static const uint64_t NUMBER_MAX = UINT64_C(999999999999999); /* in history; XML sets no limit */

enum muc_in in_refuse(struct in *in, enum stanza_error condition)
{
    Verona__RefuseIn *r = arena_alloc(in->a, sizeof *r);
    Verona__StanzaError *e = arena_alloc(in->a, sizeof *e);
    verona__refuse_in__init(r);
    verona__stanza_error__init(e);
    e->condition = (uint32_t)condition;
    r->error = e;
    r->stanza = str_is(in->st->name, "iq")        ? VERONA__REFUSE_IN__STANZA__IQ
                : str_is(in->st->name, "message") ? VERONA__REFUSE_IN__STANZA__MESSAGE
                                                  : VERONA__REFUSE_IN__STANZA__PRESENCE;
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_REFUSE;
    in->ev->refuse = r;
    return MUC_IN_EVENT;
}

struct str in_child_text(struct in *in, const struct xnode *n, const char *ns, const char *name)
{
    const struct xnode *k = xnode_child(n, ns, name);
    return k ? xnode_text(k, in->a) : STR_NULL;
}

bool in_nick(struct in *in, struct str raw, struct str *out)
{
    *out = STR_NULL;
    if (raw.n == 0)
        return true;
    if (raw.n > LIMIT_JID_PART || jid_prep_resource(raw, in->a, out) != 0)
        return false;
    return out->n > 0 && out->n <= LIMIT_JID_PART && utf8_count(*out) <= LIMIT_NICK_CHARS;
}

/* Compared without case; plain: what does not match is plain ASCII, so preparing it would change
 * nothing else. */
static bool same_ascii(struct str a, struct str b, bool *plain)
{
    bool same = a.n == b.n;
    *plain = true;
    for (size_t i = 0; i < a.n; i++) {
        unsigned char c = (unsigned char)a.p[i];
        *plain = *plain && c < 0x80;
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        same = same && c == (unsigned char)b.p[i];
    }
    return same;
}

/* An address that the client wrote: is it the room's? A receiver may prepare what it compares, so
 * whatever is the room's once prepared is the room's. */
static bool is_room(struct str written, struct str room)
{
    bool plain, same = same_ascii(jid_bare(written), room, &plain);
    if (same || plain || written.n > LIMIT_JID)
        return same;
    struct arena a;
    struct str text;
    struct jid parts;
    arena_init(&a);
    same = jid_prep(written, &a, &text, &parts) == 0 && str_eq(jid_bare(text), room);
    arena_deinit(&a);
    return same;
}

/* true: the element is not the client's to send into a room. */
static bool withheld(void *ctx /* the room */, const struct xnode *k)
{
    const struct str *room = ctx;
    if (str_is(k->ns, NS_STANZA))
        return true; /* ours, see lang() */
    /* W11: nothing of the muc and muc#user namespaces passes on (17.3) */
    if (str_is(k->ns, NS_MUC) || str_is(k->ns, NS_MUC_USER))
        return true;
    /* W13: every occupant-id, not only the first */
    if (xnode_is(k, NS_OCCUPANT_ID, "occupant-id"))
        return true;
    if (str_is(k->ns, NS_MAV) || str_is(k->ns, NS_HATS))
        return true;
    /* W14 */
    if (xnode_is(k, NS_SID, "stanza-id"))
        return is_room(xnode_attr(k, "by"), *room);
    return xnode_is(k, NS_DELAY, "delay") && is_room(xnode_attr(k, "from"), *room);
}

ProtobufCBinaryData in_kept(struct in *in, struct buf *b)
{
    struct str s = b->len ? arena_str(in->a, buf_as_str(b)) : STR_NULL;
    buf_deinit(b);
    return wire_bytes(s);
}

/* The language of the whole stanza is an attribute of it, and everything that is kept and handed on
 * is its children; so it travels as the first of them, and rendering makes it an attribute again
 * (XEP-0045 §13). */
static void lang(struct buf *b, const struct xnode *st)
{
    for (uint32_t i = 0; i < st->n_attrs; i++) {
        const struct xattr *a = &st->attrs[i];
        if (!str_is(a->ns, NS_XML) || !str_is(a->name, "lang") || a->value.n == 0)
            continue;
        buf_z(b, STANZA_LANG_OPEN);
        buf_xml(b, a->value);
        buf_z(b, STANZA_LANG_CLOSE);
    }
}

ProtobufCBinaryData in_payload(struct in *in)
{
    struct buf b;
    buf_init(&b);
    lang(&b, in->st);
    xnode_write_children(&b, in->st, STR(NS_CLIENT), withheld, &in->room);
    return in_kept(in, &b);
}

struct str muc_in_payload(const struct xnode *st, struct arena *a)
{
    struct in in = {.st = st, .a = a};
    return wire_str(in_payload(&in));
}

/* ---- presence */

/* -1: no number. */
static int64_t number(struct str s)
{
    uint64_t v;
    return str_u64(s, NUMBER_MAX, &v) ? (int64_t)v : -1;
}

static bool digits(struct str s, size_t at, size_t n, int64_t *out)
{
    if (at + n > s.n)
        return false;
    *out = number((struct str){s.p + at, n});
    return *out >= 0;
}

static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = y / 400, yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int64_t muc_in_stamp(struct str s)
{
    int64_t y, mo, d, h, mi, sec, ms = 0, off = 0, oh, om;
    if (!digits(s, 0, 4, &y) || !digits(s, 5, 2, &mo) || !digits(s, 8, 2, &d) ||
        !digits(s, 11, 2, &h) || !digits(s, 14, 2, &mi) || !digits(s, 17, 2, &sec))
        return -1;
    if (s.p[4] != '-' || s.p[7] != '-' || s.p[10] != 'T' || s.p[13] != ':' || s.p[16] != ':')
        return -1;
    if (y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || sec > 60)
        return -1;
    size_t at = 19;
    if (at < s.n && s.p[at] == '.') {
        int64_t unit = 100;
        for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++, unit /= 10)
            ms += (s.p[at] - '0') * unit;
    }
    if (at >= s.n)
        return -1;
    if (s.p[at] == '+' || s.p[at] == '-') {
        if (!digits(s, at + 1, 2, &oh) || !digits(s, at + 4, 2, &om) || s.p[at + 3] != ':' ||
            s.n != at + 6 || oh > 23 || om > 59)
            return -1;
        off = (oh * 60 + om) * 60 * (s.p[at] == '-' ? -1 : 1);
    } else if (s.p[at] != 'Z' || s.n != at + 1) {
        return -1;
    }
    int64_t t = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - off;
    return t < 0 ? -1 : t * 1000 + ms;
}

/* W84: who sends no vcard-temp:x:update is shown to have no avatar. */
static ProtobufCBinaryData available_payload(struct in *in)
{
    ProtobufCBinaryData p = in_payload(in);
    if (xnode_child(in->st, NS_VCARD_UPDATE, "x"))
        return p;
    struct buf b;
    buf_init(&b);
    buf_put(&b, p.data, p.len);
    buf_z(&b, "<x xmlns='" NS_VCARD_UPDATE "'><photo/></x>");
    return in_kept(in, &b);
}

static enum muc_in available(struct in *in)
{
    /* the nick that is asked for: over the limit it can be nobody's (W22) */
    if (utf8_count(in->nick) > LIMIT_NICK_CHARS)
        return in_refuse(in, SE_JID_MALFORMED);
    Verona__PresenceIn *p = arena_alloc(in->a, sizeof *p);
    verona__presence_in__init(p);
    const struct xnode *x = xnode_child(in->st, NS_MUC, "x");
    const struct xnode *h = xnode_child(x, NS_MUC, "history");
    p->join = x != NULL;
    p->max_chars = p->max_stanzas = p->seconds = p->since_ms = -1;
    if (x && xnode_child(x, NS_MUC, "password")) {
        p->has_password = true;
        p->password = wire_bytes(in_child_text(in, x, NS_MUC, "password"));
    }
    if (p->password.len > LIMIT_REASON)
        return in_refuse(in, SE_POLICY_VIOLATION);
    if (h) {
        p->max_chars = number(xnode_attr(h, "maxchars"));
        p->max_stanzas = number(xnode_attr(h, "maxstanzas"));
        p->seconds = number(xnode_attr(h, "seconds"));
        p->since_ms = muc_in_stamp(xnode_attr(h, "since"));
    }
    const struct xnode *mav = xnode_child(x, NS_MAV, "mav"); /* XEP-0463 */
    if (mav) {
        struct str since = xnode_attr(mav, "since");
        p->mav = true;
        p->mav_since = wire_bytes(since.n <= LIMIT_MAV_SINCE ? since : STR("?"));
    }
    p->payload = available_payload(in);
    in->ev->strict_ok = in->nick.n > 0 && jid_nick_strict(in->nick);
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_PRESENCE;
    in->ev->presence = p;
    return MUC_IN_EVENT;
}

/* The client bounced something: condition and text as it wrote them (W39). */
static enum muc_in bounced(struct in *in, bool from_presence)
{
    Verona__ErrorIn *e = arena_alloc(in->a, sizeof *e);
    verona__error_in__init(e);
    e->from_presence = from_presence;
    const struct xnode *error = xnode_child(in->st, NS_CLIENT, "error");
    if (error) {
        IN_EACH(k, error)
        {
            if (!str_is(k->ns, NS_STANZAS))
                continue;
            if (str_is(k->name, "text"))
                e->text = wire_bytes(xnode_text(k, in->a));
            else if (e->condition.len == 0)
                e->condition = wire_bytes(k->name);
        }
    }
    if (e->text.len > LIMIT_REASON)
        e->text.len = 0;
    in->ev->body_case = VERONA__ROOM_EVENT__BODY_ERROR;
    in->ev->error = e;
    return MUC_IN_EVENT;
}

static enum muc_in presence(struct in *in)
{
    struct str type = xnode_attr(in->st, "type");
    if (type.n == 0)
        return available(in);
    /* W37, W39: to whatever nick of the room; a too long one is the bare room */
    if (utf8_count(in->nick) > LIMIT_NICK_CHARS) {
        in->nick = STR_NULL;
        in->ev->nick = wire_bytes(STR_NULL);
    }
    if (str_is(type, "unavailable")) {
        Verona__LeaveIn *l = arena_alloc(in->a, sizeof *l);
        verona__leave_in__init(l);
        l->payload = in_payload(in);
        in->ev->body_case = VERONA__ROOM_EVENT__BODY_LEAVE;
        in->ev->leave = l;
        return MUC_IN_EVENT;
    }
    if (str_is(type, "error"))
        return bounced(in, true);
    if (str_is(type, "probe") && in->nick.n > 0) {
        Verona__ProbeIn *p = arena_alloc(in->a, sizeof *p);
        verona__probe_in__init(p);
        in->ev->body_case = VERONA__ROOM_EVENT__BODY_PROBE;
        in->ev->probe = p;
        return MUC_IN_EVENT;
    }
    return MUC_IN_IGNORE; /* W29 */
}

/* ---- any stanza */

enum muc_in muc_in(const struct xnode *st, struct str to, struct stanza_ids *ids, struct arena *a,
                   Verona__RoomEvent *ev)
{
    struct in in = {
        .st = st, .ids = ids, .a = a, .room = jid_bare(to), .nick = jid_resource(to), .ev = ev};
    struct str id = xnode_attr(st, "id");
    verona__room_event__init(ev);
    ev->room = wire_bytes(in.room);
    ev->nick = wire_bytes(in.nick);
    ev->id = wire_bytes(id);
    if (id.n > LIMIT_ID) {
        struct str type = xnode_attr(st, "type");
        bool answered = !str_is(type, "error") && !str_is(type, "result");
        if (answered)
            return MUC_IN_ID;
        ev->id = wire_bytes(STR_NULL); /* never echoed */
    }
    if (str_is(st->name, "presence"))
        return presence(&in);
    if (str_is(st->name, "message")) {
        if (str_is(xnode_attr(st, "type"), "error"))
            return bounced(&in, false);
        return in_message(&in);
    }
    return in_iq(&in);
}
