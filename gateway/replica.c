/* replica.c: see replica.h. */
#include "gateway/replica.h"

#include "base/hmap.h"
#include "gateway/render.h"
#include "proto/wire.h"

#include <assert.h>

struct occ_key {
    uint64_t sid;
    uint64_t gateway;
};

/* What hangs in the maps stays in this file: uthash's handles are behind the public structs. */
struct occ_node {
    struct occ o;
    struct occ_key key;
    UT_hash_handle hh;
};

struct nick_node {
    struct nick n;
    UT_hash_handle hh;
};

struct replica {
    struct str room;
    struct str *gateways; /* [0] is ours */
    uint32_t n_gateways;
    struct occ_node *occs;
    struct nick_node *by_name;
    struct list nicks;
    struct replica_local *locals;
    uint32_t n_locals, cap_locals;
    bool non_anonymous, overcrowded;
    uint32_t broadcast;
    uint64_t last_e, last_s;
};

static struct str dup(struct str s)
{
    return (struct str){mem_dup(s.p ? s.p : "", s.n), s.n};
}

static void drop(struct str *s)
{
    mem_free((void *)(uintptr_t)s->p);
    *s = STR_NULL;
}

static uint32_t gateway_number(struct replica *r, struct str ref)
{
    for (uint32_t i = 0; i < r->n_gateways; i++) {
        if (str_eq(r->gateways[i], ref))
            return i;
    }
    r->gateways = mem_realloc(r->gateways, (r->n_gateways + 1) * sizeof *r->gateways);
    r->gateways[r->n_gateways] = dup(ref);
    return r->n_gateways++;
}

static bool gateway_known(const struct replica *r, struct str ref, uint64_t *out)
{
    for (uint32_t i = 0; i < r->n_gateways; i++) {
        if (str_eq(r->gateways[i], ref)) {
            *out = i;
            return true;
        }
    }
    return false;
}

struct replica *replica_new(struct str room, struct str self)
{
    struct replica *r = mem_zalloc(sizeof *r);
    r->room = dup(room);
    list_init(&r->nicks);
    (void)gateway_number(r, self);
    return r;
}

void replica_destroy(struct replica **r_p)
{
    struct replica *r = *r_p;
    if (!r)
        return;
    struct occ_node *n, *tmp;
    HASH_ITER(hh, r->occs, n, tmp)
    replica_remove(r, &n->o);
    assert(list_empty(&r->nicks) && r->n_locals == 0);
    for (uint32_t i = 0; i < r->n_gateways; i++)
        drop(&r->gateways[i]);
    mem_free(r->gateways);
    mem_free(r->locals);
    drop(&r->room);
    mem_free(r);
    *r_p = NULL;
}

struct str replica_room(const struct replica *r)
{
    return r->room;
}

bool replica_non_anonymous(const struct replica *r)
{
    return r->non_anonymous;
}

uint32_t replica_broadcast(const struct replica *r)
{
    return r->broadcast;
}

bool replica_overcrowded(const struct replica *r)
{
    return r->overcrowded;
}

bool replica_sees(const struct replica *r, const struct occ *o)
{
    return r->non_anonymous || o->role == ROLE_MODERATOR || o->affiliation >= AFFIL_ADMIN;
}

bool replica_shows(const struct replica *r, enum role role)
{
    return (r->broadcast >> (unsigned)role & 1u) != 0;
}

void replica_set_facts(struct replica *r, const Verona__RoomFacts *f)
{
    r->non_anonymous = f->non_anonymous;
    r->broadcast = f->presence_broadcast;
    r->overcrowded = f->overcrowded;
    for (uint32_t i = 0; i < r->n_locals; i++)
        r->locals[i].sees = replica_sees(r, r->locals[i].occ);
}

/* ---- nicks */

struct nick *replica_nick(const struct replica *r, struct str name)
{
    struct nick_node *n;
    HASH_FIND(hh, r->by_name, name.p, name.n, n);
    return n ? &n->n : NULL;
}

static struct nick *nick_get(struct replica *r, struct str name)
{
    struct nick *found = replica_nick(r, name);
    if (found)
        return found;
    struct nick_node *n = mem_zalloc(sizeof *n);
    n->n.name = dup(name);
    n->n.few = r->overcrowded;
    list_init(&n->n.occs);
    list_push_back(&r->nicks, &n->n.in_room);
    HASH_ADD_KEYPTR(hh, r->by_name, n->n.name.p, n->n.name.n, n);
    return &n->n;
}

static void nick_release(struct replica *r, struct nick *nick)
{
    if (!list_empty(&nick->occs))
        return;
    struct nick_node *n = (struct nick_node *)nick;
    HASH_DELETE(hh, r->by_name, n);
    list_remove(&nick->in_room);
    drop(&nick->name);
    mem_free(n);
}

struct occ *nick_front(const struct nick *n)
{
    return list_empty(&n->occs) ? NULL : OCC_OF(n->occs.next);
}

uint32_t nick_occs(const struct nick *n)
{
    uint32_t count = 0;
    LIST_FOREACH(it, &n->occs)
    count++;
    return count;
}

const struct list *replica_nicks(const struct replica *r)
{
    return &r->nicks;
}

uint32_t replica_n_nicks(const struct replica *r)
{
    return HASH_CNT(hh, r->by_name);
}

uint32_t replica_size(const struct replica *r)
{
    return HASH_CNT(hh, r->occs);
}

/* ---- occupancies */

static struct occ *find_key(const struct replica *r, uint64_t gateway, uint64_t sid)
{
    struct occ_key key = {sid, gateway};
    struct occ_node *n;
    HASH_FIND(hh, r->occs, &key, sizeof key, n);
    return n ? &n->o : NULL;
}

struct occ *replica_find(const struct replica *r, const Verona__Occupancy *o)
{
    uint64_t gateway;
    if (!o || !gateway_known(r, wire_str(o->gateway), &gateway))
        return NULL;
    return find_key(r, gateway, o->sid);
}

struct occ *replica_find_local(const struct replica *r, uint64_t sid)
{
    return find_key(r, REPLICA_SELF, sid);
}

bool replica_removes(const struct occ *o, const Verona__Occupancy *named)
{
    return o->join_pos <= named->join_pos;
}

static void local_add(struct replica *r, struct occ *o)
{
    if (r->n_locals == r->cap_locals) {
        r->cap_locals = r->cap_locals ? r->cap_locals * 2 : 4;
        r->locals = mem_realloc(r->locals, r->cap_locals * sizeof *r->locals);
    }
    o->local = r->n_locals++;
    r->locals[o->local] = (struct replica_local){.sid = o->sid, .occ = o};
}

static void local_remove(struct replica *r, struct occ *o)
{
    uint32_t at = o->local, last = --r->n_locals;
    r->locals[at] = r->locals[last];
    r->locals[at].occ->local = at;
    o->local = REPLICA_NOT_LOCAL;
}

static enum role role_of(Verona__Role r)
{
    return r >= VERONA__ROLE__NO_ROLE && r <= VERONA__ROLE__MODERATOR ? (enum role)r : ROLE_NONE;
}

static enum affiliation affiliation_of(Verona__Affiliation a)
{
    return a >= VERONA__AFFILIATION__OUTCAST && a <= VERONA__AFFILIATION__OWNER
               ? (enum affiliation)a
               : AFFIL_NONE;
}

static void set_identity(struct occ *o, struct str jid, struct str occupant_id)
{
    if (str_eq(o->jid, jid) && str_eq(o->occupant_id, occupant_id))
        return;
    char *p = mem_alloc(jid.n + occupant_id.n);
    if (jid.n)
        memcpy(p, jid.p, jid.n);
    if (occupant_id.n)
        memcpy(p + jid.n, occupant_id.p, occupant_id.n);
    mem_free((void *)(uintptr_t)o->jid.p);
    o->jid = (struct str){p, jid.n};
    o->occupant_id = (struct str){p + jid.n, occupant_id.n};
    o->id_head = 0;
    if (occupant_id.n)
        memcpy(&o->id_head, occupant_id.p,
               occupant_id.n < sizeof o->id_head ? occupant_id.n : sizeof o->id_head);
}

static struct occ *occ_new(struct replica *r, uint32_t gateway, uint64_t sid)
{
    struct occ_node *n = mem_zalloc(sizeof *n);
    n->key = (struct occ_key){sid, gateway};
    n->o.sid = sid;
    n->o.gateway = gateway;
    n->o.local = REPLICA_NOT_LOCAL;
    list_init(&n->o.in_nick);
    HASH_ADD(hh, r->occs, key, sizeof n->key, n);
    if (gateway == REPLICA_SELF)
        local_add(r, &n->o);
    return &n->o;
}

struct occ *replica_put(struct replica *r, const Verona__Record *rec)
{
    if (!rec->occ || rec->nick.len == 0)
        return NULL;
    uint32_t gateway = gateway_number(r, wire_str(rec->occ->gateway));
    struct occ *o = find_key(r, gateway, rec->occ->sid);
    if (!o)
        o = occ_new(r, gateway, rec->occ->sid);
    struct nick *before = o->nick, *now = nick_get(r, wire_str(rec->nick));
    /* a new presence speaks for the nick; a role or affiliation alone changes nothing of that */
    if (before != now || !rec->keep_presence) {
        list_remove(&o->in_nick);
        list_push_front(&now->occs, &o->in_nick);
    }
    o->nick = now;
    if (before && before != now)
        nick_release(r, before);
    o->join_pos = rec->occ->join_pos;
    o->role = role_of(rec->role);
    o->affiliation = affiliation_of(rec->affiliation);
    o->mav = rec->mav;
    if (rec->n_hats || o->hats.n) {
        struct buf xml;
        buf_init(&xml);
        render_hats(&xml, rec->hats, rec->n_hats);
        drop(&o->hats);
        o->hats = xml.len ? dup(buf_as_str(&xml)) : STR_NULL;
        buf_deinit(&xml);
    }
    set_identity(o, wire_str(rec->jid), wire_str(rec->occupant_id));
    if (!rec->keep_presence) {
        struct str presence = dup(wire_str(rec->presence));
        drop(&o->presence);
        o->presence = presence;
    }
    if (o->local != REPLICA_NOT_LOCAL)
        r->locals[o->local].sees = replica_sees(r, o);
    return o;
}

void replica_remove(struct replica *r, struct occ *o)
{
    struct occ_node *n = (struct occ_node *)o;
    HASH_DELETE(hh, r->occs, n);
    list_remove(&o->in_nick);
    if (o->nick)
        nick_release(r, o->nick);
    if (o->local != REPLICA_NOT_LOCAL)
        local_remove(r, o);
    drop(&o->jid);
    drop(&o->presence);
    drop(&o->hats);
    mem_free(n);
}

const struct replica_local *replica_locals(const struct replica *r, uint32_t *n)
{
    *n = r->n_locals;
    return r->locals;
}

void replica_set_last(struct replica *r, uint64_t e, uint64_t s)
{
    r->last_e = e;
    r->last_s = s;
}

bool replica_last_is(const struct replica *r, uint64_t e, uint64_t s)
{
    return r->last_e == e && r->last_s == s;
}
