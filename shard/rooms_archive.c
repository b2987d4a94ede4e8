/* rooms_archive.c: questions to the archive: what a room allowed (FX_ARCHIVE) is read from the
 * store in chunks and answered, while the room goes on.
 *
 *   FX_ARCHIVE --> queue --> names there? --> chunk, chunk ... --> page and end
 *
 * Of one session there is one query to a room under way; further requests wait behind it and are
 * stepped, with their check of access, when it is answered. */
#include "base/err.h"
#include "base/limits.h"
#include "proto/wire.h"
#include "rt/metrics.h"
#include "shard/rooms_priv.h"

#include <stdlib.h>

enum {
    ACTIVE = 8, /* reading at once; the others have their turn */
    CHUNK = 32, /* entries of the first read; the next ones follow what was found */
    CHUNK_MIN = 8,
    CHUNK_MAX = 1024,
    CHUNK_BYTES = 512 * 1024, /* and less than that in one read, about */
    FIXED_NAMES = 4,          /* names in a query beside its ids */
};

/* A request behind the one of its session. */
struct waiting {
    struct list link;
    size_t n;
    char item[];
};

struct archive_read {
    struct list link;
    struct rooms *rs;
    bool active;
    uint32_t slot;
    uint64_t epoch;
    struct str room, id;
    struct room_origin origin; /* without jid */
    bool redo;
    struct room_archive_query q;
    struct list waiting;
    uint32_t n_waiting;
    uint64_t started_ns;
    struct arena arena; /* everything it points to */
    /* what was found */
    struct event_name low, high; /* still to be looked through */
    bool backward;
    uint32_t chunk, want;
    struct fx_archived *found; /* in the order of reading */
    uint32_t n, count;
    size_t bytes;
    bool more;                /* matches that are not in the page */
    struct fx_archived first; /* METADATA */
    bool has_first, on_last;
};

/* ------------------------------------------------------------------ life */

static struct archive_read *find(struct rooms *rs, gateway_ref gw, uint64_t sid, struct str room)
{
    LIST_FOREACH(it, &rs->reads)
    {
        struct archive_read *r = LIST_ENTRY(it, struct archive_read, link);
        if (r->origin.gw == gw && r->origin.sid == sid && str_eq(r->room, room))
            return r;
    }
    return NULL;
}

static void waiting_free(struct archive_read *r, struct waiting *w)
{
    list_remove(&w->link);
    r->rs->queued_bytes -= w->n;
    r->n_waiting--;
    mem_free(w);
}

static void read_free(struct archive_read *r)
{
    struct rooms *rs = r->rs;
    LIST_FOREACH_SAFE(it, nx, &r->waiting)
    waiting_free(r, LIST_ENTRY(it, struct waiting, link));
    list_remove(&r->link);
    rs->n_reads--;
    rs->n_active_reads -= r->active ? 1 : 0;
    arena_deinit(&r->arena);
    mem_free(r);
}

static void start_soon(struct rooms *rs);

/* The answer is out: what waited behind it is a request like any other now. */
static void read_end(struct archive_read *r, const char *result)
{
    struct rooms *rs = r->rs;
    struct list ready;
    gateway_ref gw = r->origin.gw;
    metric_add_l(METRIC_MAM_QUERIES_TOTAL, result, NULL, 1);
    metric_observe(METRIC_MAM_QUERY_DURATION_SECONDS,
                   (double)(loop_clock_ns() - r->started_ns) / 1e9);
    list_init(&ready);
    LIST_FOREACH_SAFE(it, nx, &r->waiting)
    {
        list_remove(it);
        list_push_back(&ready, it);
    }
    r->n_waiting = 0;
    read_free(r);
    LIST_FOREACH_SAFE(it, nx, &ready)
    {
        struct waiting *w = LIST_ENTRY(it, struct waiting, link);
        struct str item = str_n(w->item, w->n);
        struct arena a; /* the scratch arena is the step's */
        arena_init(&a);
        const Verona__Item *m =
            (const Verona__Item *)wire_unpack(&verona__item__descriptor, item, &a);
        list_remove(it);
        rs->queued_bytes -= w->n;
        if (m && m->kind_case == VERONA__ITEM__KIND_EVENT)
            rooms_request(rs, gw, m->event, item);
        arena_deinit(&a);
        mem_free(w);
    }
    start_soon(rs);
}

/* ------------------------------------------------------------------ answers */

static void send_effects(struct archive_read *r, struct work *w)
{
    struct rooms *rs = r->rs;
    const struct entry *e = entry_find(rs, r->room);
    struct deliver_env env = {.slot = r->slot,
                              .epoch = r->epoch,
                              .room = r->room,
                              .gateway_name = rs->ops->gateway_name,
                              .ctx = rs->ctx};
    struct deliver_step step = {.origin = &r->origin,
                                .fx = &w->fx,
                                .name = e ? e->last : (struct event_name){0, 0},
                                .redo = r->redo};
    deliver(&env, &step, &rs->out);
    for (uint32_t i = 0; i < rs->out.n; i++)
        rs->ops->send(rs->ctx, rs->out.items[i].gw, rs->out.items[i].item);
    work_free(rs, w);
}

static struct fx *reply(struct archive_read *r, struct work *w, enum fx_reply_kind kind)
{
    struct fx *f = room_effects_add(&w->fx, FX_REPLY);
    f->reply.kind = kind;
    f->reply.stanza = ROOM_IQ;
    f->reply.id = r->id;
    return f;
}

static void fail(struct archive_read *r, enum stanza_error error, const char *text,
                 const char *result)
{
    struct work *w = work_new(r->rs);
    struct fx *f = reply(r, w, FXR_ERROR);
    f->reply.error = error;
    f->reply.text = str_of(text);
    send_effects(r, w);
    read_end(r, result);
}

static void finish_metadata(struct archive_read *r)
{
    struct work *w = work_new(r->rs);
    struct fx *f = reply(r, w, FXR_ARCHIVE_METADATA);
    if (r->has_first && r->n) {
        f->reply.first = r->first.m.name;
        f->reply.first_ms = r->first.m.stamp_ms;
        f->reply.last = r->found[0].m.name;
        f->reply.last_ms = r->found[0].m.stamp_ms;
    }
    send_effects(r, w);
    read_end(r, "ok");
}

static void reverse(struct fx_archived *list, uint32_t n)
{
    for (uint32_t i = 0; i < n / 2; i++) {
        struct fx_archived t = list[i];
        list[i] = list[n - 1 - i];
        list[n - 1 - i] = t;
    }
}

static void finish(struct archive_read *r)
{
    if (r->q.metadata) {
        finish_metadata(r);
        return;
    }
    if (r->backward)
        reverse(r->found, r->n); /* by age from here on */
    struct work *w = work_new(r->rs);
    struct event_name first = {0, 0}, last = {0, 0};
    if (r->n) {
        first = r->found[0].m.name;
        last = r->found[r->n - 1].m.name;
        if (r->q.flip)
            reverse(r->found, r->n);
        struct fx *page = room_effects_add(&w->fx, FX_PAGE);
        page->page.query_id = r->q.query_id;
        page->page.messages = r->found;
        page->page.n = r->n;
    }
    struct fx *f = reply(r, w, FXR_ARCHIVE_FIN);
    f->reply.first = first;
    f->reply.last = last;
    f->reply.complete = !r->more;
    f->reply.has_count = r->q.max == 0;
    f->reply.count = r->count;
    send_effects(r, w);
    read_end(r, "ok");
}

/* ------------------------------------------------------------------ reading */

static bool matches(const struct room_archive_query *q, const struct store_logged *l)
{
    uint64_t ms = l->m.stamp_ms;
    return l->in_archive && ms >= q->since_ms && (q->start_ms < 0 || ms >= (uint64_t)q->start_ms) &&
           (q->end_ms < 0 || ms <= (uint64_t)q->end_ms) &&
           (!q->with_jid.n || str_eq(q->with_jid, l->jid)) &&
           (!q->with_nick.n || str_eq(q->with_nick, l->m.nick));
}

static struct fx_archived keep(struct archive_read *r, const struct store_logged *l)
{
    struct fx_archived out = {.m = l->m, .jid = STR_NULL};
    struct str *const strings[] = {&out.m.nick,           &out.m.occupant_id, &out.m.id,
                                   &out.m.payload,        &out.m.by.id,       &out.m.by.nick,
                                   &out.m.by.occupant_id, &out.m.by.reason};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        r->bytes += strings[i]->n;
        *strings[i] = arena_str(&r->arena, *strings[i]);
    }
    if (r->q.jids)
        out.jid = arena_str(&r->arena, l->jid);
    return out;
}

/* Takes an entry in the order of reading; false: the page is full, and there is more. */
static bool take(struct archive_read *r, const struct store_logged *l)
{
    if (!matches(&r->q, l))
        return true;
    r->count++;
    if (r->q.max == 0 && !r->q.metadata) {
        r->more = true; /* only counted */
        return true;
    }
    if (r->n == r->want || (r->n && r->bytes + l->m.payload.n > LIMIT_ARCHIVE_PAGE_BYTES)) {
        r->more = true;
        return false;
    }
    r->found[r->n++] = keep(r, l);
    return true;
}

static struct event_name after(struct event_name n)
{
    return n.s == UINT64_MAX ? (struct event_name){n.e + 1, 0} : (struct event_name){n.e, n.s + 1};
}

static struct event_name before(struct event_name n)
{
    return n.s == 0 ? (struct event_name){n.e - 1, UINT64_MAX} : (struct event_name){n.e, n.s - 1};
}

static void set_bounds(struct archive_read *r)
{
    const struct room_archive_query *q = &r->q;
    const struct event_name lower[] = {q->after_id, q->after}, upper[] = {q->before_id, q->before};
    r->low = after(q->born);
    r->high = q->last;
    for (size_t i = 0; i < 2; i++) {
        if (lower[i].s && event_before(r->low, after(lower[i])))
            r->low = after(lower[i]);
        if (upper[i].s && event_before(before(upper[i]), r->high))
            r->high = before(upper[i]);
    }
}

/* Is the slot still ours, as it was? If not, who asked asks elsewhere. */
static bool still_ours(struct archive_read *r)
{
    struct rooms *rs = r->rs;
    const struct slot_state *s = &rs->slots[r->slot];
    if (s->ours && s->epoch == r->epoch)
        return true;
    send_wrong_slot(rs, r->origin.gw, r->slot, r->origin.rseq);
    read_end(r, "error"); /* those behind it are told the same */
    return false;
}

/* Where matches are rare, greater steps, so that a search of a large archive needs few; where
 * messages are large, smaller ones. */
static void next_chunk(struct archive_read *r, size_t bytes, bool rare)
{
    if (bytes > CHUNK_BYTES && r->chunk > CHUNK_MIN)
        r->chunk /= 2;
    else if (rare && bytes < CHUNK_BYTES / 4 && r->chunk < CHUNK_MAX)
        r->chunk *= 2;
}

static void look(struct archive_read *r);

static void on_chunk(void *ctx, int err, const struct store_logged *list, uint32_t n)
{
    struct archive_read *r = ctx;
    if (!still_ours(r))
        return;
    if (err) {
        fail(r, SE_RESOURCE_CONSTRAINT, "The archive cannot be read now", "error");
        return;
    }
    uint32_t matched = r->count;
    size_t bytes = 0;
    bool room_left = true;
    for (uint32_t i = 0; i < n && room_left; i++) {
        bytes += list[i].m.payload.n;
        room_left = take(r, &list[i]);
        if (r->backward)
            r->high = before(list[i].m.name);
        else
            r->low = after(list[i].m.name);
    }
    bool over = !room_left || n < r->chunk;
    next_chunk(r, bytes, matched == r->count || r->q.max == 0);
    if (!over) {
        look(r);
        return;
    }
    if (r->q.metadata && !r->on_last && r->n) {
        r->first = r->found[0];
        r->has_first = r->on_last = r->backward = true;
        r->n = 0;
        set_bounds(r);
        look(r);
        return;
    }
    finish(r);
}

/* The next chunk, if anything is left. */
static void look(struct archive_read *r)
{
    if (event_before(r->high, r->low)) {
        finish(r);
        return;
    }
    const struct store_range range = {
        .from = r->low, .to = r->high, .backward = r->backward, .count = r->chunk};
    r->rs->store->ops->read(r->rs->store, r->slot, r->room, &range, on_chunk, r);
}

/* ------------------------------------------------------------------ names in a query */

static int by_age(const void *a, const void *b)
{
    const struct store_logged *x = *(const struct store_logged *const *)a;
    const struct store_logged *y = *(const struct store_logged *const *)b;
    return event_before(x->m.name, y->m.name) ? -1 : event_before(y->m.name, x->m.name);
}

static const struct store_logged *named(const struct store_logged *list, uint32_t n,
                                        struct event_name name)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].m.name.e == name.e && list[i].m.name.s == name.s)
            return &list[i];
    return NULL;
}

/* Each name of the query must be one of this room's (XEP-0313 §4.1.4, §4.3.2). A page may begin at
 * anything that was ever shown with an id; `ids` asks for what is in the archive. */
static bool all_there(const struct archive_read *r, const struct store_logged *list, uint32_t n)
{
    const struct room_archive_query *q = &r->q;
    const struct event_name bounds[FIXED_NAMES] = {q->after_id, q->before_id, q->after, q->before};
    for (size_t i = 0; i < FIXED_NAMES + q->n_ids; i++) {
        bool is_id = i >= FIXED_NAMES;
        struct event_name name = is_id ? q->ids[i - FIXED_NAMES] : bounds[i];
        if (!is_id && !name.s)
            continue;
        const struct store_logged *l = named(list, n, name);
        if (!l || !event_before(q->born, name) || event_before(q->last, name) ||
            (is_id && (!l->in_archive || l->m.stamp_ms < q->since_ms)))
            return false;
    }
    return true;
}

/* The messages asked for by their ids, each once, as a page. */
static void take_ids(struct archive_read *r, const struct store_logged *list, uint32_t n)
{
    const struct store_logged **sorted = arena_alloc(&r->arena, (n + 1) * sizeof *sorted);
    uint32_t n_sorted = 0;
    for (uint32_t i = 0; i < r->q.n_ids; i++) {
        const struct store_logged *l = named(list, n, r->q.ids[i]);
        bool twice = false;
        for (uint32_t k = 0; k < n_sorted; k++)
            twice |= sorted[k] == l;
        if (!twice && !event_before(l->m.name, r->low) && !event_before(r->high, l->m.name))
            sorted[n_sorted++] = l;
    }
    qsort(sorted, n_sorted, sizeof *sorted, by_age);
    for (uint32_t i = 0; i < n_sorted; i++)
        if (!take(r, sorted[r->backward ? n_sorted - 1 - i : i]))
            break;
}

static void on_names(void *ctx, int err, const struct store_logged *list, uint32_t n)
{
    struct archive_read *r = ctx;
    if (!still_ours(r))
        return;
    if (err) {
        fail(r, SE_RESOURCE_CONSTRAINT, "The archive cannot be read now", "error");
    } else if (!all_there(r, list, n)) {
        fail(r, SE_ITEM_NOT_FOUND, "", "not_found");
    } else if (r->q.n_ids) {
        take_ids(r, list, n);
        finish(r);
    } else {
        look(r);
    }
}

static void begin(struct archive_read *r)
{
    struct rooms *rs = r->rs;
    const struct room_archive_query *q = &r->q;
    const struct event_name bounds[FIXED_NAMES] = {q->after_id, q->before_id, q->after, q->before};
    struct event_name names[FIXED_NAMES + LIMIT_ARCHIVE_IDS];
    uint32_t n = 0;
    if (rs->unsafe) {
        fail(r, SE_RESOURCE_CONSTRAINT, "The archive cannot be read now", "error");
        return;
    }
    for (uint32_t i = 0; i < FIXED_NAMES; i++)
        if (bounds[i].s)
            names[n++] = bounds[i];
    for (uint32_t i = 0; i < q->n_ids; i++)
        names[n++] = q->ids[i];
    set_bounds(r);
    if (!n) {
        look(r);
        return;
    }
    const struct store_range range = {.names = names, .n_names = n};
    rs->store->ops->read(rs->store, r->slot, r->room, &range, on_names, r);
}

static void start_reads(void *ctx)
{
    struct rooms *rs = ctx;
    struct list *it = rs->reads.next;
    while (rs->n_active_reads < ACTIVE && it != &rs->reads) {
        struct archive_read *r = LIST_ENTRY(it, struct archive_read, link);
        it = it->next;
        if (r->active)
            continue;
        r->active = true;
        rs->n_active_reads++;
        begin(r);
        it = rs->reads.next; /* an answer at once may have changed the list */
    }
}

/* Not from within a step: an answer at once lets others step, and rooms go. */
static void start_soon(struct rooms *rs)
{
    if (!list_empty(&rs->reads))
        loop_defer(rs->loop, &rs->reads_task, LOOP_PRIO_WORK, start_reads, rs);
}

/* ------------------------------------------------------------------ from rooms */

void archive_start(struct rooms *rs, const struct entry *e, const struct work *w,
                   const struct fx *fx)
{
    struct archive_read *r = mem_zalloc(sizeof *r);
    const struct room_archive_query *q = &fx->archive.query;
    r->rs = rs;
    arena_init(&r->arena);
    list_init(&r->waiting);
    r->slot = e->slot;
    r->epoch = e->epoch;
    r->room = arena_str(&r->arena, e->jid);
    r->id = arena_str(&r->arena, fx->archive.id);
    r->origin = w->origin;
    r->origin.jid = STR_NULL;
    r->redo = w->redo;
    r->q = *q;
    r->q.query_id = arena_str(&r->arena, q->query_id);
    r->q.with_jid = arena_str(&r->arena, q->with_jid);
    r->q.with_nick = arena_str(&r->arena, q->with_nick);
    struct event_name *ids = arena_alloc(&r->arena, (q->n_ids + 1) * sizeof *ids);
    if (q->n_ids)
        memcpy(ids, q->ids, q->n_ids * sizeof *ids);
    r->q.ids = ids;
    r->backward = q->backward && !q->metadata;
    r->chunk = CHUNK;
    r->want = q->metadata                            ? 1
              : q->max < 0                           ? LIMIT_ARCHIVE_PAGE / 2
              : q->max < (int64_t)LIMIT_ARCHIVE_PAGE ? (uint32_t)q->max
                                                     : LIMIT_ARCHIVE_PAGE;
    r->found = arena_alloc(&r->arena, (r->want + 1) * sizeof *r->found);
    r->started_ns = loop_clock_ns();
    list_push_back(&rs->reads, &r->link);
    rs->n_reads++;
    if (rs->n_reads > LIMIT_ARCHIVE_READS)
        fail(r, SE_RESOURCE_CONSTRAINT, "Too many questions to archives", "limited");
    else
        start_soon(rs);
}

bool archive_hold(struct rooms *rs, const struct entry *e, gateway_ref gw,
                  const Verona__RoomEvent *ev, struct str item)
{
    struct archive_read *r =
        ev->body_case == VERONA__ROOM_EVENT__BODY_ARCHIVE ? find(rs, gw, ev->sid, e->jid) : NULL;
    if (!r)
        return false;
    if (r->n_waiting == LIMIT_ARCHIVE_WAITING || rs->queued_bytes + item.n > LIMIT_SHARD_QUEUE) {
        metric_add_l(METRIC_MAM_QUERIES_TOTAL, "limited", NULL, 1);
        send_refusal(rs, e, gw, ev, SE_RESOURCE_CONSTRAINT, "Too many questions to this archive");
        return true;
    }
    struct waiting *w = mem_alloc(sizeof *w + item.n);
    w->n = item.n;
    memcpy(w->item, item.p, item.n);
    list_push_back(&r->waiting, &w->link);
    r->n_waiting++;
    rs->queued_bytes += w->n;
    return true;
}

void archive_forget_gateway(struct rooms *rs, gateway_ref gw)
{
    LIST_FOREACH(it, &rs->reads)
    {
        struct archive_read *r = LIST_ENTRY(it, struct archive_read, link);
        if (r->origin.gw != gw)
            continue;
        LIST_FOREACH_SAFE(w, nx, &r->waiting)
        waiting_free(r, LIST_ENTRY(w, struct waiting, link));
    }
}

void archive_drop(struct rooms *rs)
{
    loop_cancel(&rs->reads_task);
    LIST_FOREACH_SAFE(it, nx, &rs->reads)
    read_free(LIST_ENTRY(it, struct archive_read, link));
}
