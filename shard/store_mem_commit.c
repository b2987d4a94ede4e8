/* store_mem_commit.c: commits, with the checks of deploy/redis/verona.lua in their order. */
#include "shard/store_mem_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"

#include <assert.h>

/* Is a nick that the entry takes reserved for somebody who keeps it? */
static bool nick_conflict(const struct mem_room *r, const struct fx *fx)
{
    for (uint32_t i = 0; i < fx->persist.n_changes; i++) {
        const struct room_affiliation *a = &fx->persist.changes[i];
        for (uint32_t k = 0; a->nick.n > 0 && k < i; k++) {
            if (str_eq(fx->persist.changes[k].nick, a->nick)) {
                return true;
            }
        }
        for (uint32_t k = 0; a->nick.n > 0 && r && k < r->affiliations.n; k++) {
            const struct pair *p = &r->affiliations.list[k];
            bool keeps = str_eq(p->nick, a->nick) && !str_eq(p->key, a->jid);
            for (uint32_t j = 0; keeps && j < fx->persist.n_changes; j++) {
                const struct room_affiliation *other = &fx->persist.changes[j];
                keeps = !str_eq(other->jid, p->key) || str_eq(other->nick, p->nick);
            }
            if (keeps) {
                return true;
            }
        }
    }
    return false;
}

/* Is the newest entry this one, not another under its name? */
static bool is_same_entry(const struct mem_room *r, const struct store_entry *e)
{
    struct buf value;
    buf_init(&value);
    store_pack_entry(e, &value);
    bool same = r->log.n == 0 || str_eq(r->log.list[r->log.n - 1].value, buf_as_str(&value));
    buf_deinit(&value);
    return same;
}

/* Whose the message is, if it can be taken back; empty: it cannot. In the arena. */
static struct str speaker(const struct mem_room *r, struct event_name name, struct arena *a)
{
    struct buf key;
    struct str who = STR_NULL;
    buf_init(&key);
    store_pack_name(name, &key);
    const struct pair *p = r ? hash_get(&r->log, buf_as_str(&key)) : NULL;
    if (!p || !store_unpack_speaker(p->value, a, &who)) {
        who = STR_NULL;
    }
    buf_deinit(&key);
    return who;
}

/* Does the entry take back what a moderator cannot? */
static bool no_target(const struct mem_room *r, const struct store_entry *e)
{
    struct event_name target;
    struct str who;
    struct buf b;
    struct arena a;
    buf_init(&b);
    arena_init(&a);
    bool none =
        store_pack_retraction(e, &target, &who, &b) && who.n == 0 && speaker(r, target, &a).n == 0;
    arena_deinit(&a);
    buf_deinit(&b);
    return none;
}

/* What verona_commit checks, in its order. 0: go on; 1: done already. */
static int check(struct store_mem *s, const struct store_token *t, const struct mem_room *r,
                 const struct store_entry *e, uint32_t n)
{
    const struct fence *f = &s->fences[t->slot];
    if (f->set && (f->epoch != t->epoch || strcmp(f->nonce, t->nonce) != 0)) {
        return ERR_FENCED;
    }
    struct event_name last = r ? r->last : (struct event_name){0, 0};
    if (last.e == e[n - 1].name.e && last.s == e[n - 1].name.s) {
        return is_same_entry(r, &e[n - 1]) ? 1 : ERR_DIVERGED;
    }
    bool nothing = last.e == 0 && e[0].prev.e == 0;
    if (!nothing && (last.e != e[0].prev.e || last.s != e[0].prev.s)) {
        return ERR_DIVERGED;
    }
    if ((store_entry_flag(&e[n - 1]) == STORE_CREATE) == (r && r->exists)) {
        return ERR_DIVERGED;
    }
    uint32_t seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (e[i].name.s <= (i > 0 ? e[i - 1].name.s : 0)) {
            return ERR_DIVERGED;
        }
        bool is_seen = e[i].gwboot.n > 0 && mem_mark(r, e[i].gwboot) >= e[i].rseq;
        for (uint32_t k = 0; e[i].gwboot.n > 0 && k < i; k++) {
            is_seen = is_seen || (str_eq(e[k].gwboot, e[i].gwboot) && e[k].rseq >= e[i].rseq);
        }
        seen += is_seen ? 1 : 0;
    }
    if (seen > 0) {
        return seen == n ? 1 : ERR_DIVERGED;
    }
    if (nick_conflict(r, e[n - 1].fx)) {
        return ERR_DIVERGED;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (no_target(r, &e[i])) {
            return ERR_NOTFOUND;
        }
    }
    /* Names rise in the log, whatever the room says: the second fence. */
    return e[0].name.e > last.e || (e[0].name.e == last.e && e[0].name.s > last.s) ? 0
                                                                                   : ERR_DIVERGED;
}

static void take_back(struct mem_room *r, const struct store_entry *e)
{
    struct event_name target;
    struct str who;
    struct buf b, key;
    struct arena a;
    buf_init(&b);
    buf_init(&key);
    arena_init(&a);
    if (store_pack_retraction(e, &target, &who, &b)) {
        struct str said = speaker(r, target, &a);
        store_pack_name(target, &key);
        if (said.n > 0 &&
            (who.n == 0 || (str_eq(said, who) && !hash_get(&r->taken, buf_as_str(&key))))) {
            hash_set(&r->taken, buf_as_str(&key), buf_as_str(&b), STR_NULL);
        }
    }
    arena_deinit(&a);
    buf_deinit(&key);
    buf_deinit(&b);
}

static void drop_entry(struct mem_room *r, uint32_t i)
{
    struct pair *gone = hash_get(&r->taken, r->log.list[i].key);
    if (gone) {
        hash_del(&r->taken, gone);
    }
    hash_del(&r->log, &r->log.list[i]);
}

/* As trim() of verona.lua: the newest entries stay, of the others only archived messages, `keep` of
 * them in all, none from before `since`. */
static void trim(struct mem_room *r, uint32_t keep, uint64_t since)
{
    enum { SLACK = 16 };
    struct arena a;
    uint32_t archived = 0;
    if (r->log.n <= LIMIT_HISTORY + SLACK) {
        return;
    }
    arena_init(&a);
    for (uint32_t i = r->log.n; i-- > 0;) { /* how many are there from here on */
        struct store_logged l;
        int rc = store_unpack_logged(r->log.list[i].key, r->log.list[i].value, STR_NULL, &a, &l);
        assert(rc == 0);
        bool old = i + LIMIT_HISTORY < r->log.n;
        archived += l.in_archive ? 1 : 0;
        if (old && (!l.in_archive || archived > keep || l.m.stamp_ms < since)) {
            drop_entry(r, i);
        }
    }
    arena_deinit(&a);
}

static void apply(struct store_mem *s, struct mem_room *r, const struct store_entry *e)
{
    const struct fx *fx = e->fx;
    struct buf name, value;
    buf_init(&name);
    buf_init(&value);
    store_pack_name(e->name, &name);
    store_pack_entry(e, &value);
    if (store_entry_flag(e) == STORE_CREATE) { /* the rest was said in another room of that name */
        hash_deinit(&r->log);
        hash_deinit(&r->taken);
    }
    hash_set(&r->log, buf_as_str(&name), buf_as_str(&value), STR_NULL);
    take_back(r, e);
    r->last = e->name;
    if (e->gwboot.n > 0) {
        mem_mark_set(r, e->gwboot, e->rseq);
    }
    switch (store_entry_flag(e)) {
    case STORE_DESTROY:
        r->exists = false;
        r->gone = true;
        hash_deinit(&r->affiliations);
        buf_reset(&r->moved);
        store_pack_moved(fx, &r->moved);
        buf_reset(&r->vcard);
        if (e->name.s > s->hs[r->slot]) {
            s->hs[r->slot] = e->name.s;
        }
        goto out;
    case STORE_CREATE:
        r->exists = true;
        r->gone = false;
        buf_reset(&r->vcard);
        break;
    case STORE_CHANGE:
        break;
    }
    if (fx->persist.vcard_changed) {
        buf_reset(&r->vcard);
        buf_str(&r->vcard, fx->persist.vcard);
    }
    if (fx->persist.state_changed) {
        buf_reset(&r->state);
        store_pack_state(&fx->persist.state, &r->state);
    }
    for (uint32_t i = 0; i < fx->persist.n_changes; i++) {
        const struct room_affiliation *a = &fx->persist.changes[i];
        struct pair *old = hash_get(&r->affiliations, a->jid);
        buf_reset(&value);
        store_pack_affiliation(a, &value);
        if (value.len > 0) {
            hash_set(&r->affiliations, a->jid, buf_as_str(&value), a->nick);
        } else if (old) {
            hash_del(&r->affiliations, old);
        }
    }
out:
    buf_deinit(&value);
    buf_deinit(&name);
}

int mem_commit_entries(struct store_mem *s, const struct store_token *t, struct str room,
                       const struct store_entry *entries, uint32_t n)
{
    int rc = check(s, t, mem_room_get(s, t->slot, room, false), entries, n);
    if (rc != 0) {
        return rc < 0 ? rc : 0;
    }
    struct mem_room *r = mem_room_get(s, t->slot, room, true);
    for (uint32_t i = 0; i < n; i++) {
        apply(s, r, &entries[i]);
    }
    trim(r, entries[n - 1].keep_messages, entries[n - 1].keep_since_ms);
    return 0;
}
