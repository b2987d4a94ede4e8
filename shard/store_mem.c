/* store_mem.c: the store in memory, for tests and the simulator. Same bytes (codec_store), same
 * checks in the same order as deploy/redis/verona.lua. What is asked is done at once; answers come
 * at the end of the turn, in order. */
#include "shard/store.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hmap.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/slot.h"
#include "rt/loop.h"
#include "shard/codec_store.h"

#include <assert.h>
#include <stdlib.h>

/* A field of a hash. */
struct pair {
    struct str key, value; /* ours */
    struct str nick;       /* affiliations: reserved; ours */
};

struct hash {
    struct pair *list;
    uint32_t n, cap;
};

/* The keys of a room: log, meta, aff (and nicks in it). They outlive the room. */
struct mem_room {
    UT_hash_handle hh;
    uint32_t slot;
    struct str room; /* ours, as `key` */
    struct buf key;  /* "<slot>:<room>" */
    struct buf state, moved, vcard;
    bool exists, gone;
    struct event_name last;
    struct hash marks, affiliations;
    struct hash log;   /* key: name. Oldest first */
    struct hash taken; /* name -> Retraction */
};

struct fence {
    uint64_t epoch;
    char nonce[33];
    bool set;
};

struct answer {
    struct list link;
    enum { ANSWER_COMMIT, ANSWER_LOAD, ANSWER_LIST, ANSWER_READ } kind;
    int err;
    uint32_t slot;
    struct str room; /* ours */
    store_commit_fn *commit_fn;
    store_load_fn *load_fn;
    store_list_fn *list_fn;
    store_read_fn *read_fn;
    struct store_range range; /* names are ours */
    void *ctx;
};

struct store_mem {
    struct store store; /* first */
    struct loop *loop;
    struct mem_room *rooms;
    struct fence fences[SLOT_COUNT];
    uint64_t hs[SLOT_COUNT];
    struct list answers;
    struct loop_task task;
    bool unavailable;
    uint32_t n_unknown, n_full;
    struct hash counts;
    bool answering, destroyed; /* destroyed while answers are given: freed after the last */
};

/* ---- hashes */

static struct str own(struct str s)
{
    return str_n(mem_dup(s.p ? s.p : "", s.n), s.n);
}

static void disown(struct str s)
{
    mem_free((void *)(uintptr_t)s.p);
}

static struct pair *hash_get(const struct hash *h, struct str key)
{
    for (uint32_t i = 0; i < h->n; i++) {
        if (str_eq(h->list[i].key, key)) {
            return &h->list[i];
        }
    }
    return NULL;
}

static void pair_free(struct pair *p)
{
    disown(p->key);
    disown(p->value);
    disown(p->nick);
}

static void hash_del(struct hash *h, struct pair *p)
{
    pair_free(p);
    memmove(p, p + 1, (size_t)(h->list + h->n - (p + 1)) * sizeof(*p));
    h->n--;
}

static void hash_set(struct hash *h, struct str key, struct str value, struct str nick)
{
    struct pair fresh = {own(key), own(value), own(nick)}, *p = hash_get(h, key);
    if (p) {
        pair_free(p);
        *p = fresh;
        return;
    }
    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 8;
        h->list = mem_realloc(h->list, h->cap * sizeof(*h->list));
    }
    h->list[h->n++] = fresh;
}

static void hash_deinit(struct hash *h)
{
    for (uint32_t i = 0; i < h->n; i++) {
        pair_free(&h->list[i]);
    }
    mem_free(h->list);
    *h = (struct hash){0};
}

/* ---------------------------------------------------------------------------------------- rooms */

static struct mem_room *room_get(struct store_mem *s, uint32_t slot, struct str room, bool create)
{
    struct buf key;
    struct mem_room *r;
    buf_init(&key);
    buf_u64(&key, slot);
    buf_c(&key, ':');
    size_t prefix = key.len;
    buf_str(&key, room);
    HASH_FIND(hh, s->rooms, key.data, key.len, r);
    if (r || !create) {
        buf_deinit(&key);
        return r;
    }
    r = mem_zalloc(sizeof(*r));
    r->slot = slot;
    r->key = key;
    r->room = str_n(key.data + prefix, room.n);
    buf_init(&r->state);
    buf_init(&r->moved);
    buf_init(&r->vcard);
    HASH_ADD_KEYPTR(hh, s->rooms, r->key.data, r->key.len, r);
    return r;
}

/* The mark of a gateway's boot; 0: none (rseq begins at 1). */
static uint64_t mark_of(const struct mem_room *r, struct str gwboot)
{
    const struct pair *p = r ? hash_get(&r->marks, gwboot) : NULL;
    uint64_t v = 0;
    if (p) {
        memcpy(&v, p->value.p, sizeof(v));
    }
    return v;
}

static bool is_mark_of_older_boot(struct str mark, struct str gwboot)
{
    const char *a = memrchr(mark.p, ':', mark.n), *b = memrchr(gwboot.p, ':', gwboot.n);
    return a && b && a - mark.p == b - gwboot.p &&
           memcmp(mark.p, gwboot.p, (size_t)(a - mark.p)) == 0 &&
           strtoull(a + 1, NULL, 10) < strtoull(b + 1, NULL, 10);
}

static void set_mark(struct mem_room *r, struct str gwboot, uint64_t rseq)
{
    if (!hash_get(&r->marks, gwboot)) {
        for (uint32_t i = r->marks.n; i-- > 0;) {
            if (is_mark_of_older_boot(r->marks.list[i].key, gwboot)) {
                hash_del(&r->marks, &r->marks.list[i]);
            }
        }
    }
    hash_set(&r->marks, gwboot, str_n(&rseq, sizeof(rseq)), STR_NULL);
}

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
        bool is_seen = e[i].gwboot.n > 0 && mark_of(r, e[i].gwboot) >= e[i].rseq;
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
        set_mark(r, e->gwboot, e->rseq);
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

/* ---- answers */

static void answer_load(struct store_mem *s, const struct answer *a)
{
    struct arena arena;
    struct store_reader reader;
    struct store_room found;
    struct mem_room *r = room_get(s, a->slot, a->room, false);
    struct buf last;
    buf_init(&last);
    arena_init(&arena);
    store_reader_init(&reader, &arena);
    if (r) {
        store_pack_name(r->last, &last);
        store_reader_meta(&reader, STR("last"), buf_as_str(&last));
        if (r->exists) {
            store_reader_meta(&reader, STR("state"), buf_as_str(&r->state));
        }
        store_reader_vcard(&reader, buf_as_str(&r->vcard));
        if (r->gone) {
            store_reader_meta(&reader, STR("gone"), STR("1"));
        }
        if (r->gone && r->moved.len > 0) {
            store_reader_meta(&reader, STR("moved"), buf_as_str(&r->moved));
        }
        for (uint32_t i = 0; i < r->marks.n; i++) {
            struct buf field, value;
            buf_init(&field);
            buf_init(&value);
            buf_z(&field, "d:");
            buf_str(&field, r->marks.list[i].key);
            buf_u64(&value, mark_of(r, r->marks.list[i].key));
            store_reader_meta(&reader, arena_str(&arena, buf_as_str(&field)), buf_as_str(&value));
            buf_deinit(&field);
            buf_deinit(&value);
        }
        for (uint32_t i = 0; i < r->affiliations.n; i++) {
            store_reader_affiliation(&reader, r->affiliations.list[i].key,
                                     r->affiliations.list[i].value);
        }
        for (uint32_t i = r->log.n; i-- > 0;) {
            if (!store_reader_entry(&reader, r->log.list[i].key, r->log.list[i].value)) {
                break;
            }
        }
        for (uint32_t i = 0; i < reader.n_history; i++) {
            struct buf name;
            buf_init(&name);
            store_pack_name(reader.history[i].name, &name);
            const struct pair *gone = hash_get(&r->taken, buf_as_str(&name));
            store_reader_gone(&reader, i, gone ? gone->value : STR_NULL);
            buf_deinit(&name);
        }
    }
    int err = a->err ? a->err : store_reader_finish(&reader, s->hs[a->slot], &found);
    a->load_fn(a->ctx, err ? ERR_UNAVAILABLE : 0, err ? NULL : &found);
    arena_deinit(&arena);
    buf_deinit(&last);
}

static void answer_list(struct store_mem *s, const struct answer *a)
{
    uint32_t n = 0;
    struct store_listed *list = mem_alloc((HASH_COUNT(s->rooms) + 1) * sizeof(*list));
    for (struct mem_room *r = s->rooms; r && !a->err; r = r->hh.next) {
        if (r->slot == a->slot && r->exists) {
            list[n].room = r->room;
            list[n].temporary = false;
            int rc = store_unpack_temporary(buf_as_str(&r->state), &list[n].temporary);
            assert(rc == 0);
            n++;
        }
    }
    a->list_fn(a->ctx, a->err, list, n, a->err ? 0 : s->hs[a->slot]);
    mem_free(list);
}

static bool wanted(const struct store_range *range, struct event_name name)
{
    if (range->n_names == 0) {
        return !event_before(name, range->from) && !event_before(range->to, name);
    }
    for (uint32_t i = 0; i < range->n_names; i++) {
        if (range->names[i].e == name.e && range->names[i].s == name.s) {
            return true;
        }
    }
    return false;
}

static void answer_read(struct store_mem *s, const struct answer *a)
{
    const struct store_range *range = &a->range;
    const struct mem_room *r = room_get(s, a->slot, a->room, false);
    uint32_t most = range->n_names > 0 ? range->n_names : range->count, n = 0;
    struct arena arena;
    arena_init(&arena);
    struct store_logged *list = arena_alloc(&arena, (most + 1) * sizeof(*list));
    for (uint32_t i = 0; r && !a->err && i < r->log.n && n < most; i++) {
        const struct pair *p = &r->log.list[range->backward ? r->log.n - 1 - i : i];
        const struct pair *gone = hash_get(&r->taken, p->key);
        int rc =
            store_unpack_logged(p->key, p->value, gone ? gone->value : STR_NULL, &arena, &list[n]);
        assert(rc == 0);
        n += wanted(range, list[n].m.name) ? 1 : 0;
    }
    a->read_fn(a->ctx, a->err, list, n);
    arena_deinit(&arena);
}

static void answer_free(struct answer *a)
{
    list_remove(&a->link);
    mem_free((void *)(uintptr_t)a->range.names);
    disown(a->room);
    mem_free(a);
}

static void run_answers(void *ctx)
{
    struct store_mem *s = ctx;
    s->answering = true;
    while (!list_empty(&s->answers)) {
        struct answer *a = LIST_ENTRY(s->answers.next, struct answer, link);
        list_remove(&a->link);
        switch (a->kind) {
        case ANSWER_COMMIT:
            a->commit_fn(a->ctx, a->err);
            break;
        case ANSWER_LOAD:
            answer_load(s, a);
            break;
        case ANSWER_LIST:
            answer_list(s, a);
            break;
        case ANSWER_READ:
            answer_read(s, a);
            break;
        }
        answer_free(a);
    }
    s->answering = false;
    if (s->destroyed) {
        mem_free(s);
    }
}

static struct answer *answer_add(struct store_mem *s, uint32_t slot, struct str room, void *ctx)
{
    struct answer *a = mem_zalloc(sizeof(*a));
    assert(slot < SLOT_COUNT);
    a->slot = slot;
    a->room = own(room);
    a->ctx = ctx;
    a->err = s->unavailable ? ERR_UNAVAILABLE : 0;
    list_push_back(&s->answers, &a->link);
    loop_defer(s->loop, &s->task, LOOP_PRIO_WORK, run_answers, s);
    return a;
}

static void mem_commit(struct store *store, const struct store_token *t, struct str room,
                       const struct store_entry *entries, uint32_t n, store_commit_fn *fn,
                       void *ctx)
{
    struct store_mem *s = (struct store_mem *)store;
    struct answer *a = answer_add(s, t->slot, room, ctx);
    a->kind = ANSWER_COMMIT;
    a->commit_fn = fn;
    assert(n > 0);
    for (uint32_t i = 0; n > 1 && i < n; i++) {
        assert(entries[i].fx->persist.kind == FXS_MESSAGE &&
               !entries[i].fx->persist.state_changed && entries[i].fx->persist.n_changes == 0);
    }
    if (a->err) {
        return;
    }
    if (s->n_full > 0 && store_entry_flag(&entries[n - 1]) == STORE_CREATE) {
        s->n_full--;
        a->err = ERR_FULL;
        return;
    }
    int rc = check(s, t, room_get(s, t->slot, room, false), entries, n);
    if (rc < 0) {
        a->err = rc;
        return;
    }
    struct mem_room *r = rc == 0 ? room_get(s, t->slot, room, true) : NULL;
    for (uint32_t i = 0; r && i < n; i++) {
        apply(s, r, &entries[i]);
    }
    if (r) {
        trim(r, entries[n - 1].keep_messages, entries[n - 1].keep_since_ms);
    }
    if (s->n_unknown > 0) {
        s->n_unknown--;
        a->err = ERR_UNKNOWN;
    }
}

static void mem_load(struct store *store, uint32_t slot, struct str room, store_load_fn *fn,
                     void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, room, ctx);
    a->kind = ANSWER_LOAD;
    a->load_fn = fn;
}

static void mem_list(struct store *store, uint32_t slot, store_list_fn *fn, void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, STR_NULL, ctx);
    a->kind = ANSWER_LIST;
    a->list_fn = fn;
}

static void mem_read(struct store *store, uint32_t slot, struct str room,
                     const struct store_range *range, store_read_fn *fn, void *ctx)
{
    struct answer *a = answer_add((struct store_mem *)store, slot, room, ctx);
    a->kind = ANSWER_READ;
    a->read_fn = fn;
    a->range = *range;
    a->range.names = NULL;
    if (range->n_names > 0) {
        struct event_name *names = mem_alloc(range->n_names * sizeof(*names));
        memcpy(names, range->names, range->n_names * sizeof(*names));
        a->range.names = names;
    }
}

/* ---------------------------------------------------------------------------------------- life */

static void mem_destroy(struct store **s_p)
{
    struct store_mem *s = (struct store_mem *)*s_p;
    *s_p = NULL;
    if (!s) {
        return;
    }
    loop_cancel(&s->task);
    hash_deinit(&s->counts);
    while (!list_empty(&s->answers)) {
        struct answer *a = LIST_ENTRY(s->answers.next, struct answer, link);
        switch (a->kind) {
        case ANSWER_COMMIT:
            a->commit_fn(a->ctx, ERR_UNKNOWN);
            break;
        case ANSWER_LOAD:
            a->load_fn(a->ctx, ERR_UNAVAILABLE, NULL);
            break;
        case ANSWER_LIST:
            a->list_fn(a->ctx, ERR_UNAVAILABLE, NULL, 0, 0);
            break;
        case ANSWER_READ:
            a->read_fn(a->ctx, ERR_UNAVAILABLE, NULL, 0);
            break;
        }
        answer_free(a);
    }
    struct mem_room *r, *next;
    HASH_ITER(hh, s->rooms, r, next)
    {
        HASH_DEL(s->rooms, r);
        hash_deinit(&r->marks);
        hash_deinit(&r->affiliations);
        hash_deinit(&r->log);
        hash_deinit(&r->taken);
        buf_deinit(&r->state);
        buf_deinit(&r->moved);
        buf_deinit(&r->vcard);
        buf_deinit(&r->key);
        mem_free(r);
    }
    if (s->answering) {
        s->destroyed = true;
    } else {
        mem_free(s);
    }
}

static void mem_count(struct store *store, struct str room, uint32_t occupants)
{
    struct store_mem *s = (struct store_mem *)store;
    hash_set(&s->counts, room, str_n(&occupants, sizeof(occupants)), STR_NULL);
}

static const struct store_ops mem_ops = {
    .commit = mem_commit,
    .load = mem_load,
    .list = mem_list,
    .read = mem_read,
    .count = mem_count,
    .destroy = mem_destroy,
};

struct store *store_mem_new(struct loop *l)
{
    struct store_mem *s = mem_zalloc(sizeof(*s));
    s->store.ops = &mem_ops;
    s->loop = l;
    list_init(&s->answers);
    return &s->store;
}

void store_mem_fence(struct store *store, uint32_t slot, uint64_t epoch, const char *nonce)
{
    struct fence *f = &((struct store_mem *)store)->fences[slot];
    assert(store->ops == &mem_ops && slot < SLOT_COUNT);
    *f = (struct fence){.epoch = epoch, .set = nonce != NULL};
    if (nonce) {
        assert(strlen(nonce) < sizeof(f->nonce));
        strcpy(f->nonce, nonce);
    }
}

void store_mem_unavailable(struct store *store, bool unavailable)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->unavailable = unavailable;
}

void store_mem_unknown(struct store *store, uint32_t n)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->n_unknown = n;
}

uint32_t store_mem_counted(const struct store *store, struct str room)
{
    const struct pair *p = hash_get(&((const struct store_mem *)store)->counts, room);
    uint32_t n = UINT32_MAX;
    assert(store->ops == &mem_ops);
    if (p) {
        memcpy(&n, p->value.p, sizeof(n));
    }
    return n;
}

void store_mem_full(struct store *store, uint32_t n)
{
    assert(store->ops == &mem_ops);
    ((struct store_mem *)store)->n_full = n;
}
