/* deliver.c: which gateway gets which parts, and the frame around them. */
#include "shard/deliver.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "shard/deliver_parts.h"

/* Gateways of one step. */
struct target {
    gateway_ref gw;
    bool before, after, nick; /* had sessions, has sessions, has sessions of the nick spoken to */
    bool own;                 /* something is for it alone */
};
struct targets {
    struct arena *arena;
    struct target *list;
    uint32_t n, cap;
    struct str nick;
};

void deliver_out_init(struct deliver_out *out)
{
    memset(out, 0, sizeof *out);
    arena_init(&out->arena);
}

void deliver_out_deinit(struct deliver_out *out)
{
    arena_deinit(&out->arena);
    memset(out, 0, sizeof *out);
}

/* ------------------------------------------------------------------ targets */

static struct target *target(struct targets *t, gateway_ref gw)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (t->list[i].gw == gw)
            return &t->list[i];
    if (t->n == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 8;
        struct target *list = arena_alloc(t->arena, cap * sizeof *list);
        if (t->n)
            memcpy(list, t->list, t->n * sizeof *list);
        t->list = list;
        t->cap = cap;
    }
    t->list[t->n] = (struct target){.gw = gw};
    return &t->list[t->n++];
}

static void add_after(void *ctx, gateway_ref gw, uint32_t n_sessions)
{
    if (n_sessions)
        target(ctx, gw)->after = true;
}

static void add_nick(void *ctx, const struct room_record *rec)
{
    struct targets *t = ctx;
    if (str_eq(rec->nick, t->nick))
        target(t, rec->gw)->nick = true;
}

/* The room is over with this step, though its roster can still be asked. */
static bool ended(const struct room_effects *fx)
{
    for (uint32_t i = 0; i < fx->n; i++)
        if (fx->list[i].type == FX_GONE || fx->list[i].type == FX_DESTROYED)
            return true;
    return false;
}

/* Did a session come or go? If not, the gateways are those from before. */
static bool moved(const struct room_effects *fx)
{
    for (uint32_t i = 0; i < fx->n; i++)
        if (fx->list[i].type == FX_PRESENCE &&
            (fx->list[i].presence.kind == FXP_JOIN || fx->list[i].presence.kind == FXP_LEAVE))
            return true;
    return false;
}

static void find_targets(const struct deliver_step *s, const struct parts *parts, struct targets *t)
{
    for (uint32_t i = 0; i < s->n_before; i++)
        target(t, s->before[i])->before = true;
    if (s->state && !ended(s->fx)) {
        if (moved(s->fx))
            room_each_gateway(s->state, add_after, t);
        else
            for (uint32_t i = 0; i < t->n; i++)
                t->list[i].after = true;
    }
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct part *p = &parts->list[i];
        if (p->to == PART_ORIGIN && s->origin->gw)
            (void)target(t, s->origin->gw);
        if (p->to == PART_GATEWAY && p->gw)
            target(t, p->gw)->own = true;
        if (p->to == PART_NICK && s->state) {
            t->nick = p->nick;
            room_each_record(s->state, add_nick, t);
        }
    }
}

/* ------------------------------------------------------------------ packing */

static size_t varint_size(uint64_t v)
{
    size_t n = 1;
    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

static char *put_varint(char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (char)v;
    return p;
}

enum { TAG_ITEM_DELIVERY = 2 << 3 | 2, TAG_DELIVERY_PARTS = 9 << 3 | 2 };

/* Item { Delivery { header, parts } } without packing a part twice: fields of a message may stand
 * in any order, so the packed parts are put behind the packed rest. */
static struct str join(struct arena *a, struct str header, const struct str *parts, uint32_t n)
{
    size_t body = header.n;
    for (uint32_t i = 0; i < n; i++)
        body += 1 + varint_size(parts[i].n) + parts[i].n;
    size_t total = 1 + varint_size(body) + body;
    char *bytes = arena_alloc(a, total), *p = bytes;
    *p++ = TAG_ITEM_DELIVERY;
    p = put_varint(p, body);
    if (header.n)
        memcpy(p, header.p, header.n);
    p += header.n;
    for (uint32_t i = 0; i < n; i++) {
        *p++ = TAG_DELIVERY_PARTS;
        p = put_varint(p, parts[i].n);
        memcpy(p, parts[i].p, parts[i].n);
        p += parts[i].n;
    }
    return (struct str){bytes, total};
}

/* `whole`: this is the (last) Delivery of the event; those before it stand at its predecessor. */
static struct str header(const struct deliver_env *env, const struct deliver_step *s, bool whole,
                         bool last, struct arena *a)
{
    Verona__Delivery d = VERONA__DELIVERY__INIT;
    Verona__Name name = VERONA__NAME__INIT, prev = VERONA__NAME__INIT;
    Verona__Origin origin = VERONA__ORIGIN__INIT;
    struct event_name at = s->durable && !whole ? s->prev : s->name;
    d.slot = env->slot;
    d.epoch = env->epoch;
    d.room = wire_bytes(env->room);
    name.e = at.e;
    name.s = at.s;
    d.name = &name;
    if (s->durable && whole) {
        d.durable = true;
        prev.e = s->prev.e;
        prev.s = s->prev.s;
        d.prev = &prev;
    }
    if (s->origin->gw && s->origin->rseq && whole) {
        origin.gateway = wire_bytes(env->gateway_name(env->ctx, s->origin->gw));
        origin.rseq = s->origin->rseq;
        d.origin = &origin;
    }
    d.redo = s->redo;
    d.last = last && whole;
    size_t n = verona__delivery__get_packed_size(&d);
    uint8_t *bytes = arena_alloc(a, n);
    verona__delivery__pack(&d, bytes);
    return str_n(bytes, n);
}

static void emit(struct deliver_out *out, gateway_ref gw, struct str item)
{
    if (out->n == out->cap) {
        uint32_t cap = out->cap ? out->cap * 2 : 8;
        struct deliver_item *items = arena_alloc(&out->arena, cap * sizeof *items);
        if (out->n)
            memcpy(items, out->items, out->n * sizeof *items);
        out->items = items;
        out->cap = cap;
    }
    out->items[out->n++] = (struct deliver_item){gw, item};
}

enum { FRAGMENT_ABOVE = 2 * LIMIT_BUS_CHUNK }; /* no message of a client is so large */

/* Cuts what is too large for one message (muc.proto, Fragment). */
static const struct str *cut(const struct str *parts, uint32_t *n, struct arena *a)
{
    uint32_t total = 0, k = 0;
    for (uint32_t i = 0; i < *n; i++)
        total += parts[i].n > FRAGMENT_ABOVE ? (uint32_t)(parts[i].n / LIMIT_BUS_CHUNK) + 1 : 1;
    if (total == *n)
        return parts;
    struct str *out = arena_alloc(a, total * sizeof *out);
    for (uint32_t i = 0; i < *n; i++) {
        if (parts[i].n <= FRAGMENT_ABOVE) {
            out[k++] = parts[i];
            continue;
        }
        for (size_t at = 0; at < parts[i].n; at += LIMIT_BUS_CHUNK) {
            size_t left = parts[i].n - at;
            Verona__Part part = VERONA__PART__INIT;
            Verona__Fragment f = VERONA__FRAGMENT__INIT;
            f.more = left > LIMIT_BUS_CHUNK;
            f.data = wire_bytes(str_n(parts[i].p + at, f.more ? LIMIT_BUS_CHUNK : left));
            part.kind_case = VERONA__PART__KIND_FRAGMENT;
            part.fragment = &f;
            uint8_t *bytes = arena_alloc(a, verona__part__get_packed_size(&part));
            out[k++] = str_n(bytes, verona__part__pack(&part, bytes));
        }
    }
    *n = k;
    return out;
}

/* The parts of one gateway as Deliveries of about LIMIT_BUS_CHUNK at most. */
static void emit_parts(const struct deliver_env *env, const struct deliver_step *s, gateway_ref gw,
                       const struct str *parts, uint32_t n, bool last, struct deliver_out *out)
{
    parts = cut(parts, &n, &out->arena);
    uint32_t from = 0;
    size_t size = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i > from && size + parts[i].n > LIMIT_BUS_CHUNK) {
            struct str h = header(env, s, false, false, &out->arena);
            emit(out, gw, join(&out->arena, h, parts + from, i - from));
            from = i;
            size = 0;
        }
        size += parts[i].n;
    }
    struct str h = header(env, s, true, last, &out->arena);
    emit(out, gw, join(&out->arena, h, parts + from, n - from));
}

/* ------------------------------------------------------------------ one gateway */

/* The parts for a gateway, in order; 0: none. */
static uint32_t choose(const struct deliver_env *env, const struct deliver_step *s,
                       const struct parts *all, const struct target *t, struct arena *a,
                       const struct str **out)
{
    struct parts roster = {NULL, 0, 0};
    uint32_t n = 0, from = 0;
    if (t->after && !t->before) {
        /* Its replica begins with this step: the roster stands for all that was before the join. */
        const struct room_record *joiner = NULL;
        for (uint32_t i = 0; i < all->n && !joiner; i++)
            if (all->list[i].joiner && all->list[i].joiner->gw == t->gw) {
                joiner = all->list[i].joiner;
                from = i;
            }
        parts_of_roster(env, s->state, joiner, a, &roster);
    }
    struct str *list = arena_alloc(a, (roster.n + all->n) * sizeof *list);
    for (uint32_t i = 0; i < roster.n; i++)
        list[n++] = roster.list[i].bytes;
    for (uint32_t i = 0; i < all->n; i++) {
        const struct part *p = &all->list[i];
        bool mine = false;
        switch (p->to) {
        case PART_ALL:
            mine = (t->before || t->after) && i >= from;
            break;
        case PART_ORIGIN:
            mine = t->gw == s->origin->gw;
            break;
        case PART_GATEWAY:
            mine = t->gw == p->gw;
            break;
        case PART_NICK:
            mine = t->nick;
            break;
        }
        if (mine)
            list[n++] = p->bytes;
    }
    *out = list;
    return n;
}

static bool only_all(const struct parts *parts)
{
    for (uint32_t i = 0; i < parts->n; i++)
        if (parts->list[i].to != PART_ALL)
            return false;
    return true;
}

void deliver(const struct deliver_env *env, const struct deliver_step *step,
             struct deliver_out *out)
{
    arena_reset(&out->arena);
    out->items = NULL;
    out->n = out->cap = 0;
    out->origin_served = false;
    struct parts parts = {NULL, 0, 0};
    parts_of_effects(env, step, &out->arena, &parts);
    if (parts.n == 0)
        return;
    struct targets targets = {.arena = &out->arena};
    find_targets(step, &parts, &targets);
    /* What stays and stayed gets the same bytes as long as nothing is for the asker alone: he is
     * the only one who then gets more. */
    bool uniform = only_all(&parts);
    uint32_t shared_from = 0, shared_n = 0;
    for (uint32_t i = 0; i < targets.n; i++) {
        const struct target *t = &targets.list[i];
        bool stays = t->before && t->after && !t->nick && !t->own;
        bool share = stays && (uniform || t->gw != step->origin->gw);
        if (t->gw == 0)
            continue;
        if (share && shared_n) {
            for (uint32_t k = 0; k < shared_n; k++)
                emit(out, t->gw, out->items[shared_from + k].item);
            out->origin_served |= t->gw == step->origin->gw;
            continue;
        }
        const struct str *list;
        uint32_t n = choose(env, step, &parts, t, &out->arena, &list);
        if (n == 0)
            continue;
        uint32_t at = out->n;
        emit_parts(env, step, t->gw, list, n, t->before && !t->after, out);
        out->origin_served |= t->gw == step->origin->gw;
        if (share) {
            shared_from = at;
            shared_n = out->n - at;
        }
    }
}
