/* occupant.c: the roster of a room: persons, their nicks, their sessions. */
#include "shard/room/room_priv.h"

#include "base/jid.h"
#include "base/siphash.h"

void roster_init(struct roster *r)
{
    memset(r, 0, sizeof *r);
    list_init(&r->sessions);
    list_init(&r->gateways);
    list_init(&r->late);
}

void roster_deinit(struct roster *r)
{
    while (!list_empty(&r->sessions))
        roster_remove(r, LIST_ENTRY(r->sessions.next, struct session, in_roster));
}

struct session *roster_session(const struct roster *r, gateway_ref gw, uint64_t sid)
{
    struct session_key key = {sid, gw};
    struct session *s;
    HASH_FIND(hh, r->by_key, &key, sizeof key, s);
    return s;
}

struct occupant *roster_nick(const struct roster *r, struct str nick)
{
    struct occupant *o;
    HASH_FIND(hh, r->by_nick, nick.p, nick.n, o);
    return o;
}

struct person *roster_person(const struct roster *r, struct str bare)
{
    struct person *p;
    HASH_FIND(hh, r->by_jid, bare.p, bare.n, p);
    return p;
}

struct gateway *roster_gateway(const struct roster *r, gateway_ref gw)
{
    LIST_FOREACH(it, &r->gateways)
    {
        struct gateway *g = LIST_ENTRY(it, struct gateway, in_roster);
        if (g->ref == gw)
            return g;
    }
    return NULL;
}

static struct person *person_get(struct roster *r, struct str bare, enum affiliation affiliation,
                                 const uint8_t secret[16])
{
    struct person *p = roster_person(r, bare);
    if (p)
        return p;
    p = mem_zalloc(sizeof *p);
    p->bare = str_own(bare);
    p->affiliation = affiliation;
    occupant_id_make(secret, bare, p->occupant_id);
    list_init(&p->occupants);
    HASH_ADD_KEYPTR(hh, r->by_jid, p->bare.p, p->bare.n, p);
    return p;
}

static struct occupant *occupant_get(struct roster *r, struct person *p, struct str nick,
                                     enum role role)
{
    struct occupant *o = roster_nick(r, nick);
    if (o) {
        assert(o->person == p);
        return o;
    }
    o = mem_zalloc(sizeof *o);
    o->nick = str_own(nick);
    o->person = p;
    o->role = role;
    list_init(&o->sessions);
    list_push_back(&p->occupants, &o->in_person);
    HASH_ADD_KEYPTR(hh, r->by_nick, o->nick.p, o->nick.n, o);
    r->n_occupants++;
    return o;
}

static void drop_if_empty(struct roster *r, struct occupant *o)
{
    if (o->n_sessions)
        return;
    struct person *p = o->person;
    list_remove(&o->in_person);
    HASH_DELETE(hh, r->by_nick, o);
    r->n_occupants--;
    str_release(&o->nick);
    mem_free(o);
    if (list_empty(&p->occupants)) {
        HASH_DELETE(hh, r->by_jid, p);
        mem_free(p->hats);
        str_release(&p->bare);
        mem_free(p);
    }
}

static void attach(struct session *s, struct occupant *o)
{
    s->occupant = o;
    list_push_back(&o->sessions, &s->in_occupant);
    o->n_sessions++;
}

static void detach(struct roster *r, struct session *s)
{
    struct occupant *o = s->occupant;
    list_remove(&s->in_occupant);
    o->n_sessions--;
    s->occupant = NULL;
    drop_if_empty(r, o);
}

struct session *roster_add(struct roster *r, const struct newcomer *n)
{
    struct session *s = mem_zalloc(sizeof *s);
    s->key = (struct session_key){n->sid, n->gw};
    s->join_pos = n->join_pos;
    s->jid = str_own(n->jid);
    s->presence = str_own(n->presence);
    list_init(&s->in_late);
    struct person *p = person_get(r, jid_bare(n->jid), n->affiliation, n->occupant_secret);
    attach(s, occupant_get(r, p, n->nick, n->role));

    struct gateway *g = roster_gateway(r, n->gw);
    if (!g) {
        g = mem_zalloc(sizeof *g);
        g->ref = n->gw;
        list_init(&g->sessions);
        list_push_back(&r->gateways, &g->in_roster);
    }
    s->gateway = g;
    list_push_back(&g->sessions, &s->in_gateway);
    g->n_sessions++;

    list_push_back(&r->sessions, &s->in_roster);
    r->n_sessions++;
    HASH_ADD(hh, r->by_key, key, sizeof s->key, s);
    return s;
}

void roster_remove(struct roster *r, struct session *s)
{
    HASH_DELETE(hh, r->by_key, s);
    list_remove(&s->in_roster);
    list_remove(&s->in_late);
    r->n_sessions--;

    struct gateway *g = s->gateway;
    list_remove(&s->in_gateway);
    if (--g->n_sessions == 0) {
        list_remove(&g->in_roster);
        mem_free(g);
    }

    detach(r, s);
    str_release(&s->jid);
    str_release(&s->presence);
    mem_free(s);
}

void roster_move(struct roster *r, struct session *s, struct str nick)
{
    struct occupant *from = s->occupant;
    struct occupant *to = occupant_get(r, from->person, nick, from->role);
    detach(r, s); /* after `to` exists, so that the person stays */
    attach(s, to);
}

void session_set_presence(struct session *s, struct str presence)
{
    str_replace(&s->presence, presence);
}

void hex_write(char *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
}

/* R7, W13 */
void occupant_id_make(const uint8_t secret[16], struct str bare, char out[OCCUPANT_ID_LEN])
{
    uint8_t hash[OCCUPANT_ID_LEN / 2];
    siphash24_128(secret, bare.p, bare.n, hash);
    hex_write(out, hash, sizeof hash);
}

struct str occupant_id_of(const struct occupant *o)
{
    return (struct str){o->person->occupant_id, OCCUPANT_ID_LEN};
}

struct room_record session_record(const struct session *s)
{
    const struct occupant *o = s->occupant;
    return (struct room_record){
        .gw = (gateway_ref)s->key.gw,
        .sid = s->key.sid,
        .join_pos = s->join_pos,
        .nick = o->nick,
        .jid = s->jid,
        .occupant_id = occupant_id_of(o),
        .presence = s->presence,
        .role = o->role,
        .affiliation = o->person->affiliation,
        .hats = o->person->hats,
        .n_hats = o->person->n_hats,
        .mav = s->mav,
    };
}
